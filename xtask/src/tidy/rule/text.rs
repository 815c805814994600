//! Rule `text`: what is left behind in text files.

use super::super::lex::is_name;
use super::super::tree::{File, Kind, Tree};
use super::{Report, Rule};

pub(super) const RULE: Rule = Rule {
    name: "text",
    explain: "No trailing blanks, no tabs in Rust, a line break at the end of a file, and no\n\
        notes to oneself: what is left to do is an issue, and what is not done is said in\n\
        the documentation.",
    check,
};

/// Notes to oneself. Markdown may talk about them.
const NOTES: &[&str] = &["TODO", "FIXME", "XXX", "HACK"];

fn check(tree: &Tree, report: &mut Report) {
    for file in tree
        .files
        .iter()
        .filter(|file| file.kind != Kind::Generated)
    {
        for (line, number) in file.text.lines().zip(1..) {
            if line.trim_end() != line {
                report.add(
                    &file.path,
                    number,
                    "blanks at the end of the line",
                    "remove them",
                );
            }
            if file.kind != Kind::Text && line.contains('\t') {
                report.add(&file.path, number, "a tab", "run `cargo fmt`, or write \\t");
            }
        }
        if !file.text.is_empty() && !file.text.ends_with('\n') {
            let last = file.text.lines().count();
            report.add(&file.path, last, "no line break at the end", "add one");
        }
        for (note, line) in notes(file) {
            let next = "do it now, or open an issue and say in the documentation what is missing";
            report.add(
                &file.path,
                line,
                format!("`{note}` is a note to oneself"),
                next,
            );
        }
    }
}

/// Notes in Rust comments, and anywhere in other files that are no prose.
fn notes(file: &File) -> Vec<(&'static str, usize)> {
    let mut found = Vec::new();
    let mut look = |text: &str, first: usize| {
        for (line, number) in text.lines().zip(first..) {
            let words = || line.split(|c| !is_name(c));
            found.extend(
                NOTES
                    .iter()
                    .filter(|note| words().any(|word| word == **note))
                    .map(|note| (*note, number)),
            );
        }
    };
    if file.kind != Kind::Text {
        file.comments
            .iter()
            .for_each(|comment| look(&comment.text, comment.line));
    } else if !file.path.ends_with(".md") {
        look(&file.text, 1);
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::found_by;

    #[test]
    fn it_fires_on_leftovers() {
        let tree = Tree::of(&[
            (
                "gossip-core/src/a.rs",
                "//! A.\nfn f() {} \n\tg();\n// FIXME later\n\"TODO\";",
            ),
            ("gossip-wire/proto/a.proto", "// XXX\n"),
            ("CONTRIBUTING.md", "No TODO.\n"),
        ]);
        let found = found_by("text", &tree);
        let lines: Vec<&str> = found
            .iter()
            .filter_map(|text| text.split(':').nth(1))
            .collect();
        assert_eq!(lines, ["2", "3", "5", "4", "1"], "{found:?}");
    }
}
