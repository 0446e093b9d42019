//! All matrices of a model on the device, one after the other.

use std::{
    collections::{HashMap, hash_map::Entry},
    sync::Arc,
};

use q4_kernel::{
    Call, LayerShape, Linear, Shape, UploadError, Variant, Weights,
    reference::samples::Sample,
    wgpu::{self, Buffer},
};

use super::layers::Layers;
use crate::{
    accuracy::{Accuracy, Expected},
    adapter::Device,
    architecture::{Matrix, Slot},
    failure::Failure,
    measure::{Budget, Repetitions, Stopwatch, Times, finish_uploads, measure, upload_copies},
    output::Progress,
    published,
};

/// A matrix and the kernel that multiplies by it.
#[derive(Clone, Debug)]
pub(super) struct Assignment {
    pub(super) matrix: Matrix,
    /// The kernel that the weights are uploaded for, and that is asked for a dispatch.
    pub(super) linear: Linear,
}

/// A stack of matrices on the device, each with weights of its own.
#[derive(Debug)]
pub(super) struct Stack {
    assignments: Vec<Assignment>,
    weights: Vec<Weights>,
    /// For as many rows as a prompt has.
    activations: HashMap<Slot, Buffer>,
}

/// What one shape came to.
#[derive(Debug)]
pub(super) struct Checked {
    /// The matrices of this shape.
    pub(super) names: Vec<&'static str>,
    pub(super) shape: Shape,
    /// What ran.
    pub(super) variant: &'static Variant,
    pub(super) accuracy: Accuracy,
}

/// One way through the stack.
#[derive(Debug)]
pub(super) struct Walk {
    /// In order.
    calls: Vec<Arc<Call>>,
    /// Dispatches of all calls.
    pub(super) dispatches: usize,
    /// Weights, scales, inputs and outputs, once each.
    pub(super) bytes: u64,
    /// Multiplications and additions, each counted.
    pub(super) operations: f64,
}

impl Stack {
    /// Uploads a layer for each matrix, and activations for up to so many rows.
    pub(super) fn new(
        device: &Device,
        assignments: Vec<Assignment>,
        layers: &Layers,
        prompt: u32,
        progress: &Progress,
    ) -> Result<Self, Failure> {
        let mut weights = Vec::with_capacity(assignments.len());
        for (index, Assignment { matrix, linear }) in assignments.iter().enumerate() {
            progress.at(format!(
                "weights of matrix {} of {}",
                index + 1,
                assignments.len()
            ));
            let sample = sample(layers, matrix.shape)?;
            weights.extend(upload_copies(linear, &sample.layer, 1)?);
        }
        let mut activations = HashMap::new();
        for Assignment { matrix, .. } in &assignments {
            let Shape { m, n, .. } = matrix.product(prompt);
            if let Entry::Vacant(vacant) = activations.entry(matrix.from) {
                vacant.insert(device.gpu.input_output(&sample(layers, matrix.shape)?.x)?);
            }
            if let Entry::Vacant(vacant) = activations.entry(matrix.to) {
                vacant.insert(device.gpu.output(m as usize * n as usize)?);
            }
        }
        finish_uploads(&device.gpu)?;
        device.check()?;
        Ok(Self {
            assignments,
            weights,
            activations,
        })
    }

    /// Prepares the multiplication of a prompt of so many tokens by every matrix, no more tokens than there is room for.
    pub(super) fn walk(&self, prompt: u32) -> Result<Walk, Failure> {
        let (mut calls, mut bytes, mut operations) = (Vec::with_capacity(self.weights.len()), 0, 0.0);
        for (Assignment { matrix, linear }, weights) in self.assignments.iter().zip(&self.weights) {
            let Shape { m, n, k, .. } = matrix.product(prompt);
            let (from, to) = (self.activations(matrix.from)?, self.activations(matrix.to)?);
            let row = u64::from(k) * size_of::<f32>() as u64;
            // Fewer rows than the prompt has are its last.
            let x = from.slice(u64::from(prompt - m) * row..u64::from(prompt) * row);
            calls.push(linear.prepare(weights, x, to, m)?);
            let values = u64::from(m) * (u64::from(n) + u64::from(k));
            bytes += weights.bytes() + values * size_of::<f32>() as u64;
            operations += 2.0 * f64::from(m) * f64::from(n) * f64::from(k);
        }
        Ok(Walk {
            dispatches: calls.iter().map(|call| call.grids().len()).sum(),
            calls,
            bytes,
            operations,
        })
    }

    fn activations(&self, slot: Slot) -> Result<&Buffer, Failure> {
        self.activations
            .get(&slot)
            .ok_or_else(|| Failure::NothingRan(format!("no room was made for {slot:?}")))
    }

    /// Compares a sample of the outputs of the first matrix of each shape with float64.
    pub(super) fn check(
        &self,
        stopwatch: &Stopwatch<'_>,
        layers: &Layers,
        prompt: u32,
        progress: &Progress,
    ) -> Result<Vec<Checked>, Failure> {
        let gpu = stopwatch.gpu();
        let mut checked: Vec<Checked> = Vec::new();
        for (Assignment { matrix, linear }, weights) in self.assignments.iter().zip(&self.weights) {
            let shape = matrix.product(prompt);
            if let Some(known) = checked.iter_mut().find(|known| known.shape == shape) {
                if !known.names.contains(&matrix.name) {
                    known.names.push(matrix.name);
                }
                continue;
            }
            progress.at(format!("float64 reference of {shape}"));
            let sample = sample(layers, matrix.shape)?;
            let input = &sample.x[..shape.m as usize * shape.k as usize];
            let x = gpu.input(input)?;
            // An output that is never written stays NaN, which agrees with nothing.
            let y = gpu.input_output(&vec![f32::NAN; shape.m as usize * shape.n as usize])?;
            let call = linear.prepare(weights, &x, &y, shape.m)?;
            stopwatch.pass(|pass| call.record(pass))?;
            let got = gpu.read(&y)?;
            // The combination is not used again, and holds on to its buffers.
            weights.forget_bindings();
            let variant = q4_kernel::variant(call.variant())
                .or_else(|| published::find(call.variant()))
                .ok_or_else(|| {
                    Failure::NothingRan(format!(
                        "`{}` is neither of the catalogue nor of the first implementation",
                        call.variant()
                    ))
                })?;
            checked.push(Checked {
                names: vec![matrix.name],
                shape,
                variant,
                accuracy: Expected::new(input, &sample.layer)
                    .map_err(UploadError::from)?
                    .compare(&got, variant.configuration),
            });
        }
        Ok(checked)
    }
}

fn sample(layers: &Layers, shape: LayerShape) -> Result<&Sample, Failure> {
    layers.of(shape).ok_or_else(|| {
        let LayerShape { n, k, .. } = shape;
        Failure::NothingRan(format!("no layer of {n} x {k} was made"))
    })
}

impl Walk {
    /// How long one walk takes: all of its dispatches in one pass, as an engine records a token or a prompt. What several matrices read is rounded once for all of them.
    pub(super) fn measure(&self, stopwatch: &Stopwatch<'_>, budget: Budget) -> Result<Times, Failure> {
        let record = |pass: &mut wgpu::ComputePass<'_>, _| Call::record_all(&self.calls, pass);
        Ok(measure(stopwatch, Repetitions::Adapted, budget, record)?)
    }
}
