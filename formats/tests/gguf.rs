//! GGUF files are read to the last bit.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a helper that panics fails its test, as it should"
)]

mod support;

use q4_kernel_formats::{Model, Problem};

#[test]
fn weights_are_those_that_the_writer_dequantises() {
    support::every_digest_is_the_writers_own(".gguf");
}

#[test]
fn every_fixture_is_read_to_the_last_bit() {
    support::every_matrix_is_the_tools_own("gguf");
}

#[test]
fn a_file_that_is_cut_short_is_refused() {
    let Some(folder) = support::fixtures() else {
        return;
    };
    let error = Model::open(folder.join("malformed/gguf-truncated-data.gguf")).unwrap_err();
    assert!(matches!(error.problem, Problem::Truncated { .. }), "{error}");
    assert!(error.tensor.is_some(), "{error}");
}

/// A header of a value or none, a table and data, each as given.
struct Written {
    alignment: Option<u32>,
    tensors: Vec<(&'static str, Vec<u64>, u32, u64)>,
    data: Vec<u8>,
}

impl Written {
    fn one(dimensions: &[u64], kind: u32, data: Vec<u8>) -> Self {
        Self {
            alignment: None,
            tensors: vec![("x.weight", dimensions.to_vec(), kind, 0)],
            data,
        }
    }

    fn bytes(&self) -> Vec<u8> {
        let mut bytes = b"GGUF\x03\0\0\0".to_vec();
        let string = |bytes: &mut Vec<u8>, text: &str| {
            bytes.extend((text.len() as u64).to_le_bytes());
            bytes.extend(text.as_bytes());
        };
        bytes.extend((self.tensors.len() as u64).to_le_bytes());
        bytes.extend(u64::from(self.alignment.is_some()).to_le_bytes());
        if let Some(alignment) = self.alignment {
            string(&mut bytes, "general.alignment");
            bytes.extend(4_u32.to_le_bytes());
            bytes.extend(alignment.to_le_bytes());
        }
        for (name, dimensions, kind, offset) in &self.tensors {
            string(&mut bytes, name);
            bytes.extend((dimensions.len() as u32).to_le_bytes());
            bytes.extend(dimensions.iter().flat_map(|size| size.to_le_bytes()));
            bytes.extend(kind.to_le_bytes());
            bytes.extend(offset.to_le_bytes());
        }
        bytes.resize(
            bytes
                .len()
                .next_multiple_of(self.alignment.unwrap_or(32).clamp(1, 4096) as usize),
            0,
        );
        bytes.extend(&self.data);
        bytes
    }

    fn refusal(&self, name: &str) -> String {
        open(name, &self.bytes()).unwrap_err().to_string()
    }
}

fn path(name: &str) -> std::path::PathBuf {
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR"));
    folder.join(format!("{name}-{}.gguf", std::process::id()))
}

fn open(name: &str, bytes: &[u8]) -> Result<Model, q4_kernel_formats::FileError> {
    let path = path(name);
    std::fs::write(&path, bytes).unwrap();
    let model = Model::open(&path);
    std::fs::remove_file(&path).ok();
    model
}

#[test]
fn tables_that_lie_are_refused_with_the_tensor() {
    let wide = Written::one(&[1 << 40, 1 << 40], 0, vec![0; 64]).refusal("wide");
    assert!(wide.contains("\"x.weight\"") && wide.contains("2^64"), "{wide}");
    let short = Written::one(&[32, 2], 2, vec![0; 18]).refusal("short");
    assert!(short.contains("needs 36 bytes and 18 are left"), "{short}");
    let ragged = Written::one(&[33, 1], 2, vec![0; 64]).refusal("ragged");
    assert!(ragged.contains("whole blocks"), "{ragged}");
    let empty = Written::one(&[32, 0], 2, vec![0; 64]).refusal("empty");
    assert!(empty.contains("is 0"), "{empty}");
    let many = Written::one(&[1, 1, 1, 1, 1], 0, vec![0; 64]).refusal("many");
    assert!(many.contains("5 dimensions"), "{many}");
    let mut unaligned = Written::one(&[32, 1], 2, vec![0; 64]);
    unaligned.tensors[0].3 = 4;
    assert!(
        unaligned
            .refusal("unaligned")
            .contains("no multiple of the alignment 32")
    );
    unaligned.tensors[0].3 = u64::MAX - 31;
    assert!(unaligned.refusal("beyond").contains("beyond any file"));
    unaligned.tensors[0].3 = 0;
    unaligned.alignment = Some(3);
    assert!(unaligned.refusal("power").contains("power of two"));
}

#[test]
fn tensors_that_overlap_or_share_a_name_are_refused() {
    let mut two = Written::one(&[32, 2], 2, vec![0; 96]);
    two.tensors.push(("y.weight", vec![32, 1], 2, 32));
    let overlap = two.refusal("overlap");
    assert!(
        overlap.contains("\"y.weight\"") && overlap.contains("begins within"),
        "{overlap}"
    );
    two.tensors[1] = ("x.weight", vec![32, 1], 2, 64);
    assert!(two.refusal("twice").contains("names must differ"));
}

#[test]
fn numbers_that_would_lose_a_column_are_refused_when_it_is_loaded() {
    let mut data = vec![0x88; 18];
    data[..2].copy_from_slice(&0x7E00_u16.to_le_bytes());
    let path = path("nan");
    let bytes = Written::one(&[32, 1], 2, data).bytes();
    std::fs::write(&path, &bytes).unwrap();
    let error = Model::open(&path).unwrap().load("x").unwrap_err();
    assert_eq!(error.tensor.as_deref(), Some("x.weight"));
    assert!(matches!(error.problem, Problem::Layout(_)), "{error}");

    let model = Model::open(&path).unwrap();
    std::fs::write(&path, &bytes[..bytes.len() - 1]).unwrap();
    assert!(matches!(model.load("x").unwrap_err().problem, Problem::Changed));
    assert!(matches!(
        model.load("z").unwrap_err().problem,
        Problem::NoSuchMatrix { nearest: Some(name) } if name == "x"
    ));
    std::fs::remove_file(&path).ok();
}

#[test]
fn files_of_nothing_known_say_so() {
    for (name, bytes) in [("none", &b""[..]), ("text", b"hello"), ("magic", b"GGUF")] {
        assert!(open(name, bytes).is_err(), "{name}");
    }
    let deep: Vec<u8> = [9_u32, 9, 9, 9, 9, 9]
        .iter()
        .flat_map(|kind| [kind.to_le_bytes().to_vec(), 1_u64.to_le_bytes().to_vec()].concat())
        .collect();
    let mut bytes = b"GGUF\x03\0\0\0\0\0\0\0\0\0\0\0\x01\0\0\0\0\0\0\0\x01\0\0\0\0\0\0\0k\x09\0\0\0".to_vec();
    bytes.extend(deep);
    let error = open("deep", &bytes).unwrap_err().to_string();
    assert!(error.contains("deep"), "{error}");
}

#[test]
fn blocks_are_decoded_by_their_definition() {
    // Scale 2, minimum 1: all in Q4_K are q * 2 * 3 - 1 * 5 in the first group.
    let half = |value: f32| half::f16::from_f32(value).to_le_bytes();
    let mut q4_k = [half(2.0), half(1.0)].concat();
    q4_k.extend([3, 0, 0, 0, 5, 0, 0, 0, 0x21, 0, 0, 0x40]);
    q4_k.extend([0x4F; 32]);
    q4_k.extend([0; 96]);
    let path = path("blocks");
    let load = |kind, k, data| {
        std::fs::write(&path, Written::one(&[k, 1], kind, data).bytes()).unwrap();
        let model = Model::open(&path).unwrap();
        model.load("x").unwrap().row(0).unwrap().into_owned()
    };
    let row = load(12, 256, q4_k);
    assert_eq!(row[..32], [15.0 * 6.0 - 5.0; 32]);
    assert_eq!(
        row[32..128],
        [0.0; 96],
        "scale and minimum of groups 1 to 3 are 0"
    );
    assert_eq!(
        row[128..160],
        [-2.0; 32],
        "the minimum of group 4 is the high nibble"
    );

    let q4_0 = load(
        2,
        32,
        [half(0.5).to_vec(), (0..16).map(|i| i | 0xF0).collect()].concat(),
    );
    assert_eq!((q4_0[0], q4_0[15], q4_0[16]), (-4.0, 3.5, 3.5));
    let mut q5_0 = half(1.0).to_vec();
    q5_0.extend(0x8000_0001_u32.to_le_bytes());
    q5_0.extend([0x21; 16]);
    let q5_0 = load(6, 32, q5_0);
    assert_eq!((q5_0[0], q5_0[1], q5_0[16], q5_0[31]), (1.0, -15.0, -14.0, 2.0));
    let q8_0 = load(8, 32, [half(2.0).to_vec(), vec![0xFF; 32]].concat());
    assert_eq!(q8_0, [-2.0; 32]);
    let bf16 = load(30, 2, vec![0x80, 0x3F, 0, 0xC0]);
    assert_eq!(bf16, [1.0, -2.0]);
    std::fs::remove_file(&path).ok();
}
