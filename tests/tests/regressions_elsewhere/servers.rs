//! Those that need a server.

use std::time::{Duration, Instant};

use redis::aio::{ConnectionManager, MultiplexedConnection};
use redis::{AsyncCommands, Client, RedisResult};
use redis_resilient::{Rejection, redis_resilient};
use redis_resilient_testkit::{EmbeddedRedis, ReplyFault};

type TestResult = Result<(), Box<dyn std::error::Error>>;

/// For what is cut off after 100 ms, on a busy machine; the default connection manager holds each call for 10 s.
const LIMIT: Duration = Duration::from_secs(3);

async fn connect(server: &EmbeddedRedis) -> RedisResult<MultiplexedConnection> {
    Client::open(server.url())?
        .get_multiplexed_async_connection()
        .await
}

#[tokio::test]
async fn jedis_3187_write_after_an_ambiguous_timeout() -> TestResult {
    #[redis_resilient(breaker = false, idempotent = false, timeout = "150ms", delay = "1ms")]
    async fn count(conn: &mut ConnectionManager) -> RedisResult<i64> {
        conn.incr("n", 1).await
    }
    let server = EmbeddedRedis::start()?;
    let mut manager = ConnectionManager::new(Client::open(server.url())?).await?;
    let mut executed = 0;
    for fault in [
        ReplyFault::Delay(Duration::from_secs(60)),
        ReplyFault::CloseAfter,
        ReplyFault::ResetAfter,
        ReplyFault::HalfReply,
    ] {
        server.fault_on("INCRBY", fault);
        assert!(count(&mut manager).await.is_err(), "{fault:?}");
        executed += 1;
        assert_eq!(server.calls("INCRBY"), executed, "{fault:?}");
        manager = ConnectionManager::new(Client::open(server.url())?).await?;
    }
    // What surely was not executed is tried again.
    server.fault_on("INCRBY", ReplyFault::Error("LOADING Redis is loading"));
    assert_eq!(count(&mut manager).await?, 5);
    Ok(())
}

#[tokio::test]
async fn redis_py_2624_reply_off_by_one() -> TestResult {
    #[redis_resilient(breaker = false, retries = 0, timeout = "20ms")]
    async fn hasty(conn: &mut MultiplexedConnection, id: u64) -> RedisResult<u64> {
        conn.get(id).await
    }
    #[redis_resilient(breaker = false, retries = 0, timeout = "10s")]
    async fn patient(conn: &mut MultiplexedConnection, id: u64) -> RedisResult<u64> {
        conn.get(id).await
    }
    let server = EmbeddedRedis::start()?;
    let mut conn = connect(&server).await?;
    for id in 0..20 {
        let () = conn.set(id, id).await?;
    }
    for id in 0..10 {
        server.fault_on("GET", ReplyFault::Delay(Duration::from_millis(100)));
        let cut_off = hasty(&mut conn, id).await.expect_err("it is cut off");
        assert!(matches!(
            Rejection::find(&cut_off),
            Some(Rejection::TimedOut { .. })
        ));
        // Its reply is still on the way, on the same connection.
        assert_eq!(patient(&mut conn, id + 10).await?, id + 10);
        assert_eq!(patient(&mut conn, id).await?, id);
    }
    Ok(())
}

#[tokio::test]
async fn redis_rs_1442_hangs_on_a_closed_port() -> TestResult {
    #[redis_resilient(breaker = false, retries = 0, timeout = "100ms")]
    async fn get(conn: &mut ConnectionManager) -> RedisResult<Option<String>> {
        conn.get("k").await
    }
    #[redis_resilient(breaker = false, retries = 0, timeout = "100ms", fallback = Ok(None))]
    async fn get_or_else(conn: &mut ConnectionManager) -> RedisResult<Option<String>> {
        conn.get("k").await
    }
    let server = EmbeddedRedis::start()?;
    let mut manager = ConnectionManager::new(Client::open(server.url())?).await?;
    assert!(get(&mut manager).await.is_ok());
    server.down();
    for _ in 0..3 {
        let begun = Instant::now();
        assert!(get(&mut manager).await.is_err());
        assert!(begun.elapsed() < LIMIT, "{:?}", begun.elapsed());
        let begun = Instant::now();
        assert!(get_or_else(&mut manager).await.is_ok());
        assert!(begun.elapsed() < LIMIT, "{:?}", begun.elapsed());
    }
    Ok(())
}
