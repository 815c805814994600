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
use core::time::Duration;

use super::words::{ParseError, Share, Span, Words};

/// How a path behaves, as far as it is not as usual.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Sky {
    /// Of a million packets, how many are lost.
    pub loss_ppm: u32,
    /// Bursts of loss: their mean length in packets, and their share of time
    /// in millionths.
    pub burst: Option<(u32, u32)>,
    /// Of a million packets, how many come twice.
    pub duplicate_ppm: u32,
    /// Of a million packets, how many are overtaken.
    pub reorder_ppm: u32,
    /// Of a million packets, how many come once more, much later.
    pub replay_ppm: u32,
    /// The least time a packet takes, and how much more it may be.
    pub latency: Option<(Duration, Duration)>,
    /// Bytes a path takes in a second; what is more is lost.
    pub bytes_per_second: Option<u64>,
    /// Larger datagrams vanish.
    pub datagram_bytes: Option<usize>,
}

/// What a line about the weather may say.
const ALLOWED: &str = "fair, loss SHARE, burst PACKETS SHARE, duplicate SHARE, reorder SHARE, \
     replay SHARE, latency SPAN spread SPAN, rate BYTES, size BYTES";

impl Sky {
    /// Whether it says nothing.
    pub fn is_fair(&self) -> bool {
        *self == Self::default()
    }

    pub(super) fn parse(words: &mut Words<'_>) -> Result<Self, ParseError> {
        let mut sky = Self::default();
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
                "burst" => sky.burst = Some((words.count()?, words.share()?)),
                "duplicate" => sky.duplicate_ppm = words.share()?,
                "reorder" => sky.reorder_ppm = words.share()?,
                "replay" => sky.replay_ppm = words.share()?,
                "latency" => {
                    let least = words.span()?;
                    words.must("spread")?;
                    sky.latency = Some((least, words.span()?));
                }
                "rate" => sky.bytes_per_second = Some(words.count()?),
                "size" => sky.datagram_bytes = Some(words.count()?),
                word => return Err(words.error(word, ALLOWED)),
            }
        }
        Ok(sky)
    }
}

impl fmt::Display for Sky {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_fair() {
            return f.write_str("fair");
        }
        let mut gap = "";
        let mut put = |f: &mut fmt::Formatter<'_>, text: fmt::Arguments<'_>| {
            f.write_str(gap)?;
            gap = " ";
            f.write_fmt(text)
        };
        for (word, ppm) in [
            ("loss", self.loss_ppm),
            ("duplicate", self.duplicate_ppm),
            ("reorder", self.reorder_ppm),
            ("replay", self.replay_ppm),
        ] {
            if ppm > 0 {
                put(f, format_args!("{word} {}", Share(ppm.into())))?;
            }
        }
        if let Some((packets, ppm)) = self.burst {
            put(f, format_args!("burst {packets} {}", Share(ppm.into())))?;
        }
        if let Some((least, spread)) = self.latency {
            put(
                f,
                format_args!("latency {} spread {}", Span(least), Span(spread)),
            )?;
        }
        if let Some(rate) = self.bytes_per_second {
            put(f, format_args!("rate {rate}"))?;
        }
        if let Some(size) = self.datagram_bytes {
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
            let sky = Sky::parse(&mut Words::new(1, text)).unwrap();
            assert_eq!(sky.to_string(), text);
        }
        for wrong in [
            "",
            "loss",
            "loss 101%",
            "fog 3%",
            "fair loss 1%",
            "latency 3ms",
        ] {
            assert!(Sky::parse(&mut Words::new(1, wrong)).is_err(), "{wrong}");
        }
    }
}
