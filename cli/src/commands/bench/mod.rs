//! `q4 bench`: how fast kernels are, beside what the device can read.

mod accuracy;
mod conditions;
mod csv;
mod json;
mod kernels;
mod model;
mod plot;
mod report;
mod runs;
mod shapes;

use std::io::Write;

use crate::{
    adapter::{AdapterSummary, Device},
    cli::Bench,
    failure::{Ending, Failure},
    measure::{Budget, Clock, Order, ReadBandwidth, Stopwatch, Times, rotation_bytes},
    output::{NewFile, Progress, print_json},
};

pub(crate) fn run(arguments: &Bench, out: &mut impl Write) -> Result<Ending, Failure> {
    if let Some(name) = arguments.model {
        return model::run(arguments, name, out);
    }
    let selection = kernels::Selection::parse(&arguments.kernels, &arguments.baseline)?;
    let plot = arguments.plot.as_deref().map(NewFile::create).transpose()?;
    let device = Device::open_without(&arguments.on.adapter, &arguments.without())?;
    let method = Method::of(arguments);
    let shapes = shapes::Shapes::of(arguments, &device);
    let plan = kernels::plan(&device, &selection, &shapes.shapes)?;
    runs::check_memory(&device, &plan.jobs, method.order)?;

    let variants = plan.variants();
    let rows = plan.jobs.iter().map(|job| job.kernels.len()).sum::<usize>();
    let progress = Progress::new(1 + variants.len() + rows);
    let stopwatch = Stopwatch::new(&device.gpu);
    let bandwidth = read_bandwidth(&device, &stopwatch, method, &progress)?;
    let bench = runs::Bench {
        device: &device,
        stopwatch: &stopwatch,
        method,
    };
    let rows = runs::run(bench, &plan.jobs, &variants, &progress)?;
    drop(progress);

    let times = rows.iter().filter_map(runs::Row::times);
    let report = report::Report {
        conditions: conditions(arguments, &device, method, bandwidth, times),
        rotation_bytes: rotation_bytes(&device),
        default_shapes: shapes.are_default,
        baseline: selection.baseline,
        ok: rows.iter().all(runs::Row::is_good),
        rows,
        skipped: plan.skipped,
    };
    if let Some(plot) = plot {
        plot.keep(&report.plot())?;
    }
    if arguments.json {
        print_json(out, &report.json())?;
    } else if arguments.csv {
        report.write_csv(out)?;
    } else {
        report.write(out)?;
    }
    Ok(Ending::of(report.ok))
}

/// How things are measured.
#[derive(Clone, Copy, Debug)]
struct Method {
    order: Order,
    /// To spend on each thing that is measured.
    seconds: f64,
    /// Of the random data.
    seed: u64,
}

impl Method {
    fn of(arguments: &Bench) -> Self {
        Self {
            order: if arguments.overlap {
                Order::Independent
            } else {
                Order::Dependent
            },
            seconds: arguments.seconds,
            seed: arguments.seed,
        }
    }

    fn budget(&self) -> Budget {
        Budget::Seconds(self.seconds)
    }
}

fn read_bandwidth(
    device: &Device,
    stopwatch: &Stopwatch<'_>,
    method: Method,
    progress: &Progress,
) -> Result<ReadBandwidth, Failure> {
    progress.at("read bandwidth");
    let bandwidth = ReadBandwidth::measure(device, stopwatch, method.budget())?;
    progress.step();
    Ok(bandwidth)
}

/// The conditions of everything that was measured, with the clock that all of it has.
fn conditions<'a>(
    arguments: &Bench,
    device: &Device,
    method: Method,
    bandwidth: ReadBandwidth,
    times: impl Iterator<Item = &'a Times>,
) -> conditions::Conditions {
    let mut all: Vec<&Times> = times.collect();
    all.extend(bandwidth.times());
    let clock = Clock::of_all(all);
    conditions::Conditions {
        adapter: AdapterSummary::from(&device.info),
        on_cpu: device.runs_on_cpu(),
        without: arguments.without(),
        method,
        bandwidth,
        clock,
    }
}
