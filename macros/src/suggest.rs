//! What the user may have meant.

/// `; did you mean …?`, or the list of what is possible.
pub(crate) fn hint(written: &str, known: &[&str]) -> String {
    match closest(written, known) {
        Some(best) => format!("; did you mean `{best}`?"),
        None if known.is_empty() => String::new(),
        None => format!("; expected one of `{}`", known.join("`, `")),
    }
}

/// Is `written` a misspelling of `word`?
pub(crate) fn is_close(written: &str, word: &str) -> bool {
    closest(written, &[word]).is_some()
}

/// The known word that `written` is a misspelling of.
fn closest<'a>(written: &str, known: &[&'a str]) -> Option<&'a str> {
    let written = written.to_lowercase();
    let starts_alike =
        |word: &str| written.len() > 1 && (word.starts_with(&written) || written.starts_with(word));
    known
        .iter()
        .map(|word| {
            let edits = distance(&written, word);
            // A slip of one finger comes before a word that is not typed to its end.
            (edits > 1, !starts_alike(word), edits, *word)
        })
        .min()
        .filter(|(_, far, edits, best)| !far || *edits <= 1 + best.len() / 4)
        .map(|(_, _, _, best)| best)
}

/// Optimal string alignment distance: an exchange of two neighbours counts once.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut before_last: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    let mut previous_a = None;
    for (row, a) in a.chars().enumerate() {
        let mut current = vec![row + 1];
        let mut left = row + 1;
        let mut previous_b = None;
        for (column, &b) in b.iter().enumerate() {
            let cell =
                |cells: &[usize], at: usize| cells.get(at).copied().unwrap_or(usize::MAX - 1);
            let mut best = (cell(&last, column) + usize::from(a != b))
                .min(cell(&last, column + 1) + 1)
                .min(left + 1);
            if previous_a == Some(b) && previous_b == Some(a) {
                best = best.min(cell(&before_last, column.wrapping_sub(1)) + 1);
            }
            current.push(best);
            left = best;
            previous_b = Some(b);
        }
        before_last = std::mem::replace(&mut last, current);
        previous_a = Some(a);
    }
    last.last().copied().unwrap_or_default()
}

/// Options as other crates and other languages call them.
pub(crate) fn foreign_option(written: &str) -> Option<&'static str> {
    Some(match written {
        "attempts" | "max_attempts" | "max_retries" | "max_retry" | "retry" | "tries"
        | "max_tries" | "times" | "stop_after_attempt" => {
            "write `retries`, the number of attempts after the first: `retries = 3` makes at most 4"
        }
        "base_delay" | "initial_delay" | "min_delay" | "wait" | "wait_duration" | "interval"
        | "pause" | "initial_interval" | "delay_ms" | "wait_ms" => {
            "write `delay = \"50ms\"`, the pause before the first retry"
        }
        "cap" | "max_wait" | "max_interval" | "max_backoff" | "max_delay_ms" => {
            "write `max_delay = \"1s\"`"
        }
        "multiplier" | "base" | "exponent" | "backoff_factor" | "exponential_base" => {
            "write `factor = 2.0`"
        }
        "strategy" | "policy" | "backoff_strategy" | "retry_strategy" => {
            "write `backoff = \"exp\"`"
        }
        "circuit_breaker" | "circuit" | "breaker_name" | "cb" => {
            "write `breaker`, with the path of a `static` of type `Breaker`: `breaker = SESSIONS`"
        }
        "on_error" | "or_else" | "fallback_fn" | "fallback_to" | "fallback_method" | "default"
        | "or" | "recover" => {
            "write `fallback`: `fallback = fetch_db` is called with the same arguments"
        }
        "fallback_when" | "fallback_if" | "fallback_for" | "on" => {
            "write `fallback_on = \"outage\"`, which has the fallback answer only when Redis has failed, \
             not when it refuses wrong credentials"
        }
        "bulkhead"
        | "pool"
        | "semaphore"
        | "tickets"
        | "max_concurrent"
        | "max_concurrency"
        | "concurrency"
        | "concurrency_limit"
        | "max_concurrent_calls"
        | "max_in_flight" => {
            "write `limit`, with the path of a `static` of type `Bulkhead`, which bounds the attempts that run at once: `limit = POOL`; \
             `fallback_limit = 64` bounds the calls that are in the fallback at once"
        }
        "max_fallbacks" | "fallback_concurrency" => {
            "write `fallback_limit = 64`, which bounds the calls that are in the fallback at once"
        }
        "single_flight"
        | "singleflight"
        | "single"
        | "dedup"
        | "deduplicate"
        | "collapse"
        | "request_collapsing"
        | "stampede"
        | "stampede_protection"
        | "share" => {
            "write `key = \"user:{id}\", coalesce = true`: calls with the same key run the fallback once"
        }
        "stale_if_error" | "stale_ttl" | "stale_on_error" | "max_stale" | "grace" | "fail_safe"
        | "failsafe" | "last_good" | "last_known_good" => {
            "write `key = \"user:{id}\", stale = \"10m\"`: a value no older than that is served in place of an error"
        }
        "coalesce_key" | "stale_key" | "cache_key" | "key_format" | "keys" | "convert" => {
            "write `key`, with the parameters in braces: `key = \"user:{id}\"`"
        }
        "exclude" | "ignore" | "without" | "no_key" | "skip_args" => {
            "write `skip(db)`, with the parameters that are not in the `key`"
        }
        "retry_budget" | "budget_percent" | "token_bucket" | "retry_ratio" | "retry_tokens" => {
            "set it on the breaker, `Breaker::new(\"sessions\").retry_budget(20, 10)`; \
             `budget = false` turns it off for this function"
        }
        "retry_if" | "retry_on" | "when" | "predicate" | "retryable" | "filter"
        | "should_retry" => {
            "write `classify`, with a function from the error to its `Class`: `classify = my_class`"
        }
        "total_timeout" | "overall_timeout" | "max_elapsed" | "max_elapsed_time"
        | "max_duration" | "time_limit" => {
            "write `deadline = \"5s\"`, which bounds the whole call; `timeout` bounds each attempt"
        }
        "attempt_timeout" | "timeout_ms" | "per_attempt_timeout" | "time_out" => {
            "write `timeout = \"1s\"`, which bounds each attempt"
        }
        "hedging" | "hedge_after" | "hedge_delay" | "hedging_delay" | "hedged" | "speculative" => {
            "write `hedge = \"20ms\"`: after so long a second attempt starts beside the first"
        }
        "retry_safe" | "safe" | "pure" | "read_only" | "readonly" => "write `idempotent = true`",
        "cloned" | "clones" | "clone_args" => "write `clone(a, b)` with names of parameters",
        "crate_path" | "krate" => "write `crate = path`",
        "label" | "id" | "operation" => "write `name = \"get_user\"`",
        _ => return None,
    })
}

/// The word that this crate uses for what others call `written`.
pub(crate) fn foreign_word(written: &str) -> Option<&'static str> {
    Some(match written.to_lowercase().as_str() {
        "exponential" | "expo" | "exponential_backoff" | "geometric" | "double" => "exp",
        "constant" | "const" | "static" | "uniform_delay" => "fixed",
        "incremental" | "arithmetic" => "linear",
        "off" | "no" | "false" | "disabled" | "zero" | "immediate" => "none",
        "on" | "true" | "random" | "yes" | "uniform" => "full",
        "half" => "equal",
        "decorr" | "aws" => "decorrelated",
        "any" | "all" | "always" | "error" | "errors" | "failure" | "misconfigured"
        | "misconfiguration" | "default" => "unusable",
        "down" | "unreachable" | "unavailable" | "connection" => "outage",
        _ => return None,
    })
}
