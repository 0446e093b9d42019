//! A matrix in a buffer of the caller.

/// A row-major f32 matrix in a buffer of the caller: the whole buffer, or a slice of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operand<'a> {
    pub(crate) buffer: &'a wgpu::Buffer,
    pub(crate) offset: u64,
    pub(crate) bytes: u64,
}

impl<'a> From<&'a wgpu::Buffer> for Operand<'a> {
    fn from(buffer: &'a wgpu::Buffer) -> Self {
        Self {
            buffer,
            offset: 0,
            bytes: buffer.size(),
        }
    }
}

impl<'a> From<wgpu::BufferSlice<'a>> for Operand<'a> {
    fn from(slice: wgpu::BufferSlice<'a>) -> Self {
        Self {
            buffer: slice.buffer(),
            offset: slice.offset(),
            bytes: slice.size(),
        }
    }
}
