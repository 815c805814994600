//! The law: what a claim, an accusation or a verdict does to the roster.

use alloc::boxed::Box;
use core::time::Duration;

use super::Roster;
use crate::base::id::NodeId;
use crate::base::limit;
use crate::base::time::Instant;
use crate::config::Terms;
use crate::membership::certificate::LastWord;
use crate::membership::{Standing, Suspicion};
use crate::message::{Accusation, Charge, Claim, Footing, Presence, Sealed};
use crate::output::{MemberEvent, MemberEventKind};

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
    /// A member that is here never says two things on one footing: two processes
    /// bear its name. This is what we heard first, for the second to hear.
    Contradicts(Sealed<Claim>, MemberEvent),
    /// It claims our name with words that are not ours: another run, later
    /// than ours or begun in the same millisecond.
    OurName(Claim),
}

/// What would change nothing: looked at first, since much is heard often.
impl Roster {
    /// Whether a claim is held already, or a newer one of its member.
    pub fn knows(&self, claim: &Sealed<Claim>) -> bool {
        let claim = &claim.value;
        let member = self.members.of(&claim.member);
        member
            .is_some_and(|member| claim.footing < member.footing() || *claim == member.claim.value)
    }

    /// Whether an accusation is answered, carried out, or counted already.
    pub fn is_settled(&self, accusation: &Sealed<Accusation>) -> bool {
        let Accusation {
            footing, charge, ..
        } = accusation.value;
        let Some(member) = self.members.of(&accusation.value.accused) else {
            return false;
        };
        let known = member.footing();
        let is_plain = matches!(charge, Charge::Suspect | Charge::Dead);
        footing < known
            || footing == known
                && is_plain
                && match &member.standing {
                    Standing::Dead(_) | Standing::Left => true,
                    Standing::Suspect(suspicion) => suspicion.has_counted(accusation),
                    Standing::Alive => false,
                }
    }
}

impl Roster {
    /// A member's claim came, from whomever.
    pub fn hear_claim(&mut self, claim: Sealed<Claim>, now: Instant) -> Heard {
        let id = claim.value.member.clone();
        if id == self.me {
            // The same footing with other words: two processes began at once.
            let is_ours = self.members.of(&id).is_some_and(|me| {
                claim.value.footing < me.footing() || claim.value == me.claim.value
            });
            return if is_ours {
                Heard::Stale
            } else {
                Heard::OurName(claim.value)
            };
        }
        match self.members.of(&id) {
            None => self.meet(claim, now),
            Some(member) if claim.value.supersedes(&member.claim.value) => {
                let kind = member.renewed_by(&claim.value, now);
                let standing = Standing::of(claim.value.presence);
                // Who says something new and stands as it stood, stands since then.
                let since = match (&member.standing, &standing) {
                    (Standing::Alive, Standing::Alive) => member.since,
                    _ => now,
                };
                self.put(claim, standing, since);
                self.told(&id, kind)
            }
            Some(member) => {
                let held = &member.claim;
                let same_footing = claim.value.footing == held.value.footing;
                let same_presence = claim.value.presence == held.value.presence;
                let contradicts = same_footing && same_presence && claim.value != held.value;
                // Of one who is gone nobody is left to hear it: told against each
                // other by those who heard the one first and those who heard the
                // other, both would be news for as long as there is a row.
                match contradicts && member.is_here() {
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
        self.put(claim, standing, now);
        self.told(&id, kind)
    }

    fn told(&self, id: &NodeId, kind: MemberEventKind) -> Heard {
        Heard::News(self.members.of(id).map(|member| member.event(kind)))
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
        let Some(member) = self.members.of_mut(&id) else {
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
                self.put(claim, Standing::Dead(Box::new(accusation)), now);
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
        let Some(member) = self.members.of(&id) else {
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
        self.put(claim, Standing::Dead(Box::new(verdict)), now);
        self.told(&id, kind)
    }
}
