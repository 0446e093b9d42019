//! Folders of files that were made here, of which none replaces a file of somebody else's.

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
    process,
};

use q4_kernel_codegen::types::sha256;

/// The list of the files that were made here: digest and name, a line for each.
const LIST: &str = ".q4-files";

/// A folder that is being filled. Nothing is written before all is known to be free.
#[derive(Debug)]
pub(crate) struct Folder {
    path: PathBuf,
    /// Digests of the files that were made here, by name.
    made: BTreeMap<String, String>,
    files: BTreeMap<String, Vec<u8>>,
}

/// Why files cannot be put in a folder.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FolderError {
    #[error(
        "{} is there and was not written by this program, or was changed since; move it away, or name another folder",
        path.display()
    )]
    Foreign { path: PathBuf },
    #[error("{} could not be read: {error}", path.display())]
    Read { path: PathBuf, error: io::Error },
    #[error("{} could not be written: {error}", path.display())]
    Write { path: PathBuf, error: io::Error },
}

impl Folder {
    /// Looks at a folder, which need not be there yet.
    pub(crate) fn open(path: &Path) -> Result<Self, FolderError> {
        let list = read(&path.join(LIST))?.unwrap_or_default();
        let made = String::from_utf8_lossy(&list)
            .lines()
            .filter_map(|line| line.split_once("  "))
            .map(|(digest, name)| (name.to_owned(), digest.to_owned()))
            .collect();
        Ok(Self {
            path: path.to_owned(),
            made,
            files: BTreeMap::new(),
        })
    }

    /// Takes a file, to be written with the others.
    pub(crate) fn add(&mut self, name: &str, bytes: Vec<u8>) {
        self.files.insert(name.to_owned(), bytes);
    }

    /// Writes all files, or none if one of them would replace what was not made here.
    pub(crate) fn write(mut self) -> Result<Vec<PathBuf>, FolderError> {
        for (name, bytes) in &self.files {
            let path = self.path.join(name);
            let Some(there) = read(&path)? else { continue };
            if there != *bytes && self.made.get(name) != Some(&sha256([&there])) {
                return Err(FolderError::Foreign { path });
            }
        }
        fs::create_dir_all(&self.path).map_err(|error| write_error(&self.path, error))?;
        for (name, bytes) in &self.files {
            self.made.insert(name.clone(), sha256([bytes]));
        }
        let list: String = self
            .made
            .iter()
            .map(|(name, digest)| format!("{digest}  {name}\n"))
            .collect();
        let mut files: Vec<(PathBuf, &[u8])> = self
            .files
            .iter()
            .map(|(name, bytes)| (self.path.join(name), bytes.as_slice()))
            .collect();
        let paths = files.iter().map(|(path, _)| path.clone()).collect();
        files.push((self.path.join(LIST), list.as_bytes()));
        replace(&files)?;
        Ok(paths)
    }
}

/// Writes every file beside its place and only then moves them there, so that a full disk leaves all as it was.
fn replace(files: &[(PathBuf, &[u8])]) -> Result<(), FolderError> {
    let mut written = Vec::with_capacity(files.len());
    for (path, bytes) in files {
        let temporary = temporary(path);
        let result = fs::write(&temporary, bytes);
        written.push((temporary, path));
        if let Err(error) = result {
            for (temporary, _) in written {
                // Of a file that could not be begun there is nothing to remove.
                let _ = fs::remove_file(temporary);
            }
            return Err(write_error(path, error));
        }
    }
    for (temporary, path) in written {
        fs::rename(&temporary, path).map_err(|error| write_error(path, error))?;
    }
    Ok(())
}

fn temporary(path: &Path) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.tmp", process::id()));
    path.with_file_name(name)
}

/// The contents of a file; `None` where there is none.
fn read(path: &Path) -> Result<Option<Vec<u8>>, FolderError> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(FolderError::Read {
            path: path.to_owned(),
            error,
        }),
    }
}

fn write_error(path: &Path, error: io::Error) -> FolderError {
    FolderError::Write {
        path: path.to_owned(),
        error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fill(path: &Path, text: &str) -> Result<Vec<PathBuf>, FolderError> {
        let mut folder = Folder::open(path)?;
        folder.add("a.wgsl", text.as_bytes().to_vec());
        folder.add("b.wgsl", text.as_bytes().to_vec());
        folder.write()
    }

    #[test]
    fn what_was_made_here_is_replaced_and_what_was_not_is_kept() {
        let path = std::env::temp_dir().join(format!("q4-folder-{}", std::process::id()));
        fill(&path, "one").unwrap();
        fill(&path, "two").unwrap();
        assert_eq!(fs::read_to_string(path.join("a.wgsl")).unwrap(), "two");

        fs::write(path.join("b.wgsl"), "mine").unwrap();
        let error = fill(&path, "three").unwrap_err().to_string();
        assert!(
            error.contains("b.wgsl is there and was not written by this program"),
            "{error}"
        );
        assert_eq!(
            fs::read_to_string(path.join("a.wgsl")).unwrap(),
            "two",
            "all or none"
        );
        assert_eq!(fs::read_to_string(path.join("b.wgsl")).unwrap(), "mine");
        fs::remove_dir_all(path).unwrap();
    }
}
