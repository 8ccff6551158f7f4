//! What a body does with its arguments, and how they are written.

use std::sync::Arc;

use redis::aio::ConnectionLike;
use redis::{AsyncCommands, RedisResult};
use redis_resilient::redis_resilient;

use crate::support::{Conn, Redis, TestResult, shape};

// row 1 | `conn: &mut C`, used by method calls | backon#49
shape!(row_01_mutable_reference, |conn| incr(conn).await?, 1, {
    #[redis_resilient(breaker = false, delay = "1ms")]
    async fn incr(conn: &mut Conn) -> RedisResult<i64> {
        conn.incr("n", 1).await
    }
});

// row 5 | an owned argument that the body borrows
shape!(
    row_05_borrowed_string,
    |conn| append(conn, "a".to_owned()).await?,
    1,
    {
        #[redis_resilient(breaker = false, delay = "1ms")]
        async fn append(conn: &mut Conn, text: String) -> RedisResult<usize> {
            conn.append("k", &text).await
        }
    }
);

// row 6a | an owned argument that the body uses up, with `clone(key)` | cached#114
shape!(
    row_06_consumed_string_cloned_for_each_attempt,
    |conn| append(conn, "a".to_owned()).await?,
    1,
    {
        #[redis_resilient(breaker = false, delay = "1ms", clone(text))]
        async fn append(conn: &mut Conn, text: String) -> RedisResult<usize> {
            conn.append("k", text).await
        }
    }
);

// row 7a | an argument moved into a `move` closure or a spawned task, with `clone(key)` | etcd-client#18
#[tokio::test]
async fn row_07_moved_into_a_closure_or_a_task() -> TestResult {
    #[redis_resilient(breaker = false, backoff = "none", clone(redis, key))]
    async fn spawned(redis: Arc<Redis>, key: String) -> RedisResult<String> {
        let task = tokio::spawn(async move {
            let asked = redis.get().await?;
            Ok(format!("{key}{asked}"))
        });
        task.await.expect("the task ends")
    }
    #[redis_resilient(breaker = false, backoff = "none", clone(key))]
    fn closure(redis: &Redis, key: String) -> RedisResult<String> {
        let name = move |asked| format!("{key}{asked}");
        redis.ask().map(name)
    }
    let key = || "key".to_owned();
    assert_eq!(spawned(Arc::new(Redis::starting()), key()).await?, "key3");
    assert_eq!(closure(&Redis::starting(), key())?, "key3");
    Ok(())
}

// row 9 | an `impl FnMut`: what it has counted stays counted | async-trait#177
#[tokio::test]
async fn row_09_function_that_changes_with_each_attempt() -> TestResult {
    #[redis_resilient(breaker = false, backoff = "none")]
    async fn call(redis: &Redis, mut next: impl FnMut() -> u32) -> RedisResult<u32> {
        let next = next();
        redis.get().await.map(|_| next)
    }
    let mut calls = 0;
    let next = || {
        calls += 10;
        calls
    };
    assert_eq!(call(&Redis::starting(), next).await?, 30);
    Ok(())
}

// row 10a | an `Option<&mut T>`, or an owned `Option`, that the body only looks into: `as_mut()`, `as_ref()`
#[tokio::test]
async fn row_10_option_looked_into() -> TestResult {
    #[redis_resilient(breaker = false, backoff = "none")]
    async fn get(mut redis: Option<&mut Redis>, key: Option<String>) -> RedisResult<String> {
        let asked = match redis.as_mut() {
            Some(redis) => redis.get_mut().await?,
            None => 0,
        };
        match key.as_ref() {
            Some(key) => Ok(format!("{key}{asked}")),
            None => Ok(String::new()),
        }
    }
    let redis = &mut Redis::starting();
    assert_eq!(get(Some(redis), Some("key".to_owned())).await?, "key3");
    Ok(())
}

// row 11a | `mut conn: C` by value: what an attempt did to it is there for the next | tracing#1167
shape!(
    row_11_connection_by_value,
    |conn| incr(conn.clone()).await?,
    1,
    {
        #[redis_resilient(breaker = false, delay = "1ms")]
        async fn incr(mut conn: Conn) -> RedisResult<i64> {
            conn.incr("n", 1).await
        }
    }
);

#[tokio::test]
async fn row_11_change_carries_over() -> TestResult {
    #[redis_resilient(breaker = false, backoff = "none")]
    async fn carried(redis: &Redis, mut count: u32) -> RedisResult<u32> {
        count += 1;
        redis.get().await.map(|_| count)
    }
    assert_eq!(carried(&Redis::starting(), 10).await?, 13);
    Ok(())
}

// row 11b | the same with `clone(conn)`: each attempt begins anew | tracing#1167
#[tokio::test]
async fn row_11_clone_begins_anew() -> TestResult {
    #[redis_resilient(breaker = false, backoff = "none", clone(count))]
    async fn anew(redis: &Redis, mut count: u32) -> RedisResult<u32> {
        count += 1;
        redis.get().await.map(|_| count)
    }
    assert_eq!(anew(&Redis::starting(), 10).await?, 11);
    Ok(())
}

// row 12 | a `&mut` argument that the body moves into an `async move` block
shape!(
    row_12_mutable_reference_moved_away,
    |conn| incr(conn).await?,
    1,
    {
        #[redis_resilient(breaker = false, delay = "1ms")]
        async fn incr(conn: &mut Conn) -> RedisResult<i64> {
            let inner = async move { conn.incr("n", 1).await };
            inner.await
        }
    }
);

// row 39a | patterns as parameters: `(a, b)`, `[x, y]`, `&n`, `ref mut a`, `S { a, .. }` | rstest#231
shape!(
    row_39_patterns,
    |conn| sum(conn, (1, 2), [3, 4]).await?,
    10,
    {
        #[redis_resilient(breaker = false, delay = "1ms")]
        async fn sum(conn: &mut Conn, (a, b): (i64, i64), [c, d]: [i64; 2]) -> RedisResult<i64> {
            conn.incr("n", a + b + c + d).await
        }
    }
);

#[tokio::test]
async fn row_39_patterns_that_borrow() -> TestResult {
    struct Key {
        id: u32,
        shard: u32,
    }
    #[expect(clippy::toplevel_ref_arg, reason = "it is the shape")]
    #[redis_resilient(breaker = false, backoff = "none", fallback = Ok(vec![id]))]
    async fn get(
        redis: &Redis,
        &n: &u32,
        ref mut list: Vec<u32>,
        Key { id, shard: _ }: Key,
    ) -> RedisResult<Vec<u32>> {
        list.push(n + id);
        redis.get().await.map(|_| list.clone())
    }
    let key = Key { id: 2, shard: 9 };
    assert_eq!(key.shard, 9);
    let list = get(&Redis::starting(), &1, vec![0], key).await?;
    assert_eq!(list, [0, 3, 3, 3]);
    Ok(())
}

// row 41 | `#[cfg]` on parameters and on generics | async-trait#226, async-trait#288, bon#145
#[tokio::test]
async fn row_41_parameters_that_are_not_always_there() -> TestResult {
    #[redis_resilient(breaker = false, backoff = "none", clone(key, absent))]
    async fn get<#[cfg(test)] T: Clone + AsRef<str>, #[cfg(not(test))] U: Missing>(
        #[cfg(test)] redis: &mut Redis,
        #[cfg(not(test))] redis: &mut U,
        #[cfg(test)] key: T,
        #[cfg(not(test))] absent: Missing,
    ) -> RedisResult<String> {
        let asked = redis.get_mut().await?;
        Ok(format!("{}{asked}", key.as_ref()))
    }
    assert_eq!(get(&mut Redis::starting(), "key").await?, "key3");
    Ok(())
}

// row 43 | raw identifiers: `r#type`, `fn r#match` | bon#175, tracing#2925
shape!(
    row_43_raw_identifiers,
    |conn| r#match(conn, "k").await?,
    1,
    {
        #[redis_resilient(breaker = false, delay = "1ms")]
        async fn r#match(conn: &mut Conn, r#type: &str) -> RedisResult<i64> {
            conn.incr(r#type, 1).await
        }
    }
);

// row 74 | `&mut dyn ConnectionLike`, `&mut impl ConnectionLike`, a generic `C: ConnectionLike`
shape!(
    row_74_connection_as_trait_object,
    |conn| append(conn, 7).await?,
    1,
    {
        #[redis_resilient(breaker = false, delay = "1ms")]
        async fn append(
            conn: &mut (dyn ConnectionLike + Send),
            value: usize,
        ) -> RedisResult<usize> {
            let reply = conn
                .req_packed_command(redis::cmd("APPEND").arg("k").arg(value))
                .await?;
            Ok(redis::from_redis_value(reply.extract_error()?)?)
        }
    }
);

shape!(
    row_74_connection_as_impl_trait,
    |conn| append(conn, 7).await?,
    1,
    {
        #[redis_resilient(breaker = false, delay = "1ms")]
        async fn append(conn: &mut impl ConnectionLike, value: usize) -> RedisResult<usize> {
            let mut append = redis::cmd("APPEND");
            append.arg("k").arg(value).query_async(conn).await
        }
    }
);

shape!(
    row_74_connection_as_generic,
    |conn| append(conn, 7).await?,
    1,
    {
        #[redis_resilient(breaker = false, delay = "1ms")]
        async fn append<C: ConnectionLike>(conn: &mut C, value: usize) -> RedisResult<usize> {
            let mut append = redis::cmd("APPEND");
            append.arg("k").arg(value).query_async(conn).await
        }
    }
);
