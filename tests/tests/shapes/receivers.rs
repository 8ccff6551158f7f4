//! Methods, by what they do with `self`.

use std::pin::Pin;
use std::sync::Arc;

use redis::{AsyncCommands, RedisResult};
use redis_resilient::redis_resilient;

use crate::support::{Conn, Redis, TestResult, refusing_twice, tried_three_times};

struct Users {
    conn: Conn,
    prefix: String,
    calls: usize,
}

impl Users {
    fn new(conn: Conn) -> Self {
        Users {
            conn,
            prefix: "user:".into(),
            calls: 0,
        }
    }

    #[redis_resilient(breaker = false, delay = "1ms")]
    async fn by_reference(&self, id: u64) -> RedisResult<i64> {
        self.conn
            .clone()
            .incr(format!("{}{id}", self.prefix), 1)
            .await
    }

    #[redis_resilient(breaker = false, delay = "1ms")]
    async fn by_mutable_reference(&mut self, id: u64) -> RedisResult<i64> {
        self.calls += 1;
        self.conn.incr(format!("{}{id}", self.prefix), 1).await
    }

    #[redis_resilient(breaker = false, delay = "1ms")]
    async fn by_value(self) -> RedisResult<i64> {
        self.conn.clone().incr(&self.prefix, 1).await
    }

    #[redis_resilient(breaker = false, delay = "1ms")]
    async fn by_mutable_value(mut self) -> RedisResult<usize> {
        self.calls += 1;
        let _: i64 = self.conn.incr(&self.prefix, 1).await?;
        Ok(self.calls)
    }

    #[redis_resilient(breaker = false, delay = "1ms")]
    async fn by_arc(self: Arc<Self>) -> RedisResult<i64> {
        self.conn.clone().incr(&self.prefix, 1).await
    }

    #[redis_resilient(breaker = false, delay = "1ms")]
    async fn by_pin(mut self: Pin<&mut Self>) -> RedisResult<i64> {
        self.calls += 1;
        self.conn.clone().incr(&self.prefix, 1).await
    }
}

// row 2 | `&self`, `&mut self`: what an attempt does to `self` stays done | backon#49, async-trait#300
#[tokio::test]
async fn row_02_self_by_reference() -> TestResult {
    let (server, conn) = refusing_twice().await?;
    assert_eq!(Users::new(conn).by_reference(1).await?, 1);
    tried_three_times(&server);
    Ok(())
}

#[tokio::test]
async fn row_02_self_by_mutable_reference() -> TestResult {
    let (server, conn) = refusing_twice().await?;
    let mut users = Users::new(conn);
    assert_eq!(users.by_mutable_reference(1).await?, 1);
    tried_three_times(&server);
    assert_eq!(users.calls, 3);
    Ok(())
}

// row 3 | `self`, `mut self` by value, which the body only borrows | async-trait#23
#[tokio::test]
async fn row_03_self_by_value() -> TestResult {
    let (server, conn) = refusing_twice().await?;
    assert_eq!(Users::new(conn).by_value().await?, 1);
    tried_three_times(&server);
    Ok(())
}

#[tokio::test]
async fn row_03_self_by_mutable_value() -> TestResult {
    let (server, conn) = refusing_twice().await?;
    assert_eq!(Users::new(conn).by_mutable_value().await?, 3);
    tried_three_times(&server);
    Ok(())
}

// row 4 | `self: Arc<Self>`, `self: Pin<&mut Self>` | async-trait#11, async-trait#161, async-trait#210
#[tokio::test]
async fn row_04_self_in_an_arc() -> TestResult {
    let (server, conn) = refusing_twice().await?;
    assert_eq!(Arc::new(Users::new(conn)).by_arc().await?, 1);
    tried_three_times(&server);
    Ok(())
}

#[tokio::test]
async fn row_04_self_in_a_pin() -> TestResult {
    let (server, conn) = refusing_twice().await?;
    let mut users = Users::new(conn);
    assert_eq!(Pin::new(&mut users).by_pin().await?, 1);
    tried_three_times(&server);
    assert_eq!(users.calls, 3);
    Ok(())
}

// row 72 | a method of `impl<T> S<T>`: what the expansion declares must not name `T` | cached's `once.rs`
#[tokio::test]
async fn row_72_method_of_a_generic_type() -> TestResult {
    struct Cache<'a, T, const N: usize>(&'a Redis, [T; N]);
    impl<T: Clone + Send + Sync, const N: usize> Cache<'_, T, N> {
        #[redis_resilient(backoff = "none", breaker = false, fallback = self.first, fallback_limit = 2)]
        async fn get(&self, n: usize) -> RedisResult<(u32, T)> {
            let asked = self.0.get().await?;
            Ok((asked, self.1[n % N].clone()))
        }

        async fn first(&self, _: usize) -> RedisResult<(u32, T)> {
            Ok((self.0.get().await?, self.1[0].clone()))
        }
    }
    let redis = Redis::starting();
    assert_eq!(Cache(&redis, ["a", "b"]).get(1).await?, (3, "b"));
    let redis = Redis::starting();
    assert_eq!(Cache(&redis, [1_u8, 2, 3]).get(2).await?, (3, 3));
    Ok(())
}

// row 73 | `Self::CONST`, `Self { … }`, associated items in the body | async-trait#73, async-trait#81, async-trait#87
#[tokio::test]
async fn row_73_names_that_belong_to_the_type() -> TestResult {
    #[derive(Debug, PartialEq)]
    struct User {
        id: u32,
        asked: u32,
    }
    impl User {
        const FIRST: u32 = 7;

        fn with(id: u32, asked: u32) -> Self {
            Self { id, asked }
        }

        #[redis_resilient(breaker = false, backoff = "none", fallback = Ok(Self { id: Self::FIRST, asked: 0 }))]
        async fn load(redis: &Redis) -> RedisResult<Self> {
            let asked = redis.get().await?;
            let Self { id, .. } = Self::with(Self::FIRST, asked);
            Ok(Self { id, asked })
        }
    }
    assert_eq!(
        User::load(&Redis::starting()).await?,
        User { id: 7, asked: 3 }
    );
    Ok(())
}
