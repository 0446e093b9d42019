//! `q4 export`.

#![allow(
    clippy::unwrap_used,
    reason = "a helper that panics fails its test, as it should"
)]

mod support;

use std::{
    fs,
    path::{Path, PathBuf},
};

use support::{Run, q4};

const SPEC: &str = "[UpProj]\nformat.q4gsw.group_size = 32\nk = 2048\nn = 8192\nnumeric = \"f16_multiply\"\n";

/// A folder of a test's own.
fn folder(name: &str) -> PathBuf {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("export-{name}"));
    let _ = fs::remove_dir_all(&path);
    fs::create_dir_all(&path).unwrap();
    path
}

fn export(target: &str, spec: &Path, out: &Path) -> Run {
    q4(&[
        "export",
        "--target",
        target,
        "--out",
        out.to_str().unwrap(),
        spec.to_str().unwrap(),
    ])
}

#[test]
fn a_module_and_its_types_are_written_and_what_browsers_lack_is_named() {
    let folder = folder("web");
    let (spec, out) = (folder.join("kernels.toml"), folder.join("out"));
    fs::write(&spec, SPEC).unwrap();
    let run = export("web", &spec, &out);
    assert_eq!((run.code, run.stderr.as_str()), (0, ""));
    for file in ["q4_kernels.js", "q4_kernels.d.ts"] {
        assert!(run.stdout.contains(file), "{}", run.stdout);
        assert!(
            fs::read_to_string(out.join(file))
                .unwrap()
                .contains("class UpProj extends Linear")
        );
    }
    assert!(run.stdout.contains("left out: `matrix_"), "{}", run.stdout);
    // What was written here is written again.
    assert_eq!(export("web", &spec, &out).code, 0);
}

#[test]
fn candidates_are_those_that_browsers_run_and_that_serve_the_layer() {
    let folder = folder("candidates");
    let (spec, out) = (folder.join("kernels.toml"), folder.join("out"));
    fs::write(&spec, SPEC).unwrap();
    let export = |target: &str, candidates: &str| {
        q4(&[
            "export",
            "--target",
            target,
            "--candidates",
            candidates,
            "--out",
            out.to_str().unwrap(),
            spec.to_str().unwrap(),
        ])
    };
    for pattern in ["matrix_*", "gemm_32x32x8_t4x4_g64", "gemv_*_sf16"] {
        let run = export("web", pattern);
        assert!(
            run.stderr.starts_with(&format!(
                "error: no variant of `{pattern}` that browsers run serves a kernel of "
            )),
            "{run:?}"
        );
        assert_eq!(run.code, 2);
    }
    assert!(!out.exists(), "nothing is written where something is wrong");

    let run = export(
        "web",
        "gemv_w64_c4_*_subgroup,stream_w256_c4_g32_subgroup,staged_64x64x16_t8x8_g32_f16",
    );
    assert_eq!((run.code, run.stderr.as_str()), (0, ""));
    let js = fs::read_to_string(out.join("q4_kernels.js")).unwrap();
    let description = js.split_once("export class UpProj").unwrap().1;
    let others = description
        .split_once("\"others\": [")
        .unwrap()
        .1
        .split_once(']')
        .unwrap()
        .0;
    let others: Vec<&str> = others.split('"').filter(|name| name.contains('_')).collect();
    assert!(others.contains(&"gemv_w64_c4_g32_subgroup"), "{others:?}");
    assert!(
        others.contains(&"staged_64x64x16_t8x8_g32_f16"),
        "the class is allowed: {others:?}"
    );
    assert!(
        others
            .iter()
            .all(|name| name.contains("_g32_") || name.contains("_gx_")),
        "{others:?}"
    );
    assert!(
        !others.contains(&"stream_w256_c4_g32_subgroup"),
        "its route has one of this kind: {others:?}"
    );

    export("c", "gemv_*")
        .refused("error: --candidates are for modules, which measure them; leave it out for other targets\n");
    let unknown = export("web", "gemv_w64_c4_g32_subgrup");
    assert!(
        unknown.stderr.contains("did you mean `gemv_w64_c4_g32_subgroup`"),
        "{}",
        unknown.stderr
    );
}

#[test]
fn a_file_of_somebody_elses_is_never_overwritten() {
    let folder = folder("foreign");
    let (spec, out) = (folder.join("kernels.toml"), folder.join("out"));
    fs::write(&spec, SPEC).unwrap();
    fs::create_dir_all(&out).unwrap();
    fs::write(out.join("q4_kernels.js"), "mine").unwrap();
    let run = export("web", &spec, &out);
    assert_eq!(run.code, 2);
    assert!(
        run.stderr.contains("was not written by this program"),
        "{}",
        run.stderr
    );
    let there: Vec<_> = fs::read_dir(&out)
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert_eq!(there, ["q4_kernels.js"], "all or none");
    assert_eq!(fs::read_to_string(out.join("q4_kernels.js")).unwrap(), "mine");
}

#[test]
fn every_mistake_of_a_spec_file_comes_with_its_line_and_column() {
    let folder = folder("mistakes");
    let spec = folder.join("kernels.toml");
    fs::write(
        &spec,
        "[Up]\nformat.q5.group_size = 32\nwdith = 2\n\n[Down]\nformat = \"q4gsw\"\nk = 0\n",
    )
    .unwrap();
    let run = export("web", &spec, &folder.join("out"));
    assert_eq!(run.code, 2);
    for place in [
        ":2:8: `q5` is not a format",
        ":3:1: a kernel has no field `wdith`",
        ":7:5: 0 input features make no layer",
    ] {
        assert!(run.stderr.contains(place), "{place} in {}", run.stderr);
    }
    assert!(!folder.join("out").exists());

    fs::write(&spec, "[class]\nformat = \"q4gsw\"\n").unwrap();
    export("web", &spec, &folder.join("out")).refused(
        "error: `class` cannot be written as web: JavaScript keeps that word for itself; give the kernel another name\n",
    );
}

#[test]
fn a_spec_file_that_is_not_there_is_named() {
    let folder = folder("missing");
    let run = export("web", &folder.join("none.toml"), &folder);
    assert_eq!(run.code, 2);
    assert!(
        run.stderr.contains("none.toml could not be read"),
        "{}",
        run.stderr
    );
}

#[test]
fn a_header_comes_with_a_file_for_each_variant_and_language_that_has_words_for_it() {
    let folder = folder("c");
    let (spec, out) = (folder.join("kernels.toml"), folder.join("out"));
    fs::write(&spec, SPEC).unwrap();
    let run = export("c", &spec, &out);
    assert_eq!((run.code, run.stderr.as_str()), (0, ""));
    assert!(
        fs::read_to_string(out.join("q4_kernels.h"))
            .unwrap()
            .contains("static const q4_kernel q4_UpProj")
    );
    let manifest: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(out.join("q4_kernels.json")).unwrap()).unwrap();
    for file in manifest["kernels"][0]["variants"][0]["files"]
        .as_object()
        .unwrap()
        .values()
    {
        assert!(
            file.as_str().is_none_or(|file| out.join(file).is_file()),
            "{file}"
        );
    }
    assert!(
        run.stdout.contains("as hlsl: it needs COOPERATIVE_MATRIX_16X16"),
        "{}",
        run.stdout
    );
}
