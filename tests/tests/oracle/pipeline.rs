//! A pipeline as the cases describe it, and which policy and which classes of errors amount to it.

use std::time::Duration;

use redis_resilient::__private::Policy;
use redis_resilient::{Backoff, Class};
use serde::Deserialize;

use crate::backoff::BackoffConfig;
use crate::cases::{Advice, Case, Supertypes};
use crate::circuit;
use crate::words::Ignored;

/// The vocabulary of a pipeline's configuration.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    /// Outermost first.
    layers: Vec<Layer>,
    #[serde(default)]
    supertypes: Supertypes,
    timeout_ms: Option<u64>,
    #[serde(default)]
    retry: Retry,
    pub(crate) breaker: Option<circuit::Config>,
    #[serde(default)]
    pub(crate) fallback: Fallback,
    idempotent: Option<bool>,
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, PartialOrd)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Layer {
    Fallback,
    Retry,
    Breaker,
    Timeout,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(clippy::struct_field_names, reason = "the words of the cases")]
struct Retry {
    /// Calls, the first one included; unbounded if there is none.
    max_attempts: Option<u32>,
    retry_on: Option<Vec<String>>,
    abort_on: Vec<String>,
    backoff: Option<BackoffConfig>,
    max_duration_ms: Option<u64>,
    open_stops: bool,
    truncate_delay: bool,
    /// The engine's is checked before each pause and after it.
    #[serde(rename = "check_after_delay")]
    _check_after_delay: bool,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Fallback {
    apply_on: Option<Vec<String>>,
    skip_on: Vec<String>,
    pub(crate) result: Option<String>,
}

/// The most that the engine can be told.
const MAX_RETRIES: u32 = 100;

/// What a failure leads to; `None` where there is no such layer to care.
#[derive(Debug)]
struct Effects {
    retry: Option<bool>,
    counts: Option<Counts>,
    fallback: Option<bool>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Counts {
    Failure,
    Neutral,
    Success,
}

/// What the classes lead to, the most usual first. The last one needs `idempotent = false`.
const CLASSES: [(Class, bool, Counts, bool); 6] = [
    (Class::Unreachable, true, Counts::Failure, true),
    (Class::WriteRefused, true, Counts::Neutral, true),
    (Class::Permanent, false, Counts::Success, false),
    (Class::NotRedis, false, Counts::Neutral, false),
    (Class::Rejected, false, Counts::Neutral, true),
    (Class::Ambiguous, false, Counts::Failure, true),
];

impl Config {
    pub(crate) fn has(&self, layer: Layer) -> bool {
        self.layers.contains(&layer)
    }

    /// What the pipeline needs, apart from what its errors do.
    pub(crate) fn needs(&self, case: &Case) -> Vec<&'static str> {
        use Layer::{Breaker, Retry};
        let mut needs = Vec::new();
        if self.counts_calls() {
            needs.push("layers:breaker outside retry");
        } else if !self.layers.is_sorted() {
            needs.push("layers:other order");
        }
        if let (Some(breaker), true) = (&self.breaker, self.has(Breaker)) {
            needs.extend(breaker.needs(case));
            let waits_while_open = self.retry.retry_on.as_ref().is_some_and(|kinds| {
                self.supertypes.is_a("open", kinds)
                    && !self.supertypes.is_a("open", &self.retry.abort_on)
            });
            // The engine's retries always end there.
            let dialect = case.advice == Advice::Dialect && !self.retry.open_stops;
            if self.has(Retry) && (waits_while_open || dialect) {
                needs.push("retry:while open");
            }
            if self.has(Layer::Fallback) && !self.falls_back("open") {
                needs.push("fallback:not when open");
            }
        }
        if self
            .retry
            .max_attempts
            .is_some_and(|most| most > MAX_RETRIES + 1)
        {
            needs.push("retry:over 100");
        }
        if self.retry.truncate_delay {
            needs.push("retry:truncate_delay");
        }
        needs.extend(self.retry.backoff.iter().flat_map(BackoffConfig::needs));
        needs
    }

    /// Whether the breaker stands around the retries, and sees the call as one.
    pub(crate) fn counts_calls(&self) -> bool {
        let place = |layer| self.layers.iter().position(|other| *other == layer);
        matches!((place(Layer::Breaker), place(Layer::Retry)), (Some(breaker), Some(retry)) if breaker < retry)
    }

    /// How many attempts there are at most.
    pub(crate) fn most(&self) -> u32 {
        if self.has(Layer::Retry) {
            self.retry.max_attempts.unwrap_or(MAX_RETRIES + 1)
        } else {
            1
        }
    }

    pub(crate) const fn has_deadline(&self) -> bool {
        self.retry.max_duration_ms.is_some()
    }

    /// The policy, for steps whose errors are these.
    pub(crate) fn policy(&self, kinds: &[&str]) -> Policy {
        let backoff = self.retry.backoff.as_ref();
        let policy = Policy::new("oracle")
            .no_budget()
            .retries(self.most().saturating_sub(1))
            .backoff(backoff.map_or(Backoff::none(), BackoffConfig::build))
            .idempotent(self.is_idempotent(kinds));
        let policy = match self.timeout_ms.filter(|_| self.has(Layer::Timeout)) {
            Some(ms) => policy.timeout(Duration::from_millis(ms)),
            None => policy.no_timeout(),
        };
        match self.retry.max_duration_ms {
            Some(ms) => policy.deadline(Duration::from_millis(ms)),
            None => policy,
        }
    }

    fn is_idempotent(&self, kinds: &[&str]) -> bool {
        let times_out = self.has(Layer::Timeout);
        self.idempotent.unwrap_or_else(|| {
            !kinds
                .iter()
                .any(|kind| self.class(kind) == Some(Class::Ambiguous))
                && (!times_out || self.retries("timeout"))
        })
    }

    /// Whether these errors, and timeouts, can have the effects that the case wants.
    pub(crate) fn can_tell(&self, kinds: &[&str]) -> bool {
        let wanted = self.effects("timeout");
        let times_out_as_wanted = wanted.counts.is_none_or(|wanted| wanted == Counts::Failure)
            && wanted.fallback.is_none_or(|wanted| wanted)
            && wanted
                .retry
                .is_none_or(|wanted| wanted == self.is_idempotent(kinds));
        kinds.iter().all(|kind| self.class(kind).is_some())
            && (!self.has(Layer::Timeout) || times_out_as_wanted)
    }

    /// The class whose effects are those that the case wants for an error; `None` if there is none.
    pub(crate) fn class(&self, kind: &str) -> Option<Class> {
        if self.idempotent.is_some() {
            // These cases speak of errors as the engine does.
            return self
                .supertypes
                .above(kind)
                .iter()
                .find_map(|above| match above.as_str() {
                    "ambiguous" => Some(Class::Ambiguous),
                    "not_sent" => Some(Class::Unreachable),
                    "server_refused" => Some(Class::Unavailable),
                    "permanent" => Some(Class::Permanent),
                    _ => None,
                });
        }
        let wanted = self.effects(kind);
        let fits = |(_, retry, counts, fallback): &&(Class, bool, Counts, bool)| {
            wanted.retry.is_none_or(|wanted| wanted == *retry)
                && wanted.counts.is_none_or(|wanted| wanted == *counts)
                && wanted.fallback.is_none_or(|wanted| wanted == *fallback)
        };
        CLASSES.iter().find(fits).map(|(class, ..)| *class)
    }

    pub(crate) fn retries(&self, kind: &str) -> bool {
        let retry = &self.retry;
        let listed = retry.retry_on.as_ref();
        !self.supertypes.is_a(kind, &retry.abort_on)
            && listed.is_none_or(|kinds| self.supertypes.is_a(kind, kinds))
    }

    fn falls_back(&self, kind: &str) -> bool {
        let listed = self.fallback.apply_on.as_ref();
        !self.supertypes.is_a(kind, &self.fallback.skip_on)
            && listed.is_none_or(|kinds| self.supertypes.is_a(kind, kinds))
    }

    fn effects(&self, kind: &str) -> Effects {
        let counts = self.breaker.as_ref().filter(|_| self.has(Layer::Breaker));
        Effects {
            retry: self.has(Layer::Retry).then(|| self.retries(kind)),
            counts: counts.map(|breaker| {
                let listed = breaker.fail_on.as_ref();
                let ignored = self.supertypes.is_a(kind, &breaker.skip_on)
                    || listed.is_some_and(|kinds| !self.supertypes.is_a(kind, kinds));
                match (ignored, breaker.ignored) {
                    (false, _) => Counts::Failure,
                    (true, Ignored::Neutral) => Counts::Neutral,
                    (true, Ignored::Success) => Counts::Success,
                }
            }),
            fallback: self.has(Layer::Fallback).then(|| self.falls_back(kind)),
        }
    }
}
