//! The API's endpoints: one function each, in the order of docs/AGENT.md.
//!
//! A function reads what was asked, asks the node once, and answers. Nothing
//! is decided here but form: what may be written and what stands is for the
//! node to say.

use std::num::NonZeroU64;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::rejection::{BytesRejection, PathRejection, QueryRejection};
use axum::extract::{DefaultBodyLimit, Path, Query, Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use bytes::Bytes;
use gossip_node::{Expected, Key, Node, NodeId, Row, Scope, Space, Value, Version, Write, WriteId};
use serde::Deserialize;
use tokio::sync::Semaphore;

use super::door::{Bounded, Door, only_local};
use super::keys;
use super::limit;
use super::operate;
use super::problem::{Kind, Problem};
use super::say;
use super::serve::serve;
use super::types::{Left, Member, Members, RowView, Rows, StatusView, Written, write_name};
use super::watch::watch;

/// The media type of a stream of JSON documents, one a line.
pub(super) const NDJSON: &str = "application/x-ndjson";

/// What every endpoint has at hand.
#[derive(Debug, Clone)]
pub(crate) struct Api {
    pub(super) node: Node,
    pub(super) watches: Arc<Semaphore>,
    leave: Duration,
}

impl Api {
    /// The API of a node that lingers that long when it leaves.
    pub(crate) fn new(node: Node, linger: Duration) -> Self {
        Self {
            node,
            watches: Arc::new(Semaphore::new(limit::WATCHES)),
            leave: linger + limit::LEAVE_SLACK,
        }
    }

    /// Serves until `stop` ends, then finishes what was begun.
    pub(crate) async fn serve(self, door: Door, stop: impl Future<Output = ()> + Send + 'static) {
        let routes = self.routes();
        match door {
            Door::Socket(listener, _file) => {
                serve(Bounded::new(listener), routes, limit::HEADER, stop).await;
            }
            Door::Tcp(listener) => {
                let routes = routes.layer(middleware::from_fn(only_local));
                serve(Bounded::new(listener), routes, limit::HEADER, stop).await;
            }
        }
    }

    fn routes(self) -> Router {
        let quick = Router::new()
            .route("/v1/members", get(members))
            .route("/v1/status", get(status))
            .merge(operate::quick())
            .merge(say::quick())
            .merge(keys::quick())
            .route("/v1/kv", get(list))
            .route("/v1/kv/{*key}", get(read).put(put).delete(delete))
            .layer(middleware::from_fn(in_time));
        Router::new()
            .merge(quick)
            .merge(operate::lasting())
            .merge(say::lasting())
            .route("/v1/watch", get(watch))
            .route("/v1/leave", axum::routing::post(leave))
            .fallback(not_found)
            .method_not_allowed_fallback(method_not_allowed)
            .layer(DefaultBodyLimit::max(limit::BODY_BYTES))
            .with_state(self)
    }
}

// ---- Endpoints ---------------------------------------------------------------

/// `GET /v1/members`: everybody the node knows of.
async fn members(State(api): State<Api>) -> Result<Json<Members>, Problem> {
    let views = api.node.members().await?;
    let members = views.iter().map(|view| Member::new(view, api.node.id()));
    Ok(Json(Members {
        members: members.collect(),
    }))
}

/// `GET /v1/status`: how the node is, and what it counted.
async fn status(State(api): State<Api>) -> Result<Json<StatusView>, Problem> {
    let status = api.node.status().await?;
    Ok(Json(StatusView::new(&api.node, &status)))
}

/// `GET /v1/kv?prefix=&scope=&member=&limit=&after=`: keys in order.
async fn list(
    State(api): State<Api>,
    asked: Result<Query<ListQuery>, QueryRejection>,
) -> Result<Json<Rows>, Problem> {
    let Query(asked) = asked?;
    let prefix = asked.prefix.unwrap_or_default();
    let rows = match space(&api.node, asked.scope, asked.member.as_deref())? {
        Space::Shared => api.node.list(&prefix).await?,
        Space::Own(member) => api.node.list_own(&member, &prefix).await?,
    };
    let most = asked
        .limit
        .unwrap_or(limit::LIST_ROWS)
        .clamp(1, limit::LIST_ROWS);
    Ok(Json(page(&rows, asked.after.as_deref(), most)))
}

/// `GET /v1/kv/{key}?scope=&member=&raw=`: one key.
async fn read(
    State(api): State<Api>,
    key: Result<Path<String>, PathRejection>,
    asked: Result<Query<ReadQuery>, QueryRejection>,
) -> Result<Response, Problem> {
    let (Path(key), Query(asked)) = (key?, asked?);
    let row = match space(&api.node, asked.scope, asked.member.as_deref())? {
        Space::Shared => api.node.get(&key).await?,
        Space::Own(member) => api.node.get_own(&member, &key).await?,
    };
    let Some(row) = row else {
        return Err(Problem::new(Kind::Absent, format!("{key:?} is not there")));
    };
    if asked.raw {
        let headers = [
            (header::CONTENT_TYPE, "application/octet-stream".to_owned()),
            (header::ETAG, format!("\"{}\"", write_name(&row.write))),
        ];
        return Ok((headers, row.value.bytes().clone()).into_response());
    }
    Ok(Json(RowView::new(&row)).into_response())
}

/// `PUT /v1/kv/{key}?scope=&if_absent=&if_write=&ttl_ms=&at_once=`: the body becomes the value.
async fn put(
    State(api): State<Api>,
    key: Result<Path<String>, PathRejection>,
    asked: Result<Query<WriteQuery>, QueryRejection>,
    body: Result<Bytes, BytesRejection>,
) -> Result<Json<Written>, Problem> {
    let (Path(key), Query(asked)) = (key?, asked?);
    let body = body.map_err(|why| match why.status() {
        StatusCode::PAYLOAD_TOO_LARGE => {
            let most = gossip_core::base::limit::VALUE_BYTES;
            let wrong =
                format!("a value of more than {most} bytes is more than the {most} allowed");
            Problem::new(Kind::TooLarge, wrong)
        }
        _ => Problem::new(Kind::BadRequest, why.body_text()),
    })?;
    write(&api, &key, asked, Some(Value::new(body)?)).await
}

/// `DELETE /v1/kv/{key}?scope=&if_write=&at_once=`: the key is gone.
async fn delete(
    State(api): State<Api>,
    key: Result<Path<String>, PathRejection>,
    asked: Result<Query<WriteQuery>, QueryRejection>,
) -> Result<Json<Written>, Problem> {
    let (Path(key), Query(asked)) = (key?, asked?);
    write(&api, &key, asked, None).await
}

/// `POST /v1/leave`: the node tells everybody, and its process ends. Answers
/// when they have been told.
async fn leave(State(api): State<Api>) -> Result<Json<Left>, Problem> {
    match tokio::time::timeout(api.leave, api.node.leave()).await {
        Ok(left) => left?,
        Err(_) => {
            let wrong = format!("it has not left within {:?}", api.leave);
            return Err(Problem::new(Kind::TimedOut, wrong));
        }
    }
    Ok(Json(Left {
        left: api.node.id().to_string(),
    }))
}

// ---- What they share ---------------------------------------------------------

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ListQuery {
    prefix: Option<String>,
    scope: Option<ScopeWord>,
    member: Option<String>,
    limit: Option<usize>,
    after: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ReadQuery {
    scope: Option<ScopeWord>,
    member: Option<String>,
    #[serde(default)]
    raw: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct WriteQuery {
    scope: Option<ScopeWord>,
    #[serde(default)]
    if_absent: bool,
    if_write: Option<String>,
    ttl_ms: Option<NonZeroU64>,
    #[serde(default)]
    at_once: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum ScopeWord {
    Own,
    Shared,
}

/// Which name space is meant: a member's, if one is named; else the scope's.
pub(super) fn space(
    node: &Node,
    scope: Option<ScopeWord>,
    member: Option<&str>,
) -> Result<Space, Problem> {
    match (scope, member) {
        (None | Some(ScopeWord::Shared), None) => Ok(Space::Shared),
        (Some(ScopeWord::Own), None) => Ok(Space::Own(node.id().clone())),
        (Some(ScopeWord::Shared), Some(_)) => {
            let wrong = "shared keys belong to no member; leave `member` or `scope` out";
            Err(Problem::new(Kind::BadRequest, wrong))
        }
        (None | Some(ScopeWord::Own), Some(member)) => match member.parse() {
            Ok(member) => Ok(Space::Own(member)),
            Err(why) => Err(Problem::new(
                Kind::BadRequest,
                format!("member {member:?}: {why}"),
            )),
        },
    }
}

pub(super) fn expected(
    if_absent: bool,
    if_write: Option<&str>,
) -> Result<Option<Expected>, Problem> {
    let wrong = |text: String| Err(Problem::new(Kind::BadRequest, text));
    match (if_absent, if_write) {
        (false, None) => Ok(None),
        (true, None) => Ok(Some(Expected::Absent)),
        (true, Some(_)) => wrong("if_absent and if_write cannot both hold".to_owned()),
        (false, Some(name)) => {
            let parsed = name.rsplit_once('@').and_then(|(author, version)| {
                let author: NodeId = author.parse().ok()?;
                let version = Version(version.parse().ok()?);
                Some(WriteId { author, version })
            });
            match parsed {
                Some(write) => Ok(Some(Expected::Write(write))),
                None => wrong(format!(
                    "if_write {name:?} is not AUTHOR@VERSION, such as eu/n1@7"
                )),
            }
        }
    }
}

async fn write(
    api: &Api,
    key: &str,
    asked: WriteQuery,
    value: Option<Value>,
) -> Result<Json<Written>, Problem> {
    let only_if = expected(asked.if_absent, asked.if_write.as_deref())?;
    let write = Write {
        scope: match asked.scope {
            Some(ScopeWord::Own) => Scope::Own,
            Some(ScopeWord::Shared) | None => Scope::Shared,
        },
        key: key.parse::<Key>()?,
        value,
        only_if,
        ttl: asked.ttl_ms.map(|ms| Duration::from_millis(ms.get())),
    };
    let written = match asked.at_once {
        true => api.node.write_at_once(vec![write]).await?,
        false => api.node.write(vec![write]).await?,
    };
    Ok(Json(Written::new(key, written.first())))
}

/// The rows after a key, as many as go into one answer.
fn page(rows: &[Row], after: Option<&str>, most: usize) -> Rows {
    let start = after.map_or(0, |after| {
        rows.partition_point(|row| row.key.as_str() <= after)
    });
    let rest = rows.get(start..).unwrap_or_default();
    let mut bytes = 0_usize;
    let taken = rest.iter().enumerate().take_while(|(told, row)| {
        bytes = bytes.saturating_add(row.value.bytes().len());
        *told < most && (*told == 0 || bytes <= limit::LIST_BYTES)
    });
    let page: Vec<_> = taken.map(|(_, row)| RowView::new(row)).collect();
    let more = page.len() < rest.len();
    Rows {
        next: page.last().filter(|_| more).map(|row| row.key.clone()),
        rows: page,
    }
}

/// Gives every quick request its time.
async fn in_time(request: Request, next: Next) -> Response {
    match tokio::time::timeout(limit::REQUEST, next.run(request)).await {
        Ok(response) => response,
        Err(_) => {
            let wrong = format!(
                "no answer within {:?}; a write may have happened",
                limit::REQUEST
            );
            Problem::new(Kind::TimedOut, wrong).into_response()
        }
    }
}

async fn not_found(request: Request) -> Problem {
    let wrong = format!(
        "{} is not there; docs/AGENT.md lists what is",
        request.uri().path()
    );
    Problem::new(Kind::NotFound, wrong)
}

async fn method_not_allowed(request: Request) -> Problem {
    let wrong = format!(
        "{} does not take {}",
        request.uri().path(),
        request.method()
    );
    Problem::new(Kind::MethodNotAllowed, wrong)
}

impl From<QueryRejection> for Problem {
    fn from(why: QueryRejection) -> Self {
        Self::new(Kind::BadRequest, why.body_text())
    }
}

impl From<PathRejection> for Problem {
    fn from(why: PathRejection) -> Self {
        Self::new(Kind::BadRequest, why.body_text())
    }
}
