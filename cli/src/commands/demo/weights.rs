//! Layers of a user's own file.

use std::{collections::HashSet, path::Path};

use q4_kernel::{
    LayerShape,
    reference::samples::{self, Data},
};
use q4_kernel_formats::{Matrix, Model, Stored};

use crate::{data::DemoLayer, failure::Failure};

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
        return Ok(vec![layer(&model, matrix)?]);
    }
    let mut seen = HashSet::new();
    let layers = model
        .matrices()
        .iter()
        .filter(|matrix| runs(matrix) && seen.insert((&matrix.format, matrix.n, matrix.k)))
        .map(|matrix| layer(&model, matrix))
        .collect::<Result<Vec<_>, _>>()?;
    if layers.is_empty() {
        return Err(Failure::Unserved(format!(
            "no matrix of {} can be run as it is; `q4 inspect` lists them, `q4 convert --format symmetric` makes others of them",
            file.display()
        )));
    }
    Ok(layers)
}

/// Whether kernels multiply by a matrix as it is.
fn runs(matrix: &Matrix) -> bool {
    matrix.encoding.is_some()
}

fn layer(model: &Model, matrix: &Matrix) -> Result<DemoLayer, Failure> {
    let layer = match model.load(&matrix.name)? {
        Stored::Quantized(layer) => layer.into_owned(),
        _ => {
            return Err(Failure::Unserved(format!(
                "{} is {}, which no kernel multiplies by as it is; `q4 convert --format symmetric` makes another of it",
                matrix.name, matrix.format
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
