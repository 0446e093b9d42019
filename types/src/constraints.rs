//! Which shapes a kernel serves.

use core::fmt;

use crate::Shape;

/// The shapes that a kernel serves. The host enforces them before it dispatches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Constraints {
    /// Which M.
    pub rows: RowsServed,
    /// The only K, where K is a constant of the kernel.
    pub k: Option<u32>,
    /// K must be a multiple of this.
    pub k_multiple: u32,
    /// K must not exceed this.
    pub k_most: u32,
    /// The only group size, where it is a constant of the kernel.
    pub group_size: Option<u32>,
    /// The group size must be a multiple of this.
    pub group_size_multiple: u32,
}

/// Which M a kernel serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "snake_case"))]
pub enum RowsServed {
    /// M == 1.
    One,
    /// No more rows than this.
    UpTo(u32),
    /// Any M.
    Any,
}

/// Why a kernel does not serve a shape.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize),
    serde(tag = "refused", rename_all = "snake_case")
)]
pub enum Refusal {
    /// M is not 1.
    #[error("it multiplies one row, and M is {m}")]
    OneRow {
        /// The M asked for.
        m: u32,
    },
    /// M exceeds what the kernel holds.
    #[error("it multiplies up to {most} rows, and M is {m}")]
    MostRows {
        /// The M asked for.
        m: u32,
        /// The most rows.
        most: u32,
    },
    /// K is not the kernel's constant.
    #[error("it is made for K = {expected}, and K is {k}")]
    K {
        /// The K asked for.
        k: u32,
        /// The kernel's constant.
        expected: u32,
    },
    /// K is not a multiple of the kernel's step.
    #[error("it needs K % {multiple} == 0, and K is {k}")]
    KMultiple {
        /// The K asked for.
        k: u32,
        /// The kernel's step.
        multiple: u32,
    },
    /// K exceeds what the kernel holds.
    #[error("it holds inputs of up to K = {most}, and K is {k}")]
    MostK {
        /// The K asked for.
        k: u32,
        /// The largest K.
        most: u32,
    },
    /// The group size is not the kernel's constant.
    #[error("it is made for group_size = {expected}, and group_size is {group_size}")]
    GroupSize {
        /// The group size asked for.
        group_size: u32,
        /// The kernel's constant.
        expected: u32,
    },
    /// The group size is not a multiple of the kernel's step.
    #[error("it needs group_size % {multiple} == 0, and group_size is {group_size}")]
    GroupSizeMultiple {
        /// The group size asked for.
        group_size: u32,
        /// The kernel's step.
        multiple: u32,
    },
}

impl RowsServed {
    /// The largest M.
    #[must_use]
    pub const fn most(self) -> u32 {
        match self {
            Self::One => 1,
            Self::UpTo(most) => most,
            Self::Any => u32::MAX,
        }
    }
}

impl Constraints {
    /// Whether the kernel serves `shape`.
    ///
    /// # Errors
    /// The first constraint that `shape` does not meet.
    pub fn check(&self, shape: Shape) -> Result<(), Refusal> {
        let Shape { m, k, group_size, .. } = shape;
        match self.rows {
            RowsServed::One if m != 1 => return Err(Refusal::OneRow { m }),
            RowsServed::UpTo(most) if m > most => return Err(Refusal::MostRows { m, most }),
            RowsServed::One | RowsServed::UpTo(_) | RowsServed::Any => {}
        }
        self.check_layer(k, group_size)
    }

    /// Whether the kernel serves a layer of `k` inputs in groups of `group_size`, whatever M is.
    ///
    /// # Errors
    /// The first constraint that the layer does not meet.
    pub fn check_layer(&self, k: u32, group_size: u32) -> Result<(), Refusal> {
        if let Some(expected) = self.k
            && k != expected
        {
            return Err(Refusal::K { k, expected });
        }
        if !k.is_multiple_of(self.k_multiple) {
            return Err(Refusal::KMultiple {
                k,
                multiple: self.k_multiple,
            });
        }
        if k > self.k_most {
            return Err(Refusal::MostK { k, most: self.k_most });
        }
        if let Some(expected) = self.group_size
            && group_size != expected
        {
            return Err(Refusal::GroupSize { group_size, expected });
        }
        if !group_size.is_multiple_of(self.group_size_multiple) {
            return Err(Refusal::GroupSizeMultiple {
                group_size,
                multiple: self.group_size_multiple,
            });
        }
        Ok(())
    }

    /// Whether every shape that `other` serves is served here too.
    #[must_use]
    pub fn covers(&self, other: &Self) -> bool {
        let rows = self.rows.most() >= other.rows.most();
        let covers =
            |fixed: Option<u32>, multiple: u32, other_fixed: Option<u32>, other_multiple: u32| match fixed {
                Some(_) => fixed == other_fixed,
                None => other_fixed.unwrap_or(other_multiple).is_multiple_of(multiple),
            };
        let most = other.k.unwrap_or(other.k_most);
        rows && most <= self.k_most
            && covers(self.k, self.k_multiple, other.k, other.k_multiple)
            && covers(
                self.group_size,
                self.group_size_multiple,
                other.group_size,
                other.group_size_multiple,
            )
    }
}

impl fmt::Display for Constraints {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut terms = Vec::new();
        match self.rows {
            RowsServed::One => terms.push("M == 1".to_owned()),
            RowsServed::UpTo(most) => terms.push(format!("M <= {most}")),
            RowsServed::Any => {}
        }
        match self.k {
            Some(k) => terms.push(format!("K == {k}")),
            None if self.k_multiple > 1 => terms.push(format!("K % {} == 0", self.k_multiple)),
            None => {}
        }
        if self.k.is_none() && self.k_most < u32::MAX {
            terms.push(format!("K <= {}", self.k_most));
        }
        match self.group_size {
            Some(group_size) => terms.push(format!("group_size == {group_size}")),
            None if self.group_size_multiple > 1 => {
                terms.push(format!("group_size % {} == 0", self.group_size_multiple));
            }
            None => {}
        }
        if terms.is_empty() {
            f.write_str("any shape")
        } else {
            f.write_str(&terms.join(", "))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WORDS: Constraints = Constraints {
        rows: RowsServed::One,
        k: None,
        k_multiple: 8,
        k_most: u32::MAX,
        group_size: None,
        group_size_multiple: 8,
    };

    fn shape(m: u32, k: u32, group_size: u32) -> Shape {
        Shape {
            m,
            n: 1,
            k,
            group_size,
        }
    }

    #[test]
    fn a_shape_is_refused_for_the_rule_it_breaks() {
        assert_eq!(WORDS.check(shape(1, 4096, 32)), Ok(()));
        assert_eq!(WORDS.check(shape(2, 4096, 32)), Err(Refusal::OneRow { m: 2 }));
        assert_eq!(
            WORDS.check(shape(1, 4100, 32)),
            Err(Refusal::KMultiple { k: 4100, multiple: 8 })
        );
        let refusal = Refusal::GroupSizeMultiple {
            group_size: 20,
            multiple: 8,
        };
        assert_eq!(WORDS.check(shape(1, 4096, 20)), Err(refusal));
        assert_eq!(
            refusal.to_string(),
            "it needs group_size % 8 == 0, and group_size is 20"
        );
    }

    #[test]
    fn a_kernel_that_holds_so_much_serves_no_more() {
        let few = Constraints {
            rows: RowsServed::UpTo(4),
            k_most: 4096,
            ..WORDS
        };
        assert_eq!(few.check(shape(4, 4096, 32)), Ok(()));
        assert_eq!(
            few.check(shape(5, 4096, 32)),
            Err(Refusal::MostRows { m: 5, most: 4 })
        );
        assert_eq!(
            few.check(shape(1, 4104, 32)),
            Err(Refusal::MostK { k: 4104, most: 4096 })
        );
        assert_eq!(
            few.to_string(),
            "M <= 4, K % 8 == 0, K <= 4096, group_size % 8 == 0"
        );
        let one = Constraints {
            rows: RowsServed::One,
            ..few
        };
        assert!(few.covers(&one) && !one.covers(&few) && !few.covers(&WORDS));
    }

    #[test]
    fn constraints_cover_what_they_serve() {
        let any = Constraints {
            rows: RowsServed::Any,
            k_multiple: 1,
            group_size_multiple: 1,
            ..WORDS
        };
        let fixed = Constraints {
            k: Some(2048),
            group_size: Some(32),
            ..WORDS
        };
        assert!(any.covers(&WORDS) && any.covers(&fixed) && WORDS.covers(&fixed) && fixed.covers(&fixed));
        assert!(!WORDS.covers(&any) && !fixed.covers(&WORDS));
        let odd = Constraints {
            k: Some(2050),
            ..WORDS
        };
        assert!(!WORDS.covers(&odd), "2050 is no multiple of 8");
    }

    #[test]
    fn constants_of_the_kernel_are_the_only_values_served() {
        let constraints = Constraints {
            k: Some(2048),
            group_size: Some(32),
            ..WORDS
        };
        assert_eq!(
            constraints.check(shape(1, 4096, 32)),
            Err(Refusal::K {
                k: 4096,
                expected: 2048
            })
        );
        assert_eq!(
            constraints.check(shape(1, 2048, 64)),
            Err(Refusal::GroupSize {
                group_size: 64,
                expected: 32
            })
        );
        assert_eq!(constraints.to_string(), "M == 1, K == 2048, group_size == 32");
    }
}
