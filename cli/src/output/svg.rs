//! Drawings, as SVG.

use std::fmt::Write;

/// A drawing. Coordinates are pixels from the upper left corner.
#[derive(Debug)]
pub(crate) struct Svg {
    width: f64,
    height: f64,
    body: String,
}

/// Where a text stands around its point.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Anchor {
    /// It begins there.
    Start,
    /// Its middle is there.
    Middle,
    /// It ends there.
    End,
}

/// The shape of a point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Marker {
    Circle,
    Square,
    Triangle,
    Diamond,
    Cross,
}

/// How a line is drawn.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stroke<'a> {
    pub(crate) colour: &'a str,
    pub(crate) width: f64,
    /// Lengths of dashes and gaps; empty for a line without any.
    pub(crate) dashes: &'a str,
}

/// A font that is there, for each system that shows the drawing.
const FONTS: &str = "DejaVu Sans, Verdana, Helvetica, Arial, sans-serif";
/// Half the size of a marker.
const MARKER: f64 = 5.0;

impl Marker {
    /// All of them, the plainest first.
    pub(crate) const ALL: [Self; 5] = [
        Self::Circle,
        Self::Square,
        Self::Triangle,
        Self::Diamond,
        Self::Cross,
    ];
}

impl Svg {
    /// An empty drawing on white.
    pub(crate) fn new(width: f64, height: f64) -> Self {
        let body = format!("<rect width=\"{width}\" height=\"{height}\" fill=\"#ffffff\"/>\n");
        Self { width, height, body }
    }

    /// A straight line.
    pub(crate) fn line(&mut self, from: (f64, f64), to: (f64, f64), stroke: Stroke<'_>) {
        let dashes = if stroke.dashes.is_empty() {
            String::new()
        } else {
            format!(" stroke-dasharray=\"{}\"", escaped(stroke.dashes))
        };
        self.push(format_args!(
            "<line x1=\"{:.1}\" y1=\"{:.1}\" x2=\"{:.1}\" y2=\"{:.1}\" stroke=\"{}\" stroke-width=\"{}\"{dashes}/>",
            from.0,
            from.1,
            to.0,
            to.1,
            escaped(stroke.colour),
            stroke.width
        ));
    }

    /// A text of a size in pixels.
    pub(crate) fn text(&mut self, at: (f64, f64), anchor: Anchor, size: f64, colour: &str, text: &str) {
        self.turned_text(at, anchor, size, colour, text, 0.0);
    }

    /// A text turned clockwise by an angle in degrees.
    pub(crate) fn turned_text(
        &mut self,
        at: (f64, f64),
        anchor: Anchor,
        size: f64,
        colour: &str,
        text: &str,
        angle: f64,
    ) {
        let (x, y) = at;
        let anchor = match anchor {
            Anchor::Start => "start",
            Anchor::Middle => "middle",
            Anchor::End => "end",
        };
        let turned = if angle == 0.0 {
            String::new()
        } else {
            format!(" transform=\"rotate({angle:.1} {x:.1} {y:.1})\"")
        };
        self.push(format_args!(
            "<text x=\"{x:.1}\" y=\"{y:.1}\" font-size=\"{size}\" text-anchor=\"{anchor}\" fill=\"{}\"{turned}>{}</text>",
            escaped(colour),
            escaped(text)
        ));
    }

    /// A point, with a text that is shown when one points at it.
    pub(crate) fn marker(&mut self, at: (f64, f64), marker: Marker, colour: &str, title: &str) {
        let (x, y) = at;
        let (left, right, top, bottom) = (x - MARKER, x + MARKER, y - MARKER, y + MARKER);
        let shape = match marker {
            Marker::Circle => format!("<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"{MARKER}\"/>"),
            Marker::Square => format!(
                "<rect x=\"{left:.1}\" y=\"{top:.1}\" width=\"{0}\" height=\"{0}\"/>",
                2.0 * MARKER
            ),
            Marker::Triangle => {
                format!("<path d=\"M{x:.1} {top:.1}L{right:.1} {bottom:.1}L{left:.1} {bottom:.1}Z\"/>")
            }
            Marker::Diamond => {
                format!(
                    "<path d=\"M{x:.1} {top:.1}L{right:.1} {y:.1}L{x:.1} {bottom:.1}L{left:.1} {y:.1}Z\"/>"
                )
            }
            Marker::Cross => format!(
                "<path d=\"M{left:.1} {top:.1}L{right:.1} {bottom:.1}M{right:.1} {top:.1}L{left:.1} {bottom:.1}\" stroke=\"{}\" stroke-width=\"3\"/>",
                escaped(colour)
            ),
        };
        self.push(format_args!(
            "<g fill=\"{}\" fill-opacity=\"0.85\"><title>{}</title>{shape}</g>",
            escaped(colour),
            escaped(title)
        ));
    }

    /// The whole file.
    pub(crate) fn finish(self) -> String {
        let Self { width, height, body } = self;
        format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
             viewBox=\"0 0 {width} {height}\" font-family=\"{FONTS}\">\n{body}</svg>\n"
        )
    }

    fn push(&mut self, element: std::fmt::Arguments<'_>) {
        // Writing to a string does not fail.
        let _ = writeln!(self.body, "{element}");
    }
}

/// Text that XML takes for nothing but text: without the characters that have a meaning there, and those that it does not allow.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\n' | '\t' => escaped.push(character),
            character if character.is_control() => escaped.push(char::REPLACEMENT_CHARACTER),
            character => escaped.push(character),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_text_whatever_is_in_it() {
        assert_eq!(
            escaped("<b> & \"c\" \u{1}"),
            "&lt;b&gt; &amp; &quot;c&quot; \u{fffd}"
        );
        let mut svg = Svg::new(10.0, 20.0);
        svg.text((1.0, 2.0), Anchor::Middle, 12.0, "#000000", "a < b");
        svg.marker((1.0, 2.0), Marker::Square, "\"/><script>", "c & d");
        let text = svg.finish();
        assert!(
            text.contains(">a &lt; b</text>") && text.contains("<title>c &amp; d</title>"),
            "{text}"
        );
        assert!(!text.contains("<script"), "{text}");
    }

    #[test]
    fn every_element_is_closed() {
        let mut svg = Svg::new(10.0, 20.0);
        let stroke = Stroke {
            colour: "#000000",
            width: 1.0,
            dashes: "4 2",
        };
        svg.line((0.0, 0.0), (1.0, 1.0), stroke);
        svg.turned_text((0.0, 0.0), Anchor::End, 9.0, "#000000", "up", -90.0);
        for marker in Marker::ALL {
            svg.marker((5.0, 5.0), marker, "#ff0000", "point");
        }
        let text = svg.finish();
        let count = |what: &str| text.matches(what).count();
        assert_eq!(count("<g "), count("</g>"));
        assert_eq!(count("<text "), count("</text>"));
        assert_eq!(count("<svg "), count("</svg>"));
        assert_eq!(count("<title>"), count("</title>"));
        let empty = ["<line ", "<circle ", "<rect ", "<path "].map(count);
        assert_eq!(empty.iter().sum::<usize>(), count("/>"));
    }
}
