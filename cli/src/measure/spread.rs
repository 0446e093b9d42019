//! What repeated measurements come to.

use serde::Serialize;

/// The quartiles of several measurements of the same thing, in their unit.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub(crate) struct Spread {
    pub(crate) minimum: f64,
    pub(crate) lower_quartile: f64,
    pub(crate) median: f64,
    pub(crate) upper_quartile: f64,
    pub(crate) maximum: f64,
}

impl Spread {
    /// The quartiles of `values`; all NaN where there are none.
    pub(crate) fn of(mut values: Vec<f64>) -> Self {
        values.sort_by(f64::total_cmp);
        let last = values.len().saturating_sub(1);
        let at = |quarter: usize| values.get(last * quarter / 4).copied().unwrap_or(f64::NAN);
        Self {
            minimum: at(0),
            lower_quartile: at(1),
            median: at(2),
            upper_quartile: at(3),
            maximum: at(4),
        }
    }

    /// The distance between the quartiles, as a share of the median: what half of the measurements stay within.
    pub(crate) fn relative(&self) -> f64 {
        (self.upper_quartile - self.lower_quartile) / self.median
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_shrugs_at_one_slow_pass() {
        let spread = Spread::of(vec![3.0, 1.0, 1000.0, 2.0, 2.5]);
        assert_eq!(
            (spread.median, spread.minimum, spread.maximum),
            (2.5, 1.0, 1000.0)
        );
        assert_eq!((spread.lower_quartile, spread.upper_quartile), (2.0, 3.0));
        assert_eq!(spread.relative(), 0.4);
    }

    #[test]
    fn one_measurement_has_no_spread_and_none_has_no_median() {
        assert_eq!(Spread::of(vec![4.0]).relative(), 0.0);
        assert!(Spread::of(Vec::new()).median.is_nan());
    }
}
