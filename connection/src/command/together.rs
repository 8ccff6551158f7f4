//! Several commands that are sent together and, if the reply is lost, would be sent together again.
//!
//! Pure.

use crate::command::Effect::{self, Once, Read, SameState};
use crate::command::{Args, effect_of, is, is_conditional};

/// What they write depends on what is there: a value that moves to another key, or a condition.
const FROM_STATE: &[&str] = &[
    "BITOP",
    "COPY",
    "DELEX",
    "DELIFEQ",
    "GEORADIUS",
    "GEORADIUSBYMEMBER",
    "GEOSEARCHSTORE",
    "HSETNX",
    "MOVE",
    "MSETNX",
    "PFMERGE",
    "RENAMENX",
    "SDIFFSTORE",
    "SETNX",
    "SINTERSTORE",
    "SMOVE",
    "SORT",
    "SUNIONSTORE",
    "ZDIFFSTORE",
    "ZINTERSTORE",
    "ZRANGESTORE",
    "ZUNIONSTORE",
];

/// Their reply is the same whatever is there.
const SAME_REPLY: &[&str] = &[
    "ECHO", "HMSET", "HSETEX", "LTRIM", "MSET", "MSETEX", "PING", "PSETEX", "SELECT", "SET",
    "SETEX",
];

/// They look at more than the keys they name.
const OF_ALL: &[&str] = &[
    "CLUSTERSCAN",
    "DBSIZE",
    "EVALSHA_RO",
    "EVAL_RO",
    "FCALL_RO",
    "INFO",
    "KEYS",
    "RANDOMKEY",
    "SCAN",
    "SORT",
    "SORT_RO",
];

/// The effect of executing all of them once more: that of the worst, or worse, where one looks at what a later one changes. The second time,
/// `GET k` before `SET k v` gives the new value.
pub(crate) fn effect<'a>(commands: impl Iterator<Item = impl Args<'a>>) -> Effect {
    // It is for the one that comes after it.
    let commands: Vec<Vec<&[u8]>> = commands
        .map(Iterator::collect)
        .filter(|command: &Vec<&[u8]>| !is_word(command, "ASKING"))
        .collect();
    let commands = inside_transaction(&commands);
    let effects: Vec<Effect> = commands.iter().map(|command| effect_of(command)).collect();
    let alone = effects.iter().copied().max().unwrap_or(Read);
    if alone == Read || alone == Once {
        return alone;
    }
    let together = commands.iter().enumerate().map(|(place, command)| {
        let later = commands.iter().zip(&effects).skip(place + 1);
        let mut writes = later.filter(|(_, effect)| **effect > Read);
        if writes.any(|(write, _)| meet(command, write)) {
            before_change(command)
        } else {
            Read
        }
    });
    together.max().unwrap_or(Read).max(alone)
}

/// MULTI and EXEC are as what is between them.
fn inside_transaction<'c, 'a>(commands: &'c [Vec<&'a [u8]>]) -> &'c [Vec<&'a [u8]>] {
    match commands {
        [first, inside @ .., last] if is_word(first, "MULTI") && is_word(last, "EXEC") => inside,
        _ => commands,
    }
}

fn is_word(command: &[&[u8]], word: &str) -> bool {
    matches!(command, [name] if is(name, word))
}

/// Whether the first looks at what the second changes. Near enough: a key is the same as any other argument.
fn meet(earlier: &[&[u8]], write: &[&[u8]]) -> bool {
    let (Some((name, args)), Some((_, written))) = (earlier.split_first(), write.split_first())
    else {
        return true;
    };
    is_in(name, OF_ALL) || args.iter().any(|arg| written.contains(arg))
}

/// What it means to execute this once more after what it looks at has been changed.
fn before_change(command: &[&[u8]]) -> Effect {
    match command.split_first() {
        Some((name, args)) if is_in(name, FROM_STATE) || is_conditional(args) => Once,
        Some((name, _)) if is_in(name, SAME_REPLY) => Read,
        _ => SameState,
    }
}

fn is_in(name: &[u8], names: &[&str]) -> bool {
    names.iter().any(|known| is(name, known))
}

#[cfg(test)]
mod tests {
    use super::*;
    use Effect::Repeatable;

    fn together(lines: &[&str]) -> Effect {
        effect(
            lines
                .iter()
                .map(|line| line.split_ascii_whitespace().map(str::as_bytes)),
        )
    }

    #[test]
    fn the_worst_part_counts() {
        assert_eq!(together(&["GET a", "GET b"]), Read);
        assert_eq!(together(&["SET a 1", "GET b"]), Repeatable);
        assert_eq!(together(&["SADD a 1", "GET b"]), SameState);
        assert_eq!(together(&["GET a", "INCR n", "SET b 1"]), Once);
        assert_eq!(together(&[]), Read);
    }

    #[test]
    fn a_transaction_is_what_is_in_it() {
        assert_eq!(together(&["MULTI", "SET a 1", "EXEC"]), Repeatable);
        assert_eq!(together(&["MULTI", "GET a", "EXEC"]), Read);
        assert_eq!(together(&["MULTI", "INCR a", "EXEC"]), Once);
        assert_eq!(together(&["ASKING", "MULTI", "GET k", "EXEC"]), Read);
        // By hand: nobody knows what has been queued.
        assert_eq!(together(&["EXEC"]), Once);
        assert_eq!(together(&["MULTI", "SET a 1"]), Repeatable);
    }

    #[test]
    fn what_looks_at_a_later_change_sees_it_the_second_time() {
        for (lines, expected) in [
            // The old value is gone.
            (&["GET k", "SET k v"][..], SameState),
            (&["SET k v", "GET k"], Repeatable),
            (&["GET other", "SET k v"], Repeatable),
            (&["MGET a k", "MSET k 1 l 2"], SameState),
            (&["DBSIZE", "SET k v"], SameState),
            (&["PING", "SET k v"], Repeatable),
            (&["EXPIRE k 100", "SET k v"], SameState),
            (&["SET k v", "EXPIRE k 100"], Repeatable),
            (&["SET k 1", "SET k 2"], Repeatable),
            // A value that has been moved on is replaced.
            (&["COPY a b REPLACE", "SET a v"], Once),
            (&["SUNIONSTORE d a", "SUNIONSTORE a b"], Once),
            (&["SET a v", "COPY a b REPLACE"], Repeatable),
            (&["COPY a b REPLACE", "SET c v"], Repeatable),
            // A condition that was not fulfilled is, the second time.
            (&["SET k 2 XX", "SET k 1 NX"], Once),
            (&["ZADD z XX 2 m", "ZADD z NX 1 m"], Once),
            (&["HSET h f v", "EXPIRE h 100"], SameState),
            (&["DEL h", "HSET h f v"], SameState),
        ] {
            assert_eq!(together(lines), expected, "{lines:?}");
        }
    }
}
