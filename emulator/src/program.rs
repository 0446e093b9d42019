//! A compiled entry point and what it binds.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use naga::valid::{Capabilities, ModuleInfo, ValidationFlags, Validator};

use crate::bytecode::Code;
use crate::compile::compile;
use crate::error::CompileError;
use crate::layout::Layout;
use crate::source::{LineIndex, Location};
use crate::stack::with_stack;

/// Without optimisation naga takes some 20 KiB for each nested block, of which its parser allows 127.
pub(crate) const NAGA_STACK: usize = 16 << 20;

/// One compute entry point, ready to launch.
///
/// A program is independent of buffers and of the subgroup size, can be launched any number of times and can be
/// shared between threads.
#[derive(Clone)]
pub struct Program {
    inner: Arc<Inner>,
}

impl fmt::Debug for Program {
    /// What it is, without its thousands of instructions.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Program")
            .field("entry", &self.inner.entry)
            .field("workgroup_size", &self.workgroup_size())
            .field("bindings", &self.inner.bindings.len())
            .finish_non_exhaustive()
    }
}

struct Inner {
    code: Code,
    entry: String,
    bindings: Vec<BindingInfo>,
    variables: Vec<Variable>,
    immediate: Option<Variable>,
    lines: LineIndex,
}

/// What to compile and how.
#[derive(Clone, Debug, Default)]
pub struct CompileOptions {
    /// The compute entry point; may be left out if there is only one.
    pub entry: Option<String>,
    /// Values of pipeline-overridable constants by name or `@id`.
    pub overrides: HashMap<String, f64>,
    /// Reports reads of function and private variables that were declared without an initialiser and not written
    /// yet. WGSL makes them zero, so this is a matter of style and off by default. Variables declared inside of
    /// loops are never reported: naga writes their zero as an ordinary store.
    pub require_initialized_variables: bool,
}

impl CompileOptions {
    /// Options for the entry point of this name.
    pub fn entry(name: impl Into<String>) -> Self {
        Self {
            entry: Some(name.into()),
            ..Self::default()
        }
    }

    /// Sets a pipeline-overridable constant.
    #[must_use]
    pub fn with_override(mut self, name: impl Into<String>, value: f64) -> Self {
        self.overrides.insert(name.into(), value);
        self
    }
}

/// A buffer binding that an entry point uses.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct BindingInfo {
    /// `@group`.
    pub group: u32,
    /// `@binding`.
    pub binding: u32,
    /// Name of the variable.
    pub name: String,
    /// The type as WGSL writes it, for example `array<vec4<f32>>`.
    pub ty: String,
    /// How the entry point may access it.
    pub access: AccessMode,
    /// Distance in bytes of the elements of the array that the type is or ends in, or the size of the type.
    pub element_stride: u32,
    /// Fewest bytes that can be bound; a runtime-sized array needs one element.
    pub minimum_size: u64,
    /// Where the variable is declared.
    pub location: Option<Location>,
}

impl fmt::Display for BindingInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "@group({}) @binding({}) {}: {}",
            self.group, self.binding, self.name, self.ty
        )
    }
}

/// How a shader may access a buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub enum AccessMode {
    /// `var<uniform>`
    Uniform,
    /// `var<storage>` or `var<storage, read>`
    Read,
    /// `var<storage, read_write>`
    ReadWrite,
}

/// A global variable outside of the workgroup, as the execution needs it.
#[derive(Clone, Debug)]
pub(crate) struct Variable {
    pub(crate) group: u32,
    pub(crate) binding: u32,
    pub(crate) name: String,
    pub(crate) layout: Arc<Layout>,
    pub(crate) access: AccessMode,
    pub(crate) location: Option<Location>,
}

impl Variable {
    pub(crate) fn is_writable(&self) -> bool {
        self.access == AccessMode::ReadWrite
    }

    fn info(&self) -> BindingInfo {
        let element_stride = match &self.layout.kind {
            crate::layout::LayoutKind::Array { stride, .. } => *stride,
            _ => self
                .layout
                .runtime_array()
                .map_or(self.layout.size, |(_, _, stride)| stride),
        };
        BindingInfo {
            group: self.group,
            binding: self.binding,
            name: self.name.clone(),
            ty: self.layout.to_string(),
            access: self.access,
            element_stride,
            minimum_size: self.layout.minimum_size(),
            location: self.location,
        }
    }
}

impl Program {
    /// Parses, validates and compiles WGSL with every capability that naga knows.
    ///
    /// # Errors
    /// [`CompileError`] with naga's report for text that is not valid, and for what the emulator does not run.
    pub fn from_wgsl(source: &str, options: &CompileOptions) -> Result<Self, CompileError> {
        // naga recurses with the nesting of the text, beyond what the stack of a thread holds by default.
        with_stack(NAGA_STACK, || Self::parse(source, options)).unwrap_or_else(|| {
            Err(CompileError::Invalid {
                message: "naga panicked".to_owned(),
                location: None,
            })
        })
    }

    fn parse(source: &str, options: &CompileOptions) -> Result<Self, CompileError> {
        let module = naga::front::wgsl::parse_str(source).map_err(|error| CompileError::Parse {
            report: error.emit_to_string(source),
            location: location(error.location(source)),
        })?;
        let info = Validator::new(ValidationFlags::all(), Capabilities::all())
            .subgroup_stages(naga::valid::ShaderStages::all())
            .subgroup_operations(naga::valid::SubgroupOperationSet::all())
            .validate(&module)
            .map_err(|error| CompileError::Validation {
                report: error.emit_to_string(source),
                location: location(error.location(source)),
            })?;
        Self::compile(&module, &info, source, options)
    }

    /// Compiles an entry point of a module.
    ///
    /// `info` must be what naga's validator returned for this very module; `source` is the text that the spans of
    /// the module refer to, or empty.
    ///
    /// # Errors
    /// [`CompileError`] if there is no such entry point, an override has no value, or the module uses something
    /// that the emulator does not run.
    pub fn compile(
        module: &naga::Module,
        info: &ModuleInfo,
        source: &str,
        options: &CompileOptions,
    ) -> Result<Self, CompileError> {
        let entry = choose_entry(module, options.entry.as_deref())?;
        let constants = options
            .overrides
            .iter()
            .map(|(name, &value)| (name.clone(), value))
            .collect();
        let stage = (naga::ShaderStage::Compute, entry.as_str());
        let (module, info) =
            naga::back::pipeline_constants::process_overrides(module, info, Some(stage), &constants)
                .map_err(|error| CompileError::Override {
                    message: error.to_string(),
                })?;
        let index = module
            .entry_points
            .iter()
            .position(|point| point.stage == naga::ShaderStage::Compute && point.name == entry)
            .ok_or_else(|| CompileError::EntryPoint {
                requested: Some(entry.clone()),
                available: Vec::new(),
            })?;
        let lines = LineIndex::new(source);
        let compiled = compile(
            &module,
            &info,
            index,
            &lines,
            options.require_initialized_variables,
        )?;
        let bindings = compiled.variables.iter().map(Variable::info).collect();
        Ok(Self {
            inner: Arc::new(Inner {
                code: compiled.code,
                entry,
                bindings,
                variables: compiled.variables,
                immediate: compiled.immediate,
                lines,
            }),
        })
    }

    /// Name of the entry point.
    pub fn entry(&self) -> &str {
        &self.inner.entry
    }

    /// The buffers that the entry point uses, in the order of their declaration.
    pub fn bindings(&self) -> &[BindingInfo] {
        &self.inner.bindings
    }

    /// `@workgroup_size`.
    pub fn workgroup_size(&self) -> [u32; 3] {
        self.inner.code.workgroup_size
    }

    /// Bytes of workgroup memory, each variable rounded up to 16.
    pub fn workgroup_bytes(&self) -> u32 {
        self.inner.code.workgroup_bytes
    }

    /// Bytes of immediate data that the entry point needs.
    pub fn immediate_bytes(&self) -> u32 {
        self.inner
            .immediate
            .as_ref()
            .map_or(0, |variable| variable.layout.size)
    }

    /// Whether the entry point uses subgroups, so that the subgroup size can change its results.
    pub fn uses_subgroups(&self) -> bool {
        self.inner.code.uses_subgroups
    }

    pub(crate) fn code(&self) -> &Code {
        &self.inner.code
    }

    pub(crate) fn variables(&self) -> &[Variable] {
        &self.inner.variables
    }

    pub(crate) fn immediate(&self) -> Option<&Variable> {
        self.inner.immediate.as_ref()
    }

    pub(crate) fn lines(&self) -> &LineIndex {
        &self.inner.lines
    }
}

fn choose_entry(module: &naga::Module, requested: Option<&str>) -> Result<String, CompileError> {
    let available = module
        .entry_points
        .iter()
        .filter(|point| point.stage == naga::ShaderStage::Compute)
        .map(|point| point.name.clone())
        .collect::<Vec<_>>();
    let found = match requested {
        Some(name) => available.iter().find(|known| *known == name).cloned(),
        None if available.len() == 1 => available.first().cloned(),
        None => None,
    };
    found.ok_or_else(|| CompileError::EntryPoint {
        requested: requested.map(str::to_owned),
        available,
    })
}

fn location(location: Option<naga::SourceLocation>) -> Option<Location> {
    location.map(|location| Location {
        line: location.line_number,
        column: location.line_position,
    })
}
