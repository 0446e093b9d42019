//! The first elements of a buffer after the launch.

use q4_kernel_emulator::{BindingInfo, Bindings};

use super::{
    arguments::{Print, Slot},
    data::Data,
    element::{Element, ElementType},
};
use crate::output::count;

/// Elements of a buffer, from the first on.
#[derive(Debug)]
pub(super) struct Printed {
    pub(super) slot: Slot,
    pub(super) name: String,
    pub(super) ty: ElementType,
    /// Elements that the buffer has.
    pub(super) of: u64,
    pub(super) values: Vec<Element>,
}

impl Printed {
    /// Reads them out of what is bound.
    pub(super) fn read(bindings: &Bindings, print: Print, binding: &BindingInfo, data: &Data) -> Self {
        let shown = print.count.min(data.count);
        let mut bytes = vec![0; shown as usize * data.ty.width()];
        let buffer = bindings.buffer(print.slot.group, print.slot.binding);
        // There are no more than the buffer has.
        let read = buffer.is_some_and(|buffer| buffer.read(0, &mut bytes).is_ok());
        Self {
            slot: print.slot,
            name: binding.name.clone(),
            ty: data.ty,
            of: data.count,
            values: if read {
                data.ty.elements(&bytes)
            } else {
                Vec::new()
            },
        }
    }

    /// A line that says what they are, and rows of them below each other, each with the index of its first.
    pub(super) fn text(&self) -> String {
        let Self {
            slot,
            name,
            ty,
            of,
            values,
        } = self;
        let mut text = format!(
            "{slot} {name}: {} of {} as {ty}\n",
            count(values.len()),
            count(of)
        );
        let cells: Vec<String> = values.iter().map(ToString::to_string).collect();
        let width = cells.iter().map(String::len).max().unwrap_or(0);
        let margin = values.len().saturating_sub(1).to_string().len();
        let columns = columns(MOST_WIDTH - margin, width + 2);
        for (row, cells) in cells.chunks(columns).enumerate() {
            text.push_str(&format!("  {:>margin$}", row * columns));
            for cell in cells {
                text.push_str(&format!("  {cell:>width$}"));
            }
            text.push('\n');
        }
        text
    }
}

/// Columns of a terminal that rows may take.
const MOST_WIDTH: usize = 100;
/// Most values in a row.
const MOST_COLUMNS: usize = 16;

/// How many values fit a row: a power of two, so that indices are easy to follow.
fn columns(room: usize, width: usize) -> usize {
    let fitting = (room / width).clamp(1, MOST_COLUMNS);
    1 << fitting.ilog2()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn printed(values: &[f32]) -> String {
        let values: Vec<Element> = values.iter().map(|value| Element::Float(*value)).collect();
        let slot = Slot { group: 0, binding: 1 };
        Printed {
            slot,
            name: "output".to_owned(),
            ty: ElementType::F32,
            of: 4096,
            values,
        }
        .text()
    }

    #[test]
    fn values_stand_below_each_other() {
        let values: Vec<f32> = (0..18).map(|i| i as f32 * 0.5 - 1.0).collect();
        let expected = "\
0:1 output: 18 of 4,096 as f32
   0  -1.0  -0.5   0.0   0.5   1.0   1.5   2.0   2.5   3.0   3.5   4.0   4.5   5.0   5.5   6.0   6.5
  16   7.0   7.5
";
        assert_eq!(printed(&values), expected);
    }

    #[test]
    fn wide_values_make_fewer_columns() {
        let expected = "\
0:1 output: 5 of 4,096 as f32
  0      0.33333334  -1.1754944e-38            1e30             NaN
  4             inf
";
        let text = printed(&[1.0 / 3.0, -f32::MIN_POSITIVE, 1e30, f32::NAN, f32::INFINITY]);
        assert_eq!(text, expected);
    }
}
