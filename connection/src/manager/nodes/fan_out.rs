//! Commands that go to several servers of a cluster at once, over a connection of redis-rs's own, which makes one reply of theirs.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, MutexGuard, PoisonError};
use std::time::Duration;

use redis::aio::ConnectionLike as _;
use redis::{Cmd, ErrorKind, Pipeline, RedisError, RedisResult, Value};
use tokio::runtime::{Handle, Id};

use super::Nodes;
use crate::command::commands_of::commands_of;
use crate::command::in_flight::InFlight;
use crate::command::together;
use crate::command::{self, Effect, args};
use crate::events::Loss;
use crate::manager::companion::Companion;
use crate::manager::nodes::errors::nobody_has;
use crate::not_sent::not_sent;
use crate::raw::within;
use crate::settings::credentials::Renewal;
use crate::slots::address::Address;
use redis_resilient_runtime::__seam::clock::now_ms;
use redis_resilient_runtime::__seam::{repeatable, tagged, tagged_at};
use redis_resilient_runtime::Class;

/// Redis-rs's connection to all servers.
pub(crate) struct FanOut {
    connection: redis::cluster_async::ClusterConnection,
    /// Of the slots when it was made: its primaries may be others by now.
    version: u64,
    /// Of the credentials that it was made with: redis-rs takes no others later.
    renewal: Renewal,
    /// That serves it.
    runtime: Id,
    /// The runtime has ended.
    is_over: Arc<AtomicBool>,
    _companion: Companion,
}

impl Nodes {
    pub(crate) async fn fan_out(self: &Arc<Self>, command: &Cmd) -> RedisResult<Value> {
        self.all_there().await?;
        let mut connection = self.fan_out_connection().await?;
        let effect = |command: &Cmd| command::effect(args(command));
        let in_flight = InFlight::new(command, self.settings.repeated, effect);
        let sent = connection.req_packed_command(command);
        let answer = within(Some(self.fan_out_limit()), sent).await;
        in_flight.answered();
        self.fanned_out(answer, effect(command))
    }

    /// A pipeline without any key.
    pub(crate) async fn fan_out_all(
        self: &Arc<Self>,
        pipeline: &Pipeline,
        offset: usize,
        count: usize,
    ) -> RedisResult<Vec<Value>> {
        let mut connection = self.fan_out_connection().await?;
        let effect = |pipeline: &Pipeline| together::effect(commands_of(pipeline));
        let in_flight = InFlight::new(pipeline, self.settings.repeated, effect);
        let sent = connection.req_packed_commands(pipeline, offset, count);
        let answer = within(Some(self.fan_out_limit()), sent).await;
        in_flight.answered();
        self.fanned_out(answer, effect(pipeline))
    }

    /// Whether each owner of slots answers: redis-rs passes over those that it has no connection to, and says nothing of it.
    async fn all_there(self: &Arc<Self>) -> RedisResult<()> {
        for owner in self.topology.map().owners() {
            let Some(manager) = self.manager(&owner) else {
                continue;
            };
            let is_there = async {
                let generation = manager.generation().await?;
                let mut raw = generation.raw().ok_or_else(|| nobody_has(0))?;
                let answers = raw.answers(manager.endpoint.peer()).await;
                answers.map_err(|error| {
                    generation.lose(&manager.settings, Loss::Unfit, || error);
                    missing(&owner)
                })
            };
            if let Err(error) = is_there.await {
                self.doubted();
                self.look_up_beside();
                return Err(error);
            }
        }
        Ok(())
    }

    /// The same for synchronous code.
    pub(crate) fn all_there_blocking(&self) -> RedisResult<()> {
        for owner in self.topology.map().owners() {
            let Some(manager) = self.manager(&owner) else {
                continue;
            };
            let is_there = manager.take().and_then(|mut idle| {
                if !manager.still_answers(&mut idle) {
                    return Err(missing(&owner));
                }
                manager.pool.put_back(idle);
                Ok(())
            });
            if let Err(error) = is_there {
                self.doubted();
                return Err(error);
            }
        }
        Ok(())
    }

    /// Redis-rs limits each answer, but not what comes before: all its commands wait while it looks at the servers anew.
    fn fan_out_limit(&self) -> Duration {
        self.settings
            .response_timeout()
            .saturating_add(self.settings.connect_timeout().saturating_mul(3))
    }

    async fn fan_out_connection(
        self: &Arc<Self>,
    ) -> RedisResult<redis::cluster_async::ClusterConnection> {
        let (runtime, version) = (Handle::current().id(), self.topology.version());
        let is_of_use = |fan_out: &&FanOut| {
            fan_out.runtime == runtime
                && fan_out.version == version
                && !fan_out.renewal.is_due(now_ms())
                && !fan_out.is_over.load(Ordering::Relaxed)
        };
        if let Some(fan_out) = self.fan_outs().iter().find(is_of_use) {
            return Ok(fan_out.connection.clone());
        }
        let asked = self.settings.ask().await?;
        let client = self
            .cluster
            .client(self.infos(), &self.settings, asked.get())?;
        let limit = self.settings.connect_timeout().saturating_mul(3);
        let connection = within(Some(limit), client.get_async_connection())
            .await
            .map_err(not_sent)?;
        let is_over = Arc::new(AtomicBool::new(false));
        let over = is_over.clone();
        let made = FanOut {
            connection: connection.clone(),
            version,
            renewal: asked.renewal,
            runtime,
            is_over,
            _companion: Companion::new(move || over.store(true, Ordering::Relaxed)),
        };
        self.forget_fan_out(runtime);
        self.fan_outs().push(made);
        Ok(connection)
    }

    fn fan_outs(&self) -> MutexGuard<'_, Vec<FanOut>> {
        self.fan_outs.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// That of this runtime, and those whose runtimes have ended.
    fn forget_fan_out(&self, runtime: Id) {
        let is_over = |fan_out: &FanOut| fan_out.is_over.load(Ordering::Relaxed);
        self.fan_outs()
            .retain(|fan_out| fan_out.runtime != runtime && !is_over(fan_out));
    }

    fn fanned_out<T>(self: &Arc<Self>, answer: RedisResult<T>, effect: Effect) -> RedisResult<T> {
        answer.map_err(|error| {
            if let Ok(here) = Handle::try_current() {
                self.forget_fan_out(here.id());
            }
            self.doubted();
            self.look_up_beside();
            told(error, effect > self.settings.repeated)
        })
    }
}

fn missing(owner: &Address) -> RedisError {
    let text =
        format!("{owner} does not answer, and the command concerns all servers of the cluster");
    let error = std::io::Error::new(std::io::ErrorKind::NotConnected, text);
    tagged_at(
        Class::Unreachable,
        &owner.to_string(),
        RedisError::from(error),
    )
}

/// What a failure means: some of the servers may have executed their part, and it `is_once` if they must not do so again.
pub(crate) fn told(error: RedisError, is_once: bool) -> RedisError {
    // Without retries of its own, redis-rs has sent nothing.
    if error.kind() == ErrorKind::ClusterConnectionNotFound {
        return tagged(Class::Unreachable, error);
    }
    let class = Class::of(&error);
    // Somebody else's slot: redis-rs asks the servers anew.
    let is_elsewhere = error.is_cluster_error();
    match class {
        Class::Unreachable | Class::Misconfigured => error,
        Class::Permanent if !is_elsewhere => error,
        _ if is_once => tagged(Class::NotIdempotent, error),
        _ if is_elsewhere => tagged(Class::Unavailable, error),
        Class::Ambiguous => repeatable(error),
        _ => error,
    }
}
