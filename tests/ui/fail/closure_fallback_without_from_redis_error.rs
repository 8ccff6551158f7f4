use redis_resilient::redis_resilient;

#[derive(Debug, thiserror::Error)]
enum StoreError {
    #[error("not there")]
    NotFound,
}

#[redis_resilient(fallback = |_| Ok(1))]
async fn get() -> Result<u64, StoreError> {
    Err(StoreError::NotFound)
}

fn main() {}
