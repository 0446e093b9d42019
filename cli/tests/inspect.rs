//! `q4 inspect`.

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
    assert_tidy(&inspected.stdout);
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
