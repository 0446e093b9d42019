//! Weights on a device.

use std::{
    ops::Range,
    sync::{Arc, Mutex},
};

use crate::{
    Bias, Encoding, GeneratedKernel, Gpu, GroupSize, LayerShape, Mismatch, Quantized, ScaleLayout,
    UploadError, layout,
    linear::{CallCache, gather::InputOrder},
};

/// The weights of one layer on a device. Any kernel of the same format and a fitting shape can multiply by them. Clones share the
/// buffers.
#[derive(Clone, Debug)]
pub struct Weights {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    gpu: Gpu,
    shape: LayerShape,
    has_bias: bool,
    encoding: Encoding,
    scales: ScaleLayout,
    chunks: Vec<Chunk>,
    input_order: Option<InputOrder>,
    calls: Mutex<CallCache>,
}

/// As many columns of a layer as one binding holds.
#[derive(Debug)]
pub(crate) struct Chunk {
    pub(crate) columns: Range<u32>,
    pub(crate) weight: wgpu::Buffer,
    pub(crate) scales: wgpu::Buffer,
    pub(crate) bias: wgpu::Buffer,
    /// Zero points or minimums of affine encodings.
    pub(crate) offsets: Option<wgpu::Buffer>,
    /// The levels of a codebook.
    pub(crate) codebook: Option<wgpu::Buffer>,
}

impl Weights {
    pub(crate) fn upload(gpu: &Gpu, layer: &Quantized<'_>, scales: ScaleLayout) -> Result<Self, UploadError> {
        layer.check_scales_as(scales.format)?;
        let shape = layer.shape();
        let width = chunk_width(gpu, shape)?;
        let chunks = (0..shape.n)
            .step_by(width as usize)
            .map(|first| {
                Chunk::upload(
                    gpu,
                    layer,
                    scales,
                    first..first.saturating_add(width).min(shape.n),
                )
            })
            .collect::<Result<Vec<_>, _>>()?;
        let input_order = layer
            .input_order()
            .map(|order| InputOrder::upload(gpu, order))
            .transpose()?;
        let inner = Inner {
            gpu: gpu.clone(),
            shape,
            has_bias: layer.bias().is_some(),
            encoding: layer.decoding().encoding(),
            scales,
            chunks,
            input_order,
            calls: Mutex::default(),
        };
        Ok(Self {
            inner: Arc::new(inner),
        })
    }

    /// Output features.
    #[must_use]
    pub fn n(&self) -> u32 {
        self.inner.shape.n
    }

    /// Input features.
    #[must_use]
    pub fn k(&self) -> u32 {
        self.inner.shape.k
    }

    /// Consecutive input features that share a scale.
    #[must_use]
    pub fn group_size(&self) -> u32 {
        self.inner.shape.group_size
    }

    /// Whether there is a bias.
    #[must_use]
    pub fn has_bias(&self) -> bool {
        self.inner.has_bias
    }

    /// How four bits and the numbers of their group make a weight.
    #[must_use]
    pub fn encoding(&self) -> Encoding {
        self.inner.encoding
    }

    /// How the scales are stored on the device.
    #[must_use]
    pub fn scales(&self) -> ScaleLayout {
        self.inner.scales
    }

    /// How many pieces the layer was split into along N, because one binding does not hold it.
    #[must_use]
    pub fn chunks(&self) -> usize {
        self.inner.chunks.len()
    }

    /// Bytes on the device: weights, the numbers of their groups, codebook and bias.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        let chunk = |chunk: &Chunk| {
            let bias = if self.inner.has_bias { chunk.bias.size() } else { 0 };
            let of_encoding = [&chunk.offsets, &chunk.codebook].into_iter().flatten();
            chunk.weight.size()
                + chunk.scales.size()
                + bias
                + of_encoding.map(wgpu::Buffer::size).sum::<u64>()
        };
        let order = self.inner.input_order.as_ref().map_or(0, InputOrder::bytes);
        self.inner.chunks.iter().map(chunk).sum::<u64>() + order
    }

    /// Forgets the bind groups that earlier dispatches made, and so lets go of the buffers they were made with.
    pub fn forget_bindings(&self) {
        crate::gpu::lock(&self.inner.calls).clear();
    }

    pub(crate) fn shape(&self) -> LayerShape {
        self.inner.shape
    }

    pub(crate) fn gpu(&self) -> &Gpu {
        &self.inner.gpu
    }

    pub(crate) fn pieces(&self) -> &[Chunk] {
        &self.inner.chunks
    }

    /// The order that inputs are put in first, where weights are stored in another than theirs.
    pub(crate) fn input_order(&self) -> Option<&InputOrder> {
        self.inner.input_order.as_ref()
    }

    pub(crate) fn calls(&self) -> &Mutex<CallCache> {
        &self.inner.calls
    }
}

impl Chunk {
    fn upload(
        gpu: &Gpu,
        layer: &Quantized<'_>,
        scales: ScaleLayout,
        columns: Range<u32>,
    ) -> Result<Self, UploadError> {
        let k = layer.shape().k;
        let [first, end] = [columns.start, columns.end].map(|column| column as usize);
        let row = layout::packed_k(k) as usize;
        let weight = gpu.filled_buffer("q4 weight", USAGE, &[&layer.weight()[first * row..end * row]])?;

        let offsets = layer
            .stored_offsets_of(scales, columns.clone())
            .map(|offsets| gpu.filled_buffer("q4 offsets", USAGE, &[&offsets]))
            .transpose()?;
        let codebook = layer
            .stored_levels()
            .map(|levels| gpu.filled_buffer("q4 codebook", USAGE, &[bytemuck::cast_slice(&levels)]))
            .transpose()?;
        let scales = layer.stored_scales_of(scales, columns.clone());
        let scales = gpu.filled_buffer("q4 scales", USAGE, &[&scales])?;

        let bias = match layer.bias() {
            Some(bias) => gpu.filled_buffer("q4 bias", USAGE, &[bytemuck::cast_slice(&bias[first..end])])?,
            None => gpu.dummy_bias()?,
        };
        Ok(Self {
            columns,
            weight,
            scales,
            bias,
            offsets,
            codebook,
        })
    }
}

const USAGE: wgpu::BufferUsages = wgpu::BufferUsages::STORAGE;

/// Where it can, a chunk ends at a multiple of this, so that no column of a tile or block of columns is computed in vain.
const CHUNK_MULTIPLE: u64 = 64;

/// Columns per chunk: all of them, where one binding holds them.
fn chunk_width(gpu: &Gpu, shape: LayerShape) -> Result<u32, UploadError> {
    let LayerShape { n, k, group_size } = shape;
    // Indices in shaders are u32; bindings of less than 4 GiB keep even byte indices below that.
    let limit = gpu.capabilities().max_storage_bytes();
    let scale_bytes =
        |columns: u64| u64::from(layout::groups(k, group_size)) * columns * size_of::<f32>() as u64;
    let per_column = u64::from(layout::packed_k(k)).max(size_of::<f32>() as u64);
    // A chunk's scales are padded to a multiple of columns.
    let padding = u64::from(layout::PADDED_N_MULTIPLE);
    // As large as f32; smaller formats leave room.
    let scale_columns = limit / scale_bytes(1) / padding * padding;
    let width = (limit / per_column).min(scale_columns);
    if width == 0 {
        let bytes = per_column.max(scale_bytes(padding));
        return Err(UploadError::ColumnTooLarge { k, bytes, limit });
    }
    if width >= u64::from(n) {
        return Ok(n);
    }
    let width = if width >= CHUNK_MULTIPLE {
        width / CHUNK_MULTIPLE * CHUNK_MULTIPLE
    } else {
        width
    };
    // Less than n, which is a u32.
    Ok(u32::try_from(width).unwrap_or(n))
}

/// Whether a kernel is described for layers of this shape.
pub(crate) fn check(kernel: &GeneratedKernel, shape: LayerShape, has_bias: bool) -> Result<(), Mismatch> {
    let group_size = match kernel.group_size {
        GroupSize::Fixed(size) => Some(size),
        GroupSize::Runtime => None,
    };
    let dimensions = [
        ("K", kernel.k, shape.k),
        ("N", kernel.n, shape.n),
        ("group_size", group_size, shape.group_size),
    ];
    for (dimension, expected, given) in dimensions {
        if let Some(expected) = expected
            && expected != given
        {
            return Err(Mismatch::Dimension {
                dimension,
                given,
                expected,
            });
        }
    }
    match kernel.bias {
        Bias::Never if has_bias => Err(Mismatch::UnexpectedBias),
        Bias::Always if !has_bias => Err(Mismatch::MissingBias),
        Bias::Optional | Bias::Never | Bias::Always => Ok(()),
    }
}

/// Whether a kernel takes nibbles for what they are.
pub(crate) fn check_encoding(kernel: &GeneratedKernel, given: Encoding) -> Result<(), Mismatch> {
    let expected = kernel.encoding;
    if given == expected {
        Ok(())
    } else {
        Err(Mismatch::Encoding { given, expected })
    }
}
