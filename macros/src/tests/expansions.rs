//! Whole expansions, one for each kind of function. With `UPDATE_EXPANSION=1` the test writes them anew.

use super::output::ASYNC_TRAIT;
use super::{errors, expansion};
use std::path::Path;
use std::{env, fs};

/// The name of the file, what stands between the parentheses, and the function.
const KINDS: [(&str, &str, &str); 20] = [
    (
        "async",
        "",
        "/// Of the user.\npub async fn get(conn: &mut C, id: u64) -> RedisResult<User> { conn.get(id).await }",
    ),
    (
        "async_breaker_off",
        "breaker = false, timeout = false",
        "async fn get(conn: &mut C, id: u64) -> RedisResult<User> { conn.get(id).await }",
    ),
    (
        "async_fallback",
        "fallback = fetch_db",
        "async fn get(conn: &mut C, id: u64) -> RedisResult<User> { conn.get(id).await }",
    ),
    (
        "async_coalesce_and_stale",
        "fallback = [fetch_replica, fetch_db], key = \"user:{id}:{T}\", coalesce = true, stale = \"10m\"",
        "async fn get<T: Decode>(&self, redis: &Connector, id: u64) -> RedisResult<Option<T>> { redis.get().await?.get(id).await }",
    ),
    (
        "async_fallback_list",
        "retries = 2, breaker = SESSIONS, fallback = [|error| replica(error, id), fetch_db]",
        "/// Of the user.\npub async fn get_user(conn: &mut C, id: u64) -> RedisResult<User> { conn.get(id).await }",
    ),
    (
        "async_fallback_list_with_plain_end",
        "fallback = [fetch_db, Ok(None)], fallback_limit = PRIMARY, deadline = \"5s\"",
        "async fn get(conn: &mut C, id: u64) -> RedisResult<Option<User>> { conn.get(id).await }",
    ),
    (
        "async_generic",
        "clone(key)",
        "async fn get<'a, C: ConnectionLike, K, const N: usize>(conn: &'a mut C, mut key: K) -> Result<[u8; N], E>
         where K: Clone + 'a { conn.get(key).await }",
    ),
    (
        "async_hedge",
        "hedge = \"20ms\", limit = POOL, clone(key)",
        "async fn get(redis: &Connector, mut key: String) -> RedisResult<User> { redis.get().await?.get(key).await }",
    ),
    (
        "async_limit",
        "limit = POOL, breaker = SESSIONS",
        "async fn get(conn: &mut C, id: u64) -> RedisResult<User> { conn.get(id).await }",
    ),
    (
        "async_method",
        "breaker = self.breaker, fallback = Self::fetch_db, fallback_limit = false",
        "async fn get(&mut self, id: u64) -> RedisResult<User> { self.conn.get(id).await }",
    ),
    (
        "async_non_idempotent",
        "fallback = Ok(0), fallback_on = \"outage\"",
        "/// Counts.\npub async fn count(conn: &mut C, id: u64) -> RedisResult<u64> { conn.incr(id, 1).await }",
    ),
    ("async_trait", "fallback = |error| self.last(error)", ASYNC_TRAIT),
    (
        "run_time_values",
        "retries = self.retries, backoff = SLOW, timeout = self.patience, breaker = self.breakers.get(1), classify = class",
        "async fn get(&self, id: u64) -> RedisResult<User> { self.conn.clone().get(id).await }",
    ),
    (
        "sync",
        "",
        "#[must_use]\nfn get(conn: &mut C, id: u64) -> RedisResult<User> { #![allow(x)] conn.get(id) }",
    ),
    (
        "sync_breaker_off",
        "breaker = false",
        "fn get(conn: &mut C, id: u64) -> RedisResult<User> { conn.get(id) }",
    ),
    (
        "sync_coalesce",
        "breaker = SESSIONS, fallback = fetch_db, key = \"user:{id}\", skip(lang), coalesce = true",
        "fn get(conn: &mut redis::Connection, id: u64, lang: &str) -> Result<User, Error> { Ok(conn.get(id)?) }",
    ),
    (
        "sync_limit",
        "limit = self.pool, breaker = false, fallback = self.row",
        "fn get(&mut self, id: u64) -> RedisResult<User> { self.conn.get(id) }",
    ),
    (
        "sync_non_idempotent",
        "classify = class",
        "fn push(conn: &mut C, id: u64) -> RedisResult<u64> { redis::cmd(\"RPUSH\").arg(id).query(conn) }",
    ),
    (
        "sync_stale",
        "key = \"user:{id}\", stale = PATIENCE",
        "fn get(conn: &mut redis::Connection, id: u64) -> RedisResult<User> { conn.get(id) }",
    ),
    (
        "sync_fallback",
        "deadline = \"5s\", fallback = fetch_db",
        "fn get(conn: &mut C, id: u64) -> RedisResult<User> { conn.get(id) }",
    ),
];

/// Compares the expansions of an attribute with those in the folder.
#[track_caller]
pub(crate) fn compare(
    folder: &str,
    attribute: &str,
    kinds: &[(&str, &str, &str)],
    expansion: fn(&str, &str) -> String,
) {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let mut differ = Vec::new();
    for (name, args, item) in kinds {
        let file = directory.join(name).with_extension("rs.txt");
        let output = format!("// #[{attribute}({args})]\n\n{}", expansion(args, item));
        if env::var_os("UPDATE_EXPANSION").is_some() {
            fs::write(&file, output).expect("the file is written");
        } else if fs::read_to_string(&file).unwrap_or_default() != output {
            differ.push(format!("--- {}\n{output}", file.display()));
        }
    }
    assert!(
        differ.is_empty(),
        "run with UPDATE_EXPANSION=1 if this is meant\n{}",
        differ.join("\n")
    );
    let files = fs::read_dir(directory).expect("the directory is read");
    assert_eq!(files.count(), kinds.len(), "a file that no kind writes");
}

#[test]
fn expansions_are_those_that_were_read() {
    compare("src/tests/expansions", "redis_resilient", &KINDS, expansion);
}

#[test]
fn each_is_known_for_what_it_is() {
    for (name, args, item) in KINDS {
        let found = errors("", &expansion(args, item));
        assert!(
            found.iter().any(|error| error.contains("here twice")),
            "{name}: {found:?}"
        );
    }
}
