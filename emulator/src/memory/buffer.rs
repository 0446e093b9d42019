//! Buffers.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use bytemuck::{AnyBitPattern, NoUninit};

/// A buffer of bytes that kernels read and write.
///
/// Like a buffer of a GPU it is a handle: a clone is the same memory, [`Buffer::duplicate`] is other memory. Its
/// words are relaxed atomics, so that kernels with data races are no worse than wrong.
#[derive(Clone)]
pub struct Buffer {
    inner: Arc<Inner>,
}

struct Inner {
    words: Box<[AtomicU32]>,
    length: u64,
}

/// A range of bytes that does not lie inside of a buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("bytes {offset}..{end} of a buffer of {length} bytes")]
pub struct OutOfRange {
    /// First byte.
    pub offset: u64,
    /// The byte after the last one.
    pub end: u64,
    /// Bytes of the buffer.
    pub length: u64,
}

impl Buffer {
    /// A buffer of `length` zero bytes; without bytes if there is no memory for them.
    pub fn zeroed(length: u64) -> Self {
        Self::try_zeroed(length).unwrap_or_else(|| Self::from_bytes(&[]))
    }

    /// A buffer of `length` zero bytes, or `None` if there is no memory for them.
    pub fn try_zeroed(length: u64) -> Option<Self> {
        let words = usize::try_from(length.div_ceil(4)).ok()?;
        let words = bytemuck::try_zeroed_slice_box(words).ok()?;
        Some(Self {
            inner: Arc::new(Inner { words, length }),
        })
    }

    /// A buffer with these bytes.
    pub fn from_bytes(bytes: &[u8]) -> Self {
        let mut words = Vec::with_capacity(bytes.len().div_ceil(4));
        let (whole, rest) = bytes.as_chunks::<4>();
        words.extend(whole.iter().map(|&word| AtomicU32::new(u32::from_le_bytes(word))));
        if !rest.is_empty() {
            let mut last = [0; 4];
            last[..rest.len()].copy_from_slice(rest);
            words.push(AtomicU32::new(u32::from_le_bytes(last)));
        }
        Self {
            inner: Arc::new(Inner {
                words: words.into(),
                length: bytes.len() as u64,
            }),
        }
    }

    /// A buffer with the bytes of these values.
    pub fn from_slice<T: NoUninit>(values: &[T]) -> Self {
        Self::from_bytes(bytemuck::cast_slice(values))
    }

    /// Bytes.
    pub fn len(&self) -> u64 {
        self.inner.length
    }

    /// Whether the buffer has no bytes.
    pub fn is_empty(&self) -> bool {
        self.inner.length == 0
    }

    /// A copy of all bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(self.inner.words.len() * 4);
        for word in &self.inner.words {
            bytes.extend(word.load(Ordering::Relaxed).to_le_bytes());
        }
        bytes.truncate(self.inner.length as usize);
        bytes
    }

    /// A copy of the contents as values; bytes that do not fill a last value are left out.
    pub fn to_vec<T: AnyBitPattern>(&self) -> Vec<T> {
        let size = size_of::<T>().max(1);
        self.to_bytes()
            .chunks_exact(size)
            .map(bytemuck::pod_read_unaligned)
            .collect()
    }

    /// Copies bytes out of the buffer.
    ///
    /// # Errors
    /// [`OutOfRange`] if the buffer ends before `offset + into.len()`.
    pub fn read(&self, offset: u64, into: &mut [u8]) -> Result<(), OutOfRange> {
        self.check(offset, into.len() as u64)?;
        for (i, byte) in (offset..).zip(into) {
            let word = &self.inner.words[(i / 4) as usize];
            *byte = word.load(Ordering::Relaxed).to_le_bytes()[(i % 4) as usize];
        }
        Ok(())
    }

    /// Copies bytes into the buffer.
    ///
    /// # Errors
    /// [`OutOfRange`] if the buffer ends before `offset + bytes.len()`.
    pub fn write(&self, offset: u64, bytes: &[u8]) -> Result<(), OutOfRange> {
        self.check(offset, bytes.len() as u64)?;
        if offset.is_multiple_of(4) {
            let (whole, rest) = bytes.as_chunks::<4>();
            let first = (offset / 4) as usize;
            for (word, &bytes) in self.inner.words[first..].iter().zip(whole) {
                word.store(u32::from_le_bytes(bytes), Ordering::Relaxed);
            }
            self.write_bytes(offset + whole.len() as u64 * 4, rest);
        } else {
            self.write_bytes(offset, bytes);
        }
        Ok(())
    }

    /// Makes bytes zero. Offset and size are multiples of 4.
    ///
    /// # Errors
    /// [`OutOfRange`] if the buffer ends before `offset + size`.
    pub fn clear(&self, offset: u64, size: u64) -> Result<(), OutOfRange> {
        self.check(offset, size)?;
        for word in self.words_of(offset, size) {
            word.store(0, Ordering::Relaxed);
        }
        Ok(())
    }

    /// Copies bytes into another buffer, or another part of this one. Offsets and size are multiples of 4.
    ///
    /// # Errors
    /// [`OutOfRange`] if one of the buffers ends before the end of its range.
    pub fn copy_to(
        &self,
        offset: u64,
        target: &Self,
        target_offset: u64,
        size: u64,
    ) -> Result<(), OutOfRange> {
        self.check(offset, size)?;
        target.check(target_offset, size)?;
        for (to, from) in target
            .words_of(target_offset, size)
            .iter()
            .zip(self.words_of(offset, size))
        {
            to.store(from.load(Ordering::Relaxed), Ordering::Relaxed);
        }
        Ok(())
    }

    /// Other memory with the same contents.
    #[must_use]
    pub fn duplicate(&self) -> Self {
        let words = self
            .inner
            .words
            .iter()
            .map(|word| AtomicU32::new(word.load(Ordering::Relaxed)))
            .collect();
        Self {
            inner: Arc::new(Inner {
                words,
                length: self.inner.length,
            }),
        }
    }

    /// Whether two handles are the same memory.
    pub fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.inner, &other.inner)
    }

    /// Whole words of a range that lies inside.
    fn words_of(&self, offset: u64, size: u64) -> &[AtomicU32] {
        let first = (offset / 4) as usize;
        self.inner
            .words
            .get(first..first + (size / 4) as usize)
            .unwrap_or_default()
    }

    pub(crate) fn words(&self) -> &[AtomicU32] {
        &self.inner.words
    }

    fn write_bytes(&self, offset: u64, bytes: &[u8]) {
        for (i, &byte) in (offset..).zip(bytes) {
            let word = &self.inner.words[(i / 4) as usize];
            let mut value = word.load(Ordering::Relaxed).to_le_bytes();
            value[(i % 4) as usize] = byte;
            word.store(u32::from_le_bytes(value), Ordering::Relaxed);
        }
    }

    fn check(&self, offset: u64, size: u64) -> Result<(), OutOfRange> {
        let length = self.inner.length;
        match offset.checked_add(size) {
            Some(end) if end <= length => Ok(()),
            end => Err(OutOfRange {
                offset,
                end: end.unwrap_or(u64::MAX),
                length,
            }),
        }
    }
}

impl fmt::Debug for Buffer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Buffer({} bytes)", self.inner.length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_of_any_length_come_back() {
        for length in 0..9u8 {
            let bytes = (1..=length).collect::<Vec<_>>();
            assert_eq!(Buffer::from_bytes(&bytes).to_bytes(), bytes);
        }
    }

    #[test]
    fn writes_touch_their_range_alone() {
        let buffer = Buffer::from_bytes(&[9; 12]);
        buffer.write(3, &[1, 2, 3]).unwrap();
        buffer.write(8, &[4, 5, 6]).unwrap();
        assert_eq!(buffer.to_bytes(), [9, 9, 9, 1, 2, 3, 9, 9, 4, 5, 6, 9]);
        let mut read = [0; 3];
        buffer.read(4, &mut read).unwrap();
        assert_eq!(read, [2, 3, 9]);
    }

    #[test]
    fn a_range_over_the_end_is_an_error() {
        let buffer = Buffer::zeroed(8);
        assert_eq!(
            buffer.write(6, &[0; 3]),
            Err(OutOfRange {
                offset: 6,
                end: 9,
                length: 8
            })
        );
        assert!(buffer.read(u64::MAX, &mut [0]).is_err());
    }

    #[test]
    fn a_clone_is_the_same_memory_and_a_duplicate_is_not() {
        let buffer = Buffer::from_slice(&[1u32, 2]);
        let (clone, duplicate) = (buffer.clone(), buffer.duplicate());
        buffer.write(0, &7u32.to_le_bytes()).unwrap();
        assert_eq!(clone.to_vec::<u32>(), [7, 2]);
        assert_eq!(duplicate.to_vec::<u32>(), [1, 2]);
        assert!(buffer.is_same(&clone) && !buffer.is_same(&duplicate));
    }
}
