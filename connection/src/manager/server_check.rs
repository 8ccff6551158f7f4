//! Whether a server in which a command waits is still there, and still the one to wait in: nothing else would ever tell.

use std::future::{Future, poll_fn};
use std::io;
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Poll;
use std::time::Duration;

use redis::{ConnectionAddr, RedisError, RedisResult};
use tokio::time::sleep;

use super::single_flight::Flight;
use crate::command::wait_time::WaitTime;
use crate::events::Loss;
use crate::manager::Manager;
use crate::raw::disconnect_policy::Peer;
use crate::raw::origin::WaitsFor;
use crate::raw::ping::Ping;
use crate::raw::within;
use redis_resilient_runtime::__seam::clock::{now_ms, whole_millis};
use redis_resilient_runtime::Class;

/// A server is not looked at more often than this, whatever the settings say.
const SHORTEST_PERIOD: Duration = Duration::from_millis(10);

/// What has been found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Finding {
    Well,
    /// It does not answer.
    Silent,
    /// Sentinels name another one.
    Moved,
}

/// The looks that were taken at servers lately, for all commands that wait in them.
#[derive(Debug, Default)]
pub(crate) struct ServerChecks(Mutex<Vec<Check>>);

#[derive(Debug)]
struct Check {
    /// Where the server is.
    address: Option<ConnectionAddr>,
    begun_ms: u64,
    found: Arc<Flight<Finding>>,
}

impl Manager {
    /// Waits for the answer to a command that waits in the server at this address: not longer than it may take, nor than that server is well.
    pub(crate) async fn wait_for_answer<T>(
        self: &Arc<Self>,
        address: Option<&ConnectionAddr>,
        wait: WaitTime,
        answer: impl Future<Output = RedisResult<T>>,
    ) -> RedisResult<T> {
        let answer = within(wait.limit(self.settings.response_timeout()), answer);
        let waits = WaitsFor::new(address);
        if wait == WaitTime::Nothing {
            let answer = answer.await;
            waits.answered();
            return answer;
        }
        let mut answer = pin!(answer);
        let mut lost = Box::pin(self.lost(address));
        let answer = poll_fn(|context| match answer.as_mut().poll(context) {
            Poll::Ready(answer) => Poll::Ready(answer),
            Poll::Pending => lost.as_mut().poll(context).map(Err),
        })
        .await;
        waits.answered();
        answer
    }

    /// What is wrong with the server at this address, as soon as something is.
    async fn lost(self: &Arc<Self>, address: Option<&ConnectionAddr>) -> RedisError {
        let mut silent = 0;
        let departures = self.settings.departures();
        loop {
            sleep(self.check_period()).await;
            if self.settings.departures() != departures {
                return left();
            }
            match self.check(address).await {
                Finding::Well => silent = 0,
                Finding::Moved => return moved(),
                Finding::Silent => {
                    silent += 1;
                    if silent >= self.settings.unanswered {
                        return gone(silent);
                    }
                }
            }
        }
    }

    pub(crate) fn check_period(&self) -> Duration {
        self.settings.health_check_after().max(SHORTEST_PERIOD)
    }

    /// One look for all who want one at about the same time, in a task: whoever is not polled holds nobody up.
    async fn check(self: &Arc<Self>, address: Option<&ConnectionAddr>) -> Finding {
        let check = self.latest_check(address);
        let spawn = || {
            let (manager, address) = (self.clone(), address.cloned());
            check.spawn(async move { manager.look_at(address.as_ref()).await });
        };
        // To look for the server, to connect, and to ask.
        let connect = self
            .endpoint
            .connect_limit(&self.settings)
            .saturating_mul(2);
        let longest = connect.saturating_add(self.settings.response_timeout());
        match check.outcome(longest, spawn).await {
            Some(finding) => finding,
            // Whoever did it is gone, or stands still.
            None => self.look_at(address).await,
        }
    }

    /// The one that somebody else has begun lately, or a new one.
    fn latest_check(&self, address: Option<&ConnectionAddr>) -> Arc<Flight<Finding>> {
        let now_ms = now_ms();
        let lately_ms = whole_millis(self.check_period() / 2).max(1);
        let checks = &self.server_checks.0;
        let mut checks = checks.lock().unwrap_or_else(PoisonError::into_inner);
        checks.retain(|check| now_ms.saturating_sub(check.begun_ms) < lately_ms);
        let is_same = |check: &&Check| check.address.as_ref() == address;
        if let Some(check) = checks.iter().find(is_same) {
            return check.found.clone();
        }
        let found = Flight::new();
        checks.push(Check {
            address: address.cloned(),
            begun_ms: now_ms,
            found: found.clone(),
        });
        found
    }

    /// Asks Sentinels, if there are any, and then the server itself over the shared connection.
    async fn look_at(self: &Arc<Self>, address: Option<&ConnectionAddr>) -> Finding {
        let moved_to = self.endpoint.moved_to(&self.settings, address).await;
        let is_another = matches!(&moved_to, Some(Ok(now)) if Some(now) != address);
        let generation = match self.generation().await {
            Ok(generation) => generation,
            Err(_) if is_another => return Finding::Moved,
            Err(error) => {
                return match Class::of(&error) {
                    Class::Unreachable | Class::Ambiguous => Finding::Silent,
                    // It has refused the connection, so it is there.
                    _ => Finding::Well,
                };
            }
        };
        if is_another {
            if generation.leads_to() == address {
                generation.give_up();
            }
            return Finding::Moved;
        }
        if generation.leads_to() != address {
            return match self.endpoint.peer() {
                // Sentinels have named another one with the last connect.
                Peer::Server => Finding::Moved,
                // Another replica: it says nothing about this one, and Sentinels think well of it.
                Peer::Replica | Peer::Node => Finding::Well,
            };
        }
        let Some(mut raw) = generation.raw() else {
            return Finding::Well;
        };
        generation.liveness.asked(now_ms());
        let ping = Ping::new();
        let answer = raw.send(&ping.command()).await;
        if ping.is_answered(self.endpoint.peer(), &answer) {
            generation.liveness.answered(now_ms());
            raw.heard(now_ms());
            return Finding::Well;
        }
        let failure = Ping::failure(answer);
        if failure.is_timeout() {
            if generation.liveness.timed_out(self.liveness_limits()) {
                generation.lose(&self.settings, Loss::Gone, || failure);
            }
            return Finding::Silent;
        }
        // The shared connection is lost, which says nothing about the server: the next look is over another one.
        generation.lose(&self.settings, Loss::Gone, || failure);
        Finding::Well
    }
}

pub(crate) fn gone(checks: u32) -> RedisError {
    let text = format!(
        "the server on which the command blocks has not answered {checks} health checks in a row"
    );
    io::Error::new(io::ErrorKind::TimedOut, text).into()
}

/// A connector with several databases has gone to another one.
pub(crate) fn left() -> RedisError {
    let text = "commands go to another database now: the command was blocked on the former one";
    io::Error::new(io::ErrorKind::ConnectionAborted, text).into()
}

pub(crate) fn moved() -> RedisError {
    let text = "another server has become the primary: the command was blocked on the former one";
    io::Error::new(io::ErrorKind::ConnectionAborted, text).into()
}
