//! Files in memory.

use std::{
    fs::{File, Metadata},
    path::{Component, Path, PathBuf},
    time::SystemTime,
};

use memmap2::Mmap;

use crate::{FileError, Problem};

/// What errors call bytes that came from no file.
const IN_MEMORY: &str = "(memory)";

/// A file that is mapped, and what it was when it was.
#[derive(Debug)]
pub(crate) struct Source {
    path: PathBuf,
    bytes: Bytes,
}

#[derive(Debug)]
enum Bytes {
    Mapped { map: Mmap, modified: Option<SystemTime> },
    Owned(Vec<u8>),
}

impl Source {
    /// Maps a file.
    pub(crate) fn open(path: &Path) -> Result<Self, FileError> {
        let refused = |problem: Problem| FileError {
            path: path.to_owned(),
            tensor: None,
            offset: 0,
            problem,
        };
        // Asked before it is opened: what opens a pipe waits for someone who writes to it.
        let metadata = std::fs::metadata(path).map_err(|error| refused(error.into()))?;
        if !metadata.is_file() {
            let what = "this is no regular file; give the path of a file, or of a folder that has a model.safetensors or the index of one";
            return Err(refused(Problem::Malformed(what.to_owned())));
        }
        let file = File::open(path).map_err(|error| refused(error.into()))?;
        let metadata = file.metadata().map_err(|error| refused(error.into()))?;
        Ok(Self {
            path: path.to_owned(),
            bytes: Bytes::Mapped {
                map: map(&file).map_err(|error| refused(error.into()))?,
                modified: metadata.modified().ok(),
            },
        })
    }

    /// What a file would hold.
    pub(crate) fn of_bytes(bytes: Vec<u8>) -> Self {
        Self {
            path: PathBuf::from(IN_MEMORY),
            bytes: Bytes::Owned(bytes),
        }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The folder that it is in; none for what came from no file.
    pub(crate) fn folder(&self) -> Option<&Path> {
        match &self.bytes {
            Bytes::Mapped { .. } => self.path.parent(),
            Bytes::Owned(_) => None,
        }
    }

    /// The path of another file that this one names at a byte for a tensor. It must be in the same folder or below: a name leads nowhere else, whoever
    /// wrote it. Links that stand in the folder are followed, since who owns the folder put them there.
    pub(crate) fn beside(&self, tensor: Option<&str>, at: u64, name: &str) -> Result<PathBuf, FileError> {
        let Some(folder) = self.folder() else {
            let what = format!("its data is in another file, {name:?}; open the model by its path");
            return Err(self.error(tensor, at, Problem::Unsupported(what)));
        };
        let mut path = folder.to_owned();
        let mut depth = 0;
        for part in Path::new(name).components() {
            match part {
                Component::Normal(part) => path.push(part),
                Component::CurDir => continue,
                Component::ParentDir | Component::RootDir | Component::Prefix(_) => {
                    depth = 0;
                    break;
                }
            }
            depth += 1;
        }
        if depth == 0 || name.contains('\0') {
            let what = format!(
                "its data is in {name:?}; only names of files in the folder of the model are followed"
            );
            return Err(self.error(tensor, at, Problem::Malformed(what)));
        }
        Ok(path)
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        match &self.bytes {
            Bytes::Mapped { map, .. } => map,
            Bytes::Owned(bytes) => bytes,
        }
    }

    /// The bytes from an offset on, as many as asked for.
    pub(crate) fn slice(
        &self,
        tensor: Option<&str>,
        what: &'static str,
        offset: u64,
        length: u64,
    ) -> Result<&[u8], FileError> {
        let all = self.bytes();
        let range = usize::try_from(offset).ok().zip(
            offset
                .checked_add(length)
                .and_then(|end| usize::try_from(end).ok()),
        );
        range.and_then(|(begin, end)| all.get(begin..end)).ok_or_else(|| {
            let left = (all.len() as u64).saturating_sub(offset);
            let needed = length;
            self.error(tensor, offset, Problem::Truncated { what, needed, left })
        })
    }

    /// Something is wrong at a byte of this file.
    pub(crate) fn error(&self, tensor: Option<&str>, offset: u64, problem: Problem) -> FileError {
        FileError {
            path: self.path.clone(),
            tensor: tensor.map(ToOwned::to_owned),
            offset,
            problem,
        }
    }

    /// Whether the file still has the length and the time of change that it had when it was mapped.
    ///
    /// It is asked before a tensor is read and cannot be asked during: a file that is cut short just then ends the process, as it does in every program
    /// that maps files.
    pub(crate) fn check_unchanged(&self) -> Result<(), FileError> {
        let Bytes::Mapped { map, modified } = &self.bytes else {
            return Ok(());
        };
        let same = |now: &Metadata| now.len() == map.len() as u64 && now.modified().ok() == *modified;
        match std::fs::metadata(&self.path) {
            Ok(now) if same(&now) => Ok(()),
            Ok(_) => Err(self.error(None, 0, Problem::Changed)),
            Err(error) => Err(self.error(None, 0, error.into())),
        }
    }
}

#[allow(unsafe_code)]
fn map(file: &File) -> std::io::Result<Mmap> {
    // SAFETY: the map is read as bytes and never as anything that has invalid values, so another process that writes to the file while it is mapped changes
    // numbers, and whatever is computed from sizes in the header was copied out of it and is checked against the length of the map. Rust's rule
    // that shared bytes stay the same cannot be enforced upon other processes; `check_unchanged` finds what was changed before a tensor is read.
    unsafe { Mmap::map(file) }
}
