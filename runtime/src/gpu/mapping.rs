//! Waiting for a buffer to be mapped.

/// The result that `map_async` gives its callback, in words.
type Outcome = Result<(), wgpu::BufferAsyncError>;

/// A buffer that will be mapped, and the callback that says when.
#[cfg(not(target_arch = "wasm32"))]
pub(super) fn pair() -> (Mapped, impl FnOnce(Outcome) + Send + 'static) {
    let (sender, receiver) = std::sync::mpsc::channel();
    // The receiver is gone only if nobody waits any more.
    (Mapped(receiver), move |outcome| drop(sender.send(outcome)))
}

/// A buffer that will be mapped.
#[cfg(not(target_arch = "wasm32"))]
pub(super) struct Mapped(std::sync::mpsc::Receiver<Outcome>);

#[cfg(not(target_arch = "wasm32"))]
impl Mapped {
    /// Polls the device until the buffer is mapped, or the device `is_lost`.
    #[expect(clippy::unused_async, reason = "where it does not block, it awaits")]
    pub(super) async fn wait(self, device: &wgpu::Device, is_lost: impl Fn() -> bool) -> Result<(), String> {
        use std::{sync::mpsc::RecvTimeoutError, time::Duration};

        loop {
            device
                .poll(wgpu::PollType::wait_indefinitely())
                .map_err(|error| error.to_string())?;
            // The poll of another thread may have taken our callback along and be about to call it.
            match self.0.recv_timeout(Duration::from_millis(10)) {
                Ok(outcome) => return outcome.map_err(|error| error.to_string()),
                Err(RecvTimeoutError::Timeout) if !is_lost() => {}
                Err(error) => return Err(error.to_string()),
            }
        }
    }
}

#[cfg(target_arch = "wasm32")]
pub(super) use browser::pair;

/// A browser polls the device itself and calls back between two turns of the page.
#[cfg(target_arch = "wasm32")]
mod browser {
    use std::{
        future::poll_fn,
        sync::{Arc, Mutex},
        task::{Poll, Waker},
    };

    use super::Outcome;
    use crate::gpu::lock;

    /// A buffer that will be mapped.
    pub(in crate::gpu) struct Mapped(Arc<Mutex<State>>);

    #[derive(Default)]
    struct State {
        outcome: Option<Outcome>,
        waker: Option<Waker>,
    }

    /// A buffer that will be mapped, and the callback that says when.
    pub(in crate::gpu) fn pair() -> (Mapped, impl FnOnce(Outcome) + 'static) {
        let state = Arc::new(Mutex::new(State::default()));
        let told = Arc::clone(&state);
        let tell = move |outcome| {
            let waker = {
                let mut state = lock(&told);
                state.outcome = Some(outcome);
                state.waker.take()
            };
            if let Some(waker) = waker {
                waker.wake();
            }
        };
        (Mapped(state), tell)
    }

    impl Mapped {
        /// Waits until the buffer is mapped. On a lost device the browser says so.
        pub(in crate::gpu) async fn wait(
            self,
            _device: &wgpu::Device,
            _is_lost: impl Fn() -> bool,
        ) -> Result<(), String> {
            poll_fn(|context| {
                let mut state = lock(&self.0);
                match state.outcome.take() {
                    Some(outcome) => Poll::Ready(outcome.map_err(|error| error.to_string())),
                    None => {
                        state.waker = Some(context.waker().clone());
                        Poll::Pending
                    }
                }
            })
            .await
        }
    }
}
