//! What may happen in any order must not show in results.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "helpers of tests may fail"
)]

mod common;

use q4_kernel_emulator::{
    Bindings, Buffer, CompileOptions, FaultKind, LaunchOptions, Order, Program, Progress, Schedule, Sweep,
};

fn program(source: &str) -> Program {
    Program::from_wgsl(source, &CompileOptions::default()).unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn float_atomics_are_flagged_though_they_are_free_of_races() {
    let program = program(
        "@group(0) @binding(0) var<storage, read> input: array<f32>;
        @group(0) @binding(1) var<storage, read_write> sum: atomic<f32>;
        @compute @workgroup_size(64)
        fn main(@builtin(global_invocation_id) id: vec3<u32>) { atomicAdd(&sum, input[id.x]); }",
    );
    let input = (0..256).map(|i| 1.0 / (i as f32 + 1.0)).collect::<Vec<_>>();
    let bindings = Bindings::new()
        .with(0, 0, Buffer::from_slice(&input))
        .with(0, 1, Buffer::zeroed(4));
    let report = program
        .sweep(&bindings, [4, 1, 1], &LaunchOptions::default(), &Sweep::default())
        .unwrap();
    assert!(report.runs.iter().all(|run| run.report.is_clean()));
    let difference = report.difference.expect("the order of additions shows");
    assert_eq!(
        (difference.binding, difference.offset, difference.element.as_str()),
        (1, 0, "sum")
    );
    assert!(difference.first != difference.second && difference.expected != difference.found);
    // The buffers of the caller are untouched.
    assert_eq!(bindings.buffer(0, 1).unwrap().to_vec::<f32>(), [0.0]);
}

#[test]
fn slots_handed_out_by_an_atomic_are_flagged() {
    let program = program(
        "struct List { count: atomic<u32>, items: array<u32> }
        @group(0) @binding(0) var<storage, read> input: array<u32>;
        @group(0) @binding(1) var<storage, read_write> list: List;
        @compute @workgroup_size(32)
        fn main(@builtin(global_invocation_id) id: vec3<u32>) {
            if (input[id.x] % 3u == 0u) { list.items[atomicAdd(&list.count, 1u)] = id.x; }
        }",
    );
    let input = (0..96).collect::<Vec<u32>>();
    let bindings = Bindings::new()
        .with(0, 0, Buffer::from_slice(&input))
        .with(0, 1, Buffer::zeroed(400));
    let report = program
        .sweep(&bindings, [3, 1, 1], &LaunchOptions::default(), &Sweep::default())
        .unwrap();
    let difference = report.difference.unwrap();
    assert_eq!(difference.element, "list.items[0]");
    assert!(
        difference
            .to_string()
            .contains("`list.items[0]` depends on the order of execution"),
        "{difference}"
    );
}

#[test]
fn an_ordered_count_is_not_flagged() {
    let program = program(
        "@group(0) @binding(0) var<storage, read> input: array<u32>;
        @group(0) @binding(1) var<storage, read_write> counts: array<atomic<u32>, 8>;
        @compute @workgroup_size(32)
        fn main(@builtin(global_invocation_id) id: vec3<u32>) { atomicAdd(&counts[input[id.x] % 8u], 1u); }",
    );
    let input = (0..96).map(|i| i * i).collect::<Vec<u32>>();
    let bindings = Bindings::new()
        .with(0, 0, Buffer::from_slice(&input))
        .with(0, 1, Buffer::zeroed(32));
    let report = program
        .sweep(&bindings, [3, 1, 1], &LaunchOptions::default(), &Sweep::default())
        .unwrap();
    assert!(report.is_clean(), "{:?}", report.difference);
    assert_eq!(report.runs.len(), 15);
}

#[test]
fn depending_on_an_indeterminate_value_is_flagged() {
    // The last lanes of each subgroup shuffle from beyond its end.
    let program = program(
        "@group(0) @binding(0) var<storage, read_write> output: array<u32>;
        @compute @workgroup_size(32)
        fn main(@builtin(local_invocation_index) i: u32) { output[i] = subgroupShuffleDown(i, 1u); }",
    );
    let bindings = Bindings::new().with(0, 0, Buffer::zeroed(128));
    let sweep = Sweep {
        subgroup_sizes: vec![32],
        ..Sweep::default()
    };
    let report = program
        .sweep(&bindings, [1, 1, 1], &LaunchOptions::default(), &sweep)
        .unwrap();
    assert_eq!(report.difference.unwrap().element, "output[31]");
}

#[test]
fn a_result_that_depends_on_the_subgroup_size_is_flagged() {
    let program = program(
        "@group(0) @binding(0) var<storage, read_write> output: array<u32>;
        @compute @workgroup_size(64)
        fn main(@builtin(local_invocation_index) i: u32) { output[i] = subgroupAdd(1u); }",
    );
    let bindings = Bindings::new().with(0, 0, Buffer::zeroed(256));
    let report = program
        .sweep(&bindings, [1, 1, 1], &LaunchOptions::default(), &Sweep::default())
        .unwrap();
    let difference = report.difference.unwrap();
    assert_eq!((difference.expected, difference.found), (8, 32));
    assert_eq!((difference.first.1, difference.second.1), (8, 32));
}

#[test]
fn correct_kernels_have_the_same_bits_under_every_schedule() {
    for kernel in common::kernels("correct") {
        let sweep = Sweep {
            subgroup_sizes: vec![kernel.options.subgroup_size],
            ..Sweep::default()
        };
        let report = kernel
            .program
            .sweep(&kernel.bindings, kernel.workgroups, &kernel.options, &sweep)
            .unwrap();
        for run in &report.runs {
            assert!(
                run.report.is_clean(),
                "{} under {:?}: {}",
                kernel.name,
                run.schedule,
                run.report
            );
        }
        if let Some(difference) = report.difference {
            panic!("{}: {difference}", kernel.name);
        }
    }
}

#[test]
fn barriers_hold_back_parts_that_run_ahead() {
    let source = "
        @group(0) @binding(0) var<storage, read_write> output: array<u32>;
        var<workgroup> tile: array<u32, 64>;
        @compute @workgroup_size(64)
        fn main(@builtin(local_invocation_index) i: u32) {
            var x = i;
            for (var round = 0u; round < 5u; round++) {
                tile[i] = x;
                workgroupBarrier();
                x = tile[(i + 1u) % 64u] + round;
                workgroupBarrier();
            }
            output[i] = x;
        }";
    let program = program(source);
    for progress in [
        Progress::Workgroup,
        Progress::Subgroups,
        Progress::Lanes,
        Progress::Interleaved(7),
    ] {
        for order in [Order::Forward, Order::Reverse, Order::Shuffled(3)] {
            let schedule = Schedule {
                parts: order,
                progress,
                ..Schedule::LOCKSTEP
            };
            let output = Buffer::zeroed(256);
            let mut bindings = Bindings::new().with(0, 0, output.clone());
            let options = LaunchOptions {
                schedule,
                ..LaunchOptions::default()
            };
            let report = program.launch(&mut bindings, [1, 1, 1], &options).unwrap();
            assert!(report.is_clean(), "{schedule:?}: {report}");
            let expected = (0..64).map(|i| (i + 5) % 64 + 10).collect::<Vec<u32>>();
            assert_eq!(output.to_vec::<u32>(), expected, "{schedule:?}");
            assert_eq!(report.counters.barriers, 10, "{schedule:?}");
        }
    }
}

#[test]
fn a_barrier_that_whole_subgroups_miss_is_divergent_under_every_schedule() {
    let program = program(
        "@group(0) @binding(0) var<storage, read_write> output: array<u32>;
        @compute @workgroup_size(64)
        fn main(@builtin(local_invocation_index) i: u32) {
            if (i >= 32u) { return; }
            workgroupBarrier();
            output[i] = i;
        }",
    );
    for schedule in Schedule::standard() {
        let mut bindings = Bindings::new().with(0, 0, Buffer::zeroed(256));
        let options = LaunchOptions {
            schedule,
            ..LaunchOptions::default()
        };
        let report = program.launch(&mut bindings, [1, 1, 1], &options).unwrap();
        let found = report
            .faults
            .iter()
            .map(|f| (f.kind, f.location.unwrap().line, f.lane))
            .collect::<Vec<_>>();
        assert_eq!(
            found,
            [(FaultKind::DivergentBarrier, 5, Some(32))],
            "{schedule:?}"
        );
    }
}

#[test]
fn planted_races_are_found_under_every_schedule() {
    for name in [
        "missing_barrier",
        "missing_barrier_in_reduction",
        "overlapping_stores",
        "lost_trailing_barrier",
    ] {
        for schedule in Schedule::standard() {
            let mut kernel = common::kernel("planted", name);
            kernel.options.schedule = schedule;
            let report = kernel.launch();
            assert!(
                report
                    .faults
                    .iter()
                    .any(|fault| fault.kind == FaultKind::DataRace),
                "{name} under {schedule:?}"
            );
        }
    }
}

#[test]
fn counters_are_those_of_lockstep_whenever_subgroups_stay_together() {
    // How often a compare-exchange fails, and so how much is done, depends on the order.
    let kernels = common::kernels("correct")
        .into_iter()
        .filter(|kernel| kernel.name != "max_with_compare_exchange");
    for kernel in kernels {
        let counters = |schedule| {
            let mut bindings = kernel.bindings.duplicate();
            let options = LaunchOptions {
                schedule,
                ..kernel.options.clone()
            };
            kernel
                .program
                .launch(&mut bindings, kernel.workgroups, &options)
                .unwrap()
                .counters
        };
        let lockstep = counters(Schedule::LOCKSTEP);
        assert_eq!(counters(Schedule::REVERSED), lockstep, "{}", kernel.name);
        assert_eq!(counters(Schedule::shuffled(9)), lockstep, "{}", kernel.name);
    }
}
