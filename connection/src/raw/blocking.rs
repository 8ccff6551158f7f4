//! One blocking connection to a server: what is sent over it, and what comes back.

pub(crate) mod encrypted;
pub(crate) mod introduction;
pub(crate) mod plain;
pub(crate) mod reply_end;
pub(crate) mod socket;

use std::time::Duration;

use redis::{Cmd, ConnectionAddr, ConnectionInfo, ErrorKind, RedisResult, Value};

use crate::command::transaction;
use crate::deadline::Deadline;
use crate::settings::client::authenticated;
use crate::settings::credentials::Credentials;
use crate::settings::{Settings, with_tcp_settings};
use encrypted::EncryptedRaw;
use plain::PlainRaw;

/// One that ends with the first answer that is late, or that is none.
pub(crate) struct BlockingRaw(Kind);

enum Kind {
    Plain(PlainRaw),
    Encrypted(EncryptedRaw),
}

/// How an answer is waited for.
pub(crate) struct Wait<'a> {
    /// All of it may take so long; `None`: as long as it likes.
    pub(crate) limit: Option<Duration>,
    /// Whether it is worth waiting on is looked at each time that so much has passed.
    pub(crate) beside: Option<(Duration, &'a dyn Fn() -> RedisResult<()>)>,
}

impl Wait<'_> {
    /// For a command that does not wait in the server.
    pub(crate) const fn for_answer(limit: Duration) -> Self {
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

impl BlockingRaw {
    /// Connects, with all that belongs to it, within this time.
    pub(crate) fn connect(
        server: ConnectionInfo,
        settings: &Settings,
        credentials: Option<&Credentials>,
        limit: Duration,
    ) -> RedisResult<Self> {
        if let ConnectionAddr::TcpTls { .. } = server.addr() {
            let raw = EncryptedRaw::connect(server, settings, credentials, limit)?;
            return Ok(Self(Kind::Encrypted(raw)));
        }
        let server = authenticated(with_tcp_settings(server), credentials);
        let deadline = Deadline::after(Some(limit));
        let mut raw = PlainRaw::connect(
            &server,
            deadline,
            settings.response_timeout(),
            settings.max_reply_bytes,
        )?;
        let name = settings.client_name.as_ref();
        introduction::introduce(&mut raw, server.redis_settings(), name, deadline)?;
        Ok(Self(Kind::Plain(raw)))
    }

    pub(crate) fn req_command(&mut self, command: &Cmd, wait: &mut Wait<'_>) -> RedisResult<Value> {
        let reply = self.req_packed_command(&command.get_packed_command(), wait)?;
        // It comes all the same, and is nobody else's.
        Ok(if command.is_no_response() {
            Value::Nil
        } else {
            reply
        })
    }

    pub(crate) fn req_packed_command(
        &mut self,
        command: &[u8],
        wait: &mut Wait<'_>,
    ) -> RedisResult<Value> {
        if let Kind::Plain(raw) = &mut self.0
            && !command.is_empty()
        {
            return raw.ask(command, wait);
        }
        let mut replies = self.exchange(command, 1, wait)?;
        Ok(replies.pop().unwrap_or(Value::Nil))
    }

    pub(crate) fn req_packed_commands(
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
            Kind::Plain(raw) => raw.exchange(packed, count, wait),
            Kind::Encrypted(raw) => raw.exchange(packed, count, wait),
        }
    }

    /// `false`: it is of no use any more.
    pub(crate) const fn is_open(&self) -> bool {
        match &self.0 {
            Kind::Plain(raw) => raw.is_open(),
            Kind::Encrypted(raw) => raw.is_open(),
        }
    }

    /// Whether messages may come beside the replies: its holder has asked for them.
    pub(crate) const fn take_pushes(&mut self, takes: bool) {
        match &mut self.0 {
            Kind::Plain(raw) => raw.take_pushes(takes),
            // Redis-rs tells them from replies.
            Kind::Encrypted(_) => {}
        }
    }

    /// Whether nothing has come that nobody has asked for, nor its end. Of one that is encrypted only what has been seen before is known.
    pub(crate) fn is_quiet(&mut self) -> bool {
        match &mut self.0 {
            Kind::Plain(raw) => raw.is_quiet(),
            Kind::Encrypted(raw) => raw.is_open(),
        }
    }
}
