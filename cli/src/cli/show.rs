//! The arguments of `q4 show`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use q4_kernel_codegen::emit::back_end::BackEnd;

/// Print the text of one variant, as it is written or as a driver gets it
///
/// WGSL is printed as wgpu takes it, ready to be piped. Other targets are written by naga under the options that wgpu sets for that back end,
/// without run-time checks, since every variant of the catalogue is verified.
#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  q4 show coop4_w64_c4_g32_shared > kernel.wgsl\n  \
    q4 show coop4_w64_c4_g32_shared --target spirv\n  \
    q4 show coop4_w64_c4_g32_shared --diff coop4_w64_c4_g32_subgroup\n  \
    q4 show 'coop4_*' --target msl -o kernels")]
pub(crate) struct Show {
    /// A name that `q4 list` shows; with -o also a pattern, in which * stands for anything
    pub(crate) name: String,

    /// The language to print
    #[arg(long, default_value = "wgsl")]
    pub(crate) target: Target,

    /// Say before each region of the WGSL which lines of which template it came from
    #[arg(long)]
    pub(crate) annotate: bool,

    /// Print what another variant has otherwise, in the same language
    #[arg(long, value_name = "OTHER", conflicts_with_all = ["annotate", "output"])]
    pub(crate) diff: Option<String>,

    /// With the checks that wgpu inserts into texts that were not verified
    #[arg(long)]
    pub(crate) checked: bool,

    /// Write files to this folder, and overwrite none that was not written so before
    #[arg(short, long, value_name = "DIR")]
    pub(crate) output: Option<PathBuf>,
}

/// A language to print kernels in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Target {
    /// As wgpu takes it
    Wgsl,
    /// WGSL as browsers take it
    Web,
    /// SPIR-V assembly, for Vulkan
    Spirv,
    /// The Metal Shading Language
    Msl,
    /// For DX12
    Hlsl,
    /// For OpenGL
    Glsl,
    /// naga's module, which the others are written from
    Ir,
}

impl Target {
    /// The back end of naga that writes it; none for WGSL.
    pub(crate) fn back_end(self) -> Option<BackEnd> {
        match self {
            Self::Wgsl | Self::Web => None,
            Self::Spirv => Some(BackEnd::SpirV),
            Self::Msl => Some(BackEnd::Msl),
            Self::Hlsl => Some(BackEnd::Hlsl),
            Self::Glsl => Some(BackEnd::Glsl),
            Self::Ir => Some(BackEnd::Ir),
        }
    }

    /// What the names of its files end with.
    pub(crate) fn suffix(self) -> &'static str {
        match self {
            Self::Wgsl => "wgsl",
            Self::Web => "web.wgsl",
            Self::Spirv => "spvasm",
            Self::Msl => "metal",
            Self::Hlsl => "hlsl",
            Self::Glsl => "comp",
            Self::Ir => "naga.txt",
        }
    }
}
