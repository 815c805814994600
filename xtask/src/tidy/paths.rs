//! The paths a module names inside its own crate.
//!
//! Not only `use`: an expression such as `crate::node::Node::new()` is an
//! import too. A path is resolved to where it points from the crate's root,
//! through `self`, `super` and modules written inline.

use super::lex::is_name;

/// A path from the crate's root, and the line it starts on.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) line: usize,
    pub(crate) path: Vec<String>,
}

/// Every path in `code` that starts with `crate`, `super` or `self`, or with
/// the crate's own name. `module` is the file's place in the crate.
pub(crate) fn paths(code: &str, crate_name: &str, module: &[&str]) -> Vec<Found> {
    let tokens = tokens(code);
    let mut found = Vec::new();
    let mut inline: Vec<Option<&str>> = Vec::new();
    let mut before = ["", ""];
    for (at, token) in tokens.iter().enumerate() {
        let opens = tokens.get(at + 1).is_some_and(|next| next.text == "::");
        match token.text {
            "{" => inline.push((before[0] == "mod").then_some(before[1])),
            "}" => {
                inline.pop();
            }
            "crate" | "super" | "self" if opens && before[1] != "::" => {
                let named = inline.iter().flatten().copied();
                let mut here: Vec<&str> = module.iter().copied().chain(named).collect();
                match token.text {
                    "crate" => here.clear(),
                    "super" => {
                        here.pop();
                    }
                    _ => {}
                }
                tree(&tokens, at + 2, &here, &mut found);
            }
            name if name == crate_name && opens && before[1] != "::" => {
                tree(&tokens, at + 2, &[], &mut found);
            }
            _ => {}
        }
        before = [before[1], token.text];
    }
    found
}

/// Follows one path or use tree from the token `at`; says where it ended.
fn tree(tokens: &[Token<'_>], mut at: usize, prefix: &[&str], found: &mut Vec<Found>) -> usize {
    let mut path = prefix.to_vec();
    let mut line = tokens.get(at).map_or(0, |token| token.line);
    while let Some(token) = tokens.get(at) {
        match token.text {
            "{" => {
                at += 1;
                while tokens.get(at).is_some_and(|token| token.text != "}") {
                    let next = tree(tokens, at, &path, found).max(at + 1);
                    at = next;
                    // What is left of the branch: a comma, or `as name`.
                    while tokens.get(at).is_some_and(|t| !matches!(t.text, "," | "}")) {
                        at += 1;
                    }
                    if tokens.get(at).is_some_and(|token| token.text == ",") {
                        at += 1;
                    }
                }
                return at + 1;
            }
            "super" => {
                path.pop();
            }
            "self" => {}
            text => path.push(text),
        }
        line = token.line;
        at += 1;
        if tokens.get(at).is_none_or(|token| token.text != "::") {
            break;
        }
        // A turbofish belongs to the expression, not to the path.
        if tokens.get(at + 1).is_some_and(|token| token.text == "<") {
            break;
        }
        at += 1;
    }
    found.push(Found {
        line,
        path: path.into_iter().map(str::to_owned).collect(),
    });
    at
}

#[derive(Debug)]
struct Token<'a> {
    line: usize,
    text: &'a str,
}

/// Names, `::`, and every other character for itself.
fn tokens(code: &str) -> Vec<Token<'_>> {
    let mut tokens = Vec::new();
    let mut rest = code.trim_start();
    let mut line = 1 + code.matches('\n').count() - rest.matches('\n').count();
    while let Some(first) = rest.chars().next() {
        let length = if is_name(first) {
            rest.find(|c| !is_name(c)).unwrap_or(rest.len())
        } else if rest.starts_with("::") {
            2
        } else {
            first.len_utf8()
        };
        let (text, after) = rest.split_at(length);
        tokens.push(Token { line, text });
        rest = after.trim_start();
        let skipped = after.len() - rest.len();
        line += after.split_at(skipped).0.matches('\n').count();
    }
    tokens
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(code: &str, module: &[&str]) -> Vec<String> {
        paths(code, "gossip_core", module)
            .into_iter()
            .map(|found| found.path.join("::"))
            .collect()
    }

    #[test]
    fn a_use_tree_opens_into_its_paths() {
        let code = "use crate::{base::{id::NodeId, time}, node as n, message::*};";
        let want = ["base::id::NodeId", "base::time", "node", "message::*"];
        assert_eq!(named(code, &["event"]), want);
    }

    #[test]
    fn super_and_self_are_resolved() {
        let code =
            "use super::x; use super::super::{output, node::y}; use self::z; use super::{self, q};";
        let want = ["a::x", "output", "node::y", "a::b::z", "a", "a::q"];
        assert_eq!(named(code, &["a", "b"]), want);
    }

    #[test]
    fn an_expression_counts_and_an_inline_module_has_its_own_super() {
        let code = "fn f() { crate::node::Node::new(); gossip_core::sim::run() }\nmod in_a { use super::X; }";
        assert_eq!(named(code, &["a"]), ["node::Node::new", "sim::run", "a::X"]);
    }

    #[test]
    fn lines_are_those_of_the_last_word() {
        let found = paths("\n\nuse crate::{\n    a,\n    b::c,\n};", "k", &[]);
        assert_eq!(
            found.iter().map(|found| found.line).collect::<Vec<_>>(),
            [4, 5]
        );
    }
}
