//! How many lane-operations a core does in a second.
//!
//! `cargo bench -p q4-kernel-emulator` prints one line for each kernel: lane-operations as
//! `Counters::lane_operations` defines them (one operation on one scalar, or one scalar read from or written to
//! memory, by one active lane), the time of a launch on one thread with all checks and counters, and without.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "helpers of tests may fail"
)]

use std::num::NonZeroUsize;
use std::time::{Duration, Instant};

use q4_kernel_emulator::{Bindings, Buffer, CompileOptions, LaunchOptions, Program};

struct Case {
    name: &'static str,
    source: &'static str,
    bindings: Bindings,
    workgroups: [u32; 3],
}

fn cases() -> Vec<Case> {
    let zeros = |elements: u64| Buffer::zeroed(elements * 4);
    let words = |count: u32| {
        Buffer::from_slice(
            &(0..count)
                .map(|i| i.wrapping_mul(2_654_435_761))
                .collect::<Vec<_>>(),
        )
    };
    let floats =
        |count: u32| Buffer::from_slice(&(0..count).map(|i| (i % 17) as f32 / 16.0).collect::<Vec<_>>());
    vec![
        Case {
            name: "gemv, 4-bit weights, 2048 x 512",
            source: include_str!("kernels/gemv.wgsl"),
            bindings: Bindings::new()
                .with(0, 0, zeros(512))
                .with(0, 1, floats(2048))
                .with(0, 2, words(2048 / 8 * 512))
                .with(0, 3, floats(2048 / 32 * 512))
                .with(0, 4, Buffer::from_slice(&[2048u32, 512, 32])),
            workgroups: [512, 1, 1],
        },
        Case {
            name: "matrix product, 128 x 128 x 128",
            source: include_str!("kernels/matmul.wgsl"),
            bindings: Bindings::new()
                .with(0, 0, zeros(128 * 128))
                .with(0, 1, floats(128 * 128))
                .with(0, 2, floats(128 * 128))
                .with(0, 3, Buffer::from_slice(&[128u32; 3])),
            workgroups: [4, 4, 1],
        },
        Case {
            name: "f32 arithmetic",
            source: include_str!("kernels/arithmetic.wgsl"),
            bindings: Bindings::new().with(0, 0, zeros(16384)),
            workgroups: [64, 1, 1],
        },
        Case {
            name: "f16 arithmetic",
            source: include_str!("kernels/half.wgsl"),
            bindings: Bindings::new().with(0, 0, zeros(8192)),
            workgroups: [64, 1, 1],
        },
        Case {
            name: "copy",
            source: include_str!("kernels/copy.wgsl"),
            bindings: Bindings::new()
                .with(0, 0, zeros(1 << 20))
                .with(0, 1, floats(1 << 20)),
            workgroups: [4096, 1, 1],
        },
        Case {
            name: "mandelbrot (divergent)",
            source: include_str!("kernels/mandelbrot.wgsl"),
            bindings: Bindings::new().with(0, 0, zeros(256 * 256)),
            workgroups: [16, 16, 1],
        },
    ]
}

/// The shortest of some launches.
fn shortest(case: &Case, program: &Program, options: &LaunchOptions) -> Duration {
    let launch = || {
        let mut bindings = case.bindings.clone();
        let start = Instant::now();
        program
            .launch(&mut bindings, case.workgroups, options)
            .expect("the case is right");
        start.elapsed()
    };
    (0..7).map(|_| launch()).min().unwrap_or_default()
}

fn main() {
    let one = NonZeroUsize::new(1);
    let checked = LaunchOptions {
        threads: one,
        ..LaunchOptions::default()
    };
    let fast = LaunchOptions {
        threads: one,
        ..LaunchOptions::fast()
    };
    println!(
        "{:34} {:>12} {:>20} {:>20}",
        "kernel", "lane-ops", "checked", "fast"
    );
    // `cargo bench` adds flags of its own; a word selects kernels by a part of their name.
    let selected = std::env::args()
        .skip(1)
        .find(|argument| !argument.starts_with("--"))
        .unwrap_or_default();
    for case in cases().into_iter().filter(|case| case.name.contains(&selected)) {
        let program = Program::from_wgsl(case.source, &CompileOptions::default()).expect("the case is right");
        let report = program
            .launch(&mut case.bindings.clone(), case.workgroups, &checked)
            .expect("the case is right");
        assert!(report.is_clean(), "{}: {report}", case.name);
        let operations = report.counters.lane_operations;
        let rate = |time: Duration| {
            format!(
                "{:.0} M/s {:>6.2} ms",
                operations as f64 / time.as_secs_f64() / 1e6,
                time.as_secs_f64() * 1e3
            )
        };
        let (checked, fast) = (
            shortest(&case, &program, &checked),
            shortest(&case, &program, &fast),
        );
        println!(
            "{:34} {operations:>12} {:>20} {:>20}",
            case.name,
            rate(checked),
            rate(fast)
        );
    }
}
