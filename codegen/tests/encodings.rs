//! Every family generates a valid kernel for weights of every encoding, with scales of every layout.

use std::collections::BTreeSet;

use q4_kernel_codegen::{generate_variant, plan::catalogue, render::Templates};
use q4_kernel_types::{Configuration, Encoding, NumericClass, ScaleFormat, ScaleLayout, ScaleOrder, load};

/// One of each family, group size that is constant or not or splits a load, alignment and width of blocks.
fn kinds() -> Vec<Configuration> {
    let mut seen = BTreeSet::new();
    catalogue()
        .into_iter()
        .filter(|configuration| {
            let fixed = format!("{:?}", configuration.group_size).contains("32");
            let ragged = configuration.name().contains("ragged");
            let kind = (
                configuration.geometry.family(),
                fixed,
                load::parts(configuration.group_size),
                ragged,
                configuration.constraints().k_multiple,
                configuration.numeric.name(),
            );
            seen.insert(kind)
        })
        .collect()
}

#[test]
fn every_family_serves_every_encoding_with_scales_of_every_layout() {
    let templates = Templates::embedded().unwrap();
    let mut failures = Vec::new();
    let mut generated = 0;
    for configuration in kinds() {
        for encoding in Encoding::ALL {
            if encoding == Encoding::Codebook && configuration.numeric == NumericClass::Int8Activations {
                continue;
            }
            for format in ScaleFormat::ALL {
                for order in ScaleOrder::ALL {
                    let other = Configuration {
                        encoding,
                        scales: ScaleLayout { format, order },
                        ..configuration
                    };
                    if !other.weight_format().exists() {
                        continue;
                    }
                    generated += 1;
                    if let Err(errors) = generate_variant(&templates, &other) {
                        failures.push(errors.to_string());
                    }
                }
            }
        }
    }
    assert!(generated > 500, "{generated}");
    assert!(
        failures.is_empty(),
        "{} of {generated}:\n{}",
        failures.len(),
        failures.iter().take(3).cloned().collect::<Vec<_>>().join("\n")
    );
}
