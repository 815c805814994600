//! Floor 4: what everybody says. All logs, and the view of the shared keys.
//!
//! ```text
//!   batch ──▶ Log (one an author) ──▶ own keys: the newest version
//!                     │
//!                     └────────────▶ View ──▶ shared keys: the latest stamp
//! ```
//!
//! [`Replica::apply`] takes writes from anywhere: our own commits, rumors, a
//! session, the journal. It answers with [`Change`]s: what to keep, and what
//! to tell the application.

mod chronicle;
mod expiry;
mod floor;
#[cfg(feature = "sim")]
mod inspect;
mod log;
mod logs;
mod merge;
mod order;
mod piece;
mod read;
mod reclaim;
mod room;
mod select;
mod slot;
mod slots;
mod veil;
mod view;

use alloc::collections::BTreeSet;
use alloc::vec::Vec;

use crate::base::agreed::Share;
use crate::base::id::NodeId;
use crate::base::time::WallTime;
use crate::base::touched::Touched;
use crate::message::{Entry, Key, Op, Scope, Stamp, Version, WriteId};
use crate::output::{Counters, KeyEvent, KeyEventKind, Notification, Record};
use crate::watched::Cursor;

pub use chronicle::Chronicle;

use expiry::Expiries;
pub use log::Handed;
use log::Superseded;
use logs::{Logs, Spot};
use order::At;
pub use reclaim::stands_for_all;
use slot::Slot;
use view::{Contest, View, Winner};

/// What the replica learned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// The journal should keep this.
    Record(Record),
    /// The application should hear this.
    Notify(Notification),
}

/// How a batch was received.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Outcome {
    /// Something in it was new to us.
    pub fresh: bool,
    /// It does not follow on what we hold.
    pub gap: bool,
    /// It would give its author more than it may have: refused.
    pub over: bool,
}

/// All logs and the view over them.
#[derive(Debug, Default)]
pub struct Replica {
    logs: Logs,
    view: View,
    expiries: Expiries,
    clock: Stamp,
    /// Authors that are forgotten.
    veiled: BTreeSet<NodeId>,
    /// Whose head is another.
    touched: Touched,
    /// Whose own log it is that is never too large.
    me: Option<NodeId>,
    /// The most that is taken of each other author.
    most: Share,
    /// Whose last word was more than that.
    over: BTreeSet<NodeId>,
}

impl Replica {
    /// One entry was taken: what does it mean for its key?
    fn tell(
        &mut self,
        (author, version): (&NodeId, Version),
        entry: &Entry,
        superseded: Superseded,
        wall: WallTime,
        counters: &mut Counters,
        changes: &mut Vec<Change>,
    ) {
        counters.entries_applied += 1;
        let live = self.begin(author, version, entry, wall);
        let mut was_live = false;
        let mut before = None;
        let mut withdrawn = false;
        if let Some((version, slot)) = superseded {
            was_live = slot.is_live();
            withdrawn = entry.op == Op::Delete && entry.stamp == slot.stamp();
            self.view.forget(author, version, slot.stamp());
            self.expiries.remove(author, version, slot.expires());
            before = Some(Winner {
                author: author.clone(),
                version,
                stamp: slot.stamp(),
            });
        }
        let write = Winner {
            author: author.clone(),
            version,
            stamp: entry.stamp,
        };
        let early = View::is_early(entry.stamp, wall);
        if !early {
            self.clock = self.clock.max(entry.stamp);
        }
        if entry.scope == Scope::Shared && early {
            counters.stamps_held += 1;
            self.view.hold(write.clone());
        }
        match entry.scope {
            Scope::Own => {
                if !self.is_veiled(author) && (live || was_live) {
                    let before = before.as_ref().map(Winner::write);
                    changes.push(event(entry, write.write(), before, live));
                }
            }
            Scope::Shared => {
                let Some(spot) = self.logs.spot(author, version) else {
                    return;
                };
                let before = before.as_ref();
                let at = self.view.search(&self.logs, &entry.key);
                let place = (at, &entry.key);
                let stood = self.view.own_before(place, (author, spot), before);
                let stands_itself = stood.is_some();
                if let Some(stood) = stood.filter(|stood| early || entry.stamp < stood.stamp) {
                    // The author's own newer write has removed the one that stands
                    // and may not stand above the others: its stamp runs backwards,
                    // or is held. Whoever is next stands, as on a replica that
                    // never saw the first.
                    let stood = stood.write();
                    self.view.remove(&self.logs, &entry.key);
                    let stands = self.elect(&entry.key, Some(&stood), wall, changes);
                    if !stands && was_live {
                        changes.push(reset(entry, stood));
                    }
                } else if stands_itself || !(early || withdrawn) {
                    let ours = (before, was_live, live);
                    self.contend(at, (&write, spot), entry, ours, changes);
                }
            }
        }
    }

    /// A write begins to stand in its log. Whether it holds something: its time
    /// may be over already.
    fn begin(&mut self, author: &NodeId, version: Version, entry: &Entry, wall: WallTime) -> bool {
        if !entry.has_expired(wall) {
            self.expiries.add(author, version, entry.expires);
            return entry.op != Op::Delete;
        }
        if let Some(log) = self.logs.held_mut(author) {
            log.expire(version);
        }
        false
    }

    /// A write to a shared key contends with the one that stands. Its author's
    /// last write to it, and whether that and this one hold something.
    fn contend(
        &mut self,
        at: Result<At, At>,
        (write, spot): (&Winner, Spot),
        entry: &Entry,
        (superseded, was_live, live): (Option<&Winner>, bool, bool),
        changes: &mut Vec<Change>,
    ) {
        let seen = entry.replaces.as_ref().map(|replaced| replaced.stamp);
        let key = &entry.key;
        match self
            .view
            .contend(&self.logs, (at, key), (write, spot), superseded)
        {
            Contest::Won(before) => {
                let stood = before.as_ref().is_some_and(|before| {
                    let slot = self.slot(&before.author, before.version);
                    slot.map_or(was_live && before.author == write.author, Slot::is_live)
                });
                if stood || live {
                    let before = before.as_ref().map(Winner::write);
                    changes.push(event(entry, write.write(), before, live));
                }
                // It had not seen the write it wins over: somebody's write is lost.
                if let Some(lost) = before
                    && lost.author != write.author
                    && seen.is_none_or(|seen| seen < lost.stamp)
                {
                    changes.push(conflict(key, write, &lost));
                }
            }
            Contest::Lost(standing) => {
                let standing_saw = self
                    .slot(&standing.author, standing.version)
                    .and_then(Slot::replaces)
                    .map(|replaced| replaced.stamp);
                if standing_saw.is_none_or(|saw| saw < write.stamp) {
                    changes.push(conflict(key, &standing, write));
                }
            }
        }
    }

    /// One entry is cut away: it never was.
    fn undo(
        &mut self,
        author: &NodeId,
        version: Version,
        wall: WallTime,
        changes: &mut Vec<Change>,
    ) {
        let Some((entry, stood, live)) = self.take_out(author, version) else {
            return;
        };
        if entry.scope == Scope::Shared && !stood {
            return;
        }
        let shown = entry.scope == Scope::Shared || !self.is_veiled(author);
        if shown && live {
            let write = WriteId {
                author: author.clone(),
                version,
            };
            changes.push(reset(&entry, write));
        }
        if entry.scope == Scope::Shared {
            self.elect(&entry.key, None, wall, changes);
        }
    }

    /// Takes a write out of its log, and out of everything that knows of it.
    /// Whether it stood for a shared key, and whether it held something.
    fn take_out(&mut self, author: &NodeId, version: Version) -> Option<(Entry, bool, bool)> {
        let spot = self.logs.spot(author, version)?;
        let slot = self.slot(author, version)?;
        let (entry, live) = (slot.entry()?, slot.is_live());
        self.expiries.remove(author, version, entry.expires);
        let mut stood = false;
        if entry.scope == Scope::Shared {
            self.view.forget(author, version, entry.stamp);
            stood = self.view.withdraw(&self.logs, &entry.key, spot);
        }
        self.logs.held_mut(author)?.take(version);
        Some((entry, stood, live))
    }

    /// Finds the write that stands for a key nobody stands for, in the place of
    /// the one that stood. Whether the key holds something by it.
    fn elect(
        &mut self,
        key: &Key,
        stood: Option<&WriteId>,
        wall: WallTime,
        changes: &mut Vec<Change>,
    ) -> bool {
        let mut best: Option<(Winner, &Slot)> = None;
        for (author, log) in self.logs.iter() {
            let Some((version, slot)) = log.find(Scope::Shared, key) else {
                continue;
            };
            let stamp = slot.stamp();
            let later = best
                .as_ref()
                .is_none_or(|(winner, _)| (stamp, author) > (winner.stamp, &winner.author));
            if later && !View::is_early(stamp, wall) {
                best = Some((
                    Winner {
                        author: author.clone(),
                        version,
                        stamp,
                    },
                    slot,
                ));
            }
        }
        let Some((winner, slot)) = best else {
            return false;
        };
        let live = slot.is_live();
        if live && let Some(entry) = slot.entry() {
            changes.push(event(&entry, winner.write(), stood.cloned(), true));
        }
        if let Some(spot) = self.logs.spot(&winner.author, winner.version) {
            let at = self.view.search(&self.logs, key);
            let view = &mut self.view;
            view.contend(&self.logs, (at, key), (&winner, spot), None);
        }
        live
    }

    /// When [`Replica::release`] has something to do.
    pub fn next_release(&self) -> Option<WallTime> {
        let (held, ends) = (self.view.next_release(), self.expiries.next());
        held.into_iter().chain(ends).min()
    }

    /// Lets the writes contend whose stamps our clock has come near, and ends
    /// the values whose time is over.
    pub fn release(&mut self, wall: WallTime, changes: &mut Vec<Change>) {
        self.expire(wall, changes);
        while let Some((author, version)) = self.view.release(wall) {
            let Some(slot) = self.slot(&author, version) else {
                continue;
            };
            let live = slot.is_live();
            let spot = self.logs.spot(&author, version);
            let Some((entry, spot)) = slot.entry().zip(spot) else {
                continue;
            };
            self.clock = self.clock.max(entry.stamp);
            let write = Winner {
                author,
                version,
                stamp: entry.stamp,
            };
            let at = self.view.search(&self.logs, &entry.key);
            let ours = (None, false, live);
            self.contend(at, (&write, spot), &entry, ours, changes);
        }
    }

    fn slot(&self, author: &NodeId, version: Version) -> Option<&Slot> {
        self.logs.get(author)?.slot(version)
    }

    /// The stamp of a write made now.
    pub fn stamp(&self, wall: WallTime) -> Stamp {
        Stamp::after(self.clock, wall)
    }
}

/// A write stands, in the place of another, and holds something or not.
fn event(entry: &Entry, write: WriteId, before: Option<WriteId>, live: bool) -> Change {
    let (kind, value) = match &entry.op {
        Op::Put(value) if live => (KeyEventKind::Put, Some(value.clone())),
        Op::Put(_) => (KeyEventKind::Expired, None),
        Op::Delete => (KeyEventKind::Deleted, None),
    };
    Change::Notify(Notification::Key(KeyEvent {
        scope: entry.scope,
        key: entry.key.clone(),
        kind,
        value,
        write,
        stamp: entry.stamp,
        before,
        cursor: Cursor::default(),
    }))
}

/// A write that stood stands no longer, and none in its place.
fn reset(entry: &Entry, write: WriteId) -> Change {
    Change::Notify(Notification::Key(KeyEvent {
        scope: entry.scope,
        key: entry.key.clone(),
        kind: KeyEventKind::Reset,
        value: None,
        before: Some(write.clone()),
        write,
        stamp: entry.stamp,
        cursor: Cursor::default(),
    }))
}

fn conflict(key: &Key, won: &Winner, lost: &Winner) -> Change {
    Change::Notify(Notification::Conflict {
        key: key.clone(),
        won: (won.write(), won.stamp),
        lost: (lost.write(), lost.stamp),
        cursor: Cursor::default(),
    })
}
