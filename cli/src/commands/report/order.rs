//! In which order variants are considered for the layers that one of them serves.

use q4_kernel::{Configuration, Constraints, Feature, GroupSize, Precedence, Route};
use q4_kernel_codegen::{
    plan::{Plan, plan},
    spec::{Format, KernelSpec},
};
use serde::Serialize;

use super::bound::K;
use crate::serving::standard_for;

/// A variant on a route.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct Placed {
    name: String,
    /// For few rows, the place that it has among those of all routes.
    precedence: Option<Precedence>,
    constraints: Constraints,
    features: Vec<Feature>,
}

impl Placed {
    fn of(configuration: Configuration, precedence: Option<Precedence>) -> Self {
        Self {
            // As the catalogue has it, whatever K a description fixes.
            name: configuration.kind(),
            precedence,
            constraints: configuration.constraints(),
            features: configuration.features(),
        }
    }
}

/// The built-in order for layers of usual [`K`] with weights as a variant reads them, groups of its size and arithmetic of its class: of the kernel for layers of any shape, or of a
/// description that allows the class.
pub(super) fn order(of: Configuration) -> Vec<Placed> {
    let routes = match standard_for(of.encoding, of.scales, of.numeric) {
        Some(standard) => Route::ALL.map(|route| {
            let variants = standard.on(route).iter();
            variants
                .map(|variant| variant.configuration)
                .filter(|other| [of.group_size, GroupSize::Runtime].contains(&other.group_size))
                .collect()
        }),
        None => {
            let spec = KernelSpec {
                numeric: of.numeric,
                scales: of.scales,
                ..KernelSpec::new("Layer", Format::new(of.weight_format(), of.group_size)).k(K)
            };
            let Plan { decode, few, prefill } = plan(&spec);
            [decode, few, prefill]
        }
    };
    let precedences = Precedence::on_routes(&routes);
    let configurations = routes.into_iter().flatten();
    configurations
        .zip(precedences)
        .map(|(configuration, precedence)| Placed::of(configuration, precedence))
        .collect()
}

#[cfg(test)]
mod tests {
    use q4_kernel::catalogue;

    use super::*;

    #[test]
    fn places_of_those_that_come_first_for_few_rows_are_those_among_all_routes() {
        let staged = catalogue()
            .iter()
            .find(|variant| variant.name == "staged_64x64x16_t8x8_g32")
            .unwrap();
        let order = order(staged.configuration);
        let first: Vec<_> = order
            .iter()
            .filter_map(|placed| {
                let Precedence { rows, before } = placed.precedence?;
                Some((placed.name.as_str(), rows, order[before].name.as_str()))
            })
            .collect();
        // Those of any group size stand behind all of one.
        let large = "staged_64x64x16_t8x8_g32";
        assert_eq!(
            first,
            [
                ("staged_32x64x16_t4x8_t2_g32", 32, large),
                ("staged_32x64x16_t4x8_t2_gx", 32, large),
            ]
        );
    }

    #[test]
    fn every_variant_has_an_order_of_its_own_weights_and_class_that_serves_every_row() {
        for variant in catalogue() {
            let configuration = variant.configuration;
            let order = order(configuration);
            let serves = |m: u32| order.iter().any(|placed| placed.constraints.rows.most() >= m);
            assert!(serves(1) && serves(5000), "{}", variant.name);
            let label = variant.name.split("_g").last().unwrap_or_default();
            for word in ["zp", "min", "lut", "sf16", "sbf16", "se8m0", "se4m3"] {
                let has = |name: &str| name.split('_').any(|part| part == word);
                assert!(
                    order.iter().all(|placed| has(&placed.name) == has(label)),
                    "{}: {order:?}",
                    variant.name
                );
            }
        }
    }
}
