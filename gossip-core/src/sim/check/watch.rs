//! The watch over one process: it tells the rules what the process hears, says
//! and holds.
//!
//! ```text
//!   input ──▶ hears ──┐
//!                     ▼           after each input, of those touched:
//!   node ── outputs ─▶ touched ──▶ settles ──▶ monotone, haste, birth, fold …
//!                                       and now and then of everybody
//! ```
//!
//! Looking at every row after every input would cost more than the protocol
//! itself, so only those rows are looked at of which an output or an input
//! spoke; all of them every [`WALK_EVERY`].

use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::time::Duration;

use super::awareness::despairs;
use super::birth::is_not_its_own_word;
use super::bounds::outgrows_its_bounds;
use super::bump::Bumps;
use super::fairness::Fairness;
use super::fold::was_told_otherwise;
use super::haste::{is_hasty, least, orders_by_itself};
use super::merge::stands_by_chance;
use super::monotone::{Held, goes_back, leaps};
use super::myself::{holds_itself, lets_it_stand};
use super::ownership::was_never_so;
use super::rule::{Rule, Rules};
use super::share::holds_too_much;
use super::sketch::forgot_a_change;
use super::truth::Truth;
use super::{Verdict, alarm};
use crate::base::id::NodeId;
use crate::base::time::Instant;
use crate::config::Config;
use crate::message::{Charge, Footing, Statement};
use crate::node::Node;
use crate::output::{MemberStatus, Phase};
use crate::sim::names::{NameId, Names, Numbered};
use crate::sim::picture::Picture;

/// How often all rows are looked at (guess: ten rounds of the default).
const WALK_EVERY: Duration = Duration::from_secs(10);

/// Where there are many rows, all are looked at only once in so long for each of
/// them, so that a round costs the same in a large cluster (guess: from 333
/// members on).
const WALK_EVERY_ROW: Duration = Duration::from_millis(30);

/// What is looked at: a node that has handled an input, and what is known of it.
#[derive(Clone, Copy)]
pub(in crate::sim) struct Scene<'a> {
    pub(in crate::sim) rules: Rules,
    pub(in crate::sim) truth: &'a Truth,
    pub(in crate::sim) node: &'a Node,
    pub(in crate::sim) picture: &'a Picture,
    /// The knobs it was given.
    pub(in crate::sim) config: &'a Config,
    /// The time on its own clock, and when it wants to be woken.
    pub(in crate::sim) now: Instant,
    pub(in crate::sim) deadline: Option<Instant>,
}

/// What the rules remember of one process.
#[derive(Debug, Default)]
pub(in crate::sim) struct Watch {
    /// What each member was held as, last.
    beheld: Numbered<Held>,
    rows: u32,
    /// Since when those are suspect who are, on the node's clock.
    suspect: BTreeMap<NameId, Instant>,
    /// Who was here when its row went.
    vanished: Vec<NameId>,
    touched: Vec<NameId>,
    /// What an operator says of a member, by this very input.
    pub(super) order: Option<(NameId, Charge)>,
    /// The highest footing on which the input accuses us, and where we stood.
    pub(super) accused: Option<(Footing, Footing)>,
    pub(super) bumps: Bumps,
    pub(super) fairness: Fairness,
    walked: Option<Instant>,
}

impl Watch {
    /// It has just begun, on what its disk holds.
    fn begins(&mut self, node: &Node, now: Instant) {
        self.walked = Some(now);
        self.fairness.rests(now);
        if node
            .sights()
            .any(|sight| sight.status == MemberStatus::Dead)
        {
            // Its journal says so: one more, and it is not alone.
            self.bumps.mourns(now, node.config().suspicion_min);
        }
    }

    /// Something was said of a member: its row is worth a look.
    pub(in crate::sim) fn touches(&mut self, name: NameId) {
        if self.touched.last() != Some(&name) {
            self.touched.push(name);
        }
    }

    /// The node holds somebody for dead: perhaps it was cut off itself.
    pub(in crate::sim) fn mourns(&mut self, name: NameId, now: Instant, config: &Config) {
        self.touches(name);
        self.bumps.mourns(now, config.suspicion_min);
    }

    /// The node asks somebody.
    pub(in crate::sim) fn asks(&mut self, name: NameId) {
        self.fairness.asks(name);
    }

    /// The node calls somebody, perhaps to ask.
    pub(in crate::sim) fn calls(&mut self, name: NameId, node: &Node) {
        self.fairness.calls(name, node.probes_begun());
    }

    /// The node has a statement sealed. What it says of itself has been told
    /// to `truth`.
    pub(in crate::sim) fn says(
        &mut self,
        rules: Rules,
        names: &mut Names,
        node: Option<&Node>,
        now: Instant,
        statement: &Statement,
    ) -> Verdict {
        match statement {
            Statement::Claim(claim) => {
                self.touches(names.insert(&claim.member));
                let verdict = self.bumps.says(claim.footing, node.map(Node::footing));
                if rules.has(Rule::Bump) {
                    verdict
                } else {
                    Ok(())
                }
            }
            Statement::Accusation(accusation) => {
                let name = names.insert(&accusation.accused);
                self.touches(name);
                let Some(node) = node.filter(|_| rules.has(Rule::Haste)) else {
                    return Ok(());
                };
                let id = &accusation.accused;
                match accusation.charge {
                    Charge::Suspect => return Ok(()),
                    Charge::Dead => {}
                    order => return orders_by_itself(id, self.order == Some((name, order)), order),
                }
                let since = self.suspect_since(name);
                is_hasty(id, since, accusation.footing, now, least(node.config()))
            }
            Statement::Batch(_) | Statement::Event(_) => Ok(()),
        }
    }

    fn suspect_since(&self, name: NameId) -> Option<(Footing, Instant)> {
        let (footing, _) = self.beheld.of(name)?;
        Some((footing, *self.suspect.get(&name)?))
    }

    /// The node has handled its input, and all outputs are done.
    pub(in crate::sim) fn settles(&mut self, names: &mut Names, scene: Scene<'_>) -> Verdict {
        let Scene {
            rules,
            node,
            now,
            deadline,
            ..
        } = scene;
        if rules.has(Rule::Alarm) {
            let alone = || {
                let burden = node.burden();
                burden.links == 0 && burden.here <= 1 && node.config().seeds.is_empty()
            };
            alarm::sleeps_for_ever(node.phase(), deadline, now, alone)?;
        }
        if let Some((accused, before)) = self.accused.take()
            && rules.has(Rule::Oneself)
        {
            lets_it_stand(node.phase(), before, accused, node.footing())?;
        }
        if self.walked.is_none() {
            self.begins(node, now);
        }
        let stands = self.bumps.stands(node.footing(), now);
        if rules.has(Rule::Bump) {
            stands?;
        }
        let mut touched = core::mem::take(&mut self.touched);
        let mut verdict = Ok(());
        for name in &touched {
            let id = names.id(*name);
            let held = node.held(id);
            let seen = (*name, id, held);
            verdict = verdict.and_then(|()| self.beholds(scene, seen));
        }
        self.fairness.has_begun(node.probes_begun(), now);
        touched.clear();
        self.order = None;
        self.touched = touched;
        verdict?;
        let walked = *self.walked.get_or_insert(now);
        if now.since(walked) >= WALK_EVERY.max(WALK_EVERY_ROW.saturating_mul(self.rows)) {
            self.walked = Some(now);
            self.walk(names, scene)?;
        }
        Ok(())
    }

    /// Looks at everybody.
    fn walk(&mut self, names: &mut Names, scene: Scene<'_>) -> Verdict {
        let Scene {
            rules,
            node,
            picture,
            config,
            now,
            ..
        } = scene;
        let burden = node.burden();
        if rules.has(Rule::Bounds) {
            outgrows_its_bounds(&burden)?;
        }
        if rules.has(Rule::Awareness) {
            despairs(burden.awareness, config.awareness_max)?;
        }
        if rules.has(Rule::Sketch) {
            forgot_a_change(node.is_sketch_true())?;
        }
        let mut known = 0;
        if rules.has(Rule::Merge) {
            stands_by_chance(node.misjudged())?;
        }
        if rules.has(Rule::Share) {
            holds_too_much(node)?;
        }
        for sight in node.sights() {
            let name = names.insert(sight.id);
            known += usize::from(picture.row(name).is_some());
            let held = (sight.footing, sight.status);
            if sight.id == node.id() {
                continue;
            }
            if self.beheld.of(name) != Some(held) {
                let seen = (name, sight.id, Some(held));
                self.beholds(scene, seen)?;
            } else if rules.has(Rule::Fold) {
                was_told_otherwise(sight.id, told(picture, name), Some(held))?;
            }
            let asks = node.phase() == Phase::Running && sight.status == MemberStatus::Alive;
            if asks && rules.has(Rule::Fairness) {
                self.fairness.passes_over(name, sight.id, burden.here)?;
            }
        }
        if node.phase() != Phase::Running || burden.here <= 1 {
            self.fairness.rests(now);
        } else if rules.has(Rule::Fairness) {
            self.fairness.stops(now, config)?;
        }
        if rules.has(Rule::Fold) && known < picture.rows() {
            // Somebody was told of who has no row.
            for (name, (status, footing)) in picture.iter() {
                let id = names.id(name);
                if node.held(id).is_none() {
                    was_told_otherwise(id, Some((footing, status)), None)?;
                }
            }
        }
        Ok(())
    }

    /// Looks at one row.
    fn beholds(
        &mut self,
        scene: Scene<'_>,
        (name, id, held): (NameId, &NodeId, Option<Held>),
    ) -> Verdict {
        let Scene {
            rules,
            truth,
            node,
            picture,
            config,
            now,
            ..
        } = scene;
        let Some(held) = held else {
            let was_here = self.beheld.of(name).is_some_and(is_here);
            if was_here && !self.vanished.contains(&name) {
                self.vanished.push(name);
            }
            return Ok(());
        };
        let (footing, status) = held;
        if id == node.id() {
            if rules.has(Rule::Oneself) {
                holds_itself(node.phase(), status)?;
            }
            return Ok(());
        }
        if rules.has(Rule::Fold) {
            was_told_otherwise(id, told(picture, name), Some(held))?;
        }
        let was = self.beheld.of(name);
        if was == Some(held) {
            return Ok(());
        }
        if rules.has(Rule::Ownership) {
            was_never_so(truth, id, held)?;
        }
        if rules.has(Rule::Birth) {
            is_not_its_own_word(truth, id, was, held)?;
        }
        if let Some(was) = was {
            if rules.has(Rule::Monotone) {
                goes_back(was, held)?;
            }
            // An operator's word takes no time.
            let by_hand = status == MemberStatus::Dead
                && truth.charges(id, footing).any(|it| it == Charge::Removed);
            if rules.has(Rule::Transition) && !by_hand {
                leaps(was, held)?;
            }
            let dies = status == MemberStatus::Dead && is_here(was);
            if rules.has(Rule::Haste) && dies && !by_hand {
                let since = self.suspect_since(name);
                is_hasty(id, since, footing, now, least(config))?;
            }
        }
        if status == MemberStatus::Suspect {
            self.suspect.insert(name, now);
            self.fairness.suspects();
        } else if was.is_some_and(|(_, was)| was == MemberStatus::Suspect) {
            self.suspect.remove(&name);
        }
        self.rows += u32::from(was.is_none());
        self.beheld.insert(name, held);
        let back = self.vanished.iter().position(|gone| *gone == name);
        let was_here = back.is_none() && was.is_some_and(is_here);
        back.map(|at| self.vanished.swap_remove(at));
        if was_here != is_here(held) {
            self.fairness.changes();
            if node.burden().here <= 2 {
                // It was alone, or nearly is: there was nobody to ask.
                self.fairness.rests(now);
            }
        }
        Ok(())
    }
}

const fn is_here((_, status): Held) -> bool {
    matches!(status, MemberStatus::Alive | MemberStatus::Suspect)
}

/// What the application was told of a member.
fn told(picture: &Picture, name: NameId) -> Option<Held> {
    picture.row(name).map(|(status, footing)| (footing, status))
}
