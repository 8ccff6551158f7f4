//! An attempt that its own timeout cuts off: whether its command is sent again is the command's matter there too.

use std::future::Future;
use std::time::Duration;

use redis::{AsyncCommands as _, RedisResult};
use redis_resilient::connection::{Connection, Connector, Once};
use redis_resilient::{Rejection, redis_resilient};
use redis_resilient_testkit::RealRedis;

use super::TestResult;

const MS: fn(u64) -> Duration = Duration::from_millis;

/// Shorter than the connection waits for the answer; many, for a busy server may take long to go on after it was thawed.
#[redis_resilient(retries = 20, backoff = "none", timeout = "100ms", breaker = false)]
async fn run(redis: &Connector, command: &redis::Cmd) -> RedisResult<redis::Value> {
    command.query_async(&mut redis.get().await?).await
}

#[redis_resilient(retries = 20, backoff = "none", timeout = "100ms", breaker = false)]
async fn run_together(redis: &Connector, pipeline: &redis::Pipeline) -> RedisResult<redis::Value> {
    pipeline.query_async(&mut redis.get().await?).await
}

#[redis_resilient(retries = 20, backoff = "none", timeout = "100ms", breaker = false)]
async fn run_once(redis: &Connector, once: &Once) -> RedisResult<i64> {
    once.run(&mut redis.get().await?, "n", redis::cmd("INCR").arg("n"))
        .await
}

struct Stalls {
    server: RealRedis,
    redis: Connector,
    direct: redis::Connection,
}

impl Stalls {
    async fn start() -> Result<Self, Box<dyn std::error::Error>> {
        let server = redis_resilient_tests::server()?;
        let redis = Connector::builder(server.url())?
            .response_timeout(MS(5000))
            .health_check_after(MS(60_000))
            .build();
        let mut own: Connection = redis.get().await?;
        own.set::<_, _, ()>("k", "v").await?;
        Ok(Self {
            direct: redis_resilient_tests::connect(&server.url())?,
            server,
            redis,
        })
    }

    /// What comes of a call while the server stands still for longer than one attempt may take, and shorter than all of them.
    async fn meanwhile<T>(&self, call: impl Future<Output = T>) -> T {
        self.server.freeze();
        let (answer, ()) = tokio::join!(call, async {
            tokio::time::sleep(MS(150)).await;
            self.server.thaw();
        });
        answer
    }

    fn counted(&mut self) -> RedisResult<Option<i64>> {
        redis::Commands::get(&mut self.direct, "n")
    }
}

/// On a busy machine the connection may have been silent for so long that it asks the server first: what is cut off then is that question, and the
/// command goes out with the next attempt, or not at all where the server was thawed too late for the last one.
fn was_executed_once_or_never_sent(answer: RedisResult<redis::Value>, executed: Option<i64>) {
    match answer {
        Ok(_) => assert_eq!(executed, Some(1), "executed once"),
        Err(error) => {
            let is_timeout = matches!(Rejection::find(&error), Some(Rejection::TimedOut { .. }));
            assert!(is_timeout, "{error}");
            assert!(executed <= Some(1), "executed {executed:?} times");
        }
    }
}

#[tokio::test]
async fn an_incr_that_is_cut_off_is_not_sent_again() -> TestResult {
    let mut stalls = Stalls::start().await?;
    let incr = redis::cmd("INCR").arg("n").clone();
    let answer = stalls.meanwhile(run(&stalls.redis, &incr)).await;
    was_executed_once_or_never_sent(answer, stalls.counted()?);
    Ok(())
}

#[tokio::test]
async fn a_pipeline_that_is_cut_off_is_not_sent_again() -> TestResult {
    let mut stalls = Stalls::start().await?;
    let pipeline = redis::pipe().atomic().get("k").incr("n", 1).clone();
    let answer = stalls
        .meanwhile(run_together(&stalls.redis, &pipeline))
        .await;
    was_executed_once_or_never_sent(answer, stalls.counted()?);
    Ok(())
}

#[tokio::test]
async fn what_may_be_repeated_is() -> TestResult {
    let stalls = Stalls::start().await?;
    let get = redis::cmd("GET").arg("k").clone();
    let answer = stalls.meanwhile(run(&stalls.redis, &get)).await;
    assert_eq!(answer?, redis::Value::BulkString(b"v".to_vec()));
    Ok(())
}

#[tokio::test]
async fn once_is_sent_again_and_executed_once() -> TestResult {
    let mut stalls = Stalls::start().await?;
    let once = Once::new();
    let answer = stalls.meanwhile(run_once(&stalls.redis, &once)).await;
    assert_eq!(answer?, 1);
    assert_eq!(stalls.counted()?, Some(1));
    Ok(())
}
