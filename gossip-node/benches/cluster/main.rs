//! What a real cluster does on this machine: nodes in one process, over
//! loopback, with mutual TLS and a synced journal each.
//!
//! ```text
//! cargo bench -p gossip-node --bench cluster -- spread [--nodes 64] [--rounds 20]
//! cargo bench -p gossip-node --bench cluster -- leave | throughput | halves | joiner
//! cargo bench -p gossip-node --bench cluster -- journal | loss
//! ```
//!
//! The figures depend on the machine; they are printed beside the bar and the
//! anchors and never asserted. The anchors are measurements of 2026-11 on one
//! machine with two processors: chitchat 0.13.0 over UDP with a gossip interval of 200 ms,
//! serf 0.9.4 with `-profile lan`, memberlist over QUIC; none of them synced a
//! disk, only the last was encrypted.
// A tool for people: it prints, and stops at the first surprise.
#![allow(unreachable_pub, missing_docs)]

mod halves;
mod joiner;
mod journal;
mod leave;
mod loss;
mod numbers;
mod spread;
mod stage;
mod throughput;

/// As the agent.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

type Error = Box<dyn std::error::Error + Send + Sync>;
type Result<T> = std::result::Result<T, Error>;

const USAGE: &str = "\
usage: cargo bench -p gossip-node --bench cluster -- <name> [options]

  spread      one update to all: median, p99, idle traffic   --nodes 64 --rounds 50 --idle 30
  leave       a graceful leave, as the others see it          --nodes 20 --rounds 50
  throughput  updates a second from one node to all           --nodes 16 --updates 100000 --starved 1
  halves      two halves with different keys meet             --nodes 2 --keys 10000
  joiner      a joiner to a state of so many bytes            --bytes 10000000
  journal     group commit, and what the file weighs          --seconds 3 --keys 10000 --times 50
  loss        false downs while packets are lost              --nodes 64 --percent 5,10,20 --minutes 30

Options are numbers; each has the default shown.";

/// The options of a bench: `--name number`.
pub(crate) struct Options(Vec<(String, String)>);

impl Options {
    fn parse(mut words: impl Iterator<Item = String>) -> Result<Self> {
        let mut options = Vec::new();
        while let Some(word) = words.next() {
            let name = word
                .strip_prefix("--")
                .ok_or(format!("`{word}` is no option\n\n{USAGE}"))?;
            if name == "bench" {
                // Cargo says so to every benchmark.
                continue;
            }
            let value = words.next().ok_or(format!("--{name} needs a number"))?;
            options.push((name.to_owned(), value));
        }
        Ok(Self(options))
    }

    /// Takes an option out, or its default.
    pub(crate) fn take<T: std::str::FromStr>(&mut self, name: &str, default: T) -> Result<T> {
        let Some(at) = self.0.iter().position(|(given, _)| given == name) else {
            return Ok(default);
        };
        let (_, value) = self.0.remove(at);
        value
            .parse()
            .map_err(|_| format!("--{name} {value}: that is no number").into())
    }

    /// Refuses whatever nobody has taken.
    pub(crate) fn done(&self) -> Result<()> {
        match self.0.first() {
            Some((name, _)) => Err(format!("there is no option --{name} here\n\n{USAGE}").into()),
            None => Ok(()),
        }
    }
}

#[tokio::main]
async fn main() -> Result<()> {
    let mut words = std::env::args().skip(1).filter(|word| word != "--bench");
    let name = words.next().unwrap_or_default();
    let options = Options::parse(words)?;
    match name.as_str() {
        "spread" => spread::run(options).await,
        "leave" => leave::run(options).await,
        "throughput" => throughput::run(options).await,
        "halves" => halves::run(options).await,
        "joiner" => joiner::run(options).await,
        "journal" => journal::run(options).await,
        "loss" => loss::run(options).await,
        "" | "help" | "-h" | "--help" => {
            println!("{USAGE}");
            Ok(())
        }
        _ => Err(format!("there is no bench `{name}`\n\n{USAGE}").into()),
    }
}
