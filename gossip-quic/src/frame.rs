//! Frames: how messages lie on a stream.
//!
//! A stream begins with its kind; then come frames, each its length and that
//! many bytes. Kind and length are QUIC's variable-length integers (RFC 9000
//! §16). A length is judged before a byte is allocated for it.

use bytes::Bytes;
use quinn::{ReadError, ReadExactError, RecvStream, SendStream, WriteError};

use crate::limit::STREAM_MESSAGE_BYTES;

/// What a stream carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum StreamKind {
    /// `Hello`, `HelloAck` and records; two-way, the dialer's first.
    Control,
    /// One message; one-way.
    Message,
    /// A session; two-way.
    Session,
}

impl StreamKind {
    pub(crate) const fn as_u64(self) -> u64 {
        match self {
            Self::Control => 0,
            Self::Message => 1,
            Self::Session => 2,
        }
    }

    pub(crate) const fn from_u64(kind: u64) -> Option<Self> {
        match kind {
            0 => Some(Self::Control),
            1 => Some(Self::Message),
            2 => Some(Self::Session),
            _ => None,
        }
    }
}

/// Why nothing could be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum FrameError {
    #[error("the stream ended inside a frame")]
    Truncated,
    #[error("a frame of {bytes} bytes")]
    TooLarge { bytes: u64 },
    #[error("a stream of kind {0}")]
    UnknownKind(u64),
    #[error(transparent)]
    Stream(#[from] ReadError),
}

impl From<ReadExactError> for FrameError {
    fn from(error: ReadExactError) -> Self {
        match error {
            ReadExactError::FinishedEarly(_) => Self::Truncated,
            ReadExactError::ReadError(error) => Self::Stream(error),
        }
    }
}

/// Writes an integer into one, two, four or eight bytes. What does not fit
/// into 62 bits cannot come: kinds are small and lengths are bounded.
pub(crate) fn encode_varint(value: u64) -> Vec<u8> {
    match value {
        0..0x40 => vec![u8::try_from(value).unwrap_or(0)],
        0x40..0x4000 => (u16::try_from(value).unwrap_or(0) | 0x4000)
            .to_be_bytes()
            .to_vec(),
        0x4000..0x4000_0000 => (u32::try_from(value).unwrap_or(0) | 0x8000_0000)
            .to_be_bytes()
            .to_vec(),
        _ => (value | 0xc000_0000_0000_0000).to_be_bytes().to_vec(),
    }
}

/// Reads an integer; `None` at the stream's end.
pub(crate) async fn read_varint(stream: &mut RecvStream) -> Result<Option<u64>, FrameError> {
    let mut first = [0];
    if stream.read(&mut first).await?.is_none() {
        return Ok(None);
    }
    let [first] = first;
    let mut value = u64::from(first & 0x3f);
    for _ in 1..(1_u8 << (first >> 6)) {
        let mut next = [0];
        stream.read_exact(&mut next).await?;
        value = value << 8 | u64::from(u8::from_be_bytes(next));
    }
    Ok(Some(value))
}

/// Reads the length of the next frame; `None` at the stream's end.
pub(crate) async fn read_length(stream: &mut RecvStream) -> Result<Option<usize>, FrameError> {
    let Some(bytes) = read_varint(stream).await? else {
        return Ok(None);
    };
    match usize::try_from(bytes) {
        Ok(length) if length <= STREAM_MESSAGE_BYTES => Ok(Some(length)),
        _ => Err(FrameError::TooLarge { bytes }),
    }
}

/// Reads the body of a frame whose length was read.
pub(crate) async fn read_body(stream: &mut RecvStream, length: usize) -> Result<Bytes, FrameError> {
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await?;
    Ok(Bytes::from(body))
}

/// Writes the kind of a stream.
pub(crate) async fn write_kind(
    stream: &mut SendStream,
    kind: StreamKind,
) -> Result<(), WriteError> {
    stream.write_all(&encode_varint(kind.as_u64())).await
}

/// Writes a frame.
pub(crate) async fn write_frame(stream: &mut SendStream, body: Bytes) -> Result<(), WriteError> {
    let length = Bytes::from(encode_varint(body.len() as u64));
    stream.write_all_chunks(&mut [length, body]).await
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The examples of RFC 9000 §A.1, and the borders.
    #[test]
    fn integers_are_written_as_the_rfc_says() {
        for (value, bytes) in [
            (37, &[0x25][..]),
            (15_293, &[0x7b, 0xbd]),
            (494_878_333, &[0x9d, 0x7f, 0x3e, 0x7d]),
            (
                151_288_809_941_952_652,
                &[0xc2, 0x19, 0x7c, 0x5e, 0xff, 0x14, 0xe8, 0x8c],
            ),
            (0x3f, &[0x3f]),
            (0x40, &[0x40, 0x40]),
            (0x3fff, &[0x7f, 0xff]),
            (0x4000, &[0x80, 0x00, 0x40, 0x00]),
        ] {
            assert_eq!(encode_varint(value), bytes);
        }
    }
}
