//! What became of links and sessions: who came, who went, whom nobody reached.

use crate::base::time::Now;
use crate::dissemination::Picture;
use crate::input::{LinkError, LinkEvent, SessionEvent, SessionId, Target};
use crate::membership::{Link, Sight, Standing};
use crate::message::Body;
use crate::output::{Output, Phase};

use super::Node;

impl Node {
    /// A link changed.
    pub(super) fn hear_link(&mut self, now: Now, event: LinkEvent) {
        match event {
            LinkEvent::Up { peer, .. } if peer == self.identity.id => {
                self.outbox.counters.unexpected += 1;
            }
            LinkEvent::Up {
                peer,
                seed,
                addr,
                rtt,
            } => {
                let from_seed = seed.is_some();
                if let Some(seed) = seed {
                    self.book.seed_is(&seed, Some(&peer));
                }
                self.links
                    .insert(peer.clone(), Link::new(addr, rtt, now.mono));
                if self.roster.member(&peer).is_none() {
                    self.strangers.insert(peer.clone());
                }
                if self.phase == Phase::Starting {
                    // Our generation is not on disk: whatever we have to say waits.
                    return;
                }
                let sight = Sight {
                    config: &self.config,
                    roster: &self.roster,
                    links: &self.links,
                };
                self.prober
                    .link_up(now.mono, &peer, sight, &mut self.outbox);
                // A new link is told what is hot: often our own claim.
                self.outbox.datagram(&peer, Body::Gossip);
                self.tell_news_to(&peer);
                self.rounds.part(&peer);
                self.tell_waiting(&peer);
                self.fetch(now);
                let stranger = match self.roster.member(&peer).map(|member| &member.standing) {
                    None | Some(Standing::Dead(_) | Standing::Left) => true,
                    Some(Standing::Alive | Standing::Suspect(_)) => false,
                };
                let joining = self.phase == Phase::Joining;
                let agreed = self.appointments.remove(&peer);
                if joining
                    || agreed
                    || self.book.remembers(&peer)
                    || self.roster.certificates().of(&peer).is_some()
                    || stranger && (from_seed || self.roster.member(&peer).is_some())
                {
                    self.compare_notes(now, &peer);
                }
            }
            LinkEvent::Down { peer, why } => {
                self.links.remove(&peer);
                self.strangers.remove(&peer);
                self.syncs.unlinked(&peer);
                self.tails.unlinked(now.mono, &peer, &mut self.outbox);
                self.silent.retain(|_, (whose, _)| *whose != peer);
                self.unlink_bulk(now, &peer);
                self.prober.link_down(&peer, &self.roster, &mut self.outbox);
                if let LinkError::Outlived { by } = why {
                    self.hear_of_a_later_run(now, Some(peer), by);
                }
            }
            LinkEvent::DialFailed { target, why } => {
                if let (LinkError::Ourselves, Target::Seed(seed)) = (why, &target) {
                    // No news, and no fault: it may lead to others later.
                    self.book.seed_is(seed, None);
                    if self.book.leads_nowhere() {
                        self.run(now);
                    }
                }
                if let LinkError::Outlived { by } = why {
                    let named = match &target {
                        Target::Member(peer, _) => Some(peer.clone()),
                        Target::Seed(_) => None,
                    };
                    self.hear_of_a_later_run(now, named, by);
                }
                if let Target::Member(peer, _) = &target {
                    self.appointments.remove(peer);
                    match why {
                        LinkError::NotTried => self.prober.not_tried(peer),
                        _ => self.prober.link_failed(now.mono, peer),
                    }
                }
            }
        }
    }

    /// A session changed.
    pub(super) fn hear_session(&mut self, now: Now, id: SessionId, event: SessionEvent) {
        match event {
            SessionEvent::Opened { .. } if self.phase == Phase::Starting => {
                self.outbox.counters.sessions_refused += 1;
                self.outbox.push(Output::Reset(id));
            }
            SessionEvent::Opened { peer } => self.wait_for_first_word(now, id, peer),
            SessionEvent::Writable if self.tails.has(id) => self.tails.writable(now.mono, id),
            SessionEvent::Writable => {
                self.look_again();
                let picture = Picture {
                    roster: &self.roster,
                    replica: &self.replica,
                };
                let seen = (picture, &self.tails);
                if self.syncs.writable(now.mono, id, seen, &mut self.outbox) {
                    self.run(now);
                }
            }
            SessionEvent::Closed if self.tails.has(id) => {
                let lacked = self.tails.closed(now.mono, id, &mut self.outbox);
                if let Some(peer) = lacked {
                    let soon = now.mono + self.config.gossip_interval;
                    self.meet_soon(soon, &peer);
                }
            }
            SessionEvent::Closed if self.silent.remove(&id).is_some() => {}
            SessionEvent::Closed => {
                if self.syncs.closed(id).is_some() {
                    // Refused, or cut short: try again, somebody else perhaps.
                    let soon = self.rng.jittered(self.config.gossip_interval);
                    self.timers.sync_retry(now.mono + soon);
                }
            }
        }
    }
}
