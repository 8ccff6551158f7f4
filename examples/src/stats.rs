//! What became of the calls.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Who answered a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Served {
    /// Redis, at the first attempt.
    Redis,
    /// Redis, at a later attempt.
    Retried,
    Fallback,
    /// The journal has it, and Redis will.
    Queued,
    /// The caller got an error.
    Nobody,
}

impl Served {
    /// Without a journal, in the order in which tables and pictures have them.
    pub(crate) const USUAL: &[Self] = &[Self::Redis, Self::Retried, Self::Fallback, Self::Nobody];

    pub(crate) fn label(self) -> &'static str {
        match self {
            Self::Redis => "redis",
            Self::Retried => "retried",
            Self::Fallback => "fallback",
            Self::Queued => "queued",
            Self::Nobody => "error",
        }
    }

    /// By where the answer came from, if there is one, and how often Redis was asked.
    pub(crate) fn of(answer: Option<Source>, attempts: u32) -> Self {
        match (answer, attempts) {
            (Some(Source::Redis), 0 | 1) => Self::Redis,
            (Some(Source::Redis), _) => Self::Retried,
            (Some(Source::Database), _) => Self::Fallback,
            (Some(Source::Journal), _) => Self::Queued,
            (None, _) => Self::Nobody,
        }
    }

    pub(crate) fn by_redis(self) -> bool {
        matches!(self, Self::Redis | Self::Retried)
    }
}

/// Where an answer comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    Redis,
    Database,
    /// There is none yet: it is accepted.
    Journal,
}

/// One call that is over.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Record {
    /// When it was due, since the start. It may have begun later: what it then waited is part of its latency.
    pub(crate) due: Duration,
    pub(crate) latency: Duration,
    pub(crate) served: Served,
    /// The index of the row it is shown in.
    pub(crate) row: usize,
    pub(crate) is_read: bool,
}

impl Record {
    pub(crate) fn over(&self) -> Duration {
        self.due + self.latency
    }
}

/// All calls that are over, in the order in which they ended.
#[derive(Debug, Default)]
pub(crate) struct Log {
    records: Mutex<Vec<Record>>,
}

impl Log {
    pub(crate) fn push(&self, record: Record) {
        self.lock().push(record);
    }

    pub(crate) fn all(&self) -> Vec<Record> {
        self.lock().clone()
    }

    /// The calls that ended after `from`.
    pub(crate) fn since(&self, from: Duration) -> Vec<Record> {
        // The order is that of the ends but for threads that overtook one another, hence the margin.
        let margin = Duration::from_millis(200);
        let records = self.lock();
        let tail = records.iter().rev();
        tail.take_while(|record| record.over() + margin > from)
            .filter(|record| record.over() > from)
            .copied()
            .collect()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Record>> {
        self.records.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Some calls in figures.
#[derive(Clone, Debug, Default)]
pub(crate) struct Summary {
    /// Ascending.
    latencies: Vec<Duration>,
    served: [usize; 5],
}

impl<'a> FromIterator<&'a Record> for Summary {
    fn from_iter<I: IntoIterator<Item = &'a Record>>(records: I) -> Self {
        let mut summary = Self::default();
        for record in records {
            summary.latencies.push(record.latency);
            summary.served[record.served as usize] += 1;
        }
        summary.latencies.sort_unstable();
        summary
    }
}

impl Summary {
    pub(crate) fn calls(&self) -> usize {
        self.latencies.len()
    }

    pub(crate) fn count(&self, served: Served) -> usize {
        self.served[served as usize]
    }

    /// From 0 to 1.
    pub(crate) fn share(&self, served: Served) -> f64 {
        share(self.count(served), self.calls())
    }

    /// The latency that `percent` of the calls did not exceed; `None` without calls.
    pub(crate) fn percentile(&self, percent: usize) -> Option<Duration> {
        let rank = (self.calls() * percent).div_ceil(100).max(1);
        self.latencies.get(rank - 1).copied()
    }
}

/// `part` of `whole`, from 0 to 1.
pub(crate) fn share(part: usize, whole: usize) -> f64 {
    real(part) / real(whole).max(1.0)
}

pub(crate) fn real(count: usize) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}

/// A latency as people read it.
pub(crate) fn readable(latency: Option<Duration>) -> String {
    let Some(latency) = latency else {
        return "-".to_owned();
    };
    let ms = latency.as_secs_f64() * 1e3;
    match ms {
        ..10.0 => format!("{ms:.2} ms"),
        10.0..1e3 => format!("{ms:.0} ms"),
        _ => format!("{:.2} s", ms / 1e3),
    }
}

/// A share as people read it: what is not nothing does not look like nothing, and what is not all not like all.
pub(crate) fn percent(share: f64) -> String {
    let percent = share * 100.0;
    if percent > 0.0 && percent < 0.1 {
        "<0.1 %".to_owned()
    } else if percent < 100.0 && percent > 99.9 {
        ">99.9 %".to_owned()
    } else {
        format!("{percent:.1} %")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(ms: u64, served: Served) -> Record {
        Record {
            due: Duration::ZERO,
            latency: Duration::from_millis(ms),
            served,
            row: 0,
            is_read: true,
        }
    }

    #[test]
    fn percentiles_are_latencies_that_were_measured() {
        let records: Vec<_> = (1..=200).map(|ms| record(ms, Served::Redis)).collect();
        let summary: Summary = records.iter().collect();
        assert_eq!(summary.percentile(50), Some(Duration::from_millis(100)));
        assert_eq!(summary.percentile(99), Some(Duration::from_millis(198)));
        assert_eq!(summary.percentile(100), Some(Duration::from_millis(200)));
        assert_eq!(Summary::default().percentile(99), None);
    }

    #[test]
    fn no_share_is_rounded_to_all_or_nothing() {
        let mut records = vec![record(1, Served::Redis); 4_999];
        records.push(record(1, Served::Nobody));
        let summary: Summary = records.iter().collect();
        assert_eq!(percent(summary.share(Served::Redis)), ">99.9 %");
        assert_eq!(percent(summary.share(Served::Nobody)), "<0.1 %");
        assert_eq!(percent(summary.share(Served::Fallback)), "0.0 %");
        assert_eq!(percent(Summary::default().share(Served::Redis)), "0.0 %");
    }

    #[test]
    fn the_last_second_is_what_ended_in_it() {
        let log = Log::default();
        for ms in [100, 1_100, 1_500, 1_450] {
            log.push(record(ms, Served::Redis));
        }
        assert_eq!(log.since(Duration::from_millis(1_100)).len(), 2);
        assert_eq!(log.all().len(), 4);
    }
}
