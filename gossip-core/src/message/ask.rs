//! Whom a query asks, and what an answer says.
//!
//! ```text
//!   asker ── event with an Ask ──▶ everybody (as a rumor, and repaired)
//!     ▲                              │ whom the filter means
//!     ├────────── Answer: ack ───────┤ at once
//!     └────────── Answer: response ──┘ when its application has one
//!            └ optionally through relays as well; the asker drops what comes twice
//! ```

use alloc::vec::Vec;
use core::time::Duration;

use bytes::Bytes;

use super::{EventId, Key, weight};
use crate::base::id::NodeId;

/// What makes an event a query.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Ask {
    /// Whom.
    pub filter: Filter,
    /// How long the asker listens, in whole milliseconds: 1 to
    /// [`ASK_DEADLINE_MS`](crate::base::limit::ASK_DEADLINE_MS).
    pub deadline_ms: u64,
    /// Through how many others each answer goes as well, at most
    /// [`ASK_RELAYS`](crate::base::limit::ASK_RELAYS).
    pub relays: u32,
}

impl Ask {
    /// How long the asker listens.
    pub const fn deadline(&self) -> Duration {
        Duration::from_millis(self.deadline_ms)
    }

    /// An upper bound of its encoded length, in bytes.
    pub fn weight(&self) -> usize {
        2 * weight::NUMBER + weight::FIELD + self.filter.weight()
    }
}

/// Whom a query asks: whoever passes every part of it. An empty part lets
/// everybody pass.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Filter {
    /// One of these members.
    pub members: Vec<NodeId>,
    /// In one of these zones, or below it: `eu` means `eu/1/n17` too.
    pub zones: Vec<NodeId>,
    /// Whose own keys hold all of these values. The key of a tag `role` is
    /// `tag/role`.
    pub tags: Vec<Tag>,
}

/// One tag of a filter.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Tag {
    /// Which own key: `tag/role`.
    pub key: Key,
    /// What it holds; at most [`TAG_BYTES`](crate::base::limit::TAG_BYTES).
    pub value: Bytes,
}

impl Filter {
    /// How many conditions it has.
    pub const fn len(&self) -> usize {
        self.members.len() + self.zones.len() + self.tags.len()
    }

    /// Whether it means everybody.
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether it means `id`, whose own keys hold what `holds` says.
    pub fn means(&self, id: &NodeId, holds: impl Fn(&Tag) -> bool) -> bool {
        let within = |zone: &NodeId| {
            let rest = id.as_str().strip_prefix(zone.as_str());
            rest.is_some_and(|rest| rest.starts_with('/'))
        };
        (self.members.is_empty() || self.members.contains(id))
            && (self.zones.is_empty() || self.zones.iter().any(within))
            && self.tags.iter().all(holds)
    }

    /// An upper bound of its encoded length, in bytes.
    pub fn weight(&self) -> usize {
        let names = self.members.iter().chain(&self.zones).map(weight::id);
        let tags = self.tags.iter();
        let tags = tags.map(|tag| 3 * weight::FIELD + tag.key.as_str().len() + tag.value.len());
        names.sum::<usize>() + tags.sum::<usize>()
    }
}

/// What a member answers, straight to the asker or through one relay.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Answer {
    /// To which query: its author is who gets the answer.
    pub to: EventId,
    /// Who answers. Straight from it, TLS has proven it; through a relay it is
    /// the relay's word.
    pub from: NodeId,
    /// What.
    pub said: Said,
}

/// What an answer says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Said {
    /// I am asked, and have heard it.
    Ack,
    /// This; at most [`RESPONSE_BYTES`](crate::base::limit::RESPONSE_BYTES).
    Response(Bytes),
}

impl Answer {
    /// An upper bound of its encoded length, in bytes.
    pub fn weight(&self) -> usize {
        let said = match &self.said {
            Said::Ack => 0,
            Said::Response(bytes) => bytes.len(),
        };
        weight::id(&self.to.run.author)
            + weight::id(&self.from)
            + 2 * weight::NUMBER
            + 2 * weight::FIELD
            + said
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_means_whoever_passes_every_part() {
        let id = |text: &str| text.parse::<NodeId>().unwrap();
        let me = id("eu/1/n17");
        let mut filter = Filter::default();
        assert!(filter.is_empty() && filter.means(&me, |_| false));
        filter.zones = [id("eu")].into();
        assert!(filter.means(&me, |_| false));
        assert!(
            !filter.means(&id("eu-west/n17"), |_| false),
            "labels, not letters"
        );
        assert!(
            !filter.means(&id("eu"), |_| false),
            "a zone is not in itself"
        );
        filter.members = [id("eu/1/n18")].into();
        assert!(!filter.means(&me, |_| false));
        filter.members.push(me.clone());
        let tag = Tag {
            key: "tag/role".parse().unwrap(),
            value: Bytes::from_static(b"db"),
        };
        filter.tags = [tag].into();
        assert!(filter.means(&me, |tag| tag.value == "db"));
        assert!(!filter.means(&me, |_| false));
        assert_eq!(filter.len(), 4);
    }
}
