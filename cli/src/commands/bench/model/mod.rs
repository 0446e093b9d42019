//! `q4 bench --model`: all linear layers of a model, as an engine runs them for a token and for a prompt.

mod architecture;
mod json;
mod layers;
mod report;
mod runs;
mod stack;

use std::io::Write;

use q4_kernel::{Linear, layout, standard};

use self::architecture::{Architecture, Matrix};
use super::{
    Method, conditions,
    kernels::{PUBLISHED, ROUTED, Wanted},
    read_bandwidth,
};
use crate::{
    adapter::Device,
    cli::{Bench, ModelName},
    failure::{Ending, Failure},
    measure::Stopwatch,
    memory,
    output::{Progress, print_json},
};

pub(super) fn run(arguments: &Bench, name: ModelName, out: &mut impl Write) -> Result<Ending, Failure> {
    let whole = Architecture::of(name);
    let layers = arguments.layers.unwrap_or(whole.layers);
    if layers > whole.layers {
        return Err(Failure::Unserved(format!(
            "{} has {} layers, and --layers is {layers}; leave it out for all of them",
            whole.name, whole.layers
        )));
    }
    measure(arguments, Architecture { layers, ..whole }, out)
}

fn measure(arguments: &Bench, architecture: Architecture, out: &mut impl Write) -> Result<Ending, Failure> {
    let device = Device::open_without(&arguments.on.adapter, &arguments.without())?;
    let method = Method::of(arguments);
    for &group_size in &arguments.group {
        footprint(&architecture, group_size, arguments.prompt)
            .check(device.gpu.capabilities(), device.runs_on_cpu())?;
    }
    let words = [ROUTED].into_iter().chain(PUBLISHED.map(|(word, _)| word));
    let wanted = words.map(Wanted::parse).collect::<Result<Vec<_>, _>>()?;

    let steps = arguments.group.len() * wanted.len() * runs::STEPS;
    let progress = Progress::new(1 + steps);
    let stopwatch = Stopwatch::new(&device.gpu);
    let bandwidth = read_bandwidth(&device, &stopwatch, method, &progress)?;
    progress.at("pipelines");
    let standard = Linear::new(&device.gpu, &standard())?;
    let bench = runs::ModelBench {
        device: &device,
        stopwatch: &stopwatch,
        method,
        prompt: arguments.prompt,
        standard: &standard,
        progress: &progress,
    };
    let mut rows = Vec::new();
    for &group_size in &arguments.group {
        rows.extend(bench.run(&architecture.matrices(group_size), group_size, &wanted)?);
    }
    drop(progress);

    let times = rows.iter().filter_map(runs::Row::times);
    let report = report::ModelReport {
        conditions: conditions(arguments, &device, method, bandwidth, times),
        architecture,
        prompt: arguments.prompt,
        baselines: PUBLISHED.map(|(word, _)| word),
        ok: rows.iter().all(runs::Row::is_good),
        rows,
    };
    if arguments.json {
        print_json(out, &report.json())?;
    } else if arguments.csv {
        report.write_csv(out)?;
    } else {
        report.write(out)?;
    }
    Ok(Ending::of(report.ok))
}

/// What a stack takes. Stacks are on the device one after the other.
fn footprint(architecture: &Architecture, group_size: u32, prompt: u32) -> memory::Measured {
    const ELEMENT: u128 = size_of::<f32>() as u128;
    let matrices = architecture.matrices(group_size);
    let weights = |n, k| {
        u128::from(layout::weight_bytes(n, k)) + u128::from(layout::scale_count(n, k, group_size)) * ELEMENT
    };
    let inputs = |matrix: &Matrix| u128::from(prompt) * u128::from(matrix.shape.k) * ELEMENT;
    let outputs =
        |matrix: &Matrix| u128::from(matrix.product(prompt).m) * u128::from(matrix.shape.n) * ELEMENT;
    let shapes = layers::shapes(&matrices);
    // Matrices of a layer have activations of their own; those of all layers share them.
    let layer = || matrices.iter().rev().take(LAYER_AND_HEAD);
    memory::Measured {
        what: format!(
            "{} with groups of {group_size} and a prompt of {prompt}",
            architecture.name
        ),
        operands: [
            layer().map(inputs).max().unwrap_or_default(),
            layer().map(outputs).max().unwrap_or_default(),
        ],
        weights: matrices
            .iter()
            .map(|matrix| weights(matrix.shape.n, matrix.shape.k))
            .sum(),
        activations: layer().map(|matrix| inputs(matrix) + outputs(matrix)).sum(),
        layers: shapes
            .iter()
            .map(|shape| weights(shape.n, shape.k) + u128::from(prompt) * u128::from(shape.k) * ELEMENT)
            .sum(),
        remedy: "choose a smaller model, fewer of its layers with --layers, or a shorter prompt with --prompt",
    }
}

/// The matrices of a layer, and the last one.
const LAYER_AND_HEAD: usize = 8;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_model_takes_what_its_weights_and_scales_take() {
        let model = Architecture::of(ModelName::Llama31_8b);
        let footprint = footprint(&model, 32, 512);
        // Half a byte a weight, and four bytes for each 32 of them.
        let weights: u64 = 7_504_658_432;
        assert_eq!(footprint.weights, u128::from(weights / 2 + weights / 32 * 4));
        assert_eq!(footprint.operands, [512 * 14_336 * 4, 512 * 14_336 * 4]);
    }

    #[test]
    fn a_prompt_without_end_fits_nothing_and_says_what_to_do() {
        let model = Architecture::of(ModelName::Llama32_1b);
        let device = crate::testing::device();
        let error = footprint(&model, 32, u32::MAX)
            .check(device.gpu.capabilities(), false)
            .unwrap_err()
            .to_string();
        assert!(
            error.starts_with("llama-3.2-1b with groups of 32 and a prompt of 4294967295 does not fit: "),
            "{error}"
        );
        assert!(error.ends_with("or a shorter prompt with --prompt"), "{error}");
    }
}
