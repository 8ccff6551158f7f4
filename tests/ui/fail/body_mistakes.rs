use redis::RedisResult;
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
async fn wrong_question_mark() -> RedisResult<u64> {
    Ok("1".parse::<u64>()?)
}

#[redis_resilient]
fn sync() -> RedisResult<u64> {
    if true {
        return Err("no");
    }
    Ok(1)
}

fn main() {}
