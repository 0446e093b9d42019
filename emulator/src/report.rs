//! What a launch yields besides the contents of its buffers.

use std::fmt;

use crate::counters::Counters;
use crate::fault::Fault;

/// Faults and counters of a launch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Report {
    /// Faults in the order of their first occurrence, one for each kind and line; empty if all is well.
    pub faults: Vec<Fault>,
    /// Faults beyond [`LaunchOptions::fault_limit`](crate::LaunchOptions::fault_limit) that are not listed.
    pub faults_left_out: usize,
    /// What was done. If the launch was not checked, workgroups and invocations only.
    pub counters: Counters,
}

impl Report {
    pub(crate) fn new(mut faults: Vec<Fault>, limit: usize, counters: Counters) -> Self {
        let faults_left_out = faults.len().saturating_sub(limit);
        faults.truncate(limit);
        Self {
            faults,
            faults_left_out,
            counters,
        }
    }

    /// Whether no fault was found.
    pub fn is_clean(&self) -> bool {
        self.faults.is_empty() && self.faults_left_out == 0
    }
}

impl fmt::Display for Report {
    /// One line for each fault.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_clean() {
            return f.write_str("no faults");
        }
        for (i, fault) in self.faults.iter().enumerate() {
            if i > 0 {
                f.write_str("\n")?;
            }
            write!(f, "{fault}")?;
        }
        if self.faults_left_out > 0 {
            write!(f, "\nand {} more", self.faults_left_out)?;
        }
        Ok(())
    }
}
