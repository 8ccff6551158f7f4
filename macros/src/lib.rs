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
mod defaults;
mod errors;
mod expand;
mod item;
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
/// All have a default: `#[redis_resilient]` alone is complete.
///
/// | option | value | default | meaning |
/// |---|---|---|---|
/// | `retries` | 0 to 100 | `3` | attempts **after** the first: `retries = 3` makes at most 4 |
/// | `backoff` | `"exp"`, `"linear"`, `"fixed"`, `"none"`, or a `Backoff` | `"exp"` | how the pauses between attempts grow |
/// | `delay` | duration | `"50ms"` | the first pause |
/// | `max_delay` | duration | `"1s"` | no pause is longer; at least `delay` |
/// | `factor` | number from 1 | `2.0` | how fast `"exp"` grows |
/// | `jitter` | `"full"`, `"equal"`, `"decorrelated"`, `"none"` | `"full"` | the random part of a pause, lest all clients come back at once |
/// | `timeout` | duration, `false` | `"1s"` | the limit of each attempt; not in sync functions, whose connection has a read timeout of its own |
/// | `deadline` | duration | none | the limit of the whole call: no pause is begun that would not fit, and an attempt gets what is left |
/// | `breaker` | a `Breaker`, `false` | one for each Redis of a `Connector`, one for all else | the circuit breaker that every attempt asks first |
/// | `limit` | a `Bulkhead` | none | how many attempts may run at once; further ones fail immediately |
/// | `fallback` | see below | none | what to return when Redis does not |
/// | `fallback_on` | `"unusable"`, `"outage"` | `"unusable"` | for which failures: an outage only, or also credentials and settings that Redis refuses |
/// | `fallback_limit` | a number, a `Bulkhead`, `false` | `64` | how many calls may be in the fallback at once; others fail at once |
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
/// A breaker is named by the `static` or the field that holds it, itself or in an `Arc`, `Rc`, `Box`, `LazyLock` or a reference; or given by a
/// call that lends one, such as `SET.of_key(key)` or `LATER.get_or_init(make)`. A `const` is made anew wherever it is named, and does not compile.
///
/// A function that names none has the one of the Redis that its `Connector` leads to (`Connector::breaker`): that of the first parameter whose
/// type is written with that name, or else of the first place in the body that a connection is got from, `self.redis.get()`, `app.redis.get()`
/// or `REDIS.get_blocking()`. So a Redis that is dead opens no circuit but its own. Where none is found, or what is got is not from a
/// `Connector`, the function has the one that all of these share, `DEFAULT_BREAKER`. `breaker = self.redis().breaker()` says it in other cases.
///
/// # Limits
///
/// `limit = POOL` names a `static POOL: Bulkhead`, or a field that holds one, itself or in an `Arc`, `Rc`, `Box`, `LazyLock` or a reference. It is
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
/// Each attempt takes a permit, after the breaker has let it pass: an open circuit takes none. The permit is given back when the attempt is over,
/// cut off or cancelled, or panics; no pause and no fallback is made with one. An attempt for which there is none is not made and does not wait. The
/// call ends with `Rejection::Saturated`, or its fallback: it is not tried again, for its retries would compete with those that are let in. The
/// breaker does not count it, and a half-open circuit gets its probe back. Under the kill switch attempts are made without regard to the limit.
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
/// In an async function each may give a future or a plain value. It runs when attempts are used up, and at once when the
/// breaker refuses; not when the failure has nothing to do with the state of Redis. Without a fallback the function
/// returns the error of its last attempt as it is.
///
/// It also runs, at once, when Redis refuses this application: a wrong password, a missing permission, settings with which nothing can be
/// sent. Each such call is an `ERROR` event, for nobody else would notice. With `fallback_on = "outage"` the error is returned instead.
///
/// No more than `fallback_limit` calls are in it at once, in the whole list together. One that finds no room returns its own error at
/// once, and where it has none a `Rejection`; a list that ends with a plain value, `Ok(…)` or `Err(…)`, goes on there. Such values
/// are not limited, unless they hold an `.await` or a `?`. A `Bulkhead` in the place of the number is shared by all functions that
/// name it: a path or a field, `fallback_limit = self.primary`. It stays borrowed while the fallback runs.
///
/// # What the function has to allow
///
/// * **The body runs again.** It borrows its arguments. If it uses one up, that is an error, or the compiler says "value moved here, in
///   previous iteration of loop"; name that argument in `clone(…)`, or clone it in the body. What an attempt did to an argument
///   behind a `&mut`, or to one that is `mut`, stays done for the next.
/// * **A result may borrow, but not what an attempt changes.** One that borrows from `&self` or from an argument is fine. Out of a
///   `&mut` only a field can be borrowed that the body does not change: else the compiler says "two closures require unique access".
///   Return an owned value there; a `&mut` cannot be returned at all.
/// * **A command may be executed twice:** an answer that is lost on its way back looks like a command that never arrived. Where the body
///   shows that it sends an `INCR`, a `LPUSH` or another command that must not be repeated, as a method of redis-rs or by its name
///   (`cmd("INCR")`), such a failure is not followed by another attempt. A connection that looks at each command, such as that of the
///   feature `connection`, knows better: there only that command's failures are final. What functions send that are called here does
///   not show: for those write `idempotent = false`, and send nothing else in that function: of two commands, the first has been executed
///   when the second is refused.
/// * **The body is cut off.** A command that blocks, like `BLPOP`, needs `timeout = false`.
/// * **The error can say what happened.** Any `std::error::Error` with a `redis::RedisError` among its sources does, and so do
///   `anyhow::Error` and `Box<dyn Error>`; for others implement `Classify` or write `classify = …`. An error that holds only the text of a
///   Redis error says nothing: the function is tried once, and its fallback does not answer. The first such error of each function is a
///   `WARN` event that says what to write.
/// * **The error can be made.** An open circuit and a timeout have to be told: the error type needs
///   `From<redis::RedisError>`, unless there is a fallback other than a closure, with `fallback_limit = false` or a plain value at its
///   end; or `breaker = false, timeout = false`, no `deadline` and no `limit`. Values known only at run time need it in any case: they may
///   make no sense.
///
/// # Documentation
///
/// If the function has documentation, a section `Resilience` is added to it, which tells the readers what the options tell the compiler:
/// how often it tries, how long that may take, its breaker and its fallbacks.
///
/// # Other attributes
///
/// Put it above `#[tracing::instrument]`, which then makes one span for all attempts, and above `#[async_recursion]`.
/// `#[async_trait]` stands on the `impl`, this attribute on its methods. In a function with `#[track_caller]`, the body's caller is the
/// function itself.
///
/// What becomes of which function, shape by shape, is listed in `docs/shapes.md` of the repository.
#[proc_macro_attribute]
pub fn redis_resilient(
    args: proc_macro::TokenStream,
    item: proc_macro::TokenStream,
) -> proc_macro::TokenStream {
    resilient(args.into(), &item.into()).into()
}
