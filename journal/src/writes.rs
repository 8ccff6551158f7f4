//! Which commands are writes that can be executed later, and what keys they work on: pure.

use redis_resilient_connection::__seam::command::is;

/// Where a command has its keys, behind its name.
#[derive(Clone, Copy)]
enum Keys {
    First,
    FirstTwo,
    /// Each word.
    All,
    /// Each second word.
    Pairs,
    /// So many words stand before their number, which they follow.
    Counted(usize),
    /// As many pairs of key and value as the first word says.
    CountedPairs,
    /// The first, and those that follow their number, which is the second.
    FirstAndCounted,
    /// All but the first.
    AfterFirst,
}

use Keys::{AfterFirst, All, Counted, CountedPairs, First, FirstAndCounted, FirstTwo, Pairs};

/// Writes whose effect is what they are for, in the order of their bytes: they are searched.
///
/// Not those whose reply is the point (`LPOP`, `GETDEL`, `SPOP`, `XREADGROUP`): what they take away would be lost with the reply.
const WRITES: &[(&str, Keys)] = &[
    ("APPEND", First),
    ("BITFIELD", First),
    ("BITOP", AfterFirst),
    ("COPY", FirstTwo),
    ("DECR", First),
    ("DECRBY", First),
    ("DEL", All),
    ("DELEX", First),
    ("DELIFEQ", First),
    ("EVAL", Counted(1)),
    ("EXPIRE", First),
    ("EXPIREAT", First),
    ("FCALL", Counted(1)),
    ("GEOADD", First),
    ("GEOSEARCHSTORE", FirstTwo),
    ("HDEL", First),
    ("HEXPIRE", First),
    ("HEXPIREAT", First),
    ("HINCRBY", First),
    ("HINCRBYFLOAT", First),
    ("HMSET", First),
    ("HPERSIST", First),
    ("HPEXPIRE", First),
    ("HPEXPIREAT", First),
    ("HSET", First),
    ("HSETEX", First),
    ("HSETNX", First),
    ("INCR", First),
    ("INCRBY", First),
    ("INCRBYFLOAT", First),
    ("LINSERT", First),
    ("LPUSH", First),
    ("LPUSHX", First),
    ("LREM", First),
    ("LSET", First),
    ("LTRIM", First),
    ("MSET", Pairs),
    ("MSETEX", CountedPairs),
    ("MSETNX", Pairs),
    ("PERSIST", First),
    ("PEXPIRE", First),
    ("PEXPIREAT", First),
    ("PFADD", First),
    ("PFMERGE", All),
    ("PSETEX", First),
    ("RENAME", FirstTwo),
    ("RENAMENX", FirstTwo),
    ("RPUSH", First),
    ("RPUSHX", First),
    ("SADD", First),
    ("SDIFFSTORE", All),
    ("SET", First),
    ("SETBIT", First),
    ("SETEX", First),
    ("SETNX", First),
    ("SETRANGE", First),
    ("SINTERSTORE", All),
    ("SMOVE", FirstTwo),
    ("SREM", First),
    ("SUNIONSTORE", All),
    ("UNLINK", All),
    ("XACK", First),
    ("XADD", First),
    ("XDEL", First),
    ("XTRIM", First),
    ("ZADD", First),
    ("ZDIFFSTORE", FirstAndCounted),
    ("ZINCRBY", First),
    ("ZINTERSTORE", FirstAndCounted),
    ("ZRANGESTORE", FirstTwo),
    ("ZREM", First),
    ("ZREMRANGEBYLEX", First),
    ("ZREMRANGEBYRANK", First),
    ("ZREMRANGEBYSCORE", First),
    ("ZUNIONSTORE", FirstAndCounted),
];

/// Conditions under which a `SET` sets: whoever sends one wants to know whether it did, as who takes a lock does.
const CONDITIONS: [&str; 7] = ["GET", "IFDEQ", "IFDNE", "IFEQ", "IFNE", "NX", "XX"];

/// A write, and what it means to execute it later.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Write<'a> {
    pub(crate) keys: Vec<&'a [u8]>,
    /// Whether it depends on what is there when it is executed, so that it is kept only for who asks for that.
    pub(crate) is_conditional: bool,
}

/// What the command writes; `None` if it is not a write that can be executed later.
pub(crate) fn write<'a>(words: &[&'a [u8]]) -> Option<Write<'a>> {
    let (name, args) = words.split_first()?;
    let keys = keys(find(name)?, args)?;
    let options = args.get(2..).unwrap_or_default();
    let is_conditional = is(name, "SETNX")
        || is(name, "MSETNX")
        || is(name, "SET")
            && options
                .iter()
                .any(|word| CONDITIONS.iter().any(|known| is(word, known)));
    (!keys.is_empty()).then_some(Write {
        keys,
        is_conditional,
    })
}

/// Whether it sets the whole value, whatever was there, and nothing else: of two in a row only the later one matters.
pub(crate) fn is_plain_set(words: &[&[u8]]) -> bool {
    matches!(words, [name, _, _] if is(name, "SET"))
}

fn find(name: &[u8]) -> Option<Keys> {
    let name = name.to_ascii_uppercase();
    let place = WRITES.binary_search_by(|(known, _)| known.as_bytes().cmp(&name));
    Some(WRITES[place.ok()?].1)
}

fn keys<'a>(place: Keys, args: &[&'a [u8]]) -> Option<Vec<&'a [u8]>> {
    let number = |place: usize| -> Option<usize> {
        let word = args.get(place)?;
        std::str::from_utf8(word).ok()?.parse().ok()
    };
    let counted = |place: usize| {
        let count = number(place)?;
        args.get(place + 1..)?.get(..count)
    };
    Some(match place {
        First => vec![*args.first()?],
        FirstTwo => args.get(..2)?.to_vec(),
        All => args.to_vec(),
        AfterFirst => args.get(1..)?.to_vec(),
        Pairs => args.iter().step_by(2).copied().collect(),
        Counted(place) => counted(place)?.to_vec(),
        CountedPairs => {
            let pairs = args.get(1..)?.get(..number(0)?.checked_mul(2)?)?;
            pairs.iter().step_by(2).copied().collect()
        }
        FirstAndCounted => {
            let mut keys = vec![*args.first()?];
            keys.extend_from_slice(counted(1)?);
            keys
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(line: &str) -> Option<(String, bool)> {
        let words: Vec<&[u8]> = line.split(' ').map(str::as_bytes).collect();
        let write = write(&words)?;
        let keys: Vec<_> = write
            .keys
            .iter()
            .map(|key| String::from_utf8_lossy(key))
            .collect();
        Some((keys.join(" "), write.is_conditional))
    }

    #[test]
    fn the_table_is_sorted() {
        assert!(WRITES.is_sorted_by_key(|(name, _)| name));
    }

    #[test]
    fn all_keys_of_a_write_are_found() {
        for (line, keys) in [
            ("SET k v", "k"),
            ("set k v EX 10", "k"),
            ("MSET a 1 b 2", "a b"),
            ("MSETEX 2 a 1 b 2 EX 5", "a b"),
            ("DEL a b c", "a b c"),
            ("EVAL script 2 a b c", "a b"),
            ("COPY a b REPLACE", "a b"),
            ("BITOP AND a b c", "a b c"),
            ("ZUNIONSTORE d 2 a b WEIGHTS 1 2", "d a b"),
            ("XADD s * f v", "s"),
            ("ZADD z NX 1 a", "z"),
        ] {
            assert_eq!(written(line), Some((keys.to_owned(), false)), "{line}");
        }
    }

    #[test]
    fn what_asks_for_a_condition_is_told_apart() {
        for line in [
            "SETNX k v",
            "SET k v NX",
            "set k v px 5 nx",
            "SET k v GET",
            "MSETNX a 1",
        ] {
            assert!(
                written(line).is_some_and(|(_, is_conditional)| is_conditional),
                "{line}"
            );
        }
        assert_eq!(written("SET NX GET"), Some(("NX".to_owned(), false)));
    }

    #[test]
    fn what_is_read_or_taken_away_is_no_write() {
        for line in [
            "GET k",
            "LPOP k",
            "GETDEL k",
            "SPOP k",
            "BLPOP k 0",
            "XREADGROUP GROUP g c STREAMS s >",
            "PUBLISH c m",
            "FLUSHALL",
            "CONFIG SET a b",
            "EVAL script 0 a",
            "EVAL script 2 a",
            "EVAL script x a",
            "MSETEX 9 a 1",
            "SET",
            "",
            "UNHEARDOF k",
        ] {
            assert_eq!(written(line), None, "{line}");
        }
    }

    #[test]
    fn only_a_set_without_options_is_plain() {
        let plain =
            |line: &str| is_plain_set(&line.split(' ').map(str::as_bytes).collect::<Vec<_>>());
        assert!(plain("set k v"));
        assert!(!plain("SET k v EX 5"));
        assert!(!plain("SET k v KEEPTTL"));
        assert!(!plain("HSET k f v"));
    }
}
