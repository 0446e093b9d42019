//! Bind group layouts, bind groups and pipeline layouts.

use std::sync::Arc;

use ::wgpu as api;
use ::wgpu::custom::{BindGroupInterface, BindGroupLayoutInterface, PipelineLayoutInterface};
use api::{BindingType, BufferBindingType};

use super::buffer::BufferResource;
use super::device::State;
use super::life::{Alive, Kind};

/// Entries of a bind group layout in the order of bindings; nothing if creation failed. Equal layouts are compatible.
#[derive(Clone, Debug)]
pub(super) struct BindGroupLayout {
    pub(super) entries: Option<Arc<[api::BindGroupLayoutEntry]>>,
}

impl BindGroupLayout {
    pub(super) fn new(state: &State, desc: &api::BindGroupLayoutDescriptor<'_>) -> Self {
        let mut entries = desc.entries.to_vec();
        entries.sort_by_key(|entry| entry.binding);
        let twice = entries.windows(2).find(|pair| pair[0].binding == pair[1].binding);
        if let Some(pair) = twice {
            let label = desc.label.unwrap_or("layout");
            let binding = pair[0].binding;
            state.errors.validation(format!(
                "create_bind_group_layout `{label}`: binding {binding} appears twice"
            ));
            return Self { entries: None };
        }
        Self {
            entries: Some(entries.into()),
        }
    }

    pub(super) fn from_entries(mut entries: Vec<api::BindGroupLayoutEntry>) -> Self {
        entries.sort_by_key(|entry| entry.binding);
        Self {
            entries: Some(entries.into()),
        }
    }
}

impl BindGroupLayoutInterface for BindGroupLayout {}

/// A bind group; nothing inside if creation failed.
#[derive(Clone, Debug)]
pub(super) struct BindGroup {
    pub(super) inner: Option<Arc<BoundGroup>>,
}

/// What a bind group binds.
#[derive(Debug)]
pub(super) struct BoundGroup {
    _alive: Alive,
    pub(super) layout: Arc<[api::BindGroupLayoutEntry]>,
    /// In the order of the layout.
    pub(super) buffers: Vec<BoundRange>,
}

#[derive(Clone, Debug)]
pub(super) struct BoundRange {
    pub(super) buffer: BufferResource,
    pub(super) offset: u64,
    pub(super) size: u64,
}

impl BindGroup {
    pub(super) fn new(state: &Arc<State>, desc: &api::BindGroupDescriptor<'_>) -> Self {
        match bind(state, desc) {
            Ok(group) => Self {
                inner: Some(Arc::new(group)),
            },
            Err(message) => {
                let label = desc.label.unwrap_or("bind group");
                state
                    .errors
                    .validation(format!("create_bind_group `{label}`: {message}"));
                Self { inner: None }
            }
        }
    }
}

impl BindGroupInterface for BindGroup {}

fn bind(state: &Arc<State>, desc: &api::BindGroupDescriptor<'_>) -> Result<BoundGroup, String> {
    let layout = desc
        .layout
        .as_custom::<BindGroupLayout>()
        .ok_or("the layout is of another device")?;
    let layout = layout.entries.clone().ok_or("the layout is invalid")?;
    if desc.entries.len() != layout.len() {
        return Err(format!(
            "{} entries for a layout of {}",
            desc.entries.len(),
            layout.len()
        ));
    }
    let mut buffers = Vec::with_capacity(layout.len());
    for entry in layout.iter() {
        let binding = entry.binding;
        let given = desc.entries.iter().find(|given| given.binding == binding);
        let given = given.ok_or_else(|| format!("binding {binding} is missing"))?;
        let api::BindingResource::Buffer(bound) = &given.resource else {
            return Err(format!(
                "binding {binding} is no buffer, which is all that the emulated device binds"
            ));
        };
        buffers.push(
            bind_buffer(state, entry, bound).map_err(|message| format!("binding {binding}: {message}"))?,
        );
    }
    Ok(BoundGroup {
        _alive: Alive::new(state, Kind::BindGroup),
        layout,
        buffers,
    })
}

fn bind_buffer(
    state: &State,
    entry: &api::BindGroupLayoutEntry,
    bound: &api::BufferBinding<'_>,
) -> Result<BoundRange, String> {
    let BindingType::Buffer {
        ty, min_binding_size, ..
    } = entry.ty
    else {
        return Err("the layout wants no buffer".to_owned());
    };
    let buffer = bound
        .buffer
        .as_custom::<BufferResource>()
        .filter(|buffer| buffer.is_of(state))
        .ok_or("the buffer is of another device")?;
    let contents = buffer
        .contents()
        .ok_or_else(|| format!("buffer `{}` is invalid or destroyed", buffer.label()))?;
    let limits = &state.limits;
    let (usage, largest, alignment) = match ty {
        BufferBindingType::Uniform => (
            api::BufferUsages::UNIFORM,
            limits.max_uniform_buffer_binding_size,
            limits.min_uniform_buffer_offset_alignment,
        ),
        BufferBindingType::Storage { .. } => (
            api::BufferUsages::STORAGE,
            limits.max_storage_buffer_binding_size,
            limits.min_storage_buffer_offset_alignment,
        ),
    };
    buffer.require(usage)?;
    if !bound.offset.is_multiple_of(u64::from(alignment)) {
        return Err(format!(
            "the offset {} is no multiple of {alignment}",
            bound.offset
        ));
    }
    let length = contents.len();
    let size = match bound.size {
        Some(size) => size.get(),
        None => length
            .checked_sub(bound.offset)
            .ok_or("the offset lies behind the end of the buffer")?,
    };
    if size == 0 || bound.offset.checked_add(size).is_none_or(|end| end > length) {
        return Err(format!(
            "{size} bytes from {} on of a buffer of {length} bytes",
            bound.offset
        ));
    }
    if size > largest {
        return Err(format!("{size} bytes, at most {largest} can be bound"));
    }
    if let Some(least) = min_binding_size.filter(|least| size < least.get()) {
        return Err(format!("{size} bytes, the layout wants at least {least}"));
    }
    Ok(BoundRange {
        buffer: buffer.clone(),
        offset: bound.offset,
        size,
    })
}

/// Bind group layouts by group; nothing if creation failed.
#[derive(Clone, Debug)]
pub(super) struct PipelineLayout {
    pub(super) inner: Option<Arc<Groups>>,
}

#[derive(Debug)]
pub(super) struct Groups {
    pub(super) groups: Vec<Option<Arc<[api::BindGroupLayoutEntry]>>>,
    pub(super) immediate_size: u32,
}

impl PipelineLayout {
    pub(super) fn new(state: &State, desc: &api::PipelineLayoutDescriptor<'_>) -> Self {
        match layout(state, desc) {
            Ok(groups) => Self {
                inner: Some(Arc::new(groups)),
            },
            Err(message) => {
                let label = desc.label.unwrap_or("layout");
                state
                    .errors
                    .validation(format!("create_pipeline_layout `{label}`: {message}"));
                Self { inner: None }
            }
        }
    }
}

impl PipelineLayoutInterface for PipelineLayout {}

fn layout(state: &State, desc: &api::PipelineLayoutDescriptor<'_>) -> Result<Groups, String> {
    let limits = &state.limits;
    if desc.bind_group_layouts.len() > limits.max_bind_groups as usize {
        return Err(format!(
            "{} groups, at most {}",
            desc.bind_group_layouts.len(),
            limits.max_bind_groups
        ));
    }
    if desc.immediate_size > limits.max_immediate_size {
        return Err(format!(
            "{} bytes of immediates, at most {}",
            desc.immediate_size, limits.max_immediate_size
        ));
    }
    let mut groups = Vec::new();
    for group in desc.bind_group_layouts {
        groups.push(match group {
            None => None,
            Some(group) => {
                let group = group
                    .as_custom::<BindGroupLayout>()
                    .ok_or("a group layout is of another device")?;
                Some(group.entries.clone().ok_or("a group layout is invalid")?)
            }
        });
    }
    Ok(Groups {
        groups,
        immediate_size: desc.immediate_size,
    })
}
