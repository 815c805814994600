//! Strangers: whoever knocks, until TLS and Hello have made them peers.
//!
//! Work is bounded before it is done. Below half of the handshake budget a
//! stranger is let in; above, it must first prove its address; above the whole
//! it is refused. Nothing here charges our own dials.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use quinn::{Connection, ConnectionError, Incoming};
use quinn_proto::TransportErrorCode;
use tokio::time::timeout;

use crate::close::CloseCode;
use crate::config::{Limits, RetryPolicy};
use crate::greet::{self, GreetError};
use crate::shared::Shared;

/// How many strangers and connections there are, in all and by address.
#[derive(Debug, Default)]
pub(crate) struct Doors(Arc<Mutex<Census>>);

#[derive(Debug, Default)]
struct Census {
    handshakes: Count,
    connections: Count,
}

#[derive(Debug, Default)]
struct Count {
    total: usize,
    by_address: BTreeMap<IpAddr, usize>,
}

impl Count {
    fn at(&self, address: &IpAddr) -> usize {
        self.by_address.get(address).copied().unwrap_or(0)
    }

    fn enter(&mut self, address: IpAddr) {
        self.total += 1;
        *self.by_address.entry(address).or_default() += 1;
    }

    fn leave(&mut self, address: IpAddr) {
        self.total = self.total.saturating_sub(1);
        if let Some(count) = self.by_address.get_mut(&address) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                self.by_address.remove(&address);
            }
        }
    }
}

/// What is done with a stranger.
#[derive(Debug, PartialEq, Eq)]
enum Verdict {
    Welcome,
    ProveAddress,
    TooManyHandshakes,
    TooManyFromAddress,
    TooManyConnections,
}

/// Which kind of place in the census is taken.
#[derive(Debug, Clone, Copy)]
enum Place {
    Handshake,
    Connection,
}

/// A place in the census, given back when dropped.
#[derive(Debug)]
struct Entry {
    doors: Arc<Mutex<Census>>,
    place: Place,
    address: IpAddr,
}

impl Drop for Entry {
    fn drop(&mut self) {
        let mut census = self.doors.lock().unwrap_or_else(PoisonError::into_inner);
        census.of(self.place).leave(self.address);
    }
}

impl Census {
    fn of(&mut self, place: Place) -> &mut Count {
        match place {
            Place::Handshake => &mut self.handshakes,
            Place::Connection => &mut self.connections,
        }
    }

    fn judge(
        &self,
        address: &IpAddr,
        proven: bool,
        limits: &Limits,
        retry: RetryPolicy,
    ) -> Verdict {
        let busy = self.handshakes.total >= limits.handshakes / 2;
        if self.handshakes.total >= limits.handshakes {
            return Verdict::TooManyHandshakes;
        }
        if !proven && (busy || retry == RetryPolicy::Always) {
            return Verdict::ProveAddress;
        }
        if self.connections.total + self.handshakes.total >= limits.connections {
            return Verdict::TooManyConnections;
        }
        if self.handshakes.at(address) >= limits.handshakes_per_address
            || self.connections.at(address) >= limits.connections_per_address
        {
            return Verdict::TooManyFromAddress;
        }
        Verdict::Welcome
    }
}

impl Doors {
    fn enter(&self, place: Place, address: IpAddr) -> Entry {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .of(place)
            .enter(address);
        Entry {
            doors: Arc::clone(&self.0),
            place,
            address,
        }
    }
}

/// Receives strangers until the endpoint closes.
pub(crate) async fn listen(shared: Arc<Shared>) {
    while let Some(stranger) = shared.quic.accept().await {
        receive(&shared, stranger);
    }
}

fn receive(shared: &Arc<Shared>, stranger: Incoming) {
    let address = stranger.remote_address().ip().to_canonical();
    let proven = stranger.remote_address_validated();
    let verdict = {
        let census = shared
            .doors
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        census.judge(&address, proven, &shared.config.limits, shared.config.retry)
    };
    match verdict {
        Verdict::Welcome => {
            let entry = shared.doors.enter(Place::Handshake, address);
            shared
                .tasks
                .spawn(welcome(Arc::clone(shared), stranger, entry));
            return;
        }
        Verdict::ProveAddress => {
            shared.cells.handshakes_retried.bump();
            // An error means that it has been proven already, and drops it.
            let _ = stranger.retry();
            return;
        }
        Verdict::TooManyHandshakes => shared.cells.handshakes_over_limit.bump(),
        Verdict::TooManyFromAddress => shared.cells.connections_over_address_limit.bump(),
        Verdict::TooManyConnections => shared.cells.connections_over_limit.bump(),
    }
    stranger.refuse();
}

/// TLS and greeting; then the connection counts as one, for as long as it lives.
async fn welcome(shared: Arc<Shared>, stranger: Incoming, handshake: Entry) {
    let address = handshake.address;
    let bound = shared.config.connect_timeout;
    let connection = match timeout(bound, handshake_of(stranger)).await {
        Ok(Ok(connection)) => connection,
        Ok(Err(error)) => {
            if is_other_cluster(&error) {
                shared.cells.refused_other_cluster.bump();
            }
            return shared.cells.handshakes_failed.bump();
        }
        Err(_) => return shared.cells.handshakes_failed.bump(),
    };
    let greeted = timeout(bound, greet::accepted(&shared, &connection)).await;
    drop(handshake);
    match greeted {
        Ok(Ok(_)) => {
            shared.cells.handshakes_accepted.bump();
            let _entry = shared.doors.enter(Place::Connection, address);
            connection.closed().await;
        }
        Ok(Err(error)) => {
            shared.cells.handshakes_failed.bump();
            greet::refuse(&shared, &connection, &error);
        }
        Err(_) => {
            shared.cells.handshakes_failed.bump();
            let late = GreetError::Refuse(CloseCode::Slow, "no hello in time");
            greet::refuse(&shared, &connection, &late);
        }
    }
}

async fn handshake_of(stranger: Incoming) -> Result<Connection, ConnectionError> {
    stranger.accept()?.await
}

/// Whether a stranger hung up because, as it says, we are another cluster's.
/// TLS shows the listener's certificate first, so we never saw its own.
fn is_other_cluster(error: &ConnectionError) -> bool {
    let said = TransportErrorCode::crypto(ACCESS_DENIED);
    matches!(error, ConnectionError::ConnectionClosed(close) if close.error_code == said)
}

/// The alert for a certificate that is valid and not wanted (RFC 8446 §6.2).
const ACCESS_DENIED: u8 = 49;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_the_budget_is_free_and_the_whole_is_the_end() {
        let limits = Limits {
            handshakes: 4,
            handshakes_per_address: 3,
            ..Limits::default()
        };
        let doors = Doors::default();
        let address = |n: u8| IpAddr::from([10, 0, 0, n]);
        let judge = |n, proven| {
            let census = doors.0.lock().unwrap();
            census.judge(&address(n), proven, &limits, RetryPolicy::WhenBusy)
        };
        let mut entries = Vec::new();
        assert_eq!(judge(1, false), Verdict::Welcome);
        entries.extend((0..2).map(|_| doors.enter(Place::Handshake, address(1))));
        assert_eq!(judge(1, false), Verdict::ProveAddress);
        assert_eq!(judge(1, true), Verdict::Welcome);
        entries.push(doors.enter(Place::Handshake, address(1)));
        assert_eq!(judge(1, true), Verdict::TooManyFromAddress);
        assert_eq!(judge(2, true), Verdict::Welcome);
        entries.push(doors.enter(Place::Handshake, address(2)));
        assert_eq!(judge(3, true), Verdict::TooManyHandshakes);
        entries.clear();
        assert_eq!(judge(1, false), Verdict::Welcome);
        assert!(doors.0.lock().unwrap().handshakes.by_address.is_empty());
    }
}
