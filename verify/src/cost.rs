//! What a variant costs, per weight: counted on the emulator, and so the same on every machine.

use std::collections::BTreeMap;

use q4_kernel::{
    Bias, LayerShape, Shape, Variant,
    layout::Binding,
    reference::samples::{self, Data},
};
use q4_kernel_emulator::{CompileOptions, Counters, Program};
use serde::Serialize;

use crate::{Case, launch};

/// What one launch costs, divided by the number of weights, N x K.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Cost {
    /// The multiplication that was counted.
    pub shape: Shape,
    /// Lanes of a subgroup.
    pub subgroup_size: u32,
    /// By name of the binding.
    pub bindings: BTreeMap<&'static str, Traffic>,
    /// Floating-point operations: additions, multiplications, fused ones, divisions.
    pub float_operations: f64,
    /// Products of cooperative matrices, each with its addition.
    pub matrix_products: f64,
    /// Integer operations.
    pub integer_operations: f64,
    /// Conversions between number types.
    pub conversions: f64,
    /// Bytes read from and written to workgroup memory.
    pub workgroup_bytes: f64,
    /// Accesses to workgroup memory that had to wait for another one to the same bank.
    pub bank_conflicts: f64,
    /// Barriers of workgroups.
    pub barriers: f64,
    /// Subgroup operations.
    pub subgroup_operations: f64,
}

/// Traffic of one binding, per weight.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Traffic {
    /// Bytes that lanes read or wrote.
    pub bytes: f64,
    /// Bytes that were touched at all, each counted once: what must cross the bus in any case.
    pub unique_bytes: f64,
    /// 32-byte sectors, each counted once for every access of a subgroup: what crosses the bus without caches.
    pub sectors: f64,
}

/// Columns of the layer that is counted: more than any tile, and no multiple of none.
const COLUMNS: u32 = 256;
/// Rows of input where the variant takes more than one.
const ROWS: u32 = 64;
/// Lanes of a subgroup: those of most devices.
const SUBGROUP_SIZE: u32 = 32;

/// Counts one launch of a variant; `None` if it cannot be emulated.
#[must_use]
pub fn cost(variant: &Variant) -> Option<Cost> {
    let constraints = variant.configuration.constraints();
    let group_size = constraints.group_size.unwrap_or(32);
    let k = constraints.k.unwrap_or(1024);
    let m = constraints.rows.most().min(ROWS);
    let shape = Shape {
        m,
        n: COLUMNS,
        k,
        group_size,
    };
    let bias = variant.configuration.bias != Bias::Never;
    let data = Data::Exact;
    let sample = samples::sample_of(
        variant.configuration.weight_format(),
        m,
        LayerShape {
            n: COLUMNS,
            k,
            group_size,
        },
        bias,
        data,
    )?;
    let grid_limit = u16::MAX.into();
    let grid = variant
        .configuration
        .geometry
        .dispatch()
        .grid(m, COLUMNS, grid_limit)
        .ok()?;
    let case = Case {
        shape,
        bias,
        data,
        input_offset: 0,
        output_offset: 0,
        other_columns: 0,
        grid_limit,
    };
    let program = Program::from_wgsl(&variant.wgsl, &CompileOptions::entry(Variant::ENTRY_POINT)).ok()?;
    let mut bindings = launch::bindings(variant, &case, &sample.x, &sample.layer);
    let lanes = variant.configuration.geometry.workgroup_size();
    let report = program
        .launch(&mut bindings, grid, &launch::options(shape, lanes, SUBGROUP_SIZE))
        .ok()?;
    Some(per_weight(shape, &report.counters))
}

fn per_weight(shape: Shape, counters: &Counters) -> Cost {
    let weights = f64::from(shape.n) * f64::from(shape.k);
    let share = |count: u64| count as f64 / weights;
    let float = &counters.operations.float;
    let bindings = counters.bindings.iter().filter_map(|traffic| {
        let binding = Binding::ALL
            .into_iter()
            .find(|binding| binding.index() == traffic.binding)?;
        let per_weight = Traffic {
            bytes: share(traffic.bytes_read + traffic.bytes_written),
            unique_bytes: share(traffic.unique_bytes_read + traffic.unique_bytes_written),
            sectors: share(traffic.sectors_read + traffic.sectors_written),
        };
        Some((binding.name(), per_weight))
    });
    Cost {
        shape,
        subgroup_size: SUBGROUP_SIZE,
        bindings: bindings.collect(),
        float_operations: share(
            float.add + float.multiply + float.fma + float.divide + float.special + float.other,
        ),
        matrix_products: share(counters.operations.cooperative_multiply_add),
        integer_operations: share(
            counters.operations.integer
                + counters.operations.integer_multiply
                + counters.operations.integer_divide,
        ),
        conversions: share(counters.operations.conversion),
        workgroup_bytes: share(
            counters.workgroup_memory.bytes_read + counters.workgroup_memory.bytes_written,
        ),
        bank_conflicts: share(counters.workgroup_memory.bank_conflicts),
        barriers: share(counters.barriers),
        subgroup_operations: share(counters.subgroup_operations),
    }
}

#[cfg(test)]
mod tests {
    use q4_kernel::NumericClass;

    use super::*;

    #[test]
    fn a_gemv_reads_every_weight_once_and_writes_every_output_once() {
        for name in ["coop4_w64_c4_g32_subgroup", "coop4_w256_c8_g128_shared"] {
            let cost = cost(q4_kernel::variant(name).unwrap()).unwrap();
            let traffic = |binding: Binding| cost.bindings[binding.name()];
            assert_eq!(
                traffic(Binding::Weight).bytes,
                0.5,
                "{name}: half a byte a weight"
            );
            assert_eq!(traffic(Binding::Weight).unique_bytes, 0.5, "{name}");
            let output = f64::from(4) / f64::from(cost.shape.k);
            assert_eq!(traffic(Binding::Output).bytes, output, "{name}");
        }
    }

    #[test]
    fn a_streaming_gemv_reads_weights_once_and_every_bank_without_waiting() {
        for name in ["stream_w256_c4_g32_subgroup", "stream_w512_c4_p132_g128_subgroup"] {
            let cost = cost(q4_kernel::variant(name).unwrap()).unwrap();
            assert_eq!(cost.bindings["weight"].bytes, 0.5, "{name}: half a byte a weight");
            assert_eq!(cost.bank_conflicts, 0.0, "{name}");
            assert_eq!(cost.conversions, 0.0, "{name}");
            // A subtraction and a fused multiply-add, and what copies the input and adds up the lanes' sums.
            assert!(cost.float_operations < 4.0, "{name}: {cost:?}");
        }
    }

    #[test]
    fn streaming_kernels_dequantise_every_weight_once_for_all_rows() {
        for (rows, name) in [
            (2, "stream_r2_w512_c4_p132_g32_subgroup"),
            (4, "stream_r4_w512_c4_s64_p132_g32_subgroup"),
        ] {
            let cost = cost(q4_kernel::variant(name).unwrap()).unwrap();
            assert_eq!(cost.shape.m, rows);
            assert_eq!(cost.bindings["weight"].bytes, 0.5, "{name}: half a byte a weight");
            assert_eq!(
                cost.bindings["scales"].bytes, 0.125,
                "{name}: 4 bytes of 32 weights"
            );
            assert_eq!(cost.bank_conflicts, 0.0, "{name}");
            assert_eq!(cost.conversions, 0.0, "{name}");
            // A fused multiply-add for each row and one subtraction. So few columns leave 3/4 for each row to add up sums, those of teams without columns
            // too, and 2 to copy the input. A subtraction for each row would be more.
            let most = 1.75 * f64::from(rows) + 3.2;
            assert!(cost.float_operations < most, "{name}: {cost:?}");
        }
    }

    #[test]
    fn a_few_rows_cost_no_more_weights_than_one_and_no_bank_conflicts() {
        for rows in [2, 4, 8, 16] {
            for lane_columns in [4, 8] {
                let name = format!("skinny_r{rows}_w128_c32x{lane_columns}_v4_g32_subgroup");
                let cost = cost(q4_kernel::variant(&name).unwrap()).unwrap();
                assert_eq!(cost.shape.m, rows);
                let bytes = |binding: Binding| cost.bindings[binding.name()].bytes;
                assert_eq!(bytes(Binding::Weight), 0.5, "{name}: half a byte a weight");
                assert_eq!(bytes(Binding::Scales), 0.125, "{name}: 4 bytes of 32 weights");
                // What is loaded of the input serves all columns of a lane.
                let input = f64::from(4 * rows) / f64::from(lane_columns);
                assert_eq!(bytes(Binding::Input), input, "{name}");
                // A fused multiply-add for each row, a subtraction and a product to dequantise.
                let most = f64::from(rows) + 2.7;
                assert!(cost.float_operations < most, "{name}: {cost:?}");
                assert_eq!(cost.bank_conflicts, 0.0, "{name}");
            }
        }
    }

    #[test]
    fn matrices_dequantise_every_weight_once_for_all_rows() {
        let cost = cost(q4_kernel::variant("skinny_matrix_16x64x128_s8_a2_g32_m16_f16").unwrap()).unwrap();
        assert_eq!(cost.shape.m, 16);
        assert_eq!(cost.bindings["weight"].bytes, 0.5, "half a byte a weight");
        assert_eq!(cost.bindings["scales"].bytes, 0.125, "4 bytes of 32 weights");
        assert_eq!(cost.bank_conflicts, 0.0);
        // A subtraction and a product, and what adds up the subgroups' sums.
        assert!(cost.float_operations < 2.5, "{cost:?}");
        // As f16 a weight is written once and read once, and so is a quarter of the inputs, which serve 64 columns; then the sums.
        assert!(cost.workgroup_bytes <= 6.0, "{cost:?}");
    }

    #[test]
    fn held_matrices_touch_every_weight_once_and_wait_around_the_sums_of_a_block() {
        let cost = cost(q4_kernel::variant("held_matrix_s8_h8_p264_g32_m16_f16").unwrap()).unwrap();
        assert_eq!((cost.shape.m, cost.shape.k), (16, 1024), "one pass");
        assert_eq!(cost.bindings["weight"].unique_bytes, 0.5, "half a byte a weight");
        assert_eq!(
            cost.bindings["scales"].unique_bytes, 0.125,
            "4 bytes of 32 weights"
        );
        // One product of each weight with 16 rows, and none with inputs that are not there.
        assert_eq!(cost.matrix_products, 16.0);
        // Around the sums of each block of 16 columns two barriers, at which all 8 subgroups meet.
        let blocks = f64::from(COLUMNS / 16);
        let weights = f64::from(COLUMNS * cost.shape.k);
        assert!(cost.barriers * weights <= 2.0 * 8.0 * blocks, "{cost:?}");
        assert_eq!(cost.bank_conflicts, 0.0);
        // As f16 a weight is written once and read once, and so are the inputs, which each workgroup stages for its one block here; then the sums, and a word of
        // each lane that was loaded ahead and is stored after the last block.
        assert!(cost.workgroup_bytes <= 9.25, "{cost:?}");
    }

    #[test]
    fn panels_dequantise_every_weight_once_and_wait_once_for_each_tile_of_inputs() {
        // Two tiles of inputs are walked over at once, loads of 32 weights whole, of one lane or of two.
        for (tile, tile_k, period, stretch, turns) in [
            ("128x256x32", 32, 64, 32, 1),
            ("128x256x48", 48, 96, 32, 1),
            ("128x256x64_x16", 64, 128, 64, 2),
        ] {
            let name = format!("panel_matrix_{tile}_g32_m16_f16");
            let cost = cost(q4_kernel::variant(&name).unwrap()).unwrap();
            let weight = cost.bindings["weight"];
            assert_eq!(weight.unique_bytes, 0.5, "{name}: half a byte a weight");
            // Loads past the end of a column repeat its last weights, once for each load that is ahead or meets inputs that are zero.
            let walked = cost.shape.k.next_multiple_of(period);
            let repeated = 0.5 * f64::from(walked - cost.shape.k + 2 * stretch) / f64::from(cost.shape.k);
            assert!(weight.bytes <= 0.5 + repeated, "{name}: {cost:?}");
            // One workgroup: a barrier for the first tile, and one behind each, and one between the turns of subgroups whose matrices leave by the same memory.
            let barriers = cost.barriers * f64::from(cost.shape.n) * f64::from(cost.shape.k);
            assert_eq!(barriers, f64::from(walked / tile_k + turns), "{name}");
            // Both operands are dequantised in f16; what is left are the scales.
            assert!(cost.float_operations < 0.1, "{name}: {cost:?}");
        }
    }

    #[test]
    fn more_columns_read_the_input_less_often() {
        let input = |name: &str| cost(q4_kernel::variant(name).unwrap()).unwrap().bindings["input"].bytes;
        assert_eq!(input("coop4_w64_c1_g32_shared"), 4.0);
        assert_eq!(input("coop4_w64_c8_g32_shared"), 0.5);
    }

    #[test]
    fn a_gemm_that_stages_its_tile_reads_every_weight_once_and_every_bank_without_waiting() {
        for name in ["staged_128x64x16_t8x8_g32", "staged_64x64x16_t8x8_g128"] {
            let cost = cost(q4_kernel::variant(name).unwrap()).unwrap();
            assert_eq!(cost.bindings["weight"].bytes, 0.5, "{name}: half a byte a weight");
            assert_eq!(cost.bank_conflicts, 0.0, "{name}");
            assert_eq!(
                cost.conversions, 0.0,
                "{name}: nibbles become floats by their bits"
            );
        }
        let products = |name: &str| {
            let cost = cost(q4_kernel::variant(name).unwrap()).unwrap();
            assert_eq!(cost.bindings["weight"].bytes, 0.5, "{name}: half a byte a weight");
            cost.matrix_products
        };
        assert_eq!(products("matrix_64x64x64_s32x32_g32_m16_f16"), f64::from(ROWS));
        assert_eq!(products("matrix_64x64x32_s32x32_g32_m8_f16"), f64::from(ROWS));
    }

    #[test]
    fn every_variant_of_the_catalogue_has_a_cost() {
        for variant in q4_kernel::catalogue() {
            let cost = cost(variant).unwrap_or_else(|| panic!("{}", variant.name));
            // One multiplication and one addition for each weight and row at the least, which may be fused; a dot product of four is one of integers.
            let integers = match variant.configuration.numeric {
                NumericClass::Int8Activations => 4.0 * cost.integer_operations,
                _ => 0.0,
            };
            assert!(
                cost.float_operations + cost.matrix_products + integers >= f64::from(cost.shape.m),
                "{}: {cost:?}",
                variant.name
            );
        }
    }
}
