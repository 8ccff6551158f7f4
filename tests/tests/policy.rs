//! A `Policy` does for closures what the attribute does for functions: the same calls to both, and the same comes of it.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use redis::{ErrorKind, RedisError, RedisResult};
use redis_resilient::{
    Backoff, Breaker, Bulkhead, Class, Classify, FallbackOn, Jitter, Policy, Rejection,
    redis_resilient,
};
use redis_resilient::{ManualClock, seed_randomness};
use redis_resilient_tests::log::Recorder;
use tokio::time::{Instant, advance, timeout};

const MS: fn(u64) -> Duration = Duration::from_millis;

/// What Redis does with one attempt.
#[derive(Clone, Copy, Debug)]
enum Reply {
    Value,
    Refused,
    Oom,
    Lost,
    WrongType,
    NoAuth,
    NoSuchUser,
    Hang,
}

use Reply::{Hang, Lost, NoAuth, NoSuchUser, Oom, Refused, Value, WrongType};

impl Reply {
    /// `None`: there is none.
    fn result(self) -> Option<RedisResult<u32>> {
        let server = |code: &str| redis::make_extension_error(code.into(), Some("no".into()));
        let error: RedisError = match self {
            Value => return Some(Ok(7)),
            Hang => return None,
            Refused => std::io::Error::from(std::io::ErrorKind::ConnectionRefused).into(),
            Lost => std::io::Error::from(std::io::ErrorKind::ConnectionReset).into(),
            Oom => server("OOM"),
            WrongType => server("WRONGTYPE"),
            NoAuth => server("NOAUTH"),
            NoSuchUser => RedisError::from((ErrorKind::Client, "no such user")),
        };
        Some(Err(error))
    }
}

/// Replies to the attempts of one call; the last one to all that follow.
struct Server<'a> {
    replies: &'a [Reply],
    asked: AtomicUsize,
}

impl Server<'_> {
    fn next(&self) -> Option<RedisResult<u32>> {
        let asked = self.asked.fetch_add(1, Ordering::Relaxed);
        self.replies[asked.min(self.replies.len() - 1)].result()
    }

    async fn get(&self) -> RedisResult<u32> {
        tokio::task::yield_now().await;
        match self.next() {
            Some(result) => result,
            None => std::future::pending().await,
        }
    }

    fn get_blocking(&self) -> RedisResult<u32> {
        self.next()
            .unwrap_or_else(|| Err(std::io::Error::from(std::io::ErrorKind::TimedOut).into()))
    }
}

/// The row, and what the fallback was told.
fn row(error: &RedisError) -> u32 {
    100 + match (Rejection::find(error), Class::of(error)) {
        (Some(Rejection::CircuitOpen { .. }), _) => 1,
        (Some(Rejection::TimedOut { .. }), _) => 2,
        (Some(Rejection::DeadlineExceeded { .. }), _) => 3,
        (Some(Rejection::Saturated { .. }), _) => 4,
        (_, Class::Unreachable) => 5,
        (_, Class::Ambiguous) => 6,
        (_, Class::WriteRefused) => 7,
        (_, Class::Misconfigured) => 8,
        _ => 9,
    }
}

/// One setting, written as an attribute and as a policy.
macro_rules! settings {
    ($($module:ident: ($($shared:tt)*) ($($of_fallback:tt)*) $policy:expr;)*) => {$(
        mod $module {
            use super::*;

            const fn circuit() -> Breaker {
                Breaker::new("circuit").failure_threshold(5).burst_window(Duration::ZERO)
            }

            pub(super) static OF_ATTRIBUTE: Breaker = circuit();
            pub(super) static OF_POLICY: Breaker = circuit();
            static POLICY: Policy = $policy.breaker(&OF_POLICY).limit(&POOL).fallback_limit(&PRIMARY);

            #[redis_resilient(name = "users", breaker = OF_ATTRIBUTE, limit = POOL, $($shared)*)]
            async fn plain(server: &Server<'_>) -> RedisResult<u32> {
                server.get().await
            }

            #[redis_resilient(
                name = "users", breaker = OF_ATTRIBUTE, limit = POOL, fallback_limit = PRIMARY,
                fallback = async |error| Ok(row(&error)), $($shared)* $($of_fallback)*
            )]
            async fn answered(server: &Server<'_>) -> RedisResult<u32> {
                server.get().await
            }

            #[redis_resilient(name = "users", breaker = OF_ATTRIBUTE, limit = POOL, $($shared)*)]
            fn plain_blocking(server: &Server<'_>) -> RedisResult<u32> {
                server.get_blocking()
            }

            #[redis_resilient(
                name = "users", breaker = OF_ATTRIBUTE, limit = POOL, fallback_limit = PRIMARY,
                fallback = |error| Ok(row(&error)), $($shared)* $($of_fallback)*
            )]
            fn answered_blocking(server: &Server<'_>) -> RedisResult<u32> {
                server.get_blocking()
            }

            pub(super) async fn by_attribute(server: &Server<'_>, has_fallback: bool) -> RedisResult<u32> {
                if has_fallback { answered(server).await } else { plain(server).await }
            }

            pub(super) async fn by_policy(server: &Server<'_>, has_fallback: bool) -> RedisResult<u32> {
                if has_fallback {
                    POLICY.run_or(async || server.get().await, async |error| Ok(row(&error))).await
                } else {
                    POLICY.run(async || server.get().await).await
                }
            }

            pub(super) fn by_attribute_blocking(server: &Server<'_>, has_fallback: bool) -> RedisResult<u32> {
                if has_fallback { answered_blocking(server) } else { plain_blocking(server) }
            }

            pub(super) fn by_policy_blocking(server: &Server<'_>, has_fallback: bool) -> RedisResult<u32> {
                if has_fallback {
                    POLICY.run_blocking_or(|| server.get_blocking(), |error| Ok(row(&error)))
                } else {
                    POLICY.run_blocking(|| server.get_blocking())
                }
            }
        }
    )*

        #[tokio::test(start_paused = true)]
        async fn what_comes_of_async_calls_is_the_same() {
            let _one_at_a_time = ONE_AT_A_TIME.lock().await;
            for has_fallback in [false, true] {
                $(
                    let attribute = trace!(&$module::OF_ATTRIBUTE, has_fallback, $module::by_attribute);
                    let policy = trace!(&$module::OF_POLICY, has_fallback, $module::by_policy);
                    assert_same(stringify!($module), &attribute, &policy);
                )*
            }
        }

        #[tokio::test(start_paused = true)]
        async fn what_comes_of_blocking_calls_is_the_same() {
            let _one_at_a_time = ONE_AT_A_TIME.lock().await;
            for has_fallback in [false, true] {
                $(
                    let attribute = trace_blocking(&$module::OF_ATTRIBUTE, has_fallback, $module::by_attribute_blocking);
                    let policy = trace_blocking(&$module::OF_POLICY, has_fallback, $module::by_policy_blocking);
                    assert_same(stringify!($module), &attribute, &policy);
                )*
            }
        }
    };
}

static POOL: Bulkhead = Bulkhead::new("pool", 1);
static PRIMARY: Bulkhead = Bulkhead::new("primary", 1);
/// The bulkheads are for all.
static ONE_AT_A_TIME: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

settings! {
    defaults: () () Policy::new("users");
    even_pauses:
        (retries = 2, backoff = "fixed", delay = "70ms", jitter = "none", idempotent = false) ()
        Policy::new("users").retries(2).backoff(Backoff::fixed(MS_70).jitter(Jitter::None)).idempotent(false);
    deadline:
        (retries = 100, delay = "100ms", jitter = "equal", deadline = "1500ms", budget = false, idempotent = true,) (fallback_on = "outage")
        Policy::new("users")
            .retries(100)
            .backoff(Backoff::exponential(Duration::from_millis(100)).jitter(Jitter::Equal))
            .deadline(Duration::from_millis(1500))
            .without_budget()
            .idempotent(true)
            .fallback_on(FallbackOn::Outage);
    one_attempt: (retries = 0) () Policy::new("users").retries(0);
}

const MS_70: Duration = Duration::from_millis(70);

/// What is done before a call.
#[derive(Clone, Copy, Debug)]
enum Before {
    Nothing,
    /// The open period ends.
    Advance,
    PoolIsFull,
    PrimaryIsFull,
    BothAreFull,
}

const CALLS: &[(Before, &[Reply])] = &[
    (Before::Nothing, &[Value]),
    (Before::Nothing, &[Refused, Value]),
    (Before::Nothing, &[Oom, Lost, Value]),
    (Before::Nothing, &[WrongType]),
    (Before::Nothing, &[NoAuth]),
    (Before::PrimaryIsFull, &[NoAuth]),
    (Before::Nothing, &[NoSuchUser]),
    (Before::Nothing, &[Hang, Value]),
    (Before::PoolIsFull, &[Value]),
    (Before::BothAreFull, &[Value]),
    (Before::Nothing, &[Lost]),
    (Before::Nothing, &[Refused]),
    (Before::PrimaryIsFull, &[Refused]),
    (Before::Nothing, &[Hang]),
    // The circuit is open by now, if it was not before.
    (Before::Nothing, &[Refused]),
    (Before::Nothing, &[Refused]),
    (Before::Nothing, &[Value]),
    (Before::PoolIsFull, &[Value]),
    (Before::PrimaryIsFull, &[Value]),
    (Before::Advance, &[Refused]),
    (Before::Advance, &[Hang]),
    (Before::Advance, &[Oom]),
    (Before::PoolIsFull, &[Value]),
    (Before::Nothing, &[Value]),
    (Before::Nothing, &[Value]),
];

/// The permits that are taken for a call.
fn take(before: Before) -> Vec<redis_resilient::BulkheadPermit<'static>> {
    let bulkheads: &[&'static Bulkhead] = match before {
        Before::Nothing | Before::Advance => &[],
        Before::PoolIsFull => &[&POOL],
        Before::PrimaryIsFull => &[&PRIMARY],
        Before::BothAreFull => &[&POOL, &PRIMARY],
    };
    let permits = bulkheads.iter().map(|bulkhead| bulkhead.try_acquire());
    permits.collect::<Result<_, _>>().expect("nobody is inside")
}

fn line(
    step: &(Before, &[Reply]),
    result: &RedisResult<u32>,
    server: &Server<'_>,
    breaker: &Breaker,
    elapsed: Duration,
) -> String {
    let seen = breaker.snapshot();
    let told = match result {
        Ok(value) => format!("{value}"),
        Err(error) => format!("{error} ({:?})", Class::of(error)),
    };
    format!(
        "{step:?}: {told}, attempts {}, {:?} with {} failures, {} in a row, after {elapsed:?}, inside {} and {}",
        server.asked.load(Ordering::Relaxed),
        seen.state,
        seen.failures,
        seen.streak,
        POOL.inside(),
        PRIMARY.inside(),
    )
}

/// What comes of the calls, and what is told of them. A macro, for the future borrows its argument.
macro_rules! trace {
    ($breaker:expr, $has_fallback:expr, $call:path) => {{
        let breaker: &Breaker = $breaker;
        breaker.reset();
        seed_randomness(7);
        redis_resilient::logging::write_every_line(true);
        let recorder = Recorder::default();
        let guard = recorder.record();
        for step in CALLS {
            if matches!(step.0, Before::Advance) {
                advance(Duration::from_secs(40)).await;
            }
            let permits = take(step.0);
            let server = Server {
                replies: step.1,
                asked: AtomicUsize::new(0),
            };
            let begun = Instant::now();
            let result = $call(&server, $has_fallback).await;
            let elapsed = begun.elapsed();
            drop(permits);
            recorder.push(line(step, &result, &server, breaker, elapsed));
        }
        // Cut off from outside, as a probe too.
        for _ in 0..2 {
            let server = Server {
                replies: &[Hang],
                asked: AtomicUsize::new(0),
            };
            let cancelled = timeout(MS(5), $call(&server, $has_fallback)).await;
            assert!(cancelled.is_err());
            let result = Ok(0);
            recorder.push(line(
                &(Before::Nothing, &[Hang]),
                &result,
                &server,
                breaker,
                MS(5),
            ));
            breaker.force_open(None);
            breaker.reset();
        }
        drop(guard);
        recorder.lines()
    }};
}
use trace;

fn trace_blocking(
    breaker: &Breaker,
    has_fallback: bool,
    call: fn(&Server<'_>, bool) -> RedisResult<u32>,
) -> Vec<String> {
    breaker.reset();
    seed_randomness(7);
    let clock = ManualClock::new();
    let _installed = clock.install();
    redis_resilient::logging::write_every_line(true);
    let recorder = Recorder::default();
    let _recording = recorder.record();
    for step in CALLS {
        if matches!(step.0, Before::Advance) {
            clock.advance(Duration::from_secs(40));
        }
        let permits = take(step.0);
        let server = Server {
            replies: step.1,
            asked: AtomicUsize::new(0),
        };
        let begun = clock.elapsed();
        let result = call(&server, has_fallback);
        drop(permits);
        recorder.push(line(
            step,
            &result,
            &server,
            breaker,
            clock.elapsed().saturating_sub(begun),
        ));
    }
    recorder.lines()
}

/// Of both, and that there is something to compare.
fn assert_same(name: &str, attribute: &[String], policy: &[String]) {
    assert_eq!(attribute, policy, "{name}");
    let all = attribute.join("\n");
    for part in [
        "circuit opened",
        "circuit `circuit` is open",
        "`pool` is full",
        "HalfOpen with",
        "Closed with",
        ": 7, attempts 1,",
    ] {
        // What a fallback answers is seen by its number.
        let part = match (part, all.contains(": 10")) {
            ("circuit `circuit` is open", true) => ": 101, attempts 0",
            ("`pool` is full", true) => ": 104, attempts 0",
            (part, _) => part,
        };
        assert!(all.contains(part), "{name}: no `{part}` in\n{all}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_closure_borrows_what_is_around_it_and_its_future_goes_to_another_thread() {
    static USERS: Policy = Policy::new("users").without_breaker();
    #[derive(Default)]
    struct Redis {
        keys: Mutex<Vec<String>>,
    }
    impl Redis {
        async fn get(&self, key: &str) -> RedisResult<usize> {
            tokio::task::yield_now().await;
            let mut keys = self.keys.lock().unwrap_or_else(PoisonError::into_inner);
            keys.push(key.to_owned());
            match keys.len() {
                1 | 2 => Err(RedisError::from((ErrorKind::Io, "lost"))),
                commands => Ok(commands),
            }
        }
    }
    async fn user(redis: &Redis, id: u64) -> RedisResult<usize> {
        let key = format!("user:{id}");
        USERS.run(async || redis.get(&key).await).await
    }
    async fn user_or_row(redis: &mut Redis, id: u64) -> RedisResult<usize> {
        let key = format!("user:{id}");
        let mut rows = 0;
        let row = USERS.classify(|_: &RedisError| Class::Unavailable).run_or(
            || async {
                redis.get(&key).await?;
                Err(RedisError::from((ErrorKind::Io, "lost")))
            },
            async |_| {
                tokio::task::yield_now().await;
                rows += key.len();
                Ok(rows)
            },
        );
        row.await
    }
    let task = tokio::spawn(async move {
        let mut redis = Redis::default();
        let first = user(&redis, 3).await;
        let second = user_or_row(&mut redis, 4).await;
        let commands = redis
            .keys
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .len();
        (first.ok(), second.ok(), commands)
    });
    assert_eq!(task.await.expect("no panic"), (Some(3), Some(6), 7));
}

#[test]
fn a_blocking_closure_changes_what_it_borrows() {
    static USERS: Policy = Policy::new("users")
        .without_breaker()
        .backoff(Backoff::none());
    let mut commands = Vec::new();
    let result = USERS.run_blocking(|| {
        commands.push("GET");
        match commands.len() {
            1 | 2 => Err(RedisError::from((ErrorKind::Io, "lost"))),
            commands => Ok(commands),
        }
    });
    assert_eq!((result.ok(), commands.len()), (Some(3), 3));
}

/// Says it by itself, and is no `Error`.
#[derive(Debug)]
enum Own {
    Busy,
    NotFound,
    Redis(RedisError),
}

impl From<RedisError> for Own {
    fn from(error: RedisError) -> Self {
        Self::Redis(error)
    }
}

impl Classify for Own {
    fn class(&self) -> Class {
        match self {
            Self::Busy => Class::Unavailable,
            Self::NotFound => Class::Permanent,
            Self::Redis(error) => Class::of(error),
        }
    }
}

/// Says it by itself, and is an `Error` as well.
#[derive(Debug, thiserror::Error)]
enum Both {
    #[error("busy")]
    Busy,
    #[error(transparent)]
    Redis(#[from] RedisError),
}

impl Classify for Both {
    fn class(&self) -> Class {
        match self {
            Self::Busy => Class::Unavailable,
            Self::Redis(error) => Class::of(error),
        }
    }
}

#[test]
fn error_types_of_all_kinds_say_what_a_failure_means() {
    static USERS: Policy = Policy::new("users")
        .retries(1)
        .backoff(Backoff::none())
        .without_breaker();
    static OPEN: Breaker = Breaker::new("open");
    static REFUSED: Policy = Policy::new("refused").breaker(&OPEN);
    OPEN.force_open(None);
    let refused = || RedisError::from(std::io::Error::from(std::io::ErrorKind::ConnectionRefused));

    let mut attempts = 0;
    let result: anyhow::Result<u32> = USERS.run_blocking(|| {
        attempts += 1;
        Err(anyhow::Error::from(refused()).context("loading"))
    });
    assert!(result.is_err());
    assert_eq!(attempts, 2);
    let result: anyhow::Result<u32> = REFUSED.run_blocking(|| Ok(7));
    let error = result.expect_err("the circuit is open");
    assert!(Rejection::find(error.as_ref()).is_some());

    let mut attempts = 0;
    let result: Result<u32, Box<dyn std::error::Error + Send + Sync>> = USERS.run_blocking(|| {
        attempts += 1;
        Err(refused().into())
    });
    assert!(result.is_err());
    assert_eq!(attempts, 2);

    let errors: [(fn() -> Own, u32); 2] = [(|| Own::Busy, 2), (|| Own::NotFound, 1)];
    for (error, expected) in errors {
        let mut attempts = 0;
        let result: Result<u32, Own> = USERS.run_blocking(|| {
            attempts += 1;
            Err(error())
        });
        assert!(result.is_err());
        assert_eq!(attempts, expected);
    }
    let result = REFUSED.run_blocking_or(
        || Ok(7),
        |error: Own| match error {
            Own::Redis(error) => Ok(row(&error)),
            other => Err(other),
        },
    );
    assert_eq!(result.ok(), Some(101));

    let mut attempts = 0;
    let result: Result<u32, Both> = USERS.classify(Classify::class).run_blocking(|| {
        attempts += 1;
        Err(Both::Busy)
    });
    assert!(result.is_err());
    assert_eq!(attempts, 2);
}

#[tokio::test(start_paused = true)]
async fn a_function_says_what_a_failure_means() {
    #[redis_resilient(name = "users", breaker = false, classify = |_| Class::Unavailable)]
    async fn by_attribute() -> RedisResult<u32> {
        Err(RedisError::from((ErrorKind::Client, "no")))
    }

    static USERS: Policy = Policy::new("users").without_breaker();
    let attempts = AtomicUsize::new(0);
    let patient = USERS.classify(|error: &RedisError| match error.kind() {
        ErrorKind::Client => Class::Unavailable,
        _ => Class::Permanent,
    });
    let body = async |kind| {
        attempts.fetch_add(1, Ordering::Relaxed);
        Err::<u32, _>(RedisError::from((kind, "no")))
    };
    assert!(
        patient
            .run(async || body(ErrorKind::Client).await)
            .await
            .is_err()
    );
    assert_eq!(attempts.swap(0, Ordering::Relaxed), 4);
    assert!(
        patient
            .run(async || body(ErrorKind::Io).await)
            .await
            .is_err()
    );
    assert_eq!(attempts.swap(0, Ordering::Relaxed), 1);
    // As the attribute tells it, with the text of the error.
    let mut told = Vec::new();
    for of_policy in [false, true] {
        seed_randomness(7);
        redis_resilient::logging::write_every_line(true);
        let recorder = Recorder::default();
        let _recording = recorder.record();
        let result = if of_policy {
            patient.run(async || body(ErrorKind::Client).await).await
        } else {
            by_attribute().await
        };
        assert!(result.is_err());
        told.push(recorder.lines());
    }
    assert_eq!(told[0], told[1]);
    assert!(told[0][0].contains("no"), "{told:?}");
    attempts.store(0, Ordering::Relaxed);
    let answered = patient.run_or(async || body(ErrorKind::Client).await, async |_| Ok(8));
    assert_eq!(answered.await.ok(), Some(8));
    let answered =
        patient.run_blocking_or(|| Err(RedisError::from((ErrorKind::Io, "no"))), |_| Ok(8));
    assert!(answered.is_err(), "it is the program's own");
}

#[tokio::test(start_paused = true)]
async fn the_fallback_has_room_for_64_calls_unless_told() {
    static DEFAULT: Policy = Policy::new("default").without_breaker().retries(0);
    static TWO: Policy = Policy::new("two")
        .without_breaker()
        .retries(0)
        .fallback_calls(2);
    static ALL: Policy = Policy::new("all")
        .without_breaker()
        .retries(0)
        .without_fallback_limit();
    for (policy, expected) in [(&DEFAULT, 64), (&TWO, 2), (&ALL, 100)] {
        let inside = Arc::new(AtomicUsize::new(0));
        let calls: Vec<_> = (0..100)
            .map(|_| {
                let inside = Arc::clone(&inside);
                tokio::spawn(async move {
                    let answer: RedisResult<u32> = policy
                        .run_or(
                            async || Err(RedisError::from((ErrorKind::Io, "lost"))),
                            async |_| {
                                inside.fetch_add(1, Ordering::Relaxed);
                                std::future::pending().await
                            },
                        )
                        .await;
                    answer.is_err()
                })
            })
            .collect();
        for _ in 0..200 {
            tokio::task::yield_now().await;
        }
        assert_eq!(inside.load(Ordering::Relaxed), expected, "{policy:?}");
        let turned_away = calls.iter().filter(|call| call.is_finished()).count();
        assert_eq!(turned_away, 100 - expected, "nobody waits");
        for call in calls {
            call.abort();
        }
    }
}
