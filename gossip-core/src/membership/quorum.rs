//! Whether enough voters are here: a count, and a small machine with a timer.
//!
//! The count is a pure function of an [`Electorate`] and a picture of who is
//! here ([`Present`]). The machine makes of it a [`QuorumStanding`] that does
//! not flap: a quorum that is lost is first suspect, for
//! [`QuorumConfig::timeout`], and only then out; one that comes back is back at
//! once. Both are libopenstorage/gossip's, `state/` and `proto/quorum`.
//!
//! A suspect counts as here: its silence is not proven, and it may refute. A
//! member without a row that the operator's list names is absent, and missed.

use alloc::collections::BTreeSet;
use alloc::vec::Vec;
use core::time::Duration;

use super::{Probation, Roster};
use crate::base::id::NodeId;
use crate::base::rng::Rng;
use crate::base::time::Instant;
use crate::electorate::{Domain, Electorate, QuorumConfig, QuorumProvider};
use crate::output::MemberStatus;
use crate::quorum::{
    Judgement, Part, QuorumEvent, QuorumReason, QuorumStanding, QuorumView, SeatView,
};

/// Who is here: what a quorum is counted in.
pub trait Present {
    /// How a member stands; `None`: we have no row of it.
    fn status(&self, id: &NodeId) -> Option<MemberStatus>;

    /// Everybody we have a row of, in order of name.
    fn each(&self) -> impl Iterator<Item = (&NodeId, MemberStatus)>;

    /// Everybody whose row is dead, in order of name or not.
    fn dead(&self) -> impl Iterator<Item = &NodeId> {
        let dead = self.each();
        let dead = dead.filter(|(_, status)| *status == MemberStatus::Dead);
        dead.map(|(id, _)| id)
    }

    /// How many have not left, and how many of those are here.
    fn count(&self) -> (usize, usize) {
        let mut count = (0, 0);
        for (_, status) in self.each().filter(|(_, status)| stays(*status)) {
            count.0 += 1;
            count.1 += usize::from(is_here(status));
        }
        count
    }
}

impl Present for Roster {
    fn status(&self, id: &NodeId) -> Option<MemberStatus> {
        self.member(id).map(super::Member::status)
    }

    fn each(&self) -> impl Iterator<Item = (&NodeId, MemberStatus)> {
        self.iter().map(|(id, member)| (id, member.status()))
    }

    fn dead(&self) -> impl Iterator<Item = &NodeId> {
        self.all_dead().map(super::Member::id)
    }

    fn count(&self) -> (usize, usize) {
        (self.here() + self.dead(), self.here())
    }
}

const fn is_here(status: MemberStatus) -> bool {
    matches!(status, MemberStatus::Alive | MemberStatus::Suspect)
}

const fn stays(status: MemberStatus) -> bool {
    !matches!(status, MemberStatus::Left)
}

/// What a member is to the quorum.
fn part(provider: QuorumProvider, electorate: &Electorate, id: &NodeId) -> Part {
    let Some(seat) = electorate.seat(id) else {
        return Part::Stranger;
    };
    let by_domain = provider == QuorumProvider::FailureDomain;
    if !seat.votes {
        Part::Watcher
    } else if by_domain && electorate.inactive.contains(&electorate.domain(id)) {
        Part::Inactive
    } else {
        Part::Voter
    }
}

/// How many vote, and how many of them are here. Costs the length of the list;
/// without one, nothing for [`QuorumProvider::Majority`] and the length of the
/// roster for [`QuorumProvider::FailureDomain`].
fn tally(
    provider: QuorumProvider,
    electorate: &Electorate,
    present: &impl Present,
) -> (usize, usize) {
    let votes = |id: &NodeId| part(provider, electorate, id) == Part::Voter;
    match &electorate.seats {
        Some(seats) => {
            let voters = seats.keys().filter(|id| votes(id));
            let voters: Vec<_> = voters.map(|id| present.status(id)).collect();
            let here = voters.iter().flatten().filter(|status| is_here(**status));
            (voters.len(), here.count())
        }
        None if provider == QuorumProvider::Majority || electorate.inactive.is_empty() => {
            present.count()
        }
        None => {
            let voters = present
                .each()
                .filter(|(id, status)| stays(*status) && votes(id));
            voters.fold((0, 0), |(voters, here), (_, status)| {
                (voters + 1, here + usize::from(is_here(status)))
            })
        }
    }
}

/// Whether `me` has a quorum in this picture.
///
/// A majority is ⌊voters / 2⌋ + 1, so nobody is a majority of none.
pub fn judge(
    provider: QuorumProvider,
    electorate: &Electorate,
    me: &NodeId,
    present: &impl Present,
) -> Judgement {
    let (voters, here) = tally(provider, electorate, present);
    let needed = voters / 2 + 1;
    let by_domain = provider == QuorumProvider::FailureDomain;
    let domain = electorate.domain(me);
    let reason = if provider == QuorumProvider::None {
        QuorumReason::Uncounted
    } else if electorate.seat(me).is_none() {
        QuorumReason::NotListed
    } else if by_domain && electorate.inactive.contains(&domain) {
        QuorumReason::OwnDomainInactive { domain }
    } else if voters == 0 {
        QuorumReason::NoVoters
    } else if here < needed {
        QuorumReason::TooFew
    } else {
        QuorumReason::Enough
    };
    let inactive = electorate.inactive.iter().filter(|_| by_domain);
    Judgement {
        quorum: matches!(reason, QuorumReason::Uncounted | QuorumReason::Enough),
        reason,
        voters,
        here,
        needed,
        inactive: inactive.cloned().collect(),
    }
}

/// How many of a domain are asked when one of it has died (guess: of three at
/// least one answers, unless the domain is in trouble).
const NEIGHBOURS: usize = 3;

/// Where the machine stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Out,
    Suspect { until: Instant },
    InQuorum,
    Left,
}

impl State {
    const fn standing(self, now: Instant) -> QuorumStanding {
        match self {
            Self::Out => QuorumStanding::Out,
            Self::Suspect { until } => QuorumStanding::Suspect {
                left: until.since(now),
            },
            Self::InQuorum => QuorumStanding::InQuorum,
            Self::Left => QuorumStanding::Left,
        }
    }
}

/// A node's own standing, as time goes by.
#[derive(Debug)]
pub struct Quorum {
    config: QuorumConfig,
    state: State,
    probation: Probation,
    /// Domains in which somebody died, and nobody was asked yet.
    unasked: BTreeSet<Domain>,
    /// Something may have changed since we last looked.
    stale: bool,
}

impl Quorum {
    /// The standing of a node that starts: out.
    pub const fn new(config: QuorumConfig) -> Self {
        Self {
            probation: Probation::new(config.probation),
            config,
            state: State::Out,
            unasked: BTreeSet::new(),
            stale: true,
        }
    }

    /// How it stands.
    pub const fn standing(&self, now: Instant) -> QuorumStanding {
        self.state.standing(now)
    }

    /// Another list from now on.
    pub fn elect(&mut self, electorate: Electorate) {
        self.config.electorate = electorate;
        self.stale = true;
    }

    /// Somebody came, went or changed.
    pub const fn touch(&mut self) {
        self.stale = true;
    }

    /// When it has to look again, if nobody comes or goes before.
    pub fn next_deadline(&self) -> Option<Instant> {
        let out = match self.state {
            State::Suspect { until } => Some(until),
            State::Left => return None,
            State::Out | State::InQuorum => None,
        };
        let down = self.probation.next_deadline();
        [out, down].into_iter().flatten().min()
    }

    /// We were not looking for a while: what was to be over meanwhile has that time
    /// back. On an old picture nobody is down, and no quorum out.
    pub fn forgive(&mut self, pause: Duration) {
        if let State::Suspect { until } = &mut self.state {
            *until = *until + pause;
        }
        self.probation.forgive(pause);
    }

    /// Looks who is here, if there is a reason to, and says what changed.
    pub fn look(
        &mut self,
        now: Instant,
        me: &NodeId,
        present: &impl Present,
    ) -> Option<QuorumEvent> {
        let due = self.next_deadline().is_some_and(|until| until <= now);
        if self.state == State::Left || !(self.stale || due) {
            return None;
        }
        self.stale = false;
        let judgement = self.judge(me, present);
        let until = now + self.config.timeout;
        let after = match self.state {
            _ if judgement.quorum => State::InQuorum,
            State::InQuorum if until > now => State::Suspect { until },
            State::Suspect { until } if until > now => State::Suspect { until },
            _ => State::Out,
        };
        self.look_for_the_dead(now, me, present);
        self.probation.expire(now, after == State::InQuorum);
        self.step_to(now, after, judgement)
    }

    fn look_for_the_dead(&mut self, now: Instant, me: &NodeId, present: &impl Present) {
        let electorate = &self.config.electorate;
        if self.config.provider == QuorumProvider::FailureDomain {
            let dead = present.dead().filter(|id| electorate.seat(id).is_some());
            let dead = dead.map(|id| (id.clone(), electorate.domain(id)));
            let silent = self.probation.look(now, &electorate.domain(me), dead);
            self.unasked.extend(silent);
        }
    }

    /// Neighbours of those who died since it was asked last: a few of each
    /// domain, by chance. Whoever of them answers shows that its domain is in
    /// sight.
    pub fn to_ask(&mut self, rng: &mut Rng, present: &impl Present) -> Vec<NodeId> {
        let electorate = &self.config.electorate;
        let mut all = Vec::new();
        for domain in core::mem::take(&mut self.unasked) {
            let here = present.each().filter(|(_, status)| is_here(*status));
            let neighbours = here.filter(|(id, _)| electorate.domain(id) == domain);
            let neighbours = neighbours.map(|(id, _)| id.clone());
            all.extend(rng.sample(NEIGHBOURS, neighbours));
        }
        all
    }

    /// A member has answered: whatever died in its domain died alone.
    pub fn answered(&mut self, id: &NodeId) {
        if self.probation.waits() {
            let domain = self.config.electorate.domain(id);
            self.probation.answered(&domain);
        }
    }

    /// The node leaves: the end, whatever comes.
    pub fn leave(
        &mut self,
        now: Instant,
        me: &NodeId,
        present: &impl Present,
    ) -> Option<QuorumEvent> {
        let judgement = Judgement {
            quorum: false,
            reason: QuorumReason::Left,
            ..self.judge(me, present)
        };
        self.step_to(now, State::Left, judgement)
    }

    /// Everything there is to say. `running`: the node takes part.
    pub fn view(
        &self,
        now: Instant,
        running: bool,
        me: &NodeId,
        present: &impl Present,
    ) -> QuorumView {
        let QuorumConfig {
            provider,
            electorate,
            ..
        } = &self.config;
        let mut judgement = self.judge(me, present);
        if self.state == State::Left {
            (judgement.quorum, judgement.reason) = (false, QuorumReason::Left);
        } else if !running {
            (judgement.quorum, judgement.reason) = (false, QuorumReason::NotRunning);
        }
        let seat = |id: &NodeId, status| SeatView {
            id: id.clone(),
            part: part(*provider, electorate, id),
            domain: electorate.domain(id),
            status,
            fate: self.probation.fate(now, id),
        };
        let known = present.each().map(|(id, status)| seat(id, Some(status)));
        let mut members: Vec<_> = known.collect();
        let absent = electorate.seats.iter().flat_map(|seats| seats.keys());
        let absent = absent.filter(|id| present.status(id).is_none());
        members.extend(absent.map(|id| seat(id, None)));
        members.sort_by(|a, b| a.id.cmp(&b.id));
        QuorumView {
            standing: self.standing(now),
            provider: *provider,
            listed: electorate.seats.is_some(),
            judgement,
            members,
        }
    }

    fn judge(&self, me: &NodeId, present: &impl Present) -> Judgement {
        judge(self.config.provider, &self.config.electorate, me, present)
    }

    fn step_to(&mut self, now: Instant, after: State, judgement: Judgement) -> Option<QuorumEvent> {
        let before = core::mem::replace(&mut self.state, after);
        let same = core::mem::discriminant(&before) == core::mem::discriminant(&after);
        (!same).then(|| QuorumEvent {
            before: before.standing(now),
            after: after.standing(now),
            judgement,
        })
    }
}
