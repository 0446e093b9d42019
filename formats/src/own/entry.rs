//! What the metadata says of a matrix, and the tensors that follow from it.

use q4_kernel_types::{Encoding, ScaleFormat, layout};
use safetensors::Dtype;
use serde::{Deserialize, Serialize};

use crate::{LayerShape, Quantized};

/// What the metadata says of a matrix.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Entry {
    pub(super) name: String,
    /// The format that the matrix was converted from.
    pub(super) source: String,
    pub(super) n: u32,
    pub(super) k: u32,
    pub(super) group_size: u32,
    /// The name of an [`Encoding`].
    pub(super) encoding: String,
    /// The name of a [`ScaleFormat`].
    pub(super) scale_format: String,
    pub(super) bias: bool,
    pub(super) input_order: bool,
}

/// The parts of a matrix, each a tensor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Weight,
    Scales,
    ZeroPoints,
    Minimums,
    Codebook,
    Bias,
    InputOrder,
}

/// A tensor that an entry makes.
#[derive(Debug)]
pub(super) struct Expected {
    pub(super) part: Part,
    pub(super) name: String,
    pub(super) dtype: Dtype,
    pub(super) shape: Vec<u64>,
}

/// Sixteen levels and the scale of the tensor.
pub(super) const CODEBOOK: u64 = 17;

impl Entry {
    pub(super) fn of(name: &str, source: &str, layer: &Quantized<'_>) -> Self {
        let LayerShape { n, k, group_size } = layer.shape();
        Self {
            name: name.to_owned(),
            source: source.to_owned(),
            n,
            k,
            group_size,
            encoding: layer.decoding().encoding().name().to_owned(),
            scale_format: layer.format().scales.name().to_owned(),
            bias: layer.bias().is_some(),
            input_order: layer.input_order().is_some(),
        }
    }

    pub(super) fn shape(&self) -> LayerShape {
        LayerShape {
            n: self.n,
            k: self.k,
            group_size: self.group_size,
        }
    }

    pub(super) fn encoding(&self) -> Option<Encoding> {
        Encoding::ALL
            .into_iter()
            .find(|encoding| encoding.name() == self.encoding)
    }

    pub(super) fn scale_format(&self) -> Option<ScaleFormat> {
        ScaleFormat::ALL
            .into_iter()
            .find(|format| format.name() == self.scale_format)
    }

    /// Its tensors in the order of the file. `None` if it names an encoding or a format of scales that there is none of.
    pub(super) fn tensors(&self) -> Option<Vec<Expected>> {
        let LayerShape { n, k, group_size } = self.shape();
        let groups = vec![layout::groups(k, group_size).into(), layout::padded_n(n)];
        let scales = match self.scale_format()? {
            ScaleFormat::F32 => Dtype::F32,
            ScaleFormat::F16 => Dtype::F16,
            ScaleFormat::Bf16 => Dtype::BF16,
            ScaleFormat::E8m0 | ScaleFormat::E4m3 => Dtype::U8,
        };
        let rows = vec![n.into(), layout::packed_k(k).into()];
        let mut tensors = vec![
            (Part::Weight, "weight", Dtype::U8, rows),
            (Part::Scales, "scales", scales, groups.clone()),
        ];
        match self.encoding()? {
            Encoding::Symmetric => {}
            Encoding::ZeroPoint => tensors.push((Part::ZeroPoints, "zero_points", Dtype::U8, groups)),
            Encoding::Minimum => tensors.push((Part::Minimums, "minimums", Dtype::F32, groups)),
            Encoding::Codebook => tensors.push((Part::Codebook, "codebook", Dtype::F32, vec![CODEBOOK])),
        }
        if self.bias {
            tensors.push((Part::Bias, "bias", Dtype::F32, vec![n.into()]));
        }
        if self.input_order {
            tensors.push((Part::InputOrder, "input_order", Dtype::U32, vec![k.into()]));
        }
        let named = tensors.into_iter().map(|(part, suffix, dtype, shape)| Expected {
            part,
            name: format!("{}.q4.{suffix}", self.name),
            dtype,
            shape,
        });
        Some(named.collect())
    }
}

impl Expected {
    /// Its bytes; `None` beyond 2^64.
    pub(super) fn bytes(&self) -> Option<u64> {
        let elements = self
            .shape
            .iter()
            .try_fold(1_u64, |product, size| product.checked_mul(*size))?;
        elements.checked_mul(self.dtype.bitsize() as u64 / u64::from(u8::BITS))
    }
}
