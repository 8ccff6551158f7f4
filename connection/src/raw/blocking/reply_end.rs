//! Where a reply ends, in the bytes that have come so far.
//!
//! Pure. What the reply says is left to redis-rs: its parser keeps to itself how many bytes it has taken, and so whether some are left over.

/// How far a reply has been looked through.
#[derive(Clone, Copy, Debug)]
pub(super) struct ReplyEnd {
    /// Where the next value begins.
    at: usize,
    /// Up to here there is no end of its line.
    searched: usize,
    /// Values that are to come.
    missing: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Seen {
    /// The reply has at least so many bytes.
    Part(usize),
    /// It has so many.
    Whole(usize),
    /// It is none: what is there cannot be a part of one.
    NoReply(usize),
}

impl ReplyEnd {
    pub(super) const fn new() -> Self {
        Self {
            at: 0,
            searched: 0,
            missing: 1,
        }
    }

    /// What of it is in these bytes: those of the last look, and more.
    pub(super) fn look(&mut self, bytes: &[u8]) -> Seen {
        while self.missing > 0 {
            let Some(kind) = bytes.get(self.at) else {
                return Seen::Part(self.at.saturating_add(1));
            };
            if !b"+-:_,#($!=*~>%|".contains(kind) {
                return Seen::NoReply(self.at);
            }
            let Some(end) = self.line_end(bytes) else {
                return Seen::Part(bytes.len().saturating_add(1));
            };
            let line = &bytes[self.at + 1..end - 2];
            match Self::behind(*kind, line, end) {
                Some(Behind::Values(values)) => {
                    let Some(missing) = (self.missing - 1).checked_add(values) else {
                        return Seen::NoReply(self.at);
                    };
                    self.next(end, missing);
                }
                Some(Behind::Bytes(last)) => match bytes.get(last - 2..last) {
                    Some(b"\r\n") => self.next(last, self.missing - 1),
                    Some(_) => return Seen::NoReply(self.at),
                    None => return Seen::Part(last),
                },
                None => return Seen::NoReply(self.at),
            }
        }
        Seen::Whole(self.at)
    }

    const fn next(&mut self, at: usize, missing: u64) {
        *self = Self {
            at,
            searched: at,
            missing,
        };
    }

    /// Behind the `\r\n` of the line that the value begins with.
    fn line_end(&mut self, bytes: &[u8]) -> Option<usize> {
        let mut from = self.searched.max(self.at + 1);
        while let Some(found) = bytes.get(from..)?.iter().position(|byte| *byte == b'\r') {
            let after = from + found + 1;
            match bytes.get(after) {
                Some(b'\n') => return Some(after + 1),
                Some(_) => from = after,
                None => {
                    self.searched = after - 1;
                    return None;
                }
            }
        }
        self.searched = bytes.len();
        None
    }

    /// What follows on this line, which ends there; `None`: that cannot be.
    fn behind(kind: u8, line: &[u8], end: usize) -> Option<Behind> {
        let number = || std::str::from_utf8(line).ok()?.trim().parse::<i64>().ok();
        let values = |each: u64, more: u64| {
            let count = u64::try_from(number()?).ok()?;
            let values = count.checked_mul(each)?.checked_add(more)?;
            Some(Behind::Values(values))
        };
        match kind {
            b'$' | b'*' | b'~' | b'>' if number()? < 0 => Some(Behind::Values(0)),
            b'$' | b'!' | b'=' => {
                let length = usize::try_from(number()?).ok()?;
                Some(Behind::Bytes(end.checked_add(length)?.checked_add(2)?))
            }
            b'*' | b'~' | b'>' => values(1, 0),
            b'%' => values(2, 0),
            // An attribute, and the value that has it.
            b'|' => values(2, 1),
            _ => Some(Behind::Values(0)),
        }
    }
}

enum Behind {
    /// So many of them, which are parts of this one.
    Values(u64),
    /// Bytes up to there.
    Bytes(usize),
}

#[cfg(test)]
mod tests {
    use super::*;

    const REPLIES: &[&str] = &[
        "+OK\r\n",
        "-ERR no\r\n",
        ":12\r\n",
        "$3\r\nabc\r\n",
        "$0\r\n\r\n",
        "$-1\r\n",
        "*-1\r\n",
        "*0\r\n",
        "*2\r\n$1\r\na\r\n*1\r\n:1\r\n",
        "%1\r\n+a\r\n*2\r\n_\r\n#t\r\n",
        "~2\r\n,1.5\r\n(12345678901234567890\r\n",
        "|1\r\n+a\r\n+b\r\n:7\r\n",
        ">2\r\n+invalidate\r\n*1\r\n$1\r\nk\r\n",
        "=7\r\ntxt:abc\r\n",
        "!5\r\nERR n\r\n",
        "+a\rb\r\n",
        "$4\r\n\r\n\r\n\r\n",
    ];

    #[test]
    fn a_reply_ends_where_the_parser_ends_it() {
        for text in REPLIES {
            let bytes = [text.as_bytes(), b"+more\r\n"].concat();
            assert_eq!(
                ReplyEnd::new().look(&bytes),
                Seen::Whole(text.len()),
                "{text:?}"
            );
            assert!(
                redis::parse_redis_value(text.as_bytes()).is_ok(),
                "{text:?}"
            );
        }
    }

    #[test]
    fn it_may_come_byte_by_byte() {
        for text in REPLIES {
            let (bytes, mut end) = (text.as_bytes(), ReplyEnd::new());
            for length in 0..bytes.len() {
                match end.look(&bytes[..length]) {
                    Seen::Part(least) => {
                        assert!(least > length && least <= bytes.len(), "{text:?}");
                    }
                    other => panic!("{text:?} after {length}: {other:?}"),
                }
            }
            assert_eq!(end.look(bytes), Seen::Whole(bytes.len()), "{text:?}");
        }
    }

    #[test]
    fn what_is_no_reply_is_told_at_once() {
        for text in [
            "HTTP/1.1 503 Service Unavailable\r\n",
            "hello",
            "\r\n",
            "$x\r\n",
            "$3\r\nabcde",
            "*2\r\n+OK\r\nhello",
            "!-1\r\n",
            "%-1\r\n",
            "$?\r\n",
            "*9223372036854775807\r\n%9223372036854775807\r\n%9223372036854775807\r\n",
            "$9223372036854775807\r\n%9\r\n%",
        ] {
            let seen = ReplyEnd::new().look(text.as_bytes());
            let huge = text.starts_with("$9");
            assert_eq!(
                matches!(seen, Seen::NoReply(_)),
                !huge,
                "{text:?}: {seen:?}"
            );
        }
    }

    #[test]
    fn a_long_line_is_not_searched_again_from_its_beginning() {
        let mut end = ReplyEnd::new();
        let bytes = [b'+'].into_iter().chain([b'a'; 999]).collect::<Vec<_>>();
        assert_eq!(end.look(&bytes), Seen::Part(1001));
        assert_eq!(end.searched, 1000);
    }
}
