//! compressed-tensors, `pack-quantized`: symmetric weights of four bits in words along K.

use ::safetensors::Dtype;
use q4_kernel_types::layout;

use super::{
    decode::grid,
    tensors::{Tensors, scale_format},
};
use crate::{Decoding, FileError, LayerShape, Parts};

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
    let [rows, words] = tensors.size(&of("weight_packed"))?;
    let [_, groups] = tensors.size(&of("weight_scale"))?;
    let k = words.checked_mul(8).unwrap_or_default();
    if size != [rows as u64, k as u64] {
        let what = format!(
            "{rows} x {words} words hold a matrix of {size:?}, and as 4 bits they would hold {rows} x {k}; layers of 4 bits are read"
        );
        return Err(tensors.unsupported(&of("weight_packed"), what));
    }
    let whole = groups > 0 && k > 0 && rows > 0 && k % groups == 0;
    match (
        [rows, k, if whole { k / groups } else { 0 }].map(u32::try_from),
        whole,
    ) {
        ([Ok(n), Ok(k), Ok(group_size)], true) => Ok(LayerShape { n, k, group_size }),
        _ => Err(tensors.malformed(
            &of("weight_scale"),
            format!("K={k} is no multiple of its {groups} groups"),
        )),
    }
}

pub(super) fn decode(tensors: &Tensors, name: &str, shape: LayerShape) -> Result<Parts<'static>, FileError> {
    let of = |part: &str| format!("{name}.{part}");
    let (n, k) = (shape.n as usize, shape.k as usize);
    let groups = k / shape.group_size as usize;
    let words = tensors.words(&of("weight_packed"), &[n, k / 8])?;
    let scales = tensors.floats(&of("weight_scale"), &[n, groups])?;
    // Nibble i of a little-endian word is nibble i of its bytes, low before high.
    let weight: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
    Ok(Parts {
        shape,
        weight: weight.into(),
        scales: grid(groups, layout::padded_n(shape.n) as usize, n, |group, column| {
            scales[column * groups + group]
        })
        .into(),
        scale_format: scale_format(tensors.get(&of("weight_scale"))?.dtype),
        decoding: Decoding::Symmetric,
        bias: tensors.bias(name, n)?,
        input_order: None,
    })
}
