//! Rule `getter`: a function is named for what it gives, not for the giving.

use super::super::lex::is_name;
use super::super::tree::Tree;
use super::{Report, Rule};

pub(super) const RULE: Rule = Rule {
    name: "getter",
    explain: "No function is called get_something. `node.roster()` says as much as the longer\n\
        name; where fetching costs something, a verb that says so is better (`read_roster`).",
    check,
};

fn check(tree: &Tree, report: &mut Report) {
    for file in tree.files.iter().filter(|file| file.is_rust()) {
        for (text, line) in file.code.lines().zip(1..) {
            for part in text.split("fn ").skip(1) {
                let name = part.split(|c| !is_name(c)).next().unwrap_or_default();
                if let Some(noun) = name.strip_prefix("get_") {
                    let what = format!("`{name}` is a getter's name");
                    report.add(&file.path, line, what, format!("call it `{noun}`"));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::found_by;

    #[test]
    fn it_fires_on_a_getter() {
        let text = "fn get() {}\nfn forget_it() {}\npub(crate) fn get_roster() {}";
        let found = found_by("getter", &Tree::of(&[("gossip-core/src/a.rs", text)]));
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].contains("a.rs:3:") && found[0].ends_with("call it `roster`"));
    }
}
