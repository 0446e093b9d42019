//! compressed-tensors, `pack-quantized`: symmetric weights of four bits in words along K.

use ::safetensors::Dtype;
use q4_kernel_types::layout::WEIGHTS_PER_WORD;

use super::{file, tensors::Tensors};
use crate::{Decoding, FileError, LayerShape, Parts, grid::from_columns};

/// The tensors of a layer beside its bias.
pub(super) const TENSORS: [&str; 3] = ["weight_packed", "weight_scale", "weight_shape"];

/// Tensors that say that the layer is more than symmetric weights in groups of consecutive features.
const UNREAD: [&str; 2] = ["weight_zero_point", "weight_g_idx"];

/// Reads what tells the shape of a layer.
pub(super) fn shape(tensors: &Tensors, name: &str) -> Result<LayerShape, FileError> {
    let of = |part: &str| format!("{name}.{part}");
    if let Some(part) = UNREAD.iter().find(|part| tensors.all.contains_key(&of(part))) {
        let what = "layers with zero points or reordered inputs are not read in this convention";
        return Err(tensors.unsupported(&of(part), what));
    }
    let size = tensors.bytes(&of("weight_shape"), &[Dtype::I64], &[2])?;
    let size: Vec<u64> = size
        .chunks_exact(8)
        .map(|b| u64::from_le_bytes([b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7]]))
        .collect();
    let [n, words] = tensors.size(&of("weight_packed"))?;
    let [_, groups] = tensors.size(&of("weight_scale"))?;
    let k = words.checked_mul(WEIGHTS_PER_WORD as usize).unwrap_or_default();
    if size != [n as u64, k as u64] {
        let what = format!(
            "{n} x {words} words hold a matrix of {size:?}, and as 4 bits they would hold {n} x {k}; layers of 4 bits are read"
        );
        return Err(tensors.unsupported(&of("weight_packed"), what));
    }
    file::shape([n, k, groups]).ok_or_else(|| {
        let what = format!("K={k} is no multiple of its {groups} groups");
        tensors.malformed(&of("weight_scale"), what)
    })
}

pub(super) fn decode<'a>(
    tensors: &'a Tensors,
    name: &str,
    shape: LayerShape,
) -> Result<Parts<'a>, FileError> {
    let of = |part: &str| format!("{name}.{part}");
    let (n, k) = (shape.n as usize, shape.k as usize);
    let groups = k / shape.group_size as usize;
    let weight = tensors.nibbles(&of("weight_packed"), &[n, k / WEIGHTS_PER_WORD as usize])?;
    let scales = tensors.floats(&of("weight_scale"), &[n, groups])?;
    Ok(Parts {
        shape,
        weight: weight.into(),
        scales: from_columns(shape, &scales).into(),
        scale_format: tensors.float_format(&of("weight_scale"))?,
        decoding: Decoding::Symmetric,
        bias: tensors.bias(name, n)?,
        input_order: None,
    })
}
