//! An attempt that its own timeout cuts off: whether its command is sent again is the command's matter there too.

use std::time::Duration;

use redis::{AsyncCommands as _, RedisResult};
use redis_resilient::connection::{Connection, Connector, Once};
use redis_resilient::{Rejection, redis_resilient};
use redis_resilient_testkit::{FaultProxy, WireFault};

use super::TestResult;

const MS: fn(u64) -> Duration = Duration::from_millis;

/// Shorter than the connection waits for the answer.
#[redis_resilient(retries = 3, backoff = "none", timeout = "100ms", breaker = false)]
async fn run(redis: &Connector, command: &redis::Cmd) -> RedisResult<redis::Value> {
    command.query_async(&mut redis.get().await?).await
}

#[redis_resilient(retries = 3, backoff = "none", timeout = "100ms", breaker = false)]
async fn run_together(redis: &Connector, pipeline: &redis::Pipeline) -> RedisResult<redis::Value> {
    pipeline.query_async(&mut redis.get().await?).await
}

#[redis_resilient(retries = 3, backoff = "none", timeout = "100ms", breaker = false)]
async fn run_once(redis: &Connector, once: &Once) -> RedisResult<i64> {
    once.run(&mut redis.get().await?, "n", redis::cmd("INCR").arg("n"))
        .await
}

struct Slow {
    _server: redis_resilient_testkit::RealRedis,
    proxy: FaultProxy,
    redis: Connector,
    direct: redis::Connection,
}

impl Slow {
    async fn start() -> Result<Self, Box<dyn std::error::Error>> {
        let server = redis_resilient_tests::server()?;
        let proxy = FaultProxy::to(server.addr())?;
        let redis = Connector::builder(proxy.url())?
            .response_timeout(MS(5000))
            .health_check_after(MS(60_000))
            .build();
        let mut own: Connection = redis.get().await?;
        own.set::<_, _, ()>("k", "v").await?;
        Ok(Self {
            direct: redis_resilient_tests::connect(&server.url())?,
            _server: server,
            proxy,
            redis,
        })
    }

    /// Commands arrive, and their answers come late.
    fn slow_down(&self) {
        self.proxy.set(WireFault::Delay(MS(300)));
    }

    fn counted(&mut self) -> RedisResult<Option<i64>> {
        redis::Commands::get(&mut self.direct, "n")
    }
}

#[tokio::test]
async fn an_incr_that_is_cut_off_is_not_sent_again() -> TestResult {
    let mut slow = Slow::start().await?;
    slow.slow_down();
    let error = run(&slow.redis, redis::cmd("INCR").arg("n")).await;
    let error = error.expect_err("its answer comes too late");
    assert!(
        matches!(Rejection::find(&error), Some(Rejection::TimedOut { .. })),
        "{error}"
    );
    assert_eq!(slow.counted()?, Some(1), "executed once");
    Ok(())
}

#[tokio::test]
async fn a_pipeline_that_is_cut_off_is_not_sent_again() -> TestResult {
    let mut slow = Slow::start().await?;
    slow.slow_down();
    let pipeline = redis::pipe().atomic().get("k").incr("n", 1).clone();
    assert!(run_together(&slow.redis, &pipeline).await.is_err());
    assert_eq!(slow.counted()?, Some(1), "executed once");
    Ok(())
}

#[tokio::test]
async fn what_may_be_repeated_is() -> TestResult {
    let slow = Slow::start().await?;
    slow.slow_down();
    let proxy = &slow.proxy;
    let get = redis::cmd("GET").arg("k").clone();
    let (answer, ()) = tokio::join!(run(&slow.redis, &get), async {
        tokio::time::sleep(MS(150)).await;
        proxy.pass();
    });
    assert_eq!(answer?, redis::Value::BulkString(b"v".to_vec()));
    Ok(())
}

#[tokio::test]
async fn once_is_sent_again_and_executed_once() -> TestResult {
    let mut slow = Slow::start().await?;
    slow.slow_down();
    let once = Once::new();
    let proxy = &slow.proxy;
    let (answer, ()) = tokio::join!(run_once(&slow.redis, &once), async {
        tokio::time::sleep(MS(150)).await;
        proxy.pass();
    });
    assert_eq!(answer?, 1);
    assert_eq!(slow.counted()?, Some(1));
    Ok(())
}
