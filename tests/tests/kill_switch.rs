//! The kill switch is one for the process, so it has a process of its own.

use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use redis::RedisResult;
use redis_resilient::{
    Breaker, BreakerEvent, Bulkhead, Class, Permit, Rejection, State, kill_switch, redis_resilient,
};
use tokio::sync::{Mutex, MutexGuard};
use tokio::time::advance;

/// Longer than a first open period with the largest jitter.
const OVER: Duration = Duration::from_millis(1101);

/// The switch, for one test at a time.
async fn switch() -> MutexGuard<'static, ()> {
    static SWITCH: Mutex<()> = Mutex::const_new(());
    SWITCH.lock().await
}

fn refused() -> redis::RedisError {
    io::Error::from(io::ErrorKind::ConnectionRefused).into()
}

/// Open for the first time, with its period over.
async fn due(breaker: &Breaker) {
    breaker.try_acquire().expect("closed").failure();
    assert_eq!(breaker.state(), State::Open);
    advance(OVER).await;
}

const fn fragile(name: &'static str) -> Breaker {
    Breaker::new(name)
        .failure_threshold(1)
        .burst_window(Duration::ZERO)
        .probe_lease(Duration::from_secs(60))
}

#[tokio::test(start_paused = true)]
async fn engaged_it_makes_attempts_without_regard_to_their_limit() {
    static POOL: Bulkhead = Bulkhead::new("pool", 1);

    #[redis_resilient(breaker = false, limit = POOL)]
    async fn get() -> RedisResult<u32> {
        Ok(POOL.inside())
    }
    #[redis_resilient(breaker = false, limit = POOL)]
    fn get_blocking() -> RedisResult<u32> {
        Ok(POOL.inside())
    }

    let _switch = switch().await;
    let permit = POOL.try_acquire().expect("nobody is inside");
    assert!(get().await.is_err() && get_blocking().is_err());
    kill_switch::engage();
    assert_eq!((get().await.ok(), get_blocking().ok()), (Some(2), Some(2)));
    kill_switch::release();
    assert!(get().await.is_err() && get_blocking().is_err());
    drop(permit);
    assert_eq!(POOL.inside(), 0, "what was beyond the limit is counted too");
    assert_eq!((get().await.ok(), get_blocking().ok()), (Some(1), Some(1)));
}

#[tokio::test(start_paused = true)]
async fn engaged_it_leaves_only_the_fallbacks() {
    static SWITCHED: Breaker = Breaker::new("switched")
        .failure_threshold(2)
        .burst_window(Duration::ZERO);
    static BODIES: AtomicUsize = AtomicUsize::new(0);

    #[redis_resilient(breaker = SWITCHED, retries = 1, backoff = "none", timeout = "100ms", fallback = Ok("fallback"))]
    async fn get(slow: bool) -> RedisResult<&'static str> {
        BODIES.fetch_add(1, Ordering::Relaxed);
        if slow {
            tokio::time::sleep(Duration::from_secs(3600)).await;
            return Ok("slow");
        }
        Err(io::Error::from(io::ErrorKind::ConnectionRefused).into())
    }

    let _switch = switch().await;
    kill_switch::engage();
    for _ in 0..10 {
        assert_eq!(get(false).await.ok(), Some("fallback"));
    }
    assert_eq!(BODIES.load(Ordering::Relaxed), 10, "no retries");
    assert_eq!(SWITCHED.state(), State::Closed, "nothing is counted");
    assert_eq!(get(true).await.ok(), Some("slow"), "nothing is cut off");

    kill_switch::release();
    assert_eq!(get(false).await.ok(), Some("fallback"));
    assert_eq!(SWITCHED.state(), State::Open);

    kill_switch::engage();
    let before = BODIES.load(Ordering::Relaxed);
    assert_eq!(get(false).await.ok(), Some("fallback"));
    assert_eq!(
        BODIES.load(Ordering::Relaxed),
        before + 1,
        "an open circuit refuses nothing"
    );
    // Its period is over, but no call is made a probe whose outcome would not be counted.
    advance(Duration::from_secs(5)).await;
    assert_eq!(get(false).await.ok(), Some("fallback"));
    assert_eq!(SWITCHED.state(), State::Open);
    kill_switch::release();
}

/// A probe that ends meanwhile decides nothing and is not waited for: the next call after the release is a probe.
#[tokio::test(start_paused = true)]
async fn a_probe_gives_its_permit_back() {
    type End = fn(Permit<'_>);
    let _switch = switch().await;
    let ends: [(&str, End); 5] = [
        ("success", |permit| permit.success()),
        ("failure", |permit| permit.failure()),
        ("neutral", |permit| permit.neutral()),
        ("dropped", |permit| drop(permit)),
        ("failed", |permit| permit.failed(Class::Ambiguous)),
    ];
    for (what, end) in ends {
        let breaker = fragile("by hand");
        due(&breaker).await;
        let probe = breaker.try_acquire().expect("the probe");
        kill_switch::engage();
        end(probe);
        assert_eq!(
            breaker.state(),
            State::HalfOpen,
            "{what}: it counts for nothing"
        );
        assert_eq!(breaker.snapshot().probes, 0, "{what}");
        kill_switch::release();
        let next = breaker
            .try_acquire()
            .unwrap_or_else(|error| panic!("{what}: {error}"));
        assert!(next.is_probe(), "{what}");
        assert!(
            breaker.try_acquire().is_err(),
            "{what}: one at a time, as before"
        );
        next.success();
        assert_eq!(breaker.state(), State::Closed, "{what}");
    }
}

/// The switch is engaged while the body runs: of an async function, a sync one, one that is cut off, one that panics.
#[tokio::test(start_paused = true)]
async fn an_annotated_probe_gives_its_permit_back() {
    #[derive(Clone, Copy, Debug, PartialEq)]
    enum Ends {
        Well,
        Badly,
        Cancelled,
        Panicking,
    }
    #[redis_resilient(breaker = breaker, retries = 3, backoff = "none")]
    async fn call(breaker: &Breaker, ends: Option<Ends>) -> RedisResult<()> {
        let Some(ends) = ends else { return Ok(()) };
        kill_switch::engage();
        tokio::task::yield_now().await;
        match ends {
            Ends::Well => Ok(()),
            Ends::Badly => Err(refused()),
            Ends::Cancelled => std::future::pending().await,
            Ends::Panicking => std::panic::resume_unwind(Box::new("the body panics")),
        }
    }
    #[redis_resilient(breaker = breaker, retries = 3, backoff = "none")]
    fn call_blocking(breaker: &Breaker, ends: Option<Ends>) -> RedisResult<()> {
        let Some(ends) = ends else { return Ok(()) };
        kill_switch::engage();
        match ends {
            Ends::Well => Ok(()),
            Ends::Panicking => std::panic::resume_unwind(Box::new("the body panics")),
            _ => Err(refused()),
        }
    }
    let _switch = switch().await;
    for ends in [Ends::Well, Ends::Badly, Ends::Cancelled, Ends::Panicking] {
        let breaker = std::sync::Arc::new(fragile("async"));
        due(&breaker).await;
        let probe = breaker.clone();
        let task = tokio::spawn(async move { call(&probe, Some(ends)).await });
        for _ in 0..5 {
            tokio::task::yield_now().await;
        }
        task.abort();
        let _ = task.await;
        assert_eq!(breaker.state(), State::HalfOpen, "{ends:?}");
        kill_switch::release();
        let next = call(&breaker, None).await;
        assert!(next.is_ok(), "{ends:?}: {next:?}");
        assert_eq!(breaker.state(), State::Closed, "{ends:?}");

        let breaker = fragile("blocking");
        due(&breaker).await;
        let ended = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            call_blocking(&breaker, Some(ends))
        }));
        assert_eq!(ended.is_err(), ends == Ends::Panicking);
        assert_eq!(breaker.state(), State::HalfOpen, "{ends:?}");
        kill_switch::release();
        let next = call_blocking(&breaker, None);
        assert!(next.is_ok(), "{ends:?}: {next:?}");
        assert_eq!(breaker.state(), State::Closed, "{ends:?}");
    }
}

/// Several probes, of which some end while it is engaged: the others decide as ever.
#[tokio::test(start_paused = true)]
async fn probes_that_end_after_the_release_decide() {
    let _switch = switch().await;
    let breaker = fragile("several").half_open_permits(5).success_threshold(2);
    due(&breaker).await;
    let mut probes: Vec<_> = (0..5).map_while(|_| breaker.try_acquire().ok()).collect();
    assert_eq!(probes.len(), 5);
    kill_switch::engage();
    let beside = breaker.try_acquire().expect("nothing is refused");
    assert!(!beside.is_probe());
    beside.failure();
    for probe in probes.split_off(2) {
        probe.failure();
    }
    kill_switch::release();
    assert_eq!(breaker.snapshot().probes, 2);
    for probe in probes {
        probe.success();
    }
    assert_eq!(breaker.state(), State::Closed);
}

/// Whatever the rule, and whether the circuit refuses or only observes: nothing is counted, told or retried.
#[tokio::test(start_paused = true)]
async fn nothing_is_counted_or_told() {
    let _switch = switch().await;
    let second = Duration::from_secs(1);
    for breaker in [
        fragile("in a row"),
        fragile("of last").failure_threshold_of(1, 5),
        fragile("rate").failure_rate(1, 1, second),
        fragile("of calls").failure_rate_of_calls(1, 5, 1),
        fragile("of time").failure_rate_of_time(1, 10 * second, 1),
    ] {
        for observe in [false, true] {
            breaker.reset();
            breaker.observe_only(observe);
            let told = std::sync::Arc::new(AtomicUsize::new(0));
            let count = told.clone();
            let under_way = breaker.try_acquire().expect("closed");
            breaker.on_event(move |event| {
                if !matches!(event, BreakerEvent::Transition(_)) {
                    count.fetch_add(1, Ordering::Relaxed);
                }
            });
            kill_switch::engage();
            under_way.failure();
            for _ in 0..5 {
                breaker.try_acquire().expect("closed").failure();
            }
            assert_eq!(told.load(Ordering::Relaxed), 0, "{breaker:?}");
            let seen = breaker.snapshot();
            assert_eq!(seen.state, State::Closed, "{breaker:?}");
            assert_eq!((seen.calls, seen.failures), (0, 0), "{breaker:?}");
            breaker.force_open(None);
            assert!(breaker.try_acquire().is_ok(), "an order refuses nothing");
            assert_eq!(breaker.retry_after(), Duration::ZERO);
            assert_eq!(told.load(Ordering::Relaxed), 0, "{breaker:?}");
            kill_switch::release();
            let refused = breaker.try_acquire().map(|_| ());
            let is_refused = matches!(refused, Err(Rejection::CircuitOpen { .. }));
            assert_eq!(is_refused, !observe, "it goes on from the state it was in");
        }
    }
}
