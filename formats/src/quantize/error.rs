//! What quantising costs, and why it cannot be done.

use crate::{LayoutError, PackError, Quantized};

/// Why weights cannot be quantised.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum QuantizeError {
    /// The number of weights is not N x K.
    #[error(transparent)]
    Length(#[from] PackError),
    /// A dimension is 0.
    #[error(transparent)]
    Layout(#[from] LayoutError),
    /// A weight is NaN or infinite.
    #[error("the weight at row {row}, k {k} is {value}; only finite weights can be quantised")]
    NotFinite {
        /// Row.
        row: usize,
        /// Place in the row.
        k: usize,
        /// The weight.
        value: f32,
    },
    /// The importance of the input features is not one number for each, or one of them is negative, NaN or infinite.
    #[error(
        "{given} importances were given, and K={k}; give one finite number that is not negative for each input feature"
    )]
    Importance {
        /// Numbers given.
        given: usize,
        /// Input features.
        k: u32,
    },
}

/// How far a layer is from the `[N, K]` weights that it was made of: the Frobenius norm of the difference, as a share of that of the weights. 0 for
/// equal ones, of whatever size; infinite where weights that are all 0 became others.
#[must_use]
pub fn relative_error(weights: &[f32], layer: &Quantized<'_>) -> f64 {
    let k = layer.shape().k as usize;
    let rows = (0..layer.shape().n).filter_map(|n| layer.dequantized_row(n));
    let (mut missed, mut all) = (0.0, 0.0);
    for (exact, got) in weights.chunks(k).zip(rows) {
        for (exact, got) in exact.iter().zip(got) {
            missed += (f64::from(*exact) - f64::from(got)).powi(2);
            all += f64::from(*exact).powi(2);
        }
    }
    if missed == 0.0 { 0.0 } else { (missed / all).sqrt() }
}
