//! Logs that grow faster than rumors carry: told by head alone.
//!
//! A rumor costs a name at everybody, again and again, whatever it is about. Of
//! a log that grows by many batches in an interval the names say less than its
//! head does: who holds less lacks what lies between, and [follows] it at whoever
//! told so.
//!
//! ```text
//!   batches in an interval   1 2 … 7 │ 8 9 10 …          quiet for `cycles` tellings
//!   told                      names   │ (author, head)      names again
//! ```
//!
//! A head is told as a rumor is: at once, again after an eighth of an interval,
//! then an interval apart, until nothing has come to the log for as many tellings
//! as a rumor is told. What grows on is not told more often: who follows has it
//! already.
//!
//! [follows]: super::Tails

use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::time::Duration;

use crate::base::id::NodeId;
use crate::base::limit;
use crate::base::rng::Rng;
use crate::base::time::Instant;
use crate::message::{Head, LogHead};

/// How a log grows here.
#[derive(Debug)]
struct Flow {
    head: Head,
    /// When the interval began in which batches are counted, and how many came.
    since: Instant,
    count: u32,
    /// When its head is told next, and how often it was since it grew; `None`:
    /// it grows slowly.
    told: Option<(Instant, u32)>,
}

/// The logs that grow; those that do so fast are told.
#[derive(Debug, Default)]
pub struct Flows {
    logs: BTreeMap<NodeId, Flow>,
    /// Which one was told last to one who asked.
    last: Option<NodeId>,
}

impl Flows {
    /// So many batches came to a log, which is held up to `head` now. Whether
    /// it is told by its head from now on.
    pub fn grew(
        &mut self,
        now: Instant,
        author: &NodeId,
        (head, batches): (Head, usize),
        interval: Duration,
    ) -> bool {
        if !self.logs.contains_key(author) {
            if self.logs.len() >= limit::FLOWS {
                self.logs
                    .retain(|_, flow| flow.told.is_some() || now < flow.since + interval);
            }
            if self.logs.len() >= limit::FLOWS {
                return false;
            }
        }
        let flow = self.logs.entry(author.clone()).or_insert(Flow {
            head,
            since: now,
            count: 0,
            told: None,
        });
        flow.head = flow.head.max(head);
        if now >= flow.since + interval {
            (flow.since, flow.count) = (now, 0);
        }
        let batches = u32::try_from(batches).unwrap_or(u32::MAX);
        flow.count = flow.count.saturating_add(batches);
        flow.told = match flow.told {
            // Told in vain since it grew last: soon again.
            Some((due, told)) if told > 1 => Some((due.min(now + interval / 8), 1)),
            Some(told) => Some(told),
            None => (flow.count >= FAST).then_some((Instant::ZERO, 0)),
        };
        flow.told.is_some()
    }

    /// When a head is told next.
    pub fn next_due(&self) -> Option<Instant> {
        let due = self.logs.values().filter_map(|flow| flow.told);
        due.map(|(due, _)| due).min()
    }

    /// The heads that are due, as they are told now, those first that wait longest:
    /// where more logs flow than a datagram has room for, all have their turn. What
    /// was told `cycles` times since it grew is told no more.
    pub fn round(
        &mut self,
        now: Instant,
        (interval, cycles): (Duration, u32),
        rng: &mut Rng,
    ) -> Vec<LogHead> {
        self.logs.retain(|_, flow| {
            let is_over = |(due, told)| due <= now && told >= cycles;
            !flow.told.is_some_and(is_over)
        });
        let mut due: Vec<(Instant, &NodeId, &mut Flow)> = self
            .logs
            .iter_mut()
            .filter_map(|(author, flow)| Some((flow.told?.0, author, flow)))
            .filter(|(due, ..)| *due <= now)
            .collect();
        // Stable: of those that wait equally long, in order of name.
        due.sort_by_key(|(due, ..)| *due);
        let mut heads = Vec::new();
        for (_, author, flow) in due {
            let held = LogHead {
                author: author.clone(),
                head: flow.head,
            };
            let Some((due, told)) = flow.told.as_mut().filter(|_| fits(&heads, &held)) else {
                continue;
            };
            heads.push(held);
            let cycle = match *told {
                0 => interval / 8,
                _ => interval,
            };
            *due = now + rng.jittered(cycle);
            *told += 1;
        }
        heads
    }

    /// What is told, for one who asks: those it does not hold as far itself. Who
    /// asks next hears of those that had no room.
    pub fn beyond(&mut self, theirs: &[LogHead]) -> Vec<LogHead> {
        let told = self.logs.iter().filter(|(_, flow)| flow.told.is_some());
        let mut told: Vec<(&NodeId, &Flow)> = told.collect();
        let next = told.partition_point(|(author, _)| Some(*author) <= self.last.as_ref());
        told.rotate_left(next);
        let mut heads = Vec::new();
        for (author, flow) in told {
            let held = LogHead {
                author: author.clone(),
                head: flow.head,
            };
            let same = theirs.iter().find(|held| held.author == *author);
            if same.is_none_or(|same| same.head < held.head) && fits(&heads, &held) {
                heads.push(held);
            }
        }
        self.last = heads.last().map(|held| held.author.clone());
        heads
    }
}

/// Whether another is told beside these: in number, and in bytes, so that names
/// and what rides along have room in the same datagram.
fn fits(heads: &[LogHead], another: &LogHead) -> bool {
    let bytes: usize = heads.iter().map(LogHead::weight).sum();
    heads.len() < limit::OFFER_HEADS && bytes + another.weight() <= HEADS_BYTES
}

/// Bytes of heads in one offer (guess: four of names of thirty bytes).
const HEADS_BYTES: usize = 300;

/// Batches in an interval from which on a log is told by its head (guess: at
/// 200 ms an interval, forty a second; their names would fill half of each offer).
const FAST: u32 = 8;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::{Generation, Version};

    const INTERVAL: Duration = Duration::from_millis(200);

    fn at(millis: u64) -> Instant {
        Instant::from_millis(10_000 + millis)
    }

    fn head(version: u64) -> Head {
        Head {
            generation: Generation(1),
            version: Version(version),
        }
    }

    fn author() -> NodeId {
        "a".parse().unwrap()
    }

    #[test]
    fn what_grows_slowly_is_left_to_rumors() {
        let mut flows = Flows::default();
        for number in 0..40 {
            assert!(!flows.grew(at(number * 40), &author(), (head(number), 1), INTERVAL));
        }
        assert_eq!(flows.next_due(), None);
        assert!(flows.beyond(&[]).is_empty());
    }

    #[test]
    fn what_grows_fast_is_told_by_head_until_it_has_been_quiet() {
        let (mut flows, mut rng) = (Flows::default(), Rng::new(1));
        for number in 1..u64::from(FAST) {
            assert!(!flows.grew(at(number), &author(), (head(number), 1), INTERVAL));
        }
        assert!(flows.grew(at(8), &author(), (head(8), 1), INTERVAL));
        let round = |flows: &mut Flows, now, rng: &mut Rng| {
            let heads = flows.round(now, (INTERVAL, 4), rng);
            heads.first().map(|held| held.head.version.0)
        };
        assert_eq!(round(&mut flows, at(8), &mut rng), Some(8), "at once");
        assert_eq!(round(&mut flows, at(9), &mut rng), None);
        assert!(flows.grew(at(20), &author(), (head(9), 1), INTERVAL));
        assert_eq!(round(&mut flows, at(45), &mut rng), Some(9), "and soon");
        let (mut now, mut told) = (at(45), 2);
        while let Some(due) = flows.next_due() {
            now = due;
            told += u32::from(round(&mut flows, now, &mut rng).is_some());
        }
        assert_eq!(told, 4);
        assert!(now < at(45) + INTERVAL * 4);
        assert!(!flows.grew(now, &author(), (head(10), 1), INTERVAL));
    }

    #[test]
    fn who_asks_hears_what_it_lacks() {
        let mut flows = Flows::default();
        assert!(flows.grew(at(0), &author(), (head(80), 80), INTERVAL));
        let held = |version| {
            [LogHead {
                author: author(),
                head: head(version),
            }]
        };
        assert_eq!(flows.beyond(&held(79)), held(80));
        assert!(flows.beyond(&held(80)).is_empty());
        assert_eq!(flows.beyond(&[]), held(80));
    }

    #[test]
    fn where_many_flow_all_have_their_turn() {
        let (mut flows, mut rng) = (Flows::default(), Rng::new(1));
        let name = |number: u64| -> NodeId { alloc::format!("eu/1/n{number:02}").parse().unwrap() };
        let mut told: BTreeMap<NodeId, u32> = BTreeMap::new();
        let mut asked: BTreeMap<NodeId, u32> = BTreeMap::new();
        let mut now = at(0);
        for tick in 1..400_u64 {
            for author in 0..20 {
                flows.grew(now, &name(author), (head(tick * 8), 8), INTERVAL);
            }
            for held in flows.round(now, (INTERVAL, 8), &mut rng) {
                *told.entry(held.author).or_default() += 1;
            }
            for held in flows.beyond(&[]) {
                *asked.entry(held.author).or_default() += 1;
            }
            now = now + INTERVAL / 8;
        }
        for counts in [told, asked] {
            let (least, most) = (counts.values().min(), counts.values().max());
            assert_eq!(counts.len(), 20);
            assert!(*least.unwrap() * 2 > *most.unwrap(), "{counts:?}");
        }
    }

    #[test]
    fn the_logs_that_are_watched_have_a_bound() {
        let mut flows = Flows::default();
        for number in 0..limit::FLOWS {
            let author = alloc::format!("n{number}").parse().unwrap();
            flows.grew(at(0), &author, (head(1), 1), INTERVAL);
        }
        assert!(!flows.grew(at(1), &author(), (head(80), 80), INTERVAL));
        assert!(flows.grew(at(300), &author(), (head(80), 80), INTERVAL));
        assert_eq!(flows.logs.len(), 1, "what is quiet made room");
    }
}
