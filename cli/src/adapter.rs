//! The adapter that a command runs on.

use q4_kernel::{
    Gpu,
    wgpu::{AdapterInfo, Backend, DeviceType},
};
use serde::Serialize;

use crate::failure::Failure;

/// An open device.
#[derive(Debug)]
pub(crate) struct Device {
    pub(crate) info: AdapterInfo,
}

impl Device {
    /// Opens the adapter that `auto` takes.
    pub(crate) fn open() -> Result<Self, Failure> {
        let gpu = Gpu::new()?;
        Ok(Self {
            info: gpu.device().adapter_info(),
        })
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

impl From<&AdapterInfo> for AdapterSummary {
    fn from(info: &AdapterInfo) -> Self {
        let driver = format!("{} {}", info.driver, info.driver_info).trim().to_owned();
        Self {
            name: info.name.clone(),
            kind: kind(info.device_type),
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

fn kind(kind: DeviceType) -> &'static str {
    match kind {
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
        Backend::Noop => "no-op",
    }
}
