//! What is left of those who are gone: a certificate each.
//!
//! A row, its values and its address go when a member has been gone for long
//! enough, or when an operator says so. The certificate stays, so that nobody
//! comes back because somebody else still remembers it alive: only a claim on
//! a higher footing, which nobody but the member itself can make, ends it.
//! A verdict on a member we never met is kept as one too; it makes nobody a
//! member, and if its claim comes later, it comes as that of a dead one.

use alloc::collections::{BTreeMap, BTreeSet};
use core::ops::Bound;

use crate::base::id::NodeId;
use crate::base::limit;
use crate::base::time::Instant;
use crate::base::touched::Touched;
use crate::message::{Accusation, Charge, Claim, Footing, Item, MemberRow, MemberState, Sealed};

/// The last word on a member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LastWord {
    /// Condemned, or forgotten by an operator.
    Verdict(Sealed<Accusation>),
    /// It left.
    Farewell(Sealed<Claim>),
}

/// One certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certificate {
    /// Why it is not here.
    pub word: LastWord,
    /// It had a row here, which is gone; or an operator's word, after which it
    /// shall have none.
    pub closed: bool,
    /// It was heard in passing. Others may hold a row, with a claim and all that
    /// the member wrote: nothing is said of it when notes are compared, so that
    /// they tell us.
    pub hearsay: bool,
    since: Instant,
}

impl Certificate {
    /// Up to which point of its history it holds.
    pub const fn footing(&self) -> Footing {
        match &self.word {
            LastWord::Verdict(verdict) => verdict.value.footing,
            LastWord::Farewell(claim) => claim.value.footing,
        }
    }

    /// Its row in a digest; hearsay has none.
    pub fn told(&self) -> Option<MemberRow> {
        (!self.hearsay).then(|| self.row())
    }

    /// What it says, as a row.
    pub fn row(&self) -> MemberRow {
        let state = match &self.word {
            LastWord::Verdict(verdict) if verdict.value.charge == Charge::Forgotten => {
                MemberState::Forgotten
            }
            LastWord::Verdict(_) => MemberState::Dead,
            LastWord::Farewell(_) => MemberState::Left,
        };
        MemberRow {
            footing: self.footing(),
            state,
        }
    }

    /// What another has to hear to hold it too.
    pub fn item(&self) -> Item {
        match &self.word {
            LastWord::Verdict(verdict) => Item::Accusation(verdict.clone()),
            LastWord::Farewell(claim) => Item::Claim(claim.clone()),
        }
    }
}

/// All certificates, at most [`limit::CERTIFICATES`].
#[derive(Debug, Default)]
pub struct Certificates {
    held: BTreeMap<NodeId, Certificate>,
    oldest: BTreeSet<(Instant, NodeId)>,
    touched: Touched,
}

impl Certificates {
    /// That of one member.
    pub fn of(&self, id: &NodeId) -> Option<&Certificate> {
        self.held.get(id)
    }

    /// Notes of whose certificate came or went.
    pub const fn touched(&mut self) -> &mut Touched {
        &mut self.touched
    }

    /// All of them, in order of name.
    pub fn iter(&self) -> impl Iterator<Item = (&NodeId, &Certificate)> {
        self.held.iter()
    }

    /// Those whose names come after one, in order of name.
    pub fn iter_after(
        &self,
        after: Option<&NodeId>,
    ) -> impl Iterator<Item = (&NodeId, &Certificate)> {
        let after = after.map_or(Bound::Unbounded, Bound::Excluded);
        self.held.range::<NodeId, _>((after, Bound::Unbounded))
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.held.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.held.is_empty()
    }

    /// A member had a row, or an operator spoke: where there is no room, the
    /// oldest certificate goes.
    pub fn close(&mut self, id: NodeId, word: LastWord, now: Instant) {
        self.remove(&id);
        if self.held.len() >= limit::CERTIFICATES
            && let Some((_, oldest)) = self.oldest.first().cloned()
        {
            self.remove(&oldest);
        }
        self.insert(
            id,
            Certificate {
                word,
                closed: true,
                hearsay: false,
                since: now,
            },
        );
    }

    /// A verdict on a member we do not know: hearsay. What we are only told never
    /// takes the place of what we know: `false` where there is no room.
    pub fn keep(&mut self, verdict: Sealed<Accusation>, now: Instant) -> bool {
        let id = verdict.value.accused.clone();
        if self.held.len() >= limit::CERTIFICATES && !self.held.contains_key(&id) {
            return false;
        }
        self.remove(&id);
        self.insert(
            id,
            Certificate {
                word: LastWord::Verdict(verdict),
                closed: false,
                hearsay: true,
                since: now,
            },
        );
        true
    }

    /// One who compared notes with us has nothing but the verdict either: it is
    /// no hearsay any more. Whether it was.
    pub fn vouch(&mut self, id: &NodeId) -> bool {
        let held = self.held.get_mut(id);
        let was = held.is_some_and(|held| core::mem::take(&mut held.hearsay));
        if was {
            self.touched.note(id);
        }
        was
    }

    fn insert(&mut self, id: NodeId, certificate: Certificate) {
        self.touched.note(&id);
        self.oldest.insert((certificate.since, id.clone()));
        self.held.insert(id, certificate);
    }

    /// The member has spoken again.
    pub fn remove(&mut self, id: &NodeId) -> Option<Certificate> {
        let certificate = self.held.remove(id)?;
        self.touched.note(id);
        self.oldest.remove(&(certificate.since, id.clone()));
        Some(certificate)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;
    use bytes::Bytes;

    fn verdict(accused: &str) -> Sealed<Accusation> {
        Sealed {
            value: Accusation {
                accuser: "a".parse().unwrap(),
                accused: accused.parse().unwrap(),
                footing: Footing::default(),
                charge: Charge::Dead,
            },
            bytes: Bytes::new(),
        }
    }

    /// Of two who compare notes the one with a row has more to tell.
    #[test]
    fn hearsay_is_not_told_until_it_is_vouched_for() {
        let mut all = Certificates::default();
        let id: NodeId = "gone".parse().unwrap();
        assert!(all.keep(verdict("gone"), Instant::ZERO));
        assert_eq!(all.of(&id).unwrap().told(), None);
        assert!(all.vouch(&id) && !all.vouch(&id));
        assert!(all.of(&id).unwrap().told().is_some());
    }

    #[test]
    fn what_one_is_told_never_takes_the_place_of_what_one_knows() {
        let mut all = Certificates::default();
        for number in 0..limit::CERTIFICATES as u64 {
            let id: NodeId = format!("n{number}").parse().unwrap();
            let word = LastWord::Verdict(verdict(id.as_str()));
            all.close(id, word, Instant::from_millis(number));
        }
        assert!(!all.keep(verdict("stranger"), Instant::ZERO));
        let known: NodeId = "known".parse().unwrap();
        all.close(
            known.clone(),
            LastWord::Verdict(verdict("known")),
            Instant::ZERO,
        );
        assert_eq!(all.len(), limit::CERTIFICATES);
        assert!(all.of(&known).is_some());
        assert!(all.of(&"n0".parse().unwrap()).is_none(), "the oldest went");
    }
}
