//! Code without its tests.
//!
//! Tests may unwrap, look upstairs and read a clock. What `#[cfg(test)]` or
//! `#[test]` stands on is blanked, line for line, before a rule looks.

use super::lex::{blank, is_name};

/// `code` (already stripped of comments and strings) without test items.
pub(crate) fn without_tests(code: &str) -> String {
    let mut out = String::with_capacity(code.len());
    let mut rest = code;
    while let Some(at) = rest.find('#') {
        let (before, from) = rest.split_at(at);
        out.push_str(before);
        let inner = from.starts_with("#![");
        let length = attribute(from);
        let (text, _) = from.split_at(length);
        if is_test(text) && inner {
            out.push_str(&blank(from));
            return out;
        }
        let taken = if is_test(text) {
            length + item(from.split_at(length).1)
        } else {
            length
        };
        let (taken, after) = from.split_at(taken);
        if is_test(text) {
            out.push_str(&blank(taken));
        } else {
            out.push_str(taken);
        }
        rest = after;
    }
    out.push_str(rest);
    out
}

/// The modules declared as `#[cfg(test)] mod name;`: their files are tests.
pub(crate) fn test_modules(code: &str) -> Vec<String> {
    let mut names = Vec::new();
    let mut rest = code;
    while let Some(at) = rest.find("#[") {
        let from = rest.split_at(at).1;
        let (text, after) = from.split_at(attribute(from));
        if is_test(text) {
            let words = after.split_at(item(after)).0.replace(';', " ; ");
            let words: Vec<&str> = words.split_whitespace().collect();
            if let ["mod", name, ";"] = words.as_slice() {
                names.push((*name).to_owned());
            }
        }
        rest = after;
    }
    names
}

/// The length of the attribute at the start of `from`; one if there is none.
fn attribute(from: &str) -> usize {
    if !from.starts_with("#[") && !from.starts_with("#![") {
        return 1;
    }
    let mut depth = 0_usize;
    for (at, c) in from.char_indices() {
        match c {
            '[' => depth += 1,
            ']' if depth == 1 => return at + 1,
            ']' => depth -= 1,
            _ => {}
        }
    }
    from.len()
}

/// Whether an attribute means "only in tests".
fn is_test(attribute: &str) -> bool {
    let text: String = attribute.chars().filter(|c| !c.is_whitespace()).collect();
    let text = text
        .trim_start_matches(['#', '!', '['])
        .trim_end_matches(']');
    let has_test = || text.split(|c| !is_name(c)).any(|word| word == "test");
    match text.strip_prefix("cfg(") {
        Some(condition) if condition.starts_with("all(") => has_test() && !text.contains("not("),
        Some(condition) => condition == "test)",
        None => text
            .split('(')
            .next()
            .is_some_and(|path| path == "test" || path.ends_with("::test")),
    }
}

/// The length of the item, field, arm or statement at the start of `from`,
/// further attributes included.
fn item(from: &str) -> usize {
    let mut start = 0;
    loop {
        let rest = from.split_at(start).1;
        let trimmed = rest.trim_start();
        start += rest.len() - trimmed.len();
        if !trimmed.starts_with("#[") {
            break;
        }
        start += attribute(trimmed);
    }
    let rest = from.split_at(start).1;
    let words: Vec<&str> = rest
        .split(|c| !is_name(c))
        .filter(|word| !word.is_empty())
        .take(4)
        .collect();
    let own: Vec<&str> = words
        .into_iter()
        .skip_while(|word| matches!(*word, "pub" | "crate" | "super" | "in"))
        .collect();
    let (ends_at_brace, ends_at_comma) = match own.as_slice() {
        ["const", "fn" | "unsafe" | "async" | "extern", ..] => (true, false),
        ["use" | "let" | "const" | "static" | "type", ..] => (false, false),
        [
            "mod" | "fn" | "struct" | "enum" | "union" | "impl" | "trait" | "unsafe" | "async"
            | "extern" | "macro_rules",
            ..,
        ] => (true, false),
        _ => (true, true),
    };
    let mut depth = 0_usize;
    for (at, c) in rest.char_indices() {
        match c {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' if depth == 0 => return start + at,
            ')' | ']' | '}' => {
                depth -= 1;
                if depth == 0 && c == '}' && ends_at_brace {
                    return start + at + 1;
                }
            }
            ';' if depth == 0 => return start + at + 1,
            ',' if depth == 0 && ends_at_comma => return start + at + 1,
            _ => {}
        }
    }
    from.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn test_items_vanish_and_their_neighbours_stay() {
        let code = "
            #[cfg(test)] use a::{b, c};
            fn kept<A, B>() {}
            #[cfg(test)]
            #[allow(dead_code)]
            mod tests { fn f() { gone() } }
            #[test] fn g<A, B>() { gone() }
            struct S { #[cfg(test)] gone: u8, kept: u8 }
            #[cfg(all(test, feature = \"x\"))] const GONE: [u8; 2] = [gone(), 2];
            #[cfg(feature = \"test\")] fn kept_too() {}
            #[cfg(not(test))] fn kept_three() {}
        ";
        let out = without_tests(code);
        assert!(
            !out.contains("gone") && !out.contains("GONE") && !out.contains("a::{"),
            "{out}"
        );
        for kept in ["fn kept<A, B>() {}", "kept: u8 }", "kept_too", "kept_three"] {
            assert!(out.contains(kept), "{kept} is missing from {out}");
        }
        assert_eq!(out.lines().count(), code.lines().count());
    }

    #[test]
    fn a_file_may_be_all_test() {
        assert!(
            without_tests("#![cfg(test)]\nfn gone() {}")
                .trim()
                .is_empty()
        );
        assert_eq!(
            test_modules("#[cfg(test)]\nmod fixture;\nmod real;"),
            ["fixture"]
        );
    }
}
