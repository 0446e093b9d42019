//! How fast the processors of a device are clocked while it is measured.
//!
//! Drivers lower the clock of a device that rests and raise it, over tens of milliseconds, while it works. No API tells the clock, but the time
//! of a loop of fixed length does.

use std::cell::Cell;

use q4_kernel::{Gpu, wgpu};

use super::{Times, program::Program};
use crate::output::counted;

/// The loop, and the shortest time that it ever took.
#[derive(Debug)]
pub(super) struct Pace {
    program: Program,
    fastest: Cell<f64>,
}

/// Times through the loop: some 30 us at the clocks of 2026, far above the resolution of timestamps and far below the length of a pass.
const ROUNDS: u32 = 2000;
/// Lanes of the one workgroup, as in the text.
const LANES: u64 = 32;
/// A clock this much slower than another counts as the same: clocks move in steps of a percent or two.
const TOLERANCE: f64 = 1.03;

/// Whether a loop that took so long ran at the clock at which it took `fastest`.
pub(super) fn keeps_up(seconds: f64, fastest: f64) -> bool {
    seconds <= fastest * TOLERANCE
}

/// The highest clock of a run, against which each of its measurements is held.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct FullClock {
    /// What the loop took; `None` where no clock is known.
    fastest: Option<f64>,
}

impl FullClock {
    pub(crate) fn of_all<'a>(measured: impl IntoIterator<Item = &'a Times>) -> Self {
        let paces = measured.into_iter().filter_map(Times::fastest_pace);
        Self {
            fastest: paces.reduce(f64::min),
        }
    }

    /// At which part of the highest clock the processors ran, where that is known: 1 is all of it.
    pub(crate) fn share(&self, times: &Times) -> Option<f64> {
        Some(self.fastest? / times.fastest_pace()?)
    }

    /// What people must know of measurements of which some ran at a lower clock; `None` where none did.
    pub(crate) fn note<'a>(&self, measured: impl IntoIterator<Item = &'a Times>) -> Option<String> {
        let shares = measured.into_iter().filter_map(|times| self.share(times));
        let low: Vec<f64> = shares.filter(|share| !keeps_up(share.recip(), 1.0)).collect();
        let lowest = low.iter().copied().reduce(f64::min)?;
        Some(format!(
            "the device's processors did not keep their clock: {} ran at a lower one than others, down to {:.0} %; compare them with care",
            counted(low.len(), "measurement", "measurements"),
            100.0 * lowest
        ))
    }
}

impl Pace {
    pub(super) fn new(gpu: &Gpu) -> Self {
        let states = gpu.device().create_buffer(&wgpu::BufferDescriptor {
            label: Some("q4 pace"),
            size: LANES * size_of::<u32>() as u64,
            usage: wgpu::BufferUsages::STORAGE | wgpu::BufferUsages::COPY_SRC,
            mapped_at_creation: false,
        });
        Self::over(gpu, &states)
    }

    /// `states` is what the lanes hold, which keeps compilers from leaving the loop out.
    fn over(gpu: &Gpu, states: &wgpu::Buffer) -> Self {
        let constants = [("ROUNDS", f64::from(ROUNDS))];
        Self {
            program: Program::new(gpu, wgpu::include_wgsl!("pace.wgsl"), &constants, &[states]),
            fastest: Cell::new(f64::INFINITY),
        }
    }

    pub(super) fn record(&self, pass: &mut wgpu::ComputePass<'_>) {
        self.program.record(pass, 1);
    }

    /// How many loops last so long at the highest clock so far, one at least.
    pub(super) fn loops_of(&self, seconds: f64) -> u32 {
        // Far below 2^32: a loop is longer than a nanosecond. Of infinitely long ones, where none was timed, there is one.
        ((seconds / self.fastest()) as u32).max(1)
    }

    /// Remembers a time if it is the shortest so far.
    pub(super) fn note(&self, seconds: f64) {
        self.fastest.set(self.fastest.get().min(seconds));
    }

    /// Lets a longer time count as the shortest from now on.
    pub(super) fn settle_for(&self, seconds: f64) {
        self.fastest.set(seconds);
    }

    /// The shortest time so far.
    pub(super) fn fastest(&self) -> f64 {
        self.fastest.get()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        measure::{Clock, Stopwatch},
        testing,
    };

    #[test]
    fn the_loop_goes_round_as_often_as_is_counted() {
        let device = testing::device();
        let states = device.gpu.output(LANES as usize).unwrap();
        let pace = Pace::over(&device.gpu, &states);
        Stopwatch::new(&device.gpu)
            .pass(|pass| pace.record(pass))
            .unwrap();
        for (lane, state) in device.gpu.read(&states).unwrap().iter().enumerate() {
            let expected = (0..ROUNDS).fold(lane as u32 + 1, |state, _| {
                let state = state ^ (state << 13);
                let state = state ^ (state >> 17);
                state ^ (state << 5)
            });
            assert_eq!(state.to_bits(), expected, "lane {lane}");
        }
        device.check().unwrap();
    }

    #[test]
    fn passes_at_a_lower_clock_than_others_do_not_count() {
        let times = Times::paced(&[(9.0, 2.0), (1.0, 1.0), (1.2, 1.02), (8.0, 1.5)]);
        let spread = times.by(Clock::GpuTimestamps);
        assert_eq!((spread.minimum, spread.maximum), (1.0, 1.2));
    }

    #[test]
    fn measurements_at_a_lower_clock_than_others_are_told() {
        let [full, same, half] =
            [1.0, 1.01, 2.0].map(|pace| Times::paced(&[(1.0, pace), (1.0, pace * 1.01)]));
        let clock = FullClock::of_all([&full, &same, &half]);
        assert_eq!(
            [&full, &half].map(|times| clock.share(times)),
            [Some(1.0), Some(0.5)]
        );
        assert_eq!(clock.note([&full, &same]), None);
        let note = clock.note([&full, &same, &half]).unwrap();
        assert!(
            note.contains("1 measurement ran at a lower one than others, down to 50 %"),
            "{note}"
        );
    }

    #[test]
    fn a_device_whose_clock_nobody_knows_is_measured_as_it_is() {
        let times = Times::made_up(&[1.0, 3.0, 2.0]);
        assert_eq!(times.by(Clock::GpuTimestamps).median, 2.0);
        let clock = FullClock::of_all([&times]);
        assert_eq!((clock.share(&times), clock.note([&times])), (None, None));
    }
}
