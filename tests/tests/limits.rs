//! What bounds the load that all calls make together: the limit of a fallback, what calls with the same key share, and the retry budget.

#[path = "limits/coalesce.rs"]
mod coalesce;
#[path = "limits/outage.rs"]
mod outage;
#[path = "limits/stale.rs"]
mod stale;

use std::fmt;
use std::rc::Rc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Barrier};
use std::time::Duration;

use redis::{ErrorKind, RedisError, RedisResult};
use redis_resilient::{Breaker, Bulkhead, Class, Rejection, redis_resilient};
use tokio::sync::Notify;
use tokio::time::Instant;

fn down() -> RedisError {
    std::io::Error::from(std::io::ErrorKind::ConnectionRefused).into()
}

fn rejection<T>(result: Result<T, RedisError>) -> Option<Rejection> {
    result
        .err()
        .and_then(|error| Rejection::find(&error).cloned())
}

fn is_down<T>(result: Result<T, RedisError>) -> bool {
    result.is_err_and(|error| Class::of(&error) == Class::Unreachable)
}

/// Goes on until the tasks that were spawned have come to where they wait.
async fn settle() {
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
}

/// A database that answers when it is told to.
#[derive(Default)]
struct Database {
    inside: AtomicU32,
    go: Notify,
}

impl Database {
    async fn row(&self) -> RedisResult<&'static str> {
        self.inside.fetch_add(1, Ordering::Relaxed);
        self.go.notified().await;
        self.inside.fetch_sub(1, Ordering::Relaxed);
        Ok("row")
    }

    fn inside(&self) -> u32 {
        self.inside.load(Ordering::Relaxed)
    }
}

async fn from(database: Arc<Database>) -> RedisResult<&'static str> {
    database.row().await
}

#[tokio::test(start_paused = true)]
async fn beyond_its_limit_a_fallback_is_refused_at_once_with_the_call_s_own_error() {
    #[redis_resilient(breaker = false, retries = 0, fallback = from, fallback_limit = 2, clone(database))]
    async fn get(database: Arc<Database>) -> RedisResult<&'static str> {
        drop(database);
        Err(down())
    }
    let database = Arc::new(Database::default());
    let calls: Vec<_> = (0..2)
        .map(|_| tokio::spawn(get(Arc::clone(&database))))
        .collect();
    settle().await;
    assert_eq!(database.inside(), 2);
    let begun = Instant::now();
    for _ in 0..5 {
        assert!(is_down(get(Arc::clone(&database)).await));
    }
    assert_eq!(begun.elapsed(), Duration::ZERO, "nobody waits");
    assert_eq!(database.inside(), 2);
    database.go.notify_waiters();
    for call in calls {
        assert_eq!(call.await.expect("no panic").ok(), Some("row"));
    }
    // The places are given back.
    let calls = tokio::spawn(get(Arc::clone(&database)));
    settle().await;
    assert_eq!(database.inside(), 1);
    database.go.notify_waiters();
    assert!(calls.await.expect("no panic").is_ok());
}

#[tokio::test(start_paused = true)]
async fn the_limit_is_64_unless_another_is_written() {
    #[redis_resilient(breaker = false, retries = 0, fallback = from(Arc::clone(database)))]
    async fn limited(database: &Arc<Database>) -> RedisResult<&'static str> {
        Err(down())
    }
    #[redis_resilient(breaker = false, retries = 0, fallback = from(Arc::clone(database)), fallback_limit = false)]
    async fn unlimited(database: &Arc<Database>) -> RedisResult<&'static str> {
        Err(down())
    }
    let (first, second) = (Arc::new(Database::default()), Arc::new(Database::default()));
    for _ in 0..100 {
        let (first, second) = (Arc::clone(&first), Arc::clone(&second));
        tokio::spawn(async move { limited(&first).await });
        tokio::spawn(async move { unlimited(&second).await });
    }
    settle().await;
    assert_eq!((first.inside(), second.inside()), (64, 100));
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_dropped_in_its_fallback_gives_its_place_back() {
    #[redis_resilient(breaker = false, retries = 0, fallback = from(Arc::clone(database)), fallback_limit = 1)]
    async fn get(database: &Arc<Database>) -> RedisResult<&'static str> {
        Err(down())
    }
    let database = Arc::new(Database::default());
    for calls in 1..4 {
        let cut_off = tokio::time::timeout(Duration::from_millis(5), get(&database)).await;
        assert!(cut_off.is_err());
        assert_eq!(database.inside(), calls, "it was let in");
    }
}

static PRIMARY: Bulkhead = Bulkhead::new("primary", 3);

#[tokio::test(start_paused = true)]
async fn one_bulkhead_limits_two_functions_and_the_way_of_a_cache_miss() {
    static OPEN: Breaker = Breaker::new("open");
    #[redis_resilient(breaker = false, retries = 0, fallback = from, fallback_limit = PRIMARY, clone(database))]
    async fn user(database: Arc<Database>) -> RedisResult<&'static str> {
        drop(database);
        Err(down())
    }
    #[redis_resilient(
        breaker = OPEN,
        fallback = async |_| { from(Arc::clone(&database)).await },
        fallback_limit = &PRIMARY
    )]
    async fn order(database: Arc<Database>) -> RedisResult<&'static str> {
        panic!("the circuit is open")
    }
    OPEN.force_open(None);
    let database = Arc::new(Database::default());
    let first = tokio::spawn(user(Arc::clone(&database)));
    let second = tokio::spawn(order(Arc::clone(&database)));
    settle().await;
    let miss = PRIMARY.try_acquire().expect("there is room for three");
    assert_eq!((database.inside(), PRIMARY.inside()), (2, 3));
    assert!(is_down(user(Arc::clone(&database)).await));
    // It made no attempt, and has no error of its own.
    let refused = rejection(order(Arc::clone(&database)).await);
    assert!(
        matches!(
            refused,
            Some(Rejection::Saturated {
                bulkhead: "primary",
                limit: 3,
                ..
            })
        ),
        "{refused:?}"
    );
    drop(miss);
    let third = tokio::spawn(order(Arc::clone(&database)));
    settle().await;
    assert_eq!(database.inside(), 3);
    database.go.notify_waiters();
    for call in [first, second, third] {
        assert_eq!(call.await.expect("no panic").ok(), Some("row"));
    }
    assert_eq!(PRIMARY.inside(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_call_that_was_cut_off_says_so_also_where_its_fallback_is_full() {
    static FULL: Bulkhead = Bulkhead::new("full", 1);
    #[redis_resilient(breaker = false, retries = 0, timeout = "20ms", fallback = std::future::ready(Ok(7)), fallback_limit = FULL)]
    async fn get() -> RedisResult<u32> {
        std::future::pending().await
    }
    let permit = FULL.try_acquire().expect("it is empty");
    let refused = rejection(get().await);
    // Redis may have executed it.
    assert!(
        matches!(refused, Some(Rejection::TimedOut { .. })),
        "{refused:?}"
    );
    drop(permit);
    assert_eq!(get().await.ok(), Some(7));
}

/// An error that cannot carry a rejection, and cannot go to another thread.
#[derive(Debug)]
struct Local(#[expect(dead_code, reason = "for what it is")] Rc<()>);

impl fmt::Display for Local {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("local")
    }
}

impl std::error::Error for Local {}

fn is_send<T: Send>(value: T) -> T {
    value
}

#[tokio::test(start_paused = true)]
async fn an_error_that_is_not_send_does_not_spoil_the_future() {
    static FULL: Bulkhead = Bulkhead::new("full", 1);
    async fn answer() -> Result<u32, Local> {
        tokio::task::yield_now().await;
        Ok(7)
    }
    // Each attempt has an error of its own, so nothing is asked of the type.
    #[redis_resilient(
        breaker = false, timeout = false, retries = 1, delay = "1ms", classify = |_| Class::Unavailable,
        fallback = answer(), fallback_limit = FULL
    )]
    async fn get() -> Result<u32, Local> {
        Err(Local(Rc::new(())))
    }
    // Where a plain value is at the end, nobody is told that there is no room.
    #[redis_resilient(
        retries = 1, delay = "1ms", classify = |_| Class::Unavailable,
        fallback = [answer(), answer(), Ok(8)], fallback_limit = FULL
    )]
    async fn plain_end() -> Result<u32, Local> {
        Err(Local(Rc::new(())))
    }
    #[redis_resilient(
        breaker = false, timeout = false, retries = 1, delay = "1ms", classify = |_| Class::Unavailable,
        fallback = [|_| answer(), answer(), Ok(8)], fallback_limit = FULL
    )]
    async fn list() -> Result<u32, Local> {
        Err(Local(Rc::new(())))
    }
    assert_eq!(is_send(get()).await.ok(), Some(7));
    assert_eq!(is_send(plain_end()).await.ok(), Some(7));
    assert_eq!(is_send(list()).await.ok(), Some(7));
    let _permit = FULL.try_acquire().expect("all have left");
    assert!(is_send(get()).await.is_err());
    assert_eq!(is_send(plain_end()).await.ok(), Some(8));
    assert_eq!(is_send(list()).await.ok(), Some(8));
}

#[tokio::test(start_paused = true)]
async fn one_place_is_for_the_whole_list() {
    static ONE: Bulkhead = Bulkhead::new("one", 1);
    async fn fails() -> RedisResult<u32> {
        assert_eq!(ONE.inside(), 1);
        tokio::task::yield_now().await;
        Err(RedisError::from((ErrorKind::Client, "the replica fails")))
    }
    #[redis_resilient(breaker = false, retries = 0, fallback = [fails, fails, async { Ok(ONE.inside()) }], fallback_limit = ONE)]
    async fn get() -> RedisResult<u32> {
        Err(down())
    }
    assert_eq!(get().await.ok(), Some(1));
    assert_eq!(ONE.inside(), 0);
}

#[test]
fn sync_functions_are_limited_as_well() {
    #[redis_resilient(breaker = false, retries = 0, fallback = wait(inside, go), fallback_limit = 1)]
    fn get(inside: &Barrier, go: &Barrier) -> RedisResult<u32> {
        Err(down())
    }
    #[expect(clippy::unnecessary_wraps, reason = "it is a fallback")]
    fn wait(inside: &Barrier, go: &Barrier) -> RedisResult<u32> {
        inside.wait();
        go.wait();
        Ok(7)
    }
    let (inside, go) = (Barrier::new(2), Barrier::new(2));
    std::thread::scope(|scope| {
        let call = scope.spawn(|| get(&inside, &go));
        inside.wait();
        assert!(is_down(get(&inside, &go)));
        go.wait();
        assert_eq!(call.join().expect("no panic").ok(), Some(7));
    });
}

#[tokio::test]
async fn a_limit_on_calls_to_redis_is_no_failure_of_redis() {
    static STRICT: Breaker = Breaker::new("strict").failure_threshold(1);
    static CALLS: Bulkhead = Bulkhead::new("calls", 1);
    #[redis_resilient(breaker = STRICT, fallback = Ok("fallback"))]
    async fn get(attempts: &AtomicU32) -> RedisResult<&'static str> {
        attempts.fetch_add(1, Ordering::Relaxed);
        let _permit = CALLS.try_acquire()?;
        Ok("redis")
    }
    let attempts = AtomicU32::new(0);
    let permit = CALLS.try_acquire().expect("it is empty");
    assert_eq!(get(&attempts).await.ok(), Some("fallback"));
    assert_eq!(attempts.load(Ordering::Relaxed), 1, "it is not tried again");
    drop(permit);
    assert_eq!(get(&attempts).await.ok(), Some("redis"));
}

#[tokio::test(start_paused = true)]
async fn a_spent_budget_gives_the_original_error_or_the_fallback() {
    static TIGHT: Breaker = Breaker::new("tight")
        .failure_threshold(10_000)
        .retry_budget(20, 1);
    #[redis_resilient(breaker = TIGHT, delay = "1ms")]
    async fn get(attempts: &AtomicU32) -> RedisResult<u32> {
        attempts.fetch_add(1, Ordering::Relaxed);
        Err(down())
    }
    #[redis_resilient(breaker = TIGHT, delay = "1ms", fallback = Ok(7))]
    async fn with_fallback(attempts: &AtomicU32) -> RedisResult<u32> {
        attempts.fetch_add(1, Ordering::Relaxed);
        Err(down())
    }
    #[redis_resilient(breaker = TIGHT, delay = "1ms", budget = false)]
    async fn goes_on(attempts: &AtomicU32) -> RedisResult<u32> {
        attempts.fetch_add(1, Ordering::Relaxed);
        Err(down())
    }
    let attempts = AtomicU32::new(0);
    // 10 tokens, and a fifth of one with each call: three calls have all their retries, and the others share what is left.
    for _ in 0..100 {
        assert!(is_down(get(&attempts).await));
    }
    let retries = attempts.swap(0, Ordering::Relaxed) - 100;
    assert!((29..=31).contains(&retries), "{retries}");
    assert_eq!(with_fallback(&attempts).await.ok(), Some(7));
    assert!(attempts.swap(0, Ordering::Relaxed) <= 2);
    assert!(is_down(goes_on(&attempts).await));
    assert_eq!(attempts.swap(0, Ordering::Relaxed), 4);
    tokio::time::advance(Duration::from_secs(10)).await;
    assert!(is_down(get(&attempts).await));
    assert_eq!(attempts.into_inner(), 4);
}
