//! Shader modules and compute pipelines.

use std::collections::BTreeMap;
use std::future::ready;
use std::num::NonZeroU64;
use std::pin::Pin;
use std::sync::Arc;

use ::wgpu as api;
use ::wgpu::custom::{
    ComputePipelineInterface, DispatchBindGroupLayout, ShaderCompilationInfoFuture, ShaderModuleInterface,
};
use api::{BindingType, BufferBindingType};
use naga::valid::{ModuleInfo, ValidationFlags};

use super::binding::{BindGroupLayout, Groups, PipelineLayout};
use super::device::State;
use super::life::{Alive, Kind};
use crate::program::{AccessMode, CompileOptions, NAGA_STACK, Program};
use crate::stack::with_stack;

/// A validated module, or why there is none.
#[derive(Debug)]
pub(super) struct ShaderModule {
    module: Option<(naga::Module, ModuleInfo, String)>,
    messages: Vec<api::CompilationMessage>,
}

impl ShaderModule {
    pub(super) fn new(state: &State, desc: &api::ShaderModuleDescriptor<'_>) -> Self {
        let label = desc.label.unwrap_or("shader");
        let api::ShaderSource::Wgsl(source) = &desc.source else {
            state.errors.validation(format!(
                "create_shader_module `{label}`: the emulated device reads WGSL only"
            ));
            return Self::invalid();
        };
        let validated = with_stack(NAGA_STACK, || validate(state.features, source));
        match validated.unwrap_or_else(|| Err(("naga panicked".to_owned(), None))) {
            Ok((module, info)) => Self {
                module: Some((module, info, source.clone().into_owned())),
                messages: Vec::new(),
            },
            Err((report, location)) => {
                state
                    .errors
                    .validation(format!("create_shader_module `{label}`: {report}"));
                let location = location.map(|location| api::SourceLocation {
                    line_number: location.line_number,
                    line_position: location.line_position,
                    offset: location.offset,
                    length: location.length,
                });
                let message_type = api::CompilationMessageType::Error;
                Self {
                    module: None,
                    messages: vec![api::CompilationMessage {
                        message: report,
                        message_type,
                        location,
                    }],
                }
            }
        }
    }

    pub(super) fn invalid() -> Self {
        Self {
            module: None,
            messages: Vec::new(),
        }
    }
}

impl ShaderModuleInterface for ShaderModule {
    fn get_compilation_info(&self) -> Pin<Box<dyn ShaderCompilationInfoFuture>> {
        Box::pin(ready(api::CompilationInfo {
            messages: self.messages.clone(),
        }))
    }
}

type Rejection = (String, Option<naga::SourceLocation>);

/// The validation that wgpu does for a device of these features.
fn validate(features: api::Features, source: &str) -> Result<(naga::Module, ModuleInfo), Rejection> {
    let module = naga::front::wgsl::parse_str(source)
        .map_err(|error| (error.emit_to_string(source), error.location(source)))?;
    let downlevel = api::DownlevelFlags::all();
    let info = wgpu_naga_bridge::create_validator(features, downlevel, ValidationFlags::all())
        .validate(&module)
        .map_err(|error| (error.emit_to_string(source), error.location(source)))?;
    Ok((module, info))
}

/// A compute pipeline; nothing inside if creation failed.
#[derive(Clone, Debug)]
pub(super) struct ComputePipeline {
    pub(super) inner: Option<Arc<Compiled>>,
}

/// A program and the bind groups that it wants.
#[derive(Debug)]
pub(super) struct Compiled {
    _alive: Alive,
    pub(super) label: String,
    pub(super) program: Program,
    pub(super) layout: Arc<Groups>,
    pub(super) zero_init_workgroup: bool,
}

impl ComputePipeline {
    pub(super) fn new(state: &Arc<State>, desc: &api::ComputePipelineDescriptor<'_>) -> Self {
        match compile(state, desc) {
            Ok(compiled) => Self {
                inner: Some(Arc::new(compiled)),
            },
            Err(message) => {
                let label = desc.label.unwrap_or("pipeline");
                state
                    .errors
                    .validation(format!("create_compute_pipeline `{label}`: {message}"));
                Self { inner: None }
            }
        }
    }
}

impl ComputePipelineInterface for ComputePipeline {
    fn get_bind_group_layout(&self, index: u32) -> DispatchBindGroupLayout {
        let group = self
            .inner
            .as_ref()
            .and_then(|inner| inner.layout.groups.get(index as usize));
        DispatchBindGroupLayout::custom(BindGroupLayout {
            entries: group.cloned().flatten(),
        })
    }
}

fn compile(state: &Arc<State>, desc: &api::ComputePipelineDescriptor<'_>) -> Result<Compiled, String> {
    let shader = desc
        .module
        .as_custom::<ShaderModule>()
        .ok_or("the shader module is of another device")?;
    let (module, info, source) = shader.module.as_ref().ok_or("the shader module is invalid")?;
    let constants = desc.compilation_options.constants;
    let options = CompileOptions {
        entry: desc.entry_point.map(str::to_owned),
        overrides: constants
            .iter()
            .map(|&(name, value)| (name.to_owned(), value))
            .collect(),
        ..CompileOptions::default()
    };
    let program = Program::compile(module, info, source, &options).map_err(|error| error.to_string())?;
    check_limits(&state.limits, &program)?;
    let layout = match desc.layout {
        None => Arc::new(automatic_layout(&program)),
        Some(layout) => {
            let layout = layout
                .as_custom::<PipelineLayout>()
                .ok_or("the layout is of another device")?;
            let layout = layout.inner.clone().ok_or("the layout is invalid")?;
            check_layout(&layout, &program)?;
            layout
        }
    };
    Ok(Compiled {
        _alive: Alive::new(state, Kind::ComputePipeline),
        label: desc.label.unwrap_or(program.entry()).to_owned(),
        zero_init_workgroup: desc.compilation_options.zero_initialize_workgroup_memory,
        program,
        layout,
    })
}

fn check_limits(limits: &api::Limits, program: &Program) -> Result<(), String> {
    let size = program.workgroup_size();
    let largest = [
        limits.max_compute_workgroup_size_x,
        limits.max_compute_workgroup_size_y,
        limits.max_compute_workgroup_size_z,
    ];
    if size.iter().zip(largest).any(|(&size, largest)| size > largest) {
        return Err(format!(
            "a workgroup of {size:?} exceeds the limit of {largest:?}"
        ));
    }
    let invocations = size.iter().map(|&n| u64::from(n)).product::<u64>();
    if invocations > u64::from(limits.max_compute_invocations_per_workgroup) {
        let largest = limits.max_compute_invocations_per_workgroup;
        return Err(format!(
            "a workgroup of {invocations} invocations, at most {largest}"
        ));
    }
    let (bytes, largest) = (
        program.workgroup_bytes(),
        limits.max_compute_workgroup_storage_size,
    );
    if bytes > largest {
        return Err(format!("{bytes} bytes of workgroup memory, at most {largest}"));
    }
    let immediates = program.immediate_bytes();
    if immediates > limits.max_immediate_size {
        return Err(format!(
            "{immediates} bytes of immediates, at most {}",
            limits.max_immediate_size
        ));
    }
    Ok(())
}

fn buffer_type(access: AccessMode) -> BufferBindingType {
    match access {
        AccessMode::Uniform => BufferBindingType::Uniform,
        AccessMode::Read => BufferBindingType::Storage { read_only: true },
        AccessMode::ReadWrite => BufferBindingType::Storage { read_only: false },
    }
}

/// The layout that a pipeline gets if none is given: exactly what the shader binds.
fn automatic_layout(program: &Program) -> Groups {
    let mut groups: BTreeMap<u32, Vec<api::BindGroupLayoutEntry>> = BTreeMap::new();
    for info in program.bindings() {
        groups
            .entry(info.group)
            .or_default()
            .push(api::BindGroupLayoutEntry {
                binding: info.binding,
                visibility: api::ShaderStages::COMPUTE,
                ty: BindingType::Buffer {
                    ty: buffer_type(info.access),
                    has_dynamic_offset: false,
                    min_binding_size: NonZeroU64::new(info.minimum_size),
                },
                count: None,
            });
    }
    let count = groups.last_key_value().map_or(0, |(&last, _)| last + 1);
    // Groups in between are empty, not missing.
    let entries =
        |group| BindGroupLayout::from_entries(groups.get(&group).cloned().unwrap_or_default()).entries;
    Groups {
        groups: (0..count).map(entries).collect(),
        immediate_size: program.immediate_bytes(),
    }
}

fn check_layout(layout: &Groups, program: &Program) -> Result<(), String> {
    if program.immediate_bytes() > layout.immediate_size {
        let (needed, given) = (program.immediate_bytes(), layout.immediate_size);
        return Err(format!(
            "the shader needs {needed} bytes of immediates, the layout has {given}"
        ));
    }
    for info in program.bindings() {
        let group = layout.groups.get(info.group as usize).cloned().flatten();
        let entry = group
            .as_ref()
            .and_then(|group| group.iter().find(|entry| entry.binding == info.binding));
        let Some(entry) = entry.filter(|entry| entry.visibility.contains(api::ShaderStages::COMPUTE)) else {
            return Err(format!("the layout lacks {info}"));
        };
        let wanted = buffer_type(info.access);
        match entry.ty {
            BindingType::Buffer {
                ty, min_binding_size, ..
            } if ty == wanted => {
                let least = min_binding_size.map_or(u64::MAX, NonZeroU64::get);
                if least < info.minimum_size {
                    let needed = info.minimum_size;
                    return Err(format!(
                        "{info} needs {needed} bytes, the layout allows bindings of {least}"
                    ));
                }
            }
            other => return Err(format!("{info} is {wanted:?}, the layout has {other:?}")),
        }
    }
    Ok(())
}
