//! Does a kernel, on this device, return what float64 returns?
//!
//! Outputs are poisoned before, every element is compared afterwards, and the memory on either side of the output is checked for stray
//! writes. This is what `q4 check` and the test-suite run; engines can run it on their users' devices.

use std::{borrow::Cow, sync::OnceLock};

use crate::{
    BufferError, DispatchError, KernelError, LayerShape, Linear, NumericClass, ReadBackError, ScaleFormat,
    Shape, Tolerance, UploadError, WeightFormat,
    reference::{
        self, Comparison,
        samples::{self, Data, Sample},
    },
};

/// One multiplication to check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Case {
    /// Its size.
    pub shape: Shape,
    /// Whether the layer has a bias.
    pub bias: bool,
    /// What input and layer are made of.
    pub data: Data,
    /// Where input and output begin in their buffers.
    pub placement: Placement,
}

/// Where input and output begin in their buffers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Placement {
    /// At offsets that a binding may have.
    Aligned,
    /// At the oddest offsets that a dispatch accepts, so that the kernel has to skip elements.
    Unaligned,
}

/// What came of a case.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// The variant that ran.
    pub variant: String,
    /// The tolerance that was applied: none for exact data in classes that keep it.
    pub tolerance: Tolerance,
    /// Every element against the reference.
    pub comparison: Comparison,
    /// Elements before and after the output that were written to.
    pub stray_writes: usize,
}

/// Why a case could not be run.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum CheckError {
    /// A dimension is 0, or the data does not fit the address space.
    #[error(
        "{0} cannot be sampled: every dimension must be at least 1, and the data must fit the memory of this machine"
    )]
    Shape(Shape),
    /// The kernel could not be created.
    #[error(transparent)]
    Kernel(#[from] KernelError),
    /// The layer could not be uploaded.
    #[error(transparent)]
    Upload(#[from] UploadError),
    /// The multiplication could not be recorded.
    #[error(transparent)]
    Dispatch(#[from] DispatchError),
    /// No buffer for input or output.
    #[error(transparent)]
    Buffer(#[from] BufferError),
    /// The output did not come back.
    #[error(transparent)]
    ReadBack(#[from] ReadBackError),
}

impl Outcome {
    /// Whether every element is right and nothing else was written.
    #[must_use]
    pub fn agrees(&self) -> bool {
        self.comparison.agrees() && self.stray_writes == 0
    }
}

/// A pattern that no kernel computes: a NaN with a payload.
const POISON: f32 = f32::from_bits(0x7FC0_DEAD);
/// Elements of poison before and after the output.
const GUARD: usize = 64;

/// Runs one case on a kernel. Blocks, and so is not there in a browser: [`check_async`].
///
/// # Errors
/// If the case cannot be run; a wrong result is an [`Outcome`].
#[cfg(not(target_arch = "wasm32"))]
pub fn check(linear: &Linear, case: &Case) -> Result<Outcome, CheckError> {
    let kernel = linear.kernel();
    let format = sampled(WeightFormat {
        encoding: kernel.encoding,
        scales: kernel.scales.format,
    });
    Prepared::of_format(format, case)?.run(linear)
}

/// The format of weights that kernels for a format are checked with: an upload rounds scales of 32 bits to 16, which is to be checked too; to 8 bits
/// nothing is rounded.
#[must_use]
pub fn sampled(format: WeightFormat) -> WeightFormat {
    WeightFormat {
        scales: match format.scales {
            ScaleFormat::F16 | ScaleFormat::Bf16 => ScaleFormat::F32,
            scales => scales,
        },
        ..format
    }
}

/// As `check`, for a browser and for those who await.
///
/// # Errors
/// If the case cannot be run; a wrong result is an [`Outcome`].
pub async fn check_async(linear: &Linear, case: &Case) -> Result<Outcome, CheckError> {
    Prepared::new(case)?.run_async(linear, case.placement).await
}

/// A case with its data and its reference, to be run on several kernels.
#[derive(Clone, Debug)]
pub struct Prepared {
    case: Case,
    sample: Sample,
    expected: Vec<f64>,
    /// [`reference::products`] and [`reference::terms`], made when a class first asks for them.
    products: OnceLock<Vec<f64>>,
    terms: OnceLock<Vec<f64>>,
}

impl Prepared {
    /// Makes q4gsw weights and an input, and computes the reference.
    ///
    /// # Errors
    /// If a dimension is 0 or the data does not fit the address space.
    pub fn new(case: &Case) -> Result<Self, CheckError> {
        Self::of_format(WeightFormat::default(), case)
    }

    /// As [`Prepared::new`], with weights of any format.
    ///
    /// # Errors
    /// As [`Prepared::new`].
    pub fn of_format(format: WeightFormat, case: &Case) -> Result<Self, CheckError> {
        let Shape { m, n, k, group_size } = case.shape;
        let sample = samples::sample_of(format, m, LayerShape { n, k, group_size }, case.bias, case.data)
            .ok_or(CheckError::Shape(case.shape))?;
        let expected = reference::linear(&sample.x, &sample.layer);
        Ok(Self {
            case: *case,
            sample,
            expected,
            products: OnceLock::new(),
            terms: OnceLock::new(),
        })
    }

    /// Runs the case on a kernel. Blocks: not in a browser.
    ///
    /// # Errors
    /// If it cannot be run; a wrong result is an [`Outcome`].
    #[cfg(not(target_arch = "wasm32"))]
    pub fn run(&self, linear: &Linear) -> Result<Outcome, CheckError> {
        self.run_at(linear, self.case.placement)
    }

    /// Runs the case on a kernel, with input and output placed otherwise: the data and the reference stay the same. Blocks: not in a browser.
    ///
    /// # Errors
    /// If it cannot be run; a wrong result is an [`Outcome`].
    #[cfg(not(target_arch = "wasm32"))]
    pub fn run_at(&self, linear: &Linear, placement: Placement) -> Result<Outcome, CheckError> {
        pollster::block_on(self.run_async(linear, placement))
    }

    /// As `run_at`, for a browser and for those who await.
    ///
    /// # Errors
    /// If it cannot be run; a wrong result is an [`Outcome`].
    pub async fn run_async(&self, linear: &Linear, placement: Placement) -> Result<Outcome, CheckError> {
        let Self {
            case,
            sample: Sample { x, layer },
            expected,
            products,
            terms,
        } = self;
        let gpu = linear.gpu();
        // In elements: 16 and 4 bytes are what a dispatch asks for.
        let (x_start, y_start) = match placement {
            Placement::Aligned => (0, GUARD),
            Placement::Unaligned => (4, GUARD + 1),
        };
        let weights = linear.upload(layer)?;
        // What the kernel multiplies by are the weights with their scales rounded.
        let rounded = match linear.kernel().scales.format {
            ScaleFormat::F32 => None,
            format => Some(layer.round_scales(format).map_err(UploadError::from)?),
        };
        let expected = rounded.as_ref().map_or_else(
            || Cow::Borrowed(expected),
            |layer| Cow::Owned(reference::linear(x, layer)),
        );
        let x_buffer = gpu.input(&[&vec![POISON; x_start][..], x].concat())?;
        let outputs = expected.len();
        let y_buffer = gpu.input_output(&vec![POISON; y_start + outputs + GUARD])?;
        let bytes = |elements: usize| (elements * size_of::<f32>()) as u64;
        let y_slice = y_buffer.slice(bytes(y_start)..bytes(y_start + outputs));

        let call = linear.prepare(&weights, x_buffer.slice(bytes(x_start)..), y_slice, case.shape.m)?;
        let mut encoder = gpu
            .device()
            .create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
        call.record(&mut encoder.begin_compute_pass(&wgpu::ComputePassDescriptor::default()));
        gpu.queue().submit([encoder.finish()]);

        let all = gpu.read_async(&y_buffer).await?;
        let (before, rest) = all.split_at(y_start.min(all.len()));
        let (got, after) = rest.split_at(outputs.min(rest.len()));
        let strays = before
            .iter()
            .chain(after)
            .filter(|value| value.to_bits() != POISON.to_bits());
        let (class, tolerance) = tolerance(linear, call.variant(), case);
        let made = match class {
            NumericClass::Exact => terms,
            _ => products,
        };
        let products = if tolerance.of_products > 0.0 {
            made.get_or_init(|| reference::products_for(x, layer, class))
                .as_slice()
        } else {
            &[]
        };
        Ok(Outcome {
            variant: call.variant().to_owned(),
            tolerance,
            stray_writes: strays.count(),
            comparison: reference::compare_rounded(
                &expected,
                products,
                got,
                case.shape.n as usize,
                tolerance,
            ),
        })
    }
}

/// Exact data leaves classes that keep it no excuse.
fn tolerance(linear: &Linear, variant: &str, case: &Case) -> (NumericClass, Tolerance) {
    let mut variants = linear.kernel().variants();
    let class = variants
        .find(|(_, candidate)| candidate.name == variant)
        .map_or_else(NumericClass::default, |(_, candidate)| {
            candidate.configuration.numeric
        });
    let exact = class.keeps_exact_data() && case.data == Data::Exact && case.shape.k <= samples::MAX_EXACT_K;
    let tolerance = if exact {
        Tolerance::ZERO
    } else {
        class.tolerance_of(linear.kernel().encoding, case.shape.k)
    };
    (class, tolerance)
}
