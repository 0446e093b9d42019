//! `q4 demo`.

mod support;

use serde_json::Value;
use support::{adapter, assert_tidy, keys, q4, serves_one_row};

#[test]
fn every_output_of_every_layer_agrees_and_json_has_every_column() {
    let name = adapter();
    let demo = q4(&["demo", "--rows", "1,3", "--json"]).json();
    assert_eq!(
        keys(&demo),
        [
            "adapter", "contract", "layers", "model", "notes", "ok", "rows", "timing"
        ]
    );
    assert_eq!(demo["ok"], true);
    assert_eq!(demo["adapter"]["name"], name);
    assert!(["gpu_timestamps", "wall_clock"].contains(&demo["timing"]["method"].as_str().unwrap()));

    let rows = demo["rows"].as_array().unwrap();
    let summary: Vec<_> = rows
        .iter()
        .map(|row| (row["layer"].as_str().unwrap(), row["m"].as_u64().unwrap()))
        .collect();
    assert_eq!(
        summary,
        [("q", 1), ("q", 3), ("up", 1), ("up", 3), ("down", 1), ("down", 3)]
    );
    for row in rows {
        assert_eq!(
            keys(row),
            [
                "bytes",
                "comparison",
                "gigabytes_per_second",
                "group_size",
                "k",
                "layer",
                "m",
                "n",
                "numeric",
                "ok",
                "repetitions",
                "routing",
                "seconds",
                "variant"
            ]
        );
        let number = |key: &str| row[key].as_f64().unwrap();
        assert_eq!(
            row["comparison"]["elements"].as_f64(),
            Some(number("m") * number("n"))
        );
        assert_eq!(
            (&row["comparison"]["wrong"], &row["ok"]),
            (&Value::from(0), &Value::from(true))
        );
        assert!(number("seconds") > 0.0);
        let rate = number("bytes") / number("seconds") / 1e9;
        assert!(
            (rate - number("gigabytes_per_second")).abs() <= rate * 1e-9,
            "{row}"
        );
        // Two weights a byte, a scale a group, a bias, inputs and outputs; N is a multiple of 4 in all layers.
        let [m, n, k, group_size] = ["m", "n", "k", "group_size"].map(number);
        assert_eq!(
            number("bytes"),
            n * k / 2.0 + 4.0 * (n * k / group_size + n + m * k + m * n)
        );
        let decode = row["m"] == 1;
        assert_eq!(serves_one_row(row["variant"].as_str().unwrap()), decode, "{row}");
        let considered = row["routing"]["considered"].as_array().unwrap();
        let chosen: Vec<_> = considered
            .iter()
            .filter(|considered| considered["verdict"] == "chosen")
            .collect();
        assert_eq!(chosen.len(), 1);
        assert_eq!(chosen[0]["variant"], row["variant"]);
    }
}

#[test]
fn the_reference_is_held_against_another_tools_outputs() {
    let demo = q4(&["demo", "--rows", "1", "--json"]).json();
    let contract = demo["contract"].as_array().unwrap();
    assert_eq!(contract.len(), 1);
    assert_eq!(
        (&contract[0]["layer"], &contract[0]["outputs"]),
        (&Value::from("up"), &Value::from(4 * 1536))
    );
    assert!(contract[0]["max_relative_to_peak"].as_f64().unwrap() < 1e-6);
}

#[test]
fn more_rows_than_were_recorded_run_too() {
    let demo = q4(&["demo", "--rows", "151", "--json"]).json();
    assert_eq!(demo["ok"], true);
    assert_eq!(demo["rows"][2]["comparison"]["elements"], 151 * 64);
}

#[test]
fn the_text_shows_adapter_routing_table_and_verdict() {
    let name = adapter();
    let demo = q4(&["demo", "--rows", "1,2,5", "--adapter", name]);
    assert_eq!(
        (demo.code, demo.stderr.as_str()),
        (0, ""),
        "no progress bar where stderr is no terminal"
    );
    let text = &demo.stdout;
    assert!(text.starts_with(&format!("adapter  {name}: ")), "{text}");
    assert!(
        text.contains("\ntiming   GPU timestamps, median of ") || text.contains("\ntiming   wall clock"),
        "{text}"
    );
    // Which kernels those are is for the catalogue to say.
    let routed = |margin: &str| {
        let (_, line) = text.split_once(margin).unwrap_or_else(|| panic!("{text}"));
        line.split_whitespace().next().unwrap_or_default().to_owned()
    };
    assert!(serves_one_row(&routed("\n  q     M = 1: ")), "{text}");
    assert!(!serves_one_row(&routed("5: ")), "{text}");
    for expected in ["it is made for group_size", "it multiplies"] {
        assert!(!text.contains(expected), "that goes without saying: {text}");
    }
    let table: Vec<&str> = text.lines().filter(|line| line.ends_with(" ok")).collect();
    assert_eq!(table.len(), 9, "{text}");
    // In characters: `µs` and `ms` differ in bytes.
    let allowed: Vec<_> = table
        .iter()
        .map(|line| line.split("1e-4 / 0.1 %").next().unwrap().chars().count())
        .collect();
    assert!(allowed.iter().all(|column| *column == allowed[0]), "{text}");
    let outputs = (1 + 2 + 5) * (384 + 1536 + 64);
    assert_eq!(outputs, 15_872);
    assert!(
        text.ends_with("\nEvery one of 15,872 outputs agrees with it.\n"),
        "{text}"
    );
    assert_tidy(text);
}

#[test]
fn rows_that_cannot_be_are_refused() {
    q4(&["demo", "--rows", "1,0"]).refused(
        "error: invalid value '0' for '--rows <M,..>': there must be at least 1\n\nFor more information, try '--help'.\n",
    );
    let demo = q4(&["demo", "--rows", "4000000000"]);
    assert_eq!((demo.code, demo.stdout.as_str()), (2, ""));
    let message = "error: M=4000000000 N=384 K=384 group_size=32 does not fit: the input takes 5.59 TiB, ";
    assert!(demo.stderr.starts_with(message), "{}", demo.stderr);
}
