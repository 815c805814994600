//! A peer that is killed and comes back on the same port is noticed at once,
//! because it kept the key of its stateless resets.

use std::io::BufRead as _;
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use bytes::Bytes;
use gossip_quic::pki::{write_certificate, write_key};
use gossip_quic::{CredentialPaths, Credentials, DownReason, Endpoint, Event, Target};

use crate::common::{Node, Pki, config, id};

/// Far below any idle timeout, far above a busy machine's hiccups.
const NOTICED: Duration = Duration::from_secs(5);

const CHILD: &str = "GOSSIP_QUIC_TEST_CHILD";

/// Not a test of its own: the process that gets killed.
#[tokio::test]
#[ignore = "run by the tests beside it, in a process of its own"]
async fn child() {
    let Ok(order) = std::env::var(CHILD) else {
        return;
    };
    let [folder, listen, generation, key] = order.split('|').collect::<Vec<_>>()[..] else {
        panic!("an order has four parts")
    };
    let folder = Path::new(folder);
    let credentials = Credentials::from_files(&CredentialPaths {
        chain: folder.join("n.pem"),
        key: folder.join("n.key"),
        authorities: folder.join("ca.pem"),
    });
    let mut config = config(generation.parse().unwrap());
    config.listen = listen.parse().unwrap();
    config.reset_key = [key.parse().unwrap(); 32];
    let (endpoint, mut events) = Endpoint::bind(config, credentials.unwrap()).unwrap();
    println!("\nlistening {}", endpoint.local_addr());
    while events.recv().await.is_some() {}
}

/// A child that does not outlive its test.
struct Process(Child, SocketAddr);

impl Process {
    fn start(folder: &Path, listen: SocketAddr, generation: u64, key: u8) -> Self {
        let order = format!("{}|{listen}|{generation}|{key}", folder.display());
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["restart::child", "--exact", "--ignored", "--nocapture"])
            .env(CHILD, order)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let stdout = std::io::BufReader::new(child.stdout.take().unwrap());
        let said = stdout.lines().map_while(Result::ok);
        let addr = said
            .filter_map(|line| line.strip_prefix("listening ")?.parse().ok())
            .next()
            .expect("the child listens");
        Self(child, addr)
    }

    fn kill(mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Probes the peer until it is down or the time is over; how long that took.
async fn probe_until_down(survivor: &mut Node) -> Option<(Duration, DownReason)> {
    let began = Instant::now();
    let mut probes = tokio::time::interval(Duration::from_millis(20));
    while began.elapsed() < NOTICED {
        tokio::select! {
            _ = probes.tick() => {
                let _ = survivor.endpoint.send_datagram(&id("n"), Bytes::from_static(&[0; 100]));
            }
            event = survivor.events.recv() => if let Some(Event::Down { why, .. }) = event {
                return Some((began.elapsed(), why));
            },
        }
    }
    None
}

async fn kill_and_restart(key_after: u8) -> Option<(Duration, DownReason)> {
    let (folder, pki) = (tempfile::tempdir().unwrap(), Pki::new("main"));
    let issued = pki.issue("n");
    write_certificate(&folder.path().join("n.pem"), &issued.chain_pem).unwrap();
    write_key(&folder.path().join("n.key"), &issued.key_pem).unwrap();
    write_certificate(&folder.path().join("ca.pem"), pki.0.certificate_pem()).unwrap();

    let mut survivor = pki.start("survivor");
    let first = Process::start(folder.path(), ([127, 0, 0, 1], 0).into(), 1, 1);
    let addr = first.1;
    assert_eq!(
        survivor.dialed(Target::member(id("n"), [addr])).await,
        Ok(id("n"))
    );
    first.kill();
    let second = Process::start(folder.path(), addr, 2, key_after);
    assert_eq!(second.1, addr);
    let noticed = probe_until_down(&mut survivor).await;
    assert_eq!(
        survivor.endpoint.peers().len(),
        usize::from(noticed.is_none())
    );
    noticed
}

#[tokio::test]
async fn a_restart_is_noticed_at_once() {
    let (took, why) = kill_and_restart(1)
        .await
        .expect("noticed before the idle timeout");
    println!("restart noticed {took:?} after the new process listens");
    assert_eq!(why, DownReason::Reset);
}

/// The check that the test above can fail.
#[tokio::test]
async fn with_another_reset_key_nothing_is_noticed() {
    assert_eq!(kill_and_restart(2).await, None);
}
