//! Calls by function and result, circuits, retries, connections, caches, journals and consumers at `/metrics`, for Prometheus. `docs/metrics.md` has all of them.

use axum::Router;
use axum::routing::get;
use redis_resilient::telemetry::{self, prometheus};

pub(crate) fn routes() -> Router {
    telemetry::start();
    Router::new().route("/metrics", get(async || prometheus::text()))
}
