//! What a room learned: keep it, spread it, tell the application.

use alloc::vec::Vec;

use crate::base::id::NodeId;
use crate::base::limit;
use crate::base::time::{Instant, Now};
use crate::defence::Defence;
use crate::dissemination::Picture;
use crate::input::Target;
use crate::membership::Sight;
use crate::message::Item;
use crate::output::{
    MemberEvent, MemberEventKind, MemberStatus, Notification, Output, Phase, Record,
};
use crate::replica::Change;

use super::Node;

impl Node {
    /// Makes an item a hot rumor, to be told soon.
    pub(super) fn spread(&mut self, now: Now, item: Item) {
        if let Item::Batch(batch) = &item {
            self.news.learn_batch(batch);
        }
        if self.absorbing {
            return;
        }
        let delay = self.config.gossip_delay;
        let soon = now.mono + delay;
        // What is large goes in chunks, and those no tail carries.
        if let Item::Batch(batch) = &item
            && !batch.has_large()
            && self.flows_on(now, batch.author(), 1)
        {
            return;
        }
        if matches!(item, Item::Batch(_)) {
            self.outbox.counters.rumors_dropped += self.news.add(item);
            // Half as long: the less it waits at each hop, the sooner the last has it.
            let soon = now.mono + delay / 2;
            self.timers.fresh_soon(soon, self.config.gossip_interval);
        } else {
            let ours = *item.author() == self.identity.id;
            self.outbox.counters.rumors_dropped += match ours {
                true => self.hot.add_ours(item),
                false => self.hot.add(item),
            };
            self.timers.gossip_soon(soon, self.config.gossip_interval);
        }
    }

    /// The same for what can wait for the next comparison: told as rarely as one of
    /// several accusations.
    fn spread_calmly(&mut self, now: Now, item: Item) {
        if !self.absorbing {
            self.outbox.counters.rumors_dropped += self.hot.add_calm(item);
            let soon = now.mono + self.config.gossip_delay;
            self.timers.gossip_soon(soon, self.config.gossip_interval);
        }
    }

    /// A row of the roster changed because of `item`.
    pub(super) fn member_changed(&mut self, now: Now, item: Item, event: Option<MemberEvent>) {
        match &item {
            Item::Claim(claim) => {
                self.book.met(&claim.value.member);
                let mut changes = Vec::new();
                self.replica.unveil(&claim.value.member, &mut changes);
                self.replica_changed(changes);
                self.outbox
                    .push(Output::Remember(Record::Claim(claim.clone())));
            }
            Item::Accusation(accusation) if accusation.is_verdict() => {
                self.outbox
                    .push(Output::Remember(Record::Verdict(accusation.clone())));
            }
            _ => {}
        }
        let kind = event.as_ref().map(|event| event.kind.clone());
        if let Some(event) = event {
            self.follow(now, &event);
            self.outbox.notify(Notification::Member(event));
        }
        // Where many died at once everybody says that it is here, above whatever
        // is held against it elsewhere. Nobody on this side waits for that.
        let renewed = matches!(kind, Some(MemberEventKind::Updated));
        if renewed && self.timers.is_shocked(now.mono, self.config.suspicion_max) {
            self.spread_calmly(now, item);
        } else {
            self.spread(now, item);
        }
    }

    /// What a change of a member means for the other rooms.
    fn follow(&mut self, now: Now, event: &MemberEvent) {
        match &event.kind {
            MemberEventKind::Joined { before } => {
                if !matches!(before, Some(MemberStatus::Alive | MemberStatus::Suspect)) {
                    self.prober.joined(&event.id, &mut self.rng);
                }
                if *before == Some(MemberStatus::Dead) {
                    // A cut was mended, perhaps: whom rumors missed shall not
                    // wait for the next round.
                    let soon = self.rng.jittered(self.config.gossip_interval * 5);
                    self.timers.sync_retry(now.mono + soon);
                }
            }
            MemberEventKind::Suspected { .. } => {
                self.look_too(now, &event.id);
                if self.config.defences.has(Defence::Warning) {
                    let least = self.config.suspicion_min;
                    let warnings = &mut self.timers.warnings;
                    let refused = warnings.before(now.mono, least, &event.id);
                    self.outbox.counters.warnings_refused += refused;
                }
            }
            MemberEventKind::Refuted { after, .. } => self.pace.refuted(now.mono, *after),
            MemberEventKind::Died { .. } | MemberEventKind::Removed { .. } => {
                self.hang_up_if_silent(now, &event.id);
                self.feel_loss(now);
            }
            _ => {}
        }
    }

    /// Somebody is suspected: a few of us look at once, so that it is soon
    /// confirmed by others than the accuser, or the suspect hears of it.
    fn look_too(&mut self, now: Now, suspect: &NodeId) {
        let here = u32::try_from(self.roster.others().len()).unwrap_or(u32::MAX);
        let share = self.config.jurors.saturating_mul(1_000_000) / here.max(1);
        if self.phase == Phase::Running && self.rng.chance_ppm(share.min(1_000_000)) {
            self.ask(now, suspect);
        }
    }

    /// Asks a member whether it is there, out of its turn.
    pub(super) fn ask(&mut self, now: Now, member: &NodeId) {
        let sight = Sight {
            config: &self.config,
            roster: &self.roster,
            links: &self.links,
        };
        self.prober.begin(now.mono, member, sight, &mut self.outbox);
    }

    /// A member is gone from the roster: so are its address and its values.
    pub(super) fn member_forgotten(&mut self, item: Option<Item>, event: MemberEvent, now: Now) {
        if let Some(Item::Accusation(verdict)) = &item {
            self.outbox
                .push(Output::Remember(Record::Verdict(verdict.clone())));
        }
        let id = &event.id;
        self.book.met(id);
        self.is_strange(id);
        let id = id.clone();
        self.outbox.notify(Notification::Member(event));
        self.veil(&id);
        if let Some(item) = item {
            self.spread(now, item);
        }
    }

    /// Those who have been gone for long enough are forgotten.
    pub(super) fn reap(&mut self, now: Now) {
        while let Some(since) = self.roster.next_reap(self.config.forget_after)
            && since <= now.mono
        {
            self.reap_one(now);
        }
        while let Some((heard, _)) = self.farewells.front()
            && *heard + self.config.forget_after <= now.mono
        {
            self.end_farewell();
        }
    }

    /// Forgets the one who has been gone for longest. One that is dead is still
    /// called, since nobody knows that it will not come back: the cut that took
    /// it may last longer than its row.
    pub(super) fn reap_one(&mut self, now: Now) {
        let Some((event, dead)) = self.roster.reap(now.mono) else {
            return;
        };
        let Some(claim) = dead else {
            return self.member_forgotten(None, event, now);
        };
        let id = event.id.clone();
        self.is_strange(&id);
        self.outbox.counters.remembered_refused += self.book.remember(claim);
        self.outbox.notify(Notification::Member(event));
        self.veil(&id);
    }

    /// One without a row, who may have a link.
    fn is_strange(&mut self, id: &NodeId) {
        if self.links.is_up(id) {
            self.strangers.insert(id.clone());
        }
    }

    /// A connection to a dead member is in the way of its return: a transport
    /// grows more patient the longer a peer is silent, while a new handshake
    /// finds it at once. One that still speaks on it is not hung up on.
    fn hang_up_if_silent(&mut self, now: Now, peer: &NodeId) {
        if let Some(link) = self.links.link(peer)
            && now.mono.since(link.heard) > self.config.probe_interval
        {
            self.outbox.push(Output::HangUp(peer.clone()));
        }
    }

    /// What the replica learned of others' writes: nobody waits for the disk.
    pub(super) fn replica_changed(&mut self, changes: Vec<Change>) {
        for change in changes {
            match change {
                Change::Record(record) => self.outbox.push(Output::Remember(record)),
                Change::Notify(mut notification) => {
                    self.chronicle.enter(&mut notification);
                    if let Notification::Key(event) = &notification
                        && event.write.author != self.identity.id
                    {
                        self.history.news(event);
                    }
                    self.outbox.notify(notification);
                }
            }
        }
    }

    /// Looks for the cluster: whoever may lead to it, a few at once.
    pub(super) fn seek(&mut self, now: Now) {
        let (roster, links) = (&self.roster, &self.links);
        let targets = self.book.calls(SEEK_AT_ONCE, roster, links, &mut self.rng);
        for target in targets {
            self.try_target(now, target);
        }
    }

    /// Calls one of those who are not here. Who left, and whose last word to its
    /// transport was lost, still has a link here; as long as it has, nobody calls
    /// it, and where it is our seed, or we are its, neither finds the other.
    pub(super) fn call_one(&mut self, now: Now) {
        let linked = self.roster.gone().map(|(_, id)| id);
        let linked = linked.filter(|id| self.links.is_up(id)).cloned();
        let linked: Vec<NodeId> = linked.collect();
        for peer in linked {
            self.hang_up_if_silent(now, &peer);
        }
        let (roster, links) = (&self.roster, &self.links);
        if let Some(target) = self.book.call(roster, links, &mut self.rng) {
            self.outbox.counters.calls += 1;
            self.try_target(now, target);
        }
    }

    /// Tries one of the book: dials, or compares notes if there is a link.
    pub(super) fn try_target(&mut self, now: Now, target: Target) {
        match &target {
            Target::Member(peer, _) if self.links.is_up(peer) => {
                let peer = peer.clone();
                self.compare_notes(now, &peer);
            }
            _ => self.outbox.push(Output::Dial(target)),
        }
    }

    /// Compares notes with a member: now, or when there is a link.
    pub(super) fn meet(&mut self, now: Now, peer: &NodeId) {
        if self.links.is_up(peer) {
            self.compare_notes(now, peer);
        } else if let Some(member) = self.roster.member(peer) {
            let full = self.appointments.len() >= limit::APPOINTMENTS;
            if full && !self.appointments.contains(peer) {
                self.outbox.counters.appointments_refused += 1;
                return;
            }
            let target = Target::of(&member.claim.value);
            self.appointments.insert(peer.clone());
            self.outbox.push(Output::Dial(target));
        }
    }

    /// Compares notes with a peer soon: it has something that we miss.
    pub(super) fn meet_soon(&mut self, at: Instant, peer: &NodeId) {
        let kept = self.timers.sync_soon(at, peer);
        self.outbox.counters.appointments_refused += u64::from(!kept);
    }

    /// Opens a session with a peer. Who joins asks one at a time: everybody it
    /// asks would send it everything.
    pub(super) fn compare_notes(&mut self, now: Now, peer: &NodeId) {
        if self.fetches.has_runs() {
            // We would be told of it again: until it is here, we only ask when it
            // is time to.
            return;
        }
        self.compare_all_notes(now, peer);
    }

    /// The same, whatever is on its way.
    pub(super) fn compare_all_notes(&mut self, now: Now, peer: &NodeId) {
        if self.phase == Phase::Joining && self.syncs.is_any_open() {
            return;
        }
        self.look_again();
        let picture = Picture {
            roster: &self.roster,
            replica: &self.replica,
        };
        let when = (now.mono, self.phase == Phase::Joining);
        self.syncs
            .open(when, peer, (picture, &self.tails), &mut self.outbox);
        self.compare_events(peer);
    }
}

/// Seeds and remembered members dialed at once while joining (guess).
const SEEK_AT_ONCE: usize = 3;
