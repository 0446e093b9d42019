//! Every example runs to its end: each compares its own outputs with float64, and fails where they differ.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::Value;

fn workspace() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

/// The programs that cargo builds, by name: with the features that `cargo test --workspace` has, so that what it built is not built again.
fn built() -> BTreeMap<String, PathBuf> {
    let output = Command::new(env!("CARGO"))
        .args(["build", "--workspace", "--examples", "--bins"])
        .args(["--message-format", "json-render-diagnostics"])
        .current_dir(workspace())
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap())
        .filter_map(|message| {
            let program = message["executable"].as_str()?;
            Some((message["target"]["name"].as_str()?.to_owned(), program.into()))
        })
        .collect()
}

/// The examples of the runtime, and the program whose kernels a build script makes.
fn examples() -> Vec<String> {
    let folder = workspace().join("runtime/examples");
    let mut names: Vec<String> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| {
            let path = entry.unwrap().path();
            path.file_stem().unwrap().to_str().unwrap().to_owned()
        })
        .collect();
    names.push("q4-kernel-build-time-example".to_owned());
    names.sort();
    names
}

#[test]
fn every_example_runs_and_says_what_it_did() {
    let built = built();
    // An engine's own device is that of a driver, which not every machine has; CI does.
    let has_driver = !q4_kernel_tests::is_emulated(&q4_kernel_tests::gpu());
    let examples = examples();
    assert!(
        examples.len() > 4,
        "one for each way into the crate: {examples:?}"
    );
    for name in examples {
        if name == "existing_engine" && !has_driver {
            continue;
        }
        // For those that read a model; others take no notice.
        let output = Command::new(&built[&name])
            .arg(workspace().join("formats/tests/data/minilm-l0-mxfp4.gguf"))
            .output()
            .unwrap();
        assert!(
            output.status.success(),
            "{name}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        assert!(!output.stdout.is_empty(), "{name} says nothing");
    }
}
