//! How often servers are asked, and how soon they are connected to again. Pure.

use std::time::Duration;

/// How long values are trusted after a question was sent: less than the second that is promised, for the clock may lag behind by some milliseconds.
pub(crate) const TRUST_MS: u64 = 950;
/// From one question to the next.
pub(crate) const INTERVAL: Duration = Duration::from_millis(250);
/// A server that does not answer for so long is connected to anew. Nothing is trusted by then.
pub(crate) const SILENCE: Duration = Duration::from_secs(1);
/// How often Sentinels are asked.
pub(crate) const LOOK: Duration = Duration::from_millis(500);

const FIRST_REST_MS: u64 = 25;
const LONGEST_REST_MS: u64 = 500;
/// After a refusal that asking again does not change.
const REST_AFTER_REFUSAL_MS: u64 = 5_000;
/// One that has lasted for so long was no failure to begin.
const STEADY: Duration = Duration::from_secs(2);

/// How it ended before.
#[derive(Debug, Default)]
pub(crate) struct Pace {
    failures: u32,
}

impl Pace {
    /// How long to rest after a session that was on for so long; `None`: that never was. Spread over the upper half, so that processes do not march in step.
    pub(crate) fn rest(
        &mut self,
        lasted: Option<Duration>,
        is_refused: bool,
        random: u32,
    ) -> Duration {
        if lasted.is_some_and(|lasted| lasted >= STEADY) {
            self.failures = 0;
        }
        let rest_ms = if is_refused {
            REST_AFTER_REFUSAL_MS
        } else {
            FIRST_REST_MS
                .saturating_mul(1 << self.failures.min(10))
                .min(LONGEST_REST_MS)
        };
        self.failures = self.failures.saturating_add(1);
        let half = rest_ms / 2;
        Duration::from_millis(rest_ms - half + half * u64::from(random) / u64::from(u32::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: fn(u64) -> Duration = Duration::from_millis;

    #[test]
    fn rests_grow_until_one_has_lasted() {
        let mut pace = Pace::default();
        let mut rests = || pace.rest(None, false, u32::MAX);
        assert_eq!([rests(), rests(), rests()], [MS(25), MS(50), MS(100)]);
        assert_eq!((0..9).map(|_| rests()).last(), Some(MS(500)));
        assert_eq!(pace.rest(Some(MS(1999)), false, 0), MS(250));
        assert_eq!(pace.rest(Some(STEADY), false, u32::MAX), MS(25));
        assert_eq!(pace.rest(None, true, u32::MAX), MS(5000));
        assert_eq!(pace.rest(None, true, 0), MS(2500));
    }
}
