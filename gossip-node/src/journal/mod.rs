//! The journal: what a node still knows after its process died.
//!
//! One file, `journal.redb`, holds the node's generation, every log it knows
//! (its own and the others'), the peer book (claims and verdicts), and the list
//! of voters an operator gave it. What the
//! others sealed is kept as the exact bytes they made.
//!
//! The promise is *durable before told, and no more than that*: a record given
//! to [`Journal::persist`] is on disk before [`Done`] names it; one given to
//! [`Journal::remember`] gets there within a second, in order with the others.
//! A commit is all or nothing, at every moment at which a process or a machine
//! can die. A torn or full disk is an error, never a lie.
//!
//! ```text
//!   Journal ──queue──▶ thread (writer.rs) ──▶ store.rs ──▶ apply.rs ──▶ table.rs
//!   Completions ◀──Done──┘                       └─▶ load.rs: read back at the start
//! ```

mod apply;
mod counters;
mod election;
mod error;
pub mod limit;
mod load;
mod store;
mod table;
mod witness;
mod writer;

use std::fmt;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Sender, channel};
use std::thread::JoinHandle;

use gossip_core::base::id::{ClusterId, NodeId};
use gossip_core::input::{PersistId, Saved};
use gossip_core::output::Record;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

pub use counters::JournalCounters;
pub use error::JournalError;
pub use witness::{Point, Witness};
pub use writer::Done;

use counters::Cells;
use store::Store;
use writer::{Work, Writer, bytes_of};

/// Whose journal it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owner {
    /// The node's cluster.
    pub cluster: ClusterId,
    /// The node.
    pub node: NodeId,
}

/// An open journal, what it held, and where its answers come from.
#[derive(Debug)]
pub struct Opened {
    /// The journal, to be written.
    pub journal: Journal,
    /// What became of what was written.
    pub completions: Completions,
    /// What it held.
    pub saved: Saved,
}

/// An open journal. Dropping it writes what is left and waits for it.
pub struct Journal {
    work: Sender<Work>,
    cells: Arc<Cells>,
    thread: Option<JoinHandle<()>>,
}

/// The journal's answers, in the order of the records.
///
/// The queue has no bound of its own: every answer stands for a record that
/// has left the journal's queue, which has one.
#[derive(Debug)]
pub struct Completions(UnboundedReceiver<Done>);

impl Journal {
    /// Opens the journal in the directory `dir`, or makes both, and reads
    /// everything back. Blocks for as long as that takes.
    ///
    /// # Errors
    /// If it is in use, damaged, or another's; nothing is changed then.
    pub fn open(dir: &Path, owner: &Owner) -> Result<Opened, JournalError> {
        Self::open_witnessed(dir, owner, Box::new(()))
    }

    /// As [`Journal::open`], with somebody who is told at each point where a
    /// crash would matter.
    ///
    /// # Errors
    /// As [`Journal::open`].
    pub fn open_witnessed(
        dir: &Path,
        owner: &Owner,
        witness: Box<dyn Witness>,
    ) -> Result<Opened, JournalError> {
        let io = |error: std::io::Error| JournalError::Io {
            path: dir.to_owned(),
            reason: error.to_string(),
        };
        make_dir(dir).map_err(io)?;
        let store = Store::open(dir, owner)?;
        let saved = store.load()?;
        let (work, inbox) = channel();
        let (done, completions) = unbounded_channel();
        let cells = Arc::new(Cells::default());
        let own = owner.node.clone();
        let writer = Writer::new(store, own, inbox, done, Arc::clone(&cells), witness);
        let thread = std::thread::Builder::new().name("gossip-journal".to_owned());
        let thread = thread.spawn(|| writer.run()).map_err(io)?;
        let journal = Self {
            work,
            cells,
            thread: Some(thread),
        };
        Ok(Opened {
            journal,
            completions: Completions(completions),
            saved,
        })
    }

    /// Writes a record; a [`Done`] names `id` when it is on disk, or will not be.
    pub fn persist(&self, id: PersistId, record: Record) {
        self.write(record, Some(id));
    }

    /// Writes a record when convenient.
    pub fn remember(&self, record: Record) {
        self.write(record, None);
    }

    /// Whether as much waits as may. A host that takes in nothing new until
    /// this is over keeps the queue bounded.
    pub fn is_full(&self) -> bool {
        self.cells.records_queued.load(Ordering::Relaxed) >= limit::QUEUE_RECORDS
            || self.cells.bytes_queued.load(Ordering::Relaxed) >= limit::QUEUE_BYTES
    }

    /// What it did, and what it could not.
    pub fn counters(&self) -> JournalCounters {
        self.cells.snapshot()
    }

    /// Writes what is left, and returns when it is on disk. Blocks.
    pub fn close(self) {
        drop(self);
    }

    fn write(&self, record: Record, waited_for: Option<PersistId>) {
        self.cells.queue(bytes_of(&record));
        // The thread outlives this sender; if it died of a bug, its answers
        // end, and whoever waits for them learns it there.
        let _ = self.work.send(Work::Write(record, waited_for));
    }
}

impl Drop for Journal {
    fn drop(&mut self) {
        let _ = self.work.send(Work::Close);
        if let Some(thread) = self.thread.take() {
            // A panic in it was reported when it happened.
            let _ = thread.join();
        }
    }
}

impl fmt::Debug for Journal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Journal")
            .field("counters", &self.counters())
            .finish_non_exhaustive()
    }
}

impl Completions {
    /// The next answer; `None` when the journal's thread has ended.
    pub async fn recv(&mut self) -> Option<Done> {
        self.0.recv().await
    }

    /// The next answer, for a caller outside async code.
    pub fn blocking_recv(&mut self) -> Option<Done> {
        self.0.blocking_recv()
    }
}

/// Makes the data directory, for its owner alone.
fn make_dir(dir: &Path) -> std::io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt as _;
        builder.mode(0o700);
    }
    builder.create(dir)
}
