//! What is in a buffer before the launch.

use std::{
    fs::File,
    io::{self, Read},
    path::PathBuf,
};

use super::element::ElementType;

/// What fills a buffer.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Fill {
    /// The same bits in every element.
    Every(u32),
    /// Element `i` is `i`.
    Ramp,
    /// Numbers that depend on the seed and on the place of the buffer.
    Random { seed: u64 },
    /// The bits of each element.
    Values(Vec<u32>),
    /// The bytes of a file.
    File(PathBuf),
}

/// What there is to choose from.
pub(crate) const FILLS: &str =
    "zeros, ones, ramp, random, random:SEED, a number, as many numbers with commas, or @FILE";

/// The seed of `random`.
const SEED: u64 = 1;

/// Why a file does not fill a buffer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FileError {
    #[error("{} cannot be read: {error}", file.display())]
    Read { file: PathBuf, error: io::Error },
    #[error("{} has {bytes} bytes, and {elements} takes {expected}", file.display())]
    Size {
        file: PathBuf,
        bytes: u64,
        elements: String,
        expected: u64,
    },
}

impl Fill {
    /// Reads what fills `count` elements.
    pub(crate) fn parse(text: &str, ty: ElementType, count: u64) -> Result<Self, String> {
        match text {
            "zeros" => return Ok(Self::Every(0)),
            "ones" => return Ok(Self::Every(ty.bits_of_index(1))),
            "ramp" => return Ok(Self::Ramp),
            "random" => return Ok(Self::Random { seed: SEED }),
            _ => {}
        }
        if let Some(seed) = text.strip_prefix("random:") {
            let seed = seed
                .parse()
                .map_err(|_| format!("the seed `{seed}` is not a whole number from 0 to {}", u64::MAX))?;
            return Ok(Self::Random { seed });
        }
        match text.strip_prefix('@') {
            Some("") => return Err("after `@` comes the name of a file".to_owned()),
            Some(file) => return Ok(Self::File(file.into())),
            None => {}
        }
        if !is_number(text) {
            return Err(format!("`{text}` fills nothing; what fills a buffer is {FILLS}"));
        }
        let values = text
            .split(',')
            .map(|value| ty.bits(value.trim()))
            .collect::<Result<Vec<_>, _>>()?;
        match values[..] {
            [value] => Ok(Self::Every(value)),
            _ if values.len() as u64 == count => Ok(Self::Values(values)),
            _ => Err(format!(
                "there are {} numbers for {count} elements; give {count}, or one for all",
                values.len()
            )),
        }
    }

    /// The bytes of `count` elements. `place` tells random buffers from each other.
    pub(crate) fn bytes(&self, ty: ElementType, count: u64, place: u64) -> Result<Vec<u8>, FileError> {
        Ok(match self {
            Self::Every(0) => vec![0; count as usize * ty.width()],
            Self::Every(bits) => collect(ty, (0..count).map(|_| *bits)),
            Self::Ramp => collect(ty, (0..count).map(|index| ty.bits_of_index(index))),
            Self::Random { seed } => {
                let mut random = SplitMix64(SplitMix64(*seed).next() ^ place);
                collect(ty, (0..count).map(|_| ty.bits_of_random(random.next())))
            }
            Self::Values(values) => collect(ty, values.iter().copied()),
            Self::File(file) => read(file, ty, count)?,
        })
    }
}

/// Whether a text looks like numbers, so that what is wrong with it is told of as with a number.
fn is_number(text: &str) -> bool {
    let unsigned = text.trim_start().trim_start_matches('-').to_ascii_lowercase();
    unsigned.starts_with(|c: char| c.is_ascii_digit() || c == '.')
        || ["inf", "nan"].iter().any(|name| unsigned.starts_with(name))
}

fn collect(ty: ElementType, bits: impl Iterator<Item = u32>) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(bits.size_hint().0 * ty.width());
    for bits in bits {
        bytes.extend_from_slice(&bits.to_le_bytes()[..ty.width()]);
    }
    bytes
}

/// Reads a file that must have exactly the size of the elements. Anything that can be opened will do, a pipe too.
fn read(file: &PathBuf, ty: ElementType, count: u64) -> Result<Vec<u8>, FileError> {
    let expected = count * ty.width() as u64;
    let contents = || {
        let opened = File::open(file)?;
        let metadata = opened.metadata()?;
        let mut bytes = Vec::new();
        // One byte more than is wanted shows that there are too many.
        opened.take(expected + 1).read_to_end(&mut bytes)?;
        let size = (bytes.len() as u64).max(metadata.len());
        Ok((bytes, size))
    };
    let (bytes, size) = contents().map_err(|error| FileError::Read {
        file: file.clone(),
        error,
    })?;
    if size == expected {
        return Ok(bytes);
    }
    Err(FileError::Size {
        file: file.clone(),
        bytes: size,
        elements: format!("{ty}[{count}]"),
        expected,
    })
}

/// Steele, Lea and Flood's generator (OOPSLA 2014): small, and the same everywhere for a seed.
struct SplitMix64(u64);

impl SplitMix64 {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ElementType::{F16, F32, I32, U32};

    fn values(text: &str, ty: ElementType, count: u64, place: u64) -> Vec<f64> {
        let fill = Fill::parse(text, ty, count).unwrap();
        let bytes = fill.bytes(ty, count, place).unwrap();
        assert_eq!(bytes.len(), count as usize * ty.width());
        ty.elements(&bytes)
            .into_iter()
            .map(|element| element.value())
            .collect()
    }

    #[test]
    fn named_fills_mean_the_same_in_every_type() {
        for ty in ElementType::ALL {
            assert_eq!(values("zeros", ty, 3, 0), [0.0, 0.0, 0.0]);
            assert_eq!(values("ones", ty, 3, 0), [1.0, 1.0, 1.0]);
            assert_eq!(values("ramp", ty, 3, 0), [0.0, 1.0, 2.0]);
        }
        assert_eq!(values("ramp", F16, 2050, 0)[2049], 2048.0, "rounded");
    }

    #[test]
    fn one_number_is_for_all_elements_and_several_are_for_one_each() {
        assert_eq!(values("-1.5", F32, 3, 0), [-1.5, -1.5, -1.5]);
        assert_eq!(values("0x10", I32, 2, 0), [16.0, 16.0]);
        assert_eq!(values("1, 2,-3", F16, 3, 0), [1.0, 2.0, -3.0]);
        assert_eq!(values("nan,inf", F32, 2, 0)[1], f64::INFINITY);
        assert_eq!(
            Fill::parse("16,0.5f,-1i", U32, 3),
            Ok(Fill::Values(vec![16, 0.5_f32.to_bits(), u32::MAX]))
        );
    }

    #[test]
    fn random_numbers_depend_on_seed_and_place_and_not_on_the_count() {
        let first = values("random", F32, 64, 0);
        assert_eq!(values("random:1", F32, 16, 0), first[..16]);
        assert_ne!(values("random:2", F32, 64, 0), first);
        assert_ne!(values("random", F32, 64, 1), first);
        assert!(first.iter().all(|value| (-1.0..1.0).contains(value)), "{first:?}");
        assert!(first.iter().any(|value| *value < -0.5) && first.iter().any(|value| *value > 0.5));
        assert!(values("random", U32, 64, 0).iter().any(|value| *value > 3e9));
    }

    #[test]
    fn each_mistake_has_its_own_message() {
        for (text, message) in [
            (
                "zeroes",
                "`zeroes` fills nothing; what fills a buffer is zeros, ones, ramp, random, random:SEED, a number, as many \
                 numbers with commas, or @FILE",
            ),
            (
                "random:x",
                "the seed `x` is not a whole number from 0 to 18446744073709551615",
            ),
            ("@", "after `@` comes the name of a file"),
            (
                "1,2,3",
                "there are 3 numbers for 4 elements; give 4, or one for all",
            ),
            (
                "-1",
                "`-1` is no u32: that is a whole number from 0 to 4294967295",
            ),
            (
                "1,,2,3",
                "`` is no u32: that is a whole number from 0 to 4294967295",
            ),
            (
                "2x",
                "`2x` is no u32: that is a whole number from 0 to 4294967295",
            ),
        ] {
            assert_eq!(Fill::parse(text, U32, 4), Err(message.to_owned()));
        }
    }
}
