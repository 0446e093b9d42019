//! The kernels of one row.

use q4_kernel_types::{Configuration, Coop4, Geometry, NumericClass, Reduction, layout::WEIGHTS_PER_WORD};

use super::{configuration, may_be_loads, reductions};
use crate::spec::{Coop4Spec, DecodeSpec, GemvSpec, KernelSpec, StreamSpec};

/// The variants for M == 1. Empty where no GEMV serves the layer.
pub(super) fn decode(spec: &KernelSpec) -> Vec<Configuration> {
    match spec.decode {
        Some(DecodeSpec::Coop4(wish)) => coop4(spec, wish),
        Some(DecodeSpec::Gemv(wish)) => [gemv(spec, wish), narrower(spec, wish)].concat(),
        Some(DecodeSpec::Stream(wish)) => {
            // Where the device has not the workgroup memory, one that keeps its input in registers.
            let gemvs = GemvSpec {
                reduction: wish.reduction,
                ..GemvSpec::default()
            };
            [stream(spec, wish), gemv(spec, gemvs), narrower(spec, gemvs)].concat()
        }
        None => chosen(spec),
    }
}

/// What no wish decides: what is fastest, followed by what needs nothing that a device may lack.
fn chosen(spec: &KernelSpec) -> Vec<Configuration> {
    let any = GemvSpec::default();
    let integers = gemv_of(spec, any, NumericClass::Int8Activations);
    let streams = stream(spec, StreamSpec::default());
    let gemvs = GemvSpec {
        // Subgroups are there for the others.
        reduction: (!streams.is_empty()).then_some(Reduction::Shared),
        ..any
    };
    let gemvs = gemv_of(spec, gemvs, NumericClass::Exact);
    [integers, streams, gemvs, narrower(spec, any)].concat()
}

/// Persistent GEMVs, in the class of the description where they have one for it, then in f32.
fn gemv(spec: &KernelSpec, wish: GemvSpec) -> Vec<Configuration> {
    [NumericClass::Int8Activations, NumericClass::Exact]
        .map(|numeric| gemv_of(spec, wish, numeric))
        .concat()
}

/// Persistent GEMVs of a class, where the description allows it.
fn gemv_of(spec: &KernelSpec, wish: GemvSpec, numeric: NumericClass) -> Vec<Configuration> {
    if !may_be_loads(spec) || !spec.numeric.allows(numeric) {
        return Vec::new();
    }
    reductions(wish.reduction)
        .iter()
        .map(|reduction| Configuration {
            numeric,
            ..configuration(spec, Geometry::Gemv(wish.geometry(*reduction)))
        })
        .collect()
}

/// Streaming GEMVs.
fn stream(spec: &KernelSpec, wish: StreamSpec) -> Vec<Configuration> {
    if !may_be_loads(spec) {
        return Vec::new();
    }
    reductions(wish.reduction)
        .iter()
        .map(|reduction| configuration(spec, Geometry::Stream(wish.geometry(spec.k, *reduction))))
        .collect()
}

/// What serves the layers that a persistent GEMV may turn out not to serve: too large a K first, then K and group sizes that split its loads.
fn narrower(spec: &KernelSpec, wish: GemvSpec) -> Vec<Configuration> {
    let mut variants = Vec::new();
    if spec.k.is_none() && wish.resident.is_some_and(|chunks| chunks > 0) {
        let any_k = GemvSpec {
            resident: None,
            ..wish
        };
        variants.extend(gemv(spec, any_k));
    }
    let all_known = spec.k.is_some() && spec.fixed_group_size().is_some();
    if !(all_known && may_be_loads(spec)) {
        variants.extend(coop4(
            spec,
            Coop4Spec {
                reduction: wish.reduction,
                ..Coop4Spec::default()
            },
        ));
    }
    variants
}

fn coop4(spec: &KernelSpec, wish: Coop4Spec) -> Vec<Configuration> {
    if !spec.may_be_multiples(WEIGHTS_PER_WORD) {
        return Vec::new();
    }
    let mut variants = Vec::new();
    for &reduction in reductions(wish.reduction) {
        for words in loads(spec, wish) {
            let coop4 = Coop4 {
                width: wish.width.unwrap_or(Coop4::DEFAULT_WIDTH),
                columns: wish.columns.unwrap_or(Coop4::DEFAULT_COLUMNS),
                words,
                reduction,
            };
            variants.push(configuration(spec, Geometry::Coop4(coop4)));
        }
    }
    variants
}

/// The words that a lane loads at once. Where it is not known yet whether a long load fits, single words follow it.
fn loads(spec: &KernelSpec, wish: Coop4Spec) -> Vec<u32> {
    let all_known = spec.k.is_some() && spec.fixed_group_size().is_some();
    match wish.words.unwrap_or(Coop4::DEFAULT_WORDS) {
        Coop4::DEFAULT_WORDS => vec![Coop4::DEFAULT_WORDS],
        words if all_known => vec![words],
        words => vec![words, Coop4::DEFAULT_WORDS],
    }
}
