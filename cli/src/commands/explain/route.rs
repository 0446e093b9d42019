//! The route of one number of rows, and what lost against it.

use q4_kernel::{
    GeneratedKernel, Linear, NumericClass, RouteSource, Routing, RuledOut, Shape, Variant, Verdict,
    tuning::Entry,
};
use serde::Serialize;

use super::kernels::OfClass;
use crate::{adapter::Device, serving};

/// The route of one number of rows.
#[derive(Debug, Serialize)]
pub(super) struct Explained {
    /// The class that the kernel allows.
    pub(super) numeric: NumericClass,
    /// Whether the kernel is the one for layers of any shape.
    standard: bool,
    #[serde(flatten)]
    pub(super) routing: Routing,
    /// The entry that decided, where one did.
    pub(super) entry: Option<Entry>,
    /// What is said of every variant, in the order of `considered`.
    #[serde(skip)]
    said: Vec<Said>,
}

/// What is said of a variant.
#[derive(Debug)]
struct Said {
    /// Its name in the catalogue and in tables: one that is made for a K has the name of those that are made for any.
    kind: String,
    family: &'static str,
    /// What keeps it from running, whether or not it had to be asked.
    ruled_out: Option<RuledOut>,
}

impl Explained {
    pub(super) fn of(device: &Device, linear: &Linear, of_class: &OfClass, shape: Shape) -> Self {
        let routing = linear.route(shape);
        let kernel = linear.kernel();
        let said = routing
            .considered
            .iter()
            .filter_map(|considered| named(kernel, &considered.variant))
            .map(|variant| Said {
                kind: variant.configuration.kind(),
                family: variant.configuration.geometry.family(),
                ruled_out: serving::ruled_out(device, variant, shape),
            })
            .collect();
        Self {
            numeric: of_class.numeric,
            standard: of_class.is_standard,
            entry: entry(device, kernel, &routing).cloned(),
            routing,
            said,
        }
    }

    /// What runs; `None` where nothing serves the shape.
    pub(super) fn chosen(&self) -> Option<&str> {
        self.said.get(self.place()).map(|said| said.kind.as_str())
    }

    /// Where the variant that runs stands; behind all where none does.
    fn place(&self) -> usize {
        let considered = &self.routing.considered;
        considered
            .iter()
            .position(|considered| considered.verdict == Verdict::Chosen)
            .unwrap_or(considered.len())
    }

    /// What stood before the variant that runs, and why it does not run.
    pub(super) fn before(&self) -> impl Iterator<Item = (RuledOut, &str)> {
        let before = self.said.iter().take(self.place());
        before.filter_map(|said| Some((said.ruled_out?, said.kind.as_str())))
    }

    /// What would run if nothing stood before it, with the family of each.
    pub(super) fn behind(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let behind = self.said.iter().skip(self.place() + 1);
        behind
            .filter(|said| said.ruled_out.is_none())
            .map(|said| (said.family, said.kind.as_str()))
    }

    /// What became of a candidate of the entry; `None` if the kernel has no such variant.
    pub(super) fn verdict(&self, kind: &str) -> Option<&Verdict> {
        let place = self.said.iter().position(|said| said.kind == kind)?;
        self.routing
            .considered
            .get(place)
            .map(|considered| &considered.verdict)
    }
}

/// The variant of a kernel with this name.
fn named<'a>(kernel: &'a GeneratedKernel, name: &str) -> Option<&'a Variant> {
    let variants = kernel.variants().map(|(_, variant)| variant);
    variants
        .chain(kernel.others.iter())
        .find(|variant| variant.name == name)
}

/// The entry that put a variant first.
fn entry<'a>(device: &'a Device, kernel: &GeneratedKernel, routing: &Routing) -> Option<&'a Entry> {
    let RouteSource::Measured {
        table,
        shape,
        nanoseconds,
    } = &routing.source
    else {
        return None;
    };
    let kind = named(kernel, routing.variant())?.configuration.kind();
    let tables = device.gpu.tuning().tables();
    let table = tables.iter().find(|in_force| in_force.origin == *table)?;
    table.table.entries().iter().find(|entry| {
        let names = |(known, time): (&str, u64)| known == kind && time == *nanoseconds;
        let mut candidates = entry.candidates.iter();
        (entry.shape, entry.scales) == (*shape, kernel.scales)
            && candidates.any(|measured| names((&measured.kind, measured.nanoseconds)))
    })
}
