//! A generated kernel -> what its users compile and read.

#[cfg(feature = "back-ends")]
pub mod back_end;
#[cfg(feature = "back-ends")]
pub mod c;
pub mod dump;
mod geometry;
mod manifest;
pub mod rust;
pub mod web;

pub use manifest::manifest;

/// A target that has no words for what a variant does.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{variant}` cannot be written as {target}: {reason}")]
pub struct Inexpressible {
    /// The variant.
    pub variant: String,
    /// The target, as `q4 show --target` names it.
    pub target: &'static str,
    /// What the target lacks.
    pub reason: String,
}
