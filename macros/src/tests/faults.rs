//! Faults on purpose, where nothing else watches.

use super::tokens;
use crate::stages::resilient_with;

const ASYNC: &str = "async fn load() -> RedisResult<u64> { Ok(1) }";
const SYNC: &str = "fn load() -> RedisResult<u64> { Ok(1) }";

fn expanded(args: &str, item: &str, chaos: bool) -> String {
    resilient_with(tokens(args), &tokens(item), chaos).to_string()
}

#[test]
fn without_the_feature_nothing_of_it_is_there() {
    for (args, item) in [
        ("breaker = false, timeout = false", ASYNC),
        ("breaker = false", SYNC),
        ("", ASYNC),
        ("", SYNC),
    ] {
        let plain = expanded(args, item, false);
        assert!(
            !plain.contains("fault") && !plain.contains("faces"),
            "{plain}"
        );
    }
}

#[test]
fn with_it_only_what_is_not_watched_is_another() {
    for (args, item) in [
        ("", ASYNC),
        ("timeout = false", ASYNC),
        ("breaker = false", ASYNC),
        ("breaker = false, timeout = false, deadline = \"1s\"", ASYNC),
        ("", SYNC),
        // There is no error of a type that nobody knows.
        (
            "breaker = false, timeout = false",
            "async fn load() -> Result<u64, impl Error> { Ok::<_, E>(1) }",
        ),
    ] {
        assert_eq!(
            expanded(args, item, true),
            expanded(args, item, false),
            "{args}"
        );
    }
    for (args, item, pauses) in [
        ("breaker = false, timeout = false", ASYNC, "pause"),
        ("breaker = false", SYNC, "pause_alone"),
        ("breaker = false, deadline = \"1s\"", SYNC, "pause_alone"),
        ("breaker = false, limit = POOL", SYNC, "pause_alone"),
    ] {
        let with_faults = expanded(args, item, true);
        assert!(
            with_faults.contains(":: faces (") && with_faults.contains(pauses),
            "{args}"
        );
        assert!(
            !with_faults.contains("loses_reply"),
            "it meets them once: {args}"
        );
    }
}
