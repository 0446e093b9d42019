//! Files that are there as a whole or not at all.

use std::{
    fs,
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
    process,
};

use crate::failure::Failure;

/// A file that is being made beside its place. Dropped before it is kept, it leaves nothing behind.
#[derive(Debug)]
pub(crate) struct NewFile {
    path: PathBuf,
    temporary: PathBuf,
}

impl NewFile {
    /// Begins a file. Says at once if it cannot be written, before work is done for it in vain.
    pub(crate) fn create(path: &Path) -> Result<Self, Failure> {
        let named = path.file_name().filter(|_| !path.is_dir()).ok_or_else(|| {
            let error = io::Error::new(io::ErrorKind::IsADirectory, "it is a folder; name a file");
            failure(path, error)
        })?;
        let mut name = named.to_owned();
        name.push(format!(".{}.tmp", process::id()));
        let temporary = path.with_file_name(name);
        fs::File::create(&temporary).map_err(|error| failure(path, error))?;
        Ok(Self {
            path: path.to_owned(),
            temporary,
        })
    }

    /// Fills the file and moves it to its place.
    pub(crate) fn keep(self, text: &str) -> Result<(), Failure> {
        self.keep_written(|file| Ok(file.write_all(text.as_bytes())?))
    }

    /// Fills the file piece by piece and moves it to its place, if all went well.
    pub(crate) fn keep_written(
        self,
        fill: impl FnOnce(&mut BufWriter<fs::File>) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        let refused = |error| failure(&self.path, error);
        let mut file = BufWriter::new(fs::File::create(&self.temporary).map_err(refused)?);
        fill(&mut file).map_err(|error| match error {
            Failure::Output(error) => refused(error),
            other => other,
        })?;
        let file = file.into_inner().map_err(|error| refused(error.into_error()))?;
        file.sync_all().map_err(refused)?;
        fs::rename(&self.temporary, &self.path).map_err(refused)
    }
}

impl Drop for NewFile {
    fn drop(&mut self) {
        // Gone already, where the file was kept.
        let _ = fs::remove_file(&self.temporary);
    }
}

fn failure(path: &Path, error: io::Error) -> Failure {
    Failure::File {
        path: path.to_owned(),
        error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A folder of a test's own.
    fn folder(name: &str) -> PathBuf {
        let path = std::env::temp_dir().join(format!("q4-{name}-{}", process::id()));
        fs::create_dir_all(&path).unwrap();
        path
    }

    #[test]
    fn a_file_is_there_once_it_is_kept_and_nothing_is_left_of_one_that_is_not() {
        let folder = folder("files");
        let path = folder.join("plot.svg");
        fs::write(&path, "old").unwrap();
        drop(NewFile::create(&path).unwrap());
        assert_eq!(fs::read_to_string(&path).unwrap(), "old");
        let file = NewFile::create(&path).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "old");
        file.keep("new").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "new");
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 1);
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn a_place_where_nothing_can_be_written_is_refused_at_once() {
        let folder = folder("no-files");
        for path in [folder.join("missing/plot.svg"), folder.clone()] {
            let error = NewFile::create(&path).unwrap_err().to_string();
            assert!(
                error.starts_with(&format!("{} could not be written: ", path.display())),
                "{error}"
            );
        }
        fs::remove_dir_all(folder).unwrap();
    }
}
