//! Sketches and what is read in them: columns of numbers, not a submessage each.

use bytes::{BufMut as _, Bytes, BytesMut};
use gossip_core::base::limit;
use gossip_core::message::{Body, Form, Found, Key, Sketch, Symbol};
use gossip_core::reconcile::field::PRIME;

use crate::digest::{checksum_from_pb, checksum_to_pb};
use crate::error::DecodeError;
use crate::{field, pb};

/// Bytes of a key.
const KEY: usize = 8;
/// Bytes of a key and its value.
const ITEM: usize = 16;

pub(crate) fn to_pb(sketch: &Sketch) -> pb::Sketch {
    let form = match sketch.form {
        Form::PushPull => pb::Form::PushPull,
        Form::Push => pb::Form::Push,
        Form::Pull => pb::Form::Pull,
    };
    let mut symbols = BytesMut::with_capacity(sketch.symbols.len() * Symbol::BYTES);
    for symbol in &sketch.symbols {
        symbols.put_u64(symbol.sum);
        symbols.put_u64(symbol.product);
        symbols.put_u32(symbol.check);
    }
    pb::Sketch {
        sum: checksum_to_pb(sketch.sum).sum,
        form: form.into(),
        first: sketch.first,
        symbols: symbols.freeze(),
    }
}

pub(crate) fn from_pb(sketch: &pb::Sketch) -> Result<Sketch, DecodeError> {
    let sum = checksum_from_pb(&pb::Checksum {
        sum: sketch.sum.clone(),
    })?;
    let form = match pb::Form::try_from(sketch.form) {
        Ok(pb::Form::PushPull) => Form::PushPull,
        Ok(pb::Form::Push) => Form::Push,
        Ok(pb::Form::Pull) => Form::Pull,
        Err(_) => return Err(DecodeError::UnknownKind { what: "form" }),
    };
    let (rows, rest) = sketch.symbols.as_chunks::<{ Symbol::BYTES }>();
    field::ensure(rest.is_empty(), "symbols of other than 20 bytes")?;
    field::ensure(!rows.is_empty(), "a sketch without symbols")?;
    let through = rows.len().saturating_add(sketch.first as usize);
    field::at_most("symbols", through, limit::SYMBOLS)?;
    let symbols = rows.iter().map(|row| {
        let (numbers, check) = row.split_at(ITEM);
        let [sum, product] = numbers_in(numbers);
        let check = check
            .iter()
            .fold(0, |all, byte| all << 8 | u32::from(*byte));
        below_prime([sum, product])?;
        Ok(Symbol {
            sum,
            product,
            check,
        })
    });
    Ok(Sketch {
        sum,
        form,
        first: sketch.first,
        symbols: symbols.collect::<Result<_, DecodeError>>()?,
    })
}

pub(crate) fn more_from_pb(more: &pb::More) -> Result<Body, DecodeError> {
    field::at_most("symbols", more.through as usize, limit::SYMBOLS)?;
    field::ensure(more.through > 0, "no symbols are asked for")?;
    Ok(Body::More {
        through: more.through,
    })
}

pub(crate) fn found_to_pb(found: &Found) -> pb::Found {
    let mut lacks = BytesMut::with_capacity(found.lacks.len() * ITEM);
    for (key, value) in &found.lacks {
        lacks.put_u64(*key);
        lacks.put_u64(*value);
    }
    let mut unclear = BytesMut::with_capacity(found.unclear.len() * KEY);
    found.unclear.iter().for_each(|key| unclear.put_u64(*key));
    pb::Found {
        used: found.used,
        lacks: lacks.freeze(),
        unclear: unclear.freeze(),
    }
}

pub(crate) fn found_from_pb(found: &pb::Found) -> Result<Found, DecodeError> {
    field::at_most("symbols", found.used as usize, limit::SYMBOLS)?;
    let lacks = columns::<ITEM>("items", &found.lacks, limit::SYMBOLS)?;
    let lacks = lacks.iter().map(|item| {
        let [key, value] = numbers_in(item);
        below_prime([key, value])?;
        Ok((key, value))
    });
    let unclear = columns::<KEY>("names", &found.unclear, limit::DIGEST_ROWS)?;
    let unclear = unclear.iter().map(|key| {
        let key = u64::from_be_bytes(*key);
        below_prime([key, 0])?;
        Ok(key)
    });
    Ok(Found {
        used: found.used,
        lacks: lacks.collect::<Result<_, DecodeError>>()?,
        unclear: unclear.collect::<Result<_, DecodeError>>()?,
    })
}

pub(crate) fn first_to_pb(keys: &[Key]) -> pb::First {
    pb::First {
        keys: keys.iter().map(Key::as_str).collect::<Vec<_>>().join("\n"),
    }
}

pub(crate) fn first_from_pb(first: &pb::First) -> Result<Vec<Key>, DecodeError> {
    let count = first.keys.bytes().filter(|byte| *byte == b'\n').count() + 1;
    field::at_most("beginnings of keys", count, limit::READINESS)?;
    let keys = first.keys.split('\n').map(|key| Ok(key.parse::<Key>()?));
    keys.collect()
}

/// Bytes as pieces of one length, at most so many.
fn columns<'a, const LENGTH: usize>(
    what: &'static str,
    bytes: &'a Bytes,
    max: usize,
) -> Result<&'a [[u8; LENGTH]], DecodeError> {
    let (columns, rest) = bytes.as_chunks::<LENGTH>();
    field::ensure(rest.is_empty(), "a column that ends within a number")?;
    field::at_most(what, columns.len(), max)?;
    Ok(columns)
}

/// Two numbers of eight bytes, the highest first.
fn numbers_in(bytes: &[u8]) -> [u64; 2] {
    let (numbers, _) = bytes.as_chunks::<KEY>();
    let mut numbers = numbers.iter().map(|number| u64::from_be_bytes(*number));
    [0; 2].map(|_: u64| numbers.next().unwrap_or_default())
}

fn below_prime(numbers: [u64; 2]) -> Result<(), DecodeError> {
    let below = numbers.iter().all(|number| *number < PRIME);
    field::ensure(below, "a number that is not below the prime")
}
