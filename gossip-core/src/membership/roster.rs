//! What we believe of every member.
//!
//! ```text
//!             accused                time is up, or a verdict
//!   Alive ──────────────▶ Suspect ──────────────────────────▶ Dead
//!     ▲  ▲                   │                                 │
//!     │  └── newer claim ────┘                                 │
//!     └───────────── newer claim, whoever relays it ───────────┘
//!   any ── claim «left» on an equal or higher footing ──▶ Left
//! ```
//!
//! A row begins with the member's own claim and with nothing else: nobody is
//! born by accusation, nobody is revived by hearsay.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;
use core::time::Duration;

use crate::base::id::NodeId;
use crate::base::limit;
use crate::base::time::Instant;
use crate::message::{
    Accusation, Charge, Claim, Footing, Item, MemberRow, MemberState, Presence, Sealed,
};
use crate::output::{MemberEvent, MemberEventKind, MemberStatus};

/// How a member stands, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// Here.
    Alive,
    /// Accused of silence; dead at `until`, unless it refutes.
    Suspect {
        /// When its time to refute is over.
        until: Instant,
        /// Who accuses it, at most [`limit::ACCUSERS`].
        accusers: BTreeSet<NodeId>,
        /// One accusation, to show to the accused.
        accusation: Sealed<Accusation>,
    },
    /// Condemned: this is its death certificate.
    Dead(Sealed<Accusation>),
    /// Gone of its own will.
    Left,
}

/// One row of the roster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// The newest thing it said of itself.
    pub claim: Sealed<Claim>,
    /// How it stands.
    pub standing: Standing,
}

impl Member {
    /// Where it stands in its history.
    pub const fn footing(&self) -> Footing {
        self.claim.value.footing
    }

    /// Its standing as one word.
    pub const fn status(&self) -> MemberStatus {
        match self.standing {
            Standing::Alive => MemberStatus::Alive,
            Standing::Suspect { .. } => MemberStatus::Suspect,
            Standing::Dead(_) => MemberStatus::Dead,
            Standing::Left => MemberStatus::Left,
        }
    }

    /// Whether it takes part: alive, or suspect and not yet condemned.
    pub const fn is_here(&self) -> bool {
        matches!(self.standing, Standing::Alive | Standing::Suspect { .. })
    }

    /// Its row in a digest.
    pub const fn row(&self) -> MemberRow {
        let state = match self.standing {
            Standing::Alive | Standing::Suspect { .. } => MemberState::Alive,
            Standing::Dead(_) => MemberState::Dead,
            Standing::Left => MemberState::Left,
        };
        MemberRow {
            footing: self.claim.value.footing,
            state,
        }
    }

    /// What another has to hear to believe what we believe.
    pub fn items(&self) -> Vec<Item> {
        let mut items = Vec::from([Item::Claim(self.claim.clone())]);
        if let Standing::Dead(verdict) = &self.standing {
            items.push(Item::Accusation(verdict.clone()));
        }
        items
    }
}

/// What became of something we heard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Heard {
    /// It changed our mind; the application may want to know.
    News(Option<MemberEvent>),
    /// We knew, or know better.
    Stale,
    /// Nobody can hold that: an unknown member, or a footing never issued.
    Baseless,
    /// There is no room for another member.
    Full,
    /// It accuses us, on the footing we have: refute.
    AccusesUs,
    /// A member never says two things on one footing: two processes bear its
    /// name. This is what we heard first, for the second to hear.
    Contradicts(Sealed<Claim>),
    /// It claims our name with words that are not ours: another run, later
    /// than ours or begun in the same second.
    OurName(Claim),
}

/// Everybody we know of, ourselves included.
#[derive(Debug)]
pub struct Roster {
    me: NodeId,
    members: BTreeMap<NodeId, Member>,
    here: usize,
    /// Those whose time runs: few, and looked at with every input.
    suspects: BTreeSet<NodeId>,
}

impl Roster {
    /// The roster of `me`, who has not yet said anything.
    pub const fn new(me: NodeId) -> Self {
        Self {
            me,
            members: BTreeMap::new(),
            here: 0,
            suspects: BTreeSet::new(),
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

    /// How many take part, ourselves included.
    pub const fn here(&self) -> usize {
        self.here
    }

    /// Whether a member takes part.
    pub fn is_here(&self, id: &NodeId) -> bool {
        self.members.get(id).is_some_and(Member::is_here)
    }

    /// What we ourselves say.
    pub fn speak(&mut self, claim: Sealed<Claim>) {
        let standing = match claim.value.presence {
            Presence::Alive => Standing::Alive,
            Presence::Left => Standing::Left,
        };
        let me = self.me.clone();
        self.put(me, Member { claim, standing });
    }

    fn put(&mut self, id: NodeId, member: Member) {
        let is_here = member.is_here();
        // A claim ends a suspicion; only an accusation begins one.
        self.suspects.remove(&id);
        let was_here = self
            .members
            .insert(id, member)
            .is_some_and(|member| member.is_here());
        self.here = self.here + usize::from(is_here) - usize::from(was_here);
    }

    /// A member's claim came, from whomever.
    pub fn hear_claim(&mut self, claim: Sealed<Claim>) -> Heard {
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
        let footing = claim.value.footing;
        let (before, standing) = match self.members.get(&id) {
            None if self.members.len() >= limit::ROSTER => return Heard::Full,
            None => (None, None),
            Some(member) if !claim.value.supersedes(&member.claim.value) => {
                let same_footing = claim.value.footing == member.footing();
                let same_presence = claim.value.presence == member.claim.value.presence;
                return match same_footing && same_presence && claim.value != member.claim.value {
                    true => Heard::Contradicts(member.claim.clone()),
                    false => Heard::Stale,
                };
            }
            Some(member) => (Some(member.claim.value.clone()), Some(member.status())),
        };
        let left = claim.value.presence == Presence::Left;
        let same_run = before
            .as_ref()
            .is_some_and(|b| b.footing.generation == footing.generation);
        let accuser = self
            .members
            .get(&id)
            .and_then(|member| match &member.standing {
                Standing::Suspect { accusation, .. } => Some(accusation.value.accuser.clone()),
                _ => None,
            });
        let moved = before
            .as_ref()
            .is_some_and(|before| before.addrs != claim.value.addrs);
        let kind = match standing {
            _ if left => (standing != Some(MemberStatus::Left)).then_some(MemberEventKind::Left),
            Some(MemberStatus::Suspect) if same_run => Some(MemberEventKind::Refuted {
                by: accuser.unwrap_or_else(|| id.clone()),
                after: Duration::ZERO,
            }),
            Some(MemberStatus::Alive) if same_run => moved.then_some(MemberEventKind::Updated),
            before => Some(MemberEventKind::Joined { before }),
        };
        // One who was gone before we knew it is not worth a word to the application.
        let kind = kind.filter(|_| !(left && standing.is_none()));
        let standing = if left {
            Standing::Left
        } else {
            Standing::Alive
        };
        let addrs = claim.value.addrs.clone();
        self.put(id.clone(), Member { claim, standing });
        Heard::News(kind.map(|kind| MemberEvent {
            id,
            kind,
            footing,
            addrs,
        }))
    }

    /// An accusation came, from whomever. `patience` is how long a suspicion
    /// lasts in a cluster of this size.
    pub fn hear_accusation(
        &mut self,
        accusation: Sealed<Accusation>,
        now: Instant,
        patience: Duration,
    ) -> Heard {
        let Accusation {
            accuser,
            accused,
            footing,
            charge,
        } = accusation.value.clone();
        let Some(member) = self.members.get_mut(&accused) else {
            return Heard::Baseless;
        };
        let known = member.footing();
        if footing < known || matches!(member.standing, Standing::Left) {
            return Heard::Stale;
        }
        if footing > known {
            return Heard::Baseless;
        }
        if accused == self.me {
            return Heard::AccusesUs;
        }
        let addrs = member.claim.value.addrs.clone();
        let event = |kind| {
            Heard::News(Some(MemberEvent {
                id: accused.clone(),
                kind,
                footing,
                addrs,
            }))
        };
        match (&mut member.standing, charge) {
            (Standing::Dead(_) | Standing::Left, _) => Heard::Stale,
            (Standing::Alive, Charge::Suspect) => {
                member.standing = Standing::Suspect {
                    until: now + patience,
                    accusers: BTreeSet::from([accuser.clone()]),
                    accusation,
                };
                self.suspects.insert(accused.clone());
                event(MemberEventKind::Suspected {
                    by: accuser,
                    silent: None,
                })
            }
            (Standing::Suspect { accusers, .. }, Charge::Suspect) => {
                let room = accusers.len() < limit::ACCUSERS;
                if room && accusers.insert(accuser) {
                    Heard::News(None)
                } else {
                    Heard::Stale
                }
            }
            (_, Charge::Dead | Charge::Removed | Charge::Forgotten) => {
                member.standing = Standing::Dead(accusation);
                self.here = self.here.saturating_sub(1);
                self.suspects.remove(&accused);
                event(match charge {
                    Charge::Dead | Charge::Suspect => MemberEventKind::Died {
                        by: accuser,
                        accusers: 1,
                        after: Duration::ZERO,
                    },
                    Charge::Removed | Charge::Forgotten => MemberEventKind::Removed { by: accuser },
                })
            }
        }
    }

    /// When the first suspicion runs out.
    pub fn next_expiry(&self) -> Option<Instant> {
        self.suspicions().map(|(_, until)| until).min()
    }

    /// Those whose time to refute is over, with the footing to condemn.
    pub fn expired(&self, now: Instant) -> Vec<(NodeId, Footing)> {
        let over = self.suspicions().filter(|(_, until)| *until <= now);
        over.filter_map(|(id, _)| Some((id.clone(), self.members.get(id)?.footing())))
            .collect()
    }

    /// The verdict on a member was asked for: do not ask again before `until`.
    pub fn extend(&mut self, id: &NodeId, to: Instant) {
        if let Some(Member {
            standing: Standing::Suspect { until, .. },
            ..
        }) = self.members.get_mut(id)
        {
            *until = to;
        }
    }

    /// We were not looking for a while: everybody gets that time back.
    pub fn forgive(&mut self, pause: Duration) {
        for id in &self.suspects {
            if let Some(Member {
                standing: Standing::Suspect { until, .. },
                ..
            }) = self.members.get_mut(id)
            {
                *until = *until + pause;
            }
        }
    }

    fn suspicions(&self) -> impl Iterator<Item = (&NodeId, Instant)> {
        self.suspects
            .iter()
            .filter_map(|id| match self.members.get(id)?.standing {
                Standing::Suspect { until, .. } => Some((id, until)),
                _ => None,
            })
    }
}
