//! What the readers of all containers have in common.

mod container;
mod digest;
mod error;
mod mapping;
mod matrix;
mod model;

pub use container::Container;
pub use error::{FileError, Problem};
pub(crate) use mapping::Source;
pub use matrix::{Matrix, Plain, Stored};
pub use model::Model;

/// The index of an opened file: what each container has to do.
pub(crate) trait Reader: std::fmt::Debug + Send + Sync {
    /// The matrices in the order of the file, under names that differ.
    fn matrices(&self) -> &[Matrix];

    /// The file that was opened, and those that it names.
    fn files(&self) -> &[Source];

    /// The weights of the matrix that stands at an index of [`Self::matrices`].
    ///
    /// # Errors
    /// If what the file says of the matrix cannot be so, or no decoder reads its format.
    fn load(&self, index: usize) -> Result<Stored<'_>, FileError>;
}
