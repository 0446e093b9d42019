//! `q4 tune`: which kernels are fastest on an adapter, written down for routing.

mod file;
mod json;
mod plan;
mod race;
mod report;
mod runner;
mod runs;

use std::io::Write;

use q4_kernel::{Linear, TuningSource, standard, tuning::Table};

use crate::{
    adapter::{AdapterSummary, Device},
    cli::Tune,
    failure::{Ending, Failure},
    output::{Progress, print_json},
};

pub(crate) fn run(arguments: &Tune, out: &mut impl Write) -> Result<Ending, Failure> {
    let device = Device::open(&arguments.on.adapter)?;
    let place = file::Place::create(arguments.output.as_deref(), &device.info)?;
    let report = measure(arguments, &device, place.old.as_ref())?;
    let path = place.keep(&report.table)?;
    let report = report::Written { report, path };
    if arguments.format.json {
        print_json(out, &report.json())?;
    } else {
        report.write(out)?;
    }
    Ok(Ending::of(report.report.is_good()))
}

/// Measures everything, and adds it to what a table has of other shapes.
fn measure(arguments: &Tune, device: &Device, old: Option<&Table>) -> Result<report::Report, Failure> {
    let plan = plan::Plan::of(arguments, device)?;
    plan.check_memory(device)?;
    let progress = Progress::new(plan.variants.len() + plan.runners());
    let results = runs::run(device, &plan, arguments.seconds, arguments.seed, &progress)?;
    drop(progress);

    let built_in = Linear::new(&device.gpu.with_tuning(&TuningSource::Off), &standard())?;
    let entries = results.entries();
    let merged = file::merged(old.map_or(&[][..], Table::entries), &entries);
    let table = Table::new(&device.info, merged).map_err(|error| Failure::NothingRan(error.to_string()))?;
    Ok(report::Report {
        adapter: AdapterSummary::from(&device.info),
        on_cpu: device.runs_on_cpu(),
        chosen: results.chosen(&built_in),
        kept: table.entries().len() - entries.len(),
        table,
        entries,
        seconds: arguments.seconds,
        results,
        skipped: plan.skipped,
    })
}
