//! The edge shapes of a variant, derived from its constraints and its geometry.

use q4_kernel::{
    Constraints, Gemv, Geometry, HeldMatrix, PanelMatrix, Shape, Skinny, SkinnyMatrix, Stream, Variant,
    layout::{self, WEIGHTS_PER_WORD},
    reference::samples::Data,
};

/// One multiplication to emulate, and how it is dispatched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Case {
    /// Its size.
    pub shape: Shape,
    /// Whether there is a bias; otherwise a dummy of one element is bound.
    pub bias: bool,
    /// What input and layer are made of.
    pub data: Data,
    /// Elements between the start of the input's binding and its first element: none, or those of 16 bytes.
    pub input_offset: u32,
    /// Elements between the start of the output's binding and its first element.
    pub output_offset: u32,
    /// Columns of the output that lie beyond those of this dispatch, as for a layer that is split over N.
    pub other_columns: u32,
    /// Workgroups per dimension that the device allows.
    pub grid_limit: u32,
}

/// The cases of a variant: every edge of N against every edge of M and of K, and every edge of K against every edge of the group size; data, bias,
/// windows and grid limits take turns.
#[must_use]
pub fn cases(variant: &Variant, quick: bool) -> Vec<Case> {
    let constraints = variant.configuration.constraints();
    let Edges {
        m,
        n,
        k,
        k_of_tiles,
        group_size,
    } = Edges::of(variant.configuration.geometry, constraints);

    let mut shapes = Vec::new();
    let add = |shapes: &mut Vec<Shape>, shape: Shape| {
        if constraints.check(shape).is_ok() && !shapes.contains(&shape) {
            shapes.push(shape);
        }
    };
    for &m in &m {
        for &n in &n {
            add(
                &mut shapes,
                Shape {
                    m,
                    n,
                    k: k_of_tiles,
                    group_size: middle(&group_size),
                },
            );
        }
    }
    for &n in &n {
        for &k in &k {
            // Where a row of weights starts depends on both.
            add(
                &mut shapes,
                Shape {
                    m: m[0],
                    n,
                    k,
                    group_size: middle(&group_size),
                },
            );
        }
    }
    for &k in &k {
        for &group_size in &group_size {
            add(
                &mut shapes,
                Shape {
                    m: m[0],
                    n: middle(&n),
                    k,
                    group_size,
                },
            );
            add(
                &mut shapes,
                Shape {
                    m: middle(&m),
                    n: n[0],
                    k,
                    group_size,
                },
            );
        }
    }
    let every = if quick { 7 } else { 1 };
    shapes
        .into_iter()
        .enumerate()
        .map(|(turn, shape)| case(variant, shape, turn))
        .step_by(every)
        .collect()
}

fn case(variant: &Variant, shape: Shape, turn: usize) -> Case {
    let pick = |values: &[u32]| values[turn % values.len()];
    // The narrowest grids that hold the tiles at all, and one that holds them in a row.
    let dispatch = variant.configuration.geometry.dispatch();
    let narrowest = (1..=u16::MAX.into())
        .find(|limit| dispatch.grid(shape.m, shape.n, *limit).is_ok())
        .unwrap_or(1);
    let limits = [u32::from(u16::MAX), narrowest, narrowest + 1];
    let one_load = layout::INPUT_ALIGNMENT / variant.configuration.geometry.input_format().bytes();
    Case {
        shape,
        bias: match variant.configuration.bias {
            q4_kernel::Bias::Optional => turn.is_multiple_of(2),
            q4_kernel::Bias::Never => false,
            q4_kernel::Bias::Always => true,
        },
        data: if turn % 3 == 2 {
            Data::Random { seed: turn as u64 }
        } else {
            Data::Exact
        },
        input_offset: pick(&[0, 0, one_load]),
        output_offset: pick(&[0, 0, 1, 7]),
        other_columns: pick(&[0, 0, 0, 5]),
        grid_limit: limits[turn % limits.len()],
    }
}

/// The values at which something changes for a kernel.
struct Edges {
    m: Vec<u32>,
    n: Vec<u32>,
    k: Vec<u32>,
    /// The K at which every edge of M meets every edge of N.
    k_of_tiles: u32,
    group_size: Vec<u32>,
}

fn middle(edges: &[u32]) -> u32 {
    edges[edges.len() / 2]
}

impl Edges {
    fn of(geometry: Geometry, constraints: Constraints) -> Self {
        let (m, n, pass) = match geometry {
            // A pass of all lanes over K; blocks of columns; vectors of scales.
            Geometry::Coop4(coop4) => (
                vec![1],
                around(&[coop4.columns, 2 * coop4.columns]),
                coop4.width * coop4.step(),
            ),
            // As above, and chunks that only some lanes have.
            Geometry::Gemv(gemv) => (
                vec![1],
                around(&[gemv.columns, 2 * gemv.columns]),
                gemv.width * Gemv::CHUNK,
            ),
            // Tasks of a team, and more of them than a workgroup has teams; a slice of the input and the next.
            Geometry::Stream(stream) => (
                around(&[stream.rows]),
                around(&[stream.columns, stream.columns * stream.width / Stream::TEAM]),
                stream.held * Stream::CHUNK,
            ),
            // All rows are served at once; a pass of all lanes over K; blocks of columns; vectors of scales.
            Geometry::Skinny(skinny) => (
                around(&[skinny.rows]),
                around(&[skinny.lane_columns, skinny.columns, 2 * skinny.columns]),
                skinny.quads() * Skinny::QUAD * skinny.step(),
            ),
            // One matrix holds all rows; steps of K, some of which are ahead of the others.
            Geometry::SkinnyMatrix(matrix) => (
                around(&[SkinnyMatrix::ROWS]),
                around(&[matrix.columns, 2 * matrix.columns]),
                matrix.ahead * matrix.tile_k,
            ),
            // One matrix holds all rows; blocks of columns, of which a third one takes the turn of the first; a pass and the next.
            Geometry::HeldMatrix(matrix) => (
                around(&[HeldMatrix::ROWS]),
                around(&[HeldMatrix::COLUMNS, 2 * HeldMatrix::COLUMNS]),
                matrix.pass(),
            ),
            Geometry::Gemm(gemm) => (
                around(&[gemm.rows, gemm.tile_m, gemm.tile_m + gemm.rows]),
                around(&[gemm.columns, gemm.tile_n]),
                gemm.tile_k,
            ),
            // Loads repeat the last row and column and stores drop what is past them, one by one: nothing changes within a tile.
            Geometry::Staged(staged) => (
                around(&[staged.tile_m]),
                around(&[staged.tile_n]),
                staged.teams * staged.tile_k,
            ),
            // Tiles of which all outputs exist are stored as matrices, others element by element; here is a column of tiles of each kind, with
            // rows of the output that start at whole vectors.
            Geometry::Matrix(matrix) => {
                let side = matrix.side.length();
                (
                    around(&[side, matrix.tile_m]),
                    around(&[side, matrix.tile_n, matrix.tile_n + side]),
                    matrix.tile_k,
                )
            }
            // As above; rounds of the loop over K, which end with any span of scales.
            Geometry::PanelMatrix(matrix) => (
                beside(&[PanelMatrix::SIDE, matrix.tile_m]),
                beside(&[
                    PanelMatrix::PANEL,
                    matrix.tile_n,
                    matrix.tile_n + PanelMatrix::PANEL,
                ]),
                matrix.period(),
            ),
        };
        let m: Vec<u32> = m.into_iter().filter(|m| *m <= constraints.rows.most()).collect();
        let step = constraints.k_multiple;
        let k = match constraints.k {
            Some(k) => vec![k],
            // Ragged: every remainder of a word, one word and several.
            None if step == 1 => (1..=9).chain([15, 23, 3 * WEIGHTS_PER_WORD + 2]).collect(),
            None if let Geometry::PanelMatrix(matrix) = geometry => {
                // Every remainder of a round, which is no longer than three of these; of teams, those that have nothing, and all with more than a round, the last one but
                // for its end.
                let divided = (matrix.teams > 1).then_some(2 * matrix.teams * matrix.share_step() - step);
                [step, 2 * step, 3 * step].into_iter().chain(divided).collect()
            }
            None => sorted(vec![
                step,
                3 * step,
                pass.max(step) - step,
                pass,
                pass + step,
                5 * step,
            ]),
        };
        let group_size = match constraints.group_size {
            Some(group_size) => vec![group_size],
            None if constraints.group_size_multiple == 1 => vec![1, 3, 5, 8, 20, 64],
            None => {
                let multiple = constraints.group_size_multiple;
                vec![multiple, 2 * multiple, 3 * multiple, 64 * multiple]
            }
        };
        // With a constant group size, K must cross group boundaries, and end within a group.
        let k = match (constraints.k, constraints.group_size) {
            (None, Some(group)) => sorted(
                k.into_iter()
                    .chain([group, group + step, 2 * group + step])
                    .filter(|k| k.is_multiple_of(step))
                    .collect(),
            ),
            _ => k,
        };
        let k_of_tiles = match geometry {
            // How a tile is stored has nothing to do with the rounds before, of which its shortest K has one at least.
            Geometry::PanelMatrix(_) => k[0],
            _ => middle(&k),
        };
        Self {
            m,
            n,
            k,
            k_of_tiles,
            group_size,
        }
    }
}

/// The fewest, and each value with its neighbours.
fn around(values: &[u32]) -> Vec<u32> {
    sorted([2, 3].into_iter().chain(beside(values)).collect())
}

/// One, and each value with its neighbours.
fn beside(values: &[u32]) -> Vec<u32> {
    let neighbours = values
        .iter()
        .flat_map(|value| [value.saturating_sub(1), *value, value + 1]);
    sorted([1].into_iter().chain(neighbours).collect())
}

fn sorted(mut values: Vec<u32>) -> Vec<u32> {
    values.retain(|value| *value > 0);
    values.sort_unstable();
    values.dedup();
    values
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_variant_of_the_catalogue_has_cases_that_it_serves() {
        for variant in q4_kernel::catalogue() {
            let all = cases(variant, false);
            let constraints = variant.configuration.constraints();
            assert!(
                all.iter().all(|case| constraints.check(case.shape).is_ok()),
                "{}",
                variant.name
            );
            assert!(all.len() >= 15, "{}: {} cases", variant.name, all.len());
            assert!(!cases(variant, true).is_empty(), "{}", variant.name);
        }
    }

    #[test]
    fn the_edges_of_a_tile_are_among_the_cases() {
        let variant = q4_kernel::variant("gemm_32x32x8_t4x4_g32").unwrap();
        let all = cases(variant, false);
        for m in [1, 4, 5, 31, 32, 33] {
            for n in [1, 3, 5, 31, 32, 33] {
                assert!(
                    all.iter().any(|case| (case.shape.m, case.shape.n) == (m, n)),
                    "M={m} N={n}"
                );
            }
        }
        for k in [8, 24, 32, 40, 72] {
            assert!(all.iter().any(|case| case.shape.k == k), "K={k}");
        }
    }

    #[test]
    fn grids_as_narrow_as_possible_are_among_the_cases() {
        let variant = q4_kernel::variant("coop4_w64_c1_g32_shared").unwrap();
        assert!(
            cases(variant, false)
                .iter()
                .any(|case| case.grid_limit == 1 && case.shape.n > 1)
        );
    }
}
