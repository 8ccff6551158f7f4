#![forbid(unsafe_code)]
#![deny(warnings, rust_2018_idioms, unused_qualifications)]

use redis::{AsyncCommands, Commands, RedisError, RedisResult, aio::MultiplexedConnection};
use redis_resilient::redis_resilient;

type Conn = MultiplexedConnection;

#[redis_resilient(fallback = from_db)]
pub async fn async_path(conn: &mut Conn, key: String) -> RedisResult<Option<String>> {
    conn.get(&key).await
}

async fn from_db(_: &mut Conn, key: String) -> RedisResult<Option<String>> {
    std::future::ready(Ok(Some(key))).await
}

#[redis_resilient(fallback = from_memory)]
pub async fn sync_path(conn: &mut Conn, key: String) -> RedisResult<Option<String>> {
    conn.get(&key).await
}

fn from_memory(_: &mut Conn, key: String) -> RedisResult<Option<String>> {
    Ok(Some(key))
}

#[redis_resilient(fallback = |error: RedisError| if key.is_empty() { Err(error) } else { Ok(None) })]
pub async fn closure(conn: &mut Conn, key: &str) -> RedisResult<Option<String>> {
    conn.get(key).await
}

#[redis_resilient(fallback = |error| async move { drop(error); from_db(conn, key).await })]
pub async fn closure_of_a_future(conn: &mut Conn, key: String) -> RedisResult<Option<String>> {
    conn.get(&key).await
}

#[redis_resilient(fallback = async |_| from_db(conn, key).await)]
pub async fn async_closure(conn: &mut Conn, key: String) -> RedisResult<Option<String>> {
    conn.get(&key).await
}

#[redis_resilient(fallback = Ok(None))]
pub async fn value(conn: &mut Conn, key: &str) -> RedisResult<Option<String>> {
    conn.get(key).await
}

#[redis_resilient(fallback = if id > 3 { Ok(None) } else { Ok(Some(id)) })]
pub async fn expression(conn: &mut Conn, id: u64) -> RedisResult<Option<u64>> {
    conn.get(id).await
}

#[redis_resilient(fallback = from_text(&id.to_string()))]
pub async fn future_that_borrows(conn: &mut Conn, id: u64) -> RedisResult<Option<String>> {
    conn.get(id).await
}

async fn from_text(text: &str) -> RedisResult<Option<String>> {
    std::future::ready(Ok(Some(text.to_owned()))).await
}

#[redis_resilient(fallback = from_db(conn, id.to_string()).await)]
pub async fn awaited(conn: &mut Conn, id: u64) -> RedisResult<Option<String>> {
    conn.get(id).await
}

#[redis_resilient(fallback = async { Ok(None) })]
pub async fn block(conn: &mut Conn, id: u64) -> RedisResult<Option<String>> {
    conn.get(id).await
}

#[redis_resilient(fallback = [|error| Err(error), from_db, from_memory, Ok(None)], clone(key))]
pub async fn list(conn: &mut Conn, key: String) -> RedisResult<Option<String>> {
    conn.get(key).await
}

#[redis_resilient(fallback = [|_| Ok(None), sync_db, Ok(None)])]
pub fn sync(conn: &mut redis::Connection, key: &str) -> RedisResult<Option<String>> {
    conn.get(key)
}

fn sync_db(_: &mut redis::Connection, key: &str) -> RedisResult<Option<String>> {
    Ok(Some(key.to_owned()))
}

pub struct Repository {
    conn: Conn,
    name: String,
}

impl Repository {
    #[redis_resilient(fallback = Self::from_db)]
    pub async fn get(&mut self, id: u64) -> RedisResult<String> {
        self.conn.get(id).await
    }

    #[redis_resilient(fallback = [self.from_db, Self::from_db, self.from_db])]
    pub async fn in_turn(&mut self, id: u64) -> RedisResult<String> {
        self.conn.get(id).await
    }

    async fn from_db(&mut self, id: u64) -> RedisResult<String> {
        std::future::ready(Ok(format!("{} {id}", self.name))).await
    }
}

#[redis_resilient(fallback = fetch::<u8, _>)]
pub async fn generic<T: Send + Sync>(conn: &mut Conn, key: T) -> RedisResult<Option<u8>> {
    let _ = &key;
    conn.get(1).await
}

async fn fetch<N: From<u8>, T>(_: &mut Conn, _: T) -> RedisResult<Option<N>> {
    std::future::ready(Ok(Some(N::from(1)))).await
}

/// All of the futures are `Send`.
pub fn spawn(mut conn: Conn, mut repository: Repository) {
    tokio::spawn(async move {
        let _ = async_path(&mut conn, String::new()).await;
        let _ = sync_path(&mut conn, String::new()).await;
        let _ = closure(&mut conn, "").await;
        let _ = closure_of_a_future(&mut conn, String::new()).await;
        let _ = async_closure(&mut conn, String::new()).await;
        let _ = value(&mut conn, "").await;
        let _ = expression(&mut conn, 1).await;
        let _ = future_that_borrows(&mut conn, 1).await;
        let _ = awaited(&mut conn, 1).await;
        let _ = block(&mut conn, 1).await;
        let _ = list(&mut conn, String::new()).await;
        let _ = generic(&mut conn, 1).await;
        let _ = repository.get(1).await;
        let _ = repository.in_turn(1).await;
    });
}

fn main() {}
