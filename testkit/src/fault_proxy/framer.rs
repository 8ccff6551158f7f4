//! Finds where one reply ends and the next begins.

/// Follows the replies in a stream of RESP2 or RESP3 that comes in pieces.
#[derive(Debug, Default)]
pub(super) struct Framer {
    /// How many values are still to come until the reply is complete; 0 between replies.
    values: u64,
    /// How many bytes are still to come of the string being passed, with its line end.
    payload: u64,
    /// The part of a line that has come so far.
    line: Vec<u8>,
}

impl Framer {
    /// Whether the next byte begins a reply.
    pub(super) fn at_start(&self) -> bool {
        self.values == 0
    }

    /// Goes on to the end of the reply or of `bytes`, whichever is first; returns how many bytes
    /// that is, and whether the reply is complete.
    pub(super) fn advance(&mut self, bytes: &[u8]) -> (usize, bool) {
        self.values = self.values.max(1);
        let mut at = 0;
        while at < bytes.len() && self.values > 0 {
            if self.payload > 0 {
                let rest = bytes.len() - at;
                let length = usize::try_from(self.payload).map_or(rest, |left| left.min(rest));
                self.payload -= length as u64;
                at += length;
                if self.payload == 0 {
                    self.values -= 1;
                }
                continue;
            }
            let rest = &bytes[at..];
            let end = rest.iter().position(|byte| *byte == b'\n');
            let length = end.map_or(rest.len(), |end| end + 1);
            self.line.extend_from_slice(&rest[..length]);
            at += length;
            if end.is_some() {
                self.end_line();
            }
        }
        (at, self.values == 0)
    }

    fn end_line(&mut self) {
        let line = std::mem::take(&mut self.line);
        let number = || {
            let digits = std::str::from_utf8(line.get(1..)?).ok()?;
            // Null is -1: it has no payload and no values inside.
            digits.trim_end().parse::<u64>().ok()
        };
        match line.first() {
            Some(b'$' | b'!' | b'=') => match number() {
                Some(length) => self.payload = length.saturating_add(2),
                None => self.values -= 1,
            },
            Some(b'*' | b'~' | b'>') => self.values = self.values - 1 + number().unwrap_or(0),
            Some(b'%') => self.values = self.values - 1 + 2 * number().unwrap_or(0),
            // Attributes precede the value they belong to.
            Some(b'|') => self.values += 2 * number().unwrap_or(0),
            _ => self.values -= 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Splits a stream that comes in pieces of `size` bytes.
    fn split(stream: &str, size: usize) -> Vec<String> {
        let mut framer = Framer::default();
        let mut replies = vec![String::new()];
        for mut piece in stream.as_bytes().chunks(size) {
            while !piece.is_empty() {
                let (length, is_last) = framer.advance(piece);
                let text = std::str::from_utf8(&piece[..length]).unwrap();
                replies.last_mut().unwrap().push_str(text);
                if is_last {
                    assert!(framer.at_start());
                    replies.push(String::new());
                }
                piece = &piece[length..];
            }
        }
        assert_eq!(replies.pop().as_deref(), Some(""), "an incomplete reply");
        replies
    }

    #[test]
    fn finds_each_reply_however_the_stream_is_cut() {
        let replies = [
            "+OK\r\n",
            "-ERR no\r\n",
            ":12\r\n",
            "$5\r\na\r\nb\n\r\n",
            "$0\r\n\r\n",
            "$-1\r\n",
            "*-1\r\n",
            "*0\r\n",
            "*2\r\n*1\r\n$1\r\na\r\n:1\r\n",
            "%1\r\n+k\r\n*2\r\n:1\r\n_\r\n",
            "~1\r\n#t\r\n",
            ",1.5\r\n",
            "(123\r\n",
            "!3\r\nERR\r\n",
            "=6\r\ntxt:ab\r\n",
            "|1\r\n+ttl\r\n:3\r\n$1\r\na\r\n",
            ">2\r\n+message\r\n+hi\r\n",
        ];
        for size in 1..40 {
            assert_eq!(split(&replies.concat(), size), replies, "pieces of {size}");
        }
    }
}
