//! The report for a terminal.

use std::io::{self, Write};

use super::{bound::Limit, facts::Facts};
use crate::output::{duration, indented, inexact};

pub(super) fn write(facts: &[Facts<'_>], out: &mut impl Write) -> io::Result<()> {
    for (index, facts) in facts.iter().enumerate() {
        if index > 0 {
            writeln!(out)?;
        }
        write_one(facts, out)?;
    }
    Ok(())
}

fn write_one(facts: &Facts<'_>, out: &mut impl Write) -> io::Result<()> {
    let mut line = |label: &str, text: String| write!(out, "{}", indented(&format!("  {label:<11}"), &text));
    line("kernel", facts.name.to_owned())?;
    line("", facts.description.clone())?;
    line("route", facts.route.to_string())?;
    line(
        "numeric",
        format!("{}: {}", facts.numeric.class, facts.numeric.meaning),
    )?;
    line("serves", facts.constraints.to_string())?;
    let needs = &facts.needs;
    let features: Vec<&str> = needs.features.iter().map(|feature| feature.name()).collect();
    line(
        "needs",
        format!(
            "{} invocations, {} bytes of workgroup memory{}{}",
            needs.workgroup_size,
            needs.workgroup_bytes,
            features
                .iter()
                .map(|feature| format!(", {feature}"))
                .collect::<String>(),
            needs
                .subgroup_size
                .map_or_else(String::new, |size| format!(", subgroups of {size} lanes")),
        ),
    )?;
    let bindings = facts
        .bindings
        .iter()
        .map(|buffer| format!("{} {}", buffer.binding, buffer.name));
    line("bindings", bindings.collect::<Vec<_>>().join(", "))?;
    let params = facts
        .params
        .iter()
        .map(|field| format!("{:>3} {:<14} {}", field.offset, field.name, field.meaning));
    line("params", params.collect::<Vec<_>>().join("\n"))?;
    line("dispatch", facts.dispatch.to_string())?;
    let grids = facts.grids.iter().map(|grid| match grid.workgroups {
        Some([x, y, z]) => format!("M = {}, N = {}: {x} x {y} x {z}", grid.m, grid.n),
        None => format!("M = {}, N = {}: more than a grid holds", grid.m, grid.n),
    });
    line("", grids.collect::<Vec<_>>().join("\n"))?;
    if let Some(cost) = &facts.cost {
        let mut lines = vec![format!("per weight, counted at {}:", cost.shape)];
        for (name, traffic) in &cost.bindings {
            lines.push(format!(
                "{name}: {:.4} bytes, {:.4} of them new, {:.5} sectors",
                traffic.bytes, traffic.unique_bytes, traffic.sectors
            ));
        }
        lines.push(format!(
            "{:.3} f32 operations, {:.3} of integers, {:.3} conversions, {:.3} products of matrices",
            cost.float_operations, cost.integer_operations, cost.conversions, cost.matrix_products
        ));
        lines.push(format!(
            "{:.3} bytes of workgroup memory, {:.4} bank conflicts, {:.5} barriers, {:.4} subgroup operations",
            cost.workgroup_bytes, cost.bank_conflicts, cost.barriers, cost.subgroup_operations
        ));
        line("cost", lines.join("\n"))?;
    }
    if let (Some(work), Some(bound)) = (&facts.work, &facts.bound) {
        let by = match bound.limited_by {
            Limit::Memory => "memory",
            Limit::Arithmetic => "arithmetic",
        };
        let text = format!(
            "{by}, at {}: no less than {}\nmemory {} at {} GB/s, arithmetic {} at {} TFLOP/s in f32",
            work.shape,
            duration(bound.seconds()),
            duration(bound.memory_seconds),
            inexact(bound.ceilings.bandwidth),
            duration(bound.arithmetic_seconds),
            inexact(bound.ceilings.arithmetic),
        );
        line("bound by", text)?;
    }
    Ok(())
}
