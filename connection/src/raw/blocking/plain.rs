//! Replies over a socket, one for each command, and none beside.
//!
//! Redis-rs's own blocking connection limits each read and not the reply, keeps to itself what has come behind a reply, and gives it to the
//! next command. So the socket is read here, and redis-rs is given one whole reply after the other.

use std::io;
use std::time::Duration;

use redis::{ConnectionInfo, ErrorKind, Parser, RedisError, RedisResult, Value};

use super::Wait;
use super::reply_end::{ReplyEnd, Seen};
use super::socket::{Socket, Unread};
use crate::deadline::Deadline;
use crate::raw::no_answer;
use redis_resilient_runtime::__seam::tagged;
use redis_resilient_runtime::Class;

/// What is read at once, at least.
const ROOM: usize = 16 * 1024;

/// What is kept after a large reply, at most.
const MOST_ROOM: usize = 1024 * 1024;

pub(super) struct PlainRaw {
    socket: Socket,
    /// Kept for its buffer.
    parser: Parser,
    buffer: Vec<u8>,
    /// What has come and is nobody's yet is between these.
    begin: usize,
    end: usize,
    /// How long it may take to take a command, and to answer one.
    limit: Duration,
    longest_reply: Option<usize>,
    /// Its holder has asked for messages beside the replies. Else nobody has.
    takes_pushes: bool,
    is_ended: bool,
}

impl PlainRaw {
    pub(super) fn connect(
        info: &ConnectionInfo,
        deadline: Deadline,
        limit: Duration,
        longest_reply: Option<usize>,
    ) -> RedisResult<Self> {
        Ok(Self {
            socket: Socket::connect(info, deadline)?,
            parser: Parser::new(),
            buffer: vec![0; ROOM],
            begin: 0,
            end: 0,
            limit,
            longest_reply,
            takes_pushes: false,
            is_ended: false,
        })
    }

    pub(super) const fn is_open(&self) -> bool {
        !self.is_ended
    }

    pub(super) const fn take_pushes(&mut self, takes: bool) {
        self.takes_pushes = takes;
    }

    /// Whether nothing has come that nobody has asked for, nor its end.
    pub(super) fn is_quiet(&mut self) -> bool {
        self.is_ended = self.is_ended
            || match self.socket.unread() {
                Unread::Nothing => false,
                // The rest of a push, of which the beginning is here.
                Unread::From(_) if self.end > 0 => false,
                Unread::From(first) => !self.may_begin_with(first),
                Unread::End => true,
            };
        !self.is_ended
    }

    /// Whether what has come beside the replies may begin so.
    const fn may_begin_with(&self, first: u8) -> bool {
        self.takes_pushes && first == b'>'
    }

    /// Sends it, and waits for its reply.
    pub(super) fn ask(&mut self, packed: &[u8], wait: &mut Wait<'_>) -> RedisResult<Value> {
        self.begin(packed)?;
        let reply = self.receive(Deadline::after(wait.limit), wait)?;
        self.settle();
        Ok(reply)
    }

    /// Sends it, and waits for so many replies.
    pub(super) fn exchange(
        &mut self,
        packed: &[u8],
        count: usize,
        wait: &mut Wait<'_>,
    ) -> RedisResult<Vec<Value>> {
        self.begin(packed)?;
        let deadline = Deadline::after(wait.limit);
        let mut replies = Vec::new();
        for _ in 0..count {
            replies.push(self.receive(deadline, wait)?);
        }
        self.settle();
        Ok(replies)
    }

    fn begin(&mut self, packed: &[u8]) -> RedisResult<()> {
        if self.is_ended {
            return Err(io::Error::from(io::ErrorKind::NotConnected).into());
        }
        self.send(packed)
    }

    /// Sends it.
    pub(super) fn send(&mut self, packed: &[u8]) -> RedisResult<()> {
        let sent = self.write(packed).map_err(|error| {
            if is_timeout(&error) {
                no_answer(self.limit)
            } else {
                error.into()
            }
        });
        self.is_ended |= sent.is_err();
        sent
    }

    fn write(&mut self, packed: &[u8]) -> io::Result<()> {
        let deadline = Deadline::after(Some(self.limit));
        let (mut rest, mut left) = (packed, Some(self.limit));
        loop {
            self.socket.limit_writes(left)?;
            match self.socket.write(rest) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(written) => rest = &rest[written..],
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
            if rest.is_empty() {
                return Ok(());
            }
            left = deadline.left()?;
        }
    }

    /// The next reply.
    pub(super) fn receive(
        &mut self,
        deadline: Deadline,
        wait: &mut Wait<'_>,
    ) -> RedisResult<Value> {
        let reply = self.reply(deadline, wait);
        // Whatever has failed: the next reply might be this one's.
        self.is_ended |= reply.is_err();
        reply
    }

    fn reply(&mut self, deadline: Deadline, wait: &mut Wait<'_>) -> RedisResult<Value> {
        let mut end = ReplyEnd::new();
        loop {
            let bytes = &self.buffer[self.begin..self.end];
            let (seen, is_push) = (end.look(bytes), bytes.first() == Some(&b'>'));
            if let (Seen::Part(size) | Seen::Whole(size), Some(longest)) =
                (seen, self.longest_reply)
                && size > longest
            {
                return Err(too_long(longest));
            }
            match seen {
                Seen::Part(_) => self.read(deadline, wait)?,
                Seen::Whole(size) if is_push => {
                    self.take(size);
                    self.is_ended |= !self.takes_pushes;
                    end = ReplyEnd::new();
                }
                Seen::Whole(size) => {
                    let reply = self.parser.parse_value(&bytes[..size]);
                    self.take(size);
                    return reply;
                }
                Seen::NoReply(at) => return Err(no_reply(at)),
            }
        }
    }

    const fn take(&mut self, size: usize) {
        self.begin += size;
        if self.begin == self.end {
            self.begin = 0;
            self.end = 0;
        }
    }

    /// Waits until more has come.
    fn read(&mut self, deadline: Deadline, wait: &mut Wait<'_>) -> RedisResult<()> {
        self.make_room();
        loop {
            let Ok(left) = deadline.left() else {
                return Err(no_answer(wait.limit.unwrap_or(self.limit)));
            };
            let turn = wait.turn(left);
            self.socket.limit_reads(turn)?;
            match self.socket.read(&mut self.buffer[self.end..]) {
                Ok(0) => return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into()),
                Ok(read) => {
                    self.end += read;
                    return Ok(());
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if is_timeout(&error) => wait.look()?,
                Err(error) => return Err(error.into()),
            }
        }
    }

    fn make_room(&mut self) {
        if self.begin > 0 {
            self.buffer.copy_within(self.begin..self.end, 0);
            self.end -= self.begin;
            self.begin = 0;
        }
        if self.buffer.len() - self.end < ROOM / 2 {
            // Not for as much as the reply says: it may say anything.
            self.buffer.resize(2 * self.buffer.len(), 0);
        }
    }

    /// All replies have come: what is left is nobody's, unless it is a push.
    pub(super) fn settle(&mut self) {
        if self.end > 0 {
            self.is_ended |= !self.may_begin_with(self.buffer[self.begin]);
        } else if self.buffer.len() > MOST_ROOM {
            self.buffer = vec![0; ROOM];
        }
    }
}

fn is_timeout(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut
    )
}

/// Without what has come: it may be somebody's.
fn no_reply(at: usize) -> RedisError {
    let detail = format!("Parse error at {at}: what has come is no reply of the Redis protocol");
    (ErrorKind::Parse, "no reply", detail).into()
}

fn too_long(longest: usize) -> RedisError {
    let text = format!("the reply is longer than max_reply_bytes, which is {longest}");
    tagged(
        Class::Permanent,
        io::Error::new(io::ErrorKind::InvalidData, text),
    )
}
