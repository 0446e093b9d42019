//! Measures the stacks.

use q4_kernel::Linear;

use super::{
    layers::Layers,
    stack::{Assignment, Checked, Stack},
};
use crate::{
    adapter::Device,
    architecture::Matrix,
    commands::bench::{Method, kernels::Wanted},
    failure::Failure,
    measure::{Stopwatch, Times},
    output::Progress,
};

/// What a stack is walked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Phase {
    /// One token.
    Decode,
    /// A prompt.
    Prefill,
}

/// A stack and what it was walked for.
#[derive(Debug)]
pub(super) struct Row {
    /// The word for its kernels.
    pub(super) kernels: String,
    pub(super) group_size: u32,
    pub(super) phase: Phase,
    /// Tokens.
    pub(super) tokens: u32,
    pub(super) outcome: Outcome,
}

/// What came of it.
#[derive(Debug)]
pub(super) enum Outcome {
    Measured(Box<Measured>),
    /// The kernels are not made for it.
    Unserved(String),
    /// It went wrong.
    Failed(String),
}

/// A walk that was measured.
#[derive(Debug)]
pub(super) struct Measured {
    pub(super) times: Times,
    pub(super) dispatches: usize,
    pub(super) bytes: u64,
    pub(super) operations: f64,
    pub(super) checked: Vec<Checked>,
}

/// What every measurement needs.
#[derive(Clone, Copy, Debug)]
pub(super) struct ModelBench<'a> {
    pub(super) device: &'a Device,
    pub(super) stopwatch: &'a Stopwatch<'a>,
    pub(super) method: Method,
    pub(super) prompt: u32,
    pub(super) standard: &'a Linear,
    pub(super) progress: &'a Progress,
}

/// Steps of the progress of each stack: its upload, a token, a prompt.
pub(super) const STEPS: usize = 3;

impl Row {
    /// The walk, where it was measured.
    pub(super) fn measured(&self) -> Option<&Measured> {
        match &self.outcome {
            Outcome::Measured(measured) => Some(measured),
            Outcome::Unserved(_) | Outcome::Failed(_) => None,
        }
    }

    pub(super) fn times(&self) -> Option<&Times> {
        self.measured().map(|measured| &measured.times)
    }

    /// Whether it returned what it should, or was not asked for.
    pub(super) fn is_good(&self) -> bool {
        match &self.outcome {
            Outcome::Measured(measured) => measured
                .checked
                .iter()
                .all(|checked| checked.accuracy.comparison.agrees()),
            Outcome::Unserved(_) => true,
            Outcome::Failed(_) => false,
        }
    }
}

impl ModelBench<'_> {
    /// Measures the stack of each of some kernels.
    ///
    /// # Errors
    /// If the device is lost, or not a single walk could be measured.
    pub(super) fn run(
        &self,
        matrices: &[Matrix],
        group_size: u32,
        wanted: &[Wanted],
    ) -> Result<Vec<Row>, Failure> {
        self.progress.at("random weights");
        let layers = Layers::new(matrices, self.prompt, self.method.seed)?;
        let mut rows = Vec::new();
        for wanted in wanted {
            let outcomes = self.stack(matrices, wanted, &layers);
            self.device.check()?;
            let phases = [(Phase::Decode, 1), (Phase::Prefill, self.prompt)];
            rows.extend(
                phases
                    .into_iter()
                    .zip(outcomes)
                    .map(|((phase, tokens), outcome)| Row {
                        kernels: wanted.word.clone(),
                        group_size,
                        phase,
                        tokens,
                        outcome,
                    }),
            );
        }
        if rows.iter().all(|row| row.measured().is_none())
            && let Some(reason) = rows.iter().find_map(|row| match &row.outcome {
                Outcome::Unserved(reason) | Outcome::Failed(reason) => Some(reason),
                Outcome::Measured(_) => None,
            })
        {
            return Err(Failure::NothingRan(reason.clone()));
        }
        Ok(rows)
    }

    /// Uploads a stack and walks it for a token and for a prompt.
    fn stack(&self, matrices: &[Matrix], wanted: &Wanted, layers: &Layers) -> [Outcome; 2] {
        let assignments = match self.assign(matrices, wanted, 1) {
            Ok(assignments) => assignments,
            Err(reason) => return [Outcome::Unserved(reason.clone()), Outcome::Unserved(reason)],
        };
        self.progress.at(format!("{}: upload", wanted.word));
        let stack = match Stack::new(self.device, assignments, layers, self.prompt, self.progress) {
            Ok(stack) => stack,
            Err(error) => {
                let reason = error.to_string();
                return [Outcome::Failed(reason.clone()), Outcome::Failed(reason)];
            }
        };
        self.progress.step();
        let prefill = match self.assign(matrices, wanted, self.prompt) {
            Ok(_) => None,
            Err(reason) => Some(Outcome::Unserved(reason)),
        };
        let decode = self.walk(&stack, layers, 1, &wanted.word);
        self.progress.step();
        let prefill = prefill.unwrap_or_else(|| self.walk(&stack, layers, self.prompt, &wanted.word));
        self.progress.step();
        [decode, prefill]
    }

    /// The kernel of each matrix for so many tokens, or why there is none for one of them.
    fn assign(&self, matrices: &[Matrix], wanted: &Wanted, tokens: u32) -> Result<Vec<Assignment>, String> {
        let mut known: Vec<Assignment> = Vec::new();
        matrices
            .iter()
            .map(|&matrix| {
                let alike = |known: &&Assignment| known.matrix.product(tokens) == matrix.product(tokens);
                if let Some(Assignment { linear, .. }) = known.iter().find(alike) {
                    let linear = linear.clone();
                    return Ok(Assignment { matrix, linear });
                }
                let linear = wanted.linear(self.device, matrix.product(tokens), self.standard)?;
                let assignment = Assignment { matrix, linear };
                known.push(assignment.clone());
                Ok(assignment)
            })
            .collect()
    }

    fn walk(&self, stack: &Stack, layers: &Layers, tokens: u32, word: &str) -> Outcome {
        let measured = || -> Result<Measured, Failure> {
            let checked = stack.check(self.stopwatch, layers, tokens, self.progress)?;
            self.progress.at(format!("{word}: {tokens} tokens"));
            let walk = stack.walk(tokens)?;
            Ok(Measured {
                times: walk.measure(self.stopwatch, self.method.budget())?,
                dispatches: walk.dispatches,
                bytes: walk.bytes,
                operations: walk.operations,
                checked,
            })
        };
        match measured() {
            Ok(measured) => Outcome::Measured(Box::new(measured)),
            Err(error) => Outcome::Failed(error.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use q4_kernel::standard;

    use super::*;
    use crate::{architecture::TINY, measure::Order, testing};

    #[test]
    fn a_stack_is_walked_for_a_token_and_a_prompt_and_every_shape_is_checked() {
        let device = testing::device();
        let standard = Linear::new(&device.gpu, &standard()).unwrap();
        let stopwatch = Stopwatch::new(&device.gpu);
        let method = Method {
            order: Order::Dependent,
            seconds: 0.001,
            seed: 1,
        };
        let bench = ModelBench {
            device: &device,
            stopwatch: &stopwatch,
            method,
            prompt: 5,
            standard: &standard,
            progress: &Progress::new(0),
        };
        let wanted = ["routed", "published_bicol"].map(|word| Wanted::parse(word).unwrap());
        let matrices = TINY.matrices(32);
        let rows = bench.run(&matrices, 32, &wanted).unwrap();
        let done: Vec<_> = rows
            .iter()
            .map(|row| (row.kernels.as_str(), row.phase, row.measured().is_some()))
            .collect();
        assert_eq!(
            done,
            [
                ("routed", Phase::Decode, true),
                ("routed", Phase::Prefill, true),
                ("published_bicol", Phase::Decode, true),
                ("published_bicol", Phase::Prefill, false)
            ]
        );
        assert!(rows.iter().all(Row::is_good), "{rows:?}");
        let weights: u64 = matrices
            .iter()
            .map(|matrix| u64::from(matrix.shape.n) * u64::from(matrix.shape.k))
            .sum();
        for row in rows.iter().filter(|row| row.measured().is_some()) {
            let measured = row.measured().unwrap();
            assert_eq!(measured.dispatches, 2 * 7 + 1);
            let names: Vec<&str> = measured
                .checked
                .iter()
                .flat_map(|checked| checked.names.clone())
                .collect();
            assert_eq!(names, ["q", "o", "k", "v", "gate", "up", "down", "lm_head"]);
            assert!(measured.bytes > weights / 2 + weights / 32 * 4);
            if row.phase == Phase::Decode {
                assert_eq!(measured.operations, 2.0 * weights as f64);
            }
        }
        device.check().unwrap();
    }

    #[test]
    fn a_model_that_no_kernel_serves_measures_nothing_and_says_why() {
        let device = testing::device();
        let standard = Linear::new(&device.gpu, &standard()).unwrap();
        let stopwatch = Stopwatch::new(&device.gpu);
        let bench = ModelBench {
            device: &device,
            stopwatch: &stopwatch,
            method: Method {
                order: Order::Dependent,
                seconds: 0.001,
                seed: 1,
            },
            prompt: 2,
            standard: &standard,
            progress: &Progress::new(0),
        };
        let error = bench
            .run(&TINY.matrices(20), 20, &[Wanted::parse("bicol").unwrap()])
            .unwrap_err()
            .to_string();
        assert!(
            error.starts_with("nothing could be run: ") && error.contains("group_size is 20"),
            "{error}"
        );
    }
}
