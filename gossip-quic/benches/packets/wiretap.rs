//! A wiretap: a forwarder between two endpoints that writes down the size of
//! every UDP payload on its way.
//!
//! ```text
//!   dialer ──▶ front │ tap │ back ──▶ listener        forth
//!   dialer ◀── front │ tap │ back ◀── listener        back
//! ```
//!
//! It sees what the network would carry, less the headers of IP and UDP (28
//! bytes a packet with IPv4, 48 with IPv6).

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::net::UdpSocket;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};

/// Longer than any acknowledgement is delayed (25 ms, RFC 9000 §18.2) and any
/// retransmission waits on loopback.
const QUIET: Duration = Duration::from_millis(250);

/// The largest packet that is sent before the path's size was looked for.
const UNPROBED_BYTES: usize = 1_200;

/// What went one way.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Flow {
    pub packets: usize,
    pub bytes: usize,
}

impl Flow {
    fn add(&mut self, bytes: usize) {
        self.packets += 1;
        self.bytes += bytes;
    }
}

/// What went both ways, by kind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// Packets that begin with a long header: before both have keys.
    pub shaking: [Flow; 2],
    /// The rest, but for the search for the path's size.
    pub carrying: [Flow; 2],
    /// Probes of the path's size.
    pub searching: [Flow; 2],
    /// Empty packets: is the port open?
    pub knocking: [Flow; 2],
}

/// The dialer's packets; the listener's.
pub const FORTH: usize = 0;
pub const BACK: usize = 1;

impl Tally {
    fn note(&mut self, way: usize, packet: &[u8], young: bool) {
        let kind = match packet.first() {
            None => &mut self.knocking,
            Some(first) if first & 0x80 != 0 => &mut self.shaking,
            Some(_) if young && packet.len() > UNPROBED_BYTES => &mut self.searching,
            Some(_) => &mut self.carrying,
        };
        if let Some(flow) = kind.get_mut(way) {
            flow.add(packet.len());
        }
    }

    pub fn way(&self, way: usize) -> Flow {
        let kinds = [self.shaking, self.carrying, self.searching, self.knocking];
        kinds
            .iter()
            .filter_map(|kind| kind.get(way))
            .fold(Flow::default(), |sum, flow| Flow {
                packets: sum.packets + flow.packets,
                bytes: sum.bytes + flow.bytes,
            })
    }
}

#[derive(Debug)]
struct Book {
    tally: Tally,
    last: Instant,
    /// Whether large packets are still the search for the path's size.
    young: bool,
}

/// A forwarder that counts.
#[derive(Debug)]
pub struct Wiretap {
    pub addr: SocketAddr,
    book: Arc<Mutex<Book>>,
    task: JoinHandle<io::Result<()>>,
}

impl Drop for Wiretap {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Wiretap {
    /// A tap in front of `to`, for one dialer.
    pub async fn new(to: SocketAddr) -> io::Result<Self> {
        let front = UdpSocket::bind("127.0.0.1:0").await?;
        let back = UdpSocket::bind("127.0.0.1:0").await?;
        back.connect(to).await?;
        let addr = front.local_addr()?;
        let book = Arc::new(Mutex::new(Book {
            tally: Tally::default(),
            last: Instant::now(),
            young: true,
        }));
        let task = tokio::spawn(forward(front, back, Arc::clone(&book)));
        Ok(Self { addr, book, task })
    }

    /// What was counted so far.
    pub fn tally(&self) -> Tally {
        self.book
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .tally
    }

    /// Waits until nothing comes any more, and takes what was counted.
    pub async fn take(&self) -> Tally {
        loop {
            let since = {
                let mut book = self.book.lock().unwrap_or_else(PoisonError::into_inner);
                let since = book.last.elapsed();
                if since >= QUIET {
                    return std::mem::take(&mut book.tally);
                }
                since
            };
            sleep(QUIET - since).await;
        }
    }

    /// From now on large packets are data.
    pub fn grown_up(&self) {
        self.book
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .young = false;
    }

    /// From now on nothing counts as having come.
    pub fn begin(&self) {
        self.book
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .last = Instant::now();
    }
}

async fn forward(front: UdpSocket, back: UdpSocket, book: Arc<Mutex<Book>>) -> io::Result<()> {
    let (mut there, mut here) = ([0; 2_048], [0; 2_048]);
    let mut dialer = None;
    let note = |way, packet: &[u8]| {
        let mut book = book.lock().unwrap_or_else(PoisonError::into_inner);
        let young = book.young;
        book.tally.note(way, packet, young);
        book.last = Instant::now();
    };
    loop {
        tokio::select! {
            Ok((len, from)) = front.recv_from(&mut there) => {
                let packet = there.get(..len).unwrap_or_default();
                note(FORTH, packet);
                // The knock comes from a socket of its own.
                if !packet.is_empty() {
                    dialer = Some(from);
                }
                // A refusal is for the dialer to notice.
                let _ = back.send(packet).await;
            }
            Ok(len) = back.recv(&mut here) => {
                let packet = here.get(..len).unwrap_or_default();
                note(BACK, packet);
                if let Some(dialer) = dialer {
                    let _ = front.send_to(packet, dialer).await;
                }
            }
        }
    }
}
