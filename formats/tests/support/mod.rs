//! Where the files are that tests read.
#![allow(dead_code, reason = "no test file needs all of it")]
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a helper that panics fails its test, as it should; what is left out is said"
)]

use std::path::PathBuf;

use q4_kernel_formats::{Model, Stored};
use safetensors::SafeTensors;

/// A file of this crate's own.
pub(crate) fn data(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("tests/data")
        .join(name)
}

/// The folder of all files that other tools wrote: `Q4_FIXTURES`, or `shared/fixtures` beside the repository. They are too large to be a part of it.
pub(crate) fn fixtures() -> Option<PathBuf> {
    let beside = || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/fixtures");
    let folder = std::env::var_os("Q4_FIXTURES").map_or_else(beside, PathBuf::from);
    if folder.join("manifest.json").is_file() {
        return Some(folder);
    }
    println!(
        "{} has no manifest.json: set Q4_FIXTURES to test all files",
        folder.display()
    );
    None
}

/// Holds every matrix of every file of a format to what the tool that wrote it dequantises: the digest of the whole, and rows.
pub(crate) fn every_matrix_is_the_tools_own(format: &str) {
    let Some(folder) = fixtures() else {
        return;
    };
    let manifest = std::fs::read_to_string(folder.join("manifest.json")).unwrap();
    let manifest: serde_json::Value = serde_json::from_str(&manifest).unwrap();
    let cases = manifest["cases"].as_array().unwrap();
    let mut matrices = 0;
    for case in cases.iter().filter(|case| case["format"] == format) {
        let path = |file: &serde_json::Value| folder.join(file["path"].as_str().unwrap());
        let model = Model::open(path(&case["files"][0])).unwrap();
        let reference = std::fs::read(path(&case["reference"])).unwrap();
        let reference = SafeTensors::deserialize(&reference).unwrap();
        for (name, matrix) in case["matrices"].as_object().unwrap() {
            let weights = model.load(matrix["prefix"].as_str().unwrap()).unwrap();
            let size = [&matrix["N"], &matrix["K"]].map(|size| size.as_u64().unwrap() as u32);
            assert_eq!(weights.size(), size.into());
            assert_eq!(
                weights.dequantized_sha256(),
                matrix["w_deq_f32_sha256"].as_str().unwrap(),
                "{} {name}",
                case["case"]
            );
            assert_eq!(weights.bias().is_some(), matrix["has_bias"].as_bool().unwrap());
            rows_are_the_reference(&weights, &reference, name);
            matrices += 1;
        }
    }
    assert!(matrices > 0, "the manifest lists files of {format}");
}

fn rows_are_the_reference(weights: &Stored<'_>, reference: &SafeTensors<'_>, name: &str) {
    let indices = reference.tensor(&format!("{name}.w_rows_index")).unwrap();
    let width = indices.data().len() / indices.shape()[0];
    let indices = indices.data().chunks_exact(width).map(|bytes| {
        let mut index = [0; 8];
        index[..width].copy_from_slice(bytes);
        u64::from_le_bytes(index) as u32
    });
    let rows = reference.tensor(&format!("{name}.w_rows")).unwrap();
    let row_bytes = rows.data().len() / rows.shape()[0];
    for (index, expected) in indices.zip(rows.data().chunks_exact(row_bytes)) {
        let row = weights.row(index).unwrap();
        let got: Vec<u8> = row.iter().flat_map(|w| (w + 0.0).to_le_bytes()).collect();
        assert_eq!(got, expected, "{name} row {index}");
    }
}
