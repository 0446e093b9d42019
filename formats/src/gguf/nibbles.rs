//! Blocks of four bits a weight, undone into the neutral layout.

use std::borrow::Cow;

use half::f16;
use q4_kernel_types::{Encoding, ScaleFormat, WeightFormat, layout};

use super::block::Type;
use crate::{
    Codebook, Decoding, LayerShape, Parts,
    scale::{E2M1, e4m3, e8m0},
};

/// How a block of some type is laid out. Its nibbles come in runs: the low nibbles of a run are as many consecutive weights, its high nibbles the next.
#[derive(Clone, Copy)]
pub(super) struct Blocks {
    /// Weights that share a scale.
    pub(super) group_size: u32,
    encoding: Encoding,
    scale_format: ScaleFormat,
    /// Bytes before the nibbles.
    head: usize,
    /// Bytes of a run.
    run: usize,
    /// Scale and minimum of a group, from the head of its block and its number in it.
    numbers: fn(&[u8], usize) -> (f32, f32),
    levels: Option<[f32; 16]>,
}

/// Rows whose scales are collected before they are stored: those of neighbouring rows are neighbours, so that whole lines of the cache are written.
const BAND: usize = 16;

/// The levels of IQ4_NL (`kvalues_iq4nl` of ggml).
const IQ4_NL: [f32; 16] = [
    -127.0, -104.0, -83.0, -65.0, -49.0, -35.0, -22.0, -10.0, 1.0, 13.0, 25.0, 38.0, 53.0, 69.0, 89.0, 113.0,
];

/// The blocks of a type, if they are of four bits a weight and can be decoded.
pub(super) fn of_type(kind: Type) -> Option<Blocks> {
    let half_scale = Blocks {
        group_size: 32,
        encoding: Encoding::Symmetric,
        scale_format: ScaleFormat::F16,
        head: 2,
        run: 16,
        numbers: |head, _| (half(head), 0.0),
        levels: None,
    };
    Some(match kind.name {
        "q4_0" => half_scale,
        "q4_1" => Blocks {
            encoding: Encoding::Minimum,
            head: 4,
            numbers: |head, _| (half(head), half(&head[2..])),
            ..half_scale
        },
        "q4_k" => Blocks {
            encoding: Encoding::Minimum,
            // Products of a half and six bits.
            scale_format: ScaleFormat::F32,
            head: 16,
            run: 32,
            numbers: super_block,
            ..half_scale
        },
        "iq4_nl" => Blocks {
            encoding: Encoding::Codebook,
            levels: Some(IQ4_NL),
            ..half_scale
        },
        "mxfp4" => Blocks {
            encoding: Encoding::Codebook,
            scale_format: ScaleFormat::E8m0,
            head: 1,
            numbers: |head, _| (e8m0(head[0]), 0.0),
            levels: Some(E2M1),
            ..half_scale
        },
        "nvfp4" => Blocks {
            group_size: 16,
            encoding: Encoding::Codebook,
            scale_format: ScaleFormat::E4m3,
            head: 4,
            run: 8,
            // ggml's scales have no sign: the highest bit is not looked at.
            numbers: |head, group| (e4m3(head[group] & 0x7F), 0.0),
            levels: Some(E2M1),
        },
        _ => return None,
    })
}

/// Undoes the blocks of a matrix. `data` is N rows of K / elements blocks.
pub(super) fn parts<'a>(
    kind: Type,
    blocks: Blocks,
    (n, k): (u32, u32),
    data: &[u8],
    tensor_scale: f32,
) -> Parts<'a> {
    let shape = LayerShape {
        n,
        k,
        group_size: blocks.group_size,
    };
    let padded_n = layout::padded_n(n) as usize;
    let count = layout::scale_count(n, k, blocks.group_size) as usize;
    let minimum_count = if blocks.encoding == Encoding::Minimum {
        count
    } else {
        0
    };
    let (mut scales, mut minimums) = (vec![0.0; count], vec![0.0; minimum_count]);
    let mut weight = vec![0; data.len() / kind.bytes as usize * (kind.elements as usize / 2)];

    let groups = layout::groups(k, blocks.group_size) as usize;
    let rows = data.chunks(k as usize / kind.elements as usize * kind.bytes as usize * BAND);
    let targets = weight.chunks_mut(layout::packed_k(k) as usize * BAND);
    let mut band = vec![(0.0, 0.0); groups * BAND];
    for (index, (rows, target)) in rows.zip(targets).enumerate() {
        blocks.undo(kind, rows, target, &mut band);
        let first = index * BAND;
        let columns = BAND.min(n as usize - first);
        for group in 0..groups {
            let numbers = band.iter().skip(group).step_by(groups).take(columns);
            for (at, (scale, minimum)) in (group * padded_n + first..).zip(numbers) {
                scales[at] = *scale;
                if let Some(place) = minimums.get_mut(at) {
                    *place = *minimum;
                }
            }
        }
    }

    Parts {
        shape,
        weight: weight.into(),
        scales: scales.into(),
        scale_format: blocks.scale_format,
        decoding: match blocks.levels {
            Some(levels) => Decoding::Codebook(Codebook { levels, tensor_scale }),
            None if blocks.encoding == Encoding::Minimum => Decoding::Minimum(Cow::Owned(minimums)),
            None => Decoding::Symmetric,
        },
        bias: None,
        input_order: None,
    }
}

impl Blocks {
    /// What kernels must know of such weights.
    pub(super) fn weights(&self) -> WeightFormat {
        WeightFormat {
            encoding: self.encoding,
            scales: self.scale_format,
        }
    }

    /// Undoes the blocks of some rows, whose weights and numbers of groups come one after the other.
    fn undo(&self, kind: Type, blocks: &[u8], target: &mut [u8], numbers: &mut [(f32, f32)]) {
        let block_bytes = kind.elements as usize / 2;
        let groups = (kind.elements / self.group_size) as usize;
        let targets = target
            .chunks_exact_mut(block_bytes)
            .zip(numbers.chunks_exact_mut(groups));
        for (block, (target, numbers)) in blocks.chunks_exact(kind.bytes as usize).zip(targets) {
            let (head, nibbles) = block.split_at(self.head);
            for (group, place) in numbers.iter_mut().enumerate() {
                *place = (self.numbers)(head, group);
            }
            match self.run {
                8 => undo_runs::<8>(nibbles, target),
                16 => undo_runs::<16>(nibbles, target),
                _ => undo_runs::<32>(nibbles, target),
            }
        }
    }
}

/// Puts the low nibbles of each run in front of its high ones. Lengths that the compiler knows, and pairs of bytes as one number, are what it makes vectors of.
fn undo_runs<const RUN: usize>(nibbles: &[u8], target: &mut [u8]) {
    let targets = target.as_chunks_mut::<RUN>().0;
    for (run, target) in nibbles.as_chunks::<RUN>().0.iter().zip(targets) {
        let (low, high) = target.split_at_mut(RUN / 2);
        let pairs = run.as_chunks().0.iter().map(|pair| u16::from_le_bytes(*pair));
        for ((pair, low), high) in pairs.zip(low).zip(high) {
            *low = (pair & 0x0F | pair >> 4 & 0xF0) as u8;
            *high = (pair >> 4 & 0x0F | pair >> 8 & 0xF0) as u8;
        }
    }
}

/// The half at the begin of some bytes.
pub(super) fn half(bytes: &[u8]) -> f32 {
    f16::from_le_bytes([bytes[0], bytes[1]]).to_f32()
}

/// Scale and minimum of one of the eight groups of a Q4_K block. Both have six bits: of the first four groups in a byte each, of the last four as
/// four bits in a byte that they share and two in the unused high bits of the first four's.
fn super_block(head: &[u8], group: usize) -> (f32, f32) {
    let (scale, minimum, packed) = (half(head), half(&head[2..]), &head[4..]);
    let (of_scale, of_minimum) = if group < 4 {
        (packed[group] & 0x3F, packed[group + 4] & 0x3F)
    } else {
        let shared = packed[group + 4];
        (
            shared & 0x0F | packed[group - 4] >> 6 << 4,
            shared >> 4 | packed[group] >> 6 << 4,
        )
    };
    (scale * f32::from(of_scale), -(minimum * f32::from(of_minimum)))
}
