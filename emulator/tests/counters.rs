//! Counters of kernels that can be counted by hand.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "helpers of tests may fail"
)]

mod common;

use std::num::NonZeroUsize;

use q4_kernel_emulator::{Bindings, Buffer, CompileOptions, Counters, LaunchOptions, Program};

fn count(source: &str, bindings: Bindings, workgroups: [u32; 3], threads: usize) -> Counters {
    let program =
        Program::from_wgsl(source, &CompileOptions::default()).unwrap_or_else(|error| panic!("{error}"));
    let options = LaunchOptions {
        threads: NonZeroUsize::new(threads),
        ..LaunchOptions::default()
    };
    let report = program
        .launch(&mut bindings.duplicate(), workgroups, &options)
        .unwrap();
    assert!(report.is_clean(), "{report}");
    report.counters
}

const AXPY: &str = "
    @group(0) @binding(0) var<storage, read> x: array<f32>;
    @group(0) @binding(1) var<storage, read_write> y: array<f32>;
    @compute @workgroup_size(64)
    fn main(@builtin(global_invocation_id) id: vec3<u32>) {
        if (id.x < arrayLength(&x)) { y[id.x] = 2.0 * x[id.x] + y[id.x]; }
    }";

fn axpy() -> Bindings {
    Bindings::new()
        .with(0, 0, Buffer::from_slice(&[1f32; 100]))
        .with(0, 1, Buffer::from_slice(&[3f32; 100]))
}

#[test]
fn arithmetic_bytes_and_sectors_of_axpy() {
    let counters = count(AXPY, axpy(), [2, 1, 1], 1);
    assert_eq!((counters.workgroups, counters.invocations), (2, 128));
    let operations = counters.operations;
    assert_eq!((operations.float.multiply, operations.float.add), (100, 100));
    // One comparison for each invocation.
    assert_eq!(operations.integer, 128);
    let [x, y] = counters.bindings.as_slice() else {
        panic!("two bindings")
    };
    assert_eq!(
        (
            x.name.as_str(),
            x.bytes_read,
            x.unique_bytes_read,
            x.bytes_written
        ),
        ("x", 400, 400, 0)
    );
    assert_eq!(
        (y.bytes_read, y.bytes_written, y.unique_bytes_written),
        (400, 400, 400)
    );
    // Subgroups of 32 lanes: 3 times 4 sectors, and 4 lanes of the last one in 1 sector.
    assert_eq!((x.sectors_read, x.sectors_written), (13, 0));
    assert_eq!((y.sectors_read, y.sectors_written), (13, 13));
    assert_eq!(counters.lane_operations, 100 + 100 + 128 + 300);
    assert_eq!(
        (
            counters.barriers,
            counters.loop_iterations,
            counters.subgroup_operations
        ),
        (0, 0, 0)
    );
}

#[test]
fn reading_again_counts_bytes_but_not_unique_bytes() {
    let source = "
        struct Params { k: u32 }
        @group(0) @binding(0) var<storage, read> x: array<vec4<f32>>;
        @group(0) @binding(1) var<storage, read_write> y: array<f32>;
        @group(0) @binding(2) var<uniform> params: Params;
        @compute @workgroup_size(32)
        fn main(@builtin(local_invocation_index) lane: u32) {
            var sum = 0.0;
            for (var i = 0u; i < params.k; i++) { sum += x[i].y; }
            y[lane] = sum;
        }";
    let bindings = Bindings::new()
        .with(0, 0, Buffer::from_slice(&[1f32; 32]))
        .with(0, 1, Buffer::zeroed(128))
        .with(0, 2, Buffer::from_slice(&[8u32]));
    let counters = count(source, bindings, [1, 1, 1], 1);
    let [x, y, params] = counters.bindings.as_slice() else {
        panic!("three bindings")
    };
    // All lanes read one component of each of 8 vectors: one sector each time, one word of 16 bytes.
    assert_eq!(
        (x.bytes_read, x.unique_bytes_read, x.sectors_read),
        (8 * 32 * 4, 32, 8)
    );
    assert_eq!((y.bytes_written, y.sectors_written), (128, 4));
    // The condition is evaluated nine times.
    assert_eq!(
        (params.bytes_read, params.unique_bytes_read, params.sectors_read),
        (9 * 32 * 4, 4, 9)
    );
    // The ninth iteration begins too, and breaks.
    assert_eq!(counters.loop_iterations, 9 * 32);
    assert_eq!(counters.operations.float.add, 8 * 32);
    assert_eq!(counters.operations.integer, (9 + 8) * 32);
}

#[test]
fn divergent_lanes_are_counted_by_the_branch_they_take() {
    let source = "
        @group(0) @binding(0) var<storage, read_write> y: array<u32>;
        @compute @workgroup_size(64)
        fn main(@builtin(local_invocation_index) lane: u32) {
            var v = lane;
            if (lane < 10u) { v = v * 3u; } else { v = v / 3u + v / 5u; }
            y[lane] = v;
        }";
    let counters = count(
        source,
        Bindings::new().with(0, 0, Buffer::zeroed(256)),
        [1, 1, 1],
        1,
    );
    let operations = counters.operations;
    assert_eq!(
        (operations.integer_multiply, operations.integer_divide),
        (10, 2 * 54)
    );
    assert_eq!(operations.integer, 64 + 54);
}

#[test]
fn kinds_of_operations() {
    let source = "
        enable f16;
        @group(0) @binding(0) var<storage, read> x: array<f32>;
        @group(0) @binding(1) var<storage, read_write> y: array<f32>;
        @compute @workgroup_size(4)
        fn main(@builtin(local_invocation_index) i: u32) {
            let v = x[i];
            let h = f16(v);
            let words = pack4x8unorm(vec4(v));
            let d = dot4U8Packed(words, words);
            let m = max(v, 0.5);
            let e = exp(v) + sqrt(v);
            let f = fma(v, v, v) / 3.0;
            let s = select(m, e, v > 1.0);
            let g = (h + h) * h;
            y[i] = s + f + f32(d) + f32(g) + dot(vec3(v), vec3(m));
        }";
    let bindings =
        Bindings::new()
            .with(0, 0, Buffer::from_slice(&[0.5f32; 4]))
            .with(0, 1, Buffer::zeroed(16));
    let operations = count(source, bindings, [1, 1, 1], 1).operations;
    let lanes = 4;
    assert_eq!(operations.float.add, lanes * (1 + 4 + 2));
    assert_eq!(operations.float.multiply, lanes * 3);
    assert_eq!(
        (
            operations.float.fma,
            operations.float.divide,
            operations.float.special
        ),
        (lanes, lanes, 2 * lanes)
    );
    assert_eq!(operations.float.other, lanes * 2);
    assert_eq!(
        (operations.half.add, operations.half.multiply, operations.half.fma),
        (lanes, lanes, 0)
    );
    assert_eq!(
        (operations.packing, operations.dot4, operations.boolean),
        (lanes, lanes, lanes)
    );
    assert_eq!(operations.conversion, lanes * 3);
    assert_eq!(operations.integer, 0);
}

#[test]
fn workgroup_memory_and_bank_conflicts() {
    let source = |stride: u32| {
        format!(
            "@group(0) @binding(0) var<storage, read_write> y: array<f32>;
            var<workgroup> tile: array<f32, 2112>;
            @compute @workgroup_size(32)
            fn main(@builtin(local_invocation_index) i: u32, @builtin(global_invocation_id) id: vec3<u32>) {{
                tile[i * {stride}u] = 1.0;
                workgroupBarrier();
                y[id.x] = tile[i * {stride}u];
            }}"
        )
    };
    for (stride, conflicts) in [(1, 0), (2, 1), (4, 3), (32, 31), (33, 0), (64, 31)] {
        let counters = count(
            &source(stride),
            Bindings::new().with(0, 0, Buffer::zeroed(384)),
            [3, 1, 1],
            1,
        );
        let memory = counters.workgroup_memory;
        assert_eq!((memory.bytes_read, memory.bytes_written), (3 * 128, 3 * 128));
        // One store and one load in each of three workgroups.
        assert_eq!(memory.bank_conflicts, 6 * conflicts, "stride {stride}");
        assert_eq!(counters.barriers, 3);
    }
}

#[test]
fn atomics_count_as_reads_and_writes() {
    let source = "
        @group(0) @binding(0) var<storage, read_write> counts: array<atomic<u32>, 4>;
        @compute @workgroup_size(64)
        fn main(@builtin(local_invocation_index) i: u32) { atomicAdd(&counts[i % 4u], 1u); }";
    let counters = count(
        source,
        Bindings::new().with(0, 0, Buffer::zeroed(16)),
        [2, 1, 1],
        2,
    );
    let counts = &counters.bindings[0];
    assert_eq!(
        (counts.atomics, counts.bytes_read, counts.bytes_written),
        (128, 512, 512)
    );
    assert_eq!((counts.unique_bytes_read, counts.unique_bytes_written), (16, 16));
    assert_eq!((counts.sectors_read, counts.sectors_written), (4, 4));
}

#[test]
fn cooperative_operations_and_subgroup_operations() {
    let source = "
        enable wgpu_cooperative_matrix;
        @group(0) @binding(0) var<storage, read> a: array<f32>;
        @group(0) @binding(1) var<storage, read_write> c: array<f32>;
        @compute @workgroup_size(64)
        fn main(@builtin(subgroup_id) group: u32, @builtin(local_invocation_index) i: u32) {
            let l = coopLoadT<coop_mat8x8<f32, A>>(&a[0], 8u);
            let r = coopLoadT<coop_mat8x8<f32, B>>(&a[0], 8u);
            coopStoreT(coopMultiplyAdd(l, r, coop_mat8x8<f32, C>()), &c[group * 64u], 8u);
            let sum = subgroupAdd(vec2(1u, i));
            subgroupBarrier();
            if (sum.x != 32u) { c[0] = 0.0; }
        }";
    let bindings = Bindings::new()
        .with(0, 0, Buffer::zeroed(256))
        .with(0, 1, Buffer::zeroed(512));
    let counters = count(source, bindings, [1, 1, 1], 1);
    assert_eq!(counters.operations.cooperative_multiply_add, 2 * 512);
    assert_eq!(counters.cooperative_operations, 2 * 4);
    assert_eq!((counters.subgroup_operations, counters.subgroup_barriers), (4, 2));
    let [a, c] = counters.bindings.as_slice() else {
        panic!("two bindings")
    };
    assert_eq!(
        (a.bytes_read, a.unique_bytes_read, a.sectors_read),
        (2 * 2 * 256, 256, 2 * 2 * 8)
    );
    assert_eq!((c.bytes_written, c.sectors_written), (512, 16));
}

#[test]
fn counters_do_not_depend_on_the_number_of_threads() {
    let one = count(AXPY, axpy(), [2, 1, 1], 1);
    for threads in [2, 3, 8] {
        assert_eq!(count(AXPY, axpy(), [2, 1, 1], threads), one);
    }
    for kernel in common::kernels("correct") {
        let counters = |threads| {
            let options = LaunchOptions {
                threads: NonZeroUsize::new(threads),
                ..kernel.options.clone()
            };
            let mut bindings = kernel.bindings.duplicate();
            kernel
                .program
                .launch(&mut bindings, kernel.workgroups, &options)
                .unwrap()
                .counters
        };
        assert_eq!(counters(4), counters(1), "{}", kernel.name);
    }
}

#[test]
fn a_fast_launch_has_the_same_results_and_counts_nothing() {
    for kernel in common::kernels("correct") {
        let run = |options: &LaunchOptions| {
            let mut bindings = kernel.bindings.duplicate();
            let report = kernel
                .program
                .launch(&mut bindings, kernel.workgroups, options)
                .unwrap();
            (
                report,
                bindings
                    .iter()
                    .map(|(_, range)| range.buffer.to_bytes())
                    .collect::<Vec<_>>(),
            )
        };
        let (_, expected) = run(&kernel.options);
        let fast = LaunchOptions {
            subgroup_size: kernel.options.subgroup_size,
            ..LaunchOptions::fast()
        };
        let (report, contents) = run(&fast);
        assert!(contents == expected, "{}", kernel.name);
        assert_eq!(report.counters.lane_operations, 0);
    }
}
