//! What is converted comes back to the last bit.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a helper that panics fails its test, as it should"
)]

mod support;

use std::path::PathBuf;

use q4_kernel_formats::{Container, Conversion, Model, Problem, Quantizer, Stored};

const KEPT: Conversion = Conversion {
    quantizer: Quantizer::LeastSquares,
    group_size: 32,
    requantize: false,
};

/// A file that is gone when the test is.
struct Converted(PathBuf);

impl Converted {
    fn new(name: &str, bytes: &[u8]) -> Self {
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
        let path = folder.join(format!("{name}-{}.safetensors", std::process::id()));
        std::fs::write(&path, bytes).unwrap();
        Self(path)
    }

    fn open(&self) -> Model {
        Model::open(&self.0).unwrap()
    }
}

impl Drop for Converted {
    fn drop(&mut self) {
        std::fs::remove_file(&self.0).ok();
    }
}

fn written(model: &Model, conversion: Conversion) -> Vec<u8> {
    let mut bytes = Vec::new();
    conversion.write(model, &mut bytes, |_, _| {}).unwrap();
    bytes
}

#[test]
fn every_encoding_comes_back_to_the_last_bit() {
    for file in ["iq4_nl", "mxfp4", "nvfp4", "q4_1"] {
        let original = Model::open(support::data(&format!("minilm-l0-{file}.gguf"))).unwrap();
        let converted = Converted::new(file, &written(&original, KEPT));
        let model = converted.open();
        assert_eq!(model.container(), Container::Own);
        assert_eq!(model.matrices().len(), original.matrices().len());
        for matrix in original.matrices() {
            let [before, after] = [&original, &model].map(|model| model.load(&matrix.name).unwrap());
            assert_eq!(before.dequantized_sha256(), after.dequantized_sha256(), "{file}");
            assert_eq!(before.bias(), after.bias(), "{file}");
            let (Stored::Quantized(before), Stored::Quantized(after)) = (&before, &after) else {
                panic!("{file} has four bits a weight");
            };
            assert_eq!(before.scale_format(), after.scale_format(), "{file}");
            assert_eq!(
                before.decoding().encoding(),
                after.decoding().encoding(),
                "{file}"
            );
        }
    }
}

#[test]
fn floats_are_quantised_and_their_error_is_told() {
    let original = Model::open(support::data("minilm-l0-f16.gguf")).unwrap();
    let errors = [Quantizer::Nearest, Quantizer::LeastSquares].map(|quantizer| {
        let conversion = Conversion { quantizer, ..KEPT };
        let mut error = None;
        let mut bytes = Vec::new();
        conversion
            .write(&original, &mut bytes, |matrix, told| {
                assert_eq!(matrix.name, "blk.0.attn_q");
                error = told;
            })
            .unwrap();
        let converted = Converted::new(&format!("{quantizer:?}"), &bytes);
        let model = converted.open();
        assert!(matches!(
            model.load("blk.0.attn_q").unwrap(),
            Stored::Quantized(_)
        ));
        error.unwrap()
    });
    assert!(errors[1] < errors[0] && errors[0] < 0.12, "{errors:?}");
}

#[test]
fn a_converted_file_that_is_damaged_is_refused() {
    let original = Model::open(support::data("minilm-l0-f16.gguf")).unwrap();
    let bytes = written(&original, KEPT);
    let refused = |name: &str, from: &str, to: &str| {
        assert_eq!(from.len(), to.len());
        let at = bytes
            .windows(from.len())
            .position(|window| window == from.as_bytes())
            .unwrap();
        let mut damaged = bytes.clone();
        damaged[at..at + from.len()].copy_from_slice(to.as_bytes());
        let file = Converted::new(name, &damaged);
        Model::open(&file.0).unwrap_err()
    };
    let version = refused(
        "version",
        r#""q4_kernel.version":"1""#,
        r#""q4_kernel.version":"9""#,
    );
    assert!(matches!(version.problem, Problem::Unsupported(_)), "{version}");
    let size = refused("size", r#"\"n\":64"#, r#"\"n\":65"#);
    assert_eq!(size.tensor.as_deref(), Some("blk.0.attn_q.q4.weight"), "{size}");
    let group = refused("group", r#"\"group_size\":32"#, r#"\"group_size\":00"#);
    assert!(group.to_string().contains("q4_kernel.matrices"), "{group}");
    let encoding = refused("encoding", "symmetric", "symmetrie");
    assert!(encoding.to_string().contains("symmetrie"), "{encoding}");
    let missing = refused("missing", "q4.bias", "q4.bios");
    assert!(missing.to_string().contains("no such tensor"), "{missing}");
    let file = Converted::new("short", &bytes[..bytes.len() - 8]);
    let short = Model::open(&file.0).unwrap_err();
    assert!(short.to_string().contains("header"), "{short}");
}
