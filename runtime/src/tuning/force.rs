//! The tables that a device follows.

use std::{fmt, path::PathBuf};

use super::{
    AdapterKey, Entry, Table, TableError, TuningSource,
    shipped::SHIPPED,
    source::{self, UserTable},
};
use crate::{NumericClass, ScaleLayout, Shape};

/// The tables that a device follows, and those that it was to follow and does not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tuning {
    tables: Vec<InForce>,
    refused: Vec<Refused>,
}

/// A table that a device follows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InForce {
    /// The table.
    pub table: Table,
    /// Where it came from.
    pub origin: Origin,
}

/// A table that a device was to follow and does not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// Where it came from.
    pub origin: Origin,
    /// What is wrong with it.
    pub reason: TableError,
}

/// Where a table came from.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "snake_case"))]
pub enum Origin {
    /// The program gave it.
    Given,
    /// It is the user's own, read from a file.
    File(PathBuf),
    /// It ships with this crate, under this name.
    Shipped(&'static str),
}

impl Tuning {
    /// Gathers the tables for an adapter. Those that cannot be used are left out whole, with a warning.
    #[must_use]
    pub fn load(source: &TuningSource, info: &wgpu::AdapterInfo) -> Self {
        let key = AdapterKey::of(info);
        let mut tuning = Self::default();
        match source.user_table(info) {
            UserTable::Given(table) => tuning.add(Origin::Given, Ok(*table), &key),
            UserTable::File { path, is_named } => {
                // A file that is not there, and need not be, is no table and no mistake.
                if let Some(table) = source::read(&path, is_named).transpose() {
                    tuning.add(Origin::File(path), table, &key);
                }
            }
            UserTable::None => {}
        }
        if source.uses_shipped() {
            for shipped in SHIPPED {
                let table = shipped.table();
                // Those of other adapters are for other machines.
                if table.as_ref().is_ok_and(|table| *table.adapter() != key) {
                    continue;
                }
                tuning.add(Origin::Shipped(shipped.name), table, &key);
            }
        }
        tuning
    }

    fn add(&mut self, origin: Origin, table: Result<Table, TableError>, device: &AdapterKey) {
        let checked = table.and_then(|table| {
            table.check_adapter(device.clone())?;
            Ok(table)
        });
        match checked {
            Ok(table) => {
                tracing::debug!(%origin, entries = table.entries().len(), "a tuning table is in force");
                self.tables.push(InForce { table, origin });
            }
            Err(reason) => {
                tracing::warn!(%origin, %reason, "a tuning table is refused; going on without it");
                self.refused.push(Refused { origin, reason });
            }
        }
    }

    /// The tables in force, the first one first.
    #[must_use]
    pub fn tables(&self) -> &[InForce] {
        &self.tables
    }

    /// The tables that were refused.
    #[must_use]
    pub fn refused(&self) -> &[Refused] {
        &self.refused
    }

    /// The nearest entry of each table that has one for the shape, those of the first table first.
    pub(crate) fn nearest(
        &self,
        shape: Shape,
        numeric: NumericClass,
        scales: ScaleLayout,
    ) -> impl Iterator<Item = (&Origin, &Entry)> {
        self.tables.iter().filter_map(move |InForce { table, origin }| {
            Some((origin, table.nearest(shape, numeric, scales)?))
        })
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Given => f.write_str("the program's table"),
            Self::File(path) => write!(f, "the user's table {}", path.display()),
            Self::Shipped(name) => write!(f, "the shipped table `{name}`"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{super::table::tests::table, *};

    fn add(origin: Origin, table: Result<Table, TableError>, device: &AdapterKey) -> Tuning {
        let mut tuning = Tuning::default();
        tuning.add(origin, table, device);
        tuning
    }

    #[test]
    fn a_table_of_another_adapter_is_refused_whole() {
        let table = table(Vec::new());
        let own = table.adapter().clone();
        let followed = add(Origin::Given, Ok(table.clone()), &own);
        assert_eq!((followed.tables().len(), followed.refused().len()), (1, 0));

        for change in [
            |key: &mut AdapterKey| key.name.push('!'),
            |key: &mut AdapterKey| key.backend = "metal".to_owned(),
            |key: &mut AdapterKey| key.vendor += 1,
            |key: &mut AdapterKey| key.device += 1,
        ] {
            let mut other = own.clone();
            change(&mut other);
            let refused = add(Origin::Given, Ok(table.clone()), &other);
            assert_eq!((refused.tables().len(), refused.refused().len()), (0, 1));
            assert!(
                refused.refused()[0]
                    .reason
                    .to_string()
                    .starts_with("it is of the adapter Some GPU (vulkan, 0x10de:0x2330), and this is ")
            );
        }
    }

    #[test]
    fn a_table_that_cannot_be_read_is_kept_with_its_reason() {
        let tuning = add(
            Origin::Shipped("some"),
            Table::parse("no table"),
            table(Vec::new()).adapter(),
        );
        assert!(tuning.tables().is_empty());
        assert_eq!(
            tuning.refused()[0].reason.to_string(),
            "line 1 is \"no table\", and `q4-kernel tuning` with a version was expected; measure again with `q4 tune`"
        );
    }
}
