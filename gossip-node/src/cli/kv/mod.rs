//! `gossip kv`: what the cluster knows.
//!
//! *Shared* keys may be written by every member, the last writer wins. *Own*
//! keys have one writer, their member; everybody reads them.

use std::time::{Duration, UNIX_EPOCH};

mod batch;
mod delete;
mod everybody;
mod get;
mod keys;
mod list;
mod put;
mod watch;

use super::exit::Failure;
use super::{Shared, out};
use crate::api::client::PathAndQuery;
use crate::api::types::{RowView, ValueView};
use crate::api::watch::LostWrite;

/// Read and write keys
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    Put(put::Args),
    Get(get::Args),
    Delete(delete::Args),
    Batch(batch::Args),
    List(list::Args),
    Everybody(everybody::Args),
    Keys(keys::Args),
    Watch(watch::Args),
}

pub(crate) async fn run(command: &Command, shared: &Shared) -> Result<(), Failure> {
    match command {
        Command::Put(args) => put::run(args, shared).await,
        Command::Get(args) => get::run(args, shared).await,
        Command::Delete(args) => delete::run(args, shared).await,
        Command::Batch(args) => batch::run(args, shared).await,
        Command::List(args) => list::run(args, shared).await,
        Command::Everybody(args) => everybody::run(args, shared).await,
        Command::Keys(args) => keys::run(args, shared).await,
        Command::Watch(args) => watch::run(args, shared).await,
    }
}

/// Whose keys are read.
#[derive(Debug, clap::Args)]
struct Whose {
    /// The agent's own keys rather than the shared ones
    #[arg(long)]
    own: bool,

    /// This member's own keys rather than the shared ones
    #[arg(long, value_name = "ID", conflicts_with = "own")]
    member: Option<String>,
}

impl Whose {
    fn ask(&self, path: PathAndQuery) -> PathAndQuery {
        path.with("scope", self.own.then_some("own"))
            .with("member", self.member.as_deref())
    }
}

/// Under which condition a key is written.
#[derive(Debug, clap::Args)]
struct OnlyIf {
    /// Only if it was last written by this write, as `kv get --json` names it
    ///
    /// Judged by this agent, at this moment: a concurrent write elsewhere can still win later.
    #[arg(long, value_name = "AUTHOR@VERSION")]
    if_write: Option<String>,
}

impl OnlyIf {
    fn ask(&self, path: PathAndQuery) -> PathAndQuery {
        path.with("if_write", self.if_write.as_deref())
    }
}

/// A value on one line: text, or base64 that says so.
fn on_a_line(value: &ValueView) -> String {
    match (&value.value, &value.value_base64) {
        (Some(text), _) => out::visible(text),
        (None, Some(base64)) => format!("base64:{base64}"),
        (None, None) => String::new(),
    }
}

/// Of two concurrent writes one lost: as part of a sentence.
pub(crate) fn lost(lost: &LostWrite) -> String {
    format!(
        "{}: {} ({}) lost against {} ({})",
        lost.key,
        lost.lost,
        moment(lost.lost_stamp_ms, lost.lost_stamp_counter),
        lost.won,
        moment(lost.won_stamp_ms, lost.won_stamp_counter),
    )
}

/// A stamp: the moment, and which of that millisecond where it is not the first.
pub(crate) fn moment(stamp_ms: u64, stamp_counter: u32) -> String {
    let moment = UNIX_EPOCH.checked_add(Duration::from_millis(stamp_ms));
    let latest = Duration::from_secs(253_402_300_799); // RFC 3339: the year 9999
    let text = match moment.filter(|_| Duration::from_millis(stamp_ms) <= latest) {
        Some(moment) => humantime::format_rfc3339_millis(moment).to_string(),
        None => format!("{stamp_ms} ms"),
    };
    match stamp_counter {
        0 => text,
        more => format!("{text}+{more}"),
    }
}

/// A row of a table for people.
fn columns(row: &RowView) -> [String; 3] {
    [
        out::visible(&row.key),
        out::visible(&row.write),
        on_a_line(&row.value),
    ]
}
