//! Commands whose arguments decide what it means to execute them once more.
//!
//! Each function gets the arguments after the command's name. What it cannot read is [`Effect::Once`].

use super::Effect::{self, Once, Read, Repeatable, SameState};
use super::is;
use crate::command::script;

/// What is done only if something is so. Once it is done, that may be so no more, and the second answer is "not done".
const CONDITIONS: &[&str] = &[
    "FNX", "FXX", "GT", "IFDEQ", "IFDNE", "IFEQ", "IFNE", "LT", "NX", "XX",
];

/// In milliseconds: nobody repeats a command that long after its first execution.
const LONG_MS: i64 = 60_000;

const SECOND_MS: i64 = 1_000;

fn has(args: &[&[u8]], option: &str) -> bool {
    args.iter().any(|arg| is(arg, option))
}

fn is_one_of(arg: &[u8], words: &[&str]) -> bool {
    words.iter().any(|word| is(arg, word))
}

/// Whether one of them is a condition.
pub(crate) fn is_conditional(args: &[&[u8]]) -> bool {
    args.iter().any(|arg| is_one_of(arg, CONDITIONS))
}

fn after<'a, 'b>(args: &'b [&'a [u8]], count: usize) -> &'b [&'a [u8]] {
    args.get(count..).unwrap_or_default()
}

fn before<'a, 'b>(args: &'b [&'a [u8]], word: &str) -> &'b [&'a [u8]] {
    let end = args.iter().position(|arg| is(arg, word));
    &args[..end.unwrap_or(args.len())]
}

fn number(arg: Option<&&[u8]>) -> Option<i64> {
    std::str::from_utf8(arg?).ok()?.parse().ok()
}

/// The number of keys at this place, and the keys after it.
fn numbered<'a, 'b>(args: &'b [&'a [u8]], place: usize, each: usize) -> Option<&'b [&'a [u8]]> {
    let count = usize::try_from(number(args.get(place))?).ok()?;
    args.get(place + 1..)?.get(..count.checked_mul(each)?)
}

fn if_else(condition: bool, then: Effect, otherwise: Effect) -> Effect {
    if condition { then } else { otherwise }
}

/// `SET key value [option …]`. A deadline counts from the last execution, and the reply does not depend on it.
pub(super) fn set(args: &[&[u8]]) -> Effect {
    let options = after(args, 2);
    if_else(
        is_conditional(options) || has(options, "GET"),
        SameState,
        Repeatable,
    )
}

/// `MSETEX numkeys key value [key value …] [option …]`.
pub(super) fn msetex(args: &[&[u8]]) -> Effect {
    match numbered(args, 0, 2) {
        Some(pairs) => if_else(
            is_conditional(after(args, 1 + pairs.len())),
            SameState,
            Repeatable,
        ),
        None => Once,
    }
}

/// `HSETEX key [option …] FIELDS numfields field value [field value …]`.
pub(super) fn hsetex(args: &[&[u8]]) -> Effect {
    let options = before(after(args, 1), "FIELDS");
    if_else(is_conditional(options), SameState, Repeatable)
}

/// `EXPIRE key seconds [condition]`.
pub(super) fn expire(args: &[&[u8]]) -> Effect {
    expiry(args, SECOND_MS)
}

/// `PEXPIRE key milliseconds [condition]`.
pub(super) fn pexpire(args: &[&[u8]]) -> Effect {
    expiry(args, 1)
}

/// `HEXPIRE key seconds [condition] FIELDS numfields field [field …]`.
pub(super) fn hexpire(args: &[&[u8]]) -> Effect {
    expiry(before(args, "FIELDS"), SECOND_MS)
}

/// `HPEXPIRE key milliseconds [condition] FIELDS numfields field [field …]`.
pub(super) fn hpexpire(args: &[&[u8]]) -> Effect {
    expiry(before(args, "FIELDS"), 1)
}

/// A key that is gone by the time of the second execution makes another answer.
fn expiry(args: &[&[u8]], unit_ms: i64) -> Effect {
    if_else(
        args.len() == 2 && is_long(args.get(1), unit_ms),
        Repeatable,
        SameState,
    )
}

fn is_long(time: Option<&&[u8]>, unit_ms: i64) -> bool {
    number(time).is_some_and(|time| time.saturating_mul(unit_ms) >= LONG_MS)
}

/// `GETEX key [option]`.
pub(super) fn getex(args: &[&[u8]]) -> Effect {
    read_and_set_deadline(after(args, 1))
}

/// `HGETEX key [option] FIELDS numfields field [field …]`.
pub(super) fn hgetex(args: &[&[u8]]) -> Effect {
    read_and_set_deadline(before(after(args, 1), "FIELDS"))
}

fn read_and_set_deadline(options: &[&[u8]]) -> Effect {
    match options {
        [] => Read,
        [option] if is(option, "PERSIST") => Repeatable,
        [option, time] if is(option, "EX") && is_long(Some(time), SECOND_MS) => Repeatable,
        [option, time] if is(option, "PX") && is_long(Some(time), 1) => Repeatable,
        // The moment may be between the two.
        _ => SameState,
    }
}

/// `COPY source destination [DB number] [REPLACE]`.
pub(super) fn copy(args: &[&[u8]]) -> Effect {
    if_else(has(after(args, 2), "REPLACE"), Repeatable, SameState)
}

/// `RESTORE key ttl value [option …]`.
pub(super) fn restore(args: &[&[u8]]) -> Effect {
    if_else(has(after(args, 3), "REPLACE"), Repeatable, SameState)
}

/// `LREM key count element`. Unless it is all of them, others than the first time are removed.
pub(super) fn lrem(args: &[&[u8]]) -> Effect {
    if_else(number(args.get(1)) == Some(0), SameState, Once)
}

/// `LTRIM key start stop`. What is left is so many from one end, or else it is cut off anew each time.
pub(super) fn ltrim(args: &[&[u8]]) -> Effect {
    match (number(args.get(1)), number(args.get(2))) {
        (Some(0), Some(0.. | -1)) | (Some(..0), Some(-1)) => Repeatable,
        _ => Once,
    }
}

/// `ZADD key [option …] score member [score member …]`.
pub(super) fn zadd(args: &[&[u8]]) -> Effect {
    let mut options = after(args, 1)
        .iter()
        .take_while(|arg| is_one_of(arg, &["CH", "GT", "INCR", "LT", "NX", "XX"]));
    if_else(options.any(|option| is(option, "INCR")), Once, SameState)
}

/// `BITFIELD key [GET … | SET … | INCRBY … | OVERFLOW …]`. SET gives the old value.
pub(super) fn bitfield(args: &[&[u8]]) -> Effect {
    let parts = after(args, 1);
    if has(parts, "INCRBY") {
        Once
    } else {
        if_else(has(parts, "SET"), SameState, Read)
    }
}

/// `XADD key [option …] id field value [field value …]`. Also those that the server knows again (`IDMP`): it does for so many only.
pub(super) fn xadd(args: &[&[u8]]) -> Effect {
    let mut rest = after(args, 1);
    while let Some((word, more)) = rest.split_first() {
        let length = if is_one_of(word, &["ACKED", "DELREF", "KEEPREF", "NOMKSTREAM"]) {
            0
        } else if is_one_of(word, &["IDMPAUTO", "LIMIT"]) {
            1
        } else if is(word, "IDMP") {
            2
        } else if is_one_of(word, &["MAXLEN", "MINID"]) {
            let has_sign = more.first().is_some_and(|arg| is_one_of(arg, &["=", "~"]));
            1 + usize::from(has_sign)
        } else {
            // A second entry of the same id is refused.
            return if_else(word.contains(&b'*'), Once, SameState);
        };
        rest = after(more, length);
    }
    Once
}

/// What it reads is what it has written: it would start from its own result.
fn onto(destination: Option<&&[u8]>, sources: &[&[u8]]) -> Effect {
    match destination {
        Some(destination) => if_else(sources.contains(destination), Once, Repeatable),
        None => Once,
    }
}

/// `SUNIONSTORE destination key [key …]` and its like.
pub(super) fn set_store(args: &[&[u8]]) -> Effect {
    onto(args.first(), after(args, 1))
}

/// `ZUNIONSTORE destination numkeys key [key …] [option …]` and its like.
pub(super) fn numbered_store(args: &[&[u8]]) -> Effect {
    numbered(args, 1, 1).map_or(Once, |sources| onto(args.first(), sources))
}

/// `ZRANGESTORE destination source …`, `GEOSEARCHSTORE destination source …`.
pub(super) fn onto_second(args: &[&[u8]]) -> Effect {
    args.get(1)
        .map_or(Once, |source| onto(args.first(), &[source]))
}

/// `BITOP operation destination key [key …]`.
pub(super) fn bitop(args: &[&[u8]]) -> Effect {
    onto(args.get(1), after(args, 2))
}

/// `GEORADIUS key longitude latitude radius unit [option …]`.
pub(super) fn georadius(args: &[&[u8]]) -> Effect {
    radius(args, 5)
}

/// `GEORADIUSBYMEMBER key member radius unit [option …]`.
pub(super) fn georadius_by_member(args: &[&[u8]]) -> Effect {
    radius(args, 4)
}

fn radius(args: &[&[u8]], before_options: usize) -> Effect {
    let options = after(args, before_options);
    let stores = |word: &[u8]| is_one_of(word, &["STORE", "STOREDIST"]);
    let destinations = options.windows(2).filter(|pair| stores(pair[0]));
    let effects = destinations.map(|pair| onto(args.first(), &[pair[1]]));
    effects.max().unwrap_or_else(|| {
        let is_cut_off = options.last().is_some_and(|word| stores(word));
        if_else(is_cut_off, Once, Read)
    })
}

/// `SORT key [BY pattern] [LIMIT offset count] [GET pattern …] [ASC | DESC] [ALPHA] [STORE destination]`.
pub(super) fn sort(args: &[&[u8]]) -> Effect {
    let mut destination = None;
    let mut reads_others = false;
    let mut rest = after(args, 1);
    while let Some((word, more)) = rest.split_first() {
        let length = if is_one_of(word, &["ALPHA", "ASC", "DESC"]) {
            0
        } else if is(word, "LIMIT") {
            2
        } else if is_one_of(word, &["BY", "GET"]) {
            reads_others |= more.first().is_some_and(|pattern| pattern.contains(&b'*'));
            1
        } else if is(word, "STORE") {
            destination = more.first();
            1
        } else {
            return Once;
        };
        rest = after(more, length);
    }
    match destination {
        None => Read,
        // The pattern may name the destination.
        Some(_) if reads_others => Once,
        destination => onto(destination, &args[..1]),
    }
}

/// `EVAL script numkeys …`. Of the scripts of this crate it is known what they do.
pub(super) fn eval(args: &[&[u8]]) -> Effect {
    let is_ours = |code: &&[u8]| code.starts_with(script::REPEATABLE.as_bytes());
    if_else(args.first().is_some_and(is_ours), Repeatable, Once)
}

/// `ACL LOG [count | RESET]`.
pub(super) fn acl_log(args: &[&[u8]]) -> Effect {
    if_else(has(args, "RESET"), Once, Read)
}

/// `FUNCTION LOAD [REPLACE] code`.
pub(super) fn function_load(args: &[&[u8]]) -> Effect {
    let options = &args[..args.len().saturating_sub(1)];
    if_else(has(options, "REPLACE"), Repeatable, SameState)
}

/// `FUNCTION RESTORE value [FLUSH | APPEND | REPLACE]`. FLUSH takes away what others have loaded in the meantime.
pub(super) fn function_restore(args: &[&[u8]]) -> Effect {
    match after(args, 1) {
        [policy] if is(policy, "REPLACE") => Repeatable,
        [policy] if is(policy, "FLUSH") => Once,
        _ => SameState,
    }
}
