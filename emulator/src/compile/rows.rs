//! Which rows of registers are in use.

use std::collections::BTreeMap;

use crate::bytecode::Row;

/// Hands out runs of rows, lowest first so that the working set stays small, and counts who needs each row.
#[derive(Debug, Default)]
pub(super) struct Rows {
    references: Vec<u32>,
    /// Free runs below `references.len()`: start to length, never adjacent.
    free: BTreeMap<Row, u32>,
}

impl Rows {
    /// A run of rows with one reference each.
    pub(super) fn allocate(&mut self, count: u32) -> Row {
        let fit = self
            .free
            .iter()
            .find(|&(_, &length)| length >= count)
            .map(|(&start, &length)| (start, length));
        match fit {
            Some((start, length)) => {
                self.free.remove(&start);
                if length > count {
                    self.free.insert(start + count, length - count);
                }
                for row in start..start + count {
                    self.references[row as usize] = 1;
                }
                start
            }
            None => {
                let start = self.references.len() as Row;
                self.references.resize(self.references.len() + count as usize, 1);
                start
            }
        }
    }

    pub(super) fn retain(&mut self, row: Row) {
        self.references[row as usize] = self.references[row as usize].saturating_add(1);
    }

    /// Permanent rows stay.
    pub(super) fn release(&mut self, row: Row) {
        let references = &mut self.references[row as usize];
        if *references == u32::MAX {
            return;
        }
        *references = references.saturating_sub(1);
        if *references > 0 {
            return;
        }
        let (mut start, mut length) = (row, 1);
        if let Some(after) = self.free.remove(&(row + 1)) {
            length += after;
        }
        if let Some((&before, &before_length)) = self.free.range(..row).next_back()
            && before + before_length == row
        {
            start = before;
            length += before_length;
        }
        self.free.insert(start, length);
    }

    /// Consecutive rows that are nobody else's, before or after.
    pub(super) fn allocate_permanent(&mut self, count: u32) -> Row {
        let start = self.references.len() as Row;
        self.references
            .resize(self.references.len() + count as usize, u32::MAX);
        start
    }

    /// Rows ever used.
    pub(super) fn len(&self) -> u32 {
        self.references.len() as u32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn freed_rows_join_and_are_used_again() {
        let mut rows = Rows::default();
        let a = rows.allocate(2);
        let b = rows.allocate(3);
        let _c = rows.allocate(1);
        for row in a..b + 3 {
            rows.release(row);
        }
        assert_eq!(rows.allocate(5), a);
        assert_eq!(rows.len(), 6);
    }

    #[test]
    fn permanent_rows_were_never_used_for_anything_else() {
        let mut rows = Rows::default();
        let a = rows.allocate(3);
        rows.release(a);
        let b = rows.allocate_permanent(1);
        assert_eq!(b, 3);
        rows.release(b);
        assert_eq!(rows.allocate(2), 4);
    }

    #[test]
    fn a_row_with_two_references_survives_one_release() {
        let mut rows = Rows::default();
        let a = rows.allocate(1);
        rows.retain(a);
        rows.release(a);
        assert_ne!(rows.allocate(1), a);
    }
}
