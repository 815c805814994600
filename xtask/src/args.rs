//! The rest of a command line, after the verb.
//!
//! A verb takes out the flags and values it knows and calls [`Args::done`],
//! which refuses whatever is left: a mistyped flag is an error, never ignored.

use crate::error::Error;

/// The words a verb has not understood yet.
#[derive(Debug, Default)]
pub(crate) struct Args {
    words: Vec<String>,
}

impl Args {
    pub(crate) fn new(words: Vec<String>) -> Self {
        Self { words }
    }

    /// Whether help is asked of the verb; what follows `--` belongs to another program.
    pub(crate) fn wants_help(&self) -> bool {
        let mut own = self.words.iter().take_while(|word| *word != "--");
        own.any(|word| word == "--help" || word == "-h")
    }

    /// Takes out a flag without a value.
    pub(crate) fn flag(&mut self, name: &str) -> bool {
        let before = self.words.len();
        self.words.retain(|word| word != name);
        self.words.len() != before
    }

    /// Takes out `name value` or `name=value`.
    pub(crate) fn value(&mut self, name: &str) -> Result<Option<String>, Error> {
        let joined = |word: &String| {
            word.strip_prefix(name)?
                .strip_prefix('=')
                .map(str::to_owned)
        };
        if let Some(at) = self.words.iter().position(|word| joined(word).is_some()) {
            return Ok(joined(&self.words.remove(at)));
        }
        let Some(at) = self.words.iter().position(|word| word == name) else {
            return Ok(None);
        };
        self.words.remove(at);
        if at < self.words.len() {
            return Ok(Some(self.words.remove(at)));
        }
        Err(Error::new(
            format!("{name} needs a value"),
            format!("write `{name} <value>`"),
        ))
    }

    /// Takes out the next word, if it is a name and no flag.
    pub(crate) fn name(&mut self) -> Option<String> {
        let named = self
            .words
            .first()
            .is_some_and(|word| !word.starts_with('-'));
        named.then(|| self.words.remove(0))
    }

    /// Everything that is left, for another program; a leading `--` goes.
    pub(crate) fn rest(mut self) -> Vec<String> {
        if self.words.first().is_some_and(|word| word == "--") {
            self.words.remove(0);
        }
        self.words
    }

    /// Refuses what is left over.
    pub(crate) fn done(self) -> Result<(), Error> {
        match self.words.first() {
            None => Ok(()),
            Some(word) => Err(Error::new(
                format!("`{word}` is not an option of this verb"),
                "see `cargo xtask <verb> --help`",
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn args(line: &str) -> Args {
        Args::new(line.split_whitespace().map(str::to_owned).collect())
    }

    #[test]
    fn a_flag_is_taken_once_and_the_rest_refused() {
        let mut args = args("--check --chekc");
        assert!(args.flag("--check"));
        assert!(!args.flag("--check"));
        assert!(args.done().unwrap_err().to_string().contains("--chekc"));
    }

    #[test]
    fn a_value_is_joined_or_follows() {
        let mut given = args("--seconds 5 --only=panic name --last");
        assert_eq!(given.name(), None);
        assert_eq!(given.value("--seconds").unwrap().as_deref(), Some("5"));
        assert_eq!(given.value("--only").unwrap().as_deref(), Some("panic"));
        assert_eq!(given.value("--other").unwrap(), None);
        assert_eq!(given.name().as_deref(), Some("name"));
        assert!(given.value("--last").is_err());
        assert_eq!(args("-- --nodes 5").rest(), ["--nodes", "5"]);
    }

    #[test]
    fn help_behind_two_hyphens_is_for_somebody_else() {
        assert!(args("--check -h").wants_help());
        assert!(!args("-- --help").wants_help());
    }
}
