//! Random programs compute what a plain interpreter of their syntax tree computes, under every schedule.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "helpers of tests may fail"
)]

use proptest::prelude::*;
use q4_kernel_emulator::{Bindings, Buffer, CompileOptions, LaunchOptions, Program, Schedule};

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
    Component(Box<Term>),
    Binary(&'static str, Box<Term>, Box<Term>),
    Select(Box<Term>, Box<Term>, Box<Term>),
    Call(Box<Term>, Box<Term>),
}

#[derive(Clone, Debug)]
enum Step {
    Assign(usize, Term),
    Put(Term, Term),
    /// Assigns a swizzle of the vector to itself.
    Swizzle([usize; 4]),
    SetComponent(Term, Term),
    /// Changes a variable through a pointer.
    Bump(usize, Term),
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
            1 => boxed().prop_map(Term::Component),
            1 => (boxed(), boxed(), boxed()).prop_map(|(c, a, b)| Term::Select(c, a, b)),
            1 => (boxed(), boxed()).prop_map(|(a, b)| Term::Call(a, b)),
        ]
    })
}

fn block(depth: u32) -> BoxedStrategy<Vec<Step>> {
    let simple = prop_oneof![
        6 => (0..VARIABLES, term()).prop_map(|(variable, value)| Step::Assign(variable, value)),
        2 => (term(), term()).prop_map(|(index, value)| Step::Put(index, value)),
        1 => prop::array::uniform4(0..4usize).prop_map(Step::Swizzle),
        1 => (term(), term()).prop_map(|(index, value)| Step::SetComponent(index, value)),
        1 => (0..VARIABLES, term()).prop_map(|(variable, by)| Step::Bump(variable, by)),
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
        Term::Component(index) => format!("w[{} % 4u]", term_text(index)),
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
            Step::Swizzle(places) => {
                let letters = places.map(|place| ["x", "y", "z", "w"][place]).concat();
                *text += &format!("w = w.{letters};\n");
            }
            Step::SetComponent(index, value) => {
                *text += &format!("w[{} % 4u] = {} + w.x;\n", term_text(index), term_text(value));
            }
            Step::Bump(i, by) => *text += &format!("bump(&v{i}, {});\n", term_text(by)),
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
        fn bump(p: ptr<function, u32>, by: u32) {{
            *p = *p * 3u + by;
            if (*p % 2u == 0u) {{ return; }}
            *p += 1u;
        }}
        fn run(lane: u32, input: u32) -> u32 {{
            var table: array<u32, 6>; var w = vec4(lane, input, 1u, 2u);
            var v0 = lane; var v1 = input; var v2 = 7u; var v3 = 0u;
            {body}
            return v0 ^ (v1 * 3u) ^ (v2 * 5u) ^ (v3 * 7u) ^ table[lane % 6u] ^ w.x ^ (w.w * 11u);
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
    vector: [u32; 4],
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
            Term::Component(index) => self.vector[self.term(index) as usize % 4],
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
            Term::Select(c, a, b) => self.term(if self.term(c).is_multiple_of(2) { b } else { a }),
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
                Step::Swizzle(places) => {
                    self.vector = places.map(|place| self.vector[place]);
                    Flow::Next
                }
                Step::SetComponent(index, value) => {
                    let value = self.term(value).wrapping_add(self.vector[0]);
                    self.vector[self.term(index) as usize % 4] = value;
                    Flow::Next
                }
                Step::Bump(i, by) => {
                    let value = self.variables[*i].wrapping_mul(3).wrapping_add(self.term(by));
                    self.variables[*i] = value.wrapping_add(value % 2);
                    Flow::Next
                }
                Step::If(condition, accept, reject) => {
                    let branch = if self.term(condition).is_multiple_of(2) {
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
                Step::BreakIf(condition) if in_loop && self.term(condition).is_multiple_of(5) => Flow::Break,
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
        vector: [lane, input, 1, 2],
    };
    match state.steps(steps, false) {
        Flow::Return(value) => value,
        _ => {
            let [a, b, c, d] = state.variables;
            a ^ b.wrapping_mul(3)
                ^ c.wrapping_mul(5)
                ^ d.wrapping_mul(7)
                ^ state.table[lane as usize % 6]
                ^ state.vector[0]
                ^ state.vector[3].wrapping_mul(11)
        }
    }
}
