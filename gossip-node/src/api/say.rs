//! The API's endpoints for what members say to everybody: events and queries.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::rejection::{BytesRejection, QueryRejection};
use axum::extract::{Query, State};
use axum::http::header;
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use bytes::Bytes;
use gossip_node::{AnswersItem, Filter, Key, NodeId, QueryOptions, Stream, StreamExt as _, Tag};
use serde::{Deserialize, Serialize};
use tokio::sync::OwnedSemaphorePermit;

use super::limit;
use super::problem::{Kind, Problem};
use super::said::{AnswerLine, Responded, SaidLine, SaidView, event_id, event_name};
use super::server::{Api, NDJSON};

/// Those that answer at once. (`GET /v1/events`, of members, stands elsewhere.)
pub(super) fn quick() -> Router<Api> {
    Router::new()
        .route("/v1/events", post(say))
        .route("/v1/respond", post(respond))
}

/// Those that go on.
pub(super) fn lasting() -> Router<Api> {
    Router::new()
        .route("/v1/said", get(hear))
        .route("/v1/query", post(ask))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct SayQuery {
    name: String,
    #[serde(default)]
    coalesce: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RespondQuery {
    id: String,
}

/// The body of `POST /v1/query`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct QueryDocument {
    /// What it is called.
    pub(crate) name: String,
    /// What it says.
    #[serde(default)]
    pub(crate) payload: String,
    /// One of these members.
    #[serde(default)]
    pub(crate) members: Vec<String>,
    /// In one of these zones, or below.
    #[serde(default)]
    pub(crate) zones: Vec<String>,
    /// Whose own keys `tag/NAME` hold all of these.
    #[serde(default)]
    pub(crate) tags: BTreeMap<String, String>,
    /// How long the agent listens; five seconds if it is not said.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(crate) deadline_ms: Option<u64>,
    /// Through how many others each answer comes as well.
    #[serde(default)]
    pub(crate) relays: u32,
}

impl QueryDocument {
    fn options(&self) -> Result<QueryOptions, Problem> {
        let ids = |what: &str, texts: &[String]| {
            let id = |text: &String| {
                let wrong = |why| Problem::new(Kind::BadRequest, format!("{what} {text:?}: {why}"));
                text.parse::<NodeId>().map_err(wrong)
            };
            texts.iter().map(id).collect::<Result<Vec<_>, _>>()
        };
        let tags = self.tags.iter().map(|(name, value)| {
            Ok::<_, Problem>(Tag {
                key: format!("tag/{name}").parse::<Key>()?,
                value: Bytes::from(value.clone()),
            })
        });
        let mut options = QueryOptions {
            filter: Filter {
                members: ids("member", &self.members)?,
                zones: ids("zone", &self.zones)?,
                tags: tags.collect::<Result<_, _>>()?,
            },
            relays: self.relays,
            ..QueryOptions::default()
        };
        if let Some(deadline_ms) = self.deadline_ms {
            options.deadline = Duration::from_millis(deadline_ms);
        }
        Ok(options)
    }
}

fn body(body: Result<Bytes, BytesRejection>) -> Result<Bytes, Problem> {
    body.map_err(|why| Problem::new(Kind::TooLarge, why.body_text()))
}

/// `POST /v1/events?name=&coalesce=`: the body is said to everybody.
async fn say(
    State(api): State<Api>,
    asked: Result<Query<SayQuery>, QueryRejection>,
    payload: Result<Bytes, BytesRejection>,
) -> Result<Json<SaidView>, Problem> {
    let (Query(asked), payload) = (asked?, body(payload)?);
    let id = match asked.coalesce {
        false => api.node.event(&asked.name, payload).await?,
        true => api.node.event_coalescing(&asked.name, payload).await?,
    };
    Ok(Json(SaidView {
        id: event_name(&id),
    }))
}

/// `POST /v1/respond?id=`: the body answers a query.
async fn respond(
    State(api): State<Api>,
    asked: Result<Query<RespondQuery>, QueryRejection>,
    response: Result<Bytes, BytesRejection>,
) -> Result<Json<Responded>, Problem> {
    let (Query(asked), response) = (asked?, body(response)?);
    let id = event_id(&asked.id).ok_or_else(|| {
        let wrong = format!("id {:?} is not AUTHOR@GENERATION/NUMBER", asked.id);
        Problem::new(Kind::BadRequest, wrong)
    })?;
    api.node.respond(&id, response).await?;
    Ok(Json(Responded {
        responded: asked.id,
    }))
}

/// `GET /v1/said`: what members say, and the queries that ask the agent.
async fn hear(State(api): State<Api>) -> Result<Response, Problem> {
    let permit = permit(&api)?;
    let hearing = api.node.hear();
    // The stream goes on as long as the node: it must not keep it alive.
    drop(api);
    let lines = hearing.map(|item| SaidLine::new(&item));
    Ok(stream(
        tokio_stream::once(SaidLine::Current).chain(lines),
        permit,
    ))
}

/// `POST /v1/query`: asks members, and tells their answers until it is over.
async fn ask(
    State(api): State<Api>,
    document: Result<Bytes, BytesRejection>,
) -> Result<Response, Problem> {
    let wrong = |why| Problem::new(Kind::BadRequest, format!("the query: {why}"));
    let document: QueryDocument = serde_json::from_slice(&body(document)?).map_err(wrong)?;
    let permit = permit(&api)?;
    let payload = document.payload.clone();
    let asking = api
        .node
        .query(&document.name, payload, document.options()?)
        .await?;
    drop(api);
    let asks = AnswerLine::Asks {
        id: event_name(asking.id()),
        asked: asking.asked(),
    };
    let lines = asking.map(|item: AnswersItem| AnswerLine::new(&item));
    Ok(stream(tokio_stream::once(asks).chain(lines), permit))
}

fn permit(api: &Api) -> Result<OwnedSemaphorePermit, Problem> {
    let permit = Arc::clone(&api.watches).try_acquire_owned();
    permit.map_err(|_| {
        let full = format!("{} watches are open already", limit::WATCHES);
        Problem::new(Kind::Busy, full)
    })
}

/// Documents, one a line; the place among the watches is held as long.
fn stream<T: Serialize>(
    items: impl Stream<Item = T> + Send + 'static,
    permit: OwnedSemaphorePermit,
) -> Response {
    let lines = items.map(move |item| {
        let _held = &permit;
        let mut line = serde_json::to_vec(&item)?;
        line.push(b'\n');
        Ok::<_, serde_json::Error>(Bytes::from(line))
    });
    ([(header::CONTENT_TYPE, NDJSON)], Body::from_stream(lines)).into_response()
}
