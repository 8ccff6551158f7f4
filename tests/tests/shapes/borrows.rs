//! Lifetimes of arguments and results.

use std::borrow::Cow;

use redis::{AsyncCommands, RedisResult};
use redis_resilient::redis_resilient;

use crate::support::{Conn, Redis, TestResult, shape};

// row 14a | an alias `type M<'a> = &'a mut C` that the body does not move
#[tokio::test]
async fn row_14_alias_of_a_mutable_reference() -> TestResult {
    type M<'a> = &'a mut Redis;
    #[redis_resilient(breaker = false, backoff = "none")]
    async fn get(redis: M<'_>) -> RedisResult<u32> {
        redis.get_mut().await
    }
    assert_eq!(get(&mut Redis::starting()).await?, 3);
    Ok(())
}

// row 15 | lifetimes: elided, `Cow<'_, str>`, `'a`, two that are related | async-trait#28, async-trait#31, async-trait#110, rstest#230, rstest#241
#[tokio::test]
async fn row_15_lifetimes() -> TestResult {
    #[redis_resilient(breaker = false, backoff = "none")]
    async fn elided(redis: &Redis, key: Cow<'_, str>, list: &[&str]) -> RedisResult<usize> {
        redis.get().await.map(|_| key.len() + list.len())
    }
    #[redis_resilient(breaker = false, backoff = "none")]
    async fn related<'a, 'b: 'a>(
        redis: &Redis,
        short: &'a str,
        long: &'b str,
        take_long: bool,
    ) -> RedisResult<Cow<'a, str>> {
        let asked = redis.get().await?;
        if take_long {
            return Ok(Cow::Borrowed(long));
        }
        Ok(Cow::Owned(format!("{short}{asked}")))
    }
    let redis = Redis::starting();
    assert_eq!(elided(&redis, Cow::Borrowed("key"), &["a", "b"]).await?, 5);
    let key = String::from("key");
    assert_eq!(
        related(&Redis::starting(), &key, "long", true).await?,
        "long"
    );
    assert_eq!(
        related(&Redis::starting(), &key, "long", false).await?,
        "key3"
    );
    Ok(())
}

// row 16 | returns a `&str` of `&self`, or of an argument
shape!(
    row_16_borrow_returned_from_an_argument,
    |conn| first(conn, "some text").await?,
    "some",
    {
        #[redis_resilient(breaker = false, delay = "1ms")]
        async fn first<'a>(conn: &mut Conn, text: &'a str) -> RedisResult<&'a str> {
            let () = conn.set("k", text).await?;
            Ok(text.split(' ').next().unwrap_or(text))
        }
    }
);

struct Users {
    redis: Redis,
    name: String,
    list: Vec<u32>,
}

impl Users {
    fn new() -> Self {
        Users {
            redis: Redis::starting(),
            name: "users".to_owned(),
            list: Vec::new(),
        }
    }

    #[redis_resilient(breaker = false, backoff = "none")]
    async fn name(&self) -> RedisResult<&str> {
        self.redis.get().await?;
        Ok(&self.name)
    }

    #[redis_resilient(breaker = false, backoff = "none")]
    async fn name_of_mutable(&mut self) -> RedisResult<&str> {
        self.list.push(1);
        self.redis.get_mut().await?;
        Ok(&self.name)
    }

    #[redis_resilient(breaker = false, backoff = "none")]
    fn name_of_mutable_sync(&mut self) -> RedisResult<&str> {
        self.list.push(1);
        self.redis.ask()?;
        Ok(&self.name)
    }
}

#[tokio::test]
async fn row_16_borrow_returned_from_self() -> TestResult {
    let users = Users::new();
    assert_eq!(users.name().await?, "users");
    assert_eq!(users.redis.asked(), 3);
    Ok(())
}

// row 17 | returns a `&str` of `&mut self`, of a field that the body does not change
#[tokio::test]
async fn row_17_borrow_returned_from_mutable_self() -> TestResult {
    let mut users = Users::new();
    assert_eq!(users.name_of_mutable().await?, "users");
    assert_eq!((users.redis.asked(), users.list.len()), (3, 3));
    users.redis = Redis::starting();
    assert_eq!(users.name_of_mutable_sync()?, "users");
    assert_eq!((users.redis.asked(), users.list.len()), (3, 6));
    Ok(())
}
