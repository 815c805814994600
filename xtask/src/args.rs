//! The rest of a command line, after the verb.
//!
//! A verb takes out the flags and values it knows and calls [`Args::done`],
//! which refuses whatever is left: a mistyped flag is an error, never ignored.

use crate::error::Error;

/// The words a verb has not understood yet.
#[derive(Debug)]
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
    fn help_behind_two_hyphens_is_for_somebody_else() {
        assert!(args("--check -h").wants_help());
        assert!(!args("-- --help").wants_help());
    }
}
