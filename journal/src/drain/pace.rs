//! How fast a journal is emptied: pure.

use std::time::Duration;

/// Lets at most so many through in a second, evenly.
#[derive(Debug)]
pub(crate) struct Pace {
    per_second: Option<u32>,
    /// When the next one may go, counted from the beginning.
    next: Duration,
}

/// So far may be caught up what a pause has cost.
const BURST: Duration = Duration::from_millis(50);

impl Pace {
    /// `None`: as fast as it goes.
    pub(crate) const fn new(per_second: Option<u32>) -> Self {
        Self {
            per_second,
            next: Duration::ZERO,
        }
    }

    /// How long the next one has to wait at this moment.
    pub(crate) fn wait(&mut self, now: Duration) -> Duration {
        let Some(per_second) = self.per_second else {
            return Duration::ZERO;
        };
        let at = self.next.max(now.saturating_sub(BURST));
        self.next = at + Duration::from_secs(1) / per_second.max(1);
        at.saturating_sub(now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn they_go_evenly() {
        let mut pace = Pace::new(Some(100));
        assert_eq!(pace.wait(ms(1_000)), Duration::ZERO);
        let waits: Vec<_> = (0..8).map(|_| pace.wait(ms(1_000))).collect();
        // What was free before is made up for up to 50 ms.
        assert_eq!(waits[..5], [Duration::ZERO; 5]);
        assert_eq!(waits[5..], [ms(10), ms(20), ms(30)]);
        assert_eq!(Pace::new(None).wait(ms(0)), Duration::ZERO);
    }
}
