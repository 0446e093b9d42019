//! Buffers that are checked as they are made, and reading them back.

use super::{Gpu, mapping};

/// Why a buffer could not be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BufferError {
    /// The device has no memory left.
    #[error(
        "the device has no memory for a buffer of {bytes} bytes; free something, or use a device with more memory"
    )]
    OutOfMemory {
        /// Bytes asked for.
        bytes: u64,
    },
    /// The buffer is larger than the device allows.
    #[error(
        "a buffer of {bytes} bytes exceeds max_buffer_size, {limit} on this device; ask for a higher limit where the adapter has one"
    )]
    TooLarge {
        /// Bytes asked for.
        bytes: u64,
        /// The limit.
        limit: u64,
    },
    /// The device is gone.
    #[error("the device was lost ({reason}); open it again and upload the weights anew")]
    DeviceLost {
        /// Why, as far as known.
        reason: String,
    },
    /// wgpu refused the buffer.
    #[error("wgpu refused a buffer of {bytes} bytes: {reason}")]
    Refused {
        /// Bytes asked for.
        bytes: u64,
        /// What wgpu said.
        reason: String,
    },
}

/// Why a buffer could not be read back.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReadBackError {
    /// The buffer cannot be copied from.
    #[error("the buffer lacks the usage COPY_SRC; add it when the buffer is created")]
    Usage,
    /// No buffer to read through.
    #[error(transparent)]
    Buffer(#[from] BufferError),
    /// The device failed while the work before was running.
    #[error("the device failed before the data came back: {0}")]
    Failed(String),
}

impl Gpu {
    /// A buffer for inputs, filled with `values`.
    ///
    /// # Errors
    /// If the device has no room or is lost.
    pub fn input(&self, values: &[f32]) -> Result<wgpu::Buffer, BufferError> {
        let usage = wgpu::BufferUsages::STORAGE | wgpu::BufferUsages::COPY_DST;
        self.filled_buffer("q4 input", usage, &[bytemuck::cast_slice(values)])
    }

    /// A buffer for `length` outputs, filled with zeros.
    ///
    /// # Errors
    /// If the device has no room or is lost.
    pub fn output(&self, length: usize) -> Result<wgpu::Buffer, BufferError> {
        let bytes = (length as u64)
            .saturating_mul(size_of::<f32>() as u64)
            .max(MIN_BUFFER_BYTES);
        let usage = wgpu::BufferUsages::STORAGE | wgpu::BufferUsages::COPY_SRC | wgpu::BufferUsages::COPY_DST;
        self.buffer(&wgpu::BufferDescriptor {
            label: Some("q4 output"),
            size: bytes,
            usage,
            mapped_at_creation: false,
        })
    }

    /// A buffer for inputs or outputs, filled with `values`.
    ///
    /// # Errors
    /// If the device has no room or is lost.
    pub fn input_output(&self, values: &[f32]) -> Result<wgpu::Buffer, BufferError> {
        let usage = wgpu::BufferUsages::STORAGE | wgpu::BufferUsages::COPY_SRC | wgpu::BufferUsages::COPY_DST;
        self.filled_buffer("q4 input and output", usage, &[bytemuck::cast_slice(values)])
    }

    /// The contents of a buffer once all submitted work is done. Blocks, and so is not there in a browser: [`Gpu::read_async`].
    ///
    /// # Errors
    /// If the buffer cannot be copied from, or the device fails.
    #[cfg(not(target_arch = "wasm32"))]
    pub fn read(&self, buffer: &wgpu::Buffer) -> Result<Vec<f32>, ReadBackError> {
        pollster::block_on(self.read_async(buffer))
    }

    /// The contents of a buffer once all submitted work is done. In a browser the page goes on meanwhile; elsewhere the thread waits in place, since
    /// somebody has to poll the device.
    ///
    /// # Errors
    /// If the buffer cannot be copied from, or the device fails.
    pub async fn read_async(&self, buffer: &wgpu::Buffer) -> Result<Vec<f32>, ReadBackError> {
        if !buffer.usage().contains(wgpu::BufferUsages::COPY_SRC) {
            return Err(ReadBackError::Usage);
        }
        let staging = self.buffer(&wgpu::BufferDescriptor {
            label: Some("q4 read back"),
            size: buffer.size(),
            usage: wgpu::BufferUsages::MAP_READ | wgpu::BufferUsages::COPY_DST,
            mapped_at_creation: false,
        })?;
        let (mapped, tell) = mapping::pair();
        // On a lost device the staging buffer is a name without memory behind it, and using it is an error.
        let ((), error) = self.checked(|device| {
            let mut encoder = device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
            encoder.copy_buffer_to_buffer(buffer, 0, &staging, 0, buffer.size());
            self.queue().submit([encoder.finish()]);
            staging.map_async(wgpu::MapMode::Read, .., tell);
        });
        if let Some(error) = error {
            return Err(self.failed(error.to_string()));
        }
        mapped
            .wait(self.device(), || self.lost().is_some())
            .await
            .map_err(|reason| self.failed(reason))?;
        // What was to be computed before may be missing from the buffer.
        self.settled().await.map_err(|failure| self.failed(failure))?;
        let view = staging
            .get_mapped_range(..)
            .map_err(|error| self.failed(error.to_string()))?;
        Ok(view
            .chunks_exact(size_of::<f32>())
            .map(bytemuck::pod_read_unaligned)
            .collect())
    }

    /// A failure to read back, blamed on the loss of the device where it is lost.
    fn failed(&self, reason: String) -> ReadBackError {
        if self.is_lost() {
            return BufferError::DeviceLost {
                reason: self.lost_reason(),
            }
            .into();
        }
        ReadBackError::Failed(reason)
    }

    /// What is bound where there is no bias.
    pub(crate) fn dummy_bias(&self) -> Result<wgpu::Buffer, BufferError> {
        if let Some(buffer) = self.inner.dummy_bias.get() {
            return Ok(buffer.clone());
        }
        let buffer = self.filled_buffer("q4 no bias", wgpu::BufferUsages::STORAGE, &[])?;
        Ok(self.inner.dummy_bias.get_or_init(|| buffer).clone())
    }

    /// A buffer that holds `parts`, one after the other, zero-padded to whole words.
    pub(crate) fn filled_buffer(
        &self,
        label: &str,
        usage: wgpu::BufferUsages,
        parts: &[&[u8]],
    ) -> Result<wgpu::Buffer, BufferError> {
        let used: u64 = parts.iter().map(|part| part.len() as u64).sum();
        let size = used
            .next_multiple_of(wgpu::COPY_BUFFER_ALIGNMENT)
            .max(MIN_BUFFER_BYTES);
        let buffer = self.buffer(&wgpu::BufferDescriptor {
            label: Some(label),
            size,
            usage,
            mapped_at_creation: true,
        })?;
        {
            // A lost device makes no error, only a buffer that has no memory behind it.
            let mut view = buffer
                .get_mapped_range_mut(..)
                .map_err(|_| BufferError::DeviceLost {
                    reason: self.lost_reason(),
                })?;
            let mut start = 0;
            for part in parts {
                view.slice(start..start + part.len()).copy_from_slice(part);
                start += part.len();
            }
        }
        buffer.unmap();
        Ok(buffer)
    }

    /// A buffer of so many bytes, for kernels alone.
    pub(crate) fn empty_buffer(
        &self,
        label: &str,
        usage: wgpu::BufferUsages,
        bytes: u64,
    ) -> Result<wgpu::Buffer, BufferError> {
        self.buffer(&wgpu::BufferDescriptor {
            label: Some(label),
            size: bytes.max(MIN_BUFFER_BYTES),
            usage,
            mapped_at_creation: false,
        })
    }

    fn buffer(&self, descriptor: &wgpu::BufferDescriptor<'_>) -> Result<wgpu::Buffer, BufferError> {
        let bytes = descriptor.size;
        let limit = self.capabilities().max_buffer_bytes;
        if bytes > limit {
            return Err(BufferError::TooLarge { bytes, limit });
        }
        if self.is_lost() {
            return Err(BufferError::DeviceLost {
                reason: self.lost_reason(),
            });
        }
        let (buffer, error) = self.checked(|device| device.create_buffer(descriptor));
        match error {
            None => Ok(buffer),
            Some(wgpu::Error::OutOfMemory { .. }) => Err(BufferError::OutOfMemory { bytes }),
            Some(error) => Err(BufferError::Refused {
                bytes,
                reason: error.to_string(),
            }),
        }
    }
}

/// An empty binding is not allowed, and the widest element that a kernel reads has 16 bytes.
const MIN_BUFFER_BYTES: u64 = 16;
