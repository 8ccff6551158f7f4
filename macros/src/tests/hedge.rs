use super::{errors, expansion};

const READ: &str = "async fn get(redis: &Connector, key: &str) -> RedisResult<u64> { redis.get().await?.get(key).await }";

/// One mistake at this place, whose text has these parts.
#[track_caller]
fn says(args: &str, item: &str, place: &str, parts: &[&str]) {
    let found = errors(args, item);
    let [error] = found.as_slice() else {
        panic!("{args} on {item}: {found:#?}")
    };
    assert!(error.starts_with(&format!("`{place}` ")), "{args}: {error}");
    for part in parts {
        assert!(error.contains(part), "{args}: {error}");
    }
}

#[test]
fn what_two_attempts_can_share_is_hedged() {
    for (args, item) in [
        ("hedge = \"20ms\"", READ),
        ("hedge = \"999ms\"", READ),
        ("hedge = \"2s\", timeout = false", READ),
        ("hedge = PATIENCE, timeout = self.timeout", READ),
        (
            "hedge = \"20ms\", idempotent = true",
            "async fn get(redis: &Connector) -> RedisResult<u64> { redis.get().await?.incr(1, 1).await }",
        ),
        (
            "hedge = \"20ms\", clone(conn)",
            "async fn get(mut conn: C) -> RedisResult<u64> { conn.get(1).await }",
        ),
        (
            "hedge = \"20ms\"",
            "async fn get(self: Arc<Self>, raw: *mut u8, (a, b): (u8, u8)) -> RedisResult<u64> { self.get(a, b).await }",
        ),
    ] {
        assert_eq!(errors(args, item), [""; 0], "{args} on {item}");
    }
}

#[test]
fn nothing_is_hedged_that_must_not_be_sent_twice() {
    let counts = "async fn count(redis: &Connector) -> RedisResult<u64> { redis.get().await?.incr(1, 1).await }";
    says(
        "hedge = \"20ms\"",
        counts,
        "hedge",
        &["`INCR`", "`idempotent = true`"],
    );
    says(
        "hedge = \"20ms\", retries = 0",
        counts,
        "hedge",
        &["`INCR`"],
    );
    says(
        "hedge = \"20ms\", idempotent = false",
        READ,
        "hedge",
        &["`idempotent = false`", "remove one"],
    );
}

#[test]
fn a_sync_function_has_no_hedge() {
    let item = "fn get(conn: &mut C) -> RedisResult<u64> { conn.get(1) }";
    says(
        "hedge = \"20ms\"",
        item,
        "hedge",
        &["needs an async function"],
    );
}

#[test]
fn it_starts_before_the_attempt_is_cut_off() {
    says(
        "hedge = \"1s\"",
        READ,
        "hedge",
        &["`timeout` (1s, the default)"],
    );
    says(
        "hedge = \"30ms\", timeout = \"20ms\"",
        READ,
        "hedge",
        &["`hedge` (30ms)", "`timeout` (20ms)"],
    );
    says(
        "hedge = \"3s\", timeout = false, deadline = \"2s\"",
        READ,
        "hedge",
        &["`deadline` (2s)"],
    );
    says("hedge = \"0ms\"", READ, "\"0ms\"", &["cannot be zero"]);
    says("hedge = false", READ, "false", &["leave `hedge` out"]);
    says(
        "hedge_after = \"20ms\"",
        READ,
        "hedge_after",
        &["write `hedge = \"20ms\"`"],
    );
}

#[test]
fn what_both_attempts_would_change_is_named() {
    for (signature, place, parts) in [
        (
            "(conn: &mut C)",
            "conn",
            &["`conn`", "`&Connector`", "clone"][..],
        ),
        ("(conn: &'a mut C)", "conn", &["`conn`"]),
        ("(conn: Option<&mut C>)", "conn", &["`conn`", "`&mut`"]),
        ("(mut conn: C)", "mut conn", &["`clone(conn)`"]),
        ("(&mut self)", "&mut self", &["take `&self`"]),
        (
            "(self: Pin<&mut Self>)",
            "self: Pin<&mut Self>",
            &["take `&self`"],
        ),
        ("((mut a, b): (C, u8))", "(mut a, b)", &["destructure"]),
    ] {
        let item = format!("async fn get{signature} -> RedisResult<u64> {{ get().await }}");
        says("hedge = \"20ms\"", &item, place, parts);
    }
}

#[test]
fn functions_without_one_are_as_they_were() {
    let text = expansion("", READ);
    assert!(
        !text.contains("hedge") && text.contains("attempt("),
        "{text}"
    );
}
