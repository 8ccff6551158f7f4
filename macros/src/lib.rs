//! The attribute of [`redis-resilient`](https://docs.rs/redis-resilient): use it through that crate,
//! which has the code that expansions call.

#![cfg_attr(
    not(test),
    deny(
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic,
        clippy::unwrap_used
    )
)]

mod args;
mod cached;
mod defaults;
mod errors;
mod expand;
mod item;
mod key;
mod plan;
mod stages;
mod suggest;
#[cfg(test)]
mod tests;
mod types;

use crate::stages::resilient;

/// Makes a function that talks to Redis survive Redis: retries, a circuit breaker, timeouts and a fallback.
///
/// ```
/// use redis::{AsyncCommands, RedisResult, aio::ConnectionManager};
/// use redis_resilient::redis_resilient;
///
/// #[redis_resilient(retries = 3, backoff = "exp", fallback = fetch_db)]
/// async fn user_name(conn: &mut ConnectionManager, id: u64) -> RedisResult<Option<String>> {
///     conn.get(format!("user:{id}")).await
/// }
///
/// async fn fetch_db(_: &mut ConnectionManager, id: u64) -> RedisResult<Option<String>> {
///     Ok(Some(format!("user {id}, as the database has it")))
/// }
/// ```
///
/// The function keeps its signature. It may be async or sync, free or a method, generic, and part of an
/// `#[async_trait]`; it has to return a `Result`. An attempt has failed when it returns `Err`.
///
/// # Options
///
/// All have a default: `#[redis_resilient]` alone is enough.
///
/// | option | value | default | meaning |
/// |---|---|---|---|
/// | `retries` | 0 to 100 | `3` | attempts **after** the first: `retries = 3` makes at most 4 |
/// | `backoff` | `"exp"`, `"linear"`, `"fixed"`, `"none"`, or a `Backoff` | `"exp"` | how the pauses between attempts grow |
/// | `delay` | duration | `"50ms"` | the first pause |
/// | `max_delay` | duration | `"1s"` | no pause is longer; at least `delay` |
/// | `factor` | number from 1 | `2.0` | how fast `"exp"` grows |
/// | `jitter` | `"full"`, `"equal"`, `"decorrelated"`, `"none"` | `"full"` | the random part of a pause, so that clients do not retry at the same time |
/// | `timeout` | duration, `false` | `"1s"` | the limit of each attempt; not in sync functions, whose connection has a read timeout of its own |
/// | `deadline` | duration | none | the limit of the whole call: no pause is begun that would not fit, and an attempt gets what is left |
/// | `hedge` | duration | none | after so long without an answer, a second attempt starts beside the first; see below |
/// | `breaker` | a `Breaker`, `false` | one for each Redis of a `Connector`, one for all else | the circuit breaker that every attempt asks first |
/// | `limit` | a `Bulkhead` | none | how many attempts may run at once; further ones fail immediately |
/// | `fallback` | see below | none | what to return when the attempts have failed |
/// | `fallback_on` | `"unusable"`, `"outage"` | `"unusable"` | for which failures: an outage only, or also credentials and settings that Redis refuses |
/// | `fallback_limit` | a number, a `Bulkhead`, `false` | `64` | how many calls may be in the fallback at once; further calls fail immediately |
/// | `key` | string | none | what calls have in common that share an answer, with the parameters in braces: see below |
/// | `skip(a, b)` | names of parameters | | they do not decide the answer, and are not in the key |
/// | `coalesce` | `true`, `false` | `false` | `true`: calls with the same key run the fallback once for all of them |
/// | `stale` | duration, a constant | none | how old a value may be that is served in place of an error: the last good one of the same key |
/// | `idempotent` | `true`, `false` | as the connection knows; else `false` if the body shows a command that must not be repeated, else `true` | `false`: not tried again when nobody knows whether the command was executed |
/// | `budget` | `false` | on | `false`: retries do not draw on the retry budget of the breaker |
/// | `classify` | a function `fn(&E) -> Class` | looks for a Redis error inside | what a failure means |
/// | `clone(a, b)` | names of parameters | | cloned for each attempt; the body only borrows all others |
/// | `name` | string | module and function | for telemetry |
/// | `crate` | path | `::redis_resilient` | where to find the crate, for those who re-export it |
///
/// A duration is a string with a unit (`"250ms"`, `"1.5s"`, `"2m"`; `ns`, `us`, `ms`, `s`, `m`, `h`) or an expression of type
/// `Duration`. Expressions may use the arguments: `timeout = self.settings.timeout`. What is written as a literal is
/// checked by the compiler, alone and against the other options; the rest when the function is called.
///
/// # Breakers
///
/// Name the `static` or the field that holds the breaker, directly or in an `Arc`, `Rc`, `Box`, `LazyLock` or a reference; or write a
/// call that returns a reference to one, such as `SET.of_key(key)` or `LATER.get_or_init(make)`. A `const` does not compile, because each use of it
/// is a new breaker.
///
/// Without this option a function uses the breaker of its `Connector` (`Connector::breaker`), so that a dead Redis opens only its own circuit. The
/// `Connector` is the first parameter whose type is written with that name, or else the first expression in the body that a connection is taken
/// from: `self.redis.get()`, `app.redis.get()` or `REDIS.get_blocking()`. If there is none, or the expression is not a `Connector`, the function
/// uses `DEFAULT_BREAKER`, which all such functions share. In other cases write `breaker = self.redis().breaker()`.
///
/// # Limits
///
/// `limit = POOL` names a `static POOL: Bulkhead`, or a field that holds one, directly or in an `Arc`, `Rc`, `Box`, `LazyLock` or a reference. It is
/// shared by all functions that name it, and bounds the attempts of all of them together, so that a slow Redis does not keep every task or thread
/// of the application busy.
///
/// ```
/// use redis::{AsyncCommands, RedisResult, aio::ConnectionManager};
/// use redis_resilient::{Bulkhead, redis_resilient};
///
/// static POOL: Bulkhead = Bulkhead::new("pool", 100);
///
/// #[redis_resilient(limit = POOL, fallback = Ok(None))]
/// async fn user_name(conn: &mut ConnectionManager, id: u64) -> RedisResult<Option<String>> {
///     conn.get(format!("user:{id}")).await
/// }
/// ```
///
/// Each attempt takes a permit after the breaker has admitted it, so an open circuit takes none. The permit is returned when the attempt ends, is
/// cut off, is cancelled or panics; pauses and fallbacks hold none. If no permit is free, further attempts fail immediately: the call ends with
/// `Rejection::Saturated` or its fallback. It is not retried, because its retries would compete with the admitted attempts. The breaker does not
/// count it, and a half-open circuit gets its probe back. The kill switch lifts the limit.
///
/// # Hedges
///
/// `hedge = "20ms"` starts a second attempt beside one that has not answered within that time. The first good answer is returned at once; the other
/// attempt is dropped, not waited for. It is for reads whose slowest calls matter; a time about as long as 95 % of the calls take is a good value.
///
/// ```ignore
/// #[redis_resilient(hedge = "20ms")]
/// async fn user_name(redis: &Connector, id: u64) -> RedisResult<Option<String>> {
///     redis.get().await?.get(format!("user:{id}")).await
/// }
/// ```
///
/// * Over a `Connector`, the second attempt travels over another of its connections, or over one that is opened for hedges and kept. Over a connection of
///   redis-rs both share that one, and what holds up the first attempt there also holds up the second.
/// * At most 5 % of the function's attempts, and 10 more at the start of the program, have a hedge. It asks the breaker and the `limit` as every
///   attempt does. The probe of a half-open circuit has none, nor has any call while the kill switch is engaged.
/// * It is an error in a sync function, with `idempotent = false`, and where the body shows a command that must not be repeated, unless
///   `idempotent = true` is written. Such a command in a function that is called is found by the `Connector`: a hedge does not send it, and ends.
/// * Both attempts borrow the arguments. `&mut self` and `&mut` parameters are an error: take a `&Connector`, or name the connection in `clone(…)`.
///   `mut` parameters have to be in `clone(…)` as well.
/// * If an attempt fails before its hedge is due, or there is none, its error counts at once. If one of two fails with an error that a retry
///   may mend, the other is waited for; if both do, retries follow as usual. The breaker counts the outcome of each once, and
///   nothing for one that is dropped. The attempt's `timeout` holds for both together.
/// * The first error is kept while the hedge goes on: the future is `Send` only if the error type is.
///
/// # Fallbacks
///
/// | `fallback =` | is |
/// |---|---|
/// | `fetch_db`, `Self::fetch_db` | called with the arguments of the function, `self` included |
/// | `self.fetch_db` | called with the arguments of the function, as a method |
/// | <code>\|error\| …</code>, <code>async \|error\| …</code> | called with the error; sees the arguments by name |
/// | `Ok(None)`, `fetch_db(id)` … | evaluated; sees the arguments by name |
/// | `[a, b, Ok(None)]` | tried in turn until one is `Ok`; a closure comes first |
///
/// In an async function each may be a future or a plain value. It runs after the last attempt, and immediately when the
/// breaker refuses the call; not when the failure has nothing to do with the state of Redis. Without a fallback the function
/// returns the error of its last attempt unchanged.
///
/// It also runs, without retries, when Redis refuses this application: a wrong password, a missing permission, settings with which nothing can be
/// sent. Each such call emits an `ERROR` event, because otherwise nobody would notice. With `fallback_on = "outage"` the error is returned instead.
///
/// At most `fallback_limit` calls run the fallback at once, counted over the whole list. Further calls fail immediately: they return their own
/// error, or a `Rejection` if they have none; if the list ends with a plain value, `Ok(…)` or `Err(…)`, they return that. Plain values
/// are not limited, unless they contain an `.await` or a `?`. A `Bulkhead` instead of the number is shared by all functions that
/// name it: a path or a field, `fallback_limit = self.primary`. It stays borrowed while the fallback runs.
///
/// # Answers that calls share
///
/// ```text
/// #[redis_resilient(fallback = fetch_db, key = "user:{id}", coalesce = true, stale = "10m")]
/// async fn get_user(redis: &Connector, db: &Db, id: u64) -> Result<User, Error> { … }
/// ```
///
/// With `coalesce = true`, calls that come while another one with the same `key` runs the fallback wait for what that comes to. They take no room in
/// the fallback. If the call that runs it is dropped, or panics, or takes longer than 5 s, one of those who wait runs its own. An error is
/// told to all who wait, and not remembered. Calls that come later begin anew.
///
/// With `stale = "10m"`, a function that would fail returns its last good value of the same `key`, from the body or the fallback, if that was seen not
/// longer ago. The order is: the attempts, the fallback, the stale value, the error. Where there is no room in the fallback, the stale value
/// comes at once. As with a fallback, a failure that has nothing to do with the state of Redis is returned; an error of the fallback, whatever
/// it is, is not: let what is not there be a value, `Ok(None)`. A `fallback` is not needed. Each stale value is told (`Event::StaleServed`, and
/// `cache::served`).
///
/// * All of it is in this process, and needs the feature `cache`. At most 10,000 values are kept for each function, whatever their size.
/// * The key is written and checked as that of [`macro@redis_cached`]: each parameter is in it, but for `self`, those in `skip(…)` and ways to a store.
///   It is that of the arguments as the function got them. With `coalesce` alone it is made only when the attempts have failed.
/// * Functions do not share, nor do the types of a generic one, or `Connector`s to different addresses. Two pools or databases do, unless something in
///   the key tells them apart: `key = "{self.tenant}:{id}"`.
/// * The value is `Clone`, `Send`, `Sync` and `'static`, and each call gets a clone; with `stale` each good value is cloned once more. With `coalesce`
///   the error is `Clone` too, or it is made of a `LoadFailed`, as for `redis_cached`; and an async function's future is `Send` only if the error is.
///
/// # What the function has to allow
///
/// * **The body runs again.** It borrows its arguments. If it moves one, that is an error, or the compiler says "value moved here, in
///   previous iteration of loop": name that argument in `clone(…)`, or clone it in the body. Changes that an attempt makes to a `&mut`
///   or `mut` argument remain for the next attempt.
/// * **A result may borrow, but not from what an attempt changes.** It may borrow from `&self` or from an argument. From a
///   `&mut` it may borrow only a field that the body does not change: otherwise the compiler says "two closures require unique access".
///   Return an owned value then; a `&mut` cannot be returned at all.
/// * **A command may be executed twice:** a lost reply looks like a command that never arrived. If the body
///   shows an `INCR`, a `LPUSH` or another command that must not be repeated, as a method of redis-rs or by its name
///   (`cmd("INCR")`), the function is not retried after such a failure. A connection that looks at each command, such as that of the
///   feature `connection`, is more precise: there only that command's failures are final. Commands in functions that are called here are
///   not seen: write `idempotent = false` for those, and send only one command in that function, because the first of two has been
///   executed when the second is refused.
/// * **The body is cut off.** A command that blocks, like `BLPOP`, needs `timeout = false`.
/// * **The error contains the Redis error.** Any `std::error::Error` with a `redis::RedisError` among its sources does, and so do
///   `anyhow::Error` and `Box<dyn Error>`; for others implement `Classify` or write `classify = …`. If an error holds only the text of a
///   Redis error, the function is tried once, and its fallback does not answer. The first such error of each function emits a
///   `WARN` event that says what to write.
/// * **The error can be created.** An open circuit and a timeout need an error to return: the error type needs
///   `From<redis::RedisError>`, unless there is a fallback other than a closure, with `fallback_limit = false` or a plain value at its
///   end; or `breaker = false, timeout = false`, no `deadline` and no `limit`. Option values known only at run time need it in any case,
///   because they may be invalid.
///
/// # Documentation
///
/// If the function has documentation, a section `Resilience` is added to it: how often the function tries, how long that may take, its
/// breaker and its fallbacks.
///
/// # Other attributes
///
/// Put it above `#[tracing::instrument]`, which then makes one span for all attempts, and above `#[async_recursion]`.
/// `#[async_trait]` stands on the `impl`, this attribute on its methods. In a function with `#[track_caller]`, the body's caller is the
/// function itself.
///
/// `docs/shapes.md` in the repository lists which shapes of functions are supported.
#[proc_macro_attribute]
pub fn redis_resilient(
    args: proc_macro::TokenStream,
    item: proc_macro::TokenStream,
) -> proc_macro::TokenStream {
    resilient(args.into(), &item.into()).into()
}

/// Caches in Redis what a function loads from a primary store: hits, misses, outages and cold starts, with one load for each key.
///
/// ```
/// use redis_resilient::connection::Connector;
/// use redis_resilient::{Bulkhead, redis_cached};
/// # #[derive(Clone)]
/// # pub struct Error;
/// # impl From<redis::RedisError> for Error { fn from(_: redis::RedisError) -> Self { Self } }
/// # pub struct Db;
/// # impl Db { async fn name(&self, _: u64, _: &str) -> Result<Option<String>, Error> { Ok(None) } }
///
/// static PRIMARY: Bulkhead = Bulkhead::new("primary", 20);
///
/// #[redis_cached(key = "name:{id}:{lang}", ttl = "10m", stale_if_error = "1h", limit = PRIMARY, invalidate = forget_name)]
/// async fn name(redis: &Connector, db: &Db, id: u64, lang: &str) -> Result<Option<String>, Error> {
///     db.name(id, lang).await
/// }
///
/// async fn rename(redis: &Connector, id: u64) {
///     // … the primary store is changed, and then:
///     let _ = forget_name(redis, id, "en").await;
/// }
/// ```
///
/// The function keeps its signature. On a hit its body does not run. On a miss, or when Redis is away, it runs, and its value is stored
/// afterwards, without making the caller wait for Redis. It returns its own `Result`: what is wrong with Redis never makes a call fail. It may be
/// async or sync, free or a method, generic, and part of an `#[async_trait]`. The feature `cache` of `redis-resilient` has what expansions call.
///
/// # Options
///
/// `key` and `ttl` have to be written.
///
/// | option | value | default | meaning |
/// |---|---|---|---|
/// | `key` | string | | what tells one value from another, with the parameters in braces: see below |
/// | `prefix` | string | none | begins each key, with a `:` behind it |
/// | `version` | number from 1 | none | becomes part of each key: write another after a change of the type |
/// | `ttl` | duration, <code>\|value\| …</code> | | how long a value is good. Computed by an expression or a closure, it is at most 30 days, and zero says that the value is not stored |
/// | `jitter` | 0 to 0.5 | `0.1` | the part of its life by which an entry lives longer or shorter, lest all end at once |
/// | `negative_ttl` | duration | as `ttl` | how long an `Ok(None)` is good, and an error that `negative_on` names |
/// | `negative_on` | a function `fn(&E) -> bool` | none | the errors that are worth remembering; the error type has to be encoded as the value has |
/// | `stale_if_error` | duration | none | how long after its `ttl` a value stands in for a load that fails; not shorter than `ttl` |
/// | `stale_while_revalidate` | duration | none | how long after its `ttl` a value is returned at once, and loaded anew in the background |
/// | `soft_timeout` | duration | none | how long a caller waits for a load that can have a stale value; the load goes on in the background |
/// | `refresh_ahead` | `true`, `false`, a number above 0 | `false` | loads anew in the background before the `ttl` is over, by chance and more often towards its end; higher numbers do so earlier |
/// | `lease` | duration | `"5s"` | how long one load may keep others of the same key waiting, in this process and in others |
/// | `coalesce` | `true`, `false` | `true` | `false`: concurrent calls of one key each load for themselves |
/// | `near` | duration, `"tracking"` | none | keeps values in the process as well: for a time, or until Redis announces a change |
/// | `codec` | the path of a `Codec` | `Json` | how a value becomes bytes |
/// | `limit` | a `Bulkhead` | none | how many loads may run at once, by misses and outages together |
/// | `limit_wait` | duration | `"1s"` | how long a load waits for room |
/// | `invalidate` | a name | none | makes a function of that name, which removes the entry of its arguments |
/// | `skip(a, b)` | names of parameters | | they do not decide what is loaded, and are not in the key |
/// | `background` | `true`, `false` | `true` if an option needs it | the body runs in a task of its own, and goes on when the caller does not wait |
/// | `redis` | what leads to a `Connector` | the parameter of that type | where the entries are |
/// | `timeout` | duration, `false` | `"250ms"` | how long Redis has for each answer; in sync functions that is set at the `Connector` |
/// | `retries` | 0 to 100 | `1` | attempts to reach Redis after the first |
/// | `backoff` | as for [`macro@redis_resilient`] | `"fixed"` | how the pauses before them grow |
/// | `delay` | duration | `"10ms"` | the first pause |
/// | `max_delay` | duration | `"1s"` | no pause is longer |
/// | `factor` | number from 1 | `2.0` | how fast `"exp"` grows |
/// | `breaker` | a `Breaker`, `false` | that of the `Connector` | the circuit breaker that each attempt asks first |
/// | `name` | string | module and function | for telemetry |
/// | `crate` | path | `::redis_resilient` | where to find the crate, for those who re-export it |
///
/// A duration is a string with a unit (`"250ms"`, `"10m"`; `ns`, `us`, `ms`, `s`, `m`, `h`) or an expression of type `Duration`. That of `ttl` may
/// use the arguments. All others are the same for all calls, and evaluated by the compiler: name constants.
///
/// # Keys
///
/// | in the key | is |
/// |---|---|
/// | `{id}` | the parameter, by its `Display` |
/// | `{id:?}` | by its `Debug` |
/// | `{order.id}`, `{pair.0}`, `{self.tenant}` | a field |
/// | `{a}` of a parameter `(a, b): (u8, u8)` | a name in a pattern |
/// | `{N}`, `{T}` | a constant or a type among the generics; a type by its path |
/// | `{{`, `}}` | the characters: `key = "{{user:{id}}}:name"` has a hash tag for clusters |
///
/// **Each parameter is in the key**, or two values of it would share an entry: one that is not is an error. That holds not for `self`, of which only
/// what is named counts; for those in `skip(…)`; for the `Connector`; and for parameters whose type is plainly the way to a store, like `Db`,
/// `Database`, `PgPool` or a connection. A `Client` may be a customer, and is named in `skip(client)` if it is none.
///
/// **Two lists of arguments never give one key.** In a value the character that follows it in the key, and `%`, are written as `%` and a number:
/// `key = "{a}:{b}"` of `"x:y"` and `"z"` is `x%3Ay:z`. So nothing may stand side by side, `{a}{b}`, and nothing may lose digits, `{price:.2}`.
/// In the last value it is the last punctuation mark before it (or `:`) that is written so: `user:{id}` is never the key of another function's
/// `user:{id}:posts`.
/// Other functions are told apart by the text of their key alone: begin it with a word of its own.
///
/// In an `impl<T> Repo<T>` the attribute does not see `T`, and the methods of all `Repo`s have the same keys: put what tells them apart in a field,
/// as in `key = "{self.table}:{id}"`. Values of another type are misses at best. A function's own type parameters are seen, and have to be in the key.
///
/// # Who may have what is returned
///
/// The value is decoded for each caller, so it is owned, and `Serialize` and `Deserialize` for `Json`. What cannot be decoded is a miss, and
/// overwritten. An error is told to all who wait for the same load, and not remembered, but for those of `negative_on`. So its type is `Clone`; or
/// it is made of a `LoadFailed`, which has its text: `anyhow::Error` and `Box<dyn Error + Send + Sync>` are, and others by `From<LoadFailed>`; or
/// there is `coalesce = false`. With a `limit` it also needs `From<redis::RedisError>`, to say that there was no room.
///
/// # Bodies
///
/// The body runs at most once for each call, and may use up its arguments. With `soft_timeout`, `stale_while_revalidate`, `refresh_ahead` or
/// `background = true` it runs in a task of its own, and has copies of what the function was given by reference: `&str` as a `String` that is lent,
/// others by `Clone`, `&self` among them. `&mut` and types that borrow are errors there, and `limit` names a `static`.
///
/// # Invalidations
///
/// `invalidate = forget_user` makes `forget_user` beside the function, with its visibility, and those of its parameters that are in the key or lead
/// to Redis. It says how far it has come: `Invalidated`. Call it after the primary store was changed: no load that began before is stored after it.
/// In an `impl`, beside a function without `self`, write `invalidate = Self::forget_user`. In an `impl` of a trait there is no place for it: use
/// `Cache` there.
///
/// # Other attributes
///
/// `#[redis_resilient]` above this one has the load tried again. `#[tracing::instrument]` below it has a span for each load, above it one for each call.
/// `#[async_trait]` stands on the `impl`, this attribute on its methods.
#[proc_macro_attribute]
pub fn redis_cached(
    args: proc_macro::TokenStream,
    item: proc_macro::TokenStream,
) -> proc_macro::TokenStream {
    cached::cached(args.into(), &item.into()).into()
}
