//! The vocabulary that the generator and the runtime of q4-kernel share.
//!
//! Everything that host code and WGSL must agree on stands here, once: the [weight layout](layout), the [`Params`] uniform,
//! what a kernel [`Variant`] is, which [shapes](Constraints) it serves, how it is [dispatched](Dispatch), what it
//! [needs](Needs) of a device and how exact it is ([`NumericClass`]). The generator renders templates from these values, the
//! runtime dispatches by them.
#![forbid(unsafe_code)]

mod configuration;
mod constraints;
mod digest;
mod dispatch;
mod encoding;
mod geometry;
mod input_format;
pub mod layout;
mod needs;
mod numeric;
mod params;
mod precedence;
mod scales;
mod shape;
pub mod tuning;
mod variant;
mod work;

pub use configuration::{Bias, Configuration, GroupSize, Route};
pub use constraints::{Constraints, Refusal, RowsServed};
pub use digest::sha256;
pub use dispatch::{Dispatch, TooManyWorkgroups};
pub use encoding::{Encoding, WeightFormat};
pub use geometry::{
    Coop4, Gemm, Gemv, Geometry, HeldMatrix, KAlignment, Matrix, MatrixSide, PanelBarrier, PanelMatrix,
    Reduction, Skinny, SkinnyMatrix, Staged, Stream, load,
};
pub use input_format::InputFormat;
pub use needs::{Feature, Needs};
pub use numeric::{NumericClass, Tolerance};
pub use params::{ParamField, Params};
pub use precedence::Precedence;
pub use scales::{ScaleFormat, ScaleLayout, ScaleOrder};
pub use shape::Shape;
pub use variant::{GeneratedKernel, Variant};
pub use work::Work;

/// The environment variable that names a folder for what builds generate and runs compile.
pub const DUMP_VARIABLE: &str = "Q4_DUMP";
