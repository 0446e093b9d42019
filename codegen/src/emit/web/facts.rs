//! What a module knows of layouts, bindings, tolerances and its variants: data, from the values that the texts were rendered from.

use q4_kernel_types::{
    Encoding, Feature, NumericClass, Params, ScaleFormat, ScaleOrder, Tolerance, Variant,
    layout::{self, Access, Binding},
    tuning::{self, RowRange},
};
use serde_json::{Map, Value, json};

use super::{features, language_features, name};

/// What all kernels have in common.
pub(super) fn facts() -> Value {
    let web_features: Vec<_> = Feature::ALL.into_iter().filter_map(name).collect();
    let tolerances = by_encoding(|encoding| {
        let of_classes = NumericClass::ALL
            .into_iter()
            .map(|class| (class.name().to_owned(), tolerances(class, encoding)));
        Value::Object(of_classes.collect())
    });
    let offsets: Map<String, Value> = Params::FIELDS
        .iter()
        .map(|field| (field.name.to_owned(), json!(field.offset)))
        .collect();
    json!({
        "layout": {
            "bits": layout::BITS,
            "zeroPoint": layout::ZERO_POINT,
            "quantMin": layout::QUANT_MIN,
            "quantMax": layout::QUANT_MAX,
            "paddedNMultiple": layout::PADDED_N_MULTIPLE,
            "levels": layout::LEVELS,
        },
        "mostDimension": u32::MAX,
        "entryPoint": Variant::ENTRY_POINT,
        "bindings": by_encoding(bindings),
        "params": { "bytes": size_of::<Params>(), "offsets": offsets },
        "features": web_features,
        "tolerances": tolerances,
        "tuning": tuning_facts(),
    })
}

/// What a table of measurements is read and followed by.
fn tuning_facts() -> Value {
    let ranges = RowRange::ALL.map(
        |range| json!({ "first": range.first, "last": range.last, "measuredAt": range.representative() }),
    );
    json!({
        "version": tuning::VERSION,
        "farthest": tuning::FARTHEST,
        "ranges": ranges,
        "scales": ScaleFormat::ALL,
        "orders": ScaleOrder::ALL,
    })
}

/// The `GPUBufferBindingType` of a binding.
const fn buffer_type(access: Access) -> &'static str {
    match access {
        Access::Write => "storage",
        Access::Read => "read-only-storage",
        Access::Uniform => "uniform",
    }
}

/// Something of each encoding, by name.
fn by_encoding(value: impl Fn(Encoding) -> Value) -> Value {
    let values = Encoding::ALL
        .into_iter()
        .map(|encoding| (encoding.name().to_owned(), value(encoding)));
    Value::Object(values.collect())
}

/// What kernels for weights of an encoding bind.
fn bindings(encoding: Encoding) -> Value {
    let bindings = Binding::of(encoding).map(|binding| {
        json!({
            "binding": binding.index(),
            "name": binding.name(),
            "type": buffer_type(binding.access()),
        })
    });
    Value::Array(bindings.collect())
}

fn tolerances(class: NumericClass, encoding: Encoding) -> Value {
    let bounds = [NumericClass::SHORT_SUM, u32::MAX].map(|most_k| {
        let Tolerance {
            absolute,
            relative,
            of_products,
        } = class.tolerance_of(encoding, most_k);
        json!({
            "mostK": most_k,
            "absolute": absolute,
            "relative": relative,
            "relativeFloor": Tolerance::RELATIVE_FLOOR,
            "ofProducts": of_products,
        })
    });
    json!(bounds)
}

/// What a host needs to know of one variant.
pub(super) fn facts_of(variant: &Variant) -> Value {
    let configuration = variant.configuration;
    let constraints = configuration.constraints();
    let needs = variant.needs();
    json!({
        "constraints": {
            "mostRows": constraints.rows.most(),
            "k": constraints.k,
            "kMultiple": constraints.k_multiple,
            "kMost": constraints.k_most,
            "groupSize": constraints.group_size,
            "groupSizeMultiple": constraints.group_size_multiple,
        },
        "dispatch": configuration.geometry.dispatch(),
        "needs": {
            "features": features(variant),
            "languageFeatures": language_features(variant),
            "workgroupSize": needs.workgroup_size,
            "workgroupBytes": needs.workgroup_bytes,
        },
        "numeric": configuration.numeric.name(),
        "encoding": configuration.encoding.name(),
        "kind": configuration.kind(),
        "route": configuration.route(),
    })
}
