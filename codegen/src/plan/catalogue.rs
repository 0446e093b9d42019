//! The standard catalogue: the variants that the runtime carries and that every build validates.

use q4_kernel_types::{
    Configuration, Coop4, Gemm, Gemv, Geometry, GroupSize, KAlignment, NumericClass, Reduction, ScaleFormat,
    ScaleLayout, ScaleOrder, layout::WEIGHTS_PER_WORD,
};

use super::standard;

/// Group sizes of the catalogue: those in common use, and any other at run time.
const GROUP_SIZES: [GroupSize; 4] = [
    GroupSize::Fixed(32),
    GroupSize::Fixed(64),
    GroupSize::Fixed(128),
    GroupSize::Runtime,
];

/// GEMMs of the catalogue.
const GEMMS: [Gemm; 10] = [
    // The geometry of the first implementation: a flat strip of 4 x 4 tiles.
    aligned((4, 256, 8), (4, 4)),
    aligned((16, 64, 16), (2, 4)),
    aligned((32, 32, 8), (4, 4)),
    aligned((32, 64, 32), (4, 8)),
    aligned((64, 64, 16), (4, 4)),
    aligned((64, 64, 8), (8, 4)),
    aligned((128, 64, 8), (8, 8)),
    ragged((4, 64), (1, 2)),
    ragged((32, 32), (4, 4)),
    ragged((64, 64), (4, 4)),
];

/// The workgroups of most GEMVs.
const GRID: u32 = Gemv::DEFAULT_WORKGROUPS;

/// Width, columns, resident chunks and workgroups of the GEMVs.
const GEMVS: [(u32, u32, u32, u32); 8] = [
    (32, 8, 0, GRID),
    (64, 8, 0, GRID),
    (128, 8, 0, GRID),
    (128, 16, 0, GRID),
    (64, 8, 1, GRID),
    (128, 8, 1, GRID),
    (128, 16, 1, GRID),
    (256, 8, 2, GRID),
];

/// More of them for the commonest group size, for tables of measurements to choose from.
const GEMVS_FOR_TUNING: [(u32, u32, u32, u32); 16] = [
    (32, 4, 0, GRID),
    (64, 4, 0, GRID),
    (128, 4, 0, GRID),
    (256, 4, 0, GRID),
    (256, 8, 0, GRID),
    (64, 16, 0, GRID),
    (64, 4, 1, GRID),
    (64, 16, 1, GRID),
    (128, 4, 1, GRID),
    (256, 4, 1, GRID),
    (256, 8, 1, GRID),
    (64, 8, 2, GRID),
    (128, 8, 2, GRID),
    (128, 8, 1, 528),
    (128, 8, 1, 1056),
    (128, 16, 1, 528),
];

/// Those with 8-bit inputs.
const GEMVS_WITH_INT8: [(u32, u32, u32, u32); 5] = [
    (64, 8, 0, GRID),
    (64, 8, 1, GRID),
    (128, 8, 1, GRID),
    (128, 16, 1, GRID),
    (256, 8, 2, GRID),
];

/// Those with scales in another layout.
const GEMVS_WITH_SCALES: [((u32, u32, u32, u32), ScaleLayout); 5] = [
    ((128, 8, 0, GRID), BY_COLUMN),
    ((128, 8, 1, GRID), BY_COLUMN),
    ((128, 16, 1, GRID), BY_COLUMN),
    ((128, 8, 1, GRID), AS_F16),
    ((128, 16, 1, GRID), AS_F16),
];
const BY_COLUMN: ScaleLayout = ScaleLayout {
    format: ScaleFormat::F32,
    order: ScaleOrder::Columns,
};
const AS_F16: ScaleLayout = ScaleLayout {
    format: ScaleFormat::F16,
    order: ScaleOrder::Groups,
};

/// Every variant of the standard catalogue: families x tiles x group sizes x widths.
#[must_use]
pub fn catalogue() -> Vec<Configuration> {
    let mut variants = Vec::new();
    for group_size in GROUP_SIZES {
        for width in Coop4::WIDTHS {
            for columns in Coop4::COLUMNS {
                for reduction in [Reduction::Shared, Reduction::Subgroup] {
                    for words in Coop4::WORDS {
                        let coop4 = Coop4 {
                            width,
                            columns,
                            words,
                            reduction,
                        };
                        // Long loads pay where several columns share the activations.
                        if words == 1 || columns >= Coop4::DEFAULT_COLUMNS {
                            variants.push(standard(Geometry::Coop4(coop4), group_size));
                        }
                    }
                }
            }
        }
    }
    for group_size in GROUP_SIZES {
        variants.extend(gemvs(group_size));
    }
    for group_size in GROUP_SIZES {
        variants.extend(GEMMS.map(|gemm| standard(Geometry::Gemm(gemm), group_size)));
    }
    variants
}

/// Persistent GEMVs: those that read the input anew for each block serve any K; those that keep it in registers are for many columns.
fn gemvs(group_size: GroupSize) -> Vec<Configuration> {
    let gemv = |(width, columns, resident, workgroups), reduction| {
        let gemv = Gemv {
            width,
            columns,
            resident,
            workgroups,
            reduction,
        };
        standard(Geometry::Gemv(gemv), group_size)
    };
    let mut variants = Vec::new();
    for reduction in Reduction::ALL {
        variants.extend(GEMVS.map(|sizes| gemv(sizes, reduction)));
        // 8-bit inputs and other scales, of the sizes that serve any K.
        let default = gemv(
            (
                Gemv::DEFAULT_WIDTH,
                Gemv::DEFAULT_COLUMNS,
                0,
                Gemv::DEFAULT_WORKGROUPS,
            ),
            reduction,
        );
        variants.push(Configuration {
            numeric: NumericClass::Int8Activations,
            ..default
        });
        for format in [ScaleFormat::F16, ScaleFormat::Bf16] {
            variants.push(Configuration {
                scales: ScaleLayout {
                    format,
                    order: ScaleOrder::Groups,
                },
                ..default
            });
        }
    }
    if group_size == GroupSize::Fixed(32) {
        variants.extend(GEMVS_FOR_TUNING.map(|sizes| gemv(sizes, Reduction::Subgroup)));
        for sizes in GEMVS_WITH_INT8 {
            variants.push(Configuration {
                numeric: NumericClass::Int8Activations,
                ..gemv(sizes, Reduction::Subgroup)
            });
        }
        for (sizes, scales) in GEMVS_WITH_SCALES {
            variants.push(Configuration {
                scales,
                ..gemv(sizes, Reduction::Subgroup)
            });
        }
    }
    variants
}

const fn aligned((tile_m, tile_n, tile_k): (u32, u32, u32), (rows, columns): (u32, u32)) -> Gemm {
    Gemm {
        tile_m,
        tile_n,
        tile_k,
        rows,
        columns,
        alignment: KAlignment::Aligned,
    }
}

const fn ragged((tile_m, tile_n): (u32, u32), (rows, columns): (u32, u32)) -> Gemm {
    Gemm {
        tile_m,
        tile_n,
        tile_k: WEIGHTS_PER_WORD,
        rows,
        columns,
        alignment: KAlignment::Ragged,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn no_two_variants_share_a_name() {
        let names: BTreeSet<_> = catalogue().iter().map(Configuration::name).collect();
        assert_eq!(names.len(), catalogue().len());
    }

    #[test]
    fn every_group_size_has_a_variant_for_every_shape() {
        for group_size in [1, 7, 20, 32, 64, 100, 128, 4096] {
            for k in [1, 7, 31, 2048, 2050] {
                let serves = |c: &Configuration| c.constraints().check_layer(k, group_size).is_ok();
                assert!(catalogue().iter().any(serves), "K {k}, group size {group_size}");
            }
        }
    }
}
