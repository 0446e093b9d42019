//! `q4 check`.

mod support;

use std::collections::BTreeSet;

use q4_kernel::{RowsServed, catalogue};
use serde_json::Value;
use support::{adapter, assert_tidy, keys, q4, serves_one_row};

/// Bytes of workgroup memory that WebGPU promises.
const EVERY_DEVICE_HAS: u32 = 16_384;

#[test]
fn the_standard_kernel_agrees_on_every_combination_of_the_dimensions() {
    let report = q4(&[
        "check", "--m", "1,3", "--n", "5,8", "--k", "64,70", "--group", "32,20", "--bias", "--json",
    ])
    .json();
    assert_eq!(
        keys(&report),
        [
            "adapter", "bias", "ok", "outputs", "rows", "seed", "skipped", "variant"
        ]
    );
    assert_eq!(
        (&report["ok"], &report["bias"], &report["seed"]),
        (&Value::from(true), &Value::from(true), &Value::from(1))
    );
    let rows = report["rows"].as_array().unwrap();
    let shape = |row: &Value| ["m", "n", "k", "group_size"].map(|key| row[key].as_u64().unwrap());
    let shapes: BTreeSet<_> = rows.iter().map(shape).collect();
    assert_eq!((rows.len(), shapes.len()), (16, 16));
    for row in rows {
        assert_eq!(
            keys(row),
            ["group_size", "k", "m", "n", "numeric", "ok", "runs", "variant"]
        );
        let [m, n, k, group_size] = shape(row);
        let decode = m == 1 && k % 8 == 0 && group_size % 8 == 0;
        assert_eq!(serves_one_row(row["variant"].as_str().unwrap()), decode, "{row}");
        let runs = row["runs"].as_array().unwrap();
        let kinds: Vec<_> = runs
            .iter()
            .map(|run| [&run["data"], &run["placement"]].map(|v| v.as_str().unwrap()))
            .collect();
        assert_eq!(
            kinds,
            [
                ["exact", "aligned"],
                ["exact", "unaligned"],
                ["random", "aligned"],
                ["random", "unaligned"]
            ]
        );
        for run in runs {
            assert_eq!(
                keys(run),
                ["comparison", "data", "error", "ok", "placement", "stray_writes"]
            );
            assert_eq!(
                (&run["ok"], &run["error"], &run["stray_writes"]),
                (&Value::from(true), &Value::Null, &Value::from(0))
            );
            let comparison = &run["comparison"];
            assert_eq!(
                keys(comparison),
                [
                    "elements",
                    "first_wrong",
                    "max_absolute_error",
                    "max_relative_to_peak",
                    "tolerance",
                    "wrong"
                ]
            );
            assert_eq!(comparison["elements"], m * n);
            if run["data"] == "exact" {
                assert_eq!(comparison["max_absolute_error"], 0.0);
                assert_eq!(comparison["tolerance"]["absolute"], 0.0);
            } else {
                assert!(comparison["max_absolute_error"].as_f64().unwrap() > 0.0, "{run}");
            }
        }
    }
    // Four runs of M x N outputs each: (1 + 3) x (5 + 8), for four pairs of K and group size.
    assert_eq!(report["outputs"], 4 * 4 * 13 * 4);
}

#[test]
fn all_runs_or_skips_every_variant_of_the_catalogue() {
    let report = q4(&[
        "check",
        "--m",
        "2",
        "--n",
        "6",
        "--k",
        "32",
        "--variant",
        "all",
        "--json",
    ])
    .json();
    assert_eq!(report["ok"], true);
    let rows: Vec<&str> = report["rows"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["variant"].as_str().unwrap())
        .collect();
    let skipped: Vec<&str> = report["skipped"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|skipped| skipped["variants"].as_array().unwrap())
        .map(|name| name.as_str().unwrap())
        .collect();
    assert!(!rows.is_empty() && !skipped.is_empty());
    let mut named: Vec<&str> = [rows, skipped].concat();
    let mut all: Vec<&str> = catalogue().iter().map(|variant| variant.name.as_ref()).collect();
    named.sort_unstable();
    all.sort_unstable();
    assert_eq!(named, all);
}

#[test]
fn a_named_variant_runs_alone() {
    let name = "gemm_4x64x8_t1x2_gx_ragged";
    let report = q4(&[
        "check",
        "--m",
        "1,5",
        "--n",
        "7",
        "--k",
        "33",
        "--group",
        "10",
        "--variant",
        name,
        "--json",
    ])
    .json();
    let rows = report["rows"].as_array().unwrap();
    assert_eq!(rows.len(), 2);
    assert!(
        rows.iter().all(|row| row["variant"] == name && row["ok"] == true),
        "{report}"
    );
}

#[test]
fn the_same_seed_gives_the_same_errors_and_another_gives_others() {
    let rows = |seed| {
        q4(&[
            "check", "--m", "3", "--n", "16", "--k", "256", "--seed", seed, "--json",
        ])
        .json()["rows"]
            .clone()
    };
    assert_eq!(rows("7"), rows("7"));
    assert_ne!(rows("7"), rows("8"));
}

#[test]
fn the_text_has_a_row_for_every_shape_and_says_that_all_agree() {
    let name = adapter();
    let check = q4(&[
        "check",
        "--m",
        "1,16",
        "--n",
        "12",
        "--k",
        "64",
        "--variant",
        "all",
        "--adapter",
        name,
    ]);
    assert_eq!((check.code, check.stderr.as_str()), (0, ""));
    assert!(
        check.stdout.starts_with(&format!("adapter  {name}: ")),
        "{}",
        check.stdout
    );
    assert!(
        check.stdout.contains("\nM x N x K     group  variant "),
        "{}",
        check.stdout
    );
    assert!(
        check
            .stdout
            .contains("\n16 x 12 x 64     32  gemm_64x64x16_t4x4_g32 "),
        "{}",
        check.stdout
    );
    assert!(check.stdout.contains("\nskipped  because\n"), "{}", check.stdout);
    // Each of these is skipped once: for the shape of 16 rows, unless the device cannot run it at all.
    let for_one_row = |bytes: u32| {
        catalogue()
            .iter()
            .filter(|variant| variant.configuration.constraints().rows == RowsServed::One)
            .filter(|variant| variant.workgroup_bytes <= bytes)
            .count()
    };
    let skipped: usize = check
        .stdout
        .lines()
        .find_map(|line| line.strip_suffix("  it multiplies one row, and M is 16"))
        .and_then(|count| count.trim().parse().ok())
        .unwrap_or_default();
    assert!(
        (for_one_row(EVERY_DEVICE_HAS)..=for_one_row(u32::MAX)).contains(&skipped),
        "{}",
        check.stdout
    );
    assert!(
        check.stdout.ends_with(" outputs agrees with float64.\n"),
        "{}",
        check.stdout
    );
    assert_tidy(&check.stdout);
}

#[test]
fn a_shape_that_the_named_variant_does_not_serve_is_refused_with_the_reason() {
    let name = "coop4_w64_c4_g32_shared";
    q4(&["check", "--m", "5", "--n", "8", "--k", "64", "--variant", name]).refused(
        "error: `coop4_w64_c4_g32_shared` does not serve this shape:\n  \
         M=5 N=8 K=64 group_size=32: it multiplies one row, and M is 5\n\
         it serves M == 1, K % 8 == 0, group_size == 32; leave the rest out, or let `--variant routed` choose\n",
    );
    q4(&["check", "--m", "1", "--n", "8", "--k", "64,65", "--group", "32,64", "--variant", name]).refused(
        "error: `coop4_w64_c4_g32_shared` does not serve these shapes:\n  \
         M=1 N=8 K=65 group_size=32: it needs K % 8 == 0, and K is 65\n  \
         M=1 N=8 K=64 group_size=64: it is made for group_size = 32, and group_size is 64\n  \
         M=1 N=8 K=65 group_size=64: it needs K % 8 == 0, and K is 65\n\
         it serves M == 1, K % 8 == 0, group_size == 32; leave the rest out, or let `--variant routed` choose\n",
    );
}

#[test]
fn an_adapter_that_is_not_there_is_refused_with_those_there_are() {
    let check = q4(&[
        "check",
        "--m",
        "1",
        "--n",
        "8",
        "--k",
        "64",
        "--adapter",
        "no such adapter",
    ]);
    assert_eq!((check.code, check.stdout.as_str()), (2, ""));
    let message = "error: no adapter's name contains \"no such adapter\"; there are: ";
    assert!(check.stderr.starts_with(message), "{}", check.stderr);
}

#[test]
fn what_no_machine_can_hold_is_refused_before_anything_is_allocated() {
    let most = "4294967295";
    let check = q4(&["check", "--m", most, "--n", most, "--k", most, "--group", "1"]);
    assert_eq!((check.code, check.stdout.as_str()), (2, ""));
    let sizes = "error: M=4294967295 N=4294967295 K=4294967295 group_size=1 does not fit: the input takes 64.0 EiB, the output \
                 64.0 EiB, the weights 72.0 EiB, the float64 reference 128 EiB; a buffer has at most ";
    assert!(check.stderr.starts_with(sizes), "{}", check.stderr);
    assert!(
        check
            .stderr
            .ends_with(" on this device; choose smaller dimensions\n"),
        "{}",
        check.stderr
    );
}

#[test]
fn each_mistake_in_the_arguments_has_its_own_message() {
    let invalid = |value: &str, option: &str, why: &str| {
        format!(
            "error: invalid value '{value}' for '{option}': {why}\n\nFor more information, try '--help'.\n"
        )
    };
    let refused = |option: &str, value: &str, message: &str| {
        let mut arguments = vec!["check"];
        for (name, good) in [("--m", "1"), ("--n", "8"), ("--k", "64"), ("--group", "32")] {
            arguments.extend([name, if name == option { value } else { good }]);
        }
        if !arguments.contains(&option) {
            arguments.extend([option, value]);
        }
        q4(&arguments).refused(message);
    };
    let too_large = "kernels count in 32 bits, so 4294967295 is the most";
    let no_number = "it is not a whole number; give one, or several with commas as in 1,5,128";
    let negative = "it cannot be negative; there must be at least 1";

    refused(
        "--m",
        "0",
        &invalid("0", "--m <M,..>", "there must be at least 1"),
    );
    refused(
        "--n",
        "8,0",
        &invalid("0", "--n <N,..>", "there must be at least 1"),
    );
    refused("--k", "-64", &invalid("-64", "--k <K,..>", negative));
    refused("--k", "64,-64", &invalid("-64", "--k <K,..>", negative));
    refused(
        "--group",
        "4294967296",
        &invalid("4294967296", "--group <SIZE,..>", too_large),
    );
    refused(
        "--m",
        "99999999999999999999999",
        &invalid("99999999999999999999999", "--m <M,..>", too_large),
    );
    refused("--n", "4k", &invalid("4k", "--n <N,..>", no_number));
    refused("--n", "1,,2", &invalid("", "--n <N,..>", no_number));
    refused(
        "--seed",
        "-1",
        &invalid(
            "-1",
            "--seed <SEED>",
            "it is not a whole number from 0 to 18446744073709551615",
        ),
    );
    refused(
        "--m",
        "-5,1",
        "error: '-5' cannot be negative; there must be at least 1\n\nUsage: q4 <COMMAND>\n\nFor more information, try '--help'.\n",
    );
    refused(
        "--variant",
        "coop4_w64_c4_g32_sharde",
        "error: no variant is called `coop4_w64_c4_g32_sharde`; did you mean `coop4_w64_c4_g32_shared`, \
         `coop4_w64_c1_g32_shared` or `coop4_w64_c2_g32_shared`? `q4 list` shows all\n",
    );
}

#[test]
fn a_missing_dimension_is_named() {
    q4(&["check", "--n", "8", "--k", "64"]).refused(
        "error: the following required arguments were not provided:\n  --m <M,..>\n\n\
         Usage: q4 check --m <M,..> --n <N,..> --k <K,..>\n\nFor more information, try '--help'.\n",
    );
    q4(&["check", "--m", "--n", "8", "--k", "64"]).refused(
        "error: a value is required for '--m <M,..>' but none was supplied\n\nFor more information, try '--help'.\n",
    );
}
