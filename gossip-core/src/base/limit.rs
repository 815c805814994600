//! Every bound of the protocol, by name, in one place.
//!
//! Two kinds stand here. *Constants of the protocol* are agreed by everybody:
//! changing one is a change of the protocol. *Bounds of a node* protect its
//! memory: each has a counter in [`Counters`](crate::output::Counters) for
//! what it refused, and two nodes may differ in them.

// ---- Constants of the protocol --------------------------------------------

/// Longest [`NodeId`](super::id::NodeId), in bytes (DESIGN: 128 at most).
pub const NODE_ID_BYTES: usize = 128;

/// Most labels in a [`NodeId`](super::id::NodeId): seven zone levels and a name (guess).
pub const NODE_ID_LABELS: usize = 8;

/// Longest label, in bytes (RFC 1035 §2.3.4).
pub const LABEL_BYTES: usize = 63;

/// Longest key, in bytes.
pub const KEY_BYTES: usize = 256;

/// Longest value, in bytes.
pub const VALUE_BYTES: usize = 1024 * 1024;

/// Most entries in one batch (guess: a commit of 64 keys keeps its hash list at 1 KiB).
pub const BATCH_ENTRIES: usize = 64;

/// Most bytes of keys and values in one batch: one value of full size fits.
pub const BATCH_BYTES: usize = VALUE_BYTES + 64 * KEY_BYTES;

/// Bytes of the hash by which a batch names each of its entries.
///
/// SHA-256 cut to 128 bits: a second preimage stays out of reach, and only an
/// author could profit from a collision, which it could have by equivocating.
pub const ENTRY_HASH_BYTES: usize = 16;

/// Bytes of a signature, when there is one (Ed25519 and P-256 raw both have 64).
pub const SIGNATURE_BYTES_MAX: usize = 128;

/// Most bases a batch names: how many restarts back a log can be continued
/// without being sent whole (guess).
pub const LINEAGE: usize = 8;

/// Most addresses a member announces.
pub const ADDRS: usize = 8;

/// Bytes of one encoded datagram. Safe at a path MTU of 1 200 with 12-byte
/// connection ids, where QUIC leaves 1 158 (measured).
pub const DATAGRAM_BYTES: usize = 1_100;

/// Bytes of one encoded message on a stream: a batch of full size and its frame.
pub const STREAM_MESSAGE_BYTES: usize = BATCH_BYTES + 64 * 1024;

/// Most items that ride on one message.
pub const MESSAGE_ITEMS: usize = 256;

/// Bytes of one chunk of an entry: it holds up what is small for 26 ms on a link
/// of 10 Mbit/s (guess: small enough for that, and its frame is half a percent).
pub const CHUNK_BYTES: usize = 32 * 1024;

/// Most chunks asked for in one message (guess).
pub const CHUNKS_ASKED: usize = 16;

/// Most rows in one piece of a digest.
pub const DIGEST_ROWS: usize = 512;

/// Coded symbols of a sketch that are kept, and told in one session at most: enough
/// for some seven hundred differing rows (1.4 a difference, `reconcile`).
pub const SYMBOLS: usize = 1_024;

/// Most ranges in one message of a comparison by ranges (guess: 128 that are
/// asked of, each divided by eight).
pub const RANGES: usize = 1_024;

/// Most beginnings of keys that a joiner asks to hear first (guess).
pub const READINESS: usize = 16;

/// Aimed-at bytes of one piece of a delta: big enough to be efficient, small
/// enough that a probe behind it on a slow link waits little (guess).
pub const DELTA_PIECE_BYTES: usize = 64 * 1024;

/// How far a stamp may lie before us before it is refused: one minute (guess;
/// CockroachDB's default bound on clocks is half a second, ours only has to
/// outlast a lazy NTP).
pub const STAMP_AHEAD_MS: u64 = 60_000;

/// How far a generation may lie ahead of the wall clock, in milliseconds: one
/// day (guess).
pub const GENERATION_AHEAD_MS: u64 = 86_400_000;

/// Longest payload of an event or a query, in bytes (guess: serf's is 512 by
/// default and 9 KiB at most).
pub const EVENT_PAYLOAD_BYTES: usize = 8 * 1024;

/// Most runs in one list of events heard, and authors' runs a node remembers
/// (guess; the list then weighs less than a message of full size).
pub const EVENT_RUNS: usize = 2_048;

/// Most holes told of one run; a run with more is told as if it ended there.
pub const EVENT_HOLES: usize = 64;

/// Most events in one answer to what a peer has heard.
pub const EVENT_PIECE: usize = 1_024;

/// Most members, zones and tags in the filter of one query, together (guess).
pub const ASK_FILTERS: usize = 64;

/// Longest value of a tag in a filter, in bytes (guess).
pub const TAG_BYTES: usize = 128;

/// Longest deadline of a query, in milliseconds: one hour (guess).
pub const ASK_DEADLINE_MS: u64 = 3_600_000;

/// Most relays of one answer (guess; serf's users set 1 or 2).
pub const ASK_RELAYS: u32 = 8;

/// Longest response to a query, in bytes (serf's 1 024 have been asked to grow
/// since 2015; this is a guess).
pub const RESPONSE_BYTES: usize = 64 * 1024;

// ---- Bounds of a node ------------------------------------------------------

/// Members in the roster, dead ones included.
pub const ROSTER: usize = 16_384;

/// Logs in the replica: one an author.
pub const LOGS: usize = ROSTER;

/// Keys one author may hold, both scopes together, unless the cluster agrees on
/// another number (guess). See [`Agreed`](super::agreed::Agreed).
pub const KEYS_PER_AUTHOR: u32 = 131_072;

/// Most keys a cluster can agree on (guess: a log is compared slot by slot where
/// it is tight, and a million are some tens of milliseconds).
pub const KEYS_PER_AUTHOR_MAX: u32 = 1_048_576;

/// Bytes of keys and values one author may hold, unless the cluster agrees on
/// another number (guess).
pub const BYTES_PER_AUTHOR: u32 = 64 * 1024 * 1024;

/// Most bytes a cluster can agree on (guess: twice as much is what a node keeps
/// of logs that come in pieces).
pub const BYTES_PER_AUTHOR_MAX: u32 = 128 * 1024 * 1024;

/// Fewest bytes a cluster can agree on: a few keys (guess).
pub const BYTES_PER_AUTHOR_MIN: u32 = 1_024;

/// Bytes of rumors that are larger than a datagram, told to one peer at once: in a
/// tick, or for an offer (guess: four values of full size would hold up the small
/// ones on a slow link for too long).
pub const RUMORS_AT_ONCE_BYTES: usize = 1024 * 1024;

/// Rumors in the hot queue; the coldest goes first.
pub const HOT_RUMORS: usize = 4_096;

/// Bytes of rumors in the hot queue.
pub const HOT_RUMOR_BYTES: usize = 8 * 1024 * 1024;

/// Writes that wait for the commit in flight.
pub const QUEUED_WRITES: usize = 1_024;

/// Batches of one commit, beside the first (guess: a quarter of a megabyte of
/// small values shares a sync).
pub const FLIGHT_BATCHES: usize = 32;

/// Names noted as touched before "everybody" is noted instead (guess: what a
/// node learns between two looks, which follow every input, is far less).
pub const TOUCHED: usize = 1_024;

/// Rounds of one comparison by ranges (guess: six find a few differences among
/// 16 384 rows; a quarter of them takes some thirty messages of ranges).
pub const RANGE_ROUNDS: u32 = 64;

/// Sessions we serve at once for others (corrosion: 3).
pub const SESSIONS_SERVED: usize = 3;

/// Sessions we have open at once on our own account (guess).
pub const SESSIONS_OPENED: usize = 3;

/// Probes of our own under way at once (guess: one an interval, each done
/// within ten of them even at the worst awareness, and some for suspicions).
pub const PROBES: usize = 64;

/// Probes we relay for others at once (al8n memberlist: 256).
pub const RELAYED_PROBES: usize = 256;

/// Probes we relay for one peer at once (guess: a peer asks once an interval,
/// and now and then for a suspect more; who asks for more is told nack).
pub const RELAYED_PROBES_PER_PEER: usize = 8;

/// Batches kept until what they follow on has come (guess: a second of the
/// fastest author, in batches of full size).
pub const EARLY_BATCHES: usize = 512;

/// Bytes of them.
pub const EARLY_BYTES: usize = 8 * 1024 * 1024;

/// Certificates of members whose row is gone, or never was.
pub const CERTIFICATES: usize = ROSTER;

/// Members of an earlier run that are called until they answer, or somebody
/// else knows them.
pub const REMEMBERED: usize = ROSTER;

/// Peers we wait for to compare notes with (guess).
pub const APPOINTMENTS: usize = 8;

/// Warnings to suspects that wait for their time (guess: two for each of half a
/// thousand that are suspected at once; beyond it they are not warned again).
pub const WARNINGS: usize = 1_024;

/// Distinct accusers remembered for one suspicion.
pub const ACCUSERS: usize = 8;

/// Members on an operator's list, and domains taken out of use (guess: who is
/// counted by hand is not more).
pub const ELECTORATE: usize = 1_024;

/// Lists of voters that wait for the disk (guess: an operator gives one).
pub const ELECTIONS: usize = 8;

/// Seeds in a configuration.
pub const SEEDS: usize = 64;

/// How many of the largest logs may be coming in pieces, in all sessions together
/// (guess: one, and some that are small).
pub const PIECES_LOGS: u64 = 2;

/// Events of keys kept so that a watch can be resumed (guess: seconds of a busy
/// cluster, hours of a quiet one). Beyond it a watch begins anew.
pub const KEY_EVENTS_KEPT: usize = 16_384;

/// Bytes of keys and values in these.
pub const KEY_EVENT_BYTES_KEPT: usize = 16 * 1024 * 1024;

/// Sessions that are over and can still be asked for (libopenstorage kept 20).
pub const SESSIONS_RECALLED: usize = 64;

/// Sessions under way that are followed for that (guess: those opened and
/// served, and as many that are on their way out).
pub const SESSIONS_WATCHED: usize = 4 * (SESSIONS_SERVED + SESSIONS_OPENED);

/// Outputs held for the host; beyond it nothing new is *started*.
pub const OUTBOX: usize = 65_536;

/// Rumors of one kind in an offer: a constant of the protocol, so that an offer
/// of as many and an answer to it fit a datagram.
pub const OFFER_RUMORS: usize = 64;

/// Logs in an offer that grow too fast to be told by name: a constant of the
/// protocol, so that they fit a datagram beside the names.
pub const OFFER_HEADS: usize = 4;

/// Logs whose growth is watched, and told by head where it is fast (guess: who
/// writes at once in a large cluster; beyond it a log goes on as rumors).
pub const FLOWS: usize = 256;

/// Logs that are followed at once (guess: as many as write fast at once).
pub const TAILS_FOLLOWED: usize = 32;

/// Tails of logs told to others at once, of all logs and of one: beyond it a peer
/// is turned away, and follows another that it hears of (guess: with three each
/// a log is three hops from fifteen others, and nobody sends it more often).
pub const TAILS_SERVED: usize = 32;
/// Of one log.
pub const TAILS_SERVED_OF_ONE: usize = 3;

/// Sessions that were opened and in which nothing was said yet, of all peers and
/// of one (guess: the first message follows at once).
pub const SESSIONS_SILENT: usize = 256;
/// Of one peer: what it may follow at once, and a comparison.
pub const SESSIONS_SILENT_OF_ONE: usize = TAILS_FOLLOWED + SESSIONS_OPENED;

/// What members wrote and a node still tells; beyond it the oldest goes first.
pub const NEWS: usize = 4_096;

/// Bytes of it.
pub const NEWS_BYTES: usize = 8 * 1024 * 1024;

/// Rumors a node remembers to have heard, by name; the oldest are forgotten
/// first, and taken again if they are offered (guess: at 500 batches a second
/// half a minute, longer than any is told).
pub const KNOWN_RUMORS: usize = 16_384;

/// Rumors that were asked for and have not come.
pub const AWAITED_RUMORS: usize = 4_096;
/// Events kept to be told to those who missed them (guess: what eight members
/// may have under way at once).
pub const EVENTS_KEPT: usize = 16_384;

/// Bytes of events kept.
pub const EVENT_BYTES_KEPT: usize = 16 * 1024 * 1024;

/// Our own events that are under way: beyond it the next is refused, and the
/// caller hears it (guess: a burst of two thousand passes).
pub const EVENTS_UNDER_WAY: usize = 2_048;

/// Bytes of our own events that are under way.
pub const EVENT_BYTES_UNDER_WAY: usize = 2 * 1024 * 1024;

/// Rumors in the hot queue above which an event is not told as one: lists of
/// events heard carry many at once, about one copy a member (guess).
pub const EVENTS_HOT: usize = 128;

/// Events of a run that are heard beyond a hole; those further on are left to
/// the lists (guess: what one author may have under way, and as much again).
pub const EVENTS_AHEAD: u64 = 4_096;

/// Peers of which we know up to where both have heard the same (guess: all that
/// one is connected to).
pub const EVENT_AGREED: usize = 1_024;

/// Peers we remember to have heard our events.
pub const EVENT_HOLDERS: usize = 64;

/// Queries of ours that we listen for (guess).
pub const ASKS_OPEN: usize = 64;

/// Queries that wait for our application's response (guess).
pub const ASKS_HEARD: usize = 1_024;

/// Answers that wait for a link to their asker, or to a relay (guess).
pub const ANSWERS_WAITING: usize = 256;

/// Bytes of an entry above which it is told by its chunks (guess): less is sent
/// with what tells of it, since a question would cost more than it saves.
pub const LARGE_BYTES: usize = 4 * 1024;

/// How many of the largest logs may come by chunks at once (as [`PIECES_LOGS`]).
pub const CHUNKED_LOGS: u64 = PIECES_LOGS;

/// Batches and runs of logs that wait for chunks (guess).
pub const CHUNKED_ORDERS: usize = 1_024;

/// Peers that are remembered to have one of these entries.
pub const CHUNK_HOLDERS: usize = 16;

/// Entries told by their chunks that stay at hand although a newer write has
/// taken their place (guess).
pub const SHELF_ENTRIES: usize = 256;

/// Bytes of them (guess: a dozen of full size, for as long as they are fetched).
pub const SHELF_BYTES: usize = 16 * 1024 * 1024;

/// Chunks asked for by one peer that wait for the budget (guess: four windows).
pub const CHUNKS_WAITING: usize = 64;
