//! The rumors we still tell.
//!
//! A rumor is hot until it has been told often enough for the cluster's size
//! (SWIM §4.1: a multiple of log n). Those told least go first, so fresh news
//! is never behind old news. A newer statement on the same topic takes the
//! place of the older one.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;

use crate::base::id::NodeId;
use crate::base::limit;
use crate::message::{Item, Version};

/// What a rumor is about: at most one is hot on each topic.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Topic {
    /// How a member stands.
    Member(NodeId),
    /// One batch of an author.
    Batch(NodeId, Version),
}

impl Topic {
    fn of(item: &Item) -> Self {
        match item {
            Item::Claim(claim) => Self::Member(claim.value.member.clone()),
            Item::Accusation(accusation) => Self::Member(accusation.value.accused.clone()),
            Item::Batch(batch) => Self::Batch(batch.author().clone(), batch.head.value.first),
        }
    }
}

#[derive(Debug)]
struct Rumor {
    item: Item,
    weight: usize,
    sends: u32,
    order: u64,
}

/// The hot rumors, bounded in number and bytes.
#[derive(Debug, Default)]
pub struct Hot {
    rumors: BTreeMap<Topic, Rumor>,
    /// By how often they were told, then the newest first.
    turn: BTreeSet<(u32, u64, Topic)>,
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
        let topic = Topic::of(&item);
        self.remove(&topic);
        self.added += 1;
        // Counted down, so that of those told equally often the newest goes first.
        let order = u64::MAX - self.added;
        let weight = item.weight();
        self.bytes += weight;
        self.large += usize::from(is_large(weight));
        self.turn.insert((0, order, topic.clone()));
        self.rumors.insert(
            topic,
            Rumor {
                item,
                weight,
                sends: 0,
                order,
            },
        );
        let mut dropped = 0;
        while self.rumors.len() > limit::HOT_RUMORS || self.bytes > limit::HOT_RUMOR_BYTES {
            let Some((_, _, coldest)) = self.turn.last().cloned() else {
                break;
            };
            self.remove(&coldest);
            dropped += 1;
        }
        dropped
    }

    fn remove(&mut self, topic: &Topic) {
        if let Some(rumor) = self.rumors.remove(topic) {
            self.turn.remove(&(rumor.sends, rumor.order, topic.clone()));
            self.bytes -= rumor.weight;
            self.large -= usize::from(is_large(rumor.weight));
        }
    }

    /// The rumors that fit in `budget` bytes, those told least first; each is
    /// told once more, and no longer hot after `sends` times.
    pub fn take(&mut self, budget: usize, sends: u32) -> Vec<Item> {
        let mut rest = budget;
        let mut chosen = Vec::new();
        for (_, _, topic) in &self.turn {
            if chosen.len() >= limit::MESSAGE_ITEMS || rest < SMALLEST {
                break;
            }
            let Some(rumor) = self.rumors.get(topic) else {
                continue;
            };
            if rumor.weight <= rest {
                rest -= rumor.weight;
                chosen.push(topic.clone());
            }
        }
        chosen
            .iter()
            .filter_map(|topic| self.tell(topic, sends))
            .collect()
    }

    /// The rumors too big for any datagram, at most `budget` bytes of them;
    /// each counts as told `copies` times.
    pub fn take_large(&mut self, budget: usize, sends: u32, copies: u32) -> Vec<Item> {
        if self.large == 0 {
            return Vec::new();
        }
        let mut rest = budget;
        let large = self.turn.iter().filter_map(|(_, _, topic)| {
            let rumor = self.rumors.get(topic)?;
            is_large(rumor.weight).then_some((topic, rumor.weight))
        });
        let mut chosen = Vec::new();
        for (topic, weight) in large {
            if weight > rest && !chosen.is_empty() {
                break;
            }
            rest = rest.saturating_sub(weight);
            chosen.push(topic.clone());
        }
        let mut items = Vec::new();
        for topic in chosen {
            for copy in 0..copies.max(1) {
                match self.tell(&topic, sends) {
                    Some(item) if copy == 0 => items.push(item),
                    _ => {}
                }
            }
        }
        items
    }

    fn tell(&mut self, topic: &Topic, sends: u32) -> Option<Item> {
        let rumor = self.rumors.get_mut(topic)?;
        self.turn.remove(&(rumor.sends, rumor.order, topic.clone()));
        rumor.sends += 1;
        let item = rumor.item.clone();
        if rumor.sends >= sends {
            self.bytes -= rumor.weight;
            self.large -= usize::from(is_large(rumor.weight));
            self.rumors.remove(topic);
        } else {
            self.turn.insert((rumor.sends, rumor.order, topic.clone()));
        }
        Some(item)
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
