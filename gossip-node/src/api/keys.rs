//! The API's endpoints for keys of everybody, and for many writes at once.

use std::num::NonZeroU64;
use std::time::Duration;

use axum::extract::rejection::{BytesRejection, PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::routing::{get, post};
use axum::{Json, Router};
use bytes::Bytes;
use gossip_node::{Scope, Value, Write, WriteId};
use serde::{Deserialize, Serialize};

use super::problem::{Kind, Problem};
use super::server::{Api, expected};
use super::types::{RowView, status_word, write_name};

/// Those that answer at once.
pub(super) fn quick() -> Router<Api> {
    Router::new()
        .route("/v1/everybody/{*key}", get(everybody))
        .route("/v1/keys", get(keys))
        .route("/v1/batch", post(batch))
}

/// `GET /v1/everybody/{key}`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Everybody {
    /// What each member says, in order of member.
    pub(crate) members: Vec<SaidView>,
}

/// What a member says under a key.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct SaidView {
    /// Who.
    pub(crate) member: String,
    /// `alive`, `suspect`, `dead` or `left`; `null`: its keys came before itself.
    pub(crate) status: Option<String>,
    /// What it says.
    #[serde(flatten)]
    pub(crate) row: RowView,
}

/// `GET /v1/keys`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct OwnKeys {
    /// The keys, in order.
    pub(crate) keys: Vec<OwnKey>,
}

/// A key, and how many members have it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct OwnKey {
    /// Which key.
    pub(crate) key: String,
    /// How many have it.
    pub(crate) members: usize,
}

/// The body of `POST /v1/batch`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Batch {
    /// All of these, or none.
    pub(crate) writes: Vec<Wish>,
}

/// One write of a batch.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Wish {
    /// Which key.
    pub(crate) key: String,
    /// The new value; without one the key is deleted.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(crate) value: Option<String>,
    /// One of the agent's own.
    #[serde(default)]
    pub(crate) own: bool,
    /// Only if it is not there.
    #[serde(default)]
    pub(crate) if_absent: bool,
    /// Only if it was last written by this.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(crate) if_write: Option<String>,
    /// For how long the value holds.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(crate) ttl_ms: Option<NonZeroU64>,
}

/// What `POST /v1/batch` answers: one range of versions.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct BatchWritten {
    /// How many writes it was; deletions of what was not there are none.
    pub(crate) writes: usize,
    /// The first, as `AUTHOR@VERSION`.
    pub(crate) first: Option<String>,
    /// The last.
    pub(crate) last: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct PrefixQuery {
    prefix: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct BatchQuery {
    #[serde(default)]
    at_once: bool,
}

/// `GET /v1/everybody/{key}`: one own key, every member's value.
async fn everybody(
    State(api): State<Api>,
    key: Result<Path<String>, PathRejection>,
) -> Result<Json<Everybody>, Problem> {
    let Path(key) = key?;
    let said = api.node.everybody(&key).await?;
    let members = said.iter().map(|said| SaidView {
        member: said.row.write.author.to_string(),
        status: said.status.map(|status| status_word(status).to_owned()),
        row: RowView::new(&said.row),
    });
    Ok(Json(Everybody {
        members: members.collect(),
    }))
}

/// `GET /v1/keys?prefix=`: the own keys that any member has.
async fn keys(
    State(api): State<Api>,
    asked: Result<Query<PrefixQuery>, QueryRejection>,
) -> Result<Json<OwnKeys>, Problem> {
    let Query(asked) = asked?;
    let keys = api.node.own_keys(&asked.prefix.unwrap_or_default()).await?;
    let keys = keys.into_iter().map(|(key, members)| OwnKey {
        key: key.as_str().to_owned(),
        members,
    });
    Ok(Json(OwnKeys {
        keys: keys.collect(),
    }))
}

/// `POST /v1/batch?at_once=`: all of these writes, or none.
async fn batch(
    State(api): State<Api>,
    asked: Result<Query<BatchQuery>, QueryRejection>,
    body: Result<Bytes, BytesRejection>,
) -> Result<Json<BatchWritten>, Problem> {
    let Query(asked) = asked?;
    let body = body.map_err(|why| Problem::new(Kind::TooLarge, why.body_text()))?;
    let batch: Batch = serde_json::from_slice(&body)
        .map_err(|why| Problem::new(Kind::BadRequest, format!("the batch: {why}")))?;
    let writes = batch.writes.into_iter().map(Wish::write);
    let writes = writes.collect::<Result<Vec<_>, _>>()?;
    let written = match asked.at_once {
        true => api.node.write_at_once(writes).await?,
        false => api.node.write(writes).await?,
    };
    let name = |write: Option<&WriteId>| write.map(write_name);
    Ok(Json(BatchWritten {
        writes: written.len(),
        first: name(written.first()),
        last: name(written.last()),
    }))
}

impl Wish {
    fn write(self) -> Result<Write, Problem> {
        let only_if = expected(self.if_absent, self.if_write.as_deref())?;
        let value = self.value.map(|value| Value::new(Bytes::from(value)));
        Ok(Write {
            scope: if self.own { Scope::Own } else { Scope::Shared },
            key: self.key.parse()?,
            value: value.transpose()?,
            ttl: self.ttl_ms.map(|ms| Duration::from_millis(ms.get())),
            only_if,
        })
    }
}
