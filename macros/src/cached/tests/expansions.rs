//! Whole expansions, one for each kind of function. With `UPDATE_EXPANSION=1` the test writes them anew.

use super::{errors, expansion};
use crate::tests::expansions::compare;
use crate::tests::output::ASYNC_TRAIT;

/// The name of the file, what stands between the parentheses, and the function.
const KINDS: [(&str, &str, &str); 7] = [
    (
        "async",
        "key = \"user:{id}\", ttl = \"10m\"",
        "/// Of the user.\npub async fn user(redis: &Connector, db: &Db, id: u64) -> Result<Option<User>, Error> { db.user(id).await }",
    ),
    (
        "async_every_option",
        "key = \"user:{id}:{lang:?}\", prefix = \"shop\", version = 2, ttl = |user| user.life(), negative_ttl = \"30s\", negative_on = Error::is_gone, \
         jitter = 0.2, stale_if_error = \"1h\", lease = \"5s\", near = \"5s\", codec = Postcard, limit = PRIMARY, limit_wait = \"100ms\", \
         coalesce = false, redis = app.redis, timeout = \"100ms\", retries = 2, backoff = \"fixed\", delay = \"5ms\", breaker = CACHE, name = \"users\"",
        "async fn user(app: &Db, id: u64, lang: Lang) -> Result<Option<User>, Error> { app.user(id, lang).await }",
    ),
    (
        "async_trait",
        "key = \"{key}\", ttl = \"1m\", redis = self.redis, skip(a, b)",
        ASYNC_TRAIT,
    ),
    (
        "background_method",
        "key = \"{self.tenant}:{id}\", ttl = self.ttl(id), stale_while_revalidate = \"1m\", limit = PRIMARY",
        "async fn user(&self, db: &mut_free::Db, id: &str) -> Result<User, Error> { let user = self.redis.get(); db.user(self, id).await }",
    ),
    (
        "generic_with_invalidate",
        "key = \"{T}:{N}:{id.0}\", ttl = \"1m\", invalidate = forget, skip(K)",
        "#[cfg(unix)] pub async fn row<'a, T: Entity<K>, K, C: ConnectionLike, const N: usize>(redis: &Connector, db: &'a mut C, mut id: Id<T>) \
         -> Result<T, Error> where C: Send, K: Clone { db.row(id, N).await }",
    ),
    (
        "method_with_invalidate",
        "key = \"user:{id}\", ttl = \"1m\", invalidate = forget, skip(trace)",
        "pub(crate) async fn user(&self, id: u64, trace: Trace) -> Result<User, Error> { self.db.user(&self.redis, id).await }",
    ),
    (
        "sync",
        "key = \"{a}-{b}\", ttl = TTL, near = \"tracking\"",
        "fn sum(redis: &Connector, (a, b): (u64, u64)) -> Result<u64, Error> { #![allow(x)] Ok(a + b) }",
    ),
];

#[test]
fn expansions_are_those_that_were_read() {
    let folder = "src/cached/tests/expansions";
    compare(folder, "redis_cached", &KINDS, expansion);
}

#[test]
fn each_is_known_for_what_it_is() {
    for (name, args, item) in KINDS {
        if name.contains("invalidate") {
            // Its declaration is beside it.
            continue;
        }
        let found = errors("", &expansion(args, item));
        assert!(
            found.iter().any(|error| error.contains("here twice")),
            "{name}: {found:?}"
        );
    }
}
