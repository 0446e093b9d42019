//! `q4 doctor`.

mod support;

use q4_kernel::{AdapterError, catalogue};
use serde_json::Value;
use support::{adapter, assert_tidy, keys, q4, q4_with};

#[test]
fn every_adapter_is_shown_with_what_it_can_run() {
    let name = adapter();
    let doctor = q4(&["doctor"]);
    assert_eq!((doctor.code, doctor.stderr.as_str()), (0, ""));
    assert!(
        doctor
            .stdout
            .contains(&format!("\n{name}  (`--adapter auto` takes it)\n")),
        "{}",
        doctor.stdout
    );
    for label in [
        "kind",
        "driver",
        "subgroups",
        "timing",
        "workgroups",
        "buffers",
        "pipeline cache",
        "tuning",
        "variants",
    ] {
        assert!(
            doctor.stdout.contains(&format!("\n  {label:<15} ")),
            "{label} is missing in\n{}",
            doctor.stdout
        );
    }
    assert_tidy(&doctor.stdout);
}

#[test]
fn json_accounts_for_every_variant_on_every_adapter() {
    let name = adapter();
    let doctor = q4(&["doctor", "--json"]).json();
    assert_eq!(keys(&doctor), ["adapters", "auto", "driver_hint", "error"]);
    assert_eq!(
        (&doctor["auto"], &doctor["error"]),
        (&Value::from(name), &Value::Null)
    );
    let adapters = doctor["adapters"].as_array().unwrap();
    assert_eq!(
        adapters.iter().filter(|adapter| adapter["auto"] == true).count(),
        1
    );
    for adapter in adapters {
        assert_eq!(
            keys(adapter),
            [
                "auto",
                "backend",
                "capabilities",
                "driver",
                "families",
                "kind",
                "name",
                "pipeline_cache",
                "tuning"
            ]
        );
        let mut variants = 0;
        for family in adapter["families"].as_array().unwrap() {
            let lacking: usize = family["lacking"]
                .as_array()
                .unwrap()
                .iter()
                .map(|lack| lack["variants"].as_array().unwrap().len())
                .sum();
            let [all, runnable] = ["variants", "runnable"].map(|key| family[key].as_u64().unwrap() as usize);
            assert_eq!(all, runnable + lacking);
            variants += all;
        }
        assert_eq!(variants, catalogue().len());
        assert!(adapter["capabilities"]["max_binding_bytes"].as_u64().unwrap() > 0);
    }
}

#[test]
fn the_pipeline_cache_is_where_the_variable_says() {
    let cache = |value: &str| {
        let doctor = q4_with(&[("Q4_PIPELINE_CACHE", value)], &["doctor", "--json"]).json();
        let adapters = doctor["adapters"].as_array().unwrap().clone();
        let auto = adapters
            .into_iter()
            .find(|adapter| adapter["auto"] == true)
            .unwrap();
        (
            auto["backend"] == "Vulkan",
            auto["pipeline_cache"].as_str().map(str::to_owned),
        )
    };
    assert_eq!(cache("off").1, None);
    let folder = env!("CARGO_TARGET_TMPDIR");
    // The other back ends have no cache.
    if let (true, file) = cache(folder) {
        assert!(
            file.as_ref().is_some_and(|file| file.starts_with(folder)),
            "{file:?}"
        );
    }
}

#[test]
fn an_adapter_that_is_not_there_is_a_failure_after_the_list() {
    let name = adapter();
    let doctor = q4_with(&[("Q4_ADAPTER", "no such adapter")], &["doctor"]);
    assert_eq!(doctor.code, 2);
    assert!(
        doctor.stdout.contains(&format!("\n{name}\n")),
        "{}",
        doctor.stdout
    );
    let message = "error: no adapter's name contains \"no such adapter\"; there are: ";
    assert!(doctor.stderr.starts_with(message), "{}", doctor.stderr);
}

/// Where Vulkan is the only back end, drivers can be hidden.
#[cfg(target_os = "linux")]
mod without_drivers {
    use super::*;

    const HIDDEN: [(&str, &str); 2] = [
        ("VK_DRIVER_FILES", "none.json"),
        ("VK_ICD_FILENAMES", "none.json"),
    ];

    #[test]
    fn the_emulator_serves_and_doctor_says_what_to_install() {
        let doctor = q4_with(&HIDDEN, &["doctor"]);
        assert_eq!((doctor.code, doctor.stderr.as_str()), (0, ""));
        assert!(
            doctor
                .stdout
                .starts_with("1 adapter\n\nq4-kernel emulator  (`--adapter auto` takes it)\n"),
            "{}",
            doctor.stdout
        );
        let hint = AdapterError::None.to_string();
        let words: Vec<&str> = doctor.stdout.split_whitespace().collect();
        let text = words.join(" ");
        assert!(text.ends_with(&format!(" N{}.", &hint[1..])), "{}", doctor.stdout);
        let json = q4_with(&HIDDEN, &["doctor", "--json"]);
        let json: Value = serde_json::from_str(&json.stdout).unwrap();
        assert_eq!(json["auto"], "q4-kernel emulator");
        assert_eq!(json["driver_hint"], hint);
        assert_eq!(json["error"], Value::Null);
    }

    #[test]
    fn every_command_that_needs_an_adapter_runs() {
        let commands: [&[&str]; 2] = [
            &["demo", "--rows", "1,2"],
            &[
                "check", "--m", "1,2", "--n", "9", "--k", "64,65", "--group", "32,20",
            ],
        ];
        for command in commands {
            let run = q4_with(&HIDDEN, command);
            assert_eq!((run.code, run.stderr.as_str()), (0, ""), "{}", run.stdout);
        }
    }
}
