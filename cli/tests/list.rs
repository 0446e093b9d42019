//! `q4 list`.

mod support;

use std::{io, process::Stdio};

use q4_kernel::{Route, Variant, catalogue};
use support::{assert_tidy, keys, program, q4};

fn names(stdout: &str) -> Vec<&str> {
    let rows = stdout.lines().skip(2).take_while(|line| !line.is_empty());
    rows.filter_map(|line| line.split(' ').next()).collect()
}

fn expected(filter: impl Fn(&Variant) -> bool) -> Vec<&'static str> {
    catalogue()
        .iter()
        .filter(|variant| filter(variant))
        .map(|variant| variant.name.as_ref())
        .collect()
}

#[test]
fn the_table_has_a_row_for_every_variant_of_the_catalogue() {
    let list = q4(&["list"]);
    assert_eq!((list.code, list.stderr.as_str()), (0, ""));
    assert_eq!(names(&list.stdout), expected(|_| true));
    let total = catalogue().len();
    assert!(
        list.stdout.ends_with(&format!("\n{total} of {total} variants\n")),
        "{}",
        list.stdout
    );
    assert_tidy(&list.stdout);
}

#[test]
fn filters_leave_their_family_and_route_only() {
    let list = q4(&["list", "--family", "gemm"]);
    assert_eq!(
        names(&list.stdout),
        expected(|variant| variant.configuration.geometry.family() == "gemm")
    );
    let list = q4(&["list", "--route", "decode"]);
    assert_eq!(
        names(&list.stdout),
        expected(|variant| variant.configuration.route() == Route::Decode)
    );
    let list = q4(&["list", "--family", "gemm", "--route", "decode", "--json"]);
    assert_eq!(list.json(), serde_json::json!([]));
}

#[test]
fn json_has_every_fact_of_every_variant() {
    let list = q4(&["list", "--json"]).json();
    let entries = list.as_array().unwrap();
    assert_eq!(entries.len(), catalogue().len());
    for (entry, variant) in entries.iter().zip(catalogue()) {
        assert_eq!(
            keys(entry),
            [
                "configuration",
                "constraints",
                "dispatch",
                "family",
                "fingerprint",
                "name",
                "needs",
                "numeric",
                "route"
            ]
        );
        assert_eq!(entry["name"], variant.name.as_ref());
        assert_eq!(entry["fingerprint"], variant.fingerprint.as_ref());
        assert_eq!(entry["numeric"], variant.configuration.numeric.name());
        assert_eq!(entry["needs"]["workgroup_size"], variant.needs().workgroup_size);
        assert!(
            ["grid_stride", "persistent", "dealt", "folded"]
                .contains(&entry["dispatch"]["kind"].as_str().unwrap())
        );
        assert_eq!(
            keys(&entry["constraints"]),
            [
                "group_size",
                "group_size_multiple",
                "k",
                "k_most",
                "k_multiple",
                "rows"
            ]
        );
    }
}

#[test]
fn an_unknown_family_is_refused_with_those_there_are() {
    let mut families: Vec<_> = catalogue()
        .iter()
        .map(|variant| variant.configuration.geometry.family())
        .collect();
    families.dedup();
    families.sort_unstable();
    families.dedup();
    let refusal = q4(&["list", "--family", "spmm"]);
    assert_eq!(refusal.code, 2);
    let listed = refusal
        .stderr
        .strip_prefix("error: invalid value 'spmm' for '--family <FAMILY>'\n  [possible values: ")
        .and_then(|rest| rest.split_once("]\n\nFor more information, try '--help'.\n"))
        .map(|(families, rest)| (families.split(", ").collect::<Vec<_>>(), rest))
        .unwrap_or_else(|| panic!("{}", refusal.stderr));
    let (mut listed, rest) = listed;
    listed.sort_unstable();
    assert_eq!((listed, rest), (families, ""));
}

#[test]
fn a_reader_that_has_seen_enough_is_no_error() {
    for arguments in [
        &["list"][..],
        &["list", "--json"],
        &["show", "coop4_w64_c4_g32_shared"],
        &["--help"],
    ] {
        let (reader, writer) = io::pipe().unwrap();
        drop(reader);
        let output = program(arguments)
            .stdout(writer)
            .stderr(Stdio::piped())
            .output()
            .unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(
            (output.status.code(), stderr.as_str()),
            (Some(0), ""),
            "{arguments:?}"
        );
    }
}
