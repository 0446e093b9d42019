//! The standard catalogue, generated and validated when this crate was built.

use crate::{
    Coop4, Gemm, GeneratedKernel, Geometry, GroupSize, NumericClass, Route, Skinny, Staged, Variant,
};

mod generated {
    include!(concat!(env!("OUT_DIR"), "/q4_catalogue.rs"));
}

/// Every variant of the standard catalogue: families x tiles x group sizes x widths.
#[must_use]
pub fn catalogue() -> &'static [Variant] {
    generated::CATALOGUE
}

/// The variant of the standard catalogue with this name.
#[must_use]
pub fn variant(name: &str) -> Option<&'static Variant> {
    catalogue().iter().find(|variant| variant.name == name)
}

/// A kernel for layers of any shape, of the default variants of the catalogue: the choice for code that learns its shapes at run time
/// and does not use the macro.
#[must_use]
pub fn standard() -> GeneratedKernel {
    // Variants for one group size come before those for all.
    let mut defaults: Vec<&Variant> = catalogue().iter().filter(|variant| is_default(variant)).collect();
    defaults.sort_by_key(|variant| variant.configuration.group_size == GroupSize::Runtime);
    let [mut decode, mut few, prefill] = Route::ALL.map(|route| -> Vec<Variant> {
        defaults
            .iter()
            .filter(|variant| variant.configuration.route() == route)
            .map(|variant| Variant::clone(variant))
            .collect()
    });
    // Subgroups where the device has them.
    decode.sort_by_key(|variant| variant.needs().features.is_empty());
    // No more rows than there are, then the same.
    few.sort_by_key(|variant| {
        let most = variant.configuration.constraints().rows.most();
        (most, variant.needs().features.is_empty())
    });
    GeneratedKernel {
        name: "standard".into(),
        k: None,
        n: None,
        group_size: GroupSize::Runtime,
        bias: crate::Bias::Optional,
        scales: crate::ScaleFormat::F32,
        decode: decode.into(),
        few: few.into(),
        prefill: prefill.into(),
    }
}

fn is_default(variant: &Variant) -> bool {
    // Rounding is for those who ask for it.
    if variant.configuration.numeric != NumericClass::Exact {
        return false;
    }
    match variant.configuration.geometry {
        Geometry::Coop4(Coop4 {
            width,
            columns,
            words,
            ..
        }) => (width, columns, words) == (Coop4::DEFAULT_WIDTH, Coop4::DEFAULT_COLUMNS, Coop4::DEFAULT_WORDS),
        Geometry::Skinny(Skinny {
            width,
            columns,
            lane_columns,
            words,
            ..
        }) => {
            (width, columns) == (Skinny::DEFAULT_WIDTH, Skinny::DEFAULT_COLUMNS)
                && (lane_columns, words) == (Skinny::DEFAULT_LANE_COLUMNS, Skinny::DEFAULT_WORDS)
        }
        Geometry::Gemm(Gemm {
            tile_m,
            tile_n,
            tile_k,
            rows,
            columns,
            ..
        }) => {
            (tile_m, tile_n) == Gemm::DEFAULT_TILE
                && (rows, columns) == Gemm::DEFAULT_THREAD
                && tile_k <= Gemm::DEFAULT_TILE_K
        }
        Geometry::Staged(staged) => staged == Staged::DEFAULT,
        Geometry::Matrix(_) | Geometry::SkinnyMatrix(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Shape;

    #[test]
    fn the_standard_kernel_has_a_variant_for_every_shape() {
        let standard = standard();
        for (k, group_size) in [
            (4096, 32),
            (4096, 64),
            (4096, 128),
            (4096, 256),
            (24, 8),
            (2050, 32),
            (7, 3),
        ] {
            let serves = |m: u32, variants: &[Variant]| {
                let shape = Shape {
                    m,
                    n: 1,
                    k,
                    group_size,
                };
                variants
                    .iter()
                    .any(|variant| variant.configuration.constraints().check(shape).is_ok())
            };
            assert!(serves(5, &standard.prefill), "K={k}, group size {group_size}");
            assert_eq!(
                serves(1, &standard.decode),
                k % 8 == 0 && group_size % 8 == 0,
                "K={k}, group size {group_size}"
            );
        }
    }

    #[test]
    fn a_variant_is_found_by_name() {
        let first = &catalogue()[0];
        assert_eq!(variant(&first.name), Some(first));
        assert_eq!(variant("no such variant"), None);
    }
}
