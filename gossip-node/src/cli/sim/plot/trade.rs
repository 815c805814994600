//! The picture of a trade: what each length of suspicion costs and buys.

use super::axis::Axis;
use super::chart::{BLUE, GREEN, Look, ORANGE, PURPLE, Panel, Series, VERMILION, draw};

/// One network and every length of suspicion on it.
#[derive(Debug, Clone)]
pub(in crate::cli::sim) struct Curve {
    /// What the network is like.
    pub(in crate::cli::sim) name: String,
    /// In order of the length.
    pub(in crate::cli::sim) points: Vec<Point>,
}

/// One length of suspicion.
#[derive(Debug, Clone)]
pub(in crate::cli::sim) struct Point {
    /// Its name.
    pub(in crate::cli::sim) name: String,
    /// Seconds from a crash to the first verdict, the median.
    pub(in crate::cli::sim) detection_s: f64,
    /// False positives per node-hour; the 95 % bound where none was seen.
    pub(in crate::cli::sim) wrongs: f64,
    /// None was seen.
    pub(in crate::cli::sim) none: bool,
}

/// Draws it.
pub(in crate::cli::sim) fn trade(heading: &str, below: &str, curves: &[Curve]) -> String {
    let points = || curves.iter().flat_map(|it| &it.points);
    let wrongs = points().map(|it| it.wrongs).filter(|it| *it > 0.0);
    let (least, most) = wrongs.fold((f64::MAX, f64::MIN), |(least, most), it| {
        (least.min(it), most.max(it))
    });
    let slowest = points()
        .map(|it| it.detection_s)
        .filter(|it| it.is_finite());
    let slowest = slowest.fold(1.0, f64::max);
    let colours = [BLUE, ORANGE, VERMILION, PURPLE, GREEN];
    let series = curves.iter().zip(colours.iter().cycle());
    let series = series.map(|(curve, colour)| Series {
        name: curve.name.clone(),
        colour,
        points: curve
            .points
            .iter()
            .map(|it| (it.detection_s, it.wrongs))
            .collect(),
        look: Look::Dotted,
    });
    let notes = points().map(|it| (it.detection_s, it.wrongs, it.name.clone(), it.none));
    let panel = Panel {
        title: "Each point is a length of suspicion".to_owned(),
        height: 400.0,
        x: Axis::linear("crash to first verdict, median (s)", 0.0, slowest),
        y: if least <= most {
            Axis::log("false positives per node-hour (logarithmic)", least, most)
        } else {
            Axis::linear("false positives per node-hour", 0.0, 1.0)
        },
        series: series.collect(),
        marks: Vec::new(),
        notes: notes.collect(),
        remarks: vec![
            "Hollow: none was seen; the rate is below this with 95 % confidence.".to_owned(),
            "To the left is faster, down is safer.".to_owned(),
        ],
    };
    draw(heading, below, &[panel])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_point_is_named_and_none_is_needed() {
        let point = |name: &str, none| Point {
            name: name.to_owned(),
            detection_s: 3.0,
            wrongs: 0.5,
            none,
        };
        let curve = Curve {
            name: "20 % loss".to_owned(),
            points: vec![point("×2", false), point("×4", true)],
        };
        let drawn = trade("a", "b", &[curve]);
        assert!(drawn.contains("×2") && drawn.contains("×4") && drawn.contains("20 % loss"));
        assert!(trade("a", "b", &[]).contains("</svg>"));
    }
}
