//! Correct kernels: no false alarm, and the right results.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "helpers of tests may fail"
)]

mod common;

use common::{Kernel, kernel, random};
use half::f16;

/// Launches a kernel that must be without fault.
fn launch(name: &str) -> Kernel {
    let mut kernel = kernel("correct", name);
    let report = kernel.launch();
    assert!(report.is_clean(), "{name}: {report}");
    kernel
}

fn u32s(name: &str, binding: u32) -> Vec<u32> {
    launch(name).values(0, binding)
}

fn f32s(name: &str, binding: u32) -> Vec<f32> {
    launch(name).values(0, binding)
}

fn randoms(count: usize) -> Vec<f32> {
    (0..count).map(|i| random(i) as f32).collect()
}

fn of<T>(count: u32, value: impl Fn(u32) -> T) -> Vec<T> {
    (0..count).map(value).collect()
}

#[test]
fn there_are_many_and_each_has_a_test() {
    let tests = include_str!("correct.rs");
    let kernels = common::kernels("correct");
    // As many as there are planted faults.
    assert!(kernels.len() >= common::kernels("planted").len());
    for kernel in kernels {
        assert!(
            tests.contains(&format!("\"{}\"", kernel.name)),
            "{} has no test",
            kernel.name
        );
    }
}

#[test]
fn maps_over_buffers() {
    assert_eq!(f32s("vector_add", 2), of(250, |i| i as f32 + 1.0));
    assert_eq!(f32s("grid_stride", 1), of(1000, |i| (i * i) as f32));
    assert_eq!(u32s("transpose", 1), of(256, |i| i % 16 * 16 + i / 16));
    let expected = of(288, |i| {
        let (x, y, z) = (i % 6, i / 6 % 12, i / 72);
        x + 100 * y + 10000 * z
    });
    assert_eq!(u32s("three_dimensions", 0), expected);
}

#[test]
fn neighbours_through_workgroup_memory() {
    let clamped = |i: i64| i.clamp(0, 99) as u32;
    let expected = of(100, |i| {
        let i = i64::from(i);
        clamped(i - 1) + 2 * clamped(i) + clamped(i + 1)
    });
    assert_eq!(u32s("stencil_with_halo", 1), expected);
    let expected = of(128, |i| (i / 64 * 64..=i).sum());
    assert_eq!(u32s("double_buffered_scan", 1), expected);
    assert_eq!(u32s("compaction", 1), of(43, |i| 3 * i));
}

#[test]
fn many_writers_of_the_same_sums() {
    let expected = of(5, |s| (0..192).filter(|i| i % 5 == s).sum());
    assert_eq!(u32s("segmented_sum_by_atomics", 1), expected);
}

#[test]
fn a_vector_handed_out_element_by_element() {
    let expected = of(16, |row| (0..16).map(|k| (k * (row * 16 + k)) as f32).sum());
    assert_eq!(f32s("matrix_vector_by_uniform_load", 2), expected);
}

#[test]
fn reductions() {
    assert_eq!(
        u32s("tree_reduction", 1),
        of(3, |g| (g * 128..(g + 1) * 128).sum())
    );
    assert_eq!(
        u32s("subgroup_reduction_any_size", 1),
        of(2, |g| (g * 100..(g + 1) * 100).sum())
    );
    assert_eq!(
        f32s("subgroup_shuffle_reduction", 1),
        of(4, |s| (s * 16..(s + 1) * 16).sum::<u32>() as f32)
    );
    let expected = of(128, |i| {
        let subgroup = i % 64 / 16;
        if subgroup % 2 == 0 {
            16
        } else {
            (0..subgroup).sum()
        }
    });
    assert_eq!(u32s("subgroup_under_uniform_condition", 0), expected);
}

#[test]
fn subgroup_reductions_give_the_same_for_every_size() {
    for size in [4, 8, 16, 32, 64, 128] {
        let mut kernel = kernel("correct", "subgroup_reduction_any_size");
        kernel.options.subgroup_size = size;
        let report = kernel.launch();
        assert!(report.is_clean(), "{size}: {report}");
        assert_eq!(
            kernel.values::<u32>(0, 1),
            of(2, |g| (g * 100..(g + 1) * 100).sum())
        );
    }
}

#[test]
fn scans() {
    let expected = of(128, |i| {
        let lane = i % 64;
        (0..=lane).map(|l| 1 + l).sum()
    });
    assert_eq!(u32s("inclusive_scan", 1), expected);
    assert_eq!(u32s("subgroup_scan", 1), of(64, |i| (0..i).sum()));
}

fn product(a: &[f32], b: &[f32], [m, k, n]: [usize; 3]) -> Vec<f32> {
    let at = |row: usize, column: usize| (0..k).map(|i| a[row * k + i] * b[i * n + column]).sum::<f32>();
    (0..m * n).map(|i| at(i / n, i % n)).collect()
}

#[test]
fn matrix_products() {
    // All numbers are small integers, so that sums are exact in any order.
    assert_eq!(
        f32s("tiled_matmul", 2),
        product(&randoms(320), &randoms(480), [16, 20, 24])
    );
    assert_eq!(
        f32s("register_tiled_matmul", 2),
        product(&randoms(256), &randoms(256), [16, 16, 16])
    );
    assert_eq!(
        f32s("cooperative_matmul", 2),
        product(&randoms(512), &randoms(512), [16, 32, 16])
    );
    let by_columns = randoms(512);
    let by_rows = of(512, |i| by_columns[((i % 16) * 32 + i / 16) as usize]);
    assert_eq!(
        f32s("cooperative_vectors", 2),
        product(&randoms(512), &by_rows, [16, 32, 16])
    );
    let x = of(64, |i| i as f32);
    let weights = randoms(448);
    let expected = weights
        .chunks(64)
        .map(|row| row.iter().zip(&x).map(|(w, x)| w * x).sum())
        .collect::<Vec<f32>>();
    assert_eq!(f32s("grid_stride_gemv", 2), expected);
}

#[test]
fn atomics() {
    let mut counts = [0; 16];
    for i in 0..1000 {
        counts[random(i) as usize / 16] += 1;
    }
    assert_eq!(u32s("histogram", 1), counts);
    let above = |group: usize| {
        (group * 64..(group + 1) * 64)
            .filter(|&i| random(i) > 100.0)
            .count() as u32
    };
    assert_eq!(u32s("zero_initialised_counter", 1), [above(0), above(1)]);
    let largest = (0..128).map(|i| random(i) as u32).max().unwrap();
    assert_eq!(u32s("max_with_compare_exchange", 1), [largest]);
}

#[test]
fn packing() {
    let packed = launch("pack_and_unpack");
    let bytes = of(16, |i| [4 * i, 4 * i + 1, 4 * i + 2, 4 * i + 3]);
    let words = bytes
        .iter()
        .map(|b| u32::from_le_bytes(b.map(|b| b as u8)))
        .collect::<Vec<_>>();
    assert_eq!(packed.values::<u32>(0, 1), words);
    let sums = bytes
        .iter()
        .map(|b| 2.0 * b.iter().sum::<u32>() as f32)
        .collect::<Vec<_>>();
    assert_eq!(packed.values::<f32>(0, 2), sums);
    let expected = of(256, |i| {
        let word = (random(i as usize / 8) as u32).wrapping_mul(0x0123_4567);
        ((word >> (4 * (i % 8)) & 15) as f32 - 8.0) * 0.5
    });
    assert_eq!(f32s("dequantise_nibbles", 1), expected);
}

#[test]
fn half_precision_rounds_every_step() {
    let output: Vec<u16> = launch("half_precision").values(0, 1);
    let h = f16::from_f32;
    for (i, bits) in output.into_iter().enumerate() {
        let x = h(i as f32) / h(64.0);
        let expected = ((h(0.3) * x + h(0.7)) * x - h(1.1)) * x + h(0.25);
        assert_eq!(bits, expected.to_bits(), "x = {x}");
    }
}

#[test]
fn sorting() {
    let mut expected = (0..128).map(|i| random(i) as u32).collect::<Vec<_>>();
    expected.sort_unstable();
    assert_eq!(u32s("bitonic_sort", 0), expected);
}

#[test]
fn barriers_in_uniform_control_flow() {
    let limit = |group: usize| random(group * 64 + 7) as u32 % 5 + 1;
    let expected = of(128, |i| (0..limit(i as usize / 64)).map(|n| i % 64 * n).sum());
    assert_eq!(u32s("broadcast_by_uniform_load", 1), expected);
    let expected = of(100, |i| {
        let mirror = i / 64 * 64 + 63 - i % 64;
        if mirror < 100 { mirror } else { 1000 }
    });
    assert_eq!(u32s("early_exit_after_barrier", 1), expected);
    let expected = of(128, |i| if i / 32 == 2 { 5 } else { 31 - i % 32 + i / 32 });
    assert_eq!(u32s("barrier_in_uniform_branch", 0), expected);
}

#[test]
fn overrides() {
    let expected = of(96, |i| (i / 48 * 48 + 47 - i % 48) * 6);
    assert_eq!(u32s("override_tile", 1), expected);
}

#[test]
fn structs_and_pointers() {
    let output = f32s("structs_and_pointers", 1);
    for (i, after) in output.chunks(6).enumerate() {
        let mut before = (0..6).map(|k| (i * 6 + k) as f32).collect::<Vec<_>>();
        for _ in 0..4 {
            before[3] -= 9.81 * 0.25;
            before[0] += before[2] * 0.25;
            before[1] += before[3] * 0.25;
        }
        before[5] = f32::from_bits(before[5].to_bits() + 4);
        assert_eq!(after, before);
    }
}

#[test]
fn a_tour_of_the_language() {
    let kernel = launch("language_tour");
    // Computed by hand, summand by summand.
    assert_eq!(kernel.values::<f32>(0, 4), [66.5, 121.5]);
    assert_eq!(kernel.values::<i32>(0, 2), [0, 5]);
    let bar = kernel.values::<f32>(0, 0);
    assert_eq!(
        bar[..16],
        [0., 0., 0., 0., 1., 2., 0., 0., 2., 2., 2., 0., 3., 3., 3., 0.]
    );
    // The minimum of 0 and -4, then ten counters of which two were raised.
    let bar = kernel.values::<i32>(0, 0);
    assert_eq!(bar[24..28], [-4, 3, 3, 0]);
}

#[test]
fn divergent_iterations() {
    let expected = of(256, |i| {
        let c = [(i % 16) as f32 / 8.0 - 1.5, (i / 16) as f32 / 8.0 - 1.0];
        let (mut z, mut n) = ([0f32; 2], 0);
        while n < 50 && z[0] * z[0] + z[1] * z[1] <= 4.0 {
            z = [z[0] * z[0] - z[1] * z[1] + c[0], 2.0 * z[0] * z[1] + c[1]];
            n += 1;
        }
        n
    });
    assert_eq!(u32s("mandelbrot", 0), expected);
}

#[test]
fn softmax() {
    let output = f32s("softmax_rows", 1);
    for (row, values) in output.chunks(32).enumerate() {
        let exps = (0..32)
            .map(|i| (random(row * 32 + i) / 32.0).exp())
            .collect::<Vec<f64>>();
        let sum = exps.iter().sum::<f64>();
        for (value, exp) in values.iter().zip(exps) {
            assert!((f64::from(*value) - exp / sum).abs() < 1e-6);
        }
    }
}
