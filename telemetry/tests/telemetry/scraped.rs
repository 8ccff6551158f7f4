//! What a scrape of the facade's exporter for Prometheus has.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use redis_resilient::telemetry::{self, DURATION_BUCKETS, facade};

/// A scrape, by series.
pub(crate) struct Scrape(BTreeMap<String, f64>);

fn exporter() -> &'static PrometheusHandle {
    static EXPORTER: OnceLock<PrometheusHandle> = OnceLock::new();
    EXPORTER.get_or_init(|| {
        telemetry::start();
        PrometheusBuilder::new()
            .set_buckets_for_metric(Matcher::Prefix("resilient_".to_owned()), &DURATION_BUCKETS)
            .expect("there are buckets")
            .install_recorder()
            .expect("there is no other recorder")
    })
}

pub(crate) fn text() -> String {
    let exporter = exporter();
    facade::collect();
    exporter.render()
}

/// One after the other: a counter's first value is told to whoever scrapes first.
pub(crate) fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

pub(crate) fn scrape() -> Scrape {
    let text = text();
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    let series = lines.filter_map(|line| {
        let (series, value) = line.rsplit_once(' ')?;
        Some((series.to_owned(), value.parse().ok()?))
    });
    Scrape(series.collect())
}

impl Scrape {
    /// The value of the series, as in `resilient_calls_total{function="f",result="redis"}`.
    pub(crate) fn get(&self, series: &str) -> Option<f64> {
        self.0.get(series).copied()
    }

    /// As [`get`](Self::get), of one that is there.
    #[track_caller]
    pub(crate) fn value(&self, series: &str) -> f64 {
        self.get(series)
            .unwrap_or_else(|| panic!("there is no {series}"))
    }

    /// All of it, for a failure's message.
    pub(crate) fn all(&self) -> String {
        let mut all = String::new();
        for (series, value) in &self.0 {
            let _ = writeln!(all, "{series} {value}");
        }
        all
    }

    /// The series that have this in their labels.
    pub(crate) fn with(&self, label: &str) -> impl Iterator<Item = (&str, f64)> {
        let series = self
            .0
            .iter()
            .map(|(series, value)| (series.as_str(), *value));
        series.filter(move |(series, _)| series.contains(label))
    }
}
