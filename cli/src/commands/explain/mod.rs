//! `q4 explain`: the route of a layer, and what lost against it.

mod kernels;
mod report;
mod route;

use std::io::Write;

use q4_kernel::{Linear, Shape};

use self::{
    kernels::{Weights, kernels},
    report::Report,
    route::Explained,
};
use crate::{
    adapter::{AdapterSummary, Device},
    cli::Explain,
    failure::{Ending, Failure},
    output::print_json,
    tables::TuningTables,
};

pub(crate) fn run(arguments: &Explain, out: &mut impl Write) -> Result<Ending, Failure> {
    let weights = Weights::of(arguments)?;
    let kernels = kernels(arguments, weights)?;
    let device = Device::open(&arguments.on.adapter)?;
    let mut routes = Vec::new();
    for of_class in &kernels {
        let linear = Linear::new(&device.gpu, &of_class.kernel)?;
        for &m in &arguments.m {
            let shape = Shape {
                m,
                n: arguments.n,
                k: arguments.k,
                group_size: weights.group_size,
            };
            routes.push(Explained::of(&device, &linear, of_class, shape));
        }
    }
    let report = Report {
        adapter: AdapterSummary::from(&device.info),
        tuning: TuningTables::of(&device.info),
        weights: weights.text(),
        routes,
    };
    if arguments.format.json {
        print_json(out, &report)?;
    } else {
        report.write(arguments, out)?;
    }
    Ok(Ending::of(report.is_served()))
}
