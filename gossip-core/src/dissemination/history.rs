//! What can be asked of the past: how the last sessions went, and how old news
//! was when it came.
//!
//! It stands beside the node's door and looks at what goes in and out, so the
//! rooms that do the work need not know of it:
//!
//! ```text
//!   first message or Opened ──▶ open ──▶ Finish          level
//!                                │  └──▶ Reset           given up, here
//!                                └─────▶ Closed, Down    broken, there or between
//! ```

use alloc::boxed::Box;
use alloc::collections::{BTreeMap, VecDeque};

use crate::base::id::NodeId;
use crate::base::limit;
use crate::base::time::{Instant, Now, WallTime};
use crate::input::{Input, LinkEvent, SessionEvent, SessionId};
use crate::message::{Body, Delta, Message, Stamp};
use crate::output::{
    HistoryView, KeyEvent, KeyEventKind, NewsAges, Output, SessionEnd, SessionRecord, Transmit, Via,
};

/// A session under way.
#[derive(Debug)]
struct Open {
    record: SessionRecord,
    began: Instant,
    /// The last log that was told or heard: a long one comes in pieces.
    last: [Option<NodeId>; 2],
}

/// The last sessions, and the ages of news.
#[derive(Debug, Default)]
pub struct History {
    now: Option<Now>,
    open: BTreeMap<SessionId, Open>,
    recent: VecDeque<SessionRecord>,
    ages: NewsAges,
}

impl History {
    /// Something comes in.
    pub fn comes(&mut self, now: Now, input: &Input) {
        self.now = Some(now);
        match input {
            Input::Session(id, SessionEvent::Opened { peer }) => self.begin(*id, peer),
            Input::Session(id, SessionEvent::Closed) => self.end(*id, SessionEnd::Broken),
            Input::Link(LinkEvent::Down { peer, .. }) => {
                let theirs = self.open.iter();
                let theirs = theirs.filter(|(_, open)| open.record.peer == *peer);
                let theirs: alloc::vec::Vec<_> = theirs.map(|(id, _)| *id).collect();
                for id in theirs {
                    self.end(id, SessionEnd::Broken);
                }
            }
            Input::Message {
                from,
                via: Via::Session(id),
                message,
            } => {
                if matches!(message.body, Body::Follow(_)) {
                    // Nothing is compared in it.
                    self.open.remove(id);
                } else if let Some(open) = self.open.get_mut(id)
                    && open.record.peer == *from
                {
                    open.record.received_bytes += bytes(message);
                    open.count(message, 0);
                }
            }
            _ => {}
        }
    }

    /// Something goes out.
    pub fn goes(&mut self, output: &Output) {
        match output {
            Output::Send(Transmit {
                to,
                via: Via::Session(id),
                message,
            }) => {
                let compares = !matches!(message.body, Body::Follow(_));
                if compares && !id.is_inbound() && !self.open.contains_key(id) {
                    self.begin(*id, to);
                }
                if let Some(open) = self.open.get_mut(id) {
                    open.record.sent_bytes += bytes(message);
                    open.count(message, 1);
                }
            }
            Output::Finish(id) => self.end(*id, SessionEnd::Level),
            Output::Reset(id) => self.end(*id, SessionEnd::GivenUp),
            _ => {}
        }
    }

    /// Another's write came to stand here. (One that lost is told as a conflict.)
    pub fn news(&mut self, event: &KeyEvent) {
        let arrived = matches!(event.kind, KeyEventKind::Put | KeyEventKind::Deleted);
        if arrived && let Some(now) = self.now {
            self.ages.count(event.stamp, now.wall);
        }
    }

    /// All of it, the newest session first.
    pub fn view(&self) -> Box<HistoryView> {
        Box::new(HistoryView {
            sessions: self.recent.iter().rev().cloned().collect(),
            news: self.ages,
        })
    }

    fn begin(&mut self, id: SessionId, peer: &NodeId) {
        let Some(now) = self.now else { return };
        // Who opens more than this node serves or opens is turned away at once.
        if self.open.len() >= limit::SESSIONS_WATCHED {
            return;
        }
        let record = SessionRecord {
            peer: peer.clone(),
            ours: !id.is_inbound(),
            began: now.wall,
            lasted: core::time::Duration::ZERO,
            sent_bytes: 0,
            received_bytes: 0,
            differed: 0,
            end: SessionEnd::Broken,
        };
        let (began, last) = (now.mono, [None, None]);
        self.open.insert(
            id,
            Open {
                record,
                began,
                last,
            },
        );
    }

    fn end(&mut self, id: SessionId, end: SessionEnd) {
        let (Some(now), Some(open)) = (self.now, self.open.remove(&id)) else {
            return;
        };
        let mut record = open.record;
        record.lasted = now.mono.since(open.began);
        record.end = end;
        if self.recent.len() >= limit::SESSIONS_RECALLED {
            self.recent.pop_front();
        }
        self.recent.push_back(record);
    }
}

impl Open {
    /// Counts the names of which a message brings something.
    fn count(&mut self, message: &Message, way: usize) {
        let Body::Delta(Delta { members, logs }) = &message.body else {
            return;
        };
        self.record.differed += members.len() as u64;
        for batch in logs.iter().filter_map(|log| log.batches.first()) {
            let Some(last) = self.last.get_mut(way) else {
                return;
            };
            if last.as_ref() != Some(batch.author()) {
                *last = Some(batch.author().clone());
                self.record.differed += 1;
            }
        }
    }
}

fn bytes(message: &Message) -> u64 {
    message.weight() as u64
}

impl NewsAges {
    /// A write with this stamp becomes known.
    fn count(&mut self, stamp: Stamp, wall: WallTime) {
        let Some(age) = wall.as_millis().checked_sub(stamp.millis) else {
            self.ahead += 1;
            return;
        };
        // Bucket 0: less than 1 ms; bucket b: less than 2^b ms.
        let bucket = (u64::BITS - age.leading_zeros()) as usize;
        match self.younger_than.get_mut(bucket) {
            Some(count) => *count += 1,
            None => self.older += 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_age_falls_into_the_first_bucket_that_is_wider() {
        let wall = WallTime::from_millis(10_000_000);
        let mut ages = NewsAges::default();
        for age in [0, 1, 2, 3, 4, 1_023, 1_024, 4_194_303, 4_194_304, 9_000_000] {
            let millis = wall.as_millis() - age;
            ages.count(Stamp { millis, counter: 0 }, wall);
        }
        let ahead = Stamp {
            millis: wall.as_millis() + 1,
            counter: 0,
        };
        ages.count(ahead, wall);
        let at = |bucket: usize| ages.younger_than.get(bucket).copied();
        assert_eq!(
            [at(0), at(1), at(2), at(3)],
            [Some(1), Some(1), Some(2), Some(1)]
        );
        assert_eq!([at(10), at(11), at(22)], [Some(1), Some(1), Some(1)]);
        assert_eq!((ages.older, ages.ahead), (2, 1));
        assert_eq!(ages.total(), 11);
    }
}
