#![doc = include_str!("../README.md")]
#![cfg_attr(
    target_arch = "wasm32",
    allow(
        clippy::arc_with_non_send_sync,
        reason = "a browser's objects stay on their thread, and elsewhere the same types are shared between threads"
    )
)]

mod catalogue;
pub mod conformance;
mod error;
mod gpu;
mod kernels;
mod linear;
mod operand;
pub mod reference;
mod rows;
mod trusted;
pub mod tuning;
mod verified;
mod weights;

pub use catalogue::{catalogue, standard, standard_of, variant};
pub use error::{DispatchError, KernelError, Mismatch, RuledOut, Unserved, UploadError};
#[cfg(not(target_arch = "wasm32"))]
pub use gpu::adapters;
pub use gpu::{
    AdapterError, AdapterReport, BufferError, Capabilities, Gpu, GpuError, GpuOptions, PipelineCacheDir,
    ReadBackError, Unmet,
};
pub use kernels::{Kernels, Layer};
pub use linear::{Call, Considered, Linear, RouteSource, Routing, Verdict};
pub use operand::Operand;
pub use q4_kernel_formats::{
    self as formats, Codebook, Decoding, FileError, LayerShape, LayoutError, Model, Parts, Quantized, Stored,
};
pub use q4_kernel_types::{
    Bias, Configuration, Constraints, Coop4, Dispatch, Encoding, Feature, Gemm, Gemv, GeneratedKernel,
    Geometry, GroupSize, HeldMatrix, InputFormat, KAlignment, Matrix, MatrixSide, Needs, NumericClass,
    PanelBarrier, PanelMatrix, ParamField, Params, Precedence, Reduction, Refusal, Route, RowsServed,
    ScaleFormat, ScaleLayout, ScaleOrder, Shape, Skinny, SkinnyMatrix, Staged, Stream, Tolerance,
    TooManyWorkgroups, Variant, WeightFormat, Work, layout, load,
};
pub use rows::{OneRow, RowCount, Rows};
pub use tuning::{Tuning, TuningSource};
pub use weights::Weights;
pub use wgpu;

/// Describes linear layers and generates their kernels.
///
/// See the [crate documentation](crate) for an example. The fields of a kernel, of which only `format` is required:
///
/// | field | values | left out |
/// |---|---|---|
/// | `format` | `q4gsw { group_size: 32 }`; without the braces the group size comes with the weights | |
/// | | `symmetric`, `zero_point`, `minimum` or `codebook { group_size: 32, scales: f16 }`: weights of an [`Encoding`] | |
/// | | `gguf_q4_0`, `gguf_q4_1`, `gguf_q4_k`, `gguf_iq4_nl`, `gguf_iq4_xs`, `mxfp4`, `nvfp4`: what such files hold, group size and scales included | |
/// | | `mlx`, `gptq`, `awq`, `compressed_tensors`, `onnx { group_size: 64, scales: bf16 }`, `nf4`, `fp4 { group_size: 64 }` | |
/// | `k`, `n` | input and output features | come with the weights |
/// | `bias` | `optional`, `never`, `always` | `optional`: added if the weights have one |
/// | `numeric` | `exact`: f32 multiply and accumulate; `f16_multiply`: operands may be rounded to f16; `int8_activations`: inputs to 8 bits | `exact` |
/// | `scales` | `f32`, `f16`, `bf16`, each also as `f16 { order: groups }`: how scales are stored on the device; `e8m0` and `e4m3` round nothing | as the format has them, by column |
/// | `decode` | `stream { width: 256, columns: 4, split: 1, held: 128, slices: never, workgroups: 264, reduction: subgroup }`: the kernel for one row | chosen |
/// | | `gemv { width: 128, columns: 8, resident: 1, staged: never, workgroups: 2112, reduction: subgroup }`: without the workgroup memory |
/// | | `coop4 { width: 64, columns: 8, words: 1, reduction: subgroup }`: as the first implementation had it | |
/// | `few` | `stream { width: 512, columns: 4, workgroups: 132, reduction: subgroup }`: the kernels for 2 to 4 rows, more go to the next | chosen |
/// | | `skinny { width: 128, columns: 32, lane_columns: 4, words: 2, staged: always, reduction: subgroup }`: the kernels for 2 to 16 rows | |
/// | | `held_matrix { subgroups: 16, held: 16, workgroups: 132 }`: the same with cooperative matrices, where `numeric` is `f16_multiply` | |
/// | `prefill` | `staged { m: 128, n: 64, k: 16, rows: 8, columns: 8, teams: 1, ahead: never }`: the kernel for more rows, from workgroup memory; teams divide K, for few rows; with `ahead: always` the next operands are loaded while these are multiplied | chosen |
/// | | `matrix { m: 128, n: 128, k: 64, subgroup_m: 64, subgroup_n: 32, side: 16, buffers: 1 }`: with cooperative matrices, where `numeric` is `f16_multiply` | |
/// | | `panel_matrix { m: 128, n: 256, k: 32, inputs: f32, panels: 1, barrier: subgroup, teams: 1 }`: as `matrix`, each subgroup with columns of its own; with `inputs: f16` a pass before it rounds the inputs, once for all; teams divide K, for few rows | |
/// | | `tile { m: 64, n: 64, k: 16, rows: 4, columns: 4 }`: from registers | |
///
/// One call can describe several kernels. Crates that re-export this one put `crate = path::to::it;` before the first.
#[macro_export]
macro_rules! q4_kernel {
    ($($description:tt)*) => {
        $crate::__private::q4_kernel! { [$crate] $($description)* }
    };
}

/// What the macro's output names. Not for direct use, and not covered by version promises.
#[doc(hidden)]
pub mod __private {
    pub use core::{convert::Into, option::Option::None, result::Result};
    pub use std::borrow::Cow;

    pub use q4_kernel_macros::q4_kernel;
    pub use wgpu;
}
