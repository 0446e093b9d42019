//! ONNX models are read to the last bit.
#![allow(
    clippy::unwrap_used,
    reason = "a helper that panics fails its test, as it should"
)]

mod support;

use q4_kernel_formats::Model;

#[test]
fn weights_are_those_that_onnx_runtime_multiplies_by() {
    let Some(folder) = support::fixtures() else {
        return;
    };
    let manifest = support::manifest(&folder);
    let cases = manifest["cases"].as_array().unwrap();
    let mut matrices = 0;
    for case in cases
        .iter()
        .filter(|case| case["format"] == "onnx com.microsoft MatMulNBits")
    {
        let model = Model::open(folder.join(case["files"][0]["path"].as_str().unwrap())).unwrap();
        for matrix in case["matrices"].as_object().unwrap().values() {
            let weights = model.load(matrix["prefix"].as_str().unwrap()).unwrap();
            assert_eq!(
                weights.dequantized_sha256(),
                matrix["w_deq_f32_sha256"].as_str().unwrap(),
                "{}",
                case["case"]
            );
            assert_eq!(weights.bias().is_some(), matrix["has_bias"].as_bool().unwrap());
            matrices += 1;
        }
    }
    assert!(matrices > 0);
}

#[test]
fn a_k_that_the_weights_do_not_have_is_refused_with_the_tensor() {
    let Some(folder) = support::fixtures() else {
        return;
    };
    let error = Model::open(folder.join("malformed/onnx-k-attribute-mismatch.onnx")).unwrap_err();
    assert!(error.tensor.is_some(), "{error}");
}
