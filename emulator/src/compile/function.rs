//! The state of one function while it is compiled, and calls.

use std::collections::HashMap;
use std::rc::Rc;

use naga::valid::FunctionInfo;
use naga::{Expression, Handle, LocalVariable, Statement, TypeInner};

use super::uses::Uses;
use super::value::{Meaning, Place, Value};
use super::{Compiler, Owner, Result};
use crate::bytecode::{Instruction, Memory, Operand, Row};

/// A function at one call.
pub(super) struct FunctionContext<'a> {
    pub(super) function: &'a naga::Function,
    pub(super) info: &'a FunctionInfo,
    arguments: Vec<Meaning>,
    locals: HashMap<Handle<LocalVariable>, Rc<Place>>,
    /// Rows of the local variables, given back when the call ends.
    variable_rows: Vec<Row>,
    uses: Rc<Uses>,
    entries: HashMap<Handle<Expression>, Entry>,
    /// What each open block defined.
    scopes: Vec<Vec<Handle<Expression>>>,
    /// Uses of expressions by the `Emit` at hand and the statement after it.
    pub(super) near_uses: HashMap<Handle<Expression>, u32>,
    pub(super) returns: Returns,
}

/// How a function hands back its result.
#[derive(Clone, Debug)]
pub(super) enum Returns {
    /// The only `return` is the last statement: the value it returns, once compiled.
    AtEnd(Option<Value>),
    /// `return` in several places: lanes leave the function's mask, the result goes to these rows.
    Anywhere(Option<(Row, u32)>),
}

struct Entry {
    meaning: Meaning,
    remaining: u32,
    /// Depth of loops at the definition: a value from outside of a loop is needed again in the next iteration.
    depth: u32,
}

impl<'a> FunctionContext<'a> {
    pub(super) fn new(
        function: &'a naga::Function,
        info: &'a FunctionInfo,
        arguments: Vec<Meaning>,
        uses: Rc<Uses>,
    ) -> Self {
        let returns = if returns_at_end_only(function) {
            Returns::AtEnd(None)
        } else {
            Returns::Anywhere(None)
        };
        Self {
            function,
            info,
            arguments,
            locals: HashMap::new(),
            variable_rows: Vec::new(),
            uses,
            entries: HashMap::new(),
            scopes: Vec::new(),
            near_uses: HashMap::new(),
            returns,
        }
    }

    /// The type of an expression.
    pub(super) fn ty<'m>(&'m self, module: &'m naga::Module, handle: Handle<Expression>) -> &'m TypeInner {
        self.info[handle].ty.inner_with(&module.types)
    }

    /// Whether an expression is used only by the `Emit` at hand or the statement after it, so that it may refer to
    /// rows of variables.
    pub(super) fn is_near(&self, handle: Handle<Expression>) -> bool {
        self.uses.total(handle) == self.near_uses.get(&handle).copied().unwrap_or(0)
    }
}

impl<'a> Compiler<'a> {
    pub(super) fn uses_of(
        &mut self,
        handle: Option<Handle<naga::Function>>,
        function: &naga::Function,
    ) -> Rc<Uses> {
        self.uses
            .entry(handle)
            .or_insert_with(|| Rc::new(Uses::of(function)))
            .clone()
    }

    /// Compiles the variables and statements of a function.
    pub(super) fn function_body(&mut self, f: &mut FunctionContext<'a>) -> Result<()> {
        self.local_variables(f)?;
        let function = f.function;
        self.block(f, &function.body)?;
        for row in std::mem::take(&mut f.variable_rows) {
            self.rows.release(row);
        }
        Ok(())
    }

    /// Inlines a call.
    pub(super) fn call(
        &mut self,
        f: &mut FunctionContext<'a>,
        callee: Handle<naga::Function>,
        arguments: &[Handle<Expression>],
        result: Option<Handle<Expression>>,
    ) -> Result<()> {
        let function = &self.module.functions[callee];
        let mut meanings = Vec::with_capacity(arguments.len());
        for &argument in arguments {
            let meaning = self.meaning(f, argument)?;
            meanings.push(self.own(meaning)?);
        }
        // The caller's scratch rows hold copies of arguments; they must outlast the statements of the callee.
        let held = std::mem::take(&mut self.scratch);
        let uses = self.uses_of(Some(callee), function);
        let mut context = FunctionContext::new(function, &self.info[callee], meanings, uses);
        let value = match context.returns {
            Returns::AtEnd(_) => {
                self.function_body(&mut context)?;
                match &context.returns {
                    Returns::AtEnd(value) => value.clone(),
                    Returns::Anywhere(_) => None,
                }
            }
            Returns::Anywhere(_) => self.call_with_mask(&mut context)?,
        };
        self.scratch.extend(held);
        if let (Returns::AtEnd(_), Some(value)) = (&context.returns, &value) {
            // The reference that the function handed over.
            self.scratch.extend(value.rows.iter());
        }
        if let Some(handle) = result {
            let value = value.ok_or_else(|| self.invalid("a function returns no value"))?;
            self.define(f, handle, Meaning::Value(value.clone()))?;
        }
        self.end_expression();
        Ok(())
    }

    fn call_with_mask(&mut self, context: &mut FunctionContext<'a>) -> Result<Option<Value>> {
        let result = match &context.function.result {
            Some(result) => {
                let leaves = self.layout(result.ty)?.leaves;
                self.check_value_size(leaves)?;
                let first = self.rows.allocate(leaves);
                Some((first, leaves))
            }
            None => None,
        };
        context.returns = Returns::Anywhere(result);
        let caller = self.current_slot();
        self.end_region();
        let slot = self.open_mask(Owner::Function);
        self.emit(Instruction::CopyMask { to: slot })?;
        self.start_region()?;
        self.function_body(context)?;
        self.end_region();
        self.land();
        self.close_mask(slot);
        self.emit(Instruction::Mask {
            slot: caller,
            target: None,
        })?;
        self.start_region()?;
        Ok(result.map(|(first, count)| {
            self.scratch.extend(first..first + count);
            Value::run(first, count)
        }))
    }

    fn local_variables(&mut self, f: &mut FunctionContext<'a>) -> Result<()> {
        for (handle, variable) in f.function.local_variables.iter() {
            self.span = f.function.local_variables.get_span(handle);
            let layout = self.layout(variable.ty)?;
            self.check_value_size(layout.leaves)?;
            let count = layout.leaves;
            let first = self.rows.allocate(count);
            f.variable_rows.extend(first..first + count);
            match variable.init {
                Some(init) => {
                    let value = self.value(f, init)?;
                    self.assign(first, &value.rows)?;
                }
                None => {
                    let zero = self.constant(0)?;
                    self.emit(Instruction::Assign {
                        rows: count,
                        dst: first,
                        src: Operand { row: zero, step: 0 },
                    })?;
                }
            }
            let flags = if self.check_variables && variable.init.is_none() {
                let flags = self.rows.allocate(count);
                f.variable_rows.extend(flags..flags + count);
                let zero = self.constant(0)?;
                self.emit(Instruction::Assign {
                    rows: count,
                    dst: flags,
                    src: Operand { row: zero, step: 0 },
                })?;
                Some(flags)
            } else {
                None
            };
            let place = Place {
                memory: Memory::Local,
                base: first,
                terms: Vec::new(),
                layout,
                name: variable.name.clone().unwrap_or_else(|| "variable".to_owned()),
                flags: flags.map(|flags| flags.wrapping_sub(first)),
                array: None,
                borrowed: false,
            };
            f.locals.insert(handle, Rc::new(place));
            self.end_expression();
        }
        Ok(())
    }

    /// What an expression means; it must have been emitted, or be evaluated before the function begins.
    pub(super) fn meaning(
        &mut self,
        f: &mut FunctionContext<'a>,
        handle: Handle<Expression>,
    ) -> Result<Meaning> {
        if let Some(entry) = f.entries.get(&handle) {
            return Ok(entry.meaning.clone());
        }
        match f.function.expressions[handle] {
            Expression::FunctionArgument(index) => f
                .arguments
                .get(index as usize)
                .cloned()
                .ok_or_else(|| self.invalid("a call lacks an argument")),
            Expression::LocalVariable(variable) => f
                .locals
                .get(&variable)
                .map(|place| Meaning::Place(place.clone()))
                .ok_or_else(|| self.invalid("a variable of another function")),
            Expression::GlobalVariable(variable) => self
                .globals
                .get(&variable)
                .map(|place| Meaning::Place(place.clone()))
                .ok_or_else(|| self.unsupported("this kind of global variable")),
            _ => match self.constant_value(&f.function.expressions, handle)? {
                Some(bits) => Ok(Meaning::Value(self.constants(&bits)?)),
                None => Err(self.invalid("an expression is used before it is evaluated")),
            },
        }
    }

    pub(super) fn value(&mut self, f: &mut FunctionContext<'a>, handle: Handle<Expression>) -> Result<Value> {
        match self.meaning(f, handle)? {
            Meaning::Value(value) => Ok(value),
            Meaning::Place(_) => Err(self.invalid("a pointer is used as a value")),
        }
    }

    pub(super) fn place(
        &mut self,
        f: &mut FunctionContext<'a>,
        handle: Handle<Expression>,
    ) -> Result<Rc<Place>> {
        match self.meaning(f, handle)? {
            Meaning::Place(place) => Ok(place),
            Meaning::Value(_) => Err(self.invalid("a value is used as a pointer")),
        }
    }

    /// Records what an expression means, for as long as it has uses.
    pub(super) fn define(
        &mut self,
        f: &mut FunctionContext<'a>,
        handle: Handle<Expression>,
        meaning: Meaning,
    ) -> Result<()> {
        let meaning = if f.is_near(handle) {
            meaning
        } else {
            self.own(meaning)?
        };
        let remaining = f.uses.total(handle);
        if remaining == 0 {
            return Ok(());
        }
        for_each_row(&meaning, |row| self.rows.retain(row));
        if let Some(scope) = f.scopes.last_mut() {
            scope.push(handle);
        }
        f.entries.insert(
            handle,
            Entry {
                meaning,
                remaining,
                depth: self.loop_depth,
            },
        );
        Ok(())
    }

    /// Notes one use of an expression, and gives up its rows after the last one.
    pub(super) fn consume(&mut self, f: &mut FunctionContext<'a>, handle: Handle<Expression>) {
        if let Some(entry) = f.entries.get_mut(&handle) {
            entry.remaining = entry.remaining.saturating_sub(1);
            if entry.remaining == 0 && entry.depth == self.loop_depth {
                self.forget(f, handle);
            }
        }
    }

    fn forget(&mut self, f: &mut FunctionContext<'a>, handle: Handle<Expression>) {
        if let Some(entry) = f.entries.remove(&handle) {
            for_each_row(&entry.meaning, |row| self.rows.release(row));
        }
    }

    pub(super) fn open_scope(&mut self, f: &mut FunctionContext<'a>) {
        f.scopes.push(Vec::new());
    }

    pub(super) fn close_scope(&mut self, f: &mut FunctionContext<'a>) {
        for handle in f.scopes.pop().unwrap_or_default() {
            self.forget(f, handle);
        }
    }

    /// The same meaning, independent of later assignments to variables.
    pub(super) fn own(&mut self, meaning: Meaning) -> Result<Meaning> {
        Ok(match meaning {
            Meaning::Value(value) => Meaning::Value(self.own_value(value)?),
            Meaning::Place(place) if place.borrowed => {
                let mut place = Place::clone(&place);
                for term in &mut place.terms {
                    term.index = self.copy_rows(&[term.index])?;
                }
                place.borrowed = false;
                Meaning::Place(Rc::new(place))
            }
            place => place,
        })
    }

    pub(super) fn own_value(&mut self, value: Value) -> Result<Value> {
        if !value.borrowed {
            return Ok(value);
        }
        let first = self.copy_rows(&value.rows)?;
        Ok(Value::run(first, value.rows.len() as u32))
    }
}

fn for_each_row(meaning: &Meaning, visit: impl FnMut(Row)) {
    match meaning {
        Meaning::Value(value) => value.rows.iter().copied().for_each(visit),
        Meaning::Place(place) => place.terms.iter().map(|term| term.index).for_each(visit),
    }
}

/// Whether the function has no `return` but one as its last statement.
fn returns_at_end_only(function: &naga::Function) -> bool {
    let mut returns = 0;
    let mut blocks = vec![&function.body];
    while let Some(block) = blocks.pop() {
        for statement in block {
            match statement {
                Statement::Return { .. } => returns += 1,
                Statement::Block(block) => blocks.push(block),
                Statement::If { accept, reject, .. } => blocks.extend([accept, reject]),
                Statement::Switch { cases, .. } => blocks.extend(cases.iter().map(|case| &case.body)),
                Statement::Loop { body, continuing, .. } => blocks.extend([body, continuing]),
                _ => {}
            }
        }
    }
    let ends_with_return = matches!(function.body.iter().last(), Some(Statement::Return { .. }));
    returns == u32::from(ends_with_return)
}
