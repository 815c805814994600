//! Doubt: whom we ask whether it is there, and what follows where it does not
//! answer.
//!
//! ```text
//!   asked ── no answer ──▶ accused ── its time is over ──▶ condemned
//! ```

use crate::base::id::NodeId;
use crate::base::time::Now;
use crate::membership::Sight;
use crate::message::{Accusation, Charge, Footing, Statement};

use super::{Node, Sealing};

impl Node {
    pub(super) fn probe_if_due(&mut self, now: Now) {
        if self.timers.probe <= now.mono {
            let interval = self.prober.awareness().scale(self.config.probe_interval);
            self.timers.probe = now.mono + self.rng.jittered(interval);
            let sight = Sight {
                config: &self.config,
                roster: &self.roster,
                links: &self.links,
            };
            self.prober
                .tick(now.mono, sight, &mut self.rng, &mut self.outbox);
        }
        let sight = Sight {
            config: &self.config,
            roster: &self.roster,
            links: &self.links,
        };
        let failed = self
            .prober
            .expire(now.mono, sight, &mut self.rng, &mut self.outbox);
        for finding in failed {
            // Only on what it said when we asked; since then it may have spoken.
            let member = self.roster.member(&finding.target);
            if member.is_some_and(|member| member.is_here() && member.footing() == finding.footing)
            {
                let (target, footing) = (finding.target, finding.footing);
                self.accuse(target, footing, Charge::Suspect, Sealing::Accusation);
            }
        }
    }

    /// Condemns those whose time to refute is over: with a verdict that came
    /// before, or with one of our own.
    pub(super) fn judge(&mut self, now: Now) {
        while let Some((id, footing, verdict)) = self.roster.expired(now.mono) {
            match verdict {
                Some(verdict) => self.condemn(now, verdict),
                None => {
                    let soon = now.mono + self.config.probe_interval;
                    self.roster.hold(&id, soon);
                    self.accuse(id, footing, Charge::Dead, Sealing::Verdict);
                }
            }
        }
    }

    /// Says something against a member.
    pub(super) fn accuse(
        &mut self,
        accused: NodeId,
        footing: Footing,
        charge: Charge,
        sealing: Sealing,
    ) {
        let accuser = self.identity.id.clone();
        let accusation = Accusation {
            accuser,
            accused,
            footing,
            charge,
        };
        let id = self.outbox.seal(Statement::Accusation(accusation));
        self.seals.insert(id, sealing);
    }
}
