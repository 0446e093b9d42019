//! The matrices of a model.

use std::collections::HashSet;

use q4_kernel_types::WeightFormat;

use super::{
    dequantize_linear,
    graph::{Graph, Node},
    matmul_nbits,
    tensors::Tensors,
};
use crate::{
    FileError, LayerShape, Matrix, Parts, Quantized, Stored,
    file::{Reader, Source},
};

/// Whether a file begins as models do: field 1, the version of the format, is a small number and first.
pub(crate) fn recognises(bytes: &[u8]) -> bool {
    matches!(bytes, [0x08, 1..=31, ..])
}

/// An opened model.
#[derive(Debug)]
pub(crate) struct File {
    tensors: Tensors,
    matrices: Vec<Matrix>,
    layers: Vec<Layer>,
}

#[derive(Clone, Debug)]
enum Layer {
    MatMulNBits(matmul_nbits::Layer),
    DequantizeLinear(dequantize_linear::Layer),
}

impl File {
    pub(crate) fn open(source: Source) -> Result<Self, FileError> {
        let mut graph = Graph::read(&source)?;
        let tensors = of_layers(&mut graph, source)?;
        let (mut matrices, mut layers) = (Vec::new(), Vec::new());
        let (mut known, mut names) = (HashSet::new(), HashSet::new());
        for node in &graph.nodes {
            let layer = if node.operation == matmul_nbits::OPERATOR {
                Some(Layer::MatMulNBits(matmul_nbits::Layer::of(
                    &tensors, &graph, node,
                )?))
            } else if dequantize_linear::is_of_four_bits(&graph, node) {
                dequantize_linear::Layer::of(&tensors, &graph, node)?.map(Layer::DequantizeLinear)
            } else {
                None
            };
            // A matrix that two nodes multiply by is one matrix.
            if let Some(layer) = layer
                && known.insert(layer.parts().weight.clone())
            {
                let mut matrix = layer.matrix(&tensors)?;
                if !names.insert(matrix.name.clone()) {
                    matrix.name.clone_from(layer.parts().weight);
                }
                matrices.push(matrix);
                layers.push(layer);
            }
        }
        if matrices.is_empty() {
            let what = "no node of the model is a MatMulNBits, nor a DequantizeLinear of INT4 or UINT4 in front of a product; other ways to quantise are not read";
            return Err(tensors.unsupported_model(what));
        }
        Ok(Self {
            tensors,
            matrices,
            layers,
        })
    }
}

/// Finds the data of the tensors that layers take, and of vectors, which may be added to their products: the others of a model are not looked at.
fn of_layers(graph: &mut Graph, source: Source) -> Result<Tensors, FileError> {
    let is_layer = |node: &&Node| {
        node.operation == matmul_nbits::OPERATOR || dequantize_linear::is_of_four_bits(graph, node)
    };
    let needed: HashSet<&String> = graph
        .nodes
        .iter()
        .filter(is_layer)
        .flat_map(|node| &node.inputs)
        .collect();
    let described = graph
        .tensors
        .iter()
        .filter(|(name, tensor)| needed.contains(name) || tensor.dims.len() == 1)
        .map(|(name, tensor)| (name.clone(), tensor.clone()));
    Tensors::find(source, described)
}

/// What all layers have.
struct OfLayer<'a> {
    format: &'static str,
    shape: LayerShape,
    weight: &'a String,
    scales: &'a String,
    zero_points: &'a Option<String>,
    bias: &'a Option<String>,
}

impl Layer {
    fn parts(&self) -> OfLayer<'_> {
        match self {
            Self::MatMulNBits(layer) => OfLayer {
                format: "onnx MatMulNBits",
                shape: layer.shape,
                weight: &layer.weight,
                scales: &layer.scales,
                zero_points: &layer.zero_points,
                bias: &layer.bias,
            },
            Self::DequantizeLinear(layer) => OfLayer {
                format: "onnx DequantizeLinear",
                shape: layer.shape,
                weight: &layer.weight,
                scales: &layer.scales,
                zero_points: &layer.zero_points,
                bias: &layer.bias,
            },
        }
    }

    fn matrix(&self, tensors: &Tensors) -> Result<Matrix, FileError> {
        let OfLayer {
            format,
            shape: LayerShape { n, k, group_size },
            weight,
            scales,
            zero_points,
            bias,
        } = self.parts();
        let name = ["_DQ_Q4", "_Q4", "_quantized"]
            .into_iter()
            .find_map(|end| weight.strip_suffix(end));
        let name = name.unwrap_or(weight);
        let mut bytes = 0_u64;
        for part in [Some(weight), Some(scales), zero_points.as_ref()]
            .into_iter()
            .flatten()
        {
            bytes = bytes.saturating_add(tensors.size(part)?);
        }
        Ok(Matrix {
            name: name.strip_suffix(".weight").unwrap_or(name).to_owned(),
            format: format.to_owned(),
            n,
            k,
            group_size: Some(group_size),
            weights: Some(WeightFormat {
                encoding: match self {
                    Self::MatMulNBits(layer) => layer.encoding(),
                    Self::DequantizeLinear(layer) => layer.encoding(),
                },
                scales: tensors.float_format(scales)?,
            }),
            bias: bias.is_some(),
            bytes,
        })
    }

    fn decode<'a>(&self, tensors: &'a Tensors) -> Result<Parts<'a>, FileError> {
        match self {
            Self::MatMulNBits(layer) => layer.decode(tensors),
            Self::DequantizeLinear(layer) => layer.decode(tensors),
        }
    }
}

impl Reader for File {
    fn matrices(&self) -> &[Matrix] {
        &self.matrices
    }

    fn files(&self) -> &[Source] {
        self.tensors.files()
    }

    fn load(&self, index: usize) -> Result<Stored<'_>, FileError> {
        self.tensors.check_unchanged()?;
        let layer = &self.layers[index];
        let refused = |error: crate::LayoutError| self.tensors.error(layer.parts().scales, error.into());
        Quantized::new(layer.decode(&self.tensors)?)
            .map(Stored::Quantized)
            .map_err(refused)
    }
}
