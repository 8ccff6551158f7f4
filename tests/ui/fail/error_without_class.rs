use redis_resilient::redis_resilient;

#[redis_resilient(breaker = false, timeout = false)]
async fn get() -> Result<u64, String> {
    Err("no".to_owned())
}

fn main() {}
