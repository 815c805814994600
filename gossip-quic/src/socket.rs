//! The socket: where what is not QUIC is counted and dropped.
//!
//! quinn silently ignores packets that make no sense to it, so they are
//! looked at here, before it sees them. The same place can lose packets on
//! purpose, for tests. This is the only file that knows quinn's socket trait,
//! which changes with quinn 0.12.

use std::io::{self, IoSliceMut};
use std::net::{SocketAddr, UdpSocket};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};

use gossip_core::base::rng::Rng;
use quinn::udp::{RecvMeta, Transmit};
use quinn::{AsyncUdpSocket, Runtime as _, UdpPoller};
use socket2::{Domain, Protocol, SockRef, Socket, Type};

use crate::config::Faults;
use crate::counters::Cells;
use crate::limit::{SOCKET_BUFFER_BYTES, SOCKET_BUFFER_BYTES_WARN};

/// The shortest packet with a meaning: a stateless reset (RFC 9000 §10.3).
const PACKET_BYTES_MIN: usize = 21;

/// Whether an error says that this machine has no IPv6.
pub(crate) fn lacks_ipv6(addr: SocketAddr, error: &io::Error) -> bool {
    // The family is unknown to the system, or none of its addresses are there.
    let unknown =
        error.kind() == io::ErrorKind::Unsupported || error.raw_os_error() == Some(EAFNOSUPPORT);
    let none = error.kind() == io::ErrorKind::AddrNotAvailable && addr.ip().is_unspecified();
    addr.is_ipv6() && (unknown || none)
}

/// "Address family not supported", in Linux's errno(3).
const EAFNOSUPPORT: i32 = 97;

/// Opens the socket with buffers that survive a storm, and says what it got.
pub(crate) fn open(addr: SocketAddr) -> io::Result<UdpSocket> {
    let socket = Socket::new(Domain::for_address(addr), Type::DGRAM, Some(Protocol::UDP))?;
    if addr.is_ipv6() {
        // One socket for both families where the address allows it.
        socket.set_only_v6(!addr.ip().is_unspecified())?;
    }
    socket.bind(&addr.into())?;
    let socket = UdpSocket::from(socket);
    let buffers = SockRef::from(&socket);
    // A refusal is not fatal: the system clamps to its own maximum.
    let _ = buffers.set_recv_buffer_size(SOCKET_BUFFER_BYTES);
    let _ = buffers.set_send_buffer_size(SOCKET_BUFFER_BYTES);
    let (receive, send) = (buffers.recv_buffer_size()?, buffers.send_buffer_size()?);
    if receive.min(send) < SOCKET_BUFFER_BYTES_WARN {
        tracing::warn!(
            receive,
            send,
            wanted = SOCKET_BUFFER_BYTES,
            "small UDP buffers: storms of handshakes will lose packets; \
             raise net.core.rmem_max and net.core.wmem_max"
        );
    }
    socket.set_nonblocking(true)?;
    Ok(socket)
}

/// A socket that passes on to quinn only what can be QUIC.
#[derive(Debug)]
pub(crate) struct GuardedSocket {
    inner: Arc<dyn AsyncUdpSocket>,
    cells: Arc<Cells>,
    faults: Option<(u32, Mutex<Rng>)>,
}

impl GuardedSocket {
    pub(crate) fn new(
        socket: UdpSocket,
        cells: Arc<Cells>,
        faults: Option<Faults>,
    ) -> io::Result<Self> {
        let inner = quinn::TokioRuntime.wrap_udp_socket(socket)?;
        let faults = faults.map(|Faults { loss_ppm, seed }| (loss_ppm, Mutex::new(Rng::new(seed))));
        Ok(Self {
            inner,
            cells,
            faults,
        })
    }

    /// Whether quinn may see a packet.
    fn admits(&self, packet: &[u8]) -> bool {
        if !may_be_quic(packet) {
            self.cells.packets_not_quic.bump();
            return false;
        }
        let Some((loss_ppm, rng)) = &self.faults else {
            return true;
        };
        let lost = rng
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .chance_ppm(*loss_ppm);
        if lost {
            self.cells.packets_injected_loss.bump();
        }
        !lost
    }

    /// Drops what is not admitted from one receive buffer, which may hold
    /// several packets of one sender, each `stride` long but the last.
    fn sift(&self, buf: &mut [u8], meta: &mut RecvMeta) {
        if meta.len == 0 {
            self.cells.packets_knock.bump();
            return;
        }
        let (stride, end) = (meta.stride.max(1), meta.len.min(buf.len()));
        let (mut from, mut kept) = (0, 0);
        while from < end {
            let to = from.saturating_add(stride).min(end);
            if buf.get(from..to).is_some_and(|packet| self.admits(packet)) {
                if kept != from {
                    buf.copy_within(from..to, kept);
                }
                kept += to - from;
            }
            from = to;
        }
        meta.len = kept;
    }
}

/// Whether a packet could be QUIC: long enough, and with the fixed bit set
/// (RFC 9000 §17; we do not offer to grease it), or a version negotiation,
/// whose bits are arbitrary (RFC 8999 §6).
pub(crate) fn may_be_quic(packet: &[u8]) -> bool {
    const LONG_HEADER: u8 = 0x80;
    const FIXED_BIT: u8 = 0x40;
    let negotiates = |first: u8| first & LONG_HEADER != 0 && packet.get(1..5) == Some(&[0; 4]);
    match packet.first() {
        Some(first) if packet.len() >= PACKET_BYTES_MIN => {
            first & FIXED_BIT != 0 || negotiates(*first)
        }
        _ => false,
    }
}

impl AsyncUdpSocket for GuardedSocket {
    fn create_io_poller(self: Arc<Self>) -> Pin<Box<dyn UdpPoller>> {
        Arc::clone(&self.inner).create_io_poller()
    }

    fn try_send(&self, transmit: &Transmit<'_>) -> io::Result<()> {
        self.inner.try_send(transmit)?;
        self.cells.bytes_sent.add(transmit.contents.len() as u64);
        Ok(())
    }

    fn poll_recv(
        &self,
        cx: &mut Context<'_>,
        bufs: &mut [IoSliceMut<'_>],
        metas: &mut [RecvMeta],
    ) -> Poll<io::Result<usize>> {
        let received = ready!(self.inner.poll_recv(cx, bufs, metas))?;
        for (buf, meta) in bufs.iter_mut().zip(metas.iter_mut()).take(received) {
            self.cells.bytes_received.add(meta.len as u64);
            self.sift(buf, meta);
        }
        Poll::Ready(Ok(received))
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.inner.local_addr()
    }

    fn max_transmit_segments(&self) -> usize {
        self.inner.max_transmit_segments()
    }

    fn max_receive_segments(&self) -> usize {
        self.inner.max_receive_segments()
    }

    fn may_fragment(&self) -> bool {
        self.inner.may_fragment()
    }
}

/// Asks whether anybody listens at `addr`: an empty packet from a socket of
/// its own, to which the system reports a refusal. Returns when one comes,
/// else never; silence proves nothing.
pub(crate) async fn refused(addr: SocketAddr) {
    let any: SocketAddr = match addr {
        SocketAddr::V4(_) => ([0, 0, 0, 0], 0).into(),
        SocketAddr::V6(_) => ([0_u16; 8], 0).into(),
    };
    if let Ok(socket) = tokio::net::UdpSocket::bind(any).await {
        let asked = async {
            // Without a route to it, this machine refuses at once.
            socket.connect(addr).await?;
            socket.send(&[]).await?;
            socket.recv(&mut [0]).await
        };
        if matches!(asked.await, Err(error) if is_refusal(&error)) {
            return;
        }
    }
    std::future::pending().await
}

fn is_refusal(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionRefused, HostUnreachable, NetworkUnreachable};
    matches!(
        error.kind(),
        ConnectionRefused | HostUnreachable | NetworkUnreachable
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guarded(faults: Option<Faults>) -> (GuardedSocket, Arc<Cells>) {
        let cells = Arc::new(Cells::default());
        let socket = open(([127, 0, 0, 1], 0).into()).unwrap();
        (
            GuardedSocket::new(socket, Arc::clone(&cells), faults).unwrap(),
            cells,
        )
    }

    fn meta(len: usize, stride: usize) -> RecvMeta {
        let mut meta = RecvMeta::default();
        (meta.len, meta.stride) = (len, stride);
        meta
    }

    #[tokio::test]
    async fn foreign_packets_are_cut_out_of_a_batch() {
        let (socket, cells) = guarded(None);
        // Four packets in one buffer: good, foreign, good, short foreign tail.
        let mut buf = [
            vec![0x40; 30],
            vec![0x00; 30],
            vec![0xc1; 30],
            vec![0x40; 5],
        ]
        .concat();
        let mut meta = meta(buf.len(), 30);
        socket.sift(&mut buf, &mut meta);
        assert_eq!(meta.len, 60);
        assert_eq!(buf[..60], [vec![0x40; 30], vec![0xc1; 30]].concat());
        assert_eq!(cells.snapshot().packets_not_quic, 2);
    }

    #[test]
    fn a_system_without_ipv6_is_told_from_an_address_that_is_not_ours() {
        let any: SocketAddr = "[::]:1".parse().unwrap();
        let some: SocketAddr = "[2001:db8::1]:1".parse().unwrap();
        let v4: SocketAddr = "0.0.0.0:1".parse().unwrap();
        let unknown = io::Error::from_raw_os_error(EAFNOSUPPORT);
        let none = io::Error::from(io::ErrorKind::AddrNotAvailable);
        let taken = io::Error::from(io::ErrorKind::AddrInUse);
        assert!(lacks_ipv6(any, &unknown) && lacks_ipv6(some, &unknown));
        assert!(lacks_ipv6(any, &none));
        assert!(
            !lacks_ipv6(some, &none),
            "that one may be another machine's"
        );
        assert!(!lacks_ipv6(any, &taken) && !lacks_ipv6(v4, &none));
    }

    #[tokio::test]
    async fn loss_comes_from_its_seed() {
        let lost = |seed| {
            let (socket, cells) = guarded(Some(Faults {
                loss_ppm: 200_000,
                seed,
            }));
            let kept: Vec<bool> = (0..1_000).map(|_| socket.admits(&[0x40; 30])).collect();
            assert!((100..300).contains(&cells.snapshot().packets_injected_loss));
            kept
        };
        assert_eq!(lost(1), lost(1));
        assert_ne!(lost(1), lost(2));
    }

    #[test]
    fn version_negotiation_may_pass_with_any_bits() {
        let mut packet = [0_u8; 30];
        assert!(!may_be_quic(&packet));
        packet[0] = 0x80;
        assert!(may_be_quic(&packet));
        packet[4] = 1;
        assert!(!may_be_quic(&packet));
    }
}
