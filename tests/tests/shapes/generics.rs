//! Generic parameters, and `impl Trait` on either side.

use std::borrow::Cow;
use std::fmt::Display;

use redis::aio::ConnectionLike;
use redis::{AsyncCommands, RedisResult};
use redis_resilient::redis_resilient;

use crate::support::{Conn, Redis, TestResult, shape};

// row 20 | generics, const generics, `where`, `impl Trait` as argument, closures over all lifetimes | async-trait#1, async-trait#57, async-trait#106, async-trait#134, cached#80
shape!(
    row_20_generic_connection_and_value,
    |conn| store(conn, 7_u8).await?,
    1,
    {
        #[redis_resilient(breaker = false, delay = "1ms")]
        async fn store<C, T>(conn: &mut C, value: T) -> RedisResult<usize>
        where
            C: ConnectionLike + Send,
            T: Display + Sync,
        {
            redis::cmd("APPEND")
                .arg("k")
                .arg(value.to_string())
                .query_async(conn)
                .await
        }
    }
);

shape!(
    row_20_impl_trait_arguments,
    |conn| store(conn, 7_u8).await?,
    1,
    {
        #[redis_resilient(breaker = false, delay = "1ms")]
        async fn store(conn: &mut impl ConnectionLike, value: impl Display) -> RedisResult<usize> {
            redis::cmd("APPEND")
                .arg("k")
                .arg(value.to_string())
                .query_async(conn)
                .await
        }
    }
);

#[tokio::test]
async fn row_20_const_generics_and_closures_over_all_lifetimes() -> TestResult {
    #[redis_resilient(breaker = false, backoff = "none")]
    async fn longest<'a, T, const N: usize>(
        redis: &Redis,
        list: [&'a T; N],
        name: impl for<'b> Fn(&'b T) -> Cow<'b, str> + Send + Sync,
    ) -> RedisResult<Option<&'a T>>
    where
        T: Sync + ?Sized,
    {
        redis.get().await?;
        Ok(list.into_iter().max_by_key(|item| name(item).len()))
    }
    let redis = Redis::starting();
    let found = longest(&redis, ["a", "abc", "ab"], |text| Cow::Borrowed(text)).await?;
    assert_eq!(found, Some("abc"));
    assert_eq!(redis.asked(), 3);
    Ok(())
}

// row 21 | `impl Trait` inside of the `Result` | tracing#1236, tracing#1615, async-trait#281
shape!(
    row_21_impl_trait_in_the_result,
    |conn| numbers(conn).await?.collect::<Vec<_>>(),
    [0],
    {
        #[redis_resilient(breaker = false, delay = "1ms")]
        async fn numbers(conn: &mut Conn) -> RedisResult<impl Iterator<Item = i64> + use<>> {
            let n: i64 = conn.incr("n", 1).await?;
            Ok(0..n)
        }
    }
);

#[test]
fn row_21_impl_trait_in_the_result_of_a_sync_function() -> TestResult {
    #[redis_resilient(breaker = false, backoff = "none")]
    fn numbers(
        redis: &Redis,
    ) -> RedisResult<(impl Iterator<Item = u32> + use<>, Vec<impl Display + use<>>)> {
        let asked = redis.ask()?;
        Ok((0..asked, vec!["a"]))
    }
    let (numbers, names) = numbers(&Redis::starting())?;
    assert_eq!(numbers.sum::<u32>(), 3);
    assert_eq!(names[0].to_string(), "a");
    Ok(())
}
