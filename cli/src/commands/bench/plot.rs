//! The roofline plot: operations per byte against operations per second, below what the memory allows (Williams, Waterman and
//! Patterson, 2009).

use q4_kernel::Shape;

use super::{
    report::{Report, operations},
    runs::Row,
};
use crate::output::{Anchor, Marker, Stroke, Svg, duration, inexact};

/// A kernel on a shape, as a point.
#[derive(Clone, Debug)]
struct Point {
    shape: Shape,
    /// Place in the legend.
    series: usize,
    /// Operations per byte.
    intensity: f64,
    /// Trillions of operations per second.
    performance: f64,
    title: String,
}

/// A logarithmic axis over whole decades.
#[derive(Clone, Copy, Debug)]
struct Axis {
    /// Exponents of 10 at its ends.
    decades: (i32, i32),
    /// Pixels at its ends.
    pixels: (f64, f64),
}

const WIDTH: f64 = 1000.0;
const HEIGHT: f64 = 640.0;
const LEFT: f64 = 80.0;
const RIGHT: f64 = 960.0;
const TOP: f64 = 70.0;
/// Pixels of a line of the legend.
const LEGEND_LINE: f64 = 20.0;
const INK: &str = "#222222";
const FAINT: &str = "#777777";
const GRID: &str = "#dddddd";
const FINE_GRID: &str = "#f0f0f0";
/// Okabe and Ito's colours, which all eyes tell apart, without the yellow that white paper swallows.
const COLOURS: [&str; 7] = [
    "#0072b2", "#d55e00", "#009e73", "#cc79a7", "#000000", "#56b4e9", "#e69f00",
];

impl Report {
    /// The plot, as the text of an SVG file.
    pub(super) fn plot(&self) -> String {
        let names = self.series();
        let points = self.points(&names);
        let bandwidth = self.conditions.bytes_per_second() / 1e12;
        // The legend stands below, so that names of any length have room.
        let bottom = HEIGHT - 70.0;
        let height = HEIGHT + LEGEND_LINE * names.len() as f64;
        let intensities = || points.iter().map(|point| point.intensity);
        let x = Axis::over(intensities(), (LEFT, RIGHT));
        let roofs = intensities().map(|intensity| intensity * bandwidth);
        let y = Axis::over(
            points.iter().map(|point| point.performance).chain(roofs),
            (bottom, TOP),
        );

        let mut svg = Svg::new(WIDTH, height);
        svg.text(
            (LEFT, 30.0),
            Anchor::Start,
            18.0,
            INK,
            &format!("Roofline: {}", self.conditions.adapter),
        );
        let subtitle = format!(
            "{}, {}; read bandwidth {} GB/s in the same run",
            self.conditions.clock.name(),
            self.conditions.method.order.meaning(),
            inexact(bandwidth * 1e3)
        );
        svg.text((LEFT, 52.0), Anchor::Start, 13.0, FAINT, &subtitle);
        draw_grid(&mut svg, x, y);
        draw_roof(&mut svg, x, y, bandwidth);
        for point in &points {
            let (marker, colour) = look(point.series);
            svg.marker(
                (x.at(point.intensity), y.at(point.performance)),
                marker,
                colour,
                &point.title,
            );
        }
        draw_labels(&mut svg, x, y, &points);
        for (series, name) in names.iter().enumerate() {
            let (marker, colour) = look(series);
            let line = HEIGHT + LEGEND_LINE * series as f64;
            svg.marker((LEFT + 8.0, line - 4.5), marker, colour, name);
            svg.text((LEFT + 24.0, line), Anchor::Start, 13.0, INK, name);
        }
        svg.finish()
    }

    /// A line of the legend for each kernel, in the order of the rows.
    fn series(&self) -> Vec<String> {
        let mut names = Vec::new();
        for name in self.rows.iter().map(name) {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        names
    }

    fn points(&self, names: &[String]) -> Vec<Point> {
        let point = |row: &Row| {
            let (figures, outcome) = self.figures(row)?;
            let Shape { m, n, k, group_size } = row.shape;
            Some(Point {
                shape: row.shape,
                series: names.iter().position(|known| *known == name(row))?,
                intensity: operations(row.shape) / outcome.bytes as f64,
                performance: figures.teraflops_per_second,
                title: format!(
                    "{}\n{m} x {n} x {k}, group size {group_size}\n{}, {} GB/s, {} TFLOP/s",
                    row.kernel.variant.name,
                    duration(figures.seconds.median),
                    inexact(figures.gigabytes_per_second),
                    inexact(figures.teraflops_per_second)
                ),
            })
        };
        self.rows.iter().filter_map(point).collect()
    }
}

/// A kernel in the legend: its name, its class, and what else it is called.
fn name(row: &Row) -> String {
    let variant = row.kernel.variant;
    let roles = row
        .kernel
        .roles
        .iter()
        .filter(|role| *role != super::kernels::ROUTED);
    let roles: Vec<&str> = roles.map(String::as_str).collect();
    let class = variant.configuration.numeric;
    if roles.is_empty() {
        format!("{}, {class}", variant.name)
    } else {
        format!("{}, {class} ({})", variant.name, roles.join(", "))
    }
}

/// Marker and colour of a series, different for the first 35.
fn look(series: usize) -> (Marker, &'static str) {
    (
        Marker::ALL[series / COLOURS.len() % Marker::ALL.len()],
        COLOURS[series % COLOURS.len()],
    )
}

impl Axis {
    /// An axis that holds these values, with some room beside them. One decade where there are none.
    fn over(values: impl Iterator<Item = f64>, pixels: (f64, f64)) -> Self {
        let exponents = values
            .filter(|value| *value > 0.0 && value.is_finite())
            .map(f64::log10);
        let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
        for exponent in exponents {
            (low, high) = (low.min(exponent), high.max(exponent));
        }
        let decades = if low <= high {
            // Finite numbers have exponents from -324 to 308.
            ((low - 0.02).floor() as i32, (high + 0.02).ceil() as i32)
        } else {
            (0, 1)
        };
        Self { decades, pixels }
    }

    /// The pixel of a value.
    fn at(&self, value: f64) -> f64 {
        let (low, high) = (f64::from(self.decades.0), f64::from(self.decades.1));
        let (from, to) = self.pixels;
        from + (value.log10() - low) / (high - low) * (to - from)
    }

    /// The values at its ends.
    fn ends(&self) -> (f64, f64) {
        (10_f64.powi(self.decades.0), 10_f64.powi(self.decades.1))
    }

    /// Values to draw lines at, and whether each is a power of ten.
    fn ticks(&self) -> impl Iterator<Item = (f64, bool)> {
        let (low, high) = self.decades;
        let fine = (low..high)
            .flat_map(|decade| (2..10).map(move |digit| (f64::from(digit) * 10_f64.powi(decade), false)));
        fine.chain((low..=high).map(|decade| (10_f64.powi(decade), true)))
    }
}

fn draw_grid(svg: &mut Svg, x: Axis, y: Axis) {
    let (left, right) = x.pixels;
    let (bottom, top) = y.pixels;
    let stroke = |is_decade| Stroke {
        colour: if is_decade { GRID } else { FINE_GRID },
        width: 1.0,
        dashes: "",
    };
    // Few decades leave room for numbers at 2 and 5.
    let labelled = |axis: Axis, value: f64, is_decade: bool| {
        let digit = value / 10_f64.powf(value.log10().floor());
        is_decade
            || axis.decades.1 - axis.decades.0 <= 3 && [2.0, 5.0].iter().any(|at| (digit - at).abs() < 1e-6)
    };
    for (value, is_decade) in x.ticks() {
        let at = x.at(value);
        svg.line((at, bottom), (at, top), stroke(is_decade));
        if labelled(x, value, is_decade) {
            svg.text((at, bottom + 20.0), Anchor::Middle, 13.0, INK, &plain(value));
        }
    }
    for (value, is_decade) in y.ticks() {
        let at = y.at(value);
        svg.line((left, at), (right, at), stroke(is_decade));
        if labelled(y, value, is_decade) {
            svg.text((left - 8.0, at + 4.5), Anchor::End, 13.0, INK, &plain(value));
        }
    }
    let middle = ((left + right) / 2.0, bottom + 42.0);
    svg.text(
        middle,
        Anchor::Middle,
        14.0,
        INK,
        "operations per byte of weights, scales, input and output",
    );
    let middle = (24.0, (bottom + top) / 2.0);
    svg.turned_text(middle, Anchor::Middle, 14.0, INK, "TFLOP/s", -90.0);
}

/// The line that reading at full speed would be.
fn draw_roof(svg: &mut Svg, x: Axis, y: Axis, bandwidth: f64) {
    let ((left, right), (bottom, top)) = (x.ends(), y.ends());
    // Within the frame: where the line enters it and where it leaves.
    let (from, to) = (left.max(bottom / bandwidth), right.min(top / bandwidth));
    if from >= to {
        return;
    }
    let ends = [from, to].map(|intensity| (x.at(intensity), y.at(intensity * bandwidth)));
    svg.line(
        ends[0],
        ends[1],
        Stroke {
            colour: FAINT,
            width: 2.0,
            dashes: "7 5",
        },
    );
    let slope = (ends[1].1 - ends[0].1).atan2(ends[1].0 - ends[0].0).to_degrees();
    let place = |share: f64| {
        (
            ends[0].0 + share * (ends[1].0 - ends[0].0),
            ends[0].1 + share * (ends[1].1 - ends[0].1) - 8.0,
        )
    };
    svg.turned_text(
        place(0.04),
        Anchor::Start,
        13.0,
        FAINT,
        &format!("read bandwidth, {} GB/s", inexact(bandwidth * 1e3)),
        slope,
    );
}

/// Names the shape of the fastest point of each, as far as the names do not cover each other.
fn draw_labels(svg: &mut Svg, x: Axis, y: Axis, points: &[Point]) {
    const SIZE: f64 = 11.0;
    // Generous for any font.
    const CHARACTER: f64 = 0.62 * SIZE;
    let mut best: Vec<&Point> = Vec::new();
    for point in points {
        match best.iter_mut().find(|known| known.shape == point.shape) {
            Some(known) if known.performance < point.performance => *known = point,
            Some(_) => {}
            None => best.push(point),
        }
    }
    let mut taken: Vec<[f64; 4]> = points
        .iter()
        .map(|point| {
            let (x, y) = (x.at(point.intensity), y.at(point.performance));
            [x - 5.0, y - 5.0, x + 5.0, y + 5.0]
        })
        .collect();
    for point in best {
        let Shape { m, n, k, .. } = point.shape;
        let text = format!("{m} x {n} x {k}");
        let length = text.len() as f64 * CHARACTER;
        let at = (x.at(point.intensity), y.at(point.performance));
        let places = [
            (at.0 + 9.0, Anchor::Start, at.0 + 9.0),
            (at.0 - 9.0, Anchor::End, at.0 - 9.0 - length),
        ];
        for (start, anchor, left) in places {
            let area = [left, at.1 - SIZE / 2.0, left + length, at.1 + SIZE / 2.0];
            let inside = area[0] >= x.pixels.0 && area[2] <= x.pixels.1;
            if inside && !taken.iter().any(|other| overlap(&area, other)) {
                svg.text((start, at.1 + 4.0), anchor, SIZE, INK, &text);
                taken.push(area);
                break;
            }
        }
    }
}

/// Whether two areas, given by left, top, right and bottom, have anything in common.
fn overlap(a: &[f64; 4], b: &[f64; 4]) -> bool {
    a[0] < b[2] && b[0] < a[2] && a[1] < b[3] && b[1] < a[3]
}

/// A round number without an exponent, as far as that can be read.
fn plain(value: f64) -> String {
    if (1e-4..1e6).contains(&value) {
        let digits = (-value.log10().floor()).max(0.0) as usize;
        format!("{value:.digits$}")
    } else {
        format!("{value:.0e}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_axis_holds_its_values_and_leaves_room() {
        let axis = Axis::over([3.5, 120.0].into_iter(), (0.0, 300.0));
        assert_eq!((axis.decades, axis.ends()), ((0, 3), (1.0, 1000.0)));
        assert!((axis.at(10.0) - 100.0).abs() < 1e-9 && (axis.at(1000.0) - 300.0).abs() < 1e-9);
        let edge = Axis::over([1.0].into_iter(), (0.0, 1.0));
        assert_eq!(
            edge.decades,
            (-1, 1),
            "a value at a power of ten does not lie on the frame"
        );
    }

    #[test]
    fn an_axis_without_values_is_one_decade() {
        let axis = Axis::over([0.0, f64::NAN, f64::INFINITY].into_iter(), (0.0, 1.0));
        assert_eq!(axis.decades, (0, 1));
    }

    #[test]
    fn numbers_at_the_axes_are_plain_where_that_can_be_read() {
        let texts: Vec<String> = [0.001, 0.2, 1.0, 50.0, 1e5, 1e7, 1e-7]
            .into_iter()
            .map(plain)
            .collect();
        assert_eq!(texts, ["0.001", "0.2", "1", "50", "100000", "1e7", "1e-7"]);
    }

    #[test]
    fn the_first_series_look_different() {
        let looks: Vec<_> = (0..35).map(look).collect();
        for (index, look) in looks.iter().enumerate() {
            assert!(!looks[..index].contains(look), "{index}");
        }
    }
}
