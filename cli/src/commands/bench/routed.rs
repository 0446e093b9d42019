//! What `routed` stands for.

use std::collections::HashMap;

use q4_kernel::{GeneratedKernel, GroupSize, Linear, NumericClass, Variant, WeightFormat, standard};
use q4_kernel_codegen::{
    Errors, generate,
    spec::{Format, KernelSpec},
};

use crate::{adapter::Device, failure::Failure, measure::compile, output::Progress};

/// For each group size, the kernel of layers that allow a numeric class.
#[derive(Debug)]
pub(super) struct Routed(HashMap<u32, Linear>);

impl Routed {
    /// Kernels for some group sizes. Their pipelines are compiled several at once first; what is wrong with one is said when it is asked for.
    pub(super) fn new(
        device: &Device,
        numeric: NumericClass,
        group_sizes: impl IntoIterator<Item = u32>,
    ) -> Result<Self, Failure> {
        let mut of_group = HashMap::new();
        let mut exact = None;
        for group_size in group_sizes {
            if of_group.contains_key(&group_size) {
                continue;
            }
            let linear = match (numeric, &exact) {
                (NumericClass::Exact, Some(linear)) => Linear::clone(linear),
                (NumericClass::Exact, None) => exact.insert(ready(device, &standard())?).clone(),
                _ => ready(device, &described(numeric, group_size)?)?,
            };
            of_group.insert(group_size, linear);
        }
        Ok(Self(of_group))
    }

    /// The kernel for layers of a group size that was given.
    pub(super) fn of(&self, group_size: u32) -> Result<&Linear, Failure> {
        self.0
            .get(&group_size)
            .ok_or_else(|| Failure::NothingRan(format!("no kernel was made for groups of {group_size}")))
    }
}

/// What a description makes that allows the class, for any K. The exact one takes layers of every shape instead, and has every exact variant of the catalogue
/// for a table to choose from.
fn described(numeric: NumericClass, group_size: u32) -> Result<GeneratedKernel, Errors> {
    let format = Format::new(WeightFormat::default(), GroupSize::Fixed(group_size));
    generate(&KernelSpec {
        numeric,
        ..KernelSpec::new("Layer", format)
    })
}

fn ready(device: &Device, kernel: &GeneratedKernel) -> Result<Linear, Failure> {
    let variants: Vec<&Variant> = kernel
        .variants()
        .map(|(_, variant)| variant)
        .filter(|variant| device.gpu.capabilities().check(variant).is_ok())
        .collect();
    let progress = Progress::new(variants.len());
    compile(&device.gpu, &variants, &progress);
    Ok(Linear::new(&device.gpu, kernel)?)
}

#[cfg(test)]
mod tests {
    use q4_kernel::Shape;

    use super::*;
    use crate::adapter::AdapterName;

    #[test]
    fn a_class_that_is_allowed_is_chosen_where_the_device_has_what_it_needs() {
        let device = Device::open(&AdapterName::Containing("emulator".to_owned())).unwrap();
        let shape = Shape {
            m: 512,
            n: 256,
            k: 256,
            group_size: 32,
        };
        for (numeric, family) in [
            (NumericClass::Exact, "staged"),
            (NumericClass::F16Multiply, "matrix"),
        ] {
            let routed = Routed::new(&device, numeric, [32, 64, 32]).unwrap();
            let variant = routed.of(32).unwrap().route(shape).variant().to_owned();
            assert!(variant.contains(family), "{numeric}: {variant}");
            assert!(q4_kernel::variant(&variant).is_some(), "{variant}");
            assert!(routed.of(48).is_err());
        }
    }
}
