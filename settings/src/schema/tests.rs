use redis_resilient_runtime::__seam::chaos;

use super::*;

fn said_of(part: SettingPart, key: &str, given: Given<'_>) -> String {
    let mut to = Part::nothing_of(part);
    let said = key_of(part, key).and_then(|key| set(&mut to, key, given));
    assert!(
        said.is_err() || to != Part::nothing_of(part),
        "{key} is said of nothing"
    );
    said.unwrap_or_else(|problem| problem)
}

fn said(key: &str, given: Given<'_>) -> String {
    said_of(SettingPart::Functions, key, given)
}

#[test]
fn values_are_what_their_key_says_and_nothing_else() {
    assert_eq!(said("retries", Given::Integer(5)), "5");
    assert_eq!(said("factor", Given::Float(1.5)), "1.5");
    assert_eq!(said("delay", Given::Text("20ms")), "\"20ms\"");
    assert_eq!(said("backoff", Given::Text("fixed")), "\"fixed\"");
    for (key, given, parts) in [
        (
            "retries",
            Given::Integer(101),
            &["expected a number from 0 to 100"][..],
        ),
        ("retries", Given::Integer(-1), &["from 0 to 100"]),
        (
            "retries",
            Given::Text("3"),
            &["got a string", "without quotes"],
        ),
        ("factor", Given::Float(f64::NAN), &["a number from 1"]),
        ("factor", Given::Float(0.5), &["a number from 1"]),
        (
            "delay",
            Given::Integer(20),
            &["\"250ms\"", "a whole number"],
        ),
        ("delay", Given::Text("20"), &["has no unit"]),
        ("timeout", Given::Text("0ms"), &["longer than zero"]),
        ("backoff", Given::Text("expo"), &["did you mean `exp`?"]),
        (
            "jitter",
            Given::Other("a table"),
            &["\"decorrelated\"", "a table"],
        ),
        (
            "retrie",
            Given::Integer(1),
            &["unknown key `retrie`", "did you mean `retries`?"],
        ),
    ] {
        let text = said(key, given);
        assert!(
            parts.iter().all(|part| text.contains(part)),
            "{key}: {text}"
        );
    }
}

#[test]
fn each_key_of_each_part_can_be_said() {
    for part in PARTS {
        for (key, kind) in parts::keys(part) {
            let given = match kind {
                Kind::Whole { .. } => Given::Integer(7),
                Kind::Number { .. } => Given::Float(if *key == "factor" { 1.5 } else { 0.25 }),
                Kind::Time | Kind::TimeUpTo(_) | Kind::TimeOrZero => Given::Text("7s"),
                Kind::Switch => Given::Switch(true),
                Kind::Word(words) => Given::Text(words[0]),
                Kind::Moment => Given::Moment("2030-01-31T18:30:00Z"),
            };
            let text = said_of(part, key, given);
            let problem = text.contains("expected") || text.contains("unknown");
            assert!(!problem, "{part}.{key}: {text}");
        }
    }
}

#[test]
fn each_part_has_bounds_and_hints() {
    for (part, key, given, says) in [
        (
            SettingPart::Breakers,
            "failure_rate",
            Given::Integer(101),
            "from 1 to 100",
        ),
        (
            SettingPart::Breakers,
            "half_open_permits",
            Given::Integer(64),
            "from 1 to 63",
        ),
        (
            SettingPart::Breakers,
            "window",
            Given::Text("25h"),
            "at most 24 h",
        ),
        (
            SettingPart::Breakers,
            "reset_timout",
            Given::Text("1s"),
            "did you mean `reset_timeout`?",
        ),
        (
            SettingPart::Bulkheads,
            "limit",
            Given::Integer(0),
            "a number from 1",
        ),
        (
            SettingPart::Caches,
            "enabled",
            Given::Text("yes"),
            "true or false",
        ),
        (
            SettingPart::Caches,
            "jitter",
            Given::Float(0.6),
            "from 0 to 0.5",
        ),
        (
            SettingPart::Connectors,
            "timeout",
            Given::Text("1s"),
            "unknown key `timeout`",
        ),
        (
            SettingPart::Chaos,
            "share",
            Given::Float(1.5),
            "from 0 to 1",
        ),
        (
            SettingPart::Chaos,
            "for",
            Given::Text("25h"),
            "at most 24 h",
        ),
        (
            SettingPart::Chaos,
            "fault",
            Given::Text("unreachble"),
            "did you mean `unreachable`?",
        ),
        (
            SettingPart::Chaos,
            "until",
            Given::Text("tomorrow"),
            "2030-01-31T18:30:00Z",
        ),
    ] {
        let text = said_of(part, key, given);
        assert!(text.contains(says), "{part}.{key}: {text}");
    }
}

#[test]
fn a_variable_is_a_number_only_where_its_key_takes_one() {
    let given = |part, key, text| given_by_text(key_of(part, key).expect(key), text);
    let of_function = |key, text| given(SettingPart::Functions, key, text);
    assert!(matches!(of_function("retries", "12"), Given::Integer(12)));
    assert!(matches!(
        of_function("retries", "0123"),
        Given::Text("0123")
    ));
    assert!(matches!(of_function("retries", "+1"), Given::Text("+1")));
    assert!(matches!(of_function("factor", "1.5"), Given::Float(_)));
    assert!(matches!(of_function("delay", "20"), Given::Text("20")));
    let of_cache = |text| given(SettingPart::Caches, "enabled", text);
    assert!(matches!(of_cache("false"), Given::Switch(false)));
    assert!(matches!(of_cache("0"), Given::Text("0")));
}

#[test]
fn what_cannot_hold_together_is_refused() {
    let problem = |part, said: &[(&str, &str)]| {
        let mut all = Part::nothing_of(part);
        for (key, text) in said {
            let key = key_of(part, key).expect(key);
            set(&mut all, key, given_by_text(key, text)).expect("each makes sense");
        }
        all.contradiction(1_896_114_600_000).unwrap_or_default()
    };
    for (part, said, says) in [
        (
            SettingPart::Functions,
            &[("timeout", "1s"), ("deadline", "1s")][..],
            "longer than `timeout`",
        ),
        (
            SettingPart::Functions,
            &[("delay", "2s"), ("max_delay", "1s")],
            "at least as long as `delay`",
        ),
        (
            SettingPart::Breakers,
            &[("reset_timeout", "2s"), ("reset_timeout_max", "1s")],
            "at least as long",
        ),
        (
            SettingPart::Caches,
            &[("ttl", "2s"), ("stale_if_error", "1s")],
            "at least as long as `ttl`",
        ),
        (
            SettingPart::Caches,
            &[("ttl", "2s"), ("stale_if_error", "0s")],
            "",
        ),
        (SettingPart::Chaos, &[("fault", "loading")], "it has no end"),
        (SettingPart::Chaos, &[("for", "1m")], "`fault` is missing"),
        (
            SettingPart::Chaos,
            &[("fault", "delay"), ("for", "1m")],
            "needs `delay`",
        ),
        (
            SettingPart::Chaos,
            &[("fault", "loading"), ("delay", "1s"), ("for", "1m")],
            "`delay` is for the fault",
        ),
        (
            SettingPart::Chaos,
            &[
                ("fault", "loading"),
                ("for", "1m"),
                ("until", "2030-01-31T19:30:00Z"),
            ],
            "leave one out",
        ),
        (
            SettingPart::Chaos,
            &[("fault", "loading"), ("until", "2030-02-01T18:30:01Z")],
            "more than a day ahead",
        ),
        (
            SettingPart::Chaos,
            &[("fault", "loading"), ("until", "2030-02-01T18:30:00Z")],
            "",
        ),
    ] {
        let text = problem(part, said);
        assert!(
            text.contains(says) && text.is_empty() == says.is_empty(),
            "{said:?}: {text}"
        );
    }
}

#[test]
fn all_faults_are_known() {
    if chaos::COMPILED_IN {
        assert_eq!(chaos::faults(), parts::FAULTS);
    }
}
