//! The file: opened, checked, and opened again after a failure.
//!
//! A new journal is made under another name and gets its own once it says
//! whose it is; so a journal that is there is whole, and an empty file where
//! one should be is damage, not a fresh start.

use std::fs::{self, File};
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use gossip_core::input::{DiskError, Saved};
use gossip_core::output::Record;
use redb::{Builder, Database, DatabaseError, ReadableDatabase as _};

use super::table::{FORMAT, Tables, meta};
use super::witness::{Point, Witness};
use super::{JournalError, Owner, apply, limit, load};

/// The file's name in the data directory.
pub(super) const FILE: &str = "journal.redb";
/// Its name until it says whose it is.
const FILE_NEW: &str = "journal.redb.new";

/// What went wrong, before it is known what it means to whom.
#[derive(Debug)]
pub(super) enum Failure {
    Store(redb::Error),
    Damaged(String),
    Unknown(String),
}

impl Failure {
    pub(super) const fn damaged(reason: String) -> Self {
        Self::Damaged(reason)
    }

    pub(super) const fn unknown(reason: String) -> Self {
        Self::Unknown(reason)
    }

    /// What the core is told.
    pub(super) fn disk_error(&self) -> DiskError {
        match self {
            Self::Store(redb::Error::Io(error)) if is_full(error) => DiskError::Full,
            _ => DiskError::Failed,
        }
    }

    fn at(self, path: &Path) -> JournalError {
        let path = path.to_owned();
        match self {
            Self::Store(redb::Error::DatabaseAlreadyOpen | redb::Error::LockProtocolMismatch) => {
                JournalError::Locked { path }
            }
            Self::Store(redb::Error::Io(error)) if is_full(&error) => JournalError::Full { path },
            // What a truncated file looks like from inside.
            Self::Store(redb::Error::Io(error)) if is_torn(&error) => {
                let reason = error.to_string();
                JournalError::Damaged { path, reason }
            }
            Self::Store(redb::Error::Io(error)) => JournalError::Io {
                path,
                reason: error.to_string(),
            },
            Self::Store(error) => JournalError::Damaged {
                path,
                reason: error.to_string(),
            },
            Self::Damaged(reason) => JournalError::Damaged { path, reason },
            Self::Unknown(reason) => JournalError::Unknown { path, reason },
        }
    }
}

impl<E: Into<redb::Error>> From<E> for Failure {
    fn from(error: E) -> Self {
        Self::Store(error.into())
    }
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Store(error) => error.fmt(f),
            Self::Damaged(reason) | Self::Unknown(reason) => f.write_str(reason),
        }
    }
}

/// `EFBIG` is a quota too.
fn is_full(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge
    )
}

fn is_torn(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::UnexpectedEof | io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput
    )
}

/// The journal's file, open or to be opened again.
pub(super) struct Store {
    path: PathBuf,
    owner: Owner,
    database: Option<Database>,
}

impl Store {
    /// Opens the journal in `dir`, or makes one.
    pub(super) fn open(dir: &Path, owner: &Owner) -> Result<Self, JournalError> {
        let path = dir.join(FILE);
        let there = path.try_exists();
        let there = there.map_err(|error| Failure::from(redb::Error::Io(error)).at(&path))?;
        let database = if there {
            existing(&path)
        } else {
            create(dir, owner)
        };
        let store = Self {
            database: Some(database.map_err(|failure| failure.at(&path))?),
            owner: owner.clone(),
            path,
        };
        store.check_owner()?;
        Ok(store)
    }

    /// What the journal holds.
    pub(super) fn load(&self) -> Result<Saved, JournalError> {
        let Some(database) = &self.database else {
            return Ok(Saved::default());
        };
        let saved = guarded(|| load::all(database));
        saved.map_err(|failure| failure.at(&self.path))
    }

    /// Writes `records` in one synced commit: all, or none.
    ///
    /// Says how many rows had to make room. After a failure the file is closed;
    /// the next commit opens it again.
    pub(super) fn commit<'r>(
        &mut self,
        records: impl ExactSizeIterator<Item = &'r Record>,
        witness: &mut dyn Witness,
    ) -> Result<u64, Failure> {
        let database = match self.database.take() {
            Some(database) => database,
            None => existing(&self.path)?,
        };
        // A failed commit leaves the store refusing everything: closing it is
        // the way out, and what dropping `database` does.
        let committed = guarded(|| {
            let transaction = database.begin_write()?;
            let mut gone = 0;
            {
                let mut tables = Tables::open(&transaction)?;
                let half = records.len() / 2;
                for (index, record) in records.enumerate() {
                    if index == half {
                        witness.at(Point::Inside);
                    }
                    gone += apply::record(&mut tables, record)?;
                }
            }
            transaction.commit()?;
            Ok(gone)
        });
        match committed {
            Ok(gone) => {
                self.database = Some(database);
                Ok(gone)
            }
            Err(failure) => {
                // Closing writes, so it may find the same trouble: it is told already.
                let _ = guarded(|| Ok(database.close()?));
                Err(failure)
            }
        }
    }

    /// Whether the next commit has to open the file again.
    pub(super) const fn is_closed(&self) -> bool {
        self.database.is_none()
    }

    /// Closes the file.
    pub(super) fn close(self) -> Result<(), Failure> {
        match self.database {
            Some(database) => guarded(|| Ok(database.close()?)),
            None => Ok(()),
        }
    }

    fn check_owner(&self) -> Result<(), JournalError> {
        let Some(database) = &self.database else {
            return Ok(());
        };
        let path = || self.path.clone();
        let read = guarded(|| {
            let transaction = database.begin_read()?;
            let format = load::number(&transaction, meta::FORMAT)?;
            let cluster = load::text(&transaction, meta::CLUSTER)?;
            let node = load::text(&transaction, meta::NODE)?;
            // A newer format may have other tables; its number is judged first.
            if format == Some(FORMAT) {
                load::tables(&transaction)?;
            }
            Ok((format, cluster, node))
        });
        let (format, cluster, node) = read.map_err(|failure| failure.at(&self.path))?;
        match format {
            Some(FORMAT) => {}
            Some(found) => {
                return Err(JournalError::Newer {
                    path: path(),
                    found,
                    known: FORMAT,
                });
            }
            None => return Err(Failure::damaged("it has no format".to_owned()).at(&self.path)),
        }
        let (cluster, node) = (cluster.unwrap_or_default(), node.unwrap_or_default());
        if cluster != self.owner.cluster.as_str() {
            return Err(JournalError::OtherCluster {
                path: path(),
                found: cluster,
                wanted: self.owner.cluster.to_string(),
            });
        }
        if node != self.owner.node.as_str() {
            return Err(JournalError::OtherNode {
                path: path(),
                found: node,
                wanted: self.owner.node.to_string(),
            });
        }
        Ok(())
    }
}

fn builder() -> Builder {
    let mut builder = Database::builder();
    builder.set_cache_size(limit::CACHE_BYTES);
    // Every page's checksum, at every start: a damaged file is refused, not trusted.
    builder.set_check_integrity_on_open(true);
    builder
}

fn existing(path: &Path) -> Result<Database, Failure> {
    guarded(|| Ok(builder().open(path)?))
}

fn create(dir: &Path, owner: &Owner) -> Result<Database, Failure> {
    let new = dir.join(FILE_NEW);
    guarded(|| {
        // What a crash left behind is thrown away, unless somebody works on it.
        if new.try_exists()? {
            if let Err(error @ DatabaseError::DatabaseAlreadyOpen) = Database::open(&new) {
                return Err(error.into());
            }
            fs::remove_file(&new)?;
        }
        let database = builder().create(&new)?;
        private(&new)?;
        let transaction = database.begin_write()?;
        {
            let mut tables = Tables::open(&transaction)?;
            let format = FORMAT.to_string();
            tables.meta.insert(meta::FORMAT, format.as_str())?;
            tables.meta.insert(meta::CLUSTER, owner.cluster.as_str())?;
            tables.meta.insert(meta::NODE, owner.node.as_str())?;
        }
        transaction.commit()?;
        fs::rename(&new, dir.join(FILE))?;
        File::open(dir)?.sync_all()?;
        Ok(database)
    })
}

/// Nobody else on this machine reads what the cluster's keys hold.
fn private(path: &Path) -> io::Result<()> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        fs::set_permissions(path, fs::Permissions::from_mode(0o600))?;
    }
    let _ = path;
    Ok(())
}

/// Runs what touches the file. On damage that its checksums do not show, the
/// store may panic; to us that is damage like any other.
fn guarded<T>(work: impl FnOnce() -> Result<T, Failure>) -> Result<T, Failure> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().map(String::as_str);
        let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
        let text = text.unwrap_or("no word of why");
        Err(Failure::damaged(format!(
            "the store stumbled over it: {text}"
        )))
    })
}
