//! `q4 verify`: what it says of kernels, to people and to scripts.

mod support;

use std::fs;

use serde_json::Value;
use support::{place, q4};

const PROMISES: [&str; 9] = [
    "same_weight_layout",
    "in_bounds",
    "initialised",
    "race_free",
    "uniform_barriers",
    "defined_arithmetic",
    "outputs_written_once",
    "dispatch_agrees",
    "numeric_class",
];

#[test]
fn a_variant_keeps_every_promise_in_full() {
    for name in [
        "coop4_w64_c4_g32_subgroup",
        "coop4_w32_c1_gx_shared",
        "gemm_4x64x8_t1x2_gx_ragged",
        "published_coop4",
        "published_bicol",
    ] {
        let run = q4(&["verify", name, "--json"]);
        assert_eq!((run.code, run.stderr.as_str()), (0, ""));
        let json: Value = serde_json::from_str(&run.stdout).unwrap();
        assert_eq!(json["clean"], true);
        let variant = &json["variants"][0];
        assert_eq!(variant["variant"], name);
        let promises = variant["promises"].as_object().unwrap();
        assert!(
            PROMISES
                .iter()
                .all(|promise| promises[*promise] == Value::Array(Vec::new())),
            "{promises:?}"
        );
        assert_eq!(promises.len(), PROMISES.len());
        assert!(json["launches"].as_u64() > Some(100), "{}", json["launches"]);
    }
}

#[test]
fn texts_that_the_list_lacks_are_verified_and_added_and_those_that_are_no_more_dropped() {
    let missing = ["coop4_w32_c1_g32_shared", "published_coop4"];
    let shipped = include_str!("../../runtime/src/verified.txt");
    let kept = shipped
        .lines()
        .filter(|line| !missing.iter().any(|name| line.ends_with(name)));
    let lacking: String = kept
        .chain(["0  a_text_that_is_no_more"])
        .map(|line| format!("{line}\n"))
        .collect();
    assert_eq!(
        shipped.lines().count() + 1 - missing.len(),
        lacking.lines().count()
    );
    let list = place("lacking.txt");
    fs::write(&list, lacking).unwrap();
    let run = q4(&["verify", "--all", "--unlisted", "--write", list.to_str().unwrap()]);
    assert_eq!(run.code, 0, "{}", run.stdout);
    assert!(
        run.stdout
            .starts_with("promise           kept by  broken by  what it says\n")
            && run
                .stdout
                .contains("\nEvery one of 2 variants keeps every promise, over "),
        "{}",
        run.stdout
    );
    assert!(
        fs::read_to_string(&list).unwrap() == shipped,
        "the list is as it was"
    );
}

/// Every so many variants of the catalogue are looked at here. All texts of it are on the list of what was verified in full, which the runtime's own tests hold against the
/// catalogue: what is left to show is that the verifier still runs every family.
const SAMPLE: usize = 7;

#[test]
fn variants_of_every_family_keep_their_promises_at_a_first_look() {
    for variant in q4_kernel::catalogue().iter().step_by(SAMPLE) {
        let run = q4(&["verify", &variant.name, "--quick", "--subgroup", "32"]);
        assert_eq!(run.code, 0, "{}", run.stdout);
        let kept = format!("\n{} keeps every promise, over ", variant.name);
        assert!(run.stdout.contains(&kept), "{}", run.stdout);
    }
}

#[test]
fn a_list_is_only_written_of_everything_and_in_full() {
    let file = std::env::temp_dir().join(format!("q4-verified-{}.txt", std::process::id()));
    let path = file.to_str().unwrap();
    for arguments in [
        vec!["verify", "coop4_w32_c1_g32_shared"],
        vec!["verify", "--all", "--quick"],
    ] {
        let run = q4(&[arguments.as_slice(), &["--write", path]].concat());
        assert_eq!(run.code, 2, "{}", run.stdout);
    }
    assert!(fs::metadata(&file).is_err(), "nothing was written");
}

#[test]
fn a_list_that_is_not_there_cannot_be_added_to() {
    let list = place("no-list.txt");
    let run = q4(&["verify", "--all", "--unlisted", "--write", list.to_str().unwrap()]);
    assert_eq!(run.code, 2, "{}", run.stdout);
    assert!(
        run.stderr.contains("no-list.txt could not be read: "),
        "{}",
        run.stderr
    );
}

#[test]
fn usage_that_makes_no_sense_is_refused() {
    let run = q4(&["verify"]);
    assert_eq!(run.code, 2);
    assert!(run.stderr.contains("<NAME|--all>"), "{}", run.stderr);
    let run = q4(&["verify", "coop4_w64_c4_g32_shred"]);
    assert_eq!(run.code, 2);
    assert!(
        run.stderr.contains(
            "no variant is called `coop4_w64_c4_g32_shred`; did you mean `coop4_w64_c4_g32_shared`"
        ),
        "{}",
        run.stderr
    );
    let run = q4(&["verify", "--all", "--subgroup", "12"]);
    assert_eq!(run.code, 2);
    assert!(
        run.stderr
            .contains("subgroups have 4, 8, 16, 32, 64 or 128 lanes"),
        "{}",
        run.stderr
    );
}
