//! How exact a kernel is, and what a test may demand of it.

use core::fmt;

/// The arithmetic of a kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum NumericClass {
    /// Multiplies and accumulates in f32; differs from float64 by rounding only.
    #[default]
    Exact,
}

/// By how much an output may differ from the float64 reference.
///
/// The rule is the original contract's: an element fails only if it misses **both** bounds.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Tolerance {
    /// Largest absolute difference.
    pub absolute: f64,
    /// Largest difference relative to `max(|expected|, 1e-6)`.
    pub relative: f64,
}

impl NumericClass {
    /// The tolerance for sums over K elements: the contract's figures, whose second step begins above K = 4096.
    #[must_use]
    pub const fn tolerance(self, k: u32) -> Tolerance {
        match self {
            Self::Exact if k <= 4096 => Tolerance {
                absolute: 1e-4,
                relative: 1e-3,
            },
            Self::Exact => Tolerance {
                absolute: 1e-3,
                relative: 1e-2,
            },
        }
    }

    /// The name in specs, reports and headers.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Exact => "exact",
        }
    }

    /// What the name means, in a few words.
    #[must_use]
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::Exact => "f32 multiply, f32 accumulate",
        }
    }
}

impl fmt::Display for NumericClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Tolerance {
    /// Below this magnitude the relative difference is taken against this instead of the expected value.
    const RELATIVE_FLOOR: f64 = 1e-6;

    /// Whether `got` may stand for `expected`. NaN never may, nor an infinity for anything but itself.
    #[must_use]
    pub fn accepts(&self, expected: f64, got: f64) -> bool {
        let difference = (got - expected).abs();
        got == expected
            || difference <= self.absolute
            || difference <= self.relative * expected.abs().max(Self::RELATIVE_FLOOR)
                && expected.is_finite()
                && got.is_finite()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_element_fails_only_if_it_misses_both_bounds() {
        let tolerance = NumericClass::Exact.tolerance(4096);
        assert!(tolerance.accepts(100.0, 100.05), "relative bound");
        assert!(tolerance.accepts(0.001, 0.00105), "absolute bound");
        assert!(!tolerance.accepts(1.0, 1.01));
    }

    #[test]
    fn nan_and_stray_infinities_always_fail() {
        let tolerance = NumericClass::Exact.tolerance(8192);
        assert!(!tolerance.accepts(0.0, f64::NAN));
        assert!(!tolerance.accepts(f64::NAN, 0.0));
        assert!(!tolerance.accepts(1.0, f64::INFINITY));
        assert!(!tolerance.accepts(f64::INFINITY, 1.0));
        assert!(!tolerance.accepts(f64::INFINITY, f64::NEG_INFINITY));
        assert!(tolerance.accepts(f64::INFINITY, f64::INFINITY));
    }
}
