//! Rule `select`: one loop drives the node.

use super::super::tree::Tree;
use super::{Report, Rule};

pub(super) const RULE: Rule = Rule {
    name: "select",
    explain: "In gossip-node one file waits on several things at once. With a second one, order\n\
        and shutdown would be decided in two places; other tasks await one thing and send\n\
        what they got into the driver's channel.",
    check,
};

fn check(tree: &Tree, report: &mut Report) {
    let places: Vec<(&str, usize)> = tree
        .shipped()
        .filter(|file| file.crate_dir() == "gossip-node")
        .filter_map(|file| {
            Some((
                file.path.as_str(),
                file.lines_with("select!").first().copied()?,
            ))
        })
        .collect();
    if places.len() < 2 {
        return;
    }
    // The driver's own is the one that may stay.
    let own = places
        .iter()
        .position(|(path, _)| path.contains("/driver"))
        .unwrap_or(0);
    let others = places
        .iter()
        .enumerate()
        .filter(|(at, _)| *at != own)
        .map(|(_, place)| place);
    let stays = places.get(own).map_or("", |(path, _)| path);
    for (path, line) in others {
        let what = format!("a second file selects (the first is {stays})");
        report.add(
            path,
            *line,
            what,
            "send what you wait for into the driver's channel",
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::found_by;

    #[test]
    fn it_fires_on_the_second_file() {
        let text = "fn f() { tokio::select! {} }";
        let one = [
            ("gossip-node/src/driver/mod.rs", text),
            ("gossip-quic/src/a.rs", text),
        ];
        assert!(found_by("select", &Tree::of(&one)).is_empty());
        let two = [
            ("gossip-node/src/api.rs", text),
            ("gossip-node/src/driver/mod.rs", text),
        ];
        let found = found_by("select", &Tree::of(&two));
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].starts_with("gossip-node/src/api.rs:1:"));
    }
}
