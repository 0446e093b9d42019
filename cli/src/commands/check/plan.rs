//! Which kernels run on which shapes, decided before anything is computed.

use q4_kernel::{Gpu, KernelError, Linear, Shape, Variant, catalogue, standard};

use crate::{
    adapter::Device,
    failure::Failure,
    names::{self, UnknownVariant},
    serving::{Skipped, first_lines, ruled_out, skipped},
};

/// What was asked for.
#[derive(Debug)]
pub(super) enum Selection {
    /// What the standard kernel chooses.
    Routed,
    /// Every variant that serves the shape.
    All,
    /// One variant.
    Only(&'static Variant),
}

/// Everything there is to do.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) jobs: Vec<Job>,
    pub(super) skipped: Vec<Skipped>,
}

/// A shape and the kernels to run on it.
#[derive(Debug)]
pub(super) struct Job {
    pub(super) shape: Shape,
    pub(super) kernels: Vec<Kernel>,
}

/// A kernel to run.
#[derive(Clone, Debug)]
pub(super) struct Kernel {
    /// The variant that runs.
    pub(super) variant: &'static Variant,
    /// The standard kernel, if that is what chose the variant.
    routed: Option<Linear>,
}

impl Selection {
    pub(super) fn parse(text: &str) -> Result<Self, UnknownVariant> {
        Ok(match text {
            "routed" => Self::Routed,
            "all" => Self::All,
            name => Self::Only(names::find(name)?),
        })
    }
}

impl Kernel {
    /// A variant by itself.
    pub(super) fn only(variant: &'static Variant) -> Self {
        Self {
            variant,
            routed: None,
        }
    }

    /// The kernel on the device.
    pub(super) fn linear(&self, gpu: &Gpu) -> Result<Linear, KernelError> {
        match &self.routed {
            Some(linear) => Ok(linear.clone()),
            None => Linear::only(gpu, self.variant),
        }
    }
}

/// Finds the kernels for every shape.
///
/// # Errors
/// If there is none for one of the shapes: to check the others alone would look like success.
pub(super) fn plan(device: &Device, selection: &Selection, shapes: &[Shape]) -> Result<Plan, Failure> {
    let mut refused = Vec::new();
    let jobs = match selection {
        Selection::Routed => routed(device, shapes)?,
        Selection::Only(variant) => only(device, variant, shapes)?,
        Selection::All => shapes
            .iter()
            .map(|shape| all(device, *shape, &mut refused))
            .collect::<Result<_, _>>()?,
    };
    Ok(Plan {
        jobs,
        skipped: skipped(refused),
    })
}

fn routed(device: &Device, shapes: &[Shape]) -> Result<Vec<Job>, Failure> {
    let linear = Linear::new(&device.gpu, &standard())?;
    let job = |shape: &Shape| {
        let routing = linear.route(*shape);
        // The standard kernel is made of variants of the catalogue.
        match q4_kernel::variant(routing.variant()) {
            Some(variant) => Ok(Job {
                shape: *shape,
                kernels: vec![Kernel {
                    variant,
                    routed: Some(linear.clone()),
                }],
            }),
            None => Err(Failure::Unserved(format!(
                "nothing serves {shape} on {}: {routing}",
                device.info.name
            ))),
        }
    };
    shapes.iter().map(job).collect()
}

fn only(device: &Device, variant: &'static Variant, shapes: &[Shape]) -> Result<Vec<Job>, Failure> {
    if let Err(unmet) = device.gpu.capabilities().check(variant) {
        return Err(Failure::Unserved(format!(
            "`{}` cannot run on {}: {unmet}; `q4 doctor` shows what can",
            variant.name, device.info.name
        )));
    }
    let constraints = variant.configuration.constraints();
    let refusals: Vec<String> = shapes
        .iter()
        .filter_map(|shape| {
            constraints
                .check(*shape)
                .err()
                .map(|refusal| format!("  {shape}: {refusal}"))
        })
        .collect();
    if refusals.is_empty() {
        let kernels = vec![Kernel::only(variant)];
        return Ok(shapes
            .iter()
            .map(|shape| Job {
                shape: *shape,
                kernels: kernels.clone(),
            })
            .collect());
    }
    Err(Failure::Unserved(format!(
        "`{}` does not serve {}:\n{}\nit serves {constraints}; leave the rest out, or let `--variant routed` choose",
        variant.name,
        if refusals.len() == 1 {
            "this shape"
        } else {
            "these shapes"
        },
        first_lines(&refusals),
    )))
}

/// Every variant that serves a shape; those that do not are added to `refused`, with the reason.
fn all(device: &Device, shape: Shape, refused: &mut Vec<(String, &'static str)>) -> Result<Job, Failure> {
    let mut kernels = Vec::new();
    let before = refused.len();
    for variant in catalogue() {
        match ruled_out(device, variant, shape) {
            None => kernels.push(Kernel::only(variant)),
            Some(reason) => refused.push((reason.to_string(), &variant.name)),
        }
    }
    if !kernels.is_empty() {
        return Ok(Job { shape, kernels });
    }
    let reasons: Vec<String> = skipped(refused.split_off(before))
        .iter()
        .map(|Skipped { reason, variants }| format!("  {} variants: {reason}", variants.len()))
        .collect();
    Err(Failure::Unserved(format!(
        "no variant serves {shape} on {}:\n{}",
        device.info.name,
        first_lines(&reasons)
    )))
}
