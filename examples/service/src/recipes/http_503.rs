//! What cannot be answered without Redis is answered by *come back later*: 503, with `Retry-After`, and nothing that is internal.
//!
//! * A handler that returns `Problem` has that by `?`, for any error. The layer does the same for errors of other layers, and for handlers with an error type
//!   of their own.
//! * Each request has two seconds for all that it asks of Redis, with retries and pauses.

use std::time::Duration;

use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::post;
use redis::RedisResult;
use redis_resilient::connection::Connector;
use redis_resilient::http::{BudgetLayer, OutageLayer, Problem};
use redis_resilient::redis_resilient;

use crate::shop::Shop;

pub(crate) fn layered(app: Router) -> Router {
    app.layer(BudgetLayer::new(Duration::from_secs(2)))
        .layer(OutageLayer::new())
}

/// Who was first can be decided in one place only: there is no fallback.
#[redis_resilient(name = "coupons::redeem", retries = 2, deadline = "1s")]
async fn redeem(redis: &Connector, coupon: &str, customer: &str) -> RedisResult<bool> {
    let mut set = redis::cmd("SET");
    set.arg(format!("coupon:{coupon}")).arg(customer).arg("NX");
    set.query_async(&mut redis.get().await?).await
}

// The rest is the shop's.

pub(crate) fn routes() -> Router<Shop> {
    Router::new().route("/coupons/{coupon}/{customer}", post(answer))
}

async fn answer(
    State(shop): State<Shop>,
    Path((coupon, customer)): Path<(String, String)>,
) -> Result<StatusCode, Problem> {
    let is_first = redeem(&shop.redis, &coupon, &customer).await?;
    Ok(if is_first {
        StatusCode::CREATED
    } else {
        StatusCode::CONFLICT
    })
}
