use super::{FUNCTION, KEY, errors, good, says};

#[test]
fn what_is_right_is_accepted() {
    for args in [
        "",
        "prefix = \"users\"",
        "prefix = crate::PREFIX",
        "version = 2",
        "negative_ttl = \"30s\"",
        "negative_on = Error::is_not_found, negative_ttl = \"30s\"",
        "negative_on = |error: &Error| error.is_gone(), negative_ttl = SHORT",
        "jitter = 0",
        "jitter = 0.5",
        "jitter = JITTER",
        "stale_if_error = \"1h\"",
        "stale_if_error = \"10m\"",
        "stale_while_revalidate = \"1s\"",
        "stale_if_error = \"1h\", soft_timeout = \"100ms\"",
        "refresh_ahead = true",
        "refresh_ahead = false",
        "refresh_ahead = 1.5",
        "lease = \"3s\"",
        "near = \"5s\"",
        "near = \"10m\"",
        "near = \"tracking\"",
        "near = NEAR",
        "codec = Postcard",
        "codec = crate::codecs::Packed::<u8>",
        "limit = PRIMARY",
        "limit = PRIMARY, limit_wait = \"2s\"",
        "invalidate = forget",
        "invalidate = Self::forget",
        "background = true",
        "background = false",
        "coalesce = false",
        "redis = REDIS",
        "redis = &app.redis",
        "redis = self.redis()",
        "timeout = \"100ms\", retries = 0",
        "timeout = false",
        "backoff = \"fixed\", delay = \"5ms\", retries = 2",
        "backoff = \"exp\", delay = \"5ms\", max_delay = \"50ms\", factor = 3",
        "breaker = SESSIONS",
        "breaker = false",
        "name = \"users.get\"",
        "crate = ::other",
    ] {
        good(&format!("{KEY}, {args}"), FUNCTION);
    }
    for ttl in [
        "\"1h\"",
        "TTL",
        "Duration::from_secs(60)",
        "|value| value.life()",
        "move |value: &Option<User>| life(value)",
        "config.ttl",
    ] {
        good(&format!("key = \"{{id}}\", ttl = {ttl}"), FUNCTION);
    }
}

/// What is written, where the error shows, and what it says.
const WRONG: &[(&str, &str, &str)] = &[
    ("jitter = 10", "10", "for 10 % write `jitter = 0.1`"),
    ("jitter = 0.6", "0.6", "from 0 to 0.5"),
    ("jitter = -0.1", "-0.1", "from 0 to 0.5"),
    ("jitter = \"full\"", "\"full\"", "is that of `ttl` here"),
    (
        "jitter = \"0.1\"",
        "\"0.1\"",
        "without quotes: write `jitter = 0.1`",
    ),
    ("jitter = false", "false", "`jitter = 0` switches it off"),
    ("version = 0", "0", "begins with 1"),
    (
        "version = \"2\"",
        "\"2\"",
        "without quotes: write `version = 2`",
    ),
    ("version = -1", "-1", "a number from 1"),
    ("version = 1.5", "1.5", "a whole number"),
    ("prefix = \"\"", "\"\"", "leave it out"),
    (
        "prefix = \"t:{tenant}\"",
        "\"t:{tenant}\"",
        "write the parameters in `key`",
    ),
    ("prefix = 3", "3", "expected a string"),
    ("near = \"track\"", "\"track\"", "did you mean `tracking`?"),
    (
        "near = \"always\"",
        "\"always\"",
        "write `near = \"5s\"`, or `near = \"tracking\"`",
    ),
    (
        "near = tracking",
        "tracking",
        "in quotes: write `near = \"tracking\"`",
    ),
    ("near = true", "true", "say how long"),
    ("near = false", "false", "leave `near` out"),
    ("near = 5", "5", "needs a unit"),
    ("near = \"5\"", "\"5\"", "has no unit"),
    ("near = \"0s\"", "\"0s\"", "leave `near` out"),
    ("near = \"11m\"", "near", "is longer than `ttl` (10m)"),
    ("lease = \"0s\"", "\"0s\"", "`coalesce = false`"),
    (
        "stale_if_error = \"5m\"",
        "stale_if_error",
        "write `stale_if_error = \"10m\"` or longer",
    ),
    (
        "stale_if_error = \"0s\"",
        "\"0s\"",
        "leave `stale_if_error` out",
    ),
    (
        "soft_timeout = \"1s\"",
        "soft_timeout",
        "write `stale_if_error = \"1h\"` too",
    ),
    (
        "limit_wait = \"1s\"",
        "limit_wait",
        "says nothing without a `limit`",
    ),
    (
        "negative_on = E::gone",
        "negative_on",
        "write `negative_ttl = \"30s\"` too",
    ),
    ("limit = 20", "20", "Bulkhead::new(\"primary\", 20)"),
    ("limit = true", "true", "how many loads"),
    (
        "limit = Bulkhead::new(\"a\", 3)",
        "Bulkhead::new(\"a\", 3)",
        "a new one for each",
    ),
    (
        "codec = \"postcard\"",
        "\"postcard\"",
        "write `codec = Postcard`",
    ),
    ("codec = 3", "3", "a `Codec`"),
    (
        "invalidate = \"forget\"",
        "\"forget\"",
        "write `invalidate = forget`",
    ),
    (
        "invalidate = true",
        "true",
        "write `invalidate = forget_user`",
    ),
    (
        "invalidate = users::forget",
        "users::forget",
        "write its name alone, `invalidate = forget`",
    ),
    ("invalidate = get", "get", "is the function that loads"),
    ("background = \"yes\"", "\"yes\"", "`true` or `false`"),
    ("coalesce = 1", "1", "`true` or `false`"),
    (
        "redis = \"redis://localhost\"",
        "\"redis://localhost\"",
        "make a `Connector` of it once",
    ),
    ("refresh_ahead = 0", "0", "a number above 0"),
    (
        "refresh_ahead = \"yes\"",
        "\"yes\"",
        "expected `true`, `false` or a number",
    ),
    (
        "background = false, refresh_ahead = true",
        "background",
        "remove `background = false`",
    ),
    (
        "fallback = db",
        "fallback",
        "the function's body is the fallback",
    ),
    (
        "fallback_limit = 3",
        "fallback_limit",
        "write `limit = PRIMARY`",
    ),
    ("clone(id)", "clone", "may use up its arguments"),
    (
        "idempotent = true",
        "idempotent",
        "the body runs once for each load",
    ),
    (
        "deadline = \"1s\"",
        "deadline",
        "`timeout` bounds each attempt to reach Redis",
    ),
    ("expire = \"1s\"", "expire", "write `ttl = \"10m\"`"),
    (
        "single_flight = true",
        "single_flight",
        "are one load unless",
    ),
    ("swr = \"1m\"", "swr", "write `stale_while_revalidate"),
    (
        "stale_if_errors = \"1h\"",
        "stale_if_errors",
        "did you mean `stale_if_error`?",
    ),
    ("version = 2, version = 3", "version", "given twice"),
    ("retries = 101", "101", "at most 100"),
    (
        "max_delay = \"1ms\"",
        "max_delay",
        "is shorter than `delay`",
    ),
    (
        "stale_if_error = id.life()",
        "id",
        "`stale_if_error` is the same for all calls",
    ),
    (
        "timeout = self.timeout",
        "self",
        "it cannot depend on `self`",
    ),
    ("negative_ttl = life(id)", "id", "`ttl = |value| …` decides"),
];

#[test]
fn what_is_wrong_is_told_with_what_to_write() {
    for (args, place, part) in WRONG {
        says(&format!("{KEY}, {args}"), FUNCTION, place, part);
    }
    for (ttl, place, part) in [
        ("\"0s\"", "\"0s\"", "nothing would be stored"),
        ("600", "600", "needs a unit"),
        ("10m", "10m", "in quotes: write `ttl = \"10m\"`"),
        ("false", "false", "nothing would be stored"),
        ("|| ten()", "|| ten()", "called with the value"),
    ] {
        says(
            &format!("key = \"{{id}}\", ttl = {ttl}"),
            FUNCTION,
            place,
            part,
        );
    }
    says(
        "key = \"{id}\"",
        FUNCTION,
        "",
        "needs a `ttl`: write `ttl = \"10m\"`",
    );
    says(
        "key = id, ttl = \"1m\"",
        FUNCTION,
        "id",
        "a string literal, with the parameters in braces",
    );
}

#[test]
fn all_mistakes_are_told_at_once() {
    let found = errors(
        "key = \"user:{ids}\", ttl = 5, neer = \"5s\", jitter = 2, skip(x), redis",
        "async fn get(id: u64, lang: Lang) -> Result<User, E> { load(id).await }",
    );
    let places: Vec<_> = found
        .iter()
        .map(|error| error.split('`').nth(1).unwrap_or_default())
        .collect();
    assert_eq!(
        places,
        ["5", "neer", "2", "redis", "x", "{ids}", "id", "lang"],
        "{found:#?}"
    );
}

#[test]
fn half_typed_options_are_survived() {
    for (args, place, part) in [
        ("ke", "ke", "did you mean `key`?"),
        (
            "key",
            "key",
            "`key` needs a value: write `key = \"user:{id}\"`",
        ),
        ("key =", "=", "expected a value for `key`"),
        ("key: \"a\"", ":", "expected `=` after `key`"),
    ] {
        let found = errors(args, FUNCTION);
        let first = &found[0];
        assert!(
            first.starts_with(&format!("`{place}` ")) && first.contains(part),
            "{found:#?}"
        );
    }
}
