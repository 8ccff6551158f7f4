//! What the web shops of all drills have in common.

use redis::RedisError;

use crate::database::{self, Database};
use crate::stats::Source;

#[derive(Debug)]
pub(crate) struct User {
    pub(crate) name: String,
    pub(crate) source: Source,
}

#[derive(Debug, thiserror::Error)]
pub(crate) enum ShopError {
    #[error("redis: {0}")]
    Redis(#[from] RedisError),
    #[error("database: {0}")]
    Database(#[from] rusqlite::Error),
}

pub(crate) fn name_key(id: u32) -> String {
    format!("user:{id}:name")
}

/// Scattered over the users, and the same in every run.
pub(crate) fn user_of_call(number: u32) -> u32 {
    number.wrapping_mul(7_919) % database::USERS
}

/// What stands in for Redis when it has no answer.
pub(crate) async fn user_from_database(database: &Database, id: u32) -> Result<User, ShopError> {
    let name = database.user_name(id).await?;
    let source = Source::Database;
    Ok(User { name, source })
}
