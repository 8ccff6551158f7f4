//! A call of a blocking closure, as the attribute writes it out for a sync function.

use redis::RedisError;

use super::{Failure, Policy};
use crate::Bulkhead;
use crate::call::{BlockingCall, Step};
use crate::clock;
use crate::diagnosis::Diagnosis;
use crate::result_like::rejected;

impl Policy {
    /// As [`run`](Self::run), for a closure that blocks: not for async code. Pauses block the thread.
    ///
    /// It needs no runtime. The [`timeout`](Self::timeout) does not hold here, for what blocks cannot be cut off: set the read timeout of the
    /// connection. A [`deadline`](Self::deadline) does: no attempt begins after it.
    ///
    /// ```
    /// # use redis::{Commands, RedisResult};
    /// # use redis_resilient::Policy;
    /// static USERS: Policy = Policy::new("users");
    ///
    /// fn user(conn: &mut redis::Connection, id: u64) -> RedisResult<Option<String>> {
    ///     USERS.run_blocking(|| conn.get(id))
    /// }
    /// ```
    ///
    /// # Errors
    /// Those of [`run`](Self::run).
    pub fn run_blocking<T, E, Via>(&self, body: impl FnMut() -> Result<T, E>) -> Result<T, E>
    where
        E: Failure<Via>,
    {
        run(self, body, E::diagnosis)
    }

    /// As [`run_or`](Self::run_or), for closures that block: not for async code.
    ///
    /// ```
    /// # use redis::{Commands, RedisResult};
    /// # use redis_resilient::Policy;
    /// static USERS: Policy = Policy::new("users");
    ///
    /// fn user(conn: &mut redis::Connection, id: u64) -> RedisResult<Option<String>> {
    ///     USERS.run_blocking_or(|| conn.get(id), |_error| Ok(None))
    /// }
    /// ```
    ///
    /// # Errors
    /// Those of [`run_or`](Self::run_or).
    pub fn run_blocking_or<T, E, Via>(
        &self,
        body: impl FnMut() -> Result<T, E>,
        fallback: impl FnOnce(E) -> Result<T, E>,
    ) -> Result<T, E>
    where
        E: Failure<Via>,
    {
        run_or(self, body, fallback, E::diagnosis)
    }
}

pub(super) fn run<T, E: From<RedisError>>(
    policy: &Policy,
    body: impl FnMut() -> Result<T, E>,
    diagnose: impl Fn(&E) -> Diagnosis,
) -> Result<T, E> {
    let settings = policy.settings.no_timeout();
    let call = BlockingCall::new(&settings, policy.breaker);
    match attempts(
        call,
        settings.deadline.is_some(),
        policy.limit,
        body,
        diagnose,
    ) {
        Ended::Answered(result) => result,
        Ended::Failed(call, error) => {
            call.end();
            Err(error)
        }
        Ended::Stopped(call) => call.refuse(),
    }
}

pub(super) fn run_or<T, E: From<RedisError>>(
    policy: &Policy,
    body: impl FnMut() -> Result<T, E>,
    fallback: impl FnOnce(E) -> Result<T, E>,
    diagnose: impl Fn(&E) -> Diagnosis,
) -> Result<T, E> {
    let settings = policy.settings.no_timeout().fallback_on(policy.fallback_on);
    let call = BlockingCall::new(&settings, policy.breaker);
    let (mut call, error) = match attempts(
        call,
        settings.deadline.is_some(),
        policy.limit,
        body,
        diagnose,
    ) {
        Ended::Answered(result) => return result,
        Ended::Failed(call, error) => (call, Some(error)),
        Ended::Stopped(call) => (call, None),
    };
    let handed = call.hands_over();
    let (_permit, error) = if let Some(limit) = policy.bulkhead_of_fallback() {
        let (permit, error) = call
            .enter_fallback_with_error(limit, error)
            .inspect_err(|_| handed.failed())?;
        (Some(permit), error)
    } else {
        let error = error.unwrap_or_else(|| rejected(call.rejection()));
        call.falls_back();
        (None, error)
    };
    let result = fallback(error);
    handed.fell(0, &result);
    result
}

/// How the attempts of a call end; with what is left of the call.
enum Ended<'c, T, E> {
    /// With a value, or an error that is the answer.
    Answered(Result<T, E>),
    /// With an error for which a fallback may answer.
    Failed(BlockingCall<'c>, E),
    /// Without an error of its own: the call says why.
    Stopped(BlockingCall<'c>),
}

fn attempts<'c, T, E>(
    mut call: BlockingCall<'c>,
    has_deadline: bool,
    limit: Option<&Bulkhead>,
    mut body: impl FnMut() -> Result<T, E>,
    diagnose: impl Fn(&E) -> Diagnosis,
) -> Ended<'c, T, E> {
    // A body that blocks cannot tell when it first has to wait.
    let started = has_deadline.then(clock::now);
    if !call.begin() {
        return Ended::Stopped(call);
    }
    loop {
        // Nothing of an attempt is kept for the pause.
        {
            let _permit = match limit.map(|limit| call.acquire(limit)) {
                Some(None) => return Ended::Stopped(call),
                Some(permit @ Some(_)) => permit,
                None => None,
            };
            match body() {
                Ok(_) if call.loses_reply() => {}
                Ok(value) => {
                    call.succeeded();
                    return Ended::Answered(Ok(value));
                }
                Err(error) => {
                    let diagnosis = diagnose(&error);
                    let step = match started {
                        Some(started) => call.failed_since(started, diagnosis),
                        None => call.failed(diagnosis),
                    };
                    match step {
                        Step::Pause => {}
                        Step::Fallback => return Ended::Failed(call, error),
                        Step::Return => {
                            call.end();
                            return Ended::Answered(Err(error));
                        }
                    }
                }
            }
        }
        if !call.pause() {
            return Ended::Stopped(call);
        }
    }
}
