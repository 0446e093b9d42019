//! Matrices of INT4 or UINT4 that a node `DequantizeLinear` makes floats of, for a product behind it.
//!
//! A tensor lies row by row, two elements to a byte, the first one low. Scales and zero points are for a block along the axis of the inputs, for a whole column,
//! or for all; a weight is `(q - zero) * scale`, and zero is 0 where there are no zero points.

use q4_kernel_types::{Encoding, layout};

use super::{
    graph::{Graph, Node},
    tensors::{Tensors, data_type},
};
use crate::{
    Decoding, FileError, LayerShape, Parts,
    grid::grid,
    nibbles::{of_bytes, packed},
};

/// The name of the operator.
pub(super) const OPERATOR: &str = "DequantizeLinear";

/// A matrix that a product uses.
#[derive(Clone, Debug)]
pub(super) struct Layer {
    pub(super) shape: LayerShape,
    pub(super) weight: String,
    pub(super) scales: String,
    pub(super) zero_points: Option<String>,
    pub(super) bias: Option<String>,
    /// Whether the tensor is `[N, K]` and not `[K, N]`.
    by_output: bool,
    /// Whether nibbles are of -8..7 and not of 0..15.
    signed: bool,
    granularity: Granularity,
}

/// What shares a scale.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Granularity {
    /// So many consecutive inputs of a column.
    Block,
    /// A column.
    Column,
    /// The matrix.
    Matrix,
}

/// How a product takes a matrix.
struct Use {
    by_output: bool,
    bias: Option<String>,
}

/// Whether a node dequantises a constant of four bits.
pub(super) fn is_of_four_bits(graph: &Graph, node: &Node) -> bool {
    let of_four_bits = |data_type| [data_type::UINT4, data_type::INT4].contains(&data_type);
    let weight = node.input(0).and_then(|name| graph.tensors.get(name));
    node.operation == OPERATOR
        && weight.is_some_and(|weight| of_four_bits(weight.data_type) && weight.dims.len() == 2)
}

impl Layer {
    /// What a node says of its matrix; none if no product takes it.
    pub(super) fn of(tensors: &Tensors, graph: &Graph, node: &Node) -> Result<Option<Self>, FileError> {
        let (Some(weight), Some(scales)) = (node.input(0), node.input(1)) else {
            return Ok(None);
        };
        let Some(Use { by_output, bias }) = product(graph, node.output(), false, weight, tensors)? else {
            return Ok(None);
        };
        let tensor = tensors.get(weight)?;
        let [rows, columns] = tensor.dims[..] else {
            return Ok(None);
        };
        let (n, k) = if by_output {
            (rows, columns)
        } else {
            (columns, rows)
        };
        let refused = |what: String| tensors.unsupported(weight, what);
        let (Ok(n), Ok(k)) = (u32::try_from(n), u32::try_from(k)) else {
            return Err(refused(format!(
                "it is {rows} x {columns}, and dimensions of a matrix have 32 bits"
            )));
        };
        if n == 0 || k == 0 {
            return Err(refused(format!(
                "it is {rows} x {columns}, and a matrix has weights"
            )));
        }
        let axis = match node.integer("axis", 1) {
            negative @ -2..0 => negative + 2,
            axis => axis,
        };
        let of_inputs = i64::from(by_output);
        let block = node.integer("block_size", 0);
        let dims = &tensors.get(scales)?.dims;
        let (granularity, group_size) = match u32::try_from(block) {
            Ok(0) if dims.iter().all(|size| *size == 1) => (Granularity::Matrix, k),
            Ok(0) if axis == 1 - of_inputs => (Granularity::Column, k),
            Ok(block) if block > 0 && axis == of_inputs => (Granularity::Block, block.min(k)),
            _ => {
                return Err(refused(format!(
                    "its scales are for blocks of {block} along axis {axis}; blocks along the inputs, axis {of_inputs} here, are read, or one scale for each output"
                )));
            }
        };
        let layer = Self {
            shape: LayerShape { n, k, group_size },
            weight: weight.clone(),
            scales: scales.clone(),
            zero_points: node.input(2).cloned(),
            bias,
            by_output,
            signed: tensor.data_type == data_type::INT4,
            granularity,
        };
        // What does not fit is refused before anything is loaded.
        tensors.bytes(weight, &[tensor.data_type], layer.bytes())?;
        Ok(Some(layer))
    }

    pub(super) fn encoding(&self) -> Encoding {
        match self.signed && self.zero_points.is_none() {
            true => Encoding::Symmetric,
            false => Encoding::ZeroPoint,
        }
    }

    pub(super) fn decode<'a>(&self, tensors: &'a Tensors) -> Result<Parts<'a>, FileError> {
        let LayerShape { n, k, group_size } = self.shape;
        let data_type = tensors.get(&self.weight)?.data_type;
        // -8..7 in two's complement become 0..15 by turning the highest bit.
        let flip = if self.signed { layout::ZERO_POINT } else { 0 };
        let weight = tensors.bytes(&self.weight, &[data_type], self.bytes())?;
        let at = |column: usize, feature: usize| match self.by_output {
            true => column * k as usize + feature,
            false => feature * n as usize + column,
        };
        let groups = layout::groups(k, group_size);
        let of_group = |group: usize, column: usize| match (self.granularity, self.by_output) {
            (Granularity::Matrix, _) => 0,
            (Granularity::Column, _) => column,
            (Granularity::Block, true) => column * groups as usize + group,
            (Granularity::Block, false) => group * n as usize + column,
        };
        let count = match self.granularity {
            Granularity::Matrix => 1,
            Granularity::Column => n.into(),
            Granularity::Block => u64::from(n) * u64::from(groups),
        };
        let scales = tensors.floats(&self.scales, count)?;
        let decoding = match (&self.zero_points, self.encoding()) {
            (_, Encoding::Symmetric) => Decoding::Symmetric,
            (None, _) => Decoding::ZeroPoint(grid(self.shape, |_, _| 0).into()),
            (Some(zero_points), _) => {
                let zeros = tensors.bytes(zero_points, &[data_type], count.div_ceil(2))?;
                let zero = |group, column| of_bytes(&zeros, of_group(group, column)) ^ flip;
                Decoding::ZeroPoint(grid(self.shape, zero).into())
            }
        };
        Ok(Parts {
            shape: self.shape,
            weight: packed(n as usize, k as usize, |column, feature| {
                of_bytes(&weight, at(column, feature)) ^ flip
            })
            .into(),
            scales: grid(self.shape, |group, column| scales[of_group(group, column)]).into(),
            scale_format: tensors.float_format(&self.scales)?,
            decoding,
            bias: match &self.bias {
                Some(bias) => Some(tensors.floats(bias, n.into())?),
                None => None,
            },
            input_order: None,
        })
    }

    /// Bytes of the nibbles.
    fn bytes(&self) -> u64 {
        (u64::from(self.shape.n) * u64::from(self.shape.k)).div_ceil(2)
    }
}

/// The first product that takes what has a name as its right side, be it turned before or not.
fn product(
    graph: &Graph,
    name: &str,
    turned: bool,
    weight: &str,
    tensors: &Tensors,
) -> Result<Option<Use>, FileError> {
    for user in graph.users(name) {
        let is_right = user.input(1).is_some_and(|input| input == name);
        match user.operation.as_str() {
            "MatMul" if is_right => {
                return Ok(Some(Use {
                    by_output: turned,
                    bias: graph.added(user.output()),
                }));
            }
            "Gemm" if is_right => {
                let scaled = |key| user.floats.get(key).is_some_and(|factor| *factor != 1.0);
                if scaled("alpha") || scaled("beta") {
                    let what = "its product is a Gemm with factors; those with alpha and beta of 1 are read";
                    return Err(tensors.unsupported(weight, what.to_owned()));
                }
                return Ok(Some(Use {
                    by_output: turned != (user.integer("transB", 0) != 0),
                    bias: user
                        .input(2)
                        .filter(|name| graph.tensors.contains_key(*name))
                        .cloned(),
                }));
            }
            // Of a matrix that is not turned already: a circle of nodes ends here.
            "Transpose" if !turned => {
                let swaps = user.lists.get("perm").is_none_or(|order| order[..] == [1, 0]);
                if swaps && let Some(found) = product(graph, user.output(), true, weight, tensors)? {
                    return Ok(Some(found));
                }
            }
            _ => {}
        }
    }
    Ok(None)
}
