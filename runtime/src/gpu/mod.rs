//! A device to run kernels on.

mod adapters;
mod buffers;
mod capabilities;
mod dump;
mod errors;
mod mapping;
mod pipeline_cache;
mod pipelines;

use std::sync::{Arc, Mutex, OnceLock};

#[cfg(not(target_arch = "wasm32"))]
pub use adapters::adapters;
pub use adapters::{AdapterError, AdapterReport};
pub use buffers::{BufferError, ReadBackError};
pub use capabilities::{Capabilities, Unmet};
pub use pipeline_cache::PipelineCacheDir;
pub(crate) use pipeline_cache::VerifiedCacheData;
pub(crate) use pipelines::Pipelines;

use capabilities::Matrices;

use crate::{
    Feature, Variant,
    linear::input_pass::Room,
    trusted,
    tuning::{Tuning, TuningSource},
};

/// A device, what it can do, and the pipelines that were created on it. Clones share everything.
#[derive(Clone, Debug)]
pub struct Gpu {
    inner: Arc<Inner>,
    tuning: Arc<Tuning>,
}

#[derive(Debug)]
struct Inner {
    device: wgpu::Device,
    queue: wgpu::Queue,
    capabilities: Capabilities,
    pipelines: Pipelines,
    /// For kernels that read inputs in f16.
    rounded_inputs: Room,
    /// Bound in place of a bias where there is none.
    dummy_bias: OnceLock<wgpu::Buffer>,
    /// Why the device was lost, once it is. Only known of devices that this crate opened.
    lost: Arc<OnceLock<String>>,
    /// The first error that no call returned. Only known of devices that this crate opened.
    failure: Arc<OnceLock<String>>,
    is_ours: bool,
}

/// How [`Gpu::open`] chooses and opens a device.
#[derive(Clone, Debug, Default)]
pub struct GpuOptions {
    /// Part of the adapter's name, case aside. `None` asks the variable `Q4_ADAPTER`; `auto`, or a variable that is not set, takes the
    /// best: discrete before integrated before virtual before software.
    pub adapter: Option<String>,
    /// Optional features to leave off, for tests and comparisons.
    pub without: Vec<Feature>,
    /// Limits to ask for instead of all that the adapter has.
    pub limits: Option<wgpu::Limits>,
    /// Where compiled pipelines are kept between runs.
    pub pipeline_cache: PipelineCacheDir,
    /// Where measurements come from that say which variant is the fastest.
    pub tuning: TuningSource,
    /// Whether every kernel keeps wgpu's run-time checks, and the emulator looks for faults. Otherwise those do without whose text the project verified; see [`Gpu::runs_unchecked`].
    pub checked: bool,
}

/// Why no device could be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GpuError {
    /// No adapter fits.
    #[error(transparent)]
    Adapter(#[from] AdapterError),
    /// The adapter refused.
    #[error("the adapter `{adapter}` opened no device: {reason}; `q4 doctor` shows what it offers")]
    Device {
        /// The adapter.
        adapter: String,
        /// What wgpu said.
        reason: String,
    },
}

impl Gpu {
    /// Opens the best adapter of this machine, or the one that the variable `Q4_ADAPTER` names. Not in a browser, where nothing may block:
    /// [`Gpu::new_async`].
    ///
    /// # Errors
    /// If there is none, or it opens no device.
    #[cfg(not(target_arch = "wasm32"))]
    pub fn new() -> Result<Self, GpuError> {
        Self::open(&GpuOptions::default())
    }

    /// Opens an adapter as `options` say. Not in a browser, where nothing may block: [`Gpu::open_async`].
    ///
    /// # Errors
    /// If no adapter fits, or it opens no device.
    #[cfg(not(target_arch = "wasm32"))]
    pub fn open(options: &GpuOptions) -> Result<Self, GpuError> {
        pollster::block_on(Self::open_async(options))
    }

    /// As `Gpu::new`, for a browser and for those who await.
    ///
    /// # Errors
    /// If there is no adapter, or it opens no device.
    pub async fn new_async() -> Result<Self, GpuError> {
        Self::open_async(&GpuOptions::default()).await
    }

    /// As `Gpu::open`, for a browser and for those who await. A browser has one adapter, and says neither its name nor which cooperative matrices or
    /// subgroups it has: what runs there does without.
    ///
    /// # Errors
    /// If no adapter fits, or it opens no device.
    pub async fn open_async(options: &GpuOptions) -> Result<Self, GpuError> {
        let adapter = adapters::choose(options.adapter.as_deref(), options.checked).await?;
        let info = adapter.get_info();
        let mut features = adapter.features() & capabilities::wanted_features();
        for feature in &options.without {
            features.remove(feature.wgpu());
        }
        let descriptor = wgpu::DeviceDescriptor {
            label: Some("q4-kernel"),
            required_features: features,
            required_limits: options.limits.clone().unwrap_or_else(|| adapter.limits()),
            experimental_features: trusted::experimental_features(features),
            ..wgpu::DeviceDescriptor::default()
        };
        let (device, queue) =
            adapter
                .request_device(&descriptor)
                .await
                .map_err(|error| GpuError::Device {
                    adapter: info.name.clone(),
                    reason: error.to_string(),
                })?;

        let lost = Arc::new(OnceLock::new());
        let reason = Arc::clone(&lost);
        device.set_device_lost_callback(move |kind, message| {
            // Only the first loss counts.
            let _ = reason.set(format!("{kind:?}: {message}"));
        });
        let failure = Arc::new(OnceLock::new());
        let first = Arc::clone(&failure);
        // wgpu would panic. Later errors are most often the consequence of the first.
        device.on_uncaptured_error(Arc::new(move |error| {
            tracing::error!(%error, "an error of the device that no call returned");
            let _ = first.set(error.to_string());
        }));
        let pipelines = Pipelines::new(&device, &options.pipeline_cache, options.checked);
        tracing::debug!(adapter = info.name, backend = ?info.backend, "opened a device");
        let mut capabilities = Capabilities::of(&device, &Matrices::of(&adapter));
        capabilities
            .features
            .retain(|feature| !options.without.contains(feature));
        let tuning = Tuning::load(&options.tuning, &info);
        let inner = Inner {
            device,
            queue,
            capabilities,
            pipelines,
            rounded_inputs: Room::default(),
            dummy_bias: OnceLock::new(),
            lost,
            failure,
            is_ours: true,
        };
        Ok(Self {
            inner: Arc::new(inner),
            tuning: Arc::new(tuning),
        })
    }

    /// Uses the device and queue of an engine. Its features and limits decide which variants can run.
    ///
    /// The device's callbacks stay the engine's, so a lost device is noticed only by the errors that follow. Cooperative matrices are left
    /// alone: a device does not say which sizes it has. [`Gpu::from_adapter`] asks. No file is read, neither compiled pipelines nor a tuning table:
    /// [`Gpu::with_tuning`] gives it one.
    #[must_use]
    pub fn from_wgpu(device: wgpu::Device, queue: wgpu::Queue) -> Self {
        Self::around(device, queue, &Matrices::default(), false)
    }

    /// As [`Gpu::from_wgpu`], for a device of this adapter, which knows the sizes of its cooperative matrices.
    #[must_use]
    pub fn from_adapter(adapter: &wgpu::Adapter, device: wgpu::Device, queue: wgpu::Queue) -> Self {
        Self::around(device, queue, &Matrices::of(adapter), false)
    }

    /// As [`Gpu::from_wgpu`], with wgpu's run-time checks in every kernel.
    #[must_use]
    pub fn from_wgpu_checked(device: wgpu::Device, queue: wgpu::Queue) -> Self {
        Self::around(device, queue, &Matrices::default(), true)
    }

    fn around(device: wgpu::Device, queue: wgpu::Queue, matrices: &Matrices, checked: bool) -> Self {
        let pipelines = Pipelines::new(&device, &PipelineCacheDir::Off, checked);
        let capabilities = Capabilities::of(&device, matrices);
        let tuning = Tuning::load(&TuningSource::Shipped, &device.adapter_info());
        let inner = Inner {
            device,
            queue,
            capabilities,
            pipelines,
            rounded_inputs: Room::default(),
            dummy_bias: OnceLock::new(),
            lost: Arc::default(),
            failure: Arc::default(),
            is_ours: false,
        };
        Self {
            inner: Arc::new(inner),
            tuning: Arc::new(tuning),
        }
    }

    /// The same device with other measurements. Kernels that were created before keep those that they were created with.
    #[must_use]
    pub fn with_tuning(&self, source: &TuningSource) -> Self {
        Self {
            inner: Arc::clone(&self.inner),
            tuning: Arc::new(Tuning::load(source, &self.device().adapter_info())),
        }
    }

    /// The measurements that say which variant is the fastest, where they came from, and which tables were refused.
    #[must_use]
    pub fn tuning(&self) -> &Tuning {
        &self.tuning
    }

    /// The wgpu device.
    #[must_use]
    pub fn device(&self) -> &wgpu::Device {
        &self.inner.device
    }

    /// The wgpu queue.
    #[must_use]
    pub fn queue(&self) -> &wgpu::Queue {
        &self.inner.queue
    }

    /// What the device can do, as far as kernels care.
    #[must_use]
    pub fn capabilities(&self) -> &Capabilities {
        &self.inner.capabilities
    }

    /// Whether a variant runs here without the run-time checks that wgpu inserts into shaders, and without zero-initialisation of workgroup
    /// memory: if its very text is one that the project verified on its emulator, and the device was not opened to keep everything checked.
    #[must_use]
    pub fn runs_unchecked(&self, variant: &Variant) -> bool {
        self.inner.pipelines.unchecked(variant).is_some()
    }

    /// Why the device was lost, if it was and this crate opened it.
    #[must_use]
    pub fn lost(&self) -> Option<&str> {
        self.inner.lost.get().map(String::as_str)
    }

    /// The first error of the device that no call returned, such as one of a submit, if this crate opened it. On the device of an engine such
    /// errors go where the engine sends them.
    #[must_use]
    pub fn failure(&self) -> Option<&str> {
        self.inner.failure.get().map(String::as_str)
    }

    /// Writes the compiled pipelines to disk now instead of when the last clone of this value is dropped.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn save_pipeline_cache(&self) -> std::io::Result<()> {
        self.inner.pipelines.save()
    }

    /// Whether the device is known to be lost. wgpu tells only while it polls.
    fn is_lost(&self) -> bool {
        // A poll that fails is no answer; what follows it fails again and says why.
        let _ = self.inner.device.poll(wgpu::PollType::Poll);
        self.lost().is_some()
    }

    /// Where the inputs of a multiplication are kept in f16: of one at a time, as dispatches of one queue follow each other.
    pub(crate) fn rounded_inputs(&self) -> &Room {
        &self.inner.rounded_inputs
    }

    pub(crate) fn pipelines(&self) -> &Pipelines {
        &self.inner.pipelines
    }

    /// A note for errors on a device that may be lost without our knowing.
    pub(crate) fn lost_reason(&self) -> String {
        match self.lost() {
            Some(reason) => reason.to_owned(),
            None if self.inner.is_ours => "it answers no more".to_owned(),
            None => "its lost callback, which the owner of the device has, knows why".to_owned(),
        }
    }
}

/// A lock whose holder panicked still guards valid data here: every critical section only inserts or looks up.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}
