//! What of that which is sent goes to the journal: pure.

use redis::{Cmd, RedisError, RedisResult};
use redis_resilient_connection::__seam::command::{args, commands_of, unpack};
use redis_resilient_coordination::__seam::once::{self, Sent};
use redis_resilient_coordination::Once;
use redis_resilient_runtime::__seam::tagged;
use redis_resilient_runtime::Class;

use crate::drain::unsure::may_have_run;
use crate::entry::{Entry, command_of};
use crate::error::JournalError;
use crate::writes::write;

/// Writes that may be journalled.
#[derive(Debug)]
pub(super) struct Writes {
    pub(super) entries: Vec<Entry>,
    /// How many commands they are for the caller.
    pub(super) commands: usize,
    pub(super) is_transaction: bool,
}

impl Writes {
    /// `None`: it is not a write, or one whose reply is what it is for.
    pub(super) fn of_command(words: &[&[u8]], at_ms: u64) -> Option<Self> {
        write(words).filter(|write| !write.is_conditional)?;
        Some(Self {
            entries: vec![Entry::of_command(&command_of(words), at_ms)],
            commands: 1,
            is_transaction: false,
        })
    }

    /// `None`: not all are writes.
    pub(super) fn of_pipeline(
        pipeline: &redis::Pipeline,
        offset: usize,
        count: usize,
        at_ms: u64,
    ) -> Option<Self> {
        let commands: Vec<Vec<&[u8]>> = commands_of(pipeline).map(Iterator::collect).collect();
        // Of a transaction the reply to its `EXEC` alone is asked for, behind those to `MULTI` and each command.
        let is_transaction = offset == commands.len() + 1 && count == 1;
        Self::of_commands(&commands, is_transaction, at_ms)
    }

    /// Of a pipeline as it goes over the wire.
    pub(super) fn of_packed_pipeline(bytes: &[u8], at_ms: u64) -> Option<Self> {
        let mut commands: Vec<Vec<&[u8]>> = unpack(bytes).collect();
        let is_one = |words: Option<&Vec<&[u8]>>, name: &str| {
            words.is_some_and(|words| {
                words.len() == 1 && words[0].eq_ignore_ascii_case(name.as_bytes())
            })
        };
        let is_transaction = is_one(commands.first(), "MULTI") && is_one(commands.last(), "EXEC");
        if is_transaction {
            commands.pop();
            commands.remove(0);
        }
        Self::of_commands(&commands, is_transaction, at_ms)
    }

    fn of_commands(commands: &[Vec<&[u8]>], is_transaction: bool, at_ms: u64) -> Option<Self> {
        let are_writes = commands
            .iter()
            .all(|words| write(words).is_some_and(|write| !write.is_conditional));
        if commands.is_empty() || !are_writes {
            return None;
        }
        let packed = commands
            .iter()
            .map(|words| command_of(words).get_packed_command());
        let entry = |packed| Entry {
            at_ms,
            is_transaction,
            may_have_run: false,
            packed,
        };
        let entries = if is_transaction {
            vec![entry(packed.collect::<Vec<_>>().concat())]
        } else {
            packed.map(entry).collect()
        };
        Some(Self {
            entries,
            commands: commands.len(),
            is_transaction,
        })
    }

    /// Whether one of the keys of these is among those for which `is_taken`.
    pub(super) fn touches(&self, is_taken: impl Fn(&[&[u8]]) -> bool) -> bool {
        self.entries.iter().any(|entry| {
            let mut commands = entry.commands();
            commands.any(|words| write(&words).is_some_and(|write| is_taken(&write.keys)))
        })
    }

    /// Whether the server knows of each whether it has been executed.
    pub(super) fn are_once(&self) -> bool {
        self.entries.iter().all(|entry| {
            !entry.is_transaction
                && entry
                    .commands()
                    .all(|words| once::command_in(&words).is_some())
        })
    }
}

/// Whether a write that failed like this goes to the journal.
pub(super) fn goes_to_journal(error: &RedisError, is_once: bool) -> bool {
    if may_have_run(error) {
        return is_once;
    }
    match Class::of(error) {
        Class::Unreachable | Class::Unavailable | Class::WriteRefused | Class::Rejected => true,
        // Nothing was executed, and an operator will mend it; but what this command may not do, it may not do later.
        Class::Misconfigured => error.code() != Some("NOPERM"),
        _ => false,
    }
}

/// That write as one that is executed once, if it has one key and a script can execute it.
pub(super) fn once(command: &Cmd, once: &Once) -> Option<Sent> {
    let words: Vec<_> = args(command).collect();
    let write = write(&words).filter(|write| !write.is_conditional)?;
    let [key] = write.keys[..] else {
        return None;
    };
    if words[0].eq_ignore_ascii_case(b"EVAL") || words[0].eq_ignore_ascii_case(b"FCALL") {
        return None;
    }
    once::sent(once, key, command).ok()
}

/// What the caller is told of a write that is neither in Redis nor in the journal: why it was not sent, and why it was not kept.
pub(super) fn neither(sent: Option<RedisError>, kept: JournalError) -> RedisError {
    let Some(sent) = sent else {
        return kept.into();
    };
    let class = Class::of(&sent);
    tagged(class, NotKept { sent, kept })
}

#[derive(Debug)]
struct NotKept {
    sent: RedisError,
    kept: JournalError,
}

impl std::fmt::Display for NotKept {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}; {}", self.sent, self.kept)
    }
}

impl std::error::Error for NotKept {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.kept)
    }
}

/// The reply of a write that was sent as one that is executed once.
pub(super) fn reply(sent: Option<&Sent>, answer: redis::Value) -> RedisResult<redis::Value> {
    match sent {
        Some(sent) => sent.reply(answer.extract_error()?),
        None => Ok(answer),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) -> RedisError {
        let value = redis::parse_redis_value(text.as_bytes()).expect("a reply");
        value.extract_error().expect_err("an error")
    }

    #[test]
    fn what_was_not_executed_goes_to_the_journal() {
        for error in [
            "-LOADING x\r\n",
            "-OOM x\r\n",
            "-READONLY x\r\n",
            "-NOAUTH x\r\n",
        ] {
            assert!(goes_to_journal(&refused(error), false), "{error}");
        }
        for error in ["-WRONGTYPE x\r\n", "-NOPERM x\r\n", "-ERR syntax\r\n"] {
            assert!(!goes_to_journal(&refused(error), true), "{error}");
        }
        let lost = || RedisError::from(std::io::Error::from(std::io::ErrorKind::BrokenPipe));
        assert!(!goes_to_journal(&lost(), false));
        assert!(goes_to_journal(&lost(), true));
    }

    #[test]
    fn a_transaction_is_one_entry_and_a_pipeline_is_many() {
        let mut pipeline = redis::pipe();
        pipeline.set("a", 1).incr("b", 2);
        let writes = Writes::of_pipeline(&pipeline, 0, 2, 0).expect("writes");
        assert_eq!(
            (writes.entries.len(), writes.commands, writes.is_transaction),
            (2, 2, false)
        );
        pipeline.atomic();
        let writes = Writes::of_pipeline(&pipeline, 3, 1, 0).expect("writes");
        assert_eq!(
            (writes.entries.len(), writes.commands, writes.is_transaction),
            (1, 2, true)
        );
        let packed =
            Writes::of_packed_pipeline(&pipeline.get_packed_pipeline(), 0).expect("writes");
        assert_eq!(packed.entries, writes.entries);
        assert!(packed.is_transaction);
        pipeline.get("a");
        assert!(Writes::of_pipeline(&pipeline, 4, 1, 0).is_none());
    }

    #[test]
    fn a_write_of_one_key_can_be_executed_once() {
        let sent = |command: &mut Cmd| once(command, &Once::new());
        assert!(sent(redis::cmd("INCR").arg("k")).is_some());
        assert!(sent(redis::cmd("MSET").arg("a").arg(1).arg("b").arg(2)).is_none());
        assert!(sent(redis::cmd("GET").arg("k")).is_none());
        assert!(sent(redis::cmd("SETNX").arg("k").arg(1)).is_none());
        let incr = sent(redis::cmd("INCR").arg("k")).expect("a write");
        let words: Vec<_> = args(&incr.command).collect();
        assert!(Writes::of_command(&words, 0).expect("a write").are_once());
    }

    #[test]
    fn both_reasons_are_told_and_the_first_one_counts() {
        let full = JournalError::Full {
            entries: 1,
            bytes: 2,
        };
        let error = neither(Some(refused("-LOADING x\r\n")), full);
        assert_eq!(Class::of(&error), Class::Unavailable);
        let text = error.to_string();
        assert!(
            text.contains("Loading") && text.contains("journal is full"),
            "{text}"
        );
    }
}
