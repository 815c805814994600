//! Rule `codegen`: generated code is what would be generated.

use super::super::tree::Tree;
use super::{Report, Rule};

pub(super) const RULE: Rule = Rule {
    name: "codegen",
    explain: "The Rust under gossip-wire/src/pb is committed and must be exactly what the .proto\n\
        files give. A build then needs no generator, and no hand edit survives unseen.",
    check,
};

fn check(tree: &Tree, report: &mut Report) {
    for drift in &tree.drifts {
        report.add(&drift.path, 1, &drift.what, &drift.next);
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::tree::Drifted;
    use super::*;
    use crate::tidy::found_by;

    #[test]
    fn it_fires_on_drift() {
        let mut tree = Tree::of(&[]);
        assert!(found_by("codegen", &tree).is_empty());
        let drift = Drifted::new("gossip-wire/src/pb/g.rs", "differs", "regenerate");
        tree.drifts.push(drift);
        assert_eq!(found_by("codegen", &tree).len(), 1);
    }
}
