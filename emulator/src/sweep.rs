//! The same launch under many schedules.

use std::fmt;

use crate::error::LaunchError;
use crate::launch::LaunchOptions;
use crate::memory::Bindings;
use crate::program::{Program, Variable};
use crate::report::Report;
use crate::schedule::Schedule;

/// Schedules and subgroup sizes to run a launch under.
#[derive(Clone, Debug, PartialEq)]
pub struct Sweep {
    /// Each of them with each subgroup size.
    pub schedules: Vec<Schedule>,
    /// Results of a kernel that uses subgroups may legitimately depend on their size, for example because floats are
    /// added in another order; then sweep over one size at a time.
    pub subgroup_sizes: Vec<u32>,
}

impl Default for Sweep {
    /// The standard schedules with subgroups of 8, 32 and 64.
    fn default() -> Self {
        Self {
            schedules: Schedule::standard(),
            subgroup_sizes: vec![8, 32, 64],
        }
    }
}

/// One launch of a sweep.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct SweepRun {
    /// Its schedule.
    pub schedule: Schedule,
    /// Its subgroup size.
    pub subgroup_size: u32,
    /// What it found.
    pub report: Report,
}

/// Schedule and subgroup size of a launch.
type RunId = (Schedule, u32);

/// What a sweep found.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct SweepReport {
    /// All launches, in the order of subgroup sizes and schedules.
    pub runs: Vec<SweepRun>,
    /// The first output bits that differ between two launches.
    pub difference: Option<Difference>,
}

impl SweepReport {
    /// Whether no launch had a fault and all have the same result bits.
    pub fn is_clean(&self) -> bool {
        self.difference.is_none() && self.runs.iter().all(|run| run.report.is_clean())
    }
}

/// Two launches with different results.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Difference {
    /// `@group` of the buffer.
    pub group: u32,
    /// `@binding` of the buffer.
    pub binding: u32,
    /// Byte offset of the first word that differs.
    pub offset: u64,
    /// That place as WGSL writes it.
    pub element: String,
    /// The word in the first launch.
    pub expected: u32,
    /// The word in the other launch.
    pub found: u32,
    /// Schedule and subgroup size of the first launch.
    pub first: RunId,
    /// Schedule and subgroup size of the other launch.
    pub second: RunId,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            element,
            expected,
            found,
            first,
            second,
            ..
        } = self;
        write!(
            f,
            "`{element}` depends on the order of execution: {expected:#010x} ({:e} as f32) with subgroups of {} and \
             {:?}, {found:#010x} ({:e}) with subgroups of {} and {:?}",
            f32::from_bits(*expected),
            first.1,
            first.0,
            f32::from_bits(*found),
            second.1,
            second.0,
        )
    }
}

impl Program {
    /// Launches the program under each schedule and subgroup size, always with the same contents of buffers, and
    /// compares the results bit by bit. Compared are the bindings of [`LaunchOptions::outputs`], or all that can be
    /// written if there are none. `bindings` stay as they are.
    ///
    /// # Errors
    /// [`LaunchError`] of the first launch that fails.
    pub fn sweep(
        &self,
        bindings: &Bindings,
        workgroups: [u32; 3],
        options: &LaunchOptions,
        sweep: &Sweep,
    ) -> Result<SweepReport, LaunchError> {
        let mut runs = Vec::new();
        let mut difference = None;
        let mut first: Option<(RunId, Vec<Vec<u32>>)> = None;
        for &subgroup_size in &sweep.subgroup_sizes {
            for &schedule in &sweep.schedules {
                let mut copy = bindings.duplicate();
                let options = LaunchOptions {
                    schedule,
                    subgroup_size,
                    ..options.clone()
                };
                let report = self.launch(&mut copy, workgroups, &options)?;
                runs.push(SweepRun {
                    schedule,
                    subgroup_size,
                    report,
                });
                let results = self.results(&copy, &options);
                match &first {
                    None => first = Some(((schedule, subgroup_size), results)),
                    Some((run, expected)) if difference.is_none() => {
                        difference = self
                            .difference(expected, &results, &options)
                            .map(|found| Difference {
                                first: *run,
                                second: (schedule, subgroup_size),
                                ..found
                            });
                    }
                    Some(_) => {}
                }
            }
        }
        Ok(SweepReport { runs, difference })
    }

    fn outputs(&self, options: &LaunchOptions) -> impl Iterator<Item = &Variable> {
        let named = options.outputs.clone();
        self.variables()
            .iter()
            .filter(|variable| variable.is_writable())
            .filter(move |variable| named.is_empty() || named.contains(&(variable.group, variable.binding)))
    }

    /// Words of each output.
    fn results(&self, bindings: &Bindings, options: &LaunchOptions) -> Vec<Vec<u32>> {
        let contents = |variable: &Variable| {
            let Some(range) = bindings.get(variable.group, variable.binding) else {
                return Vec::new();
            };
            let words = range.buffer.to_vec::<u32>();
            let start = (range.offset / 4) as usize;
            words
                .get(start..(start + range.len() as usize / 4).min(words.len()))
                .unwrap_or_default()
                .to_vec()
        };
        self.outputs(options).map(contents).collect()
    }

    fn difference(
        &self,
        expected: &[Vec<u32>],
        found: &[Vec<u32>],
        options: &LaunchOptions,
    ) -> Option<Difference> {
        for ((variable, expected), found) in self.outputs(options).zip(expected).zip(found) {
            let index = expected.iter().zip(found).position(|(a, b)| a != b);
            if let Some(index) = index {
                let offset = index as u64 * 4;
                return Some(Difference {
                    group: variable.group,
                    binding: variable.binding,
                    offset,
                    element: format!("{}{}", variable.name, variable.layout.path_at(offset as u32)),
                    expected: expected[index],
                    found: found[index],
                    first: Default::default(),
                    second: Default::default(),
                });
            }
        }
        None
    }
}
