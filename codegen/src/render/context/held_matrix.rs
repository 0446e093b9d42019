//! The values of the kernel that holds the inputs of a few rows as cooperative matrices.

use q4_kernel_types::{Configuration, GroupSize, HeldMatrix, Matrix, ScaleOrder, layout::WEIGHTS_PER_WORD};
use serde::Serialize;

use super::{
    COMPONENTS, Described, Family, ScaleLoads,
    parts::{Part, parts, suffix},
    word_type,
};

/// Pairs of matrices whose inputs are on their way at once: with more, their registers are those of matrices that are held already.
const PAIRS_AT_ONCE: usize = 2;

#[derive(Serialize)]
pub(super) struct Values {
    side: u32,
    subgroup_size: u32,
    subgroups: u32,
    held: u32,
    /// Elements of K that a lane loads at once, the parts of a load that have a scale each, and the loads of a lane.
    load: u32,
    parts: Vec<Part>,
    loads: Vec<Load>,
    /// The loads of inputs, those together that are on their way at once.
    input_pairs: Vec<Vec<InputPair>>,
    /// The scales of a span, four to a vector where all of them are neighbours; otherwise they are loaded one by one, by number.
    span_vectors: Vec<SpanVector>,
    span_scales: Vec<SpanScale>,
    swaps: Vec<Swap>,
}

/// A lane's load of weights: the lanes of a column take turns, so that they load neighbours.
#[derive(Serialize)]
struct Load {
    index: u32,
    /// The span it is of.
    span: u32,
    parts: Vec<LoadPart>,
    words: Vec<HeldWord>,
}

/// Words of a load that share a scale.
#[derive(Serialize)]
struct LoadPart {
    /// What the names of its values end with: nothing where it is the whole load.
    suffix: String,
    /// The swap that brings its scale.
    swap: u32,
}

/// A word of a load: a column's part of one matrix.
#[derive(Serialize)]
struct HeldWord {
    component: &'static str,
    /// The suffix of its part of the load.
    part: String,
    /// The matrix of inputs that it meets.
    matrix: u32,
    /// Whether no later word is of the same load.
    is_last: bool,
}

/// Inputs of two matrices, which two words of a lane's load meet.
#[derive(Serialize)]
struct InputPair {
    index: u32,
    /// The first of both matrices.
    matrix: u32,
    /// Vectors of four inputs before those of the first lane of a column, in the subgroup's share.
    vector: u32,
}

/// A scale that the lanes of a column swap, with what its group adds to the weights.
#[derive(Serialize)]
struct Swap {
    index: u32,
    values: Vec<SwapValue>,
}

#[derive(Serialize)]
struct SwapValue {
    name: &'static str,
    /// The expressions for what the first lane of a column needs of a span, and the second one.
    even: String,
    odd: String,
}

/// How two lanes of a column share out the scales of a span, whose loads of weights they multiply in turn.
#[derive(Clone, Copy)]
struct Sharing {
    /// The loads of a span, and its scales.
    loads: u32,
    scales: u32,
}

impl Sharing {
    /// Loads of a span that each lane multiplies.
    const fn turns(self) -> u32 {
        self.loads / HeldMatrix::lanes_of_column()
    }

    /// Scales that a load has to itself: none where the loads of a turn share theirs, so that both lanes need it.
    const fn of_load(self) -> u32 {
        self.scales / self.loads
    }

    /// Scales of a span that a lane needs, which are as many swaps.
    const fn swaps(self) -> u32 {
        match self.of_load() {
            0 => self.scales,
            of_load => of_load * self.turns(),
        }
    }

    /// What a swap brings of a span to the first lane, and to the second one: scales, by number.
    const fn scales_of(self, swap: u32) -> (u32, u32) {
        match self.of_load() {
            0 => (swap, swap),
            of_load => {
                let even = swap / of_load * HeldMatrix::lanes_of_column() * of_load + swap % of_load;
                (even, even + of_load)
            }
        }
    }

    /// The swap that brings the scale of a part of what a lane loads at a turn.
    const fn swap_of(self, turn: u32, part: u32) -> u32 {
        match self.of_load() {
            0 => turn * self.scales / self.turns(),
            // With one scale for all parts there is but one part.
            of_load => turn * of_load + part,
        }
    }
}

/// Neighbouring scales that are loaded together.
#[derive(Serialize)]
struct SpanVector {
    index: u32,
    /// What its name ends with: nothing where it has all scales of the span.
    suffix: String,
    /// The expression for the elements of K that its groups have.
    span: String,
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
    let parts = parts(configuration.group_size);
    let scales = scales_of_span(matrix, configuration.group_size);
    let vector = u32::try_from(COMPONENTS.len()).unwrap_or(u32::MAX);
    let together = configuration.group_size == GroupSize::Fixed(matrix.span() / scales)
        && scales.is_multiple_of(vector)
        && configuration.scales.order == ScaleOrder::Columns;
    let vectors = if together { scales / vector } else { 0 };
    let name_of = |name: &str, scale: u32| match COMPONENTS.get((scale % vector) as usize) {
        Some(component) if together => format!("{name}{}{component}", suffix(scale / vector, vectors)),
        _ => format!("{name}_{scale}"),
    };
    let names: &[_] = if configuration.encoding.is_affine() {
        &["scale", "offset"]
    } else {
        &["scale"]
    };
    let sharing = Sharing {
        loads: matrix.loads(),
        scales,
    };
    let swap = |index: u32| {
        let (even, odd) = sharing.scales_of(index);
        let values = names.iter().map(|name| SwapValue {
            name,
            even: name_of(name, even),
            odd: name_of(name, odd),
        });
        Swap {
            index,
            values: values.collect(),
        }
    };
    let words = |load: u32, part: &Part| -> Vec<HeldWord> {
        let words = part.words.iter();
        words
            .map(|word| HeldWord {
                component: word.component,
                part: part.suffix.clone(),
                matrix: load * words_at_once + word.index,
                is_last: word.index + 1 == words_at_once,
            })
            .collect()
    };
    let loads = (0..matrix.loads())
        .map(|index| {
            let (span, turn) = (index / sharing.turns(), index % sharing.turns());
            Load {
                index,
                span,
                parts: parts
                    .iter()
                    .map(|part| LoadPart {
                        suffix: part.suffix.clone(),
                        swap: sharing.swap_of(turn, part.index),
                    })
                    .collect(),
                words: parts.iter().flat_map(|part| words(index, part)).collect(),
            }
        })
        .collect();
    // What two words of a load meet is as many inputs as a matrix has columns.
    let of_load_words = words_at_once / 2;
    let input_pair = |index: u32| InputPair {
        index,
        matrix: 2 * index,
        vector: (index / of_load_words * HeldMatrix::lanes_of_column() * HeldMatrix::LOAD
            + index % of_load_words * HeldMatrix::COLUMNS)
            / vector,
    };
    let span_vector = |index| SpanVector {
        index,
        suffix: suffix(index, vectors),
        span: match vectors {
            1 => "SPAN".to_owned(),
            _ => format!("({vector}u * GROUP_SIZE)"),
        },
    };
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
            parts,
            loads,
            input_pairs: (0..matrix.loads() * of_load_words)
                .step_by(PAIRS_AT_ONCE)
                .map(|first| (first..).take(PAIRS_AT_ONCE).map(input_pair).collect())
                .collect(),
            swaps: (0..sharing.swaps()).map(swap).collect(),
            span_vectors: (0..vectors).map(span_vector).collect(),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_turn_of_both_lanes_gets_the_scale_of_its_weights() {
        let [loads_of_long, loads_of_short] = HeldMatrix::HELD.map(|held| {
            HeldMatrix {
                held,
                ..HeldMatrix::DEFAULT
            }
            .loads()
        });
        for (loads, scales) in [(loads_of_long, 1), (loads_of_long, 2), (loads_of_long, 4)]
            .into_iter()
            .chain([1, 2, 4, 8].map(|scales| (loads_of_short, scales)))
        {
            let sharing = Sharing { loads, scales };
            let parts = sharing.of_load().max(1);
            for turn in 0..sharing.turns() {
                for part in 0..parts {
                    let swap = sharing.swap_of(turn, part);
                    assert!(swap < sharing.swaps(), "{loads} loads, {scales} scales");
                    let (even, odd) = sharing.scales_of(swap);
                    for (lane, scale) in [even, odd].into_iter().enumerate() {
                        // The loads of a span take turns, and each has as many parts of the span's scales.
                        let load = turn * HeldMatrix::lanes_of_column() + lane as u32;
                        let expected = (load * parts + part) * scales / (loads * parts);
                        assert_eq!(scale, expected, "load {load} of {loads}, {scales} scales");
                    }
                }
            }
        }
    }
}
