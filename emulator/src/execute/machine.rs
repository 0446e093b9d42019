//! The state of one worker.

use std::sync::atomic::AtomicU32;

use super::arithmetic::Registers;
use super::log::{FaultLog, Occasion};
use super::mask::Masks;
use super::record::BindingRecord;
use super::wave::Wave;
use super::workgroup_memory::WorkgroupMemory;
use crate::bytecode::{Builtin, Code, Pc};
use crate::fault::FaultKind;
use crate::memory::race::Clock;
use crate::program::Variable;
use crate::schedule::Schedule;
use crate::source::LineIndex;

/// Lanes are padded to this so that rows start at the same place of a cache line.
const LANE_PADDING: u32 = 16;

/// All that workers share.
#[derive(Debug)]
pub(crate) struct Dispatch<'a> {
    pub(crate) code: &'a Code,
    pub(crate) lines: &'a LineIndex,
    pub(crate) buffers: Vec<BoundBuffer<'a>>,
    /// Words of immediate data.
    pub(crate) immediates: Vec<u32>,
    /// Elements of each runtime-sized array.
    pub(crate) array_lengths: Vec<u32>,
    pub(crate) workgroups: [u32; 3],
    pub(crate) subgroup_size: u32,
    pub(crate) schedule: Schedule,
    pub(crate) loop_limit: u64,
    pub(crate) instruction_limit: u64,
    pub(crate) zero_init_workgroup: bool,
    /// Whether faults are looked for and everything is counted.
    pub(crate) checked: bool,
}

/// A buffer as a variable of the program sees it.
#[derive(Debug)]
pub(crate) struct BoundBuffer<'a> {
    pub(crate) variable: &'a Variable,
    pub(crate) words: &'a [AtomicU32],
    pub(crate) bytes: u32,
    /// Whether every element is expected to be written, and by one workgroup.
    pub(crate) is_output: bool,
}

/// One worker: registers, workgroup memory, and all that it learns.
#[derive(Debug)]
pub(crate) struct Machine<'a> {
    pub(crate) dispatch: &'a Dispatch<'a>,
    pub(super) lanes: u32,
    pub(super) registers: Registers,
    pub(super) masks: Masks,
    pub(super) waves: Vec<Wave>,
    /// Byte offset of each lane in the access at hand.
    pub(super) offsets: Vec<u32>,
    /// Local invocation id of each lane.
    local_ids: [Vec<u32>; 3],
    pub(super) scratch: Vec<u32>,
    /// Order in which lanes take effect, if not upwards; those of a wave lie where they would lie upwards.
    pub(super) lane_order: Option<Vec<u32>>,

    /// Place of the workgroup in the order of workgroups, and its id.
    pub(super) place: u64,
    pub(super) workgroup: [u32; 3],
    pub(super) phase: u64,

    pub(crate) workgroup_memory: WorkgroupMemory,
    pub(super) storage_clock: Clock,
    /// Stamp at the start of each workgroup that this worker ran.
    pub(super) history: Vec<(u32, [u32; 3])>,

    pub(crate) faults: FaultLog,
    pub(crate) records: Vec<BindingRecord>,
    /// Active lanes that entered each region.
    pub(crate) regions: Vec<u64>,
    pub(crate) barriers: u64,
    pub(crate) subgroup_barriers: u64,
    pub(crate) subgroup_operations: u64,
    pub(crate) cooperative_operations: u64,
    pub(crate) cooperative_multiply_adds: u64,
    /// Whether workgroups of this worker conflicted.
    pub(crate) conflict: bool,
}

impl<'a> Machine<'a> {
    pub(crate) fn new(dispatch: &'a Dispatch<'a>) -> Self {
        let code = dispatch.code;
        let lanes = code.lanes();
        let [sx, sy, _] = code.workgroup_size;
        let stride = lanes.next_multiple_of(LANE_PADDING) as usize;
        let mut registers = Registers::new(code.rows, stride);
        for &(row, bits) in &code.constants {
            registers.row_mut(row, 0..stride).fill(bits);
        }
        let mut machine = Self {
            dispatch,
            lanes,
            registers,
            masks: Masks::new(code.slots, stride),
            waves: Vec::new(),
            offsets: vec![0; stride],
            local_ids: [
                (0..lanes).map(|lane| lane % sx).collect(),
                (0..lanes).map(|lane| lane / sx % sy).collect(),
                (0..lanes).map(|lane| lane / (sx * sy)).collect(),
            ],
            scratch: Vec::new(),
            lane_order: None,
            place: 0,
            workgroup: [0; 3],
            phase: 0,
            workgroup_memory: WorkgroupMemory::new(code, dispatch.subgroup_size, dispatch.checked),
            storage_clock: Clock::new(lanes, dispatch.subgroup_size, true),
            history: Vec::new(),
            faults: FaultLog::default(),
            records: dispatch
                .buffers
                .iter()
                .map(|buffer| BindingRecord::new(buffer, dispatch.checked))
                .collect(),
            regions: vec![0; code.tallies.len()],
            barriers: 0,
            subgroup_barriers: 0,
            subgroup_operations: 0,
            cooperative_operations: 0,
            cooperative_multiply_adds: 0,
            conflict: false,
        };
        machine.fill_fixed_builtins();
        machine
    }

    /// Built-in inputs that are the same in every workgroup.
    fn fill_fixed_builtins(&mut self) {
        let size = self.dispatch.subgroup_size;
        let lanes = self.lanes;
        for &(row, builtin) in &self.dispatch.code.builtins {
            let local_ids = &self.local_ids;
            let value = |lane: u32| match builtin {
                Builtin::LocalIndex => lane,
                Builtin::LocalId(i) => local_ids[i as usize % 3][lane as usize],
                Builtin::NumWorkgroups(i) => self.dispatch.workgroups[i as usize % 3],
                Builtin::WorkgroupSize(i) => self.dispatch.code.workgroup_size[i as usize % 3],
                Builtin::NumSubgroups => lanes.div_ceil(size),
                Builtin::SubgroupId => lane / size,
                Builtin::SubgroupSize => size,
                Builtin::SubgroupInvocationId => lane % size,
                Builtin::GlobalId(_) | Builtin::WorkgroupId(_) => 0,
            };
            for (lane, word) in (0..).zip(self.registers.row_mut(row, 0..lanes as usize)) {
                *word = value(lane);
            }
        }
    }

    pub(super) fn fill_workgroup_builtins(&mut self) {
        let lanes = self.lanes as usize;
        for &(row, builtin) in &self.dispatch.code.builtins {
            let out = self.registers.row_mut(row, 0..lanes);
            match builtin {
                Builtin::WorkgroupId(i) => out.fill(self.workgroup[i as usize % 3]),
                Builtin::GlobalId(i) => {
                    let i = i as usize % 3;
                    let first = self.workgroup[i].wrapping_mul(self.dispatch.code.workgroup_size[i]);
                    for (word, &local) in out.iter_mut().zip(&self.local_ids[i]) {
                        *word = first.wrapping_add(local);
                    }
                }
                _ => {}
            }
        }
    }

    /// Records a fault of an instruction.
    pub(super) fn fault(
        &mut self,
        kind: FaultKind,
        pc: Pc,
        lane: usize,
        count: u64,
        message: impl FnOnce() -> String,
    ) {
        let occasion = Occasion {
            location: self.location(pc),
            place: self.place,
            workgroup: self.workgroup,
            lane: lane as u32,
            count,
        };
        self.faults.record(kind, occasion, message);
    }

    pub(super) fn location(&self, pc: Pc) -> Option<crate::source::Location> {
        self.dispatch.lines.location(
            self.dispatch
                .code
                .spans
                .get(pc as usize)
                .copied()
                .unwrap_or_default(),
        )
    }
}
