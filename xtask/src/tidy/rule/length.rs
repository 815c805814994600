//! Rule `length`: a file is short enough to be read.

use super::super::tree::{Kind, Tree};
use super::{Report, Rule};

pub(super) const RULE: Rule = Rule {
    name: "length",
    explain: "At most 400 lines of code a file; comments, blank lines and tests are not counted,\n\
        generated files are free. The file where everything meets is how a code base rots:\n\
        one noun a file keeps it readable.",
    check,
};

/// Most lines of code in a file (DESIGN: about 400).
const LINES: usize = 400;

fn check(tree: &Tree, report: &mut Report) {
    let counted = |kind| matches!(kind, Kind::Code | Kind::Example);
    for file in tree.files.iter().filter(|file| counted(file.kind)) {
        let lines = file
            .code
            .lines()
            .filter(|line| !line.trim().is_empty())
            .count();
        if lines > LINES {
            let what = format!("{lines} lines of code are more than {LINES}");
            report.add(
                &file.path,
                1,
                what,
                "find the second noun in it and give it its own file",
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::found_by;

    #[test]
    fn it_fires_on_the_401st_line() {
        let code = "fn f() {}\n".repeat(LINES);
        let padded = format!("//! Doc.\n\n{code}#[cfg(test)]\nmod tests {{\n{code}}}\n");
        let longer = format!("{padded}fn g() {{}}\n");
        let tree = Tree::of(&[
            ("gossip-core/src/a.rs", &padded),
            ("gossip-core/src/b.rs", &longer),
        ]);
        let found = found_by("length", &tree);
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].starts_with("gossip-core/src/b.rs"));
    }
}
