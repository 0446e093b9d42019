//! The layers of a file.

use ::safetensors::Dtype;

use super::{config, decode::Convention, tensors::Tensors};
use crate::{
    FileError, LayerShape, Matrix, Problem, Quantized, Stored,
    file::{Reader, Source},
};

/// Whether a file begins as safetensors files do: eight bytes of length, then JSON.
pub(crate) fn recognises(bytes: &[u8]) -> bool {
    bytes.get(8) == Some(&b'{')
}

/// An opened safetensors file.
#[derive(Debug)]
pub(crate) struct File {
    tensors: Tensors,
    matrices: Vec<Matrix>,
    layers: Vec<(Convention, LayerShape)>,
}

impl File {
    pub(crate) fn open(source: Source) -> Result<Self, FileError> {
        let tensors = Tensors::open(source)?;
        let (mut matrices, mut layers) = (Vec::new(), Vec::new());
        for scales in tensors.all.keys() {
            let Some(name) = scales.strip_suffix(".scales") else {
                continue;
            };
            let convention = convention(&tensors, name)?;
            let [weight, ..] = convention.tensors() else {
                continue;
            };
            let weight = format!("{name}.{weight}");
            let sizes = (tensors.size(&weight)?, tensors.size(scales)?);
            let shape = convention.dimensions(sizes.0, sizes.1).and_then(shape);
            let shape = shape.ok_or_else(|| {
                let what = format!(
                    "weights {:?} and scales {:?} make no layer whose groups divide K",
                    sizes.0, sizes.1
                );
                tensors.malformed(&weight, what)
            })?;
            if convention == Convention::MlxAffine {
                check_bits(&tensors, name, shape)?;
            }
            let mut bytes = 0;
            for part in convention.tensors() {
                bytes += tensors.get(&format!("{name}.{part}"))?.bytes;
            }
            matrices.push(Matrix {
                name: name.to_owned(),
                format: convention.name().to_owned(),
                n: shape.n,
                k: shape.k,
                group_size: Some(shape.group_size),
                encoding: Some(convention.encoding()),
                bias: tensors.all.contains_key(&format!("{name}.bias")),
                bytes,
            });
            layers.push((convention, shape));
        }
        if matrices.is_empty() {
            let what = "no layer of it is in a convention that is read: AWQ, MLX or q4gsw".to_owned();
            return Err(tensors.source.error(None, 8, Problem::Unsupported(what)));
        }
        Ok(Self {
            tensors,
            matrices,
            layers,
        })
    }
}

impl Reader for File {
    fn matrices(&self) -> &[Matrix] {
        &self.matrices
    }

    fn load(&self, index: usize) -> Result<Stored<'_>, FileError> {
        self.tensors.source.check_unchanged()?;
        let (name, (convention, shape)) = (&self.matrices[index].name, self.layers[index]);
        let parts = convention.decode(&self.tensors, name, shape)?;
        let scales = format!("{name}.scales");
        let at = self.tensors.get(&scales)?.at;
        let refused = |error: crate::LayoutError| self.tensors.source.error(Some(&scales), at, error.into());
        Quantized::new(parts).map(Stored::Quantized).map_err(refused)
    }
}

/// The convention of a layer that has scales.
fn convention(tensors: &Tensors, name: &str) -> Result<Convention, FileError> {
    let of = |part: &str| tensors.all.get(&format!("{name}.{part}"));
    let scales = tensors.size(&format!("{name}.scales"))?;
    if let (Some(weight), Some(_)) = (of("qweight"), of("qzeros")) {
        // GPTQ packs along K, so its words are as many to a row as there are outputs; AWQ packs along N.
        let packed_n = weight.shape.get(1).and_then(|words| words.checked_mul(8));
        if of("g_idx").is_none() && packed_n == Some(scales[1]) {
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
    let what = "its layer has scales and is in no convention that is read: AWQ, MLX or q4gsw".to_owned();
    let at = of("scales").map_or(0, |scales| scales.at);
    Err(tensors
        .source
        .error(Some(&format!("{name}.scales")), at, Problem::Unsupported(what)))
}

/// Words of 2, 3, 6 and 8 bits a weight look as those of 4 do, with another K: nothing but the configuration tells them apart.
fn check_bits(tensors: &Tensors, name: &str, shape: LayerShape) -> Result<(), FileError> {
    let wrong = match config::quantization(&tensors.source, name) {
        Some((4, group_size)) if group_size == u64::from(shape.group_size) => return Ok(()),
        Some((bits, group_size)) => format!(
            "config.json says {bits} bits in groups of {group_size}, and as 4 bits its tensors have groups of {}; layers of 4 bits are read",
            shape.group_size
        ),
        None => "MLX layers of any number of bits look alike; put the config.json that says how many beside the file".to_owned(),
    };
    let at = tensors.get(&format!("{name}.weight"))?.at;
    Err(tensors
        .source
        .error(Some(&format!("{name}.weight")), at, Problem::Unsupported(wrong)))
}

fn shape([n, k, groups]: [usize; 3]) -> Option<LayerShape> {
    let whole = n > 0 && k > 0 && groups > 0 && k % groups == 0;
    let group_size = whole.then(|| k / groups)?;
    let [n, k, group_size] = [n, k, group_size].map(|size| u32::try_from(size).ok());
    Some(LayerShape {
        n: n?,
        k: k?,
        group_size: group_size?,
    })
}
