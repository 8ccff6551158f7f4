//! For asynchronous code.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use redis::aio::ConnectionLike;
use redis::{Cmd, Pipeline, RedisError, RedisFuture, RedisResult, Value};
use redis_resilient_connection::__seam::command::args;
use redis_resilient_connection::__seam::connector;
use redis_resilient_connection::Connector;
use redis_resilient_runtime::Policy;

use super::decision::{Writes, neither, reply};
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

    async fn send(&self, command: &Cmd) -> RedisResult<Value> {
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
