//! Times and rates for people.

use std::time::Duration;

/// A percentile of sorted times; nothing measured is zero.
pub(crate) fn percentile(sorted: &[Duration], permille: usize) -> Duration {
    let place = (sorted.len() * permille).div_ceil(1_000).saturating_sub(1);
    sorted.get(place).copied().unwrap_or_default()
}

pub(crate) fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

/// One line of a result: what, the figure, what it is to reach, the anchor.
pub(crate) fn line(what: &str, figure: &str, bar: &str, anchor: &str) {
    println!("  {what:<44} {figure:>16}   {bar:<18} {anchor}");
}
