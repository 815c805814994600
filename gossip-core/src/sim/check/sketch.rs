//! Rule: the sketch a node compares by is that of what it holds.
//!
//! One that forgot a change says of two that differ that they agree, or sends
//! for ever what the other has.

use alloc::string::ToString as _;

use super::Verdict;

/// Holds where the sketch is the one that the rows make.
pub(in crate::sim) fn forgot_a_change(is_true: bool) -> Verdict {
    if is_true {
        Ok(())
    } else {
        Err("sketch: it is not that of the rows held".to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fires_where_a_change_was_forgotten() {
        assert_eq!(forgot_a_change(true), Ok(()));
        assert!(forgot_a_change(false).is_err());
    }
}
