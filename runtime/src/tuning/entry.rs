//! One shape of a table.

use q4_kernel_types::tuning;

use super::RowRange;
use crate::{NumericClass, ScaleLayout, Shape};

/// How long candidates took for one shape.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Entry {
    /// The shape that was measured. The entry holds for the whole [`RowRange`] of its M.
    pub shape: Shape,
    /// The numeric class that was allowed: the candidates are of this class or exact.
    pub numeric: NumericClass,
    /// How the scales were stored.
    pub scales: ScaleLayout,
    /// The candidates, the fastest first.
    pub candidates: Vec<Measured>,
}

/// A candidate and how long it took.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Measured {
    /// The [`kind`](crate::Configuration::kind) of the variant.
    pub kind: String,
    /// Nanoseconds of one multiplication.
    pub nanoseconds: u64,
}

impl Entry {
    /// How far the N and K of an entry may be from those asked for, as the product of the factors between them.
    pub const FARTHEST: u32 = tuning::FARTHEST;

    /// How far the entry's shape is from one asked for, as the product of the factors between them; `None` where it says nothing about it.
    pub(super) fn distance(
        &self,
        shape: Shape,
        numeric: NumericClass,
        scales: ScaleLayout,
    ) -> Option<Distance> {
        let own = self.shape;
        let same = (own.group_size, self.numeric, self.scales) == (shape.group_size, numeric, scales)
            && RowRange::of(own.m) == RowRange::of(shape.m);
        let layer = factor(own.n, shape.n) * factor(own.k, shape.k);
        (same && layer <= f64::from(Self::FARTHEST)).then(|| Distance {
            layer,
            rows: factor(own.m, shape.m),
        })
    }

    /// Where a candidate stands among those of the entry.
    pub(crate) fn place(&self, kind: &str) -> Option<(usize, &Measured)> {
        self.candidates
            .iter()
            .enumerate()
            .find(|(_, measured)| measured.kind == kind)
    }
}

/// How far one shape is from another, as factors.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub(super) struct Distance {
    layer: f64,
    rows: f64,
}

impl Distance {
    /// Of two, the nearer one counts; of two equally near layers, the one measured at more similar rows.
    pub(super) fn total_cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.layer
            .total_cmp(&other.layer)
            .then(self.rows.total_cmp(&other.rows))
    }
}

/// The factor between two dimensions, at least 1.
fn factor(a: u32, b: u32) -> f64 {
    // A dimension of 0, which nothing has, is as far away as can be.
    f64::from(a.max(b)) / f64::from(a.min(b))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ScaleOrder;

    fn entry(m: u32, n: u32, k: u32) -> Entry {
        Entry {
            shape: Shape {
                m,
                n,
                k,
                group_size: 32,
            },
            numeric: NumericClass::Exact,
            scales: ScaleLayout::default(),
            candidates: Vec::new(),
        }
    }

    fn is_near(entry: &Entry, shape: Shape) -> bool {
        entry
            .distance(shape, NumericClass::Exact, ScaleLayout::default())
            .is_some()
    }

    #[test]
    fn an_entry_holds_for_its_range_of_rows_and_layers_of_similar_size() {
        let entry = entry(4, 4096, 4096);
        let near = |m, n, k| {
            is_near(
                &entry,
                Shape {
                    m,
                    n,
                    k,
                    group_size: 32,
                },
            )
        };
        assert!(near(3, 4096, 4096) && near(4, 8192, 2048) && near(4, 16_384, 4096) && near(4, 2048, 2048));
        assert!(!near(2, 4096, 4096) && !near(5, 4096, 4096), "other rows");
        assert!(
            !near(4, 16_384, 4097) && !near(4, 1023, 4096) && !near(4, 16_384, 1024),
            "too far"
        );
        assert!(!near(4, 0, 4096));
    }

    #[test]
    fn an_entry_says_nothing_of_other_groups_classes_and_scales() {
        let entry = entry(1, 4096, 4096);
        let shape = entry.shape;
        assert!(is_near(&entry, shape));
        assert!(!is_near(
            &entry,
            Shape {
                group_size: 64,
                ..shape
            }
        ));
        let classes = entry.distance(shape, NumericClass::F16Multiply, ScaleLayout::default());
        let columns = ScaleLayout {
            order: ScaleOrder::Groups,
            ..ScaleLayout::default()
        };
        let scales = entry.distance(shape, NumericClass::Exact, columns);
        assert_eq!((classes, scales), (None, None));
    }
}
