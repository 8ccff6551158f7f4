//! Users are read from a cache in Redis, which is filled from the database.
//!
//! * While Redis is away, the database answers, with no more than 20 queries at once. A call that finds no room gets the last value that this process has seen.
//! * Many callers that miss the same user are one query, in this process and in all others.
//! * A user that is renamed while Redis is away is forgotten there as soon as it is back.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use redis_resilient::connection::Connector;
use redis_resilient::http::Problem;
use redis_resilient::{Bulkhead, redis_cached};

use crate::Failure;
use crate::database::{Database, User};
use crate::shop::Shop;

static PRIMARY: Bulkhead = Bulkhead::new("primary", 20);

#[redis_cached(key = "user:{id}", ttl = "10m", stale_if_error = "1h", limit = PRIMARY, invalidate = forget_user, name = "users")]
async fn user(redis: &Connector, db: &Database, id: u64) -> Result<Option<User>, Failure> {
    db.user(id).await
}

// The rest is the shop's.

pub(crate) fn routes() -> Router<Shop> {
    Router::new().route("/users/{id}", get(show).put(rename))
}

async fn show(State(shop): State<Shop>, Path(id): Path<u64>) -> Result<Response, Problem> {
    let user = user(&shop.redis, &shop.db, id).await?;
    Ok(match user {
        Some(user) => Json(user).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    })
}

async fn rename(
    State(shop): State<Shop>,
    Path(id): Path<u64>,
    name: String,
) -> Result<StatusCode, Problem> {
    if !shop.db.rename(id, name).await? {
        return Ok(StatusCode::NOT_FOUND);
    }
    forget_user(&shop.redis, id).await;
    Ok(StatusCode::NO_CONTENT)
}
