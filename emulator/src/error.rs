//! Why a module cannot be compiled or a program not be launched.

use std::fmt;

use crate::program::BindingInfo;
use crate::source::Location;

/// Why a module cannot be run.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CompileError {
    /// The text is not WGSL. Only from [`Program::from_wgsl`](crate::Program::from_wgsl).
    #[error("{report}")]
    Parse {
        /// naga's report, with the line and a caret.
        report: String,
        /// Where.
        location: Option<Location>,
    },
    /// naga's validator rejects the module. Only from [`Program::from_wgsl`](crate::Program::from_wgsl).
    #[error("{report}")]
    Validation {
        /// naga's report, with the line and a caret.
        report: String,
        /// Where.
        location: Option<Location>,
    },
    /// No compute entry point of that name, or no or several of them where one was to be chosen.
    #[error("{}", entry_point_message(.requested.as_deref(), .available))]
    EntryPoint {
        /// The name that was asked for.
        requested: Option<String>,
        /// The compute entry points of the module.
        available: Vec<String>,
    },
    /// A pipeline-overridable constant is missing, unknown or does not fit.
    #[error("pipeline-overridable constants: {message}")]
    Override {
        /// naga's reason.
        message: String,
    },
    /// The module uses something that the emulator does not run.
    #[error(transparent)]
    NotSupported(#[from] NotSupported),
    /// The module contradicts itself; naga's validator would have rejected it.
    #[error("the module is not valid: {message}{}", at(*.location))]
    Invalid {
        /// What contradicts what.
        message: String,
        /// Where.
        location: Option<Location>,
    },
}

/// Something that the emulator does not run, and where it stands.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not supported: {what}{}", at(*.location))]
pub struct NotSupported {
    /// The construct, for example `textureLoad`.
    pub what: String,
    /// Where in the WGSL text.
    pub location: Option<Location>,
}

/// Why a program cannot be launched. No buffer was touched.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LaunchError {
    /// Bindings that the entry point uses have no buffer.
    #[error("no buffer for {}", Listing(.missing))]
    MissingBindings {
        /// All bindings without a buffer.
        missing: Vec<BindingInfo>,
    },
    /// A buffer is smaller than the type of the variable.
    #[error("the buffer for {binding} has {size} bytes, it needs at least {minimum}", minimum = .binding.minimum_size)]
    BufferTooSmall {
        /// The binding.
        binding: Box<BindingInfo>,
        /// Bytes that were bound.
        size: u64,
    },
    /// A binding starts at an offset that is not a multiple of 4, or reaches over the end of its buffer, or is
    /// larger than 4 GiB.
    #[error("the range {offset}..{end} of a buffer of {length} bytes cannot be bound to {binding}")]
    InvalidRange {
        /// The binding.
        binding: Box<BindingInfo>,
        /// First byte.
        offset: u64,
        /// The byte after the last one.
        end: u64,
        /// Bytes of the buffer.
        length: u64,
    },
    /// Two bindings overlap in one buffer and at least one of them can be written.
    #[error("{first} and {second} overlap in one buffer, and one of them is written")]
    AliasedBindings {
        /// One of them.
        first: Box<BindingInfo>,
        /// The other one.
        second: Box<BindingInfo>,
    },
    /// The immediate data is shorter than the `var<immediate>`.
    #[error("`{name}` needs {minimum} bytes of immediate data, there are {size}")]
    ImmediatesTooSmall {
        /// Name of the variable.
        name: String,
        /// Bytes that were given.
        size: u64,
        /// Bytes that the type has.
        minimum: u64,
    },
    /// More workgroups along one dimension than the limit allows.
    #[error("a dispatch of {count:?} workgroups exceeds the limit of {limit} in each dimension")]
    DispatchTooLarge {
        /// The dispatch.
        count: [u32; 3],
        /// The limit, [`LaunchOptions::max_workgroups_per_dimension`](crate::LaunchOptions::max_workgroups_per_dimension).
        limit: u32,
    },
    /// The subgroup size is not a power of two from 4 to 128.
    #[error("a subgroup size of {size}: it must be a power of two from 4 to 128")]
    SubgroupSize {
        /// The size that was asked for.
        size: u32,
    },
    /// A binding named as an output is not a writable binding of the entry point.
    #[error(
        "@group({group}) @binding({binding}) is named as an output, but the entry point has no such writable binding"
    )]
    UnknownOutput {
        /// `@group`.
        group: u32,
        /// `@binding`.
        binding: u32,
    },
}

fn entry_point_message(requested: Option<&str>, available: &[String]) -> String {
    let names = available.join("`, `");
    match (requested, available.len()) {
        (_, 0) => "the module has no compute entry point".to_owned(),
        (Some(name), _) => format!("no compute entry point `{name}`; the module has `{names}`"),
        (None, _) => format!("name one of the compute entry points `{names}`"),
    }
}

fn at(location: Option<Location>) -> String {
    location.map_or_else(String::new, |location| format!(" at {location}"))
}

struct Listing<'a>(&'a [BindingInfo]);

impl fmt::Display for Listing<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, binding) in self.0.iter().enumerate() {
            if i > 0 {
                f.write_str("; ")?;
            }
            write!(f, "{binding}")?;
        }
        Ok(())
    }
}
