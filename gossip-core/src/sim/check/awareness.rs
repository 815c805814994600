//! Rule M20, awareness: a node distrusts its own eyes only so far, and in the
//! end not at all.
//!
//! The score multiplies every time it waits. One that did not come down again
//! would blind the node for ever after a bad hour.

use alloc::format;
use alloc::string::String;

use super::Verdict;

/// Holds where a score is within its bound.
pub(in crate::sim) fn despairs(score: u32, most: u32) -> Verdict {
    if score > most {
        return Err(format!(
            "awareness: a score of {score}, at most {most} is allowed"
        ));
    }
    Ok(())
}

/// What is wrong with a node that should be well; `None`: it is.
pub(in crate::sim) fn still_distrusts_itself(score: u32) -> Option<String> {
    (score > 0).then(|| format!("its awareness is {score}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fires_beyond_the_most_and_where_it_does_not_end() {
        assert_eq!(despairs(8, 8), Ok(()));
        assert!(despairs(9, 8).is_err());
        assert!(still_distrusts_itself(1).is_some());
        assert_eq!(still_distrusts_itself(0), None);
    }
}
