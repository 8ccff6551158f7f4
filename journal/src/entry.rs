//! A write that waits for Redis: pure.

use std::fmt;

use redis::{Cmd, Pipeline};
use redis_resilient_connection::__seam::command;

/// One command, or a transaction.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    /// When it was accepted, in milliseconds since 1970 by the clock of this machine.
    pub(crate) at_ms: u64,
    pub(crate) is_transaction: bool,
    /// Whether it was sent before and nobody knows what became of it: it has a token then, by which the server knows, for as long as it remembers.
    pub(crate) may_have_run: bool,
    /// The commands as they go over the wire, without `MULTI` and `EXEC`.
    pub(crate) packed: Vec<u8>,
}

/// In what bytes an entry is kept, beside the commands.
const HEAD: usize = 9;

/// The bits of its second field.
const TRANSACTION: u8 = 1;
const MAY_HAVE_RUN: u8 = 2;

impl Entry {
    pub(crate) fn of_command(command: &Cmd, at_ms: u64) -> Self {
        Self {
            at_ms,
            is_transaction: false,
            may_have_run: false,
            packed: command.get_packed_command(),
        }
    }

    /// What is kept of it.
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(HEAD + self.packed.len());
        bytes.extend_from_slice(&self.at_ms.to_le_bytes());
        let bit = |is_set, bit| if is_set { bit } else { 0 };
        bytes.push(bit(self.is_transaction, TRANSACTION) | bit(self.may_have_run, MAY_HAVE_RUN));
        bytes.extend_from_slice(&self.packed);
        bytes
    }

    /// What [`to_bytes`](Self::to_bytes) has made; `None` if it has not.
    pub(crate) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (at_ms, rest) = bytes.split_first_chunk()?;
        let (kind, packed) = rest.split_first()?;
        let entry = Self {
            at_ms: u64::from_le_bytes(*at_ms),
            is_transaction: kind & TRANSACTION != 0,
            may_have_run: kind & MAY_HAVE_RUN != 0,
            packed: packed.to_vec(),
        };
        (kind & !(TRANSACTION | MAY_HAVE_RUN) == 0 && entry.commands().next().is_some())
            .then_some(entry)
    }

    /// The words of each command.
    pub(crate) fn commands(&self) -> impl Iterator<Item = Vec<&[u8]>> {
        command::unpack(&self.packed)
    }

    /// The names of its commands, which hold nothing of the application's data.
    pub(crate) fn names(&self) -> String {
        let mut names = String::new();
        for name in self.commands().filter_map(|words| words.first().copied()) {
            if !names.is_empty() {
                names.push(' ');
            }
            names.push_str(&String::from_utf8_lossy(name).to_ascii_uppercase());
        }
        names
    }

    /// The memory or disk that it takes.
    pub(crate) fn size(&self) -> u64 {
        (HEAD + self.packed.len()) as u64
    }
}

/// A command of these words.
pub(crate) fn command_of<W: AsRef<[u8]>>(words: &[W]) -> Cmd {
    let mut command = Cmd::new();
    for word in words {
        command.arg(word.as_ref());
    }
    command
}

/// A transaction of these commands.
pub(crate) fn transaction_of<W: AsRef<[u8]>>(commands: &[Vec<W>]) -> Pipeline {
    let mut pipeline = redis::pipe();
    pipeline.atomic();
    for words in commands {
        pipeline.add_command(command_of(words));
    }
    pipeline
}

/// Without the arguments, which are the application's own affair.
impl fmt::Debug for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Entry")
            .field("at_ms", &self.at_ms)
            .field("is_transaction", &self.is_transaction)
            .field("may_have_run", &self.may_have_run)
            .field("bytes", &self.packed.len())
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_what_was_given() {
        let set = Entry::of_command(redis::cmd("SET").arg("k").arg(b"a\r\n\0b"), 7);
        assert_eq!(Entry::from_bytes(&set.to_bytes()), Some(set.clone()));
        let unsure = Entry {
            may_have_run: true,
            ..set.clone()
        };
        assert_eq!(Entry::from_bytes(&unsure.to_bytes()), Some(unsure));
        let words: Vec<_> = set.commands().collect();
        assert_eq!(words, [[&b"SET"[..], b"k", b"a\r\n\0b"]]);
        for bad in [
            &b""[..],
            b"12345678",
            b"12345678\0",
            b"12345678\x04*1\r\n$4\r\nPING\r\n",
        ] {
            assert_eq!(Entry::from_bytes(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn arguments_are_not_shown() {
        let set = Entry::of_command(redis::cmd("SET").arg("k").arg("secret"), 7);
        assert!(!format!("{set:?}").contains("secret"));
    }
}
