//! One connection of redis-rs to a server.
//!
//! Circle: `raw::disconnect_policy`, `raw::ping`: whether a connection ends is seen from the reply to a PING too, and which replies to one are good depends on the peer.

pub(crate) mod blocking;
pub(crate) mod disconnect_policy;
pub(crate) mod origin;
pub(crate) mod ping;

use std::fmt;
use std::future::Future;
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{Cmd, Pipeline, RedisError, RedisResult, Value};

use super::command::{self, Effect, args};
use crate::command::commands_of::commands_of;
use crate::command::in_flight::InFlight;
use crate::command::{together, transaction};
use crate::not_sent::not_sent;
use crate::raw::disconnect_policy::Peer;
use crate::raw::ping::Ping;
use crate::settings::credentials::Renewal;
use redis_resilient_runtime::__seam::{hedge, watched};

/// After so long without an answer the server may have closed a connection, unnoticed: a command that must not be executed twice is not sent
/// before that has been looked at. A millisecond more or less, as the clock has it.
const QUIET_MS: u64 = 10;

/// One whose answers take no longer than they may.
#[derive(Clone)]
pub(crate) struct RawConnection {
    server: MultiplexedConnection,
    limit: Duration,
    /// The worst of what is sent again although it may have been executed.
    repeated: Effect,
    /// When an answer came last, in milliseconds. A hint by itself; nothing is published through it.
    heard_ms: Arc<AtomicU64>,
    /// Of the credentials that it was made with.
    pub(crate) renewal: Renewal,
}

impl fmt::Debug for RawConnection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RawConnection")
    }
}

impl RawConnection {
    /// Redis-rs does not limit the answer: a timer for each command would cost more than all else that is done here. The watchdog does.
    pub(crate) fn new(
        server: MultiplexedConnection,
        limit: Duration,
        repeated: Effect,
        renewal: Renewal,
        now_ms: u64,
    ) -> Self {
        let heard_ms = Arc::new(AtomicU64::new(now_ms));
        Self {
            server,
            limit,
            repeated,
            heard_ms,
            renewal,
        }
    }

    /// The same, whose answers may take so long.
    pub(crate) fn limited(self, limit: Duration) -> Self {
        Self { limit, ..self }
    }

    /// From now on its answers may take so long: settings may say so while it is there.
    #[inline]
    pub(crate) const fn goes_by(&mut self, limit: Duration) {
        self.limit = limit;
    }

    /// Which of the connections that there are it is: the same number for its clones.
    pub(crate) fn number(&self) -> usize {
        Arc::as_ptr(&self.heard_ms).addr()
    }

    /// Whether it may have been closed since something was heard.
    pub(crate) fn is_quiet(&self, now_ms: u64) -> bool {
        has_rested(self.heard_ms.load(Ordering::Relaxed), now_ms)
    }

    /// How long nothing has been heard, in milliseconds.
    pub(crate) fn rested_ms(&self, now_ms: u64) -> u64 {
        now_ms.saturating_sub(self.heard_ms.load(Ordering::Relaxed))
    }

    /// An answer came.
    pub(crate) fn heard(&self, now_ms: u64) {
        self.heard_ms.store(now_ms, Ordering::Relaxed);
    }

    /// Tells the server who it is from now on: nothing that a caller has sent.
    pub(crate) async fn authenticate(&mut self, command: &Cmd) -> RedisResult<()> {
        // Pinned where it is: it is 1.1 kB.
        let sent = pin!(self.server.send_packed_command(command));
        let reply = in_time(self.limit, watched(self.limit, sent).await)?;
        reply.extract_error().map(drop)
    }

    pub(crate) async fn send(&mut self, command: &Cmd) -> RedisResult<Value> {
        let effect = |command: &Cmd| command::effect(args(command));
        if !hedge::may_send(|| effect(command) <= self.repeated) {
            return Err(sent_once());
        }
        let in_flight = InFlight::new(command, self.repeated, effect);
        let sent = pin!(self.server.send_packed_command(command));
        let answer = watched(self.limit, sent).await;
        in_flight.answered();
        in_time(self.limit, answer)
    }

    /// Whether the server answers, and answers this connection's question.
    ///
    /// # Errors
    /// If it does not, with what is wrong.
    pub(crate) async fn answers(&mut self, peer: Peer) -> RedisResult<()> {
        let ping = Ping::new();
        let answer = self.send(&ping.command()).await;
        if ping.is_answered(peer, &answer) {
            Ok(())
        } else {
            Err(Ping::failure(answer))
        }
    }

    /// The same of one whose answers may take as long as they like otherwise.
    pub(crate) async fn answers_within(&mut self, limit: Duration, peer: Peer) -> bool {
        let answers = watched(limit, pin!(self.answers(peer))).await;
        answers.is_some_and(|answers| answers.is_ok())
    }

    /// Of a transaction the reply to `EXEC`, or why it was refused.
    pub(crate) async fn send_all(
        &mut self,
        pipeline: &Pipeline,
        offset: usize,
        count: usize,
    ) -> RedisResult<Vec<Value>> {
        let is_transaction = pipeline.is_transaction();
        let (skipped, kept) = if is_transaction {
            (0, offset + count)
        } else {
            (offset, count)
        };
        let effect = |pipeline: &Pipeline| together::effect(commands_of(pipeline));
        if !hedge::may_send(|| effect(pipeline) <= self.repeated) {
            return Err(sent_once());
        }
        let in_flight = InFlight::new(pipeline, self.repeated, effect);
        let sent = pin!(self.server.send_packed_commands(pipeline, skipped, kept));
        let answer = watched(self.limit, sent).await;
        in_flight.answered();
        let replies = in_time(self.limit, answer)?;
        if is_transaction {
            transaction::reply(replies)
        } else {
            Ok(replies)
        }
    }
}

/// Whether a connection may have been closed, unnoticed, since it was used.
pub(crate) fn has_rested(used_ms: u64, now_ms: u64) -> bool {
    now_ms.saturating_sub(used_ms) >= QUIET_MS
}

/// Nobody is told this: a hedge that comes so far is given up.
#[cold]
fn sent_once() -> RedisError {
    let text = "a command that must not be repeated is not sent beside another attempt";
    not_sent(io::Error::other(text).into())
}

pub(crate) fn no_answer(limit: Duration) -> RedisError {
    let text = format!("no answer within {limit:?}");
    io::Error::new(io::ErrorKind::TimedOut, text).into()
}

/// What came, if anything did.
fn in_time<T>(limit: Duration, answer: Option<RedisResult<T>>) -> RedisResult<T> {
    answer.unwrap_or_else(|| Err(no_answer(limit)))
}

/// Waits for an answer that may take so long; `None`: as long as it likes.
pub(crate) async fn within<T>(
    limit: Option<Duration>,
    answer: impl Future<Output = RedisResult<T>>,
) -> RedisResult<T> {
    match limit {
        None => answer.await,
        Some(limit) => in_time(limit, watched(limit, pin!(answer)).await),
    }
}
