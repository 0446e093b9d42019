//! Outputs against the reference, every element.

use crate::Tolerance;

/// How outputs compare with the reference.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Comparison {
    /// Elements compared.
    pub elements: usize,
    /// Elements outside the tolerance.
    pub wrong: usize,
    /// The first element outside the tolerance.
    pub first_wrong: Option<Difference>,
    /// The largest absolute difference; NaN if an output is NaN.
    pub max_absolute: f64,
    /// The largest difference relative to the largest expected magnitude, which does not blow up at zero crossings.
    pub max_relative_to_peak: f64,
}

/// One element that is not what it should be.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Difference {
    /// Row.
    pub m: usize,
    /// Column.
    pub n: usize,
    /// The reference.
    pub expected: f64,
    /// The output.
    pub got: f32,
}

impl Comparison {
    /// Whether every element is within the tolerance and none is missing.
    #[must_use]
    pub fn agrees(&self) -> bool {
        self.wrong == 0
    }
}

/// Compares every element of `got` with `expected`, both `[M, columns]`. An element that one of them lacks is wrong.
#[must_use]
pub fn compare(expected: &[f64], got: &[f32], columns: usize, tolerance: Tolerance) -> Comparison {
    compare_rounded(expected, &[], got, columns, tolerance)
}

/// As [`compare`], for classes that round their operands: `products` are those of [`products`](super::products). Where they are missing they
/// count as 0.
#[must_use]
pub fn compare_rounded(
    expected: &[f64],
    products: &[f64],
    got: &[f32],
    columns: usize,
    tolerance: Tolerance,
) -> Comparison {
    let elements = expected.len().max(got.len());
    let mut comparison = Comparison {
        elements,
        wrong: 0,
        first_wrong: None,
        max_absolute: 0.0,
        max_relative_to_peak: 0.0,
    };
    let peak = expected.iter().fold(0.0_f64, |peak, value| peak.max(value.abs()));
    for index in 0..elements {
        let expected = expected.get(index).copied().unwrap_or(f64::NAN);
        let got = got.get(index).copied().unwrap_or(f32::NAN);
        let difference = (f64::from(got) - expected).abs();
        // `max` would drop a NaN.
        if difference > comparison.max_absolute || difference.is_nan() {
            comparison.max_absolute = difference;
        }
        if !tolerance.accepts(
            expected,
            products.get(index).copied().unwrap_or_default(),
            f64::from(got),
        ) {
            comparison.wrong += 1;
            let (m, n) = (index / columns.max(1), index % columns.max(1));
            comparison
                .first_wrong
                .get_or_insert(Difference { m, n, expected, got });
        }
    }
    comparison.max_relative_to_peak = comparison.max_absolute / peak.max(f64::MIN_POSITIVE);
    comparison
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOLERANCE: Tolerance = Tolerance {
        absolute: 0.01,
        relative: 0.0,
        of_products: 0.1,
    };

    #[test]
    fn the_first_wrong_element_is_named_and_all_are_counted() {
        let comparison = compare(&[1.0, 2.0, 3.0, 4.0], &[1.0, 2.005, 3.5, 9.0], 2, TOLERANCE);
        assert_eq!(comparison.wrong, 2);
        assert_eq!(
            comparison.first_wrong,
            Some(Difference {
                m: 1,
                n: 0,
                expected: 3.0,
                got: 3.5
            })
        );
        assert_eq!(comparison.max_absolute, 5.0);
        assert!(!comparison.agrees());
    }

    #[test]
    fn a_difference_may_be_a_share_of_the_products_behind_the_output() {
        let (expected, got) = ([1.0, 1.0], [1.3, 1.3]);
        let comparison = compare_rounded(&expected, &[4.0, 2.0], &got, 2, TOLERANCE);
        assert_eq!(comparison.wrong, 1);
        assert_eq!(comparison.first_wrong.unwrap().n, 1);
    }

    #[test]
    fn nan_and_missing_elements_are_wrong() {
        assert_eq!(
            compare_rounded(&[1.0], &[9.0], &[f32::NAN], 1, TOLERANCE).wrong,
            1
        );
        assert!(
            compare(&[1.0, 1.0], &[f32::NAN, 1.0], 1, TOLERANCE)
                .max_absolute
                .is_nan()
        );
        assert_eq!(compare(&[1.0, 2.0], &[1.0], 1, TOLERANCE).wrong, 1);
        assert_eq!(compare(&[1.0], &[1.0, 2.0], 1, TOLERANCE).wrong, 1);
    }
}
