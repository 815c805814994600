//! The feed: what becomes of keys, handed to each watch that it concerns.
//!
//! ```text
//!   core ─Notify─▶ Feed ──┬─▶ queue ─▶ Watch      each a queue of its own,
//!                         ├─▶ queue ─▶ Watch      with what it asked for and
//!                         └─▶ queue ─▶ Watch      nothing else
//! ```
//!
//! A queue has a bound. One that is full takes nothing more until its reader
//! has read it to the end and heard how much it lost: so the count is exact,
//! and what was lost is one stretch, between the last event read and the next.
//! A queue is locked for as long as one event goes in or out; nobody's code
//! runs meanwhile, and the driver never waits for a reader.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::task::{Context, Poll, Waker};

use gossip_core::output::Notification;
use gossip_core::watched::{Cursor, Selection};

/// The watches of a node.
#[derive(Debug, Default)]
pub(crate) struct Feed {
    watches: Vec<(Selection, Weak<Queue>)>,
}

impl Feed {
    /// Another watch, of what comes after `level`; `None`: there are `most` already.
    pub(crate) fn add(
        &mut self,
        selection: Selection,
        level: Cursor,
        room: usize,
        most: usize,
    ) -> Option<Reader> {
        self.watches.retain(|(_, queue)| queue.strong_count() > 0);
        if self.watches.len() >= most {
            return None;
        }
        let queue = Arc::new(Queue(Mutex::new(State {
            events: VecDeque::new(),
            room,
            missed: 0,
            level,
            ended: false,
            reader: None,
        })));
        self.watches.push((selection, Arc::downgrade(&queue)));
        Some(Reader { queue })
    }

    /// Hands a notification on to all watches that it concerns.
    pub(crate) fn tell(&mut self, told: &Arc<Notification>) {
        let Some(cursor) = told.cursor() else {
            return;
        };
        self.watches.retain(|(selection, queue)| {
            let Some(queue) = queue.upgrade() else {
                return false;
            };
            queue.push(told.concerns(selection).then_some(told), cursor);
            true
        });
    }
}

impl Drop for Feed {
    fn drop(&mut self) {
        for queue in self.watches.iter().filter_map(|(_, queue)| queue.upgrade()) {
            let reader = {
                let mut state = queue.lock();
                state.ended = true;
                state.reader.take()
            };
            wake(reader);
        }
    }
}

#[derive(Debug)]
struct Queue(Mutex<State>);

#[derive(Debug)]
struct State {
    events: VecDeque<Arc<Notification>>,
    room: usize,
    /// Lost since the queue was full; nothing goes in until the reader knows.
    missed: u64,
    /// Behind everything that was told, to this watch or to others.
    level: Cursor,
    ended: bool,
    reader: Option<Waker>,
}

impl Queue {
    /// Nothing in here panics; a poisoned queue is as good as another.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn push(&self, event: Option<&Arc<Notification>>, cursor: Cursor) {
        let reader = {
            let mut state = self.lock();
            state.level = cursor;
            let Some(event) = event else { return };
            if state.missed > 0 || state.events.len() >= state.room {
                state.missed += 1;
            } else {
                state.events.push_back(Arc::clone(event));
            }
            state.reader.take()
        };
        wake(reader);
    }
}

fn wake(reader: Option<Waker>) {
    if let Some(reader) = reader {
        reader.wake();
    }
}

/// What comes out of a queue.
#[derive(Debug)]
pub(crate) enum Fed {
    /// What the watch asked for.
    Told(Arc<Notification>),
    /// So many of these are lost, after the last one.
    Lagged(u64),
}

/// One watch's end of its queue.
#[derive(Debug)]
pub(crate) struct Reader {
    queue: Arc<Queue>,
}

impl Reader {
    /// The next event; `None` when the node has stopped.
    pub(crate) fn poll(&self, cx: &mut Context<'_>) -> Poll<Option<Fed>> {
        let mut state = self.queue.lock();
        if let Some(event) = state.events.pop_front() {
            return Poll::Ready(Some(Fed::Told(event)));
        }
        match std::mem::take(&mut state.missed) {
            0 if state.ended => Poll::Ready(None),
            0 => {
                state.reader = Some(cx.waker().clone());
                Poll::Pending
            }
            missed => Poll::Ready(Some(Fed::Lagged(missed))),
        }
    }

    /// Behind everything that was told, if all of it that concerns this watch
    /// has been read.
    pub(crate) fn level(&self) -> Option<Cursor> {
        let state = self.queue.lock();
        (state.events.is_empty() && state.missed == 0).then_some(state.level)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use gossip_core::message::{Stamp, Version, WriteId};
    use gossip_core::watched::Keys;

    /// What a node says of a key that lost a race: the `number`-th thing it says.
    fn told(key: &str, number: u64) -> Arc<Notification> {
        let write = |author: &str| {
            let author = author.parse().unwrap();
            let version = Version(number);
            (WriteId { author, version }, Stamp::default())
        };
        Arc::new(Notification::Conflict {
            key: key.parse().unwrap(),
            won: write("a"),
            lost: write("b"),
            cursor: format!("00000000000000aa-{number}").parse().unwrap(),
        })
    }

    fn poll(reader: &Reader) -> Poll<Option<Fed>> {
        reader.poll(&mut Context::from_waker(Waker::noop()))
    }

    /// Reads to the end: the numbers of what was read, and losses as negative.
    fn drain(reader: &Reader) -> Vec<i64> {
        let mut read = Vec::new();
        while let Poll::Ready(Some(fed)) = poll(reader) {
            read.push(match fed {
                Fed::Told(told) => told.cursor().unwrap().number() as i64,
                Fed::Lagged(missed) => -(missed as i64),
            });
        }
        read
    }

    fn shared(prefix: &str) -> Selection {
        Selection::shared(Keys::Prefix(prefix.to_owned()))
    }

    #[test]
    fn what_a_full_queue_loses_is_one_stretch_and_counted_exactly() {
        let mut feed = Feed::default();
        let reader = feed.add(shared("k"), Cursor::default(), 3, 8).unwrap();
        for number in 1..=10 {
            feed.tell(&told(if number % 2 == 0 { "other" } else { "k" }, number));
        }
        // 1, 3, 5 fit; 7 and 9 do not; what is of no concern is not counted.
        assert_eq!(reader.level(), None, "not all of it is read");
        let Poll::Ready(Some(Fed::Told(_))) = poll(&reader) else {
            panic!("it is there");
        };
        // There is room again, and still nothing goes in before the gap is known.
        feed.tell(&told("k", 11));
        assert_eq!(drain(&reader), [3, 5, -3]);
        feed.tell(&told("k", 12));
        feed.tell(&told("other", 13));
        assert_eq!(drain(&reader), [12]);
        assert_eq!(reader.level().map(Cursor::number), Some(13));
    }

    #[test]
    fn a_watch_ends_with_the_node_and_its_place_with_the_watch() {
        let mut feed = Feed::default();
        let first = feed.add(shared(""), Cursor::default(), 3, 2).unwrap();
        let second = feed.add(shared(""), Cursor::default(), 3, 2).unwrap();
        assert!(feed.add(shared(""), Cursor::default(), 3, 2).is_none());
        drop(second);
        let third = feed.add(shared(""), Cursor::default(), 3, 2).unwrap();
        feed.tell(&told("k", 1));
        drop(feed);
        assert_eq!(drain(&first), [1]);
        assert!(matches!(poll(&first), Poll::Ready(None)));
        assert_eq!(drain(&third), [1]);
    }

    /// A slow reader beside a fast node, in threads: each event is read or counted.
    #[test]
    fn nothing_is_lost_between_two_threads() {
        const EVENTS: u64 = 20_000;
        let mut feed = Feed::default();
        let reader = feed.add(shared(""), Cursor::default(), 16, 1).unwrap();
        let node = std::thread::spawn(move || {
            for number in 1..=EVENTS {
                feed.tell(&told("k", number));
            }
        });
        let (mut last, mut lagged) = (0, 0);
        loop {
            match poll(&reader) {
                Poll::Ready(None) => break,
                Poll::Pending => std::thread::yield_now(),
                Poll::Ready(Some(Fed::Lagged(missed))) => {
                    assert_eq!(lagged, 0, "one gap, one count");
                    lagged = missed;
                }
                Poll::Ready(Some(Fed::Told(told))) => {
                    let number = told.cursor().unwrap().number();
                    // Between the count and the next event more may be lost, and is
                    // counted apart.
                    assert_eq!(number, last + lagged + 1);
                    (last, lagged) = (number, 0);
                }
            }
        }
        node.join().unwrap();
        assert_eq!(last + lagged, EVENTS);
    }
}
