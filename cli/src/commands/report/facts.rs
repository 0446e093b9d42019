//! What is known of one kernel.

use q4_kernel::{
    Configuration, Constraints, Dispatch, Needs, NumericClass, Params, Route, Tolerance, Variant,
    layout::Binding,
};
use q4_kernel_codegen::emit::web;
use q4_kernel_verify::{Cost, cost};
use serde::Serialize;

use super::bound::{Bound, Ceilings, Work};

/// What is known of one kernel, as JSON and the page have it.
#[derive(Serialize)]
pub(super) struct Facts<'a> {
    pub(super) name: &'a str,
    pub(super) family: &'static str,
    pub(super) route: Route,
    pub(super) numeric: Numeric,
    pub(super) description: String,
    pub(super) configuration: Configuration,
    pub(super) constraints: Constraints,
    pub(super) needs: Needs,
    /// Whether browsers have what it needs.
    pub(super) web: bool,
    pub(super) bindings: Vec<Buffer>,
    pub(super) params: Vec<Param>,
    pub(super) params_bytes: usize,
    pub(super) dispatch: Dispatch,
    pub(super) dispatch_formula: String,
    pub(super) grids: Vec<Grid>,
    pub(super) cost: Option<Cost>,
    pub(super) work: Option<Work>,
    pub(super) bound: Option<Bound>,
    pub(super) fingerprint: &'a str,
    pub(super) wgsl: &'a str,
}

/// The arithmetic, and how far an output may be from the float64 reference.
#[derive(Serialize)]
pub(super) struct Numeric {
    pub(super) class: &'static str,
    pub(super) meaning: &'static str,
    /// At K = 4096.
    pub(super) tolerance: Allowed,
}

/// The parts of a tolerance.
#[derive(Serialize)]
pub(super) struct Allowed {
    absolute: f64,
    relative: f64,
    of_products: f64,
}

/// A buffer that is bound in group 0.
#[derive(Serialize)]
pub(super) struct Buffer {
    pub(super) binding: u32,
    pub(super) name: &'static str,
}

/// A field of the uniform.
#[derive(Serialize)]
pub(super) struct Param {
    pub(super) offset: usize,
    pub(super) name: &'static str,
    pub(super) meaning: &'static str,
}

/// The dispatch formula at work.
#[derive(Serialize)]
pub(super) struct Grid {
    pub(super) m: u32,
    pub(super) n: u32,
    /// `None` where the output has more tiles than a grid holds.
    pub(super) workgroups: Option<[u32; 3]>,
}

/// Shapes to work the dispatch formula out for: one row, a few, a prompt; a narrow and a wide layer.
const EXAMPLES: [[u32; 2]; 6] = [
    [1, 4096],
    [1, 14336],
    [8, 4096],
    [8, 14336],
    [512, 4096],
    [512, 14336],
];
/// Workgroups along one dimension, at most, that every WebGPU device allows.
const GRID_LIMIT: u32 = u16::MAX as u32;
/// K of the tolerance that is shown.
const K: u32 = 4096;

impl<'a> Facts<'a> {
    pub(super) fn of(variant: &'a Variant, ceilings: Option<Ceilings>) -> Self {
        let configuration = variant.configuration;
        let constraints = configuration.constraints();
        let dispatch = configuration.geometry.dispatch();
        let cost = cost(variant);
        let work = cost.as_ref().map(|cost| Work::of(cost, constraints.k));
        let bound = work
            .zip(ceilings)
            .and_then(|(work, ceilings)| work.bound(ceilings));
        Self {
            name: &variant.name,
            family: configuration.geometry.family(),
            route: configuration.route(),
            numeric: Numeric::of(configuration.numeric),
            description: configuration.to_string(),
            configuration,
            needs: variant.needs(),
            web: web::wgsl(variant).is_ok(),
            bindings: Binding::of(configuration.encoding)
                .map(|binding| Buffer {
                    binding: binding.index(),
                    name: binding.name(),
                })
                .collect(),
            params: Params::FIELDS
                .iter()
                .map(|field| Param {
                    offset: field.offset,
                    name: field.name,
                    meaning: field.meaning,
                })
                .collect(),
            params_bytes: size_of::<Params>(),
            grids: EXAMPLES
                .into_iter()
                .filter(|[m, _]| *m <= constraints.rows.most())
                .map(|[m, n]| Grid {
                    m,
                    n,
                    workgroups: dispatch.grid(m, n, GRID_LIMIT).ok(),
                })
                .collect(),
            constraints,
            dispatch_formula: dispatch.to_string(),
            dispatch,
            cost,
            work,
            bound,
            fingerprint: &variant.fingerprint,
            wgsl: &variant.wgsl,
        }
    }
}

impl Numeric {
    fn of(class: NumericClass) -> Self {
        let Tolerance {
            absolute,
            relative,
            of_products,
        } = class.tolerance(K);
        Self {
            class: class.name(),
            meaning: class.meaning(),
            tolerance: Allowed {
                absolute,
                relative,
                of_products,
            },
        }
    }
}
