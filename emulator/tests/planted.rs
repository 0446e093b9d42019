//! Every kernel in `planted` has one fault, marked by a comment on its line, and the emulator finds that and nothing
//! else, whatever the number of threads.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "helpers of tests may fail"
)]

mod common;

use std::num::NonZeroUsize;

/// Kind and line of the marker `// fault: KIND`.
fn marker(source: &str) -> (String, u32) {
    let mut markers = (1..).zip(source.lines()).filter_map(|(line, text)| {
        text.split_once("// fault: ")
            .map(|(_, kind)| (kind.trim().to_owned(), line))
    });
    let marker = markers.next().expect("a marker");
    assert_eq!(markers.next(), None, "one marker only");
    marker
}

#[test]
fn each_planted_fault_is_found_with_its_kind_and_line_and_nothing_else() {
    let kernels = common::kernels("planted");
    assert!(kernels.len() >= 25, "{} kernels", kernels.len());
    let mut wrong = Vec::new();
    for mut kernel in kernels {
        let expected = marker(&kernel.source);
        let report = kernel.launch();
        let found = report
            .faults
            .iter()
            .map(|fault| {
                (
                    fault.kind.to_string(),
                    fault.location.map_or(0, |location| location.line),
                )
            })
            .collect::<Vec<_>>();
        if found != [expected.clone()] {
            wrong.push(format!("{}: expected {expected:?}, found\n{report}", kernel.name));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[test]
fn reports_do_not_depend_on_the_number_of_threads() {
    for path in common::paths("planted") {
        let run = |threads| {
            let mut kernel = common::Kernel::read(&path);
            kernel.options.threads = NonZeroUsize::new(threads);
            let report = kernel.launch();
            let contents = kernel
                .bindings
                .iter()
                .map(|(_, range)| range.buffer.to_bytes())
                .collect::<Vec<_>>();
            (report, contents)
        };
        let (report, contents) = run(1);
        for _ in 0..3 {
            let (other_report, other_contents) = run(4);
            assert_eq!(other_report.to_string(), report.to_string(), "{}", path.display());
            assert_eq!(other_report.counters, report.counters, "{}", path.display());
            assert!(other_contents == contents, "{}", path.display());
        }
    }
}

#[test]
fn every_kind_of_fault_is_planted() {
    let mut planted = common::kernels("planted")
        .iter()
        .map(|kernel| marker(&kernel.source).0)
        .collect::<Vec<_>>();
    planted.sort();
    planted.dedup();
    let mut kinds = q4_kernel_emulator::FaultKind::ALL
        .iter()
        .map(|kind| kind.to_string())
        .collect::<Vec<_>>();
    kinds.sort();
    assert_eq!(planted, kinds);
}
