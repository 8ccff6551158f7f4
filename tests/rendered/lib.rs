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

/// Counts a visit, and forgets a page.
#[redis_resilient(fallback = Ok(0), fallback_on = "outage")]
pub async fn count(conn: &mut Connection, page: u64) -> Result<u64, Failure> {
    conn.del(page).await?;
    conn.incr("visits", 1).await
}

/// Counts a visit at least once.
#[redis_resilient(idempotent = true)]
pub async fn count_at_least_once(conn: &mut Connection) -> Result<u64, Failure> {
    redis::cmd("INCR").arg("visits").query_async(conn).await
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
