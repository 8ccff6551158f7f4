use redis::RedisResult;
use redis_resilient::{Breaker, Bulkhead, redis_resilient};

const SESSIONS: Breaker = Breaker::new("sessions");

#[redis_resilient(breaker = SESSIONS)]
async fn of_a_module() -> RedisResult<u64> {
    Ok(1)
}

struct Repository;

impl Repository {
    const BREAKER: Breaker = Breaker::new("repository");

    #[redis_resilient(breaker = Self::BREAKER)]
    fn of_a_type(&self) -> RedisResult<u64> {
        Ok(1)
    }
}

const PRIMARY: Bulkhead = Bulkhead::new("primary", 64);

#[redis_resilient(fallback = database, fallback_limit = PRIMARY)]
async fn limited() -> RedisResult<u64> {
    Ok(1)
}

async fn database() -> RedisResult<u64> {
    Ok(1)
}

fn main() {
    let _ = (of_a_module(), limited(), Repository.of_a_type());
}
