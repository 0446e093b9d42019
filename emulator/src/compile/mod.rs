//! naga module to bytecode.
//!
//! Functions are inlined at each call: WGSL forbids recursion, and a pointer argument then always leads to a known
//! variable. Expressions are compiled when their `Emit` statement is; what a value needs afterwards is only the
//! list of rows that hold it.

mod access;
mod collective;
mod constant;
mod control;
mod emit;
mod expression;
mod function;
mod globals;
mod math;
mod matrix;
mod nesting;
mod operator;
mod rows;
mod statement;
mod types;
mod uses;
mod value;

use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

use naga::{Handle, Span};

use self::collective::AtomicClass;
use self::function::FunctionContext;
use self::rows::Rows;
use self::uses::Uses;
use self::value::Place;
use crate::bytecode::{Code, Instruction, Pc, Row, Slot};
use crate::counters::{OperationKind, Tally};
use crate::error::{CompileError, NotSupported};
use crate::layout::Layout;
use crate::program::Variable;
use crate::source::LineIndex;
use crate::stack::with_stack;

/// Instructions of one program. Inlining can multiply code; beyond this a module is rejected.
const MAX_INSTRUCTIONS: usize = 1 << 19;
/// Bytes of registers of one workgroup.
const MAX_REGISTER_BYTES: u64 = 1 << 29;
/// Bytes of workgroup memory; no device has as much.
const MAX_WORKGROUP_BYTES: u64 = 1 << 24;
/// Scalars of one value in registers.
const MAX_VALUE_ROWS: u32 = 1 << 18;
/// Invocations of one workgroup.
const MAX_LANES: u64 = 1 << 14;
/// Depth of nested statements and calls.
const MAX_DEPTH: u32 = 256;
/// Depth that fits into the stack of any thread.
const SMALL_DEPTH: u32 = 24;
/// Stack for each level, generously: without optimisation frames are large.
const STACK_PER_LEVEL: usize = 64 << 10;

type Result<T, E = CompileError> = std::result::Result<T, E>;

/// What compiling yields.
#[derive(Debug)]
pub(crate) struct Compiled {
    pub(crate) code: Code,
    pub(crate) variables: Vec<Variable>,
    pub(crate) immediate: Option<Variable>,
}

/// Compiles a compute entry point of a valid module whose overrides are resolved.
pub(crate) fn compile(
    module: &naga::Module,
    info: &naga::valid::ModuleInfo,
    entry: usize,
    lines: &LineIndex,
    check_variables: bool,
) -> Result<Compiled> {
    let compile = || {
        let mut compiler = Compiler::new(module, info, lines, check_variables);
        compiler.entry_point(entry)?;
        Ok(Compiled {
            code: compiler.code,
            variables: compiler.variables,
            immediate: compiler.immediate,
        })
    };
    let (depth, deepest) = nesting::depth(module, &module.entry_points[entry]);
    if depth <= SMALL_DEPTH {
        return compile();
    }
    let too_deep = || {
        let what = format!("statements and calls nested deeper than {MAX_DEPTH}");
        CompileError::from(NotSupported {
            what,
            location: lines.location(deepest),
        })
    };
    if depth > MAX_DEPTH {
        return Err(too_deep());
    }
    with_stack(depth as usize * STACK_PER_LEVEL, compile).unwrap_or_else(|| Err(too_deep()))
}

struct Compiler<'a> {
    module: &'a naga::Module,
    info: &'a naga::valid::ModuleInfo,
    lines: &'a LineIndex,
    /// Whether to look for reads of variables without initialiser.
    check_variables: bool,

    code: Code,
    variables: Vec<Variable>,
    immediate: Option<Variable>,
    layouts: HashMap<Handle<naga::Type>, Arc<Layout>>,
    globals: HashMap<Handle<naga::GlobalVariable>, Rc<Place>>,
    uses: HashMap<Option<Handle<naga::Function>>, Rc<Uses>>,
    atomic_classes: HashMap<u32, AtomicClass>,

    rows: Rows,
    /// Rows of the statement or expression at hand, given up at its end.
    scratch: Vec<Row>,
    constant_rows: HashMap<u32, Row>,
    constant_values: HashMap<Row, u32>,
    constant_runs: HashMap<Vec<u32>, Row>,

    span: Span,
    /// Tally instruction of the region at hand and what it counted so far.
    region: Option<u32>,
    tally: Tally,

    /// Enclosing constructs that own masks, innermost last.
    masks: Vec<OpenMask>,
    free_slots: Vec<Slot>,
    loop_depth: u32,
}

/// A mask in use.
#[derive(Clone, Debug)]
struct OpenMask {
    slot: Slot,
    owner: Owner,
    /// Whether lanes may have left it early.
    reduced: bool,
    /// Instructions that skip the rest of the construct if no lane is left.
    exits: Vec<Pc>,
}

impl OpenMask {
    const fn new(slot: Slot, owner: Owner) -> Self {
        Self {
            slot,
            owner,
            reduced: false,
            exits: Vec::new(),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Owner {
    Function,
    Branch,
    Case,
    /// Lanes that take part in further iterations.
    LoopLanes,
    /// Lanes that take part in the rest of this iteration.
    LoopBody,
}

impl<'a> Compiler<'a> {
    fn new(
        module: &'a naga::Module,
        info: &'a naga::valid::ModuleInfo,
        lines: &'a LineIndex,
        check_variables: bool,
    ) -> Self {
        Self {
            module,
            info,
            lines,
            check_variables,
            code: Code::default(),
            variables: Vec::new(),
            immediate: None,
            layouts: HashMap::new(),
            globals: HashMap::new(),
            uses: HashMap::new(),
            atomic_classes: HashMap::new(),
            rows: Rows::default(),
            scratch: Vec::new(),
            constant_rows: HashMap::new(),
            constant_values: HashMap::new(),
            constant_runs: HashMap::new(),
            span: Span::UNDEFINED,
            region: None,
            tally: [0; OperationKind::COUNT],
            masks: Vec::new(),
            free_slots: Vec::new(),
            loop_depth: 0,
        }
    }

    fn entry_point(&mut self, index: usize) -> Result<()> {
        let entry = &self.module.entry_points[index];
        let lanes: u64 = entry.workgroup_size.iter().map(|&n| u64::from(n)).product();
        if lanes == 0 || lanes > MAX_LANES {
            return Err(self.unsupported(format!(
                "a workgroup of {lanes} invocations (at most {MAX_LANES})"
            )));
        }
        self.code.workgroup_size = entry.workgroup_size;
        let info = self.info.get_entry_point(index);

        let slot = self.open_mask(Owner::Function);
        self.start_region()?;
        self.declare_globals(info)?;
        let arguments = self.entry_arguments(entry)?;
        let mut function = FunctionContext::new(
            &entry.function,
            info,
            arguments,
            self.uses_of(None, &entry.function),
        );
        self.function_body(&mut function)?;
        self.end_region();
        self.land();
        self.close_mask(slot);
        self.emit(Instruction::End)?;

        self.code.rows = self.rows.len();
        let bytes = lanes * 4 * u64::from(self.code.rows);
        if bytes > MAX_REGISTER_BYTES {
            return Err(self.unsupported(format!("variables and values of {bytes} bytes in one workgroup")));
        }
        Ok(())
    }

    /// An error that names a construct and where it stands.
    fn unsupported(&self, what: impl Into<String>) -> CompileError {
        NotSupported {
            what: what.into(),
            location: self.lines.location(self.span),
        }
        .into()
    }

    /// An error for modules that naga's validator would have rejected.
    fn invalid(&self, message: impl Into<String>) -> CompileError {
        CompileError::Invalid {
            message: message.into(),
            location: self.lines.location(self.span),
        }
    }

    /// Begins a stretch of code with one mask, whose operations are counted together.
    fn start_region(&mut self) -> Result<()> {
        let region = self.code.tallies.len() as u32;
        self.code.tallies.push([0; OperationKind::COUNT]);
        self.region = Some(region);
        self.emit(Instruction::Tally { region })
    }

    /// Ends the region: the mask is about to change.
    fn end_region(&mut self) {
        if let Some(region) = self.region.take() {
            self.code.tallies[region as usize] = self.tally;
        }
        self.tally = [0; OperationKind::COUNT];
    }

    fn count(&mut self, kind: OperationKind, operations: u32) {
        self.tally[kind as usize] += u64::from(operations);
    }

    fn emit(&mut self, instruction: Instruction) -> Result<()> {
        if self.code.instructions.len() >= MAX_INSTRUCTIONS {
            return Err(self.unsupported("a program of this size (all calls are inlined)"));
        }
        self.code.instructions.push(instruction);
        self.code.spans.push(self.span);
        Ok(())
    }

    fn next_pc(&self) -> Pc {
        self.code.instructions.len() as Pc
    }

    fn open_mask(&mut self, owner: Owner) -> Slot {
        let slot = self.free_slots.pop().unwrap_or_else(|| {
            self.code.slots += 1;
            self.code.slots - 1
        });
        self.masks.push(OpenMask::new(slot, owner));
        slot
    }

    /// Closes the innermost mask.
    fn close_mask(&mut self, slot: Slot) {
        self.masks.pop();
        self.free_slots.push(slot);
    }

    /// The mask under which code is being compiled.
    fn current_slot(&self) -> Slot {
        self.masks.last().map_or(0, |mask| mask.slot)
    }
}
