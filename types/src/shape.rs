//! The size of one multiplication.

use core::fmt;

/// The size of one multiplication `y[M, N] = x[M, K] * W[N, K]^T` and the group size of its weights.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Shape {
    /// Rows of the input and the output.
    pub m: u32,
    /// Output features: rows of the weight, columns of the output.
    pub n: u32,
    /// Input features: columns of the weight and of the input.
    pub k: u32,
    /// Consecutive `k` that share one scale.
    pub group_size: u32,
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "M={} N={} K={} group_size={}",
            self.m, self.n, self.k, self.group_size
        )
    }
}
