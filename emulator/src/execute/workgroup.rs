//! Running the waves of a workgroup, and barriers.

use super::machine::Machine;
use super::wave::{State, Wave};
use crate::bytecode::{Instruction, Pc};
use crate::fault::FaultKind;
use crate::schedule::{Order, Progress, mix};

impl Machine<'_> {
    /// Runs one workgroup to its end.
    pub(crate) fn run_workgroup<const CHECKED: bool>(&mut self, place: u64, workgroup: [u32; 3]) {
        self.place = place;
        self.workgroup = workgroup;
        self.phase = 0;
        self.begin_workgroup::<CHECKED>();
        let mut waves = std::mem::take(&mut self.waves);
        if waves.is_empty() {
            waves = self.new_waves();
        }
        let width = self.wave_width();
        for (wave, start) in waves.iter_mut().zip((0..self.lanes).step_by(width as usize)) {
            let lanes = start as usize..(start + width).min(self.lanes) as usize;
            let active = self.masks.fill(0, lanes);
            wave.restart(active);
        }
        self.run_waves::<CHECKED>(&mut waves);
        self.waves = waves;
    }

    fn begin_workgroup<const CHECKED: bool>(&mut self) {
        self.fill_workgroup_builtins();
        self.workgroup_memory.words.fill(0);
        self.shuffle_lanes();
        if CHECKED {
            self.workgroup_memory.begin_workgroup();
            if self.storage_clock.begin_workgroup() {
                self.history.clear();
                for record in &mut self.records {
                    record
                        .pages
                        .iter_mut()
                        .for_each(crate::memory::race::Pages::clear);
                }
            }
            self.history.push((self.storage_clock.start(), self.workgroup));
        }
    }

    /// Lanes of a wave.
    fn wave_width(&self) -> u32 {
        match self.dispatch.schedule.progress {
            Progress::Workgroup => self.lanes,
            Progress::Lanes if !self.dispatch.code.uses_subgroups => 1,
            _ => self.dispatch.subgroup_size,
        }
    }

    fn new_waves(&self) -> Vec<Wave> {
        let count = self.lanes.div_ceil(self.wave_width());
        (0..count)
            .map(|_| Wave::new(self.dispatch.code.slots, self.dispatch.code.loops))
            .collect()
    }

    fn shuffle_lanes(&mut self) {
        let order = self.dispatch.schedule.lanes;
        self.lane_order = match order {
            Order::Forward => None,
            _ => {
                let phase = self.place.wrapping_mul(31).wrapping_add(self.phase);
                let mut lanes = order.permutation(self.lanes, phase);
                let width = self.wave_width();
                lanes.sort_by_key(|lane| lane / width);
                Some(lanes)
            }
        };
    }

    fn run_waves<const CHECKED: bool>(&mut self, waves: &mut [Wave]) {
        let mut budget = self.dispatch.instruction_limit;
        loop {
            let order = self
                .dispatch
                .schedule
                .parts
                .permutation(waves.len() as u32, self.place ^ self.phase << 20);
            let mut progress = true;
            let mut turn = 0;
            while progress {
                progress = false;
                for &index in &order {
                    let wave = &mut waves[index as usize];
                    if wave.state != State::Ready {
                        continue;
                    }
                    progress = true;
                    turn += 1;
                    let quantum = self.quantum(turn).min(budget);
                    self.run_wave::<CHECKED>(wave, quantum);
                    // Only waves that used all of it can be without an end.
                    if self.dispatch.instruction_limit != u64::MAX && wave.state == State::Ready {
                        budget -= quantum;
                        if budget == 0 {
                            return self.out_of_budget(waves, index);
                        }
                    }
                }
            }
            if waves.iter().all(|wave| wave.state == State::Done) {
                return;
            }
            self.release_barrier::<CHECKED>(waves);
            self.phase += 1;
            self.shuffle_lanes();
        }
    }

    /// Instructions until a wave has to let others run.
    fn quantum(&self, turn: u64) -> u64 {
        match self.dispatch.schedule.progress {
            Progress::Interleaved(seed) => 1 + mix(seed ^ self.place << 32 ^ self.phase << 16 ^ turn) % 24,
            _ => u64::MAX,
        }
    }

    fn out_of_budget(&mut self, waves: &mut [Wave], index: u32) {
        let limit = self.dispatch.instruction_limit;
        let wave = &waves[index as usize];
        let (pc, lane) = (wave.pc, wave.lanes.start as usize);
        self.fault(FaultKind::EndlessLoop, pc, lane, 1, || {
            format!("the workgroup is stopped after {limit} instructions")
        });
        for wave in waves {
            wave.state = State::Done;
        }
    }

    /// All waves wait or are done: lets those that wait go on, and reports who is missing.
    fn release_barrier<const CHECKED: bool>(&mut self, waves: &mut [Wave]) {
        let mut barriers: Vec<Pc> = Vec::new();
        for wave in waves.iter().filter(|wave| wave.state == State::AtBarrier) {
            if !barriers.contains(&(wave.pc - 1)) {
                barriers.push(wave.pc - 1);
            }
        }
        barriers.sort_unstable();
        for &pc in &barriers {
            self.barriers += 1;
            if let Some(&Instruction::Barrier { storage, workgroup }) =
                self.dispatch.code.instructions.get(pc as usize)
            {
                if storage {
                    self.storage_clock.barrier();
                }
                if workgroup {
                    self.workgroup_memory.clock.barrier();
                }
            }
            if CHECKED {
                self.check_barrier(waves, pc);
            }
        }
        for wave in waves.iter_mut().filter(|wave| wave.state == State::AtBarrier) {
            wave.state = State::Ready;
        }
    }

    fn check_barrier(&mut self, waves: &[Wave], pc: Pc) {
        let here = |wave: &&Wave| wave.state == State::AtBarrier && wave.pc == pc + 1;
        let arrived = waves
            .iter()
            .filter(here)
            .map(|wave| wave.active().1.count)
            .sum::<u32>();
        let lanes = self.lanes;
        if arrived == lanes {
            return;
        }
        let missing = (0..lanes as usize).find(|&lane| {
            !waves.iter().filter(here).any(|wave| {
                let (slot, active) = wave.active();
                active.lanes().contains(&lane) && self.masks.row(slot, lane..lane + 1) == [1]
            })
        });
        let missing = missing.unwrap_or(0);
        self.fault(FaultKind::DivergentBarrier, pc, missing, 1, || {
            format!("{arrived} of {lanes} lanes reach this barrier, lane {missing} does not")
        });
    }
}
