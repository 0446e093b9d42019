//! The arguments of `q4 emulate`.

use std::{num::NonZeroUsize, path::PathBuf};

use clap::{Args, value_parser};
use q4_kernel_emulator::LaunchOptions;

use super::{Format, subgroup_size};
use crate::commands::emulate::{Bind, Data, Dispatch, Override, Print, Slot};

/// Run any compute shader on the CPU and report what is wrong with it
///
/// Emulates a WGSL compute shader, yours or one of these kernels, and checks every access: out of bounds, uninitialised or
/// racing, barriers and subgroup operations in divergent control flow, division by zero and more. Counts bytes, memory
/// sectors, bank conflicts and operations. Needs no GPU.
#[derive(Args, Debug)]
#[command(after_help = HELP, after_long_help = LONG_HELP)]
pub(crate) struct Emulate {
    /// The shader; `-` reads standard input
    #[arg(value_name = "FILE.wgsl")]
    pub(crate) file: PathBuf,

    /// Workgroups along x, y and z
    #[arg(long, value_name = "X[,Y[,Z]]", allow_negative_numbers = true)]
    pub(crate) dispatch: Dispatch,

    /// A buffer for a binding, once for each that the shader uses; see below
    #[arg(long, value_name = "GROUP:BINDING=TYPE[COUNT]:FILL")]
    pub(crate) bind: Vec<Bind>,

    /// A binding of which every element must be written, and by one workgroup only; may be repeated
    #[arg(long, value_name = "GROUP:BINDING")]
    pub(crate) output: Vec<Slot>,

    /// The value of a pipeline-overridable constant, by its name or `@id`; may be repeated
    #[arg(long = "override", value_name = "NAME=VALUE")]
    pub(crate) overrides: Vec<Override>,

    /// The entry point, where there are several
    #[arg(long, value_name = "NAME")]
    pub(crate) entry: Option<String>,

    /// Lanes of a subgroup: 4, 8, 16, 32, 64 or 128
    #[arg(long, value_name = "N", default_value_t = LaunchOptions::default().subgroup_size, value_parser = subgroup_size)]
    #[arg(allow_negative_numbers = true)]
    pub(crate) subgroup: u32,

    /// Contents of the `var<immediate>`, in the notation of --bind
    #[arg(long, value_name = "TYPE[COUNT]:FILL")]
    pub(crate) immediate: Option<Data>,

    /// Print the first elements of a binding after the launch, 16 if COUNT is left out; may be repeated
    #[arg(long, value_name = "GROUP:BINDING[:COUNT]")]
    pub(crate) print: Vec<Print>,

    /// Let workgroup memory begin as zeros, as WGSL promises, instead of reporting what reads it unwritten
    #[arg(long)]
    pub(crate) zero_init: bool,

    /// Iterations after which a loop counts as endless
    #[arg(long, value_name = "N", default_value_t = LaunchOptions::default().loop_limit)]
    #[arg(value_parser = value_parser!(u64).range(1..))]
    pub(crate) loop_limit: u64,

    /// Threads that run workgroups; they do not change any result [default: one per core]
    #[arg(long, value_name = "N")]
    pub(crate) threads: Option<NonZeroUsize>,

    #[command(flatten)]
    pub(crate) format: Format,
}

const HELP: &str = "`q4 emulate --help` explains TYPE and FILL and has examples.";

const LONG_HELP: &str = "\
Buffers:
  TYPE is u32, i32, f32 or f16. A struct is bound as a number of such elements too. FILL is
    zeros, ones     the same number in all elements
    3, -1.5, 0x10   likewise
    1,2,3,4         as many numbers as there are elements
    ramp            element i is i
    random          any u32 or i32, floats from -1 to below 1; random:SEED for others
    @FILE           raw bytes, little-endian, of exactly these elements
  A suffix as in WGSL makes a number one of another type of the same size, so that
    --bind 0:5=u32[3]:64,0.5f,-1i   fills a   struct { n: u32, scale: f32, step: i32 }

Examples:
  The sum of two vectors, of which every element must be written:
    q4 emulate add.wgsl --dispatch 16 --output 0:2 --print 0:2:8 \\
      --bind 0:0=f32[1000]:ramp --bind 0:1=f32[1000]:random --bind 0:2=f32[1000]:zeros

  A kernel of the catalogue, which multiplies 32 inputs by a layer of 8 outputs:
    q4 show coop4_w32_c1_g32_shared | q4 emulate - --dispatch 8 --output 0:0 --print 0:0 \\
      --bind 0:0=f32[8]:nan --bind 0:1=f32[32]:ramp --bind 0:2=u32[32]:random \\
      --bind 0:3=f32[8]:0.01 --bind 0:4=f32[1]:0 --bind 0:5=u32[10]:1,8,32,16,32,8,0,8,0,0

Exit codes: 0 no faults, 1 faults, 2 bad input or not supported.";
