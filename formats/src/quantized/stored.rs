//! Scales in the order and format of the device.

use std::{borrow::Cow, ops::Range};

use half::{bf16, f16};
use q4_kernel_types::{ScaleFormat, ScaleLayout, ScaleOrder, layout};

use crate::{
    Codebook, Decoding, LayerShape, Quantized,
    scale::{e4m3_bits, e8m0_bits},
};

impl Quantized<'_> {
    /// The scales as a device stores them, in whole words: what an upload for kernels with such scales copies.
    #[must_use]
    pub fn stored_scales(&self, scales: ScaleLayout) -> Cow<'_, [u8]> {
        self.stored_scales_of(scales, 0..self.shape().n)
    }

    /// The scales of some columns as a device stores them, in whole words. Borrowed where they already lie so.
    #[must_use]
    pub fn stored_scales_of(
        &self,
        ScaleLayout { format, order }: ScaleLayout,
        columns: Range<u32>,
    ) -> Cow<'_, [u8]> {
        let whole = columns == (0..self.shape().n);
        if whole && (format, order) == (ScaleFormat::F32, ScaleOrder::Groups) {
            return Cow::Borrowed(bytemuck::cast_slice(self.scales()));
        }
        Cow::Owned(as_format(
            &in_order(self.scales(), self.shape(), order, columns),
            format,
        ))
    }

    /// The numbers that a group has beside its scale, of some columns, as a device stores them, in whole words: zero points in a byte, minimums as the
    /// scales are. `None` where the encoding has none.
    #[must_use]
    pub fn stored_offsets_of(
        &self,
        ScaleLayout { format, order }: ScaleLayout,
        columns: Range<u32>,
    ) -> Option<Vec<u8>> {
        match self.decoding() {
            Decoding::ZeroPoint(zeros) => {
                let zeros = in_order(zeros, self.shape(), order, columns);
                Some(whole_words(zeros.into_iter()))
            }
            Decoding::Minimum(minimums) => {
                let minimums = in_order(minimums, self.shape(), order, columns);
                Some(as_format(&minimums, format))
            }
            Decoding::Symmetric | Decoding::Codebook(_) => None,
        }
    }

    /// The levels of a codebook as kernels multiply by them, the scale of the tensor included. `None` where the encoding has none.
    #[must_use]
    pub fn stored_levels(&self) -> Option<[f32; 16]> {
        match self.decoding() {
            Decoding::Codebook(Codebook { levels, tensor_scale }) => {
                Some(levels.map(|level| level * tensor_scale))
            }
            Decoding::Symmetric | Decoding::ZeroPoint(_) | Decoding::Minimum(_) => None,
        }
    }
}

/// Numbers in a format, in whole words. What 8 bits do not hold was refused before; it becomes zero here, never another number.
fn as_format(values: &[f32], format: ScaleFormat) -> Vec<u8> {
    let values = values.iter().copied();
    match format {
        ScaleFormat::F32 => values.flat_map(f32::to_le_bytes).collect(),
        ScaleFormat::F16 => whole_words(values.map(f16::from_f32).flat_map(f16::to_le_bytes)),
        ScaleFormat::Bf16 => whole_words(values.map(bf16::from_f32).flat_map(bf16::to_le_bytes)),
        ScaleFormat::E8m0 => whole_words(values.map(|value| e8m0_bits(value).unwrap_or_default())),
        ScaleFormat::E4m3 => whole_words(values.map(|value| e4m3_bits(value).unwrap_or_default())),
    }
}

/// `[groups, padded columns]` or `[columns, groups]`. Padding is zero: no column that is stored has it.
fn in_order<T: Copy + Default>(
    scales: &[T],
    shape: LayerShape,
    order: ScaleOrder,
    columns: Range<u32>,
) -> Vec<T> {
    let LayerShape { n, k, group_size } = shape;
    let all = layout::padded_n(n) as usize;
    let groups = layout::groups(k, group_size) as usize;
    let [first, end] = [columns.start, columns.end].map(|column| column as usize);
    match order {
        ScaleOrder::Groups => {
            let own = layout::padded_n(columns.end - columns.start) as usize;
            let mut values = vec![T::default(); groups * own];
            for (to, from) in values.chunks_exact_mut(own).zip(scales.chunks_exact(all)) {
                to[..end - first].copy_from_slice(&from[first..end]);
            }
            values
        }
        ScaleOrder::Columns => (first..end)
            .flat_map(|column| (0..groups).map(move |group| scales[group * all + column]))
            .collect(),
    }
}

/// The first one in the lowest bytes, the last word filled up with zeros.
fn whole_words(bytes: impl Iterator<Item = u8>) -> Vec<u8> {
    let mut bytes: Vec<u8> = bytes.collect();
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
        layer()
            .stored_scales_of(ScaleLayout { format, order }, columns)
            .into_owned()
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
    fn scales_of_a_byte_are_packed_four_to_a_word() {
        let scales = vec![1.0, 2.0, 4.0, f32::NAN, 0.5, 8.0, 16.0, f32::NAN];
        let layer = Quantized::q4gsw(SHAPE, vec![0; 6], scales, None).unwrap();
        let stored = |format, order| layer.stored_scales(ScaleLayout { format, order }).into_owned();
        assert_eq!(
            stored(ScaleFormat::E8m0, ScaleOrder::Columns),
            [127, 126, 128, 130, 129, 131, 0, 0]
        );
        assert_eq!(
            stored(ScaleFormat::E4m3, ScaleOrder::Groups),
            [0x38, 0x40, 0x48, 0, 0x30, 0x50, 0x58, 0]
        );
    }
}
