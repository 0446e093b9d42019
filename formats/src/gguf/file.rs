//! The matrices of a GGUF file.

use std::{borrow::Cow, collections::HashMap};

use super::{
    header::{self, Tensor},
    nibbles, plain,
};
use crate::{
    FileError, Matrix, Plain, Problem, Quantized, Stored,
    file::{Reader, Source},
};

/// What the name of a tensor of weights ends in, and what takes its place in the names of what belongs to them.
const WEIGHT: &str = ".weight";
const BIAS: &str = ".bias";
/// The number that llama.cpp multiplies a product with NVFP4 weights by.
const TENSOR_SCALE: &str = ".scale";

/// An opened GGUF file.
#[derive(Debug)]
pub(crate) struct File {
    source: Source,
    tensors: Vec<Tensor>,
    matrices: Vec<Matrix>,
    /// For each matrix, its tensors.
    parts: Vec<PartsOfMatrix>,
}

#[derive(Clone, Copy, Debug)]
struct PartsOfMatrix {
    weight: usize,
    bias: Option<usize>,
    tensor_scale: Option<usize>,
}

impl File {
    pub(crate) fn open(source: Source) -> Result<Self, FileError> {
        let tensors = header::read(&source)?;
        let by_name: HashMap<&str, usize> = tensors
            .iter()
            .enumerate()
            .map(|(index, tensor)| (tensor.name.as_str(), index))
            .collect();
        let (mut matrices, mut parts) = (Vec::new(), Vec::new());
        for (weight, tensor) in tensors.iter().enumerate() {
            let [k, n] = tensor.dimensions[..] else {
                continue;
            };
            let (Ok(n), Ok(k)) = (u32::try_from(n), u32::try_from(k)) else {
                let what = format!("it is {n} x {k}, and dimensions of a matrix have 32 bits");
                return Err(source.error(Some(&tensor.name), tensor.entry, Problem::Unsupported(what)));
            };
            let layer = tensor.name.strip_suffix(WEIGHT);
            let beside = |suffix| by_name.get(format!("{}{suffix}", layer?).as_str()).copied();
            let blocks = tensor.kind.and_then(nibbles::of_type);
            let own = PartsOfMatrix {
                weight,
                bias: beside(BIAS),
                tensor_scale: beside(TENSOR_SCALE)
                    .filter(|_| tensor.kind.is_some_and(|kind| kind.name == "nvfp4")),
            };
            // A tensor may have the very name that another one's layer has.
            let name = layer.filter(|layer| !by_name.contains_key(layer));
            matrices.push(Matrix {
                name: name.unwrap_or(&tensor.name).to_owned(),
                format: match tensor.kind {
                    Some(kind) => format!("gguf_{}", kind.name),
                    None => format!("gguf type {}", tensor.number),
                },
                n,
                k,
                group_size: blocks.map(|blocks| blocks.group_size),
                weights: blocks.map(|blocks| blocks.weights()),
                bias: own.bias.is_some(),
                bytes: tensor.bytes,
            });
            parts.push(own);
        }
        Ok(Self {
            source,
            tensors,
            matrices,
            parts,
        })
    }

    fn data(&self, tensor: &Tensor) -> Result<&[u8], FileError> {
        self.source
            .slice(Some(&tensor.name), "its data", tensor.offset, tensor.bytes)
    }

    /// The elements of a tensor that belongs to a matrix; there must be as many as asked for.
    fn vector(&self, index: usize, length: u32) -> Result<Vec<f32>, FileError> {
        let tensor = &self.tensors[index];
        let refused = |what| {
            self.source
                .error(Some(&tensor.name), tensor.entry, Problem::Malformed(what))
        };
        if tensor
            .dimensions
            .iter()
            .try_fold(1_u64, |all, next| all.checked_mul(*next))
            != Some(length.into())
        {
            return Err(refused(format!(
                "it has dimensions {:?} and its matrix makes {length} elements",
                tensor.dimensions
            )));
        }
        let floats = match tensor.kind {
            Some(kind) => plain::floats(kind, self.data(tensor)?),
            None => None,
        };
        floats.ok_or_else(|| refused(format!("its type is {}, which is not of floats", tensor.number)))
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
        let (matrix, own) = (&self.matrices[index], self.parts[index]);
        let tensor = &self.tensors[own.weight];
        let size @ (n, k) = (matrix.n, matrix.k);
        let bias = own.bias.map(|bias| self.vector(bias, n)).transpose()?;
        let bias = bias.map(Cow::Owned);
        let data = self.data(tensor)?;
        let refused = |problem| self.source.error(Some(&tensor.name), tensor.offset, problem);
        if let Some((kind, blocks)) = tensor.kind.and_then(|kind| Some((kind, nibbles::of_type(kind)?))) {
            let tensor_scale = match own.tensor_scale {
                Some(scale) => self.vector(scale, 1)?[0],
                None => 1.0,
            };
            let mut parts = nibbles::parts(kind, blocks, size, data, tensor_scale);
            parts.bias = bias;
            return Quantized::new(parts)
                .map(Stored::Quantized)
                .map_err(|error| refused(error.into()));
        }
        match tensor.kind.and_then(|kind| plain::floats(kind, data)) {
            Some(weights) => Ok(Stored::Plain(Plain {
                n,
                k,
                weights: weights.into(),
                bias,
            })),
            None => Err(refused(Problem::Unsupported(format!(
                "{} has no decoder; convert the file to q4_0, q4_1, q4_k, iq4_nl, mxfp4, nvfp4, q5_0, q8_0, f16, bf16 or f32",
                matrix.format
            )))),
        }
    }
}
