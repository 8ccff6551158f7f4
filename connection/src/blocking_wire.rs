//! One blocking connection to a server: what is sent over it, and what comes back.

mod encrypted;
mod introduction;
mod plain;
mod reply_end;
mod socket;

use std::time::Duration;

use redis::{Cmd, ConnectionAddr, ConnectionInfo, ErrorKind, RedisResult, Value};

use super::credentials::Credentials;
use super::deadline::Deadline;
use super::settings::{Settings, with_tcp_settings};
use super::source::authenticated;
use super::transaction;
use encrypted::EncryptedWire;
use plain::PlainWire;

/// One that ends with the first answer that is late, or that is none.
pub(super) struct BlockingWire(Kind);

enum Kind {
    Plain(PlainWire),
    Encrypted(EncryptedWire),
}

/// How an answer is waited for.
pub(super) struct Wait<'a> {
    /// All of it may take so long; `None`: as long as it likes.
    pub(super) limit: Option<Duration>,
    /// Whether it is worth waiting on is looked at each time that so much has passed.
    pub(super) beside: Option<(Duration, &'a dyn Fn() -> RedisResult<()>)>,
}

impl Wait<'_> {
    /// For a command that does not wait in the server.
    pub(super) const fn for_answer(limit: Duration) -> Self {
        Self {
            limit: Some(limit),
            beside: None,
        }
    }

    /// How much of what is left is waited at once.
    fn turn(&self, left: Option<Duration>) -> Option<Duration> {
        match (&self.beside, left) {
            (Some((every, _)), Some(left)) => Some(left.min(*every)),
            (Some((every, _)), None) => Some(*every),
            (None, left) => left,
        }
    }

    /// Nothing has come in a turn.
    fn look(&self) -> RedisResult<()> {
        self.beside.as_ref().map_or(Ok(()), |(_, look)| look())
    }
}

impl BlockingWire {
    /// Connects, with all that belongs to it, within this time.
    pub(super) fn connect(
        server: ConnectionInfo,
        settings: &Settings,
        credentials: Option<&Credentials>,
        limit: Duration,
    ) -> RedisResult<Self> {
        if let ConnectionAddr::TcpTls { .. } = server.addr() {
            let wire = EncryptedWire::connect(server, settings, credentials, limit)?;
            return Ok(Self(Kind::Encrypted(wire)));
        }
        let server = authenticated(with_tcp_settings(server), credentials);
        let deadline = Deadline::after(Some(limit));
        let mut wire = PlainWire::connect(
            &server,
            deadline,
            settings.response_timeout,
            settings.max_reply_bytes,
        )?;
        let name = settings.client_name.as_ref();
        introduction::introduce(&mut wire, server.redis_settings(), name, deadline)?;
        Ok(Self(Kind::Plain(wire)))
    }

    pub(super) fn req_command(&mut self, command: &Cmd, wait: &mut Wait<'_>) -> RedisResult<Value> {
        let reply = self.req_packed_command(&command.get_packed_command(), wait)?;
        // It comes all the same, and is nobody else's.
        Ok(if command.is_no_response() {
            Value::Nil
        } else {
            reply
        })
    }

    pub(super) fn req_packed_command(
        &mut self,
        command: &[u8],
        wait: &mut Wait<'_>,
    ) -> RedisResult<Value> {
        if let Kind::Plain(wire) = &mut self.0
            && !command.is_empty()
        {
            return wire.ask(command, wait);
        }
        let mut replies = self.exchange(command, 1, wait)?;
        Ok(replies.pop().unwrap_or(Value::Nil))
    }

    pub(super) fn req_packed_commands(
        &mut self,
        pipeline: &[u8],
        offset: usize,
        count: usize,
        wait: &mut Wait<'_>,
    ) -> RedisResult<Vec<Value>> {
        let mut replies = self.exchange(pipeline, offset.saturating_add(count), wait)?;
        if offset > 0 && count == 1 {
            return transaction::reply(replies);
        }
        Ok(replies.split_off(offset))
    }

    fn exchange(
        &mut self,
        packed: &[u8],
        count: usize,
        wait: &mut Wait<'_>,
    ) -> RedisResult<Vec<Value>> {
        if packed.is_empty() {
            return Err((ErrorKind::Client, "empty command").into());
        }
        match &mut self.0 {
            Kind::Plain(wire) => wire.exchange(packed, count, wait),
            Kind::Encrypted(wire) => wire.exchange(packed, count, wait),
        }
    }

    /// `false`: it is of no use any more.
    pub(super) const fn is_open(&self) -> bool {
        match &self.0 {
            Kind::Plain(wire) => wire.is_open(),
            Kind::Encrypted(wire) => wire.is_open(),
        }
    }

    /// Whether messages may come beside the replies: its holder has asked for them.
    pub(super) const fn take_pushes(&mut self, takes: bool) {
        match &mut self.0 {
            Kind::Plain(wire) => wire.take_pushes(takes),
            // Redis-rs tells them from replies.
            Kind::Encrypted(_) => {}
        }
    }

    /// Whether nothing has come that nobody has asked for, nor its end. Of one that is encrypted only what has been seen before is known.
    pub(super) fn is_quiet(&mut self) -> bool {
        match &mut self.0 {
            Kind::Plain(wire) => wire.is_quiet(),
            Kind::Encrypted(wire) => wire.is_open(),
        }
    }
}
