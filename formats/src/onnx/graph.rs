//! The nodes and the constant tensors of a model: as much of `onnx.proto` as matrices need.

use std::collections::HashMap;

use super::wire::{self, Field, Value};
use crate::{FileError, Problem, file::Source};

/// Numbers of fields in `onnx.proto`.
mod number {
    pub(super) const MODEL_GRAPH: u64 = 7;
    pub(super) const GRAPH_NODE: u64 = 1;
    pub(super) const GRAPH_INITIALIZER: u64 = 5;
    pub(super) const NODE_INPUT: u64 = 1;
    pub(super) const NODE_OUTPUT: u64 = 2;
    pub(super) const NODE_OP_TYPE: u64 = 4;
    pub(super) const NODE_ATTRIBUTE: u64 = 5;
    pub(super) const ATTRIBUTE_NAME: u64 = 1;
    pub(super) const ATTRIBUTE_INTEGER: u64 = 3;
    pub(super) const TENSOR_DIMS: u64 = 1;
    pub(super) const TENSOR_DATA_TYPE: u64 = 2;
    pub(super) const TENSOR_NAME: u64 = 8;
    pub(super) const TENSOR_RAW_DATA: u64 = 9;
    pub(super) const TENSOR_DATA_LOCATION: u64 = 14;
}

/// One operation.
#[derive(Clone, Debug, Default)]
pub(super) struct Node {
    pub(super) operation: String,
    pub(super) inputs: Vec<String>,
    pub(super) outputs: Vec<String>,
    pub(super) integers: HashMap<String, u64>,
}

/// One constant tensor.
#[derive(Clone, Debug, Default)]
pub(super) struct Tensor {
    pub(super) dims: Vec<u64>,
    pub(super) data_type: u64,
    /// Where its bytes begin in the file and how many there are.
    pub(super) data: Option<(u64, u64)>,
    /// Whether its bytes are in another file.
    pub(super) external: bool,
    /// Where it begins in the file.
    pub(super) at: u64,
}

#[derive(Debug, Default)]
pub(super) struct Graph {
    pub(super) nodes: Vec<Node>,
    pub(super) tensors: HashMap<String, Tensor>,
}

impl Graph {
    pub(super) fn read(source: &Source) -> Result<Self, FileError> {
        let mut graph = Self::default();
        for field in wire::fields(source, source.bytes(), 0)? {
            if field.number == number::MODEL_GRAPH {
                for field in wire::fields(source, bytes(source, field)?, field.at)? {
                    match field.number {
                        number::GRAPH_NODE => graph.nodes.push(node(source, field)?),
                        number::GRAPH_INITIALIZER => {
                            let (name, tensor) = tensor(source, field)?;
                            graph.tensors.insert(name, tensor);
                        }
                        _ => {}
                    }
                }
            }
        }
        Ok(graph)
    }
}

fn node(source: &Source, field: Field<'_>) -> Result<Node, FileError> {
    let mut node = Node::default();
    for field in wire::fields(source, bytes(source, field)?, field.at)? {
        match field.number {
            number::NODE_INPUT => node.inputs.push(text(source, field)?),
            number::NODE_OUTPUT => node.outputs.push(text(source, field)?),
            number::NODE_OP_TYPE => node.operation = text(source, field)?,
            number::NODE_ATTRIBUTE => {
                let (mut name, mut value) = (String::new(), None);
                for field in wire::fields(source, bytes(source, field)?, field.at)? {
                    match (field.number, field.value) {
                        (number::ATTRIBUTE_NAME, _) => name = text(source, field)?,
                        (number::ATTRIBUTE_INTEGER, Value::Integer(number)) => value = Some(number),
                        _ => {}
                    }
                }
                if let Some(value) = value {
                    node.integers.insert(name, value);
                }
            }
            _ => {}
        }
    }
    Ok(node)
}

fn tensor(source: &Source, field: Field<'_>) -> Result<(String, Tensor), FileError> {
    let (mut name, mut tensor) = (String::new(), Tensor::default());
    tensor.at = field.at;
    for field in wire::fields(source, bytes(source, field)?, field.at)? {
        match (field.number, field.value) {
            (number::TENSOR_DIMS, value) => match wire::integers(value) {
                Some(dims) => tensor.dims.extend(dims),
                None => return Err(malformed(source, field)),
            },
            (number::TENSOR_DATA_TYPE, Value::Integer(number)) => tensor.data_type = number,
            (number::TENSOR_NAME, _) => name = text(source, field)?,
            (number::TENSOR_RAW_DATA, Value::Bytes(data)) => {
                tensor.data = Some((field.at, data.len() as u64))
            }
            (number::TENSOR_DATA_LOCATION, Value::Integer(location)) => tensor.external = location != 0,
            _ => {}
        }
    }
    Ok((name, tensor))
}

fn bytes<'a>(source: &Source, field: Field<'a>) -> Result<&'a [u8], FileError> {
    match field.value {
        Value::Bytes(bytes) => Ok(bytes),
        Value::Integer(_) | Value::Fixed => Err(malformed(source, field)),
    }
}

fn text(source: &Source, field: Field<'_>) -> Result<String, FileError> {
    let text = std::str::from_utf8(bytes(source, field)?);
    text.map(ToOwned::to_owned).map_err(|_| malformed(source, field))
}

fn malformed(source: &Source, field: Field<'_>) -> FileError {
    let what = format!(
        "field {} is of another type than onnx.proto gives it",
        field.number
    );
    source.error(None, field.at, Problem::Malformed(what))
}
