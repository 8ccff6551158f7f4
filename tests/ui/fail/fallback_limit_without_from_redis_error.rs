use redis_resilient::redis_resilient;

#[derive(Debug, thiserror::Error)]
#[error("it is not there")]
struct StoreError;

#[redis_resilient(fallback = from_db)]
async fn get() -> Result<u64, StoreError> {
    Err(StoreError)
}

#[redis_resilient(fallback = 'database: { break 'database Ok(7) })]
fn sync() -> Result<u64, StoreError> {
    Err(StoreError)
}

async fn from_db() -> Result<u64, StoreError> {
    Ok(7)
}

fn main() {}
