//! `q4 bench`: how fast kernels are, beside what the device can read.

mod conditions;
mod csv;
mod json;
mod kernels;
mod model;
mod plot;
mod report;
mod routed;
mod runs;
mod shapes;

use std::io::Write;

use crate::{
    adapter::{AdapterSummary, Device},
    cli::Bench,
    failure::{Ending, Failure},
    measure::{Budget, Clock, FullClock, Order, ReadBandwidth, Stopwatch, Times, rotation_bytes},
    output::{NewFile, Progress, print_json},
};

pub(crate) fn run(arguments: &Bench, out: &mut impl Write) -> Result<Ending, Failure> {
    if let Some(name) = arguments.model {
        return model::run(arguments, name, out);
    }
    let selection = kernels::Selection::parse(&arguments.kernels, &arguments.baseline)?;
    let plot = arguments.plot.as_deref().map(NewFile::create).transpose()?;
    let device = Device::open_without(&arguments.on.adapter, &arguments.without())?;
    let report = measure(arguments, &device, selection)?;
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

fn measure(
    arguments: &Bench,
    device: &Device,
    selection: kernels::Selection,
) -> Result<report::Report, Failure> {
    let method = Method::of(arguments);
    let shapes = shapes::Shapes::of(arguments, device);
    let plan = kernels::plan(device, &selection, arguments.numeric, &shapes.shapes)?;
    runs::check_memory(device, &plan.jobs, method.order)?;

    let variants = plan.variants();
    let rows = plan.jobs.iter().map(|job| job.kernels.len()).sum::<usize>();
    let progress = Progress::new(1 + variants.len() + rows);
    let stopwatch = Stopwatch::new(&device.gpu);
    let bandwidth = read_bandwidth(device, &stopwatch, method, &progress)?;
    let bench = runs::Bench {
        device,
        stopwatch: &stopwatch,
        method,
    };
    let rows = runs::run(bench, &plan.jobs, &variants, &progress)?;
    drop(progress);

    let times = rows.iter().filter_map(runs::Row::times);
    Ok(report::Report {
        conditions: conditions(arguments, device, method, bandwidth, times),
        rotation_bytes: rotation_bytes(device),
        default_shapes: shapes.are_default,
        baseline: selection.baseline,
        ok: rows.iter().all(runs::Row::is_good),
        rows,
        skipped: plan.skipped,
    })
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
    let clock = Clock::of_all(all.iter().copied());
    let full_clock = FullClock::of_all(all.iter().copied());
    conditions::Conditions {
        adapter: AdapterSummary::from(&device.info),
        on_cpu: device.runs_on_cpu(),
        without: arguments.without(),
        numeric: arguments.numeric,
        method,
        clock_note: full_clock.note(all),
        bandwidth,
        clock,
        full_clock,
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;
    use q4_kernel::{Gpu, wgpu};
    use q4_kernel_emulator::wgpu::{Options, adapter};

    use super::*;
    use crate::cli::{Cli, Command};

    /// The emulator, without its clock.
    fn without_timestamps() -> Device {
        let adapter = adapter(Options::fast());
        let descriptor = wgpu::DeviceDescriptor {
            required_limits: adapter.limits(),
            ..wgpu::DeviceDescriptor::default()
        };
        let (device, queue) = pollster::block_on(adapter.request_device(&descriptor)).unwrap();
        let gpu = Gpu::from_wgpu(device, queue);
        let info = gpu.device().adapter_info();
        Device { gpu, info }
    }

    fn arguments(line: &str) -> Bench {
        match Cli::parse_from(line.split_whitespace()).command {
            Command::Bench(arguments) => arguments,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_device_without_timestamps_is_measured_by_the_hosts_clock_and_the_report_says_so() {
        let arguments = arguments("q4 bench --n 64 --k 64 --kernels coop4 --seconds 0.001");
        let selection = kernels::Selection::parse(&arguments.kernels, &arguments.baseline).unwrap();
        let report = measure(&arguments, &without_timestamps(), selection).unwrap();
        let mut text = Vec::new();
        report.write(&mut text).unwrap();
        let text = String::from_utf8(text).unwrap();
        assert!(
            text.contains("\ntiming   wall clock, from submission to completion, median of "),
            "{text}"
        );
        assert!(text.contains("so the host's was used"), "{text}");
        let json = serde_json::to_value(report.json()).unwrap();
        assert_eq!(json["method"]["clock"], "wall_clock");
        assert!(report.ok && json["rows"][0]["measured"]["seconds"]["median"].as_f64() > Some(0.0));
    }
}
