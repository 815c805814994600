//! The fabric: a network between agents that can be cut, without privileges.
//!
//! Each agent has a stand-in, a socket whose address it announces as its own.
//! What arrives at b's stand-in from agent a is sent on to b from a's stand-in,
//! so everybody sees everybody at the announced address, and each directed pair
//! can be told apart and cut.
//!
//! ```text
//!   agent a ──▶ stand-in of b ╎ cut? ╎ stand-in of a ──▶ agent b
//! ```

use std::collections::BTreeMap;
use std::net::{SocketAddr, UdpSocket};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, RwLock};
use std::thread::JoinHandle;
use std::time::Duration;

/// How often a thread looks whether it is to end.
const LOOK: Duration = Duration::from_millis(100);

struct Shared {
    /// By agent.
    stand_ins: Vec<UdpSocket>,
    /// Where agents really are.
    agents: RwLock<BTreeMap<SocketAddr, usize>>,
    /// Which side of a cut an agent is on.
    sides: RwLock<Vec<u8>>,
    stop: AtomicBool,
    cut_packets: AtomicU64,
}

/// A network.
pub struct Fabric {
    shared: Arc<Shared>,
    threads: Vec<JoinHandle<()>>,
}

impl Fabric {
    pub fn new(count: usize) -> Self {
        let stand_in = |_| {
            let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
            socket.set_read_timeout(Some(LOOK)).unwrap();
            socket
        };
        let shared = Arc::new(Shared {
            stand_ins: (0..count).map(stand_in).collect(),
            agents: RwLock::default(),
            sides: RwLock::new(vec![0; count]),
            stop: AtomicBool::new(false),
            cut_packets: AtomicU64::new(0),
        });
        let threads = (0..count).map(|to| {
            let shared = Arc::clone(&shared);
            std::thread::spawn(move || shared.carry(to))
        });
        Self {
            threads: threads.collect(),
            shared,
        }
    }

    /// The address that an agent announces.
    pub fn addr(&self, agent: usize) -> SocketAddr {
        self.shared.stand_ins[agent].local_addr().unwrap()
    }

    /// An agent is really here, from now on.
    pub fn place(&self, agent: usize, at: SocketAddr) {
        let mut agents = self.shared.agents.write().unwrap();
        agents.retain(|_, known| *known != agent);
        agents.insert(at, agent);
    }

    /// Between those of different sides nothing passes, from now on.
    pub fn cut(&self, sides: &[u8]) {
        *self.shared.sides.write().unwrap() = sides.to_vec();
    }

    /// Everything passes again.
    pub fn mend(&self) {
        self.shared.sides.write().unwrap().fill(0);
    }

    /// Packets that did not pass.
    pub fn cut_packets(&self) -> u64 {
        self.shared.cut_packets.load(Ordering::Relaxed)
    }
}

impl Shared {
    /// Passes on what arrives at one stand-in.
    fn carry(&self, to: usize) {
        let mut packet = [0; 65_536];
        while !self.stop.load(Ordering::Relaxed) {
            // A refusal is of something sent earlier.
            let Ok((len, source)) = self.stand_ins[to].recv_from(&mut packet) else {
                continue;
            };
            let (from, there) = {
                let agents = self.agents.read().unwrap();
                let there = agents.iter().find(|(_, agent)| **agent == to);
                (agents.get(&source).copied(), there.map(|(addr, _)| *addr))
            };
            let (Some(from), Some(there)) = (from, there) else {
                continue;
            };
            let cut = {
                let sides = self.sides.read().unwrap();
                sides[from] != sides[to]
            };
            if cut {
                self.cut_packets.fetch_add(1, Ordering::Relaxed);
            } else {
                // A full buffer loses packets, as networks do.
                let _ = self.stand_ins[from].send_to(&packet[..len], there);
            }
        }
    }
}

impl Drop for Fabric {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::Relaxed);
        for thread in self.threads.drain(..) {
            // A thread that panicked has failed the test already.
            let _ = thread.join();
        }
    }
}
