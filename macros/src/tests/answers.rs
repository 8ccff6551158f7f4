//! `key`, `skip`, `coalesce` and `stale`.

use super::{errors, expansion};

const FUNCTION: &str = "async fn get(redis: &Connector, db: &Db, id: u64) -> RedisResult<User> { redis.get().await?.get(id).await }";

#[track_caller]
fn good(args: &str, item: &str) {
    assert_eq!(errors(args, item), [""; 0], "{args} on {item}");
}

/// One error, at that place, with that in it.
#[track_caller]
fn says(args: &str, item: &str, place: &str, part: &str) {
    let found = errors(args, item);
    let [error] = found.as_slice() else {
        panic!("{args} on {item}: {found:#?}")
    };
    assert!(error.starts_with(&format!("`{place}` ")), "{args}: {error}");
    assert!(error.contains(part), "{args}: {error}");
}

#[test]
fn what_is_right_is_accepted() {
    for args in [
        "fallback = fetch, key = \"user:{id}\", coalesce = true",
        "fallback = fetch, key = \"user:{id}\", coalesce = true, stale = \"10m\"",
        "fallback = fetch, key = \"user:{id}\", coalesce = false, stale = crate::PATIENCE",
        "fallback = |error| Ok(id), key = \"same\", skip(id), coalesce = true",
        "fallback = [fetch, Ok(None)], key = \"{id}\", coalesce = true",
        "fallback = [fetch, Err(gone)], key = \"{id}\", stale = \"10m\"",
        "fallback = Ok(fetch(id).await?), key = \"{id}\", coalesce = true, stale = \"1s\"",
        "fallback = fetch, fallback_limit = false, key = \"{id:?}\", stale = \"10m\"",
        "stale = \"10m\", key = \"{db.name}:{id}\"",
        "stale = \"10m\", key = \"{id}\", fallback_on = \"outage\"",
    ] {
        good(args, FUNCTION);
    }
    let stale = "key = \"{id}:{n}\", stale = \"10m\"";
    good(
        stale,
        "fn get(&self, id: u64, n: u8) -> RedisResult<User> { self.conn.get(id) }",
    );
    good(
        stale,
        "async fn get(redis: &Connector, (id, n): (u64, u8)) -> RedisResult<User> { todo!() }",
    );
    good(
        "key = \"{id}:{N}:{T}\", stale = \"10m\"",
        "async fn get<T, const N: usize>(redis: &Connector, id: u64) -> RedisResult<[T; N]> { todo!() }",
    );
}

#[test]
fn what_has_no_effect_is_an_error() {
    for (args, place, part) in [
        (
            "key = \"{id}\", coalesce = true",
            "coalesce",
            "without a `fallback`",
        ),
        (
            "fallback = [Ok(1), Err(e)], key = \"{id}\", coalesce = true",
            "coalesce",
            "a plain value",
        ),
        (
            "fallback = fetch, coalesce = true",
            "coalesce",
            "write `key = \"get:{id}\"`",
        ),
        ("stale = \"10m\"", "stale", "write `key = \"get:{id}\"`"),
        (
            "fallback = fetch, key = \"{id}\"",
            "key",
            "has no effect alone",
        ),
        (
            "fallback = fetch, key = \"{id}\", coalesce = false",
            "key",
            "has no effect alone",
        ),
        ("fallback = fetch, skip(db)", "skip", "without a `key`"),
        (
            "fallback = Ok(None), key = \"{id}\", stale = \"10m\"",
            "stale",
            "always answers",
        ),
        (
            "fallback = fetch, coalesce = \"user:{id}\"",
            "\"user:{id}\"",
            "write `key = \"user:{id}\", coalesce = true`",
        ),
        (
            "fallback = fetch, key = \"{id}\", coalesce = 3",
            "3",
            "`coalesce = true`",
        ),
        (
            "key = \"{id}\", stale = \"0s\"",
            "\"0s\"",
            "leave `stale` out",
        ),
        ("key = \"{id}\", stale = \"10\"", "\"10\"", "has no unit"),
        (
            "key = \"{id}\", stale = db.patience",
            "db",
            "cannot depend on `db`",
        ),
        // One mistake is told once.
        (
            "fallback = None, key = \"{id}\", coalesce = true",
            "None",
            "a `Result`",
        ),
        ("key = user, stale = \"10m\"", "user", "a string literal"),
    ] {
        says(args, FUNCTION, place, part);
    }
}

#[test]
fn the_key_is_checked_as_that_of_a_cache() {
    for (key, place, part) in [
        ("\"{ids}\"", "{ids}", "did you mean"),
        ("\"user\"", "\"user\"", "write `key = \"get:{id}\"`"),
        (
            "\"{db.name}\"",
            "id",
            "write `{id}` in the key, or `skip(id)`",
        ),
        ("\"{id}\", skip(id)", "id", "leave it out here, or there"),
        ("\"{id:.2}\"", "{id:.2}", "loses digits"),
        ("\"{self.a}{id}\"", "{id}", "nothing stands between"),
    ] {
        let found = errors(&format!("key = {key}, stale = \"10m\""), FUNCTION);
        assert!(
            found
                .iter()
                .any(|error| error.starts_with(&format!("`{place}` ")) && error.contains(part)),
            "{key}: {found:#?}"
        );
    }
}

#[test]
fn a_key_of_what_attempts_may_change_is_made_before_them() {
    let comes_first = |args: &str, item: &str| {
        let text = expansion(args, item);
        let (key, call) = (text.find("Key::within"), text.find("Call::new"));
        key.expect("a key") < call.expect("a call")
    };
    let args = "fallback = fetch, key = \"{id}\", coalesce = true";
    let of =
        |parameter: &str| format!("async fn get({parameter}) -> RedisResult<User> {{ todo!() }}");
    assert!(!comes_first(args, &of("id: u64")));
    assert!(!comes_first(args, &of("id: &u64")));
    assert!(comes_first(args, &of("mut id: u64")));
    assert!(comes_first(args, &of("id: &mut u64")));
    let cloned = format!("{args}, clone(id)");
    assert!(!comes_first(&cloned, &of("mut id: u64")));
    let of_self = "fallback = fetch, key = \"{self.id}\", coalesce = true";
    assert!(comes_first(of_self, &of("&mut self")));
    assert!(!comes_first(of_self, &of("&self")));
    let kept = "key = \"{id}\", stale = \"10m\"";
    assert!(comes_first(kept, &of("id: u64")));
}
