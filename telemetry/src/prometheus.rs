//! What Prometheus scrapes, for applications that have no recorder of their own.

use std::sync::{Mutex, OnceLock};

use metrics::with_local_recorder;
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusRecorder};

use crate::facade::{Readings, collect_for};
use crate::{DURATION_BUCKETS, start};

/// The metrics of now, as Prometheus reads them: the body of the answer to `GET /metrics`.
///
/// Nothing is installed: what else the application tells the facade `metrics` is not in it, and goes where it went before. An application with a
/// recorder of its own calls [`facade::collect`](crate::facade::collect) in place of this.
///
/// It takes about a microsecond for each series. Call [`start`] when the application starts: what comes before the first text is not counted
/// else.
///
/// ```
/// use redis_resilient::telemetry::{self, prometheus};
///
/// // When the application starts.
/// telemetry::start();
/// // Whatever answers `GET /metrics`.
/// let text = prometheus::text();
/// # drop(text);
/// ```
pub fn text() -> String {
    static RECORDER: OnceLock<PrometheusRecorder> = OnceLock::new();
    static READINGS: Readings = Mutex::new(None);
    let recorder = RECORDER.get_or_init(|| {
        start();
        recorder()
    });
    with_local_recorder(recorder, || collect_for(&READINGS));
    let exporter = recorder.handle();
    exporter.run_upkeep();
    exporter.render()
}

fn recorder() -> PrometheusRecorder {
    let ours = Matcher::Prefix("resilient_".to_owned());
    let builder = PrometheusBuilder::new();
    let builder = builder.set_buckets_for_metric(ours, &DURATION_BUCKETS);
    // They are refused only if there are none.
    builder.unwrap_or_default().build_recorder()
}
