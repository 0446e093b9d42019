//! The constant tensors of a model, wherever their data is.

use std::{
    borrow::Cow,
    collections::{HashMap, hash_map::Entry},
    path::PathBuf,
};

use q4_kernel_types::ScaleFormat;

use super::{
    graph::{self, Data, Elsewhere},
    wire,
};
use crate::{FileError, Problem, file::Source, scale::widened};

/// Types of tensors in `onnx.proto`.
pub(super) mod data_type {
    pub(in super::super) const FLOAT: u64 = 1;
    pub(in super::super) const UINT8: u64 = 2;
    pub(in super::super) const FLOAT16: u64 = 10;
    pub(in super::super) const BFLOAT16: u64 = 16;
    pub(in super::super) const UINT4: u64 = 21;
    pub(in super::super) const INT4: u64 = 22;
}

/// The types of scales and biases.
const FLOATS: [u64; 3] = [data_type::FLOAT, data_type::FLOAT16, data_type::BFLOAT16];

#[derive(Debug)]
pub(super) struct Tensors {
    /// The model, and the files that it names.
    files: Vec<Source>,
    all: HashMap<String, Tensor>,
}

/// A tensor whose data was found.
#[derive(Clone, Debug)]
pub(super) struct Tensor {
    pub(super) dims: Vec<u64>,
    pub(super) data_type: u64,
    place: Option<Place>,
    /// Where its description begins in the model.
    described: u64,
}

/// Where data lies.
#[derive(Clone, Copy, Debug)]
struct Place {
    file: usize,
    at: u64,
    bytes: u64,
    /// Whether the elements are numbers of variable length.
    numbers: bool,
}

impl Tensors {
    /// Finds the data of some tensors of a model, and opens the files that have it.
    pub(super) fn find(
        model: Source,
        described: impl IntoIterator<Item = (String, graph::Tensor)>,
    ) -> Result<Self, FileError> {
        let mut files = Files {
            all: vec![model],
            known: HashMap::new(),
        };
        let mut all = HashMap::new();
        for (name, tensor) in described {
            let here = |numbers| {
                move |at, bytes| Place {
                    file: 0,
                    at,
                    bytes,
                    numbers,
                }
            };
            let place = match tensor.data {
                Data::Unread => None,
                Data::Here(at, bytes) => Some(here(false)(at, bytes)),
                Data::Numbers(at, bytes) => Some(here(true)(at, bytes)),
                Data::Elsewhere(elsewhere) => Some(files.place(&name, tensor.at, &elsewhere)?),
            };
            let tensor = Tensor {
                dims: tensor.dims,
                data_type: tensor.data_type,
                place,
                described: tensor.at,
            };
            all.insert(name, tensor);
        }
        Ok(Self {
            files: files.all,
            all,
        })
    }

    /// The file that was opened, and those that it names.
    pub(super) fn files(&self) -> &[Source] {
        &self.files
    }

    /// Whether all files are still what they were.
    pub(super) fn check_unchanged(&self) -> Result<(), FileError> {
        self.files.iter().try_for_each(Source::check_unchanged)
    }

    /// Says what is wrong with the whole model.
    pub(super) fn unsupported_model(&self, what: &str) -> FileError {
        self.files[0].error(None, 0, Problem::Unsupported(what.to_owned()))
    }

    /// Says what is wrong with a tensor.
    pub(super) fn error(&self, name: &str, problem: Problem) -> FileError {
        let tensor = self.all.get(name);
        let (file, at) = match tensor.and_then(|tensor| tensor.place) {
            Some(place) => (place.file, place.at),
            None => (0, tensor.map_or(0, |tensor| tensor.described)),
        };
        self.files[file].error(Some(name), at, problem)
    }

    /// Says that a tensor is not as it should be.
    pub(super) fn malformed(&self, name: &str, what: String) -> FileError {
        self.error(name, Problem::Malformed(what))
    }

    /// Says that a tensor is right and not read.
    pub(super) fn unsupported(&self, name: &str, what: String) -> FileError {
        self.error(name, Problem::Unsupported(what))
    }

    /// The tensor of a name, which a node demands.
    pub(super) fn get(&self, name: &str) -> Result<&Tensor, FileError> {
        self.all.get(name).ok_or_else(|| {
            let what = "there is no such constant in the model, and a node needs it".to_owned();
            self.malformed(name, what)
        })
    }

    /// Bytes of the file that a tensor takes.
    pub(super) fn size(&self, name: &str) -> Result<u64, FileError> {
        Ok(self.get(name)?.place.map_or(0, |place| place.bytes))
    }

    /// The data of a tensor of some types and as many bytes as `expected`, as it lies in memory.
    pub(super) fn bytes(&self, name: &str, types: &[u64], expected: u64) -> Result<Cow<'_, [u8]>, FileError> {
        let tensor = self.get(name)?;
        let Some(place) = tensor.place else {
            let what = "its data is in a field that is not read; data in raw_data, float_data, int32_data or another file is";
            return Err(self.unsupported(name, what.to_owned()));
        };
        let source = &self.files[place.file];
        let data = source.slice(Some(name), "its data", place.at, place.bytes)?;
        let element = match tensor.data_type {
            data_type::FLOAT => 4,
            data_type::FLOAT16 | data_type::BFLOAT16 => 2,
            _ => 1,
        };
        let given = match place.numbers {
            // Each number ends with the only byte of it whose highest bit is not set.
            true => element * data.iter().filter(|byte| **byte < 0x80).count() as u64,
            false => place.bytes,
        };
        let fits = given == expected && !(place.numbers && tensor.data_type == data_type::FLOAT);
        if !types.contains(&tensor.data_type) || !fits {
            let what = format!(
                "it has {given} bytes of type {} and the dimensions {:?}, and its node makes it {expected} bytes of a type of {types:?}",
                tensor.data_type, tensor.dims
            );
            return Err(self.malformed(name, what));
        }
        if !place.numbers {
            return Ok(Cow::Borrowed(data));
        }
        let numbers = wire::integers(wire::Value::Bytes(data)).ok_or_else(|| {
            let what = "int32_data ends within a number, or has one of more than 64 bits".to_owned();
            self.malformed(name, what)
        })?;
        let little = numbers.into_iter().map(u64::to_le_bytes);
        Ok(little
            .flat_map(|bytes| bytes.into_iter().take(element as usize))
            .collect())
    }

    /// The format of a tensor of floats, as far as it is one that is read.
    pub(super) fn float_format(&self, name: &str) -> Result<ScaleFormat, FileError> {
        Ok(match self.get(name)?.data_type {
            data_type::FLOAT16 => ScaleFormat::F16,
            data_type::BFLOAT16 => ScaleFormat::Bf16,
            _ => ScaleFormat::F32,
        })
    }

    /// Floats of any type, widened.
    pub(super) fn floats(&self, name: &str, count: u64) -> Result<Cow<'_, [f32]>, FileError> {
        let format = self.float_format(name)?;
        let bytes = count.saturating_mul(format.bytes().into());
        Ok(match self.bytes(name, &FLOATS, bytes)? {
            Cow::Borrowed(bytes) => widened(bytes, format),
            Cow::Owned(bytes) => widened(&bytes, format).into_owned().into(),
        })
    }
}

/// The model, and the files that it names, each opened once.
struct Files {
    all: Vec<Source>,
    known: HashMap<PathBuf, usize>,
}

impl Files {
    /// Where the data of a tensor lies in another file.
    fn place(&mut self, name: &str, described: u64, elsewhere: &Elsewhere) -> Result<Place, FileError> {
        let Elsewhere {
            location,
            offset,
            length,
        } = elsewhere;
        let path = self.all[0].beside(Some(name), described, location)?;
        let file = match self.known.entry(path) {
            Entry::Occupied(known) => *known.get(),
            Entry::Vacant(new) => {
                self.all.push(Source::open(new.key())?);
                *new.insert(self.all.len() - 1)
            }
        };
        let source = &self.all[file];
        let bytes = length.unwrap_or_else(|| (source.bytes().len() as u64).saturating_sub(*offset));
        source.slice(Some(name), "its data", *offset, bytes)?;
        Ok(Place {
            file,
            at: *offset,
            bytes,
            numbers: false,
        })
    }
}
