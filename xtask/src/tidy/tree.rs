//! The source tree as the rules see it: every file read once, taken apart once.
//!
//! A tree can be made of a few lines of text, so each rule has a test in which
//! it fires.

use std::collections::BTreeSet;
use std::path::Path;

use crate::codegen;
use crate::error::Error;
use crate::workspace::Workspace;

use super::lex::{self, Comment, is_name};
use super::tests_out::{test_modules, without_tests};

/// Directories that hold what nobody wrote.
const SKIPPED_DIRS: &[&str] = &["target", "corpus", "artifacts", "proptest-regressions"];
/// Hidden directories that are ours all the same.
const HIDDEN_DIRS: &[&str] = &[".cargo", ".ci", ".github"];
/// Files the rules read; others are only known to exist.
const TEXT_EXTENSIONS: &[&str] = &[
    "rs", "md", "toml", "proto", "sh", "txt", "html", "css", "js",
];

/// What a file is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Rust that ships.
    Code,
    /// Rust that tests: `tests/`, `benches/`, `fuzz/`, and modules under `#[cfg(test)]`.
    Test,
    /// Rust that shows: `examples/`.
    Example,
    /// Rust that a program wrote.
    Generated,
    /// Anything else that people read.
    Text,
}

/// One file.
#[derive(Debug)]
pub(crate) struct File {
    /// From the root, with slashes.
    pub(crate) path: String,
    pub(crate) text: String,
    pub(crate) kind: Kind,
    /// Rust without comments, strings and tests; empty for other files.
    pub(crate) code: String,
    pub(crate) comments: Vec<Comment>,
}

impl File {
    fn new(path: &str, text: String) -> Self {
        let rust = path.ends_with(".rs");
        let within = |dir: &str| path.split('/').rev().skip(1).any(|part| part == dir);
        let generated = text.lines().take(3).any(|line| line.contains("@generated"));
        let kind = if !rust {
            Kind::Text
        } else if generated {
            Kind::Generated
        } else if within("tests") || within("benches") || path.starts_with("fuzz/") {
            Kind::Test
        } else if within("examples") {
            Kind::Example
        } else {
            Kind::Code
        };
        let (code, comments) = if rust {
            let stripped = lex::strip(&text);
            (without_tests(&stripped.code), stripped.comments)
        } else {
            (String::new(), Vec::new())
        };
        Self {
            path: path.to_owned(),
            text,
            kind,
            code,
            comments,
        }
    }

    /// The crate directory this file belongs to: the first part of its path.
    pub(crate) fn crate_dir(&self) -> &str {
        self.path.split('/').next().unwrap_or_default()
    }

    /// Whether it is hand-written Rust.
    pub(crate) fn is_rust(&self) -> bool {
        !matches!(self.kind, Kind::Text | Kind::Generated)
    }

    /// The lines of code, from one, on which `needle` stands as whole words.
    pub(crate) fn lines_with(&self, needle: &str) -> Vec<usize> {
        lines_with(&self.code, needle)
    }
}

/// The lines of `text`, from one, on which `needle` stands as whole words.
pub(crate) fn lines_with(text: &str, needle: &str) -> Vec<usize> {
    let numbered = text.lines().zip(1..);
    numbered
        .filter(|(line, _)| has_words(line, needle))
        .map(|(_, number)| number)
        .collect()
}

/// Whether `needle` stands in `line` without being part of a longer name.
fn has_words(line: &str, needle: &str) -> bool {
    line.match_indices(needle).any(|(at, _)| {
        let (before, rest) = line.split_at(at);
        let after = rest.split_at(needle.len()).1;
        let cut = |outer: Option<char>, inner: Option<char>| {
            outer.is_some_and(is_name) && inner.is_some_and(is_name)
        };
        !cut(before.chars().next_back(), needle.chars().next())
            && !cut(after.chars().next(), needle.chars().next_back())
    })
}

/// Everything a rule may look at.
#[derive(Debug)]
pub(crate) struct Tree {
    pub(crate) files: Vec<File>,
    /// Every file and directory, readable or not.
    pub(crate) paths: BTreeSet<String>,
    pub(crate) drifts: Vec<Drifted>,
}

/// A generated file that is not what would be generated.
#[derive(Debug)]
pub(crate) struct Drifted {
    pub(crate) path: String,
    pub(crate) what: String,
    pub(crate) next: String,
}

impl Drifted {
    pub(crate) fn new(path: &str, what: &str, next: &str) -> Self {
        Self {
            path: path.to_owned(),
            what: what.to_owned(),
            next: next.to_owned(),
        }
    }
}

impl Tree {
    /// The tree of a checkout.
    pub(crate) fn read(workspace: &Workspace) -> Result<Self, Error> {
        let mut paths = BTreeSet::new();
        let mut texts = Vec::new();
        let mut pending = vec![workspace.path("")];
        while let Some(dir) = pending.pop() {
            for entry in std::fs::read_dir(&dir).map_err(Error::io(dir.display()))? {
                let path = entry.map_err(Error::io(dir.display()))?.path();
                let name = path
                    .file_name()
                    .unwrap_or_default()
                    .to_string_lossy()
                    .into_owned();
                let skipped = SKIPPED_DIRS.contains(&name.as_str())
                    || (name.starts_with('.') && !HIDDEN_DIRS.contains(&name.as_str()));
                if path.is_dir() && !skipped {
                    paths.insert(workspace.shown(&path));
                    pending.push(path);
                } else if path.is_file() {
                    let shown = workspace.shown(&path);
                    if is_text(&path, &shown) {
                        let text = std::fs::read_to_string(&path).map_err(Error::io(&shown))?;
                        texts.push((shown.clone(), text));
                    }
                    paths.insert(shown);
                }
            }
        }
        texts.sort();
        // Protobuf files that do not compile are a finding like any other.
        let drifts = match codegen::drifts(workspace) {
            Ok(drifts) => drifts
                .iter()
                .map(|drift| Drifted::new(&drift.shown, &drift.explain(), codegen::NEXT))
                .collect(),
            Err(error) => {
                let (what, next) = error.parts();
                vec![Drifted::new(codegen::PROTO, what, next)]
            }
        };
        Ok(Self::new(texts, paths, drifts))
    }

    fn new(texts: Vec<(String, String)>, paths: BTreeSet<String>, drifts: Vec<Drifted>) -> Self {
        let mut files: Vec<File> = texts
            .into_iter()
            .map(|(path, text)| File::new(&path, text))
            .collect();
        let roots: Vec<String> = files.iter().flat_map(test_roots).collect();
        for file in &mut files {
            let below = |root: &String| {
                let rest = file.path.strip_prefix(root.as_str());
                rest.is_some_and(|rest| rest == ".rs" || rest.starts_with('/'))
            };
            if file.kind == Kind::Code && roots.iter().any(below) {
                file.kind = Kind::Test;
            }
        }
        Self {
            files,
            paths,
            drifts,
        }
    }

    /// A tree of a few texts, for the tests of the rules.
    #[cfg(test)]
    pub(crate) fn of(texts: &[(&str, &str)]) -> Self {
        let owned = texts
            .iter()
            .map(|(path, text)| ((*path).to_owned(), (*text).to_owned()));
        let paths = texts.iter().map(|(path, _)| (*path).to_owned()).collect();
        Self::new(owned.collect(), paths, Vec::new())
    }

    /// Rust that ships.
    pub(crate) fn shipped(&self) -> impl Iterator<Item = &File> {
        self.files.iter().filter(|file| file.kind == Kind::Code)
    }
}

/// The paths, without `.rs`, of the modules that `file` declares for tests only.
fn test_roots(file: &File) -> Vec<String> {
    let names = test_modules(&lex::strip(&file.text).code);
    let (dir, name) = file.path.rsplit_once('/').unwrap_or(("", &file.path));
    let dir = match name {
        "lib.rs" | "main.rs" | "mod.rs" => dir.to_owned(),
        _ => file.path.trim_end_matches(".rs").to_owned(),
    };
    names
        .into_iter()
        .map(|name| format!("{dir}/{name}"))
        .collect()
}

fn is_text(path: &Path, shown: &str) -> bool {
    let extension = path.extension().unwrap_or_default().to_string_lossy();
    TEXT_EXTENSIONS.contains(&extension.as_ref()) || shown.starts_with(".ci/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_knows_what_it_is_for() {
        let tree = Tree::of(&[
            (
                "gossip-core/src/lib.rs",
                "#[cfg(test)]\nmod fixture;\nmod a;",
            ),
            ("gossip-core/src/fixture.rs", ""),
            ("gossip-core/src/fixture/deep.rs", ""),
            ("gossip-core/src/a.rs", ""),
            ("gossip-core/tests/t.rs", ""),
            ("gossip-core/examples/e.rs", ""),
            ("gossip-wire/src/pb/gossip.v1.rs", codegen::MARK),
            ("README.md", ""),
        ]);
        let kinds: Vec<Kind> = tree.files.iter().map(|file| file.kind).collect();
        use Kind::{Code, Example, Generated, Test, Text};
        assert_eq!(
            kinds,
            [Code, Test, Test, Code, Test, Example, Generated, Text]
        );
    }

    #[test]
    fn words_are_whole() {
        assert_eq!(
            lines_with("a\nInstant::now()\nMyInstant::now()", "Instant::now"),
            [2]
        );
        assert_eq!(lines_with("x.unwrap()\nx.unwrap_or()", ".unwrap()"), [1]);
    }
}
