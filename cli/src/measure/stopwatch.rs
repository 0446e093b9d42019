//! How long one compute pass takes on the device.

use std::time::Instant;

use q4_kernel::{
    Gpu, ReadBackError,
    wgpu::{self, DeviceType},
};

use super::pace::{self, Pace};

/// Seconds, by each clock.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Elapsed {
    /// From submission to completion, by the host's clock.
    pub(crate) wall: f64,
    /// By the device's; `None` where it has no clock, or one that does not advance.
    pub(crate) gpu: Option<f64>,
    /// What the loop of fixed length beside it took, by the device's clock; `None` where it was not timed.
    pub(crate) pace: Option<f64>,
}

/// Measures passes on one device.
#[derive(Debug)]
pub(crate) struct Stopwatch<'a> {
    gpu: &'a Gpu,
    timestamps: Option<Timestamps>,
    /// `None` where nobody's clock is worth holding: without timestamps, and on processors.
    pace: Option<Pace>,
}

#[derive(Debug)]
struct Timestamps {
    queries: wgpu::QuerySet,
    resolved: wgpu::Buffer,
    seconds_per_tick: f64,
}

impl<'a> Stopwatch<'a> {
    pub(crate) fn new(gpu: &'a Gpu) -> Self {
        let timestamps = gpu.capabilities().timestamps.then(|| Timestamps::new(gpu));
        let runs_on_cpu = gpu.device().adapter_info().device_type == DeviceType::Cpu;
        let pace = (timestamps.is_some() && !runs_on_cpu).then(|| Pace::new(gpu));
        Self {
            gpu,
            timestamps,
            pace,
        }
    }

    /// One on which the loop of fixed length took so long at the highest clock.
    #[cfg(test)]
    pub(super) fn with_fastest_pace(gpu: &'a Gpu, seconds: f64) -> Self {
        let pace = Pace::new(gpu);
        pace.note(seconds);
        Self {
            gpu,
            timestamps: None,
            pace: Some(pace),
        }
    }

    /// The device that is measured.
    pub(crate) fn gpu(&self) -> &'a Gpu {
        self.gpu
    }

    /// Runs one pass of what `record` records and waits for its end.
    pub(crate) fn pass(
        &self,
        record: impl FnOnce(&mut wgpu::ComputePass<'_>),
    ) -> Result<Elapsed, ReadBackError> {
        let device = self.gpu.device();
        let mut encoder = device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
        record(&mut encoder.begin_compute_pass(&wgpu::ComputePassDescriptor {
            label: Some("q4 timing"),
            timestamp_writes: self.timestamps.as_ref().map(Timestamps::writes),
        }));
        if let Some(Timestamps {
            queries, resolved, ..
        }) = &self.timestamps
        {
            encoder.resolve_query_set(queries, 0..TICKS, resolved, 0);
        }
        let commands = encoder.finish();

        let start = Instant::now();
        self.gpu.queue().submit([commands]);
        device
            .poll(wgpu::PollType::wait_indefinitely())
            .map_err(|error| ReadBackError::Failed(error.to_string()))?;
        let wall = start.elapsed().as_secs_f64();

        let gpu = match &self.timestamps {
            Some(timestamps) => timestamps.elapsed(self.gpu)?,
            None => None,
        };
        Ok(Elapsed {
            wall,
            gpu,
            pace: None,
        })
    }

    /// Runs one pass of what `record` records, with the loop of fixed length before and after it.
    pub(super) fn paced(
        &self,
        record: impl FnOnce(&mut wgpu::ComputePass<'_>),
    ) -> Result<Elapsed, ReadBackError> {
        let before = self.pace()?;
        let elapsed = self.pass(record)?;
        let after = self.pace()?;
        // The slower of the two: a clock that moved in between was not held.
        let pace = before.zip(after).map(|(before, after)| before.max(after));
        Ok(Elapsed { pace, ..elapsed })
    }

    fn pace(&self) -> Result<Option<f64>, ReadBackError> {
        let Some(pace) = &self.pace else {
            return Ok(None);
        };
        let seconds = self.pass(|pass| pace.record(pass))?.gpu;
        if let Some(seconds) = seconds {
            pace.note(seconds);
        }
        Ok(seconds)
    }

    /// Keeps the device working for a while, so that its clock rises, and says how long that took; nothing where no clock is held.
    pub(super) fn keep_busy(&self) -> Result<f64, ReadBackError> {
        let Some(pace) = &self.pace else {
            return Ok(0.0);
        };
        let busy = self.pass(|pass| (0..pace.loops_of(BUSY_SECONDS)).for_each(|_| pace.record(pass)))?;
        Ok(busy.wall)
    }

    /// Takes the clock of a pass for the highest from now on, until a higher one is seen.
    pub(super) fn settle_for(&self, elapsed: Elapsed) {
        if let (Some(pace), Some(seconds)) = (&self.pace, elapsed.pace) {
            pace.settle_for(seconds);
        }
    }

    /// Whether a pass ran at the highest clock that was seen so far, as far as clocks are known.
    pub(super) fn is_at_full_clock(&self, elapsed: Elapsed) -> bool {
        match (&self.pace, elapsed.pace) {
            (Some(pace), Some(seconds)) => pace::keeps_up(seconds, pace.fastest()),
            _ => true,
        }
    }
}

impl Timestamps {
    fn new(gpu: &Gpu) -> Self {
        let device = gpu.device();
        Self {
            queries: device.create_query_set(&wgpu::QuerySetDescriptor {
                label: Some("q4 timing"),
                ty: wgpu::QueryType::Timestamp,
                count: TICKS,
            }),
            resolved: device.create_buffer(&wgpu::BufferDescriptor {
                label: Some("q4 timing"),
                size: u64::from(TICKS * wgpu::QUERY_SIZE),
                usage: wgpu::BufferUsages::QUERY_RESOLVE | wgpu::BufferUsages::COPY_SRC,
                mapped_at_creation: false,
            }),
            seconds_per_tick: f64::from(gpu.queue().get_timestamp_period()) * 1e-9,
        }
    }

    fn writes(&self) -> wgpu::ComputePassTimestampWrites<'_> {
        wgpu::ComputePassTimestampWrites {
            query_set: &self.queries,
            beginning_of_pass_write_index: Some(0),
            end_of_pass_write_index: Some(1),
        }
    }

    /// Seconds between the two ticks that were resolved last; `None` if the clock did not advance.
    fn elapsed(&self, gpu: &Gpu) -> Result<Option<f64>, ReadBackError> {
        // The one way to read a buffer back reads f32; nothing calculates with them, so the bits of the ticks are whole.
        let words: Vec<u64> = gpu
            .read(&self.resolved)?
            .iter()
            .map(|word| u64::from(word.to_bits()))
            .collect();
        Ok(match words[..] {
            [start_low, start_high, end_low, end_high, ..] => {
                let ticks = (end_low | end_high << 32).checked_sub(start_low | start_high << 32);
                ticks
                    .filter(|ticks| *ticks > 0)
                    .map(|ticks| ticks as f64 * self.seconds_per_tick)
            }
            _ => None,
        })
    }
}

/// Long beside the tens of milliseconds over which clocks rise, and short beside how long they are waited for.
const BUSY_SECONDS: f64 = 0.1;
/// One tick where a pass begins, one where it ends.
const TICKS: u32 = 2;

#[cfg(test)]
mod tests {
    use q4_kernel::{Linear, standard};

    use super::*;
    use crate::{data, testing};

    #[test]
    fn the_devices_clock_advances_and_never_outruns_the_hosts() {
        let device = testing::device();
        let gpu = &device.gpu;
        let layer = data::layers().unwrap().remove(0);
        let linear = Linear::new(gpu, &standard()).unwrap();
        let weights = linear.upload(&layer.layer).unwrap();
        let (x, y) = (gpu.input(&layer.input(4)).unwrap(), gpu.output(4 * 384).unwrap());
        let call = linear.prepare(&weights, &x, &y, 4).unwrap();
        let stopwatch = Stopwatch::new(gpu);
        for repetitions in [1, 5] {
            let pass = stopwatch
                .pass(|pass| (0..repetitions).for_each(|_| call.record(pass)))
                .unwrap();
            assert!(pass.wall > 0.0);
            assert_eq!(pass.gpu.is_some(), gpu.capabilities().timestamps);
            assert!(
                pass.gpu
                    .is_none_or(|seconds| seconds > 0.0 && seconds <= pass.wall),
                "{pass:?}"
            );
        }
        device.check().unwrap();
    }
}
