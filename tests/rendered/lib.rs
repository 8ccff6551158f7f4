//! What the documentation of annotated functions looks like. Bodies are not looked at here.

use redis_resilient::redis_resilient;

/// To Redis.
pub struct Connection;
/// What went wrong.
pub struct Failure;

/// Reads the name of a user.
///
/// # Errors
/// What Redis says.
#[redis_resilient(retries = 2, timeout = "250ms", breaker = SESSIONS, fallback = [from_replica, Ok(None)])]
pub async fn user_name(conn: &mut Connection, id: u64) -> Result<Option<String>, Failure> {
    conn.get(id).await
}

#[doc = "Says so without slashes."]
#[redis_resilient(retries = patience.retries(), backoff = "none", breaker = false, deadline = "5s")]
pub fn by_attribute(conn: &mut Connection) -> Result<u64, Failure> {
    conn.get(1)
}

#[redis_resilient]
pub async fn undocumented(conn: &mut Connection) -> Result<u64, Failure> {
    conn.get(1).await
}

/// Reads.
pub trait Reader {
    /// Reads a number.
    fn read(&self) -> Result<u64, Failure>;
}

impl Reader for Connection {
    /// Reads it from Redis.
    #[redis_resilient(retries = 0)]
    fn read(&self) -> Result<u64, Failure> {
        self.get(1)
    }
}
