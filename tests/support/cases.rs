//! The cases that every variant has to agree with float64 on.

use q4_kernel::{
    Constraints, RowsServed, Shape,
    conformance::{Case, Placement},
    reference::samples::Data,
};

/// One row, few rows, a tile, more than a tile; odd ones first.
const ROWS: [u32; 11] = [1, 2, 3, 4, 5, 7, 8, 17, 33, 64, 130];
/// Odd and prime, smaller and larger than any block of columns and any tile.
const COLUMNS: [u32; 10] = [1, 67, 3, 131, 5, 13, 2, 257, 31, 64];
/// K and group sizes, in multiples of what a variant needs: small and odd, group sizes that do not divide K, that equal it, that exceed it.
const K_MULTIPLES: [u32; 7] = [1, 13, 3, 17, 5, 40, 2];
const GROUP_MULTIPLES: [u32; 5] = [1, 3, 2, 5, 64];
/// Cases of each number of rows.
const ROUNDS: usize = 3;
/// Cases of a variant that serves one row only.
const ONE_ROW_ROUNDS: usize = 20;

/// Shapes by rotation: every list is walked at its own length, so that its values meet in ever other combinations.
#[must_use]
pub fn cases(constraints: Constraints) -> Vec<Case> {
    let rows: Vec<u32> = match constraints.rows {
        RowsServed::One => vec![1; ONE_ROW_ROUNDS],
        RowsServed::UpTo(most) => (0..ROUNDS).flat_map(|_| 1..=most).collect(),
        RowsServed::Any => (0..ROUNDS).flat_map(|_| ROWS).collect(),
    };
    (0..)
        .zip(rows)
        .map(|(turn, m)| {
            let pick = |list: &[u32]| list[turn % list.len()];
            let multiple = constraints.k_multiple;
            let k: u32 = match constraints.k_multiple {
                // Any K: prime, odd, even without whole words, whole words.
                1 => [7, 250, 1, 129, 50, 31, 64][turn % 7],
                _ => pick(&K_MULTIPLES) * multiple,
            };
            let k = k.min(constraints.k_most);
            let group_size = constraints.group_size.unwrap_or_else(|| match multiple {
                1 => [3, 20, 1, 32, 7][turn % 5],
                _ => pick(&GROUP_MULTIPLES) * multiple,
            });
            Case {
                shape: Shape {
                    m,
                    n: pick(&COLUMNS),
                    k,
                    group_size,
                },
                bias: turn % 2 == 0,
                data: if turn % 3 == 0 {
                    Data::Random { seed: turn as u64 }
                } else {
                    Data::Exact
                },
                placement: if turn % 4 < 2 {
                    Placement::Aligned
                } else {
                    Placement::Unaligned
                },
            }
        })
        .collect()
}
