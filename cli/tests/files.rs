//! `q4 inspect`, `q4 convert`, `q4 accuracy` and `q4 demo --weights`.
#![allow(
    clippy::unwrap_used,
    reason = "a helper that panics fails its test, as it should"
)]

mod support;

use serde_json::Value;
use support::{assert_tidy, q4};

/// A file of the reader's own tests.
fn file(name: &str) -> String {
    format!("{}/../formats/tests/data/{name}", env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn every_matrix_has_a_row() {
    let inspected = q4(&["inspect", &file("minilm-l0-mxfp4.gguf")]);
    assert_eq!((inspected.code, inspected.stderr.as_str()), (0, ""));
    for word in ["blk.0.attn_q", "blk.0.ffn_down", "gguf_mxfp4", "1536", "4.25"] {
        assert!(inspected.stdout.contains(word), "{word} in\n{}", inspected.stdout);
    }
    assert!(
        inspected.stdout.contains("gguf: 2 matrices, "),
        "{}",
        inspected.stdout
    );
    assert_tidy(&inspected.stdout);
    let one = q4(&["inspect", &file("minilm-l0-f16.gguf")]);
    assert!(one.stdout.contains("gguf: 1 matrix, "), "{}", one.stdout);
}

#[test]
fn what_cannot_be_read_is_told_below_the_table() {
    let header = r#"{"up.weight": {"dtype": "U8", "shape": [4, 16], "data_offsets": [0, 64]}, "up.scales": {"dtype": "F32", "shape": [1, 4], "data_offsets": [64, 80]}}"#;
    let scales = [1.0, f32::NAN, 1.0, 1.0].map(f32::to_le_bytes).concat();
    let length = (header.len() as u64).to_le_bytes();
    let path = place("nan.safetensors");
    std::fs::write(&path, [&length, header.as_bytes(), &[0x88; 64], &scales].concat()).unwrap();
    let inspected = q4(&["inspect", path.to_str().unwrap(), "--hash"]);
    assert_eq!((inspected.code, inspected.stderr.as_str()), (1, ""));
    let (table, below) = inspected.stdout.split_once("\n\n").unwrap();
    assert!(table.contains("none, see below"), "{table}");
    assert!(
        below.starts_with("up: ") && below.contains("up.scales") && below.contains("NaN"),
        "{below}"
    );
    assert_tidy(&inspected.stdout);
    std::fs::remove_file(&path).unwrap();
}

#[test]
fn digests_are_those_of_the_tool_that_wrote_the_file() {
    let digests = std::fs::read_to_string(file("digests.tsv")).unwrap();
    for line in digests.lines().skip(1) {
        let cells: Vec<&str> = line.split('\t').collect();
        let inspected = q4(&["inspect", &file(cells[0]), "--hash", "--json"]);
        assert_eq!((inspected.code, inspected.stderr.as_str()), (0, ""));
        let report: Value = serde_json::from_str(&inspected.stdout).unwrap();
        let matrices = report["matrices"].as_array().unwrap();
        let matrix = matrices.iter().find(|matrix| matrix["name"] == cells[1]).unwrap();
        assert_eq!(matrix["dequantized_sha256"], cells[4], "{line}");
        assert_eq!(matrix["n"].to_string(), cells[2]);
        let scales = match matrix["format"].as_str().unwrap() {
            "gguf_mxfp4" => Value::from("e8m0"),
            "gguf_nvfp4" => Value::from("e4m3"),
            "gguf_q4_1" | "gguf_iq4_nl" => Value::from("f16"),
            "gguf_iq4_xs" | "onnx DequantizeLinear" => Value::from("f32"),
            _ => Value::Null,
        };
        assert_eq!(matrix["scales"], scales, "{line}");
        let runs = matrix["variants"].as_u64().unwrap();
        assert_eq!(runs > 0, scales != Value::Null, "{line}");
        assert_eq!(matrix["k"].to_string(), cells[3]);
    }
}

#[test]
fn files_that_cannot_be_read_are_named_with_the_byte() {
    let missing = q4(&["inspect", "/no/such/file.gguf"]);
    assert_eq!((missing.code, missing.stdout.as_str()), (2, ""));
    assert!(
        missing.stderr.starts_with("error: /no/such/file.gguf, byte 0: "),
        "{}",
        missing.stderr
    );
    let text = q4(&["inspect", &file("digests.tsv")]);
    assert_eq!(text.code, 2);
    assert!(text.stderr.contains("none of the marks"), "{}", text.stderr);
}

/// A place of a test's own.
fn place(name: &str) -> std::path::PathBuf {
    std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{}-{name}", std::process::id()))
}

fn digests(path: &str) -> Vec<Value> {
    let inspected = q4(&["inspect", path, "--hash", "--json"]);
    assert_eq!(inspected.code, 0, "{}", inspected.stderr);
    let report: Value = serde_json::from_str(&inspected.stdout).unwrap();
    let matrices = report["matrices"].as_array().unwrap();
    matrices
        .iter()
        .map(|matrix| matrix["dequantized_sha256"].clone())
        .collect()
}

#[test]
fn a_converted_file_has_the_same_digests_and_the_input_is_never_replaced() {
    let output = place("nvfp4.safetensors");
    let path = output.to_str().unwrap();
    let original = file("minilm-l0-nvfp4.gguf");
    let converted = q4(&["convert", &original, "-o", path]);
    assert_eq!((converted.code, converted.stderr.as_str()), (0, ""));
    assert!(converted.stdout.contains("kept"), "{}", converted.stdout);
    assert_eq!(digests(path), digests(&original));

    let before = std::fs::read(&output).unwrap();
    let again = q4(&["convert", path, "-o", path]);
    assert_eq!(again.code, 2);
    assert!(
        again.stderr.contains("is the file that is read"),
        "{}",
        again.stderr
    );
    assert_eq!(std::fs::read(&output).unwrap(), before);
    std::fs::remove_file(&output).unwrap();
}

#[test]
fn a_file_that_the_input_names_is_never_replaced_either() {
    let folder = place("elsewhere");
    std::fs::create_dir_all(&folder).unwrap();
    let [model, data] = [
        "minilm-l0-qdq-elsewhere.onnx",
        "minilm-l0-qdq-elsewhere.onnx_data",
    ]
    .map(|name| {
        std::fs::copy(file(name), folder.join(name)).unwrap();
        folder.join(name)
    });
    let before = std::fs::read(&data).unwrap();
    let [input, output] = [&model, &data].map(|path| path.to_str().unwrap());
    let refused = q4(&["convert", input, "-o", output]);
    assert_eq!(refused.code, 2);
    assert!(
        refused.stderr.contains("is the file that is read"),
        "{}",
        refused.stderr
    );
    assert_eq!(std::fs::read(&data).unwrap(), before);
    let other = folder.join("out.safetensors");
    let converted = q4(&["convert", input, "-o", other.to_str().unwrap()]);
    assert_eq!((converted.code, converted.stderr.as_str()), (0, ""));
    assert_eq!(digests(other.to_str().unwrap()), digests(input));
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn a_conversion_that_fails_leaves_nothing_behind() {
    let folder = place("failed");
    std::fs::create_dir_all(&folder).unwrap();
    let damaged = folder.join("damaged.gguf");
    let bytes = std::fs::read(file("minilm-l0-q4_1.gguf")).unwrap();
    std::fs::write(&damaged, &bytes[..bytes.len() - 64]).unwrap();
    let output = folder.join("out.safetensors");
    let converted = q4(&[
        "convert",
        damaged.to_str().unwrap(),
        "-o",
        output.to_str().unwrap(),
    ]);
    assert_eq!(converted.code, 2);
    assert!(converted.stderr.contains("truncated"), "{}", converted.stderr);
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 1);
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn errors_are_measured_and_drawn() {
    let plot = place("errors.svg");
    let [nearest, searched] = ["nearest", "least-squares"].map(|quantizer| {
        let arguments = [
            "--json",
            "--quantizer",
            quantizer,
            "--plot",
            plot.to_str().unwrap(),
        ];
        let measured = q4(&[&["accuracy", &file("minilm-l0-f16.gguf")][..], &arguments].concat());
        assert_eq!((measured.code, measured.stderr.as_str()), (0, ""));
        let entries: Value = serde_json::from_str(&measured.stdout).unwrap();
        ["weights", "outputs"].map(|error| entries[0][error].as_f64().unwrap())
    });
    assert!(
        0.0 < searched[0] && searched[0] < nearest[0],
        "{searched:?} {nearest:?}"
    );
    assert!(0.0 < searched[1] && searched[1] < 0.2, "{searched:?}");
    let drawn = std::fs::read_to_string(&plot).unwrap();
    assert!(
        drawn.contains("blk.0.attn_q") && drawn.ends_with("</svg>\n"),
        "{drawn}"
    );
    std::fs::remove_file(&plot).unwrap();

    let same = file("minilm-l0-q4_1.gguf");
    let itself = q4(&["accuracy", &same, "--against", &same]);
    assert_eq!(itself.code, 0, "{}", itself.stderr);
    assert!(itself.stdout.contains("0 %"), "{}", itself.stdout);
    let other = q4(&["accuracy", &same, "--against", &file("minilm-l0-f16.gguf")]);
    assert_eq!(other.code, 2, "they differ in size");
}

/// A safetensors file of matrices of floats: name, columns, and the elements.
fn activations(name: &str, matrices: &[(&str, usize, Vec<f32>)]) -> std::path::PathBuf {
    let (mut header, mut data) = (serde_json::Map::new(), Vec::<u8>::new());
    for (name, columns, elements) in matrices {
        let begin = data.len();
        data.extend(elements.iter().flat_map(|element| element.to_le_bytes()));
        let shape = [elements.len() / columns, *columns];
        let entry = serde_json::json!({"dtype": "F32", "shape": shape, "data_offsets": [begin, data.len()]});
        header.insert((*name).to_owned(), entry);
    }
    let header = Value::Object(header).to_string();
    let path = place(name);
    let length = (header.len() as u64).to_le_bytes();
    std::fs::write(&path, [&length, header.as_bytes(), &data].concat()).unwrap();
    path
}

#[test]
fn errors_of_outputs_are_those_for_the_inputs_that_were_given() {
    const K: usize = 384;
    let weights = file("minilm-l0-f16.gguf");
    let measured = |path: &std::path::Path, more: &[&str]| {
        let arguments = [
            "accuracy",
            &weights,
            "--json",
            "--activations",
            path.to_str().unwrap(),
        ];
        q4(&[&arguments, more].concat())
    };
    let outputs = |path: &std::path::Path, more: &[&str]| {
        let run = measured(path, more);
        assert_eq!((run.code, run.stderr.as_str()), (0, ""));
        let entries: Value = serde_json::from_str(&run.stdout).unwrap();
        (entries[0]["inputs"].clone(), entries[0]["outputs"].as_f64())
    };
    // Nothing but the first feature counts: the error of outputs is that of a column of the weights.
    let first: Vec<f32> = (0..2 * K).map(|at| if at % K == 0 { 3.0 } else { 0.0 }).collect();
    let ramp: Vec<f32> = (0..K).map(|at| at as f32 / 100.0 - 1.0).collect();
    let named = activations(
        "named.safetensors",
        &[("blk.0.attn_q.x", K, first), ("other", K, ramp.clone())],
    );
    let (name, column) = outputs(&named, &[]);
    assert_eq!(name, "blk.0.attn_q.x");
    let (name, other) = outputs(&named, &["--inputs", "other"]);
    assert_eq!(name, "other");
    assert!(0.0 < column.unwrap() && column != other, "{column:?} {other:?}");
    assert!(
        measured(&named, &["--inputs", "mistaken"])
            .stderr
            .contains("mistaken")
    );
    assert_eq!(
        measured(&named, &["--rows", "4"]).code,
        2,
        "rows are for random inputs"
    );

    let wide = activations("wide.safetensors", &[("narrow", 3, vec![1.0; 3])]);
    assert_eq!(outputs(&wide, &[]), (Value::Null, None));
    let several = activations(
        "several.safetensors",
        &[("a", K, ramp.clone()), ("b", K, ramp.clone())],
    );
    let refused = measured(&several, &[]).stderr;
    assert!(
        refused.contains("a, b") && refused.contains("--inputs"),
        "{refused}"
    );
    let mut infinite = ramp;
    infinite[7] = f32::INFINITY;
    let infinite = activations("infinite.safetensors", &[("a", K, infinite)]);
    let refused = measured(&infinite, &[]).stderr;
    assert!(refused.contains("a[0, 7] is inf"), "{refused}");

    let plot = place("recorded.svg");
    assert_eq!(measured(&named, &["--plot", plot.to_str().unwrap()]).code, 0);
    let drawn = std::fs::read_to_string(&plot).unwrap();
    assert!(drawn.contains("outputs for blk.0.attn_q.x"), "{drawn}");
    for file in [named, wide, several, infinite, plot] {
        std::fs::remove_file(file).unwrap();
    }
}

#[test]
fn layers_of_a_file_run_and_agree_with_float64() {
    let output = place("symmetric.safetensors");
    let path = output.to_str().unwrap();
    let converted = q4(&[
        "convert",
        &file("minilm-l0-q4_1.gguf"),
        "-o",
        path,
        "--format",
        "symmetric",
    ]);
    assert_eq!((converted.code, converted.stderr.as_str()), (0, ""));
    let demo = q4(&["demo", "--weights", path, "--rows", "1,3", "--json"]).json();
    assert_eq!((&demo["ok"], &demo["model"]), (&true.into(), &path.into()));
    let layers: Vec<_> = demo["rows"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| &row["layer"])
        .collect();
    assert_eq!(
        layers,
        ["blk.0.attn_q", "blk.0.attn_q", "blk.0.ffn_down", "blk.0.ffn_down"]
    );
    let one = [
        "demo",
        "--weights",
        path,
        "--tensor",
        "blk.0.ffn_down",
        "--rows",
        "1",
    ];
    assert_eq!(q4(&one).code, 0);
    let mistaken = q4(&["demo", "--weights", path, "--tensor", "blk.0.ffn_dwn"]);
    assert_eq!(mistaken.code, 2);
    assert!(
        mistaken.stderr.contains("did you mean \"blk.0.ffn_down\"?"),
        "{}",
        mistaken.stderr
    );
    std::fs::remove_file(&output).unwrap();
}

#[test]
fn floats_are_quantised_to_be_run_and_the_proposed_command_keeps_them_so() {
    let demo = q4(&["demo", "--weights", &file("minilm-l0-f16.gguf"), "--rows", "1,3"]);
    assert_eq!((demo.code, demo.stderr.as_str()), (0, ""));
    assert!(demo.stdout.contains("here, from gguf_f16"), "{}", demo.stdout);
    let proposed = demo.stdout.split('`').nth(1).unwrap().to_owned();
    let mut words: Vec<&str> = proposed.split(' ').skip(1).collect();
    assert_eq!(words[..2], ["convert", &file("minilm-l0-f16.gguf")], "{proposed}");
    let output = place("proposed.safetensors");
    words[3] = output.to_str().unwrap();
    assert_eq!(q4(&words).code, 0, "{proposed}");
    let demo = q4(&["demo", "--weights", words[3], "--rows", "1"]);
    assert_eq!(demo.code, 0, "{}", demo.stderr);
    assert!(!demo.stdout.contains("quantised here"), "{}", demo.stdout);
    std::fs::remove_file(&output).unwrap();
}

#[test]
fn every_fixture_is_listed_and_runs() {
    let beside = || std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/fixtures");
    let folder = std::env::var_os("Q4_FIXTURES").map_or_else(beside, Into::into);
    let Ok(manifest) = std::fs::read_to_string(folder.join("manifest.json")) else {
        return;
    };
    let manifest: Value = serde_json::from_str(&manifest).unwrap();
    for case in manifest["cases"].as_array().unwrap() {
        let path = folder.join(case["files"][0]["path"].as_str().unwrap());
        let path = path.to_str().unwrap();
        let inspected = q4(&["inspect", path]);
        assert_eq!((inspected.code, inspected.stderr.as_str()), (0, ""), "{path}");
        let demo = q4(&["demo", "--weights", path, "--rows", "1,5", "--json"]).json();
        assert_eq!(demo["ok"], Value::Bool(true), "{path}");
    }
}
