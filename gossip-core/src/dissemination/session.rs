//! One session: how far two peers have come in comparing what they hold.
//!
//! ```text
//!   opener                                    server
//!   Checksum ── Checksum ─▶ Asked             Await ─▶ Compared (they agree)
//!            ── Sketch ───▶ Asked                   ─▶ Differ ─▶ Digest   plain, piece by piece
//!   Digest ◀─ Checksum ─────┤                       ─▶ More ─▶ Await     more symbols
//!   More   ◀─ More ─────────┤                       ─▶ Found ─▶ Untold ─▶ Compared
//!   Tell   ◀─ Found ────────┤                       ─▶ Ranges ⇄ Ranged ─▶ Compared
//!   Answer ◀─ Ranges ───────┘
//! ```
//!
//! The stage says what is to be said next or what is awaited; deltas go whenever
//! there is something to serve. Each of a peer's messages is expected in one
//! stage alone, so whatever it repeats or makes up is not heard.

use alloc::collections::VecDeque;
use alloc::vec::Vec;
use core::cmp::Reverse;

use super::compare::{self, Verdicts};
use super::follow::Followed;
use super::picture::Picture;
use super::tell;
use crate::base::id::NodeId;
use crate::base::limit;
use crate::base::time::Instant;
use crate::config::DeltaOrder;
use crate::message::{
    Body, Checksum, Digest, DigestRow, Form, Found, Key, Ranges, Sketch, Symbol, Want,
};
use crate::reconcile::{Comparison, Peeled, answer, peel, wanted};
use crate::replica::Handed;

/// Names that can be compared in one session: an honest peer has no more.
pub(super) const NAMES: usize = limit::ROSTER + limit::CERTIFICATES + limit::LOGS;

/// How often more symbols are asked for in one session: each time there are at
/// least twice as many, so an opener that needs more tells something else each time.
const ASKS: u32 = 12;

/// How far two peers have come in comparing what they hold.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// At the opener: its checksum is to be told.
    Checksum,
    /// At the opener: its checksum, or more symbols, are told, and the server judges.
    Asked,
    /// At the server: the checksum, or the first piece of a digest without it,
    /// is to be heard.
    Await,
    /// At the server: the symbols do not suffice. At the opener: those before
    /// this place are to be told.
    More(u32),
    /// At the server: more symbols are to be heard.
    Symbols,
    /// At the server: the checksums differ, and the opener is to hear it.
    Differ,
    /// The opener's next piece begins after this name: it is to be told; at the
    /// server, to be heard.
    Digest(Option<NodeId>),
    /// At the server: what was read is to be told.
    Found(Found),
    /// At the server: the rows that could not be made out are to be heard.
    Untold,
    /// At the opener: these rows are to be told.
    Tell(Vec<DigestRow>),
    /// At the server: a step of the comparison by ranges is to be told.
    Ranges,
    /// At the server: its answer is to be heard.
    Ranged,
    /// At the opener: that answer is to be told.
    Answer(Ranges),
    /// All is compared.
    Compared,
}

impl Stage {
    /// After the piece that ends with a name; `None`: that was the last.
    fn begin_after(through: Option<&NodeId>) -> Self {
        through.map_or(Self::Compared, |through| {
            Self::Digest(Some(through.clone()))
        })
    }
}

#[derive(Debug)]
pub(super) struct Session {
    pub(super) peer: NodeId,
    pub(super) opener: bool,
    pub(super) stage: Stage,
    form: Form,
    /// What the other lacks, as it stands there.
    pub(super) serve: VecDeque<DigestRow>,
    /// How far the log of the first of them is handed over.
    pub(super) handed: Option<Handed>,
    /// What we lack, as we stand.
    pub(super) want: VecDeque<DigestRow>,
    /// At the opener: how many symbols it told, as of which change of its sketch.
    told: (usize, u64),
    /// At the server: the opener's checksum, and its symbols so far.
    theirs: (Checksum, Vec<Symbol>),
    /// At the server: how often it asked for more.
    asked: u32,
    comparison: Option<Comparison>,
    /// At the opener: what it needs first, while that is to be told. At the
    /// server: what the opener needs first.
    pub(super) first: Vec<Key>,
    /// Which log goes first, and whether more came since that was looked at.
    order: DeltaOrder,
    unsorted: bool,
    /// When the delta was sent that the transport has not taken yet.
    pub(super) sent: Option<Instant>,
    /// It waits for the budget.
    pub(super) waits_for_budget: bool,
    /// The transport takes another message.
    pub(super) room: bool,
    pub(super) heard_all: bool,
    pub(super) said_all: bool,
    pub(super) moved: Instant,
}

impl Session {
    pub(super) const fn new(
        peer: NodeId,
        opener: bool,
        stage: Stage,
        form: Form,
        now: Instant,
    ) -> Self {
        Self {
            peer,
            opener,
            stage,
            form,
            serve: VecDeque::new(),
            handed: None,
            want: VecDeque::new(),
            told: (0, 0),
            theirs: (Checksum(0), Vec::new()),
            asked: 0,
            comparison: None,
            first: Vec::new(),
            order: DeltaOrder::FurthestBehind,
            unsorted: false,
            sent: None,
            waits_for_budget: false,
            room: true,
            heard_all: false,
            said_all: false,
            moved: now,
        }
    }

    /// The same, with an order in which logs go.
    pub(super) const fn ordered(mut self, order: DeltaOrder) -> Self {
        self.order = order;
        self
    }

    /// Whether what it says next may be bulk.
    pub(super) fn is_bulk(&self) -> bool {
        !self.serve.is_empty()
    }

    /// Takes in what the other said. Whether that was expected.
    pub(super) fn hear(
        &mut self,
        body: &Body,
        salt: u64,
        picture: Picture<'_>,
        followed: &mut Followed,
    ) -> bool {
        if self.opener {
            self.hear_server(body, picture, followed)
        } else {
            self.hear_opener(body, salt, picture, followed)
        }
    }

    fn hear_opener(
        &mut self,
        body: &Body,
        salt: u64,
        picture: Picture<'_>,
        followed: &mut Followed,
    ) -> bool {
        match body {
            Body::First(keys) if self.stage == Stage::Await && self.first.is_empty() => {
                self.first
                    .extend(keys.iter().take(limit::READINESS).cloned());
            }
            Body::Checksum(theirs) if self.stage == Stage::Await => {
                self.stage = match *theirs == followed.sum(picture) {
                    true => Stage::Compared,
                    false => Stage::Differ,
                };
            }
            Body::Sketch(sketch) if matches!(self.stage, Stage::Await | Stage::Symbols) => {
                self.read(sketch, salt, picture, followed);
            }
            Body::Digest(digest) if self.expects(digest) => {
                self.stage = Stage::begin_after(digest.through.as_ref());
                self.judge(compare::digest(digest, self.form, picture));
            }
            Body::Rows(rows) if self.stage == Stage::Untold => {
                self.stage = Stage::Compared;
                self.judge(compare::rows(&rows.rows, self.form, picture));
            }
            Body::Ranges(said) if self.stage == Stage::Ranged => {
                self.stage = Stage::Ranges;
                if let Some(comparison) = &mut self.comparison {
                    let pieces = comparison.hear(said, |after| picture.after(after));
                    for digest in pieces {
                        self.judge(compare::digest(&digest, self.form, picture));
                    }
                }
            }
            Body::Delta(_) => {}
            Body::Done => self.heard_all = true,
            _ => return false,
        }
        true
    }

    fn hear_server(&mut self, body: &Body, picture: Picture<'_>, followed: &mut Followed) -> bool {
        let asked = self.stage == Stage::Asked;
        match body {
            Body::Checksum(_) if asked => self.stage = Stage::Digest(None),
            Body::More { through } if asked && self.told.0 > 0 => {
                let through = (*through as usize).min(limit::SYMBOLS);
                if through <= self.told.0 {
                    return false;
                }
                self.stage = Stage::More(through as u32);
            }
            Body::Found(found) if asked && self.told.0 > 0 => {
                followed.guess.learn(found.used as usize);
                let rows = compare::lacks(found, &followed.sketch, picture);
                self.serve.extend(rows);
                self.unsorted = true;
                self.stage = match found.unclear.is_empty() {
                    true => Stage::Compared,
                    false => Stage::Tell(compare::told(found, &followed.sketch, picture)),
                };
            }
            Body::Ranges(asks) if asked && self.told.0 > 0 => {
                let hash = followed.sketch.coder().hash();
                self.stage = Stage::Answer(answer(hash, asks, |after| picture.after(after)));
            }
            Body::Want(want) if self.serve.len() < NAMES => {
                self.serve.extend(want.rows.iter().cloned());
                self.unsorted = true;
            }
            Body::Delta(_) => {}
            Body::Done => {
                self.heard_all = true;
                if asked {
                    if self.told.0 > 0 && self.serve.is_empty() && self.comparison.is_none() {
                        followed.guess.learn(0);
                    }
                    self.stage = Stage::Compared;
                }
            }
            _ => return false,
        }
        true
    }

    /// Symbols came: read what they say, if they suffice.
    fn read(&mut self, said: &Sketch, salt: u64, picture: Picture<'_>, followed: &mut Followed) {
        let sketch = &followed.sketch;
        let (sum, symbols) = &mut self.theirs;
        if said.first == 0 {
            symbols.clear();
        }
        if symbols.len() == said.first as usize {
            let room = limit::SYMBOLS.saturating_sub(symbols.len());
            symbols.extend(said.symbols.iter().take(room));
        }
        *sum = said.sum;
        self.form = said.form;
        if *sum == followed.sum(picture) {
            followed.guess.learn(0);
            self.stage = Stage::Compared;
            return;
        }
        let count = symbols.len();
        let about = match peel(symbols, sketch) {
            Peeled::All { differences, used } => {
                let theirs = (*sum, self.form);
                if let Some((verdicts, mut found)) =
                    compare::differences(&differences, theirs, sketch, picture)
                {
                    found.used = used as u32;
                    followed.guess.learn(used);
                    self.judge(verdicts);
                    self.stage = Stage::Found(found);
                    return;
                }
                // They do not say what the checksum says: by ranges, then.
                0
            }
            Peeled::Short { about } => {
                let wanted = wanted(count, about);
                if wanted <= limit::SYMBOLS && count < limit::SYMBOLS && self.asked < ASKS {
                    self.asked += 1;
                    self.stage = Stage::More(wanted as u32);
                    return;
                }
                about
            }
        };
        if about > sketch.len() / 4 {
            self.stage = Stage::Differ;
        } else {
            let hash = sketch.coder().hash();
            self.comparison = Some(Comparison::new(hash, salt, picture.after(None)));
            self.stage = Stage::Ranges;
        }
    }

    fn judge(&mut self, verdicts: Verdicts) {
        self.serve.extend(verdicts.serve);
        self.unsorted = true;
        self.want.extend(verdicts.want);
        self.serve.truncate(NAMES);
        self.want.truncate(NAMES);
    }

    /// Whether a piece of the opener's digest is the one that comes next. Each
    /// name is told once, so what we remember of it has a bound.
    fn expects(&self, digest: &Digest) -> bool {
        let forward = match (&digest.after, &digest.through) {
            (Some(after), Some(through)) => after < through,
            _ => true,
        };
        let next = match &self.stage {
            Stage::Await => digest.after.is_none(),
            Stage::Digest(after) => *after == digest.after,
            _ => false,
        };
        forward && next
    }

    /// Whether what the opener lacks waits until all of it is known, so that what
    /// it needs first can go first.
    fn waits(&self) -> bool {
        !self.first.is_empty() && self.stage != Stage::Compared
    }

    /// Puts first what the opener needs first, once all is compared.
    fn sort_out(&mut self, picture: Picture<'_>) {
        // A log that is half handed over stays in front.
        if self.unsorted && self.handed.is_none() {
            self.unsorted = false;
            self.put_furthest_first(picture);
        }
        let first = core::mem::take(&mut self.first);
        if !first.is_empty() {
            let rows = self.serve.make_contiguous();
            rows.sort_by_key(|row| !picture.replica.has_any(&row.id, &first));
        }
    }

    /// Puts the log first of which the other lacks the most; before all of them
    /// those of whom it lacks nothing but how they stand, which is little.
    fn put_furthest_first(&mut self, picture: Picture<'_>) {
        if self.order == DeltaOrder::Name {
            return;
        }
        let rows = self.serve.make_contiguous();
        rows.sort_by_cached_key(|row| {
            let ours = picture.replica.head(&row.id).unwrap_or_default().version;
            let theirs = row.head.unwrap_or_default().version;
            match ours.0.saturating_sub(theirs.0) {
                0 => (false, Reverse(0)),
                depth => (true, Reverse(depth)),
            }
        });
    }

    /// The next thing to say; `None`: it is the other's turn.
    pub(super) fn next(&mut self, picture: Picture<'_>, followed: &Followed) -> Option<Body> {
        if self.opener && !self.first.is_empty() {
            return Some(Body::First(core::mem::take(&mut self.first)));
        }
        match core::mem::replace(&mut self.stage, Stage::Compared) {
            Stage::Checksum => {
                self.stage = Stage::Asked;
                return Some(self.ask(picture, followed));
            }
            Stage::More(through) if self.opener => {
                self.stage = Stage::Asked;
                return Some(self.tell_more(through as usize, picture, followed));
            }
            Stage::More(through) => {
                self.stage = Stage::Symbols;
                return Some(Body::More { through });
            }
            Stage::Differ => {
                self.stage = Stage::Digest(None);
                return Some(Body::Checksum(followed.sum(picture)));
            }
            Stage::Digest(after) if self.opener => {
                let digest = tell::piece(after, picture);
                self.stage = Stage::begin_after(digest.through.as_ref());
                return Some(Body::Digest(digest));
            }
            Stage::Found(found) => {
                if !found.unclear.is_empty() {
                    self.stage = Stage::Untold;
                }
                return Some(Body::Found(found));
            }
            Stage::Tell(rows) => return Some(Body::Rows(Want { rows })),
            Stage::Ranges => {
                if let Some(ranges) = self.comparison.as_mut().and_then(Comparison::say) {
                    self.stage = Stage::Ranged;
                    return Some(Body::Ranges(ranges));
                }
                self.comparison = None;
            }
            Stage::Answer(ranges) => {
                self.stage = Stage::Asked;
                return Some(Body::Ranges(ranges));
            }
            other => self.stage = other,
        }
        if self.waits() {
            return None;
        }
        self.sort_out(picture);
        if let Some(delta) = tell::delta(&mut self.serve, &mut self.handed, picture) {
            return Some(Body::Delta(delta));
        }
        if self.stage != Stage::Compared {
            return None;
        }
        if !self.want.is_empty() {
            let count = self.want.len().min(limit::DIGEST_ROWS);
            return Some(Body::Want(Want {
                rows: self.want.drain(..count).collect(),
            }));
        }
        // The opener is last: only then is nothing left to be wanted of it.
        (!self.opener || self.heard_all).then_some(Body::Done)
    }

    /// The opener's beginning.
    fn ask(&mut self, picture: Picture<'_>, followed: &Followed) -> Body {
        let sum = followed.sum(picture);
        let sketch = &followed.sketch;
        if sketch.len() <= followed.plain && self.form == Form::PushPull {
            return Body::Checksum(sum);
        }
        let count = followed.guess.symbols();
        self.told = (count, sketch.changes());
        Body::Sketch(Sketch {
            sum,
            form: self.form,
            first: 0,
            symbols: sketch.symbols(0, count).to_vec(),
        })
    }

    /// More symbols: from where the last ended, or all anew where they are of
    /// something else by now.
    fn tell_more(&mut self, through: usize, picture: Picture<'_>, followed: &Followed) -> Body {
        let sketch = &followed.sketch;
        let (told, changes) = self.told;
        let first = if changes == sketch.changes() { told } else { 0 };
        self.told = (through, sketch.changes());
        Body::Sketch(Sketch {
            sum: followed.sum(picture),
            form: self.form,
            first: first as u32,
            symbols: sketch.symbols(first, through).to_vec(),
        })
    }
}
