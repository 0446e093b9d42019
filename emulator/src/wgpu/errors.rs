//! Where errors of the device go.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::ThreadId;

use ::wgpu as api;

/// Error scopes of each thread, the handler, and what neither took.
#[derive(Default)]
pub(super) struct Errors {
    scopes: Mutex<HashMap<ThreadId, Vec<Scope>>>,
    handler: Mutex<Option<Arc<dyn api::UncapturedErrorHandler>>>,
    unhandled: Mutex<Vec<String>>,
}

struct Scope {
    filter: api::ErrorFilter,
    error: Option<api::Error>,
}

/// A message as the source of an error.
#[derive(Debug)]
struct Message(String);

impl fmt::Display for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Message {}

/// Errors beyond this many that nobody takes are dropped.
const UNHANDLED: usize = 256;

impl Errors {
    /// Raises a validation error.
    pub(super) fn validation(&self, message: impl Into<String>) {
        let description = message.into();
        let source = Box::new(Message(description.clone()));
        self.raise(
            api::Error::Validation { source, description },
            api::ErrorFilter::Validation,
        );
    }

    pub(super) fn out_of_memory(&self, message: impl Into<String>) {
        let source = Box::new(Message(message.into()));
        self.raise(api::Error::OutOfMemory { source }, api::ErrorFilter::OutOfMemory);
    }

    fn raise(&self, error: api::Error, kind: api::ErrorFilter) {
        {
            let mut scopes = lock(&self.scopes);
            let stack = scopes.entry(std::thread::current().id()).or_default();
            if let Some(scope) = stack.iter_mut().rev().find(|scope| scope.filter == kind) {
                // A scope keeps its first error.
                scope.error.get_or_insert(error);
                return;
            }
        }
        let handler = lock(&self.handler).clone();
        match handler {
            Some(handler) => handler(error),
            None => {
                let mut unhandled = lock(&self.unhandled);
                if unhandled.len() < UNHANDLED {
                    unhandled.push(error.to_string());
                }
            }
        }
    }

    pub(super) fn set_handler(&self, handler: Arc<dyn api::UncapturedErrorHandler>) {
        *lock(&self.handler) = Some(handler);
    }

    /// Returns the index of the scope on this thread's stack.
    pub(super) fn push(&self, filter: api::ErrorFilter) -> u32 {
        let mut scopes = lock(&self.scopes);
        let stack = scopes.entry(std::thread::current().id()).or_default();
        stack.push(Scope { filter, error: None });
        stack.len() as u32 - 1
    }

    /// Ends a scope and those inside of it that were not ended.
    pub(super) fn pop(&self, index: u32) -> Option<api::Error> {
        let mut scopes = lock(&self.scopes);
        let stack = scopes.get_mut(&std::thread::current().id())?;
        stack.truncate(index as usize + 1);
        stack.pop().filter(|_| stack.len() == index as usize)?.error
    }

    pub(super) fn take(&self) -> Vec<String> {
        std::mem::take(&mut lock(&self.unhandled))
    }
}

impl fmt::Debug for Errors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Errors").finish_non_exhaustive()
    }
}

/// Locks a mutex whose data is valid at any time, so that a panic of another thread does not matter.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
