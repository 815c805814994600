//! The API's endpoints for operators: members, quorum, and what happens.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::rejection::{BytesRejection, QueryRejection};
use axum::extract::{Query, State};
use axum::http::header;
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post, put};
use axum::{Json, Router};
use bytes::Bytes;
use gossip_node::{NodeId, StreamExt as _};
use serde::Deserialize;

use super::event::EventLine;
use super::history::HistoryDocument;
use super::limit;
use super::problem::{Kind, Problem};
use super::quorum::{ElectorateDocument, QuorumDocument};
use super::server::{Api, NDJSON};
use super::types::Ordered;

/// Those that answer at once.
pub(super) fn quick() -> Router<Api> {
    Router::new()
        .route("/v1/members/remove", post(remove))
        .route("/v1/members/forget", post(forget))
        .route("/v1/history", get(history))
        .route("/v1/quorum", get(quorum))
        .route("/v1/quorum/electorate", put(elect))
}

/// Those that go on.
pub(super) fn lasting() -> Router<Api> {
    Router::new().route("/v1/events", get(events))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct MemberQuery {
    member: String,
}

impl MemberQuery {
    fn id(&self) -> Result<NodeId, Problem> {
        let parsed = self.member.parse();
        parsed.map_err(|why| {
            Problem::new(Kind::BadRequest, format!("member {:?}: {why}", self.member))
        })
    }
}

/// `POST /v1/members/remove?member=`: it is dead, an operator says.
async fn remove(
    State(api): State<Api>,
    asked: Result<Query<MemberQuery>, QueryRejection>,
) -> Result<Json<Ordered>, Problem> {
    let id = asked?.id()?;
    api.node.remove(&id).await?;
    Ok(Json(Ordered::removed(&id)))
}

/// `POST /v1/members/forget?member=`: it will not come back, an operator says.
async fn forget(
    State(api): State<Api>,
    asked: Result<Query<MemberQuery>, QueryRejection>,
) -> Result<Json<Ordered>, Problem> {
    let id = asked?.id()?;
    api.node.forget(&id).await?;
    Ok(Json(Ordered::forgotten(&id)))
}

/// `GET /v1/history`: the last sessions, and how old news was when it came.
async fn history(State(api): State<Api>) -> Result<Json<HistoryDocument>, Problem> {
    let history = api.node.history().await?;
    Ok(Json(HistoryDocument::new(&history)))
}

/// `GET /v1/quorum`: whether the node is in quorum, why, and who is counted.
async fn quorum(State(api): State<Api>) -> Result<Json<QuorumDocument>, Problem> {
    let view = api.node.quorum().await?;
    Ok(Json(QuorumDocument::new(&view)))
}

/// `PUT /v1/quorum/electorate`: count by this list from now on; answers as
/// `GET /v1/quorum`.
async fn elect(
    State(api): State<Api>,
    body: Result<Bytes, BytesRejection>,
) -> Result<Json<QuorumDocument>, Problem> {
    let body = body.map_err(|why| Problem::new(Kind::TooLarge, why.body_text()))?;
    let wrong = |why| Problem::new(Kind::BadRequest, format!("the list: {why}"));
    // An object, and nothing that could pass for an empty one.
    let fields: serde_json::Map<String, serde_json::Value> =
        serde_json::from_slice(&body).map_err(wrong)?;
    let document: ElectorateDocument = serde_json::from_value(fields.into()).map_err(wrong)?;
    api.node.elect(document.electorate()?).await?;
    quorum(State(api)).await
}

/// `GET /v1/events`: members as they stand, then everything that happens.
async fn events(State(api): State<Api>) -> Result<Response, Problem> {
    let Ok(permit) = Arc::clone(&api.watches).try_acquire_owned() else {
        let full = format!("{} watches are open already", limit::WATCHES);
        return Err(Problem::new(Kind::Busy, full));
    };
    let own = api.node.id().clone();
    let events = api.node.events().await?;
    // The stream goes on as long as the node: it must not keep it alive.
    drop(api);
    let lines = events.map(move |item| {
        // The place among the watches is held as long as the stream.
        let _held = &permit;
        let mut line = serde_json::to_vec(&EventLine::new(&item, &own))?;
        line.push(b'\n');
        Ok::<_, serde_json::Error>(Bytes::from(line))
    });
    Ok(([(header::CONTENT_TYPE, NDJSON)], Body::from_stream(lines)).into_response())
}
