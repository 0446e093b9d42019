//! ONNX models are read to the last bit.
#![allow(
    clippy::unwrap_used,
    reason = "a helper that panics fails its test, as it should"
)]

mod support;

use q4_kernel_formats::Model;

#[test]
fn weights_are_those_that_onnx_runtime_multiplies_by() {
    support::every_matrix_is_the_tools_own("onnx com.microsoft MatMulNBits");
}

#[test]
fn a_k_that_the_weights_do_not_have_is_refused_with_the_tensor() {
    let Some(folder) = support::fixtures() else {
        return;
    };
    let error = Model::open(folder.join("malformed/onnx-k-attribute-mismatch.onnx")).unwrap_err();
    assert!(error.tensor.is_some(), "{error}");
}
