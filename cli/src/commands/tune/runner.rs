//! A kernel that is bound and checked, and its laps.

use std::sync::Arc;

use q4_kernel::{Call, Gpu, Linear, Shape, Variant, Weights, wgpu};

use crate::{
    accuracy::{Accuracy, Expected},
    failure::Failure,
    measure::{Clock, Stopwatch, Times, measure_warm, warm_up},
    output::first_wrong,
};

/// A variant in a race.
#[derive(Debug)]
pub(super) struct Runner {
    pub(super) variant: &'static Variant,
    calls: Vec<Arc<Call>>,
    /// The number of the unit that comes next.
    next: u32,
    /// How long a unit took when it was looked at first.
    first: f64,
    pub(super) times: Option<Times>,
}

impl Runner {
    /// Seconds of a multiplication: the median of all passes, 0 where there is none yet.
    pub(super) fn seconds(&self, clock: Clock) -> f64 {
        self.times.as_ref().map_or(0.0, |times| times.by(clock).median)
    }

    /// Raises the clock of a device that rested.
    pub(super) fn warm_up(&self, stopwatch: &Stopwatch<'_>) -> Result<(), Failure> {
        Ok(warm_up(stopwatch, self.first, |pass, unit| {
            self.record(pass, unit)
        })?)
    }

    fn record(&self, pass: &mut wgpu::ComputePass<'_>, unit: u32) {
        self.calls[unit as usize % self.calls.len()].record(pass);
    }

    /// Lets go of the bind groups and the buffers behind them, which are not needed any more.
    pub(super) fn unbind(&mut self) {
        self.calls.clear();
    }

    /// Runs for so many seconds more.
    pub(super) fn lap(&mut self, stopwatch: &Stopwatch<'_>, share: f64) -> Result<(), Failure> {
        let known = self.seconds(Clock::GpuTimestamps);
        let unit = if known > 0.0 { known } else { self.first };
        let lap = measure_warm(stopwatch, unit, self.next, share, |pass, unit| {
            self.record(pass, unit);
        })?;
        self.next = self.next.wrapping_add(lap.units());
        match &mut self.times {
            Some(times) => times.extend(lap),
            None => self.times = Some(lap),
        }
        Ok(())
    }
}

/// What all kernels on a shape share.
pub(super) struct Bench<'a> {
    pub(super) shape: Shape,
    pub(super) x: wgpu::Buffer,
    pub(super) y: Outputs,
    pub(super) copies: &'a [Weights],
}

/// A place for outputs that can be poisoned.
pub(super) struct Outputs {
    buffer: wgpu::Buffer,
    poison: wgpu::Buffer,
}

impl Outputs {
    pub(super) fn new(gpu: &Gpu, shape: Shape) -> Result<Self, Failure> {
        let poison = vec![f32::NAN; shape.m as usize * shape.n as usize];
        Ok(Self {
            buffer: gpu.output(poison.len())?,
            poison: gpu.input_output(&poison)?,
        })
    }

    /// Fills them with NaN, so that one that is never written agrees with nothing.
    fn poison(&self, gpu: &Gpu) {
        let mut encoder = gpu
            .device()
            .create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
        encoder.copy_buffer_to_buffer(&self.poison, 0, &self.buffer, 0, self.buffer.size());
        gpu.queue().submit([encoder.finish()]);
    }
}

impl Bench<'_> {
    /// Binds a kernel to the copies, and runs it once to see whether it computes what it should; otherwise says why it cannot race.
    pub(super) fn ready(
        &self,
        variant: &'static Variant,
        linear: &Linear,
        stopwatch: &Stopwatch<'_>,
        expected: &Expected,
    ) -> Result<Runner, String> {
        let prepared = self
            .copies
            .iter()
            .map(|weights| linear.prepare(weights, &self.x, &self.y.buffer, self.shape.m));
        let calls: Vec<Arc<Call>> = prepared
            .collect::<Result<_, _>>()
            .map_err(|error| error.to_string())?;
        self.y.poison(linear.gpu());
        let elapsed = stopwatch
            .pass(|pass| calls.iter().take(1).for_each(|call| call.record(pass)))
            .map_err(|error| error.to_string())?;
        let got = linear
            .gpu()
            .read(&self.y.buffer)
            .map_err(|error| error.to_string())?;
        let Accuracy { comparison, .. } = expected.compare(&got, variant.configuration);
        match first_wrong(&comparison) {
            Some(wrong) => Err(wrong),
            None => Ok(Runner {
                variant,
                calls,
                next: 0,
                first: elapsed.gpu.unwrap_or(elapsed.wall),
                times: None,
            }),
        }
    }
}
