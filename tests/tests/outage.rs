//! A real server is killed, frozen and restarted under annotated functions.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use redis::{AsyncCommands, Client, Commands, Connection, RedisError, RedisResult};
use redis_resilient::{Breaker, Rejection, redis_resilient};
use redis_resilient_testkit::{FaultProxy, RealRedis, ReplyCut};
use redis_resilient_tests::{connect, server};
use tokio::time::{sleep, timeout};

type TestResult = Result<(), Box<dyn std::error::Error>>;

const DEADLINE: Duration = Duration::from_secs(2);
/// What a busy machine may add to a deadline.
const SLACK: Duration = Duration::from_secs(3);

/// As the documentation recommends: it reconnects, and leaves retries and waiting to the attribute.
async fn manager(url: &str) -> RedisResult<ConnectionManager> {
    let config = ConnectionManagerConfig::new()
        .set_number_of_retries(0)
        .set_connection_timeout(Some(Duration::from_millis(300)))
        .set_response_timeout(Some(Duration::from_millis(300)));
    ConnectionManager::new_with_config(Client::open(url)?, config).await
}

/// Starts the server again on another thread, so that calls go on meanwhile.
async fn restart(server: &Arc<RealRedis>) -> Result<(), String> {
    let server = server.clone();
    let restarted = tokio::task::spawn_blocking(move || server.restart()).await;
    restarted
        .map_err(|error| error.to_string())?
        .map_err(|error| error.to_string())
}

/// What became of the calls of one caller.
#[derive(Debug, Default)]
struct Tally {
    from_redis: usize,
    from_fallback: usize,
    errors: usize,
    longest: Duration,
}

impl Tally {
    fn add(&mut self, answer: RedisResult<&'static str>, took: Duration) {
        match answer {
            Ok("redis") => self.from_redis += 1,
            Ok("database") => self.from_fallback += 1,
            Ok(other) => panic!("an answer from nowhere: {other}"),
            Err(error) => {
                assert!(
                    Rejection::find(&error).is_some()
                        || error.is_io_error()
                        || error.kind() == redis::ErrorKind::Parse,
                    "not the original error: {error}"
                );
                self.errors += 1;
            }
        }
        self.longest = self.longest.max(took);
    }
}

/// Calls without pause until told to stop; no call may hang.
async fn keep_calling<F>(stop: &AtomicBool, mut call: impl FnMut() -> F) -> Tally
where
    F: Future<Output = RedisResult<&'static str>>,
{
    let mut tally = Tally::default();
    while !stop.load(Ordering::Relaxed) {
        let begun = Instant::now();
        let answer = timeout(DEADLINE + SLACK, call())
            .await
            .expect("a call hangs");
        tally.add(answer, begun.elapsed());
        sleep(Duration::from_millis(2)).await;
    }
    tally
}

/// A server that keeps acknowledged writes over `kill -9`.
fn durable_server() -> Result<RealRedis, Box<dyn std::error::Error>> {
    Ok(RealRedis::builder()
        .args(["--appendonly", "yes", "--appendfsync", "everysec"])
        .start()?)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_in_mid_flight_and_restarted() -> TestResult {
    static KILLED: Breaker = Breaker::new("killed")
        .reset_timeout(Duration::from_millis(100))
        .reset_timeout_max(Duration::from_millis(400));

    #[redis_resilient(breaker = KILLED, deadline = "2s", timeout = "500ms", fallback = Ok("database"))]
    async fn read(conn: &mut ConnectionManager) -> RedisResult<&'static str> {
        conn.get::<_, Option<String>>("k").await?;
        Ok("redis")
    }
    #[redis_resilient(breaker = KILLED, deadline = "2s", timeout = "500ms")]
    async fn bare_read(conn: &mut ConnectionManager) -> RedisResult<&'static str> {
        conn.get::<_, Option<String>>("k").await?;
        Ok("redis")
    }

    let server = Arc::new(server()?);
    let manager = manager(&server.url()).await?;
    let stop = AtomicBool::new(false);
    let outage = async {
        sleep(Duration::from_millis(300)).await;
        server.kill();
        sleep(Duration::from_secs(2)).await;
        let restarted = restart(&server).await;
        sleep(Duration::from_secs(2)).await;
        stop.store(true, Ordering::Relaxed);
        restarted
    };
    let (mut one, mut two) = (manager.clone(), manager.clone());
    let (restarted, with_fallback, bare) = tokio::join!(
        outage,
        keep_calling(&stop, || {
            let mut conn = one.clone();
            async move { read(&mut conn).await }
        }),
        keep_calling(&stop, || {
            let mut conn = two.clone();
            async move { bare_read(&mut conn).await }
        }),
    );
    restarted?;
    assert_eq!(with_fallback.errors, 0, "{with_fallback:?}");
    assert!(with_fallback.from_fallback > 0, "{with_fallback:?}");
    assert!(bare.errors > 0, "{bare:?}");
    assert!(with_fallback.longest < DEADLINE + SLACK && bare.longest < DEADLINE + SLACK);
    assert_eq!(
        read(&mut one).await?,
        "redis",
        "after the restart Redis serves again"
    );
    assert_eq!(bare_read(&mut two).await?, "redis");
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn frozen_for_five_seconds() -> TestResult {
    static FROZEN: Breaker = Breaker::new("frozen")
        .reset_timeout(Duration::from_millis(200))
        .reset_timeout_max(Duration::from_millis(500));

    #[redis_resilient(breaker = FROZEN, deadline = "2s", timeout = "400ms", fallback = Ok("database"))]
    async fn read(conn: &mut ConnectionManager) -> RedisResult<&'static str> {
        conn.get::<_, Option<String>>("k").await?;
        Ok("redis")
    }

    let server = Arc::new(server()?);
    let manager = manager(&server.url()).await?;
    let stop = AtomicBool::new(false);
    let outage = async {
        sleep(Duration::from_millis(300)).await;
        server.freeze();
        sleep(Duration::from_secs(5)).await;
        server.thaw();
        sleep(Duration::from_millis(1500)).await;
        stop.store(true, Ordering::Relaxed);
    };
    let mut conn = manager.clone();
    let ((), tally) = tokio::join!(
        outage,
        keep_calling(&stop, || {
            let mut conn = manager.clone();
            async move { read(&mut conn).await }
        }),
    );
    assert_eq!(tally.errors, 0, "{tally:?}");
    assert!(
        tally.from_fallback > 20,
        "an open circuit answers fast: {tally:?}"
    );
    assert_eq!(
        read(&mut conn).await?,
        "redis",
        "after the thaw Redis serves again"
    );
    Ok(())
}

/// Each call increments a key of its own, so that a second execution shows as a 2.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_incremented_twice() -> TestResult {
    static COUNTED: Breaker = Breaker::new("counted").reset_timeout(Duration::from_millis(50));

    #[redis_resilient(breaker = COUNTED, idempotent = false, deadline = "2s", timeout = "300ms", delay = "10ms")]
    async fn count(conn: &mut ConnectionManager, call: u64) -> RedisResult<i64> {
        conn.incr(call, 1).await
    }

    let server = Arc::new(durable_server()?);
    let proxy = FaultProxy::to(server.addr())?;
    let manager = manager(&proxy.url()).await?;
    let stop = AtomicBool::new(false);
    let faults = async {
        for _ in 0..5 {
            for cut in [
                ReplyCut::Drop,
                ReplyCut::CloseAfter(0),
                ReplyCut::CloseAfter(2),
                ReplyCut::ResetAfter(0),
            ] {
                proxy.next_reply(cut);
                sleep(Duration::from_millis(60)).await;
            }
        }
        server.kill();
        sleep(Duration::from_millis(500)).await;
        let restarted = restart(&server).await;
        sleep(Duration::from_millis(500)).await;
        server.freeze();
        sleep(Duration::from_millis(700)).await;
        server.thaw();
        sleep(Duration::from_secs(1)).await;
        stop.store(true, Ordering::Relaxed);
        restarted
    };
    let callers = async {
        let mut acknowledged = Vec::new();
        let mut failed = 0_usize;
        let mut call = 0;
        while !stop.load(Ordering::Relaxed) {
            call += 1;
            match timeout(DEADLINE + SLACK, count(&mut manager.clone(), call))
                .await
                .expect("a call hangs")
            {
                Ok(n) => {
                    assert_eq!(n, 1, "call {call} was executed twice");
                    acknowledged.push(call);
                }
                Err(_) => failed += 1,
            }
            // An open circuit answers without waiting for anything: the faults need a turn.
            sleep(Duration::from_millis(1)).await;
        }
        (call, acknowledged, failed)
    };
    let (restarted, (calls, acknowledged, failed)) = tokio::join!(faults, callers);
    restarted?;
    assert!(failed > 5, "the faults were felt: {failed} of {calls}");
    let mut conn = connect(&server.url())?;
    let keys: Vec<u64> = (1..=calls).collect();
    let counts: Vec<Option<i64>> = conn.mget(&keys)?;
    let counts: HashMap<u64, i64> = keys
        .into_iter()
        .zip(counts)
        .filter_map(|(key, n)| Some((key, n?)))
        .collect();
    let doubled: Vec<_> = counts.iter().filter(|(_, n)| **n != 1).collect();
    assert!(doubled.is_empty(), "executed twice: {doubled:?}");
    let lost: Vec<_> = acknowledged
        .iter()
        .filter(|call| !counts.contains_key(call))
        .collect();
    assert!(lost.is_empty(), "acknowledged and lost: {lost:?}");
    Ok(())
}

/// The counter-example: what may have run is run again by a function that says it is idempotent, and is executed twice.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_idempotent_function_is_run_again_after_a_lost_reply() -> TestResult {
    #[redis_resilient(breaker = false, delay = "10ms", idempotent = true)]
    async fn count(conn: &mut ConnectionManager) -> RedisResult<i64> {
        conn.incr("n", 1).await
    }
    let server = Arc::new(server()?);
    let proxy = FaultProxy::to(server.addr())?;
    let mut manager = manager(&proxy.url()).await?;
    proxy.next_reply(ReplyCut::CloseAfter(0));
    assert_eq!(count(&mut manager).await?, 2);
    Ok(())
}

/// Blocking functions: the connection is opened in the body, so that each attempt has a new one.
#[test]
fn blocking_functions_ride_out_a_restart_and_a_freeze() -> TestResult {
    static BLOCKING: Breaker = Breaker::new("blocking").reset_timeout(Duration::from_millis(100));

    fn open(url: &str) -> RedisResult<Connection> {
        let conn = Client::open(url)?.get_connection_with_timeout(Duration::from_millis(300))?;
        conn.set_read_timeout(Some(Duration::from_millis(300)))?;
        Ok(conn)
    }
    #[redis_resilient(breaker = BLOCKING, deadline = "2s", fallback = Ok("database"))]
    fn read(url: &str) -> RedisResult<&'static str> {
        open(url)?.get::<_, Option<String>>("k")?;
        Ok("redis")
    }
    let timed = |url: &str| {
        let begun = Instant::now();
        let answer = read(url);
        assert!(
            begun.elapsed() < DEADLINE + SLACK,
            "a call took {:?}",
            begun.elapsed()
        );
        answer
    };

    let server = server()?;
    let url = server.url();
    assert_eq!(timed(&url)?, "redis");
    server.kill();
    for _ in 0..5 {
        assert_eq!(timed(&url)?, "database");
    }
    server.restart()?;
    std::thread::sleep(Duration::from_secs(1));
    assert_eq!(timed(&url)?, "redis");
    server.freeze();
    assert_eq!(timed(&url)?, "database");
    server.thaw();
    std::thread::sleep(Duration::from_secs(1));
    assert_eq!(timed(&url)?, "redis");
    Ok(())
}

/// Redis is back before the retries are used up: the caller never learns that it was gone.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_short_restart_is_not_noticed() -> TestResult {
    #[redis_resilient(
        breaker = false,
        retries = 20,
        backoff = "fixed",
        delay = "50ms",
        jitter = "none",
        deadline = "10s"
    )]
    async fn read(conn: &mut ConnectionManager) -> RedisResult<Option<String>> {
        conn.get("k").await
    }
    let server = Arc::new(server()?);
    let mut manager = manager(&server.url()).await?;
    server.kill();
    let (answer, restarted) = tokio::join!(read(&mut manager), async {
        sleep(Duration::from_millis(300)).await;
        restart(&server).await
    });
    restarted?;
    assert_eq!(answer.map_err(|error: RedisError| error.to_string())?, None);
    Ok(())
}
