//! The shader: from a file to a program that can be launched.

use std::{
    fs,
    io::{self, Read},
    path::Path,
};

use q4_kernel_emulator::{CompileError, CompileOptions, Program};

use super::{arguments::Override, error::EmulateError, overrides};

/// A WGSL text and what to call it.
#[derive(Debug)]
pub(super) struct Source {
    pub(super) name: String,
    pub(super) text: String,
}

impl Source {
    /// Reads a file, or standard input for `-`.
    pub(super) fn read(file: &Path) -> Result<Self, EmulateError> {
        let (name, text) = if file == Path::new("-") {
            let mut text = String::new();
            let read = io::stdin().lock().read_to_string(&mut text);
            ("stdin".to_owned(), read.map(|_| text))
        } else {
            (file.display().to_string(), fs::read_to_string(file))
        };
        match text {
            Ok(text) => Ok(Self { name, text }),
            Err(error) => Err(EmulateError::File { name, error }),
        }
    }

    /// Parses, validates and compiles the text, with every capability that naga knows.
    pub(super) fn compile(
        &self,
        entry: Option<&str>,
        overrides: &[Override],
    ) -> Result<Program, EmulateError> {
        let Self { name, text } = self;
        let options = CompileOptions {
            entry: entry.map(str::to_owned),
            overrides: overrides::values(text, overrides, name)?,
            ..CompileOptions::default()
        };
        Program::from_wgsl(text, &options).map_err(|error| self.uncompiled(error, &options))
    }

    fn uncompiled(&self, error: CompileError, options: &CompileOptions) -> EmulateError {
        let Self { name, text } = self;
        let file = name.clone();
        match error {
            CompileError::Parse { report, .. } | CompileError::Validation { report, .. } => {
                EmulateError::Wgsl {
                    report: named(&report, name),
                }
            }
            CompileError::NotSupported(what) => EmulateError::NotSupported { file, what },
            CompileError::EntryPoint { requested, available } => EmulateError::EntryPoint {
                file,
                requested,
                available,
            },
            CompileError::Override { message } => {
                let missing = overrides::missing(text, options.entry.as_deref(), &options.overrides);
                let (names, missing): (Vec<_>, Vec<_>) = missing.into_iter().unzip();
                match names.into_iter().next() {
                    Some(example) => EmulateError::MissingOverrides {
                        file,
                        missing,
                        example,
                    },
                    None => EmulateError::Overrides { file, message },
                }
            }
            other => EmulateError::Uncompiled {
                file,
                message: other.to_string(),
            },
        }
    }
}

/// naga's report, with the name of the file, and without the word with which the program begins all errors.
fn named(report: &str, file: &str) -> String {
    let report = report.strip_prefix("error: ").unwrap_or(report);
    let report = report.replace("┌─ wgsl:", &format!("┌─ {file}:"));
    report.trim_end().to_owned()
}
