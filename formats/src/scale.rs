//! Scales in the formats that devices and files store them in.

use std::{borrow::Cow, ops::RangeInclusive};

use half::{bf16, f16};
use q4_kernel_types::ScaleFormat;

/// E2M1: sign, two bits of exponent, one of mantissa, as the OCP microscaling formats have it.
pub(crate) const E2M1: [f32; 16] = [
    0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0, -0.0, -0.5, -1.0, -1.5, -2.0, -3.0, -4.0, -6.0,
];

/// The value that a device computes with where it stores `scale` in this format; `None` if the format cannot hold it: because it would
/// become infinite or vanish, or, in formats of 8 bits, because it would have to be rounded.
#[must_use]
pub fn rounded(scale: f32, format: ScaleFormat) -> Option<f32> {
    let rounded = match format {
        ScaleFormat::F32 => scale,
        ScaleFormat::F16 => f16::from_f32(scale).to_f32(),
        ScaleFormat::Bf16 => bf16::from_f32(scale).to_f32(),
        ScaleFormat::E8m0 | ScaleFormat::E4m3 => return exact(scale, format).then_some(scale),
    };
    (rounded.is_finite() && (rounded == 0.0) == (scale == 0.0)).then_some(rounded)
}

/// The numbers of a format that lie in bytes, little-endian: scales, and whatever else files have as floats. Borrowed where they lie as this
/// machine has them.
pub(crate) fn widened(bytes: &[u8], format: ScaleFormat) -> Cow<'_, [f32]> {
    let pairs = || bytes.chunks_exact(2).map(|b| u16::from_le_bytes([b[0], b[1]]));
    match (format, bytemuck::try_cast_slice(bytes)) {
        (ScaleFormat::F32, Ok(values)) if cfg!(target_endian = "little") => Cow::Borrowed(values),
        (ScaleFormat::F32, _) => {
            let quads = bytes.chunks_exact(4);
            quads
                .map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]]))
                .collect()
        }
        (ScaleFormat::F16, _) => pairs().map(|bits| f16::from_bits(bits).to_f32()).collect(),
        (ScaleFormat::Bf16, _) => pairs().map(|bits| bf16::from_bits(bits).to_f32()).collect(),
        (ScaleFormat::E8m0, _) => bytes.iter().map(|bits| e8m0(*bits)).collect(),
        (ScaleFormat::E4m3, _) => bytes.iter().map(|bits| e4m3(*bits)).collect(),
    }
}

/// The value that a device adds where it stores a number in a format of more than 8 bits; infinite where it is too large.
pub(crate) fn nearest(value: f32, format: ScaleFormat) -> f32 {
    match format {
        ScaleFormat::F16 => f16::from_f32(value).to_f32(),
        ScaleFormat::Bf16 => bf16::from_f32(value).to_f32(),
        ScaleFormat::F32 | ScaleFormat::E8m0 | ScaleFormat::E4m3 => value,
    }
}

/// The normal numbers of an f16 without their signs.
const NORMAL_HALVES: RangeInclusive<f32> = f16::MIN_POSITIVE.to_f32_const()..=f16::MAX.to_f32_const();

/// Whether a format holds a finite scale exactly.
#[must_use]
pub fn exact(scale: f32, format: ScaleFormat) -> bool {
    match format {
        ScaleFormat::E8m0 => e8m0_bits(scale).is_some(),
        ScaleFormat::E4m3 => e4m3_bits(scale).is_some(),
        // Nearly all scales are normal numbers, of which the bits tell.
        ScaleFormat::F16 if NORMAL_HALVES.contains(&scale.abs()) => scale.to_bits() & 0x1FFF == 0,
        ScaleFormat::F32 | ScaleFormat::F16 | ScaleFormat::Bf16 => rounded(scale, format) == Some(scale),
    }
}

/// The power of two of an E8M0 byte; 255 is NaN.
pub(crate) fn e8m0(bits: u8) -> f32 {
    match bits {
        // 2^-127 is below the normal numbers of an f32.
        0 => f32::from_bits(1 << 22),
        255 => f32::NAN,
        exponent => f32::from_bits(u32::from(exponent) << 23),
    }
}

/// The E8M0 byte of a power of two.
pub(crate) fn e8m0_bits(scale: f32) -> Option<u8> {
    let bits = u8::try_from(scale.to_bits() >> 23).ok()?;
    (bits != u8::MAX && e8m0(bits) == scale).then_some(bits)
}

/// The value of an E4M3 byte (`float8_e4m3fn`): exponents are biased by 7, the smallest are subnormal, all ones are NaN.
pub(crate) fn e4m3(bits: u8) -> f32 {
    let (exponent, mantissa) = (bits >> 3 & 15, bits & 7);
    let size = match (exponent, mantissa) {
        (15, 7) => f32::NAN,
        (0, _) => f32::from(mantissa) / 512.0,
        _ => f32::from_bits((u32::from(exponent) + 120) << 23 | u32::from(mantissa) << 20),
    };
    if bits < 0x80 { size } else { -size }
}

/// The E4M3 byte of a value that has one.
pub(crate) fn e4m3_bits(scale: f32) -> Option<u8> {
    let size = scale.abs();
    // Exponent and mantissa stand together in both formats; subnormal numbers count in 512ths.
    let bits = match (size.to_bits() >> 20).checked_sub(121 << 3) {
        Some(above) => u8::try_from(above).ok()?.checked_add(1 << 3)?,
        None => (size * 512.0) as u8,
    };
    let bits = bits & 0x7F | u8::from(scale.is_sign_negative()) << 7;
    (e4m3(bits).to_bits() == scale.to_bits()).then_some(bits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_format_cannot_hold_is_not_rounded_away() {
        assert_eq!(rounded(1.0 + 1.0 / 4096.0, ScaleFormat::F16), Some(1.0));
        assert_eq!(rounded(1e6, ScaleFormat::F16), None, "it would be infinite");
        assert_eq!(rounded(1e-9, ScaleFormat::F16), None, "it would vanish");
        assert_eq!(rounded(0.0, ScaleFormat::F16), Some(0.0));
        assert!(rounded(1e-9, ScaleFormat::Bf16).is_some() && rounded(1e6, ScaleFormat::Bf16).is_some());
        assert_eq!(rounded(3.0, ScaleFormat::E8m0), None, "it is no power of two");
        assert_eq!(rounded(17.0, ScaleFormat::E4m3), None, "it has five bits");
    }

    #[test]
    fn a_format_that_holds_another_holds_each_of_its_numbers() {
        let bytes = || 0..=u8::MAX;
        let halves = || (0..=u16::MAX).step_by(7);
        for format in ScaleFormat::ALL {
            let all = [
                (ScaleFormat::E8m0, bytes().map(e8m0).collect::<Vec<_>>()),
                (ScaleFormat::E4m3, bytes().map(e4m3).collect()),
                (
                    ScaleFormat::F16,
                    halves().map(|bits| f16::from_bits(bits).to_f32()).collect(),
                ),
                (
                    ScaleFormat::Bf16,
                    halves().map(|bits| bf16::from_bits(bits).to_f32()).collect(),
                ),
                (ScaleFormat::F32, vec![1.0 + f32::EPSILON, 1e-30]),
            ];
            for (other, mut values) in all {
                values.retain(|value| value.is_finite());
                let held = values.iter().all(|value| exact(*value, format));
                assert_eq!(format.holds(other), held, "{format} and {other}");
            }
        }
    }

    #[test]
    fn a_half_is_known_by_its_bits_as_by_rounding() {
        for bits in 0..=u16::MAX {
            let half = f16::from_bits(bits).to_f32();
            for value in [
                half,
                f32::from_bits(half.to_bits() | 1),
                f32::from_bits(half.to_bits() ^ 1 << 12),
            ] {
                if value.is_finite() {
                    let expected = rounded(value, ScaleFormat::F16) == Some(value);
                    assert_eq!(exact(value, ScaleFormat::F16), expected, "{value:e}");
                }
            }
        }
    }

    #[test]
    fn every_byte_of_an_8_bit_format_comes_back_from_its_value() {
        for bits in 0..=u8::MAX {
            if bits != u8::MAX {
                assert_eq!(e8m0_bits(e8m0(bits)), Some(bits));
                assert_eq!(f64::from(e8m0(bits)), 2_f64.powi(i32::from(bits) - 127));
            }
            if bits & 0x7F != 0x7F {
                assert_eq!(e4m3_bits(e4m3(bits)), Some(bits));
            }
        }
        assert!(e8m0(255).is_nan() && e4m3(0x7F).is_nan() && e4m3(0xFF).is_nan());
        assert_eq!(
            [e4m3(0x7E), e4m3(0x01), e4m3(0x38), e4m3(0xB8)],
            [448.0, 1.0 / 512.0, 1.0, -1.0]
        );
        for none in [480.0, 1e9, 1.0 / 1024.0, 17.0, 1e-30, f32::INFINITY] {
            assert_eq!((e4m3_bits(none), e4m3_bits(-none)), (None, None), "{none}");
        }
    }
}
