//! Instance and adapter.

use std::future::{Future, ready};
use std::pin::Pin;

use ::wgpu as api;
use ::wgpu::custom::{
    AdapterInterface, DispatchAdapter, DispatchDevice, DispatchQueue, DispatchSurface,
    EnumerateAdapterFuture, InstanceInterface, RequestAdapterFuture, RequestDeviceFuture,
};

use super::Options;
use super::device::{EmulatedDevice, State};
use super::queue::EmulatedQueue;

/// An instance that has the emulator as its only adapter.
#[derive(Debug)]
pub(super) struct EmulatedInstance {
    options: Options,
}

impl EmulatedInstance {
    pub(super) fn with_options(options: Options) -> Self {
        Self { options }
    }
}

#[expect(
    unsafe_code,
    reason = "wgpu's interface declares some functions unsafe; these bodies do nothing unsafe"
)]
impl InstanceInterface for EmulatedInstance {
    fn new(_: api::InstanceDescriptor) -> Self {
        Self::with_options(Options::default())
    }

    unsafe fn create_surface(
        &self,
        _: api::SurfaceTargetUnsafe,
    ) -> Result<DispatchSurface, api::CreateSurfaceError> {
        Ok(DispatchSurface::custom(super::absent::Surface))
    }

    fn request_adapter(&self, _: &api::RequestAdapterOptions<'_, '_>) -> Pin<Box<dyn RequestAdapterFuture>> {
        Box::pin(ready(Ok(DispatchAdapter::custom(EmulatedAdapter::new(
            self.options.clone(),
        )))))
    }

    fn poll_all_devices(&self, _: bool) -> bool {
        true
    }

    fn wgsl_language_features(&self) -> api::WgslLanguageFeatures {
        api::WgslLanguageFeatures::all()
    }

    fn enumerate_adapters(&self, _: api::Backends) -> Pin<Box<dyn EnumerateAdapterFuture>> {
        Box::pin(ready(vec![DispatchAdapter::custom(EmulatedAdapter::new(
            self.options.clone(),
        ))]))
    }
}

/// The emulator.
#[derive(Debug)]
pub(super) struct EmulatedAdapter {
    options: Options,
}

impl EmulatedAdapter {
    pub(super) fn new(options: Options) -> Self {
        Self { options }
    }

    fn open(&self, desc: &api::DeviceDescriptor<'_>) -> Result<(DispatchDevice, DispatchQueue), String> {
        let missing = desc.required_features - self.options.features;
        if !missing.is_empty() {
            return Err(format!(
                "the emulated adapter does not have the features {missing}"
            ));
        }
        let experimental = desc.required_features & api::Features::all_experimental_mask();
        if !experimental.is_empty() && !desc.experimental_features.is_enabled() {
            return Err(format!(
                "the features {experimental} are experimental and were not opted in to"
            ));
        }
        let mut exceeded = None;
        desc.required_limits.check_limits_with_fail_fn(
            &self.options.limits,
            true,
            |name, wanted, allowed| {
                exceeded = Some(format!(
                    "the limit {name} of the emulated adapter is {allowed}, {wanted} was required"
                ));
            },
        );
        if let Some(message) = exceeded {
            return Err(message);
        }
        let state = State::new(
            self.options.clone(),
            desc.required_features,
            desc.required_limits.clone(),
        );
        let device = DispatchDevice::custom(EmulatedDevice { state: state.clone() });
        Ok((device, DispatchQueue::custom(EmulatedQueue { state })))
    }
}

impl AdapterInterface for EmulatedAdapter {
    fn request_device(&self, desc: &api::DeviceDescriptor<'_>) -> Pin<Box<dyn RequestDeviceFuture>> {
        let opened = self.open(desc).map_err(api::RequestDeviceError::from_message);
        let future: Pin<Box<dyn Future<Output = _> + Send>> = Box::pin(ready(opened));
        Box::pin(future)
    }

    fn is_surface_supported(&self, _: &DispatchSurface) -> bool {
        false
    }

    fn features(&self) -> api::Features {
        self.options.features
    }

    fn limits(&self) -> api::Limits {
        self.options.limits.clone()
    }

    fn downlevel_capabilities(&self) -> api::DownlevelCapabilities {
        api::DownlevelCapabilities::default()
    }

    fn get_info(&self) -> api::AdapterInfo {
        info(&self.options)
    }

    fn get_texture_format_features(&self, _: api::TextureFormat) -> api::TextureFormatFeatures {
        api::TextureFormatFeatures {
            allowed_usages: api::TextureUsages::empty(),
            flags: api::TextureFormatFeatureFlags::empty(),
        }
    }

    fn get_presentation_timestamp(&self) -> api::PresentationTimestamp {
        api::PresentationTimestamp::INVALID_TIMESTAMP
    }

    fn cooperative_matrix_properties(&self) -> Vec<api::CooperativeMatrixProperties> {
        use api::wgt::CooperativeScalarType as Scalar;
        if !self
            .options
            .features
            .contains(api::Features::EXPERIMENTAL_COOPERATIVE_MATRIX)
        {
            return Vec::new();
        }
        let types = [
            (Scalar::F32, Scalar::F32),
            (Scalar::F16, Scalar::F32),
            (Scalar::F16, Scalar::F16),
        ];
        let sizes = [8, 16].into_iter();
        sizes
            .flat_map(|size| {
                types.map(|(ab_type, cr_type)| api::CooperativeMatrixProperties {
                    m_size: size,
                    n_size: size,
                    k_size: size,
                    ab_type,
                    cr_type,
                    saturating_accumulation: false,
                })
            })
            .collect()
    }
}

/// How the emulator presents itself.
pub(super) fn info(options: &Options) -> api::AdapterInfo {
    api::AdapterInfo {
        name: "q4-kernel emulator".to_owned(),
        driver: "q4-kernel-emulator".to_owned(),
        driver_info: env!("CARGO_PKG_VERSION").to_owned(),
        subgroup_min_size: options.subgroup_size,
        subgroup_max_size: options.subgroup_size,
        ..api::AdapterInfo::new(api::DeviceType::Cpu, api::Backend::Noop)
    }
}
