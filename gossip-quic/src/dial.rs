//! Dials: from an address to a proven peer, or to a reason why not.
//!
//! *When* to dial is the host's decision. Here two dials to one target become
//! one, too many wait their turn, and a target that failed a moment ago is
//! refused for a while.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use gossip_core::base::id::NodeId;
use quinn::{Connection, ConnectionError};
use tokio::time::{Instant, sleep, timeout};

use crate::backoff::Backoff;
use crate::close::CloseCode;
use crate::event::Event;
use crate::greet::{self, GreetError};
use crate::limit;
use crate::quic;
use crate::race;
use crate::shared::Shared;
use crate::socket;
use crate::target::{DialError, Dialing, Target, TargetName};
use crate::verify::{Judge, Refusal};

/// A name QUIC insists on; TLS does not send it.
const SERVER_NAME: &str = "gossip.invalid";

/// How many initial round trips an answer is still waited for after the system
/// has reported that nobody listens. A firewall may have refused the question
/// and let the real thing pass (guess).
const GRACE_ROUND_TRIPS: u32 = 3;

/// Which dials are under way, and who failed.
#[derive(Debug)]
pub(crate) struct Dials {
    under_way: BTreeSet<TargetName>,
    backoff: Backoff,
}

impl Dials {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            under_way: BTreeSet::new(),
            backoff: Backoff::new(seed),
        }
    }

    fn begin(&mut self, name: &TargetName) -> Result<Dialing, DialError> {
        if self.under_way.contains(name) {
            return Ok(Dialing::Joined);
        }
        if let Some(retry_in) = self.backoff.wait(name, Instant::now()) {
            return Err(DialError::BackingOff { retry_in });
        }
        if self.under_way.len() >= limit::DIALS_IN_FLIGHT + limit::DIALS_QUEUED {
            return Err(DialError::LimitReached);
        }
        self.under_way.insert(name.clone());
        Ok(Dialing::Started)
    }

    /// Before the host is told, so that its next dial is a new one.
    fn end(&mut self, name: &TargetName, reached: bool) {
        self.under_way.remove(name);
        if reached {
            self.backoff.succeeded(name);
        } else {
            self.backoff.failed(name, Instant::now());
        }
    }
}

/// Begins a dial, if one is to be begun.
pub(crate) fn begin(shared: &Arc<Shared>, mut target: Target) -> Result<Dialing, DialError> {
    if shared.is_closing() {
        return Err(DialError::Closing);
    }
    target.addrs.truncate(limit::ADDRS);
    if let TargetName::Member(id) = &target.name {
        if shared.pool().alive(id).is_some() {
            shared.cells.dials_joined.bump();
            return Ok(Dialing::AlreadyUp);
        }
        if let (true, Some(addr)) = (id == shared.own.node(), target.addrs.first()) {
            return Err(DialError::OwnIdentity { addr: *addr });
        }
    }
    if target.addrs.is_empty() {
        return Err(DialError::NoAddress);
    }
    let begun = shared.dials().begin(&target.name);
    match &begun {
        Ok(Dialing::Started) => {
            shared.cells.dials_started.bump();
            shared.tasks.spawn(run(Arc::clone(shared), target));
        }
        Ok(_) => shared.cells.dials_joined.bump(),
        Err(DialError::BackingOff { .. }) => shared.cells.dials_backing_off.bump(),
        Err(_) => shared.cells.dials_over_limit.bump(),
    }
    begun
}

async fn run(shared: Arc<Shared>, target: Target) {
    let outcome = in_turn(&shared, &target).await;
    let Target { name, .. } = target;
    shared.dials().end(&name, outcome.is_ok());
    let event = match outcome {
        Ok(peer) => Event::Reached { target: name, peer },
        Err(why) => {
            shared.cells.dials_failed.bump();
            Event::DialFailed { target: name, why }
        }
    };
    shared.tell(event).await;
}

/// Waits for a slot, and gives it back as soon as no answer is on its way.
async fn in_turn(shared: &Arc<Shared>, target: &Target) -> Result<NodeId, DialError> {
    // An error cannot be: the slots are never closed.
    let slot = shared.dial_slots.acquire().await;
    let mut reaching = pin!(race::reach(shared, target));
    match timeout(limit::DIAL_BEGINS, &mut reaching).await {
        Ok(outcome) => outcome,
        Err(_) => {
            drop(slot);
            reaching.await
        }
    }
}

/// Tries one address.
pub(crate) async fn attempt(
    shared: &Arc<Shared>,
    name: &TargetName,
    addr: SocketAddr,
) -> Result<NodeId, DialError> {
    let expected = match name {
        TargetName::Seed(_) => None,
        TargetName::Member(id) => Some(id.clone()),
    };
    let broken = |reason: String| DialError::Protocol { addr, reason };
    let (crypto, judge) = shared.tls.dialer(expected).map_err(broken)?;
    let client = quic::client(crypto, &shared.transport);
    let connecting = shared
        .quic
        .connect_with(client, addr, SERVER_NAME)
        .map_err(|error| broken(error.to_string()))?;
    let connection = tokio::select! {
        connected = connecting => connected.map_err(|error| explain(addr, &judge, error))?,
        () = nobody_listens(addr, shared.config.initial_rtt) => {
            return Err(DialError::Unreachable { addr });
        }
    };
    // A dial that is given up must not leave a connection behind.
    let mut guard = HangUp(Some(connection.clone()));
    let greeted = greet::dialed(shared, &connection).await;
    guard.0 = None;
    match greeted {
        Ok(link) => Ok(link.peer.clone()),
        Err(error) => {
            greet::refuse(shared, &connection, &error);
            Err(match error {
                GreetError::Lost(error) => {
                    let error = explain(addr, &judge, error);
                    if matches!(error, DialError::Disagreed { .. }) {
                        shared.cells.refused_disagreed.bump();
                    }
                    error
                }
                GreetError::Disagreed(clash) => DialError::Disagreed {
                    addr,
                    reason: clash.to_string(),
                },
                GreetError::Refuse(code, reason) => refused_here(addr, code, reason),
                GreetError::Outlived(_) => DialError::Refused {
                    addr,
                    code: CloseCode::Duplicate,
                    reason: "a later run of that node is connected".to_owned(),
                },
            })
        }
    }
}

/// Hangs up when dropped, unless emptied first.
struct HangUp(Option<Connection>);

impl Drop for HangUp {
    fn drop(&mut self) {
        if let Some(connection) = &self.0 {
            connection.close(CloseCode::Slow.to_varint(), b"no acknowledgement in time");
        }
    }
}

/// Returns when the system has reported that nobody listens, and an answer
/// that was on its way would have come.
async fn nobody_listens(addr: SocketAddr, initial_rtt: Duration) {
    socket::refused(addr).await;
    sleep(initial_rtt * GRACE_ROUND_TRIPS).await;
}

/// What a connection error of a dial means.
fn explain(addr: SocketAddr, judge: &Judge, error: ConnectionError) -> DialError {
    if let Some(refusal) = judge.take_refusal() {
        return match refusal {
            Refusal::OtherCluster { found } => DialError::WrongCluster { addr, found },
            Refusal::OtherNode { expected, found } => DialError::WrongNode {
                addr,
                expected,
                found,
            },
            other => DialError::CertificateInvalid {
                addr,
                reason: other.to_string(),
            },
        };
    }
    match error {
        ConnectionError::TimedOut => DialError::Timeout { addr },
        ConnectionError::ApplicationClosed(close) => {
            let reason = String::from_utf8_lossy(&close.reason).into_owned();
            match CloseCode::from_varint(close.error_code) {
                CloseCode::OwnIdentity => DialError::OwnIdentity { addr },
                CloseCode::Version => DialError::Version { addr },
                CloseCode::Disagreed => DialError::Disagreed { addr, reason },
                code => DialError::Refused { addr, code, reason },
            }
        }
        ConnectionError::ConnectionClosed(close)
            if close.error_code == quinn_proto::TransportErrorCode::CONNECTION_REFUSED =>
        {
            let reason = "it takes no more strangers now".to_owned();
            DialError::Refused {
                addr,
                code: CloseCode::Limit,
                reason,
            }
        }
        other => DialError::HandshakeRefused {
            addr,
            reason: other.to_string(),
        },
    }
}

fn refused_here(addr: SocketAddr, code: CloseCode, reason: &str) -> DialError {
    match code {
        CloseCode::OwnIdentity => DialError::OwnIdentity { addr },
        CloseCode::Version => DialError::Version { addr },
        CloseCode::Duplicate | CloseCode::Limit => DialError::Refused {
            addr,
            code,
            reason: reason.to_owned(),
        },
        _ => DialError::Protocol {
            addr,
            reason: reason.to_owned(),
        },
    }
}
