//! Tensors of more than four bits an element, as floats.

use q4_kernel_types::ScaleFormat;

use super::{block::Type, nibbles::half};
use crate::scale::widened;

/// The elements of a tensor, if there is a decoder for its type.
pub(super) fn floats(kind: Type, data: &[u8]) -> Option<Vec<f32>> {
    let blocks = data.chunks_exact(kind.bytes as usize);
    Some(match kind.name {
        "f32" => widened(data, ScaleFormat::F32).into_owned(),
        "f16" => widened(data, ScaleFormat::F16).into_owned(),
        "bf16" => widened(data, ScaleFormat::Bf16).into_owned(),
        "q8_0" => blocks
            .flat_map(|block| {
                let (scale, values) = (half(block), &block[2..]);
                values.iter().map(move |q| scale * f32::from(q.cast_signed()))
            })
            .collect(),
        "q5_0" => blocks.flat_map(five_bits).collect(),
        _ => return None,
    })
}

/// A half, the 32 highest bits of the weights, and their nibbles: low ones first.
fn five_bits(block: &[u8]) -> impl Iterator<Item = f32> + '_ {
    let scale = half(block);
    let highest = u32::from_le_bytes([block[2], block[3], block[4], block[5]]);
    let nibbles = &block[6..];
    let q = move |element: usize| {
        let nibble = nibbles[element % 16] >> (element / 16 * 4) & 0x0F;
        i16::from(nibble) | i16::from(highest >> element & 1 == 1) << 4
    };
    (0..32).map(move |element| scale * f32::from(q(element) - 16))
}
