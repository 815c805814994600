//! Rule `neighbour`: who may know whom among the crates.

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
                // `std` is told from a module of that name by what follows it.
                let word = if *stranger == "std" {
                    "std::"
                } else {
                    stranger
                };
                for line in file.lines_with(word) {
                    report.add(&file.path, line, format!("{name} names `{stranger}`"), *why);
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
                "use {gossip_wire, gossip_quic, tokio};",
            ),
        ]);
        let found = found_by("neighbour", &tree);
        assert_eq!(found.len(), 3, "{found:?}");
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
