//! Atomics, subgroup operations and cooperative matrices.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "helpers of tests may fail"
)]

#[path = "common/evaluate.rs"]
mod evaluate;

use evaluate::run;
use q4_kernel_emulator::{Bindings, Buffer, CompileOptions, LaunchOptions, Program};

/// Results of a subgroup expression of `x` (the lane number plus one) for 40 lanes.
fn subgroup<O: bytemuck::Pod>(result: &str, expression: &str, size: u32) -> Vec<O> {
    let source = format!(
        "enable f16;
        @group(0) @binding(0) var<storage, read> input: array<u32>;
        @group(0) @binding(1) var<storage, read_write> output: array<{result}>;
        @compute @workgroup_size(40)
        fn main(
            @builtin(local_invocation_index) i: u32,
            @builtin(subgroup_id) group: u32,
            @builtin(subgroup_invocation_id) lane: u32,
            @builtin(subgroup_size) size: u32,
            @builtin(num_subgroups) groups: u32,
        ) {{
            let x = input[i];
            output[i] = {expression};
        }}"
    );
    let input = (1..=40).collect::<Vec<u32>>();
    let options = LaunchOptions {
        subgroup_size: size,
        ..LaunchOptions::default()
    };
    let (values, report) = run(&source, &input, 40, &options);
    assert!(report.is_clean(), "{report}");
    values
}

/// Lanes of each subgroup, numbered from 0.
fn groups(size: u32) -> impl Iterator<Item = Vec<u32>> {
    (0..40)
        .step_by(size as usize)
        .map(move |start| (start..(start + size).min(40)).collect())
}

fn check(expression: &str, reference: impl Fn(&[u32], usize) -> u32) {
    for size in [4, 8, 16, 32, 64, 128] {
        let output: Vec<u32> = subgroup("u32", expression, size);
        for lanes in groups(size) {
            for (place, &lane) in lanes.iter().enumerate() {
                assert_eq!(
                    output[lane as usize],
                    reference(&lanes, place),
                    "{expression}, size {size}, lane {lane}"
                );
            }
        }
    }
}

#[test]
fn reductions_and_scans() {
    check("subgroupAdd(x)", |lanes, _| lanes.iter().map(|l| l + 1).sum());
    check("subgroupMul(x % 3u + 1u)", |lanes, _| {
        lanes.iter().fold(1, |p: u32, l| p.wrapping_mul((l + 1) % 3 + 1))
    });
    check("subgroupMin(x ^ 5u)", |lanes, _| {
        lanes.iter().map(|l| (l + 1) ^ 5).min().unwrap()
    });
    check("subgroupMax(x ^ 5u)", |lanes, _| {
        lanes.iter().map(|l| (l + 1) ^ 5).max().unwrap()
    });
    check("subgroupAnd(x | 8u)", |lanes, _| {
        lanes.iter().fold(u32::MAX, |a, l| a & ((l + 1) | 8))
    });
    check("subgroupOr(x)", |lanes, _| {
        lanes.iter().fold(0, |a, l| a | (l + 1))
    });
    check("subgroupXor(x)", |lanes, _| {
        lanes.iter().fold(0, |a, l| a ^ (l + 1))
    });
    check("subgroupInclusiveAdd(x)", |lanes, place| {
        lanes[..=place].iter().map(|l| l + 1).sum()
    });
    check("subgroupExclusiveAdd(x)", |lanes, place| {
        lanes[..place].iter().map(|l| l + 1).sum()
    });
    check("subgroupInclusiveMul(x % 2u + 1u)", |lanes, place| {
        lanes[..=place]
            .iter()
            .fold(1, |p: u32, l| p.wrapping_mul((l + 1) % 2 + 1))
    });
    check("subgroupExclusiveMul(x % 2u + 1u)", |lanes, place| {
        lanes[..place]
            .iter()
            .fold(1, |p: u32, l| p.wrapping_mul((l + 1) % 2 + 1))
    });
    check("select(0u, 1u, subgroupAll(x < 30u))", |lanes, _| {
        u32::from(lanes.iter().all(|l| l + 1 < 30))
    });
    check("select(0u, 1u, subgroupAny(x == 7u))", |lanes, _| {
        u32::from(lanes.contains(&6))
    });
}

#[test]
fn ballots() {
    check("subgroupBallot(x % 3u == 0u).x", |lanes, _| {
        (0..32)
            .zip(lanes)
            .filter(|(_, l)| (*l + 1) % 3 == 0)
            .fold(0, |bits, (bit, _)| bits | 1 << bit)
    });
    check("subgroupBallot(true).y", |lanes, _| {
        (32..)
            .zip(lanes.iter().skip(32))
            .fold(0, |b, (bit, _)| b | 1 << (bit - 32))
    });
}

#[test]
fn broadcasts_and_shuffles() {
    check("subgroupBroadcastFirst(x)", |lanes, _| lanes[0] + 1);
    check("subgroupBroadcast(x, 2u)", |lanes, _| lanes[2] + 1);
    check("subgroupShuffle(x, (lane + 3u) % 4u)", |lanes, place| {
        lanes[(place + 3) % 4] + 1
    });
    check("subgroupShuffleXor(x, 1u)", |lanes, place| lanes[place ^ 1] + 1);
    check("quadSwapX(x)", |lanes, place| lanes[place ^ 1] + 1);
    check("quadSwapY(x)", |lanes, place| lanes[place ^ 2] + 1);
    check("quadSwapDiagonal(x)", |lanes, place| lanes[place ^ 3] + 1);
    check("quadBroadcast(x, 1u)", |lanes, place| lanes[place & !3 | 1] + 1);
    check(
        "select(subgroupShuffleUp(x, 1u), 99u, lane == 0u)",
        |lanes, place| {
            if place == 0 { 99 } else { lanes[place - 1] + 1 }
        },
    );
    check(
        "select(subgroupShuffleDown(x, 2u), 99u, lane + 2u >= min(size, 40u - group * size))",
        |lanes, place| lanes.get(place + 2).map_or(99, |l| l + 1),
    );
}

#[test]
fn built_in_inputs() {
    for size in [4, 8, 16, 32, 64, 128] {
        let output: Vec<u32> = subgroup(
            "u32",
            "size * 10000u + groups * 1000u + group * 100u + lane",
            size,
        );
        for (i, value) in (0..).zip(output) {
            assert_eq!(
                value,
                size * 10000 + 40u32.div_ceil(size) * 1000 + i / size * 100 + i % size
            );
        }
    }
}

#[test]
fn floats_and_vectors_reduce_by_component() {
    let output: Vec<[f32; 2]> = subgroup("vec2<f32>", "subgroupAdd(vec2(f32(x), 0.5))", 8);
    assert_eq!(output[0], [36.0, 4.0]);
    assert_eq!(output[39], [(33..=40).sum::<u32>() as f32, 4.0]);
    let output: Vec<i32> = subgroup("i32", "subgroupMin(i32(x) - 10)", 16);
    assert_eq!((output[0], output[16], output[39]), (-9, 7, 23));
    // f16 rounds after every addition: 2048 + 1 stays 2048.
    let output: Vec<f32> = subgroup("f32", "f32(subgroupAdd(select(1.0h, 2048.0h, lane == 0u)))", 4);
    assert_eq!(output[0], 2048.0 + 2.0);
}

#[test]
fn atomics_return_the_old_value() {
    let source = "
        struct Cells { add: atomic<u32>, max: atomic<i32>, xor: atomic<u32>, exchange: atomic<u32>, weak: atomic<u32>, f: atomic<u32> }
        @group(0) @binding(0) var<storage, read> input: array<u32>;
        @group(0) @binding(1) var<storage, read_write> output: array<u32>;
        @group(0) @binding(2) var<storage, read_write> cells: Cells;
        @compute @workgroup_size(16)
        fn main(@builtin(local_invocation_index) i: u32) {
            let order = atomicAdd(&cells.add, input[i]);
            atomicMax(&cells.max, i32(i) - 8);
            atomicXor(&cells.xor, 1u << i);
            let last = atomicExchange(&cells.exchange, i + 1u);
            let won = atomicCompareExchangeWeak(&cells.weak, 0u, i + 1u);
            atomicStore(&cells.f, 7u);
            output[i * 4u] = order;
            output[i * 4u + 1u] = last;
            output[i * 4u + 2u] = won.old_value;
            output[i * 4u + 3u] = select(0u, 1u, won.exchanged) + 10u * atomicLoad(&cells.f);
        }";
    let program = Program::from_wgsl(source, &CompileOptions::default()).unwrap();
    let (output, cells) = (
        Buffer::zeroed(256),
        Buffer::from_slice(&[0u32, -100i32 as u32, 0, 0, 0, 0]),
    );
    let mut bindings = Bindings::new()
        .with(0, 0, Buffer::from_slice(&[2u32; 16]))
        .with(0, 1, output.clone())
        .with(0, 2, cells.clone());
    let report = program
        .launch(&mut bindings, [1, 1, 1], &LaunchOptions::default())
        .unwrap();
    assert!(report.is_clean(), "{report}");
    assert_eq!(cells.to_vec::<u32>(), [32, 7, 0xffff, 16, 1, 7]);
    for (i, values) in output.to_vec::<[u32; 4]>().into_iter().enumerate() {
        let i = i as u32;
        assert_eq!(values, [2 * i, i, u32::from(i > 0), 70 + u32::from(i == 0)]);
    }
}

#[test]
fn float_atomics_in_storage() {
    let source = "
        @group(0) @binding(0) var<storage, read> input: array<f32>;
        @group(0) @binding(1) var<storage, read_write> sum: atomic<f32>;
        @compute @workgroup_size(16)
        fn main(@builtin(local_invocation_index) i: u32) { atomicAdd(&sum, input[i]); }";
    let input = (0..16).map(|i| i as f32 * 0.5).collect::<Vec<_>>();
    let (sum, report) = run::<f32, f32>(source, &input, 1, &LaunchOptions::default());
    assert!(report.is_clean(), "{report}");
    assert_eq!(sum, [60.0]);
}

#[test]
fn atomics_in_workgroup_memory() {
    let source = "
        @group(0) @binding(0) var<storage, read> input: array<u32>;
        @group(0) @binding(1) var<storage, read_write> output: array<u32>;
        var<workgroup> counts: array<atomic<u32>, 4>;
        @compute @workgroup_size(64)
        fn main(@builtin(local_invocation_index) i: u32) {
            if (i < 4u) { atomicStore(&counts[i], 100u * i); }
            workgroupBarrier();
            atomicAdd(&counts[input[i] % 4u], 1u);
            let first = workgroupUniformLoad(&counts[0]);
            if (i < 4u) { output[i] = atomicLoad(&counts[i]) + first * 1000u; }
        }";
    let input = (0..64).map(|i| i * i).collect::<Vec<u32>>();
    let (output, report) = run::<u32, u32>(source, &input, 4, &LaunchOptions::default());
    assert!(report.is_clean(), "{report}");
    // Squares are 0 or 1 modulo 4.
    assert_eq!(output, [32032, 32132, 32200, 32300]);
}

/// `C = A * B + C` of one tile, with A and B read in either order.
fn multiply(size: usize, a: &str, b: &str, scalar: &str) -> (Vec<f32>, Vec<f32>) {
    let source = format!(
        "enable f16; enable wgpu_cooperative_matrix;
        @group(0) @binding(0) var<storage, read> input: array<f32>;
        @group(0) @binding(1) var<storage, read_write> output: array<f32>;
        var<workgroup> left: array<{scalar}, {n}>;
        var<workgroup> right: array<{scalar}, {n}>;
        @compute @workgroup_size(64)
        fn main(@builtin(local_invocation_index) i: u32) {{
            for (var k = i; k < {n}u; k += 64u) {{ left[k] = {scalar}(input[k]); right[k] = {scalar}(input[{n}u + k]); }}
            workgroupBarrier();
            let a = {a}<coop_mat{size}x{size}<{scalar}, A>>(&left[0], {size}u);
            let b = {b}<coop_mat{size}x{size}<{scalar}, B>>(&right[0], {size}u);
            var c = coop_mat{size}x{size}<f32, C>();
            for (var k = 0; k < 2; k++) {{ c = coopMultiplyAdd(a, b, c); }}
            coopStoreT(c, &output[0], {size}u);
        }}",
        n = size * size
    );
    let count = size * size;
    let input = (0..2 * count)
        .map(|i| ((i * 7) % 13) as f32 - 6.0)
        .collect::<Vec<_>>();
    let options = LaunchOptions {
        subgroup_size: 64,
        ..LaunchOptions::default()
    };
    let (output, report) = run::<f32, f32>(&source, &input, count, &options);
    assert!(report.is_clean(), "{report}");
    let at = |load: &str, matrix: &[f32], row: usize, column: usize| {
        if load == "coopLoadT" {
            matrix[row * size + column]
        } else {
            matrix[column * size + row]
        }
    };
    let (left, right) = input.split_at(count);
    let expected = (0..count).map(|e| {
        let (row, column) = (e / size, e % size);
        2.0 * (0..size)
            .map(|k| at(a, left, row, k) * at(b, right, k, column))
            .sum::<f32>()
    });
    (output, expected.collect())
}

#[test]
fn cooperative_matrices_multiply_in_both_layouts() {
    for size in [8, 16] {
        for (a, b) in [
            ("coopLoadT", "coopLoadT"),
            ("coopLoad", "coopLoad"),
            ("coopLoadT", "coopLoad"),
        ] {
            for scalar in ["f32", "f16"] {
                let (output, expected) = multiply(size, a, b, scalar);
                assert_eq!(output, expected, "{size} {a} {b} {scalar}");
            }
        }
    }
}

#[test]
fn cooperative_matrices_are_values_of_a_subgroup() {
    // Each subgroup negates and adds its own tile, found by arithmetic on its number.
    let source = "
        enable wgpu_cooperative_matrix;
        @group(0) @binding(0) var<storage, read> input: array<f32>;
        @group(0) @binding(1) var<storage, read_write> output: array<f32>;
        fn twice(m: coop_mat8x8<f32, C>) -> coop_mat8x8<f32, C> { return m + m; }
        @compute @workgroup_size(64)
        fn main(@builtin(subgroup_id) group: u32) {
            let tile = coopLoadT<coop_mat8x8<f32, C>>(&input[group * 64u], 8u);
            var sum = twice(tile) * 3.0;
            sum = sum - tile;
            coopStoreT(sum, &output[group * 64u], 8u);
        }";
    let input = (0..256).map(|i| i as f32).collect::<Vec<_>>();
    let options = LaunchOptions {
        subgroup_size: 16,
        outputs: vec![(0, 1)],
        ..LaunchOptions::default()
    };
    let (output, report) = run::<f32, f32>(source, &input, 256, &options);
    assert!(report.is_clean(), "{report}");
    assert_eq!(output, input.iter().map(|x| 5.0 * x).collect::<Vec<_>>());
    assert_eq!(report.counters.cooperative_operations, 8);
}
