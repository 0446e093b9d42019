//! One generated kernel.

use std::borrow::Cow;

use crate::{Bias, Configuration, Encoding, GroupSize, Needs, Route, ScaleLayout};

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
    /// For every M, in order of preference.
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
