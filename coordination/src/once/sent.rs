//! What is sent for a `Once`, for those who send it themselves, or find it on its way: pure.

use std::time::Duration;

use redis::{Cmd, RedisResult, Value};
use redis_resilient_connection::__seam::command::{REPEATABLE, is};

use super::Once;
use super::program::WHOLE;
use super::reply::{self, Shape};

/// A command as it is sent.
#[derive(Debug)]
pub struct Sent {
    /// With its token.
    pub command: Cmd,
    shape: Shape,
}

/// What is sent to execute that command once. It works on `key`, and on no others.
///
/// # Errors
/// As [`Once::run`], before anything is sent.
pub fn sent(once: &Once, key: &[u8], command: &Cmd) -> RedisResult<Sent> {
    let request = once.request(&key, command)?;
    Ok(Sent {
        command: request.script.command().clone(),
        shape: request.shape,
    })
}

impl Sent {
    /// The command's own reply.
    ///
    /// # Errors
    /// If the command was executed and its reply is not known.
    pub fn reply(&self, answer: Value) -> RedisResult<Value> {
        reply::read(answer, self.shape)
    }
}

/// Where in these words the command begins that is executed once; `None` if they are not of a `Once`, or of one that is executed in parts.
#[must_use]
pub fn command_in(words: &[&[u8]]) -> Option<usize> {
    let [name, code, keys, ..] = words else {
        return None;
    };
    let is_once = is(name, "EVAL")
        && code
            .strip_prefix(REPEATABLE.as_bytes())
            .is_some_and(|code| code == WHOLE.as_bytes());
    if !is_once {
        return None;
    }
    let keys: usize = std::str::from_utf8(keys).ok()?.parse().ok()?;
    // Behind the keys stand how long to remember, the protocol's version, and what reads the result back.
    let place = keys.checked_add(6)?;
    (place < words.len()).then_some(place)
}

/// For how long the server remembers that it has executed that; `None` if [`command_in`] finds nothing.
#[must_use]
pub fn remembered_for(words: &[&[u8]]) -> Option<Duration> {
    let place = command_in(words)?.checked_sub(3)?;
    let ms = std::str::from_utf8(words.get(place)?).ok()?.parse().ok()?;
    Some(Duration::from_millis(ms))
}

#[cfg(test)]
mod tests {
    use super::*;
    use redis_resilient_connection::__seam::command::args;

    #[test]
    fn the_command_is_found_in_what_is_sent() {
        let mut command = redis::cmd("SET");
        command.arg("k").arg("v").arg("EX").arg(10);
        let once = Once::new().remember_for(Duration::from_secs(90));
        let sent = sent(&once, b"k", &command).expect("it can be sent");
        let words: Vec<_> = args(&sent.command).collect();
        let place = command_in(&words).expect("it is there");
        assert_eq!(words[place..], [&b"SET"[..], b"k", b"v", b"EX", b"10"]);
        assert_eq!(remembered_for(&words), Some(Duration::from_secs(90)));
        assert_eq!(command_in(&args(&command).collect::<Vec<_>>()), None);
        assert_eq!(command_in(&[b"EVAL", b"return 1", b"0"]), None);
    }
}
