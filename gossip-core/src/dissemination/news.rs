//! What members write, told by the rule that is configured.
//!
//! A rumor is told to a few as soon as it is here: the whole of it if it is
//! small, else its name alone. From then on, a cycle after the other, only its
//! name is told: who does not know it asks. Who knows it says so, and that
//! cools it ([`Heat`]); what nobody answers does not, so loss makes a rumor
//! live longer.
//!
//! ```text
//!   add ─▶ due at once ─▶ round: told ─▶ due a cycle later ─▶ judged ─▶ told ─▶ …
//!                                          ▲                    │
//!                          answers: known, taken, wanted        ▼ cold: gone
//! ```
//!
//! A rumor that nobody can be told of is let go after as many cycles as a
//! member's claim is told times. Whoever is missed then is found by
//! anti-entropy.

use alloc::collections::{BTreeMap, BTreeSet, VecDeque};
use alloc::vec::Vec;
use core::time::Duration;

use super::heat::Heat;
use crate::base::id::ClusterId;
use crate::base::limit;
use crate::base::rng::Rng;
use crate::base::siphash::HashKey;
use crate::base::time::Instant;
use crate::message::{Item, Offer, RumorId};
use crate::mongering::Mongering;

/// One rumor that is hot here.
#[derive(Debug)]
struct Story {
    item: Item,
    weight: usize,
    /// Keys and values in it, in bytes.
    payload: usize,
    heat: Heat,
    /// In how many rounds it was told.
    told: u32,
    turn: (Instant, u64),
}

/// What a node tells in a round, to everybody the same.
#[derive(Debug, Default)]
pub struct Telling {
    /// By name.
    pub offer: Offer,
    /// What rides along.
    pub eager: Vec<Item>,
}

impl Telling {
    /// Nothing, and the question for what others have.
    pub fn asking() -> Self {
        let mut telling = Self::default();
        telling.offer.asks = true;
        telling
    }
}

/// What follows from another's offer.
#[derive(Debug, Default)]
pub struct Heard {
    /// To be said in turn, with what rides along.
    pub answer: Option<Telling>,
    /// What the other wants.
    pub wanted: Vec<Item>,
}

/// What the application says, as long as it is news.
#[derive(Debug)]
pub struct News {
    key: HashKey,
    stories: BTreeMap<RumorId, Story>,
    /// By when they are told next; among equals the newest first.
    turns: BTreeSet<(Instant, u64, RumorId)>,
    bytes: usize,
    known: BTreeSet<RumorId>,
    /// The same, the oldest first.
    learned: VecDeque<RumorId>,
    awaited: BTreeMap<RumorId, Instant>,
    added: u64,
}

impl News {
    /// Of a node of `cluster`: none.
    pub fn new(cluster: &ClusterId) -> Self {
        Self {
            key: HashKey::of(cluster.as_str()),
            stories: BTreeMap::new(),
            turns: BTreeSet::new(),
            bytes: 0,
            known: BTreeSet::new(),
            learned: VecDeque::new(),
            awaited: BTreeMap::new(),
            added: 0,
        }
    }

    /// How many are hot.
    pub fn len(&self) -> usize {
        self.stories.len()
    }

    /// Whether there is nothing to tell.
    pub fn is_empty(&self) -> bool {
        self.stories.is_empty()
    }

    /// When something is to be told, or judged.
    pub fn next_due(&self) -> Option<Instant> {
        self.turns.first().map(|(at, ..)| *at)
    }

    /// The name of a rumor: the first eight bytes of the hash of what its author
    /// sealed, under the cluster's key.
    pub fn id(&self, item: &Item) -> RumorId {
        let sealed = match item {
            Item::Claim(claim) => &claim.bytes,
            Item::Accusation(accusation) => &accusation.bytes,
            Item::Batch(batch) => &batch.head.bytes,
        };
        RumorId((self.key.hash(sealed) & u128::from(u64::MAX)) as u64)
    }

    /// Whether we have heard it.
    pub fn knows(&self, id: RumorId) -> bool {
        self.known.contains(&id)
    }

    /// We hold it from now on, and shall not ask for it.
    pub fn learn(&mut self, item: &Item) -> RumorId {
        let id = self.id(item);
        self.awaited.remove(&id);
        if self.known.insert(id) {
            self.learned.push_back(id);
            if self.learned.len() > limit::KNOWN_RUMORS
                && let Some(oldest) = self.learned.pop_front()
            {
                self.known.remove(&oldest);
            }
        }
        id
    }

    /// It is news: told in the next round. Answers how many had to be let go
    /// for it.
    pub fn add(&mut self, now: Instant, item: Item) -> u64 {
        let id = self.learn(&item);
        self.remove(id);
        self.added += 1;
        let (weight, payload) = (item.weight(), payload_bytes(&item));
        let story = Story {
            item,
            weight,
            payload,
            heat: Heat::default(),
            told: 0,
            // Counted down, so that of those due at once the newest goes first.
            turn: (now, u64::MAX - self.added),
        };
        self.bytes += weight;
        self.turns.insert((story.turn.0, story.turn.1, id));
        self.stories.insert(id, story);
        let mut dropped = 0;
        while self.stories.len() > limit::NEWS || self.bytes > limit::NEWS_BYTES {
            // The one that has waited least since it was told.
            let Some((_, _, last)) = self.turns.last().copied() else {
                break;
            };
            self.remove(last);
            dropped += 1;
        }
        dropped
    }

    fn remove(&mut self, id: RumorId) {
        if let Some(story) = self.stories.remove(&id) {
            self.turns.remove(&(story.turn.0, story.turn.1, id));
            self.bytes -= story.weight;
        }
    }

    /// What is due, as it is told now; `None`: nothing is. What has cooled goes.
    /// `budget`: bytes of what rides along.
    pub fn round(
        &mut self,
        now: Instant,
        terms: &Terms,
        budget: usize,
        rng: &mut Rng,
    ) -> Option<Telling> {
        let mut telling = Telling::default();
        let mut rest = budget;
        while let Some((at, order, id)) = self.turns.first().copied()
            && at <= now
            && telling.offer.hot.len() < limit::OFFER_RUMORS
        {
            self.turns.remove(&(at, order, id));
            let Some(story) = self.stories.get_mut(&id) else {
                continue;
            };
            let hot = story.told == 0 || story.heat.judge(&terms.rule, rng);
            if !hot || story.told >= terms.cycles {
                self.bytes -= story.weight;
                self.stories.remove(&id);
                continue;
            }
            if terms.rule.mode.pushes() {
                let small = story.payload <= terms.eager_bytes;
                if story.told == 0 && small && story.weight <= rest {
                    rest -= story.weight;
                    telling.eager.push(story.item.clone());
                }
                let count = story.heat.count().min(Offer::COUNT_MAX);
                telling.offer.hot.push((id, count));
                if !terms.rule.stop.is_feedback() {
                    story.heat.in_vain();
                }
            }
            story.told += 1;
            // A little less than the interval, whose ticks are jittered.
            story.turn = (now + terms.interval * 3 / 4, order);
            self.turns.insert((story.turn.0, order, id));
        }
        telling.offer.asks = terms.rule.mode.pulls();
        let says = !telling.offer.hot.is_empty();
        says.then_some(telling)
    }

    /// Everything that is hot, for one who has just come; nothing rides along.
    pub fn everything(&self, terms: &Terms) -> Option<Offer> {
        let hot = self.stories.iter().take(limit::OFFER_RUMORS);
        let hot = hot.map(|(id, story)| (*id, story.heat.count().min(Offer::COUNT_MAX)));
        let hot: Vec<(RumorId, u32)> = hot.collect();
        let offer = Offer {
            asks: terms.rule.mode.pulls(),
            hot,
            ..Offer::default()
        };
        (!offer.hot.is_empty()).then_some(offer)
    }

    /// Those of an offer that we know already: to be asked before what rides
    /// along is heard.
    pub fn known_of(&self, offer: &Offer) -> Vec<RumorId> {
        let ids = offer.hot.iter().map(|(id, _)| *id);
        ids.filter(|id| self.knows(*id)).collect()
    }

    /// Another's offer, or its answer to ours. `before`: what we knew of it
    /// before it came. `budget`: bytes of an answer with what rides along.
    pub fn hear(
        &mut self,
        now: Instant,
        offer: &Offer,
        before: &[RumorId],
        terms: &Terms,
        budget: usize,
    ) -> Heard {
        let rule = &terms.rule;
        for (id, theirs) in &offer.known {
            self.both_knew(*id, *theirs, rule);
        }
        for id in offer.taken.iter().chain(&offer.wanted) {
            if let Some(story) = self.stories.get_mut(id) {
                story.heat.useful();
            }
        }
        let wanted = offer.wanted.iter().take(limit::OFFER_RUMORS);
        let wanted = wanted.filter_map(|id| self.stories.get(id).map(|story| story.item.clone()));
        let wanted = wanted.collect();

        let mut said = Offer::default();
        for (id, theirs) in &offer.hot {
            if before.contains(id) {
                let ours = self.stories.get(id);
                let ours = ours.map(|story| story.heat.count().min(Offer::COUNT_MAX));
                said.known.push((*id, ours));
                if rule.mode.pulls() {
                    self.both_knew(*id, Some(*theirs), rule);
                }
            } else if self.knows(*id) {
                said.taken.push(*id);
            } else if self.await_(now, *id, terms.interval) {
                said.wanted.push(*id);
            }
        }
        let mut eager = Vec::new();
        if offer.asks && rule.mode.pulls() {
            let mut rest = budget.saturating_sub(said.weight());
            for (id, story) in &self.stories {
                if rest < Offer::ROW || said.hot.len() >= limit::OFFER_RUMORS {
                    break;
                }
                if offer.hot.iter().any(|(theirs, _)| theirs == id) {
                    continue;
                }
                rest -= Offer::ROW;
                said.hot
                    .push((*id, story.heat.count().min(Offer::COUNT_MAX)));
                let small = story.payload <= terms.eager_bytes;
                let fresh = story.told == 0 || !rule.mode.pushes();
                if fresh && small && story.weight <= rest {
                    rest -= story.weight;
                    eager.push(story.item.clone());
                }
            }
        }
        let says = offer.asks || !offer.hot.is_empty();
        Heard {
            answer: says.then_some(Telling { offer: said, eager }),
            wanted,
        }
    }

    /// A contact in which both knew a rumor.
    fn both_knew(&mut self, id: RumorId, theirs: Option<u32>, rule: &Mongering) {
        if let Some(story) = self.stories.get_mut(&id)
            && rule.stop.is_feedback()
            && rule.counts(story.heat.count(), theirs)
        {
            story.heat.in_vain();
        }
    }

    /// Whether to ask for it: not while it is on its way from somebody else.
    fn await_(&mut self, now: Instant, id: RumorId, patience: Duration) -> bool {
        if self.awaited.len() >= limit::AWAITED_RUMORS {
            self.awaited.retain(|_, since| now.since(*since) < patience);
        }
        let waits = self.awaited.get(&id);
        if waits.is_some_and(|since| now.since(*since) < patience)
            || self.awaited.len() >= limit::AWAITED_RUMORS
        {
            return false;
        }
        self.awaited.insert(id, now);
        true
    }
}

/// How news is told: what the configuration and the cluster's size say.
#[derive(Debug, Clone, Copy)]
pub struct Terms {
    /// The rule.
    pub rule: Mongering,
    /// Up to how many bytes of keys and values are told without being asked for.
    pub eager_bytes: usize,
    /// A cycle.
    pub interval: Duration,
    /// After so many a rumor is let go whatever is answered.
    pub cycles: u32,
}

/// Keys and values of what members write.
fn payload_bytes(item: &Item) -> usize {
    match item {
        Item::Claim(_) | Item::Accusation(_) => 0,
        Item::Batch(batch) => {
            let parts = batch.parts.iter();
            parts.map(|part| part.entry.value.payload_bytes()).sum()
        }
    }
}
