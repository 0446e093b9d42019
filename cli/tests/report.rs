//! `q4 report`.

mod support;

use std::{fs, path::PathBuf};

use q4_kernel::variant;
use serde_json::Value;
use support::{adapter, q4};

const GEMV: &str = "gemv_w128_c8_g32_subgroup";

#[test]
fn json_has_what_the_catalogue_says_and_what_the_emulator_counted() {
    let report = q4(&["report", GEMV, "--json"]).json();
    let [kernel] = report.as_array().unwrap().as_slice() else {
        panic!("{report}");
    };
    let variant = variant(GEMV).unwrap();
    assert_eq!(kernel["wgsl"], Value::from(variant.wgsl.as_ref()));
    assert_eq!(kernel["fingerprint"], Value::from(variant.fingerprint.as_ref()));
    assert_eq!(kernel["cost"]["bindings"]["weight"]["bytes"], Value::from(0.5));
    assert_eq!(kernel["bound"], Value::Null, "no ceilings, no bound");
    for grid in kernel["grids"].as_array().unwrap() {
        let dimension = |key: &str| u32::try_from(grid[key].as_u64().unwrap()).unwrap();
        let dispatch = variant.configuration.geometry.dispatch();
        let expected = dispatch
            .grid(dimension("m"), dimension("n"), u16::MAX.into())
            .unwrap();
        assert_eq!(grid["workgroups"], Value::from(expected.to_vec()));
    }
}

#[test]
fn a_bound_follows_from_the_ceilings() {
    let bound = |bandwidth: &str, arithmetic: &str| {
        let arguments = [
            "report",
            GEMV,
            "--json",
            "--bandwidth",
            bandwidth,
            "--arithmetic",
            arithmetic,
        ];
        q4(&arguments).json()[0]["bound"].clone()
    };
    let memory = bound("100", "100");
    assert_eq!(memory["limited_by"], Value::from("memory"));
    let seconds = memory["memory_seconds"].as_f64().unwrap();
    // Half a byte and, of 32 weights, a scale of 4 bytes; inputs and outputs are few.
    let bytes = 14336.0 * 4096.0 * (0.5 + 4.0 / 32.0);
    assert!((bytes / 1e11..bytes / 0.99e11).contains(&seconds), "{seconds}");
    assert_eq!(bound("100000", "0.1")["limited_by"], Value::from("arithmetic"));
}

#[test]
fn the_page_needs_nothing_outside_itself() {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("kernels.html");
    let report = q4(&["report", "coop4_w64_*_g32_*", "--html", path.to_str().unwrap()]);
    assert_eq!((report.code, report.stderr.as_str()), (0, ""));
    let page = fs::read_to_string(&path).unwrap();
    for outside in ["src=", "http:", "https:", "@import", "url(", "<!-- "] {
        assert!(!page.contains(outside), "{outside}");
    }
    let (_, rest) = page
        .split_once("<script id=\"data\" type=\"application/json\">")
        .unwrap();
    let (data, _) = rest.split_once("</script>").unwrap();
    let data: Value = serde_json::from_str(data).unwrap();
    assert!(data["kernels"].as_array().unwrap().len() > 1);
    let orders = data["orders"].as_array().unwrap();
    for place in data["order_of"].as_array().unwrap() {
        let place = usize::try_from(place.as_u64().unwrap()).unwrap();
        assert!(!orders[place].as_array().unwrap().is_empty());
    }
}

#[test]
fn a_ceiling_that_is_none_is_refused() {
    let report = q4(&["report", GEMV, "--bandwidth", "fast", "--arithmetic", "1"]);
    assert_eq!(report.code, 2);
    assert!(
        report.stderr.contains("it is not a number above 0"),
        "{}",
        report.stderr
    );
}

#[test]
fn an_adapter_that_is_named_is_measured() {
    let bound = |arithmetic: &[&str]| {
        let arguments = [&["report", GEMV, "--json", "--adapter", adapter()], arithmetic].concat();
        q4(&arguments).json()[0]["bound"].clone()
    };
    let given = bound(&["--arithmetic", "0.0001"]);
    assert!(given["memory_seconds"].as_f64().unwrap() > 0.0, "{given}");
    assert_eq!(given["limited_by"], Value::from("arithmetic"));
    let measured = bound(&[]);
    assert!(
        measured["ceilings"]["bandwidth"].as_f64().unwrap() > 0.0,
        "{measured}"
    );
    assert!(
        measured["ceilings"]["arithmetic"].as_f64().unwrap() > 0.0,
        "{measured}"
    );
}
