//! What is emitted for a representative set, letter by letter.
//!
//! `Q4_BLESS=1 cargo test -p q4-kernel-tests --test goldens` writes the files anew; the diff then shows what a change of the templates means.

use std::{env, fs, path::PathBuf};

use q4_kernel_codegen::{
    Coop4Spec, Format, KernelSpec, SkinnySpec, TileSpec,
    build::Builder,
    generate,
    types::{Bias, Encoding, GroupSize, Reduction, ScaleFormat, WeightFormat},
};

fn compare(name: &str, text: &str) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("goldens")
        .join(name);
    if env::var("Q4_BLESS").as_deref() == Ok("1") {
        fs::write(&path, text).unwrap();
        return;
    }
    let golden = fs::read_to_string(&path).unwrap_or_default();
    if golden == text {
        return;
    }
    let line = golden
        .lines()
        .zip(text.lines())
        .take_while(|(golden, text)| golden == text)
        .count();
    panic!(
        "{name} differs from line {} on:\n  golden:  {}\n  emitted: {}\n\
         if the change is meant, run `Q4_BLESS=1 cargo test -p q4-kernel-tests --test goldens`",
        line + 1,
        golden.lines().nth(line).unwrap_or("(end of file)"),
        text.lines().nth(line).unwrap_or("(end of file)"),
    );
}

#[test]
fn representative_variants_of_the_catalogue() {
    let names = [
        // The first implementation's GEMV and the two defaults.
        "coop4_w64_c1_g32_shared",
        "coop4_w64_c4_g32_subgroup",
        "coop4_w64_c4_g32_shared",
        // The default for one row, without subgroups and in slices; other scales.
        "stream_w256_c4_g32_subgroup",
        "stream_w512_c1_p132_g32_shared",
        "stream_w512_c4_s256_p132_g128_subgroup",
        "stream_w512_c4_t2_s256_p132_g32_subgroup",
        "stream_w512_c2_t2_p132_g32_shared",
        "stream_r2_w512_c4_p132_g32_subgroup",
        "stream_r4_w512_c4_s64_p132_gx_shared",
        "stream_w256_c4_g32_subgroup_sf32g",
        // The GEMV for less workgroup memory and its two other ways: an input that is kept, inputs in 8 bits; other scales.
        "gemv_w128_c8_g32_subgroup",
        "gemv_w128_c16_r1s_g32_subgroup",
        "gemv_w128_c8_gx_shared_int8",
        "gemv_w128_c8_g32_subgroup_sf32g",
        "gemv_w128_c8_g128_shared_sbf16",
        // Groups that split a load.
        "gemv_w128_c8_g16_subgroup_lut_se4m3",
        // The widest block, group size at run time.
        "coop4_w128_c8_gx_shared",
        // The fewest rows, and sums that leave registers in rounds; two vectors of columns and subgroups that exchange halves.
        "skinny_r2_w128_c32x4_v4_g32_subgroup",
        "skinny_r4_w128_c32x8_v4_gx_shared",
        "skinny_r8_w128_c32x8_v2_s_g32_subgroup",
        "skinny_r16_w128_c32x4_v2_s_gx_shared",
        "skinny_matrix_16x32x128_s4_a2_g32_m16_f16",
        // Matrices that stay in registers: the scales of a span together, and those of run-time groups.
        "held_matrix_s16_h16_g32_m16_f16",
        "held_matrix_s16_h16_gx_m16_f16",
        // Groups that split a load, of which a span has more than one vector of scales.
        "held_matrix_s16_h16_g16_m16_f16_lut_se4m3",
        // The first implementation's GEMM, the default, a step of several words.
        "gemm_4x256x8_t4x4_g32",
        "gemm_64x64x16_t4x4_g32",
        "gemm_32x64x32_t4x8_gx",
        // The default of the staged GEMMs; matrices of both sizes, one and two buffers.
        "staged_64x64x16_t8x8_g32",
        "staged_64x64x16_t8x8_gx_f16",
        // Teams that divide K.
        "staged_32x64x16_t4x8_t2_g32",
        "matrix_64x64x64_s32x32_g32_m16_f16",
        "matrix_128x128x32_s64x64_b2_gx_m16_f16",
        "matrix_64x64x32_s32x32_g32_m8_f16",
        // Panels of a subgroup: one and two, barriers of the workgroup, inputs that are rounded before; columns of a lane's own, and two that it shares: scales of a
        // span, of a stretch, of each load. Tiles that are joined, and matrices that leave by turns.
        "panel_matrix_64x128x64_p2_g32_m16_f16",
        "panel_matrix_128x256x48_gx_m16_f16",
        "panel_matrix_64x256x32_p2_wb_g32_m16_f16",
        "panel_matrix_128x256x64_x16_g32_m16_f16",
        "panel_matrix_128x256x64_x16_g64_m16_f16",
        "panel_matrix_128x256x64_x16_gx_m16_f16",
        // Teams that divide K: scales of a span, and those of a stretch of groups that begin within another team's share.
        "panel_matrix_32x64x64_x16_t4_g32_m16_f16",
        "panel_matrix_64x64x64_x16_t2_g64_m16_f16",
        // Any K: one scale per word, one per weight.
        "gemm_32x32x8_t4x4_g32_ragged",
        "gemm_4x64x8_t1x2_gx_ragged",
    ];
    for name in names {
        compare(&format!("{name}.wgsl"), &q4_kernel::variant(name).unwrap().wgsl);
    }
}

#[test]
fn what_a_description_fixes_is_constant_in_the_text() {
    let spec = KernelSpec::new("UpProj", Format::q4gsw(32))
        .k(2048)
        .n(8192)
        .bias(Bias::Never)
        .decode(Coop4Spec {
            width: Some(64),
            columns: Some(8),
            words: Some(1),
            reduction: Some(Reduction::Shared),
        })
        .few(SkinnySpec {
            width: Some(64),
            columns: Some(16),
            lane_columns: Some(4),
            words: Some(1),
            staged: None,
            reduction: Some(Reduction::Shared),
        })
        .prefill(TileSpec {
            m: Some(64),
            n: Some(64),
            k: Some(16),
            ..TileSpec::default()
        });
    let kernel = generate(&spec).unwrap();
    for (_, variant) in kernel.variants() {
        // Of the kernels for a few rows the first one stands for all.
        if !kernel.few.iter().skip(1).any(|other| other.name == variant.name) {
            compare(&format!("{}.wgsl", variant.name), &variant.wgsl);
        }
    }
}

#[test]
fn kernels_of_other_formats_are_emitted_as_recorded() {
    let formats = [
        (Encoding::ZeroPoint, ScaleFormat::F16, 128),
        (Encoding::Minimum, ScaleFormat::F32, 32),
        (Encoding::Codebook, ScaleFormat::E8m0, 32),
        (Encoding::Codebook, ScaleFormat::E4m3, 16),
    ];
    for (encoding, scales, group_size) in formats {
        let format = Format::new(WeightFormat { encoding, scales }, GroupSize::Fixed(group_size));
        let kernel = generate(&KernelSpec::new("Other", format)).unwrap();
        for variant in [&kernel.decode[0], &kernel.few[0], &kernel.prefill[0]] {
            compare(&format!("{}.wgsl", variant.name), &variant.wgsl);
        }
    }
}

#[test]
fn a_build_script_emits_types_and_a_manifest() {
    let dir = env::temp_dir().join(format!("q4-kernel-goldens-{}", std::process::id()));
    fs::create_dir_all(&dir).unwrap();
    Builder::new()
        .kernel(
            KernelSpec::new("DownProj", Format::q4gsw(64))
                .k(1536)
                .n(384)
                .bias(Bias::Always),
        )
        .kernel(KernelSpec::new(
            "AnyShape",
            Format::new(WeightFormat::default(), GroupSize::Runtime),
        ))
        .write_to(&dir)
        .unwrap();
    for name in ["q4_kernels.rs", "q4_kernels.json"] {
        compare(name, &fs::read_to_string(dir.join(name)).unwrap());
    }
    fs::remove_dir_all(&dir).unwrap();
}
