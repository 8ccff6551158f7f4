//! Options as other caches and other languages call them, and those of `#[redis_resilient]` that have no meaning here.

/// What to write in the place of `written`.
pub(super) fn foreign_option(written: &str) -> Option<&'static str> {
    of_resilient(written).or_else(|| of_others(written))
}

fn of_resilient(written: &str) -> Option<&'static str> {
    Some(match written {
        "fallback" => {
            "the function's body is the fallback: it runs on a miss and when Redis is away; remove it"
        }
        "fallback_on" => {
            "the function's body answers whenever Redis does not, whatever is wrong with it; remove it"
        }
        "fallback_limit" => {
            "the function's body is the fallback: write `limit = PRIMARY`, the `Bulkhead` of what it loads from"
        }
        "deadline" => {
            "`timeout` bounds each attempt to reach Redis; what the body does is not cut off, \
             and `soft_timeout` lets callers that can have a stale value go"
        }
        "idempotent" => {
            "the attribute sends its own commands, which may all be repeated; the body runs once for each load; remove it"
        }
        "classify" => {
            "errors of the body are returned as they are; `negative_on` names those that are worth remembering"
        }
        "clone" => {
            "the body runs at most once for each call and may use up its arguments; remove it"
        }
        "budget" => {
            "set the retry budget on the breaker: `Breaker::new(\"sessions\").retry_budget(20, 10)`"
        }
        _ => return None,
    })
}

fn of_others(written: &str) -> Option<&'static str> {
    Some(match written {
        "expire" | "expires" | "expiry" | "expiration" | "time_to_live" | "time" | "max_age"
        | "life" | "duration" | "ex" | "px" | "ttl_secs" | "ttl_seconds" | "ttl_ms"
        | "expires_in" | "expire_after" | "expire_after_write" => {
            "write `ttl = \"10m\"`, how long a value is good"
        }
        "convert" | "map" | "cache_key" | "key_expr" | "keys" | "key_format" => {
            "write `key`, with the parameters in braces: `key = \"user:{id}\"`"
        }
        "namespace" | "cache_prefix" | "cache_prefix_block" | "keyspace" | "cache_name"
        | "group" | "region" => "write `prefix = \"users\"`, which begins each key",
        "generation" | "schema" | "schema_version" | "cache_version" => {
            "write `version = 2`, which becomes part of each key"
        }
        "exclude" | "ignore" | "without" | "no_key" | "skip_args" | "except" => {
            "write `skip(db)`, with the parameters that do not decide what is loaded"
        }
        "conn" | "connection" | "client" | "connector" | "pool" | "on" | "backend" | "store" => {
            "write `redis = self.redis`, what leads to the `Connector`"
        }
        "serializer" | "serialize" | "serde" | "format" | "encoding" | "serialization" => {
            "write `codec = Postcard`, with the type of a `Codec`"
        }
        "null_ttl" | "none_ttl" | "cache_none" | "not_found_ttl" | "missing_ttl" | "empty_ttl"
        | "option" | "negative" => "write `negative_ttl = \"30s\"`, how long an `Ok(None)` is good",
        "negative_if" | "cache_err" | "cache_error" | "cache_errors" | "negative_for" => {
            "write `negative_on`, with a function from the error to `bool`: `negative_on = Error::is_not_found`"
        }
        "fail_safe"
        | "failsafe"
        | "stale"
        | "grace"
        | "stale_ttl"
        | "stale_on_error"
        | "fail_safe_max_duration"
        | "max_stale" => {
            "write `stale_if_error = \"1h\"`, how long after its `ttl` a value may stand in for a load that fails"
        }
        "swr"
        | "revalidate"
        | "stale_while_refresh"
        | "background_refresh"
        | "refresh_after_write" => {
            "write `stale_while_revalidate = \"1m\"`, how long after its `ttl` a value is returned while it is loaded anew"
        }
        "soft_time_out" | "factory_soft_timeout" => {
            "write `soft_timeout = \"100ms\"`, how long a caller waits that can have a stale value"
        }
        "xfetch" | "beta" | "early_refresh" | "early_expiration" | "eager_refresh" | "prefetch"
        | "refresh" => "write `refresh_ahead = true`, which loads anew before the `ttl` is over",
        "lock" | "lock_ttl" | "lock_timeout" | "lease_ttl" => {
            "write `lease = \"10s\"`, how long one load may keep others waiting"
        }
        "sync_writes"
        | "single_flight"
        | "singleflight"
        | "single"
        | "dedup"
        | "sync"
        | "stampede"
        | "stampede_protection" => {
            "concurrent loads of one key are one load unless you write `coalesce = false`"
        }
        "local" | "local_ttl" | "l1" | "memory" | "in_memory" | "client_side" | "near_cache"
        | "near_ttl" => "write `near = \"5s\"`, or `near = \"tracking\"`",
        "evict" | "forget" | "remove" | "delete" | "cache_evict" | "invalidator" | "clear" => {
            "write `invalidate = forget_user`, the name of a function that removes an entry"
        }
        "bulkhead" | "semaphore" | "max_concurrent" | "max_concurrency" | "concurrency"
        | "concurrency_limit" | "max_loads" => {
            "write `limit`, with the path of a `static` of type `Bulkhead`, which bounds the loads that run at once: `limit = PRIMARY`"
        }
        "limit_timeout" | "max_wait" | "wait" => {
            "write `limit_wait = \"1s\"`, how long a load waits for leave"
        }
        "spawn" | "detached" | "in_background" => "write `background = true`",
        "attempts" | "max_attempts" | "max_retries" | "retry" | "tries" => {
            "write `retries = 1`, the attempts to reach Redis after the first"
        }
        "circuit_breaker" | "circuit" | "cb" => {
            "write `breaker`, with the path of a `static` of type `Breaker`: `breaker = SESSIONS`"
        }
        "hedge" => "it is an option of `#[redis_resilient]`",
        "crate_path" | "krate" => "write `crate = path`",
        "label" | "id" => "write `name = \"get_user\"`",
        "size" | "capacity" | "max_size" | "max_entries" | "max_capacity" => {
            "Redis bounds its own memory by `maxmemory`, and what the process keeps is bounded by the settings of the cache"
        }
        _ => return None,
    })
}
