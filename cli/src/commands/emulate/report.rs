//! What `q4 emulate` prints for people.

use std::io::{self, Write};

use q4_kernel_emulator::{
    BindingTraffic, Counters, Fault, FloatOperations, OperationCounts, Program, Report, WorkgroupTraffic,
};

use super::{excerpt::excerpt, shader::Source, values::Printed};
use crate::output::{Align, count, table};

/// The verdict, the faults, the counters and the values that were asked for.
pub(super) fn write(
    out: &mut impl Write,
    source: &Source,
    program: &Program,
    report: &Report,
    printed: &[Printed],
) -> io::Result<()> {
    match report.faults.len() {
        0 => writeln!(out, "clean: no faults")?,
        1 => writeln!(out, "1 fault")?,
        several => writeln!(out, "{several} faults")?,
    }
    for fault in &report.faults {
        writeln!(out, "\n{}", line(source, fault))?;
        let lines = fault
            .location
            .and_then(|location| excerpt(&source.text, location, "    "));
        write!(out, "{}", lines.unwrap_or_default())?;
    }
    let counters = &report.counters;
    if !counters.bindings.is_empty() {
        write!(
            out,
            "\n{}",
            table(&COLUMNS, counters.bindings.iter().map(traffic))
        )?;
    }
    writeln!(out)?;
    for (label, text) in totals(program, counters) {
        writeln!(out, "{label:<18}{text}")?;
    }
    for printed in printed {
        write!(out, "\n{}", printed.text())?;
    }
    Ok(())
}

/// A fault in a line: where, what, why, to whom first and how often.
fn line(source: &Source, fault: &Fault) -> String {
    let place = match fault.location {
        Some(location) => format!("{}:{location}", source.name),
        None => source.name.clone(),
    };
    let mut first = Vec::new();
    if let Some([x, y, z]) = fault.workgroup {
        let lane = fault.lane.map_or(String::new(), |lane| format!(", lane {lane}"));
        first.push(format!("workgroup {x},{y},{z}{lane}"));
        if fault.count > 1 {
            first.push(format!("{} times", count(fault.count)));
        }
    }
    let mut text = format!("{place}: {}: {}", fault.kind, fault.message);
    if !first.is_empty() {
        text.push_str(&format!(" ({})", first.join("; ")));
    }
    text
}

const COLUMNS: [(&str, Align); 9] = [
    ("binding", Align::Left),
    ("name", Align::Left),
    ("bytes read", Align::Right),
    ("unique", Align::Right),
    ("sectors", Align::Right),
    ("bytes written", Align::Right),
    ("unique", Align::Right),
    ("sectors", Align::Right),
    ("atomics", Align::Right),
];

fn traffic(traffic: &BindingTraffic) -> Vec<String> {
    let numbers = [
        traffic.bytes_read,
        traffic.unique_bytes_read,
        traffic.sectors_read,
        traffic.bytes_written,
        traffic.unique_bytes_written,
        traffic.sectors_written,
        traffic.atomics,
    ];
    let mut cells = vec![
        format!("{}:{}", traffic.group, traffic.binding),
        traffic.name.clone(),
    ];
    cells.extend(numbers.map(count));
    cells
}

/// Everything that is not of one binding; what did not happen is left out.
fn totals(program: &Program, counters: &Counters) -> Vec<(&'static str, String)> {
    let OperationCounts { float, half, .. } = &counters.operations;
    let WorkgroupTraffic {
        bytes_read,
        bytes_written,
        atomics,
        bank_conflicts,
        ..
    } = counters.workgroup_memory;
    let [x, y, z] = program.workgroup_size();
    let invocations = format!(
        "{} of {x} x {y} x {z} invocations, {} in all",
        count(counters.workgroups),
        count(counters.invocations)
    );
    let mut totals = vec![
        ("workgroups", invocations),
        ("lane-operations", count(counters.lane_operations)),
    ];
    let mut line = |label, happened: &[(u64, &str)]| {
        let nonzero = happened.iter().filter(|(value, _)| *value > 0);
        let counts: Vec<String> = nonzero
            .map(|(value, what)| format!("{} {what}", count(*value)).trim_end().to_owned())
            .collect();
        if !counts.is_empty() {
            totals.push((label, counts.join(", ")));
        }
    };
    line("f32", &floats(float));
    line("f16", &floats(half));
    line("integer", &integers(&counters.operations));
    line("loop iterations", &[(counters.loop_iterations, "")]);
    line(
        "barriers",
        &[
            (counters.barriers, "of workgroups"),
            (counters.subgroup_barriers, "of subgroups"),
        ],
    );
    line(
        "collective",
        &[
            (counters.subgroup_operations, "subgroup operations"),
            (counters.cooperative_operations, "cooperative operations"),
            (
                counters.operations.cooperative_multiply_add,
                "multiply-adds in them",
            ),
        ],
    );
    line(
        "workgroup memory",
        &[
            (bytes_read, "bytes read"),
            (bytes_written, "bytes written"),
            (atomics, "atomics"),
            (bank_conflicts, "bank conflicts"),
        ],
    );
    totals
}

fn floats(operations: &FloatOperations) -> [(u64, &'static str); 6] {
    [
        (operations.add, "add"),
        (operations.multiply, "multiply"),
        (operations.fma, "fma"),
        (operations.divide, "divide"),
        (operations.special, "special"),
        (operations.other, "other"),
    ]
}

fn integers(operations: &OperationCounts) -> [(u64, &'static str); 7] {
    [
        (operations.integer, "simple"),
        (operations.integer_multiply, "multiply"),
        (operations.integer_divide, "divide"),
        (operations.boolean, "boolean"),
        (operations.conversion, "convert"),
        (operations.packing, "pack"),
        (operations.dot4, "dot4"),
    ]
}
