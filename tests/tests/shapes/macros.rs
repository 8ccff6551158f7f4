//! Macros in a function, and functions out of macros.

use redis::RedisResult;
use redis_resilient::redis_resilient;

use crate::support::{Redis, TestResult};

macro_rules! give {
    ($value:expr) => {
        return Ok($value)
    };
}

macro_rules! asked {
    ($redis:expr) => {
        $redis.get().await?
    };
}

// row 56 | macros in the body with `return`, `?` and `self`; `tokio::select!` | async-trait#46, async-trait#68, async-trait#92, async-trait#104, async-trait#161
#[tokio::test]
async fn row_56_macros_in_the_body() -> TestResult {
    struct Users(Redis, u32);
    impl Users {
        #[redis_resilient(breaker = false, backoff = "none")]
        async fn load(&mut self) -> RedisResult<u32> {
            macro_rules! count {
                () => {
                    self.1 += 1
                };
            }
            count!();
            let asked = asked!(self.0);
            if asked > 0 {
                give!(asked + 10 * self.1);
            }
            Ok(0)
        }
    }
    #[redis_resilient(breaker = false, backoff = "none")]
    async fn select(redis: &Redis) -> RedisResult<u32> {
        tokio::select! {
            asked = redis.get() => asked,
            () = std::future::pending() => Ok(0),
        }
    }
    assert_eq!(Users(Redis::starting(), 0).load().await?, 33);
    assert_eq!(select(&Redis::starting()).await?, 3);
    Ok(())
}

macro_rules! function {
    ($(#[$attribute:meta])* $visibility:vis $name:ident($($argument:ident: $ty:ty),*) -> $output:ty, $retries:literal, $fallback:expr, $body:block) => {
        #[redis_resilient(breaker = false, backoff = "none", retries = $retries, fallback = Ok($fallback))]
        $(#[$attribute])*
        $visibility async fn $name($($argument: $ty),*) -> $output $body
    };
}

macro_rules! getter {
    ($name:ident, $field:tt, $value:expr) => {
        #[redis_resilient(breaker = false, backoff = "none", clone(key))]
        async fn $name(&self, key: String) -> RedisResult<(String, u32)> {
            let asked = self.$field.get().await?;
            Ok((key, asked + $value))
        }
    };
}

function!(
    /// By a macro.
    pub(crate) patient(redis: &Redis, n: u32) -> RedisResult<u32>, 2, 0, {
        redis.get().await.map(|asked| asked + n)
    }
);
function!(hasty(redis: &Redis) -> RedisResult<u32>, 1, 70, { redis.get().await });

// row 57 | a function made by `macro_rules!`: `$t:ty`, `$b:block`, `$e:expr`, `self` | async-trait#46, async-trait#104, rust#134882
#[tokio::test]
async fn row_57_function_made_by_a_macro() -> TestResult {
    struct Users(Redis);
    impl Users {
        getter!(load, 0, 10);
    }
    assert_eq!(patient(&Redis::starting(), 10).await?, 13);
    assert_eq!(hasty(&Redis::starting()).await?, 70);
    let found = Users(Redis::starting()).load("key".to_owned()).await?;
    assert_eq!(found, ("key".to_owned(), 13));
    Ok(())
}
