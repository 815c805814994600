//! A race: the addresses of one target, tried one after the other, overlapping.
//!
//! ```text
//!   first   ├────────────── no answer ─ ─ ─ ─ ─ ─ ─ ┤
//!   second       ├── refused
//!   third            ├──── reached: that is the answer
//!                HEAD START
//! ```
//!
//! An address has a head start over the next (RFC 8305 calls it the connection
//! attempt delay), or less if it fails sooner. So one that is dead, or of a
//! family of addresses that does not work today, costs a moment and not a
//! timeout. An attempt that has lost the race is not broken off: it may have
//! been admitted at the other end already, where it would look like a peer
//! that came and went. If it arrives it is a duplicate, and settled as such.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use gossip_core::base::id::NodeId;
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout, timeout_at};

use crate::dial;
use crate::limit::ADDRS;
use crate::shared::Shared;
use crate::target::{DialError, Target};

/// How many initial round trips an address has to itself: a handshake and a
/// greeting take three, so the next begins when one was lost (guess; RFC 8305
/// §8 says 250 ms for TCP, which needs one).
const HEAD_START_ROUND_TRIPS: u32 = 4;

/// The first of a target's addresses that answers; if none does, the failure
/// that says most.
pub(crate) async fn reach(shared: &Arc<Shared>, target: &Target) -> Result<NodeId, DialError> {
    let listen = shared.config.listen;
    let (usable, foreign): (Vec<_>, Vec<_>) = target
        .addrs
        .iter()
        .map(|addr| canonical(*addr))
        .partition(|addr| is_spoken(listen, *addr));
    let mut failure = match foreign.first() {
        Some(addr) => DialError::Family {
            addr: *addr,
            listen,
        },
        None => DialError::NoAddress,
    };
    let head_start = shared.config.initial_rtt * HEAD_START_ROUND_TRIPS;
    let (told, mut ends) = mpsc::channel(ADDRS);
    let mut waiting = usable.into_iter();
    let mut running = 0_usize;
    loop {
        let next_at = match waiting.next() {
            Some(addr) => {
                begin(shared, target, addr, told.clone());
                running += 1;
                Some(Instant::now() + head_start).filter(|_| waiting.len() > 0)
            }
            None if running == 0 => return Err(failure),
            None => None,
        };
        match end_by(&mut ends, next_at).await {
            Some(Ok(peer)) => return Ok(peer),
            Some(Err(why)) => {
                running -= 1;
                if !says_less(&why, &failure) {
                    failure = why;
                }
            }
            None => {}
        }
    }
}

/// Tries one address, and tells what became of it to whoever still cares.
fn begin(
    shared: &Arc<Shared>,
    target: &Target,
    addr: SocketAddr,
    told: mpsc::Sender<Result<NodeId, DialError>>,
) {
    let (attempting, name) = (Arc::clone(shared), target.name.clone());
    shared.tasks.spawn(async move {
        let bound = attempting.config.connect_timeout;
        let end = match timeout(bound, dial::attempt(&attempting, &name, addr)).await {
            Ok(end) => end,
            Err(_) => Err(DialError::Timeout { addr }),
        };
        // The race may be over.
        let _ = told.send(end).await;
    });
}

/// The next end of an attempt, if there is one in time.
async fn end_by(
    ends: &mut mpsc::Receiver<Result<NodeId, DialError>>,
    next_at: Option<Instant>,
) -> Option<Result<NodeId, DialError>> {
    match next_at {
        Some(at) => timeout_at(at, ends.recv()).await.ok().flatten(),
        None => ends.recv().await,
    }
}

/// Silence says less than an answer.
fn says_less(new: &DialError, known: &DialError) -> bool {
    let weight = |error: &DialError| match error {
        DialError::NoAddress => 0,
        // One address of a name is our own: others may lead elsewhere.
        DialError::OwnIdentity { .. } => 1,
        DialError::Family { .. } => 2,
        DialError::Unreachable { .. } | DialError::Timeout { .. } => 3,
        _ => 4,
    };
    weight(new) < weight(known)
}

/// An IPv4 address in an IPv6 one's clothes, undressed.
pub(crate) fn canonical(addr: SocketAddr) -> SocketAddr {
    match addr.ip().to_canonical() {
        ip @ IpAddr::V4(_) => SocketAddr::new(ip, addr.port()),
        // Keeps the scope of a link-local one.
        IpAddr::V6(_) => addr,
    }
}

/// Whether a socket that listens there can send to `addr`.
fn is_spoken(listen: SocketAddr, addr: SocketAddr) -> bool {
    let any_family = listen.is_ipv6() && listen.ip().is_unspecified();
    any_family || canonical(listen).is_ipv4() == addr.is_ipv4()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_socket_speaks_its_own_family_and_the_unspecified_ipv6_both() {
        let speaks = |listen: &str, addr: &str| {
            is_spoken(listen.parse().unwrap(), canonical(addr.parse().unwrap()))
        };
        assert!(speaks("0.0.0.0:1", "192.0.2.1:1"));
        assert!(!speaks("0.0.0.0:1", "[2001:db8::1]:1"));
        assert!(speaks("0.0.0.0:1", "[::ffff:192.0.2.1]:1"));
        assert!(speaks("[::]:1", "192.0.2.1:1"));
        assert!(speaks("[::]:1", "[2001:db8::1]:1"));
        assert!(!speaks("[::1]:1", "192.0.2.1:1"));
        assert!(speaks("[::1]:1", "[2001:db8::1]:1"));
    }
}
