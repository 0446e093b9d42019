//! `q4 show`.

mod support;

use std::{fs, path::PathBuf};

use q4_kernel::{Feature, catalogue};
use support::{adapter, q4, q4_with};

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
    q4(&["show", "coop4_w64_c4_g32_shared", "--target", "dxil"]).refused(
        "error: invalid value 'dxil' for '--target <TARGET>'\n  [possible values: wgsl, web, spirv, msl, hlsl, glsl, ir]\n\n\
         For more information, try '--help'.\n",
    );
}

/// What `q4 show` prints of a variant.
fn shown(arguments: &[&str]) -> String {
    let show = q4(&[&["show"], arguments].concat());
    assert_eq!((show.code, show.stderr.as_str()), (0, ""));
    show.stdout
}

#[test]
fn every_target_is_in_its_own_language() {
    for (target, word) in [
        ("web", "enable subgroups;\n"),
        ("spirv", "OpEntryPoint GLCompute"),
        ("msl", "kernel void"),
        ("hlsl", "[numthreads(64, 1, 1)]"),
        ("glsl", "#version 430 core"),
        ("ir", "entry_points: ["),
    ] {
        let text = shown(&["coop4_w64_c4_g32_subgroup", "--target", target]);
        assert!(text.contains(word), "{target}: {text}");
    }
}

#[test]
fn the_web_text_is_the_variant_behind_what_browsers_ask_for() {
    for variant in [catalogue().first().unwrap(), catalogue().last().unwrap()] {
        let text = shown(&[&variant.name, "--target", "web"]);
        let behind = text.strip_prefix("enable subgroups;\n").unwrap_or(&text);
        assert_eq!(behind, variant.wgsl);
    }
}

#[test]
fn checks_are_in_the_text_only_where_they_are_asked_for() {
    let checked = shown(&["coop4_w64_c4_g32_shared", "--target", "msl", "--checked"]);
    let unchecked = shown(&["coop4_w64_c4_g32_shared", "--target", "msl"]);
    assert!(checked.contains("loop_bound") && !unchecked.contains("loop_bound"));
}

#[test]
fn what_a_back_end_cannot_express_is_refused_with_the_reason() {
    let matrices = catalogue()
        .iter()
        .find(|variant| variant.configuration.features().contains(&Feature::Matrix16))
        .unwrap();
    q4(&["show", &matrices.name, "--target", "hlsl"]).refused(&format!(
        "error: `{}` cannot be written as hlsl: it needs COOPERATIVE_MATRIX_16X16, and naga writes no cooperative matrices in HLSL; \
         `q4 list` shows variants with other needs\n",
        matrices.name
    ));
}

#[test]
fn annotations_name_templates_and_change_no_line() {
    let variant = catalogue().first().unwrap();
    let text = shown(&[&variant.name, "--annotate"]);
    let (notes, lines): (Vec<&str>, Vec<&str>) = text
        .lines()
        .partition(|line| line.starts_with("// ") && line.contains(".wgsl:"));
    assert!(
        notes
            .iter()
            .any(|note| note.starts_with("// common/header.wgsl:")),
        "{notes:?}"
    );
    assert_eq!(lines, variant.wgsl.lines().collect::<Vec<_>>());
}

#[test]
fn a_difference_has_only_lines_that_differ_and_their_neighbours() {
    let text = shown(&["coop4_w64_c4_g32_shared", "--diff", "coop4_w128_c4_g32_shared"]);
    assert!(
        text.starts_with("--- coop4_w64_c4_g32_shared\n+++ coop4_w128_c4_g32_shared\n@@"),
        "{text}"
    );
    assert!(
        text.contains("\n-const WIDTH: u32 = 64u;\n+const WIDTH: u32 = 128u;\n"),
        "{text}"
    );
    assert_eq!(
        shown(&["coop4_w64_c4_g32_shared", "--diff", "coop4_w64_c4_g32_shared"]),
        ""
    );
}

#[test]
fn files_of_others_are_not_overwritten() {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("show-files");
    let _ = fs::remove_dir_all(&folder);
    let arguments = [
        "show",
        "coop4_w64_c4_g32_*",
        "--target",
        "msl",
        "-o",
        folder.to_str().unwrap(),
    ];
    let first = q4(&arguments);
    assert_eq!((first.code, first.stderr.as_str()), (0, ""));
    let path = folder.join("coop4_w64_c4_g32_shared.metal");
    assert!(first.stdout.contains(path.to_str().unwrap()));
    assert_eq!(q4(&arguments).code, 0, "its own files are");

    fs::write(&path, "mine").unwrap();
    let refused = q4(&arguments);
    assert_eq!(refused.code, 2);
    assert!(
        refused.stderr.contains("was not written by this program"),
        "{}",
        refused.stderr
    );
    assert_eq!(fs::read_to_string(&path).unwrap(), "mine");
}

#[test]
fn a_run_writes_down_what_it_compiles_where_it_is_asked_to() {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("dump");
    let _ = fs::remove_dir_all(&folder);
    let name = "coop4_w64_c4_g32_shared";
    let check = q4_with(
        &[("Q4_DUMP", folder.to_str().unwrap())],
        &[
            "check",
            "--m",
            "1",
            "--n",
            "8",
            "--k",
            "64",
            "--variant",
            name,
            "--adapter",
            adapter(),
        ],
    );
    assert_eq!(check.code, 0, "{check:?}");
    let text = fs::read_to_string(folder.join("run").join(format!("{name}.wgsl"))).unwrap();
    assert_eq!(text, q4_kernel::variant(name).unwrap().wgsl);
    let list = fs::read_to_string(folder.join("run/pipelines.txt")).unwrap();
    assert!(
        list.contains(&format!("  {name}  checks left out  {}", adapter())),
        "{list}"
    );
}
