//! The small files of `originals/` are read to the last bit, as the tool that wrote each dequantises it.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a helper that panics fails its test, as it should"
)]

mod support;

use std::path::{Path, PathBuf};

use q4_kernel_formats::{Model, Stored};
use serde_json::Value;

fn folder() -> PathBuf {
    support::original("")
}

fn cases() -> Vec<Value> {
    let manifest = std::fs::read_to_string(folder().join("manifest.json")).unwrap();
    let mut manifest: Value = serde_json::from_str(&manifest).unwrap();
    manifest["cases"].take().as_array().unwrap().clone()
}

/// Holds every matrix of the files of a tool to what it dequantises, bit for bit, and the list of each to what it lists.
fn every_matrix_is_the_tools_own(tool: &str) {
    let all = cases();
    let mut of_tool = all
        .iter()
        .filter(|case| case["case"].as_str().unwrap().starts_with(tool))
        .peekable();
    assert!(of_tool.peek().is_some(), "the manifest lists files of {tool}");
    for case in of_tool {
        let name = &case["case"];
        let model = Model::open(folder().join(case["open"].as_str().unwrap())).unwrap();
        let expected = case["matrices"].as_object().unwrap();
        let mut listed: Vec<_> = model.matrices().iter().map(|matrix| &matrix.name).collect();
        listed.sort();
        assert_eq!(listed, expected.keys().collect::<Vec<_>>(), "{name}");
        for (matrix, expected) in expected {
            is_the_tools_own(&model, matrix, expected, &format!("{name} {matrix}"));
        }
    }
}

fn is_the_tools_own(model: &Model, name: &str, expected: &Value, what: &str) {
    let weights = model.load(name).unwrap_or_else(|error| panic!("{what}: {error}"));
    let (n, k) = weights.size();
    assert_eq!(
        [n, k].map(Value::from),
        [expected["N"].clone(), expected["K"].clone()]
    );
    // Values first: where they are wrong, they say more than a digest.
    let row = weights.row(n - 1).unwrap();
    let last_row = expected["last_row"].as_array().unwrap();
    for (weight, expected) in row.iter().zip(last_row) {
        assert_eq!(weight + 0.0, expected.as_f64().unwrap() as f32, "{what}");
    }
    let digest = expected["dequantized_sha256"].as_str().unwrap();
    assert_eq!(weights.dequantized_sha256(), digest, "{what}");
    assert_eq!(
        Value::from(weights.bias().is_some()),
        expected["has_bias"],
        "{what}"
    );
    let listed = model
        .matrices()
        .iter()
        .find(|matrix| matrix.name == name)
        .unwrap();
    let format = match &weights {
        Stored::Quantized(layer) => Some(layer.format()),
        Stored::Plain(_) => None,
    };
    assert_eq!(listed.weights, format, "{what}");
    assert_eq!((listed.n, listed.k), (n, k), "{what}");
}

#[test]
fn layers_of_bitsandbytes_are_what_it_dequantises() {
    every_matrix_is_the_tools_own("bitsandbytes");
}

#[test]
fn layers_of_compressed_tensors_are_what_it_decompresses() {
    every_matrix_is_the_tools_own("compressed-tensors");
}

#[test]
fn blocks_of_gguf_are_what_its_writer_dequantises() {
    every_matrix_is_the_tools_own("gguf");
}

#[test]
fn layers_of_mlx_are_what_it_dequantises() {
    every_matrix_is_the_tools_own("mlx");
}

#[test]
fn weights_of_onnx_models_are_those_that_onnx_runtime_multiplies_by() {
    every_matrix_is_the_tools_own("onnx");
}

#[test]
fn layers_of_gptq_are_what_their_packers_dequantise_whatever_zero_points_are_stored_as() {
    every_matrix_is_the_tools_own("gptq");
}

#[test]
fn layers_of_awq_are_what_another_packer_dequantises() {
    every_matrix_is_the_tools_own("awq");
}

#[test]
fn layers_that_executorch_packs_are_what_its_operator_multiplies_by() {
    every_matrix_is_the_tools_own("q4gsw");
}

#[test]
fn every_file_is_listed_and_every_case_has_a_test() {
    let tools = [
        "awq",
        "bitsandbytes",
        "compressed-tensors",
        "gguf",
        "gptq",
        "mlx",
        "onnx",
        "q4gsw",
    ];
    let mut listed = Vec::new();
    for case in cases() {
        let name = case["case"].as_str().unwrap();
        assert!(tools.iter().any(|tool| name.starts_with(tool)), "{name}");
        let files = case["files"].as_array().unwrap();
        for file in files {
            let path = folder().join(file["path"].as_str().unwrap());
            assert_eq!(
                Value::from(path.metadata().unwrap().len()),
                file["bytes"],
                "{name}"
            );
            listed.push(path);
        }
    }
    let is_weights = |path: &Path| {
        let extension = path.extension().unwrap_or_default();
        ["safetensors", "gguf", "onnx", "onnx_data"].contains(&extension.to_str().unwrap())
    };
    let entries = |folder: &Path| {
        let entries = std::fs::read_dir(folder).unwrap();
        entries.map(|entry| entry.unwrap().path()).collect::<Vec<_>>()
    };
    let (folders, mut files): (Vec<_>, Vec<_>) =
        entries(&folder()).into_iter().partition(|path| path.is_dir());
    files.extend(folders.iter().flat_map(|folder| entries(folder)));
    for file in files.iter().filter(|path| is_weights(path)) {
        assert!(
            listed.contains(file),
            "the manifest does not list {}",
            file.display()
        );
    }
}
