//! What observers are told of connections: made, lost and why, moved, looked at in vain; credentials; gaps in subscriptions.
//!
//! There is one method for each kind. Nothing is told of a command that succeeds, and nothing is made of an event that nobody takes. How many
//! there are in an outage is bounded by what connects then: one at a time, with rests.

pub(crate) mod many;

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use redis::{ConnectionAddr, RedisError};
use redis_resilient_runtime::__seam::clock::{now_ms, whole_millis};
use redis_resilient_runtime::__seam::{address_in_chain, emit, error_text, wants};
use redis_resilient_runtime::Class;
use redis_resilient_runtime::event::{
    ConnectFailed, Connected, ConnectionLost, CredentialsFailed, CredentialsRenewed, Event,
    HealthCheckFailed, PrimaryMoved, Severity, SubscriptionGap,
};
use redis_resilient_runtime::registry::ConnectionFailure;

use many::Many;
#[cfg(feature = "cluster")]
use redis_resilient_runtime::__seam::SILENCE_MS;
use redis_resilient_runtime::__seam::{Counted, Rarely};

/// What tells of itself: each comes back by itself.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Side {
    /// The connections that asynchronous callers share.
    Shared,
    /// Those of synchronous code.
    Blocking,
    Subscriptions,
}

/// How it has shown that a connection is lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Loss {
    /// It is closed, or commands are not answered.
    Gone,
    /// It was looked at before it was to be used, and did not answer as it should.
    Unfit,
}

/// Why a subscription has missed something.
#[derive(Debug)]
pub(crate) struct Gap {
    pub(crate) address: Option<ConnectionAddr>,
    pub(crate) error: RedisError,
    pub(crate) begun_ms: u64,
}

/// Tells in the name of a connector, or of one server of a cluster's.
pub(crate) struct Events {
    connector: Arc<str>,
    /// Whether something has failed since a connection was made last, for each side.
    has_failed: [AtomicBool; 3],
    /// The one that was seen last.
    primary: Mutex<Option<ConnectionAddr>>,
    /// What failed last, and when.
    last_failure: Mutex<Option<(RedisError, u64)>>,
    blocking: Many,
    renewed: Rarely,
    not_renewed: Rarely,
    missed: Counted,
    #[cfg(feature = "cluster")]
    found_again: Rarely,
}

impl fmt::Debug for Events {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Events({})", self.connector)
    }
}

impl Events {
    pub(crate) fn of(connector: Arc<str>) -> Self {
        Self {
            connector,
            has_failed: Default::default(),
            primary: Mutex::default(),
            last_failure: Mutex::default(),
            blocking: Many::default(),
            renewed: Rarely::default(),
            not_renewed: Rarely::default(),
            missed: Counted::default(),
            #[cfg(feature = "cluster")]
            found_again: Rarely::default(),
        }
    }

    /// In whose name.
    pub(crate) const fn connector(&self) -> &Arc<str> {
        &self.connector
    }

    /// A connection was made.
    pub(crate) fn connected(&self, side: Side, address: &ConnectionAddr, took: Duration) {
        let again = self.has_failed(side).swap(false, Ordering::Relaxed);
        if wants(if again {
            Severity::Info
        } else {
            Severity::Debug
        }) {
            let address = address.to_string();
            let event = Connected::new(took, again, &self.connector, &address);
            emit(&Event::Connected(event));
        }
    }

    /// None could be made. Where an error does not say which server it is about, it is the one that is `known`.
    pub(crate) fn connect_failed(
        &self,
        side: Side,
        known: Option<&ConnectionAddr>,
        error: &RedisError,
        retry_after: Option<Duration>,
    ) {
        self.fails(side);
        self.remember(error);
        if wants(Severity::Warn) {
            let address = address_of(error, known);
            emit(&Event::ConnectFailed(ConnectFailed::new(
                Class::of(error),
                retry_after,
                &self.connector,
                &error_text(error),
                address.as_deref(),
            )));
        }
    }

    /// One that was there is lost.
    pub(crate) fn lost(
        &self,
        side: Side,
        loss: Loss,
        address: Option<&ConnectionAddr>,
        cause: impl FnOnce() -> RedisError,
    ) {
        self.fails(side);
        // Without an address there was none.
        let Some(address) = address else {
            return;
        };
        let cause = cause();
        self.remember(&cause);
        if !wants(Severity::Warn) {
            return;
        }
        let (connector, address) = (&self.connector, address.to_string());
        let (class, text) = (Class::of(&cause), error_text(&cause));
        emit(&match loss {
            Loss::Gone => {
                Event::ConnectionLost(ConnectionLost::new(class, connector, &address, &text))
            }
            Loss::Unfit => {
                Event::HealthCheckFailed(HealthCheckFailed::new(class, connector, &address, &text))
            }
        });
    }

    fn remember(&self, error: &RedisError) {
        let mut last = self
            .last_failure
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        *last = Some((error.clone(), now_ms()));
    }

    /// What failed last, for the registry.
    pub(super) fn last_failure(&self) -> Option<ConnectionFailure> {
        let last = self
            .last_failure
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let (error, at_ms) = last.clone()?;
        drop(last);
        let ago = Duration::from_millis(now_ms().saturating_sub(at_ms));
        let (class, text) = (Class::of(&error), error_text(&error));
        Some(ConnectionFailure::new(class, text, ago))
    }

    /// This one is the primary, or was connected to as such.
    pub(crate) fn primary_is(&self, address: &ConnectionAddr) {
        let mut primary = self.primary.lock().unwrap_or_else(PoisonError::into_inner);
        if primary.as_ref() == Some(address) {
            return;
        }
        let before = primary.replace(address.clone());
        drop(primary);
        if let Some(before) = before {
            for side in [Side::Shared, Side::Blocking, Side::Subscriptions] {
                self.fails(side);
            }
            self.blocking.ends();
            self.primary_moved(&before, address);
        }
    }

    pub(crate) fn primary_moved(&self, from: &impl fmt::Display, to: &impl fmt::Display) {
        if wants(Severity::Warn) {
            let (from, to) = (from.to_string(), to.to_string());
            emit(&Event::PrimaryMoved(PrimaryMoved::new(
                &self.connector,
                &from,
                &to,
            )));
        }
    }

    /// Which generation a connection of synchronous code belongs to that is made now.
    pub(crate) fn blocking_generation(&self) -> u64 {
        self.blocking.generation()
    }

    /// One of synchronous code was made.
    pub(crate) fn blocking_connected(&self, address: &ConnectionAddr, took: Duration) {
        if self.blocking.is_first() {
            self.connected(Side::Blocking, address, took);
        }
    }

    /// One of synchronous code is lost. All of its generation are as good as lost with it, and not told of.
    pub(crate) fn blocking_lost(
        &self,
        generation: u64,
        loss: Loss,
        address: Option<&ConnectionAddr>,
        cause: impl FnOnce() -> RedisError,
    ) {
        if self.blocking.is_first_lost(generation) {
            self.lost(Side::Blocking, loss, address, cause);
        }
    }

    /// A connection goes on with new credentials. All that were made with the same need them at about the same time: told of one.
    pub(crate) fn renewed(&self, address: Option<&ConnectionAddr>, next_in: Option<Duration>) {
        let silent_ms = next_in.map_or(0, whole_millis);
        if wants(Severity::Debug) && self.renewed.is_due(now_ms(), silent_ms) {
            let address = address.map(ToString::to_string);
            emit(&Event::CredentialsRenewed(CredentialsRenewed::new(
                next_in,
                &self.connector,
                address.as_deref(),
            )));
        }
    }

    /// New ones could not be had; or the server at this address refuses them.
    pub(crate) fn not_renewed(
        &self,
        address: Option<&ConnectionAddr>,
        error: &RedisError,
        retry_after: Option<Duration>,
    ) {
        let silent_ms = retry_after.map_or(0, whole_millis);
        if wants(Severity::Error) && self.not_renewed.is_due(now_ms(), silent_ms) {
            let address = address.map(ToString::to_string);
            emit(&Event::CredentialsFailed(CredentialsFailed::new(
                Class::of(error),
                retry_after,
                &self.connector,
                &error_text(error),
                address.as_deref(),
            )));
        }
    }

    /// Subscriptions are back after this.
    pub(crate) fn resubscribed(&self, gap: &Gap) {
        let lasted = Duration::from_millis(now_ms().saturating_sub(gap.begun_ms));
        self.gap(None, Some(lasted), gap.address.as_ref(), Some(&gap.error));
    }

    /// A subscription to sharded channels is back after this. Many may have had them on the server that was lost: told of one.
    #[cfg(feature = "cluster")]
    pub(crate) fn found_again(&self, gap: &Gap) {
        if self.found_again.is_due(now_ms(), SILENCE_MS) {
            self.resubscribed(gap);
        }
    }

    /// A subscription takes no more, for nobody takes what it has: it subscribes anew.
    pub(crate) fn overran(&self, error: &RedisError) {
        self.gap(None, None, None, Some(error));
    }

    /// So many messages were dropped, for nobody took them. Told once in a while.
    pub(crate) fn missed(&self, count: u64) {
        if let Some(count) = self.missed.add(count, now_ms()) {
            self.gap(Some(count), None, None, None);
        }
    }

    fn gap(
        &self,
        missed: Option<u64>,
        lasted: Option<Duration>,
        address: Option<&ConnectionAddr>,
        error: Option<&RedisError>,
    ) {
        if wants(Severity::Warn) {
            let address = address.map(ToString::to_string);
            let text = error.map(|error| error_text(error));
            emit(&Event::SubscriptionGap(SubscriptionGap::new(
                missed,
                lasted,
                &self.connector,
                address.as_deref(),
                text.as_deref(),
            )));
        }
    }

    fn fails(&self, side: Side) {
        if let Side::Blocking = side {
            self.blocking.fails();
        }
        self.has_failed(side).store(true, Ordering::Relaxed);
    }

    const fn has_failed(&self, side: Side) -> &AtomicBool {
        let [shared, blocking, subscriptions] = &self.has_failed;
        match side {
            Side::Shared => shared,
            Side::Blocking => blocking,
            Side::Subscriptions => subscriptions,
        }
    }
}

fn address_of(error: &RedisError, known: Option<&ConnectionAddr>) -> Option<String> {
    let said = address_in_chain(error).map(str::to_owned);
    said.or_else(|| known.map(ToString::to_string))
}
