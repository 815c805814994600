//! What was given on the command line, understood or refused in one line.

use std::num::NonZero;
use std::str::FromStr;
use std::time::Duration;

use gossip_core::Profile;
use gossip_core::sim::study::report::Effort;

use crate::cli::exit::{Exit, Failure};

/// A flag's value that makes no sense.
fn refused(flag: &str, text: &str, allowed: &str) -> Failure {
    let text = crate::cli::out::visible(text);
    Failure::new(
        Exit::Usage,
        format!("{flag}: {text:?} is not understood; allowed: {allowed}"),
    )
}

/// A whole number in a range.
pub(super) fn number<N: FromStr + PartialOrd + std::fmt::Display>(
    flag: &str,
    text: &str,
    least: N,
    most: N,
) -> Result<N, Failure> {
    let parsed = text.parse::<N>().ok();
    let inside = parsed.filter(|number| *number >= least && *number <= most);
    inside.ok_or_else(|| refused(flag, text, &format!("{least} to {most}")))
}

/// A share of packets as `5%`, `5` or `0.5%`; in millionths.
pub(super) fn loss(flag: &str, text: &str) -> Result<u32, Failure> {
    let percent = text.strip_suffix('%').unwrap_or(text).trim();
    let percent = percent.parse::<f64>().ok();
    let inside = percent.filter(|percent| (0.0..=90.0).contains(percent));
    // At most 900 000, and not below zero.
    inside
        .map(|percent| (percent * 10_000.0).round() as u32)
        .ok_or_else(|| refused(flag, text, "0% to 90%"))
}

/// A span as `30s`, `5m` or `1h 30m`.
pub(super) fn span(flag: &str, text: &str, most: Duration) -> Result<Duration, Failure> {
    let parsed = humantime::parse_duration(text).ok();
    parsed.filter(|span| *span <= most).ok_or_else(|| {
        let most = humantime::format_duration(most);
        refused(flag, text, &format!("0s to {most}, such as 30s, 5m or 1h"))
    })
}

/// The name of a profile.
pub(super) fn profile(flag: &str, text: &str) -> Result<Profile, Failure> {
    match text {
        "local" => Ok(Profile::Local),
        "lan" => Ok(Profile::Lan),
        "wan" => Ok(Profile::Wan),
        _ => Err(refused(flag, text, "local, lan or wan")),
    }
}

/// How many threads: what was asked for, or one a processor.
pub(super) fn threads(text: Option<&str>) -> Result<usize, Failure> {
    match text {
        Some(text) => number("--threads", text, 1, 1_024),
        None => Ok(std::thread::available_parallelism().map_or(1, NonZero::get)),
    }
}

/// How much work.
pub(super) fn effort(quick: bool, smoke: bool) -> Effort {
    match (quick, smoke) {
        (_, true) => Effort::Smoke,
        (true, _) => Effort::Quick,
        _ => Effort::Full,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_write_is_understood() {
        assert_eq!(loss("--loss", "5%"), Ok(50_000));
        assert_eq!(loss("--loss", "0.5"), Ok(5_000));
        assert_eq!(number("--nodes", "500", 3, 1_000), Ok(500));
        let hour = Duration::from_secs(3_600);
        assert_eq!(span("--x", "30s", hour), Ok(Duration::from_secs(30)));
        assert_eq!(profile("--profile", "wan"), Ok(Profile::Wan));
    }

    #[test]
    fn nonsense_is_refused_with_what_is_allowed() {
        let hour = Duration::from_secs(3_600);
        let refusals = [
            loss("--loss", "91%").map(|_| ()),
            loss("--loss", "-1").map(|_| ()),
            loss("--loss", "NaN").map(|_| ()),
            number("--nodes", "2", 3, 10).map(|_| ()),
            span("--partition", "2h", hour).map(|_| ()),
            span("--partition", "30", hour).map(|_| ()),
            profile("--profile", "moon").map(|_| ()),
            threads(Some("0")).map(|_| ()),
        ];
        for refusal in refusals {
            let text = refusal.unwrap_err().to_string();
            assert!(text.contains("allowed: "), "{text}");
        }
    }
}
