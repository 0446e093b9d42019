//! The layers of the demo, embedded. `data/README.md` says where they come from.

use std::borrow::Cow;

use q4_kernel::{
    LayerShape, LayoutError, Quantized,
    reference::{QuantizeError, quantize},
};
use safetensors::{Dtype, SafeTensorError, SafeTensors, tensor::TensorView};

const EMBEDDED: &[u8] = include_bytes!("../data/minilm.safetensors");

/// What the layers are from.
pub(crate) const MODEL: &str = "sentence-transformers/all-MiniLM-L6-v2, encoder layer 0";

/// A layer and inputs that were recorded in front of it.
#[derive(Debug)]
pub(crate) struct DemoLayer {
    pub(crate) name: Cow<'static, str>,
    pub(crate) meaning: Cow<'static, str>,
    /// Who quantised it.
    pub(crate) quantised: Cow<'static, str>,
    pub(crate) layer: Quantized<'static>,
    /// Recorded inputs, `[rows, K]`.
    pub(crate) x: Vec<f32>,
    /// Where the tool that quantised the layer says what it returns.
    pub(crate) outputs: Option<ToolOutputs>,
}

/// Outputs that another tool's reading of the weights gives.
#[derive(Debug)]
pub(crate) struct ToolOutputs {
    /// The rows of the recorded inputs.
    pub(crate) rows: Vec<usize>,
    /// `[rows, N]`.
    pub(crate) y: Vec<f64>,
}

/// Embedded data that cannot be used: a mistake in the build of this program.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DataError {
    #[error("the embedded layers cannot be read: {0}; build the program again from an undamaged checkout")]
    Container(#[from] SafeTensorError),
    #[error("the embedded tensor `{name}` is {dtype:?} {shape:?}, and {expected} was expected")]
    Tensor {
        name: String,
        dtype: Dtype,
        shape: Vec<usize>,
        expected: &'static str,
    },
    #[error("the embedded layer `{layer}` is damaged: {reason}")]
    Layer { layer: &'static str, reason: String },
}

impl DemoLayer {
    /// `rows` rows of input: the recorded ones, over and over.
    pub(crate) fn input(&self, rows: usize) -> Vec<f32> {
        self.x.iter().copied().cycle().take(rows * self.k()).collect()
    }

    /// These rows of the recorded inputs.
    pub(crate) fn rows(&self, rows: &[usize]) -> Vec<f32> {
        rows.iter()
            .flat_map(|row| &self.x[row * self.k()..][..self.k()])
            .copied()
            .collect()
    }

    /// How many rows were recorded.
    pub(crate) fn recorded(&self) -> usize {
        self.x.len() / self.k()
    }

    fn k(&self) -> usize {
        self.layer.shape().k as usize
    }
}

/// The layers, quantised.
pub(crate) fn layers() -> Result<Vec<DemoLayer>, DataError> {
    read(EMBEDDED)
}

fn read(file: &[u8]) -> Result<Vec<DemoLayer>, DataError> {
    let file = SafeTensors::deserialize(file)?;
    Ok(vec![
        trained(&file, "q", "attention query", 32)?,
        shipped(&file, "up", "feed-forward up")?,
        trained(&file, "down", "feed-forward down, the first 64 outputs", 128)?,
    ])
}

/// A layer of trained weights, quantised here.
fn trained(
    file: &SafeTensors<'_>,
    name: &'static str,
    meaning: &'static str,
    group_size: u32,
) -> Result<DemoLayer, DataError> {
    let damaged = |reason: String| DataError::Layer { layer: name, reason };
    let (weights, [n, k]) = matrix(
        file,
        &format!("{name}.weight"),
        f32::from_le_bytes,
        Dtype::F32,
        "F32 [N, K]",
    )?;
    let layer = quantize(&weights, LayerShape { n, k, group_size })
        .map_err(|error: QuantizeError| damaged(error.to_string()))?
        .with_bias(vector(file, &format!("{name}.bias"))?)
        .map_err(|error: LayoutError| damaged(error.to_string()))?;
    let quantised = "here, round to nearest";
    let x = input(file, name, k)?;
    Ok(DemoLayer {
        name: name.into(),
        meaning: meaning.into(),
        quantised: quantised.into(),
        layer,
        x,
        outputs: None,
    })
}

/// A layer in the q4gsw layout, as another tool wrote it.
fn shipped(
    file: &SafeTensors<'_>,
    name: &'static str,
    meaning: &'static str,
) -> Result<DemoLayer, DataError> {
    let damaged = |reason: String| DataError::Layer { layer: name, reason };
    let (weight, [n, row]) = matrix(
        file,
        &format!("{name}.weight"),
        u8::from_le_bytes,
        Dtype::U8,
        "U8 [N, K / 2]",
    )?;
    let (scales, [groups, _]) = matrix(
        file,
        &format!("{name}.scales"),
        f32::from_le_bytes,
        Dtype::F32,
        "F32 [groups, padded N]",
    )?;
    let k = row.saturating_mul(2);
    let shape = LayerShape {
        n,
        k,
        group_size: k.checked_div(groups).unwrap_or_default(),
    };
    let bias = vector(file, &format!("{name}.bias"))?;
    let layer = Quantized::q4gsw(shape, weight, scales, Some(bias.into()))
        .map_err(|error| damaged(error.to_string()))?;

    let x = input(file, name, k)?;
    let (y, [_, columns]) = matrix(
        file,
        &format!("{name}.y"),
        f64::from_le_bytes,
        Dtype::F64,
        "F64 [rows, N]",
    )?;
    let index = format!("{name}.y_m_index");
    let rows: Vec<usize> = values(
        &tensor(file, &index)?,
        &index,
        i32::from_le_bytes,
        Dtype::I32,
        "I32 [rows]",
    )?
    .into_iter()
    .filter_map(|row| usize::try_from(row).ok())
    .collect();
    let recorded = x.len() / k as usize;
    if columns != n || rows.len() * n as usize != y.len() || rows.iter().any(|row| *row >= recorded) {
        return Err(damaged(format!(
            "`{index}` does not name the rows of `{name}.y` among {recorded} recorded ones"
        )));
    }
    let quantised = "by torchao and ExecuTorch";
    Ok(DemoLayer {
        name: name.into(),
        meaning: meaning.into(),
        quantised: quantised.into(),
        layer,
        x,
        outputs: Some(ToolOutputs { rows, y }),
    })
}

/// Recorded inputs, `[rows, k]`.
fn input(file: &SafeTensors<'_>, layer: &str, k: u32) -> Result<Vec<f32>, DataError> {
    let name = format!("{layer}.x");
    let (x, [_, columns]) = matrix(file, &name, f32::from_le_bytes, Dtype::F32, "F32 [rows, K]")?;
    if columns == k {
        Ok(x)
    } else {
        Err(unexpected(&tensor(file, &name)?, &name, "F32 [rows, K]"))
    }
}

fn vector(file: &SafeTensors<'_>, name: &str) -> Result<Vec<f32>, DataError> {
    values(
        &tensor(file, name)?,
        name,
        f32::from_le_bytes,
        Dtype::F32,
        "F32 [N]",
    )
}

/// A matrix and its size.
fn matrix<T, const BYTES: usize>(
    file: &SafeTensors<'_>,
    name: &str,
    from_le_bytes: fn([u8; BYTES]) -> T,
    dtype: Dtype,
    expected: &'static str,
) -> Result<(Vec<T>, [u32; 2]), DataError> {
    let view = tensor(file, name)?;
    let size = match *view.shape() {
        [rows, columns] => u32::try_from(rows).ok().zip(u32::try_from(columns).ok()),
        _ => None,
    };
    let (rows, columns) = size
        .filter(|(rows, columns)| *rows > 0 && *columns > 0)
        .ok_or_else(|| unexpected(&view, name, expected))?;
    Ok((
        values(&view, name, from_le_bytes, dtype, expected)?,
        [rows, columns],
    ))
}

/// The elements of a tensor. The container promises no alignment, so they are copied.
fn values<T, const BYTES: usize>(
    view: &TensorView<'_>,
    name: &str,
    from_le_bytes: fn([u8; BYTES]) -> T,
    dtype: Dtype,
    expected: &'static str,
) -> Result<Vec<T>, DataError> {
    let (elements, rest) = view.data().as_chunks::<BYTES>();
    if view.dtype() != dtype || !rest.is_empty() {
        return Err(unexpected(view, name, expected));
    }
    Ok(elements.iter().map(|bytes| from_le_bytes(*bytes)).collect())
}

fn tensor<'data>(file: &SafeTensors<'data>, name: &str) -> Result<TensorView<'data>, DataError> {
    Ok(file.tensor(name)?)
}

fn unexpected(view: &TensorView<'_>, name: &str, expected: &'static str) -> DataError {
    DataError::Tensor {
        name: name.to_owned(),
        dtype: view.dtype(),
        shape: view.shape().to_vec(),
        expected,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_embedded_layers_are_what_their_readme_says() {
        let layers = layers().unwrap();
        let shapes: Vec<_> = layers
            .iter()
            .map(|layer| (layer.name.as_ref(), layer.layer.shape()))
            .collect();
        let expected = [
            ("q", 384, 384, 32),
            ("up", 1536, 384, 64),
            ("down", 64, 1536, 128),
        ]
        .map(|(name, n, k, group_size)| (name, LayerShape { n, k, group_size }));
        assert_eq!(shapes, expected);
        for layer in &layers {
            assert_eq!(layer.recorded(), 150, "{}", layer.name);
            assert!(layer.layer.bias().is_some(), "{}", layer.name);
        }
        assert_eq!(layers[1].outputs.as_ref().unwrap().rows, [0, 7, 63, 149]);
    }

    #[test]
    fn rows_beyond_the_recorded_ones_repeat_them() {
        let layers = layers().unwrap();
        let [k, recorded] = [layers[0].k(), layers[0].recorded()];
        let x = layers[0].input(recorded + 2);
        assert_eq!(x.len(), (recorded + 2) * k);
        assert_eq!(x[recorded * k..], x[..2 * k]);
        assert_eq!(layers[0].rows(&[1, 0]), [&x[k..2 * k], &x[..k]].concat());
    }

    #[test]
    fn damage_is_reported_and_named() {
        let error = |file: &[u8]| read(file).unwrap_err().to_string();
        assert!(error(&EMBEDDED[..100]).starts_with("the embedded layers cannot be read: "));

        let renamed = replaced(b"\"q.bias\"", b"\"q.bios\"");
        assert!(error(&renamed).contains("q.bias"), "{}", error(&renamed));

        let other_type = replaced(b"\"q.bias\":{\"dtype\":\"F32\"", b"\"q.bias\":{\"dtype\":\"I32\"");
        assert_eq!(
            error(&other_type),
            "the embedded tensor `q.bias` is I32 [384], and F32 [N] was expected"
        );
    }

    fn replaced(from: &[u8], to: &[u8]) -> Vec<u8> {
        let mut file = EMBEDDED.to_vec();
        let at = file
            .windows(from.len())
            .position(|window| window == from)
            .unwrap();
        file[at..at + to.len()].copy_from_slice(to);
        file
    }
}
