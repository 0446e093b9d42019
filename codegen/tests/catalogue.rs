//! Every variant of the catalogue renders, validates and lints.

use q4_kernel_codegen::{generate_variant, plan::catalogue, render::Templates};

#[test]
fn every_variant_of_the_catalogue_is_valid() {
    let templates = Templates::embedded().unwrap();
    for configuration in catalogue() {
        let variant =
            generate_variant(&templates, &configuration).unwrap_or_else(|errors| panic!("{errors}"));
        assert_eq!(variant.name, configuration.name());
    }
}
