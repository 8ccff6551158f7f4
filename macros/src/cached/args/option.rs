//! The names of the options, for messages about them.

use crate::args::option::{Known, known};

const fn duration(name: &'static str, example: &'static str, zero: &'static str) -> Known {
    Known {
        name,
        example,
        zero,
    }
}

/// Those of `#[redis_cached]`.
pub(super) const OPTIONS: [Known; 30] = [
    known("key", "key = \"user:{id}\""),
    known("prefix", "prefix = \"users\""),
    known("version", "version = 2"),
    duration(
        "ttl",
        "ttl = \"10m\"",
        "nothing would be stored; remove the attribute, or write how long a value is good: `ttl = \"10m\"`",
    ),
    duration(
        "negative_ttl",
        "negative_ttl = \"30s\"",
        "leave `negative_ttl` out to keep `Ok(None)` as long as all else",
    ),
    known("negative_on", "negative_on = Error::is_not_found"),
    known("jitter", "jitter = 0.1"),
    duration(
        "stale_if_error",
        "stale_if_error = \"1h\"",
        "leave `stale_if_error` out to have none",
    ),
    duration(
        "stale_while_revalidate",
        "stale_while_revalidate = \"1m\"",
        "leave `stale_while_revalidate` out to have none",
    ),
    duration(
        "soft_timeout",
        "soft_timeout = \"100ms\"",
        "`stale_while_revalidate` serves a stale value without waiting at all",
    ),
    known("refresh_ahead", "refresh_ahead = true"),
    duration(
        "lease",
        "lease = \"10s\"",
        "write how long one load may keep others waiting, `lease = \"10s\"`; `coalesce = false` lets each call load by itself",
    ),
    duration(
        "near",
        "near = \"5s\"",
        "leave `near` out to have no near cache",
    ),
    known("codec", "codec = Postcard"),
    known("limit", "limit = PRIMARY"),
    duration(
        "limit_wait",
        "limit_wait = \"1s\"",
        "write how long a load waits for leave, `limit_wait = \"1s\"`",
    ),
    known("invalidate", "invalidate = forget_user"),
    known("skip", "skip(db)"),
    known("background", "background = true"),
    known("coalesce", "coalesce = false"),
    known("redis", "redis = self.redis"),
    duration(
        "timeout",
        "timeout = \"250ms\"",
        "write `timeout = false` to switch it off",
    ),
    known("retries", "retries = 1"),
    known("backoff", "backoff = \"exp\""),
    duration(
        "delay",
        "delay = \"50ms\"",
        "write `backoff = \"none\"` to retry without a pause",
    ),
    duration(
        "max_delay",
        "max_delay = \"1s\"",
        "write `backoff = \"none\"` to retry without a pause",
    ),
    known("factor", "factor = 2.0"),
    known("breaker", "breaker = SESSIONS"),
    known("name", "name = \"get_user\""),
    known("crate", "crate = ::redis_resilient"),
];
