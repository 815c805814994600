//! Rule `panic`: no peer, file or operator can make the process panic.

use super::super::tree::{File, Tree};
use super::{Report, Rule};

pub(super) const RULE: Rule = Rule {
    name: "panic",
    explain: "Code that ships does not call what panics. Peer input is counted and refused, a\n\
        full disk is an error, an impossible case is handled as if it could happen. Tests,\n\
        benches, examples, build scripts and xtask may, and so may the simulator: it is an\n\
        instrument of tests, and a checker that fires has to stop the run. Clippy holds the same lints and the\n\
        bounds of slices; this rule also sees code that clippy is told to leave alone.",
    check,
};

/// What panics.
const PANICS: &[&str] = &[
    ".unwrap()",
    ".expect(",
    "panic!",
    "todo!",
    "unimplemented!",
    "unreachable!",
];

fn check(tree: &Tree, report: &mut Report) {
    for file in tree.shipped().filter(|file| meets_peers(file)) {
        for panic in PANICS {
            for line in file.lines_with(panic) {
                let next = "return an error, count and refuse, or say `// tidy: allow(panic): <why it cannot>`";
                report.add(&file.path, line, format!("`{panic}` may panic"), next);
            }
        }
    }
}

fn meets_peers(file: &File) -> bool {
    file.crate_dir() != "xtask"
        && !file.path.ends_with("build.rs")
        && !file.path.starts_with("gossip-core/src/sim/")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::found_by;

    #[test]
    fn it_fires_on_code_that_ships() {
        let text = "/// x.unwrap()\nfn f() {\n    x.unwrap_or(1);\n    \"panic!()\";\n    x\n        .expect(\"y\");\n    todo!()\n}\n#[test]\nfn t() { x.unwrap() }";
        let tree = Tree::of(&[
            ("gossip-node/src/a.rs", text),
            ("gossip-node/examples/a.rs", text),
            ("gossip-node/benches/a.rs", text),
            ("xtask/src/a.rs", text),
            ("gossip-core/src/sim/a.rs", text),
        ]);
        let found = found_by("panic", &tree);
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(found[0].contains("a.rs:6: panic: `.expect(`"));
        assert!(found[1].contains("a.rs:7: panic: `todo!`"));
    }
}
