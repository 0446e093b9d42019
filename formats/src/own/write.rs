//! Converting a file of any kind to the project's own layout.

use std::{borrow::Cow, io};

use q4_kernel_types::{ScaleLayout, ScaleOrder};
use serde_json::{Map, Value, json};

use super::{
    MATRICES_KEY, VERSION, VERSION_KEY,
    entry::{Entry, Part},
};
use crate::{
    Decoding, FileError, LayerShape, Matrix, Model, QuantizeError, Quantized, Stored, quantize,
    quantize_least_squares, relative_error,
};

/// How matrices are converted.
#[derive(Clone, Copy, Debug)]
pub struct Conversion {
    /// How matrices that are not of four bits are quantised, and all others where `requantize` says so.
    pub quantizer: Quantizer,
    /// The group size of what is quantised.
    pub group_size: u32,
    /// Whether matrices of four bits are dequantised and quantised anew, so that all are symmetric. Others keep every bit.
    pub requantize: bool,
}

/// A way to quantise floats.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quantizer {
    /// [`quantize`](fn@quantize): round to nearest.
    Nearest,
    /// [`quantize_least_squares`]: a search for each group.
    LeastSquares,
}

impl Quantizer {
    /// Quantises `[N, K]` floats.
    ///
    /// # Errors
    /// If there are not N x K of them, or one is NaN or infinite.
    pub fn quantize(self, weights: &[f32], shape: LayerShape) -> Result<Quantized<'static>, QuantizeError> {
        match self {
            Self::Nearest => quantize(weights, shape),
            Self::LeastSquares => quantize_least_squares(weights, shape, None),
        }
    }

    /// What it does, in two words.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Nearest => "nearest",
            Self::LeastSquares => "least squares",
        }
    }
}

/// Why a file cannot be converted.
#[derive(Debug, thiserror::Error)]
pub enum ConvertError {
    /// The file that is read is damaged.
    #[error(transparent)]
    Read(#[from] FileError),
    /// A matrix cannot be quantised.
    #[error("{name}: {error}")]
    Quantize {
        /// The matrix.
        name: String,
        /// Why.
        error: QuantizeError,
    },
    /// The converted file cannot be written.
    #[error("the converted file could not be written: {0}")]
    Write(#[from] io::Error),
    /// A matrix has another description when it is read again.
    #[error("{name}: the file was changed while it was converted; convert it again")]
    Changed {
        /// The matrix.
        name: String,
    },
}

impl Conversion {
    /// Writes every matrix of a file. Each is loaded twice, once for the header and once for its data, so that no two are in memory at a time.
    /// `done` is told each matrix whose data is written, with the [relative error](relative_error) of those that were quantised.
    ///
    /// # Errors
    /// If a matrix cannot be loaded or quantised, or `out` refuses.
    pub fn write(
        &self,
        model: &Model,
        out: &mut impl io::Write,
        mut done: impl FnMut(&Matrix, Option<f64>),
    ) -> Result<(), ConvertError> {
        let entries = model
            .matrices()
            .iter()
            .map(|matrix| self.entry(model, matrix))
            .collect::<Result<Vec<_>, _>>()?;
        out.write_all(&header(&entries)?)?;
        for (matrix, entry) in model.matrices().iter().zip(&entries) {
            let (layer, error) = self.layer(model, matrix)?;
            if Entry::of(&matrix.name, &matrix.format, &layer) != *entry {
                return Err(ConvertError::Changed {
                    name: matrix.name.clone(),
                });
            }
            for tensor in entry.tensors().unwrap_or_default() {
                out.write_all(&data(&layer, tensor.part))?;
            }
            done(matrix, error);
        }
        Ok(())
    }

    /// What the header says of a matrix. Floats need not be quantised for that.
    fn entry(&self, model: &Model, matrix: &Matrix) -> Result<Entry, ConvertError> {
        if matrix.weights.is_some() && !self.requantize {
            let (layer, _) = self.layer(model, matrix)?;
            return Ok(Entry::of(&matrix.name, &matrix.format, &layer));
        }
        Ok(Entry {
            name: matrix.name.clone(),
            source: matrix.format.clone(),
            n: matrix.n,
            k: matrix.k,
            group_size: self.group_size,
            encoding: q4_kernel_types::Encoding::Symmetric.name().to_owned(),
            scale_format: q4_kernel_types::ScaleFormat::F32.name().to_owned(),
            bias: matrix.bias,
            input_order: false,
        })
    }

    /// A matrix as it is written, and its error if it was quantised.
    fn layer<'a>(
        &self,
        model: &'a Model,
        matrix: &Matrix,
    ) -> Result<(Quantized<'a>, Option<f64>), ConvertError> {
        let stored = match model.load(&matrix.name)? {
            Stored::Quantized(layer) if !self.requantize => return Ok((layer, None)),
            stored => stored,
        };
        let plain = stored.dequantized();
        let layer =
            plain
                .quantize(self.quantizer, self.group_size)
                .map_err(|error| ConvertError::Quantize {
                    name: matrix.name.clone(),
                    error,
                })?;
        let error = relative_error(&plain.weights, &layer);
        Ok((layer, Some(error)))
    }
}

/// The header of a safetensors file: its length in eight bytes, JSON, and spaces to a multiple of eight.
fn header(entries: &[Entry]) -> Result<Vec<u8>, ConvertError> {
    let metadata = json!({
        VERSION_KEY: VERSION,
        MATRICES_KEY: serde_json::to_string(entries).map_err(io::Error::from)?,
    });
    let mut tensors = Map::new();
    tensors.insert("__metadata__".to_owned(), metadata);
    let mut end = 0_u64;
    for tensor in entries.iter().filter_map(Entry::tensors).flatten() {
        let begin = end;
        // The data of all is in memory, or in a file that was opened.
        end = end.saturating_add(tensor.bytes().unwrap_or(u64::MAX));
        let description: Value = json!({
            "dtype": tensor.dtype,
            "shape": tensor.shape,
            "data_offsets": [begin, end],
        });
        tensors.insert(tensor.name, description);
    }
    let mut text = serde_json::to_vec(&tensors).map_err(io::Error::from)?;
    text.resize(text.len().next_multiple_of(8), b' ');
    let mut header = (text.len() as u64).to_le_bytes().to_vec();
    header.append(&mut text);
    Ok(header)
}

/// The bytes of one tensor.
fn data<'a>(layer: &'a Quantized<'_>, part: Part) -> Cow<'a, [u8]> {
    match (part, layer.decoding()) {
        (Part::Weight, _) => Cow::Borrowed(layer.weight()),
        (Part::Scales, _) => layer.stored_scales(ScaleLayout {
            format: layer.format().scales,
            order: ScaleOrder::Groups,
        }),
        (Part::ZeroPoints, Decoding::ZeroPoint(zeros)) => Cow::Borrowed(zeros),
        (Part::Minimums, Decoding::Minimum(minimums)) => floats(minimums.iter().copied()),
        (Part::Codebook, Decoding::Codebook(codebook)) => {
            floats(codebook.levels.into_iter().chain([codebook.tensor_scale]))
        }
        (Part::Bias, _) => floats(layer.bias().unwrap_or_default().iter().copied()),
        (Part::InputOrder, _) => {
            let order = layer.input_order().unwrap_or_default();
            order.iter().flat_map(|feature| feature.to_le_bytes()).collect()
        }
        // Entries and layers agree on the encoding.
        (Part::ZeroPoints | Part::Minimums | Part::Codebook, _) => Cow::default(),
    }
}

fn floats(values: impl Iterator<Item = f32>) -> Cow<'static, [u8]> {
    values.flat_map(f32::to_le_bytes).collect()
}
