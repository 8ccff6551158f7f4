//! A call of an async closure, as the attribute writes it out for a function.

use redis::RedisError;

use super::{Failure, Policy};
use crate::attempt::{attempt, pause};
use crate::call::{Call, Step, in_span, left_span};
use crate::diagnosis::Diagnosis;
use crate::hedge::hedged;
use crate::result_like::rejected;

impl Policy {
    /// Runs the closure, again where that may help, until there is an answer or nothing more is to be tried.
    ///
    /// ```
    /// # use redis::{AsyncCommands, RedisResult, aio::MultiplexedConnection};
    /// # use redis_resilient::Policy;
    /// static VISITS: Policy = Policy::new("visits").idempotent(false);
    ///
    /// async fn visit(conn: &MultiplexedConnection, page: &str) -> RedisResult<u64> {
    ///     VISITS.run(async || conn.clone().incr(page, 1).await).await
    /// }
    /// ```
    ///
    /// # Errors
    /// The error of the last attempt as it is; or a [`Rejection`](crate::Rejection) in the closure's error type, where the call has none of its own:
    /// the circuit is open, an attempt was cut off, the deadline is over, or there is no permit.
    ///
    /// # Panics
    /// If it has to wait outside of a tokio runtime with its timer enabled.
    ///
    /// # Cancellation
    /// Safe: dropped, it stops where it is. The attempt counts for nothing, a probe and a permit are given back. Redis may have executed its command.
    pub async fn run<T, E, F, Via>(&self, body: impl FnMut() -> F) -> Result<T, E>
    where
        F: Future<Output = Result<T, E>>,
        E: Failure<Via>,
    {
        run(self, body, E::diagnosis).await
    }

    /// As [`run`](Self::run), with a fallback that answers when the attempts have not. It gets the last error, or why the call has none.
    ///
    /// It runs when the attempts are used up, and at once when the breaker refuses or there is no permit; not when the failure has nothing to do with
    /// the state of Redis. At most [`fallback_calls`](Self::fallback_calls) calls are in it at once. It comes on top of the deadline.
    ///
    /// # Errors
    /// What the fallback gives; the call's own error where the fallback does not answer or has no room.
    ///
    /// # Panics
    /// If it has to wait outside of a tokio runtime with its timer enabled.
    ///
    /// # Cancellation
    /// Safe, as that of [`run`](Self::run); the place in the fallback is given back as well.
    pub async fn run_or<T, E, F, Via>(
        &self,
        body: impl FnMut() -> F,
        fallback: impl AsyncFnOnce(E) -> Result<T, E>,
    ) -> Result<T, E>
    where
        F: Future<Output = Result<T, E>>,
        E: Failure<Via>,
    {
        run_or(self, body, fallback, E::diagnosis).await
    }
}

pub(super) async fn run<T, E, F>(
    policy: &Policy,
    body: impl FnMut() -> F,
    diagnose: impl Fn(&E) -> Diagnosis,
) -> Result<T, E>
where
    F: Future<Output = Result<T, E>>,
    E: From<RedisError>,
{
    let mut call = Call::new(&policy.settings, policy.breaker);
    match attempts(&mut call, policy, body, diagnose).await {
        Ended::Answered(result) => result,
        Ended::Failed(error) => Err(error),
        Ended::Stopped => call.refuse(),
    }
}

pub(super) async fn run_or<T, E, F>(
    policy: &Policy,
    body: impl FnMut() -> F,
    fallback: impl AsyncFnOnce(E) -> Result<T, E>,
    diagnose: impl Fn(&E) -> Diagnosis,
) -> Result<T, E>
where
    F: Future<Output = Result<T, E>>,
    E: From<RedisError>,
{
    let settings = policy.settings.fallback_on(policy.fallback_on);
    // The call is over before the fallback begins.
    let (_permit, error, handed) = {
        let mut call = Call::new(&settings, policy.breaker);
        let error = match attempts(&mut call, policy, body, diagnose).await {
            Ended::Answered(result) => return result,
            Ended::Failed(error) => Some(error),
            Ended::Stopped => None,
        };
        let handed = call.hands_over();
        if let Some(limit) = policy.bulkhead_of_fallback() {
            let (permit, error) = call
                .enter_fallback_with_error(limit, error)
                .inspect_err(|_| handed.failed())?;
            (Some(permit), error, handed)
        } else {
            let error = error.unwrap_or_else(|| rejected(call.rejection()));
            call.falls_back();
            (None, error, handed)
        }
    };
    let span = left_span();
    let result = in_span(&span, fallback(error)).await;
    handed.fell(0, &result);
    result
}

/// How the attempts of a call end.
enum Ended<T, E> {
    /// With a value, or an error that is the answer.
    Answered(Result<T, E>),
    /// With an error for which a fallback may answer.
    Failed(E),
    /// Without an error of its own: the call says why.
    Stopped,
}

// Not an `AsyncFnMut`: the compiler (1.95) does not find a future `Send` that calls one which borrows anything.
async fn attempts<T, E, F: Future<Output = Result<T, E>>>(
    call: &mut Call<'_>,
    policy: &Policy,
    mut body: impl FnMut() -> F,
    diagnose: impl Fn(&E) -> Diagnosis,
) -> Ended<T, E> {
    if !call.begin() {
        return Ended::Stopped;
    }
    loop {
        // Nothing of an attempt is kept for the pause.
        {
            let _permit = match policy.limit.map(|limit| call.acquire(limit)) {
                Some(None) => return Ended::Stopped,
                Some(permit @ Some(_)) => permit,
                None => None,
            };
            let ended = if policy.settings.hedge.is_some() {
                hedged(call, &policy.hedges, policy.limit, &mut body, &diagnose).await
            } else {
                attempt(call, body()).await
            };
            match ended {
                Ok(value) => {
                    call.succeeded();
                    return Ended::Answered(Ok(value));
                }
                Err(Some(error)) => match call.failed(diagnose(&error)) {
                    Step::Pause => {}
                    Step::Fallback => return Ended::Failed(error),
                    Step::Return => return Ended::Answered(Err(error)),
                },
                Err(None) => {}
            }
        }
        if !pause(call).await {
            return Ended::Stopped;
        }
    }
}
