//! Strangers: who knocks and does not belong, is refused, and is counted.

use std::net::UdpSocket;

use super::child::Child;
use super::playground::Playground;
use super::until::{Asked, until};
use crate::api::types::StatusView;
use crate::cli::exit::{Exit, Failure};

/// A kind of stranger.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Stranger {
    /// An agent whose certificate comes from another authority.
    OtherAuthority,
    /// An agent of another cluster, under the same authority.
    OtherCluster,
    /// A program that speaks UDP, but not QUIC.
    Plaintext,
}

/// All of them.
pub(crate) const ALL: [Stranger; 3] = [
    Stranger::OtherAuthority,
    Stranger::OtherCluster,
    Stranger::Plaintext,
];

impl Stranger {
    /// In two words.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::OtherAuthority => "other CA",
            Self::OtherCluster => "other cluster",
            Self::Plaintext => "plaintext",
        }
    }

    /// The transport's counters of which one must rise.
    fn counters(self) -> &'static [&'static str] {
        match self {
            Self::OtherAuthority => &["handshakes_failed"],
            Self::OtherCluster => &["refused_other_cluster"],
            Self::Plaintext => &["packets_not_quic"],
        }
    }
}

/// Lets one knock at the first agent, and waits until it is counted there.
pub(crate) async fn refused(stage: &Playground, stranger: Stranger) -> Result<String, Failure> {
    let host = stage.children.first();
    let host = host.ok_or_else(|| Failure::new(Exit::Error, "there is nobody to knock at"))?;
    let before = counted(&host.status().await?, stranger);
    let knocking = match stranger {
        Stranger::OtherAuthority => Some((stage, "stranger-ca", Playground::other_authority()?)),
        Stranger::OtherCluster => Some((stage, "stranger-cluster", stage.other_cluster()?)),
        Stranger::Plaintext => None,
    };
    match knocking {
        Some((stage, id, authority)) => {
            let mut agent = stage.agent(id, &authority)?;
            let seed = host.ready().map(|ready| ready.listen);
            Playground::point(&agent, seed.as_slice())?;
            agent.start().await?;
            let counted = rises(host, stranger, &before).await?;
            apart(stage, &agent).await?;
            agent.kill().await?;
            Ok(format!(
                "an agent was refused, and is a member nowhere; {counted} on {}",
                host.id
            ))
        }
        None => {
            speak_plainly(host)?;
            let counted = rises(host, stranger, &before).await?;
            Ok(format!("a packet was refused; {counted}"))
        }
    }
}

/// What that kind was counted as, so far.
fn counted(status: &StatusView, stranger: Stranger) -> Vec<(&'static str, u64)> {
    let transport = status.counters.get("transport");
    let count = |name: &str| transport.and_then(|counters| counters.get(name)).copied();
    let names = stranger.counters().iter();
    names
        .map(|name| (*name, count(name).unwrap_or(0)))
        .collect()
}

/// Waits until one of the counters has risen; says which.
async fn rises(
    host: &Child,
    stranger: Stranger,
    before: &[(&'static str, u64)],
) -> Result<String, Failure> {
    until(stranger.name(), || async move {
        match host.status().await {
            Ok(status) => {
                let now = counted(&status, stranger);
                let mut pairs = before.iter().zip(now);
                match pairs.find(|((_, before), (_, now))| now > before) {
                    Some(((name, before), (_, now))) => {
                        Asked::Yes(format!("{} counts {name} {before} → {now}", host.id))
                    }
                    None => Asked::NotYet(format!("{} counted nothing", host.id)),
                }
            }
            Err(failure) => Asked::NotYet(failure.to_string()),
        }
    })
    .await
}

/// Nobody knows the stranger, and it knows nobody.
async fn apart(stage: &Playground, stranger: &Child) -> Result<(), Failure> {
    for child in &stage.children {
        if child
            .members()
            .await?
            .iter()
            .any(|member| member.id == stranger.id)
        {
            let line = format!("{} took {} in", child.id, stranger.id);
            return Err(Failure::new(Exit::Error, line));
        }
    }
    if stranger
        .members()
        .await?
        .iter()
        .any(|member| !member.is_self)
    {
        let line = format!("{} was taken in", stranger.id);
        return Err(Failure::new(Exit::Error, line));
    }
    Ok(())
}

/// What a gossip without encryption might send. A first byte without QUIC's
/// fixed bit (RFC 9000 §17) cannot be QUIC.
fn speak_plainly(host: &Child) -> Result<(), Failure> {
    let told = |why: std::io::Error| Failure::new(Exit::Error, format!("plaintext: {why}"));
    let Some(ready) = host.ready() else {
        return Err(Failure::new(Exit::Error, "there is nobody to speak to"));
    };
    let socket = UdpSocket::bind("127.0.0.1:0").map_err(told)?;
    let packet = b"\x00ping from a peer that knows no TLS, let me in please";
    socket
        .send_to(packet, ready.listen)
        .map(|_| ())
        .map_err(told)
}
