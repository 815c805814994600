//! Layers: the same knobs, turned in several places, the nearest one counting.
//!
//! ```text
//!   flags         --listen 0.0.0.0:7646, --set timing.relays=2
//!   environment   GOSSIP_NODE_LISTEN=…
//!   file          [node] listen = "…"
//!   defaults      (of the profile)
//! ```
//!
//! Each layer lays its values over those below; only what remains on top is
//! judged. Variables that name no knob are none of our business: container
//! platforms set some of their own (`GOSSIP_SERVICE_HOST`, `GOSSIP_PORT`).

use std::collections::BTreeMap;

use super::knob::{KNOBS, Knob, Shape};
use super::problem::{Origin, Problem, quoted};

/// A value as it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Raw {
    /// One text; numbers too.
    One(String),
    /// Several.
    Many(Vec<String>),
}

/// A value and where it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Found {
    /// What.
    pub(crate) raw: Raw,
    /// Where.
    pub(crate) origin: Origin,
}

/// All knobs that were turned.
#[derive(Debug, Clone, Default)]
pub(crate) struct Layers {
    found: BTreeMap<&'static str, Found>,
}

impl Layers {
    /// Lays one value over whatever was there.
    pub(crate) fn put(&mut self, knob: &'static Knob, raw: Raw, origin: Origin) {
        self.found.insert(knob.path, Found { raw, origin });
    }

    /// Lays a text from the environment or the command line over.
    pub(crate) fn put_text(&mut self, knob: &'static Knob, text: &str, origin: Origin) {
        let raw = match knob.shape {
            Shape::List => {
                let parts = text.split(',').map(str::trim);
                Raw::Many(
                    parts
                        .filter(|part| !part.is_empty())
                        .map(str::to_owned)
                        .collect(),
                )
            }
            Shape::Text | Shape::Span | Shape::Count => Raw::One(text.to_owned()),
        };
        self.put(knob, raw, origin);
    }

    /// Lays the environment over, and tells every variable that is not UTF-8.
    /// `lookup` is `std::env::var_os`, or a test's.
    pub(crate) fn put_environment(
        &mut self,
        lookup: impl Fn(&str) -> Option<std::ffi::OsString>,
    ) -> Vec<Problem> {
        let mut problems = Vec::new();
        for knob in KNOBS {
            let variable = knob.variable();
            let Some(value) = lookup(&variable) else {
                continue;
            };
            match value.into_string() {
                Ok(text) => self.put_text(knob, &text, Origin::Env(variable)),
                Err(_) => problems.push(Problem {
                    origin: Origin::Env(variable),
                    key: knob.path.to_owned(),
                    wrong: "is not UTF-8".to_owned(),
                    allowed: knob.allowed.to_owned(),
                }),
            }
        }
        problems
    }

    /// Lays one `--set section.key=value` over.
    ///
    /// # Errors
    /// When it names no knob.
    pub(crate) fn put_assignment(&mut self, assignment: &str) -> Result<(), Problem> {
        let problem = |key: &str, wrong: &str, allowed: String| Problem {
            origin: Origin::Flag("--set".to_owned()),
            key: key.to_owned(),
            wrong: wrong.to_owned(),
            allowed,
        };
        let Some((path, text)) = assignment.split_once('=') else {
            let wrong = format!("{} has no \"=\"", quoted(assignment));
            return Err(problem("", &wrong, "section.key=value".to_owned()));
        };
        let Some(knob) = Knob::find(path.trim()) else {
            let paths: Vec<_> = KNOBS.iter().map(|knob| knob.path).collect();
            return Err(problem(
                quoted(path.trim()).trim_matches('"'),
                "is not a setting",
                paths.join(", "),
            ));
        };
        let origin = Origin::Flag(format!("--set {}", knob.path));
        self.put_text(knob, text.trim(), origin);
        Ok(())
    }

    /// Takes back whatever was laid down for a knob.
    pub(crate) fn forget(&mut self, path: &str) {
        self.found.remove(path);
    }

    /// What was found for a knob.
    pub(crate) fn find(&self, path: &str) -> Option<&Found> {
        self.found.get(path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_layer_counts() {
        let knob = Knob::find("node.seeds").unwrap();
        let mut layers = Layers::default();
        layers.put_text(knob, "file:1", Origin::Nowhere);
        let problems = layers
            .put_environment(|name| (name == "GOSSIP_NODE_SEEDS").then(|| "a:1, b:2,".into()));
        assert_eq!(problems, []);
        assert_eq!(
            layers.find("node.seeds").unwrap().raw,
            Raw::Many(vec!["a:1".to_owned(), "b:2".to_owned()])
        );
        layers.put_assignment("node.seeds=c:3").unwrap();
        assert_eq!(
            layers.find("node.seeds").unwrap(),
            &Found {
                raw: Raw::Many(vec!["c:3".to_owned()]),
                origin: Origin::Flag("--set node.seeds".to_owned()),
            }
        );
    }

    #[test]
    fn an_assignment_names_a_knob_or_says_which_there_are() {
        let mut layers = Layers::default();
        let problem = layers.put_assignment("timing.proe=1s").unwrap_err();
        assert_eq!(problem.key, "timing.proe");
        assert!(problem.allowed.contains("timing.probe_interval"));
        let problem = layers.put_assignment("timing.relays").unwrap_err();
        assert_eq!(problem.allowed, "section.key=value");
    }
}
