//! `limit = POOL`: how many attempts run at once.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Barrier, LazyLock};
use std::time::Duration;

use redis::{RedisError, RedisResult};
use redis_resilient::{Breaker, Bulkhead, Class, Rejection, State, redis_resilient};
use tokio::sync::Notify;
use tokio::time::{Instant, advance};

fn down() -> RedisError {
    std::io::Error::from(std::io::ErrorKind::ConnectionRefused).into()
}

/// The bulkhead that had no permit, and its limit.
fn full<T>(result: RedisResult<T>) -> Option<(&'static str, u32)> {
    match Rejection::find(&result.err()?) {
        Some(Rejection::Saturated {
            bulkhead, limit, ..
        }) => Some((bulkhead, *limit)),
        _ => None,
    }
}

/// Goes on until the tasks that were spawned have come to where they wait.
async fn settle() {
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
}

const fn strict(name: &'static str) -> Breaker {
    Breaker::new(name)
        .failure_threshold(1)
        .burst_window(Duration::ZERO)
}

/// Longer than a first open period with the largest jitter.
const OVER: Duration = Duration::from_millis(1101);

#[tokio::test(start_paused = true)]
async fn beyond_the_limit_attempts_are_refused_at_once_and_the_breaker_does_not_count_them() {
    static POOL: Bulkhead = Bulkhead::new("pool", 2);
    static STRICT: Breaker = strict("strict");
    static ATTEMPTS: AtomicU32 = AtomicU32::new(0);
    #[redis_resilient(breaker = STRICT, limit = POOL)]
    async fn get(go: &Notify) -> RedisResult<&'static str> {
        ATTEMPTS.fetch_add(1, Ordering::Relaxed);
        go.notified().await;
        Ok("redis")
    }
    #[redis_resilient(breaker = STRICT, limit = &POOL, fallback = [Err(down()), Ok("fallback")])]
    async fn with_fallback() -> RedisResult<&'static str> {
        ATTEMPTS.fetch_add(1, Ordering::Relaxed);
        Ok("redis")
    }
    let go = Arc::new(Notify::new());
    let calls: Vec<_> = (0..2)
        .map(|_| {
            let go = Arc::clone(&go);
            tokio::spawn(async move { get(&go).await })
        })
        .collect();
    settle().await;
    assert_eq!((ATTEMPTS.load(Ordering::Relaxed), POOL.inside()), (2, 2));
    let begun = Instant::now();
    for _ in 0..5 {
        let refused = get(&go).await;
        assert_eq!(
            refused.as_ref().err().map(|error| Class::of(error)),
            Some(Class::Rejected)
        );
        assert_eq!(full(refused), Some(("pool", 2)));
        assert_eq!(with_fallback().await.ok(), Some("fallback"));
    }
    assert_eq!(begun.elapsed(), Duration::ZERO, "nobody waits or retries");
    assert_eq!(ATTEMPTS.load(Ordering::Relaxed), 2);
    assert_eq!(STRICT.state(), State::Closed);
    go.notify_waiters();
    for call in calls {
        assert_eq!(call.await.expect("no panic").ok(), Some("redis"));
    }
    assert_eq!(POOL.inside(), 0);
    assert_eq!(with_fallback().await.ok(), Some("redis"));
}

#[tokio::test(start_paused = true)]
async fn whatever_ends_an_attempt_gives_its_permit_back() {
    static POOL: Bulkhead = Bulkhead::new("pool", 1);
    #[redis_resilient(breaker = false, retries = 0, timeout = "20ms", limit = POOL)]
    async fn hangs() -> RedisResult<u32> {
        assert_eq!(POOL.inside(), 1);
        std::future::pending().await
    }
    #[redis_resilient(breaker = false, limit = POOL)]
    async fn panics() -> RedisResult<u32> {
        assert_eq!(POOL.inside(), 1);
        panic!("the body panics")
    }
    #[redis_resilient(breaker = false, timeout = false, retries = 0, limit = POOL)]
    async fn fails() -> RedisResult<u32> {
        assert_eq!(POOL.inside(), 1);
        Err(down())
    }
    let cut_off = hangs().await.expect_err("it hangs");
    assert!(matches!(
        Rejection::find(&cut_off),
        Some(Rejection::TimedOut { .. })
    ));
    assert_eq!(POOL.inside(), 0, "cut off");
    let cancelled = tokio::time::timeout(Duration::from_millis(5), hangs()).await;
    assert!(cancelled.is_err());
    assert_eq!(POOL.inside(), 0, "cancelled");
    assert!(tokio::spawn(panics()).await.is_err());
    assert_eq!(POOL.inside(), 0, "panicked");
    assert!(fails().await.is_err());
    assert_eq!(POOL.inside(), 0, "failed");
}

#[tokio::test(start_paused = true)]
async fn a_pause_and_a_fallback_are_made_without_a_permit() {
    static POOL: Bulkhead = Bulkhead::new("pool", 1);
    static ATTEMPTS: AtomicU32 = AtomicU32::new(0);
    #[redis_resilient(
        breaker = false, retries = 2, backoff = "fixed", delay = "100ms", jitter = "none", limit = POOL,
        fallback = async |error| { assert_eq!(POOL.inside(), 0); Err(error) }
    )]
    async fn get() -> RedisResult<u32> {
        ATTEMPTS.fetch_add(1, Ordering::Relaxed);
        assert_eq!(POOL.inside(), 1);
        Err(down())
    }
    let begun = Instant::now();
    let call = tokio::spawn(get());
    settle().await;
    assert_eq!((ATTEMPTS.load(Ordering::Relaxed), POOL.inside()), (1, 0));
    let error = call.await.expect("no panic").expect_err("it fails");
    assert_eq!(Class::of(&error), Class::Unreachable);
    assert_eq!(ATTEMPTS.swap(0, Ordering::Relaxed), 3);
    assert_eq!(begun.elapsed(), Duration::from_millis(200));

    assert_eq!(POOL.inside(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_retry_for_which_there_is_no_permit_ends_the_call() {
    static POOL: Bulkhead = Bulkhead::new("pool", 1);
    static ATTEMPTS: AtomicU32 = AtomicU32::new(0);
    #[redis_resilient(breaker = false, retries = 5, delay = "100ms", limit = POOL)]
    async fn get() -> RedisResult<u32> {
        ATTEMPTS.fetch_add(1, Ordering::Relaxed);
        Err(down())
    }
    let call = tokio::spawn(get());
    settle().await;
    assert_eq!(ATTEMPTS.load(Ordering::Relaxed), 1);
    let _permit = POOL.try_acquire().expect("the pause has none");
    assert_eq!(full(call.await.expect("no panic")), Some(("pool", 1)));
    assert_eq!(ATTEMPTS.load(Ordering::Relaxed), 1, "no retry was made");
}

#[tokio::test(start_paused = true)]
async fn an_open_circuit_takes_no_permit_and_a_probe_without_one_is_given_back() {
    static POOL: Bulkhead = Bulkhead::new("pool", 1);
    static CIRCUIT: Breaker = strict("circuit");
    #[redis_resilient(breaker = CIRCUIT, retries = 0, limit = POOL)]
    async fn get(up: bool) -> RedisResult<u32> {
        assert_eq!(POOL.inside(), 1);
        if up { Ok(7) } else { Err(down()) }
    }
    #[redis_resilient(breaker = CIRCUIT, retries = 0, limit = POOL)]
    fn get_blocking(up: bool) -> RedisResult<u32> {
        assert_eq!(POOL.inside(), 1);
        if up { Ok(7) } else { Err(down()) }
    }
    for is_async in [true, false] {
        assert!(get(false).await.is_err());
        assert_eq!(CIRCUIT.state(), State::Open);
        let permit = POOL.try_acquire().expect("nobody is inside");
        let refused = get(true).await.expect_err("the circuit is open");
        assert!(
            matches!(
                Rejection::find(&refused),
                Some(Rejection::CircuitOpen { .. })
            ),
            "the breaker is asked first: {refused}"
        );
        advance(OVER).await;
        for _ in 0..3 {
            let probe = if is_async {
                get(true).await
            } else {
                get_blocking(true)
            };
            assert_eq!(full(probe), Some(("pool", 1)));
            assert_eq!(CIRCUIT.state(), State::HalfOpen);
        }
        drop(permit);
        let probe = if is_async {
            get(true).await
        } else {
            get_blocking(true)
        };
        assert_eq!(probe.ok(), Some(7));
        assert_eq!(CIRCUIT.state(), State::Closed);
        assert_eq!(POOL.inside(), 0);
    }
}

#[tokio::test(start_paused = true)]
async fn where_the_fallback_is_full_as_well_that_is_what_the_caller_learns() {
    static POOL: Bulkhead = Bulkhead::new("pool", 1);
    static PRIMARY: Bulkhead = Bulkhead::new("primary", 1);
    #[redis_resilient(limit = POOL, fallback = std::future::ready(Ok(8)), fallback_limit = PRIMARY)]
    async fn get() -> RedisResult<u32> {
        Ok(7)
    }
    #[redis_resilient(limit = POOL, fallback = |error| Err(error), fallback_limit = PRIMARY)]
    fn get_blocking() -> RedisResult<u32> {
        Ok(7)
    }
    let _inside = POOL.try_acquire().expect("nobody is inside");
    assert_eq!(get().await.ok(), Some(8));
    assert_eq!(full(get_blocking()), Some(("pool", 1)));
    let _row = PRIMARY.try_acquire().expect("nobody is inside");
    assert_eq!(full(get().await), Some(("primary", 1)));
    assert_eq!(full(get_blocking()), Some(("primary", 1)));
}

#[test]
fn sync_functions_have_permits_as_well() {
    static POOL: Bulkhead = Bulkhead::new("pool", 1);
    #[redis_resilient(limit = POOL)]
    fn get(inside: &Barrier, go: &Barrier) -> RedisResult<u32> {
        inside.wait();
        go.wait();
        Ok(7)
    }
    #[redis_resilient(breaker = false, limit = POOL, fallback = Ok(8))]
    fn answered() -> RedisResult<u32> {
        assert_eq!(POOL.inside(), 1);
        Ok(7)
    }
    #[redis_resilient(breaker = false, limit = POOL)]
    fn panics() -> RedisResult<u32> {
        panic!("the body panics")
    }
    let (inside, go) = (Barrier::new(2), Barrier::new(2));
    std::thread::scope(|scope| {
        let call = scope.spawn(|| get(&inside, &go));
        inside.wait();
        assert_eq!(full(get(&inside, &go)), Some(("pool", 1)));
        assert_eq!(answered().ok(), Some(8));
        go.wait();
        assert_eq!(call.join().expect("no panic").ok(), Some(7));
    });
    assert_eq!(answered().ok(), Some(7));
    assert!(std::panic::catch_unwind(panics).is_err());
    assert_eq!(POOL.inside(), 0);
}

/// Fields and parameters, borrowed for an attempt at a time.
#[tokio::test]
async fn a_limit_may_be_held_anywhere() {
    static LATER: LazyLock<Bulkhead> = LazyLock::new(|| Bulkhead::new("later", 1));
    struct Users {
        pool: Arc<Bulkhead>,
        count: u32,
    }
    impl Users {
        #[redis_resilient(limit = self.pool, breaker = false)]
        async fn add(&mut self, by: u32) -> RedisResult<u32> {
            assert_eq!(self.pool.inside(), 1);
            tokio::task::yield_now().await;
            self.count += by;
            Ok(self.count)
        }
    }
    #[redis_resilient(limit = pool)]
    fn of_a_parameter(pool: &Bulkhead) -> RedisResult<u32> {
        Ok(pool.inside())
    }
    #[redis_resilient(limit = LATER)]
    async fn of_a_later_one() -> RedisResult<u32> {
        Ok(LATER.inside())
    }
    let pool = Arc::new(Bulkhead::new("users", 1));
    let mut users = Users {
        pool: Arc::clone(&pool),
        count: 0,
    };
    // The future goes to another thread.
    let added = tokio::spawn(async move { users.add(3).await });
    assert_eq!(added.await.expect("no panic").ok(), Some(3));
    assert_eq!(of_a_parameter(&pool).ok(), Some(1));
    assert_eq!(of_a_later_one().await.ok(), Some(1));
    assert_eq!((pool.inside(), LATER.inside()), (0, 0));
}
