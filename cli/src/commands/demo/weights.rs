//! Layers of a user's own file.

use std::{collections::HashSet, path::Path};

use q4_kernel::{
    LayerShape,
    reference::samples::{self, Data},
};
use q4_kernel_formats::{Matrix, Model, Problem, Quantizer, Stored};

use crate::{data::DemoLayer, failure::Failure, serving::variants_for};

/// Rows of random input; they repeat beyond.
const ROWS: u32 = 16;

/// What is run of a file.
pub(super) struct OfFile {
    pub(super) layers: Vec<DemoLayer>,
    /// What there is to say of them.
    pub(super) note: Option<String>,
}

/// The matrix of a name, or else the first of each format and shape that kernels multiply by as it is. Where there are none but floats, those, quantised here.
pub(super) fn layers(file: &Path, tensor: Option<&str>) -> Result<OfFile, Failure> {
    let model = Model::open(file)?;
    let layers = match tensor {
        Some(name) => {
            // Where there is no such matrix, loading it says which name is meant.
            let stored = model.load(name)?;
            let matrix = model.matrices().iter().find(|matrix| matrix.name == name);
            let layer = matrix.map(|matrix| layer(matrix, stored)).transpose()?;
            layer.into_iter().collect()
        }
        None => {
            let layers = first_of_each(&model, |matrix| variants_for(matrix).next().is_some())?;
            if layers.is_empty() {
                first_of_each(&model, |matrix| matrix.weights.is_none())?
            } else {
                layers
            }
        }
    };
    if layers.is_empty() {
        return Err(Failure::Unserved(format!(
            "no matrix of {} can be run or quantised; `q4 inspect {}` lists them",
            file.display(),
            shell(file)
        )));
    }
    let here = layers.iter().any(|layer| layer.quantised.starts_with(HERE));
    let note = here.then(|| {
        let output = file.with_extension("q4.safetensors");
        format!(
            "Floats were quantised here; `q4 convert {} -o {}` writes a file of four bits.",
            shell(file),
            shell(&output)
        )
    });
    Ok(OfFile { layers, note })
}

/// The first of each format and shape among some matrices. Those that no decoder reads are passed over.
fn first_of_each(model: &Model, among: impl Fn(&Matrix) -> bool) -> Result<Vec<DemoLayer>, Failure> {
    let mut seen = HashSet::new();
    let mut layers = Vec::new();
    for matrix in model.matrices() {
        if among(matrix) && seen.insert((&matrix.format, matrix.n, matrix.k)) {
            match model.load(&matrix.name) {
                Ok(stored) => layers.push(layer(matrix, stored)?),
                Err(error) if matches!(error.problem, Problem::Unsupported(_)) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }
    Ok(layers)
}

/// A path as a shell takes it for one word.
fn shell(path: &Path) -> String {
    let path = path.display().to_string();
    let plain = |character: char| character.is_alphanumeric() || "/._-+:\\".contains(character);
    if path.chars().all(plain) && !path.starts_with('-') {
        return path;
    }
    format!("'{}'", path.replace('\'', r"'\''"))
}

/// What the remark begins with on who quantised a layer, where this program did.
const HERE: &str = "here";
/// The group size of what is quantised here: the commonest.
const GROUP_SIZE: u32 = 32;

fn layer(matrix: &Matrix, stored: Stored<'_>) -> Result<DemoLayer, Failure> {
    let (layer, quantised) = match stored {
        Stored::Quantized(layer) => (layer.into_owned(), matrix.format.clone()),
        Stored::Plain(plain) => {
            let layer = plain
                .quantize(Quantizer::Nearest, GROUP_SIZE)
                .map_err(|error| Failure::Unserved(format!("{}: {error}", matrix.name)))?;
            (layer, format!("{HERE}, from {}", matrix.format))
        }
    };
    let LayerShape { k, .. } = layer.shape();
    let one = LayerShape {
        n: 1,
        k,
        group_size: k,
    };
    let x = samples::sample(ROWS, one, false, Data::Random { seed: 1 }).map(|sample| sample.x);
    Ok(DemoLayer {
        name: matrix.name.clone().into(),
        meaning: "random inputs".into(),
        quantised: quantised.into(),
        layer,
        x: x.ok_or_else(|| Failure::Unserved(format!("{} is wider than memory", matrix.name)))?,
        outputs: None,
    })
}
