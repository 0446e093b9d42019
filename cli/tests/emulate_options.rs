//! `q4 emulate`: what its options do.

mod support;

use std::{env, fs, path::Path};

use serde_json::{Value, json};
use support::{
    emulate::{launch, printed, report},
    q4,
};

#[test]
fn overrides_are_set_by_name_or_id() {
    let values = |overrides: &str| {
        let arguments = format!("--dispatch 1 --bind 0:0=f32[4]:0 --print 0:0 {overrides}");
        printed("overrides", &arguments)
    };
    assert_eq!(
        values("--override TILE=4 --override SCALE=0.5"),
        json!([0.0, 0.5, 1.0, 1.5])
    );
    assert_eq!(
        values("--override TILE=0x2 --override 7=-1e1"),
        json!([0.0, -10.0, 0.0, 0.0])
    );
    assert_eq!(
        values("--override TILE=4 --override SCALE=0.5 --override NEGATE=true"),
        json!([-0.0, -0.5, -1.0, -1.5])
    );
}

#[test]
fn the_entry_point_that_is_named_runs_with_the_bindings_that_it_uses() {
    let values = |arguments: &str| {
        let base = "--dispatch 1 --bind 0:0=u32[4]:0 --print 0:0";
        printed("entries", &format!("{base} {arguments}"))
    };
    assert_eq!(values("--entry one"), json!([1, 1, 1, 1]));
    assert_eq!(
        values("--entry double --bind 0:1=u32[4]:ramp"),
        json!([0, 2, 4, 6])
    );
}

#[test]
fn subgroups_have_as_many_lanes_as_asked_for() {
    let value = |arguments: &str| {
        let base = "--dispatch 1 --bind 0:0=u32[64]:0 --print 0:0:1";
        printed("subgroups", &format!("{base} {arguments}"))[0].clone()
    };
    assert_eq!(value(""), 32_032);
    assert_eq!(value("--subgroup 4"), 4004);
    assert_eq!(value("--subgroup 16"), 16_016);
    // The workgroup has 64 lanes only.
    assert_eq!(value("--subgroup 128"), 128_064);
}

#[test]
fn a_dispatch_has_up_to_three_dimensions() {
    let ids = |dispatch: &str| {
        let arguments = format!("--dispatch {dispatch} --bind 0:0=u32[12]:0 --print 0:0:12");
        printed("grid", &arguments)
    };
    assert_eq!(ids("3"), json!([0, 1, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0]));
    assert_eq!(ids("2,2"), json!([0, 1, 10, 11, 0, 0, 0, 0, 0, 0, 0, 0]));
    assert_eq!(
        ids("2,3,2"),
        json!([0, 1, 10, 11, 20, 21, 100, 101, 110, 111, 120, 121])
    );
}

#[test]
fn buffers_hold_what_they_are_filled_with() {
    let filled = |elements: &str, read_as: &str| {
        let binds = format!("--bind 0:0={elements} --bind 0:1={read_as}:0");
        printed("copy", &format!("--dispatch 2 --print 0:1 {binds}"))
    };
    assert_eq!(
        filled("i32[8]:-3", "i32[8]"),
        json!([-3, -3, -3, -3, -3, -3, -3, -3])
    );
    assert_eq!(filled("u32[8]:ones", "u32[8]"), json!([1, 1, 1, 1, 1, 1, 1, 1]));
    assert_eq!(
        filled("f32[8]:ramp", "f32[8]"),
        json!([0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0])
    );
    assert_eq!(
        filled("u32[8]:1,0x10,0.5f,-1i,4,5,6,7", "u32[8]"),
        json!([1, 16, 0x3f00_0000, u32::MAX, 4, 5, 6, 7])
    );
    assert_eq!(
        filled("f16[16]:ramp", "f16[16]"),
        json!((0..16).map(f64::from).collect::<Vec<_>>())
    );
    let random = |seed: &str| filled(&format!("f32[8]:random{seed}"), "u32[8]");
    assert_eq!(random(""), random(":1"));
    assert_ne!(random(""), random(":2"));
}

#[test]
fn a_file_is_taken_as_raw_bytes() {
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join("emulate_words.bin");
    let words: Vec<u32> = (1..=4).map(|word| word << 24 | 5).collect();
    let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
    fs::write(&file, bytes).unwrap();
    let bind = format!("0:0=u32[4]:@{}", file.display());
    let mut arguments = vec!["emulate", "tests/emulate/copy.wgsl", "--dispatch", "1", "--json"];
    arguments.extend(["--bind", &bind, "--bind", "0:1=u32[4]:0", "--print", "0:1"]);
    assert_eq!(q4(&arguments).json()["printed"][0]["values"], json!(words));
}

#[test]
fn structs_are_filled_element_by_element() {
    let values = printed(
        "params",
        "--dispatch 1 --bind 0:0=u32[4]:6,0.5f,-2i,10 --bind 1:3=f32[8]:nan --print 1:3",
    );
    assert_eq!(values, json!([5.0, 4.0, 3.0, 2.0, 1.0, 0.0, null, null]));
}

#[test]
fn halves_are_read_and_written() {
    let (code, report) = report(
        "half",
        "--dispatch 1 --bind 0:0=f16[4]:0.1,-1.5,40000,0x10 --print 0:0 --print 0:0:2",
    );
    assert_eq!(code, 0);
    assert_eq!(
        report["printed"],
        json!([
            { "group": 0, "binding": 0, "type": "f16", "values": [0.199_951_17, -3.0, null, 32.0] },
            { "group": 0, "binding": 0, "type": "f16", "values": [0.199_951_17, -3.0] },
        ])
    );
}

#[test]
fn immediate_data_is_given_like_a_buffer() {
    let values = printed(
        "immediate",
        "--dispatch 1 --immediate u32[2]:3,1 --bind 0:0=u32[4]:0 --print 0:0",
    );
    assert_eq!(values, json!([1, 4, 7, 10]));
}

#[test]
fn workgroup_memory_may_begin_as_zeros() {
    let values: Value = printed(
        "counter",
        "--dispatch 1 --zero-init --bind 0:0=u32[1]:0 --print 0:0",
    );
    assert_eq!(values, json!([16]));
}

#[test]
fn threads_change_nothing() {
    let text = |threads| {
        let arguments = format!("--dispatch 9 --bind 0:0=u32[448]:0 --print 0:0:448 --threads {threads}");
        launch("overlap", &arguments).stdout
    };
    assert_eq!(text(1), text(4));
}
