//! Excuses: `// tidy: allow(<rule>): <reason>`.
//!
//! An excuse covers its own line and the statement that follows. One without a
//! reason, for a rule that does not exist, or for a line that is fine, is a
//! finding: excuses must not pile up.

use super::rule::RULES;
use super::tree::{File, Tree};
use super::{Finding, Report};

const NAME: &str = "allow";
const START: &str = "tidy: allow(";

/// One excuse.
#[derive(Debug)]
struct Allow {
    path: String,
    rule: String,
    reason: String,
    first: usize,
    last: usize,
    used: bool,
}

/// Every excuse of a tree.
#[derive(Debug)]
pub(crate) struct Allows(Vec<Allow>);

impl Allows {
    pub(crate) fn of(tree: &Tree) -> Self {
        Self(
            tree.files
                .iter()
                .filter(|file| file.is_rust())
                .flat_map(allows)
                .collect(),
        )
    }

    /// Whether an excuse covers the finding; it then counts as used.
    pub(crate) fn covers(&mut self, finding: &Finding) -> bool {
        let covering = self.0.iter_mut().find(|allow| {
            allow.rule == finding.rule
                && allow.path == finding.path
                && (allow.first..=allow.last).contains(&finding.line)
                && !allow.reason.is_empty()
        });
        covering.map(|allow| allow.used = true).is_some()
    }

    /// Excuses that excuse nothing.
    pub(crate) fn complaints(self) -> Vec<Finding> {
        let mut report = Report {
            rule: NAME,
            findings: Vec::new(),
        };
        for allow in self.0.iter().filter(|allow| !allow.used) {
            let (what, next) = if !RULES.iter().any(|rule| rule.name == allow.rule) {
                (
                    "names a rule that does not exist",
                    "see `cargo xtask tidy --explain`",
                )
            } else if allow.reason.is_empty() {
                (
                    "gives no reason",
                    "write `// tidy: allow(<rule>): <reason>`",
                )
            } else {
                ("excuses nothing", "remove it")
            };
            report.add(
                &allow.path,
                allow.first,
                format!("allow({}) {what}", allow.rule),
                next,
            );
        }
        report.findings
    }
}

fn allows(file: &File) -> Vec<Allow> {
    let mut found = Vec::new();
    for comment in &file.comments {
        let text = comment.text.trim_start_matches('/').trim();
        let Some((rule, rest)) = text
            .strip_prefix(START)
            .and_then(|rest| rest.split_once(')'))
        else {
            continue;
        };
        let reason = rest.strip_prefix(':').unwrap_or_default().trim();
        found.push(Allow {
            path: file.path.clone(),
            rule: rule.to_owned(),
            reason: reason.to_owned(),
            first: comment.line,
            last: end_of_statement(&file.code, comment.line),
            used: false,
        });
    }
    found
}

/// The last line of the statement that starts on `line` or below it.
fn end_of_statement(code: &str, line: usize) -> usize {
    let lines = code.lines().zip(1..).skip(line.saturating_sub(1));
    let own = code.lines().nth(line.saturating_sub(1)).unwrap_or_default();
    if !own.trim().is_empty() {
        return line;
    }
    for (text, number) in lines {
        let text = text.trim();
        let attribute = text.starts_with("#[") && text.ends_with(']');
        if !attribute && text.ends_with([';', '{', '}', ',']) {
            return number;
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use super::super::findings;
    use super::*;

    fn shown(text: &str) -> Vec<String> {
        let text = format!("//! A file.\n{text}\n");
        let tree = Tree::of(&[("gossip-node/src/a.rs", &text)]);
        findings(&tree, None)
            .iter()
            .map(ToString::to_string)
            .collect()
    }

    #[test]
    fn an_excuse_with_a_reason_covers_the_statement() {
        let text = "fn f() {\n    // tidy: allow(panic): checked\n    #[allow(x)]\n    let a =\n        b.unwrap();\n}";
        assert_eq!(shown(text), Vec::<String>::new());
        assert_eq!(
            shown("fn f() { a.unwrap() } // tidy: allow(panic): so"),
            Vec::<String>::new()
        );
    }

    #[test]
    fn an_excuse_is_held_to_account() {
        let next = "fn f() { a.unwrap() }";
        assert_eq!(shown(&format!("// tidy: allow(panic)\n{next}")).len(), 2);
        assert_eq!(
            shown(&format!("// tidy: allow(nonsense): because\n{next}")).len(),
            2
        );
        let unused = shown("// tidy: allow(panic): because\nfn f() {}");
        assert!(unused.concat().contains("excuses nothing"), "{unused:?}");
    }
}
