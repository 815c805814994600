//! Large entries on their way: what was told of them, who has them, and what
//! waits until they are here.
//!
//! ```text
//!   outline, or a run of a log ─▶ order ─▶ loads, one an entry
//!                                  ▲           │ asks, spread over who has it
//!              all its batches read│           ▼
//!   the log ◀──────────────────────┴── assemble ◀─ chunks, each by its hash
//! ```
//!
//! An order is taken whole or not at all, like everything of a log. What has come
//! of it stays when a link breaks, and when a longer run takes the place of one
//! that waits; it is given up when nothing of it has come for [`STALE`], or when
//! nobody is left who has it.

use alloc::collections::{BTreeMap, VecDeque};
use alloc::vec::Vec;
use core::time::Duration;

use super::flight::{Flights, Place};
use super::load::{Came, Load};
use super::order::{Order, Told, gather, ids_of};
use super::pieces::room_for;
use crate::base::id::NodeId;
use crate::base::limit;
use crate::base::rng::Rng;
use crate::base::time::Instant;
use crate::input::AssembleId;
use crate::message::{
    Batch, Body, Chunk, ChunkAsk, Chunked, ChunkedId, ChunkedPart, Head, LogDelta, Message, Offer,
    Outline, RumorId, Version,
};
use crate::outbox::Outbox;
use crate::output::{Counters, Via};

/// An order of which nothing has come for so long is given up (guess: as a
/// session that does not move).
const STALE: Duration = Duration::from_secs(30);

/// What was waited for is here.
#[derive(Debug)]
pub struct Done {
    /// Who told us of it.
    pub peer: NodeId,
    /// Whether it came as a rumor; else it is a run from a session.
    pub rumored: bool,
    /// What it may follow on.
    pub from: Version,
    /// The batches, read.
    pub batches: Vec<Batch>,
}

/// Entries that are looked at in a row although nobody can be asked for them
/// (guess; the others have their turn the next time).
const SCANNED: usize = 64;

/// What an entry counts for: at least as much as a large one has, so that what
/// bounds the bytes bounds the number too.
fn room(entry: &Chunked) -> usize {
    entry.bytes().max(limit::LARGE_BYTES)
}

/// Everything large that is on its way.
#[derive(Debug)]
pub struct Fetches {
    orders: BTreeMap<u64, Order>,
    loads: BTreeMap<ChunkedId, Load>,
    flights: Flights,
    /// Entries of which chunks are to be asked for.
    todo: VecDeque<ChunkedId>,
    bytes: usize,
    most: usize,
    next: u64,
}

impl Fetches {
    /// Where a log may hold so many bytes.
    pub fn of(log_bytes: u64) -> Self {
        Self {
            orders: BTreeMap::new(),
            loads: BTreeMap::new(),
            flights: Flights::default(),
            todo: VecDeque::new(),
            bytes: 0,
            most: room_for(limit::CHUNKED_LOGS, log_bytes),
            next: 0,
        }
    }

    /// Whether a run of a log waits: who joins is not ready before it is here.
    pub fn has_runs(&self) -> bool {
        self.orders.values().any(|order| order.rumor.is_none())
    }

    /// What a peer offers, without what is on its way here; it has that too.
    pub fn hear_offer(&mut self, peer: &NodeId, offer: &Offer) -> Option<Offer> {
        let mut rest = None;
        for order in self.orders.values() {
            let Some(id) = order
                .rumor
                .filter(|id| offer.hot.iter().any(|(hot, _)| hot == id))
            else {
                continue;
            };
            for of in order.open().flat_map(ids_of) {
                if let Some(load) = self.loads.get_mut(&of) {
                    load.is_held_by(peer);
                }
            }
            let rest: &mut Offer = rest.get_or_insert_with(|| offer.clone());
            rest.hot.retain(|(hot, _)| *hot != id);
        }
        rest
    }

    /// A batch that was wanted is told by its outline. Whether there is room.
    pub fn add_rumor(
        &mut self,
        now: Instant,
        peer: &NodeId,
        id: RumorId,
        outline: Outline,
        counters: &mut Counters,
    ) -> bool {
        let known = self.orders.values().any(|order| order.rumor == Some(id));
        let order = Order::of_rumor(now, peer, id, outline);
        let taken = self.add(order, counters);
        if taken && known {
            // It was told twice: the first order is enough.
            self.drop_last();
        }
        taken
    }

    /// Whether something large of a log is on its way.
    pub fn brings(&self, author: &NodeId) -> bool {
        let mut orders = self.orders.values();
        orders.any(|order| order.author == *author)
    }

    /// A run of a log came in a session, some of its entries told by their chunks.
    pub fn add_run(
        &mut self,
        now: Instant,
        peer: &NodeId,
        run: LogDelta,
        counters: &mut Counters,
    ) -> bool {
        let Some(order) = Order::of_run(now, peer, run) else {
            return false;
        };
        let author = order.author.clone();
        let taken = self.add(order, counters);
        if taken {
            self.keep_longest_run(&author);
        }
        taken
    }

    /// Of the runs of one log that wait the one that reaches furthest is enough;
    /// of two that reach as far, the one that needs less before it.
    fn keep_longest_run(&mut self, author: &NodeId) {
        let runs = self.orders.iter();
        let runs = runs.filter(|(_, order)| order.rumor.is_none() && order.author == *author);
        let runs: Vec<(u64, (Head, core::cmp::Reverse<Version>))> = runs
            .map(|(number, order)| (*number, (order.reaches, core::cmp::Reverse(order.from))))
            .collect();
        let longest = runs
            .iter()
            .max_by_key(|(number, rank)| (*rank, core::cmp::Reverse(*number)));
        let longest = longest.map(|(number, _)| *number);
        for (number, _) in runs {
            if Some(number) != longest {
                self.remove(number);
            }
        }
    }

    fn add(&mut self, order: Order, counters: &mut Counters) -> bool {
        let of = |outline: &Outline, part: &ChunkedPart| {
            let known = self.loads.contains_key(&outline.id_of(part.index));
            if known { 0 } else { room(&part.entry) }
        };
        let parts = |outline: &Outline| -> usize {
            let chunked = outline.chunked.iter();
            chunked.map(|part| of(outline, part)).sum()
        };
        let bytes: usize = order.open().map(parts).sum();
        let fits = self.orders.len() < limit::CHUNKED_ORDERS
            && self.bytes.saturating_add(bytes) <= self.most;
        if !fits {
            counters.chunked_refused += 1;
            return false;
        }
        self.next += 1;
        for outline in order.open() {
            for part in &outline.chunked {
                let of = outline.id_of(part.index);
                self.load(self.next, of, &part.entry, &order.peer);
            }
        }
        self.orders.insert(self.next, order);
        true
    }

    fn load(&mut self, order: u64, of: ChunkedId, entry: &Chunked, peer: &NodeId) {
        let Chunked::Named { bytes: _, chunks } = entry else {
            return;
        };
        if let Some(load) = self.loads.get_mut(&of).filter(|load| load.is(chunks)) {
            load.orders.push(order);
            load.is_held_by(peer);
            // It may have nobody else to be asked.
            self.queue(&of);
            return;
        }
        self.bytes += room(entry);
        let mut load = Load::new(chunks.clone(), room(entry));
        load.orders.push(order);
        load.is_held_by(peer);
        load.should_be_held_by(&of.author);
        if let Some(other) = self.loads.insert(of.clone(), load) {
            // Two entries under one name: its author equivocates. The later one
            // is as good; who waits for the other waits in vain.
            self.bytes -= other.bytes;
        }
        self.queue(&of);
    }

    /// Chunks of it are to be asked for, unless all are on their way.
    fn queue(&mut self, of: &ChunkedId) {
        if let Some(load) = self.loads.get_mut(of)
            && !load.queued
            && load.is_any_free()
        {
            load.queued = true;
            self.todo.push_back(of.clone());
        }
    }

    fn drop_last(&mut self) {
        self.remove(self.next);
    }

    fn remove(&mut self, number: u64) {
        if let Some(order) = self.orders.remove(&number) {
            for of in order.ids() {
                self.release(number, &of);
            }
        }
    }

    /// An order does not need an entry any more.
    fn release(&mut self, order: u64, of: &ChunkedId) {
        let Some(load) = self.loads.get_mut(of) else {
            return;
        };
        if let Some(place) = load.orders.iter().position(|user| *user == order) {
            load.orders.swap_remove(place);
        }
        if !load.orders.is_empty() {
            return;
        }
        self.bytes -= load.bytes;
        self.loads.remove(of);
        self.flights.forget(of);
    }

    /// A log is held so far: what waits for no more than that waits in vain.
    pub fn is_held(&mut self, author: &NodeId, head: Head) {
        let in_vain = self.orders.iter();
        let in_vain = in_vain.filter(|(_, order)| order.author == *author && order.reaches <= head);
        let in_vain: Vec<u64> = in_vain.map(|(number, _)| *number).collect();
        in_vain.into_iter().for_each(|number| self.remove(number));
    }

    /// Asks for what is missing, as much as the windows allow.
    pub fn ask(
        &mut self,
        now: Instant,
        is_up: &dyn Fn(&NodeId) -> bool,
        rng: &mut Rng,
        outbox: &mut Outbox,
    ) {
        let mut asks: BTreeMap<(NodeId, ChunkedId), Vec<u32>> = BTreeMap::new();
        let mut in_vain = 0;
        while in_vain < SCANNED
            && let Some(of) = self.todo.pop_front()
        {
            let Some(load) = self.loads.get_mut(&of) else {
                continue;
            };
            while load.is_any_free()
                && let Some(peer) = load.pick(self.flights.windows(), is_up, rng)
                && let Some(index) = load.take_free()
            {
                self.flights.begins(now, &peer, (of.clone(), index));
                asks.entry((peer, of.clone())).or_default().push(index);
            }
            load.queued = load.is_any_free();
            if load.queued {
                // Those who have it have enough to do, or nobody who has it is
                // here: another's turn.
                in_vain += 1;
                self.todo.push_back(of);
            }
        }
        for ((peer, of), chunks) in asks {
            let mut chunks = chunks;
            chunks.sort_unstable();
            for chunks in chunks.chunks(limit::CHUNKS_ASKED) {
                let ask = ChunkAsk {
                    of: of.clone(),
                    chunks: chunks.to_vec(),
                };
                let message = Message::bare(Body::ChunkAsk(ask));
                outbox.send(&peer, Via::Stream, message);
            }
        }
    }

    /// A chunk came. What is complete by it is given to the host to be read.
    pub fn take(&mut self, now: Instant, from: &NodeId, chunk: Chunk, outbox: &mut Outbox) {
        let counters = &mut outbox.counters;
        let Some(load) = self.loads.get_mut(&chunk.of) else {
            counters.chunks_in_vain += 1;
            return;
        };
        let of = chunk.of.clone();
        let index = chunk.index;
        let took = self.flights.lands(now, from, &(of.clone(), index));
        let came = load.take(from, chunk);
        if let (Some(took), Came::Taken) = (took, came) {
            self.flights.came(now, from, took);
        }
        match came {
            Came::Taken => counters.chunks_taken += 1,
            Came::Again => counters.chunks_in_vain += 1,
            Came::Wrong => counters.chunks_wrong += 1,
            Came::Missed => {}
        }
        match came {
            Came::Taken => {
                let whole = load.is_whole();
                let orders = load.orders.clone();
                for number in orders {
                    if let Some(order) = self.orders.get_mut(&number) {
                        order.moved = now;
                    }
                    if whole {
                        self.assemble(number, &of, outbox);
                    }
                }
            }
            Came::Again => {}
            Came::Wrong | Came::Missed => {
                if took.is_some() {
                    load.free(index);
                    self.queue(&of);
                }
                self.drop_hopeless(counters);
            }
        }
    }

    /// Nobody is left who has it.
    fn drop_hopeless(&mut self, counters: &mut Counters) {
        let loads = &self.loads;
        let hopeless = |of: &ChunkedId| {
            let load = loads.get(of);
            load.is_none_or(|load| !load.is_whole() && !load.has_holders())
        };
        let orders = self.orders.iter();
        let lost = orders.filter(|(_, order)| order.ids().iter().any(&hopeless));
        let lost: Vec<u64> = lost.map(|(number, _)| *number).collect();
        for number in lost {
            counters.chunked_dropped += 1;
            self.remove(number);
        }
    }

    /// Gives the host the batch of an order that an entry was missing of, if it is
    /// complete.
    fn assemble(&mut self, number: u64, of: &ChunkedId, outbox: &mut Outbox) {
        let Some(order) = self.orders.get_mut(&number) else {
            return;
        };
        let holds = |told: &&mut Told| match told {
            Told::Open(outline) => outline.names(of),
            Told::Whole(_) | Told::Read(_) => false,
        };
        let Some(told) = order.batches.iter_mut().find(holds) else {
            return;
        };
        if let Told::Open(outline) = told
            && let Some(gathered) = gather(outline, &self.loads)
        {
            let released: Vec<ChunkedId> = ids_of(outline).collect();
            *told = Told::Read(outbox.assemble(gathered));
            for of in released {
                self.release(number, &of);
            }
        }
    }

    /// The host has read a batch, or could not. What is complete by it.
    pub fn assembled(
        &mut self,
        id: AssembleId,
        batch: Option<Batch>,
        counters: &mut Counters,
    ) -> Option<Done> {
        let is_it = |told: &Told| matches!(told, Told::Read(read) if *read == id);
        let mut orders = self.orders.iter_mut();
        let (number, order) = orders.find(|(_, order)| order.batches.iter().any(is_it))?;
        let number = *number;
        let Some(batch) = batch else {
            counters.chunked_dropped += 1;
            self.remove(number);
            return None;
        };
        for told in &mut order.batches {
            if is_it(told) {
                *told = Told::Whole(batch);
                break;
            }
        }
        let is_here = |told: &Told| matches!(told, Told::Whole(_));
        if !order.batches.iter().all(is_here) {
            return None;
        }
        let order = self.orders.remove(&number)?;
        let batches = order.batches.into_iter().filter_map(|told| match told {
            Told::Whole(batch) => Some(batch),
            Told::Open(_) | Told::Read(_) => None,
        });
        Some(Done {
            peer: order.peer,
            rumored: order.rumor.is_some(),
            from: order.from,
            batches: batches.collect(),
        })
    }

    /// The link to a peer is gone, and what it was asked for with it.
    pub fn unlinked(&mut self, peer: &NodeId) {
        let lost = self.flights.unlinked(peer);
        self.give_back(lost);
    }

    /// Some of what was asked for is to be asked for again.
    fn give_back(&mut self, lost: Vec<Place>) {
        for (of, index) in lost {
            if let Some(load) = self.loads.get_mut(&of) {
                load.free(index);
                self.queue(&of);
            }
        }
    }

    /// What did not come in time is asked for again, elsewhere perhaps; what has
    /// not moved for long is given up.
    pub fn expire(&mut self, now: Instant, counters: &mut Counters) {
        let late = self.flights.late(now);
        counters.chunks_overdue += late.len() as u64;
        self.give_back(late);
        let stale = self.orders.iter();
        let stale = stale.filter(|(_, order)| order.moved + STALE <= now);
        let stale: Vec<u64> = stale.map(|(number, _)| *number).collect();
        for number in stale {
            counters.chunked_dropped += 1;
            self.remove(number);
        }
        if self.orders.is_empty() {
            self.flights.clear();
            self.todo.clear();
        }
    }

    /// When [`Fetches::expire`] has something to do.
    pub fn next_deadline(&self) -> Option<Instant> {
        let orders = self.orders.values().map(|order| order.moved + STALE);
        orders.chain(self.flights.next_due()).min()
    }
}
