//! How many rows to multiply, and when that is known.

/// How many rows to multiply: a `u32`, or [`Rows::One`].
pub trait RowCount: Copy {
    /// The number of rows, if the type alone says it.
    const KNOWN: Option<u32>;

    /// The number of rows.
    fn get(self) -> u32;
}

/// Names for row counts that are known at compile time.
#[derive(Clone, Copy, Debug)]
pub struct Rows;

/// The type of [`Rows::One`].
#[derive(Clone, Copy, Debug)]
pub struct OneRow;

impl Rows {
    /// One row, known at compile time: the dispatch is compiled for it, and no row count is looked at when it runs.
    #[allow(
        non_upper_case_globals,
        reason = "reads as the variant it stands for: `Rows::One`"
    )]
    pub const One: OneRow = OneRow;
}

impl RowCount for OneRow {
    const KNOWN: Option<u32> = Some(1);

    fn get(self) -> u32 {
        1
    }
}

impl RowCount for u32 {
    const KNOWN: Option<u32> = None;

    fn get(self) -> u32 {
        self
    }
}
