//! What a node counts: what happened, and what was refused.

/// What happened and what was refused, since the start. Every bound in
/// [`limit`](crate::base::limit) that refuses has its counter here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counters {
    /// Messages received.
    pub messages_in: u64,
    /// Messages sent.
    pub messages_out: u64,
    /// Probes begun.
    pub probes: u64,
    /// Probes that found nobody, directly or through relays.
    pub probes_failed: u64,
    /// Accusations against ourselves that we refuted.
    pub refutations: u64,
    /// Calls to seeds and members that are not here.
    pub calls: u64,
    /// Rows of the roster that changed.
    pub rows_changed: u64,
    /// Sessions begun by us.
    pub syncs: u64,
    /// Sessions that both sides began at once: one of the two was ended.
    pub syncs_at_once: u64,
    /// Entries taken into the replica.
    pub entries_applied: u64,
    /// Batches that did not follow on what we hold; anti-entropy repairs them.
    pub gaps: u64,
    /// Items that were old news.
    pub stale: u64,
    /// Accusations that nobody could hold: of unknown members or unissued footings.
    pub baseless: u64,
    /// Claims that contradict another of the same member on the same footing:
    /// two processes under one name.
    pub contradictions: u64,
    /// Stamps too far ahead of our clock, kept invisible until their time.
    pub stamps_held: u64,
    /// Messages that made no sense where they came.
    pub unexpected: u64,
    /// Members or certificates not taken in: [`ROSTER`](crate::base::limit::ROSTER),
    /// [`CERTIFICATES`](crate::base::limit::CERTIFICATES).
    pub roster_full: u64,
    /// Logs not taken in: [`LOGS`](crate::base::limit::LOGS).
    pub logs_full: u64,
    /// Entries refused, since their author would have more than
    /// [`Config::agreed`](crate::config::Config::agreed) allows.
    pub author_full: u64,
    /// Rumors let go early: [`HOT_RUMORS`](crate::base::limit::HOT_RUMORS) or
    /// [`HOT_RUMOR_BYTES`](crate::base::limit::HOT_RUMOR_BYTES).
    pub rumors_dropped: u64,
    /// Writes turned away: [`QUEUED_WRITES`](crate::base::limit::QUEUED_WRITES).
    pub commands_refused: u64,
    /// Sessions turned away: [`SESSIONS_SERVED`](crate::base::limit::SESSIONS_SERVED).
    pub sessions_refused: u64,
    /// Ping-reqs turned away: [`RELAYED_PROBES`](crate::base::limit::RELAYED_PROBES)
    /// or [`RELAYED_PROBES_PER_PEER`](crate::base::limit::RELAYED_PROBES_PER_PEER).
    pub relays_refused: u64,
    /// Generations so far ahead of our clock that they are refused:
    /// [`GENERATION_AHEAD_MS`](crate::base::limit::GENERATION_AHEAD_MS).
    pub generations_refused: u64,
    /// Logs that came in pieces and were not taken in:
    /// [`PIECES_LOGS`](crate::base::limit::PIECES_LOGS).
    pub pieces_refused: u64,
    /// Batches that came before what they follow on, and for which there was no room:
    /// [`EARLY_BATCHES`](crate::base::limit::EARLY_BATCHES) or
    /// [`EARLY_BYTES`](crate::base::limit::EARLY_BYTES).
    pub early_dropped: u64,
    /// Tombstones, and values whose time was over, cleared away.
    pub tombstones_cleared: u64,
    /// Logs fetched from nothing, because we had lagged behind their floor.
    pub logs_replaced: u64,
    /// Logs of forgotten members that were let go, here or by whom we asked for
    /// them, since nothing of them stood.
    pub logs_reclaimed: u64,
    /// Outputs not begun: [`OUTBOX`](crate::base::limit::OUTBOX).
    pub outbox_full: u64,
    /// Copies of what members wrote that were sent as rumors.
    pub copies_sent: u64,
    /// Copies that came as rumors and were news.
    pub copies_useful: u64,
    /// Copies that came as rumors and were known.
    pub copies_in_vain: u64,
    /// Logs that were followed at some peer: written faster than rumors carry, or
    /// missing something that a later batch follows on.
    pub tails_followed: u64,
    /// Of them: those that stalled or were turned away, and were asked of another.
    pub tails_moved: u64,
    /// Followers turned away: [`TAILS_SERVED`](crate::base::limit::TAILS_SERVED) or
    /// [`TAILS_SERVED_OF_ONE`](crate::base::limit::TAILS_SERVED_OF_ONE).
    pub tails_refused: u64,
    /// Batches that came from the tail of a log.
    pub tail_batches: u64,
    /// Events of ours that were accepted.
    pub events_said: u64,
    /// Events of ours turned away:
    /// [`EVENTS_UNDER_WAY`](crate::base::limit::EVENTS_UNDER_WAY),
    /// [`EVENT_BYTES_UNDER_WAY`](crate::base::limit::EVENT_BYTES_UNDER_WAY) or
    /// [`ASKS_OPEN`](crate::base::limit::ASKS_OPEN).
    pub events_refused: u64,
    /// Events of others that were news.
    pub events_heard: u64,
    /// Of them: those that no rumor had brought.
    pub events_repaired: u64,
    /// Events that had been heard before, or are older than what is remembered.
    pub events_again: u64,
    /// Events that a newer one of their name replaced before they were heard.
    pub events_coalesced: u64,
    /// Events that were missed for good; the application was told.
    pub events_missed: u64,
    /// Events of members or runs that are not known, or beyond
    /// [`EVENT_RUNS`](crate::base::limit::EVENT_RUNS) and
    /// [`EVENTS_AHEAD`](crate::base::limit::EVENTS_AHEAD); the lists bring them
    /// again.
    pub events_unheard: u64,
    /// Lamport times further ahead than a clock follows.
    pub lamport_jumps: u64,
    /// Answers that came twice, too late, or unasked.
    pub answers_dropped: u64,
    /// Answers handed on for others.
    pub answers_relayed: u64,
    /// Queries and answers turned away: [`ASKS_HEARD`](crate::base::limit::ASKS_HEARD)
    /// or [`ANSWERS_WAITING`](crate::base::limit::ANSWERS_WAITING).
    pub answers_refused: u64,
    /// Chunks of large entries that were asked for here and sent.
    pub chunks_sent: u64,
    /// Chunks that were asked for here and are not held, or not any more.
    pub chunks_missed: u64,
    /// Chunks of large entries that came and were wanted.
    pub chunks_taken: u64,
    /// Chunks that came twice, or unasked.
    pub chunks_in_vain: u64,
    /// Chunks that are not what their author wrote; whoever sent one is not asked
    /// for it again.
    pub chunks_wrong: u64,
    /// Chunks that did not come in time and were asked for again.
    pub chunks_overdue: u64,
    /// Deltas and chunks that waited for the budget:
    /// [`Config::bulk_kib_per_s`](crate::config::Config::bulk_kib_per_s) or what a
    /// peer's link bears.
    pub bulk_deferred: u64,
    /// Chunks that were asked for here while too many waited:
    /// [`CHUNKS_WAITING`](crate::base::limit::CHUNKS_WAITING); they are asked for
    /// again.
    pub chunks_refused: u64,
    /// Large entries not fetched:
    /// [`CHUNKED_LOGS`](crate::base::limit::CHUNKED_LOGS) or
    /// [`CHUNKED_ORDERS`](crate::base::limit::CHUNKED_ORDERS); anti-entropy tells
    /// of them again.
    pub chunked_refused: u64,
    /// Batches and runs of logs given up because nobody sent their chunks, or
    /// because nobody could read them.
    pub chunked_dropped: u64,
    /// Probes of our own not begun: [`PROBES`](crate::base::limit::PROBES).
    pub probes_refused: u64,
    /// Warnings that a suspect will not get:
    /// [`WARNINGS`](crate::base::limit::WARNINGS).
    pub warnings_refused: u64,
    /// Peers that we would have compared notes with soon, or when there is a link:
    /// [`APPOINTMENTS`](crate::base::limit::APPOINTMENTS).
    pub appointments_refused: u64,
    /// Members without a row that will not be called:
    /// [`REMEMBERED`](crate::base::limit::REMEMBERED).
    pub remembered_refused: u64,
}
