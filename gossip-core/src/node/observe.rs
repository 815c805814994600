//! What a checker may see of a node: read only, and only in the simulator.
//!
//! An application asks with commands; a checker that did so would be heard,
//! counted and answered, and would change the run it watches.

use alloc::vec::Vec;
use bytes::Bytes;

use crate::base::id::NodeId;
use crate::base::time::{Instant, WallTime};
use crate::config::Config;
use crate::dissemination::Picture;
use crate::input::{Query, Space};
use crate::membership::Member;
use crate::message::{Addrs, Footing, Generation, Head, Key, Scope, Stamp, Version};
use crate::output::{Counters, MemberStatus, Row};

use super::Node;

/// One row of a node's roster.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sight<'a> {
    /// Who.
    pub id: &'a NodeId,
    /// Where it stands in its history.
    pub footing: Footing,
    /// How it stands.
    pub status: MemberStatus,
    /// How many accuse it, if it is suspect.
    pub accusers: usize,
    /// Where it says it is.
    pub addrs: &'a Addrs,
}

/// How much a node has under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Burden {
    /// Rumors it still tells.
    pub hot_rumors: usize,
    /// Statements that are being sealed.
    pub seals: usize,
    /// Probes of its own under way.
    pub probes: usize,
    /// Probes under way for others.
    pub relayed: usize,
    /// Peers it is connected to.
    pub links: usize,
    /// Rows of its roster.
    pub rows: usize,
    /// Members that take part.
    pub here: usize,
    /// Members that are gone from the roster and not from memory.
    pub certificates: usize,
    /// How little it trusts its own eyes.
    pub awareness: u32,
    /// Whether a session of its own runs.
    pub compares_notes: bool,
    /// What happened and what was refused.
    pub counters: Counters,
}

impl Node {
    /// What it says of itself, or is about to.
    pub const fn footing(&self) -> Footing {
        self.footing
    }

    /// Who it is.
    pub const fn id(&self) -> &NodeId {
        &self.identity.id
    }

    /// Probes it has begun.
    pub const fn probes_begun(&self) -> u64 {
        self.outbox.counters.probes
    }

    /// What happened and what was refused.
    pub const fn counters(&self) -> &Counters {
        &self.outbox.counters
    }

    /// Its knobs.
    pub const fn config(&self) -> &Config {
        &self.config
    }

    /// Every row of its roster, in order of name.
    pub fn sights(&self) -> impl Iterator<Item = Sight<'_>> {
        self.roster.iter().map(|(id, member)| sight(id, member))
    }

    /// Where a member stands in its history, and how.
    pub fn held(&self, id: &NodeId) -> Option<(Footing, MemberStatus)> {
        let member = self.roster.member(id)?;
        Some((member.footing(), member.status()))
    }

    /// One row.
    pub fn sight<'a>(&'a self, id: &'a NodeId) -> Option<Sight<'a>> {
        self.roster.member(id).map(|member| sight(id, member))
    }

    /// Every key it holds in a name space, in order.
    pub fn rows(&self, space: &Space) -> Vec<Row> {
        self.replica.list(space, "")
    }

    /// One key as it holds it.
    pub fn value(&self, query: &Query) -> Option<Row> {
        self.replica.value(query)
    }

    /// Every log it holds anything of, and how much.
    pub fn logs(&self) -> impl Iterator<Item = (&NodeId, Head)> {
        self.replica.authors()
    }

    /// What it holds of a log, in order of version.
    pub fn log(&self, author: &NodeId) -> Vec<(Version, Bytes)> {
        let all = self
            .replica
            .since(author, Head::default(), None, usize::MAX);
        let batches = all.map(|(run, _)| run.batches).unwrap_or_default();
        let entries = batches.iter().flat_map(|batch| {
            let parts = batch.parts.iter();
            parts.map(|part| (batch.version(part.index), part.entry.bytes.clone()))
        });
        entries.collect()
    }

    /// Whether it has let go of the log of a member that is forgotten here.
    pub fn has_let_go(&self, author: &NodeId) -> bool {
        self.replica.is_spent(author)
    }

    /// The run of an author that its log last showed.
    pub fn generation_of(&self, author: &NodeId) -> Generation {
        self.replica.generation(author)
    }

    /// How much it holds of a log.
    pub fn head_of(&self, author: &NodeId) -> Head {
        self.replica.head(author).unwrap_or_default()
    }

    /// The version of an author's last write to a key that it holds, tombstones
    /// included.
    pub fn last_write(&self, author: &NodeId, scope: Scope, key: &Key) -> Option<Version> {
        self.replica.last_write(author, scope, key)
    }

    /// The stamp and author that stand for a shared key, should it be a deletion
    /// or a shadow of one.
    pub fn rank(&self, key: &Key) -> Option<(Stamp, NodeId)> {
        self.replica.rank(key)
    }

    /// What it writes and takes at most, as its cluster agrees.
    pub fn agreed(&self) -> crate::base::agreed::Agreed {
        self.config.agreed()
    }

    /// Keys and bytes that it holds of an author.
    pub fn share_of(&self, author: &NodeId) -> (usize, usize) {
        self.replica.share(author)
    }

    /// A shared key that does not stand as the logs say.
    pub fn misjudged(&self) -> Option<Key> {
        self.replica.misjudged()
    }

    /// Lets a lesser write stand for some shared key: for canaries.
    pub fn misjudge(&mut self) {
        self.replica.misjudge();
    }

    /// Of the values that it has not ended, the one that ends next.
    pub fn next_end(&self) -> Option<(Key, WallTime)> {
        self.replica.next_end()
    }

    /// Whether the sketch it compares by is that of the rows it holds.
    pub fn is_sketch_true(&self) -> bool {
        self.syncs.is_true(Picture {
            roster: &self.roster,
            replica: &self.replica,
        })
    }

    /// Makes its sketch forget a row by chance: for canaries, so that what should
    /// find it is seen to.
    pub fn overlook(&mut self) {
        self.syncs.overlook(self.rng.next_u64());
    }

    /// Puts off the next probe of its round for ever: for canaries.
    pub const fn doze(&mut self) {
        self.timers.probe = Instant::FAR_FUTURE;
    }

    /// How much it has under way.
    pub fn burden(&self) -> Burden {
        let (probes, relayed) = self.prober.under_way();
        Burden {
            hot_rumors: self.hot.len() + self.news.len(),
            seals: self.seals.len(),
            probes,
            relayed,
            links: self.links.len(),
            rows: self.roster.rows(),
            here: self.roster.here(),
            certificates: self.roster.certificates().len(),
            awareness: self.prober.awareness().score(),
            compares_notes: self.syncs.is_any_open(),
            counters: self.outbox.counters,
        }
    }
}

fn sight<'a>(id: &'a NodeId, member: &'a Member) -> Sight<'a> {
    let accusers = member
        .suspicion()
        .map_or(0, |suspicion| suspicion.accusers().len());
    Sight {
        id,
        footing: member.footing(),
        status: member.status(),
        accusers,
        addrs: &member.claim.value.addrs,
    }
}
