//! How fast the device reads its memory.

use q4_kernel::{Gpu, wgpu};

use super::{Budget, Clock, Repetitions, Stopwatch, Times, measure, program::Program};
use crate::{adapter::Device, failure::Failure};

/// Reading one large buffer, with grids of several sizes.
#[derive(Debug)]
pub(crate) struct ReadBandwidth {
    /// Bytes that each pass reads.
    pub(crate) bytes: u64,
    grids: Vec<Times>,
}

/// The buffer, and what reads it.
#[derive(Debug)]
struct Reader {
    program: Program,
    sums: wgpu::Buffer,
    bytes: u64,
}

/// Bytes to read: many times what the caches hold.
const BYTES: u64 = 1 << 30;
/// The same for software adapters, of which nobody wants to know.
const BYTES_ON_CPU: u64 = 8 << 20;
/// Loads of each lane. Which is best depends on how many lanes fill the device; the best one counts.
const LOADS: [u32; 3] = [256, 64, 16];
/// Bytes of a load.
const LOAD_BYTES: u64 = 16;
/// Lanes of a workgroup, as in the text.
const LANES: u32 = 256;

impl ReadBandwidth {
    /// Reads for as long as the budget lasts, with each grid.
    pub(crate) fn measure(
        device: &Device,
        stopwatch: &Stopwatch<'_>,
        budget: Budget,
    ) -> Result<Self, Failure> {
        let wanted = if device.runs_on_cpu() { BYTES_ON_CPU } else { BYTES };
        let capabilities = device.gpu.capabilities();
        let bytes = wanted
            .min(capabilities.max_binding_bytes)
            .min(capabilities.max_buffer_bytes)
            / LOAD_BYTES
            * LOAD_BYTES;
        let reader = Reader::new(&device.gpu, bytes)?;
        device.check()?;
        let grids = LOADS
            .map(|loads| {
                let workgroups = reader.workgroups(loads);
                measure(stopwatch, Repetitions::Adapted, budget, |pass, _| {
                    reader.record(pass, workgroups);
                })
            })
            .into_iter()
            .collect::<Result<Vec<_>, _>>()?;
        device.check()?;
        Ok(Self { bytes, grids })
    }

    /// Bytes per second, with the best grid.
    pub(crate) fn bytes_per_second(&self, clock: Clock) -> f64 {
        let seconds = self.grids.iter().map(|times| times.by(clock).median);
        self.bytes as f64 / seconds.fold(f64::INFINITY, f64::min)
    }

    /// Every measurement.
    pub(crate) fn times(&self) -> impl Iterator<Item = &Times> {
        self.grids.iter()
    }
}

impl Reader {
    fn new(gpu: &Gpu, bytes: u64) -> Result<Self, Failure> {
        // `Gpu::output` says what is wrong where the device has no room.
        let data = gpu.output((bytes / size_of::<f32>() as u64) as usize)?;
        fill(gpu, &data)?;
        let least_loads = LOADS.into_iter().min().unwrap_or(1);
        let lanes = workgroups(bytes, least_loads, gpu.capabilities().max_workgroups) * LANES;
        let sums = gpu.output(lanes as usize)?;
        let text = wgpu::include_wgsl!("read.wgsl");
        Ok(Self {
            program: Program::new(gpu, text, &[], &[&data, &sums]),
            sums,
            bytes,
        })
    }

    fn workgroups(&self, loads: u32) -> u32 {
        let lanes = self.sums.size() / size_of::<u32>() as u64;
        // As many lanes as there are sums at most, which is a number of whole workgroups that fits a dispatch.
        workgroups(self.bytes, loads, (lanes / u64::from(LANES)) as u32)
    }

    fn record(&self, pass: &mut wgpu::ComputePass<'_>, workgroups: u32) {
        self.program.record(pass, workgroups);
    }
}

/// Workgroups whose lanes make so many loads each, within what a dispatch may have.
fn workgroups(bytes: u64, loads: u32, most: u32) -> u32 {
    let workgroups = bytes / LOAD_BYTES / u64::from(loads) / u64::from(LANES);
    u32::try_from(workgroups).unwrap_or(most).clamp(1, most.max(1))
}

/// Fills a buffer with what does not compress, a piece at a time.
fn fill(gpu: &Gpu, buffer: &wgpu::Buffer) -> Result<(), Failure> {
    let noise: Vec<f32> = (0..PIECE).map(noise).collect();
    let piece = gpu.input_output(&noise)?;
    let mut encoder = gpu
        .device()
        .create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
    for start in (0..buffer.size()).step_by(piece.size() as usize) {
        let length = piece.size().min(buffer.size() - start);
        encoder.copy_buffer_to_buffer(&piece, 0, buffer, start, length);
    }
    gpu.queue().submit([encoder.finish()]);
    Ok(())
}

/// Elements that are uploaded; the rest are copies of them.
const PIECE: u32 = 1 << 18;

/// Bits at random (Knuth's multiplicative hash). Nothing calculates with them as f32.
fn noise(index: u32) -> f32 {
    f32::from_bits(index.wrapping_mul(2_654_435_761) | 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;

    #[test]
    fn every_grid_reads_every_byte() {
        let device = testing::device();
        let gpu = &device.gpu;
        // No multiple of any grid.
        let bytes = (LOAD_BYTES * u64::from(LANES) * 70) + 13 * LOAD_BYTES;
        let reader = Reader::new(gpu, bytes).unwrap();
        let elements = (bytes / 4) as u32;
        assert!(elements < PIECE);
        let expected = (0..elements).fold(0_u32, |sum, index| sum.wrapping_add(noise(index).to_bits()));
        let stopwatch = Stopwatch::new(gpu);
        for loads in LOADS {
            let workgroups = reader.workgroups(loads);
            stopwatch.pass(|pass| reader.record(pass, workgroups)).unwrap();
            let lanes = (workgroups * LANES) as usize;
            let sum = gpu.read(&reader.sums).unwrap()[..lanes]
                .iter()
                .fold(0_u32, |sum, value| sum.wrapping_add(value.to_bits()));
            assert_eq!(sum, expected, "{loads} loads, {workgroups} workgroups");
        }
        device.check().unwrap();
    }

    #[test]
    fn the_fastest_grid_is_what_the_device_can_do() {
        let bandwidth = ReadBandwidth {
            bytes: 1000,
            grids: vec![Times::made_up(&[2.0]), Times::made_up(&[0.5])],
        };
        assert_eq!(bandwidth.bytes_per_second(Clock::GpuTimestamps), 2000.0);
    }

    #[test]
    fn a_grid_never_exceeds_a_dispatch_and_is_never_empty() {
        assert_eq!(workgroups(1 << 30, 64, 65_535), 4096);
        assert_eq!(workgroups(1 << 30, 1, 65_535), 65_535);
        assert_eq!(workgroups(16, 256, 65_535), 1);
    }
}
