//! Rule `neighbour`: who may know whom among the crates.

use super::super::lex::is_name;
use super::super::tree::Tree;
use super::{Report, Rule};

pub(super) const RULE: Rule = Rule {
    name: "neighbour",
    explain: "gossip-wire turns messages into bytes and knows no transport; gossip-quic carries\n\
        bytes and knows no message; gossip-core knows neither, nor `std`; xtask stands apart\n\
        from all of them. Held over the code that ships and over the tables of Cargo.toml, so\n\
        that each crate can be taken alone.",
    check,
};

/// A crate, what it must not name, and why.
const STRANGERS: &[(&str, &[&str], &str)] = &[
    (
        "gossip-core",
        &[
            "std",
            "tokio",
            "quinn",
            "rustls",
            "prost",
            "tracing",
            "log",
            "rand",
            "gossip_wire",
            "gossip_quic",
            "gossip_node",
        ],
        "the core is pure: no clock, socket, thread, file or logger; use core:: and alloc::",
    ),
    (
        "gossip-wire",
        &[
            "tokio",
            "quinn",
            "rustls",
            "gossip_quic",
            "gossip_node",
            "UdpSocket",
            "TcpStream",
            "TcpListener",
        ],
        "the format does not know who sends, when, or on what",
    ),
    (
        "gossip-quic",
        &["prost", "gossip_wire", "gossip_node"],
        "the transport carries bytes and does not know what they mean",
    ),
    (
        "xtask",
        &["gossip_core", "gossip_wire", "gossip_quic", "gossip_node"],
        "a task runs cargo and the `gossip` binary; it must build when they do not",
    ),
];

fn check(tree: &Tree, report: &mut Report) {
    for (name, strangers, why) in STRANGERS {
        for file in tree.shipped().filter(|file| file.crate_dir() == *name) {
            for stranger in *strangers {
                for (text, line) in file.code.lines().zip(1..) {
                    if names(text, stranger) && !is_own_module(tree, name, stranger) {
                        report.add(&file.path, line, format!("{name} names `{stranger}`"), *why);
                    }
                }
            }
        }
        let manifest = format!("{name}/Cargo.toml");
        for file in tree.files.iter().filter(|file| file.path == manifest) {
            for (dependency, line) in dependencies(&file.text) {
                if strangers.contains(&dependency.replace('-', "_").as_str()) {
                    let what = format!("{name} depends on `{dependency}`");
                    report.add(&file.path, line, what, *why);
                }
            }
        }
    }
}

/// Whether a line names the crate (as the head of a path) or the type
/// `stranger`; a variable, or a module further down a path, is somebody else.
fn names(line: &str, stranger: &str) -> bool {
    let is_type = stranger.starts_with(char::is_uppercase);
    line.match_indices(stranger).any(|(at, _)| {
        let (before, rest) = line.split_at(at);
        let after = rest.split_at(stranger.len()).1;
        if before.ends_with(is_name) || after.starts_with(is_name) {
            return false;
        }
        let head = !before
            .strip_suffix("::")
            .is_some_and(|outer| outer.ends_with(is_name));
        let imported = before.trim_end().ends_with("use") || before.trim_end().ends_with("crate");
        is_type || (head && (after.starts_with("::") || imported))
    })
}

/// Whether the crate has a module of that name: then the word is its own.
fn is_own_module(tree: &Tree, name: &str, module: &str) -> bool {
    let ends = [format!("/{module}.rs"), format!("/{module}/mod.rs")];
    tree.shipped().any(|file| {
        file.crate_dir() == name && ends.iter().any(|end| file.path.ends_with(end.as_str()))
    })
}

/// The names in every dependency table of a manifest, renamed ones by their
/// true name, with their lines.
fn dependencies(manifest: &str) -> Vec<(String, usize)> {
    let mut found = Vec::new();
    let mut within = false;
    for (line, number) in manifest.lines().zip(1..) {
        let line = line.split('#').next().unwrap_or_default().trim();
        if let Some(table) = line.strip_prefix('[') {
            let table = table.trim_end_matches(']');
            within = table.ends_with("dependencies");
            if let Some((_, name)) = table.split_once("dependencies.") {
                found.push((name.to_owned(), number));
            }
            continue;
        }
        let Some((key, value)) = line.split_once('=').filter(|_| within) else {
            continue;
        };
        let name = key
            .split('.')
            .next()
            .unwrap_or_default()
            .trim()
            .trim_matches('"');
        let renamed = value
            .split_once("package")
            .and_then(|(_, rest)| rest.split('"').nth(1));
        found.push((renamed.unwrap_or(name).to_owned(), number));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::found_by;

    #[test]
    fn it_fires_on_code_that_names_a_stranger() {
        let tree = Tree::of(&[
            (
                "gossip-core/src/a.rs",
                "use std::fmt;\n#[cfg(test)] mod tests { use std::vec; }",
            ),
            (
                "gossip-wire/src/a.rs",
                "//! tokio\nfn f(s: std::net::UdpSocket) {}",
            ),
            (
                "gossip-quic/src/a.rs",
                "use gossip_wire::Frame;\nuse gossip_core::base::id;",
            ),
            (
                "gossip-node/src/a.rs",
                "use {gossip_wire::a, gossip_quic::b, tokio::c};",
            ),
        ]);
        let found = found_by("neighbour", &tree);
        assert_eq!(found.len(), 3, "{found:?}");
    }

    #[test]
    fn a_word_is_not_yet_a_crate() {
        for (line, found) in [
            ("let log = self.log.head();", false),
            ("use crate::replica::log::Head;", false),
            ("log::info!()", true),
            ("::log::info!()", true),
            ("use log;", true),
            ("extern crate log;", true),
            ("fn f(catalog::X) {}", false),
        ] {
            assert_eq!(names(line, "log"), found, "{line}");
        }
        let tree = Tree::of(&[
            ("gossip-core/src/replica/log.rs", "fn f() {}"),
            (
                "gossip-core/src/replica/mod.rs",
                "use self::log; fn f() { log::g() }",
            ),
        ]);
        assert!(found_by("neighbour", &tree).is_empty());
    }

    #[test]
    fn it_fires_on_a_dependency() {
        let manifest = "[dependencies]\nprotox.workspace = true\ngossip-core.workspace = true\n\
            x = { package = \"gossip-wire\", path = \"..\" }\n[features]\ngossip-quic = []\n\
            [target.'cfg(unix)'.dev-dependencies.gossip-node]\npath = \"..\"\n";
        let found = found_by("neighbour", &Tree::of(&[("xtask/Cargo.toml", manifest)]));
        let lines: Vec<&str> = found
            .iter()
            .filter_map(|text| text.split(':').nth(1))
            .collect();
        assert_eq!(lines, ["3", "4", "7"], "{found:?}");
    }
}
