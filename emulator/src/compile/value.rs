//! What an expression is while compiling: rows that hold its value, or the place that a pointer points to.

use std::rc::Rc;
use std::sync::Arc;

use super::types::{scalar_layout, vector_layout};
use crate::bytecode::{Limit, Memory, Row, Term};
use crate::layout::{Layout, LayoutKind};

/// The meaning of an expression.
#[derive(Clone, Debug)]
pub(super) enum Meaning {
    Value(Value),
    Place(Rc<Place>),
}

/// A value: one row for each scalar. Parts and compositions of values share their rows.
#[derive(Clone, Debug)]
pub(super) struct Value {
    pub(super) rows: Rc<[Row]>,
    /// Some rows belong to a variable, whose next assignment would change the value.
    pub(super) borrowed: bool,
}

impl Value {
    pub(super) fn new(rows: impl Into<Rc<[Row]>>) -> Self {
        Self {
            rows: rows.into(),
            borrowed: false,
        }
    }

    /// Consecutive rows.
    pub(super) fn run(first: Row, count: u32) -> Self {
        Self::new((first..first + count).collect::<Vec<_>>())
    }
}

/// Where a pointer points. Pointers cannot be stored or selected, hence the variable is always known.
#[derive(Clone, Debug)]
pub(super) struct Place {
    pub(super) memory: Memory,
    /// Bytes, or rows in [`Memory::Local`], from the start of the memory.
    pub(super) base: u32,
    pub(super) terms: Vec<Term>,
    pub(super) layout: Arc<Layout>,
    /// How WGSL writes the place.
    pub(super) name: String,
    /// Distance from each row of the variable to the row that says whether it was written.
    pub(super) flags: Option<Row>,
    /// The array whose element this is, for cooperative accesses.
    pub(super) array: Option<Element>,
    /// An index is in a row that belongs to a variable.
    pub(super) borrowed: bool,
}

/// How a place was reached from an array.
#[derive(Clone, Copy, Debug)]
pub(super) struct Element {
    pub(super) limit: Limit,
    pub(super) stride: u32,
    /// Static index; `None` if the last term of the place is the index.
    pub(super) index: Option<u32>,
}

impl Place {
    pub(super) fn is_local(&self) -> bool {
        self.memory == Memory::Local
    }

    /// The parts that an index selects: their layout, distance, number (`None` if runtime-sized) and name.
    pub(super) fn elements(&self) -> Option<(Arc<Layout>, u32, Option<u32>, &'static str)> {
        let (element, bytes, count, unit) = match &self.layout.kind {
            LayoutKind::Array {
                element,
                count,
                stride,
            } => (element.clone(), *stride, *count, "elements"),
            &LayoutKind::Vector { length, scalar } => (
                Arc::new(scalar_layout(scalar)),
                scalar.width(),
                Some(length),
                "components",
            ),
            &LayoutKind::Matrix {
                columns,
                rows,
                scalar,
                stride,
            } => (
                Arc::new(vector_layout(rows, scalar)),
                stride,
                Some(columns),
                "columns",
            ),
            _ => return None,
        };
        let stride = if self.is_local() { element.leaves } else { bytes };
        Some((element, stride, count, unit))
    }

    /// The member of a struct.
    pub(super) fn member(&self, index: u32) -> Option<Self> {
        let LayoutKind::Struct { members, .. } = &self.layout.kind else {
            return None;
        };
        let member = members.get(index as usize)?;
        let offset = if self.is_local() {
            members
                .iter()
                .take(index as usize)
                .map(|member| member.layout.leaves)
                .sum()
        } else {
            member.offset
        };
        Some(self.part(
            member.layout.clone(),
            offset,
            format!("{}.{}", self.name, member.name),
            None,
        ))
    }

    /// The element at a static index, which must be in range.
    pub(super) fn element(&self, index: u32, limit: Limit) -> Option<Self> {
        let (element, stride, _, unit) = self.elements()?;
        let name = match (unit, index) {
            ("components", 0..4) => format!("{}.{}", self.name, ["x", "y", "z", "w"][index as usize]),
            _ => format!("{}[{index}]", self.name),
        };
        let array = Element {
            limit,
            stride,
            index: Some(index),
        };
        Some(self.part(element, index.checked_mul(stride)?, name, Some(array)))
    }

    /// The element at an index in a row; `known` is its value if it is a constant.
    pub(super) fn element_at(
        &self,
        index: Row,
        known: Option<u32>,
        signed: bool,
        limit: Limit,
        borrowed: bool,
    ) -> Option<Self> {
        let (element, stride, _, unit) = self.elements()?;
        let array = Element {
            limit,
            stride,
            index: None,
        };
        let shown = known.map_or_else(|| "_".to_owned(), |known| known.to_string());
        let mut place = self.part(element, 0, format!("{}[{shown}]", self.name), Some(array));
        place.terms.push(Term {
            index,
            signed,
            stride,
            limit,
            of: self.name.clone(),
            unit,
        });
        place.borrowed |= borrowed;
        Some(place)
    }

    fn part(&self, layout: Arc<Layout>, offset: u32, name: String, array: Option<Element>) -> Self {
        Self {
            memory: self.memory,
            base: self.base.saturating_add(offset),
            terms: self.terms.clone(),
            layout,
            name,
            flags: self.flags,
            array,
            borrowed: self.borrowed,
        }
    }
}
