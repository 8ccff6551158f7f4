//! Which of a client's commands it has sent on its own account, and not for whoever uses it.

use std::{
    collections::VecDeque,
    sync::{Mutex, MutexGuard, PoisonError},
};

use super::framer::Framer;

/// How much of a command is looked at: more than the longest name that matters.
const BEGINNING: usize = 32;

/// The commands on a connection that have not been answered.
#[derive(Debug, Default)]
pub(super) struct Questions(Mutex<Open>);

#[derive(Debug, Default)]
struct Open {
    framer: Framer,
    /// How the command begins that is being passed.
    beginning: Vec<u8>,
    /// Of those that have passed, oldest first: whether it was sent on the client's own account.
    own: VecDeque<bool>,
}

impl Questions {
    fn open(&self) -> MutexGuard<'_, Open> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The client has sent this.
    pub(super) fn sent(&self, mut bytes: &[u8]) {
        let mut open = self.open();
        while !bytes.is_empty() {
            let (length, is_last) = open.framer.advance(bytes);
            let missing = BEGINNING.saturating_sub(open.beginning.len());
            open.beginning
                .extend_from_slice(&bytes[..length.min(missing)]);
            if is_last {
                let beginning = std::mem::take(&mut open.beginning);
                open.own.push_back(is_own_account(&beginning));
            }
            bytes = &bytes[length..];
        }
    }

    /// A reply has begun: whether that is to something sent on the client's own account.
    pub(super) fn answered(&self) -> bool {
        self.open().own.pop_front().unwrap_or(false)
    }
}

fn is_own_account(command: &[u8]) -> bool {
    // After the number of words, and the length of the first.
    let name = command.split(|byte| *byte == b'\n').nth(2);
    let name = name.unwrap_or_default().trim_ascii_end();
    name.eq_ignore_ascii_case(b"PING") || name.eq_ignore_ascii_case(b"CLUSTER")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_told_apart_however_they_come() {
        let stream = b"*1\r\n$4\r\nPING\r\n*2\r\n$3\r\nGET\r\n$4\r\nPING\r\n\
            *2\r\n$7\r\ncluster\r\n$5\r\nSLOTS\r\n*1\r\n$7\r\nCOMMAND\r\n";
        for size in [1, 5, 1000] {
            let questions = Questions::default();
            stream.chunks(size).for_each(|piece| questions.sent(piece));
            let answered: Vec<_> = (0..5).map(|_| questions.answered()).collect();
            assert_eq!(answered, [true, false, true, false, false], "{size}");
        }
    }
}
