//! Layers of a user's own file.

use std::{collections::HashSet, path::Path};

use q4_kernel::{
    LayerShape,
    reference::samples::{self, Data},
};
use q4_kernel_formats::{Matrix, Model, Stored};

use crate::{data::DemoLayer, failure::Failure, serving::variants_for};

/// Rows of random input; they repeat beyond.
const ROWS: u32 = 16;

/// The matrix of a name, or else the first of each format and shape that kernels multiply by as it is.
pub(super) fn layers(file: &Path, tensor: Option<&str>) -> Result<Vec<DemoLayer>, Failure> {
    let model = Model::open(file)?;
    if let Some(name) = tensor {
        let Some(matrix) = model.matrices().iter().find(|matrix| matrix.name == name) else {
            // Loading it says which name is meant.
            model.load(name)?;
            return Ok(Vec::new());
        };
        return Ok(vec![layer(&model, matrix, file)?]);
    }
    let mut seen = HashSet::new();
    let layers = model
        .matrices()
        .iter()
        .filter(|matrix| {
            variants_for(matrix).next().is_some() && seen.insert((&matrix.format, matrix.n, matrix.k))
        })
        .map(|matrix| layer(&model, matrix, file))
        .collect::<Result<Vec<_>, _>>()?;
    if layers.is_empty() {
        return Err(Failure::Unserved(format!(
            "no matrix of {0} can be run as it is; `q4 inspect {1}` lists them, `{2}` makes others of them",
            file.display(),
            shell(file),
            symmetric(file)
        )));
    }
    Ok(layers)
}

/// The command that makes a file of matrices that can be run of any.
fn symmetric(file: &Path) -> String {
    let output = file.with_extension("q4.safetensors");
    format!(
        "q4 convert {} -o {} --format symmetric",
        shell(file),
        shell(&output)
    )
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

fn layer(model: &Model, matrix: &Matrix, file: &Path) -> Result<DemoLayer, Failure> {
    let layer = match model.load(&matrix.name)? {
        Stored::Quantized(layer) => layer.into_owned(),
        _ => {
            return Err(Failure::Unserved(format!(
                "{} is {}, which no kernel multiplies by as it is; `{}` makes another of it",
                matrix.name,
                matrix.format,
                symmetric(file)
            )));
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
        quantised: matrix.format.clone().into(),
        layer,
        x: x.ok_or_else(|| Failure::Unserved(format!("{} is wider than memory", matrix.name)))?,
        outputs: None,
    })
}
