//! Safetensors files are read to the last bit.
#![allow(
    clippy::unwrap_used,
    reason = "a helper that panics fails its test, as it should"
)]

mod support;

use q4_kernel_formats::Model;

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
