//! Rule `link`: a link in the documentation leads somewhere.

use super::super::tree::Tree;
use super::{Report, Rule};

pub(super) const RULE: Rule = Rule {
    name: "link",
    explain: "A relative link in a Markdown file names a file or directory that exists. Links to\n\
        other sites are not followed: a test must not need a network.",
    check,
};

fn check(tree: &Tree, report: &mut Report) {
    for file in tree.files.iter().filter(|file| file.path.ends_with(".md")) {
        let dir = file.path.rsplit_once('/').map_or("", |(dir, _)| dir);
        let mut fenced = false;
        for (line, number) in file.text.lines().zip(1..) {
            if line.trim_start().starts_with("```") {
                fenced = !fenced;
            }
            if fenced {
                continue;
            }
            for link in links(line) {
                let target = link.split('#').next().unwrap_or_default();
                let foreign = target.contains("://") || target.starts_with("mailto:");
                if target.is_empty() || foreign {
                    continue;
                }
                if !resolve(dir, target)
                    .is_some_and(|path| path.is_empty() || tree.paths.contains(&path))
                {
                    let what = format!("the link to `{target}` leads nowhere");
                    report.add(
                        &file.path,
                        number,
                        what,
                        "correct the path, or add the file",
                    );
                }
            }
        }
    }
}

/// The targets of `[text](target)` and `[label]: target`, outside of `code`.
fn links(line: &str) -> Vec<&str> {
    let mut found = Vec::new();
    for text in line.split('`').step_by(2) {
        let targets = text
            .split("](")
            .skip(1)
            .filter_map(|rest| rest.split([')', ' ']).next());
        found.extend(targets);
    }
    if let Some((label, target)) = line.split_once("]: ")
        && label.starts_with('[')
    {
        found.extend(target.split_whitespace().next());
    }
    found
}

/// `target` as seen from `dir`; `None` if it leaves the checkout.
fn resolve(dir: &str, target: &str) -> Option<String> {
    let (start, target) = match target.strip_prefix('/') {
        Some(rest) => ("", rest),
        None => (dir, target),
    };
    let mut parts: Vec<&str> = start.split('/').filter(|part| !part.is_empty()).collect();
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::found_by;

    #[test]
    fn it_fires_on_a_dead_link() {
        let text = "[a](../README.md#top) [`b`](gone.md) `[c](code.md)` [d](https://x.y/z)\n\
            ```\n[e](fenced.md)\n```\n[f]: ../also-gone.md\n[g](../../out.md) [h](#here)\n";
        let tree = Tree::of(&[("README.md", ""), ("docs/a.md", text)]);
        let found = found_by("link", &tree);
        assert_eq!(found.len(), 3, "{found:?}");
        assert!(found[0].starts_with("docs/a.md:1: link: the link to `gone.md`"));
        assert!(found[1].starts_with("docs/a.md:5:"));
        assert!(found[2].starts_with("docs/a.md:6:"));
    }
}
