//! The project's own layout: a safetensors file whose tensors lie as devices take them.
//!
//! The metadata has the version under `q4_kernel.version`, and under `q4_kernel.matrices` a list of [`Entry`](entry::Entry) in JSON. A matrix `NAME` has these tensors, of which
//! those that its encoding does not use are absent:
//!
//! | tensor | type and shape |
//! |---|---|
//! | `NAME.q4.weight` | u8 `[N, ceil(K/2)]`, even k in the low nibble |
//! | `NAME.q4.scales` | `[groups, padded_N]` in the entry's scale format; formats of 8 bits as u8 |
//! | `NAME.q4.zero_points` | u8 `[groups, padded_N]` |
//! | `NAME.q4.minimums` | f32 `[groups, padded_N]` |
//! | `NAME.q4.codebook` | f32 `[17]`: sixteen levels and what all are multiplied by |
//! | `NAME.q4.bias` | f32 `[N]` |
//! | `NAME.q4.input_order` | u32 `[K]` |

mod entry;
mod read;
mod write;

pub(crate) use read::{File, recognises};
pub use write::{Conversion, ConvertError, Quantizer};

/// The version of the layout that is written, and the one that is read.
const VERSION: &str = "1";
const VERSION_KEY: &str = "q4_kernel.version";
const MATRICES_KEY: &str = "q4_kernel.matrices";
