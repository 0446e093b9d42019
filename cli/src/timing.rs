//! How long a multiplication takes on the device.

use std::time::Instant;

use q4_kernel::{Call, Gpu, ReadBackError, wgpu};
use serde::Serialize;

/// By which clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Clock {
    /// The device's own.
    GpuTimestamps,
    /// The host's, from submission to completion: includes what the driver does around the work.
    WallClock,
}

/// Passes that are measured; the median counts.
pub(crate) const SAMPLES: usize = 7;

/// Seconds of one multiplication, by each clock.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Seconds {
    wall: f64,
    /// `None` where the device has no clock, or one that does not advance.
    gpu: Option<f64>,
    /// Multiplications in a measured pass.
    pub(crate) repetitions: u32,
}

/// Measures calls on one device.
#[derive(Debug)]
pub(crate) struct Stopwatch<'a> {
    gpu: &'a Gpu,
    timestamps: Option<Timestamps>,
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
        Self { gpu, timestamps }
    }

    /// Measures a call: warms up, then takes the median of several passes of several repetitions each, so that neither the submission
    /// nor the first touch of the buffers counts.
    pub(crate) fn measure(&self, call: &Call) -> Result<Seconds, ReadBackError> {
        // The first pass may compile and page in, the second says how long one takes, the third lets the clocks rise.
        self.pass(call, 1)?;
        let repetitions = repetitions(self.pass(call, 1)?.wall);
        self.pass(call, repetitions)?;
        let passes = (0..SAMPLES)
            .map(|_| self.pass(call, repetitions))
            .collect::<Result<Vec<_>, _>>()?;
        let gpu: Option<Vec<f64>> = passes.iter().map(|pass| pass.gpu).collect();
        Ok(Seconds {
            wall: median(passes.iter().map(|pass| pass.wall).collect()),
            gpu: gpu.map(median),
            repetitions,
        })
    }

    /// One pass of several repetitions.
    fn pass(&self, call: &Call, repetitions: u32) -> Result<Seconds, ReadBackError> {
        let device = self.gpu.device();
        let mut encoder = device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
        {
            let mut pass = encoder.begin_compute_pass(&wgpu::ComputePassDescriptor {
                label: Some("q4 timing"),
                timestamp_writes: self.timestamps.as_ref().map(Timestamps::writes),
            });
            for _ in 0..repetitions {
                call.record(&mut pass);
            }
        }
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
        let each = |seconds: f64| seconds / f64::from(repetitions);
        Ok(Seconds {
            wall: each(wall),
            gpu: gpu.map(each),
            repetitions,
        })
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

impl Seconds {
    /// The time by a clock; the device's, where it has none, is the host's.
    pub(crate) fn by(&self, clock: Clock) -> f64 {
        match clock {
            Clock::GpuTimestamps => self.gpu.unwrap_or(self.wall),
            Clock::WallClock => self.wall,
        }
    }
}

impl Clock {
    /// The best clock that all measurements have, so that they can be compared.
    pub(crate) fn of_all<'a>(measured: impl IntoIterator<Item = &'a Seconds>) -> Self {
        let mut measured = measured.into_iter();
        if measured.all(|seconds| seconds.gpu.is_some()) {
            Self::GpuTimestamps
        } else {
            Self::WallClock
        }
    }

    /// What it is, for people.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::GpuTimestamps => "GPU timestamps",
            Self::WallClock => "wall clock, from submission to completion",
        }
    }
}

/// One tick where a pass begins, one where it ends.
const TICKS: u32 = 2;
/// How long a measured pass should take: much longer than its submission, and short for people.
const PASS_SECONDS: f64 = 0.02;
/// More repetitions than this measure nothing better.
const MOST_REPETITIONS: f64 = 200.0;

fn repetitions(seconds: f64) -> u32 {
    // In 1..=200 by the clamp; NaN, which no clock gives, would be 0 and then 1.
    ((PASS_SECONDS / seconds).clamp(1.0, MOST_REPETITIONS) as u32).max(1)
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

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
            let pass = stopwatch.pass(&call, repetitions).unwrap();
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

    #[test]
    fn short_calls_are_repeated_and_long_ones_are_not() {
        assert_eq!(repetitions(1.0), 1);
        assert_eq!(repetitions(0.002), 10);
        assert_eq!(repetitions(1e-9), 200);
        assert_eq!(repetitions(0.0), 200);
        assert_eq!(repetitions(f64::NAN), 1);
    }

    #[test]
    fn the_median_shrugs_at_one_slow_pass() {
        assert_eq!(median(vec![3.0, 1.0, 1000.0, 2.0, 2.5]), 2.5);
    }

    #[test]
    fn one_measurement_without_gpu_time_puts_all_on_the_wall_clock() {
        let seconds = |gpu| Seconds {
            wall: 2.0,
            gpu,
            repetitions: 1,
        };
        let [with, without] = [seconds(Some(1.0)), seconds(None)];
        assert_eq!(Clock::of_all([&with, &with]), Clock::GpuTimestamps);
        assert_eq!(Clock::of_all([&with, &without]), Clock::WallClock);
        assert_eq!(
            [with.by(Clock::GpuTimestamps), with.by(Clock::WallClock)],
            [1.0, 2.0]
        );
    }
}
