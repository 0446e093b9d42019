//! Runs the kernels and compares.

use std::collections::HashMap;

use q4_kernel::{
    KernelError, Linear, Shape, WeightFormat,
    conformance::{Case, CheckError, Outcome, Placement, Prepared, sampled},
    reference::samples::Data,
};

use super::plan::{Job, Kernel};
use crate::{adapter::Device, failure::Failure, output::Progress};

/// A kernel on a shape: every run of it.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) shape: Shape,
    pub(super) kernel: Kernel,
    pub(super) runs: Vec<Run>,
}

/// One run of a kernel.
#[derive(Debug)]
pub(super) struct Run {
    pub(super) data: Data,
    pub(super) placement: Placement,
    /// What came of it, or why it did not run.
    pub(super) outcome: Result<Outcome, String>,
}

impl Row {
    /// Whether every run agrees with the reference.
    pub(super) fn agrees(&self) -> bool {
        self.runs.iter().all(Run::agrees)
    }
}

impl Run {
    pub(super) fn agrees(&self) -> bool {
        self.outcome.as_ref().is_ok_and(Outcome::agrees)
    }
}

/// Runs every kernel of every job, four times: with both kinds of data, at both placements.
///
/// # Errors
/// If the device is lost, or nothing at all could run. A kernel that fails alone is a row that does not agree.
pub(super) fn run(device: &Device, jobs: &[Job], bias: bool, seed: u64) -> Result<Vec<Row>, Failure> {
    let kinds = [Data::Exact, Data::Random { seed }];
    let runs = kinds.len() * PLACEMENTS.len();
    let progress = Progress::new(runs * jobs.iter().map(|job| job.kernels.len()).sum::<usize>());
    let mut rows = Vec::new();
    for job in jobs {
        rows.extend(run_job(device, job, bias, &kinds, &progress)?);
    }
    drop(progress);

    let mut outcomes = rows.iter().flat_map(|row| &row.runs).map(|run| &run.outcome);
    if let Some(Err(first)) = outcomes.next()
        && outcomes.all(Result::is_err)
    {
        return Err(Failure::NothingRan(first.clone()));
    }
    Ok(rows)
}

const PLACEMENTS: [Placement; 2] = [Placement::Aligned, Placement::Unaligned];

fn run_job(
    device: &Device,
    job: &Job,
    bias: bool,
    kinds: &[Data],
    progress: &Progress,
) -> Result<Vec<Row>, Failure> {
    let row = |kernel: &Kernel| Row {
        shape: job.shape,
        kernel: kernel.clone(),
        runs: Vec::new(),
    };
    let mut rows: Vec<Row> = job.kernels.iter().map(row).collect();
    let linear = |kernel: &Kernel| {
        progress.at(format!("pipeline of {}", kernel.variant.name));
        kernel.linear(&device.gpu)
    };
    let linears: Vec<Result<Linear, KernelError>> = job.kernels.iter().map(linear).collect();
    for &data in kinds {
        let (shape, placement) = (job.shape, Placement::Aligned);
        progress.at(format!("float64 reference of {shape}"));
        // One reference for all kernels of a format and all placements: on large shapes it costs more than they do.
        let case = Case {
            shape,
            bias,
            data,
            placement,
        };
        let mut prepared: HashMap<WeightFormat, Result<Prepared, CheckError>> = HashMap::new();
        for placement in PLACEMENTS {
            for (row, linear) in rows.iter_mut().zip(&linears) {
                progress.at(format!("{} on {shape}", row.kernel.variant.name));
                let format = sampled(row.kernel.variant.configuration.weight_format());
                let prepared = prepared
                    .entry(format)
                    .or_insert_with(|| Prepared::of_format(format, &case));
                let outcome = match (&*prepared, linear) {
                    (Err(error), _) => Err(error.clone()),
                    (_, Err(error)) => Err(error.clone().into()),
                    (Ok(prepared), Ok(linear)) => prepared.run_at(linear, placement),
                };
                device.check()?;
                row.runs.push(Run {
                    data,
                    placement,
                    outcome: outcome.map_err(|error: CheckError| error.to_string()),
                });
                progress.step();
            }
        }
    }
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use q4_kernel::variant;

    use super::*;
    use crate::testing;

    const NAME: &str = "coop4_w32_c1_g32_shared";

    fn job(variants: &[&'static q4_kernel::Variant]) -> Job {
        Job {
            shape: Shape {
                m: 1,
                n: 13,
                k: 64,
                group_size: 32,
            },
            kernels: variants.iter().map(|variant| Kernel::only(variant)).collect(),
        }
    }

    #[test]
    fn a_kernel_that_computes_wrongly_is_caught_at_its_first_wrong_element() {
        let device = testing::device();
        let kernels = [variant(NAME).unwrap(), testing::wrong_in_column_3(NAME)];
        let rows = run(&device, &[job(&kernels)], false, 1).unwrap();
        assert!(rows[0].agrees(), "{rows:?}");
        assert!(!rows[1].agrees());
        for run in &rows[1].runs {
            let comparison = run.outcome.as_ref().unwrap().comparison;
            let first = comparison.first_wrong.unwrap();
            assert_eq!(
                (comparison.wrong, first.m, first.n, first.got),
                (1, 0, 3, 7.5),
                "{run:?}"
            );
        }
    }

    #[test]
    fn a_kernel_that_cannot_run_is_a_row_that_does_not_agree_and_the_others_run() {
        let device = testing::device();
        let broken = testing::tampered(NAME, "fn epilogue", "fn epi logue");
        let rows = run(&device, &[job(&[broken, variant(NAME).unwrap()])], true, 1).unwrap();
        assert!(!rows[0].agrees() && rows[1].agrees());
        let reason = rows[0].runs[0].outcome.as_ref().unwrap_err();
        assert!(
            reason.starts_with("the pipeline of `coop4_w32_c1_g32_shared` was refused: "),
            "{reason}"
        );

        let failure = run(&device, &[job(&[broken])], true, 1).unwrap_err().to_string();
        assert!(
            failure.starts_with("nothing could be run: the pipeline of "),
            "{failure}"
        );
    }
}
