//! `q4 emulate`: what it finds, counts and prints.
#![allow(
    clippy::unwrap_used,
    reason = "a helper that panics fails its test, as it should"
)]

mod support;

use std::{env, fs, io, path::Path, process::Stdio};

use serde_json::{Value, json};
use support::{
    Run, assert_tidy,
    emulate::{launch, report},
    keys, program, q4, run,
};

/// Line and kind of each fault.
fn faults(report: &Value) -> Vec<(u64, String)> {
    let faults = report["faults"].as_array().unwrap().iter();
    let line_and_kind = |fault: &Value| {
        assert_eq!(
            keys(fault),
            ["column", "count", "kind", "lane", "line", "message", "workgroup"]
        );
        let kind = fault["kind"].as_str().unwrap();
        (fault["line"].as_u64().unwrap(), kind.to_owned())
    };
    faults.map(line_and_kind).collect()
}

/// Line and kind of each fault that a shader is said to have, in comments like `// fault: data_race`.
fn planted(shader: &str) -> Vec<(u64, String)> {
    let text = fs::read_to_string(format!("tests/emulate/{shader}.wgsl")).unwrap();
    let mut planted = Vec::new();
    for (line, text) in (1..).zip(text.lines()) {
        let kinds = text.split_once("// fault: ").map_or("", |(_, kinds)| kinds);
        planted.extend(kinds.split_whitespace().map(|kind| (line, kind.to_owned())));
    }
    planted
}

const SUM: &str =
    "--dispatch 2 --bind 0:0=f32[100]:ramp --bind 0:1=f32[100]:0.5 --bind 0:2=f32[100]:nan --output 0:2";

#[test]
fn a_clean_shader_is_told_of_with_its_counters_and_what_it_wrote() {
    let run = launch("add", &format!("{SUM} --print 0:2:20"));
    let expected = "\
clean: no faults

binding  name  bytes read  unique  sectors  bytes written  unique  sectors  atomics
───────────────────────────────────────────────────────────────────────────────────
0:0      a            400     400       13              0       0        0        0
0:1      b            400     400       13              0       0        0        0
0:2      sum            0       0        0            400     400       13        0

workgroups        2 of 64 x 1 x 1 invocations, 128 in all
lane-operations   528
f32               100 add
integer           128 simple

0:2 sum: 20 of 100 as f32
   0   0.5   1.5   2.5   3.5   4.5   5.5   6.5   7.5   8.5   9.5  10.5  11.5  12.5  13.5  14.5  15.5
  16  16.5  17.5  18.5  19.5
";
    assert_eq!((run.code, run.stderr.as_str()), (0, ""));
    assert_eq!(run.stdout, expected);
    assert_tidy(&run.stdout);
}

#[test]
fn every_fault_has_a_line_with_the_place_the_reason_and_a_caret() {
    let run = launch("divergence", "--dispatch 1 --bind 0:0=u32[64]:0");
    let expected = "\
2 faults

tests/emulate/divergence.wgsl:6:9: divergent_barrier: 48 of 64 lanes reach this barrier, lane 48 does not \
(workgroup 0,0,0, lane 48)
    workgroupBarrier(); // fault: divergent_barrier
    ^

tests/emulate/divergence.wgsl:7:21: divergent_collective: 16 of 32 lanes of subgroup 1 get here, lane 48 does not \
(workgroup 0,0,0, lane 48)
    result[i] = subgroupAdd(i); // fault: divergent_collective
                ^

binding  name ";
    assert_eq!((run.code, run.stderr.as_str()), (1, ""));
    assert!(run.stdout.starts_with(expected), "{}", run.stdout);
}

#[test]
fn each_kind_of_fault_is_found_where_it_is() {
    for (shader, arguments) in [
        ("memory", "--bind 0:0=u32[64]:0"),
        ("divergence", "--bind 0:0=u32[64]:0"),
        ("arithmetic", "--bind 0:0=u32[64]:0"),
        ("counter", "--bind 0:0=u32[1]:0"),
        ("endless", "--bind 0:0=u32[4]:0 --loop-limit 50"),
    ] {
        let (code, report) = report(shader, &format!("--dispatch 1 {arguments}"));
        assert_eq!((code, faults(&report)), (1, planted(shader)), "{report}");
        assert!(report["counters"]["workgroups"] == 1 && report["unsupported"] == json!([]));
    }
}

#[test]
fn json_says_all_that_is_known_of_a_fault_and_every_counter() {
    let (_, report) = report("endless", "--dispatch 2 --bind 0:0=u32[4]:0 --loop-limit 50");
    assert_eq!(keys(&report), ["counters", "faults", "unsupported"]);
    let fault = json!({
        "kind": "endless_loop", "line": 5, "column": 5, "workgroup": [0, 0, 0], "lane": 0,
        "message": "a loop runs for more than 50 iterations", "count": 8,
    });
    assert_eq!(report["faults"], json!([fault]));
    assert_eq!(
        keys(&report["counters"]),
        [
            "barriers",
            "bindings",
            "cooperative_operations",
            "invocations",
            "lane_operations",
            "loop_iterations",
            "operations",
            "subgroup_barriers",
            "subgroup_operations",
            "workgroup_memory",
            "workgroups"
        ]
    );
    assert_eq!(report["counters"]["loop_iterations"], 400);
    let traffic = json!({
        "group": 0, "binding": 0, "name": "values", "bytes_read": 1600, "bytes_written": 0, "unique_bytes_read": 16,
        "unique_bytes_written": 0, "sectors_read": 100, "sectors_written": 0, "atomics": 0,
    });
    assert_eq!(report["counters"]["bindings"], json!([traffic]));
}

#[test]
fn only_named_outputs_must_be_written_in_full_and_by_one_workgroup() {
    let found = |arguments: &str| {
        let (code, report) = report("overlap", &format!("--bind 0:0=u32[120]:0 {arguments}"));
        (code, faults(&report))
    };
    let race = (6, "data_race".to_owned());
    let unwritten = (2, "unwritten_output".to_owned());
    let twice = (6, "double_write".to_owned());
    assert_eq!(found("--dispatch 1"), (0, vec![]));
    assert_eq!(found("--dispatch 1 --output 0:0"), (1, vec![unwritten.clone()]));
    assert_eq!(found("--dispatch 2"), (1, vec![race]));
    assert_eq!(found("--dispatch 2 --output 0:0"), (1, vec![unwritten, twice]));
}

#[test]
fn a_fault_of_the_whole_launch_has_no_workgroup_and_no_lane() {
    let arguments = "--dispatch 1 --bind 0:0=u32[120]:0 --output 0:0";
    let (_, report) = report("overlap", arguments);
    let fault = json!({
        "kind": "unwritten_output", "line": 2, "column": 23, "workgroup": null, "lane": null,
        "message": "`result[64]` is never written, and neither are 55 others of 120", "count": 56,
    });
    assert_eq!(report["faults"], json!([fault]));
    let text = launch("overlap", arguments).stdout;
    let line = "\ntests/emulate/overlap.wgsl:2:23: unwritten_output: `result[64]` is never written, and neither are 55 others of \
                120\n    @group(0) @binding(0) var<storage";
    assert!(text.contains(line), "{text}");
}

#[test]
fn what_is_not_supported_is_named_with_its_place() {
    let message = "error: not supported: textures at tests/emulate/texture.wgsl:1:23\n";
    launch("texture", "--dispatch 1").refused(message);
    let run = launch("texture", "--dispatch 1 --json");
    assert_eq!((run.code, run.stderr.as_str()), (2, message));
    let report: Value = serde_json::from_str(&run.stdout).unwrap();
    let unsupported = json!([{ "what": "textures", "line": 1, "column": 23 }]);
    assert_eq!(
        report,
        json!({ "faults": [], "counters": null, "unsupported": unsupported })
    );
}

/// `coop4_w32_c1_g32_shared` for one row, 8 columns and 32 inputs: weights of 1, scales of 0.5 and a bias.
const KERNEL: &str = "emulate - --json --dispatch 8 --output 0:0 --print 0:0 --bind 0:0=f32[8]:nan --bind 0:1=f32[32]:ramp \
                      --bind 0:2=u32[32]:0x99999999 --bind 0:3=f32[8]:0.5 --bind 0:4=f32[8]:ramp \
                      --bind 0:5=u32[10]:1,8,32,16,32,8,1,8,0,0";

/// Emulates a text that is piped in.
fn emulate_piped(text: &str, name: &str) -> Run {
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    fs::write(&file, text).unwrap();
    let mut command = program(&KERNEL.split_whitespace().collect::<Vec<_>>());
    command.stdin(fs::File::open(file).unwrap());
    run(command)
}

#[test]
fn a_kernel_of_the_catalogue_is_clean_and_one_without_a_barrier_is_not() {
    let show = q4(&["show", "coop4_w32_c1_g32_shared"]);
    let report = emulate_piped(&show.stdout, "emulate_kernel.wgsl").json();
    assert_eq!(report["faults"], json!([]));
    // 0 + 1 + ... + 31 is 496.
    assert_eq!(
        report["printed"][0]["values"],
        json!([248.0, 249.0, 250.0, 251.0, 252.0, 253.0, 254.0, 255.0])
    );

    let broken = show.stdout.replacen("workgroupBarrier();", "", 1);
    let run = emulate_piped(&broken, "emulate_broken_kernel.wgsl");
    let report: Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!((run.code, run.stderr.as_str()), (1, ""));
    assert_eq!(report["faults"][0]["kind"], "data_race", "{report}");
}

#[test]
fn a_reader_that_has_seen_enough_is_no_error() {
    for format in ["", " --json"] {
        let (reader, writer) = io::pipe().unwrap();
        drop(reader);
        let command = format!("emulate tests/emulate/add.wgsl {SUM}{format}");
        let output = program(&command.split_whitespace().collect::<Vec<_>>())
            .stdout(writer)
            .stderr(Stdio::piped())
            .output()
            .unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!((output.status.code(), stderr.as_str()), (Some(0), ""));
    }
}
