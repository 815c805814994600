//! Rule `doc`: a file's first line teaches its noun.

use super::super::tree::Tree;
use super::{Report, Rule};

pub(super) const RULE: Rule = Rule {
    name: "doc",
    explain: "Every Rust file starts with `//!`. A reader who opens a file should know after its\n\
        first lines which noun lives here and what it is for.",
    check,
};

fn check(tree: &Tree, report: &mut Report) {
    for file in tree.files.iter().filter(|file| file.is_rust()) {
        let first = file.text.lines().next().unwrap_or_default();
        let said = first
            .strip_prefix("//!")
            .is_some_and(|rest| !rest.trim_matches(['.', ' ']).is_empty());
        if !said {
            let next = "start the file with `//!` and a sentence about what it holds";
            report.add(
                &file.path,
                1,
                "the first line does not teach the noun",
                next,
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::found_by;

    #[test]
    fn it_fires_on_a_silent_file() {
        let tree = Tree::of(&[
            ("gossip-core/src/a.rs", "use b;"),
            ("gossip-core/tests/b.rs", "//! ...\n"),
            ("gossip-core/src/c.rs", "//! A thing.\n"),
            ("gossip-wire/src/pb/g.rs", crate::codegen::MARK),
        ]);
        let found = found_by("doc", &tree);
        assert_eq!(found.len(), 2, "{found:?}");
    }
}
