//! What the attribute does, for closures: a `Policy` in a `static`, and `run`.

mod classified;
mod failure;
mod run;
mod run_blocking;
mod setters;

use std::fmt;

pub use self::classified::ClassifiedPolicy;
#[allow(unreachable_pub, reason = "it is named in bounds only")]
pub use self::failure::Failure;
use crate::breaker::{Breaker, DEFAULT_BREAKER};
use crate::hedge::HedgeBudget;
use crate::settings::{FallbackOn, Settings};
use crate::{Bulkhead, Class, defaults};

/// What `#[redis_resilient]` does for a function, for closures: retries, a breaker, timeouts, limits and a fallback.
///
/// Built by `const` functions, to be put in a `static`. Each setter has the name and the default of the attribute's option.
///
/// ```
/// use redis::{AsyncCommands, RedisResult, aio::MultiplexedConnection};
/// use redis_resilient::{Backoff, Breaker, Bulkhead, Policy};
/// use std::time::Duration;
///
/// static SESSIONS: Breaker = Breaker::new("sessions");
/// static POOL: Bulkhead = Bulkhead::new("pool", 100);
///
/// static USERS: Policy = Policy::new("users")
///     .retries(3)
///     .backoff(Backoff::exponential(Duration::from_millis(20)))
///     .timeout(Duration::from_millis(500))
///     .deadline(Duration::from_secs(2))
///     .breaker(&SESSIONS)
///     .limit(&POOL);
///
/// async fn user_name(conn: &MultiplexedConnection, id: u64) -> RedisResult<Option<String>> {
///     USERS.run(async || conn.clone().get(format!("user:{id}")).await).await
/// }
///
/// async fn user_name_or_row(conn: &MultiplexedConnection, id: u64) -> RedisResult<Option<String>> {
///     USERS
///         .run_or(
///             async || conn.clone().get(format!("user:{id}")).await,
///             async |_error| Ok(Some(format!("user {id}, as the database has it"))),
///         )
///         .await
/// }
/// ```
///
/// The layers are those of the attribute, in the same order: fallback, deadline and retries, breaker, [limit](Self::limit), timeout, body. So are
/// what counts as a failure, the events, and what the [kill switch](crate::kill_switch) switches off.
///
/// The closure is called for each attempt, and borrows what is around it. An async one borrows nothing mutably ("async closure does not implement
/// `FnMut`"): let it get its connection, as `conn.clone()`, `connector.get().await?` or `pool.get().await?`. That of
/// [`run_blocking`](Self::run_blocking) may, and so does the body of a function with the attribute.
///
/// # What differs from the attribute
///
/// * Without [`breaker`](Self::breaker) it is [`DEFAULT_BREAKER`](crate::DEFAULT_BREAKER), whatever connection the closure uses. For that of a
///   `Connector`'s Redis make the policy where the connector is made, `Policy::new("users").breaker(connector.breaker())`, and keep both.
/// * No commands are looked for in the closure's body. The connections of the feature `connection` know which commands must not be repeated; over
///   others say [`idempotent(false)`](Self::idempotent) of an `INCR`.
/// * Values that make no sense stop the compiler in a `static`, and panic elsewhere.
///
/// # Errors
///
/// What `run` and the others take gives a `Result` with an error type of one of these kinds. All need `From<redis::RedisError>`, for an open circuit
/// and a timeout have to be told:
///
/// * a `std::error::Error`, such as `RedisError` or what `thiserror` makes; its class is found in its chain of sources, as by [`Class::of`];
/// * `anyhow::Error`, `eyre::Report` and `Box<dyn Error + Send + Sync>`;
/// * a type with [`Classify`](crate::Classify) that is no `std::error::Error`.
///
/// Of a type that is both an `Error` and `Classify` it has to be said which of them counts: `USERS.classify(Classify::class).run(…)`. With a
/// function of your own [`classify`](Self::classify) says what the errors of the first two kinds mean.
pub struct Policy {
    settings: Settings,
    /// Whether the timeout was set, and is not the default.
    sets_timeout: bool,
    breaker: Option<&'static Breaker>,
    limit: Option<&'static Bulkhead>,
    hedges: HedgeBudget,
    fallback_limit: FallbackLimit,
    /// Is used as long as no other limit is set.
    own_fallback_limit: Bulkhead,
    fallback_on: FallbackOn,
}

/// How many calls may be in the fallback at once.
#[derive(Clone, Copy)]
enum FallbackLimit {
    Own,
    Shared(&'static Bulkhead),
    None,
}

impl Policy {
    /// The defaults of the attribute: 3 retries, exponential backoff from 50 ms to 1 s with full jitter, 1 s for an attempt, no deadline,
    /// [`DEFAULT_BREAKER`](crate::DEFAULT_BREAKER), no limit of attempts, and at most 64 calls in the fallback.
    ///
    /// `name` is what events and rejections call it, and the limit of its fallback.
    ///
    /// # Panics
    /// If the name is empty; at compile time in a `static`.
    #[must_use]
    pub const fn new(name: &'static str) -> Self {
        assert!(
            !name.trim_ascii().is_empty(),
            "the name of a policy is empty, and events and rejections are to name it: `Policy::new(\"users\")`"
        );
        Self {
            settings: Settings::new(name),
            sets_timeout: false,
            breaker: Some(&DEFAULT_BREAKER),
            limit: None,
            hedges: HedgeBudget::new(),
            fallback_limit: FallbackLimit::Own,
            own_fallback_limit: Bulkhead::new(name, defaults::FALLBACK_LIMIT),
            fallback_on: FallbackOn::Unusable,
        }
    }

    /// The name given to [`new`](Self::new).
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.settings.name
    }

    /// What an error means, where its type does not tell or is known better.
    ///
    /// ```
    /// use redis_resilient::{Class, Policy};
    ///
    /// static USERS: Policy = Policy::new("users").retries(1);
    ///
    /// fn user(redis: &mut redis::Connection) -> anyhow::Result<String> {
    ///     USERS
    ///         .classify(|error: &anyhow::Error| match Class::of(error.as_ref()) {
    ///             Class::NotRedis => Class::Permanent,
    ///             class => class,
    ///         })
    ///         .run_blocking(|| Ok(redis::Commands::get(redis, "user")?))
    /// }
    /// ```
    pub const fn classify<E, C: Fn(&E) -> Class>(&self, class: C) -> ClassifiedPolicy<'_, E, C> {
        ClassifiedPolicy::new(self, class)
    }

    const fn bulkhead_of_fallback(&self) -> Option<&Bulkhead> {
        match self.fallback_limit {
            FallbackLimit::Own => Some(&self.own_fallback_limit),
            FallbackLimit::Shared(bulkhead) => Some(bulkhead),
            FallbackLimit::None => None,
        }
    }
}

impl fmt::Debug for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Policy")
            .field("settings", &self.settings)
            .field("breaker", &self.breaker.map(Breaker::name))
            .field("limit", &self.limit)
            .field("fallback_limit", &self.bulkhead_of_fallback())
            .field("fallback_on", &self.fallback_on)
            .finish_non_exhaustive()
    }
}

#[cfg(all(test, feature = "request-budget"))]
mod budget_tests;
#[cfg(test)]
mod tests;
