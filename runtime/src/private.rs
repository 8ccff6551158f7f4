//! Everything that expansions of the attribute name. Not part of the public API: it changes with the macro crate.
#![allow(missing_docs)]

pub use crate::attempt::{Attempt, Pause, attempt, pause};
pub use crate::breaker::{
    DEFAULT_BREAKER, HoldsBreaker, IntoBreaker, breaker, held_breaker, static_breaker,
};
pub use crate::bulkhead::{IntoBulkhead, bulkhead, static_bulkhead};
pub use crate::call::{BlockingCall, Call, Handed, LeftSpan, Step, in_span, left_span};
#[cfg(feature = "chaos")]
pub use crate::call::{Faced, Faults, ViaFault, ViaNoFault};
pub use crate::class::Class;
pub use crate::clock::now;
pub use crate::default_breaker::{
    HoldsConnector, Taken, ViaConnector, ViaNoConnector, default_breaker,
};
pub use crate::diagnosis::Diagnosis;
pub use crate::diagnosis::autoref::{
    TellsOfRedis, ViaAsRef, ViaAsRefSendSync, ViaClassify, ViaClassifyError, ViaError,
    ViaFromRedis, ViaMute, ViaNothing, View, classify_with,
};
pub use crate::fallback::{
    AnyArity, Arity, Callee, Takes, Takes0, Takes1, Takes2, Takes3, Takes4, Takes5, Takes6, Takes7,
    Takes8, TakesAny, TakesMissing, takes,
};
pub use crate::fallback::{
    FutureKind, IsFuture, IsValue, Kind, ValueKind, probe, settled, with_error,
};
pub use crate::function::Function;
pub use crate::hedge::{HedgeBudget, Hedged, hedged};
// Not the public one, whose setters panic: what is known only at run time is refused when the function is called.
pub use crate::result_like::{Refused, ResultLike, TurnedAway, gone, refuse, rejected};
pub use crate::settings::{FallbackOn, Settings as Policy};
pub use crate::{Backoff, Bulkhead, Jitter, Rejection};

/// The delay that a backoff gives, for tests of its numbers: the retry's number, the delay before and the random number come from outside.
#[must_use]
pub fn backoff_delay(
    backoff: &Backoff,
    retry: u32,
    previous: std::time::Duration,
    random: u32,
) -> std::time::Duration {
    backoff.delay(retry, previous, random)
}
