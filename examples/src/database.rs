//! The primary store behind the cache: `SQLite`.

use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::Connection;
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;

/// Users in the table, with the ids from 0.
pub(crate) const USERS: u32 = 1_000;

/// How many callers may hold one of the runtime's threads while they wait for the database.
const THREADS: usize = 4;

/// A database with one table, in memory. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Database {
    connection: Arc<Mutex<Connection>>,
    threads: Arc<Semaphore>,
}

impl Database {
    pub(crate) fn with_users() -> rusqlite::Result<Self> {
        let mut connection = Connection::open_in_memory()?;
        connection.execute_batch(
            "CREATE TABLE user (id INTEGER PRIMARY KEY, name TEXT NOT NULL, credit INTEGER NOT NULL)",
        )?;
        let transaction = connection.transaction()?;
        for id in 0..USERS {
            transaction.execute(
                "INSERT INTO user VALUES (?1, ?2, ?3)",
                (id, name_of(id), credit_of(id)),
            )?;
        }
        transaction.commit()?;
        Ok(Self {
            connection: Arc::new(Mutex::new(connection)),
            threads: Arc::new(Semaphore::new(THREADS)),
        })
    }

    pub(crate) async fn user_name(&self, id: u32) -> rusqlite::Result<String> {
        // Without a limit an outage of Redis would fill the thread pool that everything else needs as well.
        let _thread = self.threads.acquire().await;
        let database = self.clone();
        let query = move || database.query("SELECT name FROM user WHERE id = ?1", id);
        spawn_blocking(query)
            .await
            .unwrap_or(Err(rusqlite::Error::QueryReturnedNoRows))
    }

    /// Blocks the thread.
    pub(crate) fn user_credit(&self, id: u32) -> rusqlite::Result<i64> {
        self.query("SELECT credit FROM user WHERE id = ?1", id)
    }

    fn query<T: rusqlite::types::FromSql>(&self, sql: &str, id: u32) -> rusqlite::Result<T> {
        let connection = self
            .connection
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        connection
            .prepare_cached(sql)?
            .query_row([id], |row| row.get(0))
    }
}

/// What the table says, to check answers by.
pub(crate) fn name_of(id: u32) -> String {
    format!("user number {id}")
}

/// What the table says, to check answers by.
pub(crate) fn credit_of(id: u32) -> i64 {
    i64::from(id % 100) * 10
}
