//! Events and queries, as JSON: what is said, and what is answered.

use gossip_node::{AnswersItem, Event, EventId, Generation, HeardItem, Run};
use serde::{Deserialize, Serialize};

use super::base64;

/// The name of an event: `AUTHOR@GENERATION/NUMBER`.
pub(crate) fn event_name(id: &EventId) -> String {
    let Run { author, generation } = &id.run;
    format!("{author}@{}/{}", generation.0, id.number)
}

/// The event of that name; `None`: it is none.
pub(crate) fn event_id(name: &str) -> Option<EventId> {
    let (author, rest) = name.rsplit_once('@')?;
    let (generation, number) = rest.split_once('/')?;
    Some(EventId {
        run: Run {
            author: author.parse().ok()?,
            generation: Generation(generation.parse().ok()?),
        },
        number: number.parse().ok()?,
    })
}

/// What something says: text if it is UTF-8, base64 under another name if not.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct Payload {
    /// It, if it is UTF-8.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(crate) payload: Option<String>,
    /// In base64, if it is not.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(crate) payload_base64: Option<String>,
}

impl Payload {
    fn new(bytes: &[u8]) -> Self {
        match std::str::from_utf8(bytes) {
            Ok(text) => Self {
                payload: Some(text.to_owned()),
                payload_base64: None,
            },
            Err(_) => Self {
                payload: None,
                payload_base64: Some(base64::encode(bytes)),
            },
        }
    }

    /// For people.
    pub(crate) fn text(&self) -> String {
        match (&self.payload, &self.payload_base64) {
            (Some(text), _) => text.clone(),
            (None, Some(base64)) => format!("base64:{base64}"),
            (None, None) => String::new(),
        }
    }
}

/// `POST /v1/events`: it is said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SaidView {
    /// Which event it is, as `AUTHOR@GENERATION/NUMBER`.
    pub(crate) id: String,
}

/// `POST /v1/respond`: the answer is on its way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Responded {
    /// To which query.
    pub(crate) responded: String,
}

/// An event, or a query that asks the agent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct EventView {
    /// Which, as `AUTHOR@GENERATION/NUMBER`.
    pub(crate) id: String,
    /// Who said it.
    pub(crate) author: String,
    /// In which run of its process.
    pub(crate) generation: u64,
    /// The how-manieth of the run.
    pub(crate) number: u64,
    /// Its Lamport time.
    pub(crate) time: u64,
    /// What it is called.
    pub(crate) name: String,
    /// What it says.
    #[serde(flatten)]
    pub(crate) payload: Payload,
    /// Of a query: how long its asker listens.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(crate) deadline_ms: Option<u64>,
}

impl EventView {
    fn new(event: &Event) -> Self {
        Self {
            id: event_name(&event.id),
            author: event.author().to_string(),
            generation: event.id.run.generation.0,
            number: event.id.number,
            time: event.time.0,
            name: event.name.as_str().to_owned(),
            payload: Payload::new(&event.payload),
            deadline_ms: event.ask.as_ref().map(|ask| ask.deadline_ms),
        }
    }
}

/// One line of `GET /v1/said`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub(crate) enum SaidLine {
    /// The agent listens; what is said from now on follows.
    Current,
    /// A member says something.
    Said(EventView),
    /// A query asks the agent.
    Asked(EventView),
    /// So many events of an author's run will never be heard here.
    Missed {
        /// Whose.
        author: String,
        /// Of which run.
        generation: u64,
        /// How many.
        count: u64,
    },
    /// The reader was too slow, and this many notifications are lost to it.
    Lagged {
        /// How many.
        missed: u64,
    },
}

impl SaidLine {
    /// One item of what is heard.
    pub(crate) fn new(item: &HeardItem) -> Self {
        match item {
            HeardItem::Event(event) => Self::Said(EventView::new(event)),
            HeardItem::Asked(event) => Self::Asked(EventView::new(event)),
            HeardItem::Missed { run, count } => Self::Missed {
                author: run.author.to_string(),
                generation: run.generation.0,
                count: *count,
            },
            HeardItem::Lagged(missed) => Self::Lagged { missed: *missed },
        }
    }
}

/// One line of `POST /v1/query`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub(crate) enum AnswerLine {
    /// It is asked.
    Asks {
        /// Which query it is, as `AUTHOR@GENERATION/NUMBER`.
        id: String,
        /// How many it asks, as the agent sees it.
        asked: usize,
    },
    /// A member is asked, and has heard it.
    Ack {
        /// Who.
        from: String,
    },
    /// A member responds.
    Response {
        /// Who.
        from: String,
        /// What.
        #[serde(flatten)]
        payload: Payload,
        /// Who handed it on, if it did not come straight.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        relay: Option<String>,
    },
    /// It is over.
    Ended {
        /// How many it asked.
        asked: usize,
        /// How many acknowledged it in time.
        acked: usize,
        /// How many responded in time.
        answered: usize,
        /// How many responded too late.
        late: usize,
    },
    /// The reader was too slow, and this many notifications are lost to it.
    Lagged {
        /// How many.
        missed: u64,
    },
}

impl AnswerLine {
    /// One item of the answers.
    pub(crate) fn new(item: &AnswersItem) -> Self {
        match item {
            AnswersItem::Acked { from } => Self::Ack {
                from: from.to_string(),
            },
            AnswersItem::Answered {
                from,
                response,
                relay,
            } => Self::Response {
                from: from.to_string(),
                payload: Payload::new(response),
                relay: relay.as_ref().map(ToString::to_string),
            },
            AnswersItem::Ended(counts) => Self::Ended {
                asked: counts.asked,
                acked: counts.acked,
                answered: counts.answered,
                late: counts.late,
            },
            AnswersItem::Lagged(missed) => Self::Lagged { missed: *missed },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_found_by_its_name() {
        let id = event_id("eu/1/n17@1700000000000/3").unwrap();
        assert_eq!(event_name(&id), "eu/1/n17@1700000000000/3");
        assert_eq!(id.number, 3);
        for wrong in ["", "eu/n1", "eu/n1@7", "eu/n1@7/x", "EU@7/1"] {
            assert_eq!(event_id(wrong), None, "{wrong}");
        }
    }
}
