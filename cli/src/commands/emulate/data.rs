//! A buffer as the command line describes it: `TYPE[COUNT]:FILL`.

use std::{fmt, num::IntErrorKind, str::FromStr};

use super::{
    arguments::Slot,
    element::ElementType,
    fill::{FILLS, FileError, Fill},
};
use crate::output::size;

/// Elements and what fills them.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Data {
    pub(crate) ty: ElementType,
    pub(crate) count: u64,
    fill: Fill,
}

/// A buffer and where it is bound.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Bind {
    pub(crate) slot: Slot,
    pub(crate) data: Data,
}

/// Offsets into a binding have 32 bits.
const MOST_BYTES: u64 = u32::MAX as u64;

impl Data {
    /// Bytes of all elements.
    pub(crate) fn size(&self) -> u64 {
        // Below 4 GiB since it was read.
        self.count * self.ty.width() as u64
    }

    /// The elements in memory, little-endian. `place` tells random buffers from each other.
    pub(crate) fn bytes(&self, place: u64) -> Result<Vec<u8>, FileError> {
        self.fill.bytes(self.ty, self.count, place)
    }
}

impl fmt::Display for Data {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}[{}]", self.ty, self.count)
    }
}

impl FromStr for Data {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (elements, fill) = text.split_once(':').unwrap_or((text, ""));
        let Some((ty, count)) = elements
            .strip_suffix(']')
            .and_then(|elements| elements.split_once('['))
        else {
            return Err(format!(
                "`{elements}` is not of the form TYPE[COUNT], for example f32[64]"
            ));
        };
        let ty: ElementType = ty.parse()?;
        let count = elements_of(ty, count)?;
        if fill.is_empty() {
            return Err(format!("after {elements} comes `:` and what fills it: {FILLS}"));
        }
        let fill = Fill::parse(fill, ty, count)?;
        Ok(Self { ty, count, fill })
    }
}

impl FromStr for Bind {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let Some((slot, data)) = text.split_once('=') else {
            return Err(
                "it is not of the form GROUP:BINDING=TYPE[COUNT]:FILL, for example 0:1=f32[64]:zeros"
                    .to_owned(),
            );
        };
        Ok(Self {
            slot: slot.parse()?,
            data: data.parse()?,
        })
    }
}

/// Reads how many elements there are; refuses what no binding can hold.
fn elements_of(ty: ElementType, text: &str) -> Result<u64, String> {
    let too_many = |what: String| {
        Err(format!(
            "{ty}[{text}] takes {what}; a binding has less than 4 GiB"
        ))
    };
    match text.parse::<u64>() {
        Ok(0) => Err("there must be at least 1 element".to_owned()),
        Ok(count) => {
            let bytes = u128::from(count) * ty.width() as u128;
            if bytes > MOST_BYTES.into() {
                return too_many(size(bytes));
            }
            Ok(count)
        }
        Err(error) if *error.kind() == IntErrorKind::PosOverflow => {
            too_many(format!("more than {}", size(u64::MAX.into())))
        }
        Err(_) => Err(format!("`{text}` is not a whole number of elements")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_buffer_is_a_place_a_type_a_count_and_a_fill() {
        let bind: Bind = "0:5=f16[10]:ramp".parse().unwrap();
        assert_eq!((bind.slot.group, bind.slot.binding), (0, 5));
        assert_eq!(
            bind.data,
            Data {
                ty: ElementType::F16,
                count: 10,
                fill: Fill::Ramp
            }
        );
        assert_eq!(
            (bind.data.size(), bind.data.to_string().as_str()),
            (20, "f16[10]")
        );
        let colon: Bind = "1:0=u32[1]:@a:b=c".parse().unwrap();
        assert_eq!(colon.data.fill, Fill::File("a:b=c".into()));
    }

    #[test]
    fn the_largest_buffer_is_one_byte_short_of_4_gib() {
        let size = |text: &str| text.parse::<Data>().map(|data| data.size());
        assert_eq!(size("u32[1073741823]:zeros"), Ok((1 << 32) - 4));
        let message = |takes: &str| Err(format!("{takes}; a binding has less than 4 GiB"));
        assert_eq!(
            size("u32[1073741824]:zeros"),
            message("u32[1073741824] takes 4 GiB")
        );
        assert_eq!(
            size("f16[18446744073709551615]:zeros"),
            message("f16[18446744073709551615] takes 32 EiB")
        );
        assert_eq!(
            size("f16[18446744073709551616]:zeros"),
            message("f16[18446744073709551616] takes more than 16 EiB")
        );
    }

    #[test]
    fn each_mistake_has_its_own_message() {
        for (text, message) in [
            (
                "0:1",
                "it is not of the form GROUP:BINDING=TYPE[COUNT]:FILL, for example 0:1=f32[64]:zeros",
            ),
            (
                "0=u32[1]:zeros",
                "`0` is not of the form GROUP:BINDING, for example 0:1",
            ),
            (
                "0:1=u32:zeros",
                "`u32` is not of the form TYPE[COUNT], for example f32[64]",
            ),
            (
                "0:1=u32[4:zeros",
                "`u32[4` is not of the form TYPE[COUNT], for example f32[64]",
            ),
            (
                "0:1=f64[4]:zeros",
                "`f64` is no type of elements; u32, i32, f32 and f16 are",
            ),
            ("0:1=u32[]:zeros", "`` is not a whole number of elements"),
            ("0:1=u32[4k]:zeros", "`4k` is not a whole number of elements"),
            ("0:1=u32[-1]:zeros", "`-1` is not a whole number of elements"),
            ("0:1=u32[0]:zeros", "there must be at least 1 element"),
            (
                "0:1=u32[4]",
                "after u32[4] comes `:` and what fills it: zeros, ones, ramp, random, random:SEED, a number, as many numbers \
                 with commas, or @FILE",
            ),
        ] {
            assert_eq!(text.parse::<Bind>(), Err(message.to_owned()), "{text}");
        }
    }
}
