//! Operators on scalars and vectors, against those of Rust.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "helpers of tests may fail"
)]

#[path = "common/evaluate.rs"]
mod evaluate;

use evaluate::{all_pairs, evaluate, evaluate_with, pairs};
use half::f16;
use q4_kernel_emulator::FaultKind;

const INTS: [i32; 9] = [0, 1, -1, 2, -7, 100, 65536, i32::MAX, i32::MIN];
const WORDS: [u32; 8] = [0, 1, 2, 7, 31, 65536, u32::MAX, 0x8000_0000];
const FLOATS: [f32; 13] = [
    0.0,
    -0.0,
    1.0,
    -1.5,
    0.1,
    3.7,
    -2.5,
    1e-40,
    1e30,
    f32::MAX,
    f32::INFINITY,
    f32::NEG_INFINITY,
    f32::NAN,
];

fn check_i32(expression: &str, reference: impl Fn(i32, i32) -> i32) {
    let input = all_pairs(&INTS);
    let output: Vec<i32> = evaluate(("i32", "i32"), expression, &input);
    for ((x, y), result) in pairs(&input).zip(output) {
        assert_eq!(result, reference(x, y), "{expression} of {x} and {y}");
    }
}

fn check_u32(expression: &str, reference: impl Fn(u32, u32) -> u32) {
    let input = all_pairs(&WORDS);
    let output: Vec<u32> = evaluate(("u32", "u32"), expression, &input);
    for ((x, y), result) in pairs(&input).zip(output) {
        assert_eq!(result, reference(x, y), "{expression} of {x} and {y}");
    }
}

fn check_f32(expression: &str, reference: impl Fn(f32, f32) -> f32) {
    let input = all_pairs(&FLOATS);
    let output: Vec<f32> = evaluate(("f32", "f32"), expression, &input);
    for ((x, y), result) in pairs(&input).zip(output) {
        let expected = reference(x, y);
        let same = result.to_bits() == expected.to_bits() || result.is_nan() && expected.is_nan();
        assert!(
            same,
            "{expression} of {x} and {y}: {result} instead of {expected}"
        );
    }
}

#[test]
fn signed_arithmetic_wraps() {
    check_i32("x + y", i32::wrapping_add);
    check_i32("x - y", i32::wrapping_sub);
    check_i32("x * y", i32::wrapping_mul);
    check_i32("-x", |x, _| x.wrapping_neg());
    check_i32("~x", |x, _| !x);
    check_i32("x & y", |x, y| x & y);
    check_i32("x | y", |x, y| x | y);
    check_i32("x ^ y", |x, y| x ^ y);
    check_i32("x << (u32(y) & 31u)", |x, y| x << (y & 31));
    check_i32("x >> (u32(y) & 31u)", |x, y| x >> (y & 31));
}

#[test]
fn signed_division_truncates_towards_zero() {
    let divisor = |y: i32| if y == 0 || y == -1 { 3 } else { y };
    let select = "select(y, 3, y == 0 || y == -1)";
    check_i32(&format!("x / {select}"), |x, y| x / divisor(y));
    check_i32(&format!("x % {select}"), |x, y| x % divisor(y));
}

#[test]
fn unsigned_arithmetic_wraps() {
    check_u32("x + y", u32::wrapping_add);
    check_u32("x - y", u32::wrapping_sub);
    check_u32("x * y", u32::wrapping_mul);
    check_u32("x / max(y, 1u)", |x, y| x / y.max(1));
    check_u32("x % max(y, 1u)", |x, y| x % y.max(1));
    check_u32("x << (y & 31u)", |x, y| x << (y & 31));
    check_u32("x >> (y & 31u)", |x, y| x >> (y & 31));
}

#[test]
fn comparisons_follow_the_type() {
    let bit = |b: bool| i32::from(b);
    let text = |op: &str| format!("select(0, 1, x {op} y)");
    check_i32(&text("=="), |x, y| bit(x == y));
    check_i32(&text("!="), |x, y| bit(x != y));
    check_i32(&text("<"), |x, y| bit(x < y));
    check_i32(&text("<="), |x, y| bit(x <= y));
    check_i32(&text(">"), |x, y| bit(x > y));
    check_i32(&text(">="), |x, y| bit(x >= y));
    let text = |op: &str| format!("select(0u, 1u, x {op} y)");
    check_u32(&text("<"), |x, y| u32::from(x < y));
    check_u32(&text(">="), |x, y| u32::from(x >= y));
    let text = |op: &str| format!("select(0.0, 1.0, x {op} y)");
    let bit = |b: bool| f32::from(u8::from(b));
    check_f32(&text("=="), |x, y| bit(x == y));
    check_f32(&text("!="), |x, y| bit(x != y));
    check_f32(&text("<"), |x, y| bit(x < y));
    check_f32(&text("<="), |x, y| bit(x <= y));
    check_f32(&text(">"), |x, y| bit(x > y));
    check_f32(&text(">="), |x, y| bit(x >= y));
}

#[test]
fn float_arithmetic_is_ieee_754() {
    check_f32("x + y", |x, y| x + y);
    check_f32("x - y", |x, y| x - y);
    check_f32("x * y", |x, y| x * y);
    check_f32("x / y", |x, y| x / y);
    check_f32("x % y", |x, y| x % y);
    check_f32("-x", |x, _| -x);
}

#[test]
fn a_product_and_a_sum_are_rounded_separately() {
    let x = 1.0 + f32::EPSILON;
    let input = [x, -x * x];
    let output: Vec<f32> = evaluate(("f32", "f32"), "x * x + y", &input);
    assert_eq!(output[0], 0.0);
    let output: Vec<f32> = evaluate(("f32", "f32"), "fma(x, x, y)", &input);
    assert_eq!(output[0], x.mul_add(x, -x * x));
    assert_ne!(output[0], 0.0);
}

#[test]
fn boolean_operators() {
    let table = |expression: &str, reference: fn(bool, bool) -> bool| {
        let input = [0u32, 0, 1, 0, 1, 1];
        let expression = format!("select(0u, 1u, {expression})");
        let output: Vec<u32> = evaluate(("u32", "u32"), &expression, &input);
        for ((x, y), result) in pairs(&input).zip(output) {
            assert_eq!(
                result != 0,
                reference(x != 0, y != 0),
                "{expression} of {x} and {y}"
            );
        }
    };
    table("bool(x) & bool(y)", |x, y| x & y);
    table("bool(x) | bool(y)", |x, y| x | y);
    table("bool(x) && bool(y)", |x, y| x && y);
    table("bool(x) || bool(y)", |x, y| x || y);
    table("bool(x) == bool(y)", |x, y| x == y);
    table("bool(x) != bool(y)", |x, y| x != y);
    table("!bool(x)", |x, _| !x);
    table("any(vec3(bool(x), bool(y), false))", |x, y| x || y);
    table("all(vec3(bool(x), bool(y), true))", |x, y| x && y);
}

#[test]
fn vectors_compute_by_component_and_scalars_serve_all_of_them() {
    let input = [[1.0f32, 2.0, 3.0, 4.0], [10.0, 20.0, 30.0, 40.0]];
    let check = |expression: &str, expected: [f32; 4]| {
        let output: Vec<[f32; 4]> = evaluate(("vec4<f32>", "vec4<f32>"), expression, &input);
        assert_eq!(output[0], expected, "{expression}");
    };
    check("x + y", [11.0, 22.0, 33.0, 44.0]);
    check("x * 2.0", [2.0, 4.0, 6.0, 8.0]);
    check("2.0 * x", [2.0, 4.0, 6.0, 8.0]);
    check("x + 1.0", [2.0, 3.0, 4.0, 5.0]);
    check("y / x", [10.0; 4]);
    check("x.wzyx", [4.0, 3.0, 2.0, 1.0]);
    check("vec4(x.xx, y.yx)", [1.0, 1.0, 20.0, 10.0]);
    check("vec4(x.zw, y.x, 7.0)", [3.0, 4.0, 10.0, 7.0]);
    check("select(x, y, x > vec4(2.5))", [1.0, 2.0, 30.0, 40.0]);
    check("-x", [-1.0, -2.0, -3.0, -4.0]);
    check("vec4(x[1], y[i], x[3 - i], 0.0)", [2.0, 10.0, 4.0, 0.0]);
}

/// Every pair of some values of f16, compared with the arithmetic of the `half` crate, which rounds each operation.
#[test]
fn half_arithmetic_is_correctly_rounded() {
    let values = (0..90u32)
        .map(|i| f16::from_bits((i.wrapping_mul(2_654_435_761) >> 16) as u16))
        .chain(
            [
                0x0000, 0x8000, 0x0001, 0x03ff, 0x0400, 0x3c00, 0x3c01, 0x7bff, 0x7c00, 0xfc00, 0x7e00,
            ]
            .map(f16::from_bits),
        )
        .collect::<Vec<_>>();
    for chunk in all_pairs(&values).chunks(8192) {
        for (operator, reference) in [
            ("x + y", (|x, y| x + y) as fn(f16, f16) -> f16),
            ("x - y", |x, y| x - y),
            ("x * y", |x, y| x * y),
            ("x / y", |x, y| x / y),
        ] {
            let bits = chunk.iter().map(|value| value.to_bits()).collect::<Vec<_>>();
            let output: Vec<u16> = evaluate(("f16", "f16"), operator, &bits);
            for ((x, y), result) in pairs(chunk).zip(output) {
                let (expected, result) = (reference(x, y), f16::from_bits(result));
                let same = result.to_bits() == expected.to_bits() || result.is_nan() && expected.is_nan();
                assert!(
                    same,
                    "{operator} of {x:e} and {y:e}: {result:e} instead of {expected:e}"
                );
            }
        }
    }
}

#[test]
fn integers_of_16_bits_wrap() {
    let values = [0i16, 1, -1, 300, -300, i16::MAX, i16::MIN];
    let input = all_pairs(&values);
    for (expression, reference) in [
        ("x + y", i16::wrapping_add as fn(i16, i16) -> i16),
        ("x - y", i16::wrapping_sub),
        ("x * y", i16::wrapping_mul),
        ("-x", |x, _| x.wrapping_neg()),
        ("x << 3u", |x, _| x << 3),
        ("x >> 3u", |x, _| x >> 3),
        ("max(x, y)", |x, y| x.max(y)),
    ] {
        let output: Vec<i16> = evaluate(("i16", "i16"), expression, &input);
        for ((x, y), result) in pairs(&input).zip(output) {
            assert_eq!(result, reference(x, y), "{expression} of {x} and {y}");
        }
    }
    let values = [0u16, 1, 2, 300, u16::MAX, 0x8000];
    let input = all_pairs(&values);
    for (expression, reference) in [
        ("x + y", u16::wrapping_add as fn(u16, u16) -> u16),
        ("x - y", u16::wrapping_sub),
        ("x * y", u16::wrapping_mul),
        ("~x", |x, _| !x),
        ("x >> 1u", |x, _| x >> 1),
        ("x / max(y, 1u)", |x, y| x / y.max(1)),
    ] {
        let expression = expression.replace("1u)", "u16(1u))");
        let output: Vec<u16> = evaluate(("u16", "u16"), &expression, &input);
        for ((x, y), result) in pairs(&input).zip(output) {
            assert_eq!(result, reference(x, y), "{expression} of {x} and {y}");
        }
    }
}

fn faults<I: bytemuck::NoUninit>(
    types: (&str, &str),
    expression: &str,
    input: &[I],
) -> (Vec<u32>, Vec<(FaultKind, u64)>) {
    let (values, report) = evaluate_with("", types, expression, input);
    (
        values,
        report
            .faults
            .iter()
            .map(|fault| (fault.kind, fault.count))
            .collect(),
    )
}

#[test]
fn faulty_integer_operations_have_the_results_of_wgsl() {
    let division = FaultKind::DivisionByZero;
    assert_eq!(
        faults(("u32", "u32"), "x / y", &[7u32, 0]),
        (vec![7, 0], vec![(division, 1)])
    );
    assert_eq!(
        faults(("u32", "u32"), "x % y", &[7u32, 0]),
        (vec![0, 0], vec![(division, 1)])
    );
    let (values, found) = faults(("i32", "i32"), "x / y", &[i32::MIN, -1]);
    assert_eq!((values[0] as i32, found), (i32::MIN, vec![(division, 1)]));
    let (values, found) = faults(("i32", "i32"), "x % y", &[i32::MIN, -1]);
    assert_eq!((values[0] as i32, found), (0, vec![(division, 1)]));
    let shift = FaultKind::ShiftOverflow;
    assert_eq!(
        faults(("u32", "u32"), "x << y", &[33u32, 1]),
        (vec![66, 2], vec![(shift, 1)])
    );
    assert_eq!(
        faults(("u32", "u32"), "x >> 31u", &[33u32, 1]),
        (vec![0, 0], vec![])
    );
}

#[test]
fn float_division_by_zero_is_no_fault() {
    let output: Vec<f32> = evaluate(("f32", "f32"), "x / y", &[1.0f32, 0.0]);
    assert_eq!(output, [f32::INFINITY, 0.0]);
}
