//! Scales in the order and format of the device.

use std::{borrow::Cow, ops::Range};

use half::{bf16, f16};

use crate::{LayerShape, Quantized, ScaleFormat, ScaleLayout, ScaleOrder, layout};

/// The scales of some columns as a device stores them. Borrowed where they already lie so.
pub(crate) fn scales<'a>(
    layer: &'a Quantized<'_>,
    ScaleLayout { format, order }: ScaleLayout,
    columns: Range<u32>,
) -> Cow<'a, [u8]> {
    let whole = columns == (0..layer.shape().n);
    if whole && (format, order) == (ScaleFormat::F32, ScaleOrder::Groups) {
        return Cow::Borrowed(bytemuck::cast_slice(layer.scales()));
    }
    let values = in_order(layer, order, columns);
    Cow::Owned(match format {
        ScaleFormat::F32 => bytemuck::cast_slice(&values).to_vec(),
        ScaleFormat::F16 => halves(values.iter().map(|value| f16::from_f32(*value).to_bits())),
        ScaleFormat::Bf16 => halves(values.iter().map(|value| bf16::from_f32(*value).to_bits())),
    })
}

/// The value that a device computes with where it stores `scale` in this format; `None` if the format cannot hold it, because it
/// would become infinite or vanish.
pub(crate) fn rounded(scale: f32, format: ScaleFormat) -> Option<f32> {
    let rounded = match format {
        ScaleFormat::F32 => scale,
        ScaleFormat::F16 => f16::from_f32(scale).to_f32(),
        ScaleFormat::Bf16 => bf16::from_f32(scale).to_f32(),
    };
    (rounded.is_finite() && (rounded == 0.0) == (scale == 0.0)).then_some(rounded)
}

/// `[groups, padded columns]` or `[columns, groups]`. Padding is zero: no column that is stored has it.
fn in_order(layer: &Quantized<'_>, order: ScaleOrder, columns: Range<u32>) -> Vec<f32> {
    let LayerShape { n, k, group_size } = layer.shape();
    let all = layout::padded_n(n) as usize;
    let groups = layout::groups(k, group_size) as usize;
    let [first, end] = [columns.start, columns.end].map(|column| column as usize);
    match order {
        ScaleOrder::Groups => {
            let own = layout::padded_n(columns.end - columns.start) as usize;
            let mut values = vec![0.0; groups * own];
            for (to, from) in values.chunks_exact_mut(own).zip(layer.scales().chunks_exact(all)) {
                to[..end - first].copy_from_slice(&from[first..end]);
            }
            values
        }
        ScaleOrder::Columns => (first..end)
            .flat_map(|column| (0..groups).map(move |group| layer.scales()[group * all + column]))
            .collect(),
    }
}

/// Two to a word, the first one in the low half, an odd last one alone.
fn halves(bits: impl Iterator<Item = u16>) -> Vec<u8> {
    let mut bytes: Vec<u8> = bits.flat_map(u16::to_le_bytes).collect();
    bytes.resize(bytes.len().next_multiple_of(size_of::<u32>()), 0);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHAPE: LayerShape = LayerShape {
        n: 3,
        k: 4,
        group_size: 2,
    };

    fn layer() -> Quantized<'static> {
        let scales = vec![1.0, 2.0, 3.0, f32::NAN, 4.0, 5.0, 6.0, f32::NAN];
        Quantized::q4gsw(SHAPE, vec![0; 6], scales, None).unwrap()
    }

    fn stored(format: ScaleFormat, order: ScaleOrder, columns: Range<u32>) -> Vec<u8> {
        scales(&layer(), ScaleLayout { format, order }, columns).into_owned()
    }

    fn floats(bytes: &[u8]) -> Vec<f32> {
        bytemuck::pod_collect_to_vec(bytes)
    }

    #[test]
    fn scales_of_groups_are_padded_anew_where_a_layer_is_split() {
        let split = stored(ScaleFormat::F32, ScaleOrder::Groups, 1..3);
        assert_eq!(floats(&split), [2.0, 3.0, 0.0, 0.0, 5.0, 6.0, 0.0, 0.0]);
    }

    #[test]
    fn scales_of_columns_stand_group_by_group_without_padding() {
        let columns = stored(ScaleFormat::F32, ScaleOrder::Columns, 0..3);
        assert_eq!(floats(&columns), [1.0, 4.0, 2.0, 5.0, 3.0, 6.0]);
    }

    #[test]
    fn halves_are_packed_in_order_and_the_last_word_is_whole() {
        let halves: Vec<u16> =
            bytemuck::pod_collect_to_vec(&stored(ScaleFormat::Bf16, ScaleOrder::Columns, 2..3));
        assert_eq!(halves, [0x4040, 0x40C0]);
        let odd = stored(ScaleFormat::F16, ScaleOrder::Columns, 0..1);
        assert_eq!(odd.len() % 4, 0);
    }

    #[test]
    fn what_a_format_cannot_hold_is_not_rounded_away() {
        assert_eq!(rounded(1.0 + 1.0 / 4096.0, ScaleFormat::F16), Some(1.0));
        assert_eq!(rounded(1e6, ScaleFormat::F16), None, "it would be infinite");
        assert_eq!(rounded(1e-9, ScaleFormat::F16), None, "it would vanish");
        assert_eq!(rounded(0.0, ScaleFormat::F16), Some(0.0));
        assert!(rounded(1e-9, ScaleFormat::Bf16).is_some() && rounded(1e6, ScaleFormat::Bf16).is_some());
    }
}
