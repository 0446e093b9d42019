//! One multiplication -> dispatches that fit the device.
//!
//! Weights are split over N when they are uploaded. Here the rows are split, so that the windows of input and output fit a binding and the
//! grid fits the device, and every window is placed at an offset that a binding may have.

use crate::{Capabilities, Dispatch, DispatchError, InputFormat, Operand, TooManyWorkgroups};

/// One dispatch: some rows of some columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Window {
    pub(super) rows: u32,
    pub(super) input: Placement,
    pub(super) output: Placement,
    pub(super) grid: [u32; 3],
}

/// Where a window lies in its buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Placement {
    /// Byte at which the binding starts, a multiple of the device's alignment.
    pub(super) offset: u64,
    /// Bytes of the binding.
    pub(super) bytes: u64,
    /// Elements between the start of the binding and the first element of the window.
    pub(super) skipped: u32,
}

/// The columns that one dispatch computes, within the whole layer.
#[derive(Clone, Copy, Debug)]
pub(super) struct Columns {
    pub(super) first: u32,
    pub(super) count: u32,
    /// Columns of the whole output.
    pub(super) of: u32,
}

/// Rows of a matrix in a buffer.
#[derive(Clone, Debug)]
pub(super) struct Rows<'a> {
    pub(super) operand: &'a Operand<'a>,
    pub(super) format: InputFormat,
}

/// Where it can, a window ends at a multiple of this, so that no tile of rows is computed in vain.
const ROWS_MULTIPLE: u64 = 64;

/// Splits `rows` rows for one chunk of columns.
pub(super) fn windows(
    device: &Capabilities,
    dispatch: Dispatch,
    rows: u32,
    k: u32,
    columns: Columns,
    x: &Rows<'_>,
    y: &Rows<'_>,
) -> Result<Vec<Window>, DispatchError> {
    let limit = device.max_binding_bytes.min(u64::from(u32::MAX));
    let alignment = u64::from(device.binding_alignment).max(InputFormat::F32.bytes().into());
    // The worst case of what an aligned binding holds before its window.
    let room = limit.saturating_sub(alignment);
    let [x_element, y_element] = [x, y].map(|rows| u64::from(rows.format.bytes()));
    let (k_bytes, n_bytes) = (u64::from(k) * x_element, u64::from(columns.of) * y_element);
    let count_bytes = u64::from(columns.count) * y_element;

    let input_rows = room / k_bytes;
    let output_rows = room.checked_sub(count_bytes).map_or(0, |rest| rest / n_bytes + 1);
    let grid_rows = dispatch.max_rows(columns.count, device.max_workgroups);
    let (operand, too_long) = if input_rows == 0 {
        ("x", k)
    } else {
        ("y", columns.count)
    };
    if input_rows == 0 || output_rows == 0 {
        return Err(DispatchError::RowTooLarge {
            operand,
            columns: too_long,
            limit,
        });
    }
    if grid_rows == 0 {
        return Err(grid_error(dispatch, columns.count, device.max_workgroups));
    }
    let most = input_rows.min(output_rows).min(grid_rows);
    let step = match most {
        most if most >= u64::from(rows) => u64::from(rows),
        most if most >= ROWS_MULTIPLE => most / ROWS_MULTIPLE * ROWS_MULTIPLE,
        most => most,
    };
    // At most `rows`, which is a u32.
    let step = u32::try_from(step).unwrap_or(rows);

    (0..rows)
        .step_by(step as usize)
        .map(|first| {
            let rows = step.min(rows - first);
            let before_x = u64::from(first) * k_bytes;
            let before_y = u64::from(first) * n_bytes + u64::from(columns.first) * y_element;
            Ok(Window {
                rows,
                input: x.place(before_x, u64::from(rows) * k_bytes, alignment),
                output: y.place(before_y, u64::from(rows - 1) * n_bytes + count_bytes, alignment),
                grid: dispatch.grid(rows, columns.count, device.max_workgroups)?,
            })
        })
        .collect()
}

impl Rows<'_> {
    /// Binds so many bytes behind others.
    fn place(&self, before: u64, bytes: u64, alignment: u64) -> Placement {
        let start = self.operand.offset + before;
        let offset = start / alignment * alignment;
        let skipped = (start - offset) / u64::from(self.format.bytes());
        // Less than the alignment, which is a u32.
        Placement {
            offset,
            bytes: bytes + start - offset,
            skipped: u32::try_from(skipped).unwrap_or_default(),
        }
    }
}

/// The error of the smallest grid there is.
fn grid_error(dispatch: Dispatch, columns: u32, limit: u32) -> DispatchError {
    match dispatch.grid(1, columns, limit) {
        Err(error) => error.into(),
        Ok(_) => TooManyWorkgroups {
            tiles: u64::from(columns),
            rows: 1,
            columns,
            limit,
        }
        .into(),
    }
}
