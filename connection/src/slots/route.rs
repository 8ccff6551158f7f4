//! Which server of a cluster a command goes to.
//!
//! Pure.

use redis::{RedisError, RedisResult, ServerErrorKind};

use super::super::command::{Args, is};
use super::split;
use crate::command::key::first_key;
use crate::command::slot;

/// Where a command goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Route {
    /// To the owner of this slot.
    Slot(usize),
    /// In parts, to the owners of several slots.
    Split,
    /// To all servers, replicas too: they may have the slots next.
    Everywhere,
    /// To several servers, or to any: redis-rs knows which, and makes one reply of theirs.
    FanOut,
}

/// Where a single command goes.
pub(crate) fn of_command<'a>(command: impl Args<'a>) -> Route {
    let mut args = command.clone();
    let Some(name) = args.next() else {
        return Route::FanOut;
    };
    if let Some(keys) = split::keys(command.clone()) {
        let mut slots = keys.map(slot::of_key);
        return match slots.next() {
            Some(first) if slots.all(|slot| slot == first) => Route::Slot(first),
            Some(_) => Route::Split,
            None => Route::FanOut,
        };
    }
    let is_load = || args.clone().next().is_some_and(|word| is(word, "LOAD"));
    if is(name, "SCRIPT") && is_load() {
        return Route::Everywhere;
    }
    // In the catalogue of keys, but with two words: redis-rs splits it.
    if is(name, "JSON.MGET") || is(name, "JSON.MSET") {
        return Route::FanOut;
    }
    match anywhere(command.clone()).or_else(|| first_key(command)) {
        Some(key) => Route::Slot(slot::of_key(key)),
        None => Route::FanOut,
    }
}

/// What spreads those over the servers that any of them may execute: the channel, or the script.
fn anywhere<'a>(command: impl Args<'a>) -> Option<&'a [u8]> {
    let mut args = command.clone();
    let name = args.next()?;
    let is_in = |names: &[&str]| names.iter().any(|known| is(name, known));
    let spread = args.next()?;
    if is(name, "PUBLISH") {
        return Some(spread);
    }
    let scripts = [
        "EVAL",
        "EVALSHA",
        "EVALSHA_RO",
        "EVAL_RO",
        "FCALL",
        "FCALL_RO",
    ];
    (is_in(&scripts) && first_key(command).is_none()).then_some(spread)
}

/// The slot that all commands of a pipeline are in; `None`: none of them has a key.
///
/// # Errors
/// If they are in several: what is sent together goes to one server.
pub(crate) fn of_pipeline<'a, A: Args<'a>>(
    commands: impl Iterator<Item = A>,
) -> RedisResult<Option<usize>> {
    let mut all = None;
    for key in commands.filter_map(first_key) {
        let slot = slot::of_key(key);
        if all.is_some_and(|all| all != slot) {
            return Err(crossed());
        }
        all = Some(slot);
    }
    Ok(all)
}

fn crossed() -> RedisError {
    (
        ServerErrorKind::CrossSlot.into(),
        "the keys of a pipeline or a transaction have to be in one slot of the cluster: give them a common {tag}",
    )
        .into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> impl Args<'_> {
        line.split_ascii_whitespace().map(str::as_bytes)
    }

    #[test]
    fn a_command_goes_where_its_keys_are() {
        let at = |key: &str| Route::Slot(slot::of_key(key.as_bytes()));
        for (line, expected) in [
            ("GET foo", at("foo")),
            ("MGET {foo}1 {foo}2", at("foo")),
            ("MGET foo bar", Route::Split),
            ("MSET {foo}1 bar {foo}2 baz", at("foo")),
            ("MSET foo 1 bar 2", Route::Split),
            ("DEL foo bar", Route::Split),
            ("DEL", Route::FanOut),
            ("EVAL script 1 foo", at("foo")),
            ("EVAL script 0 foo", at("script")),
            ("PUBLISH channel text", at("channel")),
            ("SPUBLISH channel text", at("channel")),
            ("SCRIPT LOAD code", Route::Everywhere),
            ("SCRIPT EXISTS hash", Route::FanOut),
            ("DBSIZE", Route::FanOut),
            ("PING", Route::FanOut),
            ("", Route::FanOut),
        ] {
            assert_eq!(of_command(words(line)), expected, "{line}");
        }
    }

    #[test]
    fn a_pipeline_is_in_one_slot() {
        let of = |lines: &[&'static str]| of_pipeline(lines.iter().map(|line| words(line)));
        let foo = Some(slot::of_key(b"foo"));
        assert_eq!(of(&["GET foo", "PING", "INCR {foo}"]).ok(), Some(foo));
        assert_eq!(of(&["PING"]).ok(), Some(None));
        let crossed = of(&["GET foo", "GET bar"]).expect_err("two slots");
        assert_eq!(crossed.code(), Some("CROSSSLOT"));
    }
}
