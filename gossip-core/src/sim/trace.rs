//! The trace: a hash of everything that happened, and on request the text.
//!
//! Every input a node gets and every notification it gives goes into a running
//! hash: time, host, kind and bytes. Two runs of one seed that differ anywhere
//! differ there. The text has one line an event:
//!
//! ```text
//!      time          host    what
//!      12.000250s    h3      <- n1 Ping +2 rumors
//!      12.000250s    h3      -> n1 Ack (datagram, 52 B)
//!      14.100000s    h3      Link(Down { peer: n7, why: TimedOut })
//! ```

use alloc::collections::VecDeque;
use alloc::string::String;
use core::fmt::{self, Write as _};

use super::hash::RunningHash;
use super::host::HostId;
use crate::base::id::NodeId;
use crate::base::time::Instant;
use crate::input::{Input, LinkEvent, SessionEvent, Via};
use crate::message::{
    Batch, Body, ChunkedPart, Delta, DigestRow, Item, LogHead, MemberRow, Message, RangePart,
};
use crate::output::Notification;

/// What happened, in short.
#[derive(Debug)]
pub(super) struct Trace {
    hash: RunningHash,
    lines: VecDeque<String>,
    /// How many lines are kept; the oldest go first.
    most: usize,
}

impl Trace {
    pub(super) fn new(most: usize) -> Self {
        Self {
            // Not from the seed: two seeds must differ by what happens.
            hash: RunningHash::default(),
            lines: VecDeque::new(),
            most,
        }
    }

    pub(super) fn keep(&mut self, most: usize) {
        self.most = most;
    }

    pub(super) const fn hash(&self) -> u64 {
        self.hash.value()
    }

    pub(super) fn lines(&self) -> impl Iterator<Item = &str> {
        self.lines.iter().map(String::as_str)
    }

    /// Writes a line, if anybody wants to read it.
    pub(super) fn line(&mut self, now: Instant, host: HostId, text: fmt::Arguments<'_>) {
        if self.most == 0 {
            return;
        }
        if self.lines.len() >= self.most {
            self.lines.pop_front();
        }
        // Writing to a string cannot fail.
        let mut line = String::new();
        let _ = write!(line, "{now:?}\t{host}\t{text}");
        self.lines.push_back(line);
    }

    /// A node gets something.
    pub(super) fn input(&mut self, now: Instant, host: HostId, input: &Input) {
        self.hash.word(now.as_nanos());
        self.hash.word(host.number());
        match input {
            Input::Message { from, via, message } => {
                self.hash.word(1);
                self.hash.bytes(from.as_str().as_bytes());
                self.hash.word(match via {
                    Via::Datagram => 0,
                    Via::Stream => 1,
                    Via::Session(id) => id.as_u64(),
                });
                self.message(message);
                let (kind, rumors) = (kind(&message.body), message.rumors.len());
                self.line(now, host, format_args!("<- {from} {kind} +{rumors} rumors"));
            }
            Input::Sealed(id, item) => {
                self.hash.word(2);
                self.hash.word(id.0);
                self.item(item);
            }
            Input::Assembled(id, batch) => {
                // The head names all that is in it.
                self.words(32, id.0);
                let head = batch.as_ref().map(|batch| &batch.head.bytes[..]);
                self.hash.bytes(head.unwrap_or_default());
            }
            Input::Timeout => self.hash.word(3),
            Input::Persisted(id, Ok(())) => self.words(4, id.0),
            Input::Session(id, SessionEvent::Writable) => self.words(5, id.as_u64()),
            Input::Session(id, SessionEvent::Closed) => self.words(6, id.as_u64()),
            Input::Session(id, SessionEvent::Opened { peer }) => {
                self.words(7, id.as_u64());
                self.name(Some(peer));
            }
            Input::Link(LinkEvent::Up {
                peer,
                seed,
                addr: _,
                rtt,
            }) => {
                self.words(8, u64::from(seed.is_some()));
                self.name(Some(peer));
                self.hash.word(u64::from(rtt.subsec_nanos()));
                self.line(now, host, format_args!("{input:?}"));
            }
            other => {
                // Writing to a hash cannot fail.
                let _ = write!(self.hash, "{other:?}");
                self.line(now, host, format_args!("{other:?}"));
            }
        }
    }

    /// A node tells its application something.
    pub(super) fn notification(&mut self, now: Instant, host: HostId, told: &Notification) {
        let _ = write!(self.hash, "{told:?}");
        self.line(now, host, format_args!("{told:?}"));
    }

    fn message(&mut self, message: &Message) {
        match &message.body {
            Body::Ping { seq } => self.words(10, seq.0),
            Body::Ack { seq } => self.words(11, seq.0),
            Body::Nack { seq } => self.words(12, seq.0),
            Body::PingReq { seq, target, .. } => {
                self.words(13, seq.0);
                self.hash.bytes(target.as_str().as_bytes());
            }
            Body::Delta(Delta { members, logs }) => {
                self.hash.word(14);
                members.iter().for_each(|item| self.item(item));
                for log in logs {
                    self.hash.word(log.from.0);
                    log.batches.iter().for_each(|batch| self.batch(batch));
                    let chunked = log.chunked.iter();
                    chunked.for_each(|(batch, part)| self.chunked(u64::from(*batch), part));
                }
            }
            Body::Digest(digest) => {
                self.hash.word(15);
                for end in [&digest.after, &digest.through] {
                    self.name(end.as_ref());
                }
                digest.rows.iter().for_each(|row| self.row(row));
            }
            Body::Want(want) => {
                self.hash.word(16);
                want.rows.iter().for_each(|row| self.row(row));
            }
            Body::Gossip => self.hash.word(17),
            Body::Done => self.hash.word(18),
            Body::Checksum(sum) => {
                self.hash.word(19);
                self.hash.bytes(&sum.0.to_le_bytes());
            }
            Body::Sketch(sketch) => {
                self.words(20, u64::from(sketch.first));
                self.hash.bytes(&sketch.sum.0.to_le_bytes());
                for symbol in &sketch.symbols {
                    self.words(symbol.sum, symbol.product);
                }
            }
            Body::First(keys) => {
                self.hash.word(25);
                keys.iter()
                    .for_each(|key| self.hash.bytes(key.as_str().as_bytes()));
            }
            Body::More { through } => self.words(21, u64::from(*through)),
            Body::Found(found) => {
                self.words(22, u64::from(found.used));
                found
                    .lacks
                    .iter()
                    .for_each(|(key, value)| self.words(*key, *value));
                found.unclear.iter().for_each(|key| self.hash.word(*key));
            }
            Body::Rows(rows) => {
                self.hash.word(23);
                rows.rows.iter().for_each(|row| self.row(row));
            }
            Body::Ranges(ranges) => {
                self.words(24, ranges.salt);
                for range in &ranges.ranges {
                    self.name(range.after.as_ref());
                    self.name(range.through.as_ref());
                    match &range.part {
                        RangePart::Print(print) => self.hash.bytes(&print.to_le_bytes()),
                        RangePart::Tell => self.hash.word(1),
                        RangePart::Rows(rows) => rows.iter().for_each(|row| self.row(row)),
                    }
                }
            }
            Body::Offer(offer) => {
                self.words(28, u64::from(offer.asks));
                for (id, count) in &offer.hot {
                    self.words(id.0, u64::from(*count));
                }
                for (id, count) in &offer.known {
                    self.words(id.0, count.map_or(u64::MAX, u64::from));
                }
                let ids = offer.taken.iter().chain(&offer.wanted);
                ids.for_each(|id| self.hash.word(id.0));
                offer.heads.iter().for_each(|held| self.held(held));
            }
            Body::Follow(held) => {
                self.hash.word(28);
                self.held(held);
            }
            Body::EventSum(sum) => {
                self.words(26, u64::from(sum.fresh));
                self.hash.bytes(&sum.sum.0.to_le_bytes());
            }
            Body::Outline(outline) => {
                self.hash.word(29);
                self.hash.bytes(&outline.head.bytes);
                for part in &outline.parts {
                    self.hash.bytes(&part.entry.bytes);
                }
                let chunked = outline.chunked.iter();
                chunked.for_each(|part| self.chunked(0, part));
            }
            Body::ChunkAsk(ask) => {
                self.words(30, ask.of.version.0);
                ask.chunks
                    .iter()
                    .for_each(|chunk| self.hash.word(u64::from(*chunk)));
            }
            Body::Chunk(chunk) => {
                self.words(31, chunk.of.version.0);
                self.words(u64::from(chunk.index), chunk.bytes.len() as u64);
            }
            body @ (Body::EventHave(_) | Body::EventDelta(_) | Body::Answer(_)) => {
                self.hash.word(27);
                // Writing to a hash cannot fail.
                let _ = write!(self.hash, "{body:?}");
            }
        }
        message.rumors.iter().for_each(|item| self.item(item));
    }

    const fn words(&mut self, kind: u64, word: u64) {
        self.hash.word(kind);
        self.hash.word(word);
    }

    fn name(&mut self, id: Option<&NodeId>) {
        self.hash.bytes(id.map_or(&[], |id| id.as_str().as_bytes()));
    }

    fn held(&mut self, held: &LogHead) {
        self.name(Some(&held.author));
        self.words(held.head.generation.0, held.head.version.0);
    }

    fn row(&mut self, row: &DigestRow) {
        self.name(Some(&row.id));
        if let Some(MemberRow { footing, state }) = row.member {
            self.words(footing.generation.0, footing.incarnation.0);
            self.hash.word(state as u64);
        }
        if let Some(head) = row.head {
            self.words(head.generation.0, head.version.0);
        }
    }

    fn item(&mut self, item: &Item) {
        match item {
            Item::Claim(claim) => self.hash.bytes(&claim.bytes),
            Item::Accusation(accusation) => self.hash.bytes(&accusation.bytes),
            Item::Batch(batch) => self.batch(batch),
            Item::Event(event) => self.hash.bytes(&event.bytes),
        }
    }

    fn chunked(&mut self, batch: u64, part: &ChunkedPart) {
        self.words(batch, u64::from(part.index));
        self.hash.word(part.entry.bytes() as u64);
    }

    fn batch(&mut self, batch: &Batch) {
        self.hash.bytes(&batch.head.bytes);
        for part in &batch.parts {
            self.hash.word(u64::from(part.index));
            self.hash.bytes(&part.entry.bytes);
        }
    }
}

/// The name of a message.
pub(super) const fn kind(body: &Body) -> &'static str {
    match body {
        Body::Ping { .. } => "Ping",
        Body::Ack { .. } => "Ack",
        Body::PingReq { .. } => "PingReq",
        Body::Nack { .. } => "Nack",
        Body::Gossip => "Gossip",
        Body::Checksum(_) => "Checksum",
        Body::Digest(_) => "Digest",
        Body::Want(_) => "Want",
        Body::Delta(_) => "Delta",
        Body::Done => "Done",
        Body::First(_) => "First",
        Body::Sketch(_) => "Sketch",
        Body::More { .. } => "More",
        Body::Found(_) => "Found",
        Body::Rows(_) => "Rows",
        Body::Ranges(_) => "Ranges",
        Body::Offer(_) => "Offer",
        Body::EventSum(_) => "EventSum",
        Body::EventHave(_) => "EventHave",
        Body::EventDelta(_) => "EventDelta",
        Body::Answer(_) => "Answer",
        Body::Follow(_) => "Follow",
        Body::Outline(_) => "Outline",
        Body::ChunkAsk(_) => "ChunkAsk",
        Body::Chunk(_) => "Chunk",
    }
}
