//! `q4 explain`.

mod support;

use serde_json::Value;
use support::{adapter, assert_tidy, keys, place, q4, q4_with};

#[test]
fn each_class_and_number_of_rows_has_its_route_and_what_lost() {
    let explain = q4(&[
        "explain",
        "--k",
        "4096",
        "--n",
        "14336",
        "--group",
        "32",
        "--m",
        "1,8,512",
        "--adapter",
        adapter(),
    ]);
    assert_eq!((explain.code, explain.stderr.as_str()), (0, ""));
    let text = &explain.stdout;
    assert_tidy(text);
    for class in ["exact", "f16_multiply", "int8_activations"] {
        for rows in ["1", "8", "512"] {
            let section = format!("\n{class}, M = {rows}: ");
            assert!(text.contains(&section), "{section} is missing in\n{text}");
        }
    }
    for part in [
        "tuning   off, so the built-in order decides\n",
        "layer    N = 14336, K = 4096: q4gsw weights in groups of 32, scales in f32 by column\n",
        "  the built-in order\n",
        " multiply up to 2 or 4 rows, and M is 8: ",
        " more that serve the shape, ",
    ] {
        assert!(text.contains(part), "{part} is missing in\n{text}");
    }
}

#[test]
fn every_variant_that_lost_is_named_where_all_are_asked_for() {
    let shown = |more: &[&str]| {
        let arguments = [
            "explain",
            "--k",
            "4096",
            "--n",
            "64",
            "--m",
            "8",
            "--numeric",
            "exact",
        ];
        let arguments = [&arguments[..], &["--adapter", adapter()], more].concat();
        q4(&arguments).stdout
    };
    let lost = "skinny_r2_w128_c32x8_v4_g64_subgroup";
    assert!(!shown(&[]).contains(lost) && shown(&["--all"]).contains(lost));
    assert!(!shown(&["--all"]).contains('*'));
}

#[test]
fn formats_and_scales_have_kernels_of_their_own_and_classes_that_they_have_not_are_left_out() {
    let explain = |more: &[&str]| {
        let arguments = [
            "explain",
            "--k",
            "2880",
            "--n",
            "64",
            "--m",
            "1",
            "--adapter",
            adapter(),
        ];
        q4(&[&arguments[..], more].concat())
    };
    let levels = explain(&["--format", "mxfp4"]);
    assert!(levels.stdout.contains("_lut_se8m0") && !levels.stdout.contains("\nint8_activations"));
    let halves = explain(&["--scales", "f16:groups", "--numeric", "exact"]);
    assert!(halves.stdout.contains("_sf16g"), "{}", halves.stdout);
    explain(&["--format", "mxfp4", "--numeric", "int8_activations"]).refused(
        "error: `numeric`: the levels of a codebook are no integers, so that 8-bit inputs gain nothing; use `exact` or `f16_multiply`\n",
    );
    explain(&["--format", "gguf_q4_0", "--group", "64"])
        .refused("error: gguf_q4_0 has groups of 32, and --group is 64; leave --group out\n");
    let mistyped = explain(&["--format", "gguf_q40"]).stderr;
    assert!(
        mistyped.contains("a similar value exists: 'gguf_q4_0'"),
        "{mistyped}"
    );
}

#[test]
fn the_entry_that_decided_is_shown_with_its_times() {
    let table = place("explain-table.txt");
    let table = table.to_str().unwrap();
    let kernels = "gemm_64x64x16_t4x4_g32,gemv_w128_c8_g32_shared";
    let tune = [
        "tune",
        "--shapes",
        "1x64x128",
        "--seconds",
        "0.1",
        "--kernels",
        kernels,
    ];
    let tune = [&tune[..], &["--adapter", adapter(), "-o", table]].concat();
    assert_eq!(q4(&tune).code, 0);

    let explain = |more: &[&str]| {
        let arguments = [
            "explain",
            "--k",
            "128",
            "--n",
            "96",
            "--m",
            "1",
            "--numeric",
            "exact",
        ];
        let arguments = [&arguments[..], &["--adapter", adapter()], more].concat();
        q4_with(&[("Q4_TUNING", table)], &arguments)
    };
    let text = explain(&[]).stdout;
    for part in [
        "  entry      M=1 N=64 K=128 in the user's",
        "  runs\n",
        "  behind it\n",
    ] {
        assert!(text.contains(part), "{part} is missing in\n{text}");
    }
    let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        words.contains(", the nearest shape that it has for so many rows "),
        "{text}"
    );
    let report = explain(&["--json"]).json();
    let entry = &report["routes"][0]["entry"];
    assert_eq!(entry["candidates"].as_array().unwrap().len(), 2, "{entry}");
    assert_eq!(report["tuning"]["tables"][0]["entries"], 1);
}

#[test]
fn json_has_every_variant_that_was_considered_and_one_that_is_chosen() {
    let report = q4(&[
        "explain",
        "--k",
        "64",
        "--n",
        "8",
        "--m",
        "1,3",
        "--numeric",
        "exact,f16_multiply",
        "--adapter",
        adapter(),
        "--json",
    ])
    .json();
    assert_eq!(keys(&report), ["adapter", "routes", "tuning", "weights"]);
    let routes = report["routes"].as_array().unwrap();
    assert_eq!(routes.len(), 4);
    for route in routes {
        let considered = route["considered"].as_array().unwrap();
        let chosen = considered
            .iter()
            .filter(|considered| considered["verdict"] == "chosen");
        assert_eq!(chosen.count(), 1, "{route}");
        assert_eq!(route["source"], Value::from("built_in"));
        assert_eq!(route["standard"], Value::from(route["numeric"] == "exact"));
    }
}
