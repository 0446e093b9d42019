//! How fast the device computes in f32.

use q4_kernel::{Gpu, wgpu};

use super::{Budget, Clock, Repetitions, Stopwatch, Times, measure, program::Program};
use crate::{adapter::Device, failure::Failure};

/// Fused multiply-adds that touch no memory, on grids of several sizes.
#[derive(Debug)]
pub(crate) struct Arithmetic {
    /// Each grid with the operations of a dispatch.
    grids: Vec<(f64, Times)>,
}

/// Workgroups of a dispatch. How many fill a device best depends on the device; the best grid counts.
const WORKGROUPS: [u32; 3] = [1024, 2112, 4096];
/// The same for software adapters, of which nobody wants to know.
const WORKGROUPS_ON_CPU: [u32; 1] = [4];
/// Times that a lane goes through the loop of the text, which starting it costs little beside.
const ROUNDS: u32 = 64;
/// Lanes of a workgroup, as in the text.
const LANES: u32 = 256;
/// Multiply-adds of a lane each time, as in the text.
const MULTIPLY_ADDS: u32 = 256;
/// Operations of a fused multiply-add, by which vendors count.
const PER_FMA: f64 = 2.0;

impl Arithmetic {
    /// Computes for as long as the budget lasts, with each grid.
    pub(crate) fn measure(
        device: &Device,
        stopwatch: &Stopwatch<'_>,
        budget: Budget,
    ) -> Result<Self, Failure> {
        let grids: &[u32] = if device.runs_on_cpu() {
            &WORKGROUPS_ON_CPU
        } else {
            &WORKGROUPS
        };
        let most = grids.iter().copied().max().unwrap_or(1);
        let sums = device.gpu.output((most * LANES) as usize)?;
        let multiplier = multiplier(&device.gpu, &sums);
        device.check()?;
        let grids = grids
            .iter()
            .map(|&workgroups| {
                let times = measure(stopwatch, Repetitions::Adapted, budget, |pass, _| {
                    multiplier.record(pass, workgroups);
                })?;
                Ok((operations(workgroups), times))
            })
            .collect::<Result<_, Failure>>()?;
        device.check()?;
        Ok(Self { grids })
    }

    /// Operations per second, with the best grid.
    pub(crate) fn operations_per_second(&self, clock: Clock) -> f64 {
        let rates = self
            .grids
            .iter()
            .map(|(operations, times)| operations / times.by(clock).median);
        rates.fold(0.0, f64::max)
    }

    /// Every measurement.
    pub(crate) fn times(&self) -> impl Iterator<Item = &Times> {
        self.grids.iter().map(|(_, times)| times)
    }
}

/// Operations of a dispatch.
fn operations(workgroups: u32) -> f64 {
    [workgroups, LANES, ROUNDS, MULTIPLY_ADDS]
        .map(f64::from)
        .iter()
        .product::<f64>()
        * PER_FMA
}

/// What computes, into a sum for each lane.
fn multiplier(gpu: &Gpu, sums: &wgpu::Buffer) -> Program {
    let constants = [("ROUNDS", f64::from(ROUNDS))];
    Program::new(gpu, wgpu::include_wgsl!("multiply.wgsl"), &constants, &[sums])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;

    #[test]
    fn every_lane_multiplies_and_adds_as_often_as_is_counted() {
        let device = testing::device();
        let sums = device.gpu.output(LANES as usize).unwrap();
        let multiplier = multiplier(&device.gpu, &sums);
        let stopwatch = Stopwatch::new(&device.gpu);
        stopwatch.pass(|pass| multiplier.record(pass, 1)).unwrap();
        let sums = device.gpu.read(&sums).unwrap();
        // 32 chains of `x = x * by + plus`, which end where they stand still: at `plus / (1 - by)`.
        for (lane, sum) in sums.iter().enumerate() {
            let seed = (lane % 64) as f64 / 128.0 * 0.0001;
            let expected = 32.0 * (1.0 - seed) / (0.5 - seed);
            assert!((f64::from(*sum) - expected).abs() < 1e-3, "{lane}: {sum}");
        }
        let chains = 8 * 4;
        let repeated = include_str!("multiply.wgsl").matches("chains = once(").count();
        assert_eq!(MULTIPLY_ADDS as usize, chains * repeated);
        device.check().unwrap();
    }

    #[test]
    fn the_fastest_grid_is_what_the_device_can_do() {
        let arithmetic = Arithmetic {
            grids: vec![(1000.0, Times::made_up(&[2.0])), (3000.0, Times::made_up(&[0.5]))],
        };
        assert_eq!(arithmetic.operations_per_second(Clock::GpuTimestamps), 6000.0);
    }
}
