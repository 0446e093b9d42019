//! Which buffer is bound where.

use std::collections::BTreeMap;

use super::Buffer;

/// Buffers by `@group` and `@binding`.
///
/// Bindings that a program does not use are ignored by its launch.
#[derive(Clone, Debug, Default)]
pub struct Bindings {
    map: BTreeMap<(u32, u32), BindingRange>,
}

/// A buffer or a part of it.
#[derive(Clone, Debug)]
pub struct BindingRange {
    /// The buffer.
    pub buffer: Buffer,
    /// First byte, a multiple of 4.
    pub offset: u64,
    /// Bytes; `None` for all up to the end of the buffer.
    pub size: Option<u64>,
}

impl BindingRange {
    /// Bytes of the range; 0 if it starts after the end of the buffer.
    pub fn len(&self) -> u64 {
        self.size
            .unwrap_or_else(|| self.buffer.len().saturating_sub(self.offset))
    }

    /// Whether the range has no bytes.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl From<Buffer> for BindingRange {
    fn from(buffer: Buffer) -> Self {
        Self {
            buffer,
            offset: 0,
            size: None,
        }
    }
}

impl Bindings {
    /// No bindings.
    pub fn new() -> Self {
        Self::default()
    }

    /// Binds a buffer or a part of one, in place of what was bound there.
    pub fn set(&mut self, group: u32, binding: u32, range: impl Into<BindingRange>) {
        self.map.insert((group, binding), range.into());
    }

    /// The same bindings and one more.
    #[must_use]
    pub fn with(mut self, group: u32, binding: u32, range: impl Into<BindingRange>) -> Self {
        self.set(group, binding, range);
        self
    }

    /// What is bound.
    pub fn get(&self, group: u32, binding: u32) -> Option<&BindingRange> {
        self.map.get(&(group, binding))
    }

    /// The buffer that is bound.
    pub fn buffer(&self, group: u32, binding: u32) -> Option<&Buffer> {
        self.get(group, binding).map(|range| &range.buffer)
    }

    /// All bindings in the order of groups and bindings.
    pub fn iter(&self) -> impl Iterator<Item = ((u32, u32), &BindingRange)> {
        self.map.iter().map(|(&key, range)| (key, range))
    }

    /// The same bindings of other memory with the same contents. Buffers bound several times stay one buffer.
    #[must_use]
    pub fn duplicate(&self) -> Self {
        let mut copies: Vec<(Buffer, Buffer)> = Vec::new();
        let mut map = self.map.clone();
        for range in map.values_mut() {
            let known = copies
                .iter()
                .find(|(original, _)| original.is_same(&range.buffer));
            let copy = match known {
                Some((_, copy)) => copy.clone(),
                None => {
                    let copy = range.buffer.duplicate();
                    copies.push((range.buffer.clone(), copy.clone()));
                    copy
                }
            };
            range.buffer = copy;
        }
        Self { map }
    }
}
