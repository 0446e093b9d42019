//! `q4 explain`.

mod support;

use serde_json::Value;
use support::{adapter, keys, q4};

#[test]
fn each_number_of_rows_has_its_route_and_what_lost() {
    let name = adapter();
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
        name,
    ]);
    assert_eq!((explain.code, explain.stderr.as_str()), (0, ""));
    let text = &explain.stdout;
    for part in [
        "\nM = 1: ",
        "\nM = 8: ",
        "\nM = 512: ",
        "  for decode, is the first in the built-in order",
        "  ruled out: it multiplies up to 2 rows, and M is 8\n",
        "  behind it, had it not been there: ",
    ] {
        assert!(text.contains(part), "{part} is missing in\n{text}");
    }
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
        "--adapter",
        adapter(),
        "--json",
    ])
    .json();
    assert_eq!(keys(&report), ["adapter", "routes"]);
    let routes = report["routes"].as_array().unwrap();
    assert_eq!(routes.len(), 2);
    for route in routes {
        let considered = route["considered"].as_array().unwrap();
        let chosen = considered
            .iter()
            .filter(|considered| considered["verdict"] == "chosen");
        assert_eq!(chosen.count(), 1, "{route}");
        assert_eq!(route["source"], Value::from("built_in"));
    }
}
