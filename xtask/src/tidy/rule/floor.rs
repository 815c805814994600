//! Rule `floor`: inside gossip-core, imports point only down.

use super::super::paths::paths;
use super::super::tree::{File, Tree};
use super::{Report, Rule};

pub(super) const RULE: Rule = Rule {
    name: "floor",
    explain: "gossip-core is a house: a file may name only rooms on its own floor or below, and\n\
        the rooms of floors 4 and 5 do not name each other. Vocabulary lives below behaviour,\n\
        so rooms never import each other in a ring. Only node/ (floor 6) knows all the rooms.\n\
        The table of floors stands in xtask/src/tidy/rule/floor.rs.",
    check,
};

/// The rooms of gossip-core and the floor each stands on.
const FLOORS: &[(&str, u8)] = &[
    ("lib", 7),
    ("sim", 7),
    ("node", 6),
    ("dissemination", 5),
    ("placement", 5),
    ("coordination", 5),
    ("membership", 4),
    ("replica", 4),
    ("reconcile", 4),
    ("event", 4),
    ("topology", 4),
    ("input", 3),
    ("output", 3),
    ("counters", 3),
    ("outbox", 3),
    ("quorum", 3),
    ("message", 2),
    ("config", 2),
    ("defence", 2),
    ("electorate", 2),
    ("history", 2),
    ("mongering", 2),
    ("watched", 2),
    ("base", 1),
];

/// On these floors rooms are neighbours who never meet.
const SEPARATE: &[u8] = &[4, 5];

const SOURCE: &str = "gossip-core/src/";
const TABLE: &str =
    "add it to FLOORS in xtask/src/tidy/rule/floor.rs, on the floor DESIGN gives it";

fn check(tree: &Tree, report: &mut Report) {
    for file in tree.shipped() {
        let Some(module) = module_of(file) else {
            continue;
        };
        let room = module.first().copied().unwrap_or("lib");
        let Some(floor) = floor_of(room) else {
            report.add(
                &file.path,
                1,
                format!("`{room}` is a room without a floor"),
                TABLE,
            );
            continue;
        };
        for found in paths(&file.code, "gossip_core", &module) {
            let target = found.path.first().map_or("lib", String::as_str);
            let (target, below) = match floor_of(target) {
                Some(below) => (target, below),
                // Not a room: something that lib.rs itself declares.
                None => ("lib", floor_of("lib").unwrap_or(u8::MAX)),
            };
            let named = found.path.join("::");
            if below > floor {
                let what = format!("floor {floor} ({room}) names `{named}` on floor {below}");
                let next = "move what both need down into message/ or base/, or act in node/";
                report.add(&file.path, found.line, what, next);
            } else if below == floor && target != room && SEPARATE.contains(&floor) {
                let what = format!("{room} names `{named}`, a neighbour on floor {floor}");
                let next = "let node/ carry the news between rooms, or move the noun down";
                report.add(&file.path, found.line, what, next);
            }
        }
    }
}

fn floor_of(room: &str) -> Option<u8> {
    FLOORS
        .iter()
        .find(|(name, _)| *name == room)
        .map(|(_, floor)| *floor)
}

/// The place of a file in gossip-core; nothing for lib.rs, `None` for files elsewhere.
fn module_of(file: &File) -> Option<Vec<&str>> {
    let path = file.path.strip_prefix(SOURCE)?.strip_suffix(".rs")?;
    let mut parts: Vec<&str> = path.split('/').collect();
    if parts == ["lib"] || parts.last() == Some(&"mod") {
        parts.pop();
    }
    Some(parts)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::found_by;

    fn lines(path: &str, text: &str) -> Vec<String> {
        found_by("floor", &Tree::of(&[(path, text)]))
    }

    #[test]
    fn down_is_fine() {
        let text = "use crate::{base::id, message::Item, membership::probe};\nuse super::roster;";
        assert!(lines("gossip-core/src/membership/probe.rs", text).is_empty());
        assert!(lines("gossip-core/src/lib.rs", "pub use node::Node; pub mod sim;").is_empty());
        let text = "use crate::membership::Roster;\nuse crate::replica::Log;";
        assert!(lines("gossip-core/src/node/mod.rs", text).is_empty());
        assert!(lines("gossip-core/src/input.rs", "use crate::output::Ticket;").is_empty());
        assert!(
            lines(
                "gossip-core/src/dissemination/a.rs",
                "use crate::replica::Log;"
            )
            .is_empty()
        );
    }

    #[test]
    fn it_fires_on_looking_up() {
        let found = lines(
            "gossip-core/src/base/id.rs",
            "fn f() { crate::message::x() }",
        );
        assert!(
            found
                .concat()
                .contains("id.rs:1: floor: floor 1 (base) names `message::x` on floor 2")
        );
        let text = "use super::super::{\n    base,\n    node::Node,\n};";
        let found = lines("gossip-core/src/event/a.rs", text);
        assert_eq!(found.len(), 1);
        assert!(found.concat().contains("a.rs:3:"), "{found:?}");
        // What lib.rs re-exports is on the top floor.
        assert_eq!(
            lines("gossip-core/src/node/a.rs", "use crate::Node;").len(),
            1
        );
        assert_eq!(
            lines("gossip-core/src/node/a.rs", "use gossip_core::sim::World;").len(),
            1
        );
    }

    #[test]
    fn it_fires_on_neighbours_and_strangers() {
        assert_eq!(
            lines("gossip-core/src/event/a.rs", "use crate::replica::Log;").len(),
            1
        );
        assert_eq!(
            lines(
                "gossip-core/src/placement/a.rs",
                "use crate::dissemination::x;"
            )
            .len(),
            1
        );
        let found = lines("gossip-core/src/attic/mod.rs", "use crate::base::id;");
        assert!(found.concat().contains("without a floor"));
    }

    #[test]
    fn tests_may_look_anywhere() {
        let text = "#[cfg(test)]\nmod tests { use crate::node::Node; }";
        assert!(lines("gossip-core/src/base/id.rs", text).is_empty());
    }
}
