//! Launching a program: checks before, workers, and the report.

use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::counters::{BindingTraffic, Counters, OperationKind, Tally};
use crate::error::LaunchError;
use crate::execute::{BindingRecord, BoundBuffer, Dispatch, FaultLog, Machine};
use crate::fault::{Fault, FaultKind};
use crate::layout::Leaf;
use crate::memory::{BindingRange, Bindings};
use crate::program::{Program, Variable};
use crate::report::Report;
use crate::schedule::Schedule;

/// How to launch a program.
#[derive(Clone, Debug, PartialEq)]
pub struct LaunchOptions {
    /// Lanes of a subgroup: a power of two from 4 to 128.
    pub subgroup_size: u32,
    /// The order of what a device may do in any order.
    pub schedule: Schedule,
    /// Threads that run workgroups; `None` for one per core. Results, faults and counters do not depend on it.
    pub threads: Option<NonZeroUsize>,
    /// Storage bindings, as `(group, binding)`, of which every element is expected to be written, and by one
    /// workgroup only.
    pub outputs: Vec<(u32, u32)>,
    /// Faults that are kept. One fault stands for all of its kind at its line.
    pub fault_limit: usize,
    /// Iterations after which a loop counts as endless.
    pub loop_limit: u64,
    /// Instructions after which a workgroup is stopped as endless, each instruction counted once for all lanes that
    /// run together. Bounds the time of a launch where [`LaunchOptions::loop_limit`] cannot: in nested loops.
    pub instruction_limit: u64,
    /// Whether workgroup memory counts as initialised with zero, as WGSL promises, instead of reporting reads of what
    /// the workgroup has not written.
    pub zero_init_workgroup: bool,
    /// Whether to look for faults and to count. Without, only results are computed; accesses out of bounds are still
    /// harmless, and endless loops still end.
    pub checked: bool,
    /// Largest number of workgroups in each dimension.
    pub max_workgroups_per_dimension: u32,
    /// Contents of the `var<immediate>`.
    pub immediates: Vec<u8>,
}

impl Default for LaunchOptions {
    fn default() -> Self {
        Self {
            subgroup_size: 32,
            schedule: Schedule::LOCKSTEP,
            threads: None,
            outputs: Vec::new(),
            fault_limit: 100,
            loop_limit: 1 << 20,
            instruction_limit: u64::MAX,
            zero_init_workgroup: false,
            checked: true,
            max_workgroups_per_dimension: 65535,
            immediates: Vec::new(),
        }
    }
}

impl LaunchOptions {
    /// Options that compute results as quickly as possible, without faults and counters.
    pub fn fast() -> Self {
        Self {
            checked: false,
            zero_init_workgroup: true,
            ..Self::default()
        }
    }
}

impl Program {
    /// Runs `workgroups` workgroups.
    ///
    /// Faults do not stop the launch: see [`FaultKind`] for what happens instead.
    ///
    /// # Errors
    /// [`LaunchError`] if bindings are missing or do not fit, or the dispatch is larger than the limits. No buffer is
    /// touched then.
    pub fn launch(
        &self,
        bindings: &mut Bindings,
        workgroups: [u32; 3],
        options: &LaunchOptions,
    ) -> Result<Report, LaunchError> {
        let ranges = self.validate(bindings, workgroups, options)?;
        let dispatch = self.dispatch(&ranges, workgroups, options);
        let total = workgroups.iter().map(|&count| u64::from(count)).product::<u64>();
        let cores = || std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
        let threads = options.threads.unwrap_or_else(cores).get() as u64;
        let threads = if self.code().order_dependent {
            1
        } else {
            threads.min(total).max(1)
        };

        // Workgroups that conflict leave results that depend on timing. That shows only afterwards, and then they
        // run again, one by one.
        let saved = if threads > 1 && options.checked {
            save(&dispatch)
        } else {
            Vec::new()
        };
        let mut outcome = run(&dispatch, total, threads);
        if threads > 1 && outcome.conflict {
            restore(&dispatch, &saved);
            outcome = run(&dispatch, total, 1);
        }
        let mut counters = outcome.counters;
        counters.workgroups = total;
        counters.invocations = total * u64::from(self.code().lanes());
        let mut faults = outcome.faults;
        for (buffer, record) in dispatch.buffers.iter().zip(&outcome.records) {
            if options.checked && buffer.is_output && total > 0 {
                find_unwritten(buffer, record, &mut faults);
            }
            counters.bindings.push(traffic(buffer.variable, record));
        }
        Ok(Report::new(faults.into_sorted(), options.fault_limit, counters))
    }

    fn validate(
        &self,
        bindings: &Bindings,
        workgroups: [u32; 3],
        options: &LaunchOptions,
    ) -> Result<Vec<BindingRange>, LaunchError> {
        let size = options.subgroup_size;
        if !size.is_power_of_two() || !(4..=128).contains(&size) {
            return Err(LaunchError::SubgroupSize { size });
        }
        let limit = options.max_workgroups_per_dimension;
        if workgroups.iter().any(|&count| count > limit) {
            return Err(LaunchError::DispatchTooLarge {
                count: workgroups,
                limit,
            });
        }
        let (mut ranges, mut missing) = (Vec::new(), Vec::new());
        for info in self.bindings() {
            match bindings.get(info.group, info.binding) {
                Some(range) => ranges.push(range.clone()),
                None => missing.push(info.clone()),
            }
        }
        if !missing.is_empty() {
            return Err(LaunchError::MissingBindings { missing });
        }
        for (info, range) in self.bindings().iter().zip(&ranges) {
            let (size, length) = (range.len(), range.buffer.len());
            let end = range.offset.saturating_add(size);
            if !range.offset.is_multiple_of(4) || end > length || range.offset > length || size >= 1 << 32 {
                let binding = Box::new(info.clone());
                return Err(LaunchError::InvalidRange {
                    binding,
                    offset: range.offset,
                    end,
                    length,
                });
            }
            if size < info.minimum_size {
                return Err(LaunchError::BufferTooSmall {
                    binding: Box::new(info.clone()),
                    size,
                });
            }
        }
        self.find_aliases(&ranges)?;
        for &(group, binding) in &options.outputs {
            let known = self
                .variables()
                .iter()
                .any(|v| v.is_writable() && (v.group, v.binding) == (group, binding));
            if !known {
                return Err(LaunchError::UnknownOutput { group, binding });
            }
        }
        if let Some(variable) = self.immediate() {
            let (size, minimum) = (options.immediates.len() as u64, u64::from(variable.layout.size));
            if size < minimum {
                return Err(LaunchError::ImmediatesTooSmall {
                    name: variable.name.clone(),
                    size,
                    minimum,
                });
            }
        }
        Ok(ranges)
    }

    fn find_aliases(&self, ranges: &[BindingRange]) -> Result<(), LaunchError> {
        let writable = |i: usize| self.variables().get(i).is_some_and(Variable::is_writable);
        for (i, a) in ranges.iter().enumerate() {
            for (j, b) in ranges.iter().enumerate().skip(i + 1) {
                let overlap = a.offset < b.offset + b.len() && b.offset < a.offset + a.len();
                if a.buffer.is_same(&b.buffer) && overlap && (writable(i) || writable(j)) {
                    let info = |i: usize| self.bindings().get(i).cloned().map(Box::new);
                    if let (Some(first), Some(second)) = (info(i), info(j)) {
                        return Err(LaunchError::AliasedBindings { first, second });
                    }
                }
            }
        }
        Ok(())
    }

    fn dispatch<'a>(
        &'a self,
        ranges: &'a [BindingRange],
        workgroups: [u32; 3],
        options: &LaunchOptions,
    ) -> Dispatch<'a> {
        let buffers = self
            .variables()
            .iter()
            .zip(ranges)
            .map(|(variable, range)| BoundBuffer {
                variable,
                words: range
                    .buffer
                    .words()
                    .get((range.offset / 4) as usize..)
                    .unwrap_or_default(),
                bytes: range.len() as u32,
                is_output: options.outputs.contains(&(variable.group, variable.binding)),
            })
            .collect::<Vec<_>>();
        let array_lengths = self
            .code()
            .runtime_arrays
            .iter()
            .map(|array| {
                let bytes = buffers
                    .get(array.binding as usize)
                    .map_or(0, |buffer| buffer.bytes);
                bytes.saturating_sub(array.offset) / array.stride.max(1)
            })
            .collect();
        let words = options.immediates.chunks(4).map(|bytes| {
            let mut word = [0; 4];
            word.iter_mut().zip(bytes).for_each(|(to, &from)| *to = from);
            u32::from_le_bytes(word)
        });
        Dispatch {
            code: self.code(),
            lines: self.lines(),
            buffers,
            immediates: words.collect(),
            array_lengths,
            workgroups,
            subgroup_size: options.subgroup_size,
            schedule: options.schedule,
            loop_limit: options.loop_limit,
            instruction_limit: options.instruction_limit,
            zero_init_workgroup: options.zero_init_workgroup,
            checked: options.checked,
        }
    }
}

/// What all workers together found.
struct Outcome {
    faults: FaultLog,
    counters: Counters,
    records: Vec<BindingRecord>,
    conflict: bool,
}

/// Runs all workgroups on some threads.
fn run(dispatch: &Dispatch<'_>, total: u64, threads: u64) -> Outcome {
    let next = AtomicU64::new(0);
    let [x, y, _] = dispatch.workgroups.map(|count| u64::from(count).max(1));
    let worker = || {
        let mut machine = Machine::new(dispatch);
        loop {
            let place = next.fetch_add(1, Ordering::Relaxed);
            if place >= total {
                return machine;
            }
            let id = dispatch.schedule.workgroups.at(place, total);
            let workgroup = [(id % x) as u32, (id / x % y) as u32, (id / (x * y)) as u32];
            if dispatch.checked {
                machine.run_workgroup::<true>(place, workgroup);
            } else {
                machine.run_workgroup::<false>(place, workgroup);
            }
        }
    };
    let machines = std::thread::scope(|scope| {
        // This thread works too, so that all is done even if no other one can be had.
        let others = (1..threads)
            .map_while(|_| std::thread::Builder::new().spawn_scoped(scope, worker).ok())
            .collect::<Vec<_>>();
        let mut machines = vec![worker()];
        // A worker does not panic; if one did, its part of the result would be missing.
        machines.extend(others.into_iter().filter_map(|other| other.join().ok()));
        machines
    });
    merge(dispatch, machines)
}

fn merge(dispatch: &Dispatch<'_>, machines: Vec<Machine<'_>>) -> Outcome {
    let mut conflict = machines.iter().any(|machine| machine.conflict);
    for (i, a) in machines.iter().enumerate() {
        for b in machines.iter().skip(i + 1) {
            conflict |= a
                .records
                .iter()
                .zip(&b.records)
                .any(|(a, b)| match (&a.pages, &b.pages) {
                    (Some(a), Some(b)) => a.conflicts_with(b),
                    _ => false,
                });
        }
    }
    let mut faults = FaultLog::default();
    let mut counters = Counters::default();
    let mut records: Vec<BindingRecord> = Vec::new();
    for machine in machines {
        faults.merge(machine.faults);
        let mut tally: Tally = [0; OperationKind::COUNT];
        for (&entered, region) in machine.regions.iter().zip(&dispatch.code.tallies) {
            for (sum, &count) in tally.iter_mut().zip(region) {
                *sum += entered * count;
            }
        }
        counters.add_tally(&tally);
        counters.barriers += machine.barriers;
        counters.subgroup_barriers += machine.subgroup_barriers;
        counters.subgroup_operations += machine.subgroup_operations;
        counters.cooperative_operations += machine.cooperative_operations;
        counters.operations.cooperative_multiply_add += machine.cooperative_multiply_adds;
        counters.lane_operations += machine.workgroup_memory.scalars;
        counters.lane_operations += machine.records.iter().map(|record| record.scalars).sum::<u64>();
        counters.workgroup_memory += machine.workgroup_memory.traffic;
        if records.is_empty() {
            records = machine.records;
        } else {
            for (to, from) in records.iter_mut().zip(machine.records) {
                to.merge(&from);
            }
        }
    }
    Outcome {
        faults,
        counters,
        records,
        conflict,
    }
}

/// Contents of the buffers that can be written.
fn save(dispatch: &Dispatch<'_>) -> Vec<Vec<u32>> {
    let writable = dispatch
        .buffers
        .iter()
        .filter(|buffer| buffer.variable.is_writable());
    writable
        .map(|buffer| {
            buffer
                .words
                .iter()
                .map(|word| word.load(Ordering::Relaxed))
                .collect()
        })
        .collect()
}

fn restore(dispatch: &Dispatch<'_>, saved: &[Vec<u32>]) {
    let writable = dispatch
        .buffers
        .iter()
        .filter(|buffer| buffer.variable.is_writable());
    for (buffer, saved) in writable.zip(saved) {
        for (word, &value) in buffer.words.iter().zip(saved) {
            word.store(value, Ordering::Relaxed);
        }
    }
}

fn traffic(variable: &Variable, record: &BindingRecord) -> BindingTraffic {
    BindingTraffic {
        group: variable.group,
        binding: variable.binding,
        name: variable.name.clone(),
        bytes_read: record.bytes_read,
        bytes_written: record.bytes_written,
        unique_bytes_read: record.read.count() << record.shift,
        unique_bytes_written: record.written.count() << record.shift,
        sectors_read: record.sectors_read,
        sectors_written: record.sectors_written,
        atomics: record.atomics,
    }
}

/// Reports elements of an output that nobody wrote.
fn find_unwritten(buffer: &BoundBuffer<'_>, record: &BindingRecord, faults: &mut FaultLog) {
    let layout = &buffer.variable.layout;
    // Elements of the array that the type is or ends in, and what comes before it.
    let (array_start, element, stride) = match (&layout.kind, layout.runtime_array()) {
        (_, Some((offset, element, stride))) => (offset, Some(element), stride),
        (crate::layout::LayoutKind::Array { element, stride, .. }, None) => (0, Some(element), *stride),
        _ => (layout.size, None, 1),
    };
    let is_written = |offset: u32, leaves: &[Leaf]| {
        leaves.iter().all(|leaf| {
            let first = (offset + leaf.offset) >> record.shift;
            let count = (leaf.scalar.width() >> record.shift).max(1);
            (first..first + count).all(|location| record.written.contains(location))
        })
    };
    let mut unwritten: Option<u32> = None;
    let (mut missing, mut elements) = (0u64, 0u64);
    let mut look = |offset: u32, leaves: &[Leaf]| {
        elements += 1;
        if !is_written(offset, leaves) {
            missing += 1;
            unwritten.get_or_insert(offset);
        }
    };
    if array_start > 0 {
        // The head of a struct, or a type that is no array, counts as one element.
        look(0, &layout.leaves());
    }
    if let Some(element) = element {
        let end = match layout.runtime_array() {
            Some(_) => buffer.bytes,
            None => layout.size,
        };
        let count = end.saturating_sub(array_start) / stride.max(1);
        let leaves = element.leaves();
        for i in 0..count {
            look(array_start + i * stride, &leaves);
        }
    }
    if let Some(offset) = unwritten {
        let name = format!("{}{}", buffer.variable.name, layout.path_at(offset));
        let message = match missing {
            1 => format!("`{name}` is never written"),
            _ => format!(
                "`{name}` is never written, and neither are {} others of {elements}",
                missing - 1
            ),
        };
        faults.record_launch(Fault {
            kind: FaultKind::UnwrittenOutput,
            location: buffer.variable.location,
            workgroup: None,
            lane: None,
            message,
            count: missing,
        });
    }
}
