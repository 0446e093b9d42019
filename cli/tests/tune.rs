//! `q4 tune`.

mod support;

use std::fs;

use serde_json::Value;
use support::{adapter, assert_tidy, keys, place, q4, q4_with};

/// A few kernels on shapes that any device multiplies in no time.
const QUICK: [&str; 7] = [
    "tune",
    "--shapes",
    "1x64x128,3x40x64",
    "--seconds",
    "2",
    "--kernels",
    "coop4_w32_c*_g32_shared,gemm_*_g32,coop4_w64_c2_g64_shared",
];

fn quick(arguments: &[&str]) -> support::Run {
    q4(&[&QUICK, arguments].concat())
}

#[test]
fn json_has_every_field_and_candidates_in_the_order_of_their_times() {
    let name = adapter();
    let path = place("tune-json.txt");
    let report = quick(&["-o", path.to_str().unwrap(), "--json"]).json();
    assert_eq!(
        keys(&report),
        [
            "adapter",
            "clock",
            "clock_note",
            "entries",
            "entries_kept",
            "failed",
            "file",
            "ok",
            "seconds",
            "skipped",
            "unmeasured"
        ]
    );
    assert_eq!(
        (&report["adapter"]["name"], &report["ok"]),
        (&name.into(), &true.into())
    );
    let entries = report["entries"].as_array().unwrap();
    let shapes: Vec<_> = entries
        .iter()
        .map(|entry| ["m", "n", "k", "group_size"].map(|key| entry[key].as_u64().unwrap()))
        .collect();
    assert_eq!(shapes, [[1, 64, 128, 32], [3, 40, 64, 32]]);
    for entry in entries {
        assert_eq!(
            keys(entry),
            [
                "built_in",
                "candidates",
                "group_size",
                "k",
                "m",
                "n",
                "numeric",
                "order",
                "scales"
            ]
        );
        let candidates = entry["candidates"].as_array().unwrap();
        let seconds: Vec<f64> = candidates
            .iter()
            .map(|candidate| candidate["seconds"].as_f64().unwrap())
            .collect();
        assert!(
            seconds.len() > 3 && seconds[0] > 0.0 && seconds.is_sorted(),
            "{seconds:?}"
        );
        let families = |family: &str| {
            candidates
                .iter()
                .any(|candidate| candidate["kind"].as_str().unwrap().starts_with(family))
        };
        assert!(families("gemm_"));
        assert_eq!(families("coop4_"), entry["m"] == 1);
        assert!(entry["built_in"]["variant"].is_string());
    }
    let reasons: Vec<&str> = report["skipped"]
        .as_array()
        .unwrap()
        .iter()
        .map(|skipped| skipped["reason"].as_str().unwrap())
        .collect();
    assert!(
        reasons.contains(&"it is made for group_size = 64, and group_size is 32"),
        "{reasons:?}"
    );
    assert!(
        fs::read_to_string(&path)
            .unwrap()
            .starts_with("q4-kernel tuning 1\nadapter ")
    );
}

#[test]
fn the_table_is_followed_by_what_runs_next_and_entries_of_other_shapes_stay() {
    let path = place("tune-followed.txt");
    let file = path.to_str().unwrap();
    // Named by the variable, where programs look for it.
    let tune = |shape: &str, kernel: &str| {
        q4_with(
            &[("Q4_TUNING", file)],
            &[
                "tune",
                "--shapes",
                shape,
                "--kernels",
                kernel,
                "--seconds",
                "0.05",
                "--json",
            ],
        )
        .json()
    };
    let slow = "gemm_4x64x8_t1x2_gx_ragged";
    assert_eq!(tune("1x64x128", slow)["entries_kept"], 0);
    let second = tune("2x64x128", "gemm_32x32x8_t4x4_g32");
    assert_eq!(
        (&second["entries_kept"], &second["file"]),
        (&1.into(), &file.into())
    );

    let routed = |m: &str| {
        let check = ["check", "--m", m, "--n", "64", "--k", "128", "--json"];
        let report = q4_with(&[("Q4_TUNING", file)], &check).json();
        report["rows"][0]["variant"].as_str().unwrap().to_owned()
    };
    assert_eq!(routed("1"), slow);
    assert_eq!(routed("2"), "gemm_32x32x8_t4x4_g32");
    assert_ne!(
        routed("3"),
        "gemm_32x32x8_t4x4_g32",
        "nothing was measured of 3 rows"
    );

    let tables = |doctor: &Value| {
        let adapters = doctor["adapters"].as_array().unwrap();
        let auto = adapters.iter().find(|adapter| adapter["auto"] == true).unwrap();
        auto["tuning"].clone()
    };
    let doctor = q4_with(&[("Q4_TUNING", file)], &["doctor", "--json"]).json();
    assert_eq!(tables(&doctor)["tables"][0]["entries"], 2);

    // A damaged table is refused, said to be so, ignored, and replaced.
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.replacen("ns\n", "0ns\n", 1)).unwrap();
    let doctor = q4_with(&[("Q4_TUNING", file)], &["doctor", "--json"]).json();
    let tuning = tables(&doctor);
    assert_eq!(tuning["tables"], Value::Array(Vec::new()));
    let reason = tuning["refused"][0]["reason"].as_str().unwrap();
    assert!(reason.contains("has the digest of other contents"), "{reason}");
    assert_ne!(routed("1"), slow);
    assert_eq!(tune("1x64x128", slow)["entries_kept"], 0);
    assert_eq!(routed("1"), slow);
}

#[test]
fn the_text_names_the_fastest_the_built_in_choice_and_the_file() {
    let path = place("tune-text.txt");
    let run = quick(&["-o", path.to_str().unwrap()]);
    assert_eq!((run.code, run.stderr.as_str()), (0, ""), "{run:?}");
    for text in ["fastest", "built in", "gain", "3..4", "2 entries written to "] {
        assert!(run.stdout.contains(text), "{text} is missing in\n{}", run.stdout);
    }
    assert_tidy(&run.stdout.replace(path.to_str().unwrap(), "FILE"));
}

#[test]
fn every_class_that_is_asked_for_has_an_entry_with_exact_kernels_in_it() {
    let path = place("tune-classes.txt");
    let run = q4(&[
        "tune",
        "--shapes",
        "1x64x128",
        "--numeric",
        "int8_activations",
        "--kernels",
        "coop4_w32_c1_g32_shared,*g32*int8",
        "--seconds",
        "1",
        "-o",
        path.to_str().unwrap(),
        "--json",
    ]);
    let entries = run.json()["entries"].clone();
    let classes: Vec<&str> = entries
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| entry["numeric"].as_str().unwrap())
        .collect();
    assert_eq!(classes, ["exact", "int8_activations"]);
    let kinds = |entry: &Value| -> Vec<bool> {
        let candidates = entry["candidates"].as_array().unwrap().iter();
        candidates
            .map(|candidate| candidate["kind"].as_str().unwrap().ends_with("int8"))
            .collect()
    };
    assert_eq!(kinds(&entries[0]), [false]);
    assert!(kinds(&entries[1]).contains(&true) && kinds(&entries[1]).contains(&false));
}

#[test]
fn what_cannot_be_done_is_refused_before_anything_is_measured() {
    q4(&["tune", "--shapes", "1x64x64"]).refused(
        "error: there is no place for the table, because Q4_TUNING is off or there is no cache folder; name a file with -o\n",
    );
    let missing = place("tune-missing").join("table.txt");
    let run = quick(&["-o", missing.to_str().unwrap()]);
    assert_eq!((run.code, run.stdout.as_str()), (2, ""));
    assert!(run.stderr.contains("could not be written"), "{}", run.stderr);

    let file = place("tune-refused.txt");
    let file = file.to_str().unwrap();
    for (arguments, reason) in [
        (
            &["--shapes", "1x64x64", "--kernels", "coop4_w64_c4_g32_sharde"][..],
            "did you mean `coop4_w64_c4_g32_shared`",
        ),
        (
            &["--shapes", "4x64x64", "--kernels", "coop4_*"],
            "it multiplies one row, and M is 4",
        ),
        (&["--shapes", "1x4000000000x4000000000"], "does not fit"),
        (&["--shapes", "1x64"], "it is not of the form MxNxK"),
        (&["--m", "0"], "there must be at least 1"),
        (
            &["--numeric", "f16"],
            "the numeric classes are exact, f16_multiply, int8_activations",
        ),
        (&["--scales", "f64"], "scales are stored as one of f32, f16, bf16"),
        (&["--seconds", "0"], "seconds"),
        (&["--n", "64"], "--k"),
    ] {
        let run = q4(&[&["tune", "-o", file], arguments].concat());
        assert_eq!((run.code, run.stdout.as_str()), (2, ""), "{arguments:?}");
        assert!(run.stderr.contains(reason), "{arguments:?}: {}", run.stderr);
    }
    assert!(!fs::exists(file).unwrap(), "nothing is left of what was refused");
}
