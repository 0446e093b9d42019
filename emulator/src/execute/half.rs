//! `f16` values, held as the `f32` of the same value.

/// Rounds to the nearest value of `f16`, ties to even.
///
/// Adding and subtracting a power of two that is 2^13 times the last place of the result lets the processor round;
/// without branches the compiler makes vectors of it. Arithmetic on `f16` is correctly rounded by rounding its `f32`
/// result: 24 bits are more than twice 11 and 2, hence rounding twice is harmless for + - * / and square roots.
#[inline]
pub(super) fn round_half(x: f32) -> f32 {
    let magnitude = x.abs();
    // The last place of subnormal results is that of the smallest normal one.
    let exponent = magnitude.to_bits() & 0x7f80_0000;
    let magic = f32::from_bits(exponent.clamp(0x3880_0000, 0x4700_0000) + (13 << 23));
    let rounded = (magnitude + magic) - magic;
    let rounded = if rounded > 65504.0 { f32::INFINITY } else { rounded };
    let rounded = if magnitude >= 65520.0 {
        f32::INFINITY
    } else {
        rounded
    };
    let rounded = if x.is_nan() { x } else { rounded };
    rounded.copysign(x)
}

/// `a * b + c` of `f16` values, rounded once.
#[inline]
pub(super) fn fma_half(a: f32, b: f32, c: f32) -> f32 {
    let sum = add_to_odd(f64::from(a) * f64::from(b), f64::from(c));
    // The same trick in `f64`.
    let magnitude = sum.abs();
    let exponent = magnitude.to_bits() & 0x7ff0_0000_0000_0000;
    let (low, high) = ((1023 - 14) << 52, (1023 + 15) << 52);
    let magic = f64::from_bits(exponent.clamp(low, high) + (42 << 52));
    let rounded = (magnitude + magic) - magic;
    let rounded = if magnitude >= 65520.0 {
        f64::INFINITY
    } else {
        rounded
    };
    let rounded = if sum.is_nan() { sum } else { rounded };
    rounded.copysign(sum) as f32
}

/// Whether one instruction is a fused multiply-add.
pub(super) const HAS_FMA: bool = cfg!(any(target_feature = "fma", target_arch = "aarch64"));

/// `a * b + c` of `f32` values, rounded once.
///
/// The product is exact in `f64`; its sum is rounded to odd there, which makes the second rounding harmless. Without
/// this the standard library calls a function that some platforms implement slowly or wrongly.
#[inline]
pub(super) fn fma(a: f32, b: f32, c: f32) -> f32 {
    if HAS_FMA {
        return a.mul_add(b, c);
    }
    add_to_odd(f64::from(a) * f64::from(b), f64::from(c)) as f32
}

/// [`fma`] in fewer steps, and whether its last place is in doubt: the sum is rounded twice, which harms where the first time made a tie of it.
/// Ties of subnormal results lie elsewhere, all of them are in doubt.
#[inline]
pub(super) fn fma_or_doubt(a: f32, b: f32, c: f32) -> (f32, bool) {
    let sum = f64::from(a) * f64::from(b) + f64::from(c);
    let result = sum as f32;
    // Words of 32 bits alone, which the compiler makes vectors of.
    let (low, high) = (sum.to_bits() as u32, (sum.to_bits() >> 32) as u32);
    let is_tie = low & 0x1fff_ffff == 0x1000_0000;
    let is_subnormal = result.abs().to_bits() <= f32::MIN_POSITIVE.to_bits() && high << 1 != 0;
    (result, is_tie | is_subnormal)
}

/// `a * b + c` of two `f16` values and one of `f32`, rounded once: the product has 22 bits at most, and `f32` has room for its exponent.
#[inline]
pub(super) fn fma_of_halves(a: f32, b: f32, c: f32) -> f32 {
    a * b + c
}

/// The sum, rounded to odd: if it is not exact, the neighbour whose last bit is one.
#[inline]
fn add_to_odd(a: f64, b: f64) -> f64 {
    let sum = a + b;
    let part = sum - a;
    let error = (a - (sum - part)) + (b - part);
    // Infinities and NaN make the error NaN, and the comparison false.
    let inexact = error.abs() > 0.0;
    let bits = sum.to_bits();
    let away = (error > 0.0) == (sum > 0.0);
    let neighbour = if away {
        bits.wrapping_add(1)
    } else {
        bits.wrapping_sub(1)
    };
    f64::from_bits(if inexact && bits & 1 == 0 { neighbour } else { bits })
}

/// The bits of an `f16`, given as the `f32` of its value.
#[inline]
pub(super) fn half_to_bits(value: f32) -> u32 {
    let sign = (value.to_bits() >> 16) & 0x8000;
    let magnitude = value.abs();
    let finite = (magnitude * f32::from_bits(0x0780_0000)).to_bits() >> 13;
    let payload = (value.to_bits() >> 13) & 0x3ff;
    let special = 0x7c00 | if value.is_nan() { payload.max(1) } else { 0 };
    sign | if magnitude < 65520.0 { finite } else { special }
}

/// The value of an `f16`.
#[inline]
pub(super) fn half_from_bits(bits: u32) -> f32 {
    let sign = (bits & 0x8000) << 16;
    let shifted = (bits & 0x7fff) << 13;
    // 2^112 moves the exponent's bias from that of `f16` to that of `f32`, subnormal values included.
    let finite = (f32::from_bits(shifted) * f32::from_bits(0x7780_0000)).to_bits();
    let magnitude = if shifted >= 0x0f80_0000 {
        shifted | 0x7f80_0000
    } else {
        finite
    };
    f32::from_bits(sign | magnitude)
}

#[cfg(test)]
mod tests {
    use half::f16;

    use super::*;

    #[test]
    fn products_of_f16_are_exact() {
        let extremes = [0x0001, 0x03ff, 0x0400, 0x3c01, 0x7bff, 0x7c00, 0x8001, 0xfbff];
        let values = (0..=u16::MAX).step_by(251).chain(extremes);
        let values = values
            .map(|bits| half_from_bits(u32::from(bits)))
            .collect::<Vec<_>>();
        for &a in &values {
            for &b in &values {
                for c in [0.0, -0.0, 1.0, -3.1e-7, 6.0e-14, 2.9e9, f32::MAX] {
                    let (fused, separate) = (fma(a, b, c), fma_of_halves(a, b, c));
                    assert!(
                        fused.to_bits() == separate.to_bits() || fused.is_nan() && separate.is_nan(),
                        "{a} * {b} + {c}: {fused} and {separate}"
                    );
                }
            }
        }
    }

    #[test]
    fn all_bits_of_f16_convert_both_ways() {
        for bits in 0..=u16::MAX {
            let value = half_from_bits(u32::from(bits));
            let reference = f16::from_bits(bits);
            if reference.is_nan() {
                assert!(value.is_nan());
            } else {
                assert_eq!(value.to_bits(), reference.to_f32().to_bits(), "{bits:#x}");
            }
            assert_eq!(half_to_bits(value), u32::from(bits));
        }
    }

    #[test]
    fn rounding_is_that_of_the_half_crate_at_and_beside_every_tie() {
        for bits in 0..0x7c00u16 {
            let low = f16::from_bits(bits).to_f32();
            let high = if bits == 0x7bff {
                65536.0
            } else {
                f16::from_bits(bits + 1).to_f32()
            };
            let tie = (low + high) / 2.0;
            for value in [low, tie.next_down(), tie, tie.next_up(), high] {
                for value in [value, -value] {
                    let expected = f16::from_f32(value).to_f32();
                    assert_eq!(round_half(value).to_bits(), expected.to_bits(), "{value:e}");
                }
            }
        }
        for value in [
            0.0,
            -0.0,
            f32::MIN_POSITIVE,
            1e-40,
            f32::MAX,
            f32::INFINITY,
            f32::NEG_INFINITY,
            65519.9,
        ] {
            assert_eq!(
                round_half(value).to_bits(),
                f16::from_f32(value).to_f32().to_bits(),
                "{value:e}"
            );
        }
        assert!(round_half(f32::NAN).is_nan());
    }

    /// Numbers that look random, with exponents from all over the place.
    fn numbers(count: u64, exponents: std::ops::Range<u32>) -> impl Iterator<Item = f32> {
        let range = u64::from(exponents.end - exponents.start);
        (0..count).map(move |i| {
            let x = crate::schedule::mix(i);
            let exponent = exponents.start + ((x >> 40) % range) as u32;
            f32::from_bits((x as u32 & 0x807f_ffff) | exponent << 23)
        })
    }

    #[test]
    fn fma_is_in_doubt_where_rounding_twice_shows() {
        // The product is a bit less than half of the last place of the third number.
        let ulp = f32::EPSILON;
        let (a, b, c) = (1.0 + ulp, (1.0 - ulp) * ulp / 2.0, 1.0 + ulp);
        assert_eq!(fma(a, b, c), c);
        assert_eq!(fma_or_doubt(a, b, c), (c + ulp, true));
        // Factors of few bits make ties, small ones subnormal sums.
        let mut certain = 0;
        for (exponents, mask) in [(1..254, u32::MAX), (118..136, 0xffff_f000), (50..70, u32::MAX)] {
            let numbers = numbers(300_000, exponents).collect::<Vec<_>>();
            for abc in numbers.windows(3) {
                let few_bits = |x: f32| f32::from_bits(x.to_bits() & mask);
                let (a, b, c) = (few_bits(abc[0]), few_bits(abc[1]), abc[2]);
                for c in [c, a * b * ulp, 0.0] {
                    let (result, in_doubt) = fma_or_doubt(a, b, c);
                    let is_right = result.to_bits() == fma(a, b, c).to_bits();
                    assert!(is_right || in_doubt, "{a:e} {b:e} {c:e}");
                    certain += u32::from(!in_doubt);
                }
            }
        }
        assert!(certain > 1_000_000, "{certain}");
    }

    #[test]
    fn fma_is_fused() {
        let numbers = numbers(300_000, 1..254).collect::<Vec<_>>();
        for abc in numbers.windows(3) {
            let (a, b, c) = (abc[0], abc[1], abc[2]);
            let expected = a.mul_add(b, c);
            let result = fma(a, b, c);
            assert!(
                result.to_bits() == expected.to_bits() || result.is_nan() && expected.is_nan(),
                "{a:e} {b:e} {c:e}"
            );
        }
        // Sums that nearly cancel, where a rounded product would show.
        for ab in numbers.windows(2) {
            let (a, b) = (ab[0].abs().clamp(1e-3, 1e3), ab[1].abs().clamp(1e-3, 1e3));
            let c = -(a * b);
            assert_eq!(
                fma(a, b, c).to_bits(),
                a.mul_add(b, c).to_bits(),
                "{a:e} {b:e} {c:e}"
            );
        }
        assert_eq!(fma(f32::INFINITY, 1.0, 1.0), f32::INFINITY);
        assert!(fma(f32::INFINITY, 0.0, 1.0).is_nan());
    }

    #[test]
    fn half_fma_rounds_once() {
        // 1 + 2^-10 squared is 1 + 2^-9 + 2^-20, just above a tie of a sum that makes the last bit matter.
        let a = 1.0 + 2f32.powi(-10);
        let exact = |a: f32, b: f32, c: f32| {
            // All f16 values are multiples of 2^-24: products are multiples of 2^-48, sums fit into i128.
            let scaled = |x: f32| (f64::from(x) * 2f64.powi(24)) as i128;
            scaled(a) * scaled(b) + (scaled(c) << 24)
        };
        let values = numbers(100_000, 127 - 14..127 + 8)
            .map(round_half)
            .chain([a, -a, 2f32.powi(-24)])
            .collect::<Vec<_>>();
        for abc in values.windows(3) {
            let (a, b, c) = (abc[0], abc[1], abc[2]);
            let result = fma_half(a, b, c);
            let exact = exact(a, b, c);
            let distance = |x: f32| (((f64::from(x) * 2f64.powi(24)) as i128) << 24).abs_diff(exact);
            let bits = half_to_bits(result.abs());
            if bits >= 0x7bff {
                continue;
            }
            let up = half_from_bits(bits + 1).copysign(result);
            let down = half_from_bits(bits.saturating_sub(1)).copysign(result);
            let (here, up, down) = (distance(result), distance(up), distance(down));
            assert!(here <= up && here <= down, "{a:e} {b:e} {c:e} gave {result:e}");
            if bits > 0 && (here == up || here == down) {
                assert_eq!(bits & 1, 0, "a tie goes to even: {a:e} {b:e} {c:e}");
            }
        }
    }
}
