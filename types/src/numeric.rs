//! How exact a kernel is, and what a test may demand of it.

use core::fmt;

use crate::{Encoding, Feature};

/// The arithmetic of a kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum NumericClass {
    /// Multiplies and accumulates in f32; differs from float64 by rounding only.
    #[default]
    Exact,
    /// Rounds inputs and scaled weights to f16, multiplies those exactly and accumulates in f32.
    F16Multiply,
    /// Rounds the inputs of each group to 8 bits, by the largest of them, multiplies and adds integers within a group and accumulates in f32.
    Int8Activations,
}

/// By how much an output may differ from the float64 reference: an element fails only if it misses **every** bound.
///
/// The first two bounds are the original contract's. The third is for classes that round their operands: such errors grow with the
/// products that are summed and not with their sum, which may be small by cancellation.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Tolerance {
    /// Largest absolute difference.
    pub absolute: f64,
    /// Largest difference relative to `max(|expected|, 1e-6)`.
    pub relative: f64,
    /// Largest difference relative to the root of the sum of the squared products behind an output.
    pub of_products: f64,
}

impl NumericClass {
    /// Every class, the most exact one first.
    pub const ALL: [Self; 3] = [Self::Exact, Self::F16Multiply, Self::Int8Activations];

    /// The largest K of the first step of every class's tolerance.
    pub const SHORT_SUM: u32 = 4096;

    /// The tolerance for sums over K elements.
    ///
    /// - `exact`: the contract's figures, whose second step begins above [`SHORT_SUM`](Self::SHORT_SUM).
    /// - `f16_multiply`: the contract's figures; rounding both operands to 11 bits leaves a standard deviation of about 4e-4 of the
    ///   products, of which eight are allowed: by chance five are missed once in two million outputs.
    /// - `int8_activations`: rounding to 1/127 of a group's largest input leaves 4e-3 of the products where inputs are spread evenly, and more where
    ///   one is much larger than the rest of its group; five times 6e-3 are allowed.
    #[must_use]
    pub const fn tolerance(self, k: u32) -> Tolerance {
        match self {
            Self::Exact if k <= Self::SHORT_SUM => Tolerance {
                absolute: 1e-4,
                relative: 1e-3,
                of_products: 0.0,
            },
            Self::Exact => Tolerance {
                absolute: 1e-3,
                relative: 1e-2,
                of_products: 0.0,
            },
            Self::F16Multiply => Tolerance {
                absolute: 2.3e-4,
                relative: 1e-3,
                of_products: 3.2e-3,
            },
            Self::Int8Activations => Tolerance {
                absolute: 2.3e-4,
                relative: 1e-3,
                of_products: 3e-2,
            },
        }
    }

    /// The tolerance for sums over K elements with weights of an encoding.
    ///
    /// A weight `scale * (q - zero)` or `scale * q + minimum` may be far smaller than the two terms that make it, and a kernel may add up each of them by
    /// itself: what f32 leaves of either is then small beside the terms and not beside the weights or their sum. Affine encodings of the
    /// exact class are allowed 1e-5 of the products with the terms, which is less than two hundred roundings of f32.
    #[must_use]
    pub const fn tolerance_of(self, encoding: Encoding, k: u32) -> Tolerance {
        let tolerance = self.tolerance(k);
        match self {
            Self::Exact if encoding.is_affine() => Tolerance {
                of_products: 1e-5,
                ..tolerance
            },
            Self::Exact | Self::F16Multiply | Self::Int8Activations => tolerance,
        }
    }

    /// Whether products and sums that f32 holds come out without any error: true of classes that round nothing which f16 holds.
    #[must_use]
    pub const fn keeps_exact_data(self) -> bool {
        match self {
            Self::Exact | Self::F16Multiply => true,
            Self::Int8Activations => false,
        }
    }

    /// Whether a description that allows this class allows variants of `other` as well: the exact class is always allowed.
    #[must_use]
    pub fn allows(self, other: Self) -> bool {
        other == Self::Exact || other == self
    }

    /// The name in specs, reports and headers.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Exact => "exact",
            Self::F16Multiply => "f16_multiply",
            Self::Int8Activations => "int8_activations",
        }
    }

    /// What the name means, in a few words.
    #[must_use]
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::Exact => "f32 multiply, f32 accumulate",
            Self::F16Multiply => "f16 operands, f32 accumulate",
            Self::Int8Activations => "8-bit inputs by group, integer products, f32 accumulate",
        }
    }

    /// What the name of a variant says of it.
    pub(crate) const fn label(self) -> Option<&'static str> {
        match self {
            Self::Exact => None,
            Self::F16Multiply => Some("f16"),
            Self::Int8Activations => Some("int8"),
        }
    }

    /// The features that it needs in every family.
    pub(crate) const fn features(self) -> &'static [Feature] {
        match self {
            Self::Exact | Self::Int8Activations => &[],
            Self::F16Multiply => &[Feature::ShaderF16],
        }
    }
}

impl fmt::Display for NumericClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Tolerance {
    /// None at all.
    pub const ZERO: Self = Self {
        absolute: 0.0,
        relative: 0.0,
        of_products: 0.0,
    };

    /// Below this magnitude the relative difference is taken against this instead of the expected value.
    pub const RELATIVE_FLOOR: f64 = 1e-6;

    /// Whether `got` may stand for `expected`, where `products` is the root of the sum of the squared products behind it. NaN never may, nor
    /// an infinity for anything but itself.
    #[must_use]
    pub fn accepts(&self, expected: f64, products: f64, got: f64) -> bool {
        let difference = (got - expected).abs();
        let relative = self.relative * expected.abs().max(Self::RELATIVE_FLOOR);
        got == expected
            || difference <= self.absolute
            || difference <= relative.max(self.of_products * products)
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
        assert!(tolerance.accepts(100.0, 0.0, 100.05), "relative bound");
        assert!(tolerance.accepts(0.001, 0.0, 0.00105), "absolute bound");
        assert!(!tolerance.accepts(1.0, 100.0, 1.01));
    }

    #[test]
    fn classes_that_round_their_operands_may_miss_by_a_share_of_the_products() {
        let tolerance = NumericClass::F16Multiply.tolerance(4096);
        assert!(tolerance.accepts(0.01, 2.0, 0.016), "products of 2 cancelled");
        assert!(!tolerance.accepts(0.01, 2.0, 0.0175));
        assert!(!NumericClass::Exact.tolerance(4096).accepts(0.01, 2.0, 0.016));
    }

    #[test]
    fn nan_and_stray_infinities_always_fail() {
        let tolerance = NumericClass::Exact.tolerance(8192);
        assert!(!tolerance.accepts(0.0, 1.0, f64::NAN));
        assert!(!tolerance.accepts(f64::NAN, 1.0, 0.0));
        assert!(!tolerance.accepts(1.0, 1.0, f64::INFINITY));
        assert!(!tolerance.accepts(f64::INFINITY, 1.0, 1.0));
        assert!(!tolerance.accepts(f64::INFINITY, 1.0, f64::NEG_INFINITY));
        assert!(tolerance.accepts(f64::INFINITY, 1.0, f64::INFINITY));
    }
}
