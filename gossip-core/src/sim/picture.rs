//! The picture: what an application knows that listened from the start.
//!
//! It folds the notifications of one run. A test looks at it rather than
//! asking the node, which costs nothing and changes nothing; and where the
//! two differ, the node told its application something else than it holds.
//!
//! Thousands of nodes each know thousands of members, so a member is a number
//! here, and its row is 24 bytes in a list. [`Shown`] has the names beside it.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::ops::Deref;

use super::names::{NameId, Names, Numbered};
use crate::base::id::NodeId;
use crate::input::Space;
use crate::message::{Footing, Key, Scope, Value, WriteId};
use crate::output::{
    AskCounts, KeyEvent, MemberEvent, MemberEventKind, MemberStatus, Notification,
};

/// Members and keys, as the notifications tell them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Picture {
    /// Every member that was ever told of.
    members: Numbered<(MemberStatus, Footing)>,
    /// Every key that was told of and not deleted, with the write behind it.
    pub keys: BTreeMap<(Space, Key), (Value, WriteId)>,
    /// Whether the node said that it takes part.
    pub running: bool,
    /// Concurrent writes that were reported as lost.
    pub conflicts: u64,
    /// Members that were reported as condemned.
    pub deaths: u64,
    /// Events it was told.
    pub events: u64,
    /// Events it was told that it missed.
    pub missed: u64,
    /// Queries of its own that are over.
    pub ended: Vec<AskCounts>,
}

impl Picture {
    /// How many members stand so.
    pub fn count(&self, status: MemberStatus) -> usize {
        let all = self.members.iter();
        all.filter(|(_, (is, _))| *is == status).count()
    }

    /// How one member stands, and on which footing; `None`: never heard of.
    pub(super) fn row(&self, name: NameId) -> Option<(MemberStatus, Footing)> {
        self.members.of(name)
    }

    /// How many it knows.
    pub(super) fn rows(&self) -> usize {
        self.members.len()
    }

    /// All it knows, in no useful order.
    pub(super) fn iter(&self) -> impl Iterator<Item = (NameId, (MemberStatus, Footing))> {
        self.members.iter()
    }

    /// Takes one notification in.
    pub(super) fn fold(&mut self, names: &mut Names, notification: &Notification) {
        match notification {
            Notification::Running { .. } => self.running = true,
            Notification::Member(event) => self.member(names.insert(&event.id), event),
            Notification::Key(event) => self.key(event),
            Notification::Conflict { .. } => self.conflicts += 1,
            Notification::Event(_) => self.events += 1,
            Notification::Missed { count, .. } => self.missed += count,
            Notification::Ended { counts, .. } => self.ended.push(*counts),
            Notification::Twin { .. }
            | Notification::CaughtUp { .. }
            | Notification::OverLimit { .. }
            | Notification::Quorum(_)
            | Notification::Disk(_)
            | Notification::Asked(_)
            | Notification::Answer { .. } => {}
        }
    }

    fn member(&mut self, name: NameId, event: &MemberEvent) {
        let status = match event.kind {
            MemberEventKind::Joined { .. } | MemberEventKind::Refuted { .. } => MemberStatus::Alive,
            MemberEventKind::Updated | MemberEventKind::Conflict => {
                let row = self.row(name);
                row.map_or(MemberStatus::Alive, |(status, _)| status)
            }
            MemberEventKind::Suspected { .. } => MemberStatus::Suspect,
            MemberEventKind::Died { after, .. } => {
                // One that was dead before this node knew it did not die here.
                self.deaths += u64::from(!after.is_zero());
                MemberStatus::Dead
            }
            MemberEventKind::Removed { .. } => MemberStatus::Dead,
            MemberEventKind::Left => MemberStatus::Left,
            MemberEventKind::Forgotten { .. } => {
                self.members.remove(name);
                return;
            }
        };
        self.members.insert(name, (status, event.footing));
    }

    fn key(&mut self, event: &KeyEvent) {
        let space = match event.scope {
            Scope::Own => Space::Own(event.write.author.clone()),
            Scope::Shared => Space::Shared,
        };
        let key = (space, event.key.clone());
        match &event.value {
            Some(value) => {
                let row = (value.clone(), event.write.clone());
                self.keys.insert(key, row);
            }
            None => {
                self.keys.remove(&key);
            }
        }
    }
}

/// A picture with the names of its members.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shown<'a> {
    pub(super) picture: &'a Picture,
    pub(super) names: &'a Names,
}

impl<'a> Shown<'a> {
    /// How one member stands; `None`: never heard of.
    pub fn status(&self, id: &NodeId) -> Option<MemberStatus> {
        self.member(id).map(|(status, _)| status)
    }

    /// The same with the footing.
    pub fn member(&self, id: &NodeId) -> Option<(MemberStatus, Footing)> {
        self.picture.row(self.names.find(id)?)
    }

    /// Every member that was ever told of, in order of name.
    pub fn members(&self) -> impl Iterator<Item = (&'a NodeId, (MemberStatus, Footing))> {
        let (picture, names) = (self.picture, self.names);
        let row = move |name| Some((names.id(name), picture.row(name)?));
        names.in_order().filter_map(row)
    }
}

impl Deref for Shown<'_> {
    type Target = Picture;

    fn deref(&self) -> &Picture {
        self.picture
    }
}
