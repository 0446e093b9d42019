//! How long a unit of work takes, over many passes.

use q4_kernel::{ReadBackError, wgpu};

use super::{
    Clock, Spread, pace,
    stopwatch::{Elapsed, Stopwatch},
};

/// When enough passes were measured.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Budget {
    /// After so many.
    Passes(usize),
    /// After so many seconds, and [`LEAST_PASSES`] however long they take.
    Seconds(f64),
}

/// How many units of work a pass has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Repetitions {
    /// So many that the pass is much longer than its submission.
    Adapted,
    /// Exactly so many.
    Exactly(u32),
}

/// Seconds of one unit of work in each measured pass.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Times {
    passes: Vec<Elapsed>,
    /// Units of work in a measured pass.
    pub(crate) repetitions: u32,
}

impl Times {
    /// Whether the device's own clock measured every pass.
    pub(crate) fn has_gpu(&self) -> bool {
        self.passes.iter().all(|pass| pass.gpu.is_some())
    }

    /// Units of work in all passes, as far as those of the last pass tell.
    pub(crate) fn units(&self) -> u32 {
        self.repetitions
            .saturating_mul(u32::try_from(self.passes.len()).unwrap_or(u32::MAX))
    }

    /// Measured passes.
    pub(crate) fn passes(&self) -> usize {
        self.passes.len()
    }

    /// The seconds by a clock; by the host's, where the device has none. Passes in which the device's processors were clocked lower than in others
    /// do not count.
    pub(crate) fn by(&self, clock: Clock) -> Spread {
        let seconds = |pass: &Elapsed| match clock {
            Clock::GpuTimestamps => pass.gpu.unwrap_or(pass.wall),
            Clock::WallClock => pass.wall,
        };
        Spread::of(self.at_full_clock().map(seconds).collect())
    }

    fn at_full_clock(&self) -> impl Iterator<Item = &Elapsed> {
        let fastest = self.fastest_pace();
        let held = move |pass: &&Elapsed| {
            let both = pass.pace.zip(fastest);
            both.is_none_or(|(pace, fastest)| pace::keeps_up(pace, fastest))
        };
        self.passes.iter().filter(held)
    }

    /// What the loop of fixed length took beside the pass in which the device was clocked highest, in seconds.
    pub(crate) fn fastest_pace(&self) -> Option<f64> {
        self.passes.iter().filter_map(|pass| pass.pace).reduce(f64::min)
    }

    /// Adds passes that were measured later.
    pub(crate) fn extend(&mut self, later: Self) {
        self.passes.extend(later.passes);
        self.repetitions = later.repetitions;
    }

    /// Times that were not measured.
    #[cfg(test)]
    pub(crate) fn made_up(seconds: &[f64]) -> Self {
        Self::of_passes(seconds.iter().map(|&seconds| (seconds, None)))
    }

    /// The same, with what the loop took beside each pass.
    #[cfg(test)]
    pub(crate) fn paced(passes: &[(f64, f64)]) -> Self {
        Self::of_passes(passes.iter().map(|&(seconds, pace)| (seconds, Some(pace))))
    }

    #[cfg(test)]
    fn of_passes(passes: impl Iterator<Item = (f64, Option<f64>)>) -> Self {
        let pass = |(seconds, pace): (f64, Option<f64>)| Elapsed {
            wall: 2.0 * seconds,
            gpu: Some(seconds),
            pace,
        };
        Self {
            passes: passes.map(pass).collect(),
            repetitions: 1,
        }
    }
}

/// Measures work of which `record` records the unit of a number into a pass: 0, 1, 2 and so on over all passes, so that work that rotates
/// over copies goes on where it stopped.
///
/// Warms up first, so that neither the first touch of memory nor a clock at rest counts: until the device is clocked as high as it ever was, if that
/// comes in time.
pub(crate) fn measure(
    stopwatch: &Stopwatch<'_>,
    repetitions: Repetitions,
    budget: Budget,
    record: impl Fn(&mut wgpu::ComputePass<'_>, u32),
) -> Result<Times, ReadBackError> {
    let mut next = 0_u32;
    let mut pass = |units: u32| {
        let first = next;
        next = next.wrapping_add(units);
        stopwatch.paced(|pass| {
            for unit in 0..units {
                record(pass, first.wrapping_add(unit));
            }
        })
    };

    // The first pass may compile, and what follows it says how long a unit takes.
    let mut units = match repetitions {
        Repetitions::Exactly(units) => units,
        Repetitions::Adapted => 1,
    };
    pass(units)?;
    let mut patience = Patience::default();
    let mut warm_up = 0.0;
    while warm_up < WARM_UP_SECONDS {
        let elapsed = pass(units)?;
        if patience.counts(stopwatch, elapsed)? {
            warm_up += elapsed.wall;
        }
        if repetitions == Repetitions::Adapted {
            units = adapted(elapsed.per(units));
        }
    }

    let mut passes = Vec::new();
    let mut seconds = 0.0;
    while !budget.is_spent(passes.len(), seconds) {
        let elapsed = pass(units)?;
        if patience.counts(stopwatch, elapsed)? {
            seconds += elapsed.wall;
            passes.push(elapsed.per(units));
        }
    }
    Ok(Times {
        passes,
        repetitions: units,
    })
}

/// Measures work that is warm already, in passes of which `share` seconds hold a few, one pass at least. `unit` is how long a unit is known to take;
/// `first` is the number of the first unit.
pub(crate) fn measure_warm(
    stopwatch: &Stopwatch<'_>,
    unit: f64,
    first: u32,
    share: f64,
    record: impl Fn(&mut wgpu::ComputePass<'_>, u32),
) -> Result<Times, ReadBackError> {
    let units = fitting(unit, PASS_SECONDS.min(share / FEW));
    let mut times = Times {
        passes: Vec::new(),
        repetitions: units,
    };
    let mut patience = Patience::default();
    let mut seconds = 0.0;
    while times.passes.is_empty() || seconds < share {
        let first = first.wrapping_add(times.units());
        let elapsed = stopwatch.paced(|pass| {
            for unit in 0..units {
                record(pass, first.wrapping_add(unit));
            }
        })?;
        if patience.counts(stopwatch, elapsed)? {
            seconds += elapsed.wall;
            times.passes.push(elapsed.per(units));
        }
    }
    Ok(times)
}

/// Raises the clock of a device that rested, with work that is then measured by [`measure_warm`]: `record` records what takes `unit` seconds.
pub(crate) fn warm_up(
    stopwatch: &Stopwatch<'_>,
    unit: f64,
    record: impl Fn(&mut wgpu::ComputePass<'_>, u32),
) -> Result<(), ReadBackError> {
    let units = fitting(unit, PASS_SECONDS);
    let mut patience = Patience::default();
    let mut seconds = 0.0;
    while seconds < WARM_UP_SECONDS {
        let elapsed = stopwatch.paced(|pass| (0..units).for_each(|unit| record(pass, unit)))?;
        if patience.counts(stopwatch, elapsed)? {
            seconds += elapsed.wall;
        }
    }
    Ok(())
}

/// What is left of the time in which a clock may rise.
#[derive(Debug, Default)]
struct Patience {
    lost: f64,
}

impl Patience {
    /// Whether a pass counts: not while the device is clocked lower than it was, unless that has lasted so long that it will stay. One that does not count
    /// is followed by work: passes that are short beside what the host does between them leave the device resting, and its clock low.
    fn counts(&mut self, stopwatch: &Stopwatch<'_>, pass: Elapsed) -> Result<bool, ReadBackError> {
        if stopwatch.is_at_full_clock(pass) {
            return Ok(true);
        }
        self.lost += pass.wall;
        let is_spent = self.lost >= PATIENCE_SECONDS;
        if is_spent {
            stopwatch.settle_for(pass);
        } else {
            self.lost += stopwatch.keep_busy()?;
        }
        Ok(is_spent)
    }
}

impl Budget {
    fn is_spent(self, passes: usize, seconds: f64) -> bool {
        match self {
            Self::Passes(enough) => passes >= enough,
            Self::Seconds(enough) => passes >= LEAST_PASSES && seconds >= enough,
        }
    }
}

impl Elapsed {
    fn per(self, units: u32) -> Self {
        let each = |seconds: f64| seconds / f64::from(units);
        Self {
            wall: each(self.wall),
            gpu: self.gpu.map(each),
            pace: self.pace,
        }
    }
}

/// Fewer passes have no quartiles worth the name.
const LEAST_PASSES: usize = 5;
/// How long a measured pass should take: much longer than its submission, and short for people.
const PASS_SECONDS: f64 = 0.02;
/// More units than this in a pass measure nothing better, and recording them begins to take longer than they do.
const MOST_REPETITIONS: f64 = 1000.0;
/// A warm-up takes so long at least. A rotation that takes longer was not touched as a whole, and then the first touch of a copy is
/// a small part of what is measured.
const WARM_UP_SECONDS: f64 = 0.05;
/// A clock that has not risen after so long does not rise: work that takes much power, or a device that became hot, holds it down.
const PATIENCE_SECONDS: f64 = 1.0;

/// Passes whose median is worth more than one of them.
const FEW: f64 = 3.0;

/// How many units make a pass, if one takes so long.
fn adapted(unit: Elapsed) -> u32 {
    fitting(unit.gpu.unwrap_or(unit.wall), PASS_SECONDS)
}

/// How many units fill a time.
fn fitting(unit: f64, seconds: f64) -> u32 {
    // In 1..=1000 by the clamp; NaN, which no clock gives, would be 0 and then 1.
    ((seconds / unit).clamp(1.0, MOST_REPETITIONS) as u32).max(1)
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;
    use crate::testing;

    fn elapsed(seconds: f64) -> Elapsed {
        Elapsed {
            wall: seconds,
            gpu: None,
            pace: None,
        }
    }

    #[test]
    fn short_units_are_repeated_and_long_ones_are_not() {
        for (seconds, units) in [(1.0, 1), (0.002, 10), (1e-9, 1000), (0.0, 1000), (f64::NAN, 1)] {
            assert_eq!(adapted(elapsed(seconds)), units);
        }
    }

    #[test]
    fn the_devices_clock_counts_where_there_is_one() {
        let unit = Elapsed {
            wall: 1.0,
            gpu: Some(0.002),
            pace: None,
        };
        assert_eq!(adapted(unit), 10);
    }

    #[test]
    fn passes_at_a_low_clock_are_waited_for_but_not_for_ever() {
        let device = testing::device();
        let stopwatch = Stopwatch::with_fastest_pace(&device.gpu, 1.0);
        let at = |pace| Elapsed {
            wall: 0.4 * PATIENCE_SECONDS,
            gpu: None,
            pace: Some(pace),
        };
        let mut patience = Patience::default();
        let counts =
            [1.02, 2.0, 2.0, 1.0, 2.0, 2.0].map(|pace| patience.counts(&stopwatch, at(pace)).unwrap());
        assert_eq!(counts, [true, false, false, true, true, true]);
        // The clock at which it stays is the one that others wait for.
        assert!(Patience::default().counts(&stopwatch, at(2.0)).unwrap());
        assert!(!Patience::default().counts(&stopwatch, at(3.0)).unwrap());
    }

    #[test]
    fn units_follow_each_other_over_all_passes() {
        let device = testing::device();
        let stopwatch = Stopwatch::new(&device.gpu);
        let numbers = RefCell::new(Vec::new());
        let times = measure(
            &stopwatch,
            Repetitions::Exactly(3),
            Budget::Passes(2),
            |_, unit| {
                numbers.borrow_mut().push(unit);
            },
        )
        .unwrap();
        assert_eq!((times.passes(), times.repetitions), (2, 3));
        let numbers = numbers.into_inner();
        assert!(
            numbers
                .iter()
                .enumerate()
                .all(|(index, unit)| index as u32 == *unit)
        );
        assert!(
            numbers.len() >= 3 * (1 + 1 + 2),
            "warm-up comes before the measured passes: {numbers:?}"
        );
    }

    #[test]
    fn seconds_are_spent_and_a_few_passes_are_made_however_long_they_take() {
        assert!(!Budget::Seconds(0.1).is_spent(4, 10.0));
        assert!(Budget::Seconds(0.1).is_spent(5, 10.0));
        assert!(!Budget::Seconds(0.1).is_spent(100, 0.05));
        assert!(Budget::Passes(7).is_spent(7, 0.0) && !Budget::Passes(7).is_spent(6, 1e9));
    }

    #[test]
    fn one_measurement_without_gpu_time_puts_all_on_the_wall_clock() {
        let times = |gpu| Times {
            passes: vec![Elapsed {
                wall: 2.0,
                gpu,
                pace: None,
            }],
            repetitions: 1,
        };
        let [with, without] = [times(Some(1.0)), times(None)];
        assert_eq!(Clock::of_all([&with, &with]), Clock::GpuTimestamps);
        assert_eq!(Clock::of_all([&with, &without]), Clock::WallClock);
        assert_eq!(
            [
                with.by(Clock::GpuTimestamps).median,
                with.by(Clock::WallClock).median
            ],
            [1.0, 2.0]
        );
    }
}
