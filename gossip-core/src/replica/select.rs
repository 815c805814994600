//! The keys of a selection, as they stand.

use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;

use super::Replica;
use crate::input::{Query, Space};
use crate::message::Key;
use crate::output::Row;
use crate::watched::{Keys, Selection, Whose};

impl Replica {
    /// The keys of a selection, in order; of everybody's, in order of member.
    pub fn select(&self, selection: &Selection) -> Vec<Row> {
        match &selection.whose {
            Whose::Shared => self.select_in(&Space::Shared, &selection.keys),
            Whose::Member(member) => self.select_in(&Space::Own(member.clone()), &selection.keys),
            Whose::Everybody => {
                let members = self.logs.iter().map(|(member, _)| member.clone());
                members
                    .flat_map(|member| self.select_in(&Space::Own(member), &selection.keys))
                    .collect()
            }
        }
    }

    /// The own keys of all members that begin with a prefix, in order, and how
    /// many members have each.
    pub fn own_keys(&self, prefix: &str) -> Vec<(Key, usize)> {
        let prefix = String::from(prefix);
        let mut count: BTreeMap<Key, usize> = BTreeMap::new();
        for row in self.select(&Selection::everybody(Keys::Prefix(prefix))) {
            *count.entry(row.key).or_default() += 1;
        }
        count.into_iter().collect()
    }

    fn select_in(&self, space: &Space, keys: &Keys) -> Vec<Row> {
        match keys {
            Keys::Prefix(prefix) => self.list(space, prefix),
            Keys::Exactly(key) => {
                let query = Query {
                    space: space.clone(),
                    key: key.clone(),
                };
                self.value(&query).into_iter().collect()
            }
        }
    }
}
