//! Rust text without its comments and strings.
//!
//! A rule that looks for a word must not stumble over the sentence that
//! explains it. [`strip`] blanks comments and the inside of literals with
//! spaces and leaves every line break where it was, so that a line number
//! found in the code is a line number in the file.

/// A file, taken apart.
#[derive(Debug)]
pub(crate) struct Stripped {
    /// The code, line for line.
    pub(crate) code: String,
    /// The comments, in order.
    pub(crate) comments: Vec<Comment>,
}

/// One comment, with its slashes.
#[derive(Debug)]
pub(crate) struct Comment {
    /// The line it starts on, from one.
    pub(crate) line: usize,
    pub(crate) text: String,
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Code,
    Comment,
    Literal,
}

/// Separates code from comments and literals.
pub(crate) fn strip(text: &str) -> Stripped {
    let mut stripped = Stripped {
        code: String::with_capacity(text.len()),
        comments: Vec::new(),
    };
    let mut rest = text;
    let mut line = 1;
    let mut before = ' ';
    while !rest.is_empty() {
        let (kind, length) = piece(rest, before);
        let (found, after) = rest.split_at(length);
        match kind {
            Kind::Code => stripped.code.push_str(found),
            Kind::Comment => {
                stripped.comments.push(Comment {
                    line,
                    text: found.to_owned(),
                });
                stripped.code.push_str(&blank(found));
            }
            // The quotes stay: a literal is still something.
            Kind::Literal => {
                let inner = found
                    .get(1..found.len().saturating_sub(1))
                    .unwrap_or_default();
                stripped.code.push('"');
                stripped.code.push_str(&blank(inner));
                stripped.code.push('"');
            }
        }
        line += found.matches('\n').count();
        before = found.chars().next_back().unwrap_or(' ');
        rest = after;
    }
    stripped
}

/// As many lines, and nothing on them.
pub(crate) fn blank(text: &str) -> String {
    text.chars()
        .map(|c| if c == '\n' { '\n' } else { ' ' })
        .collect()
}

/// Whether `c` may stand inside a Rust name.
pub(crate) fn is_name(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// The kind of what comes next, and its length in bytes.
fn piece(rest: &str, before: char) -> (Kind, usize) {
    if rest.starts_with("//") {
        return (Kind::Comment, rest.find('\n').unwrap_or(rest.len()));
    }
    if rest.starts_with("/*") {
        return (Kind::Comment, block_comment(rest));
    }
    if rest.starts_with('"') {
        return (Kind::Literal, quoted(rest, '"'));
    }
    if let Some(length) = raw_string(rest).filter(|_| !is_name(before)) {
        return (Kind::Literal, length);
    }
    if let Some(inner) = rest.strip_prefix('\'') {
        // 'a' and '\n' are characters, 'a alone is a lifetime.
        let mut ahead = inner.chars();
        if inner.starts_with('\\') || (ahead.next().is_some() && ahead.next() == Some('\'')) {
            return (Kind::Literal, quoted(rest, '\''));
        }
    }
    (Kind::Code, rest.chars().next().map_or(1, char::len_utf8))
}

fn block_comment(rest: &str) -> usize {
    let mut depth = 0_usize;
    let mut at = 0;
    while let Some(ahead) = rest.get(at..).filter(|ahead| !ahead.is_empty()) {
        if ahead.starts_with("/*") {
            depth += 1;
            at += 2;
        } else if ahead.starts_with("*/") {
            depth = depth.saturating_sub(1);
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += ahead.chars().next().map_or(1, char::len_utf8);
        }
    }
    rest.len()
}

fn quoted(rest: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in rest.char_indices().skip(1) {
        if escaped {
            escaped = false;
        } else if c == '\\' {
            escaped = true;
        } else if c == quote {
            return at + 1;
        }
    }
    rest.len()
}

fn raw_string(rest: &str) -> Option<usize> {
    let prefix = ["r", "br", "cr"].into_iter().find(|prefix| {
        rest.strip_prefix(prefix)
            .is_some_and(|after| after.starts_with(['#', '"']))
    })?;
    let opened = rest.strip_prefix(prefix)?;
    let inner = opened.trim_start_matches('#');
    let hashes = opened.len() - inner.len();
    let body = inner.strip_prefix('"')?;
    let end = format!("\"{}", "#".repeat(hashes));
    let length = body.find(&end).map_or(body.len(), |at| at + end.len());
    Some(rest.len() - body.len() + length)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(text: &str) -> String {
        strip(text).code
    }

    #[test]
    fn comments_and_strings_go_and_lines_stay() {
        let text = "a(); // panic!()\n/* x\n /* y */ */ b(\"panic!()\", 'x', '\\'');\n";
        let code = code(text);
        assert!(!code.contains("panic"));
        assert!(code.contains("a();") && code.contains("b("));
        assert_eq!(code.matches('\n').count(), text.matches('\n').count());
        assert_eq!(strip(text).comments.len(), 2);
    }

    #[test]
    fn raw_strings_end_where_their_hashes_say() {
        let code = code("f(r#\"a \" b.unwrap()\"#); g(br\"c\\\"); h(r#type)");
        assert!(!code.contains("unwrap"));
        assert!(code.contains("g(") && code.contains("h(r#type)"), "{code}");
    }

    #[test]
    fn a_lifetime_does_not_open_a_character() {
        let code = code("fn f<'a>(x: &'a str) { x.unwrap() } // 'q");
        assert!(code.contains("x.unwrap()"));
    }
}
