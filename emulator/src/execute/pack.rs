//! Packing built-ins.

use super::half::{half_from_bits, half_to_bits, round_half};
use crate::bytecode::PackOp;

/// Four or two scalars to one word.
pub(super) fn pack(op: PackOp, s: [u32; 4]) -> u32 {
    let f = s.map(f32::from_bits);
    let bytes = |byte: fn(u32) -> u8| u32::from_le_bytes(s.map(byte));
    let halves = |half: fn(f32) -> u32| (half(f[0]) & 0xffff) | half(f[1]) << 16;
    match op {
        PackOp::Snorm8 => u32::from_le_bytes(f.map(|x| normalized(x, -1.0, 127.0) as i8 as u8)),
        PackOp::Unorm8 => u32::from_le_bytes(f.map(|x| normalized(x, 0.0, 255.0) as u8)),
        PackOp::Snorm16 => halves(|x| normalized(x, -1.0, 32767.0) as i16 as u32),
        PackOp::Unorm16 => halves(|x| normalized(x, 0.0, 65535.0) as u32),
        PackOp::Float16 => halves(|x| half_to_bits(round_half(x))),
        PackOp::Signed8 | PackOp::Unsigned8 => bytes(|x| x as u8),
        PackOp::SignedClamp8 => bytes(|x| (x as i32).clamp(-128, 127) as u8),
        PackOp::UnsignedClamp8 => bytes(|x| x.min(255) as u8),
    }
}

/// One word to four or two scalars.
pub(super) fn unpack(op: PackOp, word: u32) -> [u32; 4] {
    let bytes = word.to_le_bytes();
    let halves = |value: fn(u16) -> f32| {
        let [low, high] = [value(word as u16), value((word >> 16) as u16)];
        [low.to_bits(), high.to_bits(), 0, 0]
    };
    match op {
        PackOp::Snorm8 => bytes.map(|b| (f32::from(b as i8) / 127.0).max(-1.0).to_bits()),
        PackOp::Unorm8 => bytes.map(|b| (f32::from(b) / 255.0).to_bits()),
        PackOp::Snorm16 => halves(|h| (f32::from(h as i16) / 32767.0).max(-1.0)),
        PackOp::Unorm16 => halves(|h| f32::from(h) / 65535.0),
        PackOp::Float16 => halves(|h| half_from_bits(u32::from(h))),
        PackOp::Signed8 | PackOp::SignedClamp8 => bytes.map(|b| i32::from(b as i8) as u32),
        PackOp::Unsigned8 | PackOp::UnsignedClamp8 => bytes.map(u32::from),
    }
}

/// `floor(0.5 + scale * clamp(x, low, 1))`, as WGSL defines packing.
fn normalized(x: f32, low: f32, scale: f32) -> f32 {
    // In f64: 0.5 + 32767 * x has more bits than f32.
    (0.5 + f64::from(scale) * f64::from(x.clamp(low, 1.0))).floor() as f32
}
