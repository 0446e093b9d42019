//! The layers of a file.

use ::safetensors::Dtype;

use super::{
    bitsandbytes, compressed_floats, compressed_tensors, config,
    decode::Convention,
    gptq,
    tensors::{Tensors, is_float},
};
use crate::{
    FileError, LayerShape, Matrix, Plain, Problem, Quantized, Stored,
    file::{Reader, Source},
};

/// An opened safetensors file.
#[derive(Debug)]
pub(crate) struct File {
    tensors: Tensors,
    matrices: Vec<Matrix>,
    layers: Vec<Layer>,
}

/// What a layer is, and what of it was read already.
#[derive(Debug)]
enum Layer {
    Convention(Convention, LayerShape),
    Gptq(gptq::Layer),
    CompressedTensors(compressed_tensors::Layer),
    CompressedFloats(compressed_floats::Layer),
    BitsAndBytes(bitsandbytes::Layer),
    /// Floats.
    Plain,
}

impl File {
    pub(crate) fn open(source: Source) -> Result<Self, FileError> {
        let tensors = Tensors::open(source)?;
        let (mut matrices, mut layers) = (Vec::new(), Vec::new());
        for tensor in tensors.all.keys() {
            if let Some((layer, matrix)) = Layer::of(&tensors, tensor)? {
                matrices.push(matrix);
                layers.push(layer);
            }
        }
        if matrices.is_empty() {
            let what = format!("no tensor of it is of a layer in a convention that is read: {CONVENTIONS}");
            return Err(tensors.opened().error(None, 8, Problem::Unsupported(what)));
        }
        Ok(Self {
            tensors,
            matrices,
            layers,
        })
    }
}

impl Layer {
    /// The layer that a tensor tells of: of each layer one tensor does.
    fn of(tensors: &Tensors, tensor: &str) -> Result<Option<(Self, Matrix)>, FileError> {
        let plain_suffix = |name: &str| name.strip_suffix(".weight").map(ToOwned::to_owned);
        let (name, layer) = if let Some(name) = tensor.strip_suffix(".scales") {
            (name.to_owned(), Self::with_scales(tensors, name)?)
        } else if let Some(name) = tensor.strip_suffix(".weight_packed") {
            let layer = match compressed_floats::Layer::of(tensors, name)? {
                Some(floats) => Self::CompressedFloats(floats),
                None => Self::CompressedTensors(compressed_tensors::Layer::of(tensors, name)?),
            };
            (name.to_owned(), layer)
        } else if let Some(name) = tensor.strip_suffix(bitsandbytes::SCALES) {
            (
                name.to_owned(),
                Self::BitsAndBytes(bitsandbytes::Layer::of(tensors, name)?),
            )
        } else if let (Some(name), true) = (plain_suffix(tensor), is_plain(tensors, tensor)) {
            (name, Self::Plain)
        } else {
            return Ok(None);
        };
        let (format, parts, shape, weights) = match &layer {
            Self::Convention(convention, shape) => (
                convention.name(),
                convention.tensors(),
                Some(*shape),
                Some(convention.weights(tensors, &name)?),
            ),
            Self::Gptq(gptq) => ("gptq", gptq.tensors(), Some(gptq.shape), Some(gptq.weights())),
            Self::CompressedTensors(layer) => (
                "compressed-tensors pack-quantized",
                &layer.tensors[..],
                Some(layer.shape),
                Some(layer.weights),
            ),
            Self::CompressedFloats(layer) => (
                layer.name(),
                layer.tensors(),
                Some(layer.shape),
                Some(layer.weights()),
            ),
            Self::BitsAndBytes(layer) => (
                layer.name(),
                &bitsandbytes::TENSORS[..],
                Some(layer.shape),
                Some(bitsandbytes::Layer::WEIGHTS),
            ),
            Self::Plain => (tensors.float_format(tensor)?.name(), &["weight"][..], None, None),
        };
        let mut bytes = 0;
        for part in parts {
            bytes += tensors.get(&format!("{name}.{part}"))?.bytes;
        }
        let (n, k) = match shape {
            Some(shape) => (shape.n, shape.k),
            None => plain_size(tensors, tensor)?,
        };
        let matrix = Matrix {
            format: format.to_owned(),
            n,
            k,
            group_size: shape.map(|shape| shape.group_size),
            weights,
            bias: tensors.all.contains_key(&format!("{name}.bias")),
            bytes,
            name,
        };
        Ok(Some((layer, matrix)))
    }

    /// A layer that has a tensor `scales`.
    fn with_scales(tensors: &Tensors, name: &str) -> Result<Self, FileError> {
        if gptq::is_layer(tensors, name) {
            return gptq::Layer::of(tensors, name).map(Self::Gptq);
        }
        let convention = convention(tensors, name)?;
        let (weight, scales) = (
            format!("{name}.{}", convention.tensors()[0]),
            format!("{name}.scales"),
        );
        let sizes = (tensors.size(&weight)?, tensors.size(&scales)?);
        let shape = convention.dimensions(sizes.0, sizes.1).and_then(shape);
        let shape = shape.ok_or_else(|| {
            let what = format!(
                "weights {:?} and scales {:?} make no layer whose groups divide K",
                sizes.0, sizes.1
            );
            tensors.malformed(&weight, what)
        })?;
        if convention == Convention::MlxAffine {
            check_bits(tensors, name, shape)?;
        }
        Ok(Self::Convention(convention, shape))
    }
}

/// Whether a tensor is a matrix of floats. Nibbles of bitsandbytes may look like one, but for what stands beside them.
fn is_plain(tensors: &Tensors, name: &str) -> bool {
    let is_matrix = tensors.all.get(name).is_some_and(|tensor| {
        is_float(tensor.dtype) && tensor.shape.len() == 2 && !tensor.shape.contains(&0)
    });
    is_matrix
        && !tensors
            .all
            .contains_key(&format!("{name}.{}", bitsandbytes::ABSMAX))
}

fn plain_size(tensors: &Tensors, name: &str) -> Result<(u32, u32), FileError> {
    match tensors.size(name)?.map(u32::try_from) {
        [Ok(n), Ok(k)] => Ok((n, k)),
        _ => Err(tensors.unsupported(name, "dimensions of a matrix have 32 bits")),
    }
}

impl Reader for File {
    fn matrices(&self) -> &[Matrix] {
        &self.matrices
    }

    fn files(&self) -> &[Source] {
        self.tensors.files()
    }

    fn load(&self, index: usize) -> Result<Stored<'_>, FileError> {
        let tensors = &self.tensors;
        tensors.check_unchanged()?;
        let Matrix { name, n, k, .. } = &self.matrices[index];
        let (parts, scales) = match &self.layers[index] {
            Layer::Convention(convention, shape) => (convention.decode(tensors, name, *shape)?, "scales"),
            Layer::Gptq(layer) => (layer.decode(tensors, name)?, "scales"),
            Layer::CompressedTensors(layer) => (layer.decode(tensors, name)?, "weight_scale"),
            Layer::CompressedFloats(layer) => (layer.decode(tensors, name)?, "weight_scale"),
            Layer::BitsAndBytes(layer) => (layer.decode(tensors, name)?, "weight.absmax"),
            Layer::Plain => {
                let (rows, columns) = (*n as usize, *k as usize);
                return Ok(Stored::Plain(Plain {
                    n: *n,
                    k: *k,
                    weights: tensors.floats(&format!("{name}.weight"), &[rows, columns])?,
                    bias: tensors.bias(name, rows)?,
                }));
            }
        };
        let refused = |error: crate::LayoutError| tensors.error(&format!("{name}.{scales}"), error.into());
        Quantized::new(parts).map(Stored::Quantized).map_err(refused)
    }
}

/// What is read, for those who gave something else.
const CONVENTIONS: &str = "GPTQ, AWQ, MLX, compressed-tensors, bitsandbytes, q4gsw, or plain floats";

/// The convention of a layer that has scales.
fn convention(tensors: &Tensors, name: &str) -> Result<Convention, FileError> {
    let of = |part: &str| tensors.all.get(&format!("{name}.{part}"));
    let scales = tensors.size(&format!("{name}.scales"))?;
    if let (Some(weight), Some(_)) = (of("qweight"), of("qzeros")) {
        let packed_n = weight.shape.get(1).and_then(|words| words.checked_mul(8));
        if packed_n == Some(scales[1]) {
            return Ok(Convention::Awq);
        }
    } else if let Some(weight) = of("weight") {
        let scale_type = of("scales").map(|scales| scales.dtype);
        let words = weight.shape.get(1).copied().unwrap_or_default();
        match (weight.dtype, scale_type, of("biases")) {
            (Dtype::U32, _, Some(_)) => return Ok(Convention::MlxAffine),
            (Dtype::U32, Some(Dtype::U8), None) if words == scales[1].saturating_mul(4) => {
                return Ok(Convention::MlxMxfp4);
            }
            (Dtype::U32, Some(Dtype::U8), None) if words == scales[1].saturating_mul(2) => {
                return Ok(Convention::MlxNvfp4);
            }
            (Dtype::U8, Some(Dtype::F32), None) => return Ok(Convention::Q4gsw),
            _ => {}
        }
    }
    let what = format!("its layer has scales and is in no convention that is read: {CONVENTIONS}");
    Err(tensors.unsupported(&format!("{name}.scales"), what))
}

/// Words of 2, 3, 6 and 8 bits a weight look as those of 4 do, with another K: nothing but the configuration tells them apart.
fn check_bits(tensors: &Tensors, name: &str, shape: LayerShape) -> Result<(), FileError> {
    let wrong = match config::quantization(tensors.opened(), name) {
        Some((4, group_size)) if group_size == u64::from(shape.group_size) => return Ok(()),
        Some((bits, group_size)) => format!(
            "config.json says {bits} bits in groups of {group_size}, and as 4 bits its tensors have groups of {}; layers of 4 bits are read",
            shape.group_size
        ),
        None => "MLX layers of any number of bits look alike; put the config.json that says how many beside the file".to_owned(),
    };
    Err(tensors.unsupported(&format!("{name}.weight"), wrong))
}

/// The size of a layer whose rows have so many groups, all whole.
pub(super) fn shape([n, k, groups]: [usize; 3]) -> Option<LayerShape> {
    let whole = n > 0 && k > 0 && groups > 0 && k % groups == 0;
    let group_size = whole.then(|| k / groups)?;
    let [n, k, group_size] = [n, k, group_size].map(|size| u32::try_from(size).ok());
    Some(LayerShape {
        n: n?,
        k: k?,
        group_size: group_size?,
    })
}
