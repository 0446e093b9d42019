//! Types of the module as trees of scalars at byte offsets.
//!
//! Host-shareable types have exactly naga's offsets. Types that contain `bool`, which no host can see, get the
//! layout of WGSL with a `bool` of four bytes.

use std::fmt;
use std::sync::Arc;

/// A scalar type that the emulator computes with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum ScalarType {
    I32,
    U32,
    F32,
    /// Held in registers as the `f32` of the same value.
    F16,
    /// Held in registers sign-extended.
    I16,
    /// Held in registers zero-extended.
    U16,
    /// Held in registers and memory as 0 or 1.
    Bool,
}

impl ScalarType {
    /// Bytes in memory.
    pub(crate) const fn width(self) -> u32 {
        match self {
            Self::F16 | Self::I16 | Self::U16 => 2,
            _ => 4,
        }
    }

    pub(crate) const fn is_float(self) -> bool {
        matches!(self, Self::F32 | Self::F16)
    }

    pub(crate) const fn is_signed(self) -> bool {
        matches!(self, Self::I32 | Self::I16)
    }

    /// Bits of an integer or float type.
    pub(crate) const fn bits(self) -> u32 {
        self.width() * 8
    }

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::I32 => "i32",
            Self::U32 => "u32",
            Self::F32 => "f32",
            Self::F16 => "f16",
            Self::I16 => "i16",
            Self::U16 => "u16",
            Self::Bool => "bool",
        }
    }
}

/// A type with its layout.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Layout {
    pub(crate) kind: LayoutKind,
    /// Bytes; for a type that ends in a runtime-sized array the bytes before that array.
    pub(crate) size: u32,
    pub(crate) align: u32,
    /// Scalars of the type, with those of runtime-sized arrays left out. A cooperative matrix counts the rows
    /// of registers that hold it.
    pub(crate) leaves: u32,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum LayoutKind {
    Scalar(ScalarType),
    Atomic(ScalarType),
    Vector {
        length: u32,
        scalar: ScalarType,
    },
    Matrix {
        columns: u32,
        rows: u32,
        scalar: ScalarType,
        stride: u32,
    },
    Array {
        element: Arc<Layout>,
        count: Option<u32>,
        stride: u32,
    },
    Struct {
        name: String,
        members: Vec<Member>,
    },
    Cooperative {
        size: u32,
        scalar: ScalarType,
        role: char,
    },
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Member {
    pub(crate) name: String,
    pub(crate) offset: u32,
    pub(crate) layout: Arc<Layout>,
}

/// A scalar inside of a type.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Leaf {
    pub(crate) offset: u32,
    pub(crate) scalar: ScalarType,
}

/// Rows of registers that hold a cooperative matrix: element `e` lies in row `e / 4` and lane `e % 4` of its
/// subgroup, so that the smallest subgroup suffices.
pub(crate) const fn cooperative_rows(size: u32) -> u32 {
    size * size / COOPERATIVE_LANES
}

/// Lanes of a subgroup over which a cooperative matrix is spread: the smallest subgroup size.
pub(crate) const COOPERATIVE_LANES: u32 = 4;

impl Layout {
    /// The scalars of the type in order. Runtime-sized arrays contribute none.
    pub(crate) fn leaves(&self) -> Vec<Leaf> {
        let mut leaves = Vec::with_capacity(self.leaves as usize);
        self.collect(0, &mut leaves);
        leaves
    }

    fn collect(&self, offset: u32, into: &mut Vec<Leaf>) {
        match &self.kind {
            &LayoutKind::Scalar(scalar) | &LayoutKind::Atomic(scalar) => into.push(Leaf { offset, scalar }),
            &LayoutKind::Vector { length, scalar } => {
                into.extend((0..length).map(|i| Leaf {
                    offset: offset + i * scalar.width(),
                    scalar,
                }));
            }
            &LayoutKind::Matrix {
                columns,
                rows,
                scalar,
                stride,
            } => {
                for column in 0..columns {
                    into.extend((0..rows).map(|row| Leaf {
                        offset: offset + column * stride + row * scalar.width(),
                        scalar,
                    }));
                }
            }
            LayoutKind::Array {
                element,
                count,
                stride,
            } => {
                for i in 0..count.unwrap_or(0) {
                    element.collect(offset + i * stride, into);
                }
            }
            LayoutKind::Struct { members, .. } => {
                for member in members {
                    member.layout.collect(offset + member.offset, into);
                }
            }
            &LayoutKind::Cooperative { size, scalar, .. } => {
                into.extend((0..cooperative_rows(size)).map(|i| Leaf {
                    offset: offset + i * 4,
                    scalar,
                }));
            }
        }
    }

    /// The runtime-sized array that ends the type, with its offset.
    pub(crate) fn runtime_array(&self) -> Option<(u32, &Arc<Layout>, u32)> {
        match &self.kind {
            LayoutKind::Array {
                element,
                count: None,
                stride,
            } => Some((0, element, *stride)),
            LayoutKind::Struct { members, .. } => {
                let last = members.last()?;
                let (offset, element, stride) = last.layout.runtime_array()?;
                Some((last.offset + offset, element, stride))
            }
            _ => None,
        }
    }

    /// The smallest buffer that can be bound: one element of a runtime-sized array is required.
    pub(crate) fn minimum_size(&self) -> u64 {
        match self.runtime_array() {
            Some((offset, element, stride)) => u64::from(offset) + u64::from(stride.max(element.size)),
            None => u64::from(self.size),
        }
    }

    /// Whether any scalar has 16 bits, so that neighbours in one word are different locations.
    pub(crate) fn has_narrow_scalars(&self) -> bool {
        match &self.kind {
            LayoutKind::Scalar(s) | LayoutKind::Atomic(s) => s.width() == 2,
            LayoutKind::Vector { scalar, .. }
            | LayoutKind::Matrix { scalar, .. }
            | LayoutKind::Cooperative { scalar, .. } => scalar.width() == 2,
            LayoutKind::Array { element, .. } => element.has_narrow_scalars(),
            LayoutKind::Struct { members, .. } => members.iter().any(|m| m.layout.has_narrow_scalars()),
        }
    }

    /// Whether a cooperative matrix is part of the type.
    pub(crate) fn has_cooperative(&self) -> bool {
        match &self.kind {
            LayoutKind::Cooperative { .. } => true,
            LayoutKind::Array { element, .. } => element.has_cooperative(),
            LayoutKind::Struct { members, .. } => members.iter().any(|m| m.layout.has_cooperative()),
            _ => false,
        }
    }

    /// How WGSL would name the place at a byte offset: `.rows[3].x`, empty for the whole of a scalar.
    pub(crate) fn path_at(&self, offset: u32) -> String {
        match &self.kind {
            LayoutKind::Scalar(_) | LayoutKind::Atomic(_) | LayoutKind::Cooperative { .. } => String::new(),
            LayoutKind::Vector { length, scalar } => {
                let component = (offset / scalar.width()).min(length - 1);
                format!(
                    ".{}",
                    ["x", "y", "z", "w"]
                        .get(component as usize)
                        .copied()
                        .unwrap_or("?")
                )
            }
            LayoutKind::Matrix { stride, scalar, .. } => {
                format!("[{}][{}]", offset / stride, offset % stride / scalar.width())
            }
            LayoutKind::Array { element, stride, .. } => {
                format!("[{}]{}", offset / stride, element.path_at(offset % stride))
            }
            LayoutKind::Struct { members, .. } => {
                let after = members.partition_point(|member| member.offset <= offset);
                match after.checked_sub(1).and_then(|i| members.get(i)) {
                    Some(member) => {
                        format!(
                            ".{}{}",
                            member.name,
                            member.layout.path_at(offset - member.offset)
                        )
                    }
                    None => String::new(),
                }
            }
        }
    }
}

impl fmt::Display for Layout {
    /// The type as WGSL writes it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            LayoutKind::Scalar(scalar) => f.write_str(scalar.name()),
            LayoutKind::Atomic(scalar) => write!(f, "atomic<{}>", scalar.name()),
            LayoutKind::Vector { length, scalar } => write!(f, "vec{length}<{}>", scalar.name()),
            LayoutKind::Matrix {
                columns,
                rows,
                scalar,
                ..
            } => {
                write!(f, "mat{columns}x{rows}<{}>", scalar.name())
            }
            LayoutKind::Array {
                element,
                count: Some(count),
                ..
            } => write!(f, "array<{element}, {count}>"),
            LayoutKind::Array {
                element, count: None, ..
            } => write!(f, "array<{element}>"),
            LayoutKind::Struct { name, .. } => f.write_str(name),
            LayoutKind::Cooperative { size, scalar, role } => {
                write!(f, "coop_mat{size}x{size}<{}, {role}>", scalar.name())
            }
        }
    }
}
