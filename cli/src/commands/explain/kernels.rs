//! The kernels whose routes are told of: one for each numeric class.

use q4_kernel::{GeneratedKernel, GroupSize, NumericClass, ScaleLayout, ScaleOrder, WeightFormat};
use q4_kernel_codegen::{
    Errors, generate,
    spec::{Format, KernelSpec, NamedFormat},
};

use crate::{
    cli::{Explain, Scales},
    failure::Failure,
    serving::standard_for,
};

/// The weights of the layer, as far as kernels know them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Weights {
    pub(super) format: NamedFormat,
    pub(super) group_size: u32,
    pub(super) scales: ScaleLayout,
}

/// A kernel of the layer, and the class that it allows.
#[derive(Debug)]
pub(super) struct OfClass {
    pub(super) numeric: NumericClass,
    pub(super) kernel: GeneratedKernel,
    /// Whether it is the one that takes layers of any shape, rather than one of a description.
    pub(super) is_standard: bool,
}

/// Group size where nobody says.
const GROUP_SIZE: u32 = 32;

impl Weights {
    /// # Errors
    /// If the format has another group size than the one asked for.
    pub(super) fn of(arguments: &Explain) -> Result<Self, Failure> {
        let format = arguments.weights;
        let group_size = match (format.group_size, arguments.group) {
            (Some(only), Some(given)) if given != only => {
                return Err(Failure::Unserved(format!(
                    "{} has groups of {only}, and --group is {given}; leave --group out",
                    format.name
                )));
            }
            (only, given) => given.or(only).unwrap_or(GROUP_SIZE),
        };
        let own = ScaleLayout {
            format: format.scales,
            ..ScaleLayout::default()
        };
        Ok(Self {
            format,
            group_size,
            scales: arguments.scales.map_or(own, |Scales(scales)| scales),
        })
    }

    fn stored(self) -> WeightFormat {
        WeightFormat {
            encoding: self.format.encoding,
            scales: self.scales.format,
        }
    }

    /// As a description has it.
    pub(super) fn text(self) -> String {
        let order = match self.scales.order {
            ScaleOrder::Columns => "by column",
            ScaleOrder::Groups => "by group",
        };
        format!(
            "{} weights in groups of {}, scales in {} {order}",
            self.format.name, self.group_size, self.scales.format
        )
    }

    /// The kernel of a class for layers of some K. Where nothing unusual is asked for, the exact one is what takes layers of any shape: it has every exact
    /// variant of the catalogue for a tuning table to choose from. A class that rounds is for those who describe a kernel that may, so theirs is
    /// what the description makes.
    fn kernel(self, k: u32, numeric: NumericClass) -> Result<OfClass, Errors> {
        let format = Format::new(self.stored(), GroupSize::Fixed(self.group_size));
        let spec = KernelSpec {
            numeric,
            scales: self.scales,
            ..KernelSpec::new("Layer", format).k(k)
        };
        let described = generate(&spec)?;
        let standard = standard_for(self.format.encoding, self.scales, numeric);
        Ok(OfClass {
            numeric,
            is_standard: standard.is_some(),
            kernel: standard.unwrap_or(described),
        })
    }
}

/// A kernel for each class that was asked for; where none was, for all that weights of the format can have.
pub(super) fn kernels(arguments: &Explain, weights: Weights) -> Result<Vec<OfClass>, Failure> {
    if !arguments.numeric.is_empty() {
        let kernels = arguments
            .numeric
            .iter()
            .map(|numeric| weights.kernel(arguments.k, *numeric));
        return Ok(kernels.collect::<Result<_, _>>()?);
    }
    let exact = weights.kernel(arguments.k, NumericClass::Exact)?;
    let rounding = NumericClass::ALL
        .into_iter()
        .filter(|numeric| *numeric != NumericClass::Exact);
    // Not every encoding has kernels of every class.
    let rounding = rounding.filter_map(|numeric| weights.kernel(arguments.k, numeric).ok());
    Ok(std::iter::once(exact).chain(rounding).collect())
}
