//! What accesses have done wrong, as faults.

use super::SKIP;
use super::lanes::Lanes;
use super::machine::Machine;
use super::memory::limit;
use super::record::{Finding, Findings, Touch};
use super::wave::Wave;
use crate::bytecode::{Access, Memory, Pc};
use crate::fault::FaultKind;
use crate::memory::race::Conflict;

impl Machine<'_> {
    /// Reports active lanes whose index is out of range.
    pub(super) fn check_bounds(&mut self, wave: &Wave, pc: Pc, access: &Access) {
        if access.terms.is_empty() {
            return;
        }
        let (slot, active) = wave.active();
        let lanes = active.lanes();
        let mask = self.masks.row(slot, lanes.clone());
        let offsets = self.offsets.get(lanes.clone()).unwrap_or_default();
        let skipped = offsets
            .iter()
            .zip(mask)
            .map(|(&o, &active)| u32::from(o == SKIP) & active)
            .sum::<u32>();
        if skipped == 0 {
            return;
        }
        let first = offsets
            .iter()
            .zip(mask)
            .position(|(&o, &active)| o == SKIP && active != 0)
            .unwrap_or(0);
        let lane = lanes.start + first;
        let message = self.out_of_bounds(access, lane);
        self.fault(FaultKind::OutOfBounds, pc, lane, u64::from(skipped), || message);
    }

    /// Which index of a lane is out of range.
    fn out_of_bounds(&self, access: &Access, lane: usize) -> String {
        for term in &access.terms {
            let index = self.registers.get(term.index, lane);
            let limit = limit(&self.dispatch.array_lengths, term.limit);
            if index >= limit {
                let index = if term.signed {
                    i64::from(index as i32)
                } else {
                    i64::from(index)
                };
                let unit = if limit == 1 {
                    term.unit.trim_end_matches('s')
                } else {
                    term.unit
                };
                return format!("index {index} of `{}`, which has {limit} {unit}", term.of);
            }
        }
        format!("an index of `{}`", access.name)
    }

    /// Notes an access for counters, races and uninitialised reads.
    pub(super) fn touch(&mut self, wave: &Wave, pc: Pc, access: &Access, touch: Touch) {
        let (slot, active) = wave.active();
        if active.is_empty() {
            return;
        }
        let range = active.lanes();
        let lanes = Lanes {
            offsets: self.offsets.get(range.clone()).unwrap_or_default(),
            mask: self.masks.row(slot, range),
            start: active.start,
            subgroup_size: self.dispatch.subgroup_size,
            collective: None,
        };
        let findings = match access.memory {
            Memory::Binding(binding) => match self.records.get_mut(binding as usize) {
                Some(record) => record.touch(
                    &lanes,
                    &access.leaves,
                    touch,
                    pc,
                    &self.storage_clock,
                    &mut self.scratch,
                ),
                None => return,
            },
            Memory::Workgroup => {
                let zero = self.dispatch.zero_init_workgroup;
                self.workgroup_memory
                    .touch(&lanes, &access.leaves, touch, pc, zero, &mut self.scratch)
            }
            Memory::Immediate | Memory::Local => return,
        };
        self.report(pc, access.memory, touch, findings);
    }

    /// Turns findings about an access into faults.
    pub(super) fn report(&mut self, pc: Pc, memory: Memory, touch: Touch, findings: Findings) {
        if let Some(finding) = findings.uninitialized {
            let name = self.name_at(memory, finding.offset);
            self.fault(
                FaultKind::UninitializedRead,
                pc,
                finding.lane as usize,
                finding.count,
                || format!("`{name}` is read before this workgroup has written it"),
            );
        }
        for (kind, finding) in [
            (FaultKind::DataRace, findings.race),
            (FaultKind::DoubleWrite, findings.double_write),
        ] {
            let Some(finding) = finding else { continue };
            self.conflict |= finding.what.other_workgroup;
            let message = self.race_message(memory, touch, &finding);
            self.fault(kind, pc, finding.lane as usize, finding.count, || message);
        }
    }

    fn race_message(&self, memory: Memory, touch: Touch, finding: &Finding<Conflict>) -> String {
        let Conflict {
            earlier,
            was_write,
            other_workgroup,
        } = finding.what;
        let name = self.name_at(memory, finding.offset);
        let done = if touch == Touch::Read { "read" } else { "written" };
        let did = if was_write { "wrote" } else { "read" };
        let line = earlier
            .site()
            .and_then(|pc| self.location(pc))
            .map_or_else(String::new, |location| format!(" at line {}", location.line));
        if other_workgroup {
            let after = self
                .history
                .partition_point(|&(stamp, _)| stamp <= earlier.stamp());
            let id = after
                .checked_sub(1)
                .and_then(|i| self.history.get(i))
                .map_or([0; 3], |&(_, id)| id);
            let [x, y, z] = id;
            return format!("`{name}` is {done} here, and workgroup ({x}, {y}, {z}) {did} it{line}");
        }
        let who = if earlier.is_of_many() {
            "other lanes".to_owned()
        } else {
            format!("lane {}", earlier.lane())
        };
        format!("`{name}` is {done} here, and {who} {did} it{line} without a barrier between")
    }

    /// How WGSL would name a location.
    fn name_at(&self, memory: Memory, offset: u32) -> String {
        match memory {
            Memory::Binding(binding) => self.dispatch.buffers.get(binding as usize).map(|buffer| {
                format!(
                    "{}{}",
                    buffer.variable.name,
                    buffer.variable.layout.path_at(offset)
                )
            }),
            Memory::Workgroup => {
                let variables = &self.dispatch.code.workgroup_variables;
                let after = variables.partition_point(|variable| variable.base <= offset);
                after
                    .checked_sub(1)
                    .and_then(|i| variables.get(i))
                    .map(|variable| {
                        format!(
                            "{}{}",
                            variable.name,
                            variable.layout.path_at(offset - variable.base)
                        )
                    })
            }
            Memory::Immediate | Memory::Local => None,
        }
        .unwrap_or_default()
    }
}
