//! A linear layer's kernels on a device.

mod call;
mod partition;
mod routing;

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

pub use call::Call;
pub(crate) use call::CallCache;
pub use routing::{Considered, Routing, Verdict};

use crate::{
    DispatchError, GeneratedKernel, Gpu, KernelError, Mismatch, Operand, Quantized, Route, RowCount,
    RuledOut, Unmet, Unserved, UploadError, Variant, Weights, weights,
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
    /// The candidates of each route, in the order of [`Route::ALL`].
    routes: [Vec<Candidate>; Route::ALL.len()],
}

/// A variant of a route and whether the device runs it.
#[derive(Debug)]
struct Candidate {
    variant: Variant,
    state: State,
}

#[derive(Debug)]
enum State {
    Ready(Arc<wgpu::ComputePipeline>),
    /// The device lacks something.
    Unmet(Unmet),
    /// A variant before it serves all that it does, so that its pipeline is never needed.
    Shadowed,
}

impl Linear {
    /// Creates the pipelines of a kernel, as far as the device has none of the same text yet.
    ///
    /// # Errors
    /// If the device can run no variant of the prefill route, which serves every M, or refuses a pipeline.
    pub fn new(gpu: &Gpu, kernel: &GeneratedKernel) -> Result<Self, KernelError> {
        static NEXT_ID: AtomicU64 = AtomicU64::new(0);

        let [decode, few, prefill] = Route::ALL.map(|route| candidates(gpu, kernel.on(route)));
        let routes = [decode?, few?, prefill?];
        let [_, _, prefill] = &routes;
        if !prefill
            .iter()
            .any(|candidate| matches!(candidate.state, State::Ready(_)))
        {
            let unmet = |candidate: &Candidate| match candidate.state {
                State::Unmet(unmet) => Some((candidate.variant.name.clone().into_owned(), unmet)),
                State::Ready(_) | State::Shadowed => None,
            };
            return Err(KernelError::NoVariant {
                kernel: kernel.name.clone().into_owned(),
                route: Route::Prefill,
                unmet: prefill.iter().filter_map(unmet).collect(),
            });
        }
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
            routes,
        };
        Ok(Self {
            inner: Arc::new(inner),
        })
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
            scales: configuration.scales,
            decode: Vec::new().into(),
            few: Vec::new().into(),
            prefill: vec![variant.clone()].into(),
        };
        Self::new(gpu, &kernel)
    }

    /// Copies weights to the device, after checking them against this kernel.
    ///
    /// # Errors
    /// If the weights are not of this kernel's shape, no variant serves them on this device, or the device has no room.
    pub fn upload(&self, quantized: &Quantized<'_>) -> Result<Weights, UploadError> {
        let shape = quantized.shape();
        weights::check(self.kernel(), shape, quantized.bias().is_some())?;
        // A kernel that serves one row serves the layer; what it does with more rows is the dispatch's to say.
        self.choose(1, shape.k, shape.group_size)?;
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
    /// shape or device, or if the device is out of memory or lost.
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

    /// The dispatch of [`Linear::dispatch`] ready to be recorded, for engines that keep it themselves.
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
        let (variant, pipeline) = self.choose(rows, weights.k(), weights.group_size())?;
        let call = Arc::new(Call::new(variant, pipeline, weights, &x, &y, rows)?);
        crate::gpu::lock(weights.calls()).insert(&key, &call);
        Ok(call)
    }

    /// Says which variant runs for `rows` rows of a layer, and why.
    #[must_use]
    pub fn route(&self, rows: u32, k: u32, group_size: u32) -> Routing {
        Routing::new(rows, k, group_size, &self.inner.routes)
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
        let (given, expected) = (weights.scales(), self.kernel().scales);
        if given == expected {
            Ok(())
        } else {
            Err(Mismatch::Scales { given, expected })
        }
    }

    /// The first variant, in order of preference, that runs here and serves the layer.
    fn choose(
        &self,
        m: u32,
        k: u32,
        group_size: u32,
    ) -> Result<(&Variant, &Arc<wgpu::ComputePipeline>), Unserved> {
        let mut reasons = Vec::new();
        for (_, candidate) in routing::in_order(m, &self.inner.routes) {
            match candidate.usable(m, k, group_size) {
                Ok(pipeline) => return Ok((&candidate.variant, pipeline)),
                Err(reason) => {
                    reasons.extend(reason.map(|reason| (candidate.variant.name.clone().into_owned(), reason)))
                }
            }
        }
        Err(Unserved {
            m,
            k,
            group_size,
            reasons,
        })
    }
}

impl Candidate {
    /// The pipeline, or what rules the variant out; `Err(None)` where a variant before it, that serves all it does, was ruled out.
    fn usable(
        &self,
        m: u32,
        k: u32,
        group_size: u32,
    ) -> Result<&Arc<wgpu::ComputePipeline>, Option<RuledOut>> {
        let shape = crate::Shape {
            m,
            n: 1,
            k,
            group_size,
        };
        match &self.state {
            State::Unmet(unmet) => Err(Some(RuledOut::Device(*unmet))),
            State::Ready(pipeline) => match self.variant.configuration.constraints().check(shape) {
                Ok(()) => Ok(pipeline),
                Err(refusal) => Err(Some(RuledOut::Shape(refusal))),
            },
            State::Shadowed => Err(None),
        }
    }
}

fn candidates(gpu: &Gpu, variants: &[Variant]) -> Result<Vec<Candidate>, KernelError> {
    let mut candidates: Vec<Candidate> = Vec::with_capacity(variants.len());
    for variant in variants {
        let constraints = variant.configuration.constraints();
        let covered = |earlier: &Candidate| {
            matches!(earlier.state, State::Ready(_))
                && earlier.variant.configuration.constraints().covers(&constraints)
        };
        let state = match gpu.capabilities().check(variant) {
            Err(unmet) => State::Unmet(unmet),
            Ok(()) if candidates.iter().any(covered) => State::Shadowed,
            Ok(()) => State::Ready(gpu.pipelines().get(gpu, variant)?),
        };
        candidates.push(Candidate {
            variant: variant.clone(),
            state,
        });
    }
    Ok(candidates)
}
