use std::time::Duration;

use super::*;
use crate::Backoff;

/// What the compiler would say.
fn panics(make: impl FnOnce() -> Policy + std::panic::UnwindSafe) -> String {
    let panic = std::panic::catch_unwind(make).expect_err("it makes no sense");
    panic
        .downcast_ref::<String>()
        .cloned()
        .or_else(|| panic.downcast_ref::<&str>().map(|&text| text.to_owned()))
        .expect("a text")
}

const MS: fn(u64) -> Duration = Duration::from_millis;

#[test]
fn what_makes_no_sense_is_refused_with_what_to_write_instead() {
    let policy = || Policy::new("users");
    for (text, parts) in [
        (panics(|| Policy::new(" ")), &["Policy::new(\"users\")"][..]),
        (
            panics(|| policy().retries(101)),
            &["`retries` is at most 100", "`max_delay`"],
        ),
        (
            panics(|| policy().timeout(MS(0))),
            &["`timeout` cannot be zero", "`without_timeout()`"],
        ),
        (
            panics(|| policy().deadline(MS(0))),
            &["`deadline` cannot be zero", "leave `deadline` out"],
        ),
        (
            panics(|| policy().deadline(MS(500)).timeout(MS(500))),
            &["has to be longer than `timeout`", "raise `deadline`"],
        ),
        (
            panics(|| policy().timeout(MS(500)).deadline(MS(500))),
            &["has to be longer than `timeout`"],
        ),
        (
            panics(|| policy().without_breaker().without_budget()),
            &["remove it"],
        ),
        (
            panics(|| policy().without_budget().without_breaker()),
            &["remove it"],
        ),
        (
            panics(|| policy().fallback_calls(0)),
            &["`without_fallback_limit()`"],
        ),
        (
            panics(|| policy().backoff(Backoff::fixed(MS(0)))),
            &["`Backoff::none()`"],
        ),
        (
            panics(|| policy().backoff(Backoff::exponential(MS(10)).factor(0.5))),
            &["`factor`", "at least 1"],
        ),
        (
            panics(|| policy().backoff(Backoff::exponential(MS(10)).max_delay(MS(9)))),
            &["`max_delay` is shorter than `delay`"],
        ),
    ] {
        for part in parts {
            assert!(text.contains(part), "no `{part}` in: {text}");
        }
    }
}

#[test]
fn what_makes_sense_is_taken() {
    static EVERYTHING: Policy = Policy::new("everything")
        .retries(100)
        .backoff(Backoff::none())
        .timeout(Duration::from_secs(2))
        .without_timeout()
        // The default timeout is not one that was set.
        .deadline(Duration::from_millis(1))
        .breaker(&DEFAULT_BREAKER)
        .without_budget()
        .limit(&LIMIT)
        .fallback_limit(&LIMIT)
        .without_fallback_limit()
        .fallback_calls(3)
        .fallback_on(FallbackOn::Outage)
        .idempotent(false);
    static LIMIT: Bulkhead = Bulkhead::new("limit", 1);
    let fallback = EVERYTHING.bulkhead_of_fallback().expect("it has one");
    assert_eq!((fallback.limit(), fallback.name()), (3, "everything"));
    assert_eq!(EVERYTHING.name(), "everything");
    assert_eq!(EVERYTHING.settings.problem(), None);
    let text = format!("{EVERYTHING:?}");
    assert!(
        text.contains("retries: 100") && text.contains("\"limit\""),
        "{text}"
    );
}

#[test]
fn the_defaults_are_those_of_the_attribute() {
    let policy = Policy::new("users");
    assert_eq!(policy.settings, Settings::new("users"));
    assert_eq!(
        policy.breaker.map(Breaker::name),
        Some(DEFAULT_BREAKER.name())
    );
    assert!(policy.limit.is_none());
    assert_eq!(
        policy.bulkhead_of_fallback().map(Bulkhead::limit),
        Some(defaults::FALLBACK_LIMIT)
    );
    assert_eq!(policy.fallback_on, FallbackOn::Unusable);
}

#[test]
fn the_docs_state_the_defaults() {
    let (ms, seconds) = (defaults::DELAY.as_millis(), defaults::MAX_DELAY.as_secs());
    let pauses = format!("from {ms} ms to {seconds} s with full jitter");
    let all = format!(
        "{} retries, exponential backoff {pauses}, {} s for an attempt, no deadline",
        defaults::RETRIES,
        defaults::TIMEOUT.as_secs(),
    );
    let calls = defaults::FALLBACK_LIMIT;
    for (file, text, parts) in [
        (
            "policy.rs",
            include_str!("../policy.rs"),
            &[
                all.clone(),
                format!("at most {calls} calls in the fallback"),
            ][..],
        ),
        (
            "settings.rs",
            include_str!("../settings.rs"),
            &[
                all,
                format!("at most {}.", defaults::MAX_RETRIES),
                format!("a number from 0 to {}", defaults::MAX_RETRIES),
            ],
        ),
        (
            "setters.rs",
            include_str!("setters.rs"),
            &[
                format!(
                    "{} unless told, which is at most {} attempts",
                    defaults::RETRIES,
                    defaults::RETRIES + 1
                ),
                format!("exponential {pauses} unless told"),
                format!("cut off; {} s unless told", defaults::TIMEOUT.as_secs()),
                format!("If it is over {};", defaults::MAX_RETRIES),
                format!("`retries` is at most {}:", defaults::MAX_RETRIES),
                format!("{calls} calls of this policy unless told"),
                format!("at once; {calls} unless told"),
            ],
        ),
        (
            "backoff.rs",
            include_str!("../backoff.rs"),
            &[
                format!(
                    "exponential from {ms} ms, factor {}, at most {seconds} s, full jitter",
                    defaults::FACTOR
                ),
                format!("multiplied by each time; {} unless told", defaults::FACTOR),
                format!(
                    "longer than this; {seconds} s, or the first delay where that is longer, unless told"
                ),
            ],
        ),
        (
            "bulkhead.rs",
            include_str!("../bulkhead.rs"),
            &[format!("with a fallback, of {calls} calls")],
        ),
    ] {
        for part in parts {
            assert!(text.contains(part), "{file}: no `{part}`");
        }
    }
}

#[test]
fn the_words_of_the_attribute_are_what_holds() {
    let backoff = format!("{:?}", Backoff::DEFAULT).to_lowercase();
    assert!(
        backoff.contains(&format!("curve: {}", defaults::BACKOFF)),
        "{backoff}"
    );
    assert!(
        backoff.contains(&format!("jitter: {}", defaults::JITTER)),
        "{backoff}"
    );
    let failures = format!("{:?}", Policy::new("users").fallback_on).to_lowercase();
    assert_eq!(failures, defaults::FALLBACK_ON);
}
