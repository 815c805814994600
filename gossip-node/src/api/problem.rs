//! What the API says when it does not do something: a problem document (RFC 9457).
//!
//! ```json
//! {"type":"urn:gossip:problem:unexpected","title":"The key does not stand as expected",
//!  "status":412,"detail":"…","found":"eu/n1@7"}
//! ```
//!
//! `type` is what a program looks at; the rest is for people. The kinds stand
//! in one table, so that server, client and reference agree on them.

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use gossip_node::{DiskError, KeyError, NodeError, Refusal};
use serde::{Deserialize, Serialize};

use super::types::{ShareView, write_name};

/// Every kind of problem: what comes after `urn:gossip:problem:`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The request makes no sense.
    BadRequest,
    /// The request did not come from this machine's own programs.
    Forbidden,
    /// There is no such page.
    NotFound,
    /// The page knows no such method.
    MethodNotAllowed,
    /// The key is not there.
    Absent,
    /// Nobody of that name is known.
    UnknownMember,
    /// An agent is not removed or forgotten by itself.
    Ourselves,
    /// Who takes part is not forgotten; or it has just said that it does.
    StillHere,
    /// Nobody waits for this answer.
    Unasked,
    /// A compare-and-set found something else.
    Unexpected,
    /// Over a limit.
    TooLarge,
    /// The share of this node is used up.
    Full,
    /// The journal could not be written.
    Disk,
    /// Too much at once; later it may work.
    Busy,
    /// The node does not take part, or no longer.
    NotRunning,
    /// It took too long. A write may or may not have happened.
    TimedOut,
}

/// The table: kind, its name, its HTTP status, its title.
const KINDS: [(Kind, &str, StatusCode, &str); 16] = {
    use Kind::*;
    [
        (
            BadRequest,
            "bad-request",
            StatusCode::BAD_REQUEST,
            "The request makes no sense",
        ),
        (
            Forbidden,
            "forbidden",
            StatusCode::FORBIDDEN,
            "Only this machine's own programs may ask",
        ),
        (
            NotFound,
            "not-found",
            StatusCode::NOT_FOUND,
            "There is no such page",
        ),
        (
            MethodNotAllowed,
            "method-not-allowed",
            StatusCode::METHOD_NOT_ALLOWED,
            "The page knows no such method",
        ),
        (
            Absent,
            "absent",
            StatusCode::NOT_FOUND,
            "The key is not there",
        ),
        (
            UnknownMember,
            "unknown-member",
            StatusCode::NOT_FOUND,
            "Nobody of that name is known",
        ),
        (
            Ourselves,
            "ourselves",
            StatusCode::CONFLICT,
            "An agent does not remove or forget itself",
        ),
        (
            StillHere,
            "still-here",
            StatusCode::CONFLICT,
            "The member takes part",
        ),
        (
            Unasked,
            "unasked",
            StatusCode::CONFLICT,
            "Nobody waits for this answer",
        ),
        (
            Unexpected,
            "unexpected",
            StatusCode::PRECONDITION_FAILED,
            "The key does not stand as expected",
        ),
        (
            TooLarge,
            "too-large",
            StatusCode::PAYLOAD_TOO_LARGE,
            "Over a limit",
        ),
        (
            Full,
            "full",
            StatusCode::INSUFFICIENT_STORAGE,
            "This node's share is used up",
        ),
        (
            Disk,
            "disk",
            StatusCode::INTERNAL_SERVER_ERROR,
            "The journal could not be written",
        ),
        (
            Busy,
            "busy",
            StatusCode::SERVICE_UNAVAILABLE,
            "Too much at once",
        ),
        (
            NotRunning,
            "not-running",
            StatusCode::SERVICE_UNAVAILABLE,
            "The node is not running",
        ),
        (
            TimedOut,
            "timed-out",
            StatusCode::GATEWAY_TIMEOUT,
            "It took too long",
        ),
    ]
};

const URN: &str = "urn:gossip:problem:";

/// The media type of a problem document (RFC 9457 §3).
const MEDIA_TYPE: &str = "application/problem+json";

/// A problem document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Problem {
    /// The kind, for programs.
    #[serde(rename = "type")]
    pub(crate) urn: String,
    /// The kind, for people.
    pub(crate) title: String,
    /// The HTTP status, again.
    pub(crate) status: u16,
    /// What happened this time.
    pub(crate) detail: String,
    /// Of `unexpected`: the write that stands, as `AUTHOR@VERSION`; none if the key is absent.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(crate) found: Option<String>,
    /// Of `full`, where it is not the disk: what the node has and may have.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(crate) share: Option<Box<ShareView>>,
}

impl Problem {
    /// A problem of that kind.
    pub(crate) fn new(kind: Kind, detail: impl Into<String>) -> Self {
        let row = KINDS.iter().find(|(known, ..)| *known == kind);
        let (name, status, title) = match row {
            Some((_, name, status, title)) => (*name, *status, *title),
            None => ("internal", StatusCode::INTERNAL_SERVER_ERROR, "A bug"),
        };
        Self {
            urn: format!("{URN}{name}"),
            title: title.to_owned(),
            status: status.as_u16(),
            detail: detail.into(),
            found: None,
            share: None,
        }
    }

    /// Which kind it is; `None` if a newer agent knows more.
    pub(crate) fn kind(&self) -> Option<Kind> {
        let name = self.urn.strip_prefix(URN)?;
        let row = KINDS.iter().find(|(_, known, ..)| *known == name);
        row.map(|(kind, ..)| *kind)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let body = serde_json::to_vec(&self).unwrap_or_default();
        (status, [(header::CONTENT_TYPE, MEDIA_TYPE)], body).into_response()
    }
}

impl From<NodeError> for Problem {
    fn from(error: NodeError) -> Self {
        match error {
            NodeError::Key(error) => error.into(),
            NodeError::Refused(refusal) => refusal.into(),
            NodeError::Watched => Self::new(Kind::Busy, error.to_string()),
            other => Self::new(Kind::NotRunning, other.to_string()),
        }
    }
}

impl From<KeyError> for Problem {
    fn from(error: KeyError) -> Self {
        let kind = match error {
            KeyError::TooLong { .. } | KeyError::ValueTooLong { .. } => Kind::TooLarge,
            _ => Kind::BadRequest,
        };
        Self::new(kind, error.to_string())
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        let detail = refusal.to_string();
        match refusal {
            Refusal::Unexpected { key, found, .. } => {
                let found = found.as_ref().map(write_name);
                let stands = match &found {
                    Some(write) => format!("{key:?} was last written by {write}"),
                    None => format!("{key:?} is not there"),
                };
                Self {
                    found,
                    ..Self::new(Kind::Unexpected, stands)
                }
            }
            Refusal::Disk(DiskError::Full) => Self::new(Kind::Full, detail),
            Refusal::Full { has, most, .. } => Self {
                share: Some(Box::new(ShareView::new(has, most))),
                ..Self::new(Kind::Full, detail)
            },
            Refusal::Disk(_) => Self::new(Kind::Disk, detail),
            Refusal::Busy => Self::new(Kind::Busy, detail),
            Refusal::TooLarge { .. } => Self::new(Kind::TooLarge, detail),
            Refusal::Unknown { .. } => Self::new(Kind::UnknownMember, detail),
            Refusal::Ourselves { .. } => Self::new(Kind::Ourselves, detail),
            Refusal::StillHere { .. } | Refusal::Refuted { .. } => {
                Self::new(Kind::StillHere, detail)
            }
            Refusal::Electorate(_) => Self::new(Kind::TooLarge, detail),
            Refusal::TooLong { .. } => Self::new(Kind::TooLarge, detail),
            Refusal::Unaskable { .. } => Self::new(Kind::BadRequest, detail),
            Refusal::Unasked => Self::new(Kind::Unasked, detail),
            Refusal::Twice { .. } => Self::new(Kind::BadRequest, detail),
            _ => Self::new(Kind::NotRunning, detail),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_survives_the_way_to_the_client() {
        for (kind, ..) in KINDS {
            let sent = serde_json::to_string(&Problem::new(kind, "why")).unwrap();
            let received: Problem = serde_json::from_str(&sent).unwrap();
            assert_eq!(received.kind(), Some(kind));
        }
    }

    #[test]
    fn the_reference_names_every_kind() {
        let reference = include_str!("../../../docs/AGENT.md");
        for (_, name, status, _) in KINDS {
            let row = format!("| `{name}` | {} |", status.as_u16());
            assert!(reference.contains(&row), "docs/AGENT.md lacks {row}");
        }
    }
}
