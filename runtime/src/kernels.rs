//! Layers of any format on a device: what an engine makes of a model file.

use std::{collections::HashMap, sync::Arc};

use crate::{
    Call, DispatchError, Gpu, Linear, Operand, Quantized, RowCount, UploadError, WeightFormat, Weights,
};

/// Kernels for layers of every format, those of a format made when a layer first needs them.
///
/// ```no_run
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use std::collections::HashMap;
///
/// use q4_kernel::{Gpu, Kernels, Model};
///
/// let gpu = Gpu::new()?;
/// let model = Model::open("model.gguf")?;
/// let (mut kernels, mut layers) = (Kernels::new(&gpu), HashMap::new());
/// for layer in model.layers() {
///     let (matrix, quantized) = layer?;
///     layers.insert(&matrix.name, kernels.upload(&quantized)?);
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Kernels {
    gpu: Gpu,
    of_format: HashMap<WeightFormat, Linear>,
}

/// A layer on a device: its weights, and the kernel that multiplies by them. Clones share everything.
#[derive(Clone, Debug)]
pub struct Layer {
    kernel: Linear,
    weights: Weights,
}

impl Kernels {
    /// Kernels for a device, none of them made yet.
    #[must_use]
    pub fn new(gpu: &Gpu) -> Self {
        Self {
            gpu: gpu.clone(),
            of_format: HashMap::new(),
        }
    }

    /// Copies a layer of any format and shape to the device and readies what multiplies by it.
    ///
    /// # Errors
    /// As [`Linear::of_format`] and [`Linear::upload`].
    pub fn upload(&mut self, quantized: &Quantized<'_>) -> Result<Layer, UploadError> {
        let format = quantized.format();
        let kernel = match self.of_format.get(&format) {
            Some(kernel) => kernel.clone(),
            None => {
                let kernel = Linear::of_format(&self.gpu, format)?;
                self.of_format.insert(format, kernel.clone());
                kernel
            }
        };
        Layer::upload(&kernel, quantized)
    }
}

impl Layer {
    /// Copies a layer to the device of a kernel that is described for it.
    ///
    /// # Errors
    /// As [`Linear::upload`].
    pub fn upload(kernel: &Linear, quantized: &Quantized<'_>) -> Result<Self, UploadError> {
        Ok(Self {
            kernel: kernel.clone(),
            weights: kernel.upload(quantized)?,
        })
    }

    /// Records `y[rows, N] = x[rows, K] * weights^T (+ bias)` into `pass`, as [`Linear::dispatch`] does.
    ///
    /// # Errors
    /// As [`Linear::dispatch`].
    pub fn dispatch<'a>(
        &self,
        pass: &mut wgpu::ComputePass<'_>,
        x: impl Into<Operand<'a>>,
        y: impl Into<Operand<'a>>,
        rows: impl RowCount,
    ) -> Result<(), DispatchError> {
        self.kernel.dispatch(pass, &self.weights, x, y, rows)
    }

    /// The dispatch of [`Layer::dispatch`] ready to be recorded, for engines that keep it themselves.
    ///
    /// # Errors
    /// As [`Linear::dispatch`].
    pub fn prepare<'a>(
        &self,
        x: impl Into<Operand<'a>>,
        y: impl Into<Operand<'a>>,
        rows: impl RowCount,
    ) -> Result<Arc<Call>, DispatchError> {
        self.kernel.prepare(&self.weights, x, y, rows)
    }

    /// The kernel, which layers of the same format share.
    #[must_use]
    pub fn kernel(&self) -> &Linear {
        &self.kernel
    }

    /// The weights.
    #[must_use]
    pub fn weights(&self) -> &Weights {
        &self.weights
    }
}
