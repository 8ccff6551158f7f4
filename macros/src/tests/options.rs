use super::{FUNCTION, errors};

#[track_caller]
fn good(args: &str) {
    assert_eq!(errors(args, FUNCTION), [""; 0], "{args}");
}

#[track_caller]
fn bad(args: &str, expected: &[&str]) {
    assert_eq!(errors(args, FUNCTION), expected, "{args}");
}

#[track_caller]
fn says(args: &str, place: &str, parts: &[&str]) {
    let found = errors(args, FUNCTION);
    let [error] = found.as_slice() else {
        panic!("{args}: {found:#?}")
    };
    assert!(error.starts_with(&format!("`{place}` ")), "{args}: {error}");
    for part in parts {
        assert!(error.contains(part), "{args}: {error}");
    }
}

#[test]
fn what_is_right_is_accepted() {
    for args in [
        "",
        "retries = 0",
        "retries = 100,",
        "retries = 3u32",
        "retries = 1_0",
        "retries = MAX_RETRIES",
        "retries = if key.is_empty() { 1 } else { 2 }",
        "backoff = \"exp\", delay = \"50ms\", max_delay = \"1 s\", factor = 2, jitter = \"equal\"",
        "backoff = \"linear\", delay = \"1.5s\", max_delay = \"2s\"",
        "backoff = \"fixed\", delay = Duration::from_millis(30)",
        "backoff = \"none\"",
        "backoff = SLOW",
        "backoff = Backoff::fixed(PAUSE)",
        "factor = 1.5",
        "factor = 1e1",
        "jitter = \"decorrelated\"",
        "timeout = \"250us\"",
        "timeout = \"250µs\"",
        "timeout = false",
        "timeout = settings.timeout",
        "timeout = \"1s\", deadline = \"1001ms\"",
        "breaker = SESSIONS",
        "breaker = crate::breakers::SESSIONS",
        "breaker = &SESSIONS",
        "breaker = self.breakers.get(1, 2)",
        "breaker = false",
        "fallback = fetch_db",
        "fallback = fetch_db::<u8, u16>",
        "fallback = <Self as Db>::fetch",
        "fallback = self.fetch",
        "fallback = |error| Ok(None)",
        "fallback = |a, b| Ok(None), retries = 3",
        "fallback = move |_: RedisError| async move { fetch(a, b).await }",
        "fallback = Ok(None)",
        "fallback = [|e| Err(e), fetch_replica, self.fetch, Ok(None)]",
        "fallback = fetch, fallback_limit = 1",
        "fallback = fetch, fallback_limit = 4294967295",
        "fallback = fetch, fallback_limit = 1_000u32",
        "fallback = fetch, fallback_limit = PRIMARY",
        "fallback = fetch, fallback_limit = &crate::limits::PRIMARY",
        "fallback = fetch, fallback_limit = self.primary",
        "fallback = fetch, fallback_limit = *primary",
        "fallback = fetch, fallback_limit = false",
        "fallback_limit = 3, fallback = [fetch, Ok(None)]",
        "fallback = Ok(fetch(1).await?), fallback_limit = 3",
        "fallback = Ok(None), fallback_limit = false",
        "limit = POOL",
        "limit = &crate::limits::POOL, fallback = fetch, fallback_limit = POOL",
        "limit = self.pool, breaker = false, timeout = false",
        "limit = *pool",
        "fallback = fetch, fallback_on = \"outage\"",
        "fallback_on = \"unusable\", fallback = [fetch, Ok(None)]",
        "idempotent = true",
        "idempotent = false",
        "budget = false",
        "budget = false, breaker = SESSIONS",
        "classify = my_class",
        "classify = |error: &MyError| Class::Permanent",
        "clone(key)",
        "clone(key,), retries = 3",
        "name = \"users.get\"",
        "crate = ::other::redis_resilient",
        "crate = crate::resilient",
    ] {
        good(args);
    }
}

#[test]
fn all_mistakes_are_told_at_once() {
    bad(
        "retires = 3, backoff = \"expo2\", fallback = \"f\", retries = \"2\", delay = 50, speed, clone(kez)",
        &[
            "`retires` unknown option `retires`; did you mean `retries`?",
            "`\"expo2\"` unknown backoff \"expo2\"; did you mean `exp`?",
            "`\"f\"` expected a path, without quotes: write `fallback = f`",
            "`\"2\"` expected a number, without quotes: write `retries = 2`",
            "`50` a duration needs a unit: write `delay = \"50ms\"` (units: `ns`, `us`, `ms`, `s`, `m`, `h`)",
            "`speed` unknown option `speed`; expected one of `retries`, `backoff`, `delay`, `max_delay`, `factor`, \
             `jitter`, `timeout`, `deadline`, `hedge`, `breaker`, `limit`, `fallback`, `fallback_on`, `fallback_limit`, `key`, `skip`, `coalesce`, `stale`, `idempotent`, `budget`, `classify`, `clone`, \
             `name`, `crate`",
            "`kez` `kez` is not a parameter of `get`; did you mean `key`?",
        ],
    );
}

#[test]
fn half_typed_options_are_survived() {
    bad(
        "retr",
        &["`retr` unknown option `retr`; did you mean `retries`?"],
    );
    bad(
        "retries",
        &["`retries` `retries` needs a value: write `retries = 3`"],
    );
    bad(
        "retries =",
        &["`=` expected a value for `retries` after this `=`: write `retries = 3`"],
    );
    bad(
        "retries = , fallback = db::, timeout = \"1s\"",
        &[
            "`=` expected a value for `retries` after this `=`: write `retries = 3`",
            "`db::` this is not a value for `fallback` (expected identifier): write `fallback = fetch_db`",
        ],
    );
    bad(
        ",,",
        &[
            "`,` expected an option, like `retries = 3`",
            "`,` expected an option, like `retries = 3`",
        ],
    );
    bad("3 4 5", &["`3` expected an option, like `retries = 3`"]);
    bad(
        "\"retries\" = 3",
        &["`\"retries\"` expected an option, like `retries = 3`"],
    );
    bad(
        "retries: 3",
        &["`:` expected `=` after `retries`: write `retries = 3`"],
    );
    bad(
        "retries(3)",
        &["`(` expected `=` after `retries`: write `retries = 3`"],
    );
    bad(
        "retries = 3 timeout = \"1s\"",
        &["`timeout` expected `,` after the value of `retries`"],
    );
    bad(
        "retries = 3, retries = 4",
        &["`retries` `retries` is given twice: keep one of them"],
    );
    bad(
        "clone",
        &["`clone` `clone` takes names of parameters in parentheses: write `clone(key)`"],
    );
    bad(
        "clone = key",
        &["`clone` `clone` takes names of parameters in parentheses: write `clone(key)`"],
    );
    bad(
        "clone()",
        &["`clone` `clone` names no parameter: write `clone(key)`"],
    );
    bad(
        "clone(\"key\")",
        &[
            "`\"key\"` expected names of parameters, with commas between them: write `clone(key, value)`",
        ],
    );
}

#[test]
fn foreign_spellings_are_translated() {
    for (written, option) in [
        (
            "attempts = 3",
            "`retries`, the number of attempts after the first",
        ),
        ("max_attempts = 3", "`retries`"),
        ("max_retries = 3", "`retries`"),
        ("tries = 3", "`retries`"),
        ("base_delay = 3", "`delay = "),
        ("wait = 3", "`delay = "),
        ("initial_delay = 3", "`delay = "),
        ("cap = 3", "`max_delay = "),
        ("max_wait = 3", "`max_delay = "),
        ("multiplier = 3", "`factor = "),
        ("circuit_breaker = X", "`breaker`"),
        ("fallback_when = \"outage\"", "`fallback_on = \"outage\"`"),
        ("bulkhead = 5", "`limit = POOL`"),
        ("max_concurrent_calls = 5", "`fallback_limit = 64`"),
        ("max_fallbacks = 5", "`fallback_limit = 64`"),
        (
            "singleflight = true",
            "`key = \"user:{id}\", coalesce = true`",
        ),
        (
            "stale_if_error = \"1h\"",
            "`key = \"user:{id}\", stale = \"10m\"`",
        ),
        ("stale_key = \"a\"", "`key = \"user:{id}\"`"),
        ("retry_budget = 20", "`budget = false`"),
        ("on_error = x", "`fallback`"),
        ("or_else = x", "`fallback`"),
        ("retry_if = x", "`classify`"),
        ("retry_on = x", "`classify`"),
        ("when = x", "`classify`"),
        ("total_timeout = \"3s\"", "`deadline = "),
    ] {
        let key = written.split(' ').next().unwrap();
        says(written, key, &["unknown option", option]);
    }
    says(
        "backoff = \"exponential\"",
        "\"exponential\"",
        &["write `backoff = \"exp\"`"],
    );
    says(
        "backoff = \"constant\"",
        "\"constant\"",
        &["write `backoff = \"fixed\"`"],
    );
    says(
        "backoff = \"off\"",
        "\"off\"",
        &["write `backoff = \"none\"`"],
    );
    says(
        "backoff = \"full\"",
        "\"full\"",
        &["expected one of `exp`, `linear`, `fixed`, `none`"],
    );
    says("backoff = exp", "exp", &["write `backoff = \"exp\"`"]);
    says("backoff = false", "false", &["write `backoff = \"none\"`"]);
    says(
        "jitter = \"decorelated\"",
        "\"decorelated\"",
        &["did you mean `decorrelated`?"],
    );
    says("jitter = full", "full", &["write `jitter = \"full\"`"]);
    says("jitter = true", "true", &["write `jitter = \"full\"`"]);
    says("jitter = false", "false", &["write `jitter = \"none\"`"]);
    for (written, advice) in [
        ("\"outages\"", "did you mean `outage`?"),
        ("\"outgae\"", "did you mean `outage`?"),
        ("\"any\"", "write `fallback_on = \"unusable\"`"),
        ("\"always\"", "write `fallback_on = \"unusable\"`"),
        ("\"down\"", "write `fallback_on = \"outage\"`"),
        ("\"tuesday\"", "expected one of `unusable`, `outage`"),
        ("outage", "write `fallback_on = \"outage\"`"),
        ("unusable", "write `fallback_on = \"unusable\"`"),
        (
            "false",
            "expected a word in quotes: write `fallback_on = \"outage\"`",
        ),
        (
            "true",
            "expected a word in quotes: write `fallback_on = \"outage\"`",
        ),
        (
            "3",
            "expected a word in quotes: write `fallback_on = \"outage\"`",
        ),
    ] {
        let args = format!("fallback = fetch, fallback_on = {written}");
        says(&args, written, &[advice]);
    }
}

#[test]
fn numbers_have_to_make_sense() {
    says(
        "retries = -1",
        "-1",
        &["cannot be negative", "`retries = 0`"],
    );
    says("retries = 101", "101", &["at most 100"]);
    says(
        "retries = 99999999999999999999",
        "99999999999999999999",
        &["at most 100"],
    );
    says("retries = 1.5", "1.5", &["whole number"]);
    says("retries = 3u8", "3u8", &["write `retries = 3`"]);
    says(
        "retries = \"3\"",
        "\"3\"",
        &["without quotes", "`retries = 3`"],
    );
    says("retries = \"many\"", "\"many\"", &["from 0 to 100"]);
    says("retries = true", "true", &["from 0 to 100"]);
    says("retries = false", "false", &["`retries = 0`"]);
    says("factor = 0.5", "0.5", &["at least 1", "\"fixed\""]);
    says("factor = -2", "-2", &["at least 1"]);
    says("factor = 1e999", "1e999", &["finite"]);
    says("factor = \"2\"", "\"2\"", &["without quotes"]);
    says("factor = 2f32", "2f32", &["write `factor = 2`"]);
}

#[test]
fn durations_have_units() {
    for (value, parts) in [
        ("50", ["needs a unit", "\"50ms\""]),
        ("50ms", ["in quotes", "`delay = \"50ms\"`"]),
        ("1.5s", ["in quotes", "`delay = \"1.5s\"`"]),
        ("1.5", ["needs a unit", "units: `ns`"]),
        ("-5", ["negative", "`delay = \"50ms\"`"]),
        ("\"\"", ["is empty", "`ns`"]),
        ("\"50\"", ["has no unit", "\"50ms\""]),
        ("\"-5s\"", ["is negative", "-5s"]),
        ("\"s\"", ["does not start with a number", "`ns`"]),
        ("\"50sec\"", ["unknown unit `sec`", "did you mean `s`?"]),
        ("\"50 MS\"", ["unknown unit `MS`", "did you mean `ms`?"]),
        ("\"50x\"", ["unknown unit `x`", "use one of"]),
        ("\"2d\"", ["`d`", "longest unit is `h`"]),
        ("\"1m30s\"", ["more than one number", "\"90s\""]),
        ("\"1.2.3s\"", ["1.2.3", "not a number"]),
        ("\".s\"", ["`.`", "not a number"]),
        ("\"0ms\"", ["cannot be zero", "`backoff = \"none\"`"]),
        ("\"0.0001ns\"", ["not a whole number", "nanoseconds"]),
        (
            "\"99999999999999h\"",
            ["longer than 500 years", "99999999999999h"],
        ),
        (
            "\"99999999999999999999999999999999999999999h\"",
            ["longer than 500 years", "h"],
        ),
        (
            "\"1.0000000000000000000000000000000000000001h\"",
            ["not a whole number", "nanoseconds"],
        ),
        ("true", ["expected a duration", "`delay = \"50ms\"`"]),
        ("false", ["`backoff = \"none\"`", "duration"]),
        ("'x'", ["expected a duration", "`delay = \"50ms\"`"]),
    ] {
        says(&format!("delay = {value}"), value, &parts);
    }
    says("timeout = \"0s\"", "\"0s\"", &["`timeout = false`"]);
    says("deadline = \"0s\"", "\"0s\"", &["leave `deadline` out"]);
    says("deadline = false", "false", &["leave `deadline` out"]);
}

#[test]
fn values_of_the_wrong_kind_are_told() {
    says(
        "idempotent = 1",
        "1",
        &["`true` or `false`", "`idempotent = false`"],
    );
    says("idempotent = \"yes\"", "\"yes\"", &["`true` or `false`"]);
    says(
        "breaker = true",
        "true",
        &["`breaker = false`", "`breaker = SESSIONS`"],
    );
    says(
        "breaker = \"user-sessions\"",
        "\"user-sessions\"",
        &[
            "`static USER_SESSIONS: Breaker = Breaker::new(\"user-sessions\");`",
            "`breaker = USER_SESSIONS`",
        ],
    );
    says("breaker = \"9\"", "\"9\"", &["static SESSIONS"]);
    says(
        "breaker = 3",
        "3",
        &["expected a path", "`breaker = SESSIONS`"],
    );
    says(
        "fallback = \"fetch_db\"",
        "\"fetch_db\"",
        &["without quotes", "`fallback = fetch_db`"],
    );
    says("fallback = 3", "3", &["a `Result`", "`Ok(3)`"]);
    says("fallback = None", "None", &["a `Result`", "`Ok(None)`"]);
    says("fallback = false", "false", &["leave `fallback` out"]);
    says("fallback = []", "[]", &["is empty"]);
    says("fallback = [fetch, 3]", "3", &["what the function returns"]);
    says(
        "fallback = [fetch, |e| Ok(3)]",
        "|e| Ok(3)",
        &["first of the list"],
    );
    says(
        "timeout = true",
        "true",
        &["`timeout = false`", "`timeout = \"500ms\"`"],
    );
    for (value, part) in [
        ("0", "leave `fallback` out"),
        ("0u32", "`fallback_limit = false`"),
        ("-1", "cannot be negative"),
        ("4294967296", "`fallback_limit = false`"),
        ("3u64", "`fallback_limit = 3`"),
        ("1.5", "a whole number"),
        ("true", "`fallback_limit = 20`"),
        ("\"64\"", "`fallback_limit = 64`"),
        ("\"PRIMARY\"", "`fallback_limit = PRIMARY`"),
        ("'x'", "`fallback_limit = 64`"),
        ("Bulkhead::new(\"b\", 3)", "static PRIMARY: Bulkhead"),
        ("self.limit()", "static PRIMARY: Bulkhead"),
    ] {
        let args = format!("fallback = fetch, fallback_limit = {value}");
        says(&args, value, &[part]);
    }
    for (value, part) in [
        ("5", "Bulkhead::new(\"pool\", 5)"),
        ("5u64", "Bulkhead::new(\"pool\", 5)"),
        ("\"5\"", "Bulkhead::new(\"pool\", 5)"),
        ("0", "Bulkhead::new(\"pool\", 20)"),
        ("-1", "write `limit = POOL`"),
        ("1.5", "write `limit = POOL`"),
        ("true", "Bulkhead::new(\"pool\", 20)"),
        ("false", "leave `limit` out"),
        ("\"POOL\"", "`limit = POOL`"),
        ("Bulkhead::new(\"pool\", 3)", "static POOL: Bulkhead"),
        ("self.pool()", "static POOL: Bulkhead"),
    ] {
        says(&format!("limit = {value}"), value, &[part]);
    }
    says("budget = true", "true", &["`budget = false`"]);
    says(
        "budget = 20",
        "20",
        &["`Breaker::new(\"sessions\").retry_budget(20, 10)`"],
    );
    says("budget = BUDGET", "BUDGET", &["retry_budget"]);
    says("classify = \"f\"", "\"f\"", &["`classify = f`"]);
    says("name = get_user", "get_user", &["`name = \"get_user\"`"]);
    says("name = 3", "3", &["expected a string"]);
    says("name = \" \"", "\" \"", &["is empty"]);
    says("crate = self::x", "self::x", &["`crate::`"]);
    says("crate = super::x", "super::x", &["`crate::`"]);
    says("crate = \"x\"", "\"x\"", &["`crate = x`"]);
    says("crate = 3", "3", &["expected a path"]);
}

#[test]
fn options_are_checked_against_each_other() {
    says(
        "timeout = \"1s\", deadline = \"500ms\"",
        "deadline",
        &["(500ms)", "(1s)"],
    );
    says(
        "timeout = \"1s\", deadline = \"1s\"",
        "deadline",
        &["longer than `timeout`"],
    );
    says(
        "delay = \"2s\", max_delay = \"1s\"",
        "max_delay",
        &["(1s)", "(2s)"],
    );
    says("max_delay = \"10ms\"", "max_delay", &["50ms, the default"]);
    says(
        "backoff = \"none\", jitter = \"full\"",
        "jitter",
        &["does not pause"],
    );
    bad(
        "backoff = \"none\", max_delay = \"10ms\", delay = \"20ms\", factor = 3",
        &[
            "`delay` `delay` has no effect with `backoff = \"none\"`, which does not pause: remove one of the two",
            "`max_delay` `max_delay` has no effect with `backoff = \"none\"`, which does not pause: remove one of the two",
            "`factor` `factor` has no effect with `backoff = \"none\"`, which does not pause: remove one of the two",
        ],
    );
    says("backoff = \"linear\", factor = 3", "factor", &["\"exp\""]);
    says("backoff = \"fixed\", factor = 3", "factor", &["\"exp\""]);
    says(
        "jitter = \"decorrelated\", factor = 3",
        "factor",
        &["\"decorrelated\""],
    );
    says(
        "jitter = \"decorrelated\", backoff = \"linear\"",
        "jitter",
        &["\"exp\""],
    );
    says("backoff = SLOW, delay = \"3s\"", "delay", &["set it there"]);
    says(
        "fallback_limit = 3",
        "fallback_limit",
        &["`fallback = fetch_db`"],
    );
    says(
        "fallback_limit = false",
        "fallback_limit",
        &["without a `fallback`"],
    );
    says(
        "fallback_limit = 3, fallback = [Ok(None), Err(e)]",
        "fallback_limit",
        &["a plain value"],
    );
    says(
        "fallback_on = \"outage\"",
        "fallback_on",
        &["without a `fallback`", "`fallback = fetch_db`"],
    );
    // One mistake is told once.
    says(
        "fallback_on = \"outage\", fallback = None",
        "None",
        &["a `Result`"],
    );
    says(
        "fallback_limit = 3, fallback = None",
        "None",
        &["a `Result`"],
    );
    says("budget = false, breaker = false", "budget", &["remove it"]);
    // Not known here: the runtime looks at them.
    good("timeout = LONG, deadline = \"1s\"");
    good("delay = LONG, max_delay = \"1ms\"");
}

#[test]
fn clones_are_parameters() {
    says("clone(conn)", "conn", &["`&mut` reference", "leave it out"]);
    says("clone(self)", "self", &["in the body"]);
    says("clone(key, key)", "key", &["twice"]);
    says(
        "clone(user)",
        "user",
        &["not a parameter of `get`; expected one of `conn`, `key`"],
    );
    assert_eq!(
        errors("clone(a)", "fn f() -> Result<u8, E> { g() }"),
        ["`a` `a` is not a parameter of `f`, which has none to clone"]
    );
}
