//! When a line is written of what happens again and again. Pure.

/// So many lines of a series are written at once: an outage often begins with another error than it goes on with.
pub(super) const BURST: u32 = 2;
/// After those, the silence between two lines: this at first, then twice as long each time.
pub(super) const FIRST_SILENCE_MS: u64 = 1_000;
/// It grows no further than this.
pub(super) const MAX_SILENCE_MS: u64 = 30_000;
/// Where nothing has happened for so long after a silence, the next line begins a new series.
const CALM_MS: u64 = 10_000;

/// How many lines there would have been before this one, and in what time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct LeftOut {
    count: u64,
    millis: u64,
}

impl LeftOut {
    pub(super) const fn new(count: u64, millis: u64) -> Self {
        Self { count, millis }
    }

    /// `None`: none, and then it is no field of the line.
    pub(super) fn count(self) -> Option<u64> {
        (self.count > 0).then_some(self.count)
    }

    pub(super) fn millis(self) -> Option<u64> {
        (self.count > 0).then_some(self.millis)
    }

    /// Both together.
    pub(super) fn and(self, other: Self) -> Self {
        match (self.count, other.count) {
            (_, 0) => self,
            (0, _) => other,
            _ => Self {
                count: self.count.saturating_add(other.count),
                millis: self.millis.max(other.millis),
            },
        }
    }
}

/// Lines that say the same of the same.
#[derive(Debug, Default)]
pub(super) struct Series {
    written: u32,
    last_ms: u64,
    silent_until_ms: u64,
}

impl Series {
    /// Whether nothing is written at this time, of a series that is silent until then. A clock that was set back ends the silence.
    pub(super) const fn is_silent(silent_until_ms: u64, now_ms: u64) -> bool {
        now_ms < silent_until_ms && silent_until_ms - now_ms <= MAX_SILENCE_MS
    }

    pub(super) const fn silent_until_ms(&self) -> u64 {
        self.silent_until_ms
    }

    /// A line is written now. The time since the last one, in which what was left out has happened.
    pub(super) fn write(&mut self, now_ms: u64) -> u64 {
        let since = if self.written == 0 {
            0
        } else {
            now_ms.saturating_sub(self.last_ms)
        };
        if now_ms.saturating_sub(self.silent_until_ms) >= CALM_MS {
            self.written = 0;
        }
        self.written = self.written.saturating_add(1);
        let silence_ms = self.written.checked_sub(BURST).map_or(0, |silences| {
            let factor = 1_u64.checked_shl(silences).unwrap_or(u64::MAX);
            FIRST_SILENCE_MS.saturating_mul(factor).min(MAX_SILENCE_MS)
        });
        self.last_ms = now_ms;
        self.silent_until_ms = now_ms.saturating_add(silence_ms);
        since
    }

    /// It is over: what comes next begins a new one. The time since the last line.
    pub(super) fn end(&mut self, now_ms: u64) -> u64 {
        let since = now_ms.saturating_sub(self.last_ms);
        *self = Self::default();
        since
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The times at which lines are written of what happens every so many milliseconds, in so many.
    fn written(every_ms: u64, for_ms: u64) -> Vec<u64> {
        let mut series = Series::default();
        let mut times = Vec::new();
        for now_ms in (100_000..100_000 + for_ms).step_by(usize::try_from(every_ms).unwrap_or(1)) {
            if !Series::is_silent(series.silent_until_ms(), now_ms) {
                series.write(now_ms);
                times.push(now_ms - 100_000);
            }
        }
        times
    }

    #[test]
    fn what_goes_on_is_written_ever_more_rarely() {
        let expected = [0, 1, 1_001, 3_001, 7_001, 15_001, 31_001, 61_001, 91_001];
        assert_eq!(written(1, 120_000), expected);
    }

    #[test]
    fn no_second_has_more_than_the_burst() {
        for every_ms in [1, 7, 100, 333, 999, 1_000] {
            let times = written(every_ms, 600_000);
            for window in times.windows(BURST as usize + 1) {
                let span = window[window.len() - 1] - window[0];
                assert!(span >= FIRST_SILENCE_MS, "{every_ms}: {window:?}");
            }
        }
    }

    #[test]
    fn what_happens_rarely_is_always_written() {
        assert_eq!(written(60_000, 600_000).len(), 10);
    }

    #[test]
    fn after_a_calm_it_begins_anew() {
        let mut series = Series::default();
        for now_ms in [0, 1, 1_001, 3_001] {
            series.write(now_ms);
        }
        assert_eq!(series.silent_until_ms(), 7_001);
        let since = series.write(7_001 + CALM_MS);
        assert_eq!(since, 4_000 + CALM_MS);
        assert_eq!(series.silent_until_ms(), 7_001 + CALM_MS, "a burst again");
    }

    #[test]
    fn a_clock_set_back_ends_the_silence() {
        assert!(Series::is_silent(40_000, 20_000));
        assert!(!Series::is_silent(100_000, 20_000));
        assert!(!Series::is_silent(20_000, 20_000));
    }

    #[test]
    fn what_was_left_out_adds_up() {
        let none = LeftOut::default();
        assert_eq!((none.count(), none.millis()), (None, None));
        let both = LeftOut::new(3, 500).and(LeftOut::new(4, 200));
        assert_eq!((both.count(), both.millis()), (Some(7), Some(500)));
        assert_eq!(none.and(LeftOut::new(4, 200)), LeftOut::new(4, 200));
    }
}
