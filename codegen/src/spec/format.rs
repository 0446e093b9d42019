//! The formats of weights that a description can name.

use q4_kernel_types::{Encoding, GroupSize, ScaleFormat, WeightFormat};

/// How weights are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Format {
    /// How four bits and the numbers of their group make a weight.
    pub encoding: Encoding,
    /// What the scales of such weights are: kernels read them so, unless a description says otherwise.
    pub scales: ScaleFormat,
    /// The group size, if it is known when the kernel is generated.
    pub group_size: GroupSize,
}

/// A word that names a format, and what its author may still say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NamedFormat {
    /// The word.
    pub name: &'static str,
    /// How four bits and the numbers of their group make a weight.
    pub encoding: Encoding,
    /// What its scales are, where a description does not say.
    pub scales: ScaleFormat,
    /// What its scales can be; none, where the format knows.
    pub other_scales: &'static [ScaleFormat],
    /// Its only group size, where there is only one.
    pub group_size: Option<u32>,
}

const FLOATS: &[ScaleFormat] = &[ScaleFormat::F32, ScaleFormat::F16, ScaleFormat::Bf16];

impl NamedFormat {
    /// Every format that has a name: first the encodings by themselves, then those of files.
    pub const ALL: [Self; 19] = [
        Self::new("q4gsw", Encoding::Symmetric),
        Self::new("symmetric", Encoding::Symmetric).with(&ScaleFormat::ALL),
        Self::new("zero_point", Encoding::ZeroPoint).with(&ScaleFormat::ALL),
        Self::new("minimum", Encoding::Minimum).with(FLOATS),
        Self::new("codebook", Encoding::Codebook).with(&ScaleFormat::ALL),
        Self::new("gguf_q4_0", Encoding::Symmetric).of(ScaleFormat::F16, 32),
        Self::new("gguf_q4_1", Encoding::Minimum).of(ScaleFormat::F16, 32),
        Self::new("gguf_q4_k", Encoding::Minimum).of(ScaleFormat::F32, 32),
        Self::new("gguf_iq4_nl", Encoding::Codebook).of(ScaleFormat::F16, 32),
        Self::new("gguf_iq4_xs", Encoding::Codebook).of(ScaleFormat::F32, 32),
        Self::new("mxfp4", Encoding::Codebook).of(ScaleFormat::E8m0, 32),
        Self::new("nvfp4", Encoding::Codebook).of(ScaleFormat::E4m3, 16),
        Self::new("mlx", Encoding::Minimum)
            .stored_as(ScaleFormat::F16)
            .with(FLOATS),
        Self::new("gptq", Encoding::ZeroPoint)
            .stored_as(ScaleFormat::F16)
            .with(FLOATS),
        Self::new("awq", Encoding::ZeroPoint)
            .stored_as(ScaleFormat::F16)
            .with(FLOATS),
        Self::new("compressed_tensors", Encoding::ZeroPoint)
            .stored_as(ScaleFormat::Bf16)
            .with(FLOATS),
        Self::new("nf4", Encoding::Codebook),
        Self::new("fp4", Encoding::Codebook),
        Self::new("onnx", Encoding::ZeroPoint).with(FLOATS),
    ];

    const fn new(name: &'static str, encoding: Encoding) -> Self {
        Self {
            name,
            encoding,
            scales: ScaleFormat::F32,
            other_scales: &[],
            group_size: None,
        }
    }

    const fn stored_as(mut self, scales: ScaleFormat) -> Self {
        self.scales = scales;
        self
    }

    const fn with(mut self, other_scales: &'static [ScaleFormat]) -> Self {
        self.other_scales = other_scales;
        self
    }

    const fn of(mut self, scales: ScaleFormat, group_size: u32) -> Self {
        self.group_size = Some(group_size);
        self.stored_as(scales)
    }

    /// The format of this name.
    #[must_use]
    pub fn find(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.name == name)
    }
}

impl Format {
    /// q4gsw with a group size that is known now.
    #[must_use]
    pub const fn q4gsw(group_size: u32) -> Self {
        Self {
            encoding: Encoding::Symmetric,
            scales: ScaleFormat::F32,
            group_size: GroupSize::Fixed(group_size),
        }
    }

    /// Weights of any encoding.
    #[must_use]
    pub const fn new(WeightFormat { encoding, scales }: WeightFormat, group_size: GroupSize) -> Self {
        Self {
            encoding,
            scales,
            group_size,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_named_format_can_exist_and_has_a_name_of_its_own() {
        for (index, format) in NamedFormat::ALL.iter().enumerate() {
            assert!(
                NamedFormat::ALL[..index]
                    .iter()
                    .all(|other| other.name != format.name),
                "{}",
                format.name
            );
            let weights = |scales| WeightFormat {
                encoding: format.encoding,
                scales,
            };
            let all = [&[format.scales], format.other_scales].concat();
            assert!(
                all.into_iter().all(|scales| weights(scales).exists()),
                "{}",
                format.name
            );
            assert!(
                format.group_size.is_none() || format.other_scales.is_empty(),
                "{}",
                format.name
            );
        }
    }
}
