//! The measurements of one adapter.

use std::collections::HashSet;

use super::{AdapterKey, Entry, Measured, TableError, adapter};
use crate::{NumericClass, ScaleLayout, Shape};

/// The measurements of one adapter. Its text is described in the [module](super).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    adapter: AdapterKey,
    driver: String,
    entries: Vec<Entry>,
}

impl Table {
    /// A table of an adapter.
    ///
    /// # Errors
    /// If an entry has a dimension of 0, no candidates, one twice, one that took no time or has no proper name, or candidates that are not in the
    /// order of their times, or if two entries are of the same shape, class and scales.
    pub fn new(info: &wgpu::AdapterInfo, entries: Vec<Entry>) -> Result<Self, TableError> {
        Self::of_parts(AdapterKey::of(info), adapter::driver(info), entries)
    }

    pub(super) fn of_parts(
        adapter: AdapterKey,
        driver: String,
        entries: Vec<Entry>,
    ) -> Result<Self, TableError> {
        let mut shapes = HashSet::new();
        for entry in &entries {
            let is_new = shapes.insert((entry.shape, entry.numeric, entry.scales));
            let problem = problem(entry).or((!is_new).then_some("stands twice in the table"));
            if let Some(problem) = problem {
                let shape = entry.shape;
                return Err(TableError::Entry { shape, problem });
            }
        }
        Ok(Self {
            adapter,
            driver,
            entries,
        })
    }

    /// Reads the text of a table.
    ///
    /// # Errors
    /// If it is not, letter by letter, what [`Table::text`] writes for some table of this version.
    pub fn parse(text: &str) -> Result<Self, TableError> {
        super::text::parse(text)
    }

    /// The text of the table.
    #[must_use]
    pub fn text(&self) -> String {
        super::text::write(self)
    }

    /// The adapter.
    #[must_use]
    pub fn adapter(&self) -> &AdapterKey {
        &self.adapter
    }

    /// The driver that measured, for information: a table is used with any.
    #[must_use]
    pub fn driver(&self) -> &str {
        &self.driver
    }

    /// Every entry.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The entry for a shape: of the same group size, class, scales and [range of rows](super::RowRange), and the nearest in N and K, no farther than
    /// [`Entry::FARTHEST`]. Of several equally near ones the first.
    #[must_use]
    pub fn nearest(&self, shape: Shape, numeric: NumericClass, scales: ScaleLayout) -> Option<&Entry> {
        self.entries
            .iter()
            .filter_map(|entry| Some((entry.distance(shape, numeric, scales)?, entry)))
            .min_by(|(a, _), (b, _)| a.total_cmp(b))
            .map(|(_, entry)| entry)
    }

    /// Refuses to serve another adapter.
    pub(super) fn check_adapter(&self, device: AdapterKey) -> Result<(), TableError> {
        if self.adapter == device {
            return Ok(());
        }
        Err(TableError::Adapter {
            table: Box::new(self.adapter.clone()),
            device: Box::new(device),
        })
    }
}

/// What is wrong with an entry.
fn problem(entry: &Entry) -> Option<&'static str> {
    let Shape { m, n, k, group_size } = entry.shape;
    let candidates = &entry.candidates;
    let mut kinds = HashSet::new();
    if [m, n, k, group_size].contains(&0) {
        Some("has a dimension of 0")
    } else if candidates.is_empty() {
        Some("has no candidates")
    } else if !candidates.iter().all(|measured| is_kind(&measured.kind)) {
        Some("has a candidate whose name is not one of letters, digits and underscores")
    } else if candidates.iter().any(|measured| measured.nanoseconds == 0) {
        Some("has a candidate that takes no time")
    } else if !candidates.is_sorted_by_key(|Measured { nanoseconds, .. }| *nanoseconds) {
        Some("has candidates that are not in the order of their times")
    } else if !candidates.iter().all(|measured| kinds.insert(&measured.kind)) {
        Some("has a candidate twice")
    } else {
        None
    }
}

fn is_kind(text: &str) -> bool {
    !text.is_empty()
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(in super::super) fn key() -> AdapterKey {
        AdapterKey {
            name: "Some GPU".to_owned(),
            backend: "vulkan".to_owned(),
            vendor: 0x10de,
            device: 0x2330,
        }
    }

    pub(in super::super) fn entry(m: u32, n: u32, k: u32, candidates: &[(&str, u64)]) -> Entry {
        Entry {
            shape: Shape {
                m,
                n,
                k,
                group_size: 32,
            },
            numeric: NumericClass::Exact,
            scales: ScaleLayout::default(),
            candidates: candidates
                .iter()
                .map(|(kind, nanoseconds)| Measured {
                    kind: (*kind).to_owned(),
                    nanoseconds: *nanoseconds,
                })
                .collect(),
        }
    }

    pub(in super::super) fn table(entries: Vec<Entry>) -> Table {
        Table::of_parts(key(), "driver 1.0".to_owned(), entries).unwrap()
    }

    #[test]
    fn the_nearest_entry_in_n_and_k_counts_and_then_the_one_of_similar_rows() {
        let named = |m, n, k, name: &str| entry(m, n, k, &[(name, 1)]);
        let table = table(vec![
            named(1, 2048, 2048, "small"),
            named(1, 8192, 2048, "wide"),
            named(1, 2048, 8192, "deep"),
            named(512, 4096, 4096, "short"),
            named(2048, 4096, 4096, "long"),
        ]);
        let nearest = |m, n, k| {
            let shape = Shape {
                m,
                n,
                k,
                group_size: 32,
            };
            let entry = table.nearest(shape, NumericClass::Exact, ScaleLayout::default())?;
            Some(entry.candidates[0].kind.as_str())
        };
        assert_eq!(nearest(1, 2048, 2048), Some("small"));
        assert_eq!(nearest(1, 8192, 2560), Some("wide"));
        assert_eq!(nearest(1, 1024, 7000), Some("deep"));
        // As near to each of the three: the first.
        assert_eq!(nearest(1, 4096, 4096), Some("small"));
        assert_eq!(nearest(1, 128_256, 2048), None, "nothing is near");
        assert_eq!(nearest(2, 2048, 2048), None, "no entry of these rows");
        assert_eq!(
            (nearest(300, 4096, 4096), nearest(9000, 4096, 4096)),
            (Some("short"), Some("long"))
        );
    }

    #[test]
    fn an_entry_that_breaks_a_rule_makes_no_table() {
        let good = entry(1, 8, 8, &[("a", 1), ("b_2", 1), ("c", 3)]);
        let zero = |change: fn(&mut Shape)| {
            let mut entry = good.clone();
            change(&mut entry.shape);
            entry
        };
        let bad = [
            (zero(|shape| shape.m = 0), "has a dimension of 0"),
            (zero(|shape| shape.n = 0), "has a dimension of 0"),
            (zero(|shape| shape.group_size = 0), "has a dimension of 0"),
            (entry(1, 8, 8, &[]), "has no candidates"),
            (entry(1, 8, 8, &[("a b", 1)]), "letters, digits and underscores"),
            (entry(1, 8, 8, &[("", 1)]), "letters, digits and underscores"),
            (entry(1, 8, 8, &[("a", 0)]), "takes no time"),
            (
                entry(1, 8, 8, &[("a", 2), ("b", 1)]),
                "not in the order of their times",
            ),
            (entry(1, 8, 8, &[("a", 2), ("a", 3)]), "has a candidate twice"),
        ];
        for (entry, problem) in bad {
            let error = Table::of_parts(key(), String::new(), vec![good.clone(), entry]).unwrap_err();
            assert!(error.to_string().contains(problem), "{error}");
        }
        let twice = Table::of_parts(key(), String::new(), vec![good.clone(), good]).unwrap_err();
        assert_eq!(
            twice.to_string(),
            "the entry of M=1 N=8 K=8 group_size=32 stands twice in the table; measure again with `q4 tune`"
        );
    }
}
