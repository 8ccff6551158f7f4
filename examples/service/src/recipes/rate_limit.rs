//! Each client may make 50 calls a second, counted in Redis for all processes together. While Redis is away, each process counts for itself.

use std::num::NonZeroU32;
use std::time::{SystemTime, UNIX_EPOCH};

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use redis::RedisResult;
use redis_resilient::connection::Connector;
use redis_resilient::redis_resilient;

use crate::shop::Shop;

pub(crate) type Local = DefaultKeyedRateLimiter<String>;

const PER_SECOND: NonZeroU32 = NonZeroU32::new(50).expect("it is not 0");

pub(crate) fn local() -> Local {
    RateLimiter::keyed(Quota::per_second(PER_SECOND))
}

#[redis_resilient(name = "rate_limit", retries = 0, timeout = "100ms", fallback = Ok(local.check_key(client).is_ok()))]
async fn admits(redis: &Connector, local: &Local, client: &String) -> RedisResult<bool> {
    let key = format!("calls:{client}:{}", second());
    let mut both = redis::pipe();
    both.atomic().incr(&key, 1).expire(&key, 2).ignore();
    let (calls,): (u32,) = both.query_async(&mut redis.get().await?).await?;
    Ok(calls <= PER_SECOND.get())
}

// The rest is the shop's.

fn second() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    now.unwrap_or_default().as_secs()
}

pub(crate) async fn limit(State(shop): State<Shop>, request: Request, next: Next) -> Response {
    let client = request
        .headers()
        .get("x-client")
        .and_then(|client| client.to_str().ok());
    let client = client.unwrap_or("somebody").to_owned();
    // There is a fallback: it is never an error.
    if admits(&shop.redis, &shop.local, &client)
        .await
        .unwrap_or(true)
    {
        next.run(request).await
    } else {
        StatusCode::TOO_MANY_REQUESTS.into_response()
    }
}
