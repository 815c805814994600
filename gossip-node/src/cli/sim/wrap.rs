//! Wrapping: a text in lines, between its words.

/// Lines of a text; `fits` says whether a line has room for another word.
pub(in crate::cli::sim) fn wrapped(text: &str, fits: impl Fn(&str, &str) -> bool) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let full = lines
            .last()
            .is_some_and(|line| !line.is_empty() && !fits(line, word));
        if full {
            lines.push(String::new());
        }
        if let Some(line) = lines.last_mut() {
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
    }
    lines
}
