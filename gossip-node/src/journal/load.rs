//! Reading a journal back: exact bytes in, what the core once knew out.
//!
//! Every byte is judged by the same decoder that judges peers, and every entry
//! is held against the hash its head names it by; what does not fit is damage.

use std::collections::BTreeMap;

use bytes::Bytes;
use gossip_core::base::id::NodeId;
use gossip_core::electorate::Elected;
use gossip_core::input::Saved;
use gossip_core::message::{Accusation, Batch, Claim, Footing, Generation, Incarnation, Sealed};
use gossip_wire::{DecodeError, decode_batch, decode_sealed_accusation, decode_sealed_claim};
use redb::{
    Database, ReadTransaction, ReadableDatabase as _, ReadableTable as _, TableDefinition,
    TableError,
};

use super::election;
use super::store::Failure;
use super::table::{CLAIMS, CLOSED, ENTRIES, HEADS, META, VERDICTS, meta};

/// Everything the journal holds.
pub(super) fn all(database: &Database) -> Result<Saved, Failure> {
    let transaction = database.begin_read()?;
    Ok(Saved {
        generation: generation(&transaction)?,
        batches: batches(&transaction)?,
        claims: claims(&transaction)?,
        verdicts: verdicts(&transaction)?,
        closed: closed(&transaction)?,
        elected: elected(&transaction)?,
    })
}

/// The text under a name in `meta`.
pub(super) fn text(transaction: &ReadTransaction, name: &str) -> Result<Option<String>, Failure> {
    let table = transaction.open_table(META)?;
    Ok(table.get(name)?.map(|row| row.value().to_owned()))
}

/// The number under a name in `meta`.
pub(super) fn number(transaction: &ReadTransaction, name: &str) -> Result<Option<u64>, Failure> {
    let Some(text) = text(transaction, name)? else {
        return Ok(None);
    };
    let number = text.parse();
    number
        .map(Some)
        .map_err(|_| Failure::damaged(format!("{name} is {text:?}, not a number")))
}

fn generation(transaction: &ReadTransaction) -> Result<Generation, Failure> {
    Ok(Generation(
        number(transaction, meta::GENERATION)?.unwrap_or(0),
    ))
}

fn elected(transaction: &ReadTransaction) -> Result<Option<Elected>, Failure> {
    let Some(text) = text(transaction, meta::ELECTED)? else {
        return Ok(None);
    };
    let elected = election::read(&text);
    elected
        .map(Some)
        .map_err(|line| Failure::damaged(format!("the list of voters says {line:?}")))
}

/// Heads and entries lie in the same order, so one pass over both suffices.
fn batches(transaction: &ReadTransaction) -> Result<Vec<Batch>, Failure> {
    let heads = transaction.open_table(HEADS)?;
    let entries = transaction.open_table(ENTRIES)?;
    let mut entries = entries.iter()?.peekable();
    let mut batches = Vec::new();
    for row in heads.iter()? {
        let (key, row) = row?;
        let (author, first, generation, count) = key.value();
        let (needed_by, head) = row.value();
        let mut parts = Vec::new();
        while let Some(Ok((entry_key, entry_row))) = entries.peek() {
            let (entry_author, version) = entry_key.value();
            let (of_first, of_generation, of_count, bytes) = entry_row.value();
            if (entry_author, of_first, of_generation, of_count)
                != (author, first, generation, count)
            {
                break;
            }
            let index = version.checked_sub(first).map(u32::try_from);
            let Some(Ok(index)) = index else {
                return Err(Failure::damaged(format!(
                    "version {version} of {author} lies outside its batch"
                )));
            };
            parts.push((index, Bytes::copy_from_slice(bytes)));
            entries.next().transpose()?;
        }
        if usize::try_from(needed_by) != Ok(parts.len()) {
            return Err(Failure::damaged(format!(
                "a batch of {author} at version {first} should have {needed_by} entries and has {}",
                parts.len()
            )));
        }
        let batch = decode_batch(Bytes::copy_from_slice(head), parts);
        let batch = batch.map_err(|error| judged("a batch", author, &error))?;
        batches.push(batch);
    }
    match entries.next().transpose()? {
        None => Ok(batches),
        Some((key, _)) => {
            let (author, version) = key.value();
            Err(Failure::damaged(format!(
                "version {version} of {author} belongs to no batch"
            )))
        }
    }
}

fn claims(transaction: &ReadTransaction) -> Result<Vec<Sealed<Claim>>, Failure> {
    let table = transaction.open_table(CLAIMS)?;
    let mut claims = Vec::new();
    for row in table.iter()? {
        let (member, bytes) = row?;
        let claim = decode_sealed_claim(Bytes::copy_from_slice(bytes.value()));
        claims.push(claim.map_err(|error| judged("the claim", member.value(), &error))?);
    }
    Ok(claims)
}

fn verdicts(transaction: &ReadTransaction) -> Result<Vec<Sealed<Accusation>>, Failure> {
    let table = transaction.open_table(VERDICTS)?;
    let mut verdicts = Vec::new();
    for row in table.iter()? {
        let (accused, row) = row?;
        let verdict = decode_sealed_accusation(Bytes::copy_from_slice(row.value().2));
        verdicts.push(verdict.map_err(|error| judged("the verdict on", accused.value(), &error))?);
    }
    Ok(verdicts)
}

fn closed(transaction: &ReadTransaction) -> Result<BTreeMap<NodeId, Footing>, Failure> {
    let table = match transaction.open_table(CLOSED) {
        Err(TableError::TableDoesNotExist(_)) => return Ok(BTreeMap::new()),
        table => table?,
    };
    let mut closed = BTreeMap::new();
    for row in table.iter()? {
        let (member, row) = row?;
        let member = member.value();
        let id = member.parse();
        let id = id.map_err(|_| Failure::damaged(format!("a closed row is {member:?}'s")))?;
        let (generation, incarnation) = row.value();
        let footing = Footing {
            generation: Generation(generation),
            incarnation: Incarnation(incarnation),
        };
        closed.insert(id, footing);
    }
    Ok(closed)
}

/// Whether every table can be opened with the types this program gives it.
pub(super) fn tables(transaction: &ReadTransaction) -> Result<(), Failure> {
    fn one<K: redb::Key + 'static, V: redb::Value + 'static>(
        transaction: &ReadTransaction,
        table: TableDefinition<'static, K, V>,
    ) -> Result<(), Failure> {
        transaction.open_table(table)?;
        Ok(())
    }
    one(transaction, META)?;
    one(transaction, HEADS)?;
    one(transaction, ENTRIES)?;
    one(transaction, CLAIMS)?;
    one(transaction, VERDICTS)?;
    match one(transaction, CLOSED) {
        Err(Failure::Store(redb::Error::TableDoesNotExist(_))) => Ok(()),
        opened => opened,
    }
}

fn judged(what: &str, whose: &str, error: &DecodeError) -> Failure {
    if error.is_unknown() {
        return Failure::unknown(format!("{what} of {whose}: {error}"));
    }
    Failure::damaged(format!("{what} of {whose}: {error}"))
}
