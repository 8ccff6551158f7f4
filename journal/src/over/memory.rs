//! What a connection remembers of the values that it has written, for reads while they wait, or while Redis is away.

use std::sync::Arc;
use std::time::Duration;

use moka::sync::Cache;
use redis::Value;
use redis_resilient_connection::__seam::command::is;
use redis_resilient_runtime::__seam::clock::{Instant, now};

use crate::writes::write;

/// Shared by the clones of a connection.
#[derive(Clone)]
pub(super) struct Memory(Cache<Box<[u8]>, Remembered>);

/// A value as it was written, or that it was deleted.
#[derive(Clone, Debug)]
struct Remembered {
    value: Option<Arc<[u8]>>,
    /// When Redis forgets it.
    until: Option<Instant>,
}

/// What a command means for what is remembered: pure.
#[derive(Debug, PartialEq, Eq)]
enum Effect<'a> {
    /// It sets the whole value, for so long.
    Sets(&'a [u8], &'a [u8], Option<Duration>),
    Deletes(Vec<&'a [u8]>),
    /// Nobody knows the values afterwards.
    Changes(Vec<&'a [u8]>),
    Nothing,
}

impl Memory {
    pub(super) fn new(keys: u64, life: Duration) -> Self {
        let cache = Cache::builder().max_capacity(keys).time_to_live(life);
        Self(cache.build())
    }

    /// To be called before the command is sent.
    pub(super) fn note(&self, words: &[&[u8]]) {
        match effect(words) {
            Effect::Sets(key, value, life) => {
                let until = life.map(|life| now() + life);
                let value = Some(value.into());
                self.0.insert(key.into(), Remembered { value, until });
            }
            Effect::Deletes(keys) => {
                for key in keys {
                    let gone = Remembered {
                        value: None,
                        until: None,
                    };
                    self.0.insert(key.into(), gone);
                }
            }
            Effect::Changes(keys) => self.forget_all(&keys),
            Effect::Nothing => {}
        }
    }

    /// It was not executed, or nobody knows.
    pub(super) fn forget(&self, words: &[&[u8]]) {
        match effect(words) {
            Effect::Sets(key, ..) => self.0.invalidate(key),
            Effect::Deletes(keys) | Effect::Changes(keys) => self.forget_all(&keys),
            Effect::Nothing => {}
        }
    }

    fn forget_all(&self, keys: &[&[u8]]) {
        for key in keys {
            self.0.invalidate(*key);
        }
    }

    /// What Redis would answer to a `GET` of that key; `None`: nothing was written here lately.
    pub(super) fn get(&self, key: &[u8]) -> Option<Value> {
        let kept = self.0.get(key)?;
        let is_over = kept.until.is_some_and(|until| until <= now());
        let value = kept.value.filter(|_| !is_over);
        Some(value.map_or(Value::Nil, |value| Value::BulkString(value.to_vec())))
    }
}

/// The key that is read, by a command whose answer a memory has.
pub(super) fn read<'a>(words: &[&'a [u8]]) -> Option<&'a [u8]> {
    match words {
        [name, key] if is(name, "GET") => Some(key),
        _ => None,
    }
}

fn effect<'a>(words: &[&'a [u8]]) -> Effect<'a> {
    let Some(write) = write(words) else {
        // What is no write that can wait, such as `GETDEL`, may be one all the same. A read is not worse for it.
        return match words {
            [_] | [] => Effect::Nothing,
            _ if read(words).is_some() => Effect::Nothing,
            [_, key, ..] => Effect::Changes(vec![key]),
        };
    };
    if !write.is_conditional
        && let Some((key, value, life)) = set(words)
    {
        return Effect::Sets(key, value, life);
    }
    if is(words[0], "DEL") || is(words[0], "UNLINK") {
        Effect::Deletes(write.keys)
    } else {
        Effect::Changes(write.keys)
    }
}

/// The key, the value, and how long it lives, of a command that sets all of these.
fn set<'a>(words: &[&'a [u8]]) -> Option<(&'a [u8], &'a [u8], Option<Duration>)> {
    let number = |word: &[u8]| std::str::from_utf8(word).ok()?.parse::<u64>().ok();
    let seconds = |word| number(word).map(Duration::from_secs);
    let millis = |word| number(word).map(Duration::from_millis);
    match words {
        [name, key, value] if is(name, "SET") => Some((key, value, None)),
        [name, key, value, unit, life] if is(name, "SET") && is(unit, "EX") => {
            Some((key, value, Some(seconds(life)?)))
        }
        [name, key, value, unit, life] if is(name, "SET") && is(unit, "PX") => {
            Some((key, value, Some(millis(life)?)))
        }
        [name, key, life, value] if is(name, "SETEX") => Some((key, value, Some(seconds(life)?))),
        [name, key, life, value] if is(name, "PSETEX") => Some((key, value, Some(millis(life)?))),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<&[u8]> {
        text.split(' ').map(str::as_bytes).collect()
    }

    fn memory() -> Memory {
        Memory::new(100, Duration::from_secs(60))
    }

    fn told(memory: &Memory, key: &str) -> Option<Value> {
        memory.get(key.as_bytes())
    }

    fn bulk(text: &str) -> Value {
        Value::BulkString(text.into())
    }

    #[test]
    fn the_last_value_is_remembered_until_something_else_changes_it() {
        let memory = memory();
        assert_eq!(told(&memory, "k"), None);
        for set in [
            "SET k a",
            "SET k a EX 60",
            "SET k a PX 60000",
            "SETEX k 60 a",
        ] {
            memory.note(&words(set));
            assert_eq!(told(&memory, "k"), Some(bulk("a")), "{set}");
            memory.note(&words("DEL k"));
            assert_eq!(told(&memory, "k"), Some(Value::Nil));
        }
        for changes in [
            "APPEND k b",
            "SET k b NX",
            "GETDEL k",
            "SET k b KEEPTTL",
            "EXPIRE k 1",
        ] {
            memory.note(&words("SET k a"));
            memory.note(&words(changes));
            assert_eq!(told(&memory, "k"), None, "{changes}");
        }
        memory.note(&words("SET k a"));
        memory.note(&words("GET k"));
        assert_eq!(told(&memory, "k"), Some(bulk("a")));
        memory.forget(&words("SET k a"));
        assert_eq!(told(&memory, "k"), None);
    }

    #[tokio::test(start_paused = true)]
    async fn a_value_is_gone_when_redis_forgets_it() {
        let memory = memory();
        memory.note(&words("SET k a EX 10"));
        tokio::time::advance(Duration::from_secs(9)).await;
        assert_eq!(told(&memory, "k"), Some(bulk("a")));
        tokio::time::advance(Duration::from_secs(1)).await;
        assert_eq!(told(&memory, "k"), Some(Value::Nil));
    }
}
