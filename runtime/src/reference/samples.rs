//! Inputs and layers to test kernels with: exact ramps and seeded random data.

use crate::{Codebook, Decoding, Encoding, LayerShape, Parts, Quantized, ScaleFormat, WeightFormat, layout};

/// The largest K for which [`Data::Exact`] is exact.
pub const MAX_EXACT_K: u32 = 32_768;

/// What a sample is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Data {
    /// Values whose products and sums are exact in f32 up to [`MAX_EXACT_K`], whatever the order: a kernel of the exact class must
    /// return the very bits of the reference.
    Exact,
    /// Random values from a seed: inputs in -1..1, scales in 0.004..0.02, every nibble equally likely.
    Random {
        /// The seed.
        seed: u64,
    },
}

/// `[M, K]` inputs, a layer for them.
#[derive(Clone, Debug)]
pub struct Sample {
    /// Inputs, `[M, K]`.
    pub x: Vec<f32>,
    /// The layer.
    pub layer: Quantized<'static>,
}

/// Makes a sample of q4gsw weights. `None` if a dimension is 0 or the sample would not fit the address space.
#[must_use]
pub fn sample(m: u32, shape: LayerShape, bias: bool, data: Data) -> Option<Sample> {
    sample_of(WeightFormat::default(), m, shape, bias, data)
}

/// As [`sample`], of weights of any format: zero points from 0 to 16, minimums of either sign and of the size of the weights, levels that are not in order.
/// Every number is one that the format holds.
#[must_use]
pub fn sample_of(format: WeightFormat, m: u32, shape: LayerShape, bias: bool, data: Data) -> Option<Sample> {
    let LayerShape { n, k, group_size } = shape;
    let mut random = SplitMix64(match data {
        Data::Exact => 0,
        Data::Random { seed } => seed,
    });
    let inputs = usize::try_from(u64::from(m).checked_mul(u64::from(k))?).ok()?;
    let x = (0..inputs)
        .map(|index| match data {
            // The original contract's ramp.
            Data::Exact => ((index % 17) as f32 - 8.0) / 16.0,
            Data::Random { .. } => random.signed_unit(),
        })
        .collect();

    let bytes = usize::try_from(layout::weight_bytes(n, k)).ok()?;
    let weight: Vec<u8> = (0..bytes).map(|_| random.next() as u8).collect();
    let scale_count = usize::try_from(layout::scale_count(n, k, group_size)).ok()?;
    let padded_n = usize::try_from(layout::padded_n(n)).ok()?.max(1);
    let scales: Vec<f32> = (0..scale_count)
        .map(|index| match data {
            // Padding is poisoned: whoever uses it shows.
            _ if index % padded_n >= n as usize => f32::NAN,
            Data::Exact if format.encoding == Encoding::Symmetric => {
                1.0 / f32::from(4_u16 << (random.next() % 4))
            }
            // Weights of other encodings are larger beside their scales.
            Data::Exact => 1.0 / f32::from(16_u16 << (random.next() % 2)),
            Data::Random { .. } => held(0.012 + 0.008 * random.signed_unit(), format.scales),
        })
        .collect();
    let decoding = match format.encoding {
        Encoding::Symmetric => Decoding::Symmetric,
        Encoding::ZeroPoint => {
            Decoding::ZeroPoint((0..scale_count).map(|_| (random.next() % 17) as u8).collect())
        }
        Encoding::Minimum => Decoding::Minimum(
            (0..scale_count)
                .map(|index| match data {
                    _ if index % padded_n >= n as usize => f32::NAN,
                    Data::Exact => (random.next() % 33) as f32 / 32.0 - 0.5,
                    Data::Random { .. } => held(0.2 * random.signed_unit(), format.scales),
                })
                .collect(),
        ),
        Encoding::Codebook => Decoding::Codebook(Codebook {
            levels: std::array::from_fn(|_| match data {
                Data::Exact => (random.next() % 33) as f32 / 2.0 - 8.0,
                Data::Random { .. } => 8.0 * random.signed_unit(),
            }),
            tensor_scale: 0.5,
        }),
    };
    let bias = bias.then(|| {
        let value = |index: u32| match data {
            Data::Exact => (index % 33) as f32 / 16.0 - 1.0,
            Data::Random { .. } => random.signed_unit(),
        };
        (0..n).map(value).collect::<Vec<f32>>().into()
    });
    let layer = Quantized::new(Parts {
        shape,
        weight: weight.into(),
        scales: scales.into(),
        scale_format: format.scales,
        decoding,
        bias,
        input_order: None,
    });
    Some(Sample {
        x,
        layer: layer.ok()?,
    })
}

/// A number near this one that a format holds: of E4M3 one with a mantissa of three bits, of E8M0 a power of two.
fn held(value: f32, format: ScaleFormat) -> f32 {
    let kept = match format {
        ScaleFormat::F32 => u32::MAX,
        ScaleFormat::F16 => !0 << 13,
        ScaleFormat::Bf16 => !0 << 16,
        ScaleFormat::E4m3 => !0 << 20,
        ScaleFormat::E8m0 => !0 << 23,
    };
    let value = f32::from_bits(value.to_bits() & kept);
    // Below 2^-14 an f16, and below 2^-6 an E4M3, counts in steps of its smallest number.
    match format {
        ScaleFormat::F16 if value.abs() < 1.0 / 16_384.0 => (value * 16_777_216.0).trunc() / 16_777_216.0,
        ScaleFormat::E4m3 if value.abs() < 1.0 / 64.0 => (value * 512.0).trunc() / 512.0,
        _ => value,
    }
}

/// Steele, Lea and Flood's generator (OOPSLA 2014): small, and the same everywhere for a seed.
struct SplitMix64(u64);

impl SplitMix64 {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// Uniform in -1..1, with 24 bits.
    fn signed_unit(&mut self) -> f32 {
        (self.next() >> 40) as f32 / (1_u32 << 23) as f32 - 1.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reference::linear;

    const SHAPE: LayerShape = LayerShape {
        n: 5,
        k: 100,
        group_size: 32,
    };

    #[test]
    fn a_seed_gives_the_same_sample_again() {
        let make = |seed| sample(2, SHAPE, true, Data::Random { seed }).unwrap();
        assert_eq!(make(1).x, make(1).x);
        assert_ne!(make(1).x, make(2).x);
    }

    #[test]
    fn exact_samples_have_outputs_that_f32_holds_in_any_order() {
        let Sample { x, layer } = sample(3, SHAPE, true, Data::Exact).unwrap();
        let y = linear(&x, &layer);
        assert!(y.iter().all(|value| f64::from(*value as f32) == *value));
        let mut reversed = x.clone();
        reversed.reverse();
        assert!(
            linear(&reversed, &layer)
                .iter()
                .all(|value| f64::from(*value as f32) == *value)
        );
    }

    #[test]
    fn a_sample_without_size_is_none() {
        assert!(sample(1, LayerShape { n: 0, ..SHAPE }, false, Data::Exact).is_none());
    }
}
