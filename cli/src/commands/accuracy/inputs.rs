//! The inputs that errors of outputs are measured with: recorded ones, or random.

use std::{borrow::Cow, fs, path::Path};

use half::{bf16, f16};
use q4_kernel::{
    LayerShape,
    formats::Matrix,
    reference::samples::{self, Data},
};
use safetensors::{Dtype, SafeTensors, tensor::TensorView};

use crate::{cli::Accuracy, failure::Failure};

/// Where inputs come from.
#[derive(Debug)]
pub(super) enum Inputs {
    Random {
        rows: u32,
        seed: u64,
    },
    /// Every matrix of floats of a file, or the one that was named.
    Recorded(Vec<Recorded>),
}

/// A matrix of inputs.
#[derive(Debug)]
pub(super) struct Recorded {
    name: String,
    k: usize,
    /// `[M, K]`.
    x: Vec<f32>,
}

/// Inputs of a matrix, `[M, K]`, and what they are.
pub(super) struct Given<'a> {
    pub(super) name: &'a str,
    pub(super) x: Cow<'a, [f32]>,
}

/// What inputs are called that were recorded nowhere.
pub(super) const RANDOM: &str = "random";
/// What the name of recorded inputs has behind that of their layer.
const SUFFIX: &str = ".x";

impl Inputs {
    pub(super) fn of(arguments: &Accuracy) -> Result<Self, Failure> {
        match &arguments.activations {
            Some(file) => read(file, arguments.inputs.as_deref()).map(Self::Recorded),
            None => Ok(Self::Random {
                rows: arguments.rows,
                seed: arguments.seed,
            }),
        }
    }

    /// The inputs of a matrix: recorded under its name, or else the only ones that are as wide; none if there are no such.
    pub(super) fn for_matrix(&self, matrix: &Matrix) -> Result<Option<Given<'_>>, Failure> {
        let k = matrix.k as usize;
        let recorded = match self {
            Self::Random { rows, seed } => return random(*rows, *seed, matrix.k).map(Some),
            Self::Recorded(recorded) => recorded,
        };
        let is_named = |inputs: &&Recorded| {
            inputs.name == matrix.name || inputs.name.strip_suffix(SUFFIX) == Some(&matrix.name)
        };
        let wide: Vec<&Recorded> = recorded.iter().filter(|inputs| inputs.k == k).collect();
        let found = match (wide.iter().find(|inputs| is_named(inputs)), &wide[..]) {
            (Some(named), _) => named,
            (None, []) => return Ok(None),
            (None, [only]) => only,
            (None, several) => {
                let names: Vec<&str> = several.iter().map(|inputs| inputs.name.as_str()).collect();
                return Err(Failure::Unserved(format!(
                    "several matrices of the activations have the {k} columns of {name}: {}; none is named {name}{SUFFIX}, so name one with --inputs",
                    names.join(", "),
                    name = matrix.name
                )));
            }
        };
        Ok(Some(Given {
            name: &found.name,
            x: (&found.x[..]).into(),
        }))
    }
}

fn random(rows: u32, seed: u64, k: u32) -> Result<Given<'static>, Failure> {
    let one = LayerShape {
        n: 1,
        k,
        group_size: k,
    };
    let sample = samples::sample(rows, one, false, Data::Random { seed }).ok_or_else(|| {
        Failure::Unserved(format!(
            "{rows} rows of {k} inputs are more than memory holds; ask for fewer --rows"
        ))
    })?;
    Ok(Given {
        name: RANDOM,
        x: sample.x.into(),
    })
}

/// The matrices of floats of a safetensors file, or the one of a name.
fn read(path: &Path, wanted: Option<&str>) -> Result<Vec<Recorded>, Failure> {
    let refused = |what: String| Failure::Unserved(format!("{}: {what}", path.display()));
    let bytes =
        fs::read(path).map_err(|error| refused(format!("the activations cannot be read: {error}")))?;
    let file = SafeTensors::deserialize(&bytes).map_err(|error| {
        refused(format!(
            "the activations cannot be read: {error}; give a safetensors file of matrices [M, K]"
        ))
    })?;
    let mut recorded = Vec::new();
    let mut tensors = file.tensors();
    tensors.sort_by(|(a, _), (b, _)| a.cmp(b));
    for (name, tensor) in tensors {
        if wanted.is_some_and(|wanted| wanted != name) {
            continue;
        }
        if let (&[_, k], Some(x)) = (tensor.shape(), floats(&tensor))
            && k > 0
            && !x.is_empty()
        {
            if let Some(at) = x.iter().position(|value| !value.is_finite()) {
                let (row, column, value) = (at / k, at % k, x[at]);
                return Err(refused(format!(
                    "{name}[{row}, {column}] is {value}; inputs are finite"
                )));
            }
            recorded.push(Recorded { name, k, x });
        }
    }
    match (recorded.is_empty(), wanted) {
        (false, _) => Ok(recorded),
        (true, Some(wanted)) => Err(refused(format!("there is no matrix of floats named {wanted:?}"))),
        (true, None) => Err(refused(
            "there is no matrix [M, K] of f32, f16 or bf16 to take as activations".to_owned(),
        )),
    }
}

/// The elements of a tensor of floats; none of others.
fn floats(tensor: &TensorView<'_>) -> Option<Vec<f32>> {
    let data = tensor.data();
    Some(match tensor.dtype() {
        Dtype::F32 => data
            .as_chunks()
            .0
            .iter()
            .map(|b| f32::from_le_bytes(*b))
            .collect(),
        Dtype::F16 => data
            .as_chunks()
            .0
            .iter()
            .map(|b| f16::from_le_bytes(*b).to_f32())
            .collect(),
        Dtype::BF16 => data
            .as_chunks()
            .0
            .iter()
            .map(|b| bf16::from_le_bytes(*b).to_f32())
            .collect(),
        _ => return None,
    })
}
