//! The adapters of a machine and the choice among them.

use std::{env, sync::OnceLock};

use super::Capabilities;
#[cfg(not(target_arch = "wasm32"))]
use super::capabilities::Matrices;

/// The variable that names an adapter.
const ADAPTER_VARIABLE: &str = "Q4_ADAPTER";

/// The name that fits every adapter.
const ANY: &str = "auto";

/// An adapter and what a device on it could do.
#[derive(Clone, Debug)]
pub struct AdapterReport {
    /// Name, kind, driver and back end.
    pub info: wgpu::AdapterInfo,
    /// Everything it offers.
    pub features: wgpu::Features,
    /// Everything it allows.
    pub limits: wgpu::Limits,
    /// What kernels care about.
    pub capabilities: Capabilities,
}

impl AdapterReport {
    /// Whether this is the emulator, which needs no driver.
    #[must_use]
    pub fn is_emulator(&self) -> bool {
        is_emulator(&self.info)
    }
}

/// Whether an adapter is the emulator: the only one there is on this back end.
fn is_emulator(info: &wgpu::AdapterInfo) -> bool {
    info.backend == wgpu::Backend::Noop
}

/// Why no adapter was chosen.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AdapterError {
    /// The machine has none.
    #[cfg_attr(
        not(target_arch = "wasm32"),
        error(
            "no Vulkan, Metal or DX12 adapter was found; install a driver, or a software one \
             (Debian and Ubuntu: apt install mesa-vulkan-drivers; Fedora: dnf install mesa-vulkan-drivers; \
             Arch: pacman -S vulkan-swrast)"
        )
    )]
    #[cfg_attr(
        target_arch = "wasm32",
        error(
            "the browser offers no WebGPU adapter; it takes a recent one, a secure context (https, or localhost) and a driver that it trusts"
        )
    )]
    None,
    /// None has the name asked for.
    #[error("no adapter's name contains {wanted:?}; there are: {}", found.join(", "))]
    Unknown {
        /// The name asked for.
        wanted: String,
        /// The names there are.
        found: Vec<String>,
    },
}

/// Every adapter of this machine, best first. Not in a browser, where nothing may block.
#[cfg(not(target_arch = "wasm32"))]
#[must_use]
pub fn adapters() -> Vec<AdapterReport> {
    pollster::block_on(found(false))
        .iter()
        .map(|adapter| {
            let (info, features, limits) = (adapter.get_info(), adapter.features(), adapter.limits());
            let capabilities = Capabilities::new(features, &limits, &info, &Matrices::of(adapter));
            AdapterReport {
                info,
                features,
                limits,
                capabilities,
            }
        })
        .collect()
}

/// The best adapter whose name contains `wanted`, or the variable's value, or anything. `checked` is for the emulator, which looks for
/// faults then.
pub(super) async fn choose(wanted: Option<&str>, checked: bool) -> Result<wgpu::Adapter, AdapterError> {
    let variable = env::var(ADAPTER_VARIABLE).ok();
    let wanted = wanted
        .or(variable.as_deref())
        .filter(|name| !name.is_empty() && *name != ANY);
    let adapters = found(checked).await;
    if adapters.is_empty() {
        return Err(AdapterError::None);
    }
    let names: Vec<String> = adapters.iter().map(|adapter| adapter.get_info().name).collect();
    let fits = |adapter: &wgpu::Adapter| {
        wanted.is_none_or(|wanted| {
            adapter
                .get_info()
                .name
                .to_lowercase()
                .contains(&wanted.to_lowercase())
        })
    };
    adapters
        .into_iter()
        .find(fits)
        .ok_or_else(|| AdapterError::Unknown {
            wanted: wanted.unwrap_or_default().to_owned(),
            found: names,
        })
}

async fn found(
    #[cfg_attr(not(feature = "emulator"), expect(unused_variables))] checked: bool,
) -> Vec<wgpu::Adapter> {
    // One for all devices: wgpu tells objects of different devices apart, but not those of different instances.
    static INSTANCE: OnceLock<wgpu::Instance> = OnceLock::new();
    let instance =
        INSTANCE.get_or_init(|| wgpu::Instance::new(wgpu::InstanceDescriptor::new_without_display_handle()));
    let mut adapters = instance.enumerate_adapters(wgpu::Backends::PRIMARY).await;
    adapters.retain(|adapter| {
        adapter
            .get_downlevel_capabilities()
            .flags
            .contains(wgpu::DownlevelFlags::COMPUTE_SHADERS)
    });
    adapters.sort_by_key(|adapter| rank(adapter.get_info().device_type));
    // Last, so that it is only taken where there is nothing else, or by name.
    #[cfg(feature = "emulator")]
    adapters.push(emulator(checked));
    adapters
}

#[cfg(feature = "emulator")]
fn emulator(checked: bool) -> wgpu::Adapter {
    use q4_kernel_emulator::wgpu::{Options, adapter};

    adapter(if checked {
        Options::default()
    } else {
        Options::fast()
    })
}

fn rank(kind: wgpu::DeviceType) -> u8 {
    match kind {
        wgpu::DeviceType::DiscreteGpu => 0,
        wgpu::DeviceType::IntegratedGpu => 1,
        wgpu::DeviceType::VirtualGpu => 2,
        wgpu::DeviceType::Other => 3,
        wgpu::DeviceType::Cpu => 4,
    }
}
