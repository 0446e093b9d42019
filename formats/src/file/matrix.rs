//! Matrices as a file lists them and as they are loaded.

use std::borrow::Cow;

use q4_kernel_types::WeightFormat;

use crate::{LayerShape, QuantizeError, Quantized, Quantizer};

/// What a file says of one matrix, before its data is touched.
#[derive(Clone, Debug, PartialEq)]
pub struct Matrix {
    /// The name of the layer: that of the tensor, less the word for the weight.
    pub name: String,
    /// The format that the file has it in, in the words of the tool that made it.
    pub format: String,
    /// Output features.
    pub n: u32,
    /// Input features.
    pub k: u32,
    /// Consecutive input features that share a scale; none in plain matrices.
    pub group_size: Option<u32>,
    /// What kernels must know of it, as far as the index tells: where [`Quantized::format`] finds another once the data is read, it is one that holds this.
    /// None if it is not of four bits, or no decoder reads it.
    pub weights: Option<WeightFormat>,
    /// Whether the file has a bias for it.
    pub bias: bool,
    /// Bytes of the file that it takes, scales and the like included, its bias not.
    pub bytes: u64,
}

/// The weights of one matrix, in the form that the file has them.
#[derive(Clone, Debug, PartialEq)]
pub enum Stored<'a> {
    /// Four bits each.
    Quantized(Quantized<'a>),
    /// More than four bits each: they are dequantised, and can be quantised.
    Plain(Plain<'a>),
}

/// A matrix of floats.
#[derive(Clone, Debug, PartialEq)]
pub struct Plain<'a> {
    /// Output features.
    pub n: u32,
    /// Input features.
    pub k: u32,
    /// `[N, K]`.
    pub weights: Cow<'a, [f32]>,
    /// N values.
    pub bias: Option<Cow<'a, [f32]>>,
}

impl Matrix {
    /// Bits of the file for each weight, scales and the like included.
    #[must_use]
    pub fn bits_per_weight(&self) -> f64 {
        self.bytes as f64 * 8.0 / (f64::from(self.n) * f64::from(self.k))
    }
}

impl Plain<'_> {
    /// The matrix in four bits, with its bias.
    ///
    /// # Errors
    /// If the group size is 0, or a weight is NaN or infinite.
    pub fn quantize(
        &self,
        quantizer: Quantizer,
        group_size: u32,
    ) -> Result<Quantized<'static>, QuantizeError> {
        let (n, k) = (self.n, self.k);
        let layer = quantizer.quantize(&self.weights, LayerShape { n, k, group_size })?;
        Ok(match &self.bias {
            Some(bias) => layer.with_bias(bias.to_vec())?,
            None => layer,
        })
    }
}

impl Stored<'_> {
    /// The same matrix in floats: the weights that [`Stored::row`] gives.
    #[must_use]
    pub fn dequantized(&self) -> Plain<'_> {
        let (n, k) = self.size();
        Plain {
            n,
            k,
            weights: match self {
                Self::Quantized(layer) => {
                    let rows = (0..n).filter_map(|row| layer.dequantized_row(row));
                    rows.flatten().collect()
                }
                Self::Plain(plain) => Cow::Borrowed(&plain.weights),
            },
            bias: self.bias().map(Cow::Borrowed),
        }
    }

    /// Output and input features.
    #[must_use]
    pub fn size(&self) -> (u32, u32) {
        match self {
            Self::Quantized(layer) => (layer.shape().n, layer.shape().k),
            Self::Plain(plain) => (plain.n, plain.k),
        }
    }

    /// Bias, N values.
    #[must_use]
    pub fn bias(&self) -> Option<&[f32]> {
        match self {
            Self::Quantized(layer) => layer.bias(),
            Self::Plain(plain) => plain.bias.as_deref(),
        }
    }

    /// The `K` weights of one output feature as the tool that wrote the file dequantises them. `None` if there is no such row.
    #[must_use]
    pub fn row(&self, n: u32) -> Option<Cow<'_, [f32]>> {
        match self {
            Self::Quantized(layer) => layer.dequantized_row(n).map(Cow::Owned),
            Self::Plain(plain) => {
                let mut rows = plain.weights.chunks_exact(plain.k.max(1) as usize);
                rows.nth(n as usize).map(Cow::Borrowed)
            }
        }
    }
}
