//! Faults on purpose: treated as real ones, marked as what they are, and gone when they are switched off.

use std::error::Error;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use redis::{RedisError, RedisResult};
use redis_resilient::chaos::{self, Failure, Fault, Plan, PlanError};
use redis_resilient::{
    Breaker, Class, ManualClock, Policy, Rejection, State, redis_resilient, seed_randomness,
};
use redis_resilient_tests::log::Recorder;
use tokio::sync::{Mutex, MutexGuard};
use tokio::time::Instant;

type TestResult = Result<(), Box<dyn Error>>;

const MINUTE: Duration = Duration::from_secs(60);

/// What is armed is so for the whole process.
static TURN: Mutex<()> = Mutex::const_new(());

/// Nothing is armed before, nor after.
struct Turn(#[expect(dead_code, reason = "held")] MutexGuard<'static, ()>);

impl Turn {
    async fn take() -> Self {
        let turn = Self(TURN.lock().await);
        assert!(chaos::plans().is_empty(), "only this code arms anything");
        runs();
        turn
    }

    fn take_blocking() -> Self {
        let turn = Self(TURN.blocking_lock());
        assert!(chaos::plans().is_empty(), "only this code arms anything");
        runs();
        turn
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        chaos::disarm();
    }
}

fn plan(fault: Fault, function: &str) -> Result<Plan, PlanError> {
    Plan::new(fault, MINUTE)?.function(function)
}

static AROUND: Breaker = Breaker::new("around chaos")
    .failure_threshold(65_535)
    .retry_budget(100, 1_000);
static RUNS: AtomicU32 = AtomicU32::new(0);

fn runs() -> u32 {
    RUNS.swap(0, Ordering::Relaxed)
}

#[expect(clippy::unnecessary_wraps, reason = "a body gives a result")]
fn body() -> RedisResult<&'static str> {
    RUNS.fetch_add(1, Ordering::Relaxed);
    Ok("redis")
}

#[redis_resilient(name = "chaos async", breaker = AROUND, retries = 1, backoff = "none")]
async fn asynchronous() -> RedisResult<&'static str> {
    body()
}

#[redis_resilient(name = "chaos hedged", breaker = AROUND, retries = 1, backoff = "none", idempotent = true, hedge = "500ms")]
async fn hedged() -> RedisResult<&'static str> {
    body()
}

#[redis_resilient(name = "chaos sync", breaker = AROUND, retries = 1, backoff = "none")]
fn blocking() -> RedisResult<&'static str> {
    body()
}

static POLICY: Policy = Policy::new("chaos policy").retries(1).breaker(&AROUND);

async fn call(kind: &str) -> RedisResult<&'static str> {
    match kind {
        "chaos async" => asynchronous().await,
        "chaos hedged" => hedged().await,
        "chaos sync" => blocking(),
        _ => POLICY.run(async || body()).await,
    }
}

const KINDS: [&str; 4] = ["chaos async", "chaos hedged", "chaos sync", "chaos policy"];

#[tokio::test(start_paused = true)]
async fn failures_are_those_of_their_class_and_marked() -> TestResult {
    let _turn = Turn::take().await;
    let recorder = Recorder::default();
    let _recording = recorder.record();
    for kind in KINDS {
        for (failure, class) in [
            (Failure::Unreachable, Class::Unreachable),
            (Failure::ConnectionLost, Class::Ambiguous),
            (Failure::Loading, Class::Unavailable),
            (Failure::ClusterDown, Class::Unavailable),
            (Failure::ReadOnly, Class::Unavailable),
            (Failure::OutOfMemory, Class::WriteRefused),
        ] {
            chaos::arm([plan(Fault::Failure(failure), kind)?]);
            let error = call(kind).await.expect_err(kind);
            assert_eq!(Class::of(&error), class, "{kind}: {error}");
            assert!(error.to_string().contains("injected by chaos"), "{error}");
            assert!(
                Rejection::find(&error).is_none(),
                "as a real one: {error:?}"
            );
            assert_eq!(runs(), 0, "the body does not run");
        }
    }
    let lines = recorder.lines();
    for kind in KINDS {
        let of_kind = format!("function=\"{kind}\"");
        assert!(
            lines.iter().any(|line| line.contains(&of_kind)),
            "{lines:#?}"
        );
    }
    for line in lines.iter().filter(|line| line.contains("attempt failed")) {
        assert!(line.contains(" injected=true"), "{line}");
        assert!(line.contains("injected by chaos"), "{line}");
    }
    Ok(())
}

#[tokio::test]
async fn the_breaker_counts_them_and_the_fallback_answers() -> TestResult {
    static COUNTING: Breaker = Breaker::new("counting chaos")
        .failure_threshold(2)
        .burst_window(Duration::ZERO);
    #[redis_resilient(name = "chaos counted", breaker = COUNTING, retries = 0, fallback = Ok("database"))]
    async fn answered() -> RedisResult<&'static str> {
        Ok("redis")
    }

    let _turn = Turn::take().await;
    let recorder = Recorder::default();
    let _recording = recorder.record();
    chaos::arm([plan(Fault::Failure(Failure::Unreachable), "chaos counted")?]);
    for _ in 0..3 {
        assert_eq!(answered().await?, "database");
    }
    assert_eq!(COUNTING.state(), State::Open);
    let lines = recorder.lines();
    for message in [
        "faults are injected on purpose",
        "circuit opened",
        "using the fallback",
    ] {
        let line = lines.iter().find(|line| line.contains(message));
        let line = line.ok_or_else(|| format!("{message}: {lines:#?}"))?;
        assert!(line.contains("WARN"), "{line}");
        assert!(
            line.contains("injected by chaos") || line.contains("fault=\"unreachable\""),
            "{line}"
        );
    }
    assert_eq!(
        chaos::plans()[0].injected,
        2,
        "the circuit refuses the third"
    );
    chaos::disarm();
    let ended = "redis_resilient INFO message=no fault is injected any more injected=2";
    assert_eq!(recorder.lines().pop().as_deref(), Some(ended));
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_lost_reply_is_of_a_body_that_ran() -> TestResult {
    #[redis_resilient(name = "chaos once", breaker = AROUND, idempotent = false, backoff = "none")]
    async fn once() -> RedisResult<&'static str> {
        body()
    }
    #[redis_resilient(name = "chaos once, blocking", breaker = AROUND, idempotent = false, backoff = "none")]
    fn once_blocking() -> RedisResult<&'static str> {
        body()
    }

    let _turn = Turn::take().await;
    runs();
    for kind in KINDS {
        chaos::arm([plan(Fault::LostReply, kind)?]);
        let error = call(kind).await.expect_err(kind);
        assert_eq!(Class::of(&error), Class::Ambiguous, "{kind}");
        assert!(error.to_string().contains("injected by chaos"), "{error}");
        assert_eq!(runs(), 2, "{kind} is repeated");
    }
    chaos::arm([
        plan(Fault::LostReply, "chaos once")?,
        plan(Fault::LostReply, "chaos once, blocking")?,
    ]);
    assert!(once().await.is_err());
    assert_eq!(runs(), 1, "what must not be repeated is not");
    assert!(once_blocking().is_err());
    assert_eq!(runs(), 1, "what must not be repeated is not");
    chaos::arm([plan(Fault::LostReply, "chaos policy")?]);
    assert!(POLICY.run_blocking(body).is_err());
    assert_eq!(runs(), 2);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_rejection_is_refused_and_counts_nothing() -> TestResult {
    let _turn = Turn::take().await;
    runs();
    for kind in KINDS {
        chaos::arm([plan(Fault::Rejection, kind)?]);
        let error = call(kind).await.expect_err(kind);
        let refused = Rejection::find(&error);
        assert!(
            matches!(
                refused,
                Some(Rejection::CircuitOpen {
                    breaker: "injected by chaos",
                    ..
                })
            ),
            "{kind}: {error:?}"
        );
        assert_eq!(Class::of(&error), Class::Rejected);
        assert_eq!(chaos::plans()[0].injected, 1, "it is not repeated");
        assert_eq!(runs(), 0);
    }
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_delay_comes_before_the_body_and_the_timeout_runs() -> TestResult {
    #[redis_resilient(name = "chaos slow", breaker = AROUND, retries = 0, timeout = "100ms")]
    async fn slow() -> RedisResult<&'static str> {
        body()
    }

    let _turn = Turn::take().await;
    runs();
    let delay = Duration::from_millis(250);
    for kind in ["chaos async", "chaos hedged", "chaos policy"] {
        chaos::arm([plan(Fault::Delay(delay), kind)?]);
        let began = Instant::now();
        assert_eq!(call(kind).await?, "redis");
        assert!(began.elapsed() >= delay, "{kind}: {:?}", began.elapsed());
        assert_eq!(runs(), 1);
    }
    chaos::arm([plan(Fault::Delay(delay), "chaos slow")?]);
    let late = slow().await.expect_err("too late");
    assert!(
        matches!(Rejection::find(&late), Some(Rejection::TimedOut { .. })),
        "{late:?}"
    );
    assert_eq!(runs(), 0);

    // One that is under way ends when it is switched off.
    chaos::arm([plan(Fault::Delay(MINUTE), "chaos async")?]);
    let began = Instant::now();
    let (answer, ()) = tokio::join!(
        async { tokio::time::timeout(MINUTE, POLICY_OFF.run(async || body())).await },
        async {
            tokio::time::sleep(Duration::from_millis(30)).await;
            chaos::disarm();
        }
    );
    assert_eq!(answer??, "redis");
    assert!(
        began.elapsed() < Duration::from_secs(1),
        "{:?}",
        began.elapsed()
    );
    Ok(())
}

static POLICY_OFF: Policy = Policy::new("chaos async")
    .retries(0)
    .breaker(&AROUND)
    .without_timeout();

#[tokio::test(start_paused = true)]
async fn off_is_off_at_once_for_each_kind() -> TestResult {
    let _turn = Turn::take().await;
    for name in Fault::names() {
        for kind in KINDS {
            chaos::arm([Plan::parse(name, Some(5), Some(kind), 1.0, 60.0)?]);
            // A sync delay takes its time.
            if !(name == "delay" && kind == "chaos sync") {
                let _ = call(kind).await;
                assert!(chaos::plans()[0].injected > 0, "{name} in {kind}");
            }
            chaos::disarm();
            runs();
            for _ in 0..300 {
                assert_eq!(call(kind).await?, "redis", "{name} in {kind}");
            }
            assert_eq!(runs(), 300);
        }
    }
    assert!(chaos::plans().is_empty());
    Ok(())
}

#[test]
fn it_ends_when_its_time_is_over_and_strikes_only_its_share() -> TestResult {
    #[redis_resilient(name = "chaos share", breaker = AROUND, retries = 0)]
    fn shared() -> RedisResult<()> {
        Ok(())
    }
    #[redis_resilient(name = "chaos other", breaker = AROUND, retries = 0)]
    fn other() -> RedisResult<()> {
        Ok(())
    }

    let _turn = Turn::take_blocking();
    let clock = ManualClock::new();
    let _installed = clock.install();
    seed_randomness(7);
    let fault = Fault::Failure(Failure::Loading);
    chaos::arm([plan(fault, "chaos share")?.share(0.25)?]);
    let failed = (0..4_000).filter(|_| shared().is_err()).count();
    assert!((800..1_200).contains(&failed), "{failed} of 4000");
    assert!((0..100).all(|_| other().is_ok()), "another function");
    clock.advance(Duration::from_millis(59_999));
    assert!((0..100).any(|_| shared().is_err()), "still");
    clock.advance(Duration::from_millis(1));
    assert!((0..10_000).all(|_| shared().is_ok()), "over");
    assert!(chaos::plans().is_empty());
    Ok(())
}

#[test]
fn a_sync_delay_blocks() -> TestResult {
    let _turn = Turn::take_blocking();
    let clock = ManualClock::new();
    let _installed = clock.install();
    chaos::arm([plan(Fault::Delay(Duration::from_secs(3)), "chaos sync")?]);
    assert_eq!(blocking()?, "redis");
    assert_eq!(clock.elapsed(), Duration::from_secs(3));
    Ok(())
}

/// A lost reply is one of a body that succeeded.
#[tokio::test]
async fn real_failures_stay_real() -> TestResult {
    #[redis_resilient(name = "chaos failing", breaker = AROUND, retries = 0)]
    async fn failing() -> RedisResult<()> {
        Err(RedisError::from(std::io::Error::from(
            std::io::ErrorKind::ConnectionRefused,
        )))
    }

    let _turn = Turn::take().await;
    chaos::arm([plan(Fault::LostReply, "chaos failing")?]);
    let error = failing().await.expect_err("its own");
    assert_eq!(Class::of(&error), Class::Unreachable);
    assert!(!error.to_string().contains("chaos"), "{error}");
    Ok(())
}
