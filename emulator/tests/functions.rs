//! Built-in functions, against references in Rust.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "helpers of tests may fail"
)]

#[path = "common/evaluate.rs"]
mod evaluate;

use evaluate::{all_pairs, evaluate, pairs};
use half::f16;

/// Values of f32 all over its range.
fn floats() -> Vec<f32> {
    let mut values = vec![
        0.0, -0.0, 0.5, -0.5, 1.0, -1.0, 1.5, 2.5, -2.5, 3.0, 0.1, -7.25, 1e-40, 100.25, 1e10, -1e10,
    ];
    values.extend((1..40).map(|i| i as f32 * 0.37 - 7.0));
    values
}

fn check(expression: &str, input: &[f32], tolerance: f64, reference: impl Fn(f64) -> f64) {
    let output: Vec<f32> = evaluate(("f32", "f32"), expression, input);
    for (&x, result) in input.iter().zip(output) {
        let expected = reference(f64::from(x));
        let close = (f64::from(result) - expected).abs() <= tolerance * expected.abs().max(1e-30);
        let same = f64::from(result) == expected || result.is_nan() && expected.is_nan();
        assert!(
            close || same,
            "{expression} of {x:e}: {result:e} instead of {expected:e}"
        );
    }
}

#[test]
fn exact_functions_of_one_float() {
    let input = floats();
    check("abs(x)", &input, 0.0, f64::abs);
    check("ceil(x)", &input, 0.0, f64::ceil);
    check("floor(x)", &input, 0.0, f64::floor);
    check("trunc(x)", &input, 0.0, f64::trunc);
    check("round(x)", &input, 0.0, f64::round_ties_even);
    check(
        "sign(x)",
        &input,
        0.0,
        |x| if x == 0.0 { 0.0 } else { x.signum() },
    );
    check("saturate(x)", &input, 0.0, |x| x.clamp(0.0, 1.0));
    check("sqrt(abs(x))", &input, 0.0, |x| {
        f64::from((x.abs() as f32).sqrt())
    });
    check("fract(x)", &input, 0.0, |x| {
        f64::from(x as f32 - (x as f32).floor())
    });
}

#[test]
fn transcendental_functions_are_within_a_few_last_places() {
    let input = floats();
    let small = input
        .iter()
        .copied()
        .filter(|x| x.abs() < 20.0)
        .collect::<Vec<_>>();
    let unit = (-20..=20).map(|i| i as f32 / 20.0).collect::<Vec<_>>();
    let positive = input
        .iter()
        .map(|x| x.abs())
        .filter(|&x| x > 0.0)
        .collect::<Vec<_>>();
    let tolerance = 3e-7;
    check("exp(x)", &small, tolerance, f64::exp);
    check("exp2(x)", &small, tolerance, f64::exp2);
    check("log(x)", &positive, tolerance, f64::ln);
    check("log2(x)", &positive, tolerance, f64::log2);
    check("inverseSqrt(x)", &positive, tolerance, |x| 1.0 / x.sqrt());
    check("sin(x)", &small, tolerance, f64::sin);
    check("cos(x)", &small, tolerance, f64::cos);
    check("tan(x)", &small, tolerance, f64::tan);
    check("asin(x)", &unit, tolerance, f64::asin);
    check("acos(x)", &unit, tolerance, f64::acos);
    check("atan(x)", &small, tolerance, f64::atan);
    check("sinh(x)", &small, tolerance, f64::sinh);
    check("cosh(x)", &small, tolerance, f64::cosh);
    check("tanh(x)", &small, tolerance, f64::tanh);
    check("asinh(x)", &small, tolerance, f64::asinh);
    check("acosh(x + 1.0)", &positive, tolerance, |x| {
        f64::from(x as f32 + 1.0).acosh()
    });
    check("atanh(x * 0.9)", &unit, tolerance, |x| {
        f64::from(x as f32 * 0.9).atanh()
    });
    check("radians(x)", &small, tolerance, f64::to_radians);
    check("degrees(x)", &small, tolerance, f64::to_degrees);
}

fn check2(expression: &str, input: &[f32], tolerance: f64, reference: impl Fn(f64, f64) -> f64) {
    let input = all_pairs(input);
    let output: Vec<f32> = evaluate(("f32", "f32"), expression, &input);
    for ((x, y), result) in pairs(&input).zip(output) {
        let expected = reference(f64::from(x), f64::from(y));
        let close = (f64::from(result) - expected).abs() <= tolerance * expected.abs().max(1e-30);
        assert!(
            close || f64::from(result) == expected,
            "{expression} of {x:e}, {y:e}: {result:e}, not {expected:e}"
        );
    }
}

#[test]
fn functions_of_several_floats() {
    let input = [0.5f32, 1.0, 2.0, 3.25, 0.1, 7.0];
    let signed = [0.0f32, -1.0, 2.0, -3.25, 0.1, 7.0];
    check2("min(x, y)", &signed, 0.0, f64::min);
    check2("max(x, y)", &signed, 0.0, f64::max);
    check2("clamp(x, -1.0, 1.0 + y * 0.0)", &signed, 0.0, |x, _| {
        x.clamp(-1.0, 1.0)
    });
    check2("pow(x, y)", &input, 1e-6, f64::powf);
    check2("atan2(x, y)", &signed, 3e-7, f64::atan2);
    check2("step(x, y)", &signed, 0.0, |x, y| if y >= x { 1.0 } else { 0.0 });
    check2("mix(x, y, 0.25)", &signed, 3e-7, |x, y| x * 0.75 + y * 0.25);
    check2("smoothstep(0.0, 4.0, x + y * 0.0)", &signed, 1e-6, |x, _| {
        let t = (x / 4.0).clamp(0.0, 1.0);
        t * t * (3.0 - 2.0 * t)
    });
    check2("fma(x, y, 0.5)", &signed, 0.0, |x, y| {
        f64::from((x as f32).mul_add(y as f32, 0.5))
    });
    check2("distance(x, y)", &signed, 3e-7, |x, y| (x - y).abs());
    check2("length(vec2(x, y))", &signed, 3e-7, f64::hypot);
}

#[test]
fn frexp_ldexp_and_modf_take_floats_apart() {
    let input = [1.0f32, 8.0, -0.75, 1e-40, 3.0e38, 0.0, 5.5, -5.5];
    let fractions: Vec<f32> = evaluate(("f32", "f32"), "frexp(x).fract", &input);
    let exponents: Vec<i32> = evaluate(("f32", "i32"), "frexp(x).exp", &input);
    for ((&x, &fraction), &exponent) in input.iter().zip(&fractions).zip(&exponents) {
        assert_eq!(f64::from(fraction) * 2f64.powi(exponent), f64::from(x));
        assert!(
            x == 0.0 || (0.5..1.0).contains(&fraction.abs()),
            "{x:e} has fraction {fraction}"
        );
    }
    let whole: Vec<f32> = evaluate(("f32", "f32"), "modf(x).whole", &input);
    let part: Vec<f32> = evaluate(("f32", "f32"), "modf(x).fract", &input);
    for ((&x, &whole), &part) in input.iter().zip(&whole).zip(&part) {
        assert_eq!((whole, part), (x.trunc(), x - x.trunc()));
    }
    let exponents = [0i32, 1, -1, 10, -149, 127, 200, -200];
    let scaled: Vec<f32> = evaluate(("i32", "f32"), "ldexp(1.5, x)", &exponents);
    for (&exponent, &scaled) in exponents.iter().zip(&scaled) {
        assert_eq!(scaled, (1.5 * 2f64.powi(exponent)) as f32, "1.5 * 2^{exponent}");
    }
}

#[test]
fn integer_functions() {
    let input = [0u32, 1, 2, 0xf0, 0x8000_0000, u32::MAX, 0x0001_0000, 12345];
    let check = |expression: &str, reference: fn(u32) -> u32| {
        let output: Vec<u32> = evaluate(("u32", "u32"), expression, &input);
        for (&x, result) in input.iter().zip(output) {
            assert_eq!(result, reference(x), "{expression} of {x:#x}");
        }
    };
    check("countOneBits(x)", u32::count_ones);
    check("countLeadingZeros(x)", u32::leading_zeros);
    check("countTrailingZeros(x)", u32::trailing_zeros);
    check("reverseBits(x)", u32::reverse_bits);
    check("firstLeadingBit(x)", |x| {
        if x == 0 { u32::MAX } else { 31 - x.leading_zeros() }
    });
    check("firstTrailingBit(x)", |x| {
        if x == 0 { u32::MAX } else { x.trailing_zeros() }
    });
    check("u32(firstLeadingBit(bitcast<i32>(x)))", |x| {
        let x = if (x as i32) < 0 { !x } else { x };
        if x == 0 { u32::MAX } else { 31 - x.leading_zeros() }
    });
    check("abs(x)", |x| x);
    check("sign(x | 1u)", |_| 1);
    check("bitcast<u32>(abs(bitcast<i32>(x)))", |x| {
        (x as i32).wrapping_abs() as u32
    });
    check("bitcast<u32>(sign(bitcast<i32>(x)))", |x| {
        (x as i32).signum() as u32
    });
    check("extractBits(x, 4u, 8u)", |x| (x >> 4) & 0xff);
    check("extractBits(x, 28u, 8u)", |x| x >> 28);
    check("extractBits(x, 0u, 32u)", |x| x);
    check("extractBits(x, 32u, 1u)", |_| 0);
    check("extractBits(x, 3u, 0u)", |_| 0);
    check("bitcast<u32>(extractBits(bitcast<i32>(x), 4u, 4u))", |x| {
        (((x << 24) as i32) >> 28) as u32
    });
    check("insertBits(x, 0x5u, 4u, 4u)", |x| (x & !0xf0) | 0x50);
    check("insertBits(x, 0xffffffffu, 30u, 8u)", |x| x | 0xc000_0000);
    check("insertBits(x, 7u, 32u, 4u)", |x| x);
    check("insertBits(x, 7u, 0u, 32u)", |_| 7);
    check("min(x, 5u)", |x| x.min(5));
    check("clamp(x, 5u, 100u)", |x| x.clamp(5, 100));
}

#[test]
fn packed_dot_products() {
    let input = [0x0102_0304u32, 0xff80_7f01, 0x8080_8080, u32::MAX, 0];
    let signed: Vec<i32> = evaluate(("u32", "i32"), "dot4I8Packed(x, y)", &input);
    let unsigned: Vec<u32> = evaluate(("u32", "u32"), "dot4U8Packed(x, y)", &input);
    for (i, (x, y)) in pairs(&input).enumerate() {
        let bytes = || x.to_le_bytes().into_iter().zip(y.to_le_bytes());
        assert_eq!(
            signed[i],
            bytes()
                .map(|(x, y)| i32::from(x as i8) * i32::from(y as i8))
                .sum::<i32>()
        );
        assert_eq!(
            unsigned[i],
            bytes().map(|(x, y)| u32::from(x) * u32::from(y)).sum::<u32>()
        );
    }
}

#[test]
fn packing() {
    let input = [
        [0.0f32, 1.0, -1.0, 0.5],
        [2.0, -3.0, 0.003, -0.5],
        [0.2, 0.4, 0.6, 0.8],
    ];
    let check = |expression: &str, reference: fn([f32; 4]) -> u32| {
        let output: Vec<u32> = evaluate(("vec4<f32>", "u32"), expression, &input);
        for (&x, result) in input.iter().zip(output) {
            assert_eq!(result, reference(x), "{expression} of {x:?}");
        }
    };
    check("pack4x8snorm(x)", |x| {
        u32::from_le_bytes(x.map(|x| (0.5 + 127.0 * f64::from(x.clamp(-1.0, 1.0))).floor() as i8 as u8))
    });
    check("pack4x8unorm(x)", |x| {
        u32::from_le_bytes(x.map(|x| (0.5 + 255.0 * f64::from(x.clamp(0.0, 1.0))).floor() as u8))
    });
    check("pack2x16snorm(x.xy)", |x| {
        let half = |x: f32| u32::from((0.5 + 32767.0 * f64::from(x.clamp(-1.0, 1.0))).floor() as i16 as u16);
        half(x[0]) | half(x[1]) << 16
    });
    check("pack2x16unorm(x.xy)", |x| {
        let half = |x: f32| (0.5 + 65535.0 * f64::from(x.clamp(0.0, 1.0))).floor() as u32;
        half(x[0]) | half(x[1]) << 16
    });
    check("pack2x16float(x.zw)", |x| {
        u32::from(f16::from_f32(x[2]).to_bits()) | u32::from(f16::from_f32(x[3]).to_bits()) << 16
    });
    let input = [[1i32, -1, 127, -128], [300, -300, 255, 0]];
    let output: Vec<u32> = evaluate(("vec4<i32>", "u32"), "pack4xI8(x)", &input);
    assert_eq!(output, input.map(|x| u32::from_le_bytes(x.map(|x| x as u8))));
    let output: Vec<u32> = evaluate(("vec4<i32>", "u32"), "pack4xI8Clamp(x)", &input);
    assert_eq!(
        output,
        input.map(|x| u32::from_le_bytes(x.map(|x| x.clamp(-128, 127) as u8)))
    );
    let input = [[1u32, 255, 256, 70000]];
    let output: Vec<u32> = evaluate(("vec4<u32>", "u32"), "pack4xU8(x)", &input);
    assert_eq!(output, input.map(|x| u32::from_le_bytes(x.map(|x| x as u8))));
    let output: Vec<u32> = evaluate(("vec4<u32>", "u32"), "pack4xU8Clamp(x)", &input);
    assert_eq!(
        output,
        input.map(|x| u32::from_le_bytes(x.map(|x| x.min(255) as u8)))
    );
}

#[test]
fn unpacking() {
    let input = [0u32, u32::MAX, 0x80ff_7f01, 0x3c00_bc01, 0x0001_7c00];
    let bytes = |word: u32| word.to_le_bytes();
    let output: Vec<[f32; 4]> = evaluate(("u32", "vec4<f32>"), "unpack4x8snorm(x)", &input);
    assert_eq!(
        output,
        input.map(|w| bytes(w).map(|b| (f32::from(b as i8) / 127.0).max(-1.0)))
    );
    let output: Vec<[f32; 4]> = evaluate(("u32", "vec4<f32>"), "unpack4x8unorm(x)", &input);
    assert_eq!(output, input.map(|w| bytes(w).map(|b| f32::from(b) / 255.0)));
    let output: Vec<[f32; 2]> = evaluate(("u32", "vec2<f32>"), "unpack2x16snorm(x)", &input);
    let halves = |w: u32| [w as u16, (w >> 16) as u16];
    assert_eq!(
        output,
        input.map(|w| halves(w).map(|h| (f32::from(h as i16) / 32767.0).max(-1.0)))
    );
    let output: Vec<[f32; 2]> = evaluate(("u32", "vec2<f32>"), "unpack2x16unorm(x)", &input);
    assert_eq!(output, input.map(|w| halves(w).map(|h| f32::from(h) / 65535.0)));
    let output: Vec<[u32; 2]> = evaluate(("u32", "vec2<f32>"), "unpack2x16float(x)", &input);
    for (word, output) in input.into_iter().zip(output) {
        for (half, result) in halves(word).into_iter().zip(output) {
            let (result, expected) = (f32::from_bits(result), f16::from_bits(half).to_f32());
            assert!(result.to_bits() == expected.to_bits() || result.is_nan() && expected.is_nan());
        }
    }
    let output: Vec<[i32; 4]> = evaluate(("u32", "vec4<i32>"), "unpack4xI8(x)", &input);
    assert_eq!(output, input.map(|w| bytes(w).map(|b| i32::from(b as i8))));
    let output: Vec<[u32; 4]> = evaluate(("u32", "vec4<u32>"), "unpack4xU8(x)", &input);
    assert_eq!(output, input.map(|w| bytes(w).map(u32::from)));
}

#[test]
fn geometry() {
    let input = [[1.0f32, 2.0, 3.0, 0.0], [4.0, -5.0, 6.0, 0.0]];
    let vector =
        |expression: &str| evaluate::<_, [f32; 4]>(("vec4<f32>", "vec4<f32>"), expression, &input)[0];
    let scalar = |expression: &str| evaluate::<_, f32>(("vec4<f32>", "f32"), expression, &input)[0];
    assert_eq!(scalar("dot(x, y)"), 12.0);
    assert_eq!(scalar("dot(x.xyz, y.xyz)"), 12.0);
    assert_eq!(vector("vec4(cross(x.xyz, y.xyz), 0.0)"), [27.0, 6.0, -13.0, 0.0]);
    assert_eq!(scalar("length(vec2(3.0, 4.0) * x.x)"), 5.0);
    assert_eq!(scalar("distance(x.xy, vec2(4.0, 6.0))"), 5.0);
    assert_eq!(
        vector("normalize(vec4(x.x * 2.0, 0.0, 0.0, 0.0))"),
        [1.0, 0.0, 0.0, 0.0]
    );
    assert_eq!(
        vector("reflect(x, vec4(0.0, 1.0, 0.0, 0.0))"),
        [1.0, -2.0, 3.0, 0.0]
    );
    assert_eq!(vector("faceForward(x, vec4(1.0), -x)"), [1.0, 2.0, 3.0, 0.0]);
    assert_eq!(vector("faceForward(x, vec4(1.0), x)"), [-1.0, -2.0, -3.0, 0.0]);
    assert_eq!(
        vector("refract(vec4(x.x, 0.0, 0.0, 0.0), vec4(-1.0, 0.0, 0.0, 0.0), 0.5)"),
        [1.0, 0.0, 0.0, 0.0]
    );
    // Total reflection.
    assert_eq!(
        vector("refract(vec4(0.8, 0.6, 0.0, 0.0) * x.x, vec4(0.0, 1.0, 0.0, 0.0), 2.0)"),
        [0.0; 4]
    );
}

#[test]
fn quantize_and_half_functions_round_once() {
    let input = floats();
    let output: Vec<f32> = evaluate(("f32", "f32"), "quantizeToF16(x)", &input);
    for (&x, result) in input.iter().zip(output) {
        assert_eq!(result, f16::from_f32(x).to_f32(), "{x:e}");
    }
    let halves = input
        .iter()
        .map(|&x| f16::from_f32(x).to_bits())
        .collect::<Vec<_>>();
    let output: Vec<u16> = evaluate(("f16", "f16"), "sqrt(abs(x))", &halves);
    for (&x, result) in halves.iter().zip(output) {
        let x = f16::from_bits(x).to_f64().abs();
        assert_eq!(f16::from_bits(result), f16::from_f64(x.sqrt()), "{x:e}");
    }
    let output: Vec<u16> = evaluate(("f16", "f16"), "fma(x, y, y)", &halves);
    for ((x, y), result) in pairs(&halves).zip(output) {
        let (x, y) = (f16::from_bits(x).to_f64(), f16::from_bits(y).to_f64());
        let exact = x * y + y;
        // The sum of these values is exact in f64, and rounding to f32 first would show as a difference of one.
        let expected = f16::from_f64(exact);
        let difference = (f16::from_bits(result).to_f64() - exact).abs();
        assert!(
            difference <= (expected.to_f64() - exact).abs() || expected.is_infinite(),
            "fma({x:e}, {y:e}, {y:e})"
        );
    }
}
