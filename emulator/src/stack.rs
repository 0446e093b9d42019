//! Running code that recurses deeply.

use std::sync::{Mutex, PoisonError};

/// Runs code on a stack of at least so many bytes, or on the present one where threads cannot be had. `None` if it
/// panicked.
pub(crate) fn with_stack<T: Send>(bytes: usize, run: impl FnOnce() -> T + Send) -> Option<T> {
    // The closure is shared so that it is still there if no thread can be started.
    let run = Mutex::new(Some(run));
    let take = || run.lock().unwrap_or_else(PoisonError::into_inner).take();
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().stack_size(bytes);
        match thread.spawn_scoped(scope, || take().map(|run| run())) {
            Ok(handle) => handle.join().ok().flatten(),
            Err(_) => take().map(|run| run()),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sum(depth: u64) -> u64 {
        let frame = std::hint::black_box([depth; 128]);
        if depth == 0 { 0 } else { frame[5] + sum(depth - 1) }
    }

    #[test]
    fn recursion_goes_as_deep_as_the_stack_that_was_asked_for() {
        assert_eq!(with_stack(64 << 20, || sum(10_000)), Some(50_005_000));
    }
}
