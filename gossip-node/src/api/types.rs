//! What the API says, as JSON: the field names are a promise (docs/AGENT.md).
//!
//! The library's types stay free of serde; here is the one place where they
//! become a document. Programs must ignore fields they do not know.

use std::collections::BTreeMap;
use std::time::Duration;

use gossip_core::base::agreed::Share;
use gossip_node::{
    Counters, KeyEvent, MemberStatus, MemberView, NodeId, NodeStatus, Phase, Row, Stamp, WriteId,
};
use serde::{Deserialize, Serialize};

use super::base64;
use super::quorum::standing_word;

/// `GET /v1/members`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Members {
    /// Everybody known, the agent itself included, in order of name.
    pub(crate) members: Vec<Member>,
}

/// One member.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Member {
    /// Who.
    pub(crate) id: String,
    /// `alive`, `suspect`, `dead` or `left`.
    pub(crate) status: String,
    /// The run it is in; rises with every start.
    pub(crate) generation: u64,
    /// Rises within a run when it refutes an accusation.
    pub(crate) incarnation: u64,
    /// Where it says it is.
    pub(crate) addrs: Vec<String>,
    /// How far away, if the agent is connected to it, in microseconds.
    pub(crate) rtt_us: Option<u64>,
    /// Whether it is the agent that answers.
    pub(crate) is_self: bool,
    /// For how long it has stood so, as the agent sees it, in milliseconds.
    #[serde(default)]
    pub(crate) since_ms: u64,
    /// Who accuses it, if it is suspect; whose verdict it was, if it is dead.
    #[serde(default)]
    pub(crate) accused_by: Vec<String>,
}

/// `GET /v1/status`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct StatusView {
    /// Who the agent is.
    pub(crate) id: String,
    /// In which cluster.
    pub(crate) cluster: String,
    /// The version of the program.
    pub(crate) version: String,
    /// Its process.
    pub(crate) pid: u32,
    /// The run it is in.
    pub(crate) generation: u64,
    /// Its refutations in it.
    pub(crate) incarnation: u64,
    /// `starting`, `joining`, `running`, `leaving` or `halted`.
    pub(crate) phase: String,
    /// Where its UDP socket is bound.
    pub(crate) listen: String,
    /// How many members stand how.
    pub(crate) members: MemberCounts,
    /// Peers it is connected to.
    pub(crate) links: usize,
    /// Keys it holds, of every author.
    pub(crate) keys: usize,
    /// What it has written and still holds, and what it may.
    #[serde(default)]
    pub(crate) share: ShareView,
    /// Members that write more than is agreed, and are refused it.
    #[serde(default)]
    pub(crate) authors_over: usize,
    /// Rumors it still tells.
    pub(crate) hot_rumors: usize,
    /// `in`, `suspect`, `out` or `left`.
    #[serde(default)]
    pub(crate) quorum: String,
    /// How little it trusts its own eyes; zero is well.
    #[serde(default)]
    pub(crate) awareness: u32,
    /// Members that are gone from the list and not from memory.
    #[serde(default)]
    pub(crate) certificates: usize,
    /// Whether every event said from now on is told here.
    #[serde(default)]
    pub(crate) hears_events: bool,
    /// Events kept for members that missed them.
    #[serde(default)]
    pub(crate) events_kept: usize,
    /// The agent's own events under way.
    #[serde(default)]
    pub(crate) events_under_way: usize,
    /// What happened and what was refused, by layer and name.
    pub(crate) counters: BTreeMap<String, BTreeMap<String, u64>>,
}

/// How much of a member's own is held, and how much may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct ShareView {
    /// Keys and tombstones, own and shared.
    pub(crate) keys: u64,
    /// How many there may be.
    pub(crate) keys_max: u64,
    /// Bytes of keys and values.
    pub(crate) bytes: u64,
    /// How many there may be.
    pub(crate) bytes_max: u64,
}

impl ShareView {
    /// What is held, and what may be.
    pub(crate) const fn new(has: Share, most: Share) -> Self {
        Self {
            keys: has.keys,
            keys_max: most.keys,
            bytes: has.bytes,
            bytes_max: most.bytes,
        }
    }
}

/// How many members stand how.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct MemberCounts {
    pub(crate) alive: usize,
    pub(crate) suspect: usize,
    pub(crate) dead: usize,
    pub(crate) left: usize,
}

/// A key as it stands: `GET /v1/kv/{key}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct RowView {
    /// Which key.
    pub(crate) key: String,
    /// What it holds.
    #[serde(flatten)]
    pub(crate) value: ValueView,
    /// The write that put it there, as `AUTHOR@VERSION`: what a compare-and-set expects.
    pub(crate) write: String,
    /// Who wrote it.
    pub(crate) author: String,
    /// The author's how-manieth write it was.
    pub(crate) version: u64,
    /// When, on the author's clock: milliseconds since 1970.
    pub(crate) stamp_ms: u64,
    /// Tells writes of one millisecond apart.
    pub(crate) stamp_counter: u32,
}

/// A value: text if it is UTF-8, base64 under another name if not.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct ValueView {
    /// The value, if it is UTF-8.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(crate) value: Option<String>,
    /// The value in base64, if it is not.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(crate) value_base64: Option<String>,
}

/// `GET /v1/kv`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Rows {
    /// The keys, in order.
    pub(crate) rows: Vec<RowView>,
    /// Where to go on, if there are more: the `after` of the next request.
    pub(crate) next: Option<String>,
}

/// `PUT` and `DELETE /v1/kv/{key}`: the write is on the agent's disk and on its way.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Written {
    /// Which key.
    pub(crate) key: String,
    /// The write's name, as `AUTHOR@VERSION`; `null`: there was nothing to delete.
    pub(crate) write: Option<String>,
    /// Who wrote it.
    pub(crate) author: Option<String>,
    /// The author's how-manieth write it was.
    pub(crate) version: Option<u64>,
}

/// `POST /v1/leave`: it has told everybody, and its process ends.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Left {
    /// Who.
    pub(crate) left: String,
}

/// `POST /v1/members/remove` and `/forget`: it is so at this agent, and the
/// others hear of it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Ordered {
    /// Who was removed.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(crate) removed: Option<String>,
    /// Who was forgotten.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(crate) forgotten: Option<String>,
}

impl Ordered {
    /// A member was removed.
    pub(crate) fn removed(id: &NodeId) -> Self {
        Self {
            removed: Some(id.to_string()),
            forgotten: None,
        }
    }

    /// A member was forgotten.
    pub(crate) fn forgotten(id: &NodeId) -> Self {
        Self {
            removed: None,
            forgotten: Some(id.to_string()),
        }
    }
}

/// A span in whole milliseconds.
pub(crate) fn millis(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}

/// A write's name.
pub(crate) fn write_name(write: &WriteId) -> String {
    format!("{}@{}", write.author, write.version.0)
}

impl Member {
    /// A member, as seen by `own`.
    pub(crate) fn new(view: &MemberView, own: &NodeId) -> Self {
        Self {
            id: view.id.to_string(),
            status: status_word(view.status).to_owned(),
            generation: view.footing.generation.0,
            incarnation: view.footing.incarnation.0,
            addrs: view.addrs.iter().map(ToString::to_string).collect(),
            rtt_us: view
                .rtt
                .map(|rtt| u64::try_from(rtt.as_micros()).unwrap_or(u64::MAX)),
            is_self: view.id == *own,
            since_ms: millis(view.since),
            accused_by: view.accused_by.iter().map(ToString::to_string).collect(),
        }
    }
}

/// A status in one word.
pub(crate) fn status_word(status: MemberStatus) -> &'static str {
    match status {
        MemberStatus::Alive => "alive",
        MemberStatus::Suspect => "suspect",
        MemberStatus::Dead => "dead",
        MemberStatus::Left => "left",
    }
}

impl ValueView {
    /// A value's bytes.
    pub(crate) fn new(bytes: &[u8]) -> Self {
        match std::str::from_utf8(bytes) {
            Ok(text) => Self {
                value: Some(text.to_owned()),
                value_base64: None,
            },
            Err(_) => Self {
                value: None,
                value_base64: Some(base64::encode(bytes)),
            },
        }
    }
}

impl RowView {
    /// A row of the replica.
    pub(crate) fn new(row: &Row) -> Self {
        Self::of(row.key.as_str(), row.value.bytes(), &row.write, row.stamp)
    }

    /// A key as an event left it.
    pub(crate) fn written(event: &KeyEvent) -> Self {
        let value = event.value.as_ref();
        let value = value.map_or(&[][..], |value| value.bytes());
        Self::of(event.key.as_str(), value, &event.write, event.stamp)
    }

    fn of(key: &str, value: &[u8], write: &WriteId, stamp: Stamp) -> Self {
        Self {
            key: key.to_owned(),
            value: ValueView::new(value),
            write: write_name(write),
            author: write.author.to_string(),
            version: write.version.0,
            stamp_ms: stamp.millis,
            stamp_counter: stamp.counter,
        }
    }
}

impl Written {
    /// A write that is done.
    pub(crate) fn new(key: &str, write: Option<&WriteId>) -> Self {
        Self {
            key: key.to_owned(),
            write: write.map(write_name),
            author: write.map(|write| write.author.to_string()),
            version: write.map(|write| write.version.0),
        }
    }
}

impl StatusView {
    /// How a node is.
    pub(crate) fn new(node: &gossip_node::Node, status: &NodeStatus) -> Self {
        let core = &status.core;
        let [alive, suspect, dead, left] = core.members;
        let named = |counters: Vec<(&'static str, u64)>| {
            let named = counters.into_iter().map(|(name, n)| (name.to_owned(), n));
            named.collect::<BTreeMap<_, _>>()
        };
        let counters = [
            ("protocol", protocol(&core.counters)),
            ("transport", status.transport.iter().collect()),
            ("driver", status.driver.iter().collect()),
            ("journal", status.journal.iter().collect()),
        ];
        Self {
            id: core.id.to_string(),
            cluster: node.cluster().to_string(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            pid: std::process::id(),
            generation: core.footing.generation.0,
            incarnation: core.footing.incarnation.0,
            phase: phase_word(core.phase).to_owned(),
            listen: node.local_addr().to_string(),
            members: MemberCounts {
                alive,
                suspect,
                dead,
                left,
            },
            links: core.links,
            keys: core.keys,
            share: ShareView::new(core.share, core.agreed.writes),
            authors_over: core.authors_over,
            hot_rumors: core.hot_rumors,
            quorum: standing_word(core.quorum).to_owned(),
            awareness: core.awareness,
            certificates: core.certificates,
            hears_events: core.hears_events,
            events_kept: core.events_kept,
            events_under_way: core.events_under_way,
            counters: counters
                .into_iter()
                .map(|(layer, counters)| (layer.to_owned(), named(counters)))
                .collect(),
        }
    }
}

/// A phase in one word.
fn phase_word(phase: Phase) -> &'static str {
    match phase {
        Phase::Starting => "starting",
        Phase::Joining => "joining",
        Phase::Running => "running",
        Phase::Leaving => "leaving",
        Phase::Halted => "halted",
    }
}

/// The core's counters by name. Taken apart by name, so that a new one cannot
/// be forgotten here.
fn protocol(counters: &Counters) -> Vec<(&'static str, u64)> {
    macro_rules! named {
        ($($name:ident),+ $(,)?) => {{
            let Counters { $($name),+ } = *counters;
            vec![$((stringify!($name), $name)),+]
        }};
    }
    named!(
        messages_in,
        messages_out,
        probes,
        probes_failed,
        refutations,
        calls,
        rows_changed,
        syncs,
        syncs_at_once,
        entries_applied,
        gaps,
        stale,
        baseless,
        contradictions,
        stamps_held,
        unexpected,
        roster_full,
        logs_full,
        author_full,
        rumors_dropped,
        commands_refused,
        sessions_refused,
        relays_refused,
        generations_refused,
        pieces_refused,
        early_dropped,
        tombstones_cleared,
        logs_replaced,
        logs_reclaimed,
        outbox_full,
        copies_sent,
        copies_useful,
        copies_in_vain,
        tails_followed,
        tails_moved,
        tails_refused,
        tail_batches,
        events_said,
        events_refused,
        events_heard,
        events_repaired,
        events_again,
        events_coalesced,
        events_missed,
        events_unheard,
        lamport_jumps,
        answers_dropped,
        answers_relayed,
        answers_refused,
        chunks_sent,
        chunks_missed,
        chunks_taken,
        chunks_in_vain,
        chunks_wrong,
        chunks_overdue,
        bulk_deferred,
        chunks_refused,
        chunked_refused,
        chunked_dropped,
        probes_refused,
        warnings_refused,
        appointments_refused,
        remembered_refused,
    )
}
