//! Sick members among healthy ones: they hear little, or nobody hears them.
//!
//! The healthy must not suffer: a false positive counts here only if observer
//! and subject are both healthy. What becomes of the sick is told beside it:
//! how often each was declared dead shows whether the cluster's picture of it
//! stands still or flaps.

use alloc::collections::BTreeSet;
use alloc::vec::Vec;
use core::time::Duration;

use super::sample::Sample;
use super::stage::{Ground, Progress, Stage, What, host};
use super::wrongs::Wrongs;
use crate::message::Footing;
use crate::output::MemberStatus;
use crate::sim::{Paths, Weather, World};

/// What ails them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ailment {
    /// Of a million packets sent to them so many are lost.
    Ingress(u32),
    /// The same, and of what they send.
    Both(u32),
    /// Nothing reaches them.
    Deaf,
    /// Nothing of theirs reaches anybody.
    Mute,
    /// Deaf for so long, well for so long, and again.
    FlipFlop(Duration),
}

/// Everything is lost.
const ALL_PPM: u32 = 1_000_000;

/// What to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sick {
    /// The cluster, grown up in good health.
    pub ground: Ground,
    /// How many fall sick.
    pub sick: u32,
    /// Of what.
    pub ailment: Ailment,
    /// For so long.
    pub span: Duration,
}

/// Names in the sample.
pub mod name {
    /// Time of all sick members together.
    pub const SICK_TIME: &str = "sick time";
    /// Runs of sick members that were declared dead by a healthy one.
    pub const FLAPS: &str = "sick members declared dead";
    /// How many were sick.
    pub const SICK: &str = "sick members";
}

impl Sick {
    /// One trial.
    pub fn trial(&self, seed: u64, progress: Progress<'_>) -> Sample {
        let mut stage = Stage::grown(&self.ground, seed, progress);
        let sick = stage.some(self.sick as usize);
        let healthy = |member| !sick.contains(&member);
        let mut wrongs = Wrongs::default();
        let mut flaps: BTreeSet<(usize, Footing)> = BTreeSet::new();
        let end = stage.now() + self.span;
        let mut ails = false;
        while stage.now() < end {
            ails = self.turn(stage.world(), &sick, ails);
            let left = end.since(stage.now());
            let part = match self.ailment {
                Ailment::FlipFlop(span) => left.min(span),
                _ => left,
            };
            stage.run_for(part, &mut |news| {
                wrongs.see(news, healthy);
                if let What::Member {
                    subject,
                    after: MemberStatus::Dead,
                    footing,
                    ..
                } = news.what
                    && healthy(news.observer)
                    && !healthy(subject)
                {
                    flaps.insert((subject, footing));
                }
            });
        }
        let mut sample = Sample::default();
        wrongs.write(&mut sample);
        sample.counted(name::FLAPS, flaps.len() as u64);
        sample.counted(name::SICK, sick.len() as u64);
        sample.watched(name::SICK_TIME, self.span * self.sick);
        sample
    }

    /// Lets them fall sick, or, of what comes and goes, recover; whether they
    /// are sick then.
    fn turn(&self, world: &mut World, sick: &[usize], ails: bool) -> bool {
        let (into, out_of) = match self.ailment {
            Ailment::Ingress(ppm) => (ppm, 0),
            Ailment::Both(ppm) => (ppm, ppm),
            Ailment::Mute => (0, ALL_PPM),
            Ailment::Deaf => (ALL_PPM, 0),
            Ailment::FlipFlop(_) if ails => (0, 0),
            Ailment::FlipFlop(_) => (ALL_PPM, 0),
        };
        let sides: Vec<(Paths, u32)> = sick
            .iter()
            .flat_map(|member| {
                let host = host(*member);
                [(Paths::into(host), into), (Paths::out_of(host), out_of)]
            })
            .collect();
        for (paths, ppm) in sides {
            if ppm > 0 {
                world.set_weather(&paths, &Weather::losing(ppm));
            } else {
                world.clear_weather(&paths);
            }
        }
        into + out_of > 0
    }
}
