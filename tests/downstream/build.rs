use q4_kernel_codegen::{
    Format, KernelSpec,
    build::{BuildError, Builder},
};

fn main() -> Result<(), BuildError> {
    Builder::new()
        .kernel(KernelSpec::new("UpAtBuildTime", Format::q4gsw(32)).k(256).n(96))
        .spec_file("kernels.toml")
        .write()
}
