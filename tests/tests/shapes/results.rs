//! How a body comes to its result, and what the result is.

use std::future::ready;
use std::num::ParseIntError;

use redis::{AsyncCommands, RedisError, RedisResult};
use redis_resilient::redis_resilient;

use crate::support::{Conn, Redis, TestResult, shape};

// row 23 | `Ok(Box::new(…))` that has to become a `Box<dyn Fn>` | tracing#1053, tracing#1840, async-trait#149
#[tokio::test]
async fn row_23_coercion_to_a_trait_object() -> TestResult {
    type Add = Box<dyn Fn(u32) -> u32 + Send>;
    #[redis_resilient(breaker = false, backoff = "none")]
    async fn adds(redis: &Redis) -> RedisResult<Add> {
        let asked = redis.get().await?;
        if asked > 100 {
            return Ok(Box::new(|n| n));
        }
        Ok(Box::new(move |n| n + asked))
    }
    #[redis_resilient(breaker = false, backoff = "none")]
    fn sync(redis: &Redis) -> RedisResult<Add> {
        let asked = redis.ask()?;
        Ok(Box::new(move |n| n + asked))
    }
    assert_eq!(adds(&Redis::starting()).await?(10), 13);
    assert_eq!(sync(&Redis::starting())?(10), 13);
    Ok(())
}

// row 24 | `?` that converts: two error types, an error known only from the return type, nothing but `Ok(())` | tokio#6930, tracing#2270
shape!(row_24_question_mark, |conn| doubled(conn).await?, 2, {
    #[redis_resilient(breaker = false, delay = "1ms")]
    async fn doubled(conn: &mut Conn) -> RedisResult<i64> {
        let n: i64 = conn.incr("n", 1).await?;
        Ok(n * 2)
    }
});

#[tokio::test]
async fn row_24_question_mark_of_two_types() -> TestResult {
    #[derive(Debug, thiserror::Error)]
    enum LoadError {
        #[error("redis")]
        Redis(#[from] RedisError),
        #[error("not a number")]
        Number(#[from] ParseIntError),
    }
    #[redis_resilient(breaker = false, backoff = "none")]
    async fn load(redis: &Redis, text: &str) -> Result<u32, LoadError> {
        let asked = redis.get().await?;
        Ok(asked + text.parse::<u32>()?)
    }
    #[redis_resilient(breaker = false, backoff = "none")]
    async fn nothing(redis: &Redis) -> Result<(), LoadError> {
        redis.get().await?;
        Ok(())
    }
    assert_eq!(load(&Redis::starting(), "10").await?, 13);
    let redis = Redis::starting();
    assert!(matches!(
        load(&redis, "ten").await,
        Err(LoadError::Number(_))
    ));
    assert_eq!(
        redis.asked(),
        3,
        "what is not about Redis is not tried again"
    );
    let redis = Redis::starting();
    nothing(&redis).await?;
    assert_eq!(redis.asked(), 3);
    Ok(())
}

// row 25 | `return`: at the end, early, in a closure, in a function inside | tracing#1006, tokio#4636
shape!(row_25_early_return, |conn| early(conn).await?, "early", {
    #[redis_resilient(breaker = false, delay = "1ms")]
    async fn early(conn: &mut Conn) -> RedisResult<&'static str> {
        let n: i64 = match conn.incr("n", 1).await {
            Ok(n) => n,
            Err(error) => return Err(error),
        };
        if n == 1 {
            return Ok("early");
        }
        Ok("late")
    }
});

#[tokio::test]
async fn row_25_return_of_something_inside() -> TestResult {
    #[redis_resilient(breaker = false, backoff = "none")]
    #[expect(clippy::needless_return, reason = "it is the shape")]
    async fn nested(redis: &Redis) -> RedisResult<u32> {
        fn twice(n: u32) -> u32 {
            return n * 2;
        }
        let pick = |n: u32| {
            if n == 0 {
                return 1;
            }
            twice(n)
        };
        let asked = async { return redis.get().await }.await?;
        return Ok(pick(0) + pick(asked));
    }
    assert_eq!(nested(&Redis::starting()).await?, 7);
    Ok(())
}

// row 26 | labels, `break 'a`, `let … else`
#[tokio::test]
async fn row_26_labels_and_let_else() -> TestResult {
    #[redis_resilient(breaker = false, backoff = "none")]
    async fn search(redis: &Redis, list: &[Option<u32>]) -> RedisResult<u32> {
        let found = 'found: {
            'all: for item in list {
                let Some(item) = item else { continue 'all };
                if *item > 5 {
                    break 'found *item;
                }
            }
            return Ok(0);
        };
        let mut tries = 0;
        let asked = loop {
            tries += 1;
            match redis.get().await {
                Ok(asked) => break asked,
                Err(_) if tries < 2 => {}
                Err(error) => return Err(error),
            }
        };
        Ok(found * 10 + asked)
    }
    let list = [Some(1), None, Some(7), Some(8)];
    assert_eq!(search(&Redis::starting(), &list).await?, 73);
    Ok(())
}

// row 27 | a body that never ends: `todo!()`, `loop {}`, a panic | tracing#2356
mod endless {
    #![deny(warnings)]

    use std::panic::catch_unwind;

    use super::{Redis, RedisResult, TestResult, redis_resilient};

    #[redis_resilient]
    async fn not_yet() -> RedisResult<u32> {
        todo!()
    }

    #[allow(clippy::empty_loop, reason = "it is the shape")]
    #[redis_resilient]
    async fn forever() -> RedisResult<u32> {
        loop {}
    }

    #[redis_resilient]
    fn not_yet_sync() -> RedisResult<u32> {
        todo!()
    }

    #[redis_resilient(breaker = false, backoff = "none")]
    async fn panics(redis: &Redis) -> RedisResult<u32> {
        redis.get().await.expect_err("refused");
        panic!("in the first attempt")
    }

    #[tokio::test]
    async fn row_27_panics_are_not_tried_again() -> TestResult {
        static REDIS: Redis = Redis::starting();
        // It would run forever.
        drop(forever());
        assert!(catch_unwind(|| not_yet_sync().is_ok()).is_err());
        assert!(
            tokio::spawn(not_yet())
                .await
                .is_err_and(|end| end.is_panic())
        );
        assert!(
            tokio::spawn(panics(&REDIS))
                .await
                .is_err_and(|end| end.is_panic())
        );
        assert_eq!(REDIS.asked(), 1);
        Ok(())
    }
}

// row 28 | a body of one line | tracing#1831, tracing#1284
mod one_line {
    #![deny(unused_braces)]

    use super::{Redis, RedisResult, TestResult, redis_resilient};

    #[rustfmt::skip]
    #[redis_resilient(breaker = false, backoff = "none")]
    async fn short(redis: &Redis) -> RedisResult<u32> { redis.get().await }

    #[rustfmt::skip]
    #[redis_resilient(breaker = false, backoff = "none")]
    fn sync(redis: &Redis) -> RedisResult<u32> { redis.ask() }

    #[tokio::test]
    async fn row_28_braces_are_not_called_superfluous() -> TestResult {
        assert_eq!(short(&Redis::starting()).await?, 3);
        assert_eq!(sync(&Redis::starting())?, 3);
        Ok(())
    }
}

// row 32 | aliases of `Result`: `RedisResult`, `io::Result`, `anyhow::Result`, your own | cached's `is_result_return_type`
shape!(row_32_anyhow, |conn| load(conn).await?, 1, {
    use anyhow::Context as _;
    #[redis_resilient(breaker = false, delay = "1ms")]
    async fn load(conn: &mut Conn) -> anyhow::Result<i64> {
        conn.incr("n", 1).await.context("loading")
    }
});

shape!(row_32_own_error_type, |conn| load(conn).await?, 1, {
    #[derive(Debug, thiserror::Error)]
    enum StoreError {
        #[error("redis")]
        Redis(#[from] RedisError),
    }
    type Stored<T> = Result<T, StoreError>;
    #[redis_resilient(breaker = false, delay = "1ms")]
    async fn load(conn: &mut Conn) -> Stored<i64> {
        Ok(conn.incr("n", 1).await?)
    }
});

#[tokio::test]
async fn row_32_io_result_and_an_alias_without_result_in_its_name() -> TestResult {
    type Answer = RedisResult<u32>;
    #[redis_resilient(breaker = false, backoff = "none", timeout = false)]
    async fn io(redis: &Redis) -> std::io::Result<u32> {
        redis.get().await.map_err(std::io::Error::other)
    }
    #[redis_resilient(breaker = false, backoff = "none")]
    fn answer(redis: &Redis) -> Answer {
        redis.ask()
    }
    assert_eq!(io(&Redis::starting()).await?, 3);
    assert_eq!(answer(&Redis::starting())?, 3);
    Ok(())
}

// row 33 | `Result<Result<T, E>, E2>`: the outer one counts
#[tokio::test]
async fn row_33_result_in_a_result() -> TestResult {
    #[redis_resilient(breaker = false, backoff = "none")]
    async fn outer(redis: &Redis) -> RedisResult<Result<u32, String>> {
        let asked = redis.get().await?;
        Ok(Err(format!("asked {asked} times")))
    }
    #[redis_resilient(breaker = false, backoff = "none")]
    async fn inner(redis: &Redis) -> Result<RedisResult<u32>, RedisError> {
        ready(Ok(redis.ask())).await
    }
    assert_eq!(
        outer(&Redis::starting()).await?,
        Err("asked 3 times".to_owned())
    );
    let redis = Redis::starting();
    assert!(inner(&redis).await?.is_err());
    assert_eq!(redis.asked(), 1);
    Ok(())
}
