//! Kernels made under another name are the same kernels.

use q4_kernel_renamed::{Found, Named, shadowed::AmongShadows};
use q4_kernel_tests::gpu;

#[test]
fn a_renamed_dependency_gives_the_same_kernels() {
    assert_eq!(Found::K, Named::K);
    assert_eq!(Found::PREFILL_WGSL, Named::PREFILL_WGSL);
    assert!(Named::DECODE_WGSL.starts_with("// coop4_w64_c1_g32_subgroup_k64\n"));
}

#[test]
fn kernels_made_under_another_name_can_be_created() {
    let gpu = gpu();
    let routing = Found::new(&gpu).unwrap().route(2);
    assert!(routing.variant().ends_with("_k64"), "{routing}");
    assert!(Named::new(&gpu).is_ok());
    assert!(AmongShadows::new(&gpu).is_ok());
}
