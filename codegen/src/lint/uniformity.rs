//! Barriers stand in uniform control flow only.
//!
//! naga validates a barrier under a lane's condition; devices hang on it, and browsers refuse it. The analysis is that of WGSL: a value is
//! uniform if every invocation of a workgroup is sure to compute the same one, control flow is uniform as long as it depends on
//! uniform values only. For a barrier of a subgroup the same holds of its invocations, which have the subgroup's number in common. Two
//! rules are stricter than naga's own facts: what is read from workgroup memory is not uniform (Tint agrees), and a local variable is
//! uniform only if it is proved so: every store to it, in uniform control flow, is of a uniform value.

use naga::{
    AddressSpace, Barrier, BuiltIn, Expression, Function, Handle, LocalVariable, Module, Span, Statement,
    StorageAccess,
};

/// The invocations that a barrier waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Scope {
    Workgroup,
    Subgroup,
}

/// A barrier that some of the invocations that it waits for may not reach.
#[derive(Clone, Copy, Debug)]
pub(super) struct DivergentBarrier {
    /// The barrier.
    pub(super) barrier: Span,
    /// The condition that may divide the invocations.
    pub(super) cause: Span,
}

/// Every barrier of `function` that is not in uniform control flow.
pub(super) fn divergent_barriers(module: &Module, function: &Function) -> Vec<DivergentBarrier> {
    let of_scope = |scope| {
        let mut analysis = Analysis {
            module,
            function,
            scope,
            non_uniform_locals: Vec::new(),
            found: Vec::new(),
            changed: true,
        };
        // Locals are taken for uniform until a store proves otherwise; each round can only add to the others.
        while analysis.changed {
            analysis.changed = false;
            analysis.found.clear();
            analysis.block(&function.body, Flow::UNIFORM);
        }
        analysis.found
    };
    [Scope::Workgroup, Scope::Subgroup]
        .into_iter()
        .flat_map(of_scope)
        .collect()
}

struct Analysis<'a> {
    module: &'a Module,
    function: &'a Function,
    /// Among whose invocations values and control flow are uniform or not, and whose barriers are looked for.
    scope: Scope,
    non_uniform_locals: Vec<Handle<LocalVariable>>,
    found: Vec<DivergentBarrier>,
    /// Whether this round found a local that is not uniform after all.
    changed: bool,
}

/// Control flow: uniform, or divided by a condition.
#[derive(Clone, Copy)]
struct Flow(Option<Span>);

/// Which ways out of a block only some invocations may take, each with the condition that divides them.
#[derive(Clone, Copy, Default)]
struct Exits {
    /// `break` of the innermost loop or switch.
    breaks: Option<Span>,
    /// `continue`.
    continues: Option<Span>,
    /// `return`.
    returns: Option<Span>,
}

impl Flow {
    const UNIFORM: Self = Self(None);

    fn divided_by(self, cause: Option<Span>) -> Self {
        Self(self.0.or(cause))
    }
}

impl Exits {
    fn join(&mut self, other: Self) {
        self.breaks = self.breaks.or(other.breaks);
        self.continues = self.continues.or(other.continues);
        self.returns = self.returns.or(other.returns);
    }

    fn any(self) -> Option<Span> {
        self.breaks.or(self.continues).or(self.returns)
    }
}

impl Analysis<'_> {
    fn block(&mut self, block: &naga::Block, flow: Flow) -> Exits {
        let mut exits = Exits::default();
        for (statement, span) in block.span_iter() {
            // Behind a way out that some took, not all are here.
            let flow = flow.divided_by(exits.any());
            exits.join(self.statement(statement, *span, flow));
        }
        exits
    }

    fn statement(&mut self, statement: &Statement, span: Span, flow: Flow) -> Exits {
        let mut exits = Exits::default();
        if self.waits(statement) {
            self.barrier(span, flow);
        }
        match statement {
            Statement::Block(block) => exits = self.block(block, flow),
            Statement::If {
                condition,
                accept,
                reject,
            } => {
                let flow = flow.divided_by(self.division(*condition));
                exits = self.block(accept, flow);
                exits.join(self.block(reject, flow));
            }
            Statement::Switch { selector, cases } => {
                let flow = flow.divided_by(self.division(*selector));
                for case in cases {
                    exits.join(self.block(&case.body, flow));
                }
                // A `break` leaves the switch, where all meet again.
                exits.breaks = None;
            }
            Statement::Loop {
                body,
                continuing,
                break_if,
            } => {
                exits.returns = self.looped(body, continuing, *break_if, flow);
            }
            Statement::Break => exits.breaks = flow.0,
            Statement::Continue => exits.continues = flow.0,
            Statement::Return { .. } | Statement::Kill => exits.returns = flow.0,
            Statement::Store { pointer, value } => self.store(*pointer, *value, flow),
            // What is passed by reference may be stored to.
            Statement::Call { arguments, .. } => {
                for argument in arguments {
                    self.store(*argument, *argument, Flow(Some(span)));
                }
            }
            _ => {}
        }
        exits
    }

    /// Whether a statement is a barrier of the scope, or calls a function that has one.
    fn waits(&self, statement: &Statement) -> bool {
        match statement {
            Statement::ControlBarrier(barrier) => scope_of(*barrier) == self.scope,
            Statement::WorkGroupUniformLoad { .. } => self.scope == Scope::Workgroup,
            Statement::Call { function, .. } => self.has_barrier(&self.module.functions[*function].body),
            _ => false,
        }
    }

    fn has_barrier(&self, block: &naga::Block) -> bool {
        block.iter().any(|statement| match statement {
            Statement::Block(block) => self.has_barrier(block),
            Statement::If { accept, reject, .. } => self.has_barrier(accept) || self.has_barrier(reject),
            Statement::Switch { cases, .. } => cases.iter().any(|case| self.has_barrier(&case.body)),
            Statement::Loop { body, continuing, .. } => {
                self.has_barrier(body) || self.has_barrier(continuing)
            }
            statement => self.waits(statement),
        })
    }

    /// Walks a loop; returns the condition under which only some invocations return from within.
    fn looped(
        &mut self,
        body: &naga::Block,
        continuing: &naga::Block,
        break_if: Option<Handle<Expression>>,
        flow: Flow,
    ) -> Option<Span> {
        let known = self.found.len();
        let exits = self.block(body, flow);
        // A `continue` meets the others here; who left the loop does not come back.
        let left = exits.breaks.or(exits.returns);
        self.block(continuing, flow.divided_by(left));
        let left = left.or(break_if.and_then(|condition| self.division(condition)));
        if left.is_some() && flow.0.is_none() {
            // Invocations leave at different rounds, so that from the second round on not all are here.
            self.found.truncate(known);
            let divided = flow.divided_by(left);
            self.block(body, divided);
            self.block(continuing, divided);
        }
        exits.returns
    }

    fn barrier(&mut self, barrier: Span, flow: Flow) {
        if let Some(cause) = flow.0 {
            self.found.push(DivergentBarrier { barrier, cause });
        }
    }

    fn store(&mut self, pointer: Handle<Expression>, value: Handle<Expression>, flow: Flow) {
        let Root::Local(local) = self.root(pointer) else {
            return;
        };
        let uniform = flow.0.is_none() && self.is_uniform(value) && self.indices_are_uniform(pointer);
        if !uniform && !self.non_uniform_locals.contains(&local) {
            self.non_uniform_locals.push(local);
            self.changed = true;
        }
    }

    /// The span of a condition that may divide invocations; `None` if it is uniform.
    fn division(&self, condition: Handle<Expression>) -> Option<Span> {
        (!self.is_uniform(condition)).then(|| self.function.expressions.get_span(condition))
    }

    fn is_uniform(&self, expression: Handle<Expression>) -> bool {
        let all = |operands: &[Handle<Expression>]| operands.iter().all(|operand| self.is_uniform(*operand));
        match self.function.expressions[expression] {
            Expression::Literal(_)
            | Expression::Constant(_)
            | Expression::Override(_)
            | Expression::ZeroValue(_)
            | Expression::ArrayLength(_)
            | Expression::WorkGroupUniformLoadResult { .. } => true,
            Expression::FunctionArgument(index) => self.argument_is_uniform(index),
            Expression::Load { pointer } => self.place_is_uniform(pointer),
            Expression::Access { base, index } => all(&[base, index]),
            Expression::AccessIndex { base, .. } => all(&[base]),
            Expression::Splat { value, .. } => all(&[value]),
            Expression::Swizzle { vector, .. } => all(&[vector]),
            Expression::Compose { ref components, .. } => all(components),
            Expression::Unary { expr, .. } | Expression::As { expr, .. } => all(&[expr]),
            Expression::Binary { left, right, .. } => all(&[left, right]),
            Expression::Select {
                condition,
                accept,
                reject,
            } => all(&[condition, accept, reject]),
            Expression::Relational { argument, .. } => all(&[argument]),
            Expression::Math {
                arg,
                arg1,
                arg2,
                arg3,
                ..
            } => [Some(arg), arg1, arg2, arg3]
                .into_iter()
                .flatten()
                .all(|operand| self.is_uniform(operand)),
            // Results of calls, atomics and subgroup operations, images, pointers by themselves.
            _ => false,
        }
    }

    fn argument_is_uniform(&self, index: u32) -> bool {
        let argument = usize::try_from(index)
            .ok()
            .and_then(|index| self.function.arguments.get(index));
        match argument.and_then(|argument| argument.binding.as_ref()) {
            Some(naga::Binding::BuiltIn(
                BuiltIn::WorkGroupId
                | BuiltIn::NumWorkGroups
                | BuiltIn::WorkGroupSize
                | BuiltIn::NumSubgroups
                | BuiltIn::SubgroupSize,
            )) => true,
            Some(naga::Binding::BuiltIn(BuiltIn::SubgroupId)) => self.scope == Scope::Subgroup,
            _ => false,
        }
    }

    /// Whether all invocations read the same from behind a pointer.
    fn place_is_uniform(&self, pointer: Handle<Expression>) -> bool {
        let memory = match self.root(pointer) {
            Root::Local(local) => !self.non_uniform_locals.contains(&local),
            Root::Global(AddressSpace::Uniform | AddressSpace::Immediate) => true,
            Root::Global(AddressSpace::Storage { access }) => !access.contains(StorageAccess::STORE),
            Root::Global(_) | Root::Other => false,
        };
        memory && self.indices_are_uniform(pointer)
    }

    fn indices_are_uniform(&self, pointer: Handle<Expression>) -> bool {
        match self.function.expressions[pointer] {
            Expression::Access { base, index } => self.is_uniform(index) && self.indices_are_uniform(base),
            Expression::AccessIndex { base, .. } => self.indices_are_uniform(base),
            _ => true,
        }
    }

    fn root(&self, pointer: Handle<Expression>) -> Root {
        match self.function.expressions[pointer] {
            Expression::Access { base, .. } | Expression::AccessIndex { base, .. } => self.root(base),
            Expression::LocalVariable(local) => Root::Local(local),
            Expression::GlobalVariable(global) => Root::Global(self.module.global_variables[global].space),
            _ => Root::Other,
        }
    }
}

/// What a pointer points into.
enum Root {
    Local(Handle<LocalVariable>),
    Global(AddressSpace),
    Other,
}

fn scope_of(barrier: Barrier) -> Scope {
    if barrier == Barrier::SUB_GROUP {
        Scope::Subgroup
    } else {
        Scope::Workgroup
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NONE: [u32; 0] = [];

    /// Lines of the barriers that are not in uniform control flow, for the body of an entry point.
    fn lines(body: &str) -> Vec<u32> {
        let source = format!(
            "@group(0) @binding(0) var<storage, read_write> data: array<u32>;\n\
             @group(0) @binding(1) var<uniform> size: u32;\n\
             var<workgroup> tile: array<u32, 64>;\n\
             fn sync() {{ workgroupBarrier(); }} fn sync_and_count(n: ptr<function, u32>) {{ sync(); *n += tile[0]; }}\n\
             @compute @workgroup_size(64) fn main(@builtin(local_invocation_index) lane: u32, @builtin(workgroup_id) group: vec3<u32>, @builtin(subgroup_id) subgroup: u32) {{\n\
             {body}\n}}"
        );
        let module = naga::front::wgsl::parse_str(&source)
            .unwrap_or_else(|error| panic!("{}", error.emit_to_string(&source)));
        let mut lines: Vec<_> = divergent_barriers(&module, &module.entry_points[0].function)
            .iter()
            .map(|found| found.barrier.location(&source).line_number - 5)
            .collect();
        lines.dedup();
        lines
    }

    #[test]
    fn conditions_on_uniform_values_leave_all_together() {
        assert_eq!(lines("if (group.x < size) {\nworkgroupBarrier();\n}"), NONE);
        assert_eq!(
            lines("for (var i = group.x; i < size; i += 4u) {\nworkgroupBarrier();\n}\nworkgroupBarrier();"),
            NONE
        );
        assert_eq!(
            lines(
                "var s = 32u;\nwhile (s > 0u) {\nif (lane < s) { tile[lane] = 1u; }\nworkgroupBarrier();\ns /= 2u;\n}"
            ),
            NONE
        );
        assert_eq!(
            lines("for (var i = lane; i < 64u; i++) { data[i] = 1u; }\nworkgroupBarrier();"),
            NONE,
            "they meet behind a loop"
        );
        assert_eq!(
            lines("switch (size) {\ncase 1u: { workgroupBarrier(); }\ndefault: {}\n}"),
            NONE
        );
    }

    #[test]
    fn a_barrier_under_a_lane_condition_is_found() {
        assert_eq!(lines("if (lane < 3u) {\nworkgroupBarrier();\n}"), [2]);
        assert_eq!(
            lines("if (data[0] == 1u) {\nstorageBarrier();\n}"),
            [2],
            "others may have written it"
        );
        assert_eq!(lines("if (tile[0] == 1u) {\nworkgroupBarrier();\n}"), [2]);
        assert_eq!(lines("if (lane < 3u) {\nsync();\n}"), [2]);
        assert_eq!(
            lines("switch (lane) {\ncase 1u: { workgroupBarrier(); }\ndefault: {}\n}"),
            [2]
        );
    }

    #[test]
    fn a_barrier_of_a_subgroup_may_stand_under_a_condition_on_its_number() {
        assert_eq!(lines("if (subgroup == 1u) {\nsubgroupBarrier();\n}"), NONE);
        assert_eq!(
            lines("for (var i = subgroup; i < size; i += 4u) {\nsubgroupBarrier();\n}"),
            NONE
        );
        assert_eq!(lines("if (lane == 1u) {\nsubgroupBarrier();\n}"), [2]);
        assert_eq!(lines("if (subgroup == 1u) {\nworkgroupBarrier();\n}"), [2]);
    }

    #[test]
    fn a_barrier_behind_an_early_return_is_found() {
        assert_eq!(lines("if (lane >= size) {\nreturn;\n}\nworkgroupBarrier();"), [4]);
        assert_eq!(
            lines("if (group.x >= size) {\nreturn;\n}\nworkgroupBarrier();"),
            NONE
        );
        assert_eq!(
            lines(
                "loop {\nif (lane == 1u) { return; }\nif (group.x < size) { break; }\n}\nworkgroupBarrier();"
            ),
            [5]
        );
    }

    #[test]
    fn a_barrier_in_a_loop_that_lanes_leave_at_different_rounds_is_found() {
        assert_eq!(
            lines("for (var i = lane; i < 64u; i += 8u) {\nworkgroupBarrier();\n}"),
            [2]
        );
        assert_eq!(
            lines("loop {\nworkgroupBarrier();\nif (lane == 1u) { break; }\n}"),
            [2]
        );
        assert_eq!(
            lines("loop {\nworkgroupBarrier();\ncontinuing { break if lane == 1u; }\n}"),
            [2]
        );
        assert_eq!(
            lines("for (var i = 0u; i < size; i++) {\nif (lane == i) { continue; }\nworkgroupBarrier();\n}"),
            [3]
        );
        assert_eq!(
            lines(
                "for (var i = 0u; i < size; i++) {\nif (lane == i) { continue; }\ndata[i] = i;\n}\nworkgroupBarrier();"
            ),
            NONE
        );
    }

    #[test]
    fn a_local_is_uniform_only_if_every_store_is() {
        assert_eq!(
            lines("var n = size;\nif (lane == 0u) { n = 1u; }\nif (n < 4u) {\nworkgroupBarrier();\n}"),
            [4]
        );
        assert_eq!(
            lines("var n = size;\nif (n < 4u) {\nworkgroupBarrier();\n}\nn = lane;"),
            [3],
            "conservative in the order of stores"
        );
        assert_eq!(
            lines(
                "var n = size;\nfor (var i = 0u; i < 4u; i++) {\nif (n < 4u) { workgroupBarrier(); }\nn = lane;\n}"
            ),
            [3]
        );
        assert_eq!(
            lines("var n = size;\nsync_and_count(&n);\nif (n < 4u) {\nworkgroupBarrier();\n}"),
            [4],
            "what a function does behind a reference is not known, whether it waits or not"
        );
        assert_eq!(
            lines("var a = array<u32, 4>();\na[lane % 4u] = 1u;\nif (a[0] < 4u) {\nworkgroupBarrier();\n}"),
            [4]
        );
    }
}
