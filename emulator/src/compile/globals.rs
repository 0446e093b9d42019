//! Global variables and the arguments of the entry point.

use std::rc::Rc;
use std::sync::Arc;

use naga::{AddressSpace, Binding, BuiltIn};

use super::value::{Meaning, Place, Value};
use super::{Compiler, MAX_WORKGROUP_BYTES, Result};
use crate::bytecode::{Builtin, Instruction, Memory, Operand, Row, RuntimeArray, WorkgroupVariable};
use crate::layout::Layout;
use crate::program::{AccessMode, Variable};

impl<'a> Compiler<'a> {
    /// Gives every global variable that the entry point uses its place.
    pub(super) fn declare_globals(&mut self, info: &naga::valid::FunctionInfo) -> Result<()> {
        for (handle, variable) in self.module.global_variables.iter() {
            if info[handle].is_empty() {
                continue;
            }
            self.span = self.module.global_variables.get_span(handle);
            let layout = self.layout(variable.ty)?;
            let name = variable.name.clone().unwrap_or_else(|| "global".to_owned());
            let place = match variable.space {
                AddressSpace::Private => self.private_variable(variable, layout, name)?,
                AddressSpace::WorkGroup => self.workgroup_variable(layout, name)?,
                AddressSpace::Uniform | AddressSpace::Storage { .. } => {
                    self.buffer(variable, layout, name)?
                }
                AddressSpace::Immediate => {
                    self.require_memory(&layout)?;
                    self.immediate = Some(self.variable(0, 0, &name, &layout, AccessMode::Uniform));
                    new_place(Memory::Immediate, 0, layout, name)
                }
                AddressSpace::Handle => return Err(self.unsupported("textures and samplers")),
                _ => return Err(self.unsupported("this address space")),
            };
            self.globals.insert(handle, Rc::new(place));
        }
        Ok(())
    }

    /// Values for the built-in inputs of an entry point.
    pub(super) fn entry_arguments(&mut self, entry: &naga::EntryPoint) -> Result<Vec<Meaning>> {
        let mut arguments = Vec::new();
        for argument in &entry.function.arguments {
            let mut rows = Vec::new();
            match (&argument.binding, &self.module.types[argument.ty].inner) {
                (Some(binding), _) => self.input(binding, &mut rows)?,
                (None, naga::TypeInner::Struct { members, .. }) => {
                    for member in members {
                        match &member.binding {
                            Some(binding) => self.input(binding, &mut rows)?,
                            None => return Err(self.invalid("an input without a binding")),
                        }
                    }
                }
                (None, _) => return Err(self.invalid("an input without a binding")),
            }
            arguments.push(Meaning::Value(Value::new(rows)));
        }
        Ok(arguments)
    }

    fn input(&mut self, binding: &Binding, rows: &mut Vec<Row>) -> Result<()> {
        let &Binding::BuiltIn(builtin) = binding else {
            return Err(self.invalid("a compute shader has no user-defined inputs"));
        };
        type Component = fn(u32) -> Builtin;
        let vector: Option<Component> = match builtin {
            BuiltIn::GlobalInvocationId => Some(Builtin::GlobalId),
            BuiltIn::LocalInvocationId => Some(Builtin::LocalId),
            BuiltIn::WorkGroupId => Some(Builtin::WorkgroupId),
            BuiltIn::WorkGroupSize => Some(Builtin::WorkgroupSize),
            BuiltIn::NumWorkGroups => Some(Builtin::NumWorkgroups),
            _ => None,
        };
        if let Some(component) = vector {
            rows.extend((0..3).map(|i| self.builtin_row(component(i))));
            return Ok(());
        }
        let builtin = match builtin {
            BuiltIn::LocalInvocationIndex => Builtin::LocalIndex,
            BuiltIn::NumSubgroups => Builtin::NumSubgroups,
            BuiltIn::SubgroupId => Builtin::SubgroupId,
            BuiltIn::SubgroupSize => Builtin::SubgroupSize,
            BuiltIn::SubgroupInvocationId => Builtin::SubgroupInvocationId,
            other => return Err(self.unsupported(format!("the built-in input {other:?}"))),
        };
        if builtin != Builtin::LocalIndex {
            self.code.uses_subgroups = true;
        }
        rows.push(self.builtin_row(builtin));
        Ok(())
    }

    fn builtin_row(&mut self, builtin: Builtin) -> Row {
        if let Some(&(row, _)) = self.code.builtins.iter().find(|(_, known)| *known == builtin) {
            return row;
        }
        let row = self.rows.allocate_permanent(1);
        self.code.builtins.push((row, builtin));
        row
    }

    fn private_variable(
        &mut self,
        variable: &naga::GlobalVariable,
        layout: Arc<Layout>,
        name: String,
    ) -> Result<Place> {
        let count = layout.leaves;
        self.check_value_size(count)?;
        let first = self.rows.allocate_permanent(count);
        match variable.init {
            Some(init) => {
                let module = self.module;
                let bits = self
                    .constant_value(&module.global_expressions, init)?
                    .ok_or_else(|| self.unsupported("this initialiser of a global variable"))?;
                let value = self.constants(&bits)?;
                self.assign(first, &value.rows)?;
            }
            None => self.assign_zero(first, count)?,
        }
        let mut place = new_place(Memory::Local, first, layout, name);
        if self.check_variables && variable.init.is_none() {
            let flags = self.rows.allocate_permanent(count);
            self.assign_zero(flags, count)?;
            place.flags = Some(flags.wrapping_sub(first));
        }
        Ok(place)
    }

    fn assign_zero(&mut self, first: Row, count: u32) -> Result<()> {
        let zero = self.constant(0)?;
        self.emit(Instruction::Assign {
            rows: count,
            dst: first,
            src: Operand { row: zero, step: 0 },
        })
    }

    fn workgroup_variable(&mut self, layout: Arc<Layout>, name: String) -> Result<Place> {
        self.require_memory(&layout)?;
        // A vec4 or the start of a bank row: every device aligns workgroup variables at least this much.
        let base = u64::from(self.code.workgroup_bytes).next_multiple_of(16);
        let end = base + u64::from(layout.size).next_multiple_of(4);
        if end > MAX_WORKGROUP_BYTES {
            return Err(self.unsupported(format!("{end} bytes of workgroup memory")));
        }
        self.code.workgroup_bytes = end as u32;
        let base = base as u32;
        self.code.workgroup_variables.push(WorkgroupVariable {
            name: name.clone(),
            base,
            layout: layout.clone(),
        });
        Ok(new_place(Memory::Workgroup, base, layout, name))
    }

    fn buffer(
        &mut self,
        variable: &naga::GlobalVariable,
        layout: Arc<Layout>,
        name: String,
    ) -> Result<Place> {
        self.require_memory(&layout)?;
        let Some(naga::ResourceBinding { group, binding }) = variable.binding else {
            return Err(self.invalid("a buffer without @group and @binding"));
        };
        let access = match variable.space {
            AddressSpace::Storage { access } if access.contains(naga::StorageAccess::STORE) => {
                AccessMode::ReadWrite
            }
            AddressSpace::Storage { .. } => AccessMode::Read,
            _ => AccessMode::Uniform,
        };
        let index = self.variables.len() as u32;
        if let Some((offset, _, stride)) = layout.runtime_array() {
            self.code.runtime_arrays.push(RuntimeArray {
                binding: index,
                offset,
                stride,
            });
        }
        self.variables
            .push(self.variable(group, binding, &name, &layout, access));
        Ok(new_place(Memory::Binding(index), 0, layout, name))
    }

    fn variable(
        &self,
        group: u32,
        binding: u32,
        name: &str,
        layout: &Arc<Layout>,
        access: AccessMode,
    ) -> Variable {
        let location = self.lines.location(self.span);
        Variable {
            group,
            binding,
            name: name.to_owned(),
            layout: layout.clone(),
            access,
            location,
        }
    }

    fn require_memory(&self, layout: &Layout) -> Result<()> {
        if layout.has_cooperative() {
            return Err(self.unsupported("cooperative matrices in buffers or workgroup memory"));
        }
        Ok(())
    }
}

fn new_place(memory: Memory, base: u32, layout: Arc<Layout>, name: String) -> Place {
    Place {
        memory,
        base,
        terms: Vec::new(),
        layout,
        name,
        flags: None,
        array: None,
        borrowed: false,
    }
}
