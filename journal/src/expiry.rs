//! Commands that say for how long, after they have waited: pure.
//!
//! `SET k v EX 60` that is executed 20 s late gets 40 s. One whose time is over is executed with a millisecond: so what it would have replaced is gone
//! too, as it would be had it been executed in time.

use std::time::Duration;

use redis_resilient_connection::__seam::command::is;

/// Where a command has its time, and in what unit.
#[derive(Clone, Copy)]
struct Time {
    place: usize,
    is_seconds: bool,
}

/// The command with what is left of its time.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Adjusted {
    pub(crate) words: Vec<Vec<u8>>,
    /// Its time was over.
    pub(crate) is_over: bool,
}

/// The command, as it is to be executed so long after it was accepted; `None`: as it is.
pub(crate) fn adjusted(words: &[&[u8]], waited: Duration) -> Option<Adjusted> {
    let waited_ms = u64::try_from(waited.as_millis()).unwrap_or(u64::MAX);
    let time = time(words)?;
    let number: u64 = std::str::from_utf8(words[time.place]).ok()?.parse().ok()?;
    let unit = if time.is_seconds { 1_000 } else { 1 };
    let all_ms = number.checked_mul(unit)?;
    if waited_ms == 0 || all_ms == 0 {
        return None;
    }
    let left_ms = all_ms.saturating_sub(waited_ms);
    let mut adjusted: Vec<Vec<u8>> = words.iter().map(|word| word.to_vec()).collect();
    adjusted[time.place] = left_ms.max(1).to_string().into_bytes();
    if time.is_seconds {
        in_milliseconds(&mut adjusted, time.place);
    }
    Some(Adjusted {
        words: adjusted,
        is_over: left_ms == 0,
    })
}

/// The name, or the option, that takes milliseconds.
fn in_milliseconds(words: &mut [Vec<u8>], place: usize) {
    let name = words[0].to_ascii_uppercase();
    match name.as_slice() {
        b"SETEX" => words[0] = b"PSETEX".to_vec(),
        b"EXPIRE" => words[0] = b"PEXPIRE".to_vec(),
        b"HEXPIRE" => words[0] = b"HPEXPIRE".to_vec(),
        _ => words[place - 1] = b"PX".to_vec(),
    }
}

fn time(words: &[&[u8]]) -> Option<Time> {
    let (name, args) = words.split_first()?;
    let second = |is_seconds| {
        (args.len() >= 2).then_some(Time {
            place: 2,
            is_seconds,
        })
    };
    if is(name, "SET") {
        option(words, 3, words.len())
    } else if is(name, "SETEX") || is(name, "EXPIRE") || is(name, "HEXPIRE") {
        second(true)
    } else if is(name, "PSETEX") || is(name, "PEXPIRE") || is(name, "HPEXPIRE") {
        second(false)
    } else if is(name, "HSETEX") {
        let fields = words.iter().position(|word| is(word, "FIELDS"))?;
        option(words, 2, fields)
    } else if is(name, "MSETEX") {
        let pairs: usize = std::str::from_utf8(args.first()?).ok()?.parse().ok()?;
        option(words, pairs.checked_mul(2)?.checked_add(2)?, words.len())
    } else {
        None
    }
}

/// What stands behind `EX` or `PX` among these words.
fn option(words: &[&[u8]], from: usize, to: usize) -> Option<Time> {
    (from..to).find_map(|place| {
        let is_seconds = is(words[place], "EX");
        let is_time = is_seconds || is(words[place], "PX");
        (is_time && place + 1 < to).then_some(Time {
            place: place + 1,
            is_seconds,
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(line: &str, ms: u64) -> Option<(String, bool)> {
        let words: Vec<&[u8]> = line.split(' ').map(str::as_bytes).collect();
        let adjusted = adjusted(&words, Duration::from_millis(ms))?;
        let words: Vec<_> = adjusted
            .words
            .iter()
            .map(|word| String::from_utf8_lossy(word))
            .collect();
        Some((words.join(" "), adjusted.is_over))
    }

    #[test]
    fn what_is_left_is_what_they_get() {
        for (line, adjusted) in [
            ("SET k v EX 60", "SET k v PX 58500"),
            ("set k v px 60000 NX", "set k v px 58500 NX"),
            ("SET k v NX EX 60", "SET k v NX PX 58500"),
            ("SETEX k 60 v", "PSETEX k 58500 v"),
            ("PSETEX k 60000 v", "PSETEX k 58500 v"),
            ("EXPIRE k 60", "PEXPIRE k 58500"),
            ("PEXPIRE k 60000 GT", "PEXPIRE k 58500 GT"),
            ("HEXPIRE k 60 FIELDS 1 f", "HPEXPIRE k 58500 FIELDS 1 f"),
            (
                "HSETEX k EX 60 FIELDS 1 f v",
                "HSETEX k PX 58500 FIELDS 1 f v",
            ),
            ("MSETEX 2 a 1 b 2 EX 60", "MSETEX 2 a 1 b 2 PX 58500"),
        ] {
            assert_eq!(
                after(line, 1_500),
                Some((adjusted.to_owned(), false)),
                "{line}"
            );
        }
    }

    #[test]
    fn what_is_over_goes_at_once() {
        assert_eq!(
            after("SET k v EX 1", 1_000),
            Some(("SET k v PX 1".to_owned(), true))
        );
        assert_eq!(
            after("EXPIRE k 1", u64::MAX),
            Some(("PEXPIRE k 1".to_owned(), true))
        );
    }

    #[test]
    fn all_else_stays_as_it_is() {
        for line in [
            "SET k v",
            "SET EX 60 KEEPTTL",
            "SET k EX",
            "SET k v EXAT 60",
            "INCR k",
            "HSET k EX 60",
            "SETEX k",
            "SETEX k x v",
            "MSETEX 1 EX 60",
            "EXPIRE k -1",
            "EXPIRE k 0",
            "SET k v EX 99999999999999999999",
            "",
        ] {
            assert_eq!(after(line, 1_500), None, "{line}");
        }
        assert_eq!(after("SET k v EX 60", 0), None);
    }
}
