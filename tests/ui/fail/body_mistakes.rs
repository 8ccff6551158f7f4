use redis::{RedisError, RedisResult};
use redis_resilient::redis_resilient;

#[redis_resilient]
async fn wrong_value() -> RedisResult<u64> {
    Ok("one")
}

#[redis_resilient(fallback = Ok(1))]
async fn no_value() -> RedisResult<u64> {
    let _one = 1;
}

#[redis_resilient]
async fn wrong_question_mark() -> Result<u64, AppError> {
    Ok("1".parse::<u64>()?)
}

#[redis_resilient]
fn sync() -> RedisResult<u64> {
    if true {
        return Err("no");
    }
    Ok(1)
}

// An error of its own: the compiler lists what it can be made of.
#[derive(Debug)]
struct AppError(RedisError);

impl std::fmt::Display for AppError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for AppError {}

impl From<RedisError> for AppError {
    fn from(error: RedisError) -> Self {
        Self(error)
    }
}

fn main() {}
