//! Whatever bytes a file has, opening and loading it ends in weights or in an error.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
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

/// A header of the tensors and their data, as the container has them.
fn safetensors(tensors: &[(&str, &str, [usize; 2], usize)]) -> Vec<u8> {
    let mut header = serde_json::Map::new();
    let mut end = 0;
    for (name, dtype, shape, bytes) in tensors {
        let entry = serde_json::json!({"dtype": dtype, "shape": shape, "data_offsets": [end, end + bytes]});
        header.insert((*name).to_owned(), entry);
        end += bytes;
    }
    let header = serde_json::Value::Object(header).to_string();
    let mut file = (header.len() as u64).to_le_bytes().to_vec();
    file.extend(header.bytes());
    file.extend((0..end).map(|byte| (byte * 37 % 61) as u8));
    file
}

#[test]
fn no_safetensors_file_is_too_damaged_for_an_error() {
    let files = [
        safetensors(&[
            ("a.qweight", "I32", [64, 2], 512),
            ("a.qzeros", "I32", [2, 2], 16),
            ("a.scales", "F16", [2, 16], 64),
        ]),
        safetensors(&[("a.weight", "U32", [3, 8], 96), ("a.scales", "U8", [3, 2], 6)]),
        safetensors(&[("a.weight", "U32", [3, 8], 96), ("a.scales", "U8", [3, 4], 12)]),
        safetensors(&[("a.weight", "U8", [4, 32], 128), ("a.scales", "F32", [2, 4], 32)]),
    ];
    survives("safetensors", &files, |bytes| {
        8 + u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize
    });
}
