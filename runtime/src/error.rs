//! What can go wrong, by what the user was doing.

use crate::{BufferError, Encoding, LayoutError, Refusal, Route, ScaleLayout, TooManyWorkgroups, Unmet};

/// Why a kernel could not be created.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KernelError {
    /// The device can run no variant of a route.
    #[error(
        "the device can run no {route} variant of `{kernel}`:\n{}\ncreate the device with more features or higher limits, or describe the \
         kernel with smaller tiles",
        unmet.iter().map(|(variant, unmet)| format!("  `{variant}`: {unmet}")).collect::<Vec<_>>().join("\n")
    )]
    NoVariant {
        /// The kernel.
        kernel: String,
        /// The route.
        route: Route,
        /// Every variant of the route, with what the device lacks for it.
        unmet: Vec<(String, Unmet)>,
    },
    /// The driver or wgpu refused a pipeline.
    #[error("the pipeline of `{variant}` was refused: {reason}")]
    Pipeline {
        /// The variant.
        variant: String,
        /// What was said.
        reason: String,
    },
    /// The device is gone.
    #[error("the device was lost ({reason}); open it again")]
    DeviceLost {
        /// Why, as far as known.
        reason: String,
    },
}

/// Why weights could not be uploaded.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum UploadError {
    /// The weights break the contract of their layout.
    #[error(transparent)]
    Layout(#[from] LayoutError),
    /// The weights are not those that the kernel was described for.
    #[error(transparent)]
    Mismatch(#[from] Mismatch),
    /// No variant serves such a layer on this device.
    #[error(transparent)]
    Unserved(#[from] Unserved),
    /// A kernel that serves the layer could not be compiled.
    #[error(transparent)]
    Kernel(#[from] KernelError),
    /// One column alone exceeds what the device can bind.
    #[error(
        "one column of K={k} weights and its scales take {bytes} bytes, and the device binds at most {limit}; \
         split the layer along K, or ask for a higher max_storage_buffer_binding_size where the adapter has one"
    )]
    ColumnTooLarge {
        /// Input features.
        k: u32,
        /// Bytes of the larger of the two.
        bytes: u64,
        /// The limit.
        limit: u64,
    },
    /// No buffer for the weights.
    #[error(transparent)]
    Buffer(#[from] BufferError),
}

/// Why a multiplication could not be recorded.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum DispatchError {
    /// M is 0.
    #[error("0 rows were to be multiplied; leave the dispatch out where there is nothing to do")]
    NoRows,
    /// The weights belong to another device.
    #[error("the weights were uploaded to another device than the kernel's; upload them through this kernel")]
    OtherDevice,
    /// The weights are not those that the kernel was described for.
    #[error(transparent)]
    Mismatch(#[from] Mismatch),
    /// No variant serves such a layer on this device.
    #[error(transparent)]
    Unserved(#[from] Unserved),
    /// The kernel that is to run was not compiled yet, and could not be.
    #[error(transparent)]
    Kernel(#[from] KernelError),
    /// A buffer is too small.
    #[error(
        "`{operand}` needs {needed} bytes for {rows} rows of {columns} f32 values, and {given} were given"
    )]
    TooSmall {
        /// `x` or `y`.
        operand: &'static str,
        /// Bytes needed.
        needed: u64,
        /// Bytes given.
        given: u64,
        /// Rows.
        rows: u32,
        /// Columns.
        columns: u32,
    },
    /// A buffer cannot be bound.
    #[error("the buffer of `{operand}` lacks the usage STORAGE; add it when the buffer is created")]
    Usage {
        /// `x` or `y`.
        operand: &'static str,
    },
    /// A slice starts at a place that no kernel can read from.
    #[error("`{operand}` starts at byte {offset} of its buffer; it must start at a multiple of {alignment}")]
    Alignment {
        /// `x` or `y`.
        operand: &'static str,
        /// Where it starts.
        offset: u64,
        /// What it must be a multiple of.
        alignment: u64,
    },
    /// Input and output are in one buffer.
    #[error(
        "`x` and `y` are in the same buffer, which WebGPU cannot bind for reading and writing at once; use two buffers"
    )]
    SameBuffer,
    /// One row alone exceeds what the device can bind.
    #[error(
        "one row of `{operand}`, {columns} f32 values, exceeds the {limit} bytes that the device binds at most; \
         ask for a higher max_storage_buffer_binding_size where the adapter has one"
    )]
    RowTooLarge {
        /// `x` or `y`.
        operand: &'static str,
        /// Columns.
        columns: u32,
        /// The limit.
        limit: u64,
    },
    /// The grid does not fit the device even row by row.
    #[error(transparent)]
    Grid(#[from] TooManyWorkgroups),
    /// No buffer for the parameters.
    #[error(transparent)]
    Buffer(#[from] BufferError),
    /// wgpu refused the bindings, as it does for buffers of another device and destroyed ones.
    #[error("wgpu refused to bind the buffers of this dispatch: {0}")]
    Bind(String),
}

/// Weights that a kernel was not described for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Mismatch {
    /// A dimension differs.
    #[error(
        "the weights have {dimension} = {given}, and the kernel is described for {dimension} = {expected}; use weights of that layer, or leave {dimension} out of the description"
    )]
    Dimension {
        /// `K`, `N` or `group_size`.
        dimension: &'static str,
        /// What the weights have.
        given: u32,
        /// What the kernel has.
        expected: u32,
    },
    /// The weights have a bias that no kernel would add.
    #[error(
        "the weights have a bias, and the kernel is described with `bias: never`; drop the bias or the `never`"
    )]
    UnexpectedBias,
    /// The nibbles of the weights mean something else than the kernel takes them for.
    #[error(
        "the weights are of encoding {given}, and the kernel is described for {expected}; describe it with `format: {given} {{ .. }}`, \
         or use `Linear::of_format`"
    )]
    Encoding {
        /// What the weights have.
        given: Encoding,
        /// What the kernel has.
        expected: Encoding,
    },
    /// The weights were uploaded with another layout of the scales.
    #[error(
        "the weights were uploaded with scales as {given}, and the kernel reads them as {expected}; upload them through this kernel"
    )]
    Scales {
        /// What the weights have.
        given: ScaleLayout,
        /// What the kernel reads.
        expected: ScaleLayout,
    },
    /// The weights lack the bias that every kernel adds.
    #[error(
        "the weights have no bias, and the kernel is described with `bias: always`; add a bias or drop the `always`"
    )]
    MissingBias,
}

/// A layer that no variant of a kernel serves on a device.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "no variant of the kernel serves M={m} with K={k} and group_size={group_size} on this device:\n{}",
    reasons.iter().map(|(variant, reason)| format!("  `{variant}`: {reason}")).collect::<Vec<_>>().join("\n")
)]
pub struct Unserved {
    /// Rows.
    pub m: u32,
    /// Input features.
    pub k: u32,
    /// Consecutive input features that share a scale.
    pub group_size: u32,
    /// Every variant, with what rules it out.
    pub reasons: Vec<(String, RuledOut)>,
}

/// What rules a variant out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(untagged))]
pub enum RuledOut {
    /// It does not serve the shape.
    #[error(transparent)]
    Shape(#[from] Refusal),
    /// The device cannot run it.
    #[error(transparent)]
    Device(#[from] Unmet),
}
