//! Conversions and bitcasts.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "helpers of tests may fail"
)]

#[path = "common/evaluate.rs"]
mod evaluate;

use evaluate::{evaluate, evaluate_with};
use half::f16;
use q4_kernel_emulator::FaultKind;

#[test]
fn integers_and_floats() {
    let input = [0i32, 1, -1, 16_777_217, -16_777_219, i32::MAX, i32::MIN];
    let output: Vec<f32> = evaluate(("i32", "f32"), "f32(x)", &input);
    assert_eq!(output, input.map(|x| x as f32));
    let output: Vec<u32> = evaluate(("i32", "u32"), "u32(x)", &input);
    assert_eq!(output, input.map(|x| x as u32));
    let input = [0u32, 1, 16_777_217, u32::MAX];
    let output: Vec<f32> = evaluate(("u32", "f32"), "f32(x)", &input);
    assert_eq!(output, input.map(|x| x as f32));
    let input = [0.0f32, -0.9, 1.9, -1.9, 2_147_483_520.0, -2_147_483_648.0];
    let output: Vec<i32> = evaluate(("f32", "i32"), "i32(x)", &input);
    assert_eq!(output, input.map(|x| x as i32));
    let input = [0.0f32, -0.9, 1.9, 4_294_967_040.0];
    let output: Vec<u32> = evaluate(("f32", "u32"), "u32(x)", &input);
    assert_eq!(output, input.map(|x| x as u32));
}

#[test]
fn floats_out_of_range_saturate_and_are_reported() {
    let input = [2_147_483_648.0f32, -3e9, f32::INFINITY, f32::NAN, 5.0];
    let (output, report) = evaluate_with::<_, i32>("", ("f32", "i32"), "i32(x)", &input);
    assert_eq!(output, [i32::MAX, i32::MIN, i32::MAX, 0, 5]);
    assert_eq!(report.faults.len(), 1);
    assert_eq!(
        (report.faults[0].kind, report.faults[0].count),
        (FaultKind::InvalidConversion, 4)
    );
    let input = [-1.0f32, 4_294_967_296.0, 1.0];
    let (output, report) = evaluate_with::<_, u32>("", ("f32", "u32"), "u32(x)", &input);
    assert_eq!((output, report.faults[0].count), (vec![0, u32::MAX, 1], 2));
}

#[test]
fn booleans() {
    let input = [0.0f32, -0.0, 1.0, 0.5, f32::NAN];
    let output: Vec<u32> = evaluate(("f32", "u32"), "u32(bool(x))", &input);
    assert_eq!(output, [0, 0, 1, 1, 1]);
    let input = [0i32, 5, -1];
    let output: Vec<f32> = evaluate(("i32", "f32"), "f32(bool(x))", &input);
    assert_eq!(output, [0.0, 1.0, 1.0]);
    let output: Vec<i32> = evaluate(("i32", "i32"), "i32(bool(x))", &input);
    assert_eq!(output, [0, 1, 1]);
}

#[test]
fn halves_round_to_nearest_even() {
    let input = [
        0.1f32,
        1.0 + 1.0 / 2048.0,
        1.0 + 3.0 / 2048.0,
        65519.0,
        65520.0,
        1e-8,
        -2.0,
    ];
    let output: Vec<u16> = evaluate(("f32", "f16"), "f16(x)", &input);
    assert_eq!(output, input.map(|x| f16::from_f32(x).to_bits()));
    let bits = (0..64u16)
        .map(|i| i * 1021)
        .filter(|&b| !f16::from_bits(b).is_nan())
        .collect::<Vec<_>>();
    let output: Vec<f32> = evaluate(("f16", "f32"), "f32(x)", &bits);
    assert_eq!(
        output,
        bits.iter()
            .map(|&b| f16::from_bits(b).to_f32())
            .collect::<Vec<_>>()
    );
    let input = [0i32, 2049, 2051, -65504, 70000];
    let output: Vec<u16> = evaluate(("i32", "f16"), "f16(x)", &input);
    assert_eq!(output, input.map(|x| f16::from_f64(f64::from(x)).to_bits()));
}

#[test]
fn integers_of_16_bits() {
    let input = [0i32, -1, 32768, -32769, 65535];
    let output: Vec<i16> = evaluate(("i32", "i16"), "i16(x)", &input);
    assert_eq!(output, input.map(|x| x as i16));
    let output: Vec<u16> = evaluate(("i32", "u16"), "u16(x)", &input);
    assert_eq!(output, input.map(|x| x as u16));
    let input = [-1i16, i16::MIN, 5];
    let output: Vec<i32> = evaluate(("i16", "i32"), "i32(x)", &input);
    assert_eq!(output, input.map(i32::from));
    let output: Vec<f32> = evaluate(("i16", "f32"), "f32(x)", &input);
    assert_eq!(output, input.map(f32::from));
}

#[test]
fn bitcasts_keep_bits() {
    let input = [0u32, 0x3f80_0000, 0x7fc0_1234, 0x8000_0001, u32::MAX];
    let output: Vec<u32> = evaluate(("u32", "u32"), "bitcast<u32>(bitcast<f32>(x))", &input);
    assert_eq!(output, input);
    let output: Vec<i32> = evaluate(("u32", "i32"), "bitcast<i32>(x)", &input);
    assert_eq!(output, input.map(|x| x as i32));
    let output: Vec<[f32; 2]> = evaluate(
        ("vec2<u32>", "vec2<f32>"),
        "bitcast<vec2<f32>>(x)",
        &[[0x3f80_0000u32, 0x4000_0000]],
    );
    assert_eq!(output, [[1.0, 2.0]]);
}
