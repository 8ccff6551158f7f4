//! Calls by function and result, circuits, retries, connections, caches, journals and consumers at `/metrics`, for Prometheus. `docs/metrics.md` has all of them.

use std::future::ready;

use axum::Router;
use axum::routing::get;
use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder};
use redis_resilient::telemetry::{self, DURATION_BUCKETS, facade};

pub(crate) fn routes() -> Result<Router, BuildError> {
    telemetry::start();
    let exporter = PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Prefix("resilient_".to_owned()), &DURATION_BUCKETS)?
        .install_recorder()?;
    let scrape = move || {
        facade::collect();
        ready(exporter.render())
    };
    Ok(Router::new().route("/metrics", get(scrape)))
}
