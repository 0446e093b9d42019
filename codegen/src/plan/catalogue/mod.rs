//! The standard catalogue: the variants that the runtime carries and that every build validates.

mod decode;
mod few;
mod formats;
mod prefill;

use q4_kernel_types::{
    Configuration, Geometry, GroupSize, NumericClass, ScaleFormat, ScaleLayout, ScaleOrder,
};

use super::standard;

/// Group sizes of the catalogue: those in common use, and any other at run time.
const GROUP_SIZES: [GroupSize; 4] = [
    COMMONEST,
    GroupSize::Fixed(64),
    GroupSize::Fixed(128),
    GroupSize::Runtime,
];

/// Group sizes of kernels that not every device runs.
const COMMON_GROUP_SIZES: [GroupSize; 3] = [COMMONEST, GroupSize::Fixed(128), GroupSize::Runtime];

/// The group size that most layers have, which has more variants than others, for tables of measurements to choose from.
const COMMONEST: GroupSize = GroupSize::Fixed(32);

/// The contract's order of scales.
const BY_GROUP: ScaleLayout = ScaleLayout {
    format: ScaleFormat::F32,
    order: ScaleOrder::Groups,
};

/// Every variant of the standard catalogue: families x tiles x group sizes x widths.
#[must_use]
pub fn catalogue() -> Vec<Configuration> {
    let mut variants = decode::coop4();
    for group_size in GROUP_SIZES {
        variants.extend(decode::gemvs(group_size));
        variants.extend(decode::streams(group_size));
        variants.extend(few::defaults(group_size));
    }
    variants.extend(few::for_tuning());
    variants.extend(few::matrices());
    variants.extend(prefill::all());
    variants.extend(formats::all());
    variants
}

/// A variant that multiplies in f16.
fn rounded(geometry: Geometry, group_size: GroupSize) -> Configuration {
    Configuration {
        numeric: NumericClass::F16Multiply,
        ..standard(geometry, group_size)
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
