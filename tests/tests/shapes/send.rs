//! Futures that may go to another thread, and those that may not.

use std::rc::Rc;

use redis::{AsyncCommands, RedisResult};
use redis_resilient::redis_resilient;
use tokio::task::LocalSet;

use crate::support::{Conn, Redis, TestResult, refusing_twice, tried_three_times};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn spawned_on_the_multi_thread_runtime() -> TestResult {
    #[redis_resilient(timeout = "500ms", deadline = "2s", delay = "1ms", breaker = false, fallback = |_| Ok(0))]
    async fn incr(conn: &mut Conn, key: String) -> RedisResult<i64> {
        conn.incr(&key, 1).await
    }
    let (server, mut conn) = refusing_twice().await?;
    let value = tokio::spawn(async move { incr(&mut conn, "n".into()).await }).await??;
    assert_eq!(value, 1);
    tried_three_times(&server);
    Ok(())
}

// row 67a | a body that is not `Send`: an `Rc` across an `.await` | async-trait's `?Send`
#[tokio::test]
async fn row_67_body_that_stays_on_its_thread() -> TestResult {
    #[redis_resilient(breaker = false, backoff = "none")]
    async fn get(redis: Rc<Redis>) -> RedisResult<u32> {
        let here = Rc::clone(&redis);
        let found = redis.get().await;
        drop(here);
        found
    }
    let local = LocalSet::new();
    let task =
        local.run_until(async { tokio::task::spawn_local(get(Rc::new(Redis::starting()))).await });
    assert_eq!(task.await??, 3);
    Ok(())
}
