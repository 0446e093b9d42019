//! Errors of the device, returned by the call that caused them where that can be known.
//!
//! wgpu would send them to a handler. Native back ends know them at once; a browser tells them later, when the call has long returned.

use super::Gpu;

impl Gpu {
    /// Waits until the device has said what it had to say against everything that was created before, and returns the first error that no call
    /// returned. Where errors are known at once, as they are outside of browsers, this never waits.
    ///
    /// In a browser `new`, `upload` and `dispatch` return what this crate finds wrong; what the browser finds wrong, such as a shader that its
    /// driver does not compile, is returned here and by [`Gpu::read_async`].
    ///
    /// # Errors
    /// The error, as [`Gpu::failure`] has it from then on.
    pub async fn settled(&self) -> Result<(), String> {
        // A browser answers in order: this answer comes after those to all earlier scopes.
        #[cfg(target_arch = "wasm32")]
        if let Some(error) = self
            .device()
            .push_error_scope(wgpu::ErrorFilter::Validation)
            .pop()
            .await
        {
            self.note(&error);
        }
        match self.failure() {
            Some(failure) => Err(failure.to_owned()),
            None => Ok(()),
        }
    }

    /// Runs `create` and returns the error it caused, instead of letting it reach the device's error handler. In a browser the error is noted when
    /// it becomes known, for [`Gpu::failure`].
    pub(crate) fn checked<T>(&self, create: impl FnOnce(&wgpu::Device) -> T) -> (T, Option<wgpu::Error>) {
        let device = self.device();
        let memory = device.push_error_scope(wgpu::ErrorFilter::OutOfMemory);
        let internal = device.push_error_scope(wgpu::ErrorFilter::Internal);
        let validation = device.push_error_scope(wgpu::ErrorFilter::Validation);
        let created = create(device);
        // Popped in reverse.
        let error = self.first([validation, internal, memory]);
        (created, error)
    }

    #[cfg(not(target_arch = "wasm32"))]
    fn first(&self, scopes: [wgpu::ErrorScopeGuard; 3]) -> Option<wgpu::Error> {
        let errors = scopes.map(|scope| pollster::block_on(scope.pop()));
        errors.into_iter().flatten().next()
    }

    #[cfg(target_arch = "wasm32")]
    fn first(&self, scopes: [wgpu::ErrorScopeGuard; 3]) -> Option<wgpu::Error> {
        for scope in scopes {
            let (gpu, error) = (self.clone(), scope.pop());
            wasm_bindgen_futures::spawn_local(async move {
                if let Some(error) = error.await {
                    gpu.note(&error);
                }
            });
        }
        None
    }

    /// Keeps an error that no call returns any more, unless there is one already: later ones are most often the consequence.
    #[cfg(target_arch = "wasm32")]
    fn note(&self, error: &wgpu::Error) {
        tracing::error!(%error, "an error of the device that came after its call had returned");
        let _ = self.inner.failure.set(error.to_string());
    }
}
