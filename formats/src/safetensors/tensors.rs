//! The tensors of a file, by name.

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
};

use ::safetensors::{Dtype, SafeTensors};
use q4_kernel_types::ScaleFormat;

use super::{is_one_file, shards};
use crate::{FileError, Problem, file::Source, scale::widened};

/// Where a tensor lies and what it is made of.
#[derive(Clone, Debug)]
pub(super) struct Tensor {
    pub(super) dtype: Dtype,
    pub(super) shape: Vec<usize>,
    /// Which of the files has it.
    file: usize,
    at: u64,
    pub(super) bytes: u64,
}

#[derive(Debug)]
pub(super) struct Tensors {
    /// The file that was opened, and those that it names.
    files: Vec<Source>,
    pub(super) all: BTreeMap<String, Tensor>,
}

impl Tensors {
    /// Of the file that was opened, none yet.
    pub(super) fn new(opened: Source) -> Self {
        Self {
            files: vec![opened],
            all: BTreeMap::new(),
        }
    }

    pub(super) fn open(source: Source) -> Result<Self, FileError> {
        if shards::recognises(source.bytes()) && !is_one_file(source.bytes()) {
            return shards::open(source);
        }
        let mut tensors = Self::new(source);
        tensors.read(0, None)?;
        Ok(tensors)
    }

    /// Adds some tensors of another file, all of which it must have.
    pub(super) fn add(&mut self, source: Source, names: &BTreeSet<&str>) -> Result<(), FileError> {
        self.files.push(source);
        self.read(self.files.len() - 1, Some(names))
    }

    /// Reads the header of a file.
    fn read(&mut self, file: usize, names: Option<&BTreeSet<&str>>) -> Result<(), FileError> {
        let source = &self.files[file];
        let (length, header) = SafeTensors::read_metadata(source.bytes()).map_err(|error| {
            let what = format!("the header cannot be read: {error}");
            source.error(None, 0, Problem::Malformed(what))
        })?;
        let tensors = header.tensors();
        if let Some(name) = names
            .into_iter()
            .flatten()
            .find(|name| !tensors.contains_key(**name))
        {
            let what = "the index of the model says that it is in this file, and it is not".to_owned();
            return Err(source.error(Some(name), 8, Problem::Malformed(what)));
        }
        for (name, info) in tensors {
            if names.is_some_and(|names| !names.contains(name.as_str())) {
                continue;
            }
            let (begin, end) = info.data_offsets;
            let tensor = Tensor {
                dtype: info.dtype,
                shape: info.shape.clone(),
                file,
                at: (length as u64 + 8).saturating_add(begin as u64),
                bytes: (end as u64).saturating_sub(begin as u64),
            };
            source.slice(Some(&name), "its data", tensor.at, tensor.bytes)?;
            self.all.insert(name, tensor);
        }
        Ok(())
    }

    /// The file that was opened.
    pub(super) fn opened(&self) -> &Source {
        &self.files[0]
    }

    /// The file that was opened, and those that it names.
    pub(super) fn files(&self) -> &[Source] {
        &self.files
    }

    /// Whether all files are still what they were.
    pub(super) fn check_unchanged(&self) -> Result<(), FileError> {
        self.files.iter().try_for_each(Source::check_unchanged)
    }

    /// Says what is wrong with a tensor.
    pub(super) fn error(&self, name: &str, problem: Problem) -> FileError {
        let (file, at) = self
            .all
            .get(name)
            .map_or((0, 0), |tensor| (tensor.file, tensor.at));
        self.files[file].error(Some(name), at, problem)
    }

    /// Says that a tensor is not as it should be.
    pub(super) fn malformed(&self, name: &str, what: impl Into<String>) -> FileError {
        self.error(name, Problem::Malformed(what.into()))
    }

    /// Says that a tensor is right and not read.
    pub(super) fn unsupported(&self, name: &str, what: impl Into<String>) -> FileError {
        self.error(name, Problem::Unsupported(what.into()))
    }

    /// The tensor of a name, which the convention of its layer demands.
    pub(super) fn get(&self, name: &str) -> Result<&Tensor, FileError> {
        let missing = || self.malformed(name, "there is no such tensor, and its layer needs it");
        self.all.get(name).ok_or_else(missing)
    }

    /// A tensor of two dimensions.
    pub(super) fn size(&self, name: &str) -> Result<[usize; 2], FileError> {
        let shape = &self.get(name)?.shape;
        <[usize; 2]>::try_from(shape.as_slice())
            .map_err(|_| self.malformed(name, format!("its shape is {shape:?}; it has two dimensions")))
    }

    /// The bytes of a tensor of a shape and one of some types.
    pub(super) fn bytes(&self, name: &str, types: &[Dtype], shape: &[usize]) -> Result<&[u8], FileError> {
        let tensor = self.get(name)?;
        if !types.contains(&tensor.dtype) || tensor.shape != shape {
            let (dtype, given) = (tensor.dtype, &tensor.shape);
            let what =
                format!("it is {dtype:?} {given:?}, and its layer makes it {shape:?} of one of {types:?}");
            return Err(self.malformed(name, what));
        }
        self.files[tensor.file].slice(Some(name), "its data", tensor.at, tensor.bytes)
    }

    /// The bytes of a tensor of words of 32 bits: nibble i of a little-endian word is nibble i of its bytes, low before high.
    pub(super) fn nibbles(&self, name: &str, shape: &[usize]) -> Result<&[u8], FileError> {
        self.bytes(name, &[Dtype::I32, Dtype::U32], shape)
    }

    /// A tensor of words of 32 bits.
    pub(super) fn words(&self, name: &str, shape: &[usize]) -> Result<Vec<u32>, FileError> {
        let quads = self.nibbles(name, shape)?.chunks_exact(4);
        Ok(quads
            .map(|b| u32::from_le_bytes([b[0], b[1], b[2], b[3]]))
            .collect())
    }

    /// The bias of a layer, if it has one.
    pub(super) fn bias(&self, layer: &str, n: usize) -> Result<Option<Cow<'_, [f32]>>, FileError> {
        let name = format!("{layer}.bias");
        match self.all.get(&name) {
            Some(_) => self.floats(&name, &[n]).map(Some),
            None => Ok(None),
        }
    }

    /// A tensor of floats of any type, widened.
    pub(super) fn floats(&self, name: &str, shape: &[usize]) -> Result<Cow<'_, [f32]>, FileError> {
        let bytes = self.bytes(name, &FLOATS, shape)?;
        Ok(widened(bytes, self.float_format(name)?))
    }

    /// The format of a tensor of floats.
    pub(super) fn float_format(&self, name: &str) -> Result<ScaleFormat, FileError> {
        Ok(float_format(self.get(name)?.dtype))
    }
}

/// The format of floats of a type.
pub(super) fn float_format(dtype: Dtype) -> ScaleFormat {
    match dtype {
        Dtype::F16 => ScaleFormat::F16,
        Dtype::BF16 => ScaleFormat::Bf16,
        _ => ScaleFormat::F32,
    }
}

/// Whether a type is one of floats that are read.
pub(super) fn is_float(dtype: Dtype) -> bool {
    FLOATS.contains(&dtype)
}

/// The types of floats.
const FLOATS: [Dtype; 3] = [Dtype::F32, Dtype::F16, Dtype::BF16];
