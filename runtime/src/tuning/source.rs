//! Where a device's tables come from.

use std::{
    env,
    fs::File,
    io::{self, Read},
    path::{Path, PathBuf},
};

use super::{AdapterKey, Table, TableError};

/// Where a device's tables come from. What ships with the crate comes after what the user has, except where it says otherwise.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum TuningSource {
    /// Where the variable `Q4_TUNING` says (a file, or `off`), else the file that `q4 tune` writes for the adapter: one in `q4-kernel/tuning` in the
    /// user's cache folder, if it is there.
    #[default]
    Default,
    /// This file.
    File(PathBuf),
    /// This table.
    Table(Box<Table>),
    /// Only what ships with the crate.
    Shipped,
    /// None at all: the built-in order.
    Off,
}

/// The variable that names a file.
const TUNING_VARIABLE: &str = "Q4_TUNING";
/// More than any table has: thousands of shapes.
const MOST_BYTES: u64 = 16 << 20;

/// A table to read, or none.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum UserTable {
    /// This one.
    Given(Box<Table>),
    /// That of a file.
    File {
        path: PathBuf,
        /// Whether somebody named the file, so that it must be there.
        is_named: bool,
    },
    /// No table.
    None,
}

impl TuningSource {
    /// The file of the user's own table for an adapter: where `q4 tune` writes it, and a device reads it. `None` where there is none to be.
    #[must_use]
    pub fn file(&self, info: &wgpu::AdapterInfo) -> Option<PathBuf> {
        match self.user_table(info) {
            UserTable::File { path, .. } => Some(path),
            UserTable::Given(_) | UserTable::None => None,
        }
    }

    /// Whether shipped tables are used.
    pub(super) fn uses_shipped(&self) -> bool {
        match self {
            Self::Off => false,
            Self::Default => !is_off(),
            Self::File(_) | Self::Table(_) | Self::Shipped => true,
        }
    }

    pub(super) fn user_table(&self, info: &wgpu::AdapterInfo) -> UserTable {
        match self {
            Self::Default if is_off() => UserTable::None,
            Self::Default => match env::var_os(TUNING_VARIABLE).filter(|value| !value.is_empty()) {
                Some(path) => UserTable::File {
                    path: path.into(),
                    is_named: true,
                },
                None => dirs::cache_dir().map_or(UserTable::None, |dir| UserTable::File {
                    path: dir
                        .join("q4-kernel")
                        .join("tuning")
                        .join(AdapterKey::of(info).file_name()),
                    is_named: false,
                }),
            },
            Self::File(path) => UserTable::File {
                path: path.clone(),
                is_named: true,
            },
            Self::Table(table) => UserTable::Given(table.clone()),
            Self::Shipped | Self::Off => UserTable::None,
        }
    }
}

fn is_off() -> bool {
    env::var_os(TUNING_VARIABLE).is_some_and(|value| value == "off")
}

/// Reads the table of a file; `None` where there is no file and none must be.
pub(super) fn read(path: &Path, is_named: bool) -> Result<Option<Table>, TableError> {
    let mut text = String::new();
    let read = File::open(path).and_then(|file| file.take(MOST_BYTES + 1).read_to_string(&mut text));
    match read {
        Ok(_) if text.len() as u64 > MOST_BYTES => Err(TableError::TooLong { limit: MOST_BYTES }),
        Ok(_) => Table::parse(&text).map(Some),
        Err(error) if error.kind() == io::ErrorKind::NotFound && !is_named => Ok(None),
        Err(error) => Err(TableError::Read {
            path: path.to_owned(),
            reason: error.to_string(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::{super::table::tests::table, *};

    #[test]
    fn a_file_is_read_and_one_that_is_not_there_is_missed_only_if_named() {
        let dir = env::temp_dir().join(format!("q4-kernel-tuning-{}", std::process::id()));
        fs::create_dir_all(&dir).unwrap();
        let path = dir.join("table.txt");
        assert_eq!(read(&path, false), Ok(None));
        let missing = read(&path, true).unwrap_err().to_string();
        assert!(
            missing.contains("table.txt cannot be read: ") && missing.contains("`q4 tune -o "),
            "{missing}"
        );

        fs::write(&path, table(Vec::new()).text()).unwrap();
        assert_eq!(read(&path, false), Ok(Some(table(Vec::new()))));
        fs::write(&path, [0xff, 0xfe]).unwrap();
        assert!(
            matches!(read(&path, false), Err(TableError::Read { .. })),
            "no text"
        );
        assert!(
            matches!(read(&dir, false), Err(TableError::Read { .. })),
            "a folder"
        );
        fs::write(&path, vec![b' '; 17 << 20]).unwrap();
        assert_eq!(read(&path, false), Err(TableError::TooLong { limit: MOST_BYTES }));
        fs::remove_dir_all(&dir).unwrap();
    }
}
