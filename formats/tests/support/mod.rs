//! Where the files are that tests read.
#![allow(dead_code, reason = "no test file needs all of it")]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a helper that panics fails its test, as it should; what is left out is said"
)]

use std::path::PathBuf;

use q4_kernel_formats::{Model, Stored};
use safetensors::{Dtype, SafeTensors};

/// A file of this crate's own.
pub(crate) fn data(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("tests/data")
        .join(name)
}

/// One of the small files by the tools that people quantise with.
pub(crate) fn original(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("tests/originals")
        .join(name)
}

/// Holds this crate's own files of an extension to what the tools that wrote them dequantise.
pub(crate) fn every_digest_is_the_writers_own(extension: &str) {
    let digests = std::fs::read_to_string(data("digests.tsv")).unwrap();
    let mut matrices = 0;
    for line in digests.lines().skip(1) {
        let [file, layer, n, k, digest] = line.split('\t').collect::<Vec<_>>()[..] else {
            panic!("{line}");
        };
        if !file.ends_with(extension) {
            continue;
        }
        let model = Model::open(data(file)).unwrap();
        let weights = model.load(layer).unwrap();
        assert_eq!(weights.size(), (n.parse().unwrap(), k.parse().unwrap()));
        assert_eq!(weights.dequantized_sha256(), digest, "{file} {layer}");
        assert_eq!(
            weights.bias().is_some(),
            file.starts_with("minilm"),
            "{file} {layer}"
        );
        matrices += 1;
    }
    assert!(matrices > 0, "the list has files of {extension}");
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
    let activations = std::fs::read(folder.join("activations/activations.safetensors")).unwrap();
    let activations = SafeTensors::deserialize(&activations).unwrap();
    let cases = manifest["cases"].as_array().unwrap();
    let mut matrices = 0;
    for case in cases.iter().filter(|case| case["format"] == format) {
        let path = |file: &serde_json::Value| folder.join(file["path"].as_str().unwrap());
        let model = Model::open(path(&case["files"][0])).unwrap();
        let reference = std::fs::read(path(&case["reference"])).unwrap();
        let reference = SafeTensors::deserialize(&reference).unwrap();
        for (name, matrix) in case["matrices"].as_object().unwrap() {
            let prefix = matrix["prefix"].as_str().unwrap();
            let weights = model.load(prefix).unwrap();
            let size = [&matrix["N"], &matrix["K"]].map(|size| size.as_u64().unwrap() as u32);
            assert_eq!(weights.size(), size.into());
            assert_eq!(
                weights.dequantized_sha256(),
                matrix["w_deq_f32_sha256"].as_str().unwrap(),
                "{} {name}",
                case["case"]
            );
            assert_eq!(weights.bias().is_some(), matrix["has_bias"].as_bool().unwrap());
            let listed = model.matrices().iter().find(|listed| listed.name == prefix);
            let format = match &weights {
                Stored::Quantized(layer) => Some(layer.format()),
                Stored::Plain(_) => None,
            };
            assert_eq!(listed.unwrap().weights, format, "{} {name}", case["case"]);
            rows_are_the_reference(&weights, &reference, name);
            let x = Vectors::of(&activations, &format!("{name}.x"));
            outputs_are_the_reference(&weights, &x, &reference, name);
            matrices += 1;
        }
    }
    assert!(matrices > 0, "the manifest lists files of {format}");
}

/// Numbers of any type in float64, which holds them all, and how many are in a row.
struct Vectors {
    values: Vec<f64>,
    width: usize,
}

impl Vectors {
    fn of(file: &SafeTensors<'_>, name: &str) -> Self {
        let tensor = file.tensor(name).unwrap();
        let (data, width) = (tensor.data(), *tensor.shape().last().unwrap());
        let values = match tensor.dtype() {
            Dtype::F32 => data
                .as_chunks()
                .0
                .iter()
                .map(|b| f32::from_le_bytes(*b).into())
                .collect(),
            Dtype::F64 => data
                .as_chunks()
                .0
                .iter()
                .map(|b| f64::from_le_bytes(*b))
                .collect(),
            Dtype::I32 => data
                .as_chunks()
                .0
                .iter()
                .map(|b| i32::from_le_bytes(*b).into())
                .collect(),
            other => panic!("{name} is {other:?}"),
        };
        Self { values, width }
    }

    fn row(&self, index: usize) -> &[f64] {
        &self.values[index * self.width..][..self.width]
    }
}

/// Holds the products of recorded inputs with the weights to what the tool's own weights give, and to the tool's own outputs where there are such.
fn outputs_are_the_reference(weights: &Stored<'_>, x: &Vectors, reference: &SafeTensors<'_>, name: &str) {
    let (n, k) = weights.size();
    let rows: Vec<_> = (0..n).map(|row| weights.row(row).unwrap()).collect();
    let products = |m: usize, n: usize| {
        let pairs = x.row(m).iter().zip(rows[n].iter());
        pairs.map(|(x, w)| x * f64::from(*w))
    };
    let bias = |n: usize| weights.bias().map_or(0.0, |bias| bias[n].into());
    // Rounding of as many sums, relative to the sizes that are summed.
    let holds = |m: usize, n: usize, expected: f64, epsilon: f64| {
        let got = products(m, n).sum::<f64>() + bias(n);
        let sizes = products(m, n).map(f64::abs).sum::<f64>() + bias(n).abs();
        let most = epsilon * f64::from(k) * sizes;
        assert!(
            (got - expected).abs() <= most,
            "{name} y[{m}, {n}] is {got} and not {expected}"
        );
    };
    let index = |which: &str| {
        let indices = Vectors::of(reference, &format!("{name}.{which}"));
        indices.values.into_iter().map(|index| index as usize)
    };
    let y = Vectors::of(reference, &format!("{name}.y"));
    for (row, m) in index("y_m_index").enumerate() {
        for (n, expected) in y.row(row).iter().enumerate() {
            holds(m, n, *expected, f64::EPSILON);
        }
    }
    let y = Vectors::of(reference, &format!("{name}.y_all_m"));
    for m in 0..x.values.len() / x.width {
        for (n, expected) in index("y_n_index").zip(y.row(m)) {
            holds(m, n, *expected, f64::EPSILON);
        }
    }
    let own = format!("{name}.y_tool_first4");
    if reference.names().iter().any(|name| **name == own) {
        let y = Vectors::of(reference, &own);
        for m in 0..y.values.len() / y.width {
            for (n, expected) in y.row(m).iter().enumerate() {
                holds(m, n, *expected, f32::EPSILON.into());
            }
        }
    }
}

fn rows_are_the_reference(weights: &Stored<'_>, reference: &SafeTensors<'_>, name: &str) {
    let indices = Vectors::of(reference, &format!("{name}.w_rows_index"));
    let indices = indices.values.iter().map(|index| *index as u32);
    let rows = reference.tensor(&format!("{name}.w_rows")).unwrap();
    let row_bytes = rows.data().len() / rows.shape()[0];
    for (index, expected) in indices.zip(rows.data().chunks_exact(row_bytes)) {
        let row = weights.row(index).unwrap();
        let got: Vec<u8> = row.iter().flat_map(|w| (w + 0.0).to_le_bytes()).collect();
        assert_eq!(got, expected, "{name} row {index}");
    }
}
