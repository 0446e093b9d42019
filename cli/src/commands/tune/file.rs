//! Where the table goes.

use std::{
    fs,
    path::{Path, PathBuf},
};

use q4_kernel::{
    Tuning, TuningSource,
    tuning::{Entry, Table},
    wgpu::AdapterInfo,
};

use crate::{failure::Failure, output::NewFile};

/// The file that a table is written to, and what is there already.
#[derive(Debug)]
pub(super) struct Place {
    path: PathBuf,
    file: NewFile,
    /// The table that is there, if it is a good one of this adapter.
    pub(super) old: Option<Table>,
}

impl Place {
    /// Begins the file, so that a place that cannot be written to is found out before hours of measuring.
    pub(super) fn create(output: Option<&Path>, info: &AdapterInfo) -> Result<Self, Failure> {
        let path = match output {
            Some(path) => path.to_owned(),
            None => default_place(info)?,
        };
        let file = NewFile::create(&path)?;
        let old = path
            .exists()
            .then(|| Tuning::load(&TuningSource::File(path.clone()), info))
            .and_then(|tuning| Some(tuning.tables().first()?.table.clone()));
        Ok(Self { path, file, old })
    }

    /// Writes the table, as a whole or not at all, and says where.
    pub(super) fn keep(self, table: &Table) -> Result<PathBuf, Failure> {
        self.file.keep(&table.text())?;
        Ok(self.path)
    }
}

fn default_place(info: &AdapterInfo) -> Result<PathBuf, Failure> {
    let path = TuningSource::Default.file(info).ok_or_else(|| {
        Failure::Unserved(
            "there is no place for the table, because Q4_TUNING is off or there is no cache folder; name a file with -o"
                .to_owned(),
        )
    })?;
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(|error| Failure::File {
            path: folder.to_owned(),
            error,
        })?;
    }
    Ok(path)
}

/// New entries, and after them those of old ones that are of something else.
pub(super) fn merged(old: &[Entry], new: &[Entry]) -> Vec<Entry> {
    let key = |entry: &Entry| (entry.shape, entry.numeric, entry.scales);
    let others = old
        .iter()
        .filter(|old| new.iter().all(|new| key(new) != key(old)));
    new.iter().chain(others).cloned().collect()
}

#[cfg(test)]
mod tests {
    use q4_kernel::{NumericClass, ScaleLayout, Shape, tuning::Measured};

    use super::*;

    fn entry(m: u32, numeric: NumericClass, nanoseconds: u64) -> Entry {
        Entry {
            shape: Shape {
                m,
                n: 64,
                k: 64,
                group_size: 32,
            },
            numeric,
            scales: ScaleLayout::default(),
            candidates: vec![Measured {
                kind: "a".to_owned(),
                nanoseconds,
            }],
        }
    }

    #[test]
    fn what_was_measured_anew_replaces_what_was_there_and_the_rest_stays() {
        use NumericClass::{Exact, F16Multiply};
        let old = [entry(1, Exact, 5), entry(1, F16Multiply, 6), entry(4, Exact, 7)];
        let new = [entry(1, Exact, 8), entry(2, Exact, 9)];
        let times: Vec<u64> = merged(&old, &new)
            .iter()
            .map(|entry| entry.candidates[0].nanoseconds)
            .collect();
        assert_eq!(times, [8, 9, 6, 7]);
    }
}
