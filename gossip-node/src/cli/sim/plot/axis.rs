//! An axis: from a number to a place, and where the ticks stand.

/// How numbers are laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scale {
    Linear,
    /// By their logarithm; what is below the least stands at the least.
    Log,
}

/// One axis.
#[derive(Debug, Clone)]
pub(super) struct Axis {
    pub(super) title: String,
    pub(super) scale: Scale,
    pub(super) least: f64,
    pub(super) most: f64,
    /// Numbers with their labels; empty: chosen by the axis.
    pub(super) labels: Vec<(f64, String)>,
}

impl Axis {
    /// From zero or another number, evenly, to a round number above `most`.
    pub(super) fn linear(title: &str, least: f64, most: f64) -> Self {
        let span = (most - least).max(1e-9);
        let step = round_step(span / 5.0);
        Self {
            title: title.to_owned(),
            scale: Scale::Linear,
            least: (least / step).floor() * step,
            most: (most / step).ceil() * step,
            labels: Vec::new(),
        }
    }

    /// By powers of ten.
    pub(super) fn log(title: &str, least: f64, most: f64) -> Self {
        let (low, high) = (least.log10().floor(), most.log10().ceil());
        Self {
            title: title.to_owned(),
            scale: Scale::Log,
            least: 10_f64.powf(low),
            most: 10_f64.powf(high.max(low + 1.0)),
            labels: Vec::new(),
        }
    }

    /// The same with labels of its own.
    pub(super) fn labelled(mut self, label: impl Fn(f64) -> String) -> Self {
        let ticks = self.ticks();
        self.labels = ticks
            .into_iter()
            .map(|(tick, _)| (tick, label(tick)))
            .collect();
        self
    }

    /// Where a number stands, from 0 to 1.
    pub(super) fn place(&self, number: f64) -> f64 {
        let number = number.clamp(self.least, self.most);
        match self.scale {
            Scale::Linear => (number - self.least) / (self.most - self.least),
            Scale::Log => (number / self.least).log10() / (self.most / self.least).log10(),
        }
    }

    /// The ticks and their labels.
    pub(super) fn ticks(&self) -> Vec<(f64, String)> {
        if !self.labels.is_empty() {
            return self.labels.clone();
        }
        let mut ticks = Vec::new();
        match self.scale {
            Scale::Linear => {
                let step = round_step((self.most - self.least) / 5.0);
                let digits = (-step.log10().floor()).max(0.0) as usize;
                let mut number = self.least;
                while number <= self.most + step / 1e3 {
                    ticks.push((number, format!("{number:.digits$}")));
                    number += step;
                }
            }
            Scale::Log => {
                let mut number = self.least;
                while number <= self.most * 1.001 {
                    ticks.push((number, format!("{number}")));
                    number *= 10.0;
                }
            }
        }
        ticks
    }
}

/// The next of 1, 2, 5, 10, … that is no smaller.
fn round_step(step: f64) -> f64 {
    let power = 10_f64.powf(step.log10().floor());
    let rest = step / power;
    let rounded = [1.0, 2.0, 5.0, 10.0];
    let rounded = rounded.into_iter().find(|it| *it >= rest - 1e-9);
    rounded.unwrap_or(10.0) * power
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_cover_what_there_is() {
        let axis = Axis::linear("x", 0.0, 473.0);
        let ticks: Vec<f64> = axis.ticks().into_iter().map(|(tick, _)| tick).collect();
        assert_eq!(ticks, [0.0, 100.0, 200.0, 300.0, 400.0, 500.0]);
        assert_eq!((axis.place(0.0), axis.place(250.0)), (0.0, 0.5));
        let axis = Axis::linear("x", 0.0, 0.3);
        assert_eq!(axis.ticks().last().unwrap().1, "0.3");
    }

    #[test]
    fn powers_of_ten_are_evenly_apart_and_nothing_falls_off() {
        let axis = Axis::log("x", 0.002, 30.0);
        assert_eq!((axis.least, axis.most), (0.001, 100.0));
        assert!((axis.place(0.1) - 0.4).abs() < 1e-9);
        assert_eq!((axis.place(0.0), axis.place(1e9)), (0.0, 1.0));
        assert_eq!(axis.ticks().len(), 6);
    }
}
