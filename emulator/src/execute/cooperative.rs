//! Cooperative matrices: a subgroup holds a matrix together, element `e` (column-major) in row `e / 4` of the registers
//! and lane `e % 4` of the subgroup.

use std::ops::Range;
use std::sync::atomic::Ordering;

use super::SKIP;
use super::half::{fma, fma_of_halves, round_half};
use super::lanes::Lanes;
use super::machine::Machine;
use super::memory::{limit, narrow_from_bits, store_own, store_shared};
use super::record::Touch;
use super::wave::Wave;
use crate::bytecode::{CooperativeAccess, CooperativeIndex, Memory, Operand, Pc, Row};
use crate::fault::FaultKind;
use crate::layout::{COOPERATIVE_LANES, Leaf, cooperative_rows};

/// Elements of the largest matrix.
const MOST_ELEMENTS: usize = 16 * 16;

impl Machine<'_> {
    pub(super) fn cooperative_load<const CHECKED: bool>(&mut self, wave: &Wave, pc: Pc, operation: u32) {
        let Some(access) = self.dispatch.code.cooperative_operations.get(operation as usize) else {
            return;
        };
        for subgroup in self.cooperating::<CHECKED>(wave, pc, access) {
            let offsets = self.elements::<CHECKED>(pc, access, subgroup.start);
            if CHECKED {
                self.touch_elements(pc, access, subgroup.start, &offsets, Touch::Read);
            }
            for (element, &offset) in offsets.iter().enumerate() {
                let value = if offset == SKIP {
                    0
                } else {
                    self.load_element(access, offset)
                };
                let (row, lane) = place(&access.values, element, subgroup.start);
                self.registers.set(row, lane, value);
            }
        }
    }

    pub(super) fn cooperative_store<const CHECKED: bool>(&mut self, wave: &Wave, pc: Pc, operation: u32) {
        let Some(access) = self.dispatch.code.cooperative_operations.get(operation as usize) else {
            return;
        };
        for subgroup in self.cooperating::<CHECKED>(wave, pc, access) {
            let offsets = self.elements::<CHECKED>(pc, access, subgroup.start);
            if CHECKED {
                self.touch_elements(pc, access, subgroup.start, &offsets, Touch::Write);
            }
            for (element, &offset) in offsets.iter().enumerate().filter(|&(_, &offset)| offset != SKIP) {
                let (row, lane) = place(&access.values, element, subgroup.start);
                let value = self.registers.get(row, lane);
                match access.place.memory {
                    Memory::Binding(binding) => {
                        if let Some(buffer) = self.dispatch.buffers.get(binding as usize) {
                            store_shared(buffer.words, offset, access.scalar, value);
                        }
                    }
                    Memory::Workgroup => {
                        store_own(&mut self.workgroup_memory.words, offset, access.scalar, value)
                    }
                    Memory::Immediate | Memory::Local => {}
                }
            }
        }
    }

    /// `a * b + c`. Products are summed by fused multiply-adds in `f32`, from the first to the last; an `f16` result
    /// is rounded once, at the end.
    pub(super) fn cooperative_multiply_add<const CHECKED: bool>(
        &mut self,
        wave: &Wave,
        pc: Pc,
        size: u32,
        (half_factors, half_sums): (bool, bool),
        dst: Row,
        operands: [Operand; 3],
    ) {
        for subgroup in self.whole_subgroups::<CHECKED>(wave, pc) {
            let lanes = subgroup.start..subgroup.start + COOPERATIVE_LANES as usize;
            let mut matrices = [[0.0; MOST_ELEMENTS]; 3];
            for (matrix, operand) in matrices.iter_mut().zip(operands) {
                let (parts, _) = matrix.as_chunks_mut::<{ COOPERATIVE_LANES as usize }>();
                for (part, i) in parts.iter_mut().zip(0..cooperative_rows(size)) {
                    let row = self.registers.row(operand.at(i), lanes.clone());
                    for (element, &bits) in part.iter_mut().zip(row) {
                        *element = f32::from_bits(bits);
                    }
                }
            }
            let [a, b, mut sums] = matrices;
            match (size, half_factors) {
                (8, false) => multiply_add::<8>(&a, &b, &mut sums, fma),
                (_, false) => multiply_add::<16>(&a, &b, &mut sums, fma),
                (8, true) => multiply_add::<8>(&a, &b, &mut sums, fma_of_halves),
                (_, true) => multiply_add::<16>(&a, &b, &mut sums, fma_of_halves),
            }
            let (parts, _) = sums.as_chunks::<{ COOPERATIVE_LANES as usize }>();
            for (part, row) in parts.iter().zip(dst..dst + cooperative_rows(size)) {
                for (&sum, bits) in part.iter().zip(self.registers.row_mut(row, lanes.clone())) {
                    *bits = if half_sums { round_half(sum) } else { sum }.to_bits();
                }
            }
            if CHECKED {
                self.cooperative_multiply_adds += u64::from(size * size * size);
            }
        }
    }

    /// Subgroups that execute a cooperative operation; a part of a subgroup cannot.
    fn whole_subgroups<const CHECKED: bool>(&mut self, wave: &Wave, pc: Pc) -> Vec<Range<usize>> {
        let mut subgroups = self.subgroups(wave);
        if CHECKED {
            self.cooperative_operations += subgroups.len() as u64;
            for subgroup in &subgroups {
                let size = self.dispatch.subgroup_size as usize;
                if subgroup.len() < size {
                    let (lanes, first) = (subgroup.len(), subgroup.start);
                    self.fault(FaultKind::DivergentCollective, pc, first, 1, || {
                        format!(
                            "the last subgroup has {lanes} of {size} lanes, cooperative operations need all"
                        )
                    });
                } else {
                    self.check_subgroup(wave, pc, subgroup, FaultKind::DivergentCollective);
                }
            }
        }
        subgroups.retain(|subgroup| subgroup.len() >= COOPERATIVE_LANES as usize);
        subgroups
    }

    /// Subgroups that execute a cooperative access, with the first element located.
    fn cooperating<const CHECKED: bool>(
        &mut self,
        wave: &Wave,
        pc: Pc,
        access: &CooperativeAccess,
    ) -> Vec<Range<usize>> {
        let (_, active) = wave.active();
        let subgroups = self.whole_subgroups::<CHECKED>(wave, pc);
        self.locate(&access.place, active);
        if CHECKED {
            self.check_bounds(wave, pc, &access.place);
            for subgroup in &subgroups {
                let lanes = subgroup.start.max(active.start as usize)..subgroup.end.min(active.end as usize);
                let offsets = self.offsets.get(lanes.clone()).unwrap_or_default();
                let strides = self.registers.row(access.stride, lanes.clone());
                let odd = |row: &[u32]| row.iter().position(|word| Some(word) != row.first());
                if let Some(other) = odd(offsets).or(odd(strides)) {
                    self.fault(FaultKind::DivergentCollective, pc, lanes.start + other, 1, || {
                        "lanes of one subgroup name different places or strides".to_owned()
                    });
                }
            }
        }
        subgroups
    }

    /// Byte offset of each element in column-major order, [`SKIP`] out of bounds.
    fn elements<const CHECKED: bool>(&mut self, pc: Pc, access: &CooperativeAccess, lane: usize) -> Vec<u32> {
        let base = self.offsets.get(lane).copied().unwrap_or(SKIP);
        let first = match access.first {
            CooperativeIndex::Static(index) => index,
            CooperativeIndex::Dynamic(row) => self.registers.get(row, lane),
        };
        let stride = u64::from(self.registers.get(access.stride, lane));
        let limit = u64::from(limit(&self.dispatch.array_lengths, access.array));
        let size = u64::from(access.size);
        let scalars = u64::from(access.scalars);
        let (mut outside, mut count) = (None, 0);
        let mut offsets = Vec::with_capacity((size * size) as usize);
        for column in 0..size {
            for row in 0..size {
                let (line, along) = if access.row_major {
                    (row, column)
                } else {
                    (column, row)
                };
                let distance = line * stride + along / scalars;
                let component = (along % scalars) as u32 * access.scalar.width();
                let index = u64::from(first) + distance;
                if base == SKIP {
                    offsets.push(SKIP);
                } else if index >= limit {
                    outside = outside.max(Some(index));
                    count += 1;
                    offsets.push(SKIP);
                } else {
                    offsets.push(
                        base.wrapping_add(
                            (distance as u32)
                                .wrapping_mul(access.element_stride)
                                .wrapping_add(component),
                        ),
                    );
                }
            }
        }
        if CHECKED && let Some(index) = outside {
            let name = access
                .place
                .terms
                .last()
                .map_or(&access.place.name, |term| &term.of);
            self.fault(FaultKind::OutOfBounds, pc, lane, count, || {
                format!("a matrix reaches up to index {index} of `{name}`, which has {limit} elements")
            });
        }
        offsets
    }

    fn touch_elements(
        &mut self,
        pc: Pc,
        access: &CooperativeAccess,
        lane: usize,
        offsets: &[u32],
        touch: Touch,
    ) {
        let mask = vec![1; offsets.len()];
        let leaf = [Leaf {
            offset: 0,
            scalar: access.scalar,
        }];
        let subgroup_size = self.dispatch.subgroup_size;
        let lanes = Lanes {
            offsets,
            mask: &mask,
            start: 0,
            subgroup_size,
            collective: Some(lane as u32),
        };
        let findings = match access.place.memory {
            Memory::Binding(binding) => match self.records.get_mut(binding as usize) {
                Some(record) => {
                    record.touch(&lanes, &leaf, touch, pc, &self.storage_clock, &mut self.scratch)
                }
                None => return,
            },
            Memory::Workgroup => {
                let zero = self.dispatch.zero_init_workgroup;
                self.workgroup_memory
                    .touch(&lanes, &leaf, touch, pc, zero, &mut self.scratch)
            }
            Memory::Immediate | Memory::Local => return,
        };
        self.report(pc, access.place.memory, touch, findings);
    }

    fn load_element(&self, access: &CooperativeAccess, offset: u32) -> u32 {
        let index = (offset >> 2) as usize;
        let word = match access.place.memory {
            Memory::Binding(binding) => {
                let buffer = self.dispatch.buffers.get(binding as usize);
                buffer
                    .and_then(|buffer| buffer.words.get(index))
                    .map(|word| word.load(Ordering::Relaxed))
            }
            Memory::Workgroup => self.workgroup_memory.words.get(index).copied(),
            Memory::Immediate | Memory::Local => None,
        };
        let word = word.unwrap_or(0);
        if access.scalar.width() == 4 {
            word
        } else {
            narrow_from_bits(access.scalar, word >> ((offset & 2) * 8))
        }
    }
}

/// Adds `a * b` to `sums`, all of them column by column. The rows of a column lie side by side, so that none waits for the sum of another.
fn multiply_add<const SIZE: usize>(
    a: &[f32],
    b: &[f32],
    sums: &mut [f32],
    fma: impl Fn(f32, f32, f32) -> f32,
) {
    let (a, _) = a.as_chunks::<SIZE>();
    let (b, _) = b.as_chunks::<SIZE>();
    let (sums, _) = sums.as_chunks_mut::<SIZE>();
    for (sums, column) in sums.iter_mut().zip(b.iter().take(SIZE)) {
        for (&y, rows) in column.iter().zip(a) {
            for (sum, &x) in sums.iter_mut().zip(rows) {
                *sum = fma(x, y, *sum);
            }
        }
    }
}

/// Row and lane of an element.
fn place(rows: &[Row], element: usize, first_lane: usize) -> (Row, usize) {
    let lanes = COOPERATIVE_LANES as usize;
    (
        rows.get(element / lanes).copied().unwrap_or(0),
        first_lane + element % lanes,
    )
}
