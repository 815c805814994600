//! What we believe of every member.
//!
//! ```text
//!             accused                 its time is over, here
//!   Alive ──────────────▶ Suspect ──────────────────────────▶ Dead ─┐
//!     ▲  ▲                   │        an operator removes it   ▲    │ forgotten
//!     │  └── newer claim ────┘      ───────────────────────────┘    ▼
//!     └───────────── newer claim, whoever relays it ──────── certificate
//!   any ── claim «left» on an equal or higher footing ──▶ Left ─────▲
//! ```
//!
//! A row begins with the member's own claim and with nothing else: nobody is
//! born by accusation, nobody is revived by hearsay. And each member condemns
//! for itself: a verdict on somebody we hold alive starts a suspicion here, so
//! that no single mistaken, sick or lying member kills the living.

mod hints;
mod law;
mod recall;
mod table;

use alloc::collections::BTreeSet;
use alloc::vec::Vec;
use core::time::Duration;

pub use law::Heard;

use super::certificate::{Certificates, LastWord};
use super::{Certificate, Member, Standing, Suspicion};
use crate::base::id::NodeId;
use crate::base::limit;
use crate::base::rng::Rng;
use crate::base::time::Instant;
use crate::base::touched::Touched;
use crate::message::{Accusation, Claim, Footing, Item, MemberRow, Presence, Sealed};
use crate::output::{MemberEvent, MemberEventKind, MemberStatus};
use table::Table;

/// Everybody we know of, ourselves included.
#[derive(Debug)]
pub struct Roster {
    me: NodeId,
    /// We take part ourselves.
    me_here: bool,
    /// All rows; in front, to choose from, all who are here but ourselves.
    members: Table,
    /// Those whose time runs, the first to end first.
    suspects: BTreeSet<(Instant, NodeId)>,
    /// How many are dead.
    dead: usize,
    /// Those who are dead or left, the longest gone first.
    gone: BTreeSet<(Instant, NodeId)>,
    certificates: Certificates,
    /// Whose row may be another; certificates note their own.
    touched: Touched,
    /// How often a row has come, gone or changed its place among those here.
    changes: u64,
}

impl Roster {
    /// The roster of `me`, who has not yet said anything.
    pub fn new(me: NodeId) -> Self {
        Self {
            me,
            me_here: false,
            members: Table::default(),
            suspects: BTreeSet::new(),
            dead: 0,
            gone: BTreeSet::new(),
            certificates: Certificates::default(),
            touched: Touched::default(),
            changes: 0,
        }
    }

    /// Whose roster it is.
    pub const fn me(&self) -> &NodeId {
        &self.me
    }

    /// One row.
    pub fn member(&self, id: &NodeId) -> Option<&Member> {
        self.members.of(id)
    }

    /// All rows, in order of name.
    pub fn iter(&self) -> impl Iterator<Item = (&NodeId, &Member)> {
        self.iter_after(None)
    }

    /// How many rows there are.
    pub fn rows(&self) -> usize {
        self.members.len()
    }

    /// All rows whose names come after one, in order of name.
    pub fn iter_after(&self, after: Option<&NodeId>) -> impl Iterator<Item = (&NodeId, &Member)> {
        let rows = self.members.after(after);
        rows.map(|member| (member.id(), member))
    }

    /// A number that is another whenever those who are here may be others.
    pub const fn changes(&self) -> u64 {
        self.changes
    }

    /// Notes of whom a digest may say something else now: two lists.
    pub const fn touched(&mut self) -> [&mut Touched; 2] {
        [&mut self.touched, self.certificates.touched()]
    }

    /// How many take part, ourselves included.
    pub fn here(&self) -> usize {
        self.others().len() + usize::from(self.me_here)
    }

    /// How many are dead.
    pub const fn dead(&self) -> usize {
        self.dead
    }

    /// Whether a member takes part.
    pub fn is_here(&self, id: &NodeId) -> bool {
        self.members.of(id).is_some_and(Member::is_here)
    }

    /// All others who take part, in no particular order.
    pub fn others(&self) -> &[Member] {
        self.members.front()
    }

    /// Those who are dead or left, and since when; the longest gone first.
    pub fn gone(&self) -> impl DoubleEndedIterator<Item = (Instant, &NodeId)> {
        self.gone.iter().map(|(since, id)| (*since, id))
    }

    /// All who are dead, in no particular order.
    pub fn all_dead(&self) -> impl Iterator<Item = &Member> {
        let rest = self.members.rest().iter();
        rest.filter(|member| member.status() == MemberStatus::Dead)
    }

    /// A dead member by chance.
    pub fn any_dead(&self, rng: &mut Rng) -> Option<&Member> {
        rng.sample(1, self.all_dead()).pop()
    }

    /// The certificates of those who have no row.
    pub const fn certificates(&self) -> &Certificates {
        &self.certificates
    }

    /// A session showed that a verdict is all there is to know of one without a
    /// row. Whether that is news.
    pub fn vouch(&mut self, id: &NodeId) -> bool {
        self.certificates.vouch(id)
    }

    /// What a digest says of a name: its row, or what is left of it.
    pub fn row(&self, id: &NodeId) -> Option<MemberRow> {
        match self.members.of(id) {
            Some(member) => Some(member.row()),
            None => self.certificates.of(id).and_then(Certificate::told),
        }
    }

    /// What another has to hear to believe what we believe of a name.
    pub fn items(&self, id: &NodeId) -> Vec<Item> {
        match (self.members.of(id), self.certificates.of(id)) {
            (Some(member), _) => member.items(),
            (None, Some(certificate)) => Vec::from([certificate.item()]),
            (None, None) => Vec::new(),
        }
    }

    /// What we ourselves say.
    pub fn speak(&mut self, claim: Sealed<Claim>, now: Instant) {
        let standing = Standing::of(claim.value.presence);
        self.touched.note(&self.me);
        self.me_here = matches!(standing, Standing::Alive);
        let row = Member {
            claim,
            standing,
            since: now,
        };
        self.members.put(row, false);
    }

    /// Puts a row in the place of what was there, and keeps the lists true.
    fn put(&mut self, claim: Sealed<Claim>, standing: Standing, now: Instant) {
        let member = Member {
            claim,
            standing,
            since: now,
        };
        let (id, status) = (member.id().clone(), member.status());
        let is_here = member.is_here();
        if let Some(before) = self.members.put(member, is_here) {
            self.unlist(&before);
        }
        self.touched.note(&id);
        self.changes += 1;
        self.dead += usize::from(status == MemberStatus::Dead);
        if !is_here {
            self.gone.insert((now, id));
        }
    }

    fn take_out(&mut self, id: &NodeId) -> Option<Member> {
        let member = self.members.take(id)?;
        self.touched.note(id);
        self.changes += 1;
        self.unlist(&member);
        Some(member)
    }

    fn unlist(&mut self, member: &Member) {
        if let Some(suspicion) = member.suspicion() {
            self.suspects
                .remove(&(suspicion.until(), member.id().clone()));
        }
        if !member.is_here() {
            self.gone.remove(&(member.since, member.id().clone()));
        }
        self.dead -= usize::from(member.status() == MemberStatus::Dead);
    }

    /// When the first suspicion runs out.
    pub fn next_expiry(&self) -> Option<Instant> {
        self.suspects.first().map(|(until, _)| *until)
    }

    /// One whose time to refute is over: the footing to condemn, and somebody
    /// else's verdict on it, if there is one already.
    pub fn expired(&self, now: Instant) -> Option<(NodeId, Footing, Option<Sealed<Accusation>>)> {
        let (_, id) = self.suspects.first().filter(|(until, _)| *until <= now)?;
        let member = self.members.of(id)?;
        let verdict = member.suspicion()?.verdict().cloned();
        Some((id.clone(), member.footing(), verdict))
    }

    /// Our verdict on a member was asked for: do not ask again before `until`.
    pub fn hold(&mut self, id: &NodeId, until: Instant) {
        self.delay(id, |suspicion| suspicion.hold(until));
    }

    /// We were not looking for a while: everybody gets that time back.
    pub fn forgive(&mut self, pause: Duration) {
        let all: Vec<NodeId> = self.suspects.iter().map(|(_, id)| id.clone()).collect();
        for id in all {
            self.delay(&id, |suspicion| suspicion.forgive(pause));
        }
    }

    fn delay(&mut self, id: &NodeId, change: impl FnOnce(&mut Suspicion)) {
        if let Some(Standing::Suspect(suspicion)) =
            self.members.of_mut(id).map(|member| &mut member.standing)
        {
            self.suspects.remove(&(suspicion.until(), id.clone()));
            change(suspicion);
            self.suspects.insert((suspicion.until(), id.clone()));
        }
    }

    /// When the next of those who are gone has been gone for so long.
    pub fn next_reap(&self, after: Duration) -> Option<Instant> {
        self.gone.first().map(|(since, _)| *since + after)
    }

    /// Forgets the one who has been gone for longest; its certificate stays,
    /// and of a dead one the claim is given back, with its address.
    pub fn reap(&mut self, now: Instant) -> Option<(MemberEvent, Option<Sealed<Claim>>)> {
        let (_, id) = self.gone.first()?;
        let id = id.clone();
        let member = self.take_out(&id)?;
        let event = member.event(MemberEventKind::Forgotten { by: None });
        let (word, claim) = match member.standing {
            Standing::Dead(verdict) => (LastWord::Verdict(*verdict), Some(member.claim)),
            _ => (LastWord::Farewell(member.claim), None),
        };
        self.certificates.close(id, word, now);
        Some((event, claim))
    }

    /// Whether a member would get a row by this, that it lives, and there is room
    /// only if one who is gone makes some.
    pub fn wants_room(&self, claim: &Claim) -> bool {
        let is_full = self.members.len() >= limit::ROSTER && !self.gone.is_empty();
        is_full
            && claim.presence == Presence::Alive
            && self.members.of(&claim.member).is_none()
            && self
                .certificates
                .of(&claim.member)
                .is_none_or(|certificate| claim.footing > certificate.footing())
    }
}
