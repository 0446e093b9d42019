//! Which kernels are measured on which shapes.

use q4_kernel::{Linear, NumericClass, Shape, Variant};

use super::routed::Routed;
use crate::{
    adapter::Device,
    failure::Failure,
    names::{self, UnknownVariant},
    published,
    serving::{Skipped, first_lines, ruled_out, skipped},
};

/// What was asked for.
#[derive(Debug)]
pub(super) struct Selection {
    wanted: Vec<Wanted>,
    /// What the others are compared with.
    pub(super) baseline: Wanted,
}

/// Kernels that stand for one word of the command line.
#[derive(Clone, Debug)]
pub(super) struct Wanted {
    /// The word.
    pub(super) word: String,
    kind: Kind,
}

#[derive(Clone, Debug)]
enum Kind {
    /// What the standard kernel chooses for a shape.
    Routed,
    /// The first of these that serves a shape: one kernel, made for several group sizes.
    First(Vec<&'static Variant>),
    /// All of these that serve a shape.
    Each(Vec<&'static Variant>),
}

/// Everything there is to do.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) jobs: Vec<Job>,
    pub(super) skipped: Vec<Skipped>,
}

/// A shape and the kernels to measure on it.
#[derive(Debug)]
pub(super) struct Job {
    pub(super) shape: Shape,
    pub(super) kernels: Vec<Kernel>,
}

/// A kernel to measure.
#[derive(Clone, Debug)]
pub(super) struct Kernel {
    pub(super) variant: &'static Variant,
    /// Words other than its name that stand for it.
    pub(super) roles: Vec<String>,
    pub(super) is_baseline: bool,
}

/// What the kernel chooses that a layer has.
pub(super) const ROUTED: &str = "routed";

/// Variants of the catalogue with the geometry of the first implementation's GEMVs: a word, and the names that it stands for, the most
/// specialised first.
const GEOMETRIES: [(&str, [&str; 2]); 2] = [
    (COOP4, ["coop4_w64_c1_g*_shared", "coop4_w64_c1_gx_shared"]),
    (BICOL, ["coop4_w64_c2_g*_shared", "coop4_w64_c2_gx_shared"]),
];
const COOP4: &str = "coop4";
const BICOL: &str = "bicol";

/// Words that stand for kernels, or are names beside those of the catalogue.
const WORDS: [&str; 5] = [ROUTED, COOP4, BICOL, published::COOP4, published::BICOL];

/// What a whole model is measured on beside what is routed.
pub(super) const MODEL_BASELINES: [&str; 3] = [COOP4, BICOL, published::BICOL];

impl Selection {
    /// Reads the words.
    pub(super) fn parse(kernels: &[String], baseline: &str) -> Result<Self, UnknownVariant> {
        let wanted = kernels.iter().map(|word| Wanted::parse(word));
        Ok(Self {
            wanted: wanted.collect::<Result<_, _>>()?,
            baseline: Wanted::parse(baseline)?,
        })
    }
}

impl Wanted {
    /// Reads a word.
    pub(super) fn parse(word: &str) -> Result<Self, UnknownVariant> {
        let geometry = GEOMETRIES.iter().find(|(name, _)| *name == word);
        let kind = match geometry {
            _ if word == ROUTED => Kind::Routed,
            Some((_, patterns)) => {
                let variants = patterns.iter().map(|pattern| names::matching(pattern));
                Kind::First(variants.collect::<Result<Vec<_>, _>>()?.concat())
            }
            None => Kind::Each(match published::find(word) {
                Some(variant) => vec![variant],
                None => names::matching(word).map_err(|unknown| unknown.or_one_of(WORDS))?,
            }),
        };
        Ok(Self {
            word: word.to_owned(),
            kind,
        })
    }

    /// The variants it stands for on a shape, and those it does not, with the reason.
    fn on(
        &self,
        device: &Device,
        shape: Shape,
        standard: &Linear,
    ) -> (Vec<&'static Variant>, Vec<(String, &'static str)>) {
        let (variants, one) = match &self.kind {
            Kind::Routed => {
                let routing = standard.route(shape);
                let chosen = q4_kernel::variant(routing.variant());
                let refused = chosen.is_none().then(|| {
                    let reason = match routing.variant() {
                        "" => routing.to_string(),
                        // Descriptions of unusual group sizes have variants of their own.
                        name => format!("`{name}` runs, which the catalogue does not have"),
                    };
                    (reason, ROUTED)
                });
                return (chosen.into_iter().collect(), refused.into_iter().collect());
            }
            Kind::First(variants) => (variants, true),
            Kind::Each(variants) => (variants, false),
        };
        let mut serving = Vec::new();
        let mut refused = Vec::new();
        for variant in variants {
            match ruled_out(device, variant, shape) {
                None => serving.push(*variant),
                Some(reason) => refused.push((reason.to_string(), variant.name.as_ref())),
            }
        }
        if one {
            serving.truncate(1);
            if !serving.is_empty() {
                refused.clear();
            }
        }
        (serving, refused)
    }

    /// The kernel that it stands for on a shape, or why there is none.
    pub(super) fn linear(&self, device: &Device, shape: Shape, standard: &Linear) -> Result<Linear, String> {
        let (serving, refused) = self.on(device, shape, standard);
        match (serving.first(), &self.kind) {
            (None, _) => Err(skipped(refused)
                .iter()
                .map(|Skipped { reason, .. }| reason.as_str())
                .collect::<Vec<_>>()
                .join("; ")),
            (Some(_), Kind::Routed) => Ok(standard.clone()),
            (Some(variant), Kind::First(_) | Kind::Each(_)) => {
                Linear::only(&device.gpu, variant).map_err(|error| error.to_string())
            }
        }
    }

    /// What it is called beside the name of the variant.
    pub(super) fn role(&self) -> Option<&str> {
        match self.kind {
            Kind::Routed | Kind::First(_) => Some(&self.word),
            Kind::Each(_) => None,
        }
    }
}

impl Plan {
    /// Every variant that is measured, once.
    pub(super) fn variants(&self) -> Vec<&'static Variant> {
        let mut variants: Vec<&'static Variant> = Vec::new();
        for kernel in self.jobs.iter().flat_map(|job| &job.kernels) {
            if !variants.iter().any(|known| known.name == kernel.variant.name) {
                variants.push(kernel.variant);
            }
        }
        variants
    }
}

/// Finds the kernels for every shape. Those that do not serve it are left out, and noted with the reason.
///
/// # Errors
/// If nothing at all is left.
pub(super) fn plan(
    device: &Device,
    selection: &Selection,
    numeric: NumericClass,
    shapes: &[Shape],
) -> Result<Plan, Failure> {
    let routed = Routed::new(device, numeric, shapes.iter().map(|shape| shape.group_size))?;
    let mut refused = Vec::new();
    let mut jobs = Vec::new();
    for &shape in shapes {
        let standard = routed.of(shape.group_size)?;
        let mut kernels: Vec<Kernel> = Vec::new();
        let words = selection.wanted.iter().map(|wanted| (wanted, false));
        for (wanted, is_baseline) in words.chain([(&selection.baseline, true)]) {
            let (serving, not_serving) = wanted.on(device, shape, standard);
            refused.extend(not_serving);
            for variant in serving {
                add(&mut kernels, variant, wanted.role(), is_baseline);
            }
        }
        if !kernels.is_empty() {
            jobs.push(Job { shape, kernels });
        }
    }
    let skipped = skipped(refused);
    if jobs.is_empty() {
        let reasons: Vec<String> = skipped
            .iter()
            .map(|Skipped { reason, variants }| format!("  {} variants: {reason}", variants.len()))
            .collect();
        return Err(Failure::Unserved(format!(
            "no kernel that was asked for serves any of the shapes on {}:\n{}",
            device.info.name,
            first_lines(&reasons)
        )));
    }
    Ok(Plan { jobs, skipped })
}

/// Adds a kernel, or what more is known of it.
fn add(kernels: &mut Vec<Kernel>, variant: &'static Variant, role: Option<&str>, is_baseline: bool) {
    let index = kernels
        .iter()
        .position(|kernel| kernel.variant.name == variant.name)
        .unwrap_or_else(|| {
            kernels.push(Kernel {
                variant,
                roles: Vec::new(),
                is_baseline: false,
            });
            kernels.len() - 1
        });
    let kernel = &mut kernels[index];
    kernel.is_baseline |= is_baseline;
    if let Some(role) = role
        && !kernel.roles.iter().any(|known| known == role)
    {
        kernel.roles.push(role.to_owned());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;

    fn shape(m: u32, k: u32, group_size: u32) -> Shape {
        Shape {
            m,
            n: 64,
            k,
            group_size,
        }
    }

    fn names(plan: &Plan) -> Vec<Vec<&str>> {
        let names = |job: &Job| {
            job.kernels
                .iter()
                .map(|kernel| kernel.variant.name.as_ref())
                .collect()
        };
        plan.jobs.iter().map(names).collect()
    }

    fn words(words: &[&str]) -> Vec<String> {
        words.iter().map(|word| (*word).to_owned()).collect()
    }

    #[test]
    fn the_kernels_of_a_geometry_are_the_ones_for_the_group_size_where_there_are_any() {
        let device = testing::device();
        let selection = Selection::parse(&words(&["coop4"]), "bicol").unwrap();
        let plan = plan(
            &device,
            &selection,
            NumericClass::Exact,
            &[shape(1, 64, 32), shape(1, 120, 24)],
        )
        .unwrap();
        assert_eq!(
            names(&plan),
            [
                ["coop4_w64_c1_g32_shared", "coop4_w64_c2_g32_shared"],
                ["coop4_w64_c1_gx_shared", "coop4_w64_c2_gx_shared"]
            ]
        );
        let [coop4, bicol] = &plan.jobs[0].kernels[..] else {
            panic!("{plan:?}")
        };
        assert!(
            !coop4.is_baseline && bicol.is_baseline && coop4.roles == ["coop4"] && bicol.roles == ["bicol"]
        );
        assert!(plan.skipped.is_empty());
    }

    #[test]
    fn a_kernel_that_several_words_stand_for_is_measured_once() {
        let device = testing::device();
        let name = "coop4_w64_c2_g32_shared";
        let selection = Selection::parse(&words(&["bicol", name, "coop4_w64_c2_g32_*red"]), name).unwrap();
        let plan = plan(&device, &selection, NumericClass::Exact, &[shape(1, 64, 32)]).unwrap();
        assert_eq!(names(&plan), [[name]]);
        assert_eq!(plan.jobs[0].kernels[0].roles, ["bicol"]);
        assert_eq!(plan.variants().len(), 1);
    }

    #[test]
    fn shapes_that_a_kernel_does_not_serve_are_left_out_with_the_reason() {
        let device = testing::device();
        let selection = Selection::parse(&words(&["coop4", "gemm_64x64x16_t4x4_g32"]), "bicol").unwrap();
        let plan = plan(&device, &selection, NumericClass::Exact, &[shape(5, 64, 32)]).unwrap();
        assert_eq!(names(&plan), [["gemm_64x64x16_t4x4_g32"]]);
        let reasons: Vec<&str> = plan
            .skipped
            .iter()
            .map(|skipped| skipped.reason.as_str())
            .collect();
        assert!(
            reasons.contains(&"it multiplies one row, and M is 5"),
            "{reasons:?}"
        );
    }

    #[test]
    fn the_published_kernels_are_measured_under_their_names_on_one_row_of_any_group_size() {
        let device = testing::device();
        let both = words(&[published::COOP4, published::BICOL]);
        let selection = Selection::parse(&both, published::BICOL).unwrap();
        let shapes = [shape(1, 64, 32), shape(1, 120, 24), shape(2, 64, 32)];
        let plan = plan(&device, &selection, NumericClass::Exact, &shapes).unwrap();
        assert_eq!(names(&plan), [[published::COOP4, published::BICOL]; 2]);
        let [coop4, bicol] = &plan.jobs[0].kernels[..] else {
            panic!("{plan:?}")
        };
        assert!(!coop4.is_baseline && bicol.is_baseline && bicol.roles.is_empty());
        assert_eq!(plan.skipped.len(), 1);
        assert_eq!(plan.skipped[0].reason, "it multiplies one row, and M is 2");
    }

    #[test]
    fn nothing_left_to_measure_is_an_error_with_every_reason() {
        let device = testing::device();
        let selection = Selection::parse(&words(&["coop4"]), "bicol").unwrap();
        let error = plan(&device, &selection, NumericClass::Exact, &[shape(5, 64, 32)])
            .unwrap_err()
            .to_string();
        assert!(
            error.starts_with("no kernel that was asked for serves any of the shapes on "),
            "{error}"
        );
        assert!(error.contains("it multiplies one row, and M is 5"), "{error}");
    }
}
