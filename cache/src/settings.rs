//! How a cache is to behave, as it is written down: in the options of the attribute, or in a builder.

use std::time::Duration;

use crate::defaults::{JITTER, LEASE, LONGEST_OF_EACH};
use crate::entry::LONGEST_MS;

/// How it is known that a value in this process is good.
#[derive(Clone, Copy, Debug)]
pub(crate) enum NearBy {
    /// It is new.
    Time(Duration),
    /// Redis would have told.
    Tracking,
}

/// The settings of one cache.
#[derive(Clone, Copy, Debug)]
#[doc(hidden)]
pub struct Settings {
    pub(crate) name: &'static str,
    pub(crate) prefix: &'static str,
    pub(crate) version: u32,
    pub(crate) ttl: Duration,
    /// Whether that is a limit only, and each value has a time of its own.
    pub(crate) of_each: bool,
    pub(crate) negative_ttl: Option<Duration>,
    pub(crate) jitter: f64,
    pub(crate) stale_if_error: Duration,
    pub(crate) stale_while_revalidate: Duration,
    pub(crate) soft_timeout: Option<Duration>,
    /// The beta of `XFetch`.
    pub(crate) refresh_ahead: Option<f64>,
    pub(crate) lease: Duration,
    pub(crate) coalesce: bool,
    pub(crate) near: Option<NearBy>,
    /// What all keys begin with after the prefix.
    pub(crate) head: &'static str,
    /// The bounds of the copies in this process.
    pub(crate) max_copies: u64,
    pub(crate) max_copied_bytes: u64,
}

#[allow(missing_docs, reason = "each is named as the option is")]
impl Settings {
    #[must_use]
    pub const fn new(name: &'static str, prefix: &'static str) -> Self {
        Self {
            name,
            prefix,
            version: 0,
            ttl: Duration::ZERO,
            of_each: false,
            negative_ttl: None,
            jitter: JITTER,
            stale_if_error: Duration::ZERO,
            stale_while_revalidate: Duration::ZERO,
            soft_timeout: None,
            refresh_ahead: None,
            lease: LEASE,
            coalesce: true,
            near: None,
            head: "",
            max_copies: 10_000,
            max_copied_bytes: 64 * 1024 * 1024,
        }
    }

    #[must_use]
    pub const fn version(mut self, version: u32) -> Self {
        self.version = version;
        self
    }

    #[must_use]
    pub const fn ttl(mut self, ttl: Duration) -> Self {
        self.ttl = ttl;
        self
    }

    /// Each value, or each call, has a time of its own, which is at most this.
    #[must_use]
    pub const fn ttl_of_each(mut self) -> Self {
        self.ttl = LONGEST_OF_EACH;
        self.of_each = true;
        self
    }

    #[must_use]
    pub const fn negative_ttl(mut self, ttl: Duration) -> Self {
        self.negative_ttl = Some(ttl);
        self
    }

    #[must_use]
    pub const fn jitter(mut self, part: f64) -> Self {
        self.jitter = part;
        self
    }

    #[must_use]
    pub const fn stale_if_error(mut self, time: Duration) -> Self {
        self.stale_if_error = time;
        self
    }

    #[must_use]
    pub const fn stale_while_revalidate(mut self, time: Duration) -> Self {
        self.stale_while_revalidate = time;
        self
    }

    #[must_use]
    pub const fn soft_timeout(mut self, time: Duration) -> Self {
        self.soft_timeout = Some(time);
        self
    }

    #[must_use]
    pub const fn refresh_ahead(mut self, beta: f64) -> Self {
        self.refresh_ahead = Some(beta);
        self
    }

    #[must_use]
    pub const fn lease(mut self, time: Duration) -> Self {
        self.lease = time;
        self
    }

    #[must_use]
    pub const fn coalesce(mut self, coalesce: bool) -> Self {
        self.coalesce = coalesce;
        self
    }

    #[must_use]
    pub const fn near(mut self, time: Duration) -> Self {
        self.near = Some(NearBy::Time(time));
        self
    }

    #[must_use]
    pub const fn near_tracking(mut self) -> Self {
        self.near = Some(NearBy::Tracking);
        self
    }

    #[must_use]
    pub const fn head(mut self, head: &'static str) -> Self {
        self.head = head;
        self
    }

    #[must_use]
    pub const fn copies(mut self, entries: u64, bytes: u64) -> Self {
        self.max_copies = entries;
        self.max_copied_bytes = bytes;
        self
    }
}

impl Settings {
    /// For how long after its time an entry is kept.
    pub(crate) fn stale(&self) -> Duration {
        self.stale_if_error.max(self.stale_while_revalidate)
    }

    /// What makes no sense, and what to write instead.
    pub(crate) const fn problem(&self) -> Option<&'static str> {
        let (ttl, error, revalidate) = (
            self.ttl.as_nanos(),
            self.stale_if_error.as_nanos(),
            self.stale_while_revalidate.as_nanos(),
        );
        let stale = if error > revalidate {
            error
        } else {
            revalidate
        };
        if self.name.trim_ascii().is_empty() {
            return Some(
                "the name of a cache is empty, and events and the registry are to name it: `Cache::builder(\"users\")`",
            );
        }
        if ttl == 0 {
            return Some(
                "`ttl` cannot be zero: say how long a value is good, as `ttl(Duration::from_secs(600))`",
            );
        }
        if matches!(self.negative_ttl, Some(ttl) if ttl.is_zero()) {
            return Some(
                "`negative_ttl` cannot be zero: leave it out, and what is not there lives as long as other values",
            );
        }
        if ttl + stale > LONGEST_MS as u128 * 1_000_000 / 2 {
            return Some(
                "`ttl` and the time for which a stale value is kept are too long: at most a year and a half together",
            );
        }
        if !(self.jitter >= 0.0 && self.jitter <= 0.5) {
            return Some("`jitter` is the part of the `ttl` by which it varies: from 0.0 to 0.5");
        }
        if error > 0 && error < ttl && !self.of_each {
            return Some(
                "`stale_if_error` is shorter than `ttl`: it says for how long after its `ttl` a value is still better than an error, which is hours rather than minutes",
            );
        }
        if self.lease.as_millis() == 0 {
            return Some("`lease` is at least a millisecond, and longer than a load takes");
        }
        if matches!(self.near, Some(NearBy::Time(near)) if near.is_zero() || near.as_nanos() > ttl)
        {
            return Some(
                "`near` is how long a value is kept in the process: over zero, and not longer than `ttl`",
            );
        }
        if self.soft_timeout.is_some() && stale == 0 {
            return Some(
                "`soft_timeout` needs a stale value to serve: give `stale_if_error` or `stale_while_revalidate` too",
            );
        }
        if matches!(self.refresh_ahead, Some(beta) if !(beta > 0.0 && beta < 1_000_000.0)) {
            return Some(
                "`refresh_ahead` is a number over 0: 1.0 as in the paper, more to refresh earlier",
            );
        }
        None
    }
}
