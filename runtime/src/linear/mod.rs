//! A linear layer's kernels on a device.

mod call;
mod candidates;
pub(crate) mod gather;
mod input_form;
pub(crate) mod input_pass;
mod partition;
mod rounding;
mod routing;

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

pub use call::Call;
pub(crate) use call::CallCache;
pub use routing::{Considered, RouteSource, Routing, Verdict};

use candidates::Candidate;

use crate::{
    DispatchError, Encoding, GeneratedKernel, Gpu, GroupSize, KernelError, LayerShape, Mismatch, Operand,
    Quantized, RowCount, RuledOut, Shape, Unserved, UploadError, Variant, WeightFormat, Weights,
    tuning::RowRange, weights,
};

/// The kernels of one description on a device: routes rows to variants, uploads weights, records dispatches.
///
/// The types that `q4_kernel!` makes are thin shells around this one. Clones share everything.
#[derive(Clone, Debug)]
pub struct Linear {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    /// Distinguishes this kernel from others that use the same weights.
    id: u64,
    gpu: Gpu,
    kernel: GeneratedKernel,
    /// Every variant, in the built-in order.
    candidates: Vec<Candidate>,
}

impl Linear {
    /// Readies a kernel. Where K, N and the group size are fixed, the pipelines that it chooses are created now, as far as the device has none of the
    /// same text yet; otherwise [`Linear::upload`] creates them, once for each shape.
    ///
    /// # Errors
    /// If the device can run no variant of the prefill route, which serves every M, or refuses a pipeline.
    pub fn new(gpu: &Gpu, kernel: &GeneratedKernel) -> Result<Self, KernelError> {
        static NEXT_ID: AtomicU64 = AtomicU64::new(0);

        let candidates = candidates::candidates(gpu, kernel)?;
        if let Some(reason) = gpu.lost() {
            return Err(KernelError::DeviceLost {
                reason: reason.to_owned(),
            });
        }
        let id = NEXT_ID.fetch_add(1, Ordering::Relaxed);
        let inner = Inner {
            id,
            gpu: gpu.clone(),
            kernel: kernel.clone(),
            candidates,
        };
        let linear = Self {
            inner: Arc::new(inner),
        };
        if let (Some(n), Some(k), GroupSize::Fixed(group_size)) = (kernel.n, kernel.k, kernel.group_size) {
            linear.compile(LayerShape { n, k, group_size })?;
        }
        Ok(linear)
    }

    /// A kernel for weights of a format, whatever their shape: [`Quantized::format`] says which format weights are of. Any weights of that format can
    /// be uploaded through it.
    ///
    /// ```no_run
    /// use q4_kernel::{Gpu, Linear, Quantized, Weights};
    ///
    /// fn load(gpu: &Gpu, quantized: &Quantized<'_>) -> Result<(Linear, Weights), Box<dyn std::error::Error>> {
    ///     let linear = Linear::of_format(gpu, quantized.format())?;
    ///     let weights = linear.upload(quantized)?;
    ///     Ok((linear, weights))
    /// }
    /// ```
    ///
    /// # Errors
    /// As [`Linear::new`].
    pub fn of_format(gpu: &Gpu, format: WeightFormat) -> Result<Self, KernelError> {
        Self::new(gpu, &crate::standard_of(format))
    }

    /// A kernel of one variant, for every M that it serves.
    ///
    /// # Errors
    /// As [`Linear::new`].
    pub fn only(gpu: &Gpu, variant: &Variant) -> Result<Self, KernelError> {
        let configuration = variant.configuration;
        if let Err(unmet) = gpu.capabilities().check(variant) {
            let name = variant.name.clone().into_owned();
            let unmet = vec![(name.clone(), unmet)];
            return Err(KernelError::NoVariant {
                kernel: name,
                route: configuration.route(),
                unmet,
            });
        }
        let kernel = GeneratedKernel {
            name: variant.name.clone(),
            k: configuration.k,
            n: None,
            group_size: configuration.group_size,
            bias: configuration.bias,
            encoding: configuration.encoding,
            scales: configuration.scales,
            decode: Vec::new().into(),
            few: Vec::new().into(),
            prefill: vec![variant.clone()].into(),
            others: Vec::new().into(),
        };
        let linear = Self::new(gpu, &kernel)?;
        for candidate in &linear.inner.candidates {
            candidate.pipeline(gpu)?;
        }
        Ok(linear)
    }

    /// Copies weights to the device, after checking them against this kernel, and creates the pipelines that are chosen for them, so that a dispatch
    /// finds them ready. Kernels that are described for zero points take symmetric weights too, whose zero points are all the same: files of one format
    /// have both.
    ///
    /// # Errors
    /// If the weights are not of this kernel's shape, no variant serves them on this device, the device refuses a pipeline or has no room.
    pub fn upload(&self, quantized: &Quantized<'_>) -> Result<Weights, UploadError> {
        let shape = quantized.shape();
        weights::check(self.kernel(), shape, quantized.bias().is_some())?;
        let with_zero_points = match self.kernel().encoding {
            Encoding::ZeroPoint => quantized.with_zero_points(),
            Encoding::Symmetric | Encoding::Minimum | Encoding::Codebook => None,
        };
        let quantized = with_zero_points.as_ref().unwrap_or(quantized);
        weights::check_encoding(self.kernel(), quantized.format().encoding)?;
        // A kernel that serves one row serves the layer; what it does with more rows is the dispatch's to say.
        self.choose(with_rows(1, shape))?;
        self.compile(shape)?;
        Weights::upload(self.gpu(), quantized, self.kernel().scales)
    }

    /// Records `y[rows, N] = x[rows, K] * weights^T (+ bias)` into `pass`, and with it the pass's pipeline and bind group 0.
    ///
    /// `x` starts at a multiple of 16 bytes, `y` at a multiple of 4. What a dispatch needs beyond its arguments is made once for each
    /// combination of kernel, buffers and rows and kept with the weights (the 64 used last); after that nothing is allocated. A kept
    /// combination keeps its buffers alive; [`Weights::forget_bindings`] lets go of them.
    ///
    /// # Errors
    /// If a buffer is too small, lacks `STORAGE` usage, starts at a wrong place or is both `x` and `y`, if the weights are of another
    /// shape or device, or if the device is out of memory or lost. If it refuses a pipeline too, where weights were uploaded through another kernel.
    pub fn dispatch<'a>(
        &self,
        pass: &mut wgpu::ComputePass<'_>,
        weights: &Weights,
        x: impl Into<Operand<'a>>,
        y: impl Into<Operand<'a>>,
        rows: impl RowCount,
    ) -> Result<(), DispatchError> {
        self.prepare(weights, x, y, rows)?.record(pass);
        Ok(())
    }

    /// The dispatch of [`Linear::dispatch`] ready to be recorded, for engines that keep it themselves; [`Call::record_all`] records several.
    ///
    /// # Errors
    /// As [`Linear::dispatch`].
    pub fn prepare<'a, R: RowCount>(
        &self,
        weights: &Weights,
        x: impl Into<Operand<'a>>,
        y: impl Into<Operand<'a>>,
        rows: R,
    ) -> Result<Arc<Call>, DispatchError> {
        let (x, y, rows) = (x.into(), y.into(), R::KNOWN.unwrap_or(rows.get()));
        let key = call::Key {
            kernel: self.inner.id,
            rows,
            x: &x,
            y: &y,
        };
        if let Some(call) = crate::gpu::lock(weights.calls()).get(&key) {
            return Ok(call);
        }
        if weights.gpu().device() != self.gpu().device() {
            return Err(DispatchError::OtherDevice);
        }
        self.check(weights)?;
        let candidate = self.choose(with_rows(rows, weights.shape()))?;
        let pipeline = candidate.pipeline(self.gpu())?;
        let call = Arc::new(Call::new(&candidate.variant, pipeline, weights, &x, &y, rows)?);
        crate::gpu::lock(weights.calls()).insert(&key, &call);
        Ok(call)
    }

    /// Says which variant runs for a shape, and why.
    #[must_use]
    pub fn route(&self, shape: Shape) -> Routing {
        Routing::new(shape, &self.in_order(shape))
    }

    /// The device.
    #[must_use]
    pub fn gpu(&self) -> &Gpu {
        &self.inner.gpu
    }

    /// The description and its variants.
    #[must_use]
    pub fn kernel(&self) -> &GeneratedKernel {
        &self.inner.kernel
    }

    /// Whether weights are of a shape that the kernel is described for.
    ///
    /// # Errors
    /// What does not fit.
    pub fn check(&self, weights: &Weights) -> Result<(), Mismatch> {
        weights::check(self.kernel(), weights.shape(), weights.has_bias())?;
        weights::check_encoding(self.kernel(), weights.encoding())?;
        let (given, expected) = (weights.scales(), self.kernel().scales);
        if given == expected {
            Ok(())
        } else {
            Err(Mismatch::Scales { given, expected })
        }
    }

    fn in_order(&self, shape: Shape) -> Vec<routing::Placed<'_>> {
        let Inner {
            gpu,
            kernel,
            candidates,
            ..
        } = &*self.inner;
        routing::in_order(shape, candidates, gpu.tuning(), kernel.scales)
    }

    /// The first variant, in the order for the shape, that runs here and serves it.
    fn choose(&self, shape: Shape) -> Result<&Candidate, Unserved> {
        let mut reasons = Vec::new();
        let order = self.in_order(shape);
        for (index, placed) in order.iter().enumerate() {
            let candidate = placed.candidate;
            match candidate.check(shape) {
                Ok(()) => return Ok(candidate),
                Err(RuledOut::Shape(_)) if candidate.follows_from(&order[..index]) => {}
                Err(reason) => reasons.push((candidate.variant.name.clone().into_owned(), reason)),
            }
        }
        let Shape { m, k, group_size, .. } = shape;
        Err(Unserved {
            m,
            k,
            group_size,
            reasons,
        })
    }

    /// Creates the pipelines that are chosen for a layer, whatever its rows.
    fn compile(&self, layer: LayerShape) -> Result<(), KernelError> {
        // Within a range of rows the order is the same but for variants that come first for few, so only its ends can differ, by what a variant serves.
        let ends = RowRange::ALL
            .into_iter()
            .flat_map(|range| [range.first, range.last]);
        let few = self.inner.candidates.iter().filter_map(Candidate::first_for_rows);
        for rows in ends.chain(few.flat_map(|rows| [rows, rows.saturating_add(1)])) {
            // What nothing serves is for the dispatch to say.
            if let Ok(candidate) = self.choose(with_rows(rows, layer)) {
                candidate.pipeline(self.gpu())?;
            }
        }
        Ok(())
    }
}

fn with_rows(m: u32, layer: LayerShape) -> Shape {
    let LayerShape { n, k, group_size } = layer;
    Shape { m, n, k, group_size }
}
