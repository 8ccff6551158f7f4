//! Everything that expansions of the attribute name. Not part of the public API: it changes with the macro crate.
#![allow(missing_docs)]

pub use crate::attempt::{Attempt, Timer, attempt, pause};
pub use crate::breaker::{
    DEFAULT_BREAKER, HoldsBreaker, IntoBreaker, Probing, breaker, held_breaker,
};
pub use crate::call::{Call, Step, block};
pub use crate::class::Class;
pub use crate::class::ladder::{
    ViaAsRef, ViaAsRefSendSync, ViaClassify, ViaError, ViaNothing, View, classify_with,
};
pub use crate::fallback::{FutureKind, IsFuture, IsValue, Kind, ValueKind, probe, with_error};
pub use crate::outcome::{Outcome, Refused, refuse, rejected};
pub use crate::policy::Policy;
pub use crate::{Backoff, Jitter, Rejection};
