//! What chaos does to the attempts of functions that nothing else watches: those without a breaker, whose attempts have no time of their own. Their
//! errors are made by type, where that can be.

use std::marker::PhantomData;

use redis::RedisError;

use super::injection::{REFUSED_FOR, is_armed, waits, waits_async};
use super::retry_state::{LazyRetryState, RetryState};
use super::{BlockingCall, Call};
use crate::Rejection;
use crate::chaos::{self, Fault, Strike};
use crate::fault::INJECTED;
use crate::result_like::ResultLike;

/// What an attempt has met.
#[derive(Clone, Copy, Debug)]
pub struct Faced(Option<Strike>);

impl Faced {
    const NOTHING: Self = Self(None);

    /// Whether the body is not to run.
    #[must_use]
    pub fn fails(&self) -> bool {
        let fault = self.0.map(|strike| strike.fault);
        matches!(fault, Some(Fault::Failure(_) | Fault::Rejection))
    }

    fn loses_answer(self) -> bool {
        matches!(self.0, Some(Strike { fault: Fault::LostReply, id }) if chaos::is_running(id))
    }

    fn error(self) -> RedisError {
        match self.0.map(|strike| strike.fault) {
            Some(Fault::Rejection) | None => Rejection::CircuitOpen {
                breaker: INJECTED,
                retry_after: REFUSED_FOR,
            }
            .into(),
            Some(fault) => fault.error(),
        }
    }
}

/// The next failure that is told was made by chaos.
pub(super) fn marks(state: &mut LazyRetryState) {
    state
        .get_or_insert_with(RetryState::of_new_call)
        .is_injected = true;
}

/// What was told of the attempt before is told.
fn unmarks(state: &mut LazyRetryState) {
    if let Some(state) = state {
        state.is_injected = false;
    }
}

/// Decides, and marks what is to fail.
fn decides(function: &str, state: &mut LazyRetryState, can_fail: bool) -> Faced {
    unmarks(state);
    if !is_armed() {
        return Faced::NOTHING;
    }
    let faced = Faced(chaos::decide_where(function, |fault| {
        can_fail || matches!(fault, Fault::Delay(_))
    }));
    if faced.fails() {
        marks(state);
    }
    faced
}

pub(super) fn faces_blocking(function: &str, state: &mut LazyRetryState, can_fail: bool) -> Faced {
    let faced = decides(function, state, can_fail);
    if let Faced(Some(Strike {
        fault: Fault::Delay(delay),
        id,
    })) = faced
    {
        waits(delay, id);
    }
    faced
}

impl Call<'_> {
    /// What chaos does to the attempt that begins now; a delay is over by then.
    pub async fn faces(&mut self, can_fail: bool) -> Faced {
        let faced = decides(self.policy.name, &mut self.retry_state, can_fail);
        if let Faced(Some(Strike {
            fault: Fault::Delay(delay),
            id,
        })) = faced
        {
            waits_async(delay, id).await;
        }
        faced
    }
}

/// A call whose next failure can be marked.
pub trait Marks {
    /// It was made by chaos.
    fn marks(&mut self);
}

impl Marks for Call<'_> {
    fn marks(&mut self) {
        marks(&mut self.retry_state);
    }
}

impl Marks for BlockingCall<'_> {
    fn marks(&mut self) {
        self.marks_injected();
    }
}

/// What can be made of a function's result of this type.
#[derive(Debug)]
pub struct Faults<R>(PhantomData<fn() -> R>);

impl<R> Faults<R> {
    /// Of this type.
    #[must_use]
    #[expect(clippy::new_without_default, reason = "expansions call it")]
    pub const fn new() -> Self {
        Self(PhantomData)
    }
}

/// Of one whose error can be a failure of Redis.
pub trait ViaFault<R> {
    /// Whether an attempt can fail by a fault.
    fn resilient_can_fail(&self) -> bool {
        true
    }

    /// An attempt that has failed by it.
    fn resilient_fails(&self, faced: &Faced) -> R;

    /// What an attempt has given, unless its answer is lost.
    fn resilient_answers(&self, call: &mut impl Marks, faced: &Faced, result: R) -> R;
}

impl<R: ResultLike> ViaFault<R> for &Faults<R>
where
    R::Error: From<RedisError>,
{
    fn resilient_fails(&self, faced: &Faced) -> R {
        R::from_error(faced.error().into())
    }

    fn resilient_answers(&self, call: &mut impl Marks, faced: &Faced, result: R) -> R {
        if faced.loses_answer() && result.error().is_none() {
            call.marks();
            self.resilient_fails(faced)
        } else {
            result
        }
    }
}

/// Of any other: its attempts can be delayed.
pub trait ViaNoFault<R> {
    /// Whether an attempt can fail by a fault.
    fn resilient_can_fail(&self) -> bool {
        false
    }

    /// Nobody asks for it.
    fn resilient_fails(&self, _: &Faced) -> R {
        unreachable!("no error of this type can be made")
    }

    /// What an attempt has given.
    fn resilient_answers(&self, _: &mut impl Marks, _: &Faced, result: R) -> R {
        result
    }
}

impl<R> ViaNoFault<R> for Faults<R> {}
