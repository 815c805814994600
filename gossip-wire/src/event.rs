//! Events and queries, and what peers say to each other of those they heard.

use bytes::Bytes;
use gossip_core::base::limit;
use gossip_core::message::{
    Answer, Ask, Checksum, Event, EventDelta, EventHave, EventId, EventRow, EventRun, EventSum,
    Filter, Generation, Key, Lamport, Run, Said, Sealed, Tag,
};

use crate::envelope::{self, Kind};
use crate::error::DecodeError;
use crate::{digest, field, pb};

pub(crate) fn to_pb(event: &Event) -> pb::Event {
    pb::Event {
        author: event.id.run.author.to_string(),
        generation: event.id.run.generation.0,
        number: event.id.number,
        time: event.time.0,
        name: event.name.to_string(),
        payload: event.payload.clone(),
        coalesce: event.coalesce,
        ask: event.ask.as_ref().map(ask_to_pb),
    }
}

pub(crate) fn from_pb(event: &pb::Event) -> Result<Event, DecodeError> {
    let max = limit::EVENT_PAYLOAD_BYTES;
    field::no_longer("a payload", event.payload.len(), max)?;
    field::ensure(event.time > 0, "an event at time 0")?;
    let queried = event.ask.is_some();
    field::ensure(!(queried && event.coalesce), "a query that coalesces")?;
    Ok(Event {
        id: id(&event.author, event.generation, event.number)?,
        time: Lamport(event.time),
        name: event.name.parse::<Key>()?,
        payload: event.payload.clone(),
        coalesce: event.coalesce,
        ask: event.ask.as_ref().map(ask_from_pb).transpose()?,
    })
}

fn ask_to_pb(ask: &Ask) -> pb::Ask {
    let tags = ask.filter.tags.iter().map(|tag| pb::Tag {
        key: tag.key.to_string(),
        value: tag.value.clone(),
    });
    pb::Ask {
        deadline_ms: ask.deadline_ms,
        relays: ask.relays,
        members: ask.filter.members.iter().map(ToString::to_string).collect(),
        zones: ask.filter.zones.iter().map(ToString::to_string).collect(),
        tags: tags.collect(),
    }
}

fn ask_from_pb(ask: &pb::Ask) -> Result<Ask, DecodeError> {
    let parts = ask.members.len() + ask.zones.len() + ask.tags.len();
    field::at_most("parts of a filter", parts, limit::ASK_FILTERS)?;
    let in_time = (1..=limit::ASK_DEADLINE_MS).contains(&ask.deadline_ms);
    field::ensure(in_time, "a query's deadline of nothing, or of over an hour")?;
    let few = ask.relays <= limit::ASK_RELAYS;
    field::ensure(few, "an answer through more than 8 relays")?;
    let members = ask.members.iter().map(|id| field::id("asked member", id));
    let zones = ask.zones.iter().map(|id| field::id("asked zone", id));
    Ok(Ask {
        filter: Filter {
            members: members.collect::<Result<_, _>>()?,
            zones: zones.collect::<Result<_, _>>()?,
            tags: ask.tags.iter().map(tag).collect::<Result<_, _>>()?,
        },
        deadline_ms: ask.deadline_ms,
        relays: ask.relays,
    })
}

fn tag(tag: &pb::Tag) -> Result<Tag, DecodeError> {
    field::no_longer("a tag", tag.value.len(), limit::TAG_BYTES)?;
    Ok(Tag {
        key: tag.key.parse()?,
        value: tag.value.clone(),
    })
}

fn run(author: &str, generation: u64) -> Result<Run, DecodeError> {
    field::ensure(generation > 0, "a run of generation 0")?;
    Ok(Run {
        author: field::id("author", author)?,
        generation: Generation(generation),
    })
}

fn id(author: &str, generation: u64, number: u64) -> Result<EventId, DecodeError> {
    field::ensure(number > 0, "an event of number 0")?;
    Ok(EventId {
        run: run(author, generation)?,
        number,
    })
}

/// The event in these sealed bytes.
///
/// # Errors
/// Malformed bytes, or another kind of statement.
pub fn decode_sealed_event(sealed: Bytes) -> Result<Sealed<Event>, DecodeError> {
    match envelope::statement(&sealed)? {
        Kind::Event(event) => Ok(Sealed {
            value: from_pb(&event)?,
            bytes: sealed,
        }),
        _ => Err(DecodeError::OtherKind { wanted: "event" }),
    }
}

pub(crate) fn sum_to_pb(sum: EventSum) -> pb::EventSum {
    pb::EventSum {
        sum: digest::checksum_to_pb(sum.sum).sum,
        fresh: sum.fresh,
    }
}

pub(crate) fn sum_from_pb(sum: &pb::EventSum) -> Result<EventSum, DecodeError> {
    let bytes = <[u8; 16]>::try_from(sum.sum.as_ref());
    let bytes = bytes.map_err(|_| DecodeError::Senseless {
        what: "a sum of events of other than 16 bytes",
    })?;
    Ok(EventSum {
        sum: Checksum(u128::from_be_bytes(bytes)),
        fresh: sum.fresh,
    })
}

pub(crate) fn have_to_pb(have: &EventHave) -> pb::EventHave {
    let rows = have.rows.iter().map(|row| pb::EventRow {
        author: row.run.author.to_string(),
        generation: row.run.generation.0,
        top: row.top,
        holes: row.holes.clone(),
    });
    pb::EventHave {
        rows: rows.collect(),
        clock: have.clock.0,
        whole: have.whole,
        back: have.back,
    }
}

pub(crate) fn have_from_pb(have: &pb::EventHave) -> Result<EventHave, DecodeError> {
    field::at_most("runs", have.rows.len(), limit::EVENT_RUNS)?;
    let rows = have.rows.iter().map(row).collect::<Result<Vec<_>, _>>()?;
    let rising = rows.is_sorted_by(|left, right| left.run < right.run);
    field::ensure(rising, "runs of events that do not rise")?;
    Ok(EventHave {
        rows,
        clock: Lamport(have.clock),
        whole: have.whole,
        back: have.back,
    })
}

fn row(row: &pb::EventRow) -> Result<EventRow, DecodeError> {
    field::at_most("holes", row.holes.len(), limit::EVENT_HOLES)?;
    let holes = row.holes.is_sorted_by(|left, right| left < right)
        && row.holes.first().is_none_or(|hole| *hole > 0)
        && row.holes.last().is_none_or(|hole| *hole <= row.top);
    field::ensure(holes, "holes of a run that do not rise within it")?;
    Ok(EventRow {
        run: run(&row.author, row.generation)?,
        top: row.top,
        holes: row.holes.clone(),
    })
}

pub(crate) fn delta_to_pb(delta: &EventDelta) -> pb::EventDelta {
    let runs = delta.runs.iter().map(|run| pb::EventRun {
        author: run.run.author.to_string(),
        generation: run.run.generation.0,
        floor: run.floor,
        through: run.through,
        events: run.events.iter().map(|event| event.bytes.clone()).collect(),
    });
    pb::EventDelta {
        runs: runs.collect(),
        more: delta.more,
    }
}

pub(crate) fn delta_from_pb(delta: &pb::EventDelta) -> Result<EventDelta, DecodeError> {
    field::at_most("runs", delta.runs.len(), limit::EVENT_RUNS)?;
    let events = delta.runs.iter().map(|run| run.events.len()).sum();
    field::at_most("events", events, limit::EVENT_PIECE)?;
    let runs = delta.runs.iter().map(told).collect::<Result<Vec<_>, _>>()?;
    let rising = runs.is_sorted_by(|left, right| left.run < right.run);
    field::ensure(rising, "runs of events that do not rise")?;
    Ok(EventDelta {
        runs,
        more: delta.more,
    })
}

fn told(told: &pb::EventRun) -> Result<EventRun, DecodeError> {
    let run = run(&told.author, told.generation)?;
    // Copied out of the message they came in, as items are.
    let events = told
        .events
        .iter()
        .map(|bytes| Bytes::copy_from_slice(bytes));
    let events = events.map(decode_sealed_event);
    let events = events.collect::<Result<Vec<_>, _>>()?;
    let ours = events.iter().all(|event| *event.run() == run);
    field::ensure(ours, "an event of another run")?;
    let rising = events.is_sorted_by(|left, right| left.number() < right.number());
    field::ensure(rising, "events of a run that do not rise")?;
    Ok(EventRun {
        run,
        floor: told.floor,
        through: told.through,
        events,
    })
}

pub(crate) fn answer_to_pb(answer: &Answer) -> pb::Answer {
    pb::Answer {
        asker: answer.to.run.author.to_string(),
        generation: answer.to.run.generation.0,
        number: answer.to.number,
        from: answer.from.to_string(),
        said: Some(match &answer.said {
            Said::Ack => pb::answer::Said::Ack(pb::Acked {}),
            Said::Response(bytes) => pb::answer::Said::Response(bytes.clone()),
        }),
    }
}

pub(crate) fn answer_from_pb(answer: &pb::Answer) -> Result<Answer, DecodeError> {
    let said = match &answer.said {
        None => return Err(DecodeError::UnknownKind { what: "answer" }),
        Some(pb::answer::Said::Ack(pb::Acked {})) => Said::Ack,
        Some(pb::answer::Said::Response(bytes)) => {
            field::no_longer("a response", bytes.len(), limit::RESPONSE_BYTES)?;
            Said::Response(bytes.clone())
        }
    };
    Ok(Answer {
        to: id(&answer.asker, answer.generation, answer.number)?,
        from: field::id("who answers", &answer.from)?,
        said,
    })
}
