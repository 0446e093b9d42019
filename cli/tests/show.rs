//! `q4 show`.

mod support;

use q4_kernel::catalogue;
use support::q4;

#[test]
fn the_text_of_a_variant_is_printed_to_the_byte() {
    // One of each family and of each end of the catalogue.
    for variant in [catalogue().first().unwrap(), catalogue().last().unwrap()] {
        for arguments in [
            &["show", variant.name.as_ref()][..],
            &["show", "--target", "wgsl", &variant.name],
        ] {
            let show = q4(arguments);
            assert_eq!((show.code, show.stderr.as_str()), (0, ""));
            assert_eq!(show.stdout, variant.wgsl);
        }
    }
}

#[test]
fn a_misspelt_name_is_refused_with_the_nearest_ones() {
    q4(&["show", "gemm_64x64x16_t4x4_g32_raged"]).refused(
        "error: no variant is called `gemm_64x64x16_t4x4_g32_raged`; did you mean `gemm_64x64x8_t4x4_g32_ragged`, \
         `gemm_64x64x8_t4x4_g128_ragged` or `gemm_64x64x8_t4x4_g64_ragged`? `q4 list` shows all\n",
    );
}

#[test]
fn a_name_like_no_other_is_refused_without_guesses() {
    q4(&["show", "sgemm"]).refused("error: no variant is called `sgemm`; `q4 list` shows all\n");
}

#[test]
fn an_unknown_target_is_refused_with_those_there_are() {
    q4(&["show", "coop4_w64_c4_g32_shared", "--target", "spirv"]).refused(
        "error: invalid value 'spirv' for '--target <TARGET>'\n  [possible values: wgsl]\n\nFor more information, try '--help'.\n",
    );
}
