//! The near cache of one cache, whatever its values can do: what is kept near has to be `Clone`, and other values need not be.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use redis::RedisResult;
use redis_resilient_connection::__seam::listening::{HasOrigin, Origin};
use redis_resilient_connection::Connector;

use crate::key::Key;
use crate::near::weight::Bounds;
use crate::near::{Near, Ticket};
use crate::settings::{NearBy, Settings};
use crate::tracking;

/// Values kept in this process.
pub(crate) trait Nearby<T>: fmt::Debug + Send + Sync {
    fn get(&self, key: &str) -> Option<T>;
    /// To be taken before a read begins.
    fn ticket(&self, key: &str) -> Ticket;
    /// Keeps a value that came from there, `bytes` long in Redis, and is fresh for so long; `None`: for ever.
    fn fill(
        &self,
        ticket: &Ticket,
        from: From,
        key: &str,
        value: &T,
        bytes: usize,
        fresh: Option<Duration>,
    );
    fn forget(&self, key: &str);
    /// How many there are, roughly.
    fn entries(&self) -> u64;
}

/// From where a value came; `None`: not from a server, or nobody knows.
#[derive(Clone, Debug, Default)]
pub(crate) struct From(pub(crate) Option<Origin>);

impl HasOrigin for From {
    fn origin(&self) -> Option<Origin> {
        self.0.clone()
    }
}

impl<T: Clone + Send + Sync + 'static> Nearby<T> for Near<T> {
    fn get(&self, key: &str) -> Option<T> {
        Self::get(self, key).map(|value| T::clone(&value))
    }

    fn ticket(&self, key: &str) -> Ticket {
        Self::ticket(self, key)
    }

    fn fill(
        &self,
        ticket: &Ticket,
        from: From,
        key: &str,
        value: &T,
        bytes: usize,
        fresh: Option<Duration>,
    ) {
        // What is refused is read again.
        let _ = Self::fill(
            self,
            ticket,
            &from,
            key,
            Arc::new(value.clone()),
            bytes,
            fresh,
        );
    }

    fn forget(&self, key: &str) {
        Self::forget(self, key);
    }

    fn entries(&self) -> u64 {
        Self::entries(self)
    }
}

/// What the settings ask for.
///
/// # Errors
/// If changes are to be tracked over a connector that reads from replicas.
pub(crate) fn make<T: Clone + Send + Sync + 'static>(
    settings: &Settings,
    redis: &Connector,
) -> RedisResult<Option<Box<dyn Nearby<T>>>> {
    let bounds = Bounds::DEFAULT;
    Ok(match settings.near {
        None => None,
        Some(NearBy::Time(time)) => Some(Box::new(Near::for_a_time(time, bounds))),
        Some(NearBy::Tracking) => {
            let prefix = Key::new(settings).text(settings.head);
            let (near, _) = tracking::near(redis, prefix.as_str(), bounds)?;
            Some(Box::new(near))
        }
    })
}

/// For values that cannot be kept near.
pub(crate) type MakeNearby<T> =
    fn(&Settings, &Connector) -> RedisResult<Option<Box<dyn Nearby<T>>>>;
