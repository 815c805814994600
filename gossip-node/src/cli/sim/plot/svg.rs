//! SVG: the few shapes a chart is made of, as text.
//!
//! Our own, because it is a page of code and a crate would be a hundred.
//! Coordinates are in pixels and written with one digit: a hundredth of a
//! pixel nobody sees, and the file of a long run stays small.

use std::fmt::Write as _;

/// What looks the same everywhere.
const FONT: &str = "Inter, 'Segoe UI', 'Helvetica Neue', 'DejaVu Sans', sans-serif";

/// A picture in the making.
#[derive(Debug)]
pub(super) struct Svg {
    width: f64,
    height: f64,
    body: String,
}

/// Where a text stands beside its point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Anchor {
    Start,
    Middle,
    End,
}

/// How a text looks.
#[derive(Debug, Clone, Copy)]
pub(super) struct Face {
    pub(super) size: f64,
    pub(super) colour: &'static str,
    pub(super) bold: bool,
    pub(super) anchor: Anchor,
}

/// How a line looks.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pen {
    pub(super) colour: &'static str,
    pub(super) width: f64,
    pub(super) opacity: f64,
    pub(super) dashed: bool,
}

impl Pen {
    pub(super) const fn plain(colour: &'static str, width: f64) -> Self {
        Self {
            colour,
            width,
            opacity: 1.0,
            dashed: false,
        }
    }
}

impl Svg {
    pub(super) fn new(width: f64, height: f64) -> Self {
        Self {
            width,
            height,
            body: String::new(),
        }
    }

    // Writing to a string cannot fail, so its results are dropped below.

    pub(super) fn text(&mut self, x: f64, y: f64, face: Face, text: &str) {
        self.turned_text(x, y, face, text, "");
    }

    /// A text that reads from below to above.
    pub(super) fn upright_text(&mut self, x: f64, y: f64, face: Face, text: &str) {
        let turn = format!(" transform=\"rotate(-90 {x:.1} {y:.1})\"");
        self.turned_text(x, y, face, text, &turn);
    }

    fn turned_text(&mut self, x: f64, y: f64, face: Face, text: &str, turn: &str) {
        let anchor = match face.anchor {
            Anchor::Start => "start",
            Anchor::Middle => "middle",
            Anchor::End => "end",
        };
        let weight = if face.bold { 600 } else { 400 };
        let (size, colour) = (face.size, face.colour);
        let _ = writeln!(
            self.body,
            "<text x=\"{x:.1}\" y=\"{y:.1}\" font-size=\"{size}\" font-weight=\"{weight}\" \
             fill=\"{colour}\" text-anchor=\"{anchor}\"{turn}>{}</text>",
            escaped(text)
        );
    }

    pub(super) fn line(&mut self, from: (f64, f64), to: (f64, f64), pen: Pen) {
        self.path(&[from, to], pen);
    }

    /// A line through points.
    pub(super) fn path(&mut self, points: &[(f64, f64)], pen: Pen) {
        if points.len() < 2 {
            return;
        }
        let dashes = if pen.dashed {
            " stroke-dasharray=\"3 4\""
        } else {
            ""
        };
        let _ = writeln!(
            self.body,
            "<path d=\"{}\" fill=\"none\" stroke=\"{}\" stroke-width=\"{}\" \
             stroke-opacity=\"{}\" stroke-linejoin=\"round\"{dashes}/>",
            through(points),
            pen.colour,
            pen.width,
            pen.opacity
        );
    }

    /// The area that points enclose.
    pub(super) fn area(&mut self, points: &[(f64, f64)], colour: &str, opacity: f64) {
        let _ = writeln!(
            self.body,
            "<path d=\"{}Z\" fill=\"{colour}\" fill-opacity=\"{opacity}\"/>",
            through(points)
        );
    }

    pub(super) fn rect(&mut self, at: (f64, f64), size: (f64, f64), colour: &str) {
        let _ = writeln!(
            self.body,
            "<rect x=\"{:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{:.1}\" fill=\"{colour}\"/>",
            at.0, at.1, size.0, size.1
        );
    }

    /// A dot; a hollow one shows the background.
    pub(super) fn dot(&mut self, at: (f64, f64), colour: &str, hollow: bool) {
        let fill = if hollow { "#ffffff" } else { colour };
        let _ = writeln!(
            self.body,
            "<circle cx=\"{:.1}\" cy=\"{:.1}\" r=\"4.5\" fill=\"{fill}\" stroke=\"{colour}\" \
             stroke-width=\"2\"/>",
            at.0, at.1
        );
    }

    /// The whole file.
    pub(super) fn finish(self) -> String {
        let (width, height) = (self.width, self.height);
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
             viewBox=\"0 0 {width} {height}\" font-family=\"{FONT}\">\n\
             <rect width=\"{width}\" height=\"{height}\" fill=\"#ffffff\"/>\n{}</svg>\n",
            self.body
        )
    }
}

fn through(points: &[(f64, f64)]) -> String {
    let mut path = String::new();
    for (place, (x, y)) in points.iter().enumerate() {
        let verb = if place == 0 { 'M' } else { 'L' };
        let _ = write!(path, "{verb}{x:.1} {y:.1}");
    }
    path
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_drawn_is_in_the_file_and_text_cannot_end_it() {
        let mut svg = Svg::new(100.0, 50.0);
        let face = Face {
            size: 12.0,
            colour: "#000",
            bold: false,
            anchor: Anchor::Middle,
        };
        svg.text(1.0, 2.0, face, "a < b & \"c\"");
        svg.path(&[(0.0, 0.0), (1.25, 2.0)], Pen::plain("#123456", 2.0));
        let file = svg.finish();
        assert!(file.starts_with("<svg ") && file.ends_with("</svg>\n"));
        assert!(file.contains("a &lt; b &amp; &quot;c&quot;"));
        assert!(file.contains("M0.0 0.0L1.2 2.0"), "{file}");
    }
}
