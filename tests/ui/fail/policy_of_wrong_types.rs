use redis::{AsyncCommands, RedisError, aio::MultiplexedConnection};
use redis_resilient::{Class, Classify, Policy};

static USERS: Policy = Policy::new("users");

/// Made by nothing.
#[derive(Debug, thiserror::Error)]
#[error("it is not there")]
pub struct NotThere;

pub fn no_from() -> Result<u64, NotThere> {
    USERS.run_blocking(|| Err::<u64, _>(NotThere))
}

/// An `Error` that knows better what it means: which of the two is asked?
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct Both(#[from] RedisError);

impl Classify for Both {
    fn class(&self) -> Class {
        Class::Unavailable
    }
}

pub fn both() -> Result<u64, Both> {
    USERS.run_blocking(|| Ok::<_, Both>(1))
}

pub async fn changes_what_it_borrows(conn: &mut MultiplexedConnection) -> redis::RedisResult<u64> {
    USERS.run(async || conn.get(1).await).await
}

fn main() {}
