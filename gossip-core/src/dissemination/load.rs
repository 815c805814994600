//! One large entry on its way: which chunks are here, and who has the rest.

use alloc::collections::{BTreeMap, VecDeque};
use alloc::vec;
use alloc::vec::Vec;

use bytes::Bytes;

use super::window::Window;
use crate::base::id::NodeId;
use crate::base::limit;
use crate::base::rng::Rng;
use crate::message::{Chunk, ChunkHash};

/// What a peer is to an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Holder {
    /// It said that it has it.
    Has,
    /// It should have it: its author, to be asked where nobody else is left.
    Should,
    /// It has not, or sent something else: it is not asked again.
    HasNot,
}

/// What a chunk was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Came {
    /// One that was missing.
    Taken,
    /// One that was here.
    Again,
    /// Not what its author wrote.
    Wrong,
    /// Nothing: the peer does not have it.
    Missed,
}

/// An entry that is being fetched.
#[derive(Debug)]
pub(super) struct Load {
    chunks: Vec<ChunkHash>,
    have: Vec<Option<Bytes>>,
    missing: usize,
    /// What it counts for, in bytes.
    pub(super) bytes: usize,
    holders: BTreeMap<NodeId, Holder>,
    /// The orders that need it.
    pub(super) orders: Vec<u64>,
    /// The chunks that are missing and not asked for.
    free: VecDeque<u32>,
    /// It stands in line to be asked for.
    pub(super) queued: bool,
}

impl Load {
    pub(super) fn new(chunks: Vec<ChunkHash>, bytes: usize) -> Self {
        Self {
            have: vec![None; chunks.len()],
            missing: chunks.len(),
            free: (0..).zip(&chunks).map(|(index, _)| index).collect(),
            chunks,
            bytes,
            holders: BTreeMap::new(),
            orders: Vec::new(),
            queued: false,
        }
    }

    /// Whether another list of chunks is the same entry.
    pub(super) fn is(&self, chunks: &[ChunkHash]) -> bool {
        self.chunks == chunks
    }

    /// Whether every chunk is here.
    pub(super) const fn is_whole(&self) -> bool {
        self.missing == 0
    }

    /// The chunks, in order, if all are here.
    pub(super) fn pieces(&self) -> Option<Vec<Bytes>> {
        self.have.iter().cloned().collect()
    }

    /// Whether a chunk is missing and not asked for.
    pub(super) fn is_any_free(&self) -> bool {
        !self.free.is_empty()
    }

    /// The next chunk to be asked for.
    pub(super) fn take_free(&mut self) -> Option<u32> {
        self.free.pop_front()
    }

    /// A chunk that was asked for does not come.
    pub(super) fn free(&mut self, index: u32) {
        let place = usize::try_from(index).unwrap_or(usize::MAX);
        let is_missing = self.have.get(place).is_some_and(Option::is_none);
        if is_missing && !self.free.contains(&index) {
            self.free.push_front(index);
        }
    }

    /// A peer has it.
    pub(super) fn is_held_by(&mut self, peer: &NodeId) {
        let known = self.holders.get(peer);
        if known == Some(&Holder::Should)
            || known.is_none() && self.holders.len() < limit::CHUNK_HOLDERS
        {
            self.holders.insert(peer.clone(), Holder::Has);
        }
    }

    /// A peer should have it, whatever it says.
    pub(super) fn should_be_held_by(&mut self, peer: &NodeId) {
        if !self.holders.contains_key(peer) {
            self.holders.insert(peer.clone(), Holder::Should);
        }
    }

    /// Whether anybody is left to be asked, connected or not.
    pub(super) fn has_holders(&self) -> bool {
        self.holders
            .values()
            .any(|holder| *holder != Holder::HasNot)
    }

    /// Whom to ask for a chunk: of those who have it the one of whom the least is
    /// asked already; its author where nobody else can be asked.
    pub(super) fn pick(
        &self,
        windows: &BTreeMap<NodeId, Window>,
        is_up: &dyn Fn(&NodeId) -> bool,
        rng: &mut Rng,
    ) -> Option<NodeId> {
        let mut wanted = Holder::Has;
        if !self.any_up(wanted, is_up) {
            wanted = Holder::Should;
        }
        let room = |peer: &NodeId| {
            let window = windows.get(peer).copied();
            window.unwrap_or_default().room()
        };
        let of = self.holders.iter();
        let of = of.filter(|(peer, holder)| **holder == wanted && is_up(peer));
        let rooms: Vec<(u32, &NodeId)> = of.map(|(peer, _)| (room(peer), peer)).collect();
        let most = rooms.iter().map(|(room, _)| *room).max()?;
        if most == 0 {
            return None;
        }
        let best: Vec<&NodeId> = rooms
            .into_iter()
            .filter(|(room, _)| *room == most)
            .map(|(_, peer)| peer)
            .collect();
        rng.choose(&best).map(|peer| (*peer).clone())
    }

    fn any_up(&self, wanted: Holder, is_up: &dyn Fn(&NodeId) -> bool) -> bool {
        let mut holders = self.holders.iter();
        holders.any(|(peer, holder)| *holder == wanted && is_up(peer))
    }

    /// A chunk came from a peer.
    pub(super) fn take(&mut self, from: &NodeId, chunk: Chunk) -> Came {
        let place = usize::try_from(chunk.index).unwrap_or(usize::MAX);
        let (Some(expected), Some(have)) = (self.chunks.get(place), self.have.get_mut(place))
        else {
            return Came::Wrong;
        };
        if chunk.bytes.is_empty() {
            self.holders.insert(from.clone(), Holder::HasNot);
            return Came::Missed;
        }
        if chunk.hash.as_ref() != Some(expected) {
            self.holders.insert(from.clone(), Holder::HasNot);
            return Came::Wrong;
        }
        if have.is_some() {
            return Came::Again;
        }
        *have = Some(chunk.bytes);
        self.missing -= 1;
        self.free.retain(|free| *free != chunk.index);
        Came::Taken
    }
}
