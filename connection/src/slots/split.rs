//! Commands whose keys are in several slots: each slot gets its part, and the replies are put together.
//!
//! Pure.

use redis::{Cmd, RedisError, RedisResult, Value};

use super::super::command::{Args, is};
use crate::command::slot;

/// How the replies to the parts become one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Together {
    /// Each key has its own value.
    Values,
    /// Each part says how many.
    Sum,
    /// Each part says that it is done.
    Done,
}

/// The commands that are split, how many words each key has after it, and what becomes of the replies.
const SPLIT: &[(&str, usize, Together)] = &[
    ("DEL", 0, Together::Sum),
    ("EXISTS", 0, Together::Sum),
    ("MGET", 0, Together::Values),
    ("MSET", 1, Together::Done),
    ("TOUCH", 0, Together::Sum),
    ("UNLINK", 0, Together::Sum),
];

/// One command in parts.
#[derive(Debug)]
pub(crate) struct Split {
    pub(crate) parts: Vec<Part>,
    together: Together,
    keys: usize,
}

/// What goes to the owner of one slot.
#[derive(Debug)]
pub(crate) struct Part {
    pub(crate) slot: usize,
    pub(crate) command: Cmd,
    /// Which keys of the whole these are.
    places: Vec<usize>,
}

/// The keys of a command that is split where they are in several slots. `None`: it is none of those.
pub(crate) fn keys<'a>(command: impl Args<'a>) -> Option<impl Iterator<Item = &'a [u8]>> {
    let mut args = command;
    let name = args.next()?;
    let (_, after, _) = SPLIT.iter().find(|(known, _, _)| is(name, known))?;
    Some(args.step_by(after + 1))
}

impl Split {
    /// `None`: this command is not split.
    pub(crate) fn of<'a>(command: impl Args<'a>) -> Option<Self> {
        let mut args = command;
        let name = args.next()?;
        let (_, after, together) = SPLIT.iter().find(|(known, _, _)| is(name, known))?;
        let words: Vec<_> = args.collect();
        let items: Vec<_> = words.chunks(after + 1).collect();
        let mut parts: Vec<Part> = Vec::new();
        for (place, item) in items.iter().enumerate() {
            let slot = slot::of_key(item.first()?);
            let known = parts.iter().position(|part| part.slot == slot);
            let known = known.unwrap_or_else(|| {
                let mut command = Cmd::new();
                command.arg(name);
                parts.push(Part {
                    slot,
                    command,
                    places: Vec::new(),
                });
                parts.len() - 1
            });
            let part = &mut parts[known];
            part.command.arg(*item);
            part.places.push(place);
        }
        Some(Self {
            parts,
            together: *together,
            keys: items.len(),
        })
    }

    /// The reply to all of it, of those to its parts in their order.
    ///
    /// # Errors
    /// If a part was refused.
    pub(crate) fn reply(&self, replies: Vec<Value>) -> RedisResult<Value> {
        let mut values = vec![Value::Nil; self.keys];
        let mut sum = 0;
        for (part, reply) in self.parts.iter().zip(replies) {
            match (self.together, reply.extract_error()?) {
                (Together::Values, Value::Array(items)) => {
                    let places = part.places.iter();
                    places
                        .zip(items)
                        .for_each(|(place, item)| values[*place] = item);
                }
                (Together::Sum, Value::Int(number)) => sum += number,
                (Together::Done, Value::Okay) => {}
                (_, reply) => return Err(no_part(&reply)),
            }
        }
        Ok(match self.together {
            Together::Values => Value::Array(values),
            Together::Sum => Value::Int(sum),
            Together::Done => Value::Okay,
        })
    }
}

fn no_part(reply: &Value) -> RedisError {
    (
        redis::ErrorKind::UnexpectedReturnType,
        "a part of a command has no reply of its kind",
        format!("{reply:?}"),
    )
        .into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command;

    fn split(line: &str) -> Option<Split> {
        Split::of(line.split_ascii_whitespace().map(str::as_bytes))
    }

    fn parts(split: &Split) -> Vec<String> {
        let text = |part: &Part| {
            let words: Vec<_> = command::args(&part.command)
                .map(|word| String::from_utf8_lossy(word).into_owned())
                .collect();
            words.join(" ")
        };
        split.parts.iter().map(text).collect()
    }

    #[test]
    fn each_slot_gets_its_own() {
        let whole = split("MGET {a}1 {b}1 {a}2").expect("it is split");
        assert_eq!(parts(&whole), ["MGET {a}1 {a}2", "MGET {b}1"]);
        let whole = split("mset {a}1 x {b}1 y {a}2 z").expect("it is split");
        assert_eq!(parts(&whole), ["mset {a}1 x {a}2 z", "mset {b}1 y"]);
        assert!(split("GET a").is_none());
        assert!(split("").is_none());
    }

    #[test]
    fn the_replies_become_one() {
        let values =
            |values: &[i64]| Value::Array(values.iter().copied().map(Value::Int).collect());
        let whole = split("MGET {a}1 {b}1 {a}2").expect("it is split");
        let reply = whole.reply(vec![values(&[1, 3]), values(&[2])]);
        assert_eq!(reply, Ok(values(&[1, 2, 3])));
        let whole = split("DEL {a}1 {b}1 {a}2").expect("it is split");
        let reply = whole.reply(vec![Value::Int(2), Value::Int(1)]);
        assert_eq!(reply, Ok(Value::Int(3)));
        let whole = split("MSET {a}1 x {b}1 y").expect("it is split");
        let reply = whole.reply(vec![Value::Okay, Value::Okay]);
        assert_eq!(reply, Ok(Value::Okay));
    }

    #[test]
    fn one_that_was_refused_is_the_reply_to_all() {
        let refused = redis::parse_redis_value(b"-TRYAGAIN no\r\n").expect("a reply");
        let whole = split("MGET {a}1 {b}1").expect("it is split");
        let error = whole.reply(vec![Value::Array(vec![Value::Nil]), refused]);
        assert_eq!(error.expect_err("refused").code(), Some("TRYAGAIN"));
        assert!(whole.reply(vec![Value::Okay, Value::Okay]).is_err());
    }
}
