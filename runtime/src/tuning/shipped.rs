//! The tables that ship with the crate.

use super::{Table, TableError};

/// The text of a shipped table.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shipped {
    /// The name of its file, which says on what it was measured.
    pub(super) name: &'static str,
    text: &'static str,
}

/// Every table in `shipped/`.
pub(super) const SHIPPED: &[Shipped] = &[
    Shipped {
        name: "nvidia-h100",
        text: include_str!("shipped/nvidia-h100.txt"),
    },
    Shipped {
        name: "nvidia-h200",
        text: include_str!("shipped/nvidia-h200.txt"),
    },
];

impl Shipped {
    pub(super) fn table(&self) -> Result<Table, TableError> {
        Table::parse(self.text)
    }
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, fs};

    use super::*;
    use crate::catalogue;

    #[test]
    fn every_table_in_the_folder_is_listed_under_its_name() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/tuning/shipped");
        let files: BTreeSet<String> = fs::read_dir(folder)
            .unwrap()
            .map(|file| file.unwrap().path())
            .filter(|path| path.extension().is_some_and(|extension| extension == "txt"))
            .map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned())
            .collect();
        let listed: BTreeSet<String> = SHIPPED.iter().map(|shipped| shipped.name.to_owned()).collect();
        assert_eq!(listed, files);
    }

    #[test]
    fn every_shipped_table_is_whole_and_names_kinds_of_the_catalogue() {
        let kinds: BTreeSet<String> = catalogue()
            .iter()
            .map(|variant| variant.configuration.kind())
            .collect();
        for shipped in SHIPPED {
            let table = shipped
                .table()
                .unwrap_or_else(|error| panic!("{}: {error}", shipped.name));
            for entry in table.entries() {
                for measured in &entry.candidates {
                    assert!(
                        kinds.contains(&measured.kind),
                        "{}: {}",
                        shipped.name,
                        measured.kind
                    );
                }
            }
        }
    }
}
