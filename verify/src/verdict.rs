//! What was found.

use std::{collections::BTreeMap, fmt};

use q4_kernel::Variant;
use q4_kernel_emulator::FaultKind;
use serde::Serialize;

/// What a variant promises.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Promise {
    /// It reads weights, scales and nibbles where every other variant reads them.
    SameWeightLayout,
    /// Every access is inside of its buffer or array.
    InBounds,
    /// Nothing is read that was not written; workgroup memory needs no zero-initialisation.
    Initialised,
    /// No two accesses conflict that nothing orders, and results do not depend on the schedule.
    RaceFree,
    /// All lanes of a workgroup reach every barrier, all lanes of a subgroup every subgroup operation.
    UniformBarriers,
    /// No division by zero, no shift or conversion out of range.
    DefinedArithmetic,
    /// Every output is written, by one workgroup, and nothing else is.
    OutputsWrittenOnce,
    /// The grids of the dispatch formula serve every shape, whatever the device's limit, and loops end.
    DispatchAgrees,
    /// Results agree with float64 as its numeric class says.
    NumericClass,
}

/// What was found of one variant.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Verdict {
    /// The variant.
    pub variant: String,
    /// SHA-256 of its text.
    pub fingerprint: String,
    /// Launches that were emulated.
    pub launches: u64,
    /// Operations of all lanes in all launches.
    pub lane_operations: u64,
    /// Every promise, with what breaks it.
    pub promises: BTreeMap<Promise, Vec<Finding>>,
}

/// Something that breaks a promise.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What and where.
    pub message: String,
    /// In how many launches.
    pub launches: u64,
}

impl Promise {
    /// Every promise.
    pub const ALL: [Self; 9] = [
        Self::SameWeightLayout,
        Self::InBounds,
        Self::Initialised,
        Self::RaceFree,
        Self::UniformBarriers,
        Self::DefinedArithmetic,
        Self::OutputsWrittenOnce,
        Self::DispatchAgrees,
        Self::NumericClass,
    ];

    /// A word or two for tables.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::SameWeightLayout => "layout",
            Self::InBounds => "in bounds",
            Self::Initialised => "initialised",
            Self::RaceFree => "race-free",
            Self::UniformBarriers => "uniform barriers",
            Self::DefinedArithmetic => "arithmetic",
            Self::OutputsWrittenOnce => "written once",
            Self::DispatchAgrees => "dispatch",
            Self::NumericClass => "numeric class",
        }
    }

    /// The promise that a fault of the emulator breaks.
    pub(crate) fn broken_by(fault: FaultKind) -> Self {
        match fault {
            FaultKind::OutOfBounds => Self::InBounds,
            FaultKind::UninitializedRead => Self::Initialised,
            FaultKind::DataRace => Self::RaceFree,
            FaultKind::DivergentBarrier | FaultKind::DivergentCollective => Self::UniformBarriers,
            FaultKind::UnwrittenOutput | FaultKind::DoubleWrite => Self::OutputsWrittenOnce,
            FaultKind::EndlessLoop => Self::DispatchAgrees,
            // Division by zero, shifts, conversions, and whatever a later emulator finds beyond these.
            _ => Self::DefinedArithmetic,
        }
    }
}

impl fmt::Display for Promise {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Verdict {
    pub(crate) fn new(variant: &Variant) -> Self {
        Self {
            variant: variant.name.clone().into_owned(),
            fingerprint: variant.fingerprint.clone().into_owned(),
            launches: 0,
            lane_operations: 0,
            promises: Promise::ALL
                .into_iter()
                .map(|promise| (promise, Vec::new()))
                .collect(),
        }
    }

    /// Whether every promise is kept.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.promises.values().all(Vec::is_empty)
    }

    /// Notes that something breaks a promise; the same message again is counted.
    pub(crate) fn find(&mut self, promise: Promise, message: String) {
        let findings = self.promises.entry(promise).or_default();
        match findings.iter_mut().find(|finding| finding.message == message) {
            Some(finding) => finding.launches += 1,
            None => findings.push(Finding { message, launches: 1 }),
        }
    }
}
