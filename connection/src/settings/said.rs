//! What settings say of a connector while it runs, in place of what its builder said.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use redis_resilient_runtime::registry::ConnectorSettings;

use super::Settings;

// Each is a number by itself: nothing is published through them.
const ORDER: Ordering = Ordering::Relaxed;

/// In nanoseconds; 0: nothing was said.
#[derive(Debug, Default)]
pub(crate) struct Said {
    connect_timeout: AtomicU64,
    response_timeout: AtomicU64,
    health_check_after: AtomicU64,
}

impl Said {
    /// Replaces all of it. What is under way goes by what it began with.
    pub(crate) fn replace(&self, by: &ConnectorSettings) {
        let say = |of: &AtomicU64, time: Option<Duration>| {
            let nanos = time.map_or(0, |time| u64::try_from(time.as_nanos()).unwrap_or(u64::MAX));
            of.store(nanos, ORDER);
        };
        say(&self.connect_timeout, by.connect_timeout);
        say(&self.response_timeout, by.response_timeout);
        say(&self.health_check_after, by.health_check_after);
    }
}

impl Settings {
    /// How long connecting may take.
    pub(crate) fn connect_timeout(&self) -> Duration {
        self.said_or(self.connect_timeout, |said| &said.connect_timeout)
    }

    /// How long an answer may take.
    #[inline]
    pub(crate) fn response_timeout(&self) -> Duration {
        self.said_or(self.response_timeout, |said| &said.response_timeout)
    }

    /// After so long without a sign of life a connection is looked at before it is used.
    pub(crate) fn health_check_after(&self) -> Duration {
        self.said_or(self.health_check_after, |said| &said.health_check_after)
    }

    #[inline]
    fn said_or(&self, made: Duration, of: impl Fn(&Said) -> &AtomicU64) -> Duration {
        let nanos = self.said.as_ref().map_or(0, |said| of(said).load(ORDER));
        // A time without an end is that of connections whose commands have limits of their own.
        if nanos == 0 || made == Duration::MAX {
            made
        } else {
            Duration::from_nanos(nanos)
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    const MS: fn(u64) -> Duration = Duration::from_millis;

    #[test]
    fn what_is_said_holds_for_all_clones_and_what_is_not_stays() {
        let settings = Settings {
            said: Some(Arc::default()),
            ..Settings::DEFAULT
        };
        let clone = settings.clone();
        let mut said = ConnectorSettings::default();
        said.response_timeout = Some(MS(7));
        if let Some(shared) = &settings.said {
            shared.replace(&said);
        }
        assert_eq!(clone.response_timeout(), MS(7));
        assert_eq!(clone.connect_timeout(), Settings::DEFAULT.connect_timeout);
        let endless = Settings {
            response_timeout: Duration::MAX,
            ..clone.clone()
        };
        assert_eq!(endless.response_timeout(), Duration::MAX);
        if let Some(shared) = &settings.said {
            shared.replace(&ConnectorSettings::default());
        }
        assert_eq!(clone.response_timeout(), Settings::DEFAULT.response_timeout);
    }
}
