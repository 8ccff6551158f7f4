//! What is sent for an entry, and what its answer means: pure.

use std::time::Duration;

use redis::{Cmd, Pipeline, RedisError};
use redis_resilient_coordination::__seam::once;
use redis_resilient_runtime::__seam::{error_text, tagged};
use redis_resilient_runtime::Class;

use crate::entry::{Entry, command_of, transaction_of};
use crate::expiry::adjusted;

/// What is sent.
#[derive(Debug)]
pub(crate) enum Request {
    Command(Cmd),
    Transaction(Pipeline),
    /// Nothing: it may have been executed, so long ago that the server need not know of it any more.
    Forgotten(RedisError),
}

/// What an answer means for the entry.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It was executed.
    Done,
    /// Not now.
    Later,
    /// Redis will never execute it, and says this.
    Dead(String),
}

/// What is sent for an entry that has waited so long, and of how many of its commands the time was over. `sent_at_ms`: when it was sent, if nobody
/// knows what became of that.
pub(crate) fn request(entry: &Entry, sent_at_ms: Option<u64>, now_ms: u64) -> (Request, u64) {
    let waited = Duration::from_millis(now_ms.saturating_sub(entry.at_ms));
    let sent_at_ms = sent_at_ms.or(entry.may_have_run.then_some(entry.at_ms));
    let ago = |sent_at_ms| Duration::from_millis(now_ms.saturating_sub(sent_at_ms));
    if sent_at_ms.is_some_and(|sent_at_ms| is_forgotten(entry, ago(sent_at_ms))) {
        return (Request::Forgotten(forgotten()), 0);
    }
    let mut over = 0;
    let mut commands: Vec<Vec<Vec<u8>>> = entry
        .commands()
        .map(|words| {
            let inner = once::command_in(&words).unwrap_or(0);
            let mut all: Vec<Vec<u8>> = words.iter().map(|word| word.to_vec()).collect();
            if let Some(adjusted) = adjusted(&words[inner..], waited) {
                over += u64::from(adjusted.is_over);
                all.truncate(inner);
                all.extend(adjusted.words);
            }
            all
        })
        .collect();
    if entry.is_transaction {
        return (Request::Transaction(transaction_of(&commands)), over);
    }
    let command = commands.pop().unwrap_or_default();
    (Request::Command(command_of(&command)), over)
}

/// Whether the server need not remember any more what it executed so long ago.
fn is_forgotten(entry: &Entry, ago: Duration) -> bool {
    let mut times = entry
        .commands()
        .filter_map(|words| once::remembered_for(&words));
    times.any(|time| time <= ago)
}

/// Why an entry is not sent that may have been executed.
fn forgotten() -> RedisError {
    let text = "it was sent before, and nobody knows whether it was executed; it has waited for longer than a server remembers that \
                (`exactly_once`): look, and replay or discard it";
    tagged(Class::Permanent, std::io::Error::other(text))
}

/// What follows from an error.
pub(crate) fn verdict(error: &RedisError) -> Verdict {
    match Class::of(error) {
        Class::Permanent | Class::NotRedis => Verdict::Dead(error_text(error)),
        // It is this command that is not allowed; other misconfigurations are about the connection.
        Class::Misconfigured if error.code() == Some("NOPERM") => Verdict::Dead(error_text(error)),
        _ => Verdict::Later,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use redis_resilient_connection::__seam::command::args;
    use redis_resilient_coordination::Once;

    fn sent(entry: &Entry, now_ms: u64) -> (String, u64) {
        let (Request::Command(command), over) = request(entry, None, now_ms) else {
            panic!("one command");
        };
        let words: Vec<_> = args(&command)
            .map(|word| String::from_utf8_lossy(word).into_owned())
            .collect();
        (words.join(" "), over)
    }

    #[test]
    fn what_has_waited_is_sent_with_what_is_left_of_its_time() {
        let entry = Entry::of_command(redis::cmd("SET").arg("k").arg("v").arg("EX").arg(10), 1_000);
        assert_eq!(sent(&entry, 1_000), ("SET k v EX 10".to_owned(), 0));
        assert_eq!(sent(&entry, 3_500), ("SET k v PX 7500".to_owned(), 0));
        assert_eq!(sent(&entry, 20_000), ("SET k v PX 1".to_owned(), 1));
        // A clock that was set back adds nothing.
        assert_eq!(sent(&entry, 500), ("SET k v EX 10".to_owned(), 0));
    }

    #[test]
    fn what_may_have_run_is_not_sent_once_the_server_may_have_forgotten_it() {
        let once = Once::new().remember_for(Duration::from_secs(60));
        let sent = once::sent(&once, b"n", redis::cmd("INCR").arg("n")).expect("it can be sent");
        let mut entry = Entry::of_command(&sent.command, 1_000);
        let is_sent = |entry: &Entry, sent_at_ms, now_ms| {
            !matches!(request(entry, sent_at_ms, now_ms).0, Request::Forgotten(_))
        };
        assert!(is_sent(&entry, None, 1_000_000), "it was never sent");
        assert!(is_sent(&entry, Some(50_000), 100_000));
        assert!(!is_sent(&entry, Some(40_000), 100_000));
        entry.may_have_run = true;
        assert!(is_sent(&entry, None, 60_999));
        assert!(!is_sent(&entry, None, 61_000));
        let Request::Forgotten(error) = request(&entry, None, 61_000).0 else {
            panic!("it is not sent");
        };
        assert!(
            matches!(verdict(&error), Verdict::Dead(text) if text.contains("replay or discard"))
        );
        // At least once is at least once.
        let mut plain = Entry::of_command(redis::cmd("INCR").arg("n"), 1_000);
        plain.may_have_run = true;
        assert!(is_sent(&plain, None, 1_000_000));
    }

    #[test]
    fn what_redis_will_never_do_is_told_from_what_it_does_not_do_now() {
        let server = |text: &str| {
            let value = redis::parse_redis_value(text.as_bytes()).expect("a reply");
            value.extract_error().expect_err("an error")
        };
        for later in [
            "-LOADING x\r\n",
            "-OOM x\r\n",
            "-READONLY x\r\n",
            "-NOAUTH x\r\n",
            "-CLUSTERDOWN x\r\n",
            "-MISCONF x\r\n",
        ] {
            assert_eq!(verdict(&server(later)), Verdict::Later, "{later}");
        }
        for dead in [
            "-WRONGTYPE x\r\n",
            "-ERR unknown command\r\n",
            "-NOPERM x\r\n",
        ] {
            assert!(matches!(verdict(&server(dead)), Verdict::Dead(_)), "{dead}");
        }
        let lost = RedisError::from(std::io::Error::from(std::io::ErrorKind::BrokenPipe));
        assert_eq!(verdict(&lost), Verdict::Later);
    }
}
