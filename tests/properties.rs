//! Properties of packing and quantising, over random layers.

use proptest::{collection::vec, prelude::*};
use q4_kernel::{
    LayerShape, Quantized, layout,
    reference::{dequantize, linear, pack, quantize, unpack},
};

/// N, K and a group size, small and of every alignment.
fn shapes() -> impl Strategy<Value = LayerShape> {
    (1..12_u32, 1..70_u32, 1..80_u32).prop_map(|(n, k, group_size)| LayerShape { n, k, group_size })
}

/// A layer's weights: of ordinary, huge, tiny and zero magnitude.
fn weights() -> impl Strategy<Value = (LayerShape, Vec<f32>)> {
    let weight =
        prop_oneof![8 => -2.0..2.0_f32, 1 => Just(0.0_f32), 1 => -1e30..1e30_f32, 1 => -1e-40..1e-40_f32];
    shapes().prop_flat_map(move |shape| (Just(shape), vec(weight.clone(), (shape.n * shape.k) as usize)))
}

proptest! {
    #[test]
    fn unpacking_inverts_packing((shape, values) in shapes().prop_flat_map(|shape| {
        (Just(shape), vec(-8..=7_i8, (shape.n * shape.k) as usize))
    })) {
        let LayerShape { n, k, .. } = shape;
        let packed = pack(&values, n, k).unwrap();
        prop_assert_eq!(packed.len() as u64, layout::weight_bytes(n, k));
        let rows = packed.chunks(layout::packed_k(k) as usize);
        let unpacked: Vec<i8> = rows.flat_map(|row| unpack(row, k)).collect();
        prop_assert_eq!(unpacked, values);
    }

    #[test]
    fn packing_inverts_unpacking(bytes in vec(any::<u8>(), 1..64)) {
        let k = bytes.len() as u32 * 2;
        let values: Vec<i8> = unpack(&bytes, k).collect();
        prop_assert_eq!(pack(&values, 1, k).unwrap(), bytes);
    }

    #[test]
    fn a_dequantised_weight_is_the_nearest_of_its_scale((shape, weights) in weights()) {
        let layer = quantize(&weights, shape).unwrap();
        let LayerShape { n, k, group_size } = shape;
        let padded_n = layout::padded_n(n) as usize;
        for (index, (weight, got)) in weights.iter().zip(dequantize(&layer)).enumerate() {
            let (column, group) = (index / k as usize, index % k as usize / group_size as usize);
            let scale = f64::from(layer.scales()[group * padded_n + column]);
            let weight = f64::from(*weight);
            let reachable = weight.clamp(-8.0 * scale, 7.0 * scale);
            // Half a step, and a little for the f32 division that chose it; where the scale is subnormal or vanishes, its own rounding.
            let slack = scale * 0.5 * (1.0 + 1e-5) + 8.0 * f64::from(f32::from_bits(1));
            prop_assert!((reachable - got).abs() <= slack, "weight {weight} with scale {scale} became {got}");
        }
    }

    #[test]
    fn quantising_what_was_quantised_changes_nothing((shape, weights) in weights()) {
        let once = quantize(&weights, shape).unwrap();
        let dequantised: Vec<f32> = dequantize(&once).into_iter().map(|weight| weight as f32).collect();
        let twice = quantize(&dequantised, shape).unwrap();
        // The scale of the second round follows from the largest weight of the first, so only signs and order are sure to survive.
        for (first, second) in dequantize(&once).iter().zip(dequantize(&twice)) {
            prop_assert!(first * second >= 0.0, "{first} became {second}");
        }
    }

    #[test]
    fn the_product_is_linear_in_its_rows(
        (shape, weights) in weights(),
        factor in prop_oneof![Just(2.0_f32), Just(-0.5), Just(0.0)],
    ) {
        let layer = quantize(&weights, shape).unwrap();
        let x: Vec<f32> = (0..shape.k).map(|k| (k % 7) as f32 - 3.0).collect();
        let scaled: Vec<f32> = x.iter().map(|x| x * factor).collect();
        let both = linear(&[x.clone(), scaled].concat(), &layer);
        let (one, other) = both.split_at(shape.n as usize);
        for (one, other) in one.iter().zip(other) {
            prop_assert_eq!(one * f64::from(factor), *other);
        }
    }

    #[test]
    fn lengths_that_do_not_fit_are_refused(
        shape in shapes(),
        weight in 0..400_usize,
        scales in 0..900_usize,
    ) {
        let fits = weight as u64 == layout::weight_bytes(shape.n, shape.k)
            && scales as u64 == layout::scale_count(shape.n, shape.k, shape.group_size);
        let taken = Quantized::q4gsw(shape, vec![0; weight], vec![1.0; scales], None);
        prop_assert_eq!(taken.is_ok(), fits);
    }
}
