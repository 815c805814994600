//! The configuration file: TOML, six sections, nothing unknown.
//!
//! The file is walked key by key rather than handed to a deserializer, so that
//! every problem in it is found at once, each with its own line. Relative
//! paths in it are relative to the file, wherever the agent was started.

use std::fs::File;
use std::io::Read as _;
use std::ops::Range;
use std::path::Path;

use toml::de::{DeTable, DeValue};

use super::knob::{Knob, Shape, keys, sections};
use super::layer::{Layers, Raw};
use super::problem::{Origin, Problem, quoted};

/// Longest configuration file, in bytes (guess: a full one has 3 000).
pub(crate) const FILE_BYTES: u64 = 256 * 1024;

/// Reads the file into the lowest layer, and tells everything that is wrong
/// with its form.
///
/// # Errors
/// When there is nothing to read, or its syntax is broken: what a file means
/// after that is a guess.
pub(crate) fn read(path: &Path) -> Result<(Layers, Vec<Problem>), Vec<Problem>> {
    let whole = |wrong: String| {
        vec![Problem {
            origin: Origin::File {
                path: path.to_owned(),
                line: None,
            },
            key: String::new(),
            wrong,
            allowed: "a TOML file".to_owned(),
        }]
    };
    let mut bytes = Vec::new();
    File::open(path)
        .and_then(|file| file.take(FILE_BYTES + 1).read_to_end(&mut bytes))
        .map_err(|why| whole(format!("cannot be read: {why}")))?;
    if bytes.len() as u64 > FILE_BYTES {
        return Err(whole(format!("is longer than {FILE_BYTES} bytes")));
    }
    match String::from_utf8(bytes) {
        Ok(text) => parse(path, &text),
        Err(error) => {
            let offset = error.utf8_error().valid_up_to();
            Err(whole(format!("is not text: byte {offset} is not UTF-8")))
        }
    }
}

fn parse(path: &Path, text: &str) -> Result<(Layers, Vec<Problem>), Vec<Problem>> {
    let mut walk = Walk {
        path,
        text,
        layers: Layers::default(),
        problems: Vec::new(),
    };
    let (root, errors) = DeTable::parse_recoverable(text);
    if let Some(error) = errors.first() {
        let at = error.span().unwrap_or(0..0);
        let wrong = error.message().replace('\n', ", ");
        walk.problem(&at, "syntax", wrong, "TOML 1.0".to_owned());
        return Err(walk.problems);
    }
    walk.root(root.get_ref());
    Ok((walk.layers, walk.problems))
}

struct Walk<'a> {
    path: &'a Path,
    text: &'a str,
    layers: Layers,
    problems: Vec<Problem>,
}

impl Walk<'_> {
    fn root(&mut self, root: &DeTable<'_>) {
        for (name, value) in root {
            let section = name.get_ref().as_ref();
            if !sections().contains(&section) {
                let allowed = format!("[{}]", sections().join("], ["));
                self.problem(
                    &name.span(),
                    &shown(section),
                    "is not a section".into(),
                    allowed,
                );
                continue;
            }
            match value.get_ref() {
                DeValue::Table(table) => self.section(section, table),
                other => {
                    let wrong = format!("is {}, a section is needed", kind(other));
                    let allowed = format!("[{section}]");
                    self.problem(&name.span(), section, wrong, allowed);
                }
            }
        }
    }

    fn section(&mut self, section: &str, table: &DeTable<'_>) {
        for (name, value) in table {
            let key = name.get_ref().as_ref();
            let Some(knob) = Knob::find(&format!("{section}.{key}")) else {
                let path = format!("{section}.{}", shown(key));
                let allowed = keys(section).join(", ");
                self.problem(&name.span(), &path, "is not a key".into(), allowed);
                continue;
            };
            match raw(knob.shape, value.get_ref()) {
                Ok(raw) => {
                    let origin = self.origin(&name.span());
                    self.layers.put(knob, raw, origin);
                }
                Err(wrong) => {
                    self.problem(&name.span(), knob.path, wrong, knob.allowed.to_owned());
                }
            }
        }
    }

    fn problem(&mut self, at: &Range<usize>, key: &str, wrong: String, allowed: String) {
        self.problems.push(Problem {
            origin: self.origin(at),
            key: key.to_owned(),
            wrong,
            allowed,
        });
    }

    fn origin(&self, at: &Range<usize>) -> Origin {
        let before = self.text.as_bytes().get(..at.start).unwrap_or_default();
        let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
        Origin::File {
            path: self.path.to_owned(),
            line: Some(line),
        }
    }
}

/// A key of the operator's own making, without quotes if it needs none.
fn shown(key: &str) -> String {
    let quoted = quoted(key);
    let plain = key
        .bytes()
        .all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-');
    if plain && !key.is_empty() {
        quoted.trim_matches('"').to_owned()
    } else {
        quoted
    }
}

fn kind(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a text",
        DeValue::Integer(_) => "a whole number",
        DeValue::Float(_) => "a fraction",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a section",
    }
}

fn raw(shape: Shape, value: &DeValue<'_>) -> Result<Raw, String> {
    let wrong = |value: &DeValue<'_>| format!("is {}, {}", kind(value), shape.needed());
    match (shape, value) {
        (Shape::Text | Shape::Span, DeValue::String(text)) => Ok(Raw::One(text.to_string())),
        (Shape::Count, DeValue::Integer(number)) => {
            // Beyond 128 bits it is out of any range; as written it says so best.
            let digits = number.as_str();
            let parsed = i128::from_str_radix(digits, number.radix());
            Ok(Raw::One(
                parsed.map_or(digits.to_owned(), |n| n.to_string()),
            ))
        }
        (Shape::List, DeValue::String(text)) => Ok(Raw::Many(vec![text.to_string()])),
        (Shape::List, DeValue::Array(items)) => {
            let texts = items.iter().map(|item| match item.get_ref() {
                DeValue::String(text) => Ok(text.to_string()),
                other => Err(format!("holds {}, {}", kind(other), shape.needed())),
            });
            texts.collect::<Result<_, _>>().map(Raw::Many)
        }
        (_, other) => Err(wrong(other)),
    }
}
