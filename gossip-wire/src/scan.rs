//! Counting before allocating: how many pieces a message has, read off its bytes.
//!
//! A *piece* is a submessage that the decoder would turn into a value. The
//! scan walks tags and lengths, descends only into fields that hold pieces,
//! allocates nothing, and stops at the bound. It knows just enough of the
//! schema for that:
//!
//! ```text
//!   Message ─ Digest, Want ─ row ─ member, head
//!           ├ Ranges ─ range ─ row ─ member, head
//!           ├ Delta ─ item, log ─ item
//!           ├ Offer ─ log head ─ head; Follow ─ head
//!           ├ EventHave ─ row
//!           ├ EventDelta ─ run ─ event
//!           └ item, Outline ─ part, chunked
//! ```
//!
//! It accepts nothing that the decoder behind it would read differently: a
//! field that runs past its message ends the scan with an error, and so does a
//! group, a form of nesting that protobuf gave up long ago.

use crate::bound;
use crate::error::DecodeError;

/// A message's fields that hold pieces, by number, and the shape of each.
pub(crate) struct Shape(&'static [(u64, &'static Shape)]);

/// A message whose fields are all plain.
const FLAT: Shape = Shape(&[]);
const ROW: Shape = Shape(&[(2, &FLAT), (3, &FLAT)]);
const LOG_HEAD: Shape = Shape(&[(2, &FLAT)]);
const LOG: Shape = Shape(&[(2, &ITEM)]);

/// The shape of an `Item`.
pub(crate) const ITEM: Shape = Shape(&[(2, &FLAT), (3, &FLAT)]);

/// The shape of a `Message`.
pub(crate) const MESSAGE: Shape = Shape(&[
    (1, &FLAT),
    (2, &FLAT),
    (3, &FLAT),
    (4, &FLAT),
    (5, &FLAT),
    (6, &Shape(&[(3, &ROW)])),
    (7, &Shape(&[(1, &ROW)])),
    (8, &Shape(&[(1, &ITEM), (2, &LOG)])),
    (9, &FLAT),
    (10, &FLAT),
    (11, &FLAT),
    (12, &FLAT),
    (13, &Shape(&[(8, &LOG_HEAD)])),
    (14, &FLAT),
    (15, &ITEM),
    (20, &FLAT),
    (21, &Shape(&[(1, &ROW)])),
    (22, &Shape(&[(2, &Shape(&[(5, &ROW)]))])),
    (23, &FLAT),
    (30, &Shape(&[(1, &FLAT)])),
    (31, &Shape(&[(1, &Shape(&[(5, &FLAT)]))])),
    (32, &Shape(&[(5, &FLAT)])),
    (40, &LOG_HEAD),
    (45, &ITEM),
    (46, &FLAT),
    (47, &FLAT),
]);

/// The number of pieces in `bytes`, at most [`bound::PIECES`].
pub(crate) fn pieces(
    what: &'static str,
    shape: &Shape,
    bytes: &[u8],
) -> Result<usize, DecodeError> {
    let mut count = 0;
    match walk(shape, bytes, &mut count) {
        Ok(()) => Ok(count),
        Err(Stop::Full) => Err(DecodeError::TooMany {
            what: "pieces",
            count,
            max: bound::PIECES,
        }),
        Err(Stop::Broken(why)) => Err(DecodeError::NotProtobuf {
            what,
            why: why.to_string(),
        }),
    }
}

/// Why a scan ended early.
enum Stop {
    Full,
    Broken(&'static str),
}

const PAST_THE_END: Stop = Stop::Broken("a field runs past the end");

fn walk(shape: &Shape, mut bytes: &[u8], count: &mut usize) -> Result<(), Stop> {
    while !bytes.is_empty() {
        let key = varint(&mut bytes)?;
        match key & 7 {
            0 => {
                varint(&mut bytes)?;
            }
            1 => {
                take(&mut bytes, 8)?;
            }
            2 => {
                let field = varint(&mut bytes)?;
                let field = take(&mut bytes, field)?;
                let piece = shape.0.iter().find(|(number, _)| *number == key >> 3);
                if let Some((_, shape)) = piece {
                    *count += 1;
                    if *count > bound::PIECES {
                        return Err(Stop::Full);
                    }
                    walk(shape, field, count)?;
                }
            }
            5 => {
                take(&mut bytes, 4)?;
            }
            _ => return Err(Stop::Broken("a group, or a wire type that does not exist")),
        }
    }
    Ok(())
}

/// The next `len` bytes.
fn take<'a>(bytes: &mut &'a [u8], len: u64) -> Result<&'a [u8], Stop> {
    let len = usize::try_from(len).map_err(|_| PAST_THE_END)?;
    let (field, rest) = bytes.split_at_checked(len).ok_or(PAST_THE_END)?;
    *bytes = rest;
    Ok(field)
}

/// The next varint: seven bits a byte, the lowest first, at most 64 of them.
fn varint(bytes: &mut &[u8]) -> Result<u64, Stop> {
    let mut value = 0_u64;
    for shift in (0..64).step_by(7) {
        let (&byte, rest) = bytes.split_first().ok_or(PAST_THE_END)?;
        *bytes = rest;
        let bits = u64::from(byte & 0x7f);
        if shift == 63 && bits > 1 {
            break;
        }
        value |= bits << shift;
        if byte & 0x80 == 0 {
            return Ok(value);
        }
    }
    Err(Stop::Broken("a number of more than 64 bits"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn empty_pieces_are_counted_without_being_built() {
        // Two bytes each: field 15, length zero.
        let fits = [0x7a, 0x00].repeat(bound::PIECES);
        assert_eq!(pieces("message", &MESSAGE, &fits), Ok(bound::PIECES));
        let full = [0x7a, 0x00].repeat(bound::PIECES + 1);
        assert_eq!(
            pieces("message", &MESSAGE, &full),
            Err(DecodeError::TooMany {
                what: "pieces",
                count: bound::PIECES + 1,
                max: bound::PIECES,
            })
        );
    }

    #[test]
    fn pieces_within_pieces_count_wherever_they_hide() {
        // An item (15) of two parts (2); a digest (6) of a row (3) of both halves (2, 3).
        let bytes = [
            0x7a, 4, 0x12, 0, 0x12, 0, 0x32, 6, 0x1a, 4, 0x12, 0, 0x1a, 0,
        ];
        assert_eq!(pieces("message", &MESSAGE, &bytes), Ok(7));
    }

    #[test]
    fn fields_of_later_versions_are_stepped_over() {
        // Fields 100 to 103, of every wire type that is in use.
        let bytes = [
            0xa0, 0x06, 0x80, 0x01, 0xa9, 0x06, 1, 2, 3, 4, 5, 6, 7, 8, 0xb2, 0x06, 2, 0x7a, 0,
            0xbd, 0x06, 1, 2, 3, 4,
        ];
        assert_eq!(pieces("message", &MESSAGE, &bytes), Ok(0));
    }

    #[test]
    fn what_does_not_add_up_is_refused() {
        for bytes in [
            &[0x7a][..],
            &[0x7a, 1],
            &[
                0x7a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01,
            ],
            &[
                0x7a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02,
            ],
            &[0x7b, 0x7c],
            &[0x7f],
            &[0xa9, 0x06, 1, 2],
        ] {
            let refused = pieces("message", &MESSAGE, bytes);
            assert!(
                matches!(refused, Err(DecodeError::NotProtobuf { .. })),
                "{bytes:?}: {refused:?}"
            );
        }
    }
}
