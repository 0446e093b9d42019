//! `q4 emulate`: each mistake has its own message, and nothing else is printed.

mod support;

use std::{fs, path::Path};

use support::{emulate::launch, q4};

/// Asserts what the program says of a launch of one workgroup, as text and with `--json`.
fn refused(shader: &str, arguments: &str, message: &str) {
    for format in ["", "--json"] {
        launch(shader, &format!("--dispatch 1 {format} {arguments}")).refused(message);
    }
}

/// Asserts how the message begins.
fn refused_with(shader: &str, arguments: &str, beginning: &str) {
    let run = launch(shader, &format!("--dispatch 1 {arguments}"));
    assert_eq!((run.code, run.stdout.as_str()), (2, ""));
    assert!(run.stderr.starts_with(beginning), "{}", run.stderr);
}

/// What clap says of a value.
fn invalid(value: &str, option: &str, why: &str) -> String {
    format!("error: invalid value '{value}' for '{option}': {why}\n\nFor more information, try '--help'.\n")
}

#[test]
fn a_text_that_is_not_wgsl_is_refused_with_nagas_report() {
    let message = "error: the type of `x` is expected to be `u32`, but got `{AbstractFloat}`
  ┌─ tests/emulate/mistyped.wgsl:3:9
  │
3 │     let x: u32 = 1.5;
  │         ^ definition of `x`
";
    refused("mistyped", "", message);
    // What is wrong with the text matters more than what is wrong with its overrides.
    refused("mistyped", "--override TILE=1", message);
    refused_with(
        "invalid",
        "",
        "error: Entry point main at Compute is invalid\n  ┌─ tests/emulate/invalid.wgsl:5:13\n",
    );
}

#[test]
fn a_file_that_cannot_be_read_is_named() {
    refused_with(
        "missing",
        "",
        "error: tests/emulate/missing.wgsl cannot be read: ",
    );
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join("emulate_latin1.wgsl");
    fs::write(&file, b"// \xe9\n").unwrap();
    let name = file.display().to_string();
    q4(&["emulate", &name, "--dispatch", "1"]).refused(&format!(
        "error: {name} cannot be read: stream did not contain valid UTF-8\n"
    ));
}

#[test]
fn an_entry_point_must_be_one_that_there_is() {
    refused(
        "entries",
        "",
        "error: tests/emulate/entries.wgsl has several compute entry points, `one` and `double`; choose one with --entry NAME\n",
    );
    refused(
        "entries",
        "--entry three",
        "error: tests/emulate/entries.wgsl has no compute entry point `three`; it has `one` and `double`\n",
    );
    refused(
        "vertex",
        "--entry main",
        "error: tests/emulate/vertex.wgsl has no compute entry point\n",
    );
}

#[test]
fn overrides_must_have_a_value_if_the_entry_point_needs_them() {
    refused(
        "overrides",
        "",
        "error: tests/emulate/overrides.wgsl has overrides without a value: `TILE` (u32) and `SCALE` (f32); give each one, as in \
         --override TILE=1\n",
    );
    refused(
        "overrides",
        "--override TILE=8",
        "error: tests/emulate/overrides.wgsl has overrides without a value: `SCALE` (f32); give each one, as in \
         --override SCALE=1\n",
    );
}

#[test]
fn overrides_must_be_known_and_of_their_type() {
    refused(
        "overrides",
        "--override TILES=8",
        "error: tests/emulate/overrides.wgsl has no override `TILES`; it has `TILE` (u32), `SCALE` (f32), `NEGATE` (bool) and \
         `UNUSED` (i32)\n",
    );
    refused(
        "add",
        "--override TILE=8",
        "error: tests/emulate/add.wgsl has no override `TILE`; it has none at all\n",
    );
    refused(
        "overrides",
        "--override SCALE=1 --override 7=2",
        "error: the override `7` is set twice\n",
    );
    refused(
        "overrides",
        "--override TILE=1.5",
        "error: the override `TILE` cannot be set: `1.5` is no u32: that is a whole number from 0 to 4294967295\n",
    );
    refused(
        "overrides",
        "--override NEGATE=maybe",
        "error: the override `NEGATE` cannot be set: `maybe` is no bool: that is true or false\n",
    );
    refused(
        "overrides",
        "--override TILE=0 --override SCALE=1",
        "error: the overrides do not suit tests/emulate/overrides.wgsl: workgroup_size override isn't strictly positive\n",
    );
    let form = "it is not of the form NAME=VALUE, for example TILE=16";
    refused(
        "overrides",
        "--override TILE",
        &invalid("TILE", "--override <NAME=VALUE>", form),
    );
}

#[test]
fn bindings_without_a_buffer_are_listed_ready_to_be_pasted() {
    let fill =
        "FILL is zeros, ones, ramp, random, random:SEED, a number, as many numbers with commas, or @FILE";
    refused(
        "params",
        "",
        &format!(
            "error: `main` uses bindings that have no buffer; give each one:
  --bind 0:0=u32[4]:FILL      params: Params, uniform, at least 16 bytes
  --bind 1:3=f32[COUNT]:FILL  result: array<f32>, read_write, at least 4 bytes
{fill}
"
        ),
    );
    refused(
        "add",
        "--bind 0:0=f32[4]:0 --bind 0:2=f32[4]:0",
        &format!(
            "error: `main` uses bindings that have no buffer; give each one:
  --bind 0:1=f32[COUNT]:FILL  b: array<f32>, read, at least 4 bytes
{fill}
"
        ),
    );
}

#[test]
fn bindings_that_the_shader_does_not_use_are_refused_with_those_it_uses() {
    let bound = "--bind 0:0=u32[4]:0 --bind 1:3=f32[8]:0";
    for (option, value) in [
        ("--bind", "0:1=u32[4]:0"),
        ("--output", "0:1"),
        ("--print", "0:1"),
    ] {
        let message = format!(
            "error: {option} 0:1: `main` does not use that binding; it uses:
  0:0 params: Params, uniform
  1:3 result: array<f32>, read_write
"
        );
        refused("params", &format!("{bound} {option} {value}"), &message);
    }
    refused(
        "params",
        &format!("{bound} --output 0:0"),
        "error: --output 0:0: `main` cannot write that binding; it writes:\n  1:3 result: array<f32>, read_write\n",
    );
}

#[test]
fn buffers_must_fit_what_they_are_bound_to() {
    refused(
        "params",
        "--bind 0:0=u32[3]:0 --bind 1:3=f32[8]:0",
        "error: u32[3] is too small for 0:0 params: Params, uniform: it takes at least 16 bytes, and these are 12\n",
    );
    refused(
        "params",
        "--bind 0:0=u32[4]:0 --bind 1:3=f32[8]:0 --bind 0:0=u32[4]:1",
        "error: 0:0 is bound twice; each binding has one buffer\n",
    );
}

#[test]
fn immediate_data_must_be_what_the_shader_takes() {
    refused(
        "immediate",
        "--bind 0:0=u32[4]:0",
        "error: `main` takes 8 bytes of immediate data; give them with --immediate TYPE[COUNT]:FILL\n",
    );
    for (shader, needed) in [("immediate", 8), ("half", 0)] {
        refused(
            shader,
            "--immediate u32[1]:0",
            &format!("error: --immediate gives 4 bytes, and `main` takes {needed}\n"),
        );
    }
}

#[test]
fn a_file_must_hold_exactly_the_elements() {
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join("emulate_twelve_bytes.bin");
    fs::write(&file, [0; 12]).unwrap();
    let name = file.display();
    for (count, bytes) in [(2, 8), (4, 16)] {
        let bind = format!("0:0=u32[{count}]:@{name}");
        q4(&[
            "emulate",
            "tests/emulate/half.wgsl",
            "--dispatch",
            "1",
            "--bind",
            &bind,
        ])
        .refused(&format!(
            "error: --bind 0:0: {name} has 12 bytes, and u32[{count}] takes {bytes}\n"
        ));
    }
    refused_with(
        "half",
        "--bind 0:0=f16[4]:@no/such/file",
        "error: --bind 0:0: no/such/file cannot be read: ",
    );
}

#[test]
fn what_no_machine_can_hold_is_refused_before_anything_is_allocated() {
    for (elements, takes) in [
        ("u32[1073741824]", "4 GiB"),
        ("f32[18446744073709551615]", "64 EiB"),
        ("f32[99999999999999999999]", "more than 16 EiB"),
    ] {
        let value = format!("0:0={elements}:zeros");
        let why = format!("{elements} takes {takes}; a binding has less than 4 GiB");
        let message = invalid(&value, "--bind <GROUP:BINDING=TYPE[COUNT]:FILL>", &why);
        refused("half", &format!("--bind {value}"), &message);
    }
    let bind = |binding| format!("--bind 0:{binding}=f32[1073741823]:zeros");
    refused_with(
        "add",
        &[0, 1, 2].map(bind).join(" "),
        "error: the buffers do not fit: with the emulator's records of them they take 44.0 GiB, and ",
    );
}

#[test]
fn each_mistake_in_an_argument_has_its_own_message() {
    let slot = "is not of the form GROUP:BINDING, for example 0:1";
    let lanes = "subgroups have 4, 8, 16, 32, 64 or 128 lanes";
    for (option, value, why) in [
        (
            "--bind <GROUP:BINDING=TYPE[COUNT]:FILL>",
            "0:0",
            "it is not of the form GROUP:BINDING=TYPE[COUNT]:FILL, for example 0:1=f32[64]:zeros",
        ),
        (
            "--bind <GROUP:BINDING=TYPE[COUNT]:FILL>",
            "0:0=f64[4]:0",
            "`f64` is no type of elements; u32, i32, f32 and f16 are",
        ),
        (
            "--bind <GROUP:BINDING=TYPE[COUNT]:FILL>",
            "0:0=u32[4]:1,2",
            "there are 2 numbers for 4 elements; give 4, or one for all",
        ),
        (
            "--bind <GROUP:BINDING=TYPE[COUNT]:FILL>",
            "0:0=u32[4]:-1",
            "`-1` is no u32: that is a whole number from 0 to 4294967295",
        ),
        (
            "--immediate <TYPE[COUNT]:FILL>",
            "u32:0",
            "`u32` is not of the form TYPE[COUNT], for example f32[64]",
        ),
        ("--output <GROUP:BINDING>", "0", &format!("`0` {slot}")),
        ("--print <GROUP:BINDING[:COUNT]>", "x:0", &format!("`x:0` {slot}")),
        (
            "--print <GROUP:BINDING[:COUNT]>",
            "0:1:0",
            "there must be at least 1 element to print",
        ),
        ("--subgroup <N>", "24", lanes),
        ("--subgroup <N>", "256", lanes),
        ("--subgroup <N>", "-4", lanes),
        ("--loop-limit <N>", "0", "0 is not in 1..18446744073709551615"),
        ("--threads <N>", "0", "number would be zero for non-zero type"),
    ] {
        let name = option.split(' ').next().unwrap_or_default();
        refused("add", &format!("{name} {value}"), &invalid(value, option, why));
    }
}

#[test]
fn a_dispatch_is_of_at_least_one_workgroup_and_within_the_limits() {
    let least = "there must be at least 1 workgroup along each dimension";
    for (value, why) in [
        ("0", least),
        ("1,0,1", least),
        ("-1", least),
        ("1,2,3,4", "a dispatch has at most three dimensions, X,Y,Z"),
        (
            "x",
            "`x` is not a whole number of workgroups; give X, X,Y or X,Y,Z",
        ),
        (
            "65536",
            "65536 workgroups are too many; 65535 along each dimension is the most",
        ),
    ] {
        let message = invalid(value, "--dispatch <X[,Y[,Z]]>", why);
        launch("add", &format!("--dispatch {value}")).refused(&message);
    }
    launch("add", "").refused(
        "error: the following required arguments were not provided:\n  --dispatch <X[,Y[,Z]]>\n\n\
         Usage: q4 emulate --dispatch <X[,Y[,Z]]> <FILE.wgsl>\n\nFor more information, try '--help'.\n",
    );
}
