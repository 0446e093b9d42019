//! The values of the kernel that holds the inputs of a few rows as cooperative matrices.

use q4_kernel_types::{Configuration, GroupSize, HeldMatrix, Matrix, ScaleOrder, layout::WEIGHTS_PER_WORD};
use serde::Serialize;

use super::{COMPONENTS, Described, Family, ScaleLoads, word_type};

#[derive(Serialize)]
pub(super) struct Values {
    side: u32,
    subgroup_size: u32,
    subgroups: u32,
    held: u32,
    /// Elements of K that a lane loads at once, and the loads of its span.
    load: u32,
    loads: Vec<Load>,
    /// The scales of a span that are loaded one by one, by number; none where all of them come together.
    span_scales: Vec<SpanScale>,
}

/// A load of a lane's span.
#[derive(Serialize)]
struct Load {
    index: u32,
    /// The expressions for its scale, and for what its group adds to the weights.
    scale: String,
    offset: String,
    words: Vec<HeldWord>,
}

/// A word of a load: a column's part of one matrix.
#[derive(Serialize)]
struct HeldWord {
    component: &'static str,
    /// The matrix of inputs that it meets.
    matrix: u32,
    /// Vectors of four inputs before those that it meets, in the span.
    vector: u32,
    /// Whether no later word is of the same load.
    is_last: bool,
}

/// A scale that is loaded by itself.
#[derive(Serialize)]
struct SpanScale {
    index: u32,
    /// Elements of K of the span before those of its group.
    k: u32,
}

pub(super) fn describe(matrix: HeldMatrix, configuration: &Configuration) -> Described {
    let HeldMatrix { subgroups, held, .. } = matrix;
    let words_at_once = HeldMatrix::LOAD / WEIGHTS_PER_WORD;
    let scales = scales_of_span(matrix, configuration.group_size);
    let vector = u32::try_from(COMPONENTS.len()).unwrap_or(u32::MAX);
    let together = configuration.group_size == GroupSize::Fixed(HeldMatrix::LOAD)
        && scales == vector
        && configuration.scales.order == ScaleOrder::Columns;
    let of_load = |name: &str, load: u32| {
        let scale = load * scales / matrix.loads();
        match COMPONENTS.get(scale as usize) {
            Some(component) if together => format!("{name}{component}"),
            _ => format!("{name}_{scale}"),
        }
    };
    let loads = (0..matrix.loads())
        .map(|index| Load {
            index,
            scale: of_load("scale", index),
            offset: of_load("offset", index),
            words: (0..words_at_once)
                .zip(COMPONENTS)
                .map(|(word, component)| HeldWord {
                    component,
                    matrix: index * words_at_once + word,
                    vector: (index * HeldMatrix::LOAD + word * WEIGHTS_PER_WORD) / vector,
                    is_last: word + 1 == words_at_once,
                })
                .collect(),
        })
        .collect();
    let span_scale = |index| SpanScale {
        index,
        k: index * matrix.span() / scales,
    };
    Described {
        kind: "Held cooperative matrices",
        purpose: ", for a few rows",
        facts: vec![
            format!(
                "inputs      {} rows in matrices of {} x {}, K in passes of {}",
                HeldMatrix::ROWS,
                HeldMatrix::ROWS,
                HeldMatrix::COLUMNS,
                matrix.pass()
            ),
            format!(
                "subgroups   {subgroups} of {} lanes divide K, each holds {held} of the matrices while blocks of {} columns pass",
                Matrix::SUBGROUP_SIZE,
                HeldMatrix::COLUMNS
            ),
        ],
        columns: HeldMatrix::COLUMNS,
        input_type: "vec4<f32>",
        weight_type: word_type(words_at_once),
        scale_loads: if together {
            ScaleLoads::Groups
        } else {
            ScaleLoads::Single
        },
        values: Family::HeldMatrix(Values {
            side: HeldMatrix::ROWS,
            subgroup_size: Matrix::SUBGROUP_SIZE,
            subgroups,
            held,
            load: HeldMatrix::LOAD,
            loads,
            span_scales: if together {
                Vec::new()
            } else {
                (0..scales).map(span_scale).collect()
            },
        }),
    }
}

/// How many scales the loads of a span have: one for each, unless a group is known to hold several.
fn scales_of_span(matrix: HeldMatrix, group_size: GroupSize) -> u32 {
    let span = matrix.span();
    match group_size {
        GroupSize::Fixed(size) if size.is_multiple_of(span) => 1,
        GroupSize::Fixed(size) if span.is_multiple_of(size) => span / size,
        GroupSize::Fixed(_) | GroupSize::Runtime => matrix.loads(),
    }
}
