//! How much is asked of one peer at a time.
//!
//! Additive increase, multiplicative decrease (Chiu and Jain 1989): each chunk
//! that comes in good time widens the window by a part of a chunk, so that a
//! whole window of them widens it by one; a chunk that does not come, or came
//! late, halves it. What is late is judged by the quickest one so far: what takes
//! [`QUEUE`] longer has stood in a queue, and so has whatever small came behind it
//! (the idea of LEDBAT, RFC 6817: a bound on the delay that bulk may cause).
//!
//! So the one who asks decides how much comes, and both agree on a rate without a
//! word about it.

use core::time::Duration;

use crate::base::time::Instant;

/// Thousandths of a chunk.
const CHUNK: u32 = 1_000;

/// Chunks asked of a peer we know nothing of (guess: one on its way and one
/// behind it).
const BEGIN: u32 = 2 * CHUNK;

/// The most: half of a peer's streams for messages, and its send window.
const MOST: u32 = 16 * CHUNK;

/// How much longer than the quickest a chunk may take (RFC 6817 allows 100 ms;
/// guess: half of that, since a probe waits behind it).
const QUEUE: Duration = Duration::from_millis(50);

/// How long the first chunk may take (guess: 32 KiB at 128 kbit/s).
const PATIENCE: Duration = Duration::from_secs(2);

/// The least and the most a chunk may take (guesses).
const PATIENCE_LEAST: Duration = Duration::from_millis(500);
const PATIENCE_MOST: Duration = Duration::from_secs(20);

/// What we ask of one peer.
#[derive(Debug, Clone, Copy)]
pub(super) struct Window {
    size: u32,
    flying: u32,
    best: Option<Duration>,
    smoothed: Option<Duration>,
    /// How often in a row something did not come.
    silent: u32,
    /// When it was narrowed last.
    narrowed: Instant,
}

impl Default for Window {
    fn default() -> Self {
        Self {
            size: BEGIN,
            flying: 0,
            best: None,
            smoothed: None,
            silent: 0,
            narrowed: Instant::ZERO,
        }
    }
}

impl Window {
    /// How many more chunks may be asked for.
    pub(super) const fn room(&self) -> u32 {
        (self.size / CHUNK).saturating_sub(self.flying)
    }

    /// A chunk is asked for; how long it may take.
    pub(super) fn asks(&mut self) -> Duration {
        self.flying += 1;
        let usual = self.smoothed.map_or(PATIENCE, |usual| usual * 4);
        let usual = usual.clamp(PATIENCE_LEAST, PATIENCE_MOST);
        (usual * (1 << self.silent.min(5))).min(PATIENCE_MOST)
    }

    /// One that was asked for is not waited for any more.
    pub(super) const fn lands(&mut self) {
        self.flying = self.flying.saturating_sub(1);
    }

    /// A chunk came, so long after it was asked for, if that is known: else neither
    /// the window nor our patience learns anything of it.
    pub(super) fn came(&mut self, now: Instant, took: Option<Duration>) {
        let Some(took) = took else {
            return;
        };
        self.silent = 0;
        let best = self.best.map_or(took, |best| best.min(took));
        self.best = Some(best);
        let usual = self.smoothed.unwrap_or(took);
        self.smoothed = Some((usual * 7 + took) / 8);
        if took > best + best / 2 + QUEUE {
            self.narrow(now);
        } else {
            let more = CHUNK * CHUNK / self.size.max(CHUNK);
            self.size = (self.size + more).min(MOST);
        }
    }

    /// A chunk did not come in time.
    pub(super) fn overdue(&mut self, now: Instant) {
        self.silent += 1;
        self.narrow(now);
    }

    /// Once in the time that a chunk takes: what is on its way was asked for
    /// before.
    fn narrow(&mut self, now: Instant) {
        let usual = self.smoothed.unwrap_or(PATIENCE_LEAST);
        if now.since(self.narrowed) >= usual {
            self.narrowed = now;
            self.size = (self.size / 2).max(CHUNK);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: u64) -> Instant {
        Instant::from_millis(100_000 + millis)
    }

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn it_widens_by_one_a_round_and_halves_when_a_queue_grows() {
        let mut window = Window::default();
        assert_eq!(window.room(), 2);
        for round in 2..8 {
            let sizes = window.room();
            (0..sizes).for_each(|_| window.came(at(round), Some(MS)));
            assert!(window.room() <= sizes + 1);
        }
        let wide = window.room();
        assert!((6..=8).contains(&wide), "{wide}");
        window.came(at(100), Some(60 * MS));
        assert_eq!(window.room(), wide / 2);
        window.came(at(101), Some(60 * MS));
        assert_eq!(window.room(), wide / 2, "once a round");
        (0..1_000).for_each(|_| window.came(at(102), Some(MS)));
        assert_eq!(window.room(), MOST / CHUNK);
    }

    #[test]
    fn a_slow_link_alone_is_no_queue() {
        let mut window = Window::default();
        for chunk in 0..50 {
            window.came(at(chunk * 300), Some(260 * MS));
        }
        assert!(window.room() > 8, "nothing says that it is too much");
    }

    #[test]
    fn silence_narrows_it_to_one_and_makes_it_patient() {
        let mut window = Window::default();
        let patience = window.asks();
        assert_eq!(patience, PATIENCE);
        for time in 1..9 {
            window.overdue(at(time * 1_000));
            window.lands();
        }
        assert_eq!(window.room(), 1);
        assert_eq!(window.asks(), PATIENCE_MOST);
        window.lands();
        window.came(at(10_000), Some(100 * MS));
        assert_eq!(window.asks(), PATIENCE_LEAST);
        assert_eq!(window.room(), 1);
    }

    #[test]
    fn what_may_answer_an_older_question_says_nothing_of_the_time() {
        let mut window = Window::default();
        window.came(at(0), Some(200 * MS));
        window.overdue(at(1_000));
        let (patience, room) = (window.asks(), window.room());
        window.came(at(1_001), None);
        window.lands();
        assert_eq!((window.asks(), window.room()), (patience, room));
        // The path is as slow as it was: that is no queue.
        window.lands();
        (0..40).for_each(|_| window.came(at(3_000), Some(210 * MS)));
        assert!(window.room() > 4);
    }
}
