//! Generates the kernels of this program: one that is described here, and those of a file.

use q4_kernel_codegen::{
    Format, KernelSpec,
    build::{BuildError, Builder},
};

fn main() -> Result<(), BuildError> {
    Builder::new()
        .kernel(KernelSpec::new("UpProj", Format::q4gsw(32)).k(576).n(1536))
        .spec_file("kernels.toml")
        .write()
}
