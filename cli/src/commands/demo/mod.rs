//! `q4 demo`: real layers on the best adapter, every output against float64.

mod json;
mod layers;
mod report;
mod weights;

use std::io::Write;

use q4_kernel::{Kernels, Shape};
use weights::OfFile;

use crate::{
    adapter::{AdapterSummary, Device},
    cli::Demo,
    data,
    failure::{Ending, Failure},
    measure::{Clock, Stopwatch},
    memory,
    output::{Progress, print_json},
};

pub(crate) fn run(arguments: &Demo, out: &mut impl Write) -> Result<Ending, Failure> {
    let (model, OfFile { layers, note }) = match &arguments.weights {
        Some(file) => (
            file.display().to_string(),
            weights::layers(file, arguments.tensor.as_deref())?,
        ),
        None => {
            let layers = data::layers()?;
            (data::MODEL.to_owned(), OfFile { layers, note: None })
        }
    };
    let device = Device::open(&arguments.on.adapter)?;
    for layer in &layers {
        let shape = layer.layer.shape();
        for &m in &arguments.rows {
            memory::check(
                Shape {
                    m,
                    n: shape.n,
                    k: shape.k,
                    group_size: shape.group_size,
                },
                device.gpu.capabilities(),
            )?;
        }
    }

    let progress = Progress::new(layers.len() * arguments.rows.len());
    progress.at("pipelines");
    let stopwatch = Stopwatch::new(&device.gpu);
    let contract: Vec<_> = layers.iter().filter_map(layers::Contract::check).collect();
    let mut rows = Vec::new();
    let mut kernels = Kernels::new(&device.gpu);
    for layer in &layers {
        rows.extend(layers::run(
            &kernels.upload(&layer.layer)?,
            &stopwatch,
            layer,
            &arguments.rows,
            &progress,
        )?);
        device.check()?;
    }
    drop(progress);

    let report = report::Report {
        adapter: AdapterSummary::from(&device.info),
        model,
        clock: Clock::of_all(rows.iter().map(|row| &row.times)),
        layers: &layers,
        note,
        ok: rows.iter().all(layers::Row::agrees) && contract.iter().all(|contract| contract.ok),
        contract,
        rows,
        on_cpu: device.runs_on_cpu(),
    };
    if arguments.format.json {
        print_json(out, &report.json())?;
    } else {
        report.write(out)?;
    }
    Ok(Ending::of(report.ok))
}
