//! Why a journal cannot be used, and what to do about it.

use std::path::PathBuf;

/// Why a journal cannot be used. Every text says what to do next.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum JournalError {
    /// Another process has it open.
    #[error(
        "{path}: another process has this journal open; stop it, or give this node its own data directory"
    )]
    Locked {
        /// Where it lies.
        path: PathBuf,
    },
    /// It is the journal of another node.
    #[error(
        "{path}: this journal belongs to node {found}, not {wanted}; give each node its own data directory"
    )]
    OtherNode {
        /// Where it lies.
        path: PathBuf,
        /// Whose it is.
        found: String,
        /// Who opened it.
        wanted: String,
    },
    /// It is the journal of another cluster.
    #[error(
        "{path}: this journal belongs to cluster {found}, not {wanted}; give each node its own data directory"
    )]
    OtherCluster {
        /// Where it lies.
        path: PathBuf,
        /// Whose it is.
        found: String,
        /// Who opened it.
        wanted: String,
    },
    /// A later version of this program wrote it.
    #[error(
        "{path}: this journal has format {found}, this program knows {known}; run the newer program, or move the file aside and start empty"
    )]
    Newer {
        /// Where it lies.
        path: PathBuf,
        /// Its format.
        found: u64,
        /// The newest format this program knows.
        known: u64,
    },
    /// It holds something that only a later version of this program knows.
    #[error(
        "{path}: this journal holds what this program does not know ({reason}); run the newer program, or move the file aside and start empty"
    )]
    Unknown {
        /// Where it lies.
        path: PathBuf,
        /// What was found.
        reason: String,
    },
    /// It is damaged.
    #[error(
        "{path}: this journal is damaged ({reason}); move it aside and start again: the node starts empty, as a new generation, and the cluster brings back what it holds"
    )]
    Damaged {
        /// Where it lies.
        path: PathBuf,
        /// What was found.
        reason: String,
    },
    /// The disk is full.
    #[error("{path}: no space is left for the journal; make room and start again")]
    Full {
        /// Where it lies.
        path: PathBuf,
    },
    /// The system refused.
    #[error("{path}: {reason}; check that the directory exists, its permissions and the disk")]
    Io {
        /// Where it lies.
        path: PathBuf,
        /// What the system said.
        reason: String,
    },
}
