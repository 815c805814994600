//! Wrongs: healthy members that were declared dead.
//!
//! A *false positive* is a member's footing (its run, and its refutations in
//! it) that a healthy observer declared dead while the process ran and could
//! be reached. It counts once, however many believed it; how many did is
//! counted beside it. Who is healthy, the study says.

use alloc::collections::BTreeSet;

use super::sample::Sample;
use super::stage::{News, What};
use crate::message::Footing;

/// What was counted so far.
#[derive(Debug, Default)]
pub struct Wrongs {
    footings: BTreeSet<(usize, Footing)>,
    told: u64,
}

impl Wrongs {
    /// Names under which a sample holds them.
    pub const DEATHS: &'static str = "false positives";
    /// The same, each observer counted.
    pub const TOLD: &'static str = "false positives told";

    /// Looks at one piece of news; `healthy` judges observer and subject.
    pub fn see(&mut self, news: &News, healthy: impl Fn(usize) -> bool) {
        if let What::Member {
            subject,
            footing,
            wronged: true,
            ..
        } = news.what
            && healthy(news.observer)
            && healthy(subject)
        {
            self.told += 1;
            self.footings.insert((subject, footing));
        }
    }

    /// How many footings.
    pub fn deaths(&self) -> u64 {
        self.footings.len() as u64
    }

    /// Writes both counts down.
    pub fn write(&self, sample: &mut Sample) {
        sample.counted(Self::DEATHS, self.deaths());
        sample.counted(Self::TOLD, self.told);
    }
}
