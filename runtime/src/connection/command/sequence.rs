//! Several commands that are sent together and, if the reply is lost, would be sent together again.

use super::Effect::{self, Once, Read, SameState};
use super::rules::is_conditional;
use super::{Args, effect_of, is};

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
pub(super) fn effect<'a>(commands: impl Iterator<Item = impl Args<'a>>) -> Effect {
    let commands: Vec<Vec<&[u8]>> = commands.map(Iterator::collect).collect();
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
    let is_word = |command: &[&[u8]], word| matches!(command, [name] if is(name, word));
    match commands {
        [first, inside @ .., last] if is_word(first, "MULTI") && is_word(last, "EXEC") => inside,
        _ => commands,
    }
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
