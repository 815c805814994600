//! Rule `clock`: time is handed in, and read in few places.

use super::super::tree::{Kind, Tree};
use super::{Report, Rule};

pub(super) const RULE: Rule = Rule {
    name: "clock",
    explain: "A clock is read only by the driver (a file named clock.rs in gossip-node), by the\n\
        transport, by the demo that shows elapsed time, and by tests, benches, examples and xtask.\n\
        Everything else is handed the time: only then does a seed mean the same run for ever.",
    check,
};

/// What reads a clock.
const READS: &[&str] = &[
    "Instant::now",
    "SystemTime::now",
    "clock_gettime",
    "OffsetDateTime::now_utc",
    "Utc::now",
];

/// Where a clock may be read: the start of a path, its end, and why.
const ALLOWED: &[(&str, &str, &str)] = &[
    (
        "gossip-node/src/",
        "/clock.rs",
        "the driver's clock, handed to the core with every input",
    ),
    (
        "gossip-node/src/",
        "/demo.rs",
        "the demo shows how long its steps took",
    ),
    (
        "gossip-node/src/",
        "/demo/",
        "the demo shows how long its steps took",
    ),
    (
        "gossip-quic/src/",
        "",
        "QUIC's own timers and the validity of certificates",
    ),
    ("xtask/src/", "", "a task says how long it took"),
];

fn check(tree: &Tree, report: &mut Report) {
    for file in tree.files.iter().filter(|file| file.kind == Kind::Code) {
        let allowed = ALLOWED.iter().any(|(start, end, _)| {
            file.path.starts_with(start)
                && (file.path.ends_with(end) || (end.ends_with('/') && file.path.contains(end)))
        });
        if allowed {
            continue;
        }
        for read in READS {
            for line in file.lines_with(read) {
                let next = "take the time as an argument, or ask the driver's clock.rs";
                report.add(
                    &file.path,
                    line,
                    format!("`{read}` reads a clock here"),
                    next,
                );
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::found_by;

    #[test]
    fn it_fires_outside_the_driver() {
        let read = "fn f() { std::time::Instant::now(); }";
        let tree = Tree::of(&[
            ("gossip-core/src/node/mod.rs", read),
            ("gossip-node/src/driver/clock.rs", read),
            (
                "gossip-node/src/driver/mod.rs",
                "// Instant::now\nfn f() { SystemTime::now() }",
            ),
            ("gossip-node/src/cli/demo/script.rs", read),
            ("gossip-quic/src/pool.rs", read),
            ("gossip-node/tests/t.rs", read),
        ]);
        let found = found_by("clock", &tree);
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(found[0].starts_with("gossip-core/src/node/mod.rs:1: clock: `Instant::now`"));
        assert!(found[1].starts_with("gossip-node/src/driver/mod.rs:2:"));
    }
}
