//! What a process hears, as far as the rules are about it: what is said of whom,
//! whatever may make it raise its footing, and that it was away.

use core::time::Duration;

use super::watch::Watch;
use crate::base::id::NodeId;
use crate::base::time::Instant;
use crate::input::{Command, Input, LinkError, LinkEvent};
use crate::message::{BatchHead, Body, Charge, Claim, Footing, Item, Message, Presence};
use crate::node::Node;
use crate::output::MemberStatus;
use crate::sim::names::Names;

/// A node that is woken so much later than it asked for was paused.
const PAUSE: Duration = Duration::from_millis(500);

impl Watch {
    /// The node is about to hear something.
    pub(in crate::sim) fn hears(
        &mut self,
        names: &mut Names,
        node: &Node,
        now: Instant,
        input: &Input,
    ) {
        let me = node.id();
        self.bumps.begins(node.footing());
        let late = node.poll_timeout().map(|due| now.since(due));
        if let Some(late) = late.filter(|late| *late >= PAUSE) {
            // Whom it was asking gets that time back, and an interval.
            self.fairness
                .rests(now + late + node.config().probe_interval);
            if late > node.config().suspicion_min {
                self.bumps.slept();
            }
        }
        match input {
            Input::Message { message, .. } => self.hears_message(names, node, me, message),
            Input::Link(LinkEvent::Down { why, .. } | LinkEvent::DialFailed { why, .. }) => {
                if let LinkError::Outlived { by } = why {
                    self.bumps.hears_of(*by);
                }
            }
            Input::Assembled(_, Some(batch)) => self.hears_log(node, &batch.head.value),
            Input::Command(_, command) => match command {
                Command::Remove(id) => self.order = Some((names.insert(id), Charge::Removed)),
                Command::Forget(id) => self.order = Some((names.insert(id), Charge::Forgotten)),
                Command::Leave => self.bumps.leaves(),
                _ => {}
            },
            _ => {}
        }
    }

    fn hears_message(&mut self, names: &mut Names, node: &Node, me: &NodeId, message: &Message) {
        let (members, logs) = match &message.body {
            Body::Delta(delta) => (delta.members.as_slice(), delta.logs.as_slice()),
            _ => (&[][..], &[][..]),
        };
        for item in message.rumors.iter().chain(members) {
            match item {
                Item::Accusation(accusation) => {
                    let accusation = &accusation.value;
                    if accusation.accused == *me {
                        self.hears_charge(node, accusation.footing, accusation.charge);
                    }
                    self.touches(names.insert(&accusation.accused));
                }
                Item::Claim(claim) => {
                    if claim.value.member == *me {
                        self.hears_claim(node, &claim.value);
                    }
                    self.touches(names.insert(&claim.value.member));
                }
                Item::Batch(batch) => self.hears_log(node, &batch.head.value),
                Item::Event(_) => {}
            }
        }
        for batch in logs.iter().flat_map(|log| &log.batches) {
            self.hears_log(node, &batch.head.value);
        }
        if let Body::Outline(outline) = &message.body {
            self.hears_log(node, &outline.head.value);
        }
    }

    /// It is accused itself.
    fn hears_charge(&mut self, node: &Node, on: Footing, charge: Charge) {
        if on > node.footing() && charge != Charge::Suspect {
            self.bumps.hears_of(on.generation);
        }
        if let Some(before) = node.sight(node.id()) {
            if on == before.footing {
                self.bumps.is_accused();
            }
            let highest = self.accused.map_or(on, |(highest, _)| highest.max(on));
            self.accused = Some((highest, before.footing));
        }
    }

    /// Somebody says something in its name: it may have said so itself.
    fn hears_claim(&mut self, node: &Node, claim: &Claim) {
        let is_its_own = node.sight(node.id()).is_some_and(|me| {
            let same = me.footing == claim.footing && *me.addrs == claim.addrs;
            let here = (claim.presence, me.status) == (Presence::Alive, MemberStatus::Alive);
            let left = (claim.presence, me.status) == (Presence::Left, MemberStatus::Left);
            claim.footing < me.footing || same && (here || left)
        });
        if !is_its_own {
            self.bumps.hears_of(claim.footing.generation);
        }
    }

    /// Of a log: perhaps its own, of a run that it knows nothing of.
    fn hears_log(&mut self, node: &Node, head: &BatchHead) {
        let me = node.id();
        if head.author != *me {
            return;
        }
        let (newest, run) = (head.generation(), node.footing().generation);
        if newest >= run && node.generation_of(me) < run {
            self.bumps.hears_of(newest);
        }
    }
}
