//! What happens, as JSON and as a sentence: the lines of `GET /v1/events`.

use std::time::Duration;

use gossip_node::{
    EventsItem, MemberEvent, MemberEventKind, MemberStatus, NodeId, Notification, QuorumEvent,
    status_after,
};
use serde::{Deserialize, Serialize};

use super::quorum::{JudgementView, standing_word};
use super::types::{Member, millis, status_word};
use super::watch::LostWrite;
use crate::cli::members::human;

/// One line of `GET /v1/events`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub(crate) enum EventLine {
    /// A member as it stood when this began.
    Member(Member),
    /// All members have been told; events follow.
    Current,
    /// A member is here, and was not, or not in this run.
    Joined(MemberChange),
    /// It says something new of itself: other addresses, a higher incarnation.
    Updated(MemberChange),
    /// It is silent, says a member.
    Suspected(MemberChange),
    /// It was suspect, and has refuted.
    Refuted(MemberChange),
    /// It is condemned.
    Died(MemberChange),
    /// An operator has declared it dead.
    Removed(MemberChange),
    /// It has left of its own will.
    Left(MemberChange),
    /// Two processes speak under its name.
    Conflict(MemberChange),
    /// Its row is gone, and its own keys with it.
    Forgotten(MemberChange),
    /// Whether the agent is in quorum has changed.
    Quorum(QuorumChange),
    /// The agent takes part.
    Running {
        /// In which run.
        generation: u64,
    },
    /// A second process runs under the agent's own name.
    Twin {
        /// The agent's generation.
        ours: u64,
        /// The other's.
        theirs: u64,
    },
    /// A concurrent write to a shared key lost against another.
    WriteLost(LostWrite),
    /// The agent had missed so much of a log that it was fetched from nothing.
    CaughtUp {
        /// Whose log.
        author: String,
        /// How far the agent had come, as a version.
        from: u64,
        /// How far it is now.
        to: u64,
        /// Keys that are gone, and whose deletion was missed.
        dropped: u64,
    },
    /// A member would have more than is agreed: what it wrote last is refused, by
    /// everybody.
    OverLimit {
        /// Which.
        author: String,
        /// How much of its log is held, as a version.
        held: u64,
        /// Keys and tombstones it would have.
        keys: u64,
        /// Keys and tombstones it may have.
        keys_max: u64,
        /// Bytes of keys and values it would have.
        bytes: u64,
        /// Bytes it may have.
        bytes_max: u64,
    },
    /// The journal could not be written.
    Disk {
        /// Why.
        why: String,
    },
    /// The reader was too slow, and this many notifications are lost to it.
    Lagged {
        /// How many.
        missed: u64,
    },
}

/// What became of a member.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct MemberChange {
    /// Who.
    pub(crate) id: String,
    /// How it stands since; none if it stands as it stood, or not at all.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(crate) status: Option<String>,
    /// The run it is in.
    pub(crate) generation: u64,
    /// Its refutations in it.
    pub(crate) incarnation: u64,
    /// Where it says it is.
    pub(crate) addrs: Vec<String>,
    /// Why, for people.
    pub(crate) why: String,
    /// Of `joined`: how it stood before, if it was known.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(crate) before: Option<String>,
    /// Who accused it first, whose verdict it is, or at whom an operator spoke.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(crate) by: Option<String>,
    /// Of `died`: how many different members accused it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(crate) accusers: Option<usize>,
    /// Of `refuted` and `died`: how long it was suspect here.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(crate) after_ms: Option<u64>,
    /// Of `suspected`: how long the agent itself had heard nothing of it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(crate) silent_ms: Option<u64>,
}

/// The agent's quorum changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct QuorumChange {
    /// How it stood: `out`, `suspect`, `in` or `left`.
    pub(crate) before: String,
    /// How it stands.
    pub(crate) after: String,
    /// What was counted.
    #[serde(flatten)]
    pub(crate) judgement: JudgementView,
}

impl EventLine {
    /// One item of what happens; `own` is the agent.
    pub(crate) fn new(item: &EventsItem, own: &NodeId) -> Self {
        match item {
            EventsItem::Member(member) => Self::Member(Member::new(member, own)),
            EventsItem::Current => Self::Current,
            EventsItem::Lagged(missed) => Self::Lagged { missed: *missed },
            EventsItem::Told(told) => Self::told(told),
        }
    }

    fn told(told: &Notification) -> Self {
        match told {
            Notification::Running { generation } => Self::Running {
                generation: generation.0,
            },
            Notification::Member(event) => {
                let change = MemberChange::new(event);
                match event.kind {
                    MemberEventKind::Joined { .. } => Self::Joined(change),
                    MemberEventKind::Updated => Self::Updated(change),
                    MemberEventKind::Suspected { .. } => Self::Suspected(change),
                    MemberEventKind::Refuted { .. } => Self::Refuted(change),
                    MemberEventKind::Died { .. } => Self::Died(change),
                    MemberEventKind::Removed { .. } => Self::Removed(change),
                    MemberEventKind::Left => Self::Left(change),
                    MemberEventKind::Conflict => Self::Conflict(change),
                    MemberEventKind::Forgotten { .. } => Self::Forgotten(change),
                }
            }
            Notification::Quorum(event) => Self::Quorum(QuorumChange::new(event)),
            Notification::Conflict { key, won, lost, .. } => {
                Self::WriteLost(LostWrite::new(key.as_str(), won, lost))
            }
            Notification::Twin { ours, theirs } => Self::Twin {
                ours: ours.0,
                theirs: theirs.0,
            },
            Notification::CaughtUp {
                author,
                from,
                to,
                dropped,
            } => Self::CaughtUp {
                author: author.to_string(),
                from: from.version.0,
                to: to.version.0,
                dropped: *dropped,
            },
            Notification::OverLimit {
                author,
                held,
                share,
                most,
            } => Self::OverLimit {
                author: author.to_string(),
                held: held.version.0,
                keys: share.keys,
                keys_max: most.keys,
                bytes: share.bytes,
                bytes_max: most.bytes,
            },
            Notification::Disk(why) => Self::Disk {
                why: why.to_string(),
            },
            // Never among events.
            Notification::Key(_)
            | Notification::Event(_)
            | Notification::Missed { .. }
            | Notification::Asked(_)
            | Notification::Answer { .. }
            | Notification::Ended { .. } => Self::Current,
        }
    }

    /// The value of `event`, for people too.
    pub(crate) fn word(&self) -> &'static str {
        match self {
            Self::Member(_) => "is",
            Self::Current => "current",
            Self::Joined(_) => "joined",
            Self::Updated(_) => "updated",
            Self::Suspected(_) => "suspected",
            Self::Refuted(_) => "refuted",
            Self::Died(_) => "died",
            Self::Removed(_) => "removed",
            Self::Left(_) => "left",
            Self::Conflict(_) => "conflict",
            Self::Forgotten(_) => "forgotten",
            Self::Quorum(_) => "quorum",
            Self::Running { .. } => "running",
            Self::Twin { .. } => "twin",
            Self::WriteLost(_) => "write-lost",
            Self::CaughtUp { .. } => "caught-up",
            Self::OverLimit { .. } => "over-limit",
            Self::Disk { .. } => "disk",
            Self::Lagged { .. } => "lagged",
        }
    }
}

impl MemberChange {
    /// An event of the node.
    pub(crate) fn new(event: &MemberEvent) -> Self {
        let mut change = Self {
            id: event.id.to_string(),
            status: status_after(&event.kind).map(|status| status_word(status).to_owned()),
            generation: event.footing.generation.0,
            incarnation: event.footing.incarnation.0,
            addrs: event.addrs.iter().map(ToString::to_string).collect(),
            why: why(&event.kind),
            before: None,
            by: None,
            accusers: None,
            after_ms: None,
            silent_ms: None,
        };
        match &event.kind {
            MemberEventKind::Joined { before } => {
                change.before = before.map(|before| status_word(before).to_owned());
            }
            MemberEventKind::Suspected { by, silent } => {
                change.by = Some(by.to_string());
                change.silent_ms = silent.map(millis);
            }
            MemberEventKind::Refuted { by, after } => {
                change.by = Some(by.to_string());
                change.after_ms = Some(millis(*after));
            }
            MemberEventKind::Died {
                by,
                accusers,
                after,
            } => {
                change.by = Some(by.to_string());
                change.accusers = Some(*accusers);
                change.after_ms = Some(millis(*after));
            }
            MemberEventKind::Removed { by } => change.by = Some(by.to_string()),
            MemberEventKind::Forgotten { by } => change.by = by.as_ref().map(ToString::to_string),
            MemberEventKind::Updated | MemberEventKind::Left | MemberEventKind::Conflict => {}
        }
        change
    }
}

impl QuorumChange {
    /// An event of the node.
    pub(crate) fn new(event: &QuorumEvent) -> Self {
        Self {
            before: standing_word(event.before).to_owned(),
            after: standing_word(event.after).to_owned(),
            judgement: JudgementView::new(&event.judgement),
        }
    }
}

/// Why a member changed, as part of a sentence.
pub(crate) fn why(kind: &MemberEventKind) -> String {
    match kind {
        MemberEventKind::Joined { before: None } => "it was not known before".to_owned(),
        MemberEventKind::Joined {
            before: Some(MemberStatus::Alive | MemberStatus::Suspect),
        } => "a new run has taken the place of the old one".to_owned(),
        MemberEventKind::Joined {
            before: Some(before),
        } => format!("it was {}", status_word(*before)),
        MemberEventKind::Updated => "it says something new of itself".to_owned(),
        MemberEventKind::Suspected { by, silent } => match silent {
            Some(silent) if !silent.is_zero() => {
                format!("{by} got no answer; silent here for {}", human(*silent))
            }
            _ => format!("{by} got no answer"),
        },
        MemberEventKind::Refuted { by, after } => {
            format!("it answers {by}, after {}", human(*after))
        }
        MemberEventKind::Died {
            by,
            accusers,
            after: Duration::ZERO,
        } => format!("{by} says so, {}", accused(*accusers)),
        MemberEventKind::Died {
            by,
            accusers,
            after,
        } => format!(
            "it was suspect for {}, {}; the verdict is {by}'s",
            human(*after),
            accused(*accusers)
        ),
        MemberEventKind::Removed { by } => format!("an operator said so at {by}"),
        MemberEventKind::Left => "of its own will".to_owned(),
        MemberEventKind::Conflict => {
            "two processes speak under its name; the first one's word stands".to_owned()
        }
        MemberEventKind::Forgotten { by: Some(by) } => format!("an operator said so at {by}"),
        MemberEventKind::Forgotten { by: None } => "it was gone for long enough".to_owned(),
    }
}

fn accused(accusers: usize) -> String {
    match accusers {
        1 => "1 member accused it".to_owned(),
        more => format!("{more} members accused it"),
    }
}
