//! The errors of all matrices as a drawing.

use super::{Entry, inputs::RANDOM};
use crate::output::{Anchor, Marker, Stroke, Svg, inexact};

const WIDTH: f64 = 1000.0;
const LEFT: f64 = 300.0;
const RIGHT: f64 = 960.0;
const TOP: f64 = 80.0;
/// Pixels of a matrix.
const LINE: f64 = 22.0;
/// Lines of the grid.
const STEPS: u32 = 5;
const INK: &str = "#222222";
const GRID: &str = "#dddddd";
/// Okabe and Ito's first two.
const WEIGHTS: (Marker, &str) = (Marker::Circle, "#0072b2");
const OUTPUTS: (Marker, &str) = (Marker::Square, "#d55e00");

/// One line a matrix, errors from left to right.
pub(super) fn plot(entries: &[Entry]) -> String {
    let bottom = TOP + LINE * entries.len() as f64;
    let errors = entries
        .iter()
        .flat_map(|entry| [Some(entry.weights), entry.outputs])
        .flatten();
    let largest = errors.filter(|error| error.is_finite()).fold(0.0, f64::max);
    let end = if largest > 0.0 { largest * 1.05 } else { 1.0 };
    let x = |error: f64| LEFT + (RIGHT - LEFT) * error.min(end) / end;

    let mut svg = Svg::new(WIDTH, bottom + 60.0);
    svg.text(
        (20.0, 30.0),
        Anchor::Start,
        18.0,
        INK,
        "Relative errors of weights and outputs",
    );
    let recorded = entries.iter().filter_map(|entry| entry.inputs.as_deref());
    let outputs = match recorded.into_iter().all(|name| name == RANDOM) {
        true => "outputs for random inputs",
        false => "outputs for recorded inputs",
    };
    for (at, (marker, colour), meaning) in [(LEFT, WEIGHTS, "weights"), (LEFT + 120.0, OUTPUTS, outputs)] {
        svg.marker((at, 54.0), marker, colour, meaning);
        svg.text((at + 12.0, 58.0), Anchor::Start, 13.0, INK, meaning);
    }
    let grid = Stroke {
        colour: GRID,
        width: 1.0,
        dashes: "",
    };
    for step in 0..=STEPS {
        let error = end * f64::from(step) / f64::from(STEPS);
        svg.line((x(error), TOP - 8.0), (x(error), bottom), grid);
        let label = format!("{} %", inexact(100.0 * error));
        svg.text((x(error), bottom + 20.0), Anchor::Middle, 12.0, INK, &label);
    }
    for (index, entry) in entries.iter().enumerate() {
        let y = TOP + LINE * (index as f64 + 0.5);
        svg.line((LEFT, y), (RIGHT, y), grid);
        svg.text((LEFT - 12.0, y + 4.0), Anchor::End, 12.0, INK, &entry.name);
        let of_outputs = format!("outputs for {}", entry.inputs.as_deref().unwrap_or_default());
        for ((marker, colour), error, meaning) in [
            (WEIGHTS, Some(entry.weights), "weights"),
            (OUTPUTS, entry.outputs, &of_outputs),
        ] {
            let Some(error) = error else { continue };
            let title = format!("{}, {meaning}: {} %", entry.name, inexact(100.0 * error));
            svg.marker((x(error), y), marker, colour, &title);
        }
    }
    svg.finish()
}
