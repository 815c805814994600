//! The tables: how records lie on the disk.
//!
//! ```text
//!  meta      name                               → text      format, cluster, node, generation, elected
//!  heads     author, first, generation, count   → entries that need it, sealed bytes
//!  entries   author, version                    → its head's key, exact bytes
//!  claims    member                             → sealed bytes
//!  verdicts  accused                            → footing, sealed bytes
//!  closed    member with a claim                → footing
//! ```
//!
//! A batch's sealed head is stored once and counted by its entries. It goes
//! with the last of them, unless it is the newest head of its log, which says
//! how far the log goes, or the opening of the newest generation.
//!
//! A journal of before there were closed rows lacks their table, and is read as
//! one in which no row is closed; whoever does not know the table leaves it be.

use gossip_core::message::BatchHead;
use redb::{Table, TableDefinition, WriteTransaction};

/// The format this program writes, and the newest it can read.
pub(super) const FORMAT: u64 = 1;

/// Who a head is: author, first version, generation, count. In this order, so
/// that a log's newest head is its last: a newer generation's first version is
/// never below an older one's, once the log is cut to its base.
pub(super) type HeadKey<'a> = (&'a str, u64, u64, u32);
/// How many entries need it, and its bytes.
pub(super) type HeadRow<'a> = (u32, &'a [u8]);
/// Author and version.
pub(super) type EntryKey<'a> = (&'a str, u64);
/// The rest of its head's key, and its bytes.
pub(super) type EntryRow<'a> = (u64, u64, u32, &'a [u8]);
/// Generation and incarnation it holds against, and its bytes.
pub(super) type VerdictRow<'a> = (u64, u64, &'a [u8]);
/// Generation and incarnation up to which a row is closed.
pub(super) type ClosedRow = (u64, u64);

pub(super) const META: TableDefinition<'static, &'static str, &'static str> =
    TableDefinition::new("meta");
pub(super) const HEADS: TableDefinition<'static, HeadKey<'static>, HeadRow<'static>> =
    TableDefinition::new("heads");
pub(super) const ENTRIES: TableDefinition<'static, EntryKey<'static>, EntryRow<'static>> =
    TableDefinition::new("entries");
pub(super) const CLAIMS: TableDefinition<'static, &'static str, &'static [u8]> =
    TableDefinition::new("claims");
pub(super) const VERDICTS: TableDefinition<'static, &'static str, VerdictRow<'static>> =
    TableDefinition::new("verdicts");
pub(super) const CLOSED: TableDefinition<'static, &'static str, ClosedRow> =
    TableDefinition::new("closed");

/// Names in `meta`.
pub(super) mod meta {
    pub(in super::super) const FORMAT: &str = "format";
    pub(in super::super) const CLUSTER: &str = "cluster";
    pub(in super::super) const NODE: &str = "node";
    pub(in super::super) const GENERATION: &str = "generation";
    pub(in super::super) const ELECTED: &str = "elected";
}

/// All tables of one transaction, open for writing.
pub(super) struct Tables<'t> {
    pub(super) meta: Table<'t, &'static str, &'static str>,
    pub(super) heads: Table<'t, HeadKey<'static>, HeadRow<'static>>,
    pub(super) entries: Table<'t, EntryKey<'static>, EntryRow<'static>>,
    pub(super) claims: Table<'t, &'static str, &'static [u8]>,
    pub(super) verdicts: Table<'t, &'static str, VerdictRow<'static>>,
    pub(super) closed: Table<'t, &'static str, ClosedRow>,
}

impl<'t> Tables<'t> {
    /// Opens them, and makes those that are not there.
    pub(super) fn open(transaction: &'t WriteTransaction) -> Result<Self, redb::Error> {
        Ok(Self {
            meta: transaction.open_table(META)?,
            heads: transaction.open_table(HEADS)?,
            entries: transaction.open_table(ENTRIES)?,
            claims: transaction.open_table(CLAIMS)?,
            verdicts: transaction.open_table(VERDICTS)?,
            closed: transaction.open_table(CLOSED)?,
        })
    }
}

/// The key of a batch's head.
pub(super) fn head_key(head: &BatchHead) -> HeadKey<'_> {
    (
        head.author.as_str(),
        head.first.0,
        head.generation().0,
        head.count,
    )
}
