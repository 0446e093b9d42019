//! The GEMVs of q4gsw's first implementation, which the marks of this project are set against.
//!
//! ExecuTorch's WebGPU back end has them in `backends/webgpu/runtime/ops/quantized_linear` (pytorch/executorch). The texts here are this
//! project's own and do what those do: 64 lanes over K, a word of weights at a time, its scale from the contract's `[groups, padded_N]`, its
//! inputs one by one, K and the group size from `Params`, a tree over all lanes with a barrier after each step, a grid that strides over
//! the columns. Where they differ the host does: offsets of input and output, one addition each, place the parts of split layers.
//!
//! They are not of the catalogue, so nothing routes to them, but they are verified as it is, and run unchecked as it does: checks would slow them
//! down and flatter whatever is compared with them.

use std::{borrow::Cow, sync::LazyLock};

use q4_kernel::{
    Bias, Configuration, Coop4, Encoding, Geometry, GroupSize, NumericClass, Params, Reduction, ScaleFormat,
    ScaleLayout, ScaleOrder, Variant, layout,
};
use q4_kernel_codegen::types::sha256;

/// The name of the GEMV of one column.
pub(crate) const COOP4: &str = "published_coop4";
/// The name of the GEMV of two columns, which came later.
pub(crate) const BICOL: &str = "published_bicol";

/// Lanes of a workgroup.
const WIDTH: u32 = 64;

/// Both kernels.
pub(crate) fn variants() -> &'static [Variant] {
    static VARIANTS: LazyLock<[Variant; 2]> = LazyLock::new(|| {
        [
            variant(COOP4, 1, include_str!("coop4.wgsl")),
            variant(BICOL, 2, include_str!("bicol.wgsl")),
        ]
    });
    VARIANTS.as_slice()
}

/// The kernel of this name.
pub(crate) fn find(name: &str) -> Option<&'static Variant> {
    variants().iter().find(|variant| variant.name == name)
}

fn variant(name: &'static str, columns: u32, body: &str) -> Variant {
    let wgsl = format!("// {name}\n\n{}\n{body}", declarations());
    Variant {
        name: Cow::Borrowed(name),
        configuration: Configuration {
            geometry: Geometry::Coop4(Coop4 {
                width: WIDTH,
                columns,
                words: 1,
                reduction: Reduction::Shared,
            }),
            group_size: GroupSize::Runtime,
            k: None,
            bias: Bias::Optional,
            numeric: NumericClass::Exact,
            encoding: Encoding::Symmetric,
            scales: ScaleLayout {
                format: ScaleFormat::F32,
                order: ScaleOrder::Groups,
            },
        },
        // A sum for each lane and column.
        workgroup_bytes: WIDTH * columns * size_of::<f32>() as u32,
        fingerprint: Cow::Owned(sha256([&wgsl])),
        wgsl: Cow::Owned(wgsl),
    }
}

/// What both texts begin with: the host's side of the contract, from where it stands.
fn declarations() -> String {
    let mut text = "struct Params {\n".to_owned();
    for field in Params::FIELDS {
        text.push_str(&format!("    {}: u32,\n", field.name));
    }
    text.push_str("}\n\n");
    for binding in layout::Binding::of(Encoding::Symmetric) {
        let (access, kind) = match binding {
            layout::Binding::Output => ("storage, read_write", "array<f32>"),
            layout::Binding::Weight => ("storage, read", "array<u32>"),
            layout::Binding::Params => ("uniform", "Params"),
            _ => ("storage, read", "array<f32>"),
        };
        text.push_str(&format!(
            "@group(0) @binding({}) var<{access}> {}: {kind};\n",
            binding.index(),
            binding.name()
        ));
    }
    text.push_str(&format!(
        "\nconst WIDTH: u32 = {WIDTH}u;\nconst WEIGHTS_PER_WORD: u32 = {}u;\nconst ZERO_POINT: i32 = {};\n",
        layout::WEIGHTS_PER_WORD,
        layout::ZERO_POINT
    ));
    text
}

#[cfg(test)]
mod tests {
    use q4_kernel::{
        Linear, Shape, catalogue,
        conformance::{self, Case, Placement},
        reference::samples::Data,
    };
    use q4_kernel_verify::{Options, cost, verify};

    use super::*;
    use crate::testing;

    #[test]
    fn odd_columns_biases_and_group_sizes_agree_with_float64() {
        let device = testing::device();
        // The last N needs more workgroups than a dispatch may have, of one column and of two.
        let beyond = 2 * 65_535 + 7;
        for variant in variants() {
            let linear = Linear::only(&device.gpu, variant).unwrap();
            for (n, k, group_size) in [(1, 8, 8), (37, 1056, 32), (64, 640, 128), (beyond, 8, 32)] {
                for (bias, data, placement) in [
                    (false, Data::Exact, Placement::Aligned),
                    (true, Data::Random { seed: 3 }, Placement::Unaligned),
                ] {
                    let shape = Shape {
                        m: 1,
                        n,
                        k,
                        group_size,
                    };
                    let case = Case {
                        shape,
                        bias,
                        data,
                        placement,
                    };
                    let outcome = conformance::check(&linear, &case).unwrap();
                    assert!(outcome.agrees(), "{}: {case:?}: {outcome:?}", variant.name);
                }
            }
        }
        device.check().unwrap();
    }

    #[test]
    fn both_keep_every_promise_and_so_run_unchecked() {
        let device = testing::device();
        for variant in variants() {
            let options = Options {
                subgroup_sizes: vec![32],
                quick: true,
            };
            let verdict = verify(variant, &options);
            assert!(verdict.is_clean(), "{:#?}", verdict.promises);
            assert!(
                device.gpu.runs_unchecked(variant),
                "{} is not on the list; run `cargo q4 verify --all --write runtime/src/verified.txt`",
                variant.name
            );
        }
    }

    #[test]
    fn a_weight_costs_what_it_costs_the_first_implementation() {
        // Four bytes of input for each weight, or for one of each column; a scale for each word; two products and a sum.
        for (name, input) in [(COOP4, 4.0), (BICOL, 2.0)] {
            let cost = cost(find(name).unwrap()).unwrap();
            let bytes = |binding: &str| cost.bindings[binding].bytes;
            assert_eq!(
                [bytes("input"), bytes("weight"), bytes("scales")],
                [input, 0.5, 0.5],
                "{name}"
            );
            assert!((3.0..3.1).contains(&cost.float_operations), "{name}: {cost:?}");
            assert_eq!(cost.conversions, 1.0, "{name}");
        }
    }

    #[test]
    fn no_variant_of_the_catalogue_is_one_of_them() {
        for variant in catalogue() {
            assert!(find(&variant.name).is_none(), "{}", variant.name);
            assert!(variants().iter().all(|published| published.wgsl != variant.wgsl));
        }
    }
}
