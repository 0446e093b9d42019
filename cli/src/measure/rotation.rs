//! One multiplication over many copies of its weights, so that no cache serves it twice.

use std::sync::Arc;

use q4_kernel::{Call, Gpu, Linear, Quantized, ReadBackError, Shape, UploadError, Weights, layout, wgpu};
use serde::Serialize;

use super::{Budget, Repetitions, Stopwatch, Times, measure};
use crate::{adapter::Device, failure::Failure};

/// Whether the dispatches of a pass wait for each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Order {
    /// All write the same output, so wgpu lets each wait for the one before, as those of a model do.
    Dependent,
    /// Each writes an output of its own, so that they may overlap.
    Independent,
}

/// What a rotation takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Extent {
    /// Copies of the weights.
    pub(crate) copies: usize,
    /// Outputs.
    pub(crate) outputs: usize,
}

/// The multiplication of one input by each of several copies of the same weights.
#[derive(Debug)]
pub(crate) struct Rotation {
    calls: Vec<Arc<Call>>,
    order: Order,
    /// The output of the first call.
    output: wgpu::Buffer,
    /// Weights and scales of one multiplication, as they lie on the device.
    pub(crate) weight_bytes: u64,
}

impl Order {
    /// What it means, for people.
    pub(crate) fn meaning(self) -> &'static str {
        match self {
            Self::Dependent => "each dispatch waits for the one before",
            Self::Independent => "dispatches may overlap",
        }
    }
}

/// How far weights are kept apart from their next use.
#[derive(Clone, Copy, Debug)]
struct Distance {
    /// Bytes of weights and scales that are read before any comes around again.
    bytes: u64,
    /// As many copies at most. More are a burden of their own, and of matrices so small the launch takes all the time.
    most_copies: usize,
}

/// Five times the 50 MB that an H100 caches: there a cache that replaces at random still holds 0.7 % of what comes around again, the
/// solution of h = exp(-5 (1 - h)).
const ON_GPU: Distance = Distance {
    bytes: 256 << 20,
    most_copies: 2048,
};
/// Caches of a processor are not worth defeating: a software adapter computes much slower than any memory.
const ON_CPU: Distance = Distance {
    bytes: 8 << 20,
    most_copies: 32,
};
/// The fewest dispatches among which there is anything to overlap.
const LEAST_INDEPENDENT: usize = 16;

impl Extent {
    /// What keeps this shape out of the caches of a device.
    pub(crate) fn of(shape: Shape, order: Order, device: &Device) -> Self {
        // Scales come on top, in whatever form a kernel reads them.
        let bytes = layout::weight_bytes(shape.n, shape.k);
        Self::apart(bytes, order, Distance::on(device))
    }

    fn apart(bytes: u64, order: Order, distance: Distance) -> Self {
        let copies = usize::try_from(distance.bytes.div_ceil(bytes.max(1)))
            .unwrap_or(usize::MAX)
            .min(distance.most_copies);
        let outputs = match order {
            Order::Dependent => 1,
            Order::Independent => copies * LEAST_INDEPENDENT.div_ceil(copies),
        };
        Self { copies, outputs }
    }
}

impl Distance {
    fn on(device: &Device) -> Self {
        if device.runs_on_cpu() { ON_CPU } else { ON_GPU }
    }
}

/// Bytes of weights and scales that are read before any comes around again, where the matrices are not tiny.
pub(crate) fn rotation_bytes(device: &Device) -> u64 {
    Distance::on(device).bytes
}

impl Rotation {
    /// Uploads everything. The outputs hold NaN, so that one that is never written agrees with nothing.
    pub(crate) fn new(
        linear: &Linear,
        layer: &Quantized<'_>,
        x: &wgpu::Buffer,
        m: u32,
        extent: Extent,
        order: Order,
    ) -> Result<Self, Failure> {
        let gpu = linear.gpu();
        let copies = upload_copies(linear, layer, extent.copies)?;
        let poison = vec![f32::NAN; m as usize * layer.shape().n as usize];
        let outputs = (0..extent.outputs)
            .map(|_| gpu.input_output(&poison))
            .collect::<Result<Vec<_>, _>>()?;
        let output = outputs
            .first()
            .cloned()
            .ok_or_else(|| Failure::NothingRan("a rotation needs at least one output".to_owned()))?;
        // The longer of the two comes around once, the shorter as often as it takes.
        let calls = (0..extent.copies.max(extent.outputs))
            .map(|index| {
                let (weights, y) = (&copies[index % copies.len()], &outputs[index % outputs.len()]);
                linear.prepare(weights, x, y, m)
            })
            .collect::<Result<Vec<_>, _>>()?;
        finish_uploads(gpu)?;
        Ok(Self {
            calls,
            order,
            output,
            weight_bytes: copies.first().map_or(0, Weights::bytes),
        })
    }

    /// What the multiplication returns, `[M, N]`.
    pub(crate) fn outputs(&self, stopwatch: &Stopwatch<'_>) -> Result<Vec<f32>, ReadBackError> {
        stopwatch.pass(|pass| {
            if let Some(call) = self.calls.first() {
                call.record(pass);
            }
        })?;
        stopwatch.gpu().read(&self.output)
    }

    /// How long one multiplication takes.
    pub(crate) fn measure(&self, stopwatch: &Stopwatch<'_>, budget: Budget) -> Result<Times, ReadBackError> {
        let repetitions = match self.order {
            Order::Dependent => Repetitions::Adapted,
            // wgpu orders whatever writes an output that was written before in the same pass, so none comes around.
            Order::Independent => Repetitions::Exactly(self.calls.len() as u32),
        };
        measure(stopwatch, repetitions, budget, |pass, unit| {
            self.calls[unit as usize % self.calls.len()].record(pass);
        })
    }
}

/// Copies of a layer in the layout that a kernel reads.
pub(crate) fn upload_copies(
    linear: &Linear,
    layer: &Quantized<'_>,
    count: usize,
) -> Result<Vec<Weights>, UploadError> {
    let mut pending = 0;
    (0..count)
        .map(|_| {
            let weights = linear.upload(layer)?;
            pending += weights.bytes();
            // wgpu keeps a second copy of what is uploaded until something is submitted.
            if pending >= PENDING_BYTES {
                linear.gpu().queue().submit([]);
                pending = 0;
            }
            Ok(weights)
        })
        .collect()
}

/// More is not kept twice.
const PENDING_BYTES: u64 = 64 << 20;

/// Waits for uploads, so that none of them falls into a measurement.
pub(crate) fn finish_uploads(gpu: &Gpu) -> Result<(), ReadBackError> {
    gpu.queue().submit([]);
    gpu.device()
        .poll(wgpu::PollType::wait_indefinitely())
        .map(|_| ())
        .map_err(|error| ReadBackError::Failed(error.to_string()))
}

#[cfg(test)]
mod tests {
    use q4_kernel::{LayerShape, reference::samples, variant};

    use super::*;
    use crate::testing;

    #[test]
    fn no_weight_comes_around_before_the_rotation_is_walked() {
        let extent = |bytes, order| Extent::apart(bytes, order, ON_GPU);
        assert_eq!(
            extent(100 << 20, Order::Dependent),
            Extent {
                copies: 3,
                outputs: 1
            }
        );
        assert_eq!(extent(256 << 20, Order::Dependent).copies, 1);
        assert_eq!(extent(300 << 20, Order::Dependent).copies, 1);
        assert_eq!(extent(u64::MAX, Order::Dependent).copies, 1);
        assert_eq!(extent(1, Order::Dependent).copies, ON_GPU.most_copies);
    }

    #[test]
    fn independent_dispatches_have_an_output_each_and_are_enough_to_overlap() {
        for copies in [1_u64, 3, 16, 100] {
            let Extent {
                copies: found,
                outputs,
            } = Extent::apart(ON_GPU.bytes / copies, Order::Independent, ON_GPU);
            assert!(
                outputs >= LEAST_INDEPENDENT && outputs.is_multiple_of(found),
                "{copies}"
            );
        }
    }

    #[test]
    fn every_order_returns_the_product_and_takes_time() {
        let device = testing::device();
        let stopwatch = Stopwatch::new(&device.gpu);
        let shape = LayerShape {
            n: 64,
            k: 64,
            group_size: 32,
        };
        let sample = samples::sample(1, shape, false, samples::Data::Exact).unwrap();
        let linear = Linear::only(&device.gpu, variant("coop4_w32_c1_g32_shared").unwrap()).unwrap();
        let x = device.gpu.input(&sample.x).unwrap();
        let expected = q4_kernel::reference::linear(&sample.x, &sample.layer);
        for (order, outputs) in [(Order::Dependent, 1), (Order::Independent, 6)] {
            let extent = Extent { copies: 3, outputs };
            let rotation = Rotation::new(&linear, &sample.layer, &x, 1, extent, order).unwrap();
            let got = rotation.outputs(&stopwatch).unwrap();
            assert!(
                got.iter()
                    .zip(&expected)
                    .all(|(got, expected)| f64::from(*got) == *expected)
            );
            let times = rotation.measure(&stopwatch, Budget::Passes(2)).unwrap();
            assert_eq!(times.passes(), 2);
            if order == Order::Independent {
                assert_eq!(times.repetitions, 6);
            }
        }
        device.check().unwrap();
    }
}
