//! The scalars that buffers are made of, and how their numbers are written.

use std::{fmt, str::FromStr};

use half::f16;
use serde::Serialize;

/// The type of the elements of a buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ElementType {
    U32,
    I32,
    F32,
    F16,
}

/// One element, read back.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub(crate) enum Element {
    Unsigned(u32),
    Signed(i32),
    /// Of `f32`, or of `f16`, all of which are values of `f32` too.
    Float(f32),
}

impl ElementType {
    pub(crate) const ALL: [Self; 4] = [Self::U32, Self::I32, Self::F32, Self::F16];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::U32 => "u32",
            Self::I32 => "i32",
            Self::F32 => "f32",
            Self::F16 => "f16",
        }
    }

    /// Bytes of an element.
    pub(crate) const fn width(self) -> usize {
        match self {
            Self::U32 | Self::I32 | Self::F32 => 4,
            Self::F16 => 2,
        }
    }

    /// Reads a number as the bits of an element; those of an `f16` are the low ones.
    ///
    /// Whole numbers may be hexadecimal. A suffix as in WGSL (`u`, `i`, `f`, `h`) makes a number one of that type, whatever the
    /// elements are: that is how a struct of different types is written as one list.
    pub(crate) fn bits(self, text: &str) -> Result<u32, String> {
        let (number, suffix) = split_suffix(text);
        let written = suffix.unwrap_or(self);
        if written.width() != self.width() {
            return Err(format!(
                "`{text}` is {written} of {} bytes, and the elements are {self} of {}",
                written.width(),
                self.width()
            ));
        }
        written.own_bits(number)
    }

    fn own_bits(self, text: &str) -> Result<u32, String> {
        match self {
            Self::U32 => whole(text).and_then(|value| u32::try_from(value).ok()),
            Self::I32 => whole(text)
                .and_then(|value| i32::try_from(value).ok())
                .map(i32::cast_unsigned),
            Self::F32 => float(text)
                .map(|value| single(text, value))
                .filter(|value| !overflowed(text, value.is_infinite()))
                .map(f32::to_bits),
            Self::F16 => float(text)
                .map(f16::from_f64)
                .filter(|value| !overflowed(text, value.is_infinite()))
                .map(|value| value.to_bits().into()),
        }
        .ok_or_else(|| format!("`{text}` is no {self}: that is {}", self.range()))
    }

    fn range(self) -> &'static str {
        match self {
            Self::U32 => "a whole number from 0 to 4294967295",
            Self::I32 => "a whole number from -2147483648 to 2147483647",
            Self::F32 => "a number from -3.4e38 to 3.4e38, inf or nan",
            Self::F16 => "a number from -65504 to 65504, inf or nan",
        }
    }

    /// The bits of a whole number, rounded where the type does not hold it.
    pub(crate) fn bits_of_index(self, index: u64) -> u32 {
        match self {
            Self::U32 | Self::I32 => index as u32,
            Self::F32 => (index as f32).to_bits(),
            Self::F16 => f16::from_f64(index as f64).to_bits().into(),
        }
    }

    /// The element of 64 random bits: any integer, or a float from -1 to below 1 in equal steps.
    pub(crate) fn bits_of_random(self, random: u64) -> u32 {
        match self {
            Self::U32 | Self::I32 => (random >> 32) as u32,
            Self::F32 => ((random >> 40) as f32 / (1 << 23) as f32 - 1.0).to_bits(),
            Self::F16 => f16::from_f32((random >> 53) as f32 / 1024.0 - 1.0)
                .to_bits()
                .into(),
        }
    }

    /// The element of these bits.
    pub(crate) fn element(self, bits: u32) -> Element {
        match self {
            Self::U32 => Element::Unsigned(bits),
            Self::I32 => Element::Signed(bits.cast_signed()),
            Self::F32 => Element::Float(f32::from_bits(bits)),
            Self::F16 => Element::Float(f16::from_bits(bits as u16).to_f32()),
        }
    }

    /// Elements from bytes; a last one that is not whole is left out.
    pub(crate) fn elements(self, bytes: &[u8]) -> Vec<Element> {
        let bits = |bytes: &[u8]| {
            let mut word = [0; 4];
            word.iter_mut().zip(bytes).for_each(|(to, from)| *to = *from);
            u32::from_le_bytes(word)
        };
        let elements = bytes.chunks_exact(self.width());
        elements.map(|bytes| self.element(bits(bytes))).collect()
    }
}

impl Element {
    /// The value, which is exact in `f64` for every type.
    pub(crate) fn value(self) -> f64 {
        match self {
            Self::Unsigned(value) => value.into(),
            Self::Signed(value) => value.into(),
            Self::Float(value) => value.into(),
        }
    }
}

impl fmt::Display for Element {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unsigned(value) => write!(f, "{value}"),
            Self::Signed(value) => write!(f, "{value}"),
            // With an exponent where the digits would be many.
            Self::Float(value) => write!(f, "{value:?}"),
        }
    }
}

impl fmt::Display for ElementType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for ElementType {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let named = Self::ALL.into_iter().find(|ty| ty.name() == text);
        named.ok_or_else(|| format!("`{text}` is no type of elements; u32, i32, f32 and f16 are"))
    }
}

/// A number and the type that its suffix gives it.
fn split_suffix(text: &str) -> (&str, Option<ElementType>) {
    let suffixes: &[(char, ElementType)] = if text.contains("0x") {
        // `f` is a digit there.
        &[('u', ElementType::U32), ('i', ElementType::I32)]
    } else {
        &[
            ('u', ElementType::U32),
            ('i', ElementType::I32),
            ('f', ElementType::F32),
            ('h', ElementType::F16),
        ]
    };
    let split = |&(suffix, ty): &(char, ElementType)| {
        let number = text.strip_suffix(suffix)?;
        // `inf` has no suffix.
        let is_number = number.ends_with(|c: char| c.is_ascii_hexdigit() || c == '.');
        is_number.then_some((number, Some(ty)))
    };
    suffixes.iter().find_map(split).unwrap_or((text, None))
}

/// A whole number, decimal or hexadecimal.
fn whole(text: &str) -> Option<i128> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let magnitude = match digits.strip_prefix("0x") {
        Some(hexadecimal) => unsigned(hexadecimal, 16)?,
        None => unsigned(digits, 10)?,
    };
    Some(if text.starts_with('-') {
        -magnitude
    } else {
        magnitude
    })
}

/// Digits without a sign, which the standard library would take.
fn unsigned(digits: &str, radix: u32) -> Option<i128> {
    let all = digits.chars().all(|digit| digit.is_digit(radix));
    all.then(|| i128::from_str_radix(digits, radix).ok())?
}

fn float(text: &str) -> Option<f64> {
    text.parse()
        .ok()
        .or_else(|| whole(text).map(|value| value as f64))
}

/// The nearest `f32`: of the text, where that is decimal, since by way of `f64` it would be rounded twice.
fn single(text: &str, value: f64) -> f32 {
    text.parse().unwrap_or(value as f32)
}

/// Whether a number became infinite that was not written so.
fn overflowed(text: &str, is_infinite: bool) -> bool {
    is_infinite && !text.to_ascii_lowercase().contains("inf")
}

#[cfg(test)]
mod tests {
    use super::*;
    use ElementType::{F16, F32, I32, U32};

    #[test]
    fn numbers_are_read_in_the_notations_of_their_type() {
        for (ty, text, bits) in [
            (U32, "3", 3),
            (U32, "0x10", 16),
            (U32, "4294967295", u32::MAX),
            (I32, "-1", u32::MAX),
            (I32, "-0x80000000", 1 << 31),
            (F32, "-1.5", (-1.5_f32).to_bits()),
            (F32, "3", 3_f32.to_bits()),
            (F32, "0x10", 16_f32.to_bits()),
            (F32, "1e-3", 1e-3_f32.to_bits()),
            (F32, "0.1", 0.1_f32.to_bits()),
            (F32, "-inf", f32::NEG_INFINITY.to_bits()),
            (F16, "1", 0x3c00),
            (F16, "65504", 0x7bff),
            (F16, "inf", 0x7c00),
        ] {
            assert_eq!(ty.bits(text), Ok(bits), "{ty} {text}");
        }
        assert!(f32::from_bits(F32.bits("nan").unwrap()).is_nan());
    }

    #[test]
    fn a_suffix_gives_a_number_another_type_of_the_same_size() {
        assert_eq!(U32.bits("0.5f"), Ok(0.5_f32.to_bits()));
        assert_eq!(U32.bits("1.f"), Ok(1_f32.to_bits()));
        assert_eq!(U32.bits("-1i"), Ok(u32::MAX));
        assert_eq!(F32.bits("7u"), Ok(7));
        assert_eq!(F32.bits("0x1fu"), Ok(0x1f));
        assert_eq!(U32.bits("0x1f"), Ok(0x1f));
        assert_eq!(F16.bits("1h"), Ok(0x3c00));
        assert_eq!(
            U32.bits("1h"),
            Err("`1h` is f16 of 2 bytes, and the elements are u32 of 4".to_owned())
        );
    }

    #[test]
    fn what_the_type_does_not_hold_is_refused_with_its_range() {
        for (ty, text, range) in [
            (
                U32,
                "-1",
                "`-1` is no u32: that is a whole number from 0 to 4294967295",
            ),
            (
                U32,
                "1.5",
                "`1.5` is no u32: that is a whole number from 0 to 4294967295",
            ),
            (
                U32,
                "4294967296",
                "`4294967296` is no u32: that is a whole number from 0 to 4294967295",
            ),
            (
                I32,
                "0xffffffff",
                "`0xffffffff` is no i32: that is a whole number from -2147483648 to 2147483647",
            ),
            (
                F32,
                "1e39",
                "`1e39` is no f32: that is a number from -3.4e38 to 3.4e38, inf or nan",
            ),
            (
                F32,
                "1e999",
                "`1e999` is no f32: that is a number from -3.4e38 to 3.4e38, inf or nan",
            ),
            (
                F16,
                "65520",
                "`65520` is no f16: that is a number from -65504 to 65504, inf or nan",
            ),
            (
                U32,
                "",
                "`` is no u32: that is a whole number from 0 to 4294967295",
            ),
            (
                U32,
                "0x-1",
                "`0x-1` is no u32: that is a whole number from 0 to 4294967295",
            ),
        ] {
            assert_eq!(ty.bits(text), Err(range.to_owned()));
        }
    }

    #[test]
    fn random_floats_reach_both_ends_of_their_range() {
        let value = |ty: ElementType, random| ty.element(ty.bits_of_random(random)).value();
        assert_eq!(value(F32, 0), -1.0);
        assert_eq!(value(F32, u64::MAX), 1.0 - f64::powi(2.0, -23));
        assert_eq!(value(F16, 0), -1.0);
        assert_eq!(value(F16, u64::MAX), 1.0 - f64::powi(2.0, -10));
        assert_eq!(value(U32, u64::MAX), f64::from(u32::MAX));
    }

    #[test]
    fn elements_are_read_back_as_they_were_written() {
        let bytes = [1, 0, 0, 0, 0, 0, 0xc0, 0xff, 7];
        assert_eq!(U32.elements(&bytes), [1, 0xffc0_0000].map(Element::Unsigned));
        assert_eq!(F16.elements(&[0, 0x3c, 0, 0xc0]), [1.0, -2.0].map(Element::Float));
        assert_eq!(Element::Float(1e30).to_string(), "1e30");
        assert_eq!(Element::Float(f32::NAN).to_string(), "NaN");
    }
}
