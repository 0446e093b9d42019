//! Workgroup memory is written before it is read, in the order of the text, so that its zero-initialisation can be switched off.
//!
//! This sees variables as wholes; that every element read was written is the emulator's to show.

use naga::{AddressSpace, Expression, Function, GlobalVariable, Handle, Module, Span, Statement};

/// Reads of workgroup variables that nothing was written to before.
pub(super) fn reads_before_writes(
    module: &Module,
    function: &Function,
) -> Vec<(Handle<GlobalVariable>, Span)> {
    let mut walk = Walk {
        module,
        function,
        written: Vec::new(),
        found: Vec::new(),
    };
    walk.block(&function.body);
    walk.found
}

struct Walk<'a> {
    module: &'a Module,
    function: &'a Function,
    written: Vec<Handle<GlobalVariable>>,
    found: Vec<(Handle<GlobalVariable>, Span)>,
}

impl Walk<'_> {
    fn block(&mut self, block: &naga::Block) {
        for (statement, span) in block.span_iter() {
            match statement {
                Statement::Emit(range) => {
                    for expression in range.clone() {
                        if let Expression::Load { pointer } = self.function.expressions[expression] {
                            self.read(pointer, self.function.expressions.get_span(expression));
                        }
                    }
                }
                Statement::Store { pointer, .. } => self.write(*pointer),
                Statement::Atomic { pointer, .. } => {
                    self.read(*pointer, *span);
                    self.write(*pointer);
                }
                Statement::WorkGroupUniformLoad { pointer, .. } => self.read(*pointer, *span),
                Statement::CooperativeStore { data, .. } => self.write(data.pointer),
                Statement::Call {
                    function, arguments, ..
                } => {
                    // What a function does with workgroup memory is taken for writing: nothing is reported that may be right.
                    arguments.iter().for_each(|argument| self.write(*argument));
                    self.written_by(&self.module.functions[*function]);
                }
                Statement::Block(block) => self.block(block),
                Statement::If { accept, reject, .. } => {
                    self.block(accept);
                    self.block(reject);
                }
                Statement::Switch { cases, .. } => cases.iter().for_each(|case| self.block(&case.body)),
                Statement::Loop { body, continuing, .. } => {
                    self.block(body);
                    self.block(continuing);
                }
                _ => {}
            }
        }
    }

    fn written_by(&mut self, function: &Function) {
        let globals = function
            .expressions
            .iter()
            .filter_map(|(_, expression)| match expression {
                Expression::GlobalVariable(global) => Some(*global),
                _ => None,
            });
        self.written.extend(globals);
    }

    fn read(&mut self, pointer: Handle<Expression>, span: Span) {
        if let Some(variable) = self.workgroup_variable(pointer)
            && !self.written.contains(&variable)
        {
            self.found.push((variable, span));
        }
    }

    fn write(&mut self, pointer: Handle<Expression>) {
        self.written.extend(self.workgroup_variable(pointer));
    }

    fn workgroup_variable(&self, pointer: Handle<Expression>) -> Option<Handle<GlobalVariable>> {
        match self.function.expressions[pointer] {
            Expression::Access { base, .. } | Expression::AccessIndex { base, .. } => {
                self.workgroup_variable(base)
            }
            Expression::GlobalVariable(variable)
                if self.module.global_variables[variable].space == AddressSpace::WorkGroup =>
            {
                Some(variable)
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NONE: [(String, u32); 0] = [];

    /// Names and lines of what is read before it is written.
    fn found(body: &str) -> Vec<(String, u32)> {
        let source = format!(
            "var<workgroup> tile: array<u32, 64>;\n\
             var<workgroup> count: atomic<u32>;\n\
             @group(0) @binding(0) var<storage, read_write> data: array<u32>;\n\
             fn fill(lane: u32) {{ tile[lane] = lane; }}\n\
             @compute @workgroup_size(64) fn main(@builtin(local_invocation_index) lane: u32) {{\n\
             {body}\n}}"
        );
        let module = naga::front::wgsl::parse_str(&source)
            .unwrap_or_else(|error| panic!("{}", error.emit_to_string(&source)));
        reads_before_writes(&module, &module.entry_points[0].function)
            .into_iter()
            .map(|(variable, span)| {
                let name = module.global_variables[variable].name.clone().unwrap_or_default();
                (name, span.location(&source).line_number - 5)
            })
            .collect()
    }

    #[test]
    fn what_is_written_first_may_be_read() {
        assert_eq!(
            found("tile[lane] = 1u;\nworkgroupBarrier();\ndata[lane] = tile[lane + 1u];"),
            NONE
        );
        assert_eq!(
            found("if (lane == 0u) { tile[0] = 1u; }\nworkgroupBarrier();\ndata[lane] = tile[0];"),
            NONE
        );
        assert_eq!(
            found("fill(lane);\nworkgroupBarrier();\ndata[lane] = tile[0];"),
            NONE
        );
        assert_eq!(found("atomicStore(&count, 0u);\natomicAdd(&count, 1u);"), NONE);
    }

    #[test]
    fn what_is_read_first_is_found() {
        assert_eq!(
            found("data[lane] = tile[lane];\ntile[lane] = 1u;"),
            [("tile".to_owned(), 1)]
        );
        assert_eq!(found("tile[lane] += 1u;"), [("tile".to_owned(), 1)]);
        assert_eq!(
            found("for (var i = 0u; i < 4u; i++) {\ndata[i] = tile[i];\ntile[i] = i;\n}"),
            [("tile".to_owned(), 2)]
        );
        assert_eq!(found("atomicAdd(&count, 1u);"), [("count".to_owned(), 1)]);
    }
}
