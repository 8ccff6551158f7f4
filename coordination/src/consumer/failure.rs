//! Why a handler has failed.

use std::fmt;

/// How much of a text is kept with a dead letter.
const LONGEST: usize = 1000;

/// Why a handler has failed. Anything that can be displayed is made into one by `?` and `into`; the entry is then tried again.
///
/// Not an error type itself, as it takes in all of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    text: String,
    is_final: bool,
}

impl Failure {
    /// One after which there is no further attempt: the entry goes to the dead letters at once.
    pub fn dead_letter(reason: impl fmt::Display) -> Self {
        Self {
            is_final: true,
            ..Self::from(reason)
        }
    }

    pub(super) const fn is_final(&self) -> bool {
        self.is_final
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }
}

impl<E: fmt::Display> From<E> for Failure {
    fn from(error: E) -> Self {
        let mut text = error.to_string();
        if text.len() > LONGEST {
            let end = (0..=LONGEST).rev().find(|end| text.is_char_boundary(*end));
            text.truncate(end.unwrap_or(0));
        }
        Self {
            text,
            is_final: false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_error_is_one_and_is_not_longer_than_it_has_to_be() {
        let failed = || -> Result<(), Failure> { Ok("x".parse::<u8>().map(|_| ())?) };
        let failure = failed().expect_err("not a number");
        assert!(failure.text().contains("invalid digit"), "{failure:?}");
        let long = Failure::from("ü".repeat(LONGEST));
        assert_eq!(long.text().len(), LONGEST);
        assert!(Failure::dead_letter("x").is_final());
    }
}
