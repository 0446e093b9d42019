//! Faults of one worker.

use std::collections::HashMap;

use crate::fault::{Fault, FaultKind};
use crate::source::Location;

/// Which fault came first: place of the workgroup in the order of workgroups, then number within the workgroup.
pub(crate) type FaultOrder = (u64, u64);

/// Faults by kind and line, with the first of each.
#[derive(Debug, Default)]
pub(crate) struct FaultLog {
    faults: HashMap<(FaultKind, Option<u32>), (FaultOrder, Fault)>,
    sequence: u64,
}

/// Where and to whom something happened.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Occasion {
    pub(crate) location: Option<Location>,
    pub(crate) place: u64,
    pub(crate) workgroup: [u32; 3],
    pub(crate) lane: u32,
    pub(crate) count: u64,
}

impl FaultLog {
    /// Records a fault; the message is made for the first one of its kind and line only.
    pub(crate) fn record(&mut self, kind: FaultKind, occasion: Occasion, message: impl FnOnce() -> String) {
        let key = (kind, occasion.location.map(|location| location.line));
        if let Some((_, fault)) = self.faults.get_mut(&key) {
            fault.count += occasion.count;
            return;
        }
        self.sequence += 1;
        let fault = Fault {
            kind,
            location: occasion.location,
            workgroup: Some(occasion.workgroup),
            lane: Some(occasion.lane),
            message: message(),
            count: occasion.count,
        };
        self.faults.insert(key, ((occasion.place, self.sequence), fault));
    }

    /// Records a fault of the launch as a whole, after all of its workgroups.
    pub(crate) fn record_launch(&mut self, fault: Fault) {
        self.sequence += 1;
        let key = (fault.kind, fault.location.map(|location| location.line));
        let order = (u64::MAX, self.sequence);
        self.faults.entry(key).or_insert((order, fault));
    }

    /// Joins the faults of another worker, keeping whichever came first.
    pub(crate) fn merge(&mut self, other: Self) {
        for (key, (order, fault)) in other.faults {
            match self.faults.get_mut(&key) {
                None => {
                    self.faults.insert(key, (order, fault));
                }
                Some((known_order, known)) => {
                    let count = known.count + fault.count;
                    if order < *known_order {
                        (*known_order, *known) = (order, fault);
                    }
                    known.count = count;
                }
            }
        }
    }

    /// The faults in the order in which they happened.
    pub(crate) fn into_sorted(self) -> Vec<Fault> {
        let mut faults = self.faults.into_values().collect::<Vec<_>>();
        faults.sort_by_key(|(order, fault)| (*order, fault.location));
        faults.into_iter().map(|(_, fault)| fault).collect()
    }
}
