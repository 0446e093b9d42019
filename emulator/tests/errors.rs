//! What cannot be compiled or launched says what and where.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "helpers of tests may fail"
)]

use q4_kernel_emulator::{
    BindingRange, Bindings, Buffer, CompileError, CompileOptions, LaunchError, LaunchOptions, Program,
};

fn compile_error(source: &str) -> CompileError {
    Program::from_wgsl(source, &CompileOptions::default()).expect_err("the module must be rejected")
}

fn message(source: &str) -> String {
    compile_error(source).to_string()
}

#[test]
fn constructs_that_are_not_supported_are_named_with_their_place() {
    let entry = "@compute @workgroup_size(1)\nfn main() {\n";
    let cases = [
        ("var v = 1.0lf;", "not supported: f64 at 3:1"),
        ("var v = 1li;", "not supported: i64 at 3:1"),
        (
            "let v = textureLoad(image, vec2(0), 0);",
            "not supported: textures at 1:23",
        ),
    ];
    for (statement, expected) in cases {
        let declaration = if statement.contains("image") {
            "@group(0) @binding(0) var image: texture_2d<f32>; "
        } else {
            ""
        };
        let source = format!("{declaration}{entry}{statement}\nlet used = v;\n}}");
        assert_eq!(message(&source), expected, "{source}");
    }
}

#[test]
fn unused_constructs_do_not_matter() {
    let source = "
        @group(0) @binding(0) var image: texture_2d<f32>;
        @group(0) @binding(1) var<storage, read_write> output: array<u32>;
        fn unused() -> vec4<f32> { return textureLoad(image, vec2(0), 0); }
        @fragment fn fragment() -> @location(0) vec4<f32> { return unused(); }
        @compute @workgroup_size(1) fn main() { output[0] = 1u; }";
    let program = Program::from_wgsl(source, &CompileOptions::default()).unwrap();
    assert_eq!(program.entry(), "main");
    assert_eq!(
        program
            .bindings()
            .iter()
            .map(|b| b.name.as_str())
            .collect::<Vec<_>>(),
        ["output"]
    );
}

#[test]
fn parse_and_validation_errors_have_a_report_and_a_place() {
    let CompileError::Parse { report, location } = compile_error("fn f() {\n  let a = ;\n}") else {
        panic!()
    };
    assert_eq!(location.map(|location| location.line), Some(2));
    assert!(report.contains("expected expression"), "{report}");
    let source = "var<workgroup> x: u32;\n@compute @workgroup_size(1)\nfn main() { x = 1.0; }";
    let error = compile_error(source);
    let (CompileError::Parse { location, .. } | CompileError::Validation { location, .. }) = error else {
        panic!()
    };
    assert_eq!(location.map(|location| location.line), Some(3));
}

#[test]
fn entry_points_are_chosen_by_name() {
    let two = "@compute @workgroup_size(1) fn a() {} @compute @workgroup_size(2) fn b() {}";
    assert_eq!(message(two), "name one of the compute entry points `a`, `b`");
    let b = Program::from_wgsl(two, &CompileOptions::entry("b")).unwrap();
    assert_eq!(b.workgroup_size(), [2, 1, 1]);
    let error = Program::from_wgsl(two, &CompileOptions::entry("c")).unwrap_err();
    assert_eq!(
        error.to_string(),
        "no compute entry point `c`; the module has `a`, `b`"
    );
    assert_eq!(message("fn f() {}"), "the module has no compute entry point");
}

#[test]
fn overrides_must_exist_and_have_values() {
    let source = "override n: u32; @compute @workgroup_size(n) fn main() {}";
    let CompileError::Override { message } = compile_error(source) else {
        panic!()
    };
    assert!(message.contains("Missing value"), "{message}");
    let error = Program::from_wgsl(source, &CompileOptions::default().with_override("m", 1.0)).unwrap_err();
    assert!(error.to_string().contains("'m' not found"), "{error}");
    assert!(Program::from_wgsl(source, &CompileOptions::default().with_override("n", 5.0)).is_ok());
    // Modules with overrides are validated again, with all that they may use.
    let source = "override n = 2u; @group(0) @binding(0) var<storage, read_write> y: array<u32>;
        @compute @workgroup_size(n) fn main() { y[0] = subgroupAdd(n); }";
    assert!(Program::from_wgsl(source, &CompileOptions::default()).is_ok());
}

#[test]
fn sizes_beyond_any_device_are_rejected() {
    let large =
        "var<workgroup> x: array<u32, 100000000>; @compute @workgroup_size(1) fn main() { x[0] = 1u; }";
    assert_eq!(
        message(large),
        "not supported: 400000000 bytes of workgroup memory at 1:1"
    );
    let wide = "@compute @workgroup_size(1024, 1024) fn main() {}";
    assert!(message(wide).contains("a workgroup of 1048576 invocations"));
    let deep = "var<private> x: array<u32, 1000000>; @compute @workgroup_size(1) fn main() { x[0] = 1u; }";
    assert!(message(deep).contains("a value of 1000000 scalars"));
}

const KERNEL: &str = "
    struct Params { n: u32 }
    @group(0) @binding(0) var<storage, read> x: array<vec4<f32>>;
    @group(1) @binding(2) var<storage, read_write> y: array<f32>;
    @group(1) @binding(3) var<uniform> params: Params;
    @compute @workgroup_size(1) fn main() { y[0] = x[0].x + f32(params.n); }";

fn program() -> Program {
    Program::from_wgsl(KERNEL, &CompileOptions::default()).unwrap()
}

fn complete() -> Bindings {
    Bindings::new()
        .with(0, 0, Buffer::zeroed(32))
        .with(1, 2, Buffer::zeroed(16))
        .with(1, 3, Buffer::zeroed(4))
}

fn launch_error(mut bindings: Bindings, options: &LaunchOptions) -> LaunchError {
    program()
        .launch(&mut bindings, [1, 1, 1], options)
        .expect_err("the launch must be rejected")
}

#[test]
fn missing_bindings_are_listed_with_their_types() {
    let error = launch_error(
        Bindings::new().with(1, 2, Buffer::zeroed(4)),
        &LaunchOptions::default(),
    );
    assert_eq!(
        error.to_string(),
        "no buffer for @group(0) @binding(0) x: array<vec4<f32>>; @group(1) @binding(3) params: Params"
    );
}

#[test]
fn buffers_must_be_large_enough_and_ranges_fit() {
    let options = LaunchOptions::default();
    let error = launch_error(complete().with(0, 0, Buffer::zeroed(12)), &options);
    assert_eq!(
        error.to_string(),
        "the buffer for @group(0) @binding(0) x: array<vec4<f32>> has 12 bytes, it needs at least 16"
    );
    let range = |offset, size| BindingRange {
        buffer: Buffer::zeroed(64),
        offset,
        size,
    };
    for (offset, size) in [(2, None), (48, Some(20)), (80, None), (4, Some(u64::MAX))] {
        let error = launch_error(complete().with(0, 0, range(offset, size)), &options);
        assert!(
            matches!(error, LaunchError::InvalidRange { .. }),
            "{offset} {size:?}: {error}"
        );
    }
    let error = launch_error(complete().with(0, 0, range(56, None)), &options);
    assert!(
        matches!(error, LaunchError::BufferTooSmall { size: 8, .. }),
        "{error}"
    );
}

#[test]
fn a_written_buffer_cannot_be_bound_twice() {
    let buffer = Buffer::zeroed(64);
    let range = |offset| BindingRange {
        buffer: buffer.clone(),
        offset,
        size: Some(32),
    };
    let error = launch_error(
        complete().with(0, 0, range(0)).with(1, 2, range(16)),
        &LaunchOptions::default(),
    );
    assert!(matches!(error, LaunchError::AliasedBindings { .. }), "{error}");
    let mut apart = complete().with(0, 0, range(0)).with(1, 2, range(32));
    assert!(
        program()
            .launch(&mut apart, [1, 1, 1], &LaunchOptions::default())
            .unwrap()
            .is_clean()
    );
}

#[test]
fn limits_and_options_are_checked() {
    for size in [0, 2, 3, 48, 256] {
        let options = LaunchOptions {
            subgroup_size: size,
            ..LaunchOptions::default()
        };
        assert_eq!(
            launch_error(complete(), &options),
            LaunchError::SubgroupSize { size }
        );
    }
    let mut bindings = complete();
    let error = program()
        .launch(&mut bindings, [1, 65536, 1], &LaunchOptions::default())
        .unwrap_err();
    assert_eq!(
        error,
        LaunchError::DispatchTooLarge {
            count: [1, 65536, 1],
            limit: 65535
        }
    );
    let options = LaunchOptions {
        outputs: vec![(0, 0)],
        ..LaunchOptions::default()
    };
    assert_eq!(
        launch_error(complete(), &options),
        LaunchError::UnknownOutput { group: 0, binding: 0 }
    );
}

#[test]
fn a_dispatch_of_nothing_does_nothing() {
    let mut bindings = complete();
    let options = LaunchOptions {
        outputs: vec![(1, 2)],
        ..LaunchOptions::default()
    };
    let report = program().launch(&mut bindings, [1, 0, 1], &options).unwrap();
    assert!(report.is_clean(), "{report}");
    assert_eq!(report.counters.workgroups, 0);
}

#[test]
fn immediate_data_must_be_there() {
    let source = "var<immediate> p: vec4<f32>; @group(0) @binding(0) var<storage, read_write> y: f32;
        @compute @workgroup_size(1) fn main() { y = p.x; }";
    let program = Program::from_wgsl(source, &CompileOptions::default()).unwrap();
    let mut bindings = Bindings::new().with(0, 0, Buffer::zeroed(4));
    let options = LaunchOptions {
        immediates: vec![0; 12],
        ..LaunchOptions::default()
    };
    let error = program.launch(&mut bindings, [1, 1, 1], &options).unwrap_err();
    assert_eq!(
        error.to_string(),
        "`p` needs 16 bytes of immediate data, there are 12"
    );
}

#[test]
fn faults_are_limited_and_the_rest_is_counted() {
    let source = "@group(0) @binding(0) var<storage, read_write> y: array<u32>;
        @compute @workgroup_size(4) fn main(@builtin(local_invocation_index) i: u32) {
            y[i + 10u] = 1u;
            y[i + 11u] = 1u;
            y[i + 12u] = 1u;
        }";
    let program = Program::from_wgsl(source, &CompileOptions::default()).unwrap();
    let mut bindings = Bindings::new().with(0, 0, Buffer::zeroed(4));
    let options = LaunchOptions {
        fault_limit: 2,
        ..LaunchOptions::default()
    };
    let report = program.launch(&mut bindings, [5, 1, 1], &options).unwrap();
    assert_eq!((report.faults.len(), report.faults_left_out), (2, 1));
    assert_eq!(report.faults[0].count, 20);
    let text = report.to_string();
    assert_eq!(
        text.lines().next(),
        Some(
            "out_of_bounds at 3:13, lane 0 of workgroup (0, 0, 0): index 10 of `y`, which has 1 element (20 times)"
        )
    );
    assert_eq!(text.lines().last(), Some("and 1 more"));
}

#[test]
fn a_workgroup_that_runs_for_ever_in_nested_loops_is_stopped() {
    let source = "@group(0) @binding(0) var<storage, read_write> y: array<u32>;
        @compute @workgroup_size(4) fn main(@builtin(local_invocation_index) i: u32) {
            for (var a = 0u; a < 100000u; a++) { for (var b = 0u; b < 100000u; b++) { y[i] += 1u; } }
        }";
    let program = Program::from_wgsl(source, &CompileOptions::default()).unwrap();
    let mut bindings = Bindings::new().with(0, 0, Buffer::zeroed(16));
    let options = LaunchOptions {
        instruction_limit: 10_000,
        ..LaunchOptions::default()
    };
    let report = program.launch(&mut bindings, [1, 1, 1], &options).unwrap();
    assert_eq!(report.faults.len(), 1);
    assert_eq!(
        report.faults[0].message,
        "the workgroup is stopped after 10000 instructions"
    );
}
