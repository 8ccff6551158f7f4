//! For the facade of the crate [`metrics`](https://docs.rs/metrics): call [`collect`] before what your exporter shows is read.
//!
//! With `metrics-exporter-prometheus`:
//!
//! ```
//! use metrics_exporter_prometheus::{Matcher, PrometheusBuilder};
//! use redis_resilient::telemetry::{self, DURATION_BUCKETS, facade};
//!
//! // When the application starts.
//! telemetry::start();
//! let exporter = PrometheusBuilder::new()
//!     .set_buckets_for_metric(Matcher::Prefix("resilient_".to_owned()), &DURATION_BUCKETS)?
//!     .install_recorder()?;
//!
//! // Whatever answers `GET /metrics`.
//! let scrape = || {
//!     facade::collect();
//!     exporter.render()
//! };
//! scrape();
//! # Ok::<(), metrics_exporter_prometheus::BuildError>(())
//! ```
//!
//! An exporter that listens by itself, or pushes, is collected for by a thread that calls [`collect`] about as often as it is scraped. A counter is 0
//! at the first `collect` that has it: more often than the scrapes, and that is not seen.

use std::sync::{Mutex, PoisonError};

use metrics::{Key, KeyName, Label, Level, Metadata, Recorder, Unit, with_recorder};

use crate::describe::{Instrument, Metric, metrics};
use crate::reading::{Point, Reader, Value};

const METADATA: Metadata<'static> =
    Metadata::new("redis_resilient", Level::INFO, Some("redis_resilient"));

/// What was read last, for one exporter: each has to see what is new once.
pub(crate) type Readings = Mutex<Option<Reader>>;

static READINGS: Readings = Mutex::new(None);

/// Tells the facade's recorder the values of now, and what all metrics are. It takes about a microsecond for each series.
pub fn collect() {
    collect_for(&READINGS);
}

pub(crate) fn collect_for(readings: &Readings) {
    let mut reader = readings.lock().unwrap_or_else(PoisonError::into_inner);
    let reader = reader.get_or_insert_with(Reader::default);
    let points = reader.read();
    with_recorder(|recorder| {
        for metric in metrics() {
            describe(recorder, metric);
        }
        for (point, value) in points {
            tell(recorder, &point, value);
        }
    });
}

fn describe(recorder: &dyn Recorder, metric: &Metric) {
    let name = KeyName::from(metric.prometheus_name());
    let unit = (metric.unit == "s").then_some(Unit::Seconds);
    let help = metric.help.into();
    match metric.instrument {
        Instrument::Counter => recorder.describe_counter(name, unit, help),
        Instrument::Gauge => recorder.describe_gauge(name, unit, help),
        Instrument::Histogram => recorder.describe_histogram(name, unit, help),
    }
}

fn tell(recorder: &dyn Recorder, point: &Point, value: Value) {
    let labels: Vec<Label> = point
        .pairs()
        .map(|(label, value)| Label::new(label, value.to_owned()))
        .collect();
    let key = Key::from_parts(point.metric.prometheus_name(), labels);
    match value {
        Value::Sum(sum) => recorder.register_counter(&key, &METADATA).absolute(sum),
        Value::Level(level) => recorder.register_gauge(&key, &METADATA).set(level),
        Value::Taken(taken) => {
            let histogram = recorder.register_histogram(&key, &METADATA);
            for (seconds, times) in taken {
                histogram.record_many(seconds, usize::try_from(times).unwrap_or(usize::MAX));
            }
        }
        Value::Durations(_) => {}
    }
}
