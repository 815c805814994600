//! `tidy`: the house rules, held by a machine.
//!
//! A rule is a file in `rule/` with a function from the [`Tree`] to what it
//! found, and a test in which it fires. A finding names the place, the rule,
//! what is wrong and what to do. Where a rule is wrong for one line, the line
//! says so itself:
//!
//! ```text
//! // tidy: allow(panic): the length was checked two lines above
//! ```
//!
//! Such a comment covers the statement it stands on or before, needs a reason,
//! and is itself reported when it covers nothing.

mod allow;
mod lex;
mod paths;
mod rule;
mod tests_out;
mod tree;

use std::fmt;

use crate::args::Args;
use crate::error::Error;
use crate::workspace::Workspace;

use allow::Allows;
use rule::RULES;
use tree::Tree;

pub(crate) const HELP: &str = "\
usage: cargo xtask tidy [--explain [rule]] [--only <rule>]

Checks the house rules over the source tree and prints
    path:line: rule: what is wrong — what to do

  --explain [rule]  say what the rules want, and why
  --only <rule>     check one rule

A line is excused by a comment on it or before it:
    // tidy: allow(<rule>): <reason>";

/// Something that a rule does not want.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Finding {
    path: String,
    line: usize,
    rule: &'static str,
    what: String,
    next: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            path,
            line,
            rule,
            what,
            next,
        } = self;
        write!(f, "{path}:{line}: {rule}: {what} — {next}")
    }
}

/// What a rule reports with: it knows its own name.
#[derive(Debug)]
pub(crate) struct Report {
    rule: &'static str,
    findings: Vec<Finding>,
}

impl Report {
    /// `what` is wrong at this place; `next` is what to do about it.
    pub(crate) fn add(
        &mut self,
        path: &str,
        line: usize,
        what: impl Into<String>,
        next: impl Into<String>,
    ) {
        let (path, what, next) = (path.to_owned(), what.into(), next.into());
        self.findings.push(Finding {
            path,
            line,
            rule: self.rule,
            what,
            next,
        });
    }
}

pub(crate) fn run(workspace: &Workspace, mut args: Args) -> Result<(), Error> {
    if args.flag("--explain") {
        let name = args.name();
        args.done()?;
        return explain(name.as_deref());
    }
    let only = args.value("--only")?;
    args.done()?;
    if let Some(name) = &only {
        known(name)?;
    }
    let tree = Tree::read(workspace)?;
    let findings = findings(&tree, only.as_deref());
    for finding in &findings {
        println!("{finding}");
    }
    match findings.len() {
        0 => {
            let rules = only.map_or(RULES.len(), |_| 1);
            println!(
                "tidy: {rules} rules over {} files, nothing found",
                tree.files.len()
            );
            Ok(())
        }
        count => Err(Error::new(
            format!("{count} findings"),
            "each line says what to do; `cargo xtask tidy --explain <rule>` says why",
        )),
    }
}

/// What the rules (or one of them) find, sorted by place.
fn findings(tree: &Tree, only: Option<&str>) -> Vec<Finding> {
    let mut allows = Allows::of(tree);
    let mut kept = Vec::new();
    for rule in RULES
        .iter()
        .filter(|rule| only.is_none_or(|only| only == rule.name))
    {
        let mut report = Report {
            rule: rule.name,
            findings: Vec::new(),
        };
        (rule.check)(tree, &mut report);
        kept.extend(
            report
                .findings
                .into_iter()
                .filter(|finding| !allows.covers(finding)),
        );
    }
    if only.is_none() {
        kept.extend(allows.complaints());
    }
    kept.sort();
    kept
}

fn known(name: &str) -> Result<&'static rule::Rule, Error> {
    RULES.iter().find(|rule| rule.name == name).ok_or_else(|| {
        let names: Vec<&str> = RULES.iter().map(|rule| rule.name).collect();
        Error::new(
            format!("there is no rule `{name}`"),
            format!("the rules are {}", names.join(", ")),
        )
    })
}

fn explain(name: Option<&str>) -> Result<(), Error> {
    let one = name.map(known).transpose()?;
    for rule in RULES
        .iter()
        .filter(|rule| one.is_none_or(|one| one.name == rule.name))
    {
        println!(
            "{}\n    {}\n",
            rule.name,
            rule.explain.replace('\n', "\n    ")
        );
    }
    Ok(())
}

/// What one rule finds in a few texts, without the excuses.
#[cfg(test)]
fn found_by(name: &'static str, tree: &Tree) -> Vec<String> {
    let mut report = Report {
        rule: name,
        findings: Vec::new(),
    };
    (known(name).unwrap().check)(tree, &mut report);
    report.findings.iter().map(ToString::to_string).collect()
}
