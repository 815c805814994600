//! The story: what a cluster does, step by step, each one checked.
//!
//! 1. certificates and agents;
//! 2. they meet;
//! 3. each says something of its own;
//! 4. a key put on one reaches all;
//! 5. one is killed and found dead;
//! 6. it comes back, under a higher generation, with its keys;
//! 7. (script) strangers are refused and counted.

use std::time::Duration;

use bytes::Bytes;
use hyper::Method;

use super::Wish;
use super::child::Child;
use super::narrator::Narrator;
use super::playground::Playground;
use super::stopwatch::Stopwatch;
use super::strangers;
use super::until::{Asked, PATIENCE, all, until};
use crate::api::client::{Lines, PathAndQuery};
use crate::api::types::{Member, RowView, Written};
use crate::api::watch::WatchLine;
use crate::cli::exit::{Exit, Failure};
use crate::cli::members::{human, people};

/// The key that spreads.
const KEY: &str = "greeting";

/// The key that each agent writes of its own.
const OWN_KEY: &str = "about";

/// Which child is killed: not the first, which the others know as their seed.
const VICTIM: usize = 2;

/// Tells it, and hands over the cluster.
///
/// # Errors
/// If a step failed; it has been said by then.
pub(crate) async fn tell(wish: Wish, narrator: Narrator) -> Result<Playground, Failure> {
    let mut story = Story {
        narrator,
        stage: Playground::open()?,
    };
    let nodes = wish.nodes;
    narrator.say(&format!(
        "{nodes} agents on this machine, mutual TLS over QUIC between them; everything lies in {}\n",
        story.stage.path().display()
    ))?;

    let watch = Stopwatch::start();
    let done = story.stage.prepare(nodes);
    let done = done.map(|()| format!("an authority, and a certificate for each of {nodes} nodes"));
    story.said("certificates", watch, done)?;

    let watch = Stopwatch::start();
    let done = story.start_all().await;
    story.said("agents", watch, done)?;

    let done = story.all_alive().await;
    let done = done.map(|()| format!("every agent knows all {nodes} alive"));
    story.said("membership", watch, done)?;
    if !wish.script {
        let members = story.first()?.members().await?;
        narrator.say(&format!("\n{}\n", people(&members)))?;
    }

    let watch = Stopwatch::start();
    let done = story.own_keys().await;
    story.said("own keys", watch, done)?;

    let watch = Stopwatch::start();
    let done = story.spread().await;
    story.said("shared key", watch, done)?;

    let watch = Stopwatch::start();
    let done = story.crash().await;
    let (generation, done) = match done {
        Ok((generation, text)) => (generation, Ok(text)),
        Err(failure) => (0, Err(failure)),
    };
    story.said("crash", watch, done)?;

    let watch = Stopwatch::start();
    let done = story.comeback(generation).await;
    story.said("restart", watch, done)?;

    if wish.script {
        for stranger in strangers::ALL {
            let watch = Stopwatch::start();
            let done = strangers::refused(&story.stage, stranger).await;
            story.said(stranger.name(), watch, done)?;
        }
    }
    Ok(story.stage)
}

struct Story {
    narrator: Narrator,
    stage: Playground,
}

impl Story {
    /// Says how a step went; a failed one is the end of the story.
    fn said(
        &self,
        step: &str,
        watch: Stopwatch,
        went: Result<String, Failure>,
    ) -> Result<(), Failure> {
        self.narrator.step(step, watch.elapsed(), &went)?;
        went.map(|_| ()).map_err(|_| Failure::silent(Exit::Error))
    }

    fn first(&self) -> Result<&Child, Failure> {
        self.stage
            .children
            .first()
            .ok_or_else(|| bug("there is no first agent"))
    }

    /// The first starts alone; its address is the others' seed.
    async fn start_all(&mut self) -> Result<String, Failure> {
        let (first, rest) = self
            .stage
            .children
            .split_first_mut()
            .ok_or_else(|| bug("there are no agents"))?;
        let seed = first.start().await?.listen;
        for child in rest.iter_mut() {
            Playground::point(child, &[seed])?;
        }
        // All at once, as a rack that gets its power back would.
        let starting = self.stage.children.drain(..).map(|mut child| {
            tokio::spawn(async move {
                let started = match child.ready() {
                    Some(_) => Ok(()),
                    None => child.start().await.map(|_| ()),
                };
                (child, started)
            })
        });
        let mut children = Vec::new();
        let mut outcome = Ok(());
        for started in starting.collect::<Vec<_>>() {
            let (child, started) = started.await.map_err(|why| bug(&why.to_string()))?;
            children.push(child);
            outcome = outcome.and(started);
        }
        self.stage.children = children;
        outcome?;
        Ok(format!(
            "{} processes, each with its socket and its journal",
            self.stage.children.len()
        ))
    }

    /// Waits until every agent sees every agent alive.
    async fn all_alive(&self) -> Result<(), Failure> {
        let nodes = self.stage.children.len();
        self.seen_by_all("membership", |members| {
            let alive = members
                .iter()
                .filter(|member| member.status == "alive")
                .count();
            if alive == nodes {
                Asked::Yes(())
            } else {
                Asked::NotYet(format!("sees {alive} of {nodes} alive"))
            }
        })
        .await
    }

    /// Waits until every running agent sees what is wanted.
    async fn seen_by_all(
        &self,
        what: &str,
        judge: impl Fn(&[Member]) -> Asked<()>,
    ) -> Result<(), Failure> {
        for child in self
            .stage
            .children
            .iter()
            .filter(|child| child.ready().is_some())
        {
            let judge = &judge;
            until(what, || async move {
                match child.members().await {
                    Err(failure) => Asked::NotYet(failure.to_string()),
                    Ok(members) => match judge(&members) {
                        Asked::NotYet(reason) => Asked::NotYet(format!("{} {reason}", child.id)),
                        yes => yes,
                    },
                }
            })
            .await?;
        }
        Ok(())
    }

    /// Each agent writes one key of its own; every agent reads them all.
    async fn own_keys(&self) -> Result<String, Failure> {
        for child in &self.stage.children {
            put(child, OWN_KEY, &about(&child.id), true).await?;
        }
        for author in &self.stage.children {
            self.own_key_of(author).await?;
        }
        Ok(format!(
            "each wrote \"{OWN_KEY}\" of its own, every agent reads all of them"
        ))
    }

    /// Waits until every running agent reads a member's own key.
    async fn own_key_of(&self, author: &Child) -> Result<(), Failure> {
        let path = PathAndQuery::key(OWN_KEY).with("member", Some(&author.id));
        for reader in self
            .stage
            .children
            .iter()
            .filter(|child| child.ready().is_some())
        {
            let path = &path;
            until(OWN_KEY, || async move {
                match reader.client().fetch::<RowView>(path.as_str()).await {
                    Ok(row) if row.value.value == Some(about(&author.id)) => Asked::Yes(()),
                    Ok(row) => Asked::NotYet(format!("{} reads {:?}", reader.id, row.value.value)),
                    Err(trouble) => Asked::NotYet(reader.trouble(trouble).to_string()),
                }
            })
            .await?;
        }
        Ok(())
    }

    /// Puts one key on the first agent, and times its arrival at each.
    async fn spread(&self) -> Result<String, Failure> {
        let mut watches = Vec::new();
        for child in &self.stage.children {
            let path = PathAndQuery::new("/v1/watch").with("prefix", Some(KEY));
            let opened = child.client().stream(path.as_str()).await;
            let mut lines = opened.map_err(|trouble| child.trouble(trouble))?;
            // From here on everything is told.
            await_line(child, &mut lines, |line| {
                matches!(line, WatchLine::Current { .. })
            })
            .await?;
            watches.push((child, lines));
        }
        let first = self.first()?;
        let value = "hello, everybody";
        let watch = Stopwatch::start();
        let arrivals = watches.into_iter().map(|(child, mut lines)| async move {
            let expected = |line: &WatchLine| {
                matches!(line, WatchLine::Put(put) if put.row.value.value.as_deref() == Some(value))
            };
            await_line(child, &mut lines, expected).await?;
            Ok::<Duration, Failure>(watch.elapsed())
        });
        let put = put(first, KEY, value, false);
        let (written, arrived) = tokio::join!(put, all(arrivals));
        written?;
        let mut arrived = arrived.into_iter().collect::<Result<Vec<_>, _>>()?;
        arrived.sort_unstable();
        let median = arrived.get(arrived.len() / 2).copied().unwrap_or_default();
        let last = arrived.last().copied().unwrap_or_default();
        Ok(format!(
            "put on {}, read on all {}: half of them after {}, the last after {}",
            first.id,
            arrived.len(),
            human(median),
            human(last)
        ))
    }

    /// Kills one with SIGKILL and waits until all others call it dead. Gives
    /// the generation it died in.
    async fn crash(&mut self) -> Result<(u64, String), Failure> {
        let victim = self.victim()?;
        let (id, ready) = (victim.id.clone(), victim.ready().cloned());
        let ready = ready.ok_or_else(|| bug("the victim does not run"))?;
        victim.kill().await?;
        self.seen_by_all("crash", |members| stands(members, &id, "dead", 0))
            .await?;
        let others = self.stage.children.len().saturating_sub(1);
        let text = format!(
            "{id} (process {}) killed; dead in the eyes of all {others} others",
            ready.pid
        );
        Ok((ready.generation, text))
    }

    /// Starts it again, and waits until all see it alive, in a later run and
    /// with what it had said.
    async fn comeback(&mut self, before: u64) -> Result<String, Failure> {
        let victim = self.victim()?;
        let id = victim.id.clone();
        let generation = victim.start().await?.generation;
        if generation <= before {
            return Err(bug(&format!(
                "{id} runs as generation {generation}, after {before}"
            )));
        }
        self.seen_by_all("restart", |members| {
            stands(members, &id, "alive", generation)
        })
        .await?;
        self.all_alive().await?;
        let back = self.stage.children.iter().find(|child| child.id == id);
        let back = back.ok_or_else(|| bug("the victim is gone"))?;
        self.own_key_of(back).await?;
        let row = back
            .client()
            .fetch::<RowView>(PathAndQuery::key(KEY).as_str())
            .await;
        row.map_err(|trouble| back.trouble(trouble))?;
        Ok(format!(
            "{id} is back, generation {before} → {generation}, with its own keys and the shared one"
        ))
    }

    fn victim(&mut self) -> Result<&mut Child, Failure> {
        let victim = self.stage.children.get_mut(VICTIM);
        victim.ok_or_else(|| bug("there is no agent to kill"))
    }
}

fn about(id: &str) -> String {
    format!("I am {id}")
}

/// Whether a member stands so, in that generation or a later one.
fn stands(members: &[Member], id: &str, status: &str, generation: u64) -> Asked<()> {
    match members.iter().find(|member| member.id == id) {
        Some(member) if member.status == status && member.generation >= generation => {
            Asked::Yes(())
        }
        Some(member) => Asked::NotYet(format!(
            "sees {id} {} in generation {}",
            member.status, member.generation
        )),
        None => Asked::NotYet(format!("does not know {id}")),
    }
}

async fn put(child: &Child, key: &str, value: &str, own: bool) -> Result<Written, Failure> {
    let path = PathAndQuery::key(key).with("scope", own.then_some("own"));
    let body = Bytes::from(value.to_owned());
    let written = child
        .client()
        .ask::<Written>(Method::PUT, path.as_str(), body)
        .await;
    written.map_err(|trouble| child.trouble(trouble))
}

async fn await_line(
    child: &Child,
    lines: &mut Lines,
    wanted: impl Fn(&WatchLine) -> bool,
) -> Result<(), Failure> {
    let waiting = async {
        while let Some(line) = lines
            .next()
            .await
            .map_err(|trouble| child.trouble(trouble))?
        {
            if serde_json::from_slice::<WatchLine>(&line).is_ok_and(|line| wanted(&line)) {
                return Ok(());
            }
        }
        Err(Failure::new(
            Exit::Error,
            format!("{}: its watch ended", child.id),
        ))
    };
    match tokio::time::timeout(PATIENCE, waiting).await {
        Ok(found) => found,
        Err(_) => {
            let line = format!("{}: nothing came within {} s", child.id, PATIENCE.as_secs());
            Err(Failure::new(Exit::Error, line))
        }
    }
}

fn bug(what: &str) -> Failure {
    Failure::new(Exit::Error, what)
}
