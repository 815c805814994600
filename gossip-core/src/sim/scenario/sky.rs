//! The sky over a path, in words.
//!
//! ```text
//!   weather into n3 loss 80%
//!   weather n0 <-> n1 latency 20ms spread 5ms reorder 1%
//!   weather everywhere loss 1% burst 20 10% rate 1000000 size 1200
//!   weather out of n2 fair
//! ```
//!
//! What is not said is as everywhere else; `fair` says nothing at all.

use core::fmt;

use super::words::{ParseError, Share, Span, Words};
use crate::sim::{Burst, Latency, Weather};

/// What a line about the weather may say.
const ALLOWED: &str = "fair, loss SHARE, burst PACKETS SHARE, duplicate SHARE, reorder SHARE, \
     replay SHARE, latency SPAN spread SPAN, rate BYTES, size BYTES";

/// Whether it says nothing.
pub(super) fn is_fair(weather: &Weather) -> bool {
    *weather == Weather::default()
}

/// A weather, read.
pub(super) fn parse(words: &mut Words<'_>) -> Result<Weather, ParseError> {
    let mut sky = Weather::default();
    if words.is_empty() {
        return Err(words.error("", ALLOWED));
    }
    if words.takes("fair") {
        words.done("nothing more")?;
        return Ok(sky);
    }
    while !words.is_empty() {
        match words.word(ALLOWED)? {
            "loss" => sky.loss_ppm = words.share()?,
            "burst" => {
                sky.burst = Some(Burst {
                    mean_packets: words.count()?,
                    share_ppm: words.share()?,
                });
            }
            "duplicate" => sky.duplicate_ppm = words.share()?,
            "reorder" => sky.reorder_ppm = words.share()?,
            "replay" => sky.replay_ppm = words.share()?,
            "latency" => {
                let least = words.span()?;
                words.must("spread")?;
                sky.latency = Some(Latency {
                    least,
                    spread: words.span()?,
                });
            }
            "rate" => sky.bytes_per_second = Some(words.count()?),
            "size" => sky.datagram_bytes = Some(words.count()?),
            word => return Err(words.error(word, ALLOWED)),
        }
    }
    Ok(sky)
}

/// A weather, written.
#[derive(Debug)]
pub(super) struct Sky<'a>(pub(super) &'a Weather);

impl fmt::Display for Sky<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(weather) = self;
        if is_fair(weather) {
            return f.write_str("fair");
        }
        let mut gap = "";
        let mut put = |f: &mut fmt::Formatter<'_>, text: fmt::Arguments<'_>| {
            f.write_str(gap)?;
            gap = " ";
            f.write_fmt(text)
        };
        for (word, ppm) in [
            ("loss", weather.loss_ppm),
            ("duplicate", weather.duplicate_ppm),
            ("reorder", weather.reorder_ppm),
            ("replay", weather.replay_ppm),
        ] {
            if ppm > 0 {
                put(f, format_args!("{word} {}", Share(ppm.into())))?;
            }
        }
        if let Some(burst) = weather.burst {
            let share = Share(burst.share_ppm.into());
            put(f, format_args!("burst {} {share}", burst.mean_packets))?;
        }
        if let Some(latency) = weather.latency {
            let (least, spread) = (Span(latency.least), Span(latency.spread));
            put(f, format_args!("latency {least} spread {spread}"))?;
        }
        if let Some(rate) = weather.bytes_per_second {
            put(f, format_args!("rate {rate}"))?;
        }
        if let Some(size) = weather.datagram_bytes {
            put(f, format_args!("size {size}"))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString as _;

    #[test]
    fn it_reads_as_it_is_written() {
        for text in [
            "fair",
            "loss 80%",
            "loss 1.5% duplicate 1% reorder 0.01% replay 2% burst 20 10% latency 20ms spread 5ms rate 9 size 1200",
        ] {
            let weather = parse(&mut Words::new(1, text)).unwrap();
            assert_eq!(Sky(&weather).to_string(), text);
        }
        for wrong in [
            "",
            "loss",
            "loss 101%",
            "fog 3%",
            "fair loss 1%",
            "latency 3ms",
        ] {
            assert!(parse(&mut Words::new(1, wrong)).is_err(), "{wrong}");
        }
    }
}
