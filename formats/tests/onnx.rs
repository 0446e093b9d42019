//! ONNX models are read to the last bit.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a helper that panics fails its test, as it should"
)]

mod support;
#[path = "support/written.rs"]
mod written;

use q4_kernel_formats::{Container, Model, Problem, Stored};
use written::{constant, constant_in, elsewhere, field, floats, folder, node, onnx};

#[test]
fn weights_are_those_that_onnx_runtime_multiplies_by() {
    support::every_matrix_is_the_tools_own("onnx com.microsoft MatMulNBits");
}

#[test]
fn weights_of_qdq_models_are_those_that_onnx_runtime_multiplies_by() {
    support::every_digest_is_the_writers_own(".onnx");
}

#[test]
fn a_k_that_the_weights_do_not_have_is_refused_with_the_tensor() {
    let Some(folder) = support::fixtures() else {
        return;
    };
    let error = Model::open(folder.join("malformed/onnx-k-attribute-mismatch.onnx")).unwrap_err();
    assert!(error.tensor.is_some(), "{error}");
}

const K: usize = 5;
const N: usize = 3;
const INT4: u8 = 22;
const UINT4: u8 = 21;

/// The number that a tensor has at a row and a column, in the range of its type.
fn element(data_type: u8, row: usize, column: usize) -> i32 {
    let q = (row * 7 + column * 3 + 1) as i32 % 16;
    if data_type == INT4 { q - 8 } else { q }
}

/// Elements two to a byte, the first low.
fn packed(elements: impl IntoIterator<Item = i32>) -> Vec<u8> {
    let nibbles: Vec<u8> = elements.into_iter().map(|q| q as u8 & 0xF).collect();
    let pairs = nibbles.chunks(2);
    pairs
        .map(|pair| pair[0] | pair.get(1).copied().unwrap_or(0) << 4)
        .collect()
}

fn matrix(data_type: u8, [rows, columns]: [usize; 2]) -> Vec<u8> {
    let rows = (0..rows).flat_map(|row| (0..columns).map(move |column| (row, column)));
    packed(rows.map(|(row, column)| element(data_type, row, column)))
}

fn scale(index: usize) -> f32 {
    0.25 + index as f32 / 8.0
}

/// Holds every weight of a model's matrix to what the operator is defined to give.
fn is_dequantised(graph: &[Vec<u8>], expected: impl Fn(usize, usize) -> f32) {
    let model = Model::from_bytes(onnx(graph)).unwrap();
    assert_eq!(model.container(), Container::Onnx);
    let [listed] = model.matrices() else {
        panic!("{:?}", model.matrices());
    };
    assert_eq!(
        (listed.name.as_str(), listed.n, listed.k),
        ("w", N as u32, K as u32)
    );
    let weights = model.load("w").unwrap();
    for column in 0..N {
        let row: Vec<f32> = (0..K).map(|k| expected(column, k)).collect();
        assert_eq!(*weights.row(column as u32).unwrap(), row, "output {column}");
    }
    let Stored::Quantized(layer) = &weights else {
        panic!("it has four bits");
    };
    assert_eq!(listed.weights, Some(layer.format()));
}

#[test]
fn blocks_along_the_inputs_are_dequantised_as_the_operator_is_defined() {
    for data_type in [INT4, UINT4] {
        for with_zeros in [false, true] {
            let zero = |block: usize, column: usize| match with_zeros {
                true => element(data_type, block + 2, column),
                false => 0,
            };
            let blocks = || (0..3).flat_map(|block| (0..N).map(move |column| (block, column)));
            let mut graph = vec![
                constant(
                    "w_DQ_Q4",
                    data_type,
                    &[K as u8, N as u8],
                    &matrix(data_type, [K, N]),
                ),
                constant("s", 1, &[3, N as u8], &floats((0..9).map(scale)).unwrap()),
                node("MatMul", &["x", "d"], "y", &[]),
            ];
            let mut inputs = vec!["w_DQ_Q4", "s"];
            if with_zeros {
                let zeros = packed(blocks().map(|(block, column)| zero(block, column)));
                graph.push(constant("z", data_type, &[3, N as u8], &zeros));
                inputs.push("z");
            }
            graph.push(node(
                "DequantizeLinear",
                &inputs,
                "d",
                &[("axis", 0), ("block_size", 2)],
            ));
            is_dequantised(&graph, |column, k| {
                let q = element(data_type, k, column) - zero(k / 2, column);
                q as f32 * scale(k / 2 * N + column)
            });
        }
    }
}

#[test]
fn matrices_that_are_turned_are_read_the_other_way() {
    let turned = || {
        vec![
            constant("w.weight_DQ_Q4", INT4, &[N as u8, K as u8], &matrix(INT4, [N, K])),
            constant("s", 1, &[N as u8, 3], &floats((0..9).map(scale)).unwrap()),
            node(
                "DequantizeLinear",
                &["w.weight_DQ_Q4", "s"],
                "d",
                &[("axis", 1), ("block_size", 2)],
            ),
        ]
    };
    let expected = |column: usize, k: usize| element(INT4, column, k) as f32 * scale(column * 3 + k / 2);
    let transpose = [
        node("Transpose", &["d"], "t", &[]),
        node("MatMul", &["x", "t"], "y", &[]),
    ];
    is_dequantised(&[turned(), transpose.to_vec()].concat(), expected);
    let gemm = node("Gemm", &["x", "d"], "y", &[("transB", 1)]);
    is_dequantised(&[turned(), vec![gemm]].concat(), expected);
}

#[test]
fn one_scale_serves_a_column_or_a_matrix() {
    let weight = || constant("w_DQ_Q4", UINT4, &[K as u8, N as u8], &matrix(UINT4, [K, N]));
    let product = || node("MatMul", &["x", "d"], "y", &[]);
    let columns = [
        weight(),
        constant("s", 1, &[N as u8], &floats((0..N).map(scale)).unwrap()),
        node("DequantizeLinear", &["w_DQ_Q4", "s"], "d", &[]),
        product(),
    ];
    is_dequantised(&columns, |column, k| {
        element(UINT4, k, column) as f32 * scale(column)
    });
    // A scalar in half precision, 1.5, which int32_data has.
    let all = [
        weight(),
        constant_in(5, "s", 10, &[], &[0x80, 0x7C]),
        node("DequantizeLinear", &["w_DQ_Q4", "s"], "d", &[]),
        product(),
    ];
    is_dequantised(&all, |column, k| element(UINT4, k, column) as f32 * 1.5);
}

#[test]
fn what_is_added_behind_a_product_is_its_bias() {
    let graph = |last: Vec<Vec<u8>>| {
        let weight = constant("w_DQ_Q4", INT4, &[K as u8, N as u8], &matrix(INT4, [K, N]));
        let first = vec![
            weight,
            constant("s", 1, &[], &floats([0.5]).unwrap()),
            constant("b", 1, &[N as u8], &floats([1.0, 2.0, 3.0]).unwrap()),
            node("DequantizeLinear", &["w_DQ_Q4", "s"], "d", &[]),
        ];
        onnx(&[first, last].concat())
    };
    for last in [
        vec![
            node("MatMul", &["x", "d"], "p", &[]),
            node("Add", &["b", "p"], "y", &[]),
        ],
        vec![node("Gemm", &["x", "d", "b"], "y", &[])],
    ] {
        let model = Model::from_bytes(graph(last)).unwrap();
        assert_eq!(model.load("w").unwrap().bias(), Some(&[1.0, 2.0, 3.0][..]));
    }
    let used_twice = [
        node("MatMul", &["x", "d"], "p", &[]),
        node("Add", &["b", "p"], "y", &[]),
        node("Relu", &["p"], "z", &[]),
    ];
    let model = Model::from_bytes(graph(used_twice.to_vec())).unwrap();
    assert_eq!(model.load("w").unwrap().bias(), None);
}

#[test]
fn blocks_along_the_outputs_and_products_with_factors_are_refused() {
    let refusal = |axis: u8, product: Vec<u8>| {
        let graph = [
            constant("w", INT4, &[4, 4], &[0; 8]),
            constant("s", 1, &[4, 2], &[0; 32]),
            node(
                "DequantizeLinear",
                &["w", "s"],
                "d",
                &[("axis", axis), ("block_size", 2)],
            ),
            product,
        ];
        Model::from_bytes(onnx(&graph)).unwrap_err().to_string()
    };
    let along = refusal(1, node("MatMul", &["x", "d"], "y", &[]));
    assert!(
        along.contains("\"w\"") && along.contains("axis 0 here"),
        "{along}"
    );
    let factor = field(5, &[field(1, b"alpha"), vec![2 << 3 | 5, 0, 0, 0, 0x40]].concat());
    let gemm = [
        field(1, b"x"),
        field(1, b"d"),
        field(2, b"y"),
        field(4, b"Gemm"),
        factor,
    ]
    .concat();
    let scaled = refusal(0, field(1, &gemm));
    assert!(scaled.contains("alpha and beta of 1"), "{scaled}");
    let unused = refusal(0, node("Relu", &["d"], "y", &[]));
    assert!(unused.contains("in front of a product"), "{unused}");
}

/// A model whose weights and scales lie in another file, as these pairs say.
fn beside(weight: &[(&str, &str)], scales: &[(&str, &str)]) -> Vec<u8> {
    let sizes = [("N", 2), ("K", 32), ("block_size", 16)];
    onnx(&[
        node("MatMulNBits", &["x", "w_Q4", "s"], "y", &sizes),
        elsewhere("w_Q4", 2, &[2, 2, 8], weight),
        elsewhere("s", 1, &[4], scales),
    ])
}

#[test]
fn data_of_other_files_is_read_where_the_model_says() {
    let folder = folder("elsewhere");
    let data = [
        vec![0xFF; 16],
        vec![0x5A; 32],
        floats([1.0, 2.0, 3.0, 4.0]).unwrap(),
    ]
    .concat();
    std::fs::create_dir_all(folder.join("data")).unwrap();
    std::fs::write(folder.join("data/weights"), data).unwrap();
    let path = folder.join("model.onnx");
    let location = ("location", "data/weights");
    let model = beside(
        &[location, ("offset", "16"), ("length", "32")],
        &[("location", "./data/weights"), ("offset", "48")],
    );
    std::fs::write(&path, &model).unwrap();
    let opened = Model::from_onnx(&path).unwrap();
    let weights = opened.load("w").unwrap();
    let row = weights.row(1).unwrap();
    assert_eq!(
        (row[0], row[1], row[16]),
        ((10.0 - 8.0) * 3.0, (5.0 - 8.0) * 3.0, (10.0 - 8.0) * 4.0)
    );

    let in_memory = Model::from_bytes(model).unwrap_err().to_string();
    assert!(in_memory.contains("by its path"), "{in_memory}");

    let refusal = |weight: &[(&str, &str)]| {
        std::fs::write(&path, beside(weight, &[location, ("offset", "48")])).unwrap();
        let error = Model::open(&path).unwrap_err();
        assert_eq!(error.tensor.as_deref().unwrap_or("w_Q4"), "w_Q4", "{error}");
        error.to_string()
    };
    for (place, word) in [
        ("../elsewhere/weights", "in the folder of the model"),
        ("data/../../weights", "in the folder of the model"),
        ("/etc/passwd", "in the folder of the model"),
        ("", "in the folder of the model"),
        (".", "in the folder of the model"),
        ("missing", "missing"),
        ("data", "no regular file"),
    ] {
        let refused = refusal(&[("location", place), ("length", "32")]);
        assert!(refused.contains(word), "{place}: {refused}");
    }
    for (offset, length, word) in [
        ("16", "31", "31 bytes"),
        ("64", "32", "truncated"),
        ("18446744073709551615", "32", "truncated"),
        ("-1", "32", "number of bytes"),
        ("0", "4294967296", "truncated"),
    ] {
        let refused = refusal(&[location, ("offset", offset), ("length", length)]);
        assert!(refused.contains(word), "{offset} {length}: {refused}");
    }
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn data_of_another_file_that_was_changed_is_not_read() {
    let folder = folder("changed");
    let path = folder.join("model.onnx");
    std::fs::write(folder.join("data"), [0; 48]).unwrap();
    let location = ("location", "data");
    std::fs::write(
        &path,
        beside(&[location, ("length", "32")], &[location, ("offset", "32")]),
    )
    .unwrap();
    let model = Model::open(&path).unwrap();
    assert!(model.load("w").is_ok());
    std::fs::write(folder.join("data"), [0; 49]).unwrap();
    let error = model.load("w").unwrap_err();
    assert!(
        matches!(error.problem, Problem::Changed) && error.path.ends_with("data"),
        "{error}"
    );
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn zero_points_and_orders_that_cannot_be_kept_to_the_bit_are_refused() {
    let refusal = |inputs: &[&str], data_type: u8, data: &[u8]| {
        let sizes = [("N", 2), ("K", 32), ("block_size", 16)];
        let graph = onnx(&[
            node("MatMulNBits", inputs, "y", &sizes),
            constant("w_Q4", 2, &[2, 2, 8], &[0x5A; 32]),
            constant("s", 1, &[4], &[0x3D; 16]),
            constant("z", data_type, &[4], data),
        ]);
        Model::from_bytes(graph)
            .map(|_| ())
            .map_err(|error| error.to_string())
    };
    assert_eq!(refusal(&["x", "w_Q4", "s", "z"], 2, &[0x78, 0x87]), Ok(()));
    let floats = refusal(&["x", "w_Q4", "s", "z"], 1, &[0x3D; 16]).unwrap_err();
    assert!(
        floats.contains("\"z\"") && floats.contains("zero points are floats"),
        "{floats}"
    );
    let index = refusal(&["x", "w_Q4", "s", "", "z"], 6, &[0; 128]).unwrap_err();
    assert!(index.contains("an index of groups"), "{index}");
}

#[test]
fn an_output_of_two_nodes_is_no_graph() {
    let twice = node("Relu", &["x"], "y", &[]);
    let error = Model::from_bytes(onnx(&[twice.clone(), twice])).unwrap_err();
    assert!(error.to_string().contains("an output twice"), "{error}");
}
