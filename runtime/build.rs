//! Renders and validates the whole standard catalogue, so that a broken template cannot be built.

use q4_kernel_codegen::{
    build::{BuildError, Builder},
    plan::catalogue,
};

fn main() -> Result<(), BuildError> {
    Builder::new().crate_path("crate").catalogue(catalogue()).write()
}
