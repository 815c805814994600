//! Judging: whether what is expected holds.

use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::expect::{What, status_word};
use super::stage::Stage;
use super::who::{Name, Who};
use crate::base::id::NodeId;
use crate::input::{Query, Space};
use crate::message::Key;
use crate::node::Node;
use crate::output::MemberStatus;
use crate::sim::check::{Truly, is_wrong_about, still_distrusts_itself, still_tells};
use crate::sim::{HostId, Machine};

impl<M: Machine> Stage<M> {
    /// What is wrong with it; `None`: it holds.
    pub(super) fn is_wrong(&self, what: &What) -> Option<String> {
        match what {
            What::Exact(who) => self.inexact(who),
            What::Equal(who) => self.unequal(who),
            What::Kept(who) => self.lost(who),
            What::Quiet(who) => self.each(who, |node| {
                let burden = node.burden();
                // Who still meets the broken has reason to distrust itself.
                let score = if *who == Who::All {
                    burden.awareness
                } else {
                    0
                };
                still_tells(&burden).or_else(|| still_distrusts_itself(score))
            }),
            What::Hold(who, about, status) => self.held_otherwise(who, about, *status),
            What::Run(who) => self.not_all(who, "does not run", |host| self.world.is_running(host)),
            What::Stopped(who) => self.not_all(who, "runs", |host| !self.world.is_running(host)),
            What::Told(who) => self.world.untold_among(&self.of(who)),
            What::Answered(who) => self.unanswered(who),
            What::Reads(who, whose, key, value) => {
                self.read_otherwise(who, whose.as_ref(), key, value.as_deref())
            }
        }
    }

    /// The nodes of these names that run.
    fn nodes(&self, who: &Who) -> impl Iterator<Item = (HostId, &Node)> {
        let hosts = self.of(who).into_iter();
        hosts.filter_map(|host| Some((host, self.world.node(host)?.as_node()?)))
    }

    fn each(&self, who: &Who, wrong: impl Fn(&Node) -> Option<String>) -> Option<String> {
        self.nodes(who).find_map(|(host, node)| {
            let wrong = wrong(node)?;
            Some(format!("{host} ({}): {wrong}", node.id()))
        })
    }

    fn not_all(&self, who: &Who, what: &str, holds: impl Fn(HostId) -> bool) -> Option<String> {
        let host = self.of(who).into_iter().find(|host| !holds(*host))?;
        Some(format!("{host} ({}) {what}", self.world.id(host)))
    }

    fn unanswered(&self, who: &Who) -> Option<String> {
        self.of(who).into_iter().find_map(|host| {
            let ended = &self.world.picture(host).ended;
            let wrong = match ended
                .iter()
                .find(|counts| (counts.acked, counts.answered) != (counts.asked, counts.asked))
            {
                _ if ended.is_empty() => String::from("no query of it is over"),
                Some(counts) => format!("its query ended with {counts:?}"),
                None => return None,
            };
            Some(format!("{host} ({}): {wrong}", self.world.id(host)))
        })
    }

    fn inexact(&self, who: &Who) -> Option<String> {
        let among = self.of(who);
        let mut truth: BTreeMap<NodeId, Truly> = BTreeMap::new();
        for host in self.world.hosts() {
            let id = self.world.id(host);
            let node = self.world.node(host).and_then(M::as_node);
            let truly = match node {
                None => Truly::Gone,
                Some(node) if among.contains(&host) => {
                    Truly::Here(node.footing(), self.world.hosts[host.index()].addr())
                }
                Some(_) => Truly::Whatever,
            };
            match (truth.get(id), truly) {
                (Some(Truly::Here(..)), Truly::Here(..)) => {
                    return Some(format!("two processes run as {id}"));
                }
                // Of two hosts with one name, the one that counts.
                (Some(Truly::Here(..)), _) | (Some(Truly::Whatever), Truly::Gone) => {}
                _ => {
                    truth.insert(id.clone(), truly);
                }
            }
        }
        self.each(who, |node| is_wrong_about(node, &truth))
    }

    fn unequal(&self, who: &Who) -> Option<String> {
        let nodes: Vec<_> = self.nodes(who).collect();
        let (first, rest) = nodes.split_first()?;
        let own = |host| Space::Own(self.world.id(host).clone());
        let spaces = self.world.hosts().map(own).chain([Space::Shared]);
        for space in spaces {
            let rows = first.1.rows(&space);
            let other = rest.iter().find(|(_, node)| node.rows(&space) != rows);
            if let Some((host, node)) = other {
                let others = node.rows(&space);
                let name = first.0;
                return Some(format!(
                    "{space:?}: {name} has {rows:?}, {host} has {others:?}"
                ));
            }
        }
        None
    }

    /// What of the promises of those that run somebody among them does not keep.
    /// Of two with one name neither can promise anything.
    fn lost(&self, who: &Who) -> Option<String> {
        let nodes: Vec<_> = self.nodes(who).collect();
        nodes.iter().find_map(|(host, author)| {
            if self.world.has_twin(*host) {
                return None;
            }
            let at = &self.world.hosts[host.index()];
            let wall = at.clocks.read(self.world.now).wall;
            nodes.iter().find_map(|(other, node)| {
                let lost = at
                    .promises
                    .broken_at(author.id(), node, &self.world.tops, wall)?;
                Some(format!("{other} ({}): {lost}", node.id()))
            })
        })
    }

    fn held_otherwise(
        &self,
        who: &Who,
        about: &Who,
        status: Option<MemberStatus>,
    ) -> Option<String> {
        let about: Vec<_> = self
            .of(about)
            .into_iter()
            .map(|host| self.world.id(host))
            .collect();
        self.each(who, |node| {
            let others = about.iter().filter(|id| **id != node.id());
            let held = |id: &NodeId| node.sight(id).map(|sight| sight.status);
            let mut wrong = others.filter(|id| held(id) != status);
            let id = wrong.next()?;
            let (held, wanted) = (status_word(held(id)), status_word(status));
            Some(format!("it holds {id} {held}, not {wanted}"))
        })
    }

    fn read_otherwise(
        &self,
        who: &Who,
        whose: Option<&Name>,
        key: &Key,
        value: Option<&str>,
    ) -> Option<String> {
        let space = match whose {
            Some(name) => Space::Own(self.world.id(self.host(name)?).clone()),
            None => Space::Shared,
        };
        let query = Query {
            space,
            key: key.clone(),
        };
        self.each(who, |node| {
            let row = node.value(&query);
            let found = row.as_ref().map(|row| &row.value.bytes()[..]);
            (found != value.map(str::as_bytes)).then(|| format!("it reads {found:?}"))
        })
    }
}
