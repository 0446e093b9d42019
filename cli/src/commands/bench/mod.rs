//! `q4 bench`: how fast kernels are, beside what the device can read.

mod accuracy;
mod csv;
mod json;
mod kernels;
mod plot;
mod report;
mod runs;
mod shapes;

use std::io::Write;

use crate::{
    adapter::{AdapterSummary, Device},
    cli::Bench,
    failure::{Ending, Failure},
    measure::{Budget, Clock, Order, ReadBandwidth, Stopwatch, rotation_bytes},
    output::{NewFile, Progress, print_json},
};

pub(crate) fn run(arguments: &Bench, out: &mut impl Write) -> Result<Ending, Failure> {
    let selection = kernels::Selection::parse(&arguments.kernels, &arguments.baseline)?;
    let plot = arguments.plot.as_deref().map(NewFile::create).transpose()?;
    let device = Device::open_without(&arguments.on.adapter, &arguments.without())?;
    let method = Method {
        order: if arguments.overlap {
            Order::Independent
        } else {
            Order::Dependent
        },
        budget: Budget::Seconds(arguments.seconds),
        seed: arguments.seed,
    };
    let shapes = shapes::Shapes::of(arguments, &device);
    let plan = kernels::plan(&device, &selection, &shapes.shapes)?;
    runs::check_memory(&device, &plan.jobs, method.order)?;

    let variants = plan.variants();
    let rows = plan.jobs.iter().map(|job| job.kernels.len()).sum::<usize>();
    let progress = Progress::new(1 + variants.len() + rows);
    let stopwatch = Stopwatch::new(&device.gpu);
    progress.at("read bandwidth");
    let bandwidth = ReadBandwidth::measure(&device, &stopwatch, method.budget)?;
    progress.step();
    let bench = runs::Bench {
        device: &device,
        stopwatch: &stopwatch,
        method,
    };
    let rows = runs::run(bench, &plan.jobs, &variants, &progress)?;
    drop(progress);

    let report = report::Report {
        adapter: AdapterSummary::from(&device.info),
        on_cpu: device.runs_on_cpu(),
        clock: Clock::of_all(rows.iter().filter_map(runs::Row::times).chain(bandwidth.times())),
        method,
        seconds: arguments.seconds,
        rotation_bytes: rotation_bytes(&device),
        bandwidth,
        without: arguments.without(),
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
    budget: Budget,
    seed: u64,
}
