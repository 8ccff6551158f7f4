//! A connection for one holder alone, which ends with what its holder has made of it.

use std::fmt;
use std::io;
use std::sync::Arc;
use std::{iter, slice};

use redis::aio::ConnectionLike;
use redis::{Cmd, Pipeline, RedisError, RedisFuture, RedisResult, ToRedisArgs, Value};

use super::command::{self, Args, Effect, args};
use crate::command::commands_of::commands_of;
use crate::command::connection_state::{Bound, ConnectionState, bound};
use crate::command::wait_time::WaitTime;
use crate::command::{refusals, together};
use crate::manager::Manager;
use crate::manager::dedicated::DedicatedRaw;
#[cfg(feature = "cluster")]
use crate::manager::nodes::Nodes;
use crate::raw::origin::tagged_from;
use crate::server::multiplexed::told;
use redis_resilient_runtime::__seam::clock::now_ms;
use redis_resilient_runtime::Class;

/// A connection for one caller, from [`Connector::dedicated`](crate::connector::Connector::dedicated): for `WATCH`, `SELECT`, `WAIT`, `CLIENT TRACKING` and
/// other commands that change the state of their connection.
///
/// It does not reconnect. When it is lost, its state is lost too, and every command fails with the class
/// [`Unreachable`](Class::Unreachable). An annotated function that takes a new one in each attempt starts over:
///
/// ```no_run
/// use redis::AsyncCommands;
/// use redis_resilient::connection::Connector;
/// use redis_resilient::redis_resilient;
///
/// #[redis_resilient(retries = 3)]
/// async fn withdraw(redis: &Connector, account: &str, sum: i64) -> redis::RedisResult<Option<i64>> {
///     let mut own = redis.dedicated().await?;
///     loop {
///         own.watch(account).await?;
///         let balance: i64 = own.get(account).await?;
///         if balance < sum {
///             return Ok(None);
///         }
///         // `None`: somebody else has changed the account meanwhile.
///         let done: Option<(i64,)> = redis::pipe().atomic().decr(account, sum).query_async(&mut own).await?;
///         if let Some((balance,)) = done {
///             return Ok(Some(balance));
///         }
///     }
/// }
/// ```
///
/// * Dropping the future of a command before its reply has come closes the connection, because its state is unknown.
/// * [`response_timeout`](crate::connector::builder::ConnectorBuilder::response_timeout) applies to each command, and an unanswered command closes the connection. Commands
///   that block in the server get their own timeout on top; the server is checked meanwhile, and they fail if it is gone.
/// * Commands that break the rule of one reply for each command are refused: `MONITOR`, `SUBSCRIBE`, `CLIENT REPLY`.
/// * Dropping it closes it.
pub struct DedicatedConnection {
    manager: Arc<Manager>,
    /// The cluster that the server belongs to.
    #[cfg(feature = "cluster")]
    nodes: Option<Arc<Nodes>>,
    dedicated: DedicatedRaw,
    /// How often the database had been left when it was made.
    departures: u64,
    state: ConnectionState,
    /// Of the database that was selected last.
    database: i64,
    is_over: bool,
    /// A command has been sent whose reply has not come.
    is_unanswered: bool,
}

impl fmt::Debug for DedicatedConnection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DedicatedConnection")
            .field("to", &self.manager.endpoint)
            .field("is_over", &self.is_over)
            .finish_non_exhaustive()
    }
}

impl DedicatedConnection {
    pub(crate) async fn new(manager: Arc<Manager>) -> RedisResult<Self> {
        let departures = manager.settings.departures();
        let dedicated = manager.connect_dedicated().await?;
        Ok(Self {
            departures,
            database: manager.endpoint.database(),
            manager,
            #[cfg(feature = "cluster")]
            nodes: None,
            dedicated,
            state: ConnectionState::default(),
            is_over: false,
            is_unanswered: false,
        })
    }

    /// To a server of this cluster, which may move its slots to others.
    #[cfg(feature = "cluster")]
    pub(crate) async fn to_node(manager: Arc<Manager>, nodes: Arc<Nodes>) -> RedisResult<Self> {
        let mut connection = Self::new(manager).await.inspect_err(|_| {
            nodes.doubted();
            nodes.look_up_beside();
        })?;
        connection.nodes = Some(nodes);
        Ok(connection)
    }

    /// Watches these keys: a transaction that follows is executed only if nobody changes them before.
    ///
    /// # Errors
    /// As any command over this connection.
    pub async fn watch(&mut self, keys: impl ToRedisArgs) -> RedisResult<()> {
        redis::cmd("WATCH").arg(keys).exec_async(self).await
    }

    /// Whether the connection is closed or unusable: take a new one.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.is_over || self.is_unanswered || self.is_left()
    }

    /// Whether commands go to another database by now: what is sent here would be lost on that.
    fn is_left(&self) -> bool {
        self.departures != self.manager.settings.departures()
    }

    async fn send(&mut self, command: &Cmd) -> RedisResult<Value> {
        let effect = || command::effect(args(command));
        self.enter(iter::once(args(command)), effect).await?;
        let wait = WaitTime::of(args(command));
        self.is_unanswered = true;
        let DedicatedRaw { raw, address } = &mut self.dedicated;
        let answer = raw.send(command);
        let answer = self
            .manager
            .wait_for_answer(address.as_ref(), wait, answer)
            .await;
        let reply = self.end(answer, slice::from_ref, effect)?;
        if command::is(args(command).next().unwrap_or_default(), "SELECT") && reply == Value::Okay {
            self.database = selected(command).unwrap_or(self.database);
        }
        self.manager.endpoint.peer().judged(reply)
    }

    async fn send_all(
        &mut self,
        pipeline: &Pipeline,
        offset: usize,
        count: usize,
    ) -> RedisResult<Vec<Value>> {
        let commands = || commands_of(pipeline);
        let effect = || together::effect(commands());
        self.enter(commands(), effect).await?;
        let wait = WaitTime::of_all(commands());
        self.is_unanswered = true;
        let DedicatedRaw { raw, address } = &mut self.dedicated;
        let answer = raw.send_all(pipeline, offset, count);
        let answer = self
            .manager
            .wait_for_answer(address.as_ref(), wait, answer)
            .await;
        let answer = self.end(answer, Vec::as_slice, effect);
        if pipeline.is_transaction() {
            // Whatever has become of it, nothing is watched any more.
            self.state.sent([&b"EXEC"[..]].into_iter(), self.database);
        }
        answer
    }

    fn over(&self) -> RedisError {
        tagged_from(Class::Unreachable, self.dedicated.address.as_ref(), over())
    }

    /// These are about to be sent.
    async fn enter<'a>(
        &mut self,
        commands: impl Iterator<Item = impl Args<'a>>,
        effect: impl FnOnce() -> Effect,
    ) -> RedisResult<()> {
        if self.is_over() {
            return Err(self.over());
        }
        if self.state.is_clean() {
            let DedicatedRaw { raw, address } = &mut self.dedicated;
            self.manager.settings.renew(raw, address.as_ref()).await;
        }
        let looks = self.dedicated.raw.is_quiet(now_ms()) && self.state.takes_ping();
        if looks && (!self.state.is_clean() || effect() > self.manager.settings.repeated) {
            self.is_unanswered = true;
            let (limit, peer) = (
                self.manager.settings.response_timeout(),
                self.manager.endpoint.peer(),
            );
            let answers = self.dedicated.raw.answers_within(limit, peer).await;
            self.is_unanswered = false;
            if !answers {
                self.is_over = true;
                return Err(self.over());
            }
        }
        for command in commands {
            if bound(command.clone()) == Some(Bound::Stream) {
                return Err(refusals::stream(command));
            }
            self.state.sent(command, self.manager.endpoint.database());
        }
        Ok(())
    }

    fn end<T>(
        &mut self,
        answer: RedisResult<T>,
        replies: impl Fn(&T) -> &[Value],
        effect: impl FnOnce() -> Effect,
    ) -> RedisResult<T> {
        self.is_unanswered = false;
        #[cfg(feature = "cluster")]
        let answer = match &self.nodes {
            Some(nodes) => nodes.stayed(answer, &replies).inspect_err(|error| {
                self.is_over |= Class::of(error) == Class::Unavailable;
            }),
            None => answer,
        };
        let has_timed_out = answer.as_ref().is_err_and(RedisError::is_timeout);
        if has_timed_out
            || self
                .manager
                .ends(&answer, replies, || self.dedicated.address.as_ref())
        {
            self.is_over = true;
        } else {
            self.dedicated.raw.heard(now_ms());
        }
        let address = self.dedicated.address.as_ref();
        answer.map_err(|error| told(&self.manager, address, error, effect))
    }
}

fn selected(command: &Cmd) -> Option<i64> {
    let database = args(command).nth(1)?;
    std::str::from_utf8(database).ok()?.parse().ok()
}

fn over() -> RedisError {
    let text = "this dedicated connection is lost, and what was watched, selected or set on it: take another one from Connector::dedicated() \
                and begin anew";
    io::Error::new(io::ErrorKind::NotConnected, text).into()
}

impl ConnectionLike for DedicatedConnection {
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
        self.database
    }
}
