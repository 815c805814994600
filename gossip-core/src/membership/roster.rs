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

use alloc::boxed::Box;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;
use core::ops::Bound;
use core::time::Duration;

use super::certificate::{Certificates, LastWord};
use super::{Certificate, Member, Standing, Suspicion};
use crate::base::id::NodeId;
use crate::base::limit;
use crate::base::rng::Rng;
use crate::base::time::Instant;
use crate::base::touched::Touched;
use crate::config::Terms;
use crate::message::{Accusation, Charge, Claim, Footing, Item, MemberRow, Presence, Sealed};
use crate::output::{MemberEvent, MemberEventKind, MemberStatus};

/// What became of something we heard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Heard {
    /// It changed our mind; the application may want to know.
    News(Option<MemberEvent>),
    /// A certificate for the archive: it changes no picture.
    Kept,
    /// A member is gone from the roster, and what it said goes with it.
    Forgotten(MemberEvent),
    /// We knew, or know better.
    Stale,
    /// Nobody can hold that: an unknown member, a footing never issued, or an
    /// accuser that is not here itself.
    Baseless,
    /// There is no room for another member, or certificate.
    Full,
    /// It accuses us, on the footing we have, or condemns us on one that a run
    /// of ours had which we know nothing of: refute.
    AccusesUs(Footing),
    /// A member never says two things on one footing: two processes bear its
    /// name. This is what we heard first, for the second to hear.
    Contradicts(Sealed<Claim>, MemberEvent),
    /// It claims our name with words that are not ours: another run, later
    /// than ours or begun in the same millisecond.
    OurName(Claim),
}

/// Everybody we know of, ourselves included.
#[derive(Debug)]
pub struct Roster {
    me: NodeId,
    /// We take part ourselves.
    me_here: bool,
    members: BTreeMap<NodeId, Member>,
    /// All who are here but ourselves, in no order: to choose from by chance.
    others: Vec<NodeId>,
    places: BTreeMap<NodeId, usize>,
    /// Those whose time runs, the first to end first.
    suspects: BTreeSet<(Instant, NodeId)>,
    /// How many are dead.
    dead: usize,
    /// Those who are dead or left, the longest gone first.
    gone: BTreeSet<(Instant, NodeId)>,
    certificates: Certificates,
    /// Whose row may be another; certificates note their own.
    touched: Touched,
}

impl Roster {
    /// The roster of `me`, who has not yet said anything.
    pub fn new(me: NodeId) -> Self {
        Self {
            me,
            me_here: false,
            members: BTreeMap::new(),
            others: Vec::new(),
            places: BTreeMap::new(),
            suspects: BTreeSet::new(),
            dead: 0,
            gone: BTreeSet::new(),
            certificates: Certificates::default(),
            touched: Touched::default(),
        }
    }

    /// Whose roster it is.
    pub const fn me(&self) -> &NodeId {
        &self.me
    }

    /// One row.
    pub fn member(&self, id: &NodeId) -> Option<&Member> {
        self.members.get(id)
    }

    /// All rows, in order of name.
    pub fn iter(&self) -> impl Iterator<Item = (&NodeId, &Member)> {
        self.members.iter()
    }

    /// How many rows there are.
    pub fn rows(&self) -> usize {
        self.members.len()
    }

    /// All rows whose names come after one, in order of name.
    pub fn iter_after(&self, after: Option<&NodeId>) -> impl Iterator<Item = (&NodeId, &Member)> {
        let after = after.map_or(Bound::Unbounded, Bound::Excluded);
        self.members.range::<NodeId, _>((after, Bound::Unbounded))
    }

    /// Notes of whom a digest may say something else now: two lists.
    pub const fn touched(&mut self) -> [&mut Touched; 2] {
        [&mut self.touched, self.certificates.touched()]
    }

    /// How many take part, ourselves included.
    pub fn here(&self) -> usize {
        self.others.len() + usize::from(self.me_here)
    }

    /// How many are dead.
    pub const fn dead(&self) -> usize {
        self.dead
    }

    /// Whether a member takes part.
    pub fn is_here(&self, id: &NodeId) -> bool {
        self.members.get(id).is_some_and(Member::is_here)
    }

    /// All others who take part, in no particular order.
    pub fn others(&self) -> &[NodeId] {
        &self.others
    }

    /// Those who are dead or left, and since when; the longest gone first.
    pub fn gone(&self) -> impl DoubleEndedIterator<Item = (Instant, &NodeId)> {
        self.gone.iter().map(|(since, id)| (*since, id))
    }

    /// A dead member by chance.
    pub fn any_dead(&self, rng: &mut Rng) -> Option<&Member> {
        let dead = self.gone.iter().filter_map(|(_, id)| {
            let member = self.members.get(id)?;
            matches!(member.standing, Standing::Dead(_)).then_some(member)
        });
        rng.sample(1, dead).pop()
    }

    /// The certificates of those who have no row.
    pub const fn certificates(&self) -> &Certificates {
        &self.certificates
    }

    /// What a digest says of a name: its row, or what is left of it.
    pub fn row(&self, id: &NodeId) -> Option<MemberRow> {
        match self.members.get(id) {
            Some(member) => Some(member.row()),
            None => self.certificates.of(id).map(Certificate::row),
        }
    }

    /// What another has to hear to believe what we believe of a name.
    pub fn items(&self, id: &NodeId) -> Vec<Item> {
        match (self.members.get(id), self.certificates.of(id)) {
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
        let me = self.me.clone();
        let since = now;
        self.members.insert(
            me,
            Member {
                claim,
                standing,
                since,
            },
        );
    }

    /// Puts a row in the place of what was there, and keeps the lists true.
    fn put(&mut self, id: &NodeId, claim: Sealed<Claim>, standing: Standing, now: Instant) {
        self.take_out(id);
        self.touched.note(id);
        let member = Member {
            claim,
            standing,
            since: now,
        };
        self.dead += usize::from(member.status() == MemberStatus::Dead);
        if member.is_here() {
            self.places.insert(id.clone(), self.others.len());
            self.others.push(id.clone());
        } else {
            self.gone.insert((now, id.clone()));
        }
        self.members.insert(id.clone(), member);
    }

    fn take_out(&mut self, id: &NodeId) -> Option<Member> {
        let member = self.members.remove(id)?;
        self.touched.note(id);
        if let Some(suspicion) = member.suspicion() {
            self.suspects.remove(&(suspicion.until(), id.clone()));
        }
        self.dead -= usize::from(member.status() == MemberStatus::Dead);
        self.gone.remove(&(member.since, id.clone()));
        if let Some(place) = self.places.remove(id) {
            self.others.swap_remove(place);
            if let Some(moved) = self.others.get(place) {
                self.places.insert(moved.clone(), place);
            }
        }
        Some(member)
    }

    /// A member's claim came, from whomever.
    pub fn hear_claim(&mut self, claim: Sealed<Claim>, now: Instant) -> Heard {
        let id = claim.value.member.clone();
        if id == self.me {
            // The same footing with other words: two processes began at once.
            let is_ours = self.members.get(&id).is_some_and(|me| {
                claim.value.footing < me.footing() || claim.value == me.claim.value
            });
            return if is_ours {
                Heard::Stale
            } else {
                Heard::OurName(claim.value)
            };
        }
        match self.members.get(&id) {
            None => self.meet(claim, now),
            Some(member) if claim.value.supersedes(&member.claim.value) => {
                let kind = member.renewed_by(&claim.value, now);
                let standing = Standing::of(claim.value.presence);
                // Who says something new and stands as it stood, stands since then.
                let since = match (&member.standing, &standing) {
                    (Standing::Alive, Standing::Alive) => member.since,
                    _ => now,
                };
                self.put(&id, claim, standing, since);
                self.told(&id, kind)
            }
            Some(member) => {
                let held = &member.claim;
                let same_footing = claim.value.footing == held.value.footing;
                let same_presence = claim.value.presence == held.value.presence;
                match same_footing && same_presence && claim.value != held.value {
                    true => {
                        Heard::Contradicts(held.clone(), member.event(MemberEventKind::Conflict))
                    }
                    false => Heard::Stale,
                }
            }
        }
    }

    /// The first claim of somebody who has no row.
    fn meet(&mut self, claim: Sealed<Claim>, now: Instant) -> Heard {
        let id = claim.value.member.clone();
        let footing = claim.value.footing;
        let mut verdict = None;
        if let Some(certificate) = self.certificates.of(&id) {
            let closed = certificate.closed;
            match &certificate.word {
                _ if footing > certificate.footing() => {}
                // We had heard that it is dead, and now hear of whom.
                LastWord::Verdict(last) if !closed && footing == last.value.footing => {
                    verdict = Some(last.clone());
                }
                _ => return Heard::Stale,
            }
        }
        if claim.value.presence == Presence::Left {
            // Gone before we knew it: nobody to welcome, and nobody to mourn.
            self.certificates.close(id, LastWord::Farewell(claim), now);
            return Heard::Kept;
        }
        if self.members.len() >= limit::ROSTER {
            return Heard::Full;
        }
        self.certificates.remove(&id);
        let (standing, kind) = match verdict {
            Some(verdict) => {
                let by = verdict.value.accuser.clone();
                let kind = MemberEventKind::Died {
                    by,
                    accusers: 1,
                    after: Duration::ZERO,
                };
                (Standing::Dead(Box::new(verdict)), kind)
            }
            None => (Standing::Alive, MemberEventKind::Joined { before: None }),
        };
        self.put(&id, claim, standing, now);
        self.told(&id, kind)
    }

    fn told(&self, id: &NodeId, kind: MemberEventKind) -> Heard {
        Heard::News(self.members.get(id).map(|member| member.event(kind)))
    }

    /// An accusation came, from whomever. `terms` are those of a suspicion in a
    /// cluster of this size, `silent` is how long we have heard nothing of the
    /// accused, if we are connected to it.
    pub fn hear_accusation(
        &mut self,
        accusation: Sealed<Accusation>,
        now: Instant,
        terms: Terms,
        silent: Option<Duration>,
    ) -> Heard {
        let Accusation {
            accuser,
            accused,
            footing,
            charge,
        } = &accusation.value;
        let (charge, footing) = (*charge, *footing);
        let accuser_is_here = *accuser == self.me || self.is_here(accuser);
        let id = accused.clone();
        let Some(member) = self.members.get_mut(&id) else {
            return self.hear_last_word(accusation, now);
        };
        let known = member.footing();
        let is_left = matches!(member.standing, Standing::Left);
        if footing < known || is_left && charge != Charge::Forgotten {
            return Heard::Stale;
        }
        if id == self.me && (footing == known || charge != Charge::Suspect) {
            return Heard::AccusesUs(footing);
        }
        if footing > known {
            return Heard::Baseless;
        }
        let by = accuser.clone();
        match (&mut member.standing, charge) {
            (_, Charge::Forgotten) => {
                let event = member.event(MemberEventKind::Forgotten { by: Some(by) });
                self.take_out(&id);
                let word = LastWord::Verdict(accusation);
                self.certificates.close(id, word, now);
                Heard::Forgotten(event)
            }
            (Standing::Dead(_) | Standing::Left, _) => Heard::Stale,
            (_, Charge::Removed) => {
                let claim = member.claim.clone();
                self.put(&id, claim, Standing::Dead(Box::new(accusation)), now);
                self.told(&id, MemberEventKind::Removed { by })
            }
            (Standing::Suspect(suspicion), Charge::Suspect | Charge::Dead) => {
                let before = suspicion.until();
                if !accuser_is_here || !suspicion.add(accusation) {
                    return Heard::Stale;
                }
                self.suspects.remove(&(before, id.clone()));
                self.suspects.insert((suspicion.until(), id));
                Heard::News(None)
            }
            (Standing::Alive, Charge::Suspect) if !accuser_is_here => Heard::Baseless,
            (Standing::Alive, Charge::Suspect | Charge::Dead) => {
                let suspicion = Suspicion::new(accusation, now, terms);
                self.suspects.insert((suspicion.until(), id.clone()));
                member.standing = Standing::Suspect(Box::new(suspicion));
                member.since = now;
                self.told(&id, MemberEventKind::Suspected { by, silent })
            }
        }
    }

    /// A verdict on somebody who has no row.
    fn hear_last_word(&mut self, accusation: Sealed<Accusation>, now: Instant) -> Heard {
        let Accusation {
            accused,
            footing,
            charge,
            ..
        } = &accusation.value;
        if *charge == Charge::Suspect {
            return Heard::Baseless;
        }
        let newer = self.certificates.of(accused).is_none_or(|certificate| {
            let forgets = *charge == Charge::Forgotten
                && certificate.row().state != crate::message::MemberState::Forgotten;
            (*footing, forgets) > (certificate.footing(), false)
        });
        if !newer {
            return Heard::Stale;
        }
        let kept = if *charge == Charge::Forgotten {
            let word = LastWord::Verdict(accusation.clone());
            self.certificates.close(accused.clone(), word, now);
            true
        } else {
            self.certificates.keep(accusation, now)
        };
        if kept { Heard::Kept } else { Heard::Full }
    }

    /// A member's time to refute was over, and this is our verdict, or one that
    /// came before it.
    pub fn condemn(&mut self, verdict: Sealed<Accusation>, now: Instant) -> Heard {
        let id = verdict.value.accused.clone();
        let Some(member) = self.members.get(&id) else {
            return Heard::Stale;
        };
        let Some(suspicion) = member.suspicion() else {
            return Heard::Stale;
        };
        if member.footing() != verdict.value.footing {
            return Heard::Stale;
        }
        let kind = MemberEventKind::Died {
            by: verdict.value.accuser.clone(),
            accusers: suspicion.accusers().len(),
            after: now.since(suspicion.since()),
        };
        let claim = member.claim.clone();
        self.put(&id, claim, Standing::Dead(Box::new(verdict)), now);
        self.told(&id, kind)
    }

    /// When the first suspicion runs out.
    pub fn next_expiry(&self) -> Option<Instant> {
        self.suspects.first().map(|(until, _)| *until)
    }

    /// One whose time to refute is over: the footing to condemn, and somebody
    /// else's verdict on it, if there is one already.
    pub fn expired(&self, now: Instant) -> Option<(NodeId, Footing, Option<Sealed<Accusation>>)> {
        let (_, id) = self.suspects.first().filter(|(until, _)| *until <= now)?;
        let member = self.members.get(id)?;
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
            self.members.get_mut(id).map(|member| &mut member.standing)
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

    /// Whether there is no room for another member, and who could make some.
    pub fn is_full(&self) -> bool {
        self.members.len() >= limit::ROSTER && !self.gone.is_empty()
    }
}
