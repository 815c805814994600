//! Exchanges: what two peers say to find out what differs, without the deltas
//! themselves, in clusters larger than a roster.
//!
//! No network and no time: the two sketches, and the messages that sessions would
//! send, by their encoded length. (gossip-wire holds that these lengths are the
//! real ones, and that real sessions cost as much.)

use alloc::format;
use alloc::vec::Vec;
use core::time::Duration;

use super::sample::Sample;
use super::stage::Progress;
use crate::base::id::{ClusterId, NodeId};
use crate::base::limit;
use crate::base::rng::Rng;
use crate::message::{
    Body, Footing, Form, Found, Generation, Head, Incarnation, MemberRow, MemberState, Sketch,
    Symbol, Version,
};
use crate::reconcile::{self, Guess, Peeled, peel, wanted};

/// What to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exchange {
    /// Members, each with a log.
    pub nodes: u32,
    /// Logs of which one of the two holds more; which, is drawn by chance.
    pub heads: u32,
    /// Exchanges that are counted; some before them only show what is usual.
    pub rounds: u32,
}

/// Names in the sample.
pub mod name {
    /// Exchanges.
    pub const ROUNDS: &str = "exchanges";
    /// Bytes of all of them, both ways.
    pub const BYTES: &str = "bytes of exchanges";
    /// Exchanges in which symbols were continued more than once.
    pub const LONG: &str = "continued twice";
}

/// Exchanges after which the guess of what is usual has settled.
const SETTLED: u32 = 10;

const GENERATION: Generation = Generation(1_700_000_000_000);

impl Exchange {
    /// One trial.
    pub fn trial(&self, seed: u64, progress: Progress<'_>) -> Sample {
        let mut sample = Sample::default();
        let Ok(cluster) = format!("c{seed}").parse::<ClusterId>() else {
            return sample;
        };
        let mut rng = Rng::new(seed);
        let ids: Vec<NodeId> = (0..self.nodes)
            .filter_map(|number| format!("eu/{}/n{number:06}", number % 3).parse().ok())
            .collect();
        let mut ours = reconcile::Sketch::new(&cluster);
        for id in &ids {
            ours.set(id, member(), head(1));
        }
        let mut pair = Pair {
            opener: ours.clone(),
            server: ours,
            guess: Guess::default(),
        };
        for round in 0..SETTLED + self.rounds {
            let version = 2 + u64::from(round);
            let differing: Vec<&NodeId> = rng.sample(self.heads as usize, ids.iter());
            for id in &differing {
                let ahead = match rng.below(2) {
                    0 => &mut pair.opener,
                    _ => &mut pair.server,
                };
                ahead.set(id, member(), head(version));
            }
            let (bytes, continued) = pair.exchange();
            if round >= SETTLED {
                sample.counted(name::ROUNDS, 1);
                sample.counted(name::BYTES, bytes as u64);
                sample.counted(name::LONG, u64::from(continued > 1));
            }
            for id in differing {
                pair.opener.set(id, member(), head(version));
                pair.server.set(id, member(), head(version));
            }
            progress(Duration::from_secs(1));
        }
        sample
    }
}

/// Two that compare, and what they have come to expect.
struct Pair {
    opener: reconcile::Sketch,
    server: reconcile::Sketch,
    guess: Guess,
}

impl Pair {
    /// Bytes of one session, and how often symbols were continued.
    fn exchange(&mut self) -> (usize, usize) {
        let done = 2 * length(&Body::Done);
        let (mut bytes, mut continued) = (done, 0);
        let (mut first, mut through) = (0, self.guess.symbols());
        loop {
            bytes += length(&Body::Sketch(Sketch {
                sum: self.opener.sum(),
                form: Form::PushPull,
                first: first as u32,
                symbols: self.opener.symbols(first, through).to_vec(),
            }));
            if self.opener.sum() == self.server.sum() {
                self.guess.learn(0);
                return (bytes, continued);
            }
            match peel(self.opener.symbols(0, through), &self.server) {
                Peeled::All { differences, used } => {
                    let lacks = differences.iter().filter(|one| one.theirs > one.ours);
                    let found = Found {
                        used: used as u32,
                        lacks: lacks.map(|one| (one.key, one.ours)).collect(),
                        unclear: Vec::new(),
                    };
                    self.guess.learn(used);
                    return (bytes + length(&Body::Found(found)), continued);
                }
                // By ranges, which no study asks for.
                Peeled::Short { .. } if through >= limit::SYMBOLS => return (bytes, continued),
                Peeled::Short { about } => {
                    (first, through) = (through, wanted(through, about).min(limit::SYMBOLS));
                    let through = through as u32;
                    bytes += length(&Body::More { through });
                    continued += 1;
                }
            }
        }
    }
}

fn member() -> Option<MemberRow> {
    let footing = Footing {
        generation: GENERATION,
        incarnation: Incarnation(0),
    };
    let state = MemberState::Alive;
    Some(MemberRow { footing, state })
}

fn head(version: u64) -> Option<Head> {
    Some(Head {
        generation: GENERATION,
        version: Version(version),
    })
}

/// The encoded length of one of a session's short messages; of any other, its
/// weight, which is more.
pub fn length(body: &Body) -> usize {
    let (tag, inside) = match body {
        Body::Done => (1, 0),
        Body::Sketch(sketch) => {
            let form = if sketch.form == Form::PushPull { 0 } else { 2 };
            let symbols = column(sketch.symbols.len() * Symbol::BYTES);
            (1, column(16) + form + number(sketch.first) + symbols)
        }
        Body::More { through } => (1, number(*through)),
        Body::Found(found) => {
            let columns = column(16 * found.lacks.len()) + column(8 * found.unclear.len());
            (2, number(found.used) + columns)
        }
        other => return other.weight(),
    };
    tag + varint(inside) + inside
}

/// A field of bytes; nothing where it is empty.
const fn column(bytes: usize) -> usize {
    match bytes {
        0 => 0,
        _ => 1 + varint(bytes) + bytes,
    }
}

/// A field with a number; nothing where it is zero.
const fn number(number: u32) -> usize {
    match number {
        0 => 0,
        _ => 1 + varint(number as usize),
    }
}

const fn varint(number: usize) -> usize {
    let bits = (usize::BITS - number.leading_zeros()) as usize;
    if bits == 0 { 1 } else { bits.div_ceil(7) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::Checksum;

    /// The files hold the bytes of such messages, which a test of gossip-wire
    /// compares with what it encodes.
    #[test]
    fn lengths_are_those_of_the_golden_files() {
        let sketch = |form, first| {
            Body::Sketch(Sketch {
                sum: Checksum(1),
                form,
                first,
                symbols: alloc::vec![Symbol::default(); 2],
            })
        };
        let found = Found {
            used: 2,
            lacks: alloc::vec![(1, 57), (17, 0)],
            unclear: alloc::vec![1],
        };
        macro_rules! golden {
            ($name:literal) => {
                include_str!(concat!(
                    "../../../../gossip-wire/tests/golden/message-",
                    $name,
                    ".hex"
                ))
            };
        }
        for (body, file) in [
            (sketch(Form::PushPull, 0), golden!("sketch")),
            (sketch(Form::Pull, 2), golden!("sketch-continued")),
            (Body::More { through: 300 }, golden!("more")),
            (Body::Found(found), golden!("found")),
            (Body::Done, golden!("done")),
        ] {
            assert_eq!(length(&body), file.split_whitespace().count(), "{body:?}");
        }
    }

    #[test]
    fn an_exchange_costs_the_same_in_any_cluster() {
        for nodes in [100, 3_000] {
            for (heads, most) in [(0, 64), (1, 200), (10, 900)] {
                let rounds = 30;
                let study = Exchange {
                    nodes,
                    heads,
                    rounds,
                };
                let sample = study.trial(7, &mut |_| {});
                let each = sample.count(name::BYTES) / sample.count(name::ROUNDS);
                assert!(each <= most, "{nodes}, {heads}: {each}");
                assert!(sample.count(name::LONG) <= 1, "{nodes}, {heads}");
            }
        }
    }
}
