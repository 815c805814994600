//! `GET /v1/watch`: keys as they stand or what was missed, then every change.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::header;
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use gossip_node::{
    Cursor, KeyEvent, KeyEventKind, Keys, Selection, Stamp, StreamExt as _, WatchItem, Whose,
    WriteId,
};
use serde::{Deserialize, Serialize};

use super::limit;
use super::problem::{Kind, Problem};
use super::server::{Api, NDJSON, ScopeWord, space};
use super::types::{RowView, write_name};

/// One line of `GET /v1/watch`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "lowercase")]
pub(crate) enum WatchLine {
    /// What came after the cursor is no longer known: forget what you hold.
    Anew,
    /// A key as it stood when the watch began.
    Row(RowView),
    /// That is how it stands, or what was missed; changes follow.
    Current {
        /// From where to resume.
        #[serde(default)]
        cursor: String,
    },
    /// A key was written.
    Put(Written),
    /// A key was deleted.
    Delete(Gone),
    /// A key's time was over.
    Expire(Gone),
    /// A write is no longer: its author's log was cut back, or its author is
    /// forgotten.
    Reset(Gone),
    /// Of two concurrent writes to a shared key one lost.
    Conflict(Conflict),
    /// The reader was too slow, and exactly this many lines are lost to it.
    Lagged {
        /// How many.
        missed: u64,
    },
}

/// A key that holds something new.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Written {
    /// How it stands now.
    #[serde(flatten)]
    pub(crate) row: RowView,
    /// The write that stood before, as `AUTHOR@VERSION`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(crate) before: Option<String>,
    /// From where to resume.
    #[serde(default)]
    pub(crate) cursor: String,
}

/// A key that is no longer there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Gone {
    /// Which key.
    pub(crate) key: String,
    /// The write behind it, as `AUTHOR@VERSION`.
    pub(crate) write: String,
    /// Who wrote it.
    pub(crate) author: String,
    /// The author's how-manieth write it was.
    pub(crate) version: u64,
    /// When, on the author's clock: milliseconds since 1970.
    pub(crate) stamp_ms: u64,
    /// Tells writes of one millisecond apart.
    pub(crate) stamp_counter: u32,
    /// The write that stood before, as `AUTHOR@VERSION`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(crate) before: Option<String>,
    /// From where to resume.
    #[serde(default)]
    pub(crate) cursor: String,
}

/// Two concurrent writes, of which one lost.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Conflict {
    /// The write that lost, and the one that stands.
    #[serde(flatten)]
    pub(crate) lost: LostWrite,
    /// From where to resume.
    #[serde(default)]
    pub(crate) cursor: String,
}

/// A concurrent write to a shared key that lost, and against what.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct LostWrite {
    /// Which key.
    pub(crate) key: String,
    /// The write that stands, as `AUTHOR@VERSION`.
    pub(crate) won: String,
    /// When it was made, on its author's clock: milliseconds since 1970.
    #[serde(default)]
    pub(crate) won_stamp_ms: u64,
    /// Tells writes of one millisecond apart.
    #[serde(default)]
    pub(crate) won_stamp_counter: u32,
    /// The write that is lost.
    pub(crate) lost: String,
    /// When it was made.
    #[serde(default)]
    pub(crate) lost_stamp_ms: u64,
    /// Tells writes of one millisecond apart.
    #[serde(default)]
    pub(crate) lost_stamp_counter: u32,
}

impl LostWrite {
    /// Two writes with their stamps.
    pub(crate) fn new(key: &str, won: &(WriteId, Stamp), lost: &(WriteId, Stamp)) -> Self {
        Self {
            key: key.to_owned(),
            won: write_name(&won.0),
            won_stamp_ms: won.1.millis,
            won_stamp_counter: won.1.counter,
            lost: write_name(&lost.0),
            lost_stamp_ms: lost.1.millis,
            lost_stamp_counter: lost.1.counter,
        }
    }
}

impl WatchLine {
    /// One item of a watch.
    pub(crate) fn new(item: &WatchItem) -> Self {
        match item {
            WatchItem::Anew => Self::Anew,
            WatchItem::Row(row) => Self::Row(RowView::new(row)),
            WatchItem::Current(cursor) => Self::Current {
                cursor: cursor.to_string(),
            },
            WatchItem::Changed(event) => Self::changed(event),
            WatchItem::Conflict {
                key,
                won,
                lost,
                cursor,
            } => Self::Conflict(Conflict {
                lost: LostWrite::new(key.as_str(), won, lost),
                cursor: cursor.to_string(),
            }),
            WatchItem::Lagged(missed) => Self::Lagged { missed: *missed },
        }
    }

    fn changed(event: &KeyEvent) -> Self {
        let before = event.before.as_ref().map(write_name);
        let cursor = event.cursor.to_string();
        let gone = || Gone {
            key: event.key.as_str().to_owned(),
            write: write_name(&event.write),
            author: event.write.author.to_string(),
            version: event.write.version.0,
            stamp_ms: event.stamp.millis,
            stamp_counter: event.stamp.counter,
            before: before.clone(),
            cursor: cursor.clone(),
        };
        match event.kind {
            KeyEventKind::Put => Self::Put(Written {
                row: RowView::written(event),
                before,
                cursor,
            }),
            KeyEventKind::Deleted => Self::Delete(gone()),
            KeyEventKind::Expired => Self::Expire(gone()),
            KeyEventKind::Reset => Self::Reset(gone()),
        }
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WatchQuery {
    prefix: Option<String>,
    key: Option<String>,
    scope: Option<ScopeWord>,
    member: Option<String>,
    #[serde(default)]
    everybody: bool,
    from: Option<String>,
}

impl WatchQuery {
    fn selection(&self, api: &Api) -> Result<Selection, Problem> {
        let wrong = |text: &str| Err(Problem::new(Kind::BadRequest, text));
        let keys = match (&self.key, &self.prefix) {
            (Some(_), Some(_)) => return wrong("either `key` or `prefix`, not both"),
            (Some(key), None) => Keys::Exactly(key.parse()?),
            (None, prefix) => Keys::Prefix(prefix.clone().unwrap_or_default()),
        };
        let whose = match (self.everybody, self.scope, &self.member) {
            (false, scope, member) => space(&api.node, scope, member.as_deref())?.into(),
            (true, None | Some(ScopeWord::Own), None) => Whose::Everybody,
            (true, ..) => return wrong("`everybody` is every member's own keys: no other scope"),
        };
        Ok(Selection { whose, keys })
    }
}

/// `GET /v1/watch?prefix=&key=&scope=&member=&everybody=&from=`.
pub(super) async fn watch(
    State(api): State<Api>,
    asked: Result<Query<WatchQuery>, QueryRejection>,
) -> Result<Response, Problem> {
    let Query(asked) = asked?;
    let Ok(permit) = Arc::clone(&api.watches).try_acquire_owned() else {
        let full = format!("{} watches are open already", limit::WATCHES);
        return Err(Problem::new(Kind::Busy, full));
    };
    let from = asked.from.as_deref().map(str::parse::<Cursor>).transpose();
    let from = from.map_err(|why| Problem::new(Kind::BadRequest, format!("from: {why}")))?;
    let watch = api.node.watch_from(asked.selection(&api)?, from).await?;
    // The stream goes on as long as the node: it must not keep it alive.
    drop(api);
    let lines = watch.map(move |item| {
        // The place among the watches is held as long as the stream.
        let _held = &permit;
        let mut line = serde_json::to_vec(&WatchLine::new(&item))?;
        line.push(b'\n');
        Ok::<_, serde_json::Error>(Bytes::from(line))
    });
    Ok(([(header::CONTENT_TYPE, NDJSON)], Body::from_stream(lines)).into_response())
}
