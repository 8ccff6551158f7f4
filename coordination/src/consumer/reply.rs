//! What the server answers, read. Pure.

use redis::{ErrorKind, RedisError, RedisResult, Value};

use super::entry::{Entry, EntryId};
use super::verdict::Standing;

/// An entry, and of how many deliveries the server knows.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Delivered {
    pub(super) entry: Entry,
    pub(super) count: u32,
    /// Whether it was this consumer's before.
    pub(super) was_ours: bool,
}

/// What a look at the group has shown.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Look {
    pub(super) last_delivered: EntryId,
    pub(super) first_pending: Option<EntryId>,
    pub(super) added: u64,
    pub(super) taken: Vec<Delivered>,
    pub(super) trimmed: u64,
    /// How many entries the group has not been given yet, where the server knows.
    pub(super) lag: Option<u64>,
}

/// Of `XREADGROUP`: entries that nobody has had before.
pub(super) fn read(value: Value) -> RedisResult<Vec<Entry>> {
    let per_stream = match value {
        Value::Nil => return Ok(Vec::new()),
        Value::Map(mut streams) => streams.pop().map(|(_, entries)| entries),
        Value::Array(mut streams) => match streams.pop() {
            Some(Value::Array(mut pair)) => pair.pop(),
            _ => None,
        },
        _ => None,
    };
    let entries = items(per_stream.ok_or_else(unexpected)?)?;
    entries
        .into_iter()
        .map(|entry| {
            let [id, fields] = parts(entry)?;
            self::entry(id, fields)
        })
        .collect()
}

pub(super) fn look(value: Value) -> RedisResult<Look> {
    let [last, pending, added, taken, trimmed, lag] = parts(value)?;
    Ok(Look {
        last_delivered: id(last)?,
        first_pending: match pending {
            Value::BulkString(bytes) if bytes.is_empty() => None,
            pending => Some(id(pending)?),
        },
        added: number(&added)?,
        taken: delivered(taken)?,
        trimmed: items(trimmed)?.len() as u64,
        lag: self::lag(&lag)?,
    })
}

/// Entries that were delivered to this consumer, and how many of them were trimmed.
pub(super) fn own(value: Value) -> RedisResult<(Vec<Delivered>, u64)> {
    let [own, trimmed] = parts(value)?;
    Ok((delivered(own)?, items(trimmed)?.len() as u64))
}

/// Where the group was made, and whether all of the stream is new. `None`: it was there.
pub(super) fn made(value: Value) -> RedisResult<Option<(String, bool)>> {
    if value == Value::Nil {
        return Ok(None);
    }
    let [at, is_new] = parts(value)?;
    let Value::BulkString(at) = at else {
        return Err(unexpected());
    };
    let at = String::from_utf8_lossy(&at).into_owned();
    Ok(Some((at, number(&is_new)? == 1)))
}

pub(super) fn standing(value: &Value) -> RedisResult<Standing> {
    match value {
        Value::Int(number) => Standing::of(*number).ok_or_else(unexpected),
        _ => Err(unexpected()),
    }
}

pub(super) fn standings(value: Value) -> RedisResult<Vec<Standing>> {
    items(value)?.iter().map(standing).collect()
}

/// Of a commit: how the entry stood, and what the command has answered.
pub(super) fn committed(value: Value) -> RedisResult<(Standing, Value)> {
    let [standing, reply] = parts(value)?;
    Ok((self::standing(&standing)?, reply))
}

/// How many entries wait, if that is known, and how many are pending.
pub(super) fn numbers(value: Value) -> RedisResult<(Option<u64>, u64)> {
    let [lag, pending] = parts(value)?;
    Ok((self::lag(&lag)?, number(&pending)?))
}

fn lag(value: &Value) -> RedisResult<Option<u64>> {
    match value {
        Value::Int(lag) => Ok(u64::try_from(*lag).ok()),
        _ => Err(unexpected()),
    }
}

fn delivered(value: Value) -> RedisResult<Vec<Delivered>> {
    let read = |one| {
        let [id, count, fields, was_ours] = parts(one)?;
        Ok(Delivered {
            entry: entry(id, fields)?,
            count: u32::try_from(number(&count)?).unwrap_or(u32::MAX),
            was_ours: number(&was_ours)? == 1,
        })
    };
    items(value)?.into_iter().map(read).collect()
}

fn entry(id: Value, fields: Value) -> RedisResult<Entry> {
    let mut pairs = Vec::new();
    let mut words = items(fields)?.into_iter();
    while let (Some(name), Some(value)) = (words.next(), words.next()) {
        pairs.push((bytes(name)?, bytes(value)?));
    }
    let id = self::id(id)?;
    Ok(Entry { id, fields: pairs })
}

fn id(value: Value) -> RedisResult<EntryId> {
    EntryId::parse(&bytes(value)?).ok_or_else(unexpected)
}

fn bytes(value: Value) -> RedisResult<Vec<u8>> {
    match value {
        Value::BulkString(bytes) => Ok(bytes),
        Value::SimpleString(text) => Ok(text.into_bytes()),
        _ => Err(unexpected()),
    }
}

fn number(value: &Value) -> RedisResult<u64> {
    match value {
        Value::Int(number) => u64::try_from(*number).map_err(|_| unexpected()),
        _ => Err(unexpected()),
    }
}

fn items(value: Value) -> RedisResult<Vec<Value>> {
    match value {
        Value::Array(items) => Ok(items),
        _ => Err(unexpected()),
    }
}

fn parts<const N: usize>(value: Value) -> RedisResult<[Value; N]> {
    items(value)?.try_into().map_err(|_| unexpected())
}

fn unexpected() -> RedisError {
    let text = "the reply to a stream's consumer is not what it should be";
    RedisError::from((ErrorKind::UnexpectedReturnType, text))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bulk(text: &str) -> Value {
        Value::BulkString(text.as_bytes().to_vec())
    }

    fn list<const N: usize>(items: [Value; N]) -> Value {
        Value::Array(items.into())
    }

    fn one() -> Value {
        list([list([bulk("1-1"), list([bulk("f"), bulk("v")])])])
    }

    #[test]
    fn entries_are_read_in_both_versions_of_the_protocol() {
        let resp2 = list([list([bulk("s"), one()])]);
        let resp3 = Value::Map(vec![(bulk("s"), one())]);
        for value in [resp2, resp3] {
            let read = read(value).expect("a reply");
            assert_eq!(read.len(), 1);
            assert_eq!(read[0].text("f"), Ok("v"));
        }
        assert_eq!(read(Value::Nil), Ok(Vec::new()));
        for wrong in [Value::Okay, list([]), list([Value::Int(1)])] {
            assert!(read(wrong).is_err());
        }
    }

    #[test]
    fn a_look_tells_what_is_pending_and_what_was_taken() {
        let taken = list([list([bulk("2-0"), Value::Int(3), list([]), Value::Int(0)])]);
        let value = |pending| {
            let last = bulk("9-0");
            let lag = Value::Int(4);
            list([
                last,
                bulk(pending),
                Value::Int(9),
                taken.clone(),
                one(),
                lag,
            ])
        };
        let seen = look(value("4-1")).expect("a reply");
        assert_eq!(seen.first_pending, "4-1".parse().ok());
        assert_eq!((seen.taken[0].count, seen.trimmed, seen.added), (3, 1, 9));
        assert_eq!(seen.lag, Some(4));
        assert_eq!(look(value("")).expect("a reply").first_pending, None);
        assert!(look(value("no")).is_err());
    }

    #[test]
    fn what_is_not_known_is_no_number() {
        let numbers = |lag| numbers(list([Value::Int(lag), Value::Int(2)]));
        assert_eq!(numbers(-1), Ok((None, 2)));
        assert_eq!(numbers(0), Ok((Some(0), 2)));
        assert_eq!(made(Value::Nil), Ok(None));
        let at = list([bulk("0-0"), Value::Int(1)]);
        assert_eq!(made(at), Ok(Some(("0-0".to_owned(), true))));
        assert_eq!(standings(list([Value::Int(3)])), Ok(vec![Standing::Done]));
        assert!(standings(list([Value::Int(9)])).is_err());
        assert!(committed(list([Value::Int(1)])).is_err());
    }
}
