//! Runs `q4 emulate` on the shaders of `tests/emulate`.

use serde_json::{Value, json};

use super::{Run, keys, q4};

/// Runs a shader with arguments that are separated by spaces.
pub(crate) fn launch(shader: &str, arguments: &str) -> Run {
    let file = format!("tests/emulate/{shader}.wgsl");
    let arguments: Vec<&str> = arguments.split_whitespace().collect();
    q4(&[&["emulate", file.as_str()], &arguments[..]].concat())
}

/// What is printed as JSON, with the exit code.
pub(crate) fn report(shader: &str, arguments: &str) -> (i32, Value) {
    let run = launch(shader, &format!("{arguments} --json"));
    assert_eq!(run.stderr, "", "{run:?}");
    (run.code, serde_json::from_str(&run.stdout).unwrap())
}

/// The values that the first `--print` gives of a clean launch.
pub(crate) fn printed(shader: &str, arguments: &str) -> Value {
    let (code, report) = report(shader, arguments);
    assert_eq!(
        (code, &report["faults"], &report["unsupported"]),
        (0, &json!([]), &json!([]))
    );
    assert_eq!(keys(&report), ["counters", "faults", "printed", "unsupported"]);
    report["printed"][0]["values"].clone()
}
