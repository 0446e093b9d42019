//! What `q4 demo` prints for people.

use std::io::{self, Write};

use q4_kernel::{Considered, Refusal, RouteSource, Routing, RuledOut, Verdict};

use super::layers::{Contract, PASSES, Row};
use crate::{
    adapter::AdapterSummary,
    data::DemoLayer,
    grouping::grouped,
    measure::Clock,
    output::{
        Align, aligned_products, count, duration, error, first_wrong, indented, inexact, size, table,
        tolerance,
    },
};

/// Everything that came of the demo.
#[derive(Debug)]
pub(super) struct Report<'a> {
    pub(super) adapter: AdapterSummary,
    pub(super) on_cpu: bool,
    /// What the layers are from.
    pub(super) model: String,
    pub(super) clock: Clock,
    pub(super) layers: &'a [DemoLayer],
    /// What there is to say of all layers.
    pub(super) note: Option<String>,
    pub(super) contract: Vec<Contract>,
    pub(super) rows: Vec<Row>,
    pub(super) ok: bool,
}

impl Report<'_> {
    /// Prints it for people.
    pub(super) fn write(&self, out: &mut impl Write) -> io::Result<()> {
        writeln!(out, "adapter  {}", self.adapter)?;
        writeln!(out, "timing   {}, median of {PASSES} passes", self.clock.name())?;
        writeln!(out, "weights  {}\n", self.model)?;

        let shapes: Vec<_> = self.layers.iter().map(|layer| layer.layer.shape()).collect();
        let products = aligned_products(&shapes.iter().map(|shape| [shape.n, shape.k]).collect::<Vec<_>>());
        let lines = self
            .layers
            .iter()
            .zip(shapes)
            .zip(products)
            .map(|((layer, shape), product)| {
                let bias = if layer.layer.bias().is_some() { "yes" } else { "no" };
                vec![
                    layer.name.clone().into_owned(),
                    layer.meaning.clone().into_owned(),
                    product,
                    shape.group_size.to_string(),
                    bias.to_owned(),
                    layer.quantised.clone().into_owned(),
                ]
            });
        writeln!(out, "{}", table(&LAYER_COLUMNS, lines))?;
        if let Some(note) = &self.note {
            writeln!(out, "{note}\n")?;
        }

        self.write_routing(out)?;

        let products: Vec<_> = self
            .rows
            .iter()
            .map(|row| [row.shape.m, row.shape.n, row.shape.k])
            .collect();
        let lines = self
            .rows
            .iter()
            .zip(aligned_products(&products))
            .map(|(row, product)| self.line(row, product));
        writeln!(out, "{}", table(&COLUMNS, lines))?;
        self.write_notes(out)?;
        self.write_verdict(out)
    }

    /// What runs for how many rows, and what was ruled out before it; row counts of a layer that are routed alike together.
    fn write_routing(&self, out: &mut impl Write) -> io::Result<()> {
        writeln!(
            out,
            "routing, to the first variant that runs on this adapter and serves the shape:"
        )?;
        let width = self
            .layers
            .iter()
            .map(|layer| layer.name.len())
            .max()
            .unwrap_or_default();
        for layer in self.layers {
            let mut margin = format!("  {:width$}  ", layer.name);
            let rows = self.rows.iter().filter(|row| row.layer == layer.name);
            let alike = rows.map(|row| {
                let Routing {
                    source, considered, ..
                } = &row.routing;
                ((&row.variant, source, considered), row.shape.m.to_string())
            });
            for ((variant, source, considered), rows) in grouped(alike) {
                let text = format!(
                    "M = {}: {variant}\n{}{}",
                    rows.join(", "),
                    measured(source),
                    ruled_out(considered)
                );
                write!(out, "{}", indented(&margin, &text))?;
                margin = " ".repeat(margin.len());
            }
        }
        writeln!(out)
    }

    fn line(&self, row: &Row, product: String) -> Vec<String> {
        vec![
            row.layer.clone().into_owned(),
            product,
            row.variant.clone(),
            duration(self.seconds(row)),
            inexact(self.gigabytes_per_second(row)),
            error(row.comparison.max_absolute),
            tolerance(row.tolerance),
            if row.agrees() { "ok" } else { "WRONG" }.to_owned(),
        ]
    }

    fn write_notes(&self, out: &mut impl Write) -> io::Result<()> {
        for note in self.notes() {
            write!(out, "{}", indented("- ", &note))?;
        }
        writeln!(out)
    }

    /// What one must know to read the table.
    pub(super) fn notes(&self) -> Vec<String> {
        let mut notes = vec![
            "error: the largest of all outputs; allowed: absolute / relative / of the products behind an\noutput, which is wrong only if it misses all"
                .to_owned(),
            "GB/s: weights, scales, bias, input and output, each counted once".to_owned(),
        ];
        let largest = self.rows.iter().map(|row| row.bytes).max().unwrap_or_default();
        if largest < CACHE_BYTES {
            notes.push(format!(
                "the layers are small ({} at most): they stay in caches, and on a fast GPU the launch takes\nlonger than \
                 the work, so GB/s says nothing about memory bandwidth",
                size(largest.into())
            ));
        }
        if self.on_cpu {
            notes.push("this adapter is software: its times say nothing about a GPU".to_owned());
        }
        notes
    }

    fn write_verdict(&self, out: &mut impl Write) -> io::Result<()> {
        for contract in &self.contract {
            let Contract {
                layer,
                outputs,
                max_relative_to_peak,
                ..
            } = contract;
            let largest = error(*max_relative_to_peak);
            let outputs = count(*outputs);
            if contract.ok {
                writeln!(
                    out,
                    "The float64 reference reads `{layer}` as the tools that quantised it do ({outputs} outputs, {largest} apart)."
                )?;
            } else {
                writeln!(
                    out,
                    "The float64 reference DOES NOT READ `{layer}` as the tools that quantised it do: {largest} apart \
                     over {outputs} outputs."
                )?;
            }
        }
        let elements: usize = self.rows.iter().map(|row| row.comparison.elements).sum();
        let wrong: usize = self.rows.iter().map(|row| row.comparison.wrong).sum();
        if wrong == 0 {
            return writeln!(out, "Every one of {} outputs agrees with it.", count(elements));
        }
        for row in &self.rows {
            if let Some(wrong) = first_wrong(&row.comparison) {
                writeln!(out, "`{}` at {}, {}: {wrong}", row.layer, row.shape, row.variant)?;
            }
        }
        writeln!(
            out,
            "{} of {} outputs DO NOT AGREE with it.",
            count(wrong),
            count(elements)
        )
    }

    pub(super) fn seconds(&self, row: &Row) -> f64 {
        row.times.by(self.clock).median
    }

    pub(super) fn gigabytes_per_second(&self, row: &Row) -> f64 {
        row.bytes as f64 / self.seconds(row) / 1e9
    }
}

/// A line that says what was measured, where that decided.
fn measured(source: &RouteSource) -> String {
    match source {
        RouteSource::BuiltIn => String::new(),
        RouteSource::Measured {
            table,
            shape,
            nanoseconds,
        } => format!(
            "  {} at {} x {} x {}, says {table}\n",
            duration(*nanoseconds as f64 / 1e9),
            shape.m,
            shape.n,
            shape.k
        ),
    }
}

/// A line for each reason why variants before the chosen one do not run, of those that may surprise: that kernels for other rows, group sizes
/// and K stand before it goes without saying.
fn ruled_out(considered: &[Considered]) -> String {
    let reasons = considered
        .iter()
        .filter_map(|considered| match &considered.verdict {
            Verdict::RuledOut(RuledOut::Shape(
                Refusal::OneRow { .. }
                | Refusal::MostRows { .. }
                | Refusal::GroupSize { .. }
                | Refusal::K { .. },
            )) => None,
            Verdict::RuledOut(reason) => Some((reason.to_string(), ())),
            Verdict::Chosen | Verdict::NotReached => None,
        });
    let lines = grouped(reasons)
        .into_iter()
        .map(|(reason, times)| format!("  {} before it: {reason}\n", times.len()));
    lines.collect()
}

/// What fits the caches of many GPUs.
const CACHE_BYTES: u64 = 64 << 20;

const LAYER_COLUMNS: [(&str, Align); 6] = [
    ("layer", Align::Left),
    ("what it is", Align::Left),
    ("N x K", Align::Left),
    ("group", Align::Right),
    ("bias", Align::Left),
    ("quantised", Align::Left),
];

const COLUMNS: [(&str, Align); 8] = [
    ("layer", Align::Left),
    ("M x N x K", Align::Left),
    ("variant", Align::Left),
    ("time", Align::Right),
    ("GB/s", Align::Right),
    ("error", Align::Right),
    ("allowed", Align::Right),
    ("verdict", Align::Left),
];

#[cfg(test)]
mod tests {
    use q4_kernel::{Layer, Linear};

    use super::*;
    use crate::{commands::demo::layers, data, measure::Stopwatch, output::Progress, testing};

    #[test]
    fn a_wrong_output_and_a_broken_contract_cannot_be_overlooked() {
        let device = testing::device();
        let name = "coop4_w32_c1_g32_shared";
        let wrong = testing::tampered(
            name,
            "return sum + bias[n];",
            "return select(sum + bias[n], 7.5, n == 3u);",
        );
        let linear = Linear::only(&device.gpu, wrong).unwrap();
        let layers = &data::layers().unwrap()[..1];
        let stopwatch = Stopwatch::new(&device.gpu);
        let uploaded = Layer::upload(&linear, &layers[0].layer).unwrap();
        let rows = layers::run(&uploaded, &stopwatch, &layers[0], &[1], &Progress::new(1)).unwrap();
        let report = Report {
            adapter: AdapterSummary::from(&device.info),
            on_cpu: false,
            model: data::MODEL.to_owned(),
            clock: Clock::WallClock,
            layers,
            note: None,
            contract: vec![Contract::compare("up", &[1.0], &[2.0])],
            ok: rows.iter().all(Row::agrees),
            rows,
        };
        let mut text = Vec::new();
        report.write(&mut text).unwrap();
        let text = String::from_utf8(text).unwrap();
        assert!(
            text.contains("timing   wall clock, from submission to completion, median of "),
            "{text}"
        );
        assert!(text.contains("  1e-4 / 0.1 %  WRONG\n"), "{text}");
        let lines: Vec<&str> = text.lines().rev().take(3).collect();
        assert_eq!(lines[0], "1 of 384 outputs DO NOT AGREE with it.");
        let complaint = "`q` at M=1 N=384 K=384 group_size=32, coop4_w32_c1_g32_shared: 1 of 384 outputs are wrong, first y[0, 3]: \
                         expected ";
        assert!(
            lines[1].starts_with(complaint) && lines[1].ends_with(", got 7.5"),
            "{text}"
        );
        assert_eq!(
            lines[2],
            "The float64 reference DOES NOT READ `up` as the tools that quantised it do: 5.00e-1 apart over 1 outputs."
        );
        let json = serde_json::to_value(report.json()).unwrap();
        assert_eq!(
            (&json["ok"], &json["contract"][0]["ok"]),
            (&false.into(), &false.into())
        );
        assert_eq!(
            (
                &json["rows"][0]["ok"],
                &json["rows"][0]["comparison"]["first_wrong"]["got"]
            ),
            (&false.into(), &7.5.into())
        );
    }
}
