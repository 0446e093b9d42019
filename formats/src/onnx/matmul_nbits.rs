//! Weights `[N, blocks, block_size / 2]`, scales `[N, blocks]`, zero points two to a byte along the blocks, as the contrib operator `MatMulNBits` of ONNX
//! Runtime documents them.

use std::borrow::Cow;

use q4_kernel_types::{Encoding, layout};

use super::{
    graph::{Graph, Node},
    tensors::{Tensors, data_type},
};
use crate::{
    Decoding, FileError, LayerShape, Parts,
    grid::{from_columns, grid},
    nibbles::of_bytes,
};

/// The name of the operator.
pub(super) const OPERATOR: &str = "MatMulNBits";

/// A matrix that a node multiplies by.
#[derive(Clone, Debug)]
pub(super) struct Layer {
    pub(super) shape: LayerShape,
    pub(super) weight: String,
    pub(super) scales: String,
    pub(super) zero_points: Option<String>,
    pub(super) bias: Option<String>,
}

impl Layer {
    /// What a node says of its matrix.
    pub(super) fn of(tensors: &Tensors, graph: &Graph, node: &Node) -> Result<Self, FileError> {
        let name = node.output();
        let (Some(weight), Some(scales)) = (node.input(1), node.input(2)) else {
            let what = format!("the node of output {name:?} has no weights or no scales");
            return Err(tensors.unsupported_model(&what));
        };
        let size = |key: &str| u32::try_from(node.integer(key, 0)).unwrap_or_default();
        let (n, k, group_size) = (size("N"), size("K"), size("block_size"));
        let bits = node.integer("bits", layout::BITS.into());
        let refused = |what: String| tensors.unsupported(weight, what);
        if bits != i64::from(layout::BITS) {
            return Err(refused(format!(
                "its weights have {bits} bits; layers of 4 bits are read"
            )));
        }
        if n == 0 || k == 0 || k % 2 != 0 || group_size == 0 || group_size % 2 != 0 {
            return Err(refused(format!(
                "N={n}, K={k}, block_size={group_size}: K and block_size must be even, and none is 0"
            )));
        }
        if node.input(4).is_some() {
            return Err(refused(
                "it has an index of groups, which is not read in this format: ONNX Runtime rounds such weights in ways of its own".to_owned(),
            ));
        }
        if let Some(zero_points) = node.input(3)
            && tensors.get(zero_points)?.data_type != data_type::UINT8
        {
            let what = "its zero points are floats, each rounded where it is subtracted; those of UINT8, two to a byte, are read";
            return Err(tensors.unsupported(zero_points, what.to_owned()));
        }
        let layer = Self {
            shape: LayerShape { n, k, group_size },
            weight: weight.clone(),
            scales: scales.clone(),
            zero_points: node.input(3).cloned(),
            bias: node.input(5).cloned().or_else(|| graph.added(name)),
        };
        // What does not fit is refused before anything is loaded.
        layer.nibbles(tensors)?;
        Ok(layer)
    }

    pub(super) fn encoding(&self) -> Encoding {
        match self.zero_points {
            Some(_) => Encoding::ZeroPoint,
            None => Encoding::Symmetric,
        }
    }

    pub(super) fn decode<'a>(&self, tensors: &'a Tensors) -> Result<Parts<'a>, FileError> {
        let LayerShape { n, k, group_size } = self.shape;
        let weight = self.nibbles(tensors)?;
        let scales = tensors.floats(&self.scales, self.blocks())?;
        let groups = layout::groups(k, group_size) as usize;
        let decoding = match &self.zero_points {
            None => Decoding::Symmetric,
            Some(zero_points) => {
                let row = groups.div_ceil(2);
                let bytes = u64::from(n).saturating_mul(row as u64);
                let packed = tensors.bytes(zero_points, &[data_type::UINT8], bytes)?;
                let zero = |group: usize, column: usize| of_bytes(&packed[column * row..], group);
                Decoding::ZeroPoint(grid(self.shape, zero).into())
            }
        };
        // The last block of a row may hold more than K has.
        let (row, used) = (groups * group_size as usize / 2, k as usize / 2);
        let weight = if row == used {
            weight
        } else {
            let rows = weight.chunks_exact(row);
            Cow::Owned(rows.flat_map(|row| &row[..used]).copied().collect())
        };
        Ok(Parts {
            shape: self.shape,
            weight,
            scales: from_columns(self.shape, &scales).into(),
            scale_format: tensors.float_format(&self.scales)?,
            decoding,
            bias: match &self.bias {
                Some(bias) => Some(tensors.floats(bias, n.into())?),
                None => None,
            },
            input_order: None,
        })
    }

    /// Its nibbles, blocks whole.
    fn nibbles<'a>(&self, tensors: &'a Tensors) -> Result<Cow<'a, [u8]>, FileError> {
        let bytes = self.blocks().saturating_mul(u64::from(self.shape.group_size / 2));
        tensors.bytes(&self.weight, &[data_type::UINT8], bytes)
    }

    /// Blocks of the whole matrix.
    fn blocks(&self) -> u64 {
        let LayerShape { n, k, group_size } = self.shape;
        u64::from(n) * u64::from(layout::groups(k, group_size))
    }
}
