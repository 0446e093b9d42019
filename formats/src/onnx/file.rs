//! The matrices of a model: weights `[N, blocks, block_size / 2]`, scales `[N, blocks]`, zero points two to a byte along the blocks, as
//! the contrib operator `MatMulNBits` of ONNX Runtime documents them.

use std::{
    borrow::Cow,
    collections::{HashMap, HashSet},
};

use q4_kernel_types::{Encoding, ScaleFormat, layout};

use super::graph::{Graph, Node, Tensor};
use crate::{
    Decoding, FileError, LayerShape, Matrix, Parts, Problem, Quantized, Stored,
    file::{Reader, Source},
    grid::{from_columns, grid},
    scale::widened,
};

/// Whether a file begins as models do: field 1, the version of the format, is a small number and first.
pub(crate) fn recognises(bytes: &[u8]) -> bool {
    matches!(bytes, [0x08, 1..=31, ..])
}

/// Types of tensors in `onnx.proto`.
mod data_type {
    pub(super) const FLOAT: u64 = 1;
    pub(super) const UINT8: u64 = 2;
    pub(super) const FLOAT16: u64 = 10;
}

/// An opened model.
#[derive(Debug)]
pub(crate) struct File {
    source: Source,
    tensors: HashMap<String, Tensor>,
    matrices: Vec<Matrix>,
    layers: Vec<Layer>,
}

#[derive(Clone, Debug)]
struct Layer {
    shape: LayerShape,
    weight: String,
    scales: String,
    zero_points: Option<String>,
    bias: Option<String>,
}

impl File {
    pub(crate) fn open(source: Source) -> Result<Self, FileError> {
        let Graph { nodes, tensors } = Graph::read(&source)?;
        let mut file = Self {
            source,
            tensors,
            matrices: Vec::new(),
            layers: Vec::new(),
        };
        let mut known = HashSet::new();
        for node in nodes.iter().filter(|node| node.operation == "MatMulNBits") {
            let layer = file.layer(node, &nodes)?;
            // A matrix that two nodes multiply by is one matrix.
            if known.insert(layer.weight.clone()) {
                file.matrices.push(file.matrix(&layer)?);
                file.layers.push(layer);
            }
        }
        if file.matrices.is_empty() {
            let what = "the model has no node MatMulNBits; other ways to quantise are not read".to_owned();
            return Err(file.source.error(None, 0, Problem::Unsupported(what)));
        }
        Ok(file)
    }

    /// What a node says of the matrix that it multiplies by.
    fn layer(&self, node: &Node, nodes: &[Node]) -> Result<Layer, FileError> {
        let input = |index: usize| node.inputs.get(index).filter(|name| !name.is_empty());
        let name = node.outputs.first().map_or("", String::as_str);
        let (Some(weight), Some(scales)) = (input(1), input(2)) else {
            let what = format!("the node of output {name:?} has no weights or no scales");
            return Err(self.source.error(None, 0, Problem::Malformed(what)));
        };
        let size = |key: &str| {
            node.integers
                .get(key)
                .and_then(|size| u32::try_from(*size).ok())
                .unwrap_or_default()
        };
        let (n, k, group_size) = (size("N"), size("K"), size("block_size"));
        let bits = node
            .integers
            .get("bits")
            .copied()
            .unwrap_or(u64::from(layout::BITS));
        let refused = |what: String| self.error(weight, Problem::Unsupported(what));
        if bits != u64::from(layout::BITS) {
            return Err(refused(format!(
                "its weights have {bits} bits; layers of 4 bits are read"
            )));
        }
        if n == 0 || k == 0 || k % 2 != 0 || group_size == 0 || group_size % 2 != 0 {
            return Err(refused(format!(
                "N={n}, K={k}, block_size={group_size}: K and block_size must be even, and none is 0"
            )));
        }
        if input(4).is_some() {
            return Err(refused(
                "it has an index of groups, which is not read in this format".to_owned(),
            ));
        }
        Ok(Layer {
            shape: LayerShape { n, k, group_size },
            weight: weight.clone(),
            scales: scales.clone(),
            zero_points: input(3).cloned(),
            bias: input(5).cloned().or_else(|| self.added(name, nodes)),
        })
    }

    /// The constant that the node behind a product adds to it, if all that is done to the product is that.
    fn added(&self, product: &str, nodes: &[Node]) -> Option<String> {
        let mut users = nodes
            .iter()
            .filter(|node| node.inputs.iter().any(|input| input == product));
        let (Some(user), None) = (users.next(), users.next()) else {
            return None;
        };
        let other = user.inputs.iter().find(|input| *input != product)?;
        let constant = self
            .tensors
            .get(other)
            .is_some_and(|tensor| tensor.dims.len() == 1);
        (user.operation == "Add" && constant).then(|| other.clone())
    }

    fn matrix(&self, layer: &Layer) -> Result<Matrix, FileError> {
        let weight = &layer.weight;
        let name = weight.strip_suffix("_Q4").unwrap_or(weight);
        let mut bytes = 0;
        for part in [
            Some(&layer.weight),
            Some(&layer.scales),
            layer.zero_points.as_ref(),
        ]
        .into_iter()
        .flatten()
        {
            bytes += self.tensor(part)?.data.map_or(0, |(_, bytes)| bytes);
        }
        let LayerShape { n, k, group_size } = layer.shape;
        // The lengths are known now; what does not fit is refused before anything is loaded.
        self.weight(layer)?;
        Ok(Matrix {
            name: name.strip_suffix(".weight").unwrap_or(name).to_owned(),
            format: "onnx MatMulNBits".to_owned(),
            n,
            k,
            group_size: Some(group_size),
            encoding: Some(layer.encoding()),
            bias: layer.bias.is_some(),
            bytes,
        })
    }

    fn tensor(&self, name: &str) -> Result<&Tensor, FileError> {
        let missing = || {
            let what = "there is no such constant in the model, and a node needs it".to_owned();
            self.source.error(Some(name), 0, Problem::Malformed(what))
        };
        let tensor = self.tensors.get(name).ok_or_else(missing)?;
        if tensor.external || tensor.data.is_none() {
            let what = "its data is in another file or not in raw_data; models that hold their data in raw_data are read".to_owned();
            return Err(self.error(name, Problem::Unsupported(what)));
        }
        Ok(tensor)
    }

    /// The data of a tensor of some types and as many bytes as `expected`.
    fn bytes(&self, name: &str, types: &[u64], expected: u64) -> Result<&[u8], FileError> {
        let tensor = self.tensor(name)?;
        let (at, given) = tensor.data.unwrap_or_default();
        if !types.contains(&tensor.data_type) || given != expected {
            let what = format!(
                "it has {given} bytes of type {} and the dimensions {:?}, and its node makes it {expected} bytes of a type of {types:?}",
                tensor.data_type, tensor.dims
            );
            return Err(self.error(name, Problem::Malformed(what)));
        }
        self.source.slice(Some(name), "its data", at, given)
    }

    /// The nibbles of a layer, blocks whole.
    fn weight(&self, layer: &Layer) -> Result<&[u8], FileError> {
        let bytes = layer
            .blocks()
            .saturating_mul(u64::from(layer.shape.group_size / 2));
        self.bytes(&layer.weight, &[data_type::UINT8], bytes)
    }

    /// The format of a tensor of floats, as far as it is one that is read.
    fn float_format(&self, name: &str) -> Result<ScaleFormat, FileError> {
        Ok(match self.tensor(name)?.data_type {
            data_type::FLOAT16 => ScaleFormat::F16,
            _ => ScaleFormat::F32,
        })
    }

    /// Floats of either width, widened.
    fn floats(&self, name: &str, count: u64) -> Result<Cow<'_, [f32]>, FileError> {
        let format = self.float_format(name)?;
        let bytes = count.saturating_mul(format.bytes().into());
        let types = [data_type::FLOAT, data_type::FLOAT16];
        Ok(widened(self.bytes(name, &types, bytes)?, format))
    }

    fn error(&self, name: &str, problem: Problem) -> FileError {
        let at = self
            .tensors
            .get(name)
            .map_or(0, |tensor| tensor.data.map_or(tensor.at, |(at, _)| at));
        self.source.error(Some(name), at, problem)
    }

    fn parts(&self, layer: &Layer) -> Result<Parts<'_>, FileError> {
        let LayerShape { n, k, group_size } = layer.shape;
        let weight = self.weight(layer)?;
        let scales = self.floats(&layer.scales, layer.blocks())?;
        let groups = layout::groups(k, group_size) as usize;
        let decoding = match &layer.zero_points {
            None => Decoding::Symmetric,
            Some(zero_points) => {
                let row = groups.div_ceil(2);
                let bytes = u64::from(n).saturating_mul(row as u64);
                let packed = self.bytes(zero_points, &[data_type::UINT8], bytes)?;
                let zero = |group: usize, column: usize| {
                    packed[column * row + group / 2] >> (layout::BITS as usize * (group % 2)) & 0xF
                };
                Decoding::ZeroPoint(grid(layer.shape, zero).into())
            }
        };
        // The last block of a row may hold more than K has.
        let (row, used) = (groups * group_size as usize / 2, k as usize / 2);
        let weight = if row == used {
            Cow::Borrowed(weight)
        } else {
            weight
                .chunks_exact(row)
                .flat_map(|row| &row[..used])
                .copied()
                .collect()
        };
        Ok(Parts {
            shape: layer.shape,
            weight,
            scales: from_columns(layer.shape, &scales).into(),
            scale_format: self.float_format(&layer.scales)?,
            decoding,
            bias: match &layer.bias {
                Some(bias) => Some(self.floats(bias, u64::from(n))?),
                None => None,
            },
            input_order: None,
        })
    }
}

impl Layer {
    /// Blocks of the whole matrix.
    fn blocks(&self) -> u64 {
        let LayerShape { n, k, group_size } = self.shape;
        u64::from(n) * u64::from(layout::groups(k, group_size))
    }

    fn encoding(&self) -> Encoding {
        match self.zero_points {
            Some(_) => Encoding::ZeroPoint,
            None => Encoding::Symmetric,
        }
    }
}

impl Reader for File {
    fn matrices(&self) -> &[Matrix] {
        &self.matrices
    }

    fn load(&self, index: usize) -> Result<Stored<'_>, FileError> {
        self.source.check_unchanged()?;
        let layer = &self.layers[index];
        let refused = |error: crate::LayoutError| self.error(&layer.scales, error.into());
        Quantized::new(self.parts(layer)?)
            .map(Stored::Quantized)
            .map_err(refused)
    }
}
