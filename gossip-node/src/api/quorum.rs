//! What the API says of the quorum, as JSON, and the list it takes.

use std::collections::{BTreeMap, BTreeSet};

use gossip_node::{
    Electorate, Fate, Judgement, NodeId, Part, QuorumStanding, QuorumView, Seat, SeatView,
};
use serde::{Deserialize, Serialize};

use super::problem::{Kind, Problem};
use super::types::{millis, status_word};
use crate::agent::quorum::word;

/// `GET /v1/quorum`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct QuorumDocument {
    /// `in`, `suspect`, `out` or `left`.
    pub(crate) standing: String,
    /// Of `suspect`: how much time is left before it is `out`.
    pub(crate) left_ms: Option<u64>,
    /// `majority`, `failure-domain` or `none`.
    pub(crate) provider: String,
    /// Whether an operator's list says who votes.
    pub(crate) listed: bool,
    /// What is counted now.
    #[serde(flatten)]
    pub(crate) judgement: JudgementView,
    /// Everybody on the list or known, in order of name.
    pub(crate) members: Vec<SeatDocument>,
}

/// A count, and what follows from it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct JudgementView {
    /// Whether it is a quorum.
    pub(crate) quorum: bool,
    /// Why, in one word.
    pub(crate) reason: String,
    /// Why, for people.
    pub(crate) why: String,
    /// How many vote.
    pub(crate) voters: usize,
    /// How many of them are here.
    pub(crate) here: usize,
    /// How many have to be.
    pub(crate) needed: usize,
    /// Domains that are out of use.
    pub(crate) inactive: Vec<String>,
}

/// One member in the eyes of the quorum.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SeatDocument {
    /// Who.
    pub(crate) id: String,
    /// `voter`, `watcher`, `inactive` or `stranger`.
    pub(crate) part: String,
    /// With whom it fails.
    pub(crate) domain: String,
    /// `alive`, `suspect`, `dead`, `left`, or `absent` if it was never met.
    pub(crate) status: String,
    /// Of a dead one, where domains are counted: `down` or `suspect-down`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(crate) fate: Option<String>,
    /// Of `suspect-down`: how much is left of its probation.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(crate) fate_left_ms: Option<u64>,
}

/// The body of `PUT /v1/quorum/electorate`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ElectorateDocument {
    /// Everybody who belongs; without it everybody known votes.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(crate) members: Option<Vec<ListedDocument>>,
    /// Domains out of use.
    #[serde(default)]
    pub(crate) inactive: Vec<String>,
}

/// One member on the list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ListedDocument {
    /// Who.
    pub(crate) id: String,
    /// Whether it votes; it does if nothing is said.
    #[serde(default = "votes")]
    pub(crate) votes: bool,
    /// With whom it fails, if not with its zone.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(crate) domain: Option<String>,
}

const fn votes() -> bool {
    true
}

impl QuorumDocument {
    /// How a node's quorum is.
    pub(crate) fn new(view: &QuorumView) -> Self {
        let left = match view.standing {
            QuorumStanding::Suspect { left } => Some(millis(left)),
            _ => None,
        };
        Self {
            standing: standing_word(view.standing).to_owned(),
            left_ms: left,
            provider: word(view.provider).to_owned(),
            listed: view.listed,
            judgement: JudgementView::new(&view.judgement),
            members: view.members.iter().map(SeatDocument::new).collect(),
        }
    }
}

impl JudgementView {
    /// A judgement.
    pub(crate) fn new(judgement: &Judgement) -> Self {
        let inactive = judgement.inactive.iter();
        Self {
            quorum: judgement.quorum,
            reason: judgement.reason.word().to_owned(),
            why: judgement.to_string(),
            voters: judgement.voters,
            here: judgement.here,
            needed: judgement.needed,
            inactive: inactive.map(|domain| domain.as_str().to_owned()).collect(),
        }
    }
}

impl SeatDocument {
    fn new(seat: &SeatView) -> Self {
        let part = match seat.part {
            Part::Voter => "voter",
            Part::Watcher => "watcher",
            Part::Inactive => "inactive",
            Part::Stranger => "stranger",
        };
        Self {
            id: seat.id.to_string(),
            part: part.to_owned(),
            domain: seat.domain.as_str().to_owned(),
            status: seat.status.map_or("absent", status_word).to_owned(),
            fate: seat.fate.map(|fate| fate_word(fate).to_owned()),
            fate_left_ms: match seat.fate {
                Some(Fate::SuspectDown { left }) => Some(millis(left)),
                Some(Fate::Down) | None => None,
            },
        }
    }
}

impl ElectorateDocument {
    /// The list it means.
    ///
    /// # Errors
    /// If a name is none, or stands twice.
    pub(crate) fn electorate(self) -> Result<Electorate, Problem> {
        let wrong = |text: String| Problem::new(Kind::BadRequest, text);
        let mut seats = self.members.as_ref().map(|_| BTreeMap::new());
        for listed in self.members.into_iter().flatten() {
            let named = |why| wrong(format!("member {:?}: {why}", listed.id));
            let id: NodeId = listed.id.parse().map_err(named)?;
            let domain = listed.domain.as_deref().map(str::parse).transpose();
            let domain = domain.map_err(|why| wrong(format!("domain of {id}: {why}")))?;
            let votes = listed.votes;
            let seats = seats.get_or_insert_default();
            if seats.insert(id, Seat { votes, domain }).is_some() {
                return Err(wrong(format!("member {:?} stands twice", listed.id)));
            }
        }
        let mut inactive = BTreeSet::new();
        for text in self.inactive {
            let domain = text.parse();
            inactive.insert(domain.map_err(|why| wrong(format!("domain {text:?}: {why}")))?);
        }
        Ok(Electorate { seats, inactive })
    }
}

const fn fate_word(fate: Fate) -> &'static str {
    match fate {
        Fate::Down => "down",
        Fate::SuspectDown { .. } => "suspect-down",
    }
}

/// A standing in one word.
pub(crate) fn standing_word(standing: QuorumStanding) -> &'static str {
    match standing {
        QuorumStanding::InQuorum => "in",
        QuorumStanding::Suspect { .. } => "suspect",
        QuorumStanding::Out => "out",
        QuorumStanding::Left => "left",
    }
}
