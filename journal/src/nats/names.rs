//! What a journal is called in NATS: pure.

use std::fmt::Write as _;

use crate::error::JournalError;

/// The stream of a journal, and the subjects in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Names {
    pub(super) stream: String,
    pub(super) all: String,
    /// Writes, as many as were put into the journal together.
    pub(super) entries: String,
    /// Which writes are done with.
    pub(super) done: String,
    /// Writes that Redis has refused for good.
    pub(super) dead: String,
    /// Which process executes.
    pub(super) claim: String,
}

impl Names {
    /// # Errors
    /// If the prefix is none: letters, digits, `-` and `_`, at least one.
    pub(super) fn of(prefix: &str, journal: &str) -> Result<Self, JournalError> {
        let is_plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        if prefix.is_empty() || !prefix.chars().all(is_plain) {
            return Err(JournalError::other(
                "the prefix of a journal in NATS has letters, digits, `-` and `_` only",
            ));
        }
        let name = token(journal);
        let subject = |last: &str| format!("{prefix}.{name}.{last}");
        Ok(Self {
            stream: format!("{prefix}-{name}"),
            all: subject("*"),
            entries: subject("entries"),
            done: subject("done"),
            dead: subject("dead"),
            claim: subject("claim"),
        })
    }
}

/// A word that may stand in a subject, another one for each name.
fn token(name: &str) -> String {
    let mut token = String::with_capacity(name.len());
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || byte == b'-' {
            token.push(char::from(byte));
        } else {
            let _ = write!(token, "_{byte:02x}");
        }
    }
    token
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_journal_has_a_stream_of_its_own() {
        let names = Names::of("rr", "orders").expect("a name");
        assert_eq!(
            (&*names.stream, &*names.all, &*names.claim),
            ("rr-orders", "rr.orders.*", "rr.orders.claim")
        );
        let odd = ["a b", "a.b", "a_b", "a*", "ä", "a>"].map(token);
        assert_eq!(odd[0], "a_20b");
        for name in &odd {
            assert!(!name.contains([' ', '.', '*', '>']), "{name}");
            assert_eq!(odd.iter().filter(|other| *other == name).count(), 1);
        }
        for bad in ["", "a.b", "a b", ">"] {
            assert!(Names::of(bad, "orders").is_err(), "{bad}");
        }
    }
}
