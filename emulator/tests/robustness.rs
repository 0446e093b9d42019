//! No valid module, however strange, makes the emulator panic, hang or leave its memory; and random programs compute
//! what a plain interpreter of their syntax tree computes.

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
            require_initialized_variables: seed % 2 == 0,
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

    #[test]
    fn random_programs_compute_what_their_syntax_tree_says(program in block(4), input in any::<u32>()) {
        let source = program_text(&program);
        let compiled = Program::from_wgsl(&source, &CompileOptions::default()).unwrap_or_else(|e| panic!("{e}\n{source}"));
        let expected = (0..LANES).map(|lane| interpret(&program, lane, input)).collect::<Vec<_>>();
        for schedule in Schedule::standard() {
            for checked in [true, false] {
                let output = Buffer::zeroed(4 * u64::from(LANES));
                let mut bindings = Bindings::new().with(0, 0, Buffer::from_slice(&[input])).with(0, 1, output.clone());
                let options = LaunchOptions { schedule, checked, ..LaunchOptions::default() };
                let report = compiled.launch(&mut bindings, [1, 1, 1], &options).unwrap();
                prop_assert!(report.is_clean(), "{report}\n{source}");
                prop_assert_eq!(output.to_vec::<u32>(), expected.clone(), "{:?}\n{}", schedule, source);
            }
        }
    }
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
            if let Some(S::Store { value, .. }) = function.body.iter_mut().nth(at % 16) {
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

const LANES: u32 = 24;
const VARIABLES: usize = 4;
/// Iterations of each loop of a random program.
const TURNS: u32 = 5;

/// An expression of u32.
#[derive(Clone, Debug)]
enum Term {
    Constant(u32),
    Variable(usize),
    Lane,
    Input,
    Table(Box<Term>),
    Binary(&'static str, Box<Term>, Box<Term>),
    Select(Box<Term>, Box<Term>, Box<Term>),
    Call(Box<Term>, Box<Term>),
}

#[derive(Clone, Debug)]
enum Step {
    Assign(usize, Term),
    Put(Term, Term),
    If(Term, Vec<Step>, Vec<Step>),
    Loop(Vec<Step>, Vec<Step>),
    Switch(Term, Vec<Step>, Vec<Step>, Vec<Step>),
    BreakIf(Term),
    ContinueIf(Term),
    ReturnIf(Term),
}

const OPERATORS: [&str; 10] = ["+", "-", "*", "&", "|", "^", "<", "==", "/", "<<"];

fn term() -> impl Strategy<Value = Term> {
    let leaf = prop_oneof![
        (0..20u32).prop_map(Term::Constant),
        any::<u32>().prop_map(Term::Constant),
        (0..VARIABLES).prop_map(Term::Variable),
        Just(Term::Lane),
        Just(Term::Input),
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        let boxed = move || inner.clone().prop_map(Box::new);
        prop_oneof![
            4 => (prop::sample::select(&OPERATORS[..]), boxed(), boxed()).prop_map(|(op, a, b)| Term::Binary(op, a, b)),
            1 => boxed().prop_map(Term::Table),
            1 => (boxed(), boxed(), boxed()).prop_map(|(c, a, b)| Term::Select(c, a, b)),
            1 => (boxed(), boxed()).prop_map(|(a, b)| Term::Call(a, b)),
        ]
    })
}

fn block(depth: u32) -> BoxedStrategy<Vec<Step>> {
    let simple = prop_oneof![
        6 => (0..VARIABLES, term()).prop_map(|(variable, value)| Step::Assign(variable, value)),
        2 => (term(), term()).prop_map(|(index, value)| Step::Put(index, value)),
        1 => term().prop_map(Step::BreakIf),
        1 => term().prop_map(Step::ContinueIf),
        1 => term().prop_map(Step::ReturnIf),
    ];
    if depth == 0 {
        return prop::collection::vec(simple, 0..3).boxed();
    }
    let inner = move || block(depth - 1);
    let step = prop_oneof![
        5 => simple,
        2 => (term(), inner(), inner()).prop_map(|(c, a, b)| Step::If(c, a, b)),
        1 => (inner(), inner()).prop_map(|(a, b)| Step::Loop(a, b)),
        1 => (term(), inner(), inner(), inner()).prop_map(|(s, a, b, c)| Step::Switch(s, a, b, c)),
    ];
    prop::collection::vec(step, 0..4).boxed()
}

fn term_text(term: &Term) -> String {
    match term {
        Term::Constant(value) => format!("{value}u"),
        Term::Variable(i) => format!("v{i}"),
        Term::Lane => "lane".to_owned(),
        Term::Input => "input".to_owned(),
        Term::Table(index) => format!("table[{} % 6u]", term_text(index)),
        Term::Binary(op, a, b) => {
            let (a, b) = (term_text(a), term_text(b));
            match *op {
                "<" | "==" => format!("u32({a} {op} {b})"),
                // No constant expression may divide by zero.
                "/" => format!("({a} / max({b} ^ zero, 1u))"),
                "<<" => format!("({a} << ({b} & (31u ^ zero)))"),
                _ => format!("(({a} ^ zero) {op} ({b} ^ zero))"),
            }
        }
        Term::Select(c, a, b) => format!(
            "select({}, {}, {} % 2u == 0u)",
            term_text(a),
            term_text(b),
            term_text(c)
        ),
        Term::Call(a, b) => format!("helper({}, {})", term_text(a), term_text(b)),
    }
}

fn steps_text(steps: &[Step], in_loop: bool, loops: &mut u32, text: &mut String) {
    for step in steps {
        match step {
            Step::Assign(i, value) => *text += &format!("v{i} = {};\n", term_text(value)),
            Step::Put(index, value) => {
                *text += &format!("table[{} % 6u] = {};\n", term_text(index), term_text(value));
            }
            Step::If(condition, accept, reject) => {
                *text += &format!("if ({} % 2u == 0u) {{\n", term_text(condition));
                steps_text(accept, in_loop, loops, text);
                *text += "} else {\n";
                steps_text(reject, in_loop, loops, text);
                *text += "}\n";
            }
            Step::Loop(body, continuing) => {
                let id = *loops;
                *loops += 1;
                *text += &format!("var n{id} = 0u;\nloop {{\nif (n{id} >= {TURNS}u) {{ break; }}\n");
                steps_text(body, true, loops, text);
                *text += &format!("continuing {{\nn{id}++;\n");
                let plain = continuing
                    .iter()
                    .filter(|step| matches!(step, Step::Assign(..) | Step::Put(..)));
                steps_text(&plain.cloned().collect::<Vec<_>>(), false, loops, text);
                *text += &format!("break if v0 % 7u == n{id};\n}}\n}}\n");
            }
            Step::Switch(selector, first, second, default) => {
                *text += &format!("switch ({} % 4u) {{\ncase 0u, 3u: {{\n", term_text(selector));
                steps_text(first, in_loop, loops, text);
                *text += "}\ndefault: {\n";
                steps_text(default, in_loop, loops, text);
                *text += "}\ncase 1u: {\n";
                steps_text(second, in_loop, loops, text);
                *text += "}\n}\n";
            }
            Step::BreakIf(condition) if in_loop => {
                *text += &format!("if ({} % 5u == 0u) {{ break; }}\n", term_text(condition));
            }
            Step::ContinueIf(condition) if in_loop => {
                *text += &format!("if ({} % 5u == 1u) {{ continue; }}\n", term_text(condition));
            }
            Step::ReturnIf(condition) => {
                *text += &format!(
                    "if ({} % 11u == 3u) {{ return v1 + table[2]; }}\n",
                    term_text(condition)
                );
            }
            Step::BreakIf(_) | Step::ContinueIf(_) => {}
        }
    }
}

fn program_text(steps: &[Step]) -> String {
    let mut body = String::new();
    steps_text(steps, false, &mut 0, &mut body);
    format!(
        "@group(0) @binding(0) var<storage, read> inputs: array<u32>;
        @group(0) @binding(1) var<storage, read_write> output: array<u32>;
        var<private> zero: u32;
        fn helper(a: u32, b: u32) -> u32 {{
            if (a > b) {{ return a - b; }}
            var sum = a;
            for (var i = 0u; i < b % 4u; i++) {{ sum += i * b; }}
            return sum;
        }}
        fn run(lane: u32, input: u32) -> u32 {{
            var table: array<u32, 6>;
            var v0 = lane; var v1 = input; var v2 = 7u; var v3 = 0u;
            {body}
            return v0 ^ (v1 * 3u) ^ (v2 * 5u) ^ (v3 * 7u) ^ table[lane % 6u];
        }}
        @compute @workgroup_size({LANES})
        fn main(@builtin(local_invocation_index) lane: u32) {{ output[lane] = run(lane, inputs[0]); }}"
    )
}

/// The state of one lane in the plain interpreter.
struct Lane {
    lane: u32,
    input: u32,
    variables: [u32; VARIABLES],
    table: [u32; 6],
}

enum Flow {
    Next,
    Break,
    Continue,
    Return(u32),
}

impl Lane {
    fn term(&self, term: &Term) -> u32 {
        match term {
            Term::Constant(value) => *value,
            Term::Variable(i) => self.variables[*i],
            Term::Lane => self.lane,
            Term::Input => self.input,
            Term::Table(index) => self.table[self.term(index) as usize % 6],
            Term::Binary(op, a, b) => {
                let (a, b) = (self.term(a), self.term(b));
                match *op {
                    "+" => a.wrapping_add(b),
                    "-" => a.wrapping_sub(b),
                    "*" => a.wrapping_mul(b),
                    "&" => a & b,
                    "|" => a | b,
                    "^" => a ^ b,
                    "<" => u32::from(a < b),
                    "==" => u32::from(a == b),
                    "/" => a / b.max(1),
                    _ => a << (b & 31),
                }
            }
            Term::Select(c, a, b) => self.term(if self.term(c) % 2 == 0 { b } else { a }),
            Term::Call(a, b) => {
                let (a, b) = (self.term(a), self.term(b));
                if a > b {
                    a - b
                } else {
                    (0..b % 4).fold(a, |sum, i| sum.wrapping_add(i.wrapping_mul(b)))
                }
            }
        }
    }

    fn steps(&mut self, steps: &[Step], in_loop: bool) -> Flow {
        for step in steps {
            let flow = match step {
                Step::Assign(i, value) => {
                    self.variables[*i] = self.term(value);
                    Flow::Next
                }
                Step::Put(index, value) => {
                    self.table[self.term(index) as usize % 6] = self.term(value);
                    Flow::Next
                }
                Step::If(condition, accept, reject) => {
                    let branch = if self.term(condition) % 2 == 0 {
                        accept
                    } else {
                        reject
                    };
                    self.steps(branch, in_loop)
                }
                Step::Loop(body, continuing) => self.run_loop(body, continuing),
                Step::Switch(selector, first, second, default) => {
                    let case = match self.term(selector) % 4 {
                        0 | 3 => first,
                        1 => second,
                        _ => default,
                    };
                    // A break in a case leaves the switch.
                    match self.steps(case, in_loop) {
                        Flow::Break => Flow::Next,
                        flow => flow,
                    }
                }
                Step::BreakIf(condition) if in_loop && self.term(condition) % 5 == 0 => Flow::Break,
                Step::ContinueIf(condition) if in_loop && self.term(condition) % 5 == 1 => Flow::Continue,
                Step::ReturnIf(condition) if self.term(condition) % 11 == 3 => {
                    Flow::Return(self.variables[1].wrapping_add(self.table[2]))
                }
                _ => Flow::Next,
            };
            if !matches!(flow, Flow::Next) {
                return flow;
            }
        }
        Flow::Next
    }

    fn run_loop(&mut self, body: &[Step], continuing: &[Step]) -> Flow {
        let plain = continuing
            .iter()
            .filter(|step| matches!(step, Step::Assign(..) | Step::Put(..)));
        let continuing = plain.cloned().collect::<Vec<_>>();
        let mut n = 0;
        while n < TURNS {
            match self.steps(body, true) {
                Flow::Break => break,
                Flow::Return(value) => return Flow::Return(value),
                Flow::Next | Flow::Continue => {}
            }
            n += 1;
            self.steps(&continuing, false);
            if self.variables[0] % 7 == n {
                break;
            }
        }
        Flow::Next
    }
}

fn interpret(steps: &[Step], lane: u32, input: u32) -> u32 {
    let mut state = Lane {
        lane,
        input,
        variables: [lane, input, 7, 0],
        table: [0; 6],
    };
    match state.steps(steps, false) {
        Flow::Return(value) => value,
        _ => {
            let [a, b, c, d] = state.variables;
            a ^ b.wrapping_mul(3) ^ c.wrapping_mul(5) ^ d.wrapping_mul(7) ^ state.table[lane as usize % 6]
        }
    }
}
