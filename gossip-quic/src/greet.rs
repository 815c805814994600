//! The greeting: what both ends do between TLS and the first message.

use std::borrow::Cow;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use bytes::Bytes;
use gossip_core::base::agreed::Clash;
use quinn::{Connection, ConnectionError, RecvStream};
use rustls::pki_types::CertificateDer;

use crate::close::CloseCode;
use crate::event::Direction;
use crate::frame::{self, FrameError, StreamKind};
use crate::hello::{HELLO_BYTES_MAX, Hello, HelloError, HelloRole, PROTOCOL};
use crate::identity::Identity;
use crate::link::Link;
use crate::pool::NotWanted;
use crate::shared::Shared;

/// QUIC's priority of the control stream: before all else.
const CONTROL_PRIORITY: i32 = 10;

/// Why a greeting failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum GreetError {
    /// We hang up, and say why.
    Refuse(CloseCode, &'static str),
    /// We hang up: a later run of the same node is connected, this generation.
    Outlived(u64),
    /// We hang up: what the one may write, the other does not take.
    Disagreed(Clash),
    /// The connection ended under it.
    Lost(ConnectionError),
}

impl From<ConnectionError> for GreetError {
    fn from(error: ConnectionError) -> Self {
        Self::Lost(error)
    }
}

impl From<NotWanted> for GreetError {
    fn from(reason: NotWanted) -> Self {
        match reason {
            NotWanted::OlderProcess { outlived_by } => Self::Outlived(outlived_by),
            NotWanted::TooMany => Self::Refuse(CloseCode::Limit, "too many connections"),
        }
    }
}

/// Says Hello and waits for its acknowledgement.
pub(crate) async fn dialed(
    shared: &Arc<Shared>,
    connection: &Connection,
) -> Result<Arc<Link>, GreetError> {
    let certified = certified(shared, connection)?;
    let (mut send, mut recv) = connection.open_bi().await?;
    let conn_seq = shared.conn_seq.fetch_add(1, Ordering::Relaxed);
    let lost = shared.pool().lost(certified.node());
    let ours = shared.hello(HelloRole::Hello, conn_seq, lost);
    let own_generation = ours.generation;
    // An error here shows again with the first write.
    let _ = send.set_priority(CONTROL_PRIORITY);
    let written = async {
        frame::write_kind(&mut send, StreamKind::Control).await?;
        frame::write_frame(&mut send, Bytes::from(ours.encode())).await
    };
    written.await.map_err(|_| ended(connection))?;
    let theirs = read_hello(connection, &mut recv, HelloRole::Ack).await?;
    check(shared, &certified, &theirs)?;
    if theirs.conn_seq != conn_seq {
        return Err(GreetError::Refuse(
            CloseCode::Protocol,
            "the acknowledgement is not of this hello",
        ));
    }
    let control = (send, recv);
    let link = shared
        .admit(
            connection.clone(),
            control,
            Direction::Dialed,
            own_generation,
            &theirs,
        )
        .await?;
    Ok(link)
}

/// Waits for Hello and acknowledges it.
pub(crate) async fn accepted(
    shared: &Arc<Shared>,
    connection: &Connection,
) -> Result<Arc<Link>, GreetError> {
    let certified = certified(shared, connection)?;
    let (mut send, mut recv) = connection.accept_bi().await?;
    let kind = frame::read_varint(&mut recv)
        .await
        .map_err(|_| ended(connection))?;
    if kind != Some(StreamKind::Control.as_u64()) {
        return Err(GreetError::Refuse(
            CloseCode::Protocol,
            "the first stream is not control",
        ));
    }
    let theirs = read_hello(connection, &mut recv, HelloRole::Hello).await?;
    check(shared, &certified, &theirs)?;
    let lost = {
        let pool = shared.pool();
        pool.wants(
            &theirs.node,
            theirs.generation,
            shared.config.limits.connections_per_node,
        )?;
        pool.lost(&theirs.node)
    };
    let ours = shared.hello(HelloRole::Ack, theirs.conn_seq, lost);
    let own_generation = ours.generation;
    let _ = send.set_priority(CONTROL_PRIORITY);
    frame::write_frame(&mut send, Bytes::from(ours.encode()))
        .await
        .map_err(|_| ended(connection))?;
    let control = (send, recv);
    let link = shared
        .admit(
            connection.clone(),
            control,
            Direction::Accepted,
            own_generation,
            &theirs,
        )
        .await?;
    Ok(link)
}

/// Hangs up as a failed greeting wants it, and counts why.
pub(crate) fn refuse(shared: &Shared, connection: &Connection, error: &GreetError) {
    let (code, reason) = match error {
        GreetError::Refuse(code, reason) => (*code, Cow::Borrowed(*reason)),
        GreetError::Outlived(by) => (CloseCode::Outlived, Cow::Owned(by.to_string())),
        GreetError::Disagreed(clash) => {
            // Whoever is refused comes again and again.
            if shared.cells.refused_disagreed.is_zero() {
                let remote = connection.remote_address();
                tracing::warn!(%remote, "connection refused: {clash}");
            }
            // As the other end would say it.
            let theirs = Clash {
                ours: !clash.ours,
                ..*clash
            };
            (CloseCode::Disagreed, Cow::Owned(theirs.to_string()))
        }
        GreetError::Lost(_) => return,
    };
    let cells = &shared.cells;
    match code {
        CloseCode::ClusterMismatch => cells.refused_other_cluster.bump(),
        CloseCode::IdentityMismatch => cells.refused_identity.bump(),
        CloseCode::Version => cells.refused_version.bump(),
        CloseCode::OwnIdentity => cells.refused_own_identity.bump(),
        CloseCode::Disagreed => cells.refused_disagreed.bump(),
        CloseCode::Limit => cells.connections_over_node_limit.bump(),
        CloseCode::Outlived => cells.duplicates.bump(),
        _ => cells.refused_protocol.bump(),
    }
    tracing::debug!(remote = %connection.remote_address(), %code, %reason, "connection refused");
    connection.close(code.to_varint(), reason.as_bytes());
}

/// Whom TLS has proven; ourselves are refused, with a word of warning.
fn certified(shared: &Shared, connection: &Connection) -> Result<Identity, GreetError> {
    let chain = connection.peer_identity();
    let chain = chain.and_then(|chain| chain.downcast::<Vec<CertificateDer<'static>>>().ok());
    let leaf = chain.as_ref().and_then(|chain| chain.first());
    let identity = leaf.and_then(|leaf| Identity::from_certificate(leaf).ok());
    // The handshake proved one; its absence can only be our own mistake.
    let identity = identity.ok_or(GreetError::Refuse(
        CloseCode::IdentityMismatch,
        "no certificate was shown",
    ))?;
    if identity.node() == shared.own.node() {
        // A list of seeds often holds one's own address: no news to anybody.
        tracing::debug!(
            remote = %connection.remote_address(),
            "a connection with our own name on both ends: ourselves, or a second process"
        );
        return Err(GreetError::Refuse(
            CloseCode::OwnIdentity,
            "this is my own name",
        ));
    }
    Ok(identity)
}

async fn read_hello(
    connection: &Connection,
    recv: &mut RecvStream,
    role: HelloRole,
) -> Result<Hello, GreetError> {
    let protocol = |reason| GreetError::Refuse(CloseCode::Protocol, reason);
    let failed = |error| match error {
        FrameError::Stream(_) => ended(connection),
        _ => protocol("the hello is cut short"),
    };
    let length = frame::read_length(recv).await.map_err(failed)?;
    let length = length.filter(|length| *length <= HELLO_BYTES_MAX);
    let length = length.ok_or(protocol("this is no hello"))?;
    let bytes = frame::read_body(recv, length).await.map_err(failed)?;
    match Hello::decode(&bytes) {
        Ok(hello) if hello.role == role => Ok(hello),
        Ok(_) => Err(protocol("a hello of the wrong role")),
        Err(HelloError::Layout(_)) => Err(GreetError::Refuse(
            CloseCode::Version,
            "a hello of an unknown layout",
        )),
        Err(_) => Err(protocol("this is no hello")),
    }
}

/// Why a connection whose streams fail has ended.
fn ended(connection: &Connection) -> GreetError {
    match connection.close_reason() {
        Some(error) => GreetError::Lost(error),
        None => GreetError::Refuse(CloseCode::Protocol, "the control stream was broken off"),
    }
}

fn check(shared: &Shared, certified: &Identity, theirs: &Hello) -> Result<(), GreetError> {
    if theirs.cluster != *shared.own.cluster() {
        return Err(GreetError::Refuse(
            CloseCode::ClusterMismatch,
            "another cluster",
        ));
    }
    if theirs.node != *certified.node() {
        return Err(GreetError::Refuse(
            CloseCode::IdentityMismatch,
            "hello and certificate name different nodes",
        ));
    }
    if theirs.versions.common(PROTOCOL).is_none() {
        return Err(GreetError::Refuse(
            CloseCode::Version,
            "no protocol version in common",
        ));
    }
    if let Some(clash) = shared.config.agreed.clash(&theirs.agreed) {
        return Err(GreetError::Disagreed(clash));
    }
    Ok(())
}
