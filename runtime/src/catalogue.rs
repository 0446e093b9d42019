//! The standard catalogue, generated and validated when this crate was built.

use crate::{
    Coop4, Gemm, Gemv, GeneratedKernel, Geometry, GroupSize, NumericClass, Route, ScaleFormat, ScaleLayout,
    Skinny, Staged, Stream, Variant, WeightFormat,
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

/// A kernel for layers of any shape: the choice for code that learns its shapes at run time and does not use the macro.
///
/// On its routes are the defaults of the catalogue, which serve every shape. All other variants of the catalogue with exact arithmetic and scales as they
/// come run where a [tuning table](crate::tuning) says that they are faster.
#[must_use]
pub fn standard() -> GeneratedKernel {
    standard_of(WeightFormat::default())
}

/// As [`standard`], for weights of any format: [`Quantized::format`](crate::Quantized::format) says which.
///
/// Where the catalogue has no kernels for scales that are stored so, it has some of the same encoding for scales in f32, which holds them all: the
/// kernel says in [`GeneratedKernel::scales`] how an upload stores them.
#[must_use]
pub fn standard_of(format: WeightFormat) -> GeneratedKernel {
    let serves_every_row = |format: WeightFormat| {
        catalogue().iter().any(|variant| {
            is_default(variant)
                && is_plain(variant, format)
                && variant.configuration.route() == Route::Prefill
        })
    };
    let format = if serves_every_row(format) {
        format
    } else {
        WeightFormat {
            scales: ScaleFormat::F32,
            ..format
        }
    };
    let is_plain = |variant: &Variant| is_plain(variant, format);
    // Variants for one group size come before those for all.
    let mut defaults: Vec<&Variant> = catalogue()
        .iter()
        .filter(|variant| is_default(variant) && is_plain(variant))
        .collect();
    defaults.sort_by_key(|variant| variant.configuration.group_size == GroupSize::Runtime);
    let [mut decode, mut few, prefill] = Route::ALL.map(|route| -> Vec<Variant> {
        defaults
            .iter()
            .filter(|variant| variant.configuration.route() == route)
            .map(|variant| Variant::clone(variant))
            .collect()
    });
    // Inputs that are held whole, where K allows it, then in slices; long loads where K allows them; subgroups where the device has them.
    decode.sort_by_key(|variant| {
        let place = match variant.configuration.geometry {
            Geometry::Stream(stream) => u32::from(stream.slices),
            Geometry::Gemv(_) => 2,
            _ => 3,
        };
        (place, variant.needs().features.is_empty())
    });
    // No more rows than there are; inputs in workgroup memory where it is large enough; subgroups where the device has them.
    few.sort_by_key(|variant| {
        let most = variant.configuration.constraints().rows.most();
        let streams = matches!(variant.configuration.geometry, Geometry::Stream(_));
        (most, !streams, variant.needs().features.is_empty())
    });
    let others: Vec<Variant> = catalogue()
        .iter()
        .filter(|variant| is_plain(variant) && !is_default(variant))
        .cloned()
        .collect();
    GeneratedKernel {
        name: match format == WeightFormat::default() {
            true => "standard".into(),
            false => format!("standard, {format}").into(),
        },
        k: None,
        n: None,
        group_size: GroupSize::Runtime,
        bias: crate::Bias::Optional,
        encoding: format.encoding,
        scales: layout_of(format),
        decode: decode.into(),
        few: few.into(),
        prefill: prefill.into(),
        others: others.into(),
    }
}

/// Exact arithmetic on weights of a format as they came: rounding is for those who ask for it.
fn is_plain(variant: &Variant, format: WeightFormat) -> bool {
    let configuration = variant.configuration;
    configuration.numeric == NumericClass::Exact
        && configuration.encoding == format.encoding
        && configuration.scales == layout_of(format)
}

/// Scales in the order of the contract.
fn layout_of(format: WeightFormat) -> ScaleLayout {
    ScaleLayout {
        format: format.scales,
        ..ScaleLayout::default()
    }
}

fn is_default(variant: &Variant) -> bool {
    match variant.configuration.geometry {
        Geometry::Coop4(Coop4 {
            width,
            columns,
            words,
            ..
        }) => (width, columns, words) == (Coop4::DEFAULT_WIDTH, Coop4::DEFAULT_COLUMNS, Coop4::DEFAULT_WORDS),
        Geometry::Gemv(Gemv {
            width,
            columns,
            resident,
            workgroups,
            ..
        }) => {
            (width, columns, resident) == (Gemv::DEFAULT_WIDTH, Gemv::DEFAULT_COLUMNS, 0)
                && workgroups == Gemv::DEFAULT_WORKGROUPS
        }
        Geometry::Stream(stream) => {
            let default = match stream.rows {
                1 => Stream::default_of(stream.slices, stream.reduction),
                rows => Stream::for_rows(rows, stream.reduction),
            };
            stream == default
        }
        Geometry::Skinny(skinny) => {
            let default = Skinny::for_rows(skinny.rows, skinny.reduction);
            // Groups that are shorter than a load take one of fewer words.
            let short = variant.configuration.group_size == GroupSize::Fixed(skinny.step());
            skinny == default
                || short
                    && skinny.words < default.words
                    && Skinny {
                        words: default.words,
                        ..skinny
                    } == default
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
        Geometry::Staged(staged) => [Staged::DEFAULT, Staged::DIVIDED].contains(&staged),
        Geometry::Matrix(_)
        | Geometry::SkinnyMatrix(_)
        | Geometry::HeldMatrix(_)
        | Geometry::PanelMatrix(_) => false,
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
