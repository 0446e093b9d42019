//! `q4 bench --model`: all linear layers of a model, as an engine runs them for a token and for a prompt.

mod json;
mod layers;
mod report;
mod runs;
mod stack;

use std::io::Write;

use q4_kernel::layout;

use super::{
    Method, conditions,
    kernels::{MODEL_BASELINES, ROUTED, Wanted},
    read_bandwidth,
    routed::Routed,
};
use crate::{
    adapter::Device,
    architecture::{Architecture, Matrix},
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
    let words = [ROUTED].into_iter().chain(MODEL_BASELINES);
    let wanted = words.map(Wanted::parse).collect::<Result<Vec<_>, _>>()?;

    let routed = Routed::new(&device, arguments.numeric, arguments.group.iter().copied())?;
    let steps = arguments.group.len() * wanted.len() * runs::STEPS;
    let progress = Progress::new(1 + steps);
    let stopwatch = Stopwatch::new(&device.gpu);
    let bandwidth = read_bandwidth(&device, &stopwatch, method, &progress)?;
    let mut rows = Vec::new();
    for &group_size in &arguments.group {
        let bench = runs::ModelBench {
            device: &device,
            stopwatch: &stopwatch,
            method,
            prompt: arguments.prompt,
            standard: routed.of(group_size)?,
            progress: &progress,
        };
        rows.extend(bench.run(&architecture.matrices(group_size), group_size, &wanted)?);
    }
    drop(progress);

    let times = rows.iter().filter_map(runs::Row::times);
    let report = report::ModelReport {
        conditions: conditions(arguments, &device, method, bandwidth, times),
        architecture,
        prompt: arguments.prompt,
        baselines: MODEL_BASELINES,
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
    use clap::Parser;
    use serde_json::Value;

    use super::*;
    use crate::architecture::TINY;
    use crate::cli::{Cli, Command};

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

    /// What is printed for a tiny model in place of the one that is named.
    fn printed(options: &str) -> String {
        let line = format!("q4 bench --model llama-3.2-1b --prompt 3 --seconds 0.001 {options}");
        let Command::Bench(arguments) = Cli::parse_from(line.split_whitespace()).command else {
            panic!("{line}")
        };
        let mut out = Vec::new();
        assert_eq!(measure(&arguments, TINY, &mut out).unwrap(), Ending::Good);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn json_has_a_stack_for_each_phase_and_set_of_kernels() {
        let report: Value = serde_json::from_str(&printed("--json")).unwrap();
        assert_eq!(
            (
                &report["model"]["name"],
                &report["model"]["matrices"],
                &report["ok"]
            ),
            (&"tiny".into(), &15.into(), &true.into())
        );
        let stacks = report["stacks"].as_array().unwrap();
        let done: Vec<_> = stacks
            .iter()
            .map(|stack| {
                let word = |key: &str| stack[key].as_str().unwrap();
                (word("kernels"), word("phase"), stack["measured"].is_object())
            })
            .collect();
        assert_eq!(
            done,
            [
                ("routed", "decode", true),
                ("routed", "prefill", true),
                ("coop4", "decode", true),
                ("coop4", "prefill", false),
                ("bicol", "decode", true),
                ("bicol", "prefill", false),
                ("published_bicol", "decode", true),
                ("published_bicol", "prefill", false),
            ]
        );
        for stack in stacks {
            let measured = &stack["measured"];
            if measured.is_null() {
                assert_eq!(stack["unserved"], "it multiplies one row, and M is 3");
                continue;
            }
            let number = |key: &str| measured[key].as_f64().unwrap();
            let seconds = measured["seconds"]["median"].as_f64().unwrap();
            let close = |value: f64, expected: f64| (value - expected).abs() <= expected * 1e-9;
            assert!(close(
                number("tokens_per_second"),
                stack["tokens"].as_f64().unwrap() / seconds
            ));
            assert!(close(
                number("gigabytes_per_second"),
                number("bytes") / seconds / 1e9
            ));
            assert!(number("error_relative_to_rms") < 1e-5);
            assert_eq!(measured["dispatches"], 15);
            for baseline in MODEL_BASELINES {
                let speedup = &measured["speedups"][baseline];
                assert_eq!(speedup.is_null(), stack["phase"] == "prefill", "{baseline}");
                assert!(stack["kernels"] != baseline || *speedup == 1.0, "{baseline}");
            }
        }
    }

    #[test]
    fn the_text_names_what_each_matrix_is_routed_to() {
        let text = printed("");
        assert!(
            text.contains("\nmodel    tiny, 2 layers: 15 matrices with weights of their own, "),
            "{text}"
        );
        assert!(
            text.contains("\ndecode: one token, group size 32\nkernels "),
            "{text}"
        );
        assert!(
            text.contains("\nprefill: 3 tokens, group size 32\nkernels "),
            "{text}"
        );
        assert!(
            text.contains("\nleft out: coop4, bicol, published_bicol: it multiplies one row, and M is 3\n"),
            "{text}"
        );
        assert!(text.contains("\nlm_head   1 x 200 x  64  "), "{text}");
        assert!(
            text.ends_with("\nEvery output that was sampled agrees with float64.\n"),
            "{text}"
        );
    }

    #[test]
    fn csv_has_a_line_for_each_stack_that_was_measured() {
        let text = printed("--csv --group 32,64");
        let lines: Vec<&str> = text.split_terminator("\r\n").collect();
        // What is routed walks both phases, each baseline one.
        let stacks = 2 + MODEL_BASELINES.len();
        assert_eq!(lines.len(), 1 + 2 * stacks);
        assert!(lines[0].starts_with("adapter,clock,model,layers,group_size,phase,tokens,kernels,seconds,"));
        let second = lines[1 + stacks];
        assert!(second.contains(",tiny,2,64,decode,1,routed,"), "{second}");
    }
}
