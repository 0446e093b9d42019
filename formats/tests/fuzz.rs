//! Whatever bytes a file has, opening and loading it ends in weights or in an error.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::panic,
    reason = "a helper that panics fails its test, as it should; how long it ran is said"
)]

mod support;

use std::time::{Duration, Instant};

use q4_kernel_formats::{Conversion, Model, Quantizer};

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
    let (begin, time) = (Instant::now(), time());
    let mut random = Random(5);
    let (mut opened, mut loaded, mut refused) = (0_u64, 0_u64, 0_u64);
    while begin.elapsed() < time {
        let original = &files[random.below(files.len())];
        let Ok(model) = Model::from_bytes(random.mutate(original, header(original))) else {
            refused += 1;
            continue;
        };
        opened += 1;
        for matrix in model.matrices() {
            if let Ok(weights) = model.load(&matrix.name) {
                assert_eq!(weights.size(), (matrix.n, matrix.k));
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
    ["f16", "iq4_nl", "mxfp4", "nvfp4", "q4_1"]
        .map(|name| std::fs::read(support::data(&format!("minilm-l0-{name}.gguf"))).unwrap())
        .to_vec()
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

/// One tensor of a file: name, type, shape, and its data where it matters.
type Tensor<'a> = (&'a str, &'a str, &'a [usize], Option<Vec<u8>>);

/// A header of the tensors and their data, as the container has them.
fn safetensors(tensors: &[Tensor<'_>]) -> Vec<u8> {
    let mut header = serde_json::Map::new();
    let mut data = Vec::new();
    for (name, dtype, shape, bytes) in tensors {
        let size = match *dtype {
            "U8" => 1,
            "F16" | "BF16" => 2,
            "I64" => 8,
            _ => 4,
        };
        let length = shape.iter().product::<usize>() * size;
        let begin = data.len();
        let pattern = || (0..length).map(|byte| (byte * 37 % 61) as u8).collect();
        data.extend(bytes.clone().unwrap_or_else(pattern));
        let entry = serde_json::json!({"dtype": dtype, "shape": shape, "data_offsets": [begin, data.len()]});
        header.insert((*name).to_owned(), entry);
    }
    let header = serde_json::Value::Object(header).to_string();
    let mut file = (header.len() as u64).to_le_bytes().to_vec();
    file.extend(header.bytes());
    file.extend(data);
    file
}

/// Data of words.
fn words(values: impl IntoIterator<Item = u32>) -> Option<Vec<u8>> {
    Some(values.into_iter().flat_map(u32::to_le_bytes).collect())
}

fn small_safetensors() -> Vec<Vec<u8>> {
    let state = br#"{"quant_type": "nf4", "blocksize": 32, "shape": [2, 64], "nested_blocksize": 4, "nested_offset": 0.5}"#;
    vec![
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
    ]
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

/// A field of a message of Protocol Buffers.
fn field(number: u8, content: &[u8]) -> Vec<u8> {
    let length = content.len();
    [
        &[number << 3 | 2, (length & 0x7F) as u8 | 0x80, (length >> 7) as u8],
        content,
    ]
    .concat()
}

/// A field that is a small number.
fn small(number: u8, value: u8) -> Vec<u8> {
    vec![number << 3, value]
}

fn small_onnx() -> Vec<u8> {
    let initializer = |name: &str, data_type: u8, data: &[u8]| {
        let tensor = [
            small(1, 2),
            small(2, data_type),
            field(8, name.as_bytes()),
            field(9, data),
        ];
        field(5, &tensor.concat())
    };
    let attribute = |name: &str, value: u8| field(5, &[field(1, name.as_bytes()), small(3, value)].concat());
    let names = |number: u8, names: &[&str]| -> Vec<u8> {
        names
            .iter()
            .flat_map(|name| field(number, name.as_bytes()))
            .collect()
    };
    // N = 2, K = 40, blocks of 16, the last of which is not full.
    let product = [
        names(1, &["x", "a.weight_Q4", "scales", "zeros"]),
        names(2, &["product"]),
        field(4, b"MatMulNBits"),
        attribute("N", 2),
        attribute("K", 40),
        attribute("block_size", 16),
    ];
    let sum = [names(1, &["product", "bias"]), names(2, &["y"]), field(4, b"Add")];
    let graph = [
        field(1, &product.concat()),
        field(1, &sum.concat()),
        initializer("a.weight_Q4", 2, &[0x5A; 48]),
        initializer("scales", 1, &[0x3D; 24]),
        initializer("zeros", 2, &[0x78, 0x09, 0x12, 0x03]),
        initializer("bias", 1, &[0x3D; 8]),
    ];
    [small(1, 10), field(7, &graph.concat())].concat()
}

#[test]
fn a_model_of_onnx_is_read_where_nothing_is_damaged() {
    let model = Model::from_bytes(small_onnx()).unwrap();
    let weights = model.load("a").unwrap();
    assert_eq!(weights.size(), (2, 40));
    let scale = f32::from_le_bytes([0x3D; 4]);
    let row = weights.row(1).unwrap();
    assert_eq!(row[..2], [(10.0 - 2.0) * scale, (5.0 - 2.0) * scale]);
    assert_eq!(row[32..34], [(10.0 - 3.0) * scale, (5.0 - 3.0) * scale]);
    assert_eq!(weights.bias(), Some(&[scale, scale][..]));
}

#[test]
fn no_model_of_onnx_is_too_damaged_for_an_error() {
    survives("onnx", &[small_onnx()], <[u8]>::len);
}
