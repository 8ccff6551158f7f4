//! For synchronous code.

use std::fmt;
use std::time::Duration;

use redis::{Cmd, ConnectionLike, RedisError, RedisResult, Value};
use redis_resilient_connection::__seam::command::unpack;
use redis_resilient_connection::__seam::connector;
use redis_resilient_connection::Connector;
use redis_resilient_coordination::__seam::once::Sent;
use redis_resilient_runtime::{Policy, is_outage};

use super::decision::{Writes, neither, reply};
use super::memory::{self, Memory};
use super::target::{Target, instead, remembered};
use crate::clock::unix_ms;
use crate::entry::command_of;
use crate::journal::Journal;
use crate::keeper::Acknowledgement;
use crate::replies;
use crate::written::mark;

/// As [`JournalConnection`](crate::JournalConnection), for synchronous code. It takes a connection of the connector for each command, and gives it back.
pub struct BlockingJournalConnection {
    target: Target,
    policy: Policy,
}

impl BlockingJournalConnection {
    pub(crate) fn new(journal: Journal, connector: Connector) -> Self {
        let target = Target::new(journal, connector);
        Self {
            policy: target.policy(),
            target,
        }
    }

    /// As [`JournalConnection::exactly_once`](crate::JournalConnection::exactly_once).
    ///
    /// # Panics
    /// If it is shorter than a millisecond.
    #[must_use]
    pub const fn exactly_once(mut self, remember_for: Duration) -> Self {
        self.target.once_for = Some(remembered(remember_for));
        self
    }

    /// As [`JournalConnection::remembering`](crate::JournalConnection::remembering), for this connection.
    #[must_use]
    pub fn remembering(mut self, keys: u64, life: Duration) -> Self {
        self.target.memory = Some(Memory::new(keys, life));
        self
    }

    fn send(&self, command: &[u8]) -> RedisResult<Value> {
        let Some(memory) = &self.target.memory else {
            return self.send_or_keep(command);
        };
        let words = unpack(command).next().unwrap_or_default();
        if let Some(key) = memory::read(&words) {
            return self.get(key, command);
        }
        memory.note(&words);
        let answer = self.send_or_keep(command);
        if answer.is_err() {
            memory.forget(&words);
        }
        answer
    }

    fn get(&self, key: &[u8], command: &[u8]) -> RedisResult<Value> {
        if let Some(value) = self.target.remembered(key, false) {
            return Ok(value);
        }
        let attempt = || {
            let mut connection = self.target.connector.get_blocking()?;
            connection.req_packed_command(command)?.extract_error()
        };
        let Some(value) = self.target.remembered(key, true) else {
            return self.policy.run_blocking(attempt);
        };
        let instead = |error| {
            if is_outage(&error) {
                Ok(value)
            } else {
                Err(error)
            }
        };
        self.policy.run_blocking_or(attempt, instead)
    }

    fn send_or_keep(&self, command: &[u8]) -> RedisResult<Value> {
        let sent = self.with_token(command);
        let packed = sent.as_ref().map(|sent| sent.command.get_packed_command());
        let command = packed.as_deref().unwrap_or(command);
        let writes = || Writes::of_command(&unpack(command).next()?, unix_ms());
        if let Some(writes) = self.target.behind(writes) {
            return self.keep(writes, None).map(|()| mark());
        }
        let attempt = || {
            let mut connection = self.target.connector.get_blocking()?;
            connection.req_packed_command(command)?.extract_error()
        };
        match self.policy.run_blocking(attempt) {
            Ok(answer) => reply(sent.as_ref(), answer),
            Err(error) => {
                let (writes, error) = instead(error, writes())?;
                self.keep(writes, Some(error)).map(|()| mark())
            }
        }
    }

    fn with_token(&self, command: &[u8]) -> Option<Sent> {
        // It is read only where it may get one.
        self.target.once_for?;
        let words = unpack(command).next()?;
        self.target.with_token(&command_of(&words))
    }

    fn send_all(&self, pipeline: &[u8], offset: usize, count: usize) -> RedisResult<Vec<Value>> {
        if let Some(memory) = &self.target.memory {
            unpack(pipeline).for_each(|words| memory.forget(&words));
        }
        let writes = || Writes::of_packed_pipeline(pipeline, unix_ms());
        if let Some(writes) = self.target.behind(writes) {
            return self.keep_all(writes, None);
        }
        let attempt = || {
            let mut connection = self.target.connector.get_blocking()?;
            connection.req_packed_commands(pipeline, offset, count)
        };
        match self.policy.run_blocking(attempt) {
            Ok(answers) => Ok(answers),
            Err(error) => {
                let (writes, error) = instead(error, writes())?;
                self.keep_all(writes, Some(error))
            }
        }
    }

    fn keep_all(&self, writes: Writes, because: Option<RedisError>) -> RedisResult<Vec<Value>> {
        let replies = replies::of_pipeline(writes.commands, writes.is_transaction);
        self.keep(writes, because).map(|()| replies)
    }

    fn keep(&self, writes: Writes, because: Option<RedisError>) -> RedisResult<()> {
        let kept = self.target.keep(writes, because.as_ref());
        kept.and_then(Acknowledgement::wait)
            .map_err(|error| neither(because, error))
    }
}

impl ConnectionLike for BlockingJournalConnection {
    fn req_packed_command(&mut self, command: &[u8]) -> RedisResult<Value> {
        self.send(command)
    }

    fn req_packed_commands(
        &mut self,
        pipeline: &[u8],
        offset: usize,
        count: usize,
    ) -> RedisResult<Vec<Value>> {
        self.send_all(pipeline, offset, count)
    }

    fn req_command(&mut self, command: &Cmd) -> RedisResult<Value> {
        self.send(&command.get_packed_command())
    }

    fn get_db(&self) -> i64 {
        connector::database(&self.target.connector)
    }

    fn check_connection(&mut self) -> bool {
        self.req_command(&redis::cmd("PING")).is_ok()
    }

    fn is_open(&self) -> bool {
        true
    }
}

impl fmt::Debug for BlockingJournalConnection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.target.fmt("BlockingJournalConnection", f)
    }
}
