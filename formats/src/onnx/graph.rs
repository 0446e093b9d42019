//! The nodes and the constant tensors of a model: as much of `onnx.proto` as matrices need.

use std::collections::{HashMap, HashSet};

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
    pub(super) const ATTRIBUTE_FLOAT: u64 = 2;
    pub(super) const ATTRIBUTE_INTEGER: u64 = 3;
    pub(super) const ATTRIBUTE_TENSOR: u64 = 5;
    pub(super) const ATTRIBUTE_INTEGERS: u64 = 8;
    pub(super) const TENSOR_DIMS: u64 = 1;
    pub(super) const TENSOR_DATA_TYPE: u64 = 2;
    pub(super) const TENSOR_FLOAT_DATA: u64 = 4;
    pub(super) const TENSOR_INT32_DATA: u64 = 5;
    pub(super) const TENSOR_NAME: u64 = 8;
    pub(super) const TENSOR_RAW_DATA: u64 = 9;
    pub(super) const TENSOR_EXTERNAL_DATA: u64 = 13;
    pub(super) const TENSOR_DATA_LOCATION: u64 = 14;
    pub(super) const ENTRY_KEY: u64 = 1;
    pub(super) const ENTRY_VALUE: u64 = 2;
}

/// One operation.
#[derive(Clone, Debug, Default)]
pub(super) struct Node {
    pub(super) operation: String,
    pub(super) inputs: Vec<String>,
    pub(super) outputs: Vec<String>,
    pub(super) integers: HashMap<String, i64>,
    pub(super) floats: HashMap<String, f32>,
    pub(super) lists: HashMap<String, Vec<i64>>,
}

/// One constant tensor.
#[derive(Clone, Debug, Default)]
pub(super) struct Tensor {
    pub(super) dims: Vec<u64>,
    pub(super) data_type: u64,
    pub(super) data: Data,
    /// Where it begins in the model.
    pub(super) at: u64,
}

/// Where the elements of a tensor are.
#[derive(Clone, Debug, Default)]
pub(super) enum Data {
    /// In none of the fields that are read.
    #[default]
    Unread,
    /// In the model, as they lie in memory: where they begin and how many bytes there are.
    Here(u64, u64),
    /// In the model, as numbers of variable length: likewise.
    Numbers(u64, u64),
    /// In another file.
    Elsewhere(Elsewhere),
}

/// A part of another file.
#[derive(Clone, Debug, Default)]
pub(super) struct Elsewhere {
    pub(super) location: String,
    pub(super) offset: u64,
    /// Left out, it reaches to the end of the file.
    pub(super) length: Option<u64>,
}

#[derive(Debug, Default)]
pub(super) struct Graph {
    pub(super) nodes: Vec<Node>,
    pub(super) tensors: HashMap<String, Tensor>,
    /// For each name, the nodes that take it.
    users: HashMap<String, Vec<usize>>,
}

impl Node {
    /// The input at an index; none if it is left out.
    pub(super) fn input(&self, index: usize) -> Option<&String> {
        self.inputs.get(index).filter(|name| !name.is_empty())
    }

    /// The name of its first output.
    pub(super) fn output(&self) -> &str {
        self.outputs.first().map_or("", String::as_str)
    }

    /// An attribute that is a number.
    pub(super) fn integer(&self, key: &str, left_out: i64) -> i64 {
        self.integers.get(key).copied().unwrap_or(left_out)
    }
}

impl Graph {
    pub(super) fn read(source: &Source) -> Result<Self, FileError> {
        let mut graph = Self::default();
        for field in wire::fields(source, source.bytes(), 0)? {
            if field.number == number::MODEL_GRAPH {
                for field in wire::fields(source, bytes(source, field)?, field.at)? {
                    match field.number {
                        number::GRAPH_NODE => graph.node(source, field)?,
                        number::GRAPH_INITIALIZER => {
                            let (name, tensor) = tensor(source, field)?;
                            graph.tensors.insert(name, tensor);
                        }
                        _ => {}
                    }
                }
            }
        }
        let mut outputs = HashSet::new();
        for (index, node) in graph.nodes.iter().enumerate() {
            // What follows the users of outputs would otherwise follow those of a name as often as it is an output.
            if let Some(name) = node
                .outputs
                .iter()
                .find(|name| !name.is_empty() && !outputs.insert(*name))
            {
                let what =
                    format!("{name:?} is an output twice; every output of a graph has a name of its own");
                return Err(source.error(None, 0, Problem::Malformed(what)));
            }
            for input in &node.inputs {
                graph.users.entry(input.clone()).or_default().push(index);
            }
        }
        Ok(graph)
    }

    /// The nodes that take what has a name.
    pub(super) fn users(&self, name: &str) -> impl Iterator<Item = &Node> {
        let users = self.users.get(name).into_iter().flatten();
        users.filter_map(|index| self.nodes.get(*index))
    }

    /// The constant of one dimension that the only node behind a product adds to it, if all that is done to the product is that.
    pub(super) fn added(&self, product: &str) -> Option<String> {
        let mut users = self.users(product);
        let (Some(user), None) = (users.next(), users.next()) else {
            return None;
        };
        let other = user.inputs.iter().find(|input| *input != product)?;
        let is_vector = |name: &String| {
            self.tensors
                .get(name)
                .is_some_and(|tensor| tensor.dims.len() == 1)
        };
        (user.operation == "Add" && is_vector(other)).then(|| other.clone())
    }

    /// Reads a node. One that only holds a constant is none: its tensor is.
    fn node(&mut self, source: &Source, field: Field<'_>) -> Result<(), FileError> {
        let (mut node, mut constant) = (Node::default(), None);
        for field in wire::fields(source, bytes(source, field)?, field.at)? {
            match field.number {
                number::NODE_INPUT => node.inputs.push(text(source, field)?),
                number::NODE_OUTPUT => node.outputs.push(text(source, field)?),
                number::NODE_OP_TYPE => node.operation = text(source, field)?,
                number::NODE_ATTRIBUTE => {
                    let (mut name, mut list) = (String::new(), Vec::new());
                    let (mut integer, mut float) = (None, None);
                    for field in wire::fields(source, bytes(source, field)?, field.at)? {
                        match (field.number, field.value) {
                            (number::ATTRIBUTE_NAME, _) => name = text(source, field)?,
                            (number::ATTRIBUTE_FLOAT, Value::Fixed32(bits)) => {
                                float = Some(f32::from_bits(bits))
                            }
                            (number::ATTRIBUTE_INTEGER, Value::Integer(number)) => {
                                integer = Some(number.cast_signed())
                            }
                            (number::ATTRIBUTE_TENSOR, Value::Bytes(_)) => {
                                constant = Some(tensor(source, field)?.1)
                            }
                            (number::ATTRIBUTE_INTEGERS, value) => {
                                let numbers =
                                    wire::integers(value).ok_or_else(|| malformed(source, field))?;
                                list.extend(numbers.into_iter().map(u64::cast_signed));
                            }
                            _ => {}
                        }
                    }
                    node.integers.extend(integer.map(|value| (name.clone(), value)));
                    node.floats.extend(float.map(|value| (name.clone(), value)));
                    if !list.is_empty() {
                        node.lists.insert(name, list);
                    }
                }
                _ => {}
            }
        }
        match (constant, node.outputs.first()) {
            (Some(tensor), Some(name)) if node.operation == "Constant" => {
                self.tensors.insert(name.clone(), tensor);
            }
            _ => self.nodes.push(node),
        }
        Ok(())
    }
}

fn tensor(source: &Source, field: Field<'_>) -> Result<(String, Tensor), FileError> {
    let (mut name, mut tensor) = (String::new(), Tensor::default());
    tensor.at = field.at;
    let (mut elsewhere, mut is_elsewhere) = (Elsewhere::default(), false);
    for field in wire::fields(source, bytes(source, field)?, field.at)? {
        match (field.number, field.value) {
            (number::TENSOR_DIMS, value) => match wire::integers(value) {
                Some(dims) => tensor.dims.extend(dims),
                None => return Err(malformed(source, field)),
            },
            (number::TENSOR_DATA_TYPE, Value::Integer(number)) => tensor.data_type = number,
            (number::TENSOR_NAME, _) => name = text(source, field)?,
            (number::TENSOR_RAW_DATA | number::TENSOR_FLOAT_DATA, Value::Bytes(data)) => {
                tensor.data = Data::Here(field.at, data.len() as u64)
            }
            (number::TENSOR_INT32_DATA, Value::Bytes(data)) => {
                tensor.data = Data::Numbers(field.at, data.len() as u64)
            }
            (number::TENSOR_EXTERNAL_DATA, Value::Bytes(_)) => elsewhere.entry(source, field)?,
            (number::TENSOR_DATA_LOCATION, Value::Integer(location)) => is_elsewhere = location != 0,
            _ => {}
        }
    }
    if is_elsewhere {
        tensor.data = Data::Elsewhere(elsewhere);
    }
    Ok((name, tensor))
}

impl Elsewhere {
    /// Reads one of the pairs that say where data is.
    fn entry(&mut self, source: &Source, field: Field<'_>) -> Result<(), FileError> {
        let (mut key, mut value) = (String::new(), String::new());
        for field in wire::fields(source, bytes(source, field)?, field.at)? {
            match field.number {
                number::ENTRY_KEY => key = text(source, field)?,
                number::ENTRY_VALUE => value = text(source, field)?,
                _ => {}
            }
        }
        let number = || {
            value.parse().map_err(|_| {
                let what = format!("{key} of data in another file is {value:?}; it is a number of bytes");
                source.error(None, field.at, Problem::Malformed(what))
            })
        };
        match key.as_str() {
            "offset" => self.offset = number()?,
            "length" => self.length = Some(number()?),
            "location" => self.location = value,
            _ => {}
        }
        Ok(())
    }
}

fn bytes<'a>(source: &Source, field: Field<'a>) -> Result<&'a [u8], FileError> {
    match field.value {
        Value::Bytes(bytes) => Ok(bytes),
        Value::Integer(_) | Value::Fixed32(_) | Value::Fixed64 => Err(malformed(source, field)),
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
