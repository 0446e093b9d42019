//! `q4 bench`.

mod support;

use std::{collections::BTreeSet, env, fs, path::PathBuf};

use serde_json::Value;
use support::{adapter, assert_tidy, keys, q4, xml::assert_well_formed};

/// Two shapes that any device multiplies in no time, and as few seconds as make a measurement.
const QUICK: [&str; 5] = ["bench", "--shapes", "1x64x128,3x40x64", "--seconds", "0.002"];

fn quick(arguments: &[&str]) -> support::Run {
    q4(&[&QUICK, arguments].concat())
}

/// A place for a file of a test.
fn place(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name)
}

#[test]
fn json_has_every_field_and_every_figure_follows_from_time_and_bytes() {
    let name = adapter();
    let report = quick(&["--json"]).json();
    assert_eq!(
        keys(&report),
        [
            "adapter",
            "baseline",
            "method",
            "notes",
            "ok",
            "read_bandwidth",
            "rotation_bytes",
            "rows",
            "skipped",
            "without"
        ]
    );
    assert_eq!(
        (&report["adapter"]["name"], &report["ok"]),
        (&name.into(), &true.into())
    );
    assert_eq!(
        keys(&report["method"]),
        ["clock", "numeric", "order", "seconds", "seed"]
    );
    assert_eq!(report["method"]["order"], "dependent");
    assert_eq!(report["method"]["numeric"], "exact");
    assert!(["gpu_timestamps", "wall_clock"].contains(&report["method"]["clock"].as_str().unwrap()));
    let reading = report["read_bandwidth"]["gigabytes_per_second"].as_f64().unwrap();
    assert!(reading > 0.0 && report["read_bandwidth"]["bytes"].as_u64() > Some(0));

    let rows = report["rows"].as_array().unwrap();
    let roles: Vec<_> = rows
        .iter()
        .map(|row| (row["m"].as_u64().unwrap(), row["roles"].clone()))
        .collect();
    let role = |word: &str| Value::from(vec![word]);
    assert_eq!(
        roles,
        [
            (1, role("routed")),
            (1, role("coop4")),
            (1, role("bicol")),
            (1, Value::Array(Vec::new())),
            (3, role("routed"))
        ]
    );
    for row in rows {
        assert_eq!(
            keys(row),
            [
                "baseline",
                "error",
                "group_size",
                "k",
                "m",
                "measured",
                "n",
                "numeric",
                "ok",
                "roles",
                "variant"
            ]
        );
        let measured = &row["measured"];
        assert_eq!(
            keys(measured),
            [
                "bytes",
                "checked",
                "clock_share",
                "comparison",
                "copies",
                "error_relative_to_rms",
                "gigabytes_per_second",
                "passes",
                "read_bandwidth_share",
                "repetitions",
                "rotation_bytes",
                "seconds",
                "speedup",
                "teraflops_per_second"
            ]
        );
        assert_eq!(
            keys(&measured["seconds"]),
            ["lower_quartile", "maximum", "median", "minimum", "upper_quartile"]
        );
        let number = |key: &str| measured[key].as_f64().unwrap();
        let median = measured["seconds"]["median"].as_f64().unwrap();
        let [m, n, k] = ["m", "n", "k"].map(|key| row[key].as_f64().unwrap());
        // Two weights a byte, a scale for 32 of them, inputs and outputs; N is a multiple of 4.
        assert_eq!(
            number("bytes"),
            n * k / 2.0 + 4.0 * (n * k / 32.0 + m * k + m * n)
        );
        let close = |value: f64, expected: f64| (value - expected).abs() <= expected * 1e-9;
        assert!(median > 0.0 && close(number("gigabytes_per_second"), number("bytes") / median / 1e9));
        assert!(close(
            number("read_bandwidth_share"),
            number("gigabytes_per_second") / reading
        ));
        assert!(close(
            number("teraflops_per_second"),
            2.0 * m * n * k / median / 1e12
        ));
        assert_eq!(measured["comparison"]["elements"].as_f64(), Some(m * n));
        assert!(number("error_relative_to_rms") < 1e-5);
        assert_eq!(measured["checked"], false, "{row}");
        // The baseline multiplies one row.
        assert_eq!(measured["speedup"].is_null(), m > 1.0);
        if row["baseline"] == true {
            assert_eq!(
                (number("speedup"), &row["variant"]),
                (1.0, &"published_bicol".into())
            );
        }
    }
    let reasons: Vec<&str> = report["skipped"]
        .as_array()
        .unwrap()
        .iter()
        .map(|skipped| skipped["reason"].as_str().unwrap())
        .collect();
    assert!(
        reasons.contains(&"it multiplies one row, and M is 3"),
        "{reasons:?}"
    );
}

#[test]
fn patterns_dimensions_and_a_baseline_choose_what_is_measured() {
    let report = q4(&[
        "bench",
        "--m",
        "1,2",
        "--n",
        "24",
        "--k",
        "64",
        "--group",
        "32,64",
        "--kernels",
        "gemm_64x64x16*",
        "--baseline",
        "gemm_4x64x8_t1x2_gx_ragged",
        "--overlap",
        "--seconds",
        "0.001",
        "--json",
    ])
    .json();
    assert_eq!(report["method"]["order"], "independent");
    let rows = report["rows"].as_array().unwrap();
    let mut shapes: Vec<_> = rows
        .iter()
        .map(|row| (row["m"].as_u64().unwrap(), row["group_size"].as_u64().unwrap()))
        .collect();
    shapes.dedup();
    assert_eq!(shapes, [(1, 32), (2, 32), (1, 64), (2, 64)]);
    for row in rows {
        let variant = row["variant"].as_str().unwrap();
        let baseline = variant == "gemm_4x64x8_t1x2_gx_ragged";
        assert!(baseline || variant.starts_with("gemm_64x64x16"), "{variant}");
        assert_eq!(row["baseline"], baseline);
        assert!(row["measured"]["speedup"].as_f64() > Some(0.0));
        let repetitions = row["measured"]["repetitions"].as_u64().unwrap();
        assert!(
            repetitions >= 16,
            "each of the dispatches that may overlap has an output of its own"
        );
    }
}

#[test]
fn the_text_has_a_table_for_each_shape_fastest_first() {
    let name = adapter();
    let bench = quick(&["--adapter", name]);
    assert_eq!((bench.code, bench.stderr.as_str()), (0, ""));
    let text = &bench.stdout;
    assert!(text.starts_with(&format!("adapter  {name}: ")), "{text}");
    assert!(
        text.contains(" s each; each dispatch waits for the one before\n"),
        "{text}"
    );
    assert!(text.contains("\n1 x 64 x 128, group size 32\nkernel "), "{text}");
    assert!(text.contains("\n3 x 40 x 64, group size 32\nkernel "), "{text}");
    assert!(
        text.contains("\nspeedup  over published_bicol\n") && text.contains("  speedup  "),
        "{text}"
    );
    let versus = quick(&["--baseline", "bicol"]).stdout;
    assert!(versus.contains("  vs bicol  "), "{versus}");
    assert!(text.contains("  1.00 x  "), "{text}");
    assert!(
        text.ends_with("\nEvery output that was sampled agrees with float64.\n"),
        "{text}"
    );
    assert_tidy(text);
    let speedups: Vec<f64> = text
        .lines()
        .filter(|line| line.contains(" x  ") && !line.starts_with("kernel "))
        .map(|line| {
            let (before, _) = line.rsplit_once(" x  ").unwrap();
            before.rsplit(' ').next().unwrap().parse().unwrap()
        })
        .collect();
    assert_eq!(speedups.len(), 4, "{text}");
    assert!(speedups.is_sorted_by(|a, b| a >= b), "{text}");
}

#[test]
fn csv_has_a_header_and_as_many_cells_in_every_line() {
    let bench = quick(&["--csv"]);
    assert_eq!((bench.code, bench.stderr.as_str()), (0, ""));
    let lines: Vec<&str> = bench.stdout.split_terminator("\r\n").collect();
    assert_eq!(
        lines[0],
        "adapter,clock,m,n,k,group_size,variant,roles,numeric,seconds,lower_quartile,upper_quartile,\
         gigabytes_per_second,read_bandwidth_share,teraflops_per_second,speedup,error_relative_to_rms,ok,error"
    );
    assert_eq!(lines.len(), 1 + 5);
    // The adapter's name may hold commas, and is quoted then.
    let cells = |line: &str| {
        line.split('"')
            .step_by(2)
            .collect::<String>()
            .matches(',')
            .count()
    };
    assert!(
        lines.iter().all(|line| cells(line) == cells(lines[0])),
        "{lines:?}"
    );
    assert!(lines[1].contains(",1,64,128,32,"), "{}", lines[1]);
}

#[test]
fn the_plot_is_well_formed_and_has_a_point_for_each_row() {
    let file = place("bench_plot.svg");
    let path = file.to_str().unwrap();
    let report = quick(&["--plot", path, "--json"]).json();
    assert_eq!(report["ok"], true);
    let rows = report["rows"].as_array().unwrap();
    let kernels: BTreeSet<_> = rows.iter().map(|row| row["variant"].as_str().unwrap()).collect();
    let plot = fs::read_to_string(&file).unwrap();
    assert_well_formed(&plot);
    let markers = plot.matches("<title>").count();
    let points = plot.matches(" TFLOP/s</title>").count();
    assert_eq!((points, markers - points), (rows.len(), kernels.len()), "{plot}");
    assert!(
        plot.contains(">TFLOP/s</text>") && plot.contains("read bandwidth, "),
        "{plot}"
    );
    fs::remove_file(file).unwrap();
}

#[test]
fn a_numeric_class_that_is_allowed_is_what_routing_chooses_where_the_device_has_it() {
    let line = |numeric| {
        let shapes = ["bench", "--shapes", "33x64x128", "--kernels", "routed"];
        let options = ["--seconds", "0.002", "--adapter", "emulator"];
        [&shapes[..], &options, &["--numeric", numeric]].concat()
    };
    for numeric in ["exact", "f16_multiply"] {
        let report = q4(&[&line(numeric)[..], &["--json"]].concat()).json();
        assert_eq!(report["method"]["numeric"], numeric);
        assert_eq!(report["rows"][0]["numeric"], numeric);
        assert_eq!(report["ok"], true);
    }
    let text = q4(&line("f16_multiply")).stdout;
    assert!(
        text.contains("\nallowed  f16_multiply: f16 operands, f32 accumulate\n"),
        "{text}"
    );
}

#[test]
fn a_model_has_no_more_layers_than_it_has() {
    q4(&["bench", "--model", "llama-3.2-1b", "--layers", "17"])
        .refused("error: llama-3.2-1b has 16 layers, and --layers is 17; leave it out for all of them\n");
}

#[test]
fn a_shape_that_does_not_fit_is_refused_before_anything_is_allocated() {
    let bench = q4(&["bench", "--shapes", "1x4000000000x4000000000"]);
    assert_eq!((bench.code, bench.stdout.as_str()), (2, ""));
    let beginning = "error: M=1 N=4000000000 K=4000000000 group_size=32 does not fit: the copies of the weights take 8.67 EiB, ";
    assert!(bench.stderr.starts_with(beginning), "{}", bench.stderr);
    assert!(
        bench.stderr.ends_with("; choose smaller dimensions\n"),
        "{}",
        bench.stderr
    );
}

#[test]
fn kernels_that_are_not_there_are_refused_with_the_nearest() {
    quick(&["--kernels", "routed,coop4_w64_c4_g32_shard"]).refused(
        "error: no variant is called `coop4_w64_c4_g32_shard`; did you mean `coop4_w64_c4_g32_shared`, \
         `coop4_w64_c1_g32_shared` or `coop4_w64_c2_g32_shared`? `q4 list` shows all\n",
    );
    quick(&["--baseline", "bikol"])
        .refused("error: no variant is called `bikol`; did you mean `bicol`? `q4 list` shows all\n");
    for slip in ["published_bikol", "published"] {
        let bench = quick(&["--baseline", slip]);
        assert_eq!((bench.code, bench.stdout.as_str()), (2, ""), "{bench:?}");
        assert!(bench.stderr.contains("`published_bicol`"), "{}", bench.stderr);
    }
}

#[test]
fn kernels_that_serve_no_shape_are_refused_with_the_reason() {
    let name = adapter();
    q4(&[
        "bench",
        "--shapes",
        "2x8x64",
        "--kernels",
        "coop4_w64_c1_g32_*",
        "--baseline",
        "coop4_w64_c1_g32_shared",
    ])
    .refused(&format!(
        "error: no kernel that was asked for serves any of the shapes on {name}:\n  \
             2 variants: it multiplies one row, and M is 2\n"
    ));
}

#[test]
fn a_plot_that_cannot_be_written_is_refused_before_anything_is_measured() {
    let file = place("no such folder/plot.svg");
    let path = file.to_str().unwrap();
    q4(&["bench", "--plot", path, "--seconds", "3600"]).refused(&format!(
        "error: {path} could not be written: No such file or directory (os error 2)\n"
    ));
}

#[test]
fn mistakes_in_numbers_shapes_and_features_have_a_message_each() {
    let error = |arguments: &[&str]| {
        let bench = q4(&[&["bench"], arguments].concat());
        assert_eq!((bench.code, bench.stdout.as_str()), (2, ""), "{bench:?}");
        bench.stderr.lines().next().unwrap().to_owned()
    };
    assert_eq!(
        error(&["--m", "0"]),
        "error: invalid value '0' for '--m <M,..>': there must be at least 1"
    );
    assert_eq!(
        error(&["--shapes", "1x64"]),
        "error: invalid value '1x64' for '--shapes <MxNxK,..>': it is not of the form MxNxK, such as 1x14336x4096"
    );
    assert_eq!(
        error(&["--seconds", "-1"]),
        "error: invalid value '-1' for '--seconds <S>': it is not a number of seconds above 0 and up to 3600"
    );
    assert!(
        error(&["--without", "tensors"])
            .starts_with("error: invalid value 'tensors' for '--without <FEATURE,..>': kernels use no such feature; there are: "),
    );
    assert!(error(&["--json", "--csv"]).contains("cannot be used with"));
    assert!(error(&["--model", "llama-3.2-1b", "--m", "2"]).contains("cannot be used with"));
    assert!(error(&["--n", "64"]).contains("the following required arguments were not provided:"));
}

#[test]
fn features_that_are_left_off_are_not_used() {
    let report = quick(&["--without", "subgroups", "--json"]).json();
    // Who has no subgroups has no barriers of them.
    assert_eq!(
        report["without"],
        Value::from(vec!["subgroup", "subgroup_barrier"])
    );
    let rows = report["rows"].as_array().unwrap();
    assert!(
        rows.iter()
            .all(|row| !row["variant"].as_str().unwrap().contains("subgroup")),
        "{report}"
    );
}
