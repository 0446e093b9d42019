//! Whatever bytes a file has, opening and loading it ends in weights or in an error.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::panic,
    reason = "a helper that panics fails its test, as it should; how long it ran is said"
)]

mod support;
#[path = "support/written.rs"]
mod written;

use std::time::{Duration, Instant};

use q4_kernel_formats::{Conversion, FileError, Model, Quantizer, Stored};
use written::{constant, constant_in, elsewhere, folder, node, onnx, safetensors, words};

/// Seconds that each target runs for: `Q4_FUZZ_SECONDS`, or a few.
fn time() -> Duration {
    let seconds = std::env::var("Q4_FUZZ_SECONDS")
        .ok()
        .and_then(|seconds| seconds.parse().ok());
    Duration::from_secs(seconds.unwrap_or(3))
}

/// `SplitMix64`: the same files in every run.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ z >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ z >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ z >> 31
    }

    fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound.max(1) as u64) as usize
    }

    /// Changes a file in a few places, most of them in its header.
    fn mutate(&mut self, original: &[u8], header: usize) -> Vec<u8> {
        let mut bytes = original.to_vec();
        for _ in 0..=self.below(4) {
            let within = if self.below(8) == 0 {
                bytes.len()
            } else {
                header.min(bytes.len())
            };
            let at = self.below(within);
            match self.below(6) {
                0 => bytes.truncate(at),
                1 => {
                    let count = self.below(64).min(bytes.len() - at);
                    bytes.drain(at..at + count);
                }
                2 => {
                    let word = match self.below(4) {
                        0 => u64::MAX,
                        1 => u64::MAX >> self.below(64),
                        2 => 1 << self.below(64),
                        _ => self.next(),
                    };
                    for (byte, new) in bytes.iter_mut().skip(at).zip(word.to_le_bytes()) {
                        *byte = new;
                    }
                }
                3 => {
                    let from = self.below(within);
                    let copy: Vec<u8> = bytes
                        .iter()
                        .skip(from)
                        .take(1 + self.below(32))
                        .copied()
                        .collect();
                    bytes.splice(at..at, copy);
                }
                4 => {
                    if let Some(byte) = bytes.get_mut(at) {
                        *byte ^= 1 << self.below(8);
                    }
                }
                _ => {
                    if let Some(byte) = bytes.get_mut(at) {
                        *byte = self.next() as u8;
                    }
                }
            }
        }
        bytes
    }
}

/// Opens changed files until the time is over. `header` says how much of a file, from its begin, has most of the changes.
fn survives(name: &str, files: &[Vec<u8>], header: fn(&[u8]) -> usize) {
    survives_as(name, files, header, Model::from_bytes);
}

/// As [`survives`], of files that are opened in some way.
fn survives_as(
    name: &str,
    files: &[Vec<u8>],
    header: fn(&[u8]) -> usize,
    open: impl Fn(Vec<u8>) -> Result<Model, FileError>,
) {
    let (begin, time) = (Instant::now(), time());
    let mut random = Random(5);
    let (mut opened, mut loaded, mut refused) = (0_u64, 0_u64, 0_u64);
    while begin.elapsed() < time {
        let original = &files[random.below(files.len())];
        let Ok(model) = open(random.mutate(original, header(original))) else {
            refused += 1;
            continue;
        };
        opened += 1;
        for matrix in model.matrices() {
            if let Ok(weights) = model.load(&matrix.name) {
                assert_eq!(weights.size(), (matrix.n, matrix.k));
                if let Stored::Quantized(layer) = &weights {
                    let promised = matrix.weights.unwrap();
                    assert!(promised.is_held_by(layer.format()), "{matrix:?}");
                }
                assert!(weights.row(matrix.n - 1).is_some() && weights.row(matrix.n).is_none());
                loaded += 1;
            }
        }
    }
    println!("{name}: {opened} files opened, {loaded} matrices loaded, {refused} files refused");
    assert!(
        opened > 0 && loaded > 0 && refused > 0,
        "changes reach every outcome"
    );
}

fn small_gguf() -> Vec<Vec<u8>> {
    let names = ["f16", "iq4_nl", "mxfp4", "nvfp4", "q4_1"].map(|name| format!("minilm-l0-{name}.gguf"));
    let data = names.into_iter().chain(["random-blocks.gguf".to_owned()]);
    data.map(|name| support::data(&name))
        .chain(["gguf-blocks.gguf", "gguf-quantised.gguf"].map(support::original))
        .map(|path| std::fs::read(path).unwrap())
        .collect()
}

#[test]
fn no_gguf_file_is_too_damaged_for_an_error() {
    survives("gguf", &small_gguf(), |_| 3000);
}

#[test]
fn no_converted_file_is_too_damaged_for_an_error() {
    let conversion = Conversion {
        quantizer: Quantizer::Nearest,
        group_size: 32,
        requantize: false,
    };
    let converted: Vec<Vec<u8>> = small_gguf()
        .into_iter()
        .map(|bytes| {
            let model = Model::from_bytes(bytes).unwrap();
            let mut converted = Vec::new();
            conversion.write(&model, &mut converted, |_, _| {}).unwrap();
            converted
        })
        .collect();
    survives("converted", &converted, |bytes| {
        8 + u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize
    });
}

fn small_safetensors() -> Vec<Vec<u8>> {
    let state = br#"{"quant_type": "nf4", "blocksize": 32, "shape": [2, 64], "nested_blocksize": 4, "nested_offset": 0.5}"#;
    let originals = [
        "bitsandbytes-fp4-double",
        "bitsandbytes-nf4-double-bf16-storage",
        "compressed-tensors-nvfp4",
        "compressed-tensors-mxfp4",
        "gptq-auto-round-no-index",
    ];
    let mut files: Vec<_> = originals
        .into_iter()
        .map(|folder| std::fs::read(support::original(&format!("{folder}/model.safetensors"))).unwrap())
        .collect();
    files.extend([
        safetensors(&[
            ("awq.qweight", "I32", &[64, 2], None),
            ("awq.qzeros", "I32", &[2, 2], None),
            ("awq.scales", "F16", &[2, 16], None),
        ]),
        safetensors(&[
            ("gptq.qweight", "I32", &[4, 8], None),
            ("gptq.qzeros", "I32", &[2, 1], None),
            ("gptq.scales", "F16", &[2, 8], None),
            (
                "gptq.g_idx",
                "I32",
                &[32],
                words((0..32).map(|feature| feature % 2)),
            ),
            ("gptq.bias", "F16", &[8], None),
        ]),
        safetensors(&[
            ("mxfp4.weight", "U32", &[3, 8], None),
            ("mxfp4.scales", "U8", &[3, 2], None),
        ]),
        safetensors(&[
            ("nvfp4.weight", "U32", &[3, 8], None),
            ("nvfp4.scales", "U8", &[3, 4], None),
        ]),
        safetensors(&[
            ("q4gsw.weight", "U8", &[4, 32], None),
            ("q4gsw.scales", "F32", &[2, 4], None),
        ]),
        safetensors(&[
            ("ct.weight_packed", "I32", &[3, 8], None),
            ("ct.weight_scale", "BF16", &[3, 2], None),
            ("ct.weight_shape", "I64", &[2], words([3, 0, 64, 0])),
        ]),
        // K = 60: the last word of a row is not full. Inputs in another order, zero points of a byte and of a nibble.
        safetensors(&[
            ("ct.weight_packed", "I32", &[9, 8], None),
            ("ct.weight_scale", "F16", &[9, 2], None),
            ("ct.weight_zero_point", "I32", &[2, 2], None),
            ("ct.weight_shape", "I64", &[2], words([9, 0, 60, 0])),
            (
                "ct.weight_g_idx",
                "I32",
                &[60],
                words((0..60).map(|feature| feature % 2)),
            ),
            ("ct.bias", "F32", &[9], None),
        ]),
        safetensors(&[
            ("ct.weight_packed", "I32", &[3, 8], None),
            ("ct.weight_scale", "F16", &[3, 1], None),
            ("ct.weight_zero_point", "I8", &[3, 1], Some(vec![0, 7, 0xF8])),
            ("ct.weight_shape", "I64", &[2], words([3, 0, 64, 0])),
        ]),
        safetensors(&[
            ("bnb.weight", "U8", &[64, 1], None),
            ("bnb.weight.absmax", "U8", &[4], None),
            (
                "bnb.weight.quant_map",
                "F32",
                &[16],
                words((0..16).map(|level| (level as f32).to_bits())),
            ),
            (
                "bnb.weight.nested_absmax",
                "F32",
                &[1],
                words([1.0_f32.to_bits()]),
            ),
            (
                "bnb.weight.nested_quant_map",
                "F32",
                &[256],
                words((0..256).map(|level| (level as f32).to_bits())),
            ),
            (
                "bnb.weight.quant_state.bitsandbytes__nf4",
                "U8",
                &[state.len()],
                Some(state.to_vec()),
            ),
        ]),
        safetensors(&[
            ("plain.weight", "BF16", &[3, 5], None),
            ("plain.bias", "F32", &[3], None),
        ]),
    ]);
    files
}

#[test]
fn every_convention_of_safetensors_is_read_where_nothing_is_damaged() {
    for file in small_safetensors() {
        let model = Model::from_bytes(file).unwrap();
        let [matrix] = model.matrices() else {
            panic!("one matrix a file: {:?}", model.matrices());
        };
        let weights = model.load(&matrix.name).unwrap();
        assert_eq!(weights.size(), (matrix.n, matrix.k), "{}", matrix.name);
        assert_eq!(weights.bias().is_some(), matrix.bias, "{}", matrix.name);
    }
}

#[test]
fn no_safetensors_file_is_too_damaged_for_an_error() {
    survives("safetensors", &small_safetensors(), |bytes| {
        8 + u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize
    });
}

fn small_onnx() -> Vec<Vec<u8>> {
    // N = 2, K = 40, blocks of 16, the last of which is not full.
    let product = onnx(&[
        node(
            "MatMulNBits",
            &["x", "a.weight_Q4", "scales", "zeros"],
            "product",
            &[("N", 2), ("K", 40), ("block_size", 16)],
        ),
        node("Add", &["product", "bias"], "y", &[]),
        constant("a.weight_Q4", 2, &[2, 3, 8], &[0x5A; 48]),
        constant("scales", 1, &[6], &[0x3D; 24]),
        constant("zeros", 2, &[4], &[0x78, 0x09, 0x12, 0x03]),
        constant("bias", 1, &[2], &[0x3D; 8]),
    ]);
    // K = 5, N = 3, blocks of 2, signed, with zero points; then the other way round, one scale for each output.
    let dequantised = onnx(&[
        node(
            "DequantizeLinear",
            &["a_DQ_Q4", "scales", "zeros"],
            "w",
            &[("axis", 0), ("block_size", 2)],
        ),
        node("MatMul", &["x", "w"], "product", &[]),
        node("DequantizeLinear", &["b_DQ_Q4", "columns"], "v", &[("axis", 0)]),
        node("Gemm", &["x", "v", "bias"], "z", &[("transB", 1)]),
        constant("a_DQ_Q4", 22, &[5, 3], &[0x5A; 8]),
        constant("scales", 1, &[3, 3], &[0x3D; 36]),
        constant("zeros", 22, &[3, 3], &[0x78, 0x09, 0x12, 0x03, 0x01]),
        constant_in(
            5,
            "b_DQ_Q4",
            21,
            &[3, 5],
            &[0x5A, 0x5A, 0x5A, 0x5A, 0x5A, 0x5A, 0x5A, 0xFF, 0x01],
        ),
        constant("columns", 10, &[3], &[0x3D; 6]),
        constant_in(4, "bias", 1, &[3], &[0x3D; 12]),
    ]);
    vec![product, dequantised]
}

#[test]
fn a_model_of_onnx_is_read_where_nothing_is_damaged() {
    let [product, dequantised] = small_onnx().try_into().unwrap();
    let model = Model::from_bytes(product).unwrap();
    let weights = model.load("a").unwrap();
    assert_eq!(weights.size(), (2, 40));
    let scale = f32::from_le_bytes([0x3D; 4]);
    let row = weights.row(1).unwrap();
    assert_eq!(row[..2], [(10.0 - 2.0) * scale, (5.0 - 2.0) * scale]);
    assert_eq!(row[32..34], [(10.0 - 3.0) * scale, (5.0 - 3.0) * scale]);
    assert_eq!(weights.bias(), Some(&[scale, scale][..]));

    let model = Model::from_bytes(dequantised).unwrap();
    for name in ["a", "b"] {
        let weights = model.load(name).unwrap();
        assert_eq!(weights.size(), (3, 5), "{name}");
    }
}

#[test]
fn no_model_of_onnx_is_too_damaged_for_an_error() {
    let mut files = small_onnx();
    let originals = [
        "onnx-nbits-zeros-part.onnx",
        "onnx-static-int4.onnx",
        "onnx-uint4-zeros.onnx",
    ];
    files.extend(originals.map(|name| std::fs::read(support::original(name)).unwrap()));
    survives("onnx", &files, <[u8]>::len);
}

#[test]
fn no_index_of_other_files_is_too_damaged_for_an_error() {
    let folder = folder("fuzz-index");
    for (file, layer) in [("one.safetensors", "a"), ("two.safetensors", "b")] {
        let tensors = ["weight", "scales"].map(|part| format!("{layer}.{part}"));
        let bytes = safetensors(&[
            (&tensors[0], "U8", &[4, 32], None),
            (&tensors[1], "F32", &[2, 4], None),
        ]);
        std::fs::write(folder.join(file), bytes).unwrap();
    }
    let index = br#"{"weight_map": {"a.weight": "one.safetensors", "a.scales": "one.safetensors", "b.weight": "two.safetensors", "b.scales": "./two.safetensors"}}"#;
    let path = folder.join("index.json");
    survives_as("index", &[index.to_vec()], <[u8]>::len, |bytes| {
        std::fs::write(&path, bytes).unwrap();
        Model::open(&path)
    });
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn no_model_whose_data_is_in_another_file_is_too_damaged_for_an_error() {
    let folder = folder("fuzz-elsewhere");
    std::fs::write(folder.join("data"), [0x3D; 100]).unwrap();
    let model = onnx(&[
        node(
            "MatMulNBits",
            &["x", "a.weight_Q4", "scales"],
            "y",
            &[("N", 2), ("K", 32), ("block_size", 16)],
        ),
        elsewhere(
            "a.weight_Q4",
            2,
            &[2, 2, 8],
            &[("location", "data"), ("offset", "16"), ("length", "32")],
        ),
        elsewhere("scales", 1, &[4], &[("location", "data"), ("offset", "84")]),
    ]);
    let path = folder.join("model.onnx");
    survives_as("elsewhere", &[model], <[u8]>::len, |bytes| {
        std::fs::write(&path, bytes).unwrap();
        Model::open(&path)
    });
    std::fs::remove_dir_all(folder).unwrap();
}
