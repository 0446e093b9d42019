//! Measures the kernels.

use std::{sync::Arc, time::Instant};

use q4_kernel::{
    Call, Gpu, Linear, NumericClass, ScaleLayout, Shape, UploadError, Variant, Weights,
    conformance::CheckError,
    reference::samples::{self, Data, Sample},
    tuning::{Entry, Measured},
    wgpu,
};

use super::{
    plan::{Job, Layer, Plan},
    race::race,
};
use crate::{
    accuracy::{Accuracy, Expected},
    adapter::Device,
    failure::Failure,
    measure::{
        Clock, FullClock, Stopwatch, Times, compile, finish_uploads, measure_warm, upload_copies, warm_up,
    },
    output::{Progress, first_wrong},
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

/// A variant in a race.
#[derive(Debug)]
struct Runner {
    variant: &'static Variant,
    calls: Vec<Arc<Call>>,
    /// The number of the unit that comes next.
    next: u32,
    /// How long a unit took when it was looked at first.
    first: f64,
    times: Option<Times>,
}

impl Runner {
    /// Seconds of a multiplication: the median of all passes, 0 where there is none yet.
    fn seconds(&self, clock: Clock) -> f64 {
        self.times.as_ref().map_or(0.0, |times| times.by(clock).median)
    }

    fn warm_up(&self, stopwatch: &Stopwatch<'_>) -> Result<(), Failure> {
        Ok(warm_up(stopwatch, self.first, |pass, unit| {
            self.record(pass, unit)
        })?)
    }

    fn record(&self, pass: &mut wgpu::ComputePass<'_>, unit: u32) {
        self.calls[unit as usize % self.calls.len()].record(pass);
    }

    fn lap(&mut self, stopwatch: &Stopwatch<'_>, share: f64) -> Result<(), Failure> {
        let known = self.seconds(Clock::GpuTimestamps);
        let unit = if known > 0.0 { known } else { self.first };
        let lap = measure_warm(stopwatch, unit, self.next, share, |pass, unit| {
            self.record(pass, unit);
        })?;
        self.next = self.next.wrapping_add(lap.units());
        match &mut self.times {
            Some(times) => times.extend(lap),
            None => self.times = Some(lap),
        }
        Ok(())
    }
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
            // The bind groups and buffers behind them are not needed any more.
            runner.calls.clear();
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

/// What all kernels on a shape share.
struct Bench<'a> {
    shape: Shape,
    x: wgpu::Buffer,
    y: Outputs,
    copies: &'a [Weights],
}

/// A place for outputs that can be poisoned.
struct Outputs {
    buffer: wgpu::Buffer,
    poison: wgpu::Buffer,
}

impl Outputs {
    fn new(gpu: &Gpu, shape: Shape) -> Result<Self, Failure> {
        let poison = vec![f32::NAN; shape.m as usize * shape.n as usize];
        Ok(Self {
            buffer: gpu.output(poison.len())?,
            poison: gpu.input_output(&poison)?,
        })
    }

    /// Fills them with NaN, so that one that is never written agrees with nothing.
    fn poison(&self, gpu: &Gpu) {
        let mut encoder = gpu
            .device()
            .create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
        encoder.copy_buffer_to_buffer(&self.poison, 0, &self.buffer, 0, self.buffer.size());
        gpu.queue().submit([encoder.finish()]);
    }
}

impl Bench<'_> {
    /// Binds a kernel to the copies, and runs it once to see whether it computes what it should; otherwise says why it cannot race.
    fn ready(
        &self,
        variant: &'static Variant,
        linear: &Linear,
        stopwatch: &Stopwatch<'_>,
        expected: &Expected,
    ) -> Result<Runner, String> {
        let prepared = self
            .copies
            .iter()
            .map(|weights| linear.prepare(weights, &self.x, &self.y.buffer, self.shape.m));
        let calls: Vec<Arc<Call>> = prepared
            .collect::<Result<_, _>>()
            .map_err(|error| error.to_string())?;
        self.y.poison(linear.gpu());
        let elapsed = stopwatch
            .pass(|pass| calls.iter().take(1).for_each(|call| call.record(pass)))
            .map_err(|error| error.to_string())?;
        let got = linear
            .gpu()
            .read(&self.y.buffer)
            .map_err(|error| error.to_string())?;
        let Accuracy { comparison, .. } = expected.compare(&got, variant.configuration);
        match first_wrong(&comparison) {
            Some(wrong) => Err(wrong),
            None => Ok(Runner {
                variant,
                calls,
                next: 0,
                first: elapsed.gpu.unwrap_or(elapsed.wall),
                times: None,
            }),
        }
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
