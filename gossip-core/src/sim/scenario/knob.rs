//! A knob of the configuration, turned in a scenario: `set probe_interval 500ms`.

use core::fmt;
use core::time::Duration;

use super::words::{ParseError, Span, Words, any_of, span};
use crate::config::Config;

/// A knob and how it is set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Knob {
    name: &'static str,
    value: Setting,
}

/// What a knob is set to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Setting {
    /// A span of time.
    Span(Duration),
    /// A number.
    Count(u32),
}

/// How a knob is found in a configuration.
enum Place {
    Span(fn(&mut Config) -> &mut Duration),
    Count(fn(&mut Config) -> &mut u32),
}

/// The knobs a scenario may turn.
const KNOBS: &[(&str, Place)] = &[
    ("probe_interval", Place::Span(|c| &mut c.probe_interval)),
    ("probe_timeout", Place::Span(|c| &mut c.probe_timeout)),
    ("handshake_budget", Place::Span(|c| &mut c.handshake_budget)),
    ("relays", Place::Count(|c| &mut c.relays)),
    ("probe_slack", Place::Span(|c| &mut c.probe_slack)),
    ("awareness_max", Place::Count(|c| &mut c.awareness_max)),
    ("suspicion_min", Place::Span(|c| &mut c.suspicion_min)),
    ("suspicion_max", Place::Span(|c| &mut c.suspicion_max)),
    ("confirmations", Place::Count(|c| &mut c.confirmations)),
    ("jurors", Place::Count(|c| &mut c.jurors)),
    ("forget_after", Place::Span(|c| &mut c.forget_after)),
    ("tombstone_grace", Place::Span(|c| &mut c.tombstone_grace)),
    ("gossip_interval", Place::Span(|c| &mut c.gossip_interval)),
    ("gossip_delay", Place::Span(|c| &mut c.gossip_delay)),
    ("gossip_fanout", Place::Count(|c| &mut c.gossip_fanout)),
    ("rumor_factor", Place::Count(|c| &mut c.rumor_factor)),
    ("sync_interval", Place::Span(|c| &mut c.sync_interval)),
    (
        "reconnect_interval",
        Place::Span(|c| &mut c.reconnect_interval),
    ),
    ("leave_linger", Place::Span(|c| &mut c.leave_linger)),
];

impl Knob {
    /// The knob with this name, if there is one and it takes such a value.
    pub fn new(name: &str, value: Setting) -> Option<Self> {
        let (name, place) = KNOBS.iter().find(|(known, _)| *known == name)?;
        let fits = matches!(
            (place, value),
            (Place::Span(_), Setting::Span(_)) | (Place::Count(_), Setting::Count(_))
        );
        fits.then_some(Self { name, value })
    }

    pub(super) fn parse(words: &mut Words<'_>) -> Result<Self, ParseError> {
        let names = any_of(KNOBS.iter().map(|(name, _)| *name));
        let name = words.word(&names)?;
        let Some((name, place)) = KNOBS.iter().find(|(known, _)| *known == name) else {
            return Err(words.error(name, &names));
        };
        let value = match place {
            Place::Span(_) => {
                words.read("a span such as 500ms", |word| span(word).map(Setting::Span))?
            }
            Place::Count(_) => Setting::Count(words.count()?),
        };
        words.done("the end of the line")?;
        Ok(Self { name, value })
    }

    /// Turns it.
    pub fn turn(&self, config: &mut Config) {
        let place = KNOBS.iter().find(|(name, _)| *name == self.name);
        match (place.map(|(_, place)| place), self.value) {
            (Some(Place::Span(at)), Setting::Span(span)) => *at(config) = span,
            (Some(Place::Count(at)), Setting::Count(count)) => *at(config) = count,
            _ => {}
        }
    }
}

impl fmt::Display for Knob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.value {
            Setting::Span(span) => write!(f, "{} {}", self.name, Span(span)),
            Setting::Count(count) => write!(f, "{} {count}", self.name),
        }
    }
}
