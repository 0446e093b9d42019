//! Emulates kernel variants over the edge shapes of their constraints and says of each [`Promise`] whether it is kept.
//!
//! The shapes are [derived](cases) from a variant's constraints and geometry, not listed by hand; the [emulator](q4_kernel_emulator)
//! checks every access of every lane, and the results are compared with float64. A variant whose [`Verdict`] is clean may run
//! without wgpu's run-time checks, as long as the host enforces the constraints it was verified under.
#![forbid(unsafe_code)]

mod cases;
mod cost;
mod launch;
mod layout_probe;
mod verdict;

use q4_kernel::Variant;
use q4_kernel_codegen::lint::lint_variant;
use q4_kernel_emulator::{CompileOptions, Program};

pub use cases::{Case, cases};
pub use cost::{Cost, Traffic, cost};
pub use verdict::{Finding, Promise, Verdict};

/// How thoroughly to verify.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// Subgroup sizes to emulate. Kernels without subgroup operations run with the first one only, those that are made for one size with that.
    pub subgroup_sizes: Vec<u32>,
    /// Whether to leave out most of the cases, for a first look.
    pub quick: bool,
}

impl Default for Options {
    /// Every case; subgroups of every size that devices have.
    fn default() -> Self {
        Self {
            subgroup_sizes: vec![4, 8, 16, 32, 64, 128],
            quick: false,
        }
    }
}

/// Verifies one variant.
#[must_use]
pub fn verify(variant: &Variant, options: &Options) -> Verdict {
    let mut verdict = Verdict::new(variant);
    lint(variant, &mut verdict);
    let compile = CompileOptions::entry(Variant::ENTRY_POINT);
    let program = match Program::from_wgsl(&variant.wgsl, &compile) {
        Ok(program) => program,
        Err(error) => {
            verdict.find(Promise::InBounds, format!("the emulator cannot run it: {error}"));
            return verdict;
        }
    };
    let only = variant.needs().subgroup_size;
    let sizes = match (&only, options.subgroup_sizes.as_slice()) {
        // The runtime keeps it from every device with others.
        (Some(only), _) => std::slice::from_ref(only),
        (None, [first, ..]) if !program.uses_subgroups() => std::slice::from_ref(first),
        (None, sizes) => sizes,
    };
    layout_probe::run(variant, &program, sizes, &mut verdict);
    for case in cases(variant, options.quick) {
        launch::run(variant, &program, &case, sizes, &mut verdict);
    }
    verdict
}

/// The lints of the generator, on the very text, whoever wrote it.
fn lint(variant: &Variant, verdict: &mut Verdict) {
    match lint_variant(variant) {
        Err(errors) => verdict.find(Promise::UniformBarriers, format!("the lints refuse it: {errors}")),
        Ok(measured) if measured.workgroup_bytes != variant.workgroup_bytes => verdict.find(
            Promise::InBounds,
            format!(
                "its text has {} bytes of workgroup memory, and it claims {}",
                measured.workgroup_bytes, variant.workgroup_bytes
            ),
        ),
        Ok(_) => {}
    }
}
