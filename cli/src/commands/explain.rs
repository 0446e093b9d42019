//! `q4 explain`: the route of a layer, and what lost against it.

use std::io::{self, Write};

use q4_kernel::{Considered, Linear, Routing, Shape, Verdict, standard, variant};
use serde::Serialize;

use crate::{
    adapter::{AdapterSummary, Device},
    cli::Explain,
    failure::{Ending, Failure},
    grouping::grouped,
    output::{indented, print_json, wrapped},
    serving,
};

#[derive(Serialize)]
struct Report {
    adapter: AdapterSummary,
    routes: Vec<Routing>,
}

pub(crate) fn run(arguments: &Explain, out: &mut impl Write) -> Result<Ending, Failure> {
    let device = Device::open(&arguments.on.adapter)?;
    let linear = Linear::new(&device.gpu, &standard())?;
    let routes: Vec<Routing> = arguments
        .m
        .iter()
        .map(|m| {
            linear.route(Shape {
                m: *m,
                n: arguments.n,
                k: arguments.k,
                group_size: arguments.group,
            })
        })
        .collect();
    let report = Report {
        adapter: AdapterSummary::from(&device.info),
        routes,
    };
    if arguments.format.json {
        print_json(out, &report)?;
    } else {
        write_text(&device, &report, out)?;
    }
    let served = report.routes.iter().all(|routing| routing.chosen().is_some());
    Ok(Ending::of(served))
}

fn write_text(device: &Device, report: &Report, out: &mut impl Write) -> io::Result<()> {
    writeln!(out, "{}", report.adapter)?;
    for routing in &report.routes {
        writeln!(out)?;
        match routing.chosen() {
            Some(Considered { route, variant, .. }) => {
                writeln!(out, "M = {}: {variant}", routing.m)?;
                writeln!(out, "  for {route}, {}", routing.source)?;
            }
            None => writeln!(out, "M = {}: nothing serves it", routing.m)?,
        }
        write_losers(device, routing, out)?;
    }
    Ok(())
}

/// What stood before the chosen one, by reason, and what stood behind it.
fn write_losers(device: &Device, routing: &Routing, out: &mut impl Write) -> io::Result<()> {
    let shape = Shape {
        m: routing.m,
        n: routing.n,
        k: routing.k,
        group_size: routing.group_size,
    };
    let ruled_out = routing
        .considered
        .iter()
        .filter_map(|considered| match &considered.verdict {
            Verdict::RuledOut(reason) => Some((reason.to_string(), considered.variant.as_str())),
            Verdict::Chosen | Verdict::NotReached => None,
        });
    for (reason, variants) in grouped(ruled_out) {
        writeln!(out, "  ruled out: {reason}")?;
        write!(out, "{}", indented("    ", &wrapped(&variants.join(", "))))?;
    }
    let behind: Vec<&str> = routing
        .considered
        .iter()
        .skip_while(|considered| considered.verdict != Verdict::Chosen)
        .skip(1)
        .filter_map(|considered| variant(&considered.variant))
        .filter(|variant| serving::ruled_out(device, variant, shape).is_none())
        .map(|variant| variant.name.as_ref())
        .collect();
    if let Some((next, others)) = behind.split_first() {
        writeln!(
            out,
            "  behind it, had it not been there: {next}, and {} more that serve",
            others.len()
        )?;
    }
    Ok(())
}
