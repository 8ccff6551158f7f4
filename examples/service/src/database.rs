//! The primary store: `SQLite`, in memory.

use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::{Connection, OptionalExtension as _};
use serde::{Deserialize, Serialize};

use crate::Failure;

/// Users in the table, with the ids from 0.
pub(crate) const USERS: u64 = 2_000;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct User {
    pub(crate) id: u64,
    pub(crate) name: String,
}

/// Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Database(Arc<Mutex<Connection>>);

impl Database {
    pub(crate) fn with_users() -> Result<Self, Failure> {
        let mut connection = Connection::open_in_memory()?;
        connection
            .execute_batch("CREATE TABLE user (id INTEGER PRIMARY KEY, name TEXT NOT NULL)")?;
        let transaction = connection.transaction()?;
        for id in 0..USERS {
            let name = format!("user number {id}");
            transaction.execute(
                "INSERT INTO user VALUES (?1, ?2)",
                (i64::try_from(id)?, name),
            )?;
        }
        transaction.commit()?;
        Ok(Self(Arc::new(Mutex::new(connection))))
    }

    pub(crate) async fn user(&self, id: u64) -> Result<Option<User>, Failure> {
        self.with(move |connection| {
            let mut query = connection.prepare_cached("SELECT name FROM user WHERE id = ?1")?;
            let name = query.query_row([i64::try_from(id)?], |row| row.get(0));
            Ok(name.optional()?.map(|name| User { id, name }))
        })
        .await
    }

    /// Whether there is one.
    pub(crate) async fn rename(&self, id: u64, name: String) -> Result<bool, Failure> {
        self.with(move |connection| {
            let update = "UPDATE user SET name = ?2 WHERE id = ?1";
            Ok(connection.execute(update, (i64::try_from(id)?, name))? > 0)
        })
        .await
    }

    async fn with<T: Send + 'static>(
        &self,
        run: impl FnOnce(&Connection) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, Failure> {
        let this = self.clone();
        tokio::task::spawn_blocking(move || {
            run(&this.0.lock().unwrap_or_else(PoisonError::into_inner))
        })
        .await?
    }
}
