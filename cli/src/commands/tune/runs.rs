//! Measures the kernels.

use std::time::Instant;

use q4_kernel::{
    Linear, NumericClass, ScaleLayout, Shape, UploadError, Variant, Weights,
    conformance::CheckError,
    reference::samples::{self, Data, Sample},
    tuning::{Entry, Measured},
};

use super::{
    plan::{Job, Layer, Plan},
    race::race,
    runner::{Bench, Outputs, Runner},
};
use crate::{
    accuracy::Expected,
    adapter::Device,
    failure::Failure,
    measure::{Clock, FullClock, Stopwatch, compile, finish_uploads, upload_copies},
    output::Progress,
};

/// What came of all shapes.
#[derive(Debug)]
pub(super) struct Results {
    pub(super) rows: Vec<Row>,
    /// Kernels that were left out because they failed.
    pub(super) failed: Vec<Failed>,
    /// Shapes for which no time was left.
    pub(super) unmeasured: Vec<Shape>,
    pub(super) clock: Clock,
    /// What is to be said of measurements that ran at a lower clock of the device than others.
    pub(super) clock_note: Option<String>,
}

/// What came of a shape.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) shape: Shape,
    pub(super) scales: ScaleLayout,
    /// Variants that were measured.
    runners: Vec<Runner>,
}

/// A kernel that was left out of a shape.
#[derive(Debug, serde::Serialize)]
pub(super) struct Failed {
    pub(super) variant: &'static str,
    /// `None` where it failed before any shape.
    pub(super) shape: Option<Shape>,
    pub(super) reason: String,
}

/// Measures every race of a plan for about so many seconds in all.
///
/// # Errors
/// If the device is lost, or nothing at all could run. A kernel that fails alone is left out and noted.
pub(super) fn run(
    device: &Device,
    plan: &Plan,
    seconds: f64,
    seed: u64,
    progress: &Progress,
) -> Result<Results, Failure> {
    let compiled = compile(&device.gpu, &plan.variants, progress);
    device.check()?;
    let mut failed = Vec::new();
    let mut kernels: Vec<(&'static Variant, Linear)> = Vec::new();
    for (variant, kernel) in plan.variants.iter().zip(compiled) {
        match kernel {
            Ok(linear) => kernels.push((variant, linear)),
            Err(error) => failed.push(Failed {
                variant: variant.name.as_ref(),
                shape: None,
                reason: error.to_string(),
            }),
        }
    }
    let mut tuning = Tuning {
        device,
        stopwatch: Stopwatch::new(&device.gpu),
        kernels,
        progress,
        left: seconds,
        jobs_left: plan.jobs(),
        rows: Vec::new(),
        failed,
        unmeasured: Vec::new(),
    };
    for layer in &plan.layers {
        tuning.layer(layer, seed)?;
    }
    tuning.finish()
}

/// The part of its time that a race has at least.
const LEAST_SHARE: f64 = 0.5;

/// What is carried from shape to shape.
struct Tuning<'a> {
    device: &'a Device,
    stopwatch: Stopwatch<'a>,
    kernels: Vec<(&'static Variant, Linear)>,
    progress: &'a Progress,
    /// Seconds that may still be spent on binding kernels and racing them.
    left: f64,
    jobs_left: usize,
    rows: Vec<Row>,
    failed: Vec<Failed>,
    unmeasured: Vec<Shape>,
}

impl Tuning<'_> {
    fn linear(&self, variant: &Variant) -> Option<Linear> {
        self.kernels
            .iter()
            .find(|(known, _)| known.name == variant.name)
            .map(|(_, linear)| linear.clone())
    }

    fn layer(&mut self, layer: &Layer, seed: u64) -> Result<(), Failure> {
        let Some(uploader) = layer
            .jobs
            .iter()
            .flat_map(Job::variants)
            .find_map(|variant| self.linear(variant))
        else {
            // None of its kernels could be compiled, which is noted already.
            return Ok(());
        };
        if self.left <= 0.0 {
            self.skip(&layer.jobs);
            return Ok(());
        }
        let shape = layer.shape;
        self.progress
            .at(format!("random weights of {} x {}", shape.n, shape.k));
        let sample = samples::sample(layer.most_rows(), shape, false, Data::Random { seed }).ok_or(
            CheckError::Shape(Shape {
                m: layer.most_rows(),
                n: shape.n,
                k: shape.k,
                group_size: shape.group_size,
            }),
        )?;
        // All kernels of a layer read the same copies.
        let copies = upload_copies(&uploader, &sample.layer, layer.copies(self.device))?;
        finish_uploads(&self.device.gpu)?;
        for job in &layer.jobs {
            if self.left <= 0.0 {
                self.skip(std::slice::from_ref(job));
                continue;
            }
            self.job(job, layer.scales, &sample, &copies)?;
            self.jobs_left -= 1;
        }
        Ok(())
    }

    fn skip(&mut self, jobs: &[Job]) {
        self.jobs_left -= jobs.len();
        self.unmeasured.extend(jobs.iter().map(|job| job.shape));
    }

    fn job(
        &mut self,
        job: &Job,
        scales: ScaleLayout,
        sample: &Sample,
        copies: &[Weights],
    ) -> Result<(), Failure> {
        let begun = Instant::now();
        let shape = job.shape;
        let input = &sample.x[..shape.m as usize * shape.k as usize];
        let expected = Expected::new(input, &sample.layer).map_err(UploadError::from)?;
        let bench = Bench {
            shape,
            x: self.device.gpu.input(input)?,
            y: Outputs::new(&self.device.gpu, shape)?,
            copies,
        };
        let share = self.left / self.jobs_left.max(1) as f64 / job.races.len() as f64;
        let mut finished = Vec::new();
        for race_of_class in &job.races {
            let readying = Instant::now();
            let mut runners = Vec::new();
            for &variant in &race_of_class.variants {
                self.progress.at(format!("{} on {shape}", variant.name));
                let Some(linear) = self.linear(variant) else {
                    self.progress.step();
                    continue;
                };
                let runner = bench.ready(variant, &linear, &self.stopwatch, &expected);
                // A device that is lost, or complained elsewhere, measures nothing any more.
                self.device.check()?;
                match runner {
                    Ok(runner) => runners.push(runner),
                    Err(reason) => self.failed.push(Failed {
                        variant: variant.name.as_ref(),
                        shape: Some(shape),
                        reason,
                    }),
                }
                self.progress.step();
            }
            self.progress.at(format!("race of {} on {shape}", runners.len()));
            let stopwatch = &self.stopwatch;
            if let Some(runner) = runners.first() {
                // The device rested while outputs were compared.
                runner.warm_up(stopwatch)?;
            }
            // Binding comes off the time of the race, which keeps most of it however long that took.
            let share = (share - readying.elapsed().as_secs_f64()).max(share * LEAST_SHARE);
            race(
                &mut runners,
                share,
                |runner, share| runner.lap(stopwatch, share),
                |runner| runner.seconds(Clock::GpuTimestamps),
            )?;
            finished.append(&mut runners);
        }
        for runner in &mut finished {
            runner.unbind();
        }
        copies.iter().for_each(Weights::forget_bindings);
        self.device.check()?;
        self.rows.push(Row {
            shape,
            scales,
            runners: finished,
        });
        self.left -= begun.elapsed().as_secs_f64();
        Ok(())
    }

    fn finish(self) -> Result<Results, Failure> {
        let times = || {
            let runners = self.rows.iter().flat_map(|row| &row.runners);
            runners.filter_map(|runner| runner.times.as_ref())
        };
        if times().next().is_none() {
            let first = self.failed.first();
            let reason = first.map_or("no time was left", |failed| failed.reason.as_str());
            return Err(Failure::NothingRan(reason.to_owned()));
        }
        Ok(Results {
            clock: Clock::of_all(times()),
            clock_note: FullClock::of_all(times()).note(times()),
            rows: self.rows,
            failed: self.failed,
            unmeasured: self.unmeasured,
        })
    }
}

/// Candidates of an entry that are kept for being the fastest: kernels with fewer variants than the catalogue find theirs among them or not at
/// all, and then those of the same family tell.
const KEPT: usize = 12;

impl Row {
    /// The variants that a description of a class may choose, the fastest first, with their nanoseconds.
    pub(super) fn ranking(&self, allowed: NumericClass, clock: Clock) -> Vec<(&'static Variant, u64)> {
        let mut ranking: Vec<(&'static Variant, u64)> = self
            .runners
            .iter()
            .filter(|runner| allowed.allows(runner.variant.configuration.numeric))
            // A table counts whole nanoseconds, and nothing takes none.
            .map(|runner| {
                (
                    runner.variant,
                    ((runner.seconds(clock) * 1e9).round() as u64).max(1),
                )
            })
            .collect();
        ranking.sort_by_key(|(_, nanoseconds)| *nanoseconds);
        ranking
    }

    /// The classes that something was measured of.
    pub(super) fn classes(&self) -> impl Iterator<Item = NumericClass> + '_ {
        let measured = |class: &NumericClass| {
            self.runners
                .iter()
                .any(|runner| runner.variant.configuration.numeric == *class)
        };
        NumericClass::ALL.into_iter().filter(measured)
    }
}

impl Results {
    /// The entries of a table.
    pub(super) fn entries(&self) -> Vec<Entry> {
        let entries = self.rows.iter().flat_map(|row| {
            row.classes().map(|numeric| Entry {
                shape: row.shape,
                numeric,
                scales: row.scales,
                candidates: kept(&row.ranking(numeric, self.clock)),
            })
        });
        entries.collect()
    }
}

/// The fastest, and the fastest of each family.
fn kept(ranking: &[(&'static Variant, u64)]) -> Vec<Measured> {
    let mut families = Vec::new();
    let mut kept = Vec::new();
    for (place, (variant, nanoseconds)) in ranking.iter().enumerate() {
        let family = variant.configuration.geometry.family();
        let is_first = !families.contains(&family);
        if is_first {
            families.push(family);
        }
        if is_first || place < KEPT {
            kept.push(Measured {
                kind: variant.configuration.kind(),
                nanoseconds: *nanoseconds,
            });
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use q4_kernel::{LayerShape, catalogue};

    use super::{super::plan::Race, *};
    use crate::testing;

    const SHAPE: Shape = Shape {
        m: 1,
        n: 13,
        k: 64,
        group_size: 32,
    };
    const NAME: &str = "coop4_w32_c1_g32_shared";

    fn plan(variants: &[&'static Variant]) -> Plan {
        let Shape { n, k, group_size, .. } = SHAPE;
        let race = Race {
            variants: variants.to_vec(),
        };
        Plan {
            layers: vec![Layer {
                shape: LayerShape { n, k, group_size },
                scales: ScaleLayout::default(),
                jobs: vec![Job {
                    shape: SHAPE,
                    races: vec![race],
                }],
            }],
            variants: variants.to_vec(),
            skipped: Vec::new(),
        }
    }

    fn run_on(variants: &[&'static Variant]) -> Result<Results, Failure> {
        run(&testing::device(), &plan(variants), 0.05, 1, &Progress::new(0))
    }

    #[test]
    fn a_kernel_that_computes_wrongly_or_does_not_compile_is_left_out_and_noted() {
        let good = q4_kernel::variant("coop4_w64_c1_g32_shared").unwrap();
        let wrong = testing::wrong_in_column_3(NAME);
        let broken = testing::tampered(NAME, "fn epilogue", "fn epi logue");
        for (bad, shape, reason) in [
            (wrong, Some(SHAPE), "first y[0, 3]: "),
            (broken, None, "was refused"),
        ] {
            let results = run_on(&[good, bad]).unwrap();
            let entries = results.entries();
            assert_eq!(entries.len(), 1);
            let kinds: Vec<&str> = entries[0]
                .candidates
                .iter()
                .map(|measured| measured.kind.as_str())
                .collect();
            assert_eq!(kinds, ["coop4_w64_c1_g32_shared"]);
            let [failed] = &results.failed[..] else {
                panic!("{:?}", results.failed);
            };
            assert_eq!((failed.variant, failed.shape), (NAME, shape));
            assert!(failed.reason.contains(reason), "{}", failed.reason);
        }
        let error = run_on(&[broken]).unwrap_err().to_string();
        assert!(error.starts_with("nothing could be run: "), "{error}");
    }

    #[test]
    fn the_fastest_are_kept_and_the_fastest_of_each_family() {
        let of = |family: &'static str| {
            catalogue()
                .iter()
                .filter(move |variant| variant.configuration.geometry.family() == family)
        };
        let ranking: Vec<(&'static Variant, u64)> =
            of("coop4").take(20).chain(of("gemm").take(5)).zip(1..).collect();
        let kept = kept(&ranking);
        assert_eq!(kept.len(), KEPT + 1);
        assert!(kept.is_sorted_by_key(|measured| measured.nanoseconds));
        assert_eq!(kept[KEPT].nanoseconds, 21);
    }
}
