//! What is shown of what a console says.

use super::*;

const SAMPLE: &str = r#"{
    "verdict": "degraded", "at_ms": 10000, "kill_switch": false,
    "findings": [{"part": "breaker", "name": "shop", "verdict": "degraded", "text": "the circuit is open"}],
    "checks": [{"name": "write", "error": "no answer within 1s", "took_ms": 1000}],
    "breakers": [
        {"name": "calm", "number": null, "state": "closed", "in_state_for_ms": null, "calls": 4, "failures": 0, "failure_rate": 0.0, "retry_after_ms": 0, "observing": false},
        {"name": "shop", "number": 2, "state": "open", "in_state_for_ms": 2300, "calls": 10, "failures": 5, "failure_rate": 50.0, "retry_after_ms": 700, "observing": false}
    ],
    "functions": [{"name": "shop::views", "calls": {"total": 1500, "fallbacks": 500, "failed": 1, "p50_us": 240, "p99_us": 3200},
        "failed_attempts": 20, "retries": 10, "fallbacks": 9, "policy": {"worst_case_ms": 610}}],
    "connectors": [{"name": "a:1", "connections": [], "last_failure": {"class": "unreachable", "error": "connection refused", "ago_ms": 1200}},
        {"name": "b:2", "connections": [{"address": "b:2", "connected_for_ms": 61000, "role": "primary"}], "last_failure": null}],
    "caches": [{"name": "names", "near_hits": 1, "redis_hits": 2, "stale_hits": 0, "loads": 1, "failed_loads": 0, "pending_invalidations": 3}],
    "journals": [{"name": "orders", "waiting": 12, "waiting_bytes": 2048, "fill": 0.25, "full": false, "oldest_ms": 4000, "draining": false, "eta_ms": null, "dead_letters": 0}],
    "consumers": [{"stream": "mails", "group": "sender", "reading": false, "failing_for_ms": 5000, "lag": null, "in_work": 1, "handled": 7}],
    "bulkheads": [{"name": "primary", "limit": 20, "inside": 20, "waiting": null, "refused": 3}]
}"#;

fn sample() -> Sample {
    serde_json::from_str(SAMPLE).expect("it is one")
}

fn text(now: &Sample, before: Option<&Sample>) -> String {
    let lines = frame(now, before, None);
    let lines: Vec<_> = lines.iter().map(Line::plain).collect();
    lines.join("\n")
}

#[test]
fn all_of_it_is_shown_and_what_is_worst_first() {
    let shown = text(&sample(), None);
    let expected = "\
◐ degraded
  ◐ degraded: breaker shop: the circuit is open

BREAKERS     STATE  SINCE  FAILURES    RATE  REFUSES FOR
shop #2     ■ open  2.3 s   5 of 10  50.0 %       700 ms
calm      ● closed      -    0 of 4   0.0 %            -

FUNCTIONS    CALLS  PER S  FAILED  ATTEMPTS FAILED  RETRIES  FALLBACKS   SHARE     P50     P99  WORST CASE
shop::views  1,500      -       1               20       10        500  33.3 %  240 µs  3.2 ms      610 ms

CONNECTORS            STATE         FOR  LAST FAILURE
a:1         ■ not connected           -  1.2 s ago: connection refused
b:2         ● b:2 (primary)  1 min 1 s  -

CACHES  HIT RATE  NEAR  REDIS  STALE  LOADS  FAILED  INVALIDATIONS PENDING
names     75.0 %     1      2      0      1       0                      3

JOURNALS      STATE  WAITING    BYTES    FULL  OLDEST  DONE IN  DEAD  LAST FAILURE
orders    ◐ waiting       12  2.0 KiB  25.0 %   4.0 s        -     0  -

CONSUMERS                       STATE  LAG  IN WORK  HANDLED  FAILED  DEAD  LAST FAILURE
mails / sender  ■ cannot read for 5.0 s    -        1        7       0     0  -

BULKHEADS    INSIDE  WAITING  REFUSED
primary    20 of 20        -        3

CHECKS   TOOK  ERROR
write   1.0 s  ■ no answer within 1s";
    // How wide the columns are is the table's affair.
    let words = |text: &str| -> Vec<Vec<String>> {
        let words = |line: &str| line.split_whitespace().map(str::to_owned).collect();
        text.lines().map(words).collect()
    };
    assert_eq!(words(&shown), words(expected), "{shown}");
}

#[test]
fn two_of_them_tell_how_many_calls_there_are() {
    let (mut now, before) = (sample(), sample());
    now.at_ms += 2_000;
    now.functions[0].calls.as_mut().expect("counted").total += 300;
    assert!(text(&now, Some(&before)).contains("1,800    150"));
    // It was restarted.
    now.functions[0].calls.as_mut().expect("counted").total = 5;
    assert!(text(&now, Some(&before)).contains("      5      -"));
}

#[test]
fn a_service_that_has_called_nothing_says_so() {
    let nothing = r#"{"verdict": "up", "at_ms": 1, "breakers": [], "kill_switch": true}"#;
    let nothing = serde_json::from_str(nothing).expect("it is one");
    assert_eq!(
        text(&nothing, None),
        "● up, the kill switch is engaged\nNothing has been called yet."
    );
}
