//! The three ways an update travels, by the names the literature gave them
//! (Demers et al. 1987, §1.2 to §1.4).
//!
//! | method | what happens | what it costs, what it misses |
//! |---|---|---|
//! | direct mail | who writes tells everybody once | one copy a member; whatever the network or an incomplete list of members loses is lost |
//! | rumor mongering | who hears tells, until it is old | a few copies a member; misses a *residue* that falls with the copies |
//! | anti-entropy | two compare all they hold, now and then | misses nobody; a comparison costs even when nothing has changed |
//!
//! None is enough alone. A node mails what it writes to a few, lets rumors
//! carry it, and lets anti-entropy find what they missed.

use crate::mongering::{Mode, Mongering};

/// A way an update travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// Its origin tells everybody, once.
    DirectMail,
    /// Who hears it tells others, until it has lost interest.
    RumorMongering(Mongering),
    /// Everybody compares notes with somebody, for ever; who sends what the
    /// other lacks is the mode's choice.
    AntiEntropy(Mode),
}

impl Method {
    /// Who sends in a contact; direct mail has callers only.
    pub const fn mode(&self) -> Mode {
        match self {
            Self::DirectMail => Mode::Push,
            Self::RumorMongering(mongering) => mongering.mode,
            Self::AntiEntropy(mode) => *mode,
        }
    }

    /// Its name, as people write it.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::DirectMail => "direct-mail",
            Self::RumorMongering(_) => "rumor-mongering",
            Self::AntiEntropy(_) => "anti-entropy",
        }
    }
}
