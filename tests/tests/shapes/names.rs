//! Names of the user that are those of the expansion, or of what it uses.

use redis::{AsyncCommands, RedisResult};
use redis_resilient::redis_resilient;

use crate::support::{Conn, Redis, TestResult, shape};

// row 58 | arguments, variables and items named like those of the expansion | cached#114, cached#230, memoize#21
shape!(
    row_58_names_like_the_expansion_s,
    |conn| call(conn, 1, 2).await?,
    3,
    {
        #[redis_resilient(breaker = false, delay = "1ms")]
        async fn call(conn: &mut Conn, policy: i64, timer: i64) -> RedisResult<i64> {
            let __resilient_call = policy + timer;
            conn.incr("n", __resilient_call).await
        }
    }
);

#[tokio::test]
async fn row_58_arguments_with_our_prefix() -> TestResult {
    #[redis_resilient(breaker = false, backoff = "none", retries = 1, fallback = from_database, fallback_limit = 3)]
    async fn get(
        __resilient_call: &Redis,
        __resilient_error: String,
        __resilient_body: u32,
    ) -> RedisResult<String> {
        let asked = __resilient_call.get().await?;
        Ok(format!("{__resilient_error}{asked}{__resilient_body}"))
    }
    fn from_database(_: &Redis, key: String, n: u32) -> std::future::Ready<RedisResult<String>> {
        std::future::ready(Ok(key + &n.to_string()))
    }
    assert_eq!(get(&Redis::starting(), "key".into(), 7).await?, "key7");
    Ok(())
}

/// Items, which hygiene does not keep apart.
#[allow(non_upper_case_globals, non_camel_case_types, dead_code)]
mod items {
    use super::{Redis, RedisResult, redis_resilient};

    pub(super) static POLICY: u32 = 1;
    static LIMIT: u32 = 2;
    const call: u32 = 3;
    static attempts: u32 = 4;
    struct timer;
    struct Call;

    #[redis_resilient(backoff = "none", retries = 2, fallback = from_database)]
    pub(super) async fn get(redis: &Redis, n: u32) -> RedisResult<u32> {
        redis
            .get()
            .await
            .map(|asked| asked + n + POLICY + LIMIT + call + attempts)
    }

    async fn from_database(redis: &Redis, n: u32) -> RedisResult<u32> {
        redis.get().await.map(|_| LIMIT + call + n)
    }
}

#[tokio::test]
async fn row_58_items_like_those_of_the_expansion() -> TestResult {
    assert_eq!(items::get(&Redis::starting(), 10).await?, 23);
    Ok(())
}

/// Nothing here is what its name says.
#[allow(dead_code, non_snake_case, unused_macros)]
mod shadows {
    mod core {}
    mod std {}
    mod redis_resilient {}
    mod tokio {}

    struct Option;
    struct Result;
    struct Box;
    trait Clone {}
    trait Future {}
    trait Send {}
    fn Ok() {}
    fn Err() {}
    fn Some() {}
    fn None() {}
    fn drop() {}
    macro_rules! concat {
        () => {};
    }
    macro_rules! module_path {
        () => {};
    }

    type Answer<T> = ::redis::RedisResult<T>;
    type Redis = super::Redis;

    #[::redis_resilient::redis_resilient(
        breaker = false,
        backoff = "none",
        clone(key),
        fallback = [|_| ::core::result::Result::Ok(key.clone()), from_database]
    )]
    pub(super) async fn get(
        redis: &Redis,
        key: ::std::string::String,
    ) -> Answer<::std::string::String> {
        let asked = redis.get().await?;
        ::core::result::Result::Ok(::std::format!("{key}{asked}"))
    }

    async fn from_database(_: &Redis, key: ::std::string::String) -> Answer<::std::string::String> {
        ::core::future::ready(::core::result::Result::Ok(key)).await
    }

    #[::redis_resilient::redis_resilient(breaker = false, backoff = "none", deadline = "5s")]
    pub(super) fn sync(redis: &Redis) -> Answer<u32> {
        redis.ask()
    }
}

// row 59 | `mod core`, `mod std`, and shadowed `Result`, `Option`, `Ok`, `Some`, `Box`, `Clone`, `drop` | tracing#3119, tracing#3306, async-trait's `mod core {}`
#[tokio::test]
async fn row_59_shadowed_names() -> TestResult {
    assert_eq!(
        shadows::get(&Redis::starting(), "key".into()).await?,
        "key3"
    );
    assert_eq!(shadows::sync(&Redis::starting())?, 3);
    Ok(())
}

// row 60 | a body that gives the name of its return type to something else: `use Bar::*` | tracing#3306, tracing#3311
#[tokio::test]
async fn row_60_body_shadows_the_return_type() -> TestResult {
    #[derive(Debug, PartialEq)]
    struct Answer(u32);
    mod bar {
        #[derive(Clone, Copy)]
        pub(super) struct RedisResult;
        pub(super) const ANSWER: RedisResult = RedisResult;
    }

    #[redis_resilient(breaker = false, backoff = "none")]
    #[expect(clippy::items_after_statements, reason = "it is the shape")]
    async fn get(redis: &Redis) -> RedisResult<Answer> {
        let answer = answer_of(redis.get().await?);
        use bar::*;
        let _: RedisResult = ANSWER;
        Ok(answer)
    }
    fn answer_of(asked: u32) -> Answer {
        Answer(asked)
    }
    assert_eq!(get(&Redis::starting()).await?, Answer(3));
    Ok(())
}

// row 75 | arguments named like a `static` or `const` that the expansion declares
#[tokio::test]
async fn row_75_argument_named_like_a_static() -> TestResult {
    static DEFAULT: u32 = 7;
    #[expect(non_snake_case, reason = "it is the shape")]
    #[redis_resilient(breaker = false, backoff = "none", retries = 1, fallback = Ok(POLICY + LIMIT + DEFAULT))]
    async fn get(redis: &Redis, POLICY: u32, LIMIT: u32) -> RedisResult<u32> {
        redis.get().await.map(|asked| asked + POLICY + LIMIT)
    }
    #[expect(non_snake_case, reason = "it is the shape")]
    #[redis_resilient(breaker = false, backoff = "none", retries = POLICY, fallback = from_database)]
    async fn called(redis: &Redis, POLICY: u32, LIMIT: u32) -> RedisResult<u32> {
        redis.get().await.map(|asked| asked + POLICY + LIMIT)
    }
    fn from_database(_: &Redis, policy: u32, limit: u32) -> RedisResult<u32> {
        policy.checked_add(limit).map_or(Ok(0), Ok)
    }
    assert_eq!(get(&Redis::starting(), 10, 20).await?, 37);
    assert_eq!(called(&Redis::starting(), 1, 20).await?, 21);
    assert_eq!(called(&Redis::starting(), 2, 20).await?, 25);
    Ok(())
}
