use super::code::code;
use super::pauses::Pauses;
use super::{section, time};
use crate::args::Args;
use crate::errors::Errors;
use redis_resilient::__private::backoff_delay;
use redis_resilient::{Backoff, Jitter};
use std::time::Duration;

#[track_caller]
fn args(text: &str) -> Args {
    let mut errors = Errors::default();
    let args = Args::parse(text.parse().unwrap(), &mut errors);
    assert!(errors.into_compile_errors().is_none(), "{text}");
    args
}

#[track_caller]
fn says(is_async: bool, text: &str, items: &[&str]) {
    let found = section(&args(text), is_async, &[], &[]);
    let expected = format!("\n # Resilience\n\n * {}", items.join("\n * "));
    assert_eq!(found, expected, "{text}");
}

#[test]
fn the_defaults_are_told() {
    says(
        true,
        "",
        &[
            "Up to 4 attempts, each cut off after 1 s.",
            "Pauses between the attempts that double from 50 ms to at most 1 s, shortened at random.",
            "Attempts and pauses take at most 4.35 s together.",
            "Circuit breaker: the default one, shared by all functions that name none.",
            "No fallback: after the last attempt its error is returned.",
        ],
    );
    says(
        false,
        "",
        &[
            "Up to 4 attempts.",
            "Pauses between the attempts that double from 50 ms to at most 1 s, shortened at random.",
            "Circuit breaker: the default one, shared by all functions that name none.",
            "No fallback: after the last attempt its error is returned.",
        ],
    );
}

#[test]
fn a_hedge_is_told() {
    says(
        true,
        "hedge = \"20ms\", retries = 0",
        &[
            "One attempt, cut off after 1 s.",
            "A second attempt starts beside one that has not answered within 20 ms, for at most 5 % of them; the first good answer counts.",
            "Attempts and pauses take at most 1 s together.",
            "Circuit breaker: the default one, shared by all functions that name none.",
            "No fallback: after the last attempt its error is returned.",
        ],
    );
}

#[test]
fn what_is_written_is_told() {
    says(
        true,
        "retries = 1, backoff = \"linear\", delay = \"1.5s\", max_delay = \"2m\", jitter = \"equal\", timeout = \"250us\", \
         breaker = &a::SESSIONS, budget = false, fallback = [|e| Err(e), Self::fetch_db, Ok(None)], idempotent = false, \
         classify = my_class",
        &[
            "Up to 2 attempts, each cut off after 250 µs. No attempt follows one whose command Redis may have executed.",
            "Pauses between the attempts that grow by 1.5 s each time, to at most 2 min, shortened at random by up to half.",
            "Attempts and pauses take at most 1.501 s together. The fallback comes on top of that.",
            "Circuit breaker: `a::SESSIONS`. Retries do not draw on its budget.",
            "Fallback: a closure, then `Self::fetch_db`, then `Ok(None)`. At most 64 calls run it at once.",
            "What a failure means is decided by `my_class`.",
        ],
    );
    says(
        true,
        "retries = 0, breaker = false, fallback = Ok(1), timeout = \"1s\"",
        &[
            "One attempt, cut off after 1 s.",
            "Attempts and pauses take at most 1 s together. The fallback comes on top of that.",
            "No circuit breaker.",
            "Fallback: `Ok(1)`.",
        ],
    );
    says(
        false,
        "deadline = \"90s\", backoff = \"none\", breaker = false, fallback = fetch_db, fallback_limit = false",
        &[
            "Up to 4 attempts.",
            "No pauses between the attempts.",
            "No retry begins later than 1.5 min after the call.",
            "No circuit breaker.",
            "Fallback: `fetch_db`.",
        ],
    );
}

#[test]
fn what_calls_share_is_named() {
    let told = |options: &str| {
        let text = section(&args(options), true, &[], &[]);
        text.lines().last().unwrap_or_default().to_owned()
    };
    let stale = "In place of an error, the last good value of the same key, `user:{id}`, is returned, if it is not older than";
    assert_eq!(
        told("fallback = fetch_db, key = \"user:{id}\", coalesce = true, stale = \"10m\""),
        format!(
            " * Fallback: `fetch_db`. At most 64 calls run it at once. \
             Calls with the same key, `user:{{id}}`, run it once for all of them. {stale} 10 min."
        )
    );
    assert_eq!(
        told("key = \"user:{id}\", stale = PATIENCE"),
        format!(" * No fallback. {stale} `PATIENCE`.")
    );
}

#[test]
fn what_must_not_be_repeated_is_named() {
    let told = |options: &str, commands: &[&str]| {
        let commands: Vec<String> = commands.iter().map(|&name| name.to_owned()).collect();
        let text = section(&args(options), true, &commands, &[]);
        let line = text.lines().nth(3).unwrap_or_default().to_owned();
        line.split_once("after 1 s.")
            .map(|(_, rest)| rest.to_owned())
    };
    for (options, commands, text) in [
        (
            "",
            &["INCR"][..],
            " `INCR` is not repeated after a failure that may have executed it.",
        ),
        (
            "",
            &["INCR", "SADD", "DEL"],
            " `INCR`, `SADD` and `DEL` are not repeated after a failure that may have executed them.",
        ),
        (
            "idempotent = true",
            &["INCR"],
            " When a reply is lost, `INCR` may be executed twice.",
        ),
        ("idempotent = true", &[], ""),
        (
            "idempotent = false",
            &["INCR"],
            " No attempt follows one whose command Redis may have executed.",
        ),
        ("retries = 0", &["INCR"], ""),
    ] {
        assert_eq!(told(options, commands).as_deref(), Some(text), "{options}");
    }
}

#[test]
fn the_breaker_of_a_connector_is_told() {
    let text = section(&args(""), true, &[], &["self.redis".parse().unwrap()]);
    assert!(
        text.contains("Circuit breaker: the default one, which is that of its Redis where `self.redis` is a `Connector`."),
        "{text}"
    );
}

#[test]
fn a_limit_of_attempts_is_told() {
    let text = section(&args("limit = &crate::POOL"), true, &[], &[]);
    assert!(
        text.contains("As many attempts run at once as `crate::POOL` lets in; further ones fail immediately and are not retried."),
        "{text}"
    );
}

#[test]
fn a_fallback_for_outages_only_is_told() {
    let text = section(
        &args("fallback = Ok(1), fallback_on = \"outage\""),
        true,
        &[],
        &[],
    );
    assert!(
        text.contains(
            "Fallback: `Ok(1)`. It answers for outages only, not for wrong credentials or settings."
        ),
        "{text}"
    );
}

#[test]
fn of_values_of_run_time_the_code_is_told() {
    says(
        true,
        "retries = self.settings.retries, backoff = SLOW, timeout = self.time, breaker = self.breakers.get(1, 2), \
         fallback = self.db.fetch, fallback_limit = &limits::PRIMARY, classify = |error: &MyError| Class::Permanent",
        &[
            "One attempt and up to `self.settings.retries` retries, each cut off after `self.time`.",
            "Pauses between the attempts as `SLOW` has them.",
            "Circuit breaker: `self.breakers.get(1, 2)`.",
            "Fallback: `self.db.fetch`. `limits::PRIMARY` limits the calls in it.",
            "What a failure means is decided by `|error: &MyError| Class::Permanent`.",
        ],
    );
    says(
        true,
        "deadline = patience, delay = pause, max_delay = \"3s\", factor = growth, fallback = fetch_db, fallback_limit = 3",
        &[
            "Up to 4 attempts, each cut off after 1 s.",
            "Pauses between the attempts that grow `growth`-fold from `pause` to at most 3 s, shortened at random.",
            "Attempts and pauses take at most `patience` together. The fallback comes on top of that.",
            "Circuit breaker: the default one, shared by all functions that name none.",
            "Fallback: `fetch_db`. At most 3 calls run it at once.",
        ],
    );
}

#[test]
fn a_deadline_is_told_where_it_is_the_shorter() {
    for (deadline, total) in [("2s", "2 s"), ("10s", "4.35 s")] {
        let text = section(&args(&format!("deadline = \"{deadline}\"")), true, &[], &[]);
        assert!(
            text.contains(&format!("at most {total} together")),
            "{text}"
        );
    }
    let text = section(&args("deadline = \"10s\", timeout = false"), true, &[], &[]);
    assert!(text.contains("at most 10 s together"), "{text}");
    let text = section(&args("timeout = false"), true, &[], &[]);
    assert!(!text.contains("together"), "{text}");
}

/// The section must not promise less than the runtime takes.
#[test]
fn the_longest_pauses_are_those_of_the_runtime() {
    let ms = Duration::from_millis;
    for (text, backoff) in [
        ("", Backoff::default()),
        ("delay = \"3s\"", Backoff::exponential(ms(3000))),
        (
            "factor = 3, max_delay = \"700ms\"",
            Backoff::exponential(ms(50)).factor(3.0).max_delay(ms(700)),
        ),
        (
            "factor = 1.5, jitter = \"equal\"",
            Backoff::exponential(ms(50))
                .factor(1.5)
                .jitter(Jitter::Equal),
        ),
        (
            "jitter = \"decorrelated\"",
            Backoff::exponential(ms(50)).jitter(Jitter::Decorrelated),
        ),
        (
            "backoff = \"linear\", delay = \"80ms\", jitter = \"none\"",
            Backoff::linear(ms(80)).jitter(Jitter::None),
        ),
        (
            "backoff = \"fixed\", delay = \"80ms\"",
            Backoff::fixed(ms(80)),
        ),
        ("backoff = \"none\"", Backoff::none()),
    ] {
        let pauses = Pauses::of(&args(text));
        for retries in [0, 1, 3, 10, 100] {
            let mut previous = Duration::ZERO;
            let sum: Duration = (1..=retries)
                .map(|retry| {
                    previous = backoff_delay(&backoff, retry, previous, u32::MAX);
                    previous
                })
                .sum();
            assert_eq!(
                pauses.longest(retries),
                Some(sum),
                "{text}, {retries} retries"
            );
        }
    }
}

#[test]
fn durations_are_rounded_up() {
    for (nanoseconds, text) in [
        (0, "0 ns"),
        (7, "7 ns"),
        (1_500, "1.5 µs"),
        (4_350_000_000, "4.35 s"),
        (1_000_000_001, "1.001 s"),
        (60_000_000_000, "1 min"),
        (100_000_000_000, "1.667 min"),
        (7_200_000_000_000, "2 h"),
    ] {
        assert_eq!(time::show(Duration::from_nanos(nanoseconds)), text);
    }
}

#[test]
fn code_is_told_as_it_was_written() {
    for text in [
        "a::b::C",
        "self.settings.timeout * 2",
        "fetch::<u8, Vec<u16>>(&mut *conn, -1)?",
        "<Self as Db>::fetch",
        "vec![1, 2].len() as u32",
        "|e: &E| e.class()",
        "if a { 1 } else { 2 }",
        "Ok(None)",
        "async { f(x, 'c').await }",
        "0..=3",
        "!a && b != c",
        "-a - b",
    ] {
        let tokens: proc_macro2::TokenStream = text.parse().unwrap();
        assert_eq!(code(&tokens), format!("`{text}`"));
    }
    let long = "a + ".repeat(20) + "a";
    let tokens: proc_macro2::TokenStream = long.parse().unwrap();
    assert_eq!(code(&tokens), "what an expression gives");
}
