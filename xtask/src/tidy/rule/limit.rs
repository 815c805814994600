//! Rule `limit`: every bound says what it bounds, and does bound something.

use super::super::lex::is_name;
use super::super::tree::{File, Tree};
use super::{Report, Rule};

pub(super) const RULE: Rule = Rule {
    name: "limit",
    explain: "Every constant in gossip-core/src/base/limit.rs has a doc comment and is used by\n\
        some other file that ships. A bound that nothing enforces is a promise not kept.",
    check,
};

const LIMITS: &str = "gossip-core/src/base/limit.rs";

fn check(tree: &Tree, report: &mut Report) {
    let Some(limits) = tree.files.iter().find(|file| file.path == LIMITS) else {
        return;
    };
    let mut documented = false;
    for ((text, code), line) in limits.text.lines().zip(limits.code.lines()).zip(1..) {
        if text.trim_start().starts_with("///") {
            documented = true;
            continue;
        }
        if let Some(rest) = code.trim_start().strip_prefix("pub const ") {
            let name = rest.split(|c| !is_name(c)).next().unwrap_or_default();
            if !documented {
                let next = "say above it what it bounds, and the number's source or `guess`";
                report.add(LIMITS, line, format!("{name} has no doc comment"), next);
            }
            if !tree.shipped().any(|file| uses(file, name)) {
                let next = format!("enforce limit::{name} where the bound belongs, or remove it");
                report.add(LIMITS, line, format!("nothing enforces {name}"), next);
            }
        }
        documented = false;
    }
}

fn uses(file: &File, name: &str) -> bool {
    if file.path == LIMITS {
        return false;
    }
    let imports = file.code.contains("limit::{") || file.code.contains("limit::*");
    !file.lines_with(&format!("limit::{name}")).is_empty()
        || (imports && !file.lines_with(name).is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::found_by;

    #[test]
    fn it_fires_on_a_silent_and_on_an_idle_bound() {
        let tree = Tree::of(&[
            (
                LIMITS,
                "//! L.\n/// Used.\npub const USED: usize = 1;\npub const SILENT: usize = 2;\n/// Idle.\npub const IDLE: usize = 3;\n",
            ),
            (
                "gossip-core/src/a.rs",
                "use crate::base::limit;\nfn f() { limit::USED + limit::SILENT }",
            ),
            (
                "gossip-core/src/b.rs",
                "// limit::IDLE\n#[cfg(test)] mod tests { fn f() { limit::IDLE } }",
            ),
        ]);
        let found = found_by("limit", &tree);
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(found[0].contains("limit.rs:4: limit: SILENT has no doc"));
        assert!(found[1].contains("limit.rs:6: limit: nothing enforces IDLE"));
    }
}
