//! `q4 check`: kernels against float64, on any shape.

mod json;
mod plan;
mod report;
mod runs;

use std::io::Write;

use q4_kernel::Shape;

use crate::{
    adapter::{AdapterSummary, Device},
    cli::Check,
    failure::{Ending, Failure},
    memory,
    output::print_json,
};

pub(crate) fn run(arguments: &Check, out: &mut impl Write) -> Result<Ending, Failure> {
    let selection = plan::Selection::parse(&arguments.variant)?;
    let device = Device::open(&arguments.on.adapter)?;
    let shapes = shapes(arguments);
    for shape in &shapes {
        memory::check(*shape, device.gpu.capabilities())?;
    }
    let plan = plan::plan(&device, &selection, &shapes)?;
    let rows = runs::run(&device, &plan.jobs, arguments.bias, arguments.seed)?;
    let report = report::Report {
        adapter: AdapterSummary::from(&device.info),
        variant: arguments.variant.clone(),
        bias: arguments.bias,
        seed: arguments.seed,
        ok: rows.iter().all(runs::Row::agrees),
        rows,
        skipped: plan.skipped,
    };
    if arguments.format.json {
        print_json(out, &report.json())?;
    } else {
        report.write(out)?;
    }
    Ok(Ending::of(report.ok))
}

/// Every combination of the dimensions given, M changing fastest.
fn shapes(arguments: &Check) -> Vec<Shape> {
    let Check { m, n, k, group, .. } = arguments;
    let mut shapes = Vec::with_capacity(m.len() * n.len() * k.len() * group.len());
    for &group_size in group {
        for &k in k {
            for &n in n {
                shapes.extend(m.iter().map(|&m| Shape { m, n, k, group_size }));
            }
        }
    }
    shapes
}
