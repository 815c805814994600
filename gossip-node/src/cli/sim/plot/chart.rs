//! A chart: panels one below the other, each with a title, axes, lines and a
//! legend, under one heading.
//!
//! The legend has a column of its own and the names of moments a band of their
//! own above the panel, in as many rows as it takes: text never covers a line
//! or another text.

use super::axis::Axis;
use super::svg::{Anchor, Face, Pen, Svg};
use crate::cli::sim::wrap;

const WIDTH: f64 = 980.0;
const LEFT: f64 = 78.0;
/// The column of the legend.
const RIGHT: f64 = 218.0;
const PLOT: f64 = WIDTH - LEFT - RIGHT;
const HEADING: f64 = 74.0;
/// Above a panel's frame: its title.
const TITLE: f64 = 40.0;
/// A row of names of moments.
const ROW: f64 = 15.0;
/// Below it: ticks and the title of the axis.
const FOOT: f64 = 58.0;

const INK: &str = "#1f2933";
const SOFT: &str = "#52606d";
const GRID: &str = "#e4e7eb";

/// Colours that people who see few of them still tell apart (Okabe and Ito).
pub(super) const BLUE: &str = "#0072b2";
pub(super) const VERMILION: &str = "#d55e00";
pub(super) const GREEN: &str = "#009e73";
pub(super) const ORANGE: &str = "#e69f00";
pub(super) const PURPLE: &str = "#aa4499";

/// A line and how it is drawn.
#[derive(Debug, Clone)]
pub(super) struct Series {
    /// In the legend; empty: not in it.
    pub(super) name: String,
    pub(super) colour: &'static str,
    pub(super) points: Vec<(f64, f64)>,
    pub(super) look: Look,
}

/// How a line is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Look {
    /// One of the many behind the bold one.
    Faint,
    /// Bold.
    Bold,
    /// Bold, with the area below.
    Filled,
    /// Bold, with a dot at each point; hollow where the flag says so.
    Dotted,
}

/// One picture with its axes.
#[derive(Debug)]
pub(super) struct Panel {
    pub(super) title: String,
    pub(super) height: f64,
    pub(super) x: Axis,
    pub(super) y: Axis,
    pub(super) series: Vec<Series>,
    /// Moments with a name.
    pub(super) marks: Vec<(f64, String)>,
    /// Points with a name beside them; hollow ones.
    pub(super) notes: Vec<(f64, f64, String, bool)>,
    /// Lines below the legend.
    pub(super) remarks: Vec<String>,
}

/// The whole picture.
pub(super) fn draw(heading: &str, below: &str, panels: &[Panel]) -> String {
    let height = |panel: &Panel| TITLE + band(panel) + panel.height + FOOT;
    let total: f64 = panels.iter().map(height).sum();
    let mut svg = Svg::new(WIDTH, HEADING + total + 6.0);
    svg.text(24.0, 36.0, face(21.0, INK, true, Anchor::Start), heading);
    svg.text(24.0, 58.0, face(13.0, SOFT, false, Anchor::Start), below);
    let mut top = HEADING;
    for panel in panels {
        one(&mut svg, panel, top);
        top += height(panel);
    }
    svg.finish()
}

const fn face(size: f64, colour: &'static str, bold: bool, anchor: Anchor) -> Face {
    Face {
        size,
        colour,
        bold,
        anchor,
    }
}

/// About how wide a text of this size is: six tenths of its height a letter.
fn width(text: &str, size: f64) -> f64 {
    text.chars().count() as f64 * size * 0.58
}

/// The row of each name of a moment, so that none covers another.
fn rows(panel: &Panel) -> Vec<usize> {
    let mut ends: Vec<f64> = Vec::new();
    let mut rows = Vec::new();
    for (at, name) in &panel.marks {
        let start = panel.x.place(*at) * PLOT;
        let end = start + width(name, 11.0) + 10.0;
        let free = ends.iter().position(|taken| *taken <= start);
        let row = free.unwrap_or(ends.len());
        if row == ends.len() {
            ends.push(end);
        } else if let Some(taken) = ends.get_mut(row) {
            *taken = end;
        }
        rows.push(row);
    }
    rows
}

fn band(panel: &Panel) -> f64 {
    let most = rows(panel).into_iter().max();
    most.map_or(0.0, |most| (most + 1) as f64 * ROW + 4.0)
}

fn one(svg: &mut Svg, panel: &Panel, top: f64) {
    let title = face(15.0, INK, true, Anchor::Start);
    svg.text(LEFT, top + 22.0, title, &panel.title);
    let frame = top + TITLE + band(panel);
    let bottom = frame + panel.height;
    let x = |number: f64| LEFT + panel.x.place(number) * PLOT;
    let y = |number: f64| bottom - panel.y.place(number) * panel.height;

    let grid = Pen::plain(GRID, 1.0);
    let tick = |anchor| face(11.0, SOFT, false, anchor);
    for (number, label) in panel.y.ticks() {
        svg.line((LEFT, y(number)), (LEFT + PLOT, y(number)), grid);
        svg.text(LEFT - 8.0, y(number) + 4.0, tick(Anchor::End), &label);
    }
    for (number, label) in panel.x.ticks() {
        svg.line((x(number), frame), (x(number), bottom), grid);
        svg.text(x(number), bottom + 17.0, tick(Anchor::Middle), &label);
    }
    let axis = face(12.0, SOFT, false, Anchor::Middle);
    svg.text(LEFT + PLOT / 2.0, bottom + 37.0, axis, &panel.x.title);
    svg.upright_text(24.0, frame + panel.height / 2.0, axis, &panel.y.title);

    for ((at, name), row) in panel.marks.iter().zip(rows(panel)) {
        let baseline = top + TITLE + (row + 1) as f64 * ROW - 3.0;
        let mark = Pen {
            dashed: true,
            ..Pen::plain("#9aa5b1", 1.0)
        };
        svg.line((x(*at), baseline - 9.0), (x(*at), bottom), mark);
        svg.text(x(*at) + 4.0, baseline, tick(Anchor::Start), name);
    }
    for series in &panel.series {
        let points: Vec<_> = series.points.iter().map(|at| (x(at.0), y(at.1))).collect();
        lines(svg, series, &points, bottom);
    }
    for (at, height, name, hollow) in &panel.notes {
        let (x, y) = (x(*at), y(*height));
        let colour = panel.series.iter().find(|it| {
            let mut points = it.points.iter();
            points.any(|point| point == &(*at, *height))
        });
        svg.dot((x, y), colour.map_or(INK, |it| it.colour), *hollow);
        svg.text(x + 8.0, y - 7.0, tick(Anchor::Start), name);
    }
    svg.line((LEFT, bottom), (LEFT + PLOT, bottom), Pen::plain(SOFT, 1.2));
    legend(svg, panel, frame);
}

fn lines(svg: &mut Svg, series: &Series, points: &[(f64, f64)], bottom: f64) {
    let bold = Pen::plain(series.colour, 2.2);
    match series.look {
        Look::Faint => svg.path(
            points,
            Pen {
                opacity: 0.28,
                ..Pen::plain(series.colour, 1.0)
            },
        ),
        Look::Bold | Look::Dotted => svg.path(points, bold),
        Look::Filled => {
            if let (Some(first), Some(last)) = (points.first(), points.last()) {
                let mut area = points.to_vec();
                area.extend([(last.0, bottom), (first.0, bottom)]);
                svg.area(&area, series.colour, 0.14);
            }
            svg.path(points, bold);
        }
    }
}

fn legend(svg: &mut Svg, panel: &Panel, frame: f64) {
    let left = LEFT + PLOT + 22.0;
    let mut y = frame + 10.0;
    let named = panel.series.iter().filter(|it| !it.name.is_empty());
    for series in named {
        for (row, part) in wrapped(&series.name).into_iter().enumerate() {
            if row == 0 {
                svg.rect((left, y - 5.0), (18.0, 3.0), series.colour);
            }
            svg.text(left + 26.0, y, face(12.0, INK, false, Anchor::Start), &part);
            y += 16.0;
        }
        y += 5.0;
    }
    y += 4.0;
    for remark in &panel.remarks {
        for part in wrapped(remark) {
            svg.text(left, y, face(11.0, SOFT, false, Anchor::Start), &part);
            y += 15.0;
        }
        y += 4.0;
    }
}

/// Lines that fit into the legend's column.
fn wrapped(text: &str) -> Vec<String> {
    wrap::wrapped(text, |line, word| {
        width(line, 12.0) + width(word, 12.0) <= 158.0
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_moments_never_cover_one_another() {
        let mark = |at: f64| (at, "a moment".to_owned());
        let panel = Panel {
            title: "t".to_owned(),
            height: 100.0,
            x: Axis::linear("x", 0.0, 100.0),
            y: Axis::linear("y", 0.0, 1.0),
            series: Vec::new(),
            marks: vec![mark(0.0), mark(1.0), mark(2.0), mark(50.0)],
            notes: Vec::new(),
            remarks: Vec::new(),
        };
        assert_eq!(rows(&panel), [0, 1, 2, 0]);
        assert!(band(&panel) > 3.0 * ROW);
        assert!(draw("h", "b", &[panel]).matches("a moment").count() == 4);
    }

    #[test]
    fn a_long_name_is_broken_between_words() {
        let lines = wrapped("news of a crash, since the first verdict, all of it");
        assert!(lines.len() > 1 && lines.iter().all(|line| width(line, 12.0) <= 165.0));
    }
}
