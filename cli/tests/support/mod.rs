//! Runs the program and gives back what came of it.
#![allow(dead_code, reason = "no test file needs all of it")]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a helper that panics fails its test, as it should"
)]

mod adapter;
pub(crate) mod emulate;
pub(crate) mod xml;

use std::{
    env, fs,
    path::PathBuf,
    process::{Command, Output},
    sync::OnceLock,
};

use q4_kernel::RowsServed;
use serde_json::Value;

/// What came of a run.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// The program with these arguments, in an environment that does not change what it says.
pub(crate) fn program(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_q4"));
    command
        .args(arguments)
        .env("Q4_PIPELINE_CACHE", "off")
        .env("Q4_TUNING", "off")
        .env_remove("CLICOLOR_FORCE");
    if env::var_os("XDG_RUNTIME_DIR").is_none() {
        // Mesa's layers remark on stderr that it is missing.
        command.env("XDG_RUNTIME_DIR", env!("CARGO_TARGET_TMPDIR"));
    }
    command
}

/// Runs the program to its end.
pub(crate) fn q4(arguments: &[&str]) -> Run {
    run(program(arguments))
}

/// Runs the program to its end with variables set.
pub(crate) fn q4_with(variables: &[(&str, &str)], arguments: &[&str]) -> Run {
    let mut command = program(arguments);
    command.envs(variables.iter().copied());
    run(command)
}

/// Runs a command to its end.
pub(crate) fn run(mut command: Command) -> Run {
    let Output {
        status,
        stdout,
        stderr,
    } = command.output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Run {
        code: status.code().unwrap(),
        stdout: text(stdout),
        stderr: text(stderr),
    }
}

impl Run {
    /// Stdout as JSON, of a run that went well.
    pub(crate) fn json(&self) -> Value {
        assert_eq!((self.code, self.stderr.as_str()), (0, ""), "{self:?}");
        serde_json::from_str(&self.stdout).unwrap()
    }

    /// Asserts that the program refused with exactly this text and printed nothing else.
    pub(crate) fn refused(&self, stderr: &str) {
        assert_eq!(
            (self.code, self.stdout.as_str(), self.stderr.as_str()),
            (2, "", stderr)
        );
    }
}

/// The name of the adapter that `auto` takes: the emulator's where there is no driver.
pub(crate) fn adapter() -> &'static str {
    static ADAPTER: OnceLock<String> = OnceLock::new();
    ADAPTER.get_or_init(|| {
        let doctor = q4(&["doctor", "--json"]);
        let report: Value = serde_json::from_str(&doctor.stdout).unwrap();
        if report["driver_hint"].is_string() {
            adapter::no_driver();
        }
        report["auto"]
            .as_str()
            .unwrap_or_else(|| panic!("{doctor:?}"))
            .to_owned()
    })
}

/// Whether a variant of the catalogue is made for one row alone.
pub(crate) fn serves_one_row(variant: &str) -> bool {
    let variant = q4_kernel::variant(variant).unwrap();
    variant.configuration.constraints().rows == RowsServed::One
}

/// The keys of a JSON object, in order.
pub(crate) fn keys(value: &Value) -> Vec<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

/// A place for a file of a test, which is not there yet.
pub(crate) fn place(name: &str) -> PathBuf {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    // It is there if the tests ran before.
    let _ = fs::remove_file(&path);
    path
}

/// Asserts that a printed text fits a terminal of 120 columns and that no line ends in spaces.
pub(crate) fn assert_tidy(text: &str) {
    for line in text.lines() {
        assert!(
            line.chars().count() <= 120,
            "{} columns: {line}",
            line.chars().count()
        );
        assert_eq!(line, line.trim_end());
    }
    assert!(text.ends_with('\n') && !text.ends_with("\n\n"), "{text}");
}
