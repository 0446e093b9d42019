//! The adapter that a command runs on.

use std::{convert::Infallible, fmt, str::FromStr};

use q4_kernel::{
    Feature, Gpu, GpuOptions,
    wgpu::{AdapterInfo, Backend, DeviceType},
};
use serde::Serialize;

use crate::failure::Failure;

/// Which adapter was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum AdapterName {
    /// The best, or what the environment names.
    Auto,
    /// The best whose name contains this.
    Containing(String),
}

impl FromStr for AdapterName {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(match text {
            "auto" => Self::Auto,
            name => Self::Containing(name.to_owned()),
        })
    }
}

/// An open device.
#[derive(Debug)]
pub(crate) struct Device {
    pub(crate) gpu: Gpu,
    pub(crate) info: AdapterInfo,
}

impl Device {
    /// Opens an adapter with everything it has.
    pub(crate) fn open(name: &AdapterName) -> Result<Self, Failure> {
        Self::open_without(name, &[])
    }

    /// Opens an adapter with some features left off.
    pub(crate) fn open_without(name: &AdapterName, without: &[Feature]) -> Result<Self, Failure> {
        let options = GpuOptions {
            adapter: match name {
                AdapterName::Auto => None,
                AdapterName::Containing(name) => Some(name.clone()),
            },
            without: without.to_vec(),
            ..GpuOptions::default()
        };
        let gpu = Gpu::open(&options)?;
        let info = gpu.device().adapter_info();
        Ok(Self { gpu, info })
    }

    /// Whether the adapter is the processor itself.
    pub(crate) fn runs_on_cpu(&self) -> bool {
        self.info.device_type == DeviceType::Cpu
    }

    /// Fails if the device complained about anything that was done with it so far.
    pub(crate) fn check(&self) -> Result<(), Failure> {
        match self.gpu.failure() {
            Some(failure) => Err(Failure::Device(failure.to_owned())),
            None => Ok(()),
        }
    }
}

/// An adapter, as it is printed.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct AdapterSummary {
    pub(crate) name: String,
    pub(crate) kind: &'static str,
    pub(crate) backend: &'static str,
    pub(crate) driver: String,
}

impl fmt::Display for AdapterSummary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            name, kind, backend, ..
        } = self;
        write!(f, "{name}: {kind}, {backend}")
    }
}

impl From<&AdapterInfo> for AdapterSummary {
    fn from(info: &AdapterInfo) -> Self {
        let driver = format!("{} {}", info.driver, info.driver_info).trim().to_owned();
        Self {
            name: info.name.clone(),
            kind: kind(info),
            backend: backend(info.backend),
            // Not every back end names one.
            driver: if driver.is_empty() {
                "unnamed".to_owned()
            } else {
                driver
            },
        }
    }
}

fn kind(info: &AdapterInfo) -> &'static str {
    match info.device_type {
        // The only adapter there is on this back end.
        _ if info.backend == Backend::Noop => "emulator on the CPU",
        DeviceType::DiscreteGpu => "discrete GPU",
        DeviceType::IntegratedGpu => "integrated GPU",
        DeviceType::VirtualGpu => "virtual GPU",
        DeviceType::Cpu => "software on the CPU",
        DeviceType::Other => "of unknown kind",
    }
}

fn backend(backend: Backend) -> &'static str {
    match backend {
        Backend::Vulkan => "Vulkan",
        Backend::Metal => "Metal",
        Backend::Dx12 => "DX12",
        Backend::Gl => "OpenGL",
        Backend::BrowserWebGpu => "WebGPU",
        Backend::Noop => "no driver",
    }
}
