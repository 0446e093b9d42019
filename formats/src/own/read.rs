//! Reading the project's own layout.

use std::borrow::Cow;

use q4_kernel_types::{Encoding, ScaleFormat, WeightFormat};
use safetensors::SafeTensors;

use super::{
    MATRICES_KEY, VERSION, VERSION_KEY,
    entry::{CODEBOOK, Entry, Expected, Part},
};
use crate::{
    Codebook, Decoding, FileError, Matrix, Parts, Problem, Quantized, Stored,
    file::{Reader, Source},
    scale::widened,
};

/// Whether a file is of the project's own layout, be it whole or not.
pub(crate) fn recognises(bytes: &[u8]) -> bool {
    let Some((length, rest)) = bytes.split_first_chunk() else {
        return false;
    };
    let length = usize::try_from(u64::from_le_bytes(*length)).unwrap_or(usize::MAX);
    let header = &rest[..length.min(rest.len())];
    let key = VERSION_KEY.as_bytes();
    header.starts_with(b"{") && header.windows(key.len()).any(|window| window == key)
}

/// An opened file of the project's own layout.
#[derive(Debug)]
pub(crate) struct File {
    source: Source,
    matrices: Vec<Matrix>,
    parts: Vec<PartsOfMatrix>,
}

#[derive(Debug)]
struct PartsOfMatrix {
    entry: Entry,
    encoding: Encoding,
    scale_format: ScaleFormat,
    /// For each part, where its bytes lie in the file.
    tensors: Vec<(Expected, u64)>,
}

impl File {
    pub(crate) fn open(source: Source) -> Result<Self, FileError> {
        let malformed = |tensor: Option<&str>, at, what| source.error(tensor, at, Problem::Malformed(what));
        let (header_bytes, header) = SafeTensors::read_metadata(source.bytes())
            .map_err(|error| malformed(None, 0, format!("the header cannot be read: {error}")))?;
        let data = header_bytes as u64 + 8;
        let metadata = header.metadata().clone().unwrap_or_default();
        let version = metadata.get(VERSION_KEY).map_or("none", String::as_str);
        if version != VERSION {
            let what =
                format!("{VERSION_KEY} is {version} and {VERSION} is read; convert the original file again");
            return Err(source.error(None, 0, Problem::Unsupported(what)));
        }
        let list = metadata.get(MATRICES_KEY).map_or("", String::as_str);
        let entries: Vec<Entry> = serde_json::from_str(list)
            .map_err(|error| malformed(None, 8, format!("{MATRICES_KEY} cannot be read: {error}")))?;

        let (mut matrices, mut parts) = (Vec::<Matrix>::new(), Vec::new());
        let mut names = std::collections::HashSet::new();
        for entry in entries {
            let refused = |what| malformed(Some(&entry.name), 8, what);
            if !names.insert(entry.name.clone()) {
                return Err(refused(
                    "a matrix of this name came before; names must differ".to_owned(),
                ));
            }
            entry
                .shape()
                .check()
                .map_err(|error| source.error(Some(&entry.name), 8, error.into()))?;
            let (Some(encoding), Some(scale_format), Some(expected)) =
                (entry.encoding(), entry.scale_format(), entry.tensors())
            else {
                return Err(refused(format!(
                    "its encoding is {:?} and its scales are {:?}; one of them is none that is read",
                    entry.encoding, entry.scale_format
                )));
            };
            let mut tensors = Vec::new();
            let mut bytes = 0;
            for tensor in expected {
                let Some(found) = header.info(&tensor.name) else {
                    return Err(malformed(
                        Some(&tensor.name),
                        8,
                        "there is no such tensor".to_owned(),
                    ));
                };
                let shape: Vec<u64> = found.shape.iter().map(|size| *size as u64).collect();
                if (found.dtype, &shape) != (tensor.dtype, &tensor.shape) {
                    let what = format!(
                        "it is {:?} {shape:?}, and its matrix makes it {:?} {:?}",
                        found.dtype, tensor.dtype, tensor.shape
                    );
                    return Err(malformed(Some(&tensor.name), 8, what));
                }
                let at = data + found.data_offsets.0 as u64;
                let length = (found.data_offsets.1 as u64).saturating_sub(found.data_offsets.0 as u64);
                source.slice(Some(&tensor.name), "its data", at, length)?;
                if Some(length) != tensor.bytes() {
                    let what = format!("it has {length} bytes, which is not what its shape makes");
                    return Err(malformed(Some(&tensor.name), at, what));
                }
                if !matches!(tensor.part, Part::Bias) {
                    bytes += length;
                }
                tensors.push((tensor, at));
            }
            matrices.push(Matrix {
                name: entry.name.clone(),
                format: format!("q4 {encoding} {scale_format}", scale_format = scale_format.name()),
                n: entry.n,
                k: entry.k,
                group_size: Some(entry.group_size),
                weights: Some(WeightFormat {
                    encoding,
                    scales: scale_format,
                }),
                bias: entry.bias,
                bytes,
            });
            parts.push(PartsOfMatrix {
                entry,
                encoding,
                scale_format,
                tensors,
            });
        }
        Ok(Self {
            source,
            matrices,
            parts,
        })
    }

    /// The bytes of a part; none if the matrix has no such part.
    fn part(&self, matrix: &PartsOfMatrix, part: Part) -> Result<Option<&[u8]>, FileError> {
        match matrix.tensors.iter().find(|(tensor, _)| tensor.part == part) {
            Some((tensor, at)) => {
                let length = tensor.bytes().unwrap_or(u64::MAX);
                self.source
                    .slice(Some(&tensor.name), "its data", *at, length)
                    .map(Some)
            }
            None => Ok(None),
        }
    }
}

impl Reader for File {
    fn matrices(&self) -> &[Matrix] {
        &self.matrices
    }

    fn files(&self) -> &[Source] {
        std::slice::from_ref(&self.source)
    }

    fn load(&self, index: usize) -> Result<Stored<'_>, FileError> {
        self.source.check_unchanged()?;
        let matrix = &self.parts[index];
        let part = |which| self.part(matrix, which);
        let scales = part(Part::Scales)?.unwrap_or_default();
        let decoding = match matrix.encoding {
            Encoding::Symmetric => Decoding::Symmetric,
            Encoding::ZeroPoint => {
                Decoding::ZeroPoint(Cow::Borrowed(part(Part::ZeroPoints)?.unwrap_or_default()))
            }
            Encoding::Minimum => Decoding::Minimum(floats(part(Part::Minimums)?.unwrap_or_default())),
            Encoding::Codebook => {
                let values = floats(part(Part::Codebook)?.unwrap_or_default());
                let mut levels = [0.0; CODEBOOK as usize - 1];
                for (level, value) in levels.iter_mut().zip(values.iter()) {
                    *level = *value;
                }
                Decoding::Codebook(Codebook {
                    levels,
                    tensor_scale: values.last().copied().unwrap_or(1.0),
                })
            }
        };
        let layer = Quantized::new(Parts {
            shape: matrix.entry.shape(),
            weight: Cow::Borrowed(part(Part::Weight)?.unwrap_or_default()),
            scales: widened(scales, matrix.scale_format),
            scale_format: matrix.scale_format,
            decoding,
            bias: part(Part::Bias)?.map(floats),
            input_order: part(Part::InputOrder)?.map(words),
        });
        let at = matrix.tensors.first().map_or(0, |(_, at)| *at);
        layer
            .map(Stored::Quantized)
            .map_err(|error| self.source.error(Some(&matrix.entry.name), at, error.into()))
    }
}

fn floats(bytes: &[u8]) -> Cow<'_, [f32]> {
    widened(bytes, ScaleFormat::F32)
}

fn words(bytes: &[u8]) -> Cow<'_, [u32]> {
    let values = bytes.chunks_exact(4);
    values
        .map(|b| u32::from_le_bytes([b[0], b[1], b[2], b[3]]))
        .collect()
}
