//! Tensors of more than four bits an element, as floats.

use q4_kernel_types::ScaleFormat;

use super::{
    block::Type,
    nibbles::{half, super_block},
};
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
        "q5_0" => blocks
            .flat_map(|block| {
                let (scale, q) = (half(block), five_bits(&block[2..]));
                q.map(move |q| scale * f32::from(q.cast_signed() - 16))
            })
            .collect(),
        "q5_1" => blocks
            .flat_map(|block| {
                let (scale, minimum) = (half(block), half(&block[2..]));
                five_bits(&block[4..]).map(move |q| scale * f32::from(q) + minimum)
            })
            .collect(),
        "q5_k" => blocks.flat_map(five_bits_of_256).collect(),
        "q6_k" => blocks.flat_map(six_bits).collect(),
        _ => return None,
    })
}

/// The 32 highest bits of the weights, and their nibbles: low ones first.
fn five_bits(block: &[u8]) -> impl Iterator<Item = u8> + '_ {
    let highest = u32::from_le_bytes([block[0], block[1], block[2], block[3]]);
    let nibbles = &block[4..];
    (0..32).map(move |element| {
        let nibble = nibbles[element % 16] >> (element / 16 * 4) & 0x0F;
        nibble | u8::from(highest >> element & 1 == 1) << 4
    })
}

/// The head of a Q4_K block, 32 bytes of highest bits, of which bit i is that of group i, and nibbles: of 32 bytes the low ones are one group and the high
/// ones the next.
fn five_bits_of_256(block: &[u8]) -> impl Iterator<Item = f32> + '_ {
    let (head, rest) = block.split_at(16);
    let (highest, nibbles) = rest.split_at(32);
    (0..256).map(move |element| {
        let (group, place) = (element / 32, element % 32);
        let (scale, minimum) = super_block(head, group);
        let nibble = nibbles[group / 2 * 32 + place] >> (group % 2 * 4) & 0x0F;
        let q = nibble | (highest[place] >> group & 1) << 4;
        scale * f32::from(q) + minimum
    })
}

/// 128 bytes of nibbles, 64 of two higher bits, a signed byte of scale for each 16 weights, and a half. Of each half of the weights, 64 bytes are the low nibbles of
/// the first and the high ones of the last 64, and 32 bytes have the higher bits of four weights that are 32 apart.
fn six_bits(block: &[u8]) -> impl Iterator<Item = f32> + '_ {
    let (low, rest) = block.split_at(128);
    let (high, rest) = rest.split_at(64);
    let (scales, scale) = (&rest[..16], half(&rest[16..]));
    (0..256).map(move |element| {
        let (part, quarter, place) = (element / 128, element / 32 % 4, element % 32);
        let nibble = low[part * 64 + quarter % 2 * 32 + place] >> (quarter / 2 * 4) & 0x0F;
        let q = nibble | (high[part * 32 + place] >> (2 * quarter) & 3) << 4;
        let scale = scale * f32::from(scales[element / 16].cast_signed());
        scale * f32::from(q.cast_signed() - 32)
    })
}
