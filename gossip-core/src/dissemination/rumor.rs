//! The rumors we still tell.
//!
//! A rumor is hot until it has been told often enough for the cluster's size
//! (SWIM §4.1: a multiple of log n): a farewell or a refutation twice as often,
//! since somebody errs until it hears of it; an accusation half as often, since
//! several of one member say the same, but not by its author: nobody else may
//! have heard it yet. A newer statement on the same topic
//! takes the place of the older one.
//!
//! Who goes first is decided by what depends on it, and among equals by who was
//! told least, so that fresh news is never behind old news:
//!
//! | rank | news |
//! |---|---|
//! | 1 | a member left, or refutes |
//! | 2 | a suspicion, a verdict, an operator's word |
//! | 3 | a member joined, or moved |
//! | 4 | what the application says: writes, events |

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use crate::base::id::NodeId;
use crate::base::limit;
use crate::message::{EventId, Incarnation, Item, Key, Presence, Run, Version};

/// What a rumor is about: at most one is hot on each topic.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Topic {
    /// How a member stands: its own claim, or a verdict.
    Member(NodeId),
    /// Who accuses it: each accuser counts.
    Charge(NodeId, Option<NodeId>),
    /// One batch of an author.
    Batch(NodeId, Version),
    /// One event.
    Event(EventId),
    /// The newest of the coalescing events of one name.
    Named(Run, Key),
}

impl Topic {
    fn of(item: &Item) -> Self {
        match item {
            Item::Claim(claim) => Self::Member(claim.value.member.clone()),
            Item::Accusation(accusation) => {
                let accused = accusation.value.accused.clone();
                match accusation.is_verdict() {
                    true => Self::Member(accused),
                    false => Self::Charge(accused, Some(accusation.value.accuser.clone())),
                }
            }
            Item::Batch(batch) => Self::Batch(batch.author().clone(), batch.head.value.first),
            Item::Event(event) if event.value.coalesce => {
                Self::Named(event.run().clone(), event.value.name.clone())
            }
            Item::Event(event) => Self::Event(event.value.id.clone()),
        }
    }
}

/// What depends on it: the smaller, the sooner it is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    /// A member left, or refutes: somebody may be about to be condemned.
    Refutation,
    Charge,
    Member,
    Data,
}

impl Rank {
    fn of(item: &Item) -> Self {
        match item {
            Item::Claim(claim) => {
                let refutes = claim.value.footing.incarnation > Incarnation(0);
                match claim.value.presence {
                    Presence::Left => Self::Refutation,
                    Presence::Alive if refutes => Self::Refutation,
                    Presence::Alive => Self::Member,
                }
            }
            Item::Accusation(_) => Self::Charge,
            Item::Batch(_) | Item::Event(_) => Self::Data,
        }
    }
}

/// A place in the queue: rank, how often told, then the newest first. The last
/// number is the rumor's own.
type Turn = (Rank, u32, u64);

/// How much is lost if a rumor is lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stress {
    /// Nobody waits for it.
    Calm,
    Usual,
    /// Perhaps nobody else has it.
    Ours,
}

#[derive(Debug)]
struct Rumor {
    item: Item,
    rank: Rank,
    stress: Stress,
    weight: usize,
    sends: u32,
}

impl Rumor {
    /// How often it is told before it is cold.
    fn enough(&self, sends: u32) -> u32 {
        let is_charge = matches!(&self.item, Item::Accusation(it) if !it.is_verdict());
        match (self.rank, self.stress) {
            (_, Stress::Calm) => sends.div_ceil(2),
            (_, Stress::Usual) if is_charge => sends.div_ceil(2),
            (Rank::Refutation, _) => sends.saturating_mul(2),
            _ => sends,
        }
    }
}

/// The hot rumors, bounded in number and bytes.
///
/// ```text
///   topics   what is it about ──▶ its number      turn   who goes next ──▶ its weight
///                                     │                      │
///                                     └──▶ rumors ◀──────────┘
/// ```
#[derive(Debug, Default)]
pub struct Hot {
    rumors: BTreeMap<u64, Rumor>,
    topics: BTreeMap<Topic, u64>,
    turn: BTreeMap<Turn, usize>,
    bytes: usize,
    /// How many fit no datagram.
    large: usize,
    added: u64,
}

impl Hot {
    /// How many rumors are hot.
    pub fn len(&self) -> usize {
        self.rumors.len()
    }

    /// Whether there is nothing to tell.
    pub fn is_empty(&self) -> bool {
        self.rumors.is_empty()
    }

    /// A new rumor; takes the place of the one on its topic. Answers how many
    /// had to be let go for it.
    pub fn add(&mut self, item: Item) -> u64 {
        let rank = Rank::of(&item);
        self.put(item, rank, Stress::Usual)
    }

    /// The same for what we say ourselves.
    pub fn add_ours(&mut self, item: Item) -> u64 {
        let rank = Rank::of(&item);
        self.put(item, rank, Stress::Ours)
    }

    /// The same for news that nobody waits for, and that comparisons bring where
    /// it is missed: after whatever is more urgent, and half as often.
    pub fn add_calm(&mut self, item: Item) -> u64 {
        let rank = Rank::of(&item).max(Rank::Member);
        self.put(item, rank, Stress::Calm)
    }

    fn put(&mut self, item: Item, rank: Rank, stress: Stress) -> u64 {
        let topic = Topic::of(&item);
        if let Some(older) = self.topics.get(&topic).copied() {
            self.remove(older);
        }
        if let Topic::Member(accused) = &topic {
            self.drop_charges(accused);
        }
        self.added += 1;
        // Counted down, so that of those told equally often the newest goes first.
        let number = u64::MAX - self.added;
        let weight = item.weight();
        self.bytes += weight;
        self.large += usize::from(is_large(weight));
        self.turn.insert((rank, 0, number), weight);
        self.topics.insert(topic, number);
        let rumor = Rumor {
            item,
            rank,
            stress,
            weight,
            sends: 0,
        };
        self.rumors.insert(number, rumor);
        let mut dropped = 0;
        while self.rumors.len() > limit::HOT_RUMORS || self.bytes > limit::HOT_RUMOR_BYTES {
            let Some(((_, _, coldest), _)) = self.turn.last_key_value() else {
                break;
            };
            self.remove(*coldest);
            dropped += 1;
        }
        dropped
    }

    /// What stands about a member now: who accused it before does not matter.
    fn drop_charges(&mut self, accused: &NodeId) {
        let first = Topic::Charge(accused.clone(), None);
        let charges = self
            .topics
            .range(first..)
            .take_while(|(topic, _)| matches!(topic, Topic::Charge(of, _) if of == accused));
        let charges: Vec<u64> = charges.map(|(_, number)| *number).collect();
        for number in charges {
            self.remove(number);
        }
    }

    fn remove(&mut self, number: u64) {
        if let Some(rumor) = self.rumors.remove(&number) {
            self.turn.remove(&(rumor.rank, rumor.sends, number));
            self.topics.remove(&Topic::of(&rumor.item));
            self.bytes -= rumor.weight;
            self.large -= usize::from(is_large(rumor.weight));
        }
    }

    /// The rumors that fit in `budget` bytes, those told least first; each is
    /// told once more, and no longer hot after `sends` times.
    pub fn take(&mut self, budget: usize, sends: u32) -> Vec<Item> {
        let mut rest = budget;
        let mut chosen = Vec::new();
        for ((_, _, number), weight) in &self.turn {
            if chosen.len() >= limit::MESSAGE_ITEMS || rest < SMALLEST {
                break;
            }
            if *weight <= rest {
                rest -= weight;
                chosen.push(*number);
            }
        }
        let mut items = Vec::with_capacity(chosen.len());
        items.extend(
            chosen
                .into_iter()
                .filter_map(|number| self.tell(number, sends)),
        );
        items
    }

    /// The rumors too big for any datagram, at most `budget` bytes of them;
    /// each counts as told `copies` times.
    pub fn take_large(&mut self, budget: usize, sends: u32, copies: u32) -> Vec<Item> {
        if self.large == 0 {
            return Vec::new();
        }
        let mut rest = budget;
        let mut chosen = Vec::new();
        let large = self.turn.iter().filter(|(_, weight)| is_large(**weight));
        for ((_, _, number), weight) in large {
            if *weight > rest && !chosen.is_empty() {
                break;
            }
            rest = rest.saturating_sub(*weight);
            chosen.push(*number);
        }
        let mut items = Vec::new();
        for number in chosen {
            for copy in 0..copies.max(1) {
                match self.tell(number, sends) {
                    Some(item) if copy == 0 => items.push(item),
                    _ => {}
                }
            }
        }
        items
    }

    fn tell(&mut self, number: u64, sends: u32) -> Option<Item> {
        let rumor = self.rumors.get_mut(&number)?;
        let (rank, weight) = (rumor.rank, rumor.weight);
        self.turn.remove(&(rank, rumor.sends, number));
        rumor.sends += 1;
        if rumor.sends < rumor.enough(sends) {
            self.turn.insert((rank, rumor.sends, number), weight);
            return Some(rumor.item.clone());
        }
        let told = self.rumors.remove(&number)?;
        self.topics.remove(&Topic::of(&told.item));
        self.bytes -= weight;
        self.large -= usize::from(is_large(weight));
        Some(told.item)
    }
}

/// Whether no datagram has room for it.
const fn is_large(weight: usize) -> bool {
    weight > limit::DATAGRAM_BYTES - FRAME
}

/// No item is smaller, in bytes (guess; only saves a walk through the queue).
const SMALLEST: usize = 32;

/// Bytes of a datagram that are never left for a rumor: the frame of a message
/// and the largest probe.
const FRAME: usize = 64;
