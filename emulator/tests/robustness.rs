//! No valid module, however strange, makes the emulator panic or hang.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "helpers of tests may fail"
)]

mod common;

use std::num::NonZeroUsize;
use std::panic::catch_unwind;

use naga::valid::{Capabilities, ModuleInfo, SubgroupOperationSet, ValidationFlags, Validator};
use proptest::prelude::*;
use q4_kernel_emulator::{AccessMode, Bindings, Buffer, CompileOptions, LaunchOptions, Program, Schedule};

/// Validates a module; `None` if naga rejects it, or panics itself.
fn validate(module: &naga::Module) -> Option<ModuleInfo> {
    let module = std::panic::AssertUnwindSafe(module);
    catch_unwind(move || {
        Validator::new(ValidationFlags::all(), Capabilities::all())
            .subgroup_stages(naga::valid::ShaderStages::all())
            .subgroup_operations(SubgroupOperationSet::all())
            .validate(&module)
            .ok()
    })
    .ok()
    .flatten()
}

fn parse(source: &str) -> Option<naga::Module> {
    catch_unwind(|| naga::front::wgsl::parse_str(source).ok())
        .ok()
        .flatten()
}

/// Compiles and launches whatever entry points a module has, with buffers of a few bytes more than they need.
fn exercise(module: &naga::Module, source: &str, seed: u64) -> usize {
    let Some(info) = validate(module) else { return 0 };
    let mut launches = 0;
    for entry in &module.entry_points {
        let options = CompileOptions {
            require_initialized_variables: seed.is_multiple_of(2),
            ..CompileOptions::entry(entry.name.clone())
        };
        let Ok(program) = Program::compile(module, &info, source, &options) else {
            continue;
        };
        let mut bindings = Bindings::new();
        let mut outputs = Vec::new();
        for info in program.bindings() {
            let bytes = info.minimum_size.min(1 << 20) + seed % 64 / 4 * 4;
            let contents = (0..bytes)
                .map(|i| (i.wrapping_mul(seed) >> 3) as u8)
                .collect::<Vec<_>>();
            bindings.set(info.group, info.binding, Buffer::from_bytes(&contents));
            if info.access == AccessMode::ReadWrite {
                outputs.push((info.group, info.binding));
            }
        }
        for schedule in [Schedule::LOCKSTEP, Schedule::shuffled(seed)] {
            for checked in [true, false] {
                let options = LaunchOptions {
                    schedule,
                    checked,
                    subgroup_size: 4 << (seed % 6),
                    threads: NonZeroUsize::new(1 + seed as usize % 2),
                    outputs: outputs.clone(),
                    loop_limit: 50,
                    instruction_limit: 20_000,
                    immediates: vec![seed as u8; program.immediate_bytes() as usize],
                    ..LaunchOptions::default()
                };
                // Types that are larger than a buffer here are refused, nothing else.
                if program
                    .launch(&mut bindings.duplicate(), [2, 1, 1], &options)
                    .is_ok()
                {
                    launches += 1;
                }
            }
        }
    }
    launches
}

fn sources() -> Vec<String> {
    let paths = [common::paths("planted"), common::paths("correct")].concat();
    let mut sources = paths
        .iter()
        .map(|path| std::fs::read_to_string(path).unwrap())
        .collect::<Vec<_>>();
    sources.sort();
    sources
}

const WORDS: &[&str] = &[
    "0u",
    "1u",
    "4294967295u",
    "-1",
    "i32(lane)",
    "0.0",
    "1e38",
    "+",
    "-",
    "*",
    "/",
    "%",
    "<<",
    ">>",
    "&",
    "|",
    "^",
    "<",
    ">=",
    "&&",
    "return;",
    "break;",
    "continue;",
    "workgroupBarrier();",
    "storageBarrier();",
    "true",
    "false",
    "u32",
    "i32",
    "f32",
    "vec4<f32>",
    "lane",
    "id.x",
    "[0]",
    ".x",
    "if (lane == 1u) {",
    "}",
    "subgroupAdd(lane)",
    "loop {",
    "64",
    "7",
];

/// Changes some words of a text.
fn mutate(source: &str, edits: &[(usize, usize, u8)]) -> String {
    let is_word = |c: char| c.is_alphanumeric() || c == '_' || c == '.';
    let mut words: Vec<String> = Vec::new();
    for c in source.chars() {
        match words.last_mut() {
            Some(word) if is_word(c) && word.chars().all(is_word) => word.push(c),
            _ => words.push(c.to_string()),
        }
    }
    for &(at, other, kind) in edits {
        let (at, other) = (at % words.len(), other % words.len());
        match kind % 4 {
            0 => words[at] = WORDS[other % WORDS.len()].to_owned(),
            1 => words.swap(at, other),
            2 => words[at] = words[other].clone(),
            _ => {
                words.remove(at);
            }
        }
    }
    words.concat()
}

/// A few seconds' worth of cases, or as many as `PROPTEST_CASES` says.
fn config() -> ProptestConfig {
    let cases = std::env::var("PROPTEST_CASES")
        .ok()
        .and_then(|cases| cases.parse().ok())
        .unwrap_or(300);
    ProptestConfig {
        cases,
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn mutated_texts_do_not_panic(
        file in any::<prop::sample::Index>(),
        edits in prop::collection::vec((any::<usize>(), any::<usize>(), any::<u8>()), 1..4),
        seed in any::<u64>(),
    ) {
        let sources = sources();
        let source = mutate(&sources[file.index(sources.len())], &edits);
        if let Some(module) = parse(&source) {
            exercise(&module, &source, seed);
        }
    }

    #[test]
    fn mutated_modules_do_not_panic(
        file in any::<prop::sample::Index>(),
        edits in prop::collection::vec((any::<usize>(), any::<usize>(), any::<u32>()), 1..6),
        seed in any::<u64>(),
    ) {
        let sources = sources();
        let source = &sources[file.index(sources.len())];
        let mut module = parse(source).unwrap();
        for (at, other, value) in edits {
            mutate_module(&mut module, at, other, value);
        }
        exercise(&module, source, seed);
    }
}

/// Calls `f0`, which nests its body, from `f1` and so on.
fn nested(functions: usize, braces: usize) -> String {
    let mut source = String::from(
        "@group(0) @binding(0) var<storage, read_write> y: array<u32>;\nfn f0(x: u32) -> u32 { return x; }\n",
    );
    for i in 1..functions {
        let (open, close) = ("if (x > 0u) { ".repeat(braces), "}".repeat(braces));
        source += &format!(
            "fn f{i}(x: u32) -> u32 {{ {open} return f{}(x + 1u); {close} return 3u; }}\n",
            i - 1
        );
    }
    source
        + &format!(
            "@compute @workgroup_size(1) fn main() {{ y[0] = f{}(y[1]); }}",
            functions - 1
        )
}

#[test]
fn deep_nesting_is_an_error_and_no_overflow_of_the_stack() {
    for (functions, braces) in [(2, 100), (60, 2), (300, 1), (20, 20)] {
        let source = nested(functions, braces);
        match Program::from_wgsl(&source, &CompileOptions::default()) {
            Ok(_) => assert!(functions * braces < 256),
            Err(error) => assert!(
                error.to_string().contains("nested deeper than 256 at "),
                "{error}"
            ),
        }
    }
}

#[test]
fn calls_that_multiply_are_an_error_and_no_exhaustion_of_memory() {
    let mut source = String::from("fn f0(x: u32) -> u32 { return x * 3u; }\n");
    for i in 1..40 {
        let before = i - 1;
        source += &format!("fn f{i}(x: u32) -> u32 {{ return f{before}(x) + f{before}(x + 1u); }}\n");
    }
    source += "@group(0) @binding(0) var<storage, read_write> y: u32; @compute @workgroup_size(1) fn main() { y = f39(y); }";
    let error = Program::from_wgsl(&source, &CompileOptions::default()).unwrap_err();
    assert!(error.to_string().contains("a program of this size"), "{error}");
}

#[test]
fn the_kernels_themselves_are_exercised() {
    for source in sources() {
        let module = parse(&source).unwrap();
        let overrides = !module.overrides.is_empty();
        let launches = exercise(&module, &source, 12);
        assert!(launches == 4 || overrides, "{launches} launches of {source}");
    }
}

/// Changes one thing of a module, most of which the validator will reject.
fn mutate_module(module: &mut naga::Module, at: usize, other: usize, value: u32) {
    use naga::{BinaryOperator as B, Expression as E, MathFunction as M, Statement as S};
    let Some(entry) = module.entry_points.first_mut() else {
        return;
    };
    let function = &mut entry.function;
    let handles = function
        .expressions
        .iter()
        .map(|(handle, _)| handle)
        .collect::<Vec<_>>();
    let pick = |i: usize| handles[i % handles.len()];
    let (target, source) = (pick(at), pick(other));
    match value % 7 {
        0 => {
            if let E::Literal(literal) = &mut function.expressions[target] {
                *literal = naga::Literal::U32(value);
            }
        }
        1 => {
            const OPERATORS: [B; 8] = [
                B::Add,
                B::Subtract,
                B::Multiply,
                B::Divide,
                B::Modulo,
                B::And,
                B::ShiftLeft,
                B::ShiftRight,
            ];
            if let E::Binary { op, .. } = &mut function.expressions[target] {
                *op = OPERATORS[other % OPERATORS.len()];
            }
        }
        2 if source < target => match &mut function.expressions[target] {
            E::Binary { right, .. } => *right = source,
            E::Access { index, .. } => *index = source,
            E::Select { reject, .. } => *reject = source,
            E::Load { pointer } => *pointer = source,
            _ => {}
        },
        3 => {
            let length = function.body.len();
            if length > 0 {
                function.body.cull(at % length..at % length + 1);
            }
        }
        4 => {
            if let Some(S::Store { value, .. }) = function.body.get_mut(at % 16) {
                *value = source;
            }
        }
        5 => entry.workgroup_size = [value % 70, 1 + value % 3, 1],
        _ => {
            const FUNCTIONS: [M; 8] = [
                M::Abs,
                M::Sign,
                M::CountOneBits,
                M::ReverseBits,
                M::FirstLeadingBit,
                M::Floor,
                M::Exp,
                M::Sqrt,
            ];
            if source < target && matches!(function.expressions[target], E::Unary { .. } | E::Math { .. }) {
                let fun = FUNCTIONS[other % FUNCTIONS.len()];
                function.expressions[target] = E::Math {
                    fun,
                    arg: source,
                    arg1: None,
                    arg2: None,
                    arg3: None,
                };
            }
        }
    }
}
