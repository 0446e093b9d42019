//! Measures the kernels.

use std::collections::{HashMap, hash_map::Entry};

use q4_kernel::{
    KernelError, LayerShape, Linear, Shape, UploadError, Variant, WeightFormat,
    conformance::{CheckError, sampled},
    reference::samples::{self, Data, Sample},
};

use super::{
    Method,
    kernels::{Job, Kernel},
};
use crate::{
    accuracy::{Accuracy, Expected},
    adapter::Device,
    failure::Failure,
    measure::{Extent, Order, Rotation, Stopwatch, Times, compile},
    memory,
    output::Progress,
};

/// A kernel on a shape.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) shape: Shape,
    pub(super) kernel: Kernel,
    /// What came of it, or why it did not run.
    pub(super) outcome: Result<Outcome, String>,
}

/// What came of a measurement.
#[derive(Debug)]
pub(super) struct Outcome {
    pub(super) times: Times,
    /// Weights, scales, input and output of one multiplication, once each.
    pub(super) bytes: u64,
    /// Copies of the weights that the measurement rotated over.
    pub(super) copies: usize,
    /// Bytes of weights and scales between two uses of the same copy.
    pub(super) rotation_bytes: u64,
    pub(super) accuracy: Accuracy,
    /// Whether wgpu's run-time checks are in the kernel.
    pub(super) checked: bool,
}

impl Row {
    /// The times, where it ran.
    pub(super) fn times(&self) -> Option<&Times> {
        self.outcome.as_ref().ok().map(|outcome| &outcome.times)
    }

    /// Whether it ran and returned what it should.
    pub(super) fn is_good(&self) -> bool {
        self.outcome
            .as_ref()
            .is_ok_and(|outcome| outcome.accuracy.comparison.agrees())
    }
}

/// Refuses what there is no room for, before anything is allocated.
pub(super) fn check_memory(device: &Device, jobs: &[Job], order: Order) -> Result<(), Failure> {
    for job in jobs {
        let extent = Extent::of(job.shape, order, device);
        memory::Measured::shape(job.shape, extent).check(device.gpu.capabilities(), device.runs_on_cpu())?;
    }
    Ok(())
}

/// What every measurement needs.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bench<'a> {
    pub(super) device: &'a Device,
    pub(super) stopwatch: &'a Stopwatch<'a>,
    pub(super) method: Method,
}

/// Measures every kernel of every job.
///
/// # Errors
/// If the device is lost, or nothing at all could run. A kernel that fails alone is a row that is not good.
pub(super) fn run(
    bench: Bench<'_>,
    jobs: &[Job],
    variants: &[&'static Variant],
    progress: &Progress,
) -> Result<Vec<Row>, Failure> {
    let Bench { device, method, .. } = bench;
    let compiled = compile(&device.gpu, variants, progress);
    device.check()?;
    let kernel = |kernel: &Kernel| -> Result<&Linear, &KernelError> {
        let place = variants
            .iter()
            .position(|variant| variant.name == kernel.variant.name);
        // `variants` are those of the jobs.
        compiled[place.unwrap_or_default()].as_ref()
    };
    let mut rows = Vec::new();
    // Jobs on the same layer follow each other and share its random weights.
    for jobs in jobs.chunk_by(|a, b| layer(a.shape) == layer(b.shape)) {
        let most = jobs.iter().map(|job| job.shape.m).max().unwrap_or(1);
        let shape = layer(jobs[0].shape);
        progress.at(format!("random weights of {} x {}", shape.n, shape.k));
        let format = |kernel: &Kernel| sampled(kernel.variant.configuration.weight_format());
        let mut samples: HashMap<WeightFormat, Sample> = HashMap::new();
        for format in jobs.iter().flat_map(|job| &job.kernels).map(format) {
            if let Entry::Vacant(none) = samples.entry(format) {
                let data = Data::Random { seed: method.seed };
                let sample = samples::sample_of(format, most, shape, false, data);
                none.insert(sample.ok_or(CheckError::Shape(Shape {
                    m: most,
                    ..jobs[0].shape
                }))?);
            }
        }
        for job in jobs {
            let mut expected: HashMap<WeightFormat, Expected> = HashMap::new();
            for chosen in &job.kernels {
                progress.at(format!("{} on {}", chosen.variant.name, job.shape));
                // Every format of the jobs was sampled above.
                let Some(sample) = samples.get(&format(chosen)) else {
                    continue;
                };
                let expected = match expected.entry(format(chosen)) {
                    Entry::Occupied(known) => known.into_mut(),
                    Entry::Vacant(none) => none.insert(
                        Expected::new(input(sample, job.shape), &sample.layer).map_err(UploadError::from)?,
                    ),
                };
                let outcome = match kernel(chosen) {
                    Ok(linear) => bench.measure(linear, job.shape, sample, expected, chosen),
                    Err(error) => Err(error.clone().into()),
                };
                // A device that is lost, or complained elsewhere, measures nothing any more.
                device.check()?;
                rows.push(Row {
                    shape: job.shape,
                    kernel: chosen.clone(),
                    outcome: outcome.map_err(|error| error.to_string()),
                });
                progress.step();
            }
        }
    }
    let mut outcomes = rows.iter().map(|row| &row.outcome);
    if let Some(Err(first)) = outcomes.next()
        && outcomes.all(Result::is_err)
    {
        return Err(Failure::NothingRan(first.clone()));
    }
    Ok(rows)
}

fn layer(Shape { n, k, group_size, .. }: Shape) -> LayerShape {
    LayerShape { n, k, group_size }
}

/// The first rows of a sample.
fn input(sample: &Sample, shape: Shape) -> &[f32] {
    &sample.x[..shape.m as usize * shape.k as usize]
}

impl Bench<'_> {
    fn measure(
        &self,
        linear: &Linear,
        shape: Shape,
        sample: &Sample,
        expected: &Expected,
        kernel: &Kernel,
    ) -> Result<Outcome, Failure> {
        let Self {
            device,
            stopwatch,
            method,
        } = self;
        let extent = Extent::of(shape, method.order, device);
        let x = device.gpu.input(input(sample, shape))?;
        let rotation = Rotation::new(linear, &sample.layer, &x, shape.m, extent, method.order)?;
        let got = rotation.outputs(stopwatch)?;
        let accuracy = expected.compare(&got, kernel.variant.configuration);
        let activations = [shape.k, shape.n].map(|columns| u64::from(shape.m) * u64::from(columns));
        Ok(Outcome {
            times: rotation.measure(stopwatch, method.budget())?,
            bytes: rotation.weight_bytes + activations.iter().sum::<u64>() * size_of::<f32>() as u64,
            copies: extent.copies,
            rotation_bytes: rotation.weight_bytes * extent.copies as u64,
            accuracy,
            checked: !device.gpu.runs_unchecked(kernel.variant),
        })
    }
}

#[cfg(test)]
mod tests {
    use q4_kernel::variant;

    use super::*;
    use crate::testing;

    const NAME: &str = "coop4_w32_c1_g32_shared";

    fn run_on(variants: &[&'static Variant]) -> Result<Vec<Row>, Failure> {
        let device = testing::device();
        let kernel = |variant: &&'static Variant| Kernel {
            variant,
            roles: Vec::new(),
            is_baseline: false,
        };
        let job = Job {
            shape: Shape {
                m: 1,
                n: 13,
                k: 64,
                group_size: 32,
            },
            kernels: variants.iter().map(kernel).collect(),
        };
        let bench = Bench {
            device: &device,
            stopwatch: &Stopwatch::new(&device.gpu),
            method: Method {
                order: Order::Dependent,
                seconds: 0.001,
                seed: 1,
            },
        };
        run(bench, &[job], variants, &Progress::new(0))
    }

    #[test]
    fn a_kernel_that_computes_wrongly_is_measured_and_no_good() {
        let rows = run_on(&[testing::wrong_in_column_3(NAME)]).unwrap();
        let outcome = rows[0].outcome.as_ref().unwrap();
        let first = outcome.accuracy.comparison.first_wrong.unwrap();
        assert_eq!(
            (outcome.accuracy.comparison.wrong, first.n, first.got),
            (1, 3, 7.5)
        );
        assert!(!rows[0].is_good() && rows[0].times().is_some());
    }

    #[test]
    fn a_kernel_that_cannot_run_is_a_row_that_is_no_good_and_alone_a_failure() {
        let mut broken = testing::tampered(NAME, "fn epilogue", "fn epi logue").clone();
        broken.name = "broken".into();
        let broken: &'static Variant = Box::leak(Box::new(broken));
        let rows = run_on(&[broken, variant(NAME).unwrap()]).unwrap();
        assert_eq!(rows.iter().map(Row::is_good).collect::<Vec<_>>(), [false, true]);
        let reason = rows[0].outcome.as_ref().unwrap_err();
        assert!(
            reason.starts_with("the pipeline of `broken` was refused: "),
            "{reason}"
        );
        let failure = run_on(&[broken]).unwrap_err().to_string();
        assert!(
            failure.starts_with("nothing could be run: the pipeline of "),
            "{failure}"
        );
    }
}
