//! Which variant is the fastest, by measurement: tables, where they come from, and which of their entries holds for a shape.
//!
//! A [`Table`] is of one adapter. Its [`Entry`]s say how long candidates took for one shape, fastest first; routing follows the [nearest](Table::nearest)
//! entry. Candidates that no entry names come after those that one does, in the built-in order. `q4 tune` measures and writes tables; a
//! program can make its own, or give a device one by [`GpuOptions::tuning`](crate::GpuOptions::tuning) and [`Gpu::with_tuning`](crate::Gpu::with_tuning).
//!
//! # The text of a table
//! ```text
//! q4-kernel tuning 1
//! adapter NVIDIA H100 80GB HBM3
//! backend vulkan
//! vendor 0x10de
//! device 0x2330
//! driver NVIDIA 580.95.05
//! entry m=1 n=4096 k=4096 group_size=32 numeric=exact scales=f32 order=columns coop4_w64_c8_g32_subgroup=15200ns coop4_w32_c8_g32_subgroup=17900ns
//! sha256 7d1a54127b222502f5b79b5fb0803061152a44f92b37e23c6527baf665d4da9a
//! ```
//! The first line has the version. `adapter`, `backend`, `vendor` and `device` are those of `wgpu::AdapterInfo`, and the table is used for no other;
//! `driver` is for the reader. Each entry has the shape at which its candidates were measured, the numeric class that they were chosen for (candidates
//! are of that class or exact), format and order of the scales, and the [kinds](crate::Configuration::kind) of the candidates with their times. The last line has the digest
//! of all lines before it. Whatever differs from this in any way is refused as a whole.

mod adapter;
mod entry;
mod error;
mod force;
mod shipped;
mod source;
mod table;
mod text;

pub use adapter::AdapterKey;
pub use entry::{Entry, Measured};
pub use error::TableError;
pub use force::{InForce, Origin, Refused, Tuning};
pub use q4_kernel_types::tuning::RowRange;
pub use source::TuningSource;
pub use table::Table;
