//! The JSON manifest: every kernel with its routes and all facts that a host needs to dispatch them.

use q4_kernel_types::{GeneratedKernel, GroupSize, ParamField, Params, Route, Variant, layout::Binding};
use serde_json::{Value, json};

/// The manifest of `kernels`, whose texts lie beside it as `NAME.wgsl`.
#[must_use]
pub fn manifest(kernels: &[GeneratedKernel]) -> Value {
    json!({
        "generator": concat!(env!("CARGO_PKG_NAME"), " ", env!("CARGO_PKG_VERSION")),
        "bindings": Binding::ALL.map(|binding| json!({ "binding": binding.index(), "name": binding.name() })),
        "params": {
            "bytes": size_of::<Params>(),
            "fields": Params::FIELDS.iter().map(param).collect::<Vec<_>>(),
        },
        "kernels": kernels.iter().map(kernel).collect::<Vec<_>>(),
    })
}

fn param(field: &ParamField) -> Value {
    json!({ "name": field.name, "offset": field.offset, "type": "u32", "meaning": field.meaning })
}

fn kernel(kernel: &GeneratedKernel) -> Value {
    let group_size = match kernel.group_size {
        GroupSize::Fixed(size) => Some(size),
        GroupSize::Runtime => None,
    };
    json!({
        "name": kernel.name,
        "k": kernel.k,
        "n": kernel.n,
        "group_size": group_size,
        "bias": kernel.bias,
        "encoding": kernel.encoding,
        "bindings": Binding::of(kernel.encoding).map(Binding::index).collect::<Vec<_>>(),
        "scales": kernel.scales,
        "variants": kernel.variants().map(|(route, variant)| on_route(route, variant)).collect::<Vec<_>>(),
    })
}

fn on_route(route: Route, variant: &Variant) -> Value {
    json!({
        "route": route,
        "name": variant.name,
        "file": format!("{}.wgsl", variant.name),
        "entry_point": Variant::ENTRY_POINT,
        "configuration": variant.configuration,
        "constraints": variant.configuration.constraints(),
        "dispatch": variant.configuration.geometry.dispatch(),
        "needs": variant.needs(),
        "fingerprint": variant.fingerprint,
    })
}
