//! naga's types as layouts.

use std::sync::Arc;

use naga::{Handle, ScalarKind, TypeInner};

use super::{Compiler, Result};
use crate::layout::{Layout, LayoutKind, Member, ScalarType, cooperative_rows};

impl Compiler<'_> {
    /// The layout of a type; types without one are not supported.
    pub(super) fn layout(&mut self, handle: Handle<naga::Type>) -> Result<Arc<Layout>> {
        if let Some(layout) = self.layouts.get(&handle) {
            return Ok(layout.clone());
        }
        let ty = &self.module.types[handle];
        let layout = match &ty.inner {
            TypeInner::Array { base, size, stride } => {
                let element = self.layout(*base)?;
                let count = match size {
                    naga::ArraySize::Constant(count) => Some(count.get()),
                    naga::ArraySize::Dynamic => None,
                    naga::ArraySize::Pending(size) => Some(self.overridden_size(*size)?),
                };
                let stride = if contains_bool(&element) {
                    round_up(element.size, element.align)
                } else {
                    *stride
                };
                let total = u64::from(stride) * u64::from(count.unwrap_or(0));
                let Ok(total) = u32::try_from(total) else {
                    return Err(self.unsupported("a type of 4 GiB or more"));
                };
                Layout {
                    size: total,
                    align: element.align,
                    leaves: element.leaves.saturating_mul(count.unwrap_or(0)),
                    kind: LayoutKind::Array {
                        element,
                        count,
                        stride,
                    },
                }
            }
            TypeInner::Struct { members, span } => {
                let name = ty.name.clone().unwrap_or_else(|| "struct".to_owned());
                self.struct_layout(name, members, *span)?
            }
            inner => self.plain_layout(inner)?,
        };
        let layout = Arc::new(layout);
        self.layouts.insert(handle, layout.clone());
        Ok(layout)
    }

    /// The size of an array that an override gives; overrides keep their handles when they get values.
    fn overridden_size(&mut self, size: Handle<naga::Override>) -> Result<u32> {
        let module = self.module;
        let bits = match module.overrides[size].init {
            Some(init) => self.constant_value(&module.global_expressions, init)?,
            None => None,
        };
        match bits.as_deref() {
            // A negative size would be a huge one.
            Some(&[size]) if size > 0 && size <= i32::MAX as u32 => Ok(size),
            _ => Err(self.invalid("the size of an array is an override without a positive value")),
        }
    }

    /// The layout of a type without parts of other types.
    pub(super) fn plain_layout(&self, inner: &TypeInner) -> Result<Layout> {
        Ok(match *inner {
            TypeInner::Scalar(scalar) => scalar_layout(self.scalar(scalar)?),
            TypeInner::Atomic(scalar) => {
                let scalar = self.scalar(scalar)?;
                Layout {
                    kind: LayoutKind::Atomic(scalar),
                    ..scalar_layout(scalar)
                }
            }
            TypeInner::Vector { size, scalar } => vector_layout(size as u32, self.scalar(scalar)?),
            TypeInner::Matrix {
                columns,
                rows,
                scalar,
            } => {
                let scalar = self.scalar(scalar)?;
                let (columns, rows) = (columns as u32, rows as u32);
                let align = vector_layout(rows, scalar).align;
                let stride = round_up(rows * scalar.width(), align);
                Layout {
                    kind: LayoutKind::Matrix {
                        columns,
                        rows,
                        scalar,
                        stride,
                    },
                    size: stride * columns,
                    align,
                    leaves: columns * rows,
                }
            }
            TypeInner::CooperativeMatrix {
                columns,
                rows,
                scalar,
                role,
            } => {
                let scalar = self.scalar(scalar)?;
                if columns as u32 != rows as u32 {
                    return Err(self.unsupported("a cooperative matrix that is not square"));
                }
                let size = columns as u32;
                let leaves = cooperative_rows(size);
                let role = match role {
                    naga::CooperativeRole::A => 'A',
                    naga::CooperativeRole::B => 'B',
                    naga::CooperativeRole::C => 'C',
                };
                Layout {
                    kind: LayoutKind::Cooperative { size, scalar, role },
                    size: leaves * 4,
                    align: 4,
                    leaves,
                }
            }
            TypeInner::Image { .. } => return Err(self.unsupported("textures")),
            TypeInner::Sampler { .. } => return Err(self.unsupported("samplers")),
            TypeInner::BindingArray { .. } => return Err(self.unsupported("binding arrays")),
            TypeInner::AccelerationStructure { .. } | TypeInner::RayQuery { .. } => {
                return Err(self.unsupported("ray tracing"));
            }
            _ => return Err(self.invalid("a type has no layout")),
        })
    }

    /// naga's scalar as one that the emulator computes with.
    pub(super) fn scalar(&self, scalar: naga::Scalar) -> Result<ScalarType> {
        match (scalar.kind, scalar.width) {
            (ScalarKind::Sint, 4) => Ok(ScalarType::I32),
            (ScalarKind::Uint, 4) => Ok(ScalarType::U32),
            (ScalarKind::Float, 4) => Ok(ScalarType::F32),
            (ScalarKind::Float, 2) => Ok(ScalarType::F16),
            (ScalarKind::Sint, 2) => Ok(ScalarType::I16),
            (ScalarKind::Uint, 2) => Ok(ScalarType::U16),
            (ScalarKind::Bool, _) => Ok(ScalarType::Bool),
            (ScalarKind::Sint, 8) => Err(self.unsupported("i64")),
            (ScalarKind::Uint, 8) => Err(self.unsupported("u64")),
            (ScalarKind::Float, 8) => Err(self.unsupported("f64")),
            _ => Err(self.invalid("an abstract or unknown scalar type")),
        }
    }

    fn struct_layout(&mut self, name: String, members: &[naga::StructMember], span: u32) -> Result<Layout> {
        let mut layouts = Vec::with_capacity(members.len());
        for member in members {
            layouts.push(self.layout(member.ty)?);
        }
        // naga gives `bool` one byte; such structs live on the device alone, so that any layout will do.
        let own = layouts.iter().any(|layout| contains_bool(layout));
        let (mut end, mut align, mut leaves) = (0u32, 1, 0u32);
        let mut laid = Vec::with_capacity(members.len());
        for (i, (member, layout)) in members.iter().zip(layouts).enumerate() {
            let offset = if own {
                round_up(end, layout.align)
            } else {
                member.offset
            };
            end = offset.saturating_add(layout.size);
            align = layout.align.max(align);
            leaves = leaves.saturating_add(layout.leaves);
            let name = member.name.clone().unwrap_or_else(|| format!("member{i}"));
            laid.push(Member { name, offset, layout });
        }
        let runtime_sized = laid
            .last()
            .is_some_and(|last| last.layout.runtime_array().is_some());
        let size = match (own, runtime_sized) {
            (_, true) => end,
            (true, false) => round_up(end, align),
            (false, false) => span,
        };
        Ok(Layout {
            kind: LayoutKind::Struct { name, members: laid },
            size,
            align,
            leaves,
        })
    }
}

/// The layout of a scalar.
pub(super) const fn scalar_layout(scalar: ScalarType) -> Layout {
    Layout {
        kind: LayoutKind::Scalar(scalar),
        size: scalar.width(),
        align: scalar.width(),
        leaves: 1,
    }
}

/// The layout of a vector.
pub(super) const fn vector_layout(length: u32, scalar: ScalarType) -> Layout {
    let width = scalar.width();
    let align = if length == 2 { 2 * width } else { 4 * width };
    Layout {
        kind: LayoutKind::Vector { length, scalar },
        size: length * width,
        align,
        leaves: length,
    }
}

fn contains_bool(layout: &Layout) -> bool {
    match &layout.kind {
        LayoutKind::Scalar(scalar)
        | LayoutKind::Atomic(scalar)
        | LayoutKind::Vector { scalar, .. }
        | LayoutKind::Matrix { scalar, .. }
        | LayoutKind::Cooperative { scalar, .. } => *scalar == ScalarType::Bool,
        LayoutKind::Array { element, .. } => contains_bool(element),
        LayoutKind::Struct { members, .. } => members.iter().any(|member| contains_bool(&member.layout)),
    }
}

const fn round_up(value: u32, align: u32) -> u32 {
    value.next_multiple_of(if align == 0 { 1 } else { align })
}
