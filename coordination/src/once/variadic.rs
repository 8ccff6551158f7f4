//! Commands that do the same for each of many items, and so can be executed in parts: pure.

use redis_resilient_connection::__seam::command::is;

/// How a command is divided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Variadic {
    /// So many words stand before the first item.
    pub(super) first: usize,
    /// So many are an item.
    item: usize,
    pub(super) reply: Together,
    items: Items,
}

/// What becomes of the replies to all parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Together {
    Sum,
    Greatest,
    Last,
}

/// What the items are. A server looks at all of them before it executes a command: what it would refuse in a later part has to be found before
/// the first one is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Items {
    /// Anything is taken.
    Members,
    /// They begin with keys.
    Keys,
    /// They begin with scores.
    Scores,
    /// They are IDs of a stream's entries.
    Ids,
}

impl Together {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Sum => "sum",
            Self::Greatest => "max",
            Self::Last => "last",
        }
    }
}

impl Variadic {
    /// `None`: it cannot be divided.
    pub(super) fn of(name: &[u8]) -> Option<Self> {
        use Items::{Ids, Keys, Members, Scores};
        use Together::{Greatest, Last, Sum};
        const KNOWN: [(&str, usize, usize, Together, Items); 17] = [
            ("DEL", 1, 1, Sum, Keys),
            ("HDEL", 2, 1, Sum, Members),
            ("HMSET", 2, 2, Last, Members),
            ("HSET", 2, 2, Sum, Members),
            ("LPUSH", 2, 1, Last, Members),
            ("LPUSHX", 2, 1, Last, Members),
            ("MSET", 1, 2, Last, Keys),
            ("PFADD", 2, 1, Greatest, Members),
            ("RPUSH", 2, 1, Last, Members),
            ("RPUSHX", 2, 1, Last, Members),
            ("SADD", 2, 1, Sum, Members),
            ("SREM", 2, 1, Sum, Members),
            ("UNLINK", 1, 1, Sum, Keys),
            ("XACK", 3, 1, Sum, Ids),
            ("XDEL", 2, 1, Sum, Ids),
            ("ZADD", 2, 2, Sum, Scores),
            ("ZREM", 2, 1, Sum, Members),
        ];
        let (_, first, item, reply, items) = KNOWN.into_iter().find(|known| is(name, known.0))?;
        Some(Self {
            first,
            item,
            reply,
            items,
        })
    }

    /// How many words after the first ones go together, where all may be so many.
    pub(super) const fn together(&self, most: usize) -> usize {
        (most - self.first) / self.item * self.item
    }

    fn each<'a, 'w>(&self, words: &'w [&'a [u8]]) -> impl Iterator<Item = &'a [u8]> + use<'a, 'w> {
        words.iter().skip(self.first).step_by(self.item).copied()
    }

    /// The keys that it works on, where these are its items.
    pub(super) fn keys<'a, 'w>(
        &self,
        words: &'w [&'a [u8]],
    ) -> impl Iterator<Item = &'a [u8]> + use<'a, 'w> {
        let are_keys = self.items == Items::Keys;
        self.each(words).filter(move |_| are_keys)
    }

    /// Whether a server would take all of it.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(super) fn check(&self, words: &[&[u8]]) -> Result<(), String> {
        if !words
            .len()
            .saturating_sub(self.first)
            .is_multiple_of(self.item)
        {
            return Err("a field or key has no value".to_owned());
        }
        let (is_good, what): (fn(&[u8]) -> bool, _) = match self.items {
            Items::Members | Items::Keys => return Ok(()),
            Items::Scores => (is_score, "a score, and options are not taken there"),
            Items::Ids => (is_id, "a complete ID such as 1700000000000-0"),
        };
        match self.each(words).position(|word| !is_good(word)) {
            None => Ok(()),
            Some(index) => {
                let word = self.first + index * self.item;
                Err(format!("word {word} is not {what}"))
            }
        }
    }
}

/// Whether every server takes it for a number.
fn is_score(word: &[u8]) -> bool {
    let text = str::from_utf8(word).unwrap_or_default();
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    digits.eq_ignore_ascii_case("inf")
        || digits.starts_with(|first: char| first.is_ascii_digit() || first == '.')
            && text.parse::<f64>().is_ok_and(f64::is_finite)
}

fn is_id(word: &[u8]) -> bool {
    let is_number =
        |text: &str| text.bytes().all(|byte| byte.is_ascii_digit()) && text.parse::<u64>().is_ok();
    let text = str::from_utf8(word).unwrap_or_default();
    match text.split_once('-') {
        Some((time, sequence)) => is_number(time) && is_number(sequence),
        None => is_number(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(line: &str) -> Result<(), String> {
        let words: Vec<&[u8]> = line.split(' ').map(str::as_bytes).collect();
        Variadic::of(words[0]).expect("divisible").check(&words)
    }

    #[test]
    fn what_a_server_would_refuse_in_a_later_part_is_found_before() {
        for good in [
            "RPUSH k a b c",
            "hset k f v g w",
            "MSET k v",
            "ZADD k 1 a -2.5e3 b +inf c -INF d .5 e 7 f",
            "XDEL s 1 1700000000000-0 18446744073709551615-18446744073709551615",
            "XACK s g 1-0",
        ] {
            assert_eq!(checked(good), Ok(()), "{good}");
        }
        for (bad, wrong) in [
            ("HSET k f v g", "no value"),
            ("MSET k", "no value"),
            ("ZADD k 1 a 2", "no value"),
            ("ZADD k NX a", "word 2 is not a score"),
            ("ZADD k 1 a nan b", "word 4 is not a score"),
            ("ZADD k 1 a infinity b", "word 4 is not a score"),
            ("ZADD k 1 a 1e999 b", "word 4 is not a score"),
            ("XDEL s 1 - 2", "word 3 is not a complete ID"),
            ("XDEL s +1", "word 2 is not a complete ID"),
            ("XDEL s 18446744073709551616", "word 2 is not"),
            ("XACK s g 1-*", "word 3 is not"),
        ] {
            let error = checked(bad).expect_err(bad);
            assert!(error.contains(wrong), "{bad}: {error}");
        }
    }

    #[test]
    fn items_stay_whole_and_keys_are_found() {
        let variadic = |name: &str| Variadic::of(name.as_bytes()).expect("divisible");
        assert_eq!(variadic("RPUSH").together(10), 8);
        assert_eq!(variadic("HSET").together(11), 8);
        assert_eq!(variadic("MSET").together(10), 8);
        let words: Vec<&[u8]> = vec![b"MSET", b"a", b"1", b"b", b"2"];
        let keys: Vec<_> = variadic("mset").keys(&words).collect();
        assert_eq!(keys, [b"a", b"b"]);
        assert_eq!(variadic("HSET").keys(&words).count(), 0);
        assert_eq!(Variadic::of(b"XADD"), None);
    }
}
