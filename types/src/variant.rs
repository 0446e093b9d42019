//! One generated kernel.

use std::borrow::Cow;

use crate::{Bias, Configuration, Encoding, GroupSize, Needs, Precedence, Route, ScaleLayout};

/// One generated kernel: its text and all that is needed to run it.
///
/// The generator makes these; the macro and build scripts store them as constants of the user's crate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Variant {
    /// [`Configuration::name`] of `configuration`, where the generator made it.
    pub name: Cow<'static, str>,
    /// What the text is specialised on.
    pub configuration: Configuration,
    /// The text, for wgpu.
    pub wgsl: Cow<'static, str>,
    /// Bytes of workgroup memory, measured on the validated module.
    pub workgroup_bytes: u32,
    /// SHA-256 of `wgsl` in hexadecimal: two variants with the same fingerprint are the same kernel.
    pub fingerprint: Cow<'static, str>,
}

impl Variant {
    /// Name of the entry point of every kernel.
    pub const ENTRY_POINT: &'static str = "main";

    /// What the kernel needs of a device.
    #[must_use]
    pub fn needs(&self) -> Needs {
        Needs {
            features: self.configuration.features(),
            subgroup_size: self.configuration.geometry.subgroup_size(),
            workgroup_size: self.configuration.geometry.workgroup_size(),
            workgroup_bytes: self.workgroup_bytes,
        }
    }
}

/// All kernels of one described layer, and the facts about the layer that were known when they were generated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GeneratedKernel {
    /// Name of the description.
    pub name: Cow<'static, str>,
    /// Input features, if they are fixed.
    pub k: Option<u32>,
    /// Output features, if they are fixed.
    pub n: Option<u32>,
    /// The group size, if it is fixed.
    pub group_size: GroupSize,
    /// Whether a bias is added.
    pub bias: Bias,
    /// How four bits and the numbers of their group make a weight, for all variants.
    pub encoding: Encoding,
    /// How the scales are stored on the device, for all variants.
    pub scales: ScaleLayout,
    /// For M == 1, in order of preference. Empty where no GEMV serves the layer.
    pub decode: Cow<'static, [Variant]>,
    /// For a few rows, in order of preference: those for fewer rows come before those for more.
    pub few: Cow<'static, [Variant]>,
    /// For every M, in order of preference; for few rows [`GeneratedKernel::precedences`] changes it.
    pub prefill: Cow<'static, [Variant]>,
    /// Behind all routes: variants that run where they were measured to be faster than those before them.
    pub others: Cow<'static, [Variant]>,
}

impl GeneratedKernel {
    /// Every variant of the routes, with the route it is on.
    pub fn variants(&self) -> impl Iterator<Item = (Route, &Variant)> {
        Route::ALL
            .into_iter()
            .flat_map(|route| self.on(route).iter().map(move |variant| (route, variant)))
    }

    /// Which variants of a route come before others for few rows, in the order of the route.
    #[must_use]
    pub fn precedences(&self, route: Route) -> Vec<Option<Precedence>> {
        let configurations: Vec<Configuration> = self
            .on(route)
            .iter()
            .map(|variant| variant.configuration)
            .collect();
        Precedence::on_route(&configurations)
    }

    /// Every variant of the routes in the order in which they are considered for M = `m`, those for one row whatever it is.
    #[must_use]
    pub fn in_order(&self, m: u32) -> Vec<(Route, &Variant)> {
        let of_route = |route| {
            let precedences = self.precedences(route);
            let mut variants: Vec<_> = self.on(route).iter().zip(precedences).enumerate().collect();
            variants.sort_by_key(|&(place, (_, precedence))| Precedence::sort_key(place, precedence, m));
            variants
                .into_iter()
                .map(move |(_, (variant, _))| (route, variant))
        };
        Route::ALL.into_iter().flat_map(of_route).collect()
    }

    /// The variants of a route, in order of preference.
    #[must_use]
    pub fn on(&self, route: Route) -> &[Variant] {
        match route {
            Route::Decode => &self.decode,
            Route::Few => &self.few,
            Route::Prefill => &self.prefill,
        }
    }
}
