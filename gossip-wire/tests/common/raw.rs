//! Protobuf by hand: bytes that this version of the schema would not write.

/// A varint.
pub(crate) fn varint(mut value: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    while value > 0x7f {
        bytes.push((value & 0x7f) as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
    bytes
}

/// Field `number`, holding a number.
pub(crate) fn number(number: u64, value: u64) -> Vec<u8> {
    [varint(number << 3), varint(value)].concat()
}

/// Field `number`, holding bytes, a text or a message.
pub(crate) fn field(number: u64, bytes: impl AsRef<[u8]>) -> Vec<u8> {
    let bytes = bytes.as_ref();
    [&varint(number << 3 | 2), &varint(bytes.len() as u64), bytes].concat()
}

/// What stands in the first field of `bytes`, which holds bytes.
pub(crate) fn first_field(bytes: &[u8]) -> &[u8] {
    assert_eq!(bytes[0] & 7, 2, "not a field of bytes");
    let (mut len, mut at) = (0, 1);
    for shift in (0..).step_by(7) {
        len |= usize::from(bytes[at] & 0x7f) << shift;
        at += 1;
        if bytes[at - 1] & 0x80 == 0 {
            break;
        }
    }
    &bytes[at..at + len]
}

/// Fields that no version has yet, one of every wire type.
pub(crate) fn of_later_versions() -> Vec<u8> {
    [
        number(1_000, 58),
        field(1_001, "of a later version"),
        [varint(1_002 << 3 | 1), vec![7; 8]].concat(),
        [varint(1_003 << 3 | 5), vec![7; 4]].concat(),
    ]
    .concat()
}
