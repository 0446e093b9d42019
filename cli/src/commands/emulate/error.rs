//! Why a shader could not be run.

use std::io;

use q4_kernel_emulator::{BindingInfo, LaunchError, NotSupported};

use super::{
    arguments::Slot,
    buffers::{argument, described, slot},
    data::Data,
    fill::{FILLS, FileError},
};
use crate::output::size;

/// Why a shader could not be run.
#[derive(Debug, thiserror::Error)]
pub(crate) enum EmulateError {
    #[error("{name} cannot be read: {error}")]
    File { name: String, error: io::Error },
    /// naga's report, with the lines and carets.
    #[error("{report}")]
    Wgsl { report: String },
    #[error("{}", not_supported(file, what))]
    NotSupported { file: String, what: NotSupported },
    #[error("{}", entry_point(file, requested.as_deref(), available))]
    EntryPoint {
        file: String,
        requested: Option<String>,
        available: Vec<String>,
    },
    #[error("{file} has no override `{name}`; it has {}", listed(known))]
    UnknownOverride {
        file: String,
        name: String,
        known: Vec<String>,
    },
    #[error("the override `{0}` is set twice")]
    OverriddenTwice(String),
    #[error("the override `{name}` cannot be set: {reason}")]
    OverrideValue { name: String, reason: String },
    #[error(
        "{file} has overrides without a value: {}; give each one, as in --override {example}=1",
        listed(missing)
    )]
    MissingOverrides {
        file: String,
        missing: Vec<String>,
        example: String,
    },
    #[error("the overrides do not suit {file}: {message}")]
    Overrides { file: String, message: String },
    #[error("{file} cannot be compiled: {message}")]
    Uncompiled { file: String, message: String },

    #[error("{0} is bound twice; each binding has one buffer")]
    BoundTwice(Slot),
    #[error("{}", unbound(entry, missing))]
    Unbound {
        entry: String,
        missing: Vec<BindingInfo>,
    },
    /// A slot that was named in an option and that the entry point does not use.
    #[error("{option} {slot}: `{entry}` does not use that binding; it uses{}", uses(used))]
    UnknownBinding {
        option: &'static str,
        slot: Slot,
        entry: String,
        used: Vec<BindingInfo>,
    },
    #[error(
        "{data} is too small for {} {}: it takes at least {} bytes, and these are {}",
        slot(binding), described(binding), binding.minimum_size, data.size()
    )]
    TooSmall {
        data: Box<Data>,
        binding: Box<BindingInfo>,
    },
    #[error(
        "--output {slot}: `{entry}` cannot write that binding; it writes{}",
        uses(writable)
    )]
    NotWritable {
        slot: Slot,
        entry: String,
        writable: Vec<BindingInfo>,
    },
    #[error(
        "the buffers do not fit: with the emulator's records of them they take {}, and {} are free for it here; bind smaller ones",
        size(*needed), size((*free).into())
    )]
    DoesNotFit { needed: u128, free: u64 },
    #[error("--bind {slot}: {error}")]
    Fill { slot: Slot, error: FileError },
    #[error("--immediate: {0}")]
    FillImmediate(FileError),
    #[error("`{entry}` takes {needed} bytes of immediate data; give them with --immediate TYPE[COUNT]:FILL")]
    NoImmediate { entry: String, needed: u32 },
    #[error("--immediate gives {given} bytes, and `{entry}` takes {needed}")]
    Immediate { entry: String, needed: u32, given: u64 },
    #[error(transparent)]
    Launch(#[from] LaunchError),
}

fn not_supported(file: &str, NotSupported { what, location }: &NotSupported) -> String {
    match location {
        Some(location) => format!("not supported: {what} at {file}:{location}"),
        None => format!("not supported: {what} in {file}"),
    }
}

fn entry_point(file: &str, requested: Option<&str>, available: &[String]) -> String {
    let names: Vec<String> = available.iter().map(|name| format!("`{name}`")).collect();
    match requested {
        _ if names.is_empty() => format!("{file} has no compute entry point"),
        Some(name) => format!(
            "{file} has no compute entry point `{name}`; it has {}",
            listed(&names)
        ),
        None => format!(
            "{file} has several compute entry points, {}; choose one with --entry NAME",
            listed(&names)
        ),
    }
}

/// Things in one sentence.
fn listed(things: &[String]) -> String {
    match things {
        [] => "none at all".to_owned(),
        [only] => only.clone(),
        [others @ .., last] => format!("{} and {last}", others.join(", ")),
    }
}

/// Bindings on a line each, as the end of a sentence.
fn uses(bindings: &[BindingInfo]) -> String {
    if bindings.is_empty() {
        return " none at all".to_owned();
    }
    let line = |binding: &BindingInfo| format!("\n  {} {}", slot(binding), described(binding));
    format!(":{}", bindings.iter().map(line).collect::<String>())
}

/// What there is to bind, as it can be pasted.
fn unbound(entry: &str, missing: &[BindingInfo]) -> String {
    let arguments: Vec<String> = missing.iter().map(argument).collect();
    let width = arguments.iter().map(String::len).max().unwrap_or(0);
    let lines: Vec<String> = arguments
        .iter()
        .zip(missing)
        .map(|(argument, binding)| {
            let bytes = binding.minimum_size;
            format!(
                "\n  {argument:<width$}  {}, at least {bytes} bytes",
                described(binding)
            )
        })
        .collect();
    format!(
        "`{entry}` uses bindings that have no buffer; give each one:{}\nFILL is {FILLS}",
        lines.concat()
    )
}
