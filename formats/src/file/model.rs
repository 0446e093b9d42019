//! A file of matrices, whatever its container.

use std::path::{Path, PathBuf};

use super::{Container, FileError, Matrix, Problem, Reader, Source, Stored};
use crate::Quantized;

/// An opened file. Only its index is in memory; weights come one matrix at a time.
#[derive(Debug)]
pub struct Model {
    container: Container,
    reader: Box<dyn Reader>,
    path: PathBuf,
}

/// The files of a folder that are opened where the folder is given, the first that is there.
const IN_FOLDERS: [&str; 2] = ["model.safetensors.index.json", "model.safetensors"];

/// The file that a path means.
fn file_at(path: &Path) -> PathBuf {
    let there = |name: &&str| path.join(name).is_file();
    match IN_FOLDERS.into_iter().find(there) {
        Some(name) => path.join(name),
        None => path.to_owned(),
    }
}

impl Model {
    /// Opens a file of any container that is read. Its content says which it is, never its name. Of a folder, opens the model as Transformers names it:
    /// `model.safetensors.index.json` or `model.safetensors`.
    ///
    /// # Errors
    /// If the file cannot be opened, is of no such container, or its index is damaged.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, FileError> {
        Self::of(Source::open(&file_at(path.as_ref()))?, &Container::ALL)
    }

    /// Opens a GGUF file.
    ///
    /// # Errors
    /// As [`Model::open`], and if the file is of another container.
    pub fn from_gguf(path: impl AsRef<Path>) -> Result<Self, FileError> {
        Self::of(Source::open(path.as_ref())?, &[Container::Gguf])
    }

    /// Opens a safetensors file, be it in a convention of other tools or in the project's own layout, the index of several, or the folder of either, as
    /// [`Model::open`] does.
    ///
    /// # Errors
    /// As [`Model::open`], and if the file is of another container.
    pub fn from_safetensors(path: impl AsRef<Path>) -> Result<Self, FileError> {
        Self::of(
            Source::open(&file_at(path.as_ref()))?,
            &[Container::Own, Container::Safetensors],
        )
    }

    /// Opens an ONNX model.
    ///
    /// # Errors
    /// As [`Model::open`], and if the file is of another container.
    pub fn from_onnx(path: impl AsRef<Path>) -> Result<Self, FileError> {
        Self::of(Source::open(path.as_ref())?, &[Container::Onnx])
    }

    /// Takes what a file holds, from wherever it came.
    ///
    /// # Errors
    /// If it is of no container that is read, or its index is damaged.
    pub fn from_bytes(bytes: Vec<u8>) -> Result<Self, FileError> {
        Self::of(Source::of_bytes(bytes), &Container::ALL)
    }

    fn of(source: Source, wanted: &[Container]) -> Result<Self, FileError> {
        let names = || wanted.iter().map(|container| container.name()).collect();
        let Some(container) = Container::of(source.bytes()) else {
            return Err(source.error(None, 0, Problem::UnknownContainer { wanted: names() }));
        };
        if !wanted.contains(&container) {
            let given = container.name();
            return Err(source.error(
                None,
                0,
                Problem::OtherContainer {
                    given,
                    wanted: names(),
                },
            ));
        }
        let path = source.path().to_owned();
        Ok(Self {
            container,
            reader: container.open(source)?,
            path,
        })
    }

    /// What kind of file it is.
    #[must_use]
    pub fn container(&self) -> Container {
        self.container
    }

    /// The paths of the files that weights are read from: the one that was opened first, then those that it names.
    pub fn paths(&self) -> impl Iterator<Item = &Path> {
        self.reader.files().iter().map(Source::path)
    }

    /// Every matrix, in the order of the file.
    #[must_use]
    pub fn matrices(&self) -> &[Matrix] {
        self.reader.matrices()
    }

    /// The matrices of four bits in the order of the file, each loaded when the iterator comes to it: a loop that uploads them holds one at a time.
    ///
    /// ```no_run
    /// let model = q4_kernel_formats::Model::open("model.gguf")?;
    /// for layer in model.layers() {
    ///     let (matrix, weights) = layer?;
    ///     println!("{}: {:?}", matrix.name, weights.shape());
    /// }
    /// # Ok::<(), q4_kernel_formats::FileError>(())
    /// ```
    pub fn layers(&self) -> impl Iterator<Item = Result<(&Matrix, Quantized<'_>), FileError>> {
        let quantized = |(index, matrix): (usize, _)| match self.reader.load(index) {
            Ok(Stored::Quantized(layer)) => Some(Ok((matrix, layer))),
            Ok(Stored::Plain(_)) => None,
            Err(error) => Some(Err(error)),
        };
        let matrices = self.matrices().iter().enumerate();
        matrices
            .filter(|(_, matrix)| matrix.weights.is_some())
            .filter_map(quantized)
    }

    /// The weights of one matrix. Memory beyond the file's own pages is taken for this matrix alone.
    ///
    /// # Errors
    /// If there is no matrix of that name, its data cannot be so, no decoder reads its format, or the file was changed since it was opened.
    pub fn load(&self, name: &str) -> Result<Stored<'_>, FileError> {
        let index = self.matrices().iter().position(|matrix| matrix.name == name);
        match index {
            Some(index) => self.reader.load(index),
            None => Err(FileError {
                path: self.path.clone(),
                tensor: Some(name.to_owned()),
                offset: 0,
                problem: Problem::NoSuchMatrix {
                    nearest: self.nearest(name),
                },
            }),
        }
    }

    /// The name that shares the longest begin or end with one that is not there.
    fn nearest(&self, name: &str) -> Option<String> {
        let shared = |other: &str| {
            let same = |(a, b): &(char, char)| a == b;
            let front = name.chars().zip(other.chars()).take_while(same).count();
            let back = name
                .chars()
                .rev()
                .zip(other.chars().rev())
                .take_while(same)
                .count();
            front.max(back)
        };
        let names = self.matrices().iter().map(|matrix| matrix.name.as_str());
        names.max_by_key(|other| shared(other)).map(ToOwned::to_owned)
    }
}
