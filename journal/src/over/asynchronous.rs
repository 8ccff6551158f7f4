//! For asynchronous code.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use redis::aio::ConnectionLike;
use redis::{Cmd, Pipeline, RedisError, RedisFuture, RedisResult, Value};
use redis_resilient_connection::__seam::command::{args, commands_of};
use redis_resilient_connection::__seam::connector;
use redis_resilient_connection::Connector;
use redis_resilient_runtime::{Policy, is_outage};

use super::decision::{Writes, neither, reply};
use super::memory::{self, Memory};
use super::target::{Target, instead, remembered};
use crate::clock::unix_ms;
use crate::journal::Journal;
use crate::replies;
use crate::written::mark;

/// A connection on which a write that Redis does not take now goes to the journal: see [`Journal::over`]. It can be used wherever redis-rs takes an
/// asynchronous connection. Clones are cheap.
#[derive(Clone)]
pub struct JournalConnection {
    target: Target,
    policy: Arc<Policy>,
}

impl JournalConnection {
    pub(crate) fn new(journal: Journal, connector: Connector) -> Self {
        let target = Target::new(journal, connector);
        Self {
            policy: Arc::new(target.policy()),
            target,
        }
    }

    /// Sends each write of one key with a token, which the server remembers for so long: what may have been executed is journalled too then, and is
    /// executed once. Each write leaves a key in Redis for that time.
    ///
    /// An outage that takes longer doubles nothing either: a write that was never sent is executed whenever Redis is back, and one that may have been
    /// executed before is set aside as a dead letter, for somebody to look and to [replay](crate::Journal::replay) or
    /// [discard](crate::Journal::discard). Only of a write whose replay was cut off, by a process that has ended since, nobody knows that.
    ///
    /// Writes of several keys, pipelines and transactions are sent as they are.
    ///
    /// # Panics
    /// If it is shorter than a millisecond.
    #[must_use]
    pub const fn exactly_once(mut self, remember_for: Duration) -> Self {
        self.target.once_for = Some(remembered(remember_for));
        self
    }

    /// Remembers the values that are written over it and its clones, of so many keys and for so long: a `GET` sees what this process has written though that
    /// waits in the journal, and is answered from memory while Redis is away. So sessions survive an outage at the process that serves them.
    ///
    /// What other processes write meanwhile is seen when Redis is back and nothing of the key waits any more. Values that were set as a whole are remembered
    /// (`SET`, `SETEX`, `PSETEX` without conditions), and what was deleted; any other write of a key, and any in a pipeline, makes it forgotten here.
    ///
    /// ```no_run
    /// # use std::time::Duration;
    /// # use redis::AsyncCommands;
    /// # use redis_resilient::{connection::Connector, journal::Journal};
    /// # async fn run(redis: Connector, journal: Journal) -> redis::RedisResult<()> {
    /// let day = Duration::from_secs(86_400);
    /// let mut sessions = journal.over(&redis).exactly_once(day).remembering(10_000, day);
    /// sessions.set_ex::<_, _, ()>("session:7", "Ann", 86_400).await?;
    /// let session: Option<String> = sessions.get("session:7").await?;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn remembering(mut self, keys: u64, life: Duration) -> Self {
        self.target.memory = Some(Memory::new(keys, life));
        self
    }

    async fn send(&self, command: &Cmd) -> RedisResult<Value> {
        let Some(memory) = &self.target.memory else {
            return self.send_or_keep(command).await;
        };
        let words: Vec<_> = args(command).collect();
        if let Some(key) = memory::read(&words) {
            return self.get(key, command).await;
        }
        memory.note(&words);
        let answer = self.send_or_keep(command).await;
        if answer.is_err() {
            memory.forget(&words);
        }
        answer
    }

    async fn get(&self, key: &[u8], command: &Cmd) -> RedisResult<Value> {
        if let Some(value) = self.target.remembered(key, false) {
            return Ok(value);
        }
        let attempt = async || {
            let mut connection = self.target.connector.get().await?;
            let answer = connection.req_packed_command(command).await?;
            answer.extract_error()
        };
        let Some(value) = self.target.remembered(key, true) else {
            return self.policy.run(attempt).await;
        };
        let instead = async |error| {
            if is_outage(&error) {
                Ok(value)
            } else {
                Err(error)
            }
        };
        self.policy.run_or(attempt, instead).await
    }

    async fn send_or_keep(&self, command: &Cmd) -> RedisResult<Value> {
        let sent = self.target.with_token(command);
        let command = sent.as_ref().map_or(command, |sent| &sent.command);
        if let Some(writes) = self.target.behind(|| writes(command)) {
            return self.keep(writes, None).await.map(|()| mark());
        }
        let attempt = async || {
            let mut connection = self.target.connector.get().await?;
            connection
                .req_packed_command(command)
                .await?
                .extract_error()
        };
        match self.policy.run(attempt).await {
            Ok(answer) => reply(sent.as_ref(), answer),
            Err(error) => {
                let (writes, error) = instead(error, writes(command))?;
                self.keep(writes, Some(error)).await.map(|()| mark())
            }
        }
    }

    async fn send_all(
        &self,
        pipeline: &Pipeline,
        offset: usize,
        count: usize,
    ) -> RedisResult<Vec<Value>> {
        if let Some(memory) = &self.target.memory {
            commands_of(pipeline).for_each(|words| memory.forget(&words.collect::<Vec<_>>()));
        }
        let writes = || Writes::of_pipeline(pipeline, offset, count, unix_ms());
        if let Some(writes) = self.target.behind(writes) {
            return self.keep_all(writes, None).await;
        }
        let attempt = async || {
            let mut connection = self.target.connector.get().await?;
            connection
                .req_packed_commands(pipeline, offset, count)
                .await
        };
        match self.policy.run(attempt).await {
            Ok(answers) => Ok(answers),
            Err(error) => {
                let (writes, error) = instead(error, writes())?;
                self.keep_all(writes, Some(error)).await
            }
        }
    }

    async fn keep_all(
        &self,
        writes: Writes,
        because: Option<RedisError>,
    ) -> RedisResult<Vec<Value>> {
        let replies = replies::of_pipeline(writes.commands, writes.is_transaction);
        self.keep(writes, because).await.map(|()| replies)
    }

    async fn keep(&self, writes: Writes, because: Option<RedisError>) -> RedisResult<()> {
        let kept = match self.target.keep(writes, because.as_ref()) {
            Ok(acknowledgement) => acknowledgement.await,
            Err(error) => Err(error),
        };
        kept.map_err(|error| neither(because, error))
    }
}

fn writes(command: &Cmd) -> Option<Writes> {
    let words: Vec<_> = args(command).collect();
    Writes::of_command(&words, unix_ms())
}

impl ConnectionLike for JournalConnection {
    fn req_packed_command<'a>(&'a mut self, command: &'a Cmd) -> RedisFuture<'a, Value> {
        Box::pin(self.send(command))
    }

    fn req_packed_commands<'a>(
        &'a mut self,
        pipeline: &'a Pipeline,
        offset: usize,
        count: usize,
    ) -> RedisFuture<'a, Vec<Value>> {
        Box::pin(self.send_all(pipeline, offset, count))
    }

    fn get_db(&self) -> i64 {
        connector::database(&self.target.connector)
    }
}

impl fmt::Debug for JournalConnection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.target.fmt("JournalConnection", f)
    }
}
