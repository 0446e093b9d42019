//! The smaller arguments: where something is bound, how much is launched, what is overridden and printed.

use std::{fmt, num::IntErrorKind, str::FromStr};

use q4_kernel_emulator::LaunchOptions;

/// `@group` and `@binding` of a buffer, written `GROUP:BINDING`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Slot {
    pub(crate) group: u32,
    pub(crate) binding: u32,
}

/// Workgroups along x, y and z, written `X`, `X,Y` or `X,Y,Z`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Dispatch(pub(crate) [u32; 3]);

/// The value of a pipeline-overridable constant, written `NAME=VALUE`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Override {
    /// The name, or the number of its `@id`.
    pub(crate) name: String,
    /// What it is depends on the type of the constant.
    pub(crate) value: String,
}

/// A buffer to print, written `GROUP:BINDING` or `GROUP:BINDING:COUNT`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Print {
    pub(crate) slot: Slot,
    /// Elements from the first on.
    pub(crate) count: u64,
}

/// Elements that are printed of a buffer if nothing else is said.
const PRINTED: u64 = 16;

impl Slot {
    /// A number that no other slot has.
    pub(crate) fn number(self) -> u64 {
        u64::from(self.group) << 32 | u64::from(self.binding)
    }
}

impl fmt::Display for Slot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.group, self.binding)
    }
}

impl FromStr for Slot {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts = text.split_once(':');
        let numbers = parts.and_then(|(group, binding)| Some((group.parse().ok()?, binding.parse().ok()?)));
        let (group, binding) =
            numbers.ok_or_else(|| format!("`{text}` is not of the form GROUP:BINDING, for example 0:1"))?;
        Ok(Self { group, binding })
    }
}

impl FromStr for Dispatch {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts: Vec<&str> = text.split(',').map(str::trim).collect();
        let mut workgroups = [1; 3];
        if parts.len() > workgroups.len() {
            return Err("a dispatch has at most three dimensions, X,Y,Z".to_owned());
        }
        for (to, part) in workgroups.iter_mut().zip(parts) {
            *to = dimension(part)?;
        }
        Ok(Self(workgroups))
    }
}

fn dimension(text: &str) -> Result<u32, String> {
    let least = "there must be at least 1 workgroup along each dimension";
    let most = LaunchOptions::default().max_workgroups_per_dimension;
    match text.parse::<u32>() {
        Ok(0) => Err(least.to_owned()),
        Ok(count) if count <= most => Ok(count),
        Err(error) if *error.kind() != IntErrorKind::PosOverflow => {
            if text.parse::<i128>().is_ok() {
                return Err(least.to_owned());
            }
            Err(format!(
                "`{text}` is not a whole number of workgroups; give X, X,Y or X,Y,Z"
            ))
        }
        _ => Err(format!(
            "{text} workgroups are too many; {most} along each dimension is the most"
        )),
    }
}

impl FromStr for Override {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts = text
            .split_once('=')
            .map(|(name, value)| (name.trim(), value.trim()));
        match parts {
            Some((name, value)) if !name.is_empty() && !value.is_empty() => Ok(Self {
                name: name.to_owned(),
                value: value.to_owned(),
            }),
            _ => Err("it is not of the form NAME=VALUE, for example TILE=16".to_owned()),
        }
    }
}

impl FromStr for Print {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let Some((rest, count)) = text.rsplit_once(':').filter(|(rest, _)| rest.contains(':')) else {
            return Ok(Self {
                slot: text.parse()?,
                count: PRINTED,
            });
        };
        let slot = rest.parse()?;
        match count.parse() {
            Ok(0) => Err("there must be at least 1 element to print".to_owned()),
            Ok(count) => Ok(Self { slot, count }),
            Err(error) if *error.kind() == IntErrorKind::PosOverflow => Ok(Self {
                slot,
                count: u64::MAX,
            }),
            Err(_) => Err(format!("`{count}` is not a whole number of elements")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dispatch(text: &str) -> Result<[u32; 3], String> {
        text.parse().map(|Dispatch(workgroups)| workgroups)
    }

    #[test]
    fn dimensions_that_are_left_out_are_1() {
        assert_eq!(dispatch("7"), Ok([7, 1, 1]));
        assert_eq!(dispatch("7,2"), Ok([7, 2, 1]));
        assert_eq!(dispatch("65535, 2, 3"), Ok([65535, 2, 3]));
    }

    #[test]
    fn each_mistake_in_a_dispatch_has_its_own_message() {
        let least = "there must be at least 1 workgroup along each dimension";
        for (text, message) in [
            ("0", least),
            ("1,0", least),
            ("1,-1", least),
            ("1,2,3,4", "a dispatch has at most three dimensions, X,Y,Z"),
            (
                "1,x",
                "`x` is not a whole number of workgroups; give X, X,Y or X,Y,Z",
            ),
            ("", "`` is not a whole number of workgroups; give X, X,Y or X,Y,Z"),
            (
                "65536",
                "65536 workgroups are too many; 65535 along each dimension is the most",
            ),
            (
                "99999999999",
                "99999999999 workgroups are too many; 65535 along each dimension is the most",
            ),
        ] {
            assert_eq!(dispatch(text), Err(message.to_owned()), "{text}");
        }
    }

    #[test]
    fn sixteen_elements_are_printed_if_nothing_else_is_said() {
        let print = |text: &str| text.parse::<Print>();
        let slot = Slot { group: 2, binding: 1 };
        assert_eq!(print("2:1"), Ok(Print { slot, count: 16 }));
        assert_eq!(print("2:1:3"), Ok(Print { slot, count: 3 }));
        assert_eq!(
            print("2:1:99999999999999999999").map(|print| print.count),
            Ok(u64::MAX)
        );
        assert_eq!(
            print("2:1:0"),
            Err("there must be at least 1 element to print".to_owned())
        );
        assert_eq!(
            print("2:1:x"),
            Err("`x` is not a whole number of elements".to_owned())
        );
        assert_eq!(
            print("2"),
            Err("`2` is not of the form GROUP:BINDING, for example 0:1".to_owned())
        );
    }

    #[test]
    fn an_override_is_a_name_and_a_value() {
        let read = |text: &str| text.parse::<Override>();
        assert_eq!(
            read("TILE=16"),
            Ok(Override {
                name: "TILE".to_owned(),
                value: "16".to_owned()
            })
        );
        for text in ["TILE", "TILE=", "=16"] {
            let message = "it is not of the form NAME=VALUE, for example TILE=16";
            assert_eq!(read(text), Err(message.to_owned()), "{text}");
        }
    }
}
