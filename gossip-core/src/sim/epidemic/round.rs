//! One epidemic under way: how every member stands, and a cycle.

use alloc::vec::Vec;

use super::{Epidemic, Outcome};
use crate::base::rng::Rng;
use crate::dissemination::{Heat, Method, Mongering};

/// How a member stands to the update.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Standing {
    /// It has not heard.
    Susceptible,
    /// It heard in this cycle, and acts from the next.
    Fresh,
    /// It tells.
    Hot,
    /// It knows, and has lost interest.
    Removed,
}

#[derive(Debug, Clone, Copy)]
struct Site {
    standing: Standing,
    heat: Heat,
    /// Calls accepted in this cycle.
    accepted: u32,
}

/// An epidemic under way.
#[derive(Debug)]
pub(super) struct Round<'a> {
    epidemic: &'a Epidemic,
    sites: Vec<Site>,
    hot: Vec<u32>,
    fresh: Vec<u32>,
    /// Who calls in a cycle, when their order matters.
    callers: Vec<u32>,
    outcome: Outcome,
    cycle: u32,
}

impl<'a> Round<'a> {
    pub(super) fn new(epidemic: &'a Epidemic) -> Self {
        let site = Site {
            standing: Standing::Susceptible,
            heat: Heat::default(),
            accepted: 0,
        };
        let nodes = epidemic.nodes.max(2);
        let mut sites = alloc::vec![site; nodes as usize];
        sites[0].standing = Standing::Hot;
        Self {
            epidemic,
            sites,
            hot: Vec::from([0]),
            fresh: Vec::new(),
            callers: Vec::new(),
            outcome: Outcome {
                nodes,
                missed: nodes - 1,
                sent: 0,
                arrivals: 0,
                last: 0,
                quiet: 0,
                calls: 0,
                refused: 0,
            },
            cycle: 0,
        }
    }

    pub(super) const fn cycle(&self) -> u32 {
        self.cycle
    }

    /// Whether anything can still happen.
    pub(super) fn is_alive(&self) -> bool {
        match self.epidemic.method {
            Method::DirectMail => false,
            Method::RumorMongering(_) => !self.hot.is_empty(),
            Method::AntiEntropy(_) => self.outcome.missed > 0,
        }
    }

    pub(super) const fn outcome(&self) -> Outcome {
        let mut outcome = self.outcome;
        outcome.quiet = self.cycle;
        outcome
    }

    /// The first tells others itself: everybody, if that is the method.
    pub(super) fn mail(&mut self, rng: &mut Rng) {
        let others = self.outcome.nodes - 1;
        let letters = match self.epidemic.method {
            Method::DirectMail => others,
            _ => self.epidemic.mail.min(others),
        };
        if letters == 0 {
            return;
        }
        self.cycle = 1;
        let all: Vec<u32> = (1..=others).collect();
        let chosen: Vec<u32> = rng
            .pick(letters as usize, &all)
            .into_iter()
            .copied()
            .collect();
        for to in chosen {
            self.outcome.calls += 1;
            self.outcome.sent += 1;
            if !rng.chance_ppm(self.epidemic.loss_ppm) {
                self.reach(to);
            }
        }
        self.settle();
    }

    /// One cycle.
    pub(super) fn play(&mut self, rng: &mut Rng) {
        self.cycle += 1;
        let all_call = self.epidemic.method.mode().pulls();
        if self.epidemic.connection_limit.is_some() {
            // Whoever calls first is accepted: nobody is always the first.
            self.callers.clear();
            match all_call {
                true => self.callers.extend(0..self.outcome.nodes),
                false => self.callers.extend_from_slice(&self.hot),
            }
            rng.shuffle(&mut self.callers);
            self.sites.iter_mut().for_each(|site| site.accepted = 0);
            let callers = core::mem::take(&mut self.callers);
            callers.iter().for_each(|caller| self.call(*caller, rng));
            self.callers = callers;
        } else if all_call {
            (0..self.outcome.nodes).for_each(|caller| self.call(caller, rng));
        } else {
            for place in 0..self.hot.len() {
                self.call(self.hot[place], rng);
            }
        }
        if let Method::RumorMongering(mongering) = self.epidemic.method {
            self.judge(&mongering, rng);
        }
        self.settle();
    }

    /// One caller's calls of one cycle.
    fn call(&mut self, caller: u32, rng: &mut Rng) {
        for _ in 0..self.epidemic.fanout.max(1) {
            if let Some(called) = self.accepted(caller, rng)
                && (self.epidemic.loss_ppm == 0 || !rng.chance_ppm(self.epidemic.loss_ppm))
            {
                self.meet(caller, called);
            }
        }
    }

    /// Who takes the call.
    fn accepted(&mut self, caller: u32, rng: &mut Rng) -> Option<u32> {
        let others = u64::from(self.outcome.nodes - 1);
        for _ in 0..=self.epidemic.hunt {
            self.outcome.calls += 1;
            // Below `others`, which is a u32.
            let drawn = rng.below(others) as u32;
            let called = drawn + u32::from(drawn >= caller);
            let Some(limit) = self.epidemic.connection_limit else {
                return Some(called);
            };
            let site = &mut self.sites[called as usize];
            if site.accepted < limit {
                site.accepted += 1;
                return Some(called);
            }
            self.outcome.refused += 1;
        }
        None
    }

    /// A contact. Both stand as they stood when the cycle began: who is fresh
    /// does not know yet, and nobody is judged before the end.
    fn meet(&mut self, caller: u32, called: u32) {
        let method = self.epidemic.method;
        let mode = method.mode();
        let (one, other) = (&self.sites[caller as usize], &self.sites[called as usize]);
        let pushes = mode.pushes() && one.standing == Standing::Hot;
        let pulls = mode.pulls() && other.standing == Standing::Hot;
        if !pushes && !pulls {
            return;
        }
        let (one_knows, other_knows) = (knows(one), knows(other));
        let Method::RumorMongering(mongering) = method else {
            // They compare first, so only what is lacking is sent.
            if pushes && !other_knows {
                self.outcome.sent += 1;
                self.reach(called);
            }
            if pulls && !one_knows {
                self.outcome.sent += 1;
                self.reach(caller);
            }
            return;
        };
        let (ours, theirs) = (interest(one), interest(other));
        if pushes {
            self.outcome.sent += 1;
            self.tell(caller, (!other_knows, ours, theirs), &mongering);
            if !other_knows {
                self.reach(called);
            }
        }
        if pulls {
            self.outcome.sent += 1;
            self.tell(called, (!one_knows, theirs, ours), &mongering);
            if !one_knows {
                self.reach(caller);
            }
        }
    }

    /// Somebody told: news or not, its counter, the other's.
    fn tell(
        &mut self,
        teller: u32,
        (news, ours, theirs): (bool, Option<u32>, Option<u32>),
        mongering: &Mongering,
    ) {
        let heat = &mut self.sites[teller as usize].heat;
        if news {
            heat.useful();
        } else if mongering.counts(ours.unwrap_or(0), theirs) || !mongering.stop.is_feedback() {
            heat.in_vain();
        }
    }

    /// The update reaches somebody, perhaps not for the first time in this cycle.
    fn reach(&mut self, to: u32) {
        let site = &mut self.sites[to as usize];
        if site.standing == Standing::Susceptible {
            site.standing = Standing::Fresh;
            self.fresh.push(to);
        }
    }

    /// Every hot member judges its interest.
    fn judge(&mut self, mongering: &Mongering, rng: &mut Rng) {
        let sites = &mut self.sites;
        self.hot.retain(|id| {
            let site = &mut sites[*id as usize];
            let hot = site.heat.judge(mongering, rng);
            if !hot {
                site.standing = Standing::Removed;
            }
            hot
        });
    }

    /// Who was reached acts from now on.
    fn settle(&mut self) {
        if !self.fresh.is_empty() {
            self.outcome.last = self.cycle;
        }
        // No more than there are members.
        let reached = self.fresh.len() as u32;
        self.outcome.missed -= reached;
        self.outcome.arrivals += u64::from(self.cycle) * u64::from(reached);
        for id in self.fresh.drain(..) {
            self.sites[id as usize].standing = Standing::Hot;
            self.hot.push(id);
        }
    }
}

/// Whether a member knew when the cycle began.
fn knows(site: &Site) -> bool {
    matches!(site.standing, Standing::Hot | Standing::Removed)
}

/// Its counter; `None`: it has lost interest.
fn interest(site: &Site) -> Option<u32> {
    (site.standing == Standing::Hot).then_some(site.heat.count())
}
