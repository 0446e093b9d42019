//! Safetensors files are read to the last bit.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a helper that panics fails its test, as it should"
)]

mod support;
#[path = "support/written.rs"]
mod written;

use q4_kernel_formats::{Model, Problem, Stored};
use written::{floats, folder, safetensors, words};

const READ: [&str; 8] = [
    "gptq",
    "compressed-tensors pack-quantized",
    "bitsandbytes-nf4",
    "awq",
    "mlx affine",
    "mlx mxfp4",
    "mlx nvfp4",
    "executorch et_vk.linear_q4gsw",
];

#[test]
fn weights_are_those_that_the_tools_dequantise() {
    for format in READ {
        support::every_matrix_is_the_tools_own(format);
    }
}

#[test]
fn a_scale_that_is_no_number_names_its_tensor_and_a_lying_header_is_refused() {
    let Some(folder) = support::fixtures() else {
        return;
    };
    let malformed = folder.join("malformed");
    let model = Model::open(malformed.join("q4gsw-scales-nan.safetensors")).unwrap();
    let errors = model
        .matrices()
        .iter()
        .filter_map(|matrix| model.load(&matrix.name).err());
    let tensors: Vec<_> = errors.filter_map(|error| error.tensor).collect();
    assert!(
        tensors.iter().any(|tensor| tensor.ends_with("scales")),
        "{tensors:?}"
    );
    assert!(Model::open(malformed.join("safetensors-header-length-past-end.safetensors")).is_err());
}

const N: usize = 9;
const K: usize = 20;
const GROUPS: usize = 2;

/// A nibble of the layer that the tests below pack.
fn q(row: usize, k: usize) -> u32 {
    (row * 5 + k * 3) as u32 % 16
}

fn zero(row: usize, group: usize) -> u32 {
    (row * 7 + group * 4 + 3) as u32 % 16
}

fn scale(row: usize, group: usize) -> f32 {
    0.5 + (row * GROUPS + group) as f32 / 4.0
}

/// Eight nibbles to a word along each row of a matrix, the last word of a row filled up with zeros.
fn packed(rows: usize, columns: usize, nibble: impl Fn(usize, usize) -> u32) -> Option<Vec<u8>> {
    let nibble = &nibble;
    let word = |row, word| {
        let places = 8 * word..columns.min(8 * word + 8);
        places.fold(0, |all, column| all | nibble(row, column) << (4 * (column % 8)))
    };
    words((0..rows).flat_map(|row| (0..columns.div_ceil(8)).map(move |at| word(row, at))))
}

/// The file of a layer of compressed-tensors with these tensors beside nibbles, scales and shape.
fn compressed(others: &[written::Tensor<'_>]) -> Vec<u8> {
    let scales = floats((0..N).flat_map(|row| (0..GROUPS).map(move |group| scale(row, group))));
    let own = [
        ("a.weight_packed", "I32", &[N, K.div_ceil(8)][..], packed(N, K, q)),
        ("a.weight_scale", "F32", &[N, GROUPS], scales),
        ("a.weight_shape", "I64", &[2], words([N as u32, 0, K as u32, 0])),
    ];
    safetensors(&[&own, others].concat())
}

fn assert_is(file: Vec<u8>, expected: impl Fn(usize, usize) -> f32) {
    let model = Model::from_bytes(file).unwrap();
    let weights = model.load("a").unwrap();
    for row in 0..N {
        let expected: Vec<f32> = (0..K).map(|k| expected(row, k)).collect();
        assert_eq!(*weights.row(row as u32).unwrap(), expected, "row {row}");
    }
    let Stored::Quantized(layer) = &weights else {
        panic!("it has four bits");
    };
    assert_eq!(model.matrices()[0].weights, Some(layer.format()));
}

#[test]
fn compressed_tensors_with_zero_points_are_what_the_tool_decompresses() {
    let group = |k: usize| k / (K / GROUPS);
    let by_group = |row: usize, k: usize, zero: f32| (q(row, k) as f32 - zero) * scale(row, group(k));
    assert_is(compressed(&[]), |row, k| by_group(row, k, 8.0));
    // Along the outputs: word c of a group has the zero points of rows 8c to 8c + 7.
    let columns = N.div_ceil(8);
    let along_outputs = words((0..columns).flat_map(|word| {
        (0..GROUPS).map(move |group| {
            let rows = 8 * word..N.min(8 * word + 8);
            rows.fold(0, |all, row| all | zero(row, group) << (4 * (row % 8)))
        })
    }));
    let zeros = (
        "a.weight_zero_point",
        "I32",
        &[columns, GROUPS][..],
        along_outputs,
    );
    let expected = |row: usize, k: usize| by_group(row, k, zero(row, group(k)) as f32);
    assert_is(compressed(std::slice::from_ref(&zeros)), expected);
    let signed = (0..N).flat_map(|row| (0..GROUPS).map(move |group| zero(row, group) as u8));
    let bytes = signed.map(|zero| zero.wrapping_sub(8)).collect();
    assert_is(
        compressed(&[("a.weight_zero_point", "I8", &[N, GROUPS], Some(bytes))]),
        expected,
    );

    let none = words([u32::MAX; K]);
    assert_is(
        compressed(&[zeros.clone(), ("a.weight_g_idx", "I32", &[K], none)]),
        expected,
    );
    let index = words((0..K as u32).map(|k| k % GROUPS as u32));
    let ordered = compressed(&[zeros, ("a.weight_g_idx", "I32", &[K], index)]);
    assert_is(ordered, |row, k| {
        (q(row, k) as f32 - zero(row, k % GROUPS) as f32) * scale(row, k % GROUPS)
    });
}

#[test]
fn zero_points_beyond_four_bits_are_refused() {
    let zeros = (
        "a.weight_zero_point",
        "I8",
        &[N, GROUPS][..],
        Some(vec![8; N * GROUPS]),
    );
    let model = Model::from_bytes(compressed(&[zeros])).unwrap();
    let error = model.load("a").unwrap_err();
    assert_eq!(error.tensor.as_deref(), Some("a.weight_zero_point"), "{error}");
}

/// Two files of one model, the scales of a layer in another file than its nibbles.
fn shards(folder: &std::path::Path) {
    let weight: Vec<u8> = (0..4 * 16).collect();
    let first = safetensors(&[
        ("a.weight", "U8", &[4, 16], Some(weight.clone())),
        ("b.scales", "F32", &[1, 4], floats([2.0; 4])),
        ("unlisted.weight", "F32", &[2, 2], None),
    ]);
    let second = safetensors(&[
        ("a.scales", "F32", &[1, 4], floats([1.0; 4])),
        ("b.weight", "U8", &[4, 16], Some(weight)),
    ]);
    std::fs::write(folder.join("model-00001-of-00002.safetensors"), first).unwrap();
    std::fs::write(folder.join("model-00002-of-00002.safetensors"), second).unwrap();
}

fn index(files: [&str; 4]) -> String {
    let tensors = ["a.weight", "a.scales", "b.weight", "b.scales"];
    let map: serde_json::Map<_, _> = tensors
        .into_iter()
        .zip(files)
        .map(|(tensor, file)| (tensor.to_owned(), file.into()))
        .collect();
    serde_json::json!({"metadata": {"total_size": 128}, "weight_map": map}).to_string()
}

#[test]
fn a_model_of_several_files_is_one_model() {
    let folder = folder("shards");
    shards(&folder);
    let path = folder.join("model.safetensors.index.json");
    let [one, two] = [1, 2].map(|number| format!("model-0000{number}-of-00002.safetensors"));
    std::fs::write(&path, index([&one, &two, &two, &one])).unwrap();
    let model = Model::from_safetensors(&path).unwrap();
    let paths: Vec<_> = model.paths().map(std::path::Path::to_owned).collect();
    assert_eq!(paths, [path.clone(), folder.join(&one), folder.join(&two)]);
    let names: Vec<_> = model
        .matrices()
        .iter()
        .map(|matrix| matrix.name.as_str())
        .collect();
    assert_eq!(
        names,
        ["a", "b"],
        "a tensor that the index does not list is none of the model"
    );
    let [a, b] = ["a", "b"].map(|name| model.load(name).unwrap().row(3).unwrap().into_owned());
    assert_eq!(a[..2], [-8.0, -5.0]);
    assert_eq!(b, a.iter().map(|weight| 2.0 * weight).collect::<Vec<_>>());

    let of_folder = Model::open(&folder).unwrap();
    assert_eq!(of_folder.matrices(), model.matrices());

    std::fs::write(folder.join(&two), std::fs::read(folder.join(&one)).unwrap()).unwrap();
    let changed = model.load("a").unwrap_err();
    assert!(matches!(changed.problem, Problem::Changed), "{changed}");
    let moved = Model::open(&path).unwrap_err();
    assert!(
        moved.path.ends_with(&two) && moved.to_string().contains("it is not"),
        "{moved}"
    );

    for (file, word) in [
        (
            "../model-00001-of-00002.safetensors",
            "in the folder of the model",
        ),
        ("/dev/zero", "in the folder of the model"),
        ("", "in the folder of the model"),
        ("missing.safetensors", "missing.safetensors"),
    ] {
        std::fs::write(&path, index([file, &one, &one, &one])).unwrap();
        let refused = Model::open(&path).unwrap_err().to_string();
        assert!(refused.contains(word), "{refused}");
    }
    std::fs::write(&path, r#"{"weight_map": ["a"]}"#).unwrap();
    let damaged = Model::open(&path).unwrap_err().to_string();
    assert!(damaged.contains("index of tensors"), "{damaged}");
    let in_memory = Model::from_bytes(index([&one, &one, &one, &one]).into_bytes()).unwrap_err();
    assert!(in_memory.to_string().contains("by its path"), "{in_memory}");
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn a_file_of_another_kind_is_refused_where_one_is_asked_for() {
    let gguf = support::data("minilm-l0-q4_1.gguf");
    assert!(Model::from_gguf(&gguf).is_ok());
    for error in [Model::from_safetensors(&gguf), Model::from_onnx(&gguf)].map(Result::unwrap_err) {
        assert!(
            matches!(error.problem, Problem::OtherContainer { given: "gguf", .. }),
            "{error}"
        );
    }
    let folder = Model::open(env!("CARGO_MANIFEST_DIR")).unwrap_err();
    assert!(folder.to_string().contains("no regular file"), "{folder}");
}
