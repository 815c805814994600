//! Messages: what one peer says to another for one hop, with its rumors.
//!
//! The one place that says no to a peer's bytes. Length first, then the count
//! of pieces, then the parser, then every value against its law:
//!
//! ```text
//!   bytes ─ channel's limit ─ scan ─ parse ─ validate ─▶ Decoded
//! ```

use bytes::Bytes;
use gossip_core::base::limit;
use gossip_core::message::{Body, Message, Seq};
use prost::Message as _;

use crate::channel::Channel;
use crate::error::DecodeError;
use crate::{chunk, delta, digest, event, field, item, offer, pb, range, scan, sketch};

/// What was understood of a message, and what was not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decoded {
    /// The message, without its unknown items. Of a message of an unknown
    /// kind, its rumors as a [`Body::Gossip`], or nothing if none are left.
    pub message: Option<Message>,
    /// What was left out.
    pub skipped: Skipped,
}

/// What a later version said and this one does not know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Skipped {
    /// Messages of an unknown kind: none or one.
    pub kinds: u64,
    /// Items of an unknown kind, and those left out behind one because they
    /// would leave a gap.
    pub items: u64,
}

/// The message in `bytes`, which came on `channel`.
///
/// # Errors
/// Malformed bytes: the peer that sent them is at fault, whoever authored
/// what, because nobody relays what it could not read itself. Never
/// [`DecodeError::UnknownKind`]: what is unknown is skipped and counted.
pub fn decode_message(bytes: Bytes, channel: Channel) -> Result<Decoded, DecodeError> {
    field::no_longer("a message", bytes.len(), channel.bytes_max())?;
    scan::pieces("message", &scan::MESSAGE, &bytes)?;
    let message: pb::Message = field::parse("message", bytes)?;

    let mut skipped = Skipped::default();
    field::at_most("rumors", message.rumors.len(), limit::MESSAGE_ITEMS)?;
    let rumors = item::many_from_pb(message.rumors, &mut skipped.items)?;
    let body = match body_from_pb(message.body, &mut skipped.items) {
        Ok(body) => Some(body),
        Err(error) if error.is_unknown() => {
            skipped.kinds += 1;
            (!rumors.is_empty()).then_some(Body::Gossip)
        }
        Err(error) => return Err(error),
    };
    Ok(Decoded {
        message: body.map(|body| Message { body, rumors }),
        skipped,
    })
}

/// The bytes of `message`; never more than its weight.
pub fn encode_message(message: &Message) -> Bytes {
    let message = pb::Message {
        body: Some(body_to_pb(&message.body)),
        rumors: message.rumors.iter().map(item::to_pb).collect(),
    };
    message.encode_to_vec().into()
}

fn body_to_pb(body: &Body) -> pb::message::Body {
    use pb::message::Body as Pb;
    match body {
        Body::Ping { seq } => Pb::Ping(pb::Ping { seq: seq.0 }),
        Body::Ack { seq } => Pb::Ack(pb::Ack { seq: seq.0 }),
        Body::PingReq { seq, target } => Pb::PingReq(pb::PingReq {
            seq: seq.0,
            target: target.to_string(),
        }),
        Body::Nack { seq } => Pb::Nack(pb::Nack { seq: seq.0 }),
        Body::Gossip => Pb::Gossip(pb::Gossip {}),
        Body::Checksum(sum) => Pb::Checksum(digest::checksum_to_pb(*sum)),
        Body::Digest(digest) => Pb::Digest(digest::to_pb(digest)),
        Body::Want(want) => Pb::Want(digest::want_to_pb(want)),
        Body::Sketch(said) => Pb::Sketch(sketch::to_pb(said)),
        Body::More { through } => Pb::More(pb::More { through: *through }),
        Body::Found(found) => Pb::Found(sketch::found_to_pb(found)),
        Body::Rows(rows) => Pb::Rows(digest::want_to_pb(rows)),
        Body::Ranges(said) => Pb::Ranges(range::to_pb(said)),
        Body::First(keys) => Pb::First(sketch::first_to_pb(keys)),
        Body::Delta(delta) => Pb::Delta(delta::to_pb(delta)),
        Body::Done => Pb::Done(pb::Done {}),
        Body::Offer(offer) => Pb::Offer(offer::to_pb(offer)),
        Body::EventSum(sum) => Pb::EventSum(event::sum_to_pb(*sum)),
        Body::EventHave(have) => Pb::EventHave(event::have_to_pb(have)),
        Body::EventDelta(delta) => Pb::EventDelta(event::delta_to_pb(delta)),
        Body::Answer(answer) => Pb::Answer(event::answer_to_pb(answer)),
        Body::Follow(held) => Pb::Follow(offer::held_to_pb(held)),
        Body::Outline(outline) => Pb::Outline(item::outline_to_pb(outline)),
        Body::ChunkAsk(ask) => Pb::ChunkAsk(chunk::ask_to_pb(ask)),
        Body::Chunk(piece) => Pb::Chunk(chunk::to_pb(piece)),
    }
}

fn body_from_pb(body: Option<pb::message::Body>, skipped: &mut u64) -> Result<Body, DecodeError> {
    use pb::message::Body as Pb;
    let body = body.ok_or(DecodeError::UnknownKind { what: "message" })?;
    Ok(match body {
        Pb::Ping(ping) => Body::Ping { seq: Seq(ping.seq) },
        Pb::Ack(ack) => Body::Ack { seq: Seq(ack.seq) },
        Pb::PingReq(ask) => Body::PingReq {
            seq: Seq(ask.seq),
            target: field::id("target", &ask.target)?,
        },
        Pb::Nack(nack) => Body::Nack { seq: Seq(nack.seq) },
        Pb::Gossip(pb::Gossip {}) => Body::Gossip,
        Pb::Checksum(sum) => Body::Checksum(digest::checksum_from_pb(&sum)?),
        Pb::Digest(digest) => Body::Digest(digest::from_pb(&digest)?),
        Pb::Want(want) => Body::Want(digest::want_from_pb(&want)?),
        Pb::Sketch(said) => Body::Sketch(sketch::from_pb(&said)?),
        Pb::More(more) => sketch::more_from_pb(&more)?,
        Pb::Found(found) => Body::Found(sketch::found_from_pb(&found)?),
        Pb::Rows(rows) => Body::Rows(digest::want_from_pb(&rows)?),
        Pb::Ranges(said) => Body::Ranges(range::from_pb(&said)?),
        Pb::First(first) => Body::First(sketch::first_from_pb(&first)?),
        Pb::Delta(delta) => {
            let (delta, unknown) = delta::from_pb(delta)?;
            *skipped += unknown;
            Body::Delta(delta)
        }
        Pb::Done(pb::Done {}) => Body::Done,
        Pb::Offer(offer) => Body::Offer(offer::from_pb(&offer)?),
        Pb::EventSum(sum) => Body::EventSum(event::sum_from_pb(&sum)?),
        Pb::EventHave(have) => Body::EventHave(event::have_from_pb(&have)?),
        Pb::EventDelta(delta) => Body::EventDelta(event::delta_from_pb(&delta)?),
        Pb::Answer(answer) => Body::Answer(event::answer_from_pb(&answer)?),
        Pb::Follow(held) => Body::Follow(offer::held_from_pb(&held)?),
        Pb::Outline(outline) => Body::Outline(item::outline_from_pb(outline)?),
        Pb::ChunkAsk(ask) => Body::ChunkAsk(chunk::ask_from_pb(&ask)?),
        Pb::Chunk(piece) => Body::Chunk(chunk::from_pb(piece)?),
    })
}
