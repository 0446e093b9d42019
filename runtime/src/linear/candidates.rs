//! The variants of a kernel on a device.

use std::{
    iter,
    sync::{Arc, OnceLock},
};

use super::{input_pass::InputPass, routing::Placed};
use crate::{
    GeneratedKernel, Gpu, InputFormat, KernelError, Precedence, Route, RuledOut, Shape, Unmet, Variant,
};

/// A variant of a kernel, and whether the device runs it.
#[derive(Debug)]
pub(super) struct Candidate {
    pub(super) route: Route,
    pub(super) variant: Variant,
    /// The place in the built-in order, and for how few rows it is another.
    place: usize,
    precedence: Option<Precedence>,
    /// The name under which it was measured.
    pub(super) kind: String,
    /// What the device lacks for it.
    unmet: Option<Unmet>,
    /// Compiled when it is first needed: a description has more variants than its layers use.
    pipeline: OnceLock<Arc<wgpu::ComputePipeline>>,
}

/// Every variant of a kernel, in the built-in order: decode, few, prefill, others.
///
/// # Errors
/// If the device can run none of the prefill route, which serves every M.
pub(super) fn candidates(gpu: &Gpu, kernel: &GeneratedKernel) -> Result<Vec<Candidate>, KernelError> {
    let others = kernel
        .others
        .iter()
        .map(|variant| (variant.configuration.route(), variant));
    let routes = Route::ALL.map(|route| {
        let variants = kernel.on(route).iter();
        variants.map(|variant| variant.configuration).collect()
    });
    let candidates: Vec<Candidate> = kernel
        .variants()
        .chain(others)
        .zip(
            Precedence::on_routes(&routes)
                .into_iter()
                .chain(iter::repeat(None)),
        )
        .enumerate()
        .map(|(place, ((route, variant), precedence))| Candidate {
            route,
            variant: variant.clone(),
            place,
            precedence,
            kind: variant.configuration.kind(),
            unmet: gpu.capabilities().check(variant).err(),
            pipeline: OnceLock::new(),
        })
        .collect();
    let on_routes = &candidates[..kernel.variants().count()];
    let prefill = on_routes
        .iter()
        .filter(|candidate| candidate.route == Route::Prefill);
    if prefill.clone().any(|candidate| candidate.unmet.is_none()) {
        return Ok(candidates);
    }
    Err(KernelError::NoVariant {
        kernel: kernel.name.clone().into_owned(),
        route: Route::Prefill,
        unmet: prefill
            .filter_map(|candidate| Some((candidate.variant.name.clone().into_owned(), candidate.unmet?)))
            .collect(),
    })
}

impl Candidate {
    /// The most rows for which it comes before others that stand in front of it.
    pub(super) fn first_for_rows(&self) -> Option<u32> {
        self.precedence.map(|precedence| precedence.rows)
    }

    /// What sorts candidates of which no table speaks.
    pub(super) fn built_in_place(&self, m: u32) -> (usize, bool, u32) {
        Precedence::sort_key(self.place, self.precedence, m)
    }

    /// Whether it runs here and serves a shape.
    pub(super) fn check(&self, shape: Shape) -> Result<(), RuledOut> {
        match self.unmet {
            Some(unmet) => Err(RuledOut::Device(unmet)),
            None => Ok(self.variant.configuration.constraints().check(shape)?),
        }
    }

    /// Whether one before it serves all that it does, so that whatever shape rules that one out rules this one out too.
    pub(super) fn follows_from(&self, before: &[Placed<'_>]) -> bool {
        let constraints = self.variant.configuration.constraints();
        before.iter().any(|Placed { candidate, .. }| {
            candidate.unmet.is_none() && candidate.variant.configuration.constraints().covers(&constraints)
        })
    }

    /// The pipeline, compiled if it is not there yet.
    pub(super) fn pipeline(&self, gpu: &Gpu) -> Result<&Arc<wgpu::ComputePipeline>, KernelError> {
        if let Some(pipeline) = self.pipeline.get() {
            return Ok(pipeline);
        }
        let pipeline = gpu.pipelines().get(gpu, &self.variant)?;
        if self.variant.configuration.geometry.input_format() == InputFormat::F16 {
            gpu.pipelines().input_pass(gpu, InputPass::Round)?;
        }
        // Of two threads that come here at once, both get the same one.
        Ok(self.pipeline.get_or_init(|| pipeline))
    }
}
