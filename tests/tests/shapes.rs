//! Function shapes that an attribute which runs a body again has to get right: each compiles, is tried again, and gives its value.

use std::fmt::Display;
use std::future::Future;
use std::sync::Arc;

use async_trait::async_trait;
use redis::aio::{ConnectionLike, MultiplexedConnection};
use redis::{AsyncCommands, Client, Commands, RedisError, RedisResult};
use redis_resilient::redis_resilient;
use redis_resilient_testkit::{EmbeddedRedis, ReplyFault};

type TestResult = Result<(), Box<dyn std::error::Error>>;
type Conn = MultiplexedConnection;

/// A server whose next two commands are refused for now, and a connection to it.
async fn refusing_twice() -> Result<(EmbeddedRedis, Conn), Box<dyn std::error::Error>> {
    let server = EmbeddedRedis::start()?;
    let connection = Client::open(server.url())?
        .get_multiplexed_async_connection()
        .await?;
    refuse_twice(&server);
    Ok((server, connection))
}

fn refuse_twice(server: &EmbeddedRedis) {
    server.fault(ReplyFault::Error(
        "LOADING Redis is loading the dataset in memory",
    ));
    server.fault(ReplyFault::Error("BUSY Redis is busy running a script"));
}

/// Three attempts reached the server, and only the last one was executed.
fn tried_three_times(server: &EmbeddedRedis) {
    assert_eq!(server.seen().len(), 3, "{:?}", server.seen());
    assert_eq!(server.executed().len(), 1, "{:?}", server.executed());
}

macro_rules! shape {
    ($name:ident, |$conn:ident| $call:expr, $expected:expr, { $($item:item)* }) => {
        #[tokio::test]
        async fn $name() -> TestResult {
            $($item)*
            let (server, mut connection) = refusing_twice().await?;
            let $conn = &mut connection;
            assert_eq!($call, $expected);
            tried_three_times(&server);
            Ok(())
        }
    };
}

shape!(mutable_reference, |conn| incr(conn).await?, 1, {
    #[redis_resilient(breaker = false, delay = "1ms")]
    async fn incr(conn: &mut Conn) -> RedisResult<i64> {
        conn.incr("n", 1).await
    }
});

shape!(mutable_reference_moved_away, |conn| incr(conn).await?, 1, {
    #[redis_resilient(breaker = false, delay = "1ms")]
    async fn incr(conn: &mut Conn) -> RedisResult<i64> {
        let inner = async move { conn.incr("n", 1).await };
        inner.await
    }
});

shape!(question_mark, |conn| doubled(conn).await?, 2, {
    #[redis_resilient(breaker = false, delay = "1ms")]
    async fn doubled(conn: &mut Conn) -> RedisResult<i64> {
        let n: i64 = conn.incr("n", 1).await?;
        Ok(n * 2)
    }
});

shape!(early_return, |conn| early(conn).await?, "early", {
    #[redis_resilient(breaker = false, delay = "1ms")]
    async fn early(conn: &mut Conn) -> RedisResult<&'static str> {
        let n: i64 = match conn.incr("n", 1).await {
            Ok(n) => n,
            Err(error) => return Err(error),
        };
        if n == 1 {
            return Ok("early");
        }
        Ok("late")
    }
});

shape!(
    borrowed_string,
    |conn| append(conn, "a".to_owned()).await?,
    1,
    {
        #[redis_resilient(breaker = false, delay = "1ms")]
        async fn append(conn: &mut Conn, text: String) -> RedisResult<usize> {
            conn.append("k", &text).await
        }
    }
);

shape!(
    consumed_string_cloned_for_each_attempt,
    |conn| append(conn, "a".to_owned()).await?,
    1,
    {
        #[redis_resilient(breaker = false, delay = "1ms", clone(text))]
        async fn append(conn: &mut Conn, text: String) -> RedisResult<usize> {
            conn.append("k", text).await
        }
    }
);

shape!(
    generic_connection_and_value,
    |conn| store(conn, 7_u8).await?,
    1,
    {
        #[redis_resilient(breaker = false, delay = "1ms")]
        async fn store<C, T>(conn: &mut C, value: T) -> RedisResult<usize>
        where
            C: ConnectionLike + Send,
            T: Display + Sync,
        {
            redis::cmd("APPEND")
                .arg("k")
                .arg(value.to_string())
                .query_async(conn)
                .await
        }
    }
);

shape!(impl_trait_arguments, |conn| store(conn, 7_u8).await?, 1, {
    #[redis_resilient(breaker = false, delay = "1ms")]
    async fn store(conn: &mut impl ConnectionLike, value: impl Display) -> RedisResult<usize> {
        redis::cmd("APPEND")
            .arg("k")
            .arg(value.to_string())
            .query_async(conn)
            .await
    }
});

shape!(
    impl_trait_in_the_result,
    |conn| numbers(conn).await?.collect::<Vec<_>>(),
    [0],
    {
        #[redis_resilient(breaker = false, delay = "1ms")]
        async fn numbers(conn: &mut Conn) -> RedisResult<impl Iterator<Item = i64> + use<>> {
            let n: i64 = conn.incr("n", 1).await?;
            Ok(0..n)
        }
    }
);

shape!(
    borrow_returned_from_an_argument,
    |conn| first(conn, "some text").await?,
    "some",
    {
        #[redis_resilient(breaker = false, delay = "1ms")]
        async fn first<'a>(conn: &mut Conn, text: &'a str) -> RedisResult<&'a str> {
            let () = conn.set("k", text).await?;
            Ok(text.split(' ').next().unwrap_or(text))
        }
    }
);

shape!(connection_by_value, |conn| incr(conn.clone()).await?, 1, {
    #[redis_resilient(breaker = false, delay = "1ms")]
    async fn incr(mut conn: Conn) -> RedisResult<i64> {
        conn.incr("n", 1).await
    }
});

shape!(patterns, |conn| sum(conn, (1, 2), [3, 4]).await?, 10, {
    #[redis_resilient(breaker = false, delay = "1ms")]
    async fn sum(conn: &mut Conn, (a, b): (i64, i64), [c, d]: [i64; 2]) -> RedisResult<i64> {
        conn.incr("n", a + b + c + d).await
    }
});

shape!(own_error_type, |conn| load(conn).await?, 1, {
    #[derive(Debug, thiserror::Error)]
    enum StoreError {
        #[error("redis")]
        Redis(#[from] RedisError),
    }
    #[redis_resilient(breaker = false, delay = "1ms")]
    async fn load(conn: &mut Conn) -> Result<i64, StoreError> {
        Ok(conn.incr("n", 1).await?)
    }
});

shape!(anyhow_error, |conn| load(conn).await?, 1, {
    use anyhow::Context as _;
    #[redis_resilient(breaker = false, delay = "1ms")]
    async fn load(conn: &mut Conn) -> anyhow::Result<i64> {
        conn.incr("n", 1).await.context("loading")
    }
});

shape!(boxed_error_that_is_not_send, |conn| load(conn).await?, 1, {
    #[redis_resilient(breaker = false, delay = "1ms")]
    async fn load(conn: &mut Conn) -> Result<i64, Box<dyn std::error::Error>> {
        Ok(conn.incr("n", 1).await?)
    }
});

shape!(raw_identifiers, |conn| r#match(conn, "k").await?, 1, {
    #[redis_resilient(breaker = false, delay = "1ms")]
    async fn r#match(conn: &mut Conn, r#type: &str) -> RedisResult<i64> {
        conn.incr(r#type, 1).await
    }
});

shape!(
    names_like_the_expansion_s,
    |conn| call(conn, 1, 2).await?,
    3,
    {
        #[redis_resilient(breaker = false, delay = "1ms")]
        async fn call(conn: &mut Conn, policy: i64, timer: i64) -> RedisResult<i64> {
            let __resilient_call = policy + timer;
            conn.incr("n", __resilient_call).await
        }
    }
);

struct Users {
    conn: Conn,
    prefix: String,
    calls: usize,
}

impl Users {
    #[redis_resilient(breaker = false, delay = "1ms")]
    async fn by_reference(&self, id: u64) -> RedisResult<i64> {
        self.conn
            .clone()
            .incr(format!("{}{id}", self.prefix), 1)
            .await
    }

    #[redis_resilient(breaker = false, delay = "1ms")]
    async fn by_mutable_reference(&mut self, id: u64) -> RedisResult<i64> {
        self.calls += 1;
        self.conn.incr(format!("{}{id}", self.prefix), 1).await
    }

    #[redis_resilient(breaker = false, delay = "1ms")]
    async fn by_value(mut self) -> RedisResult<i64> {
        self.conn.incr(&self.prefix, 1).await
    }

    #[redis_resilient(breaker = false, delay = "1ms")]
    async fn by_arc(self: Arc<Self>) -> RedisResult<i64> {
        self.conn.clone().incr(&self.prefix, 1).await
    }

    #[redis_resilient(breaker = false, delay = "1ms")]
    async fn borrows_from_self(&self) -> RedisResult<&str> {
        let _: i64 = self.conn.clone().incr("n", 1).await?;
        Ok(&self.prefix)
    }

    const KEY: &'static str = "associated";

    #[redis_resilient(breaker = false, delay = "1ms")]
    async fn associated(conn: &mut Conn) -> RedisResult<i64> {
        conn.incr(Self::KEY, 1).await
    }
}

#[tokio::test]
async fn methods() -> TestResult {
    let (server, conn) = refusing_twice().await?;
    let mut users = Users {
        conn: conn.clone(),
        prefix: "user:".into(),
        calls: 0,
    };
    assert_eq!(users.by_reference(1).await?, 1);
    tried_three_times(&server);
    refuse_twice(&server);
    assert_eq!(users.by_mutable_reference(1).await?, 2);
    assert_eq!(users.calls, 3, "what an attempt does to `self` stays done");
    refuse_twice(&server);
    assert_eq!(users.borrows_from_self().await?, "user:");
    refuse_twice(&server);
    assert_eq!(users.by_value().await?, 1);
    refuse_twice(&server);
    let users = Arc::new(Users {
        conn: conn.clone(),
        prefix: "user:".into(),
        calls: 0,
    });
    assert_eq!(users.by_arc().await?, 2);
    refuse_twice(&server);
    assert_eq!(Users::associated(&mut conn.clone()).await?, 1);
    assert_eq!(server.seen().len(), 3 * 6);
    Ok(())
}

#[async_trait]
trait Store {
    async fn bump(&mut self, key: String) -> RedisResult<i64>;
    async fn with_fallback(&self, key: &str) -> RedisResult<i64>;
}

#[async_trait]
impl Store for Users {
    #[redis_resilient(breaker = false, delay = "1ms")]
    async fn bump(&mut self, key: String) -> RedisResult<i64> {
        self.calls += 1;
        let n: i64 = self.conn.incr(&key, 1).await?;
        if n == 0 {
            return Ok(-1);
        }
        Ok(n)
    }

    #[redis_resilient(breaker = false, retries = 1, delay = "1ms", fallback = Self::length)]
    async fn with_fallback(&self, key: &str) -> RedisResult<i64> {
        self.conn.clone().incr(key, 1).await
    }
}

impl Users {
    #[expect(clippy::unused_async, reason = "a fallback may be a future")]
    async fn length(&self, key: &str) -> RedisResult<i64> {
        Ok(i64::try_from(self.prefix.len() + key.len()).unwrap_or(0))
    }
}

#[tokio::test]
async fn async_trait_methods() -> TestResult {
    let (server, conn) = refusing_twice().await?;
    let mut users = Users {
        conn,
        prefix: "user:".into(),
        calls: 0,
    };
    let store: &mut (dyn Store + Send) = &mut users;
    assert_eq!(store.bump("k".into()).await?, 1);
    tried_three_times(&server);
    refuse_twice(&server);
    assert_eq!(store.with_fallback("1234").await?, 9);
    assert_eq!(users.calls, 3);
    Ok(())
}

trait NativeStore {
    fn bump(&mut self) -> impl Future<Output = RedisResult<i64>> + Send;
}

impl NativeStore for Users {
    #[redis_resilient(breaker = false, delay = "1ms")]
    async fn bump(&mut self) -> RedisResult<i64> {
        self.conn.incr("n", 1).await
    }
}

#[tokio::test]
async fn native_async_trait_methods() -> TestResult {
    let (server, conn) = refusing_twice().await?;
    let mut users = Users {
        conn,
        prefix: "user:".into(),
        calls: 0,
    };
    assert_eq!(NativeStore::bump(&mut users).await?, 1);
    tried_three_times(&server);
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn spawned_on_the_multi_thread_runtime() -> TestResult {
    #[redis_resilient(timeout = "500ms", deadline = "2s", delay = "1ms", breaker = false, fallback = |_| Ok(0))]
    async fn incr(conn: &mut Conn, key: String) -> RedisResult<i64> {
        conn.incr(&key, 1).await
    }
    #[redis_resilient(breaker = false, delay = "1ms")]
    async fn not_send_error(conn: &mut Conn) -> Result<i64, Box<dyn std::error::Error>> {
        Ok(conn.incr("n", 1).await?)
    }
    let (server, mut conn) = refusing_twice().await?;
    let mut other = conn.clone();
    let value = tokio::spawn(async move { incr(&mut conn, "n".into()).await }).await??;
    assert_eq!(value, 1);
    tried_three_times(&server);
    let value = tokio::spawn(async move { not_send_error(&mut other).await.ok() }).await?;
    assert_eq!(value, Some(2));
    Ok(())
}

#[test]
fn sync_functions() -> TestResult {
    #[redis_resilient(breaker = false, delay = "1ms")]
    fn incr(conn: &mut redis::Connection, key: &str) -> RedisResult<i64> {
        let n: i64 = conn.incr(key, 1)?;
        if n == 0 {
            return Ok(-1);
        }
        Ok(n)
    }
    #[redis_resilient(breaker = false, delay = "1ms", clone(key))]
    fn consuming<C: redis::ConnectionLike>(conn: &mut C, key: String) -> RedisResult<i64> {
        redis::cmd("INCR").arg(Some(key)).query(conn)
    }
    #[redis_resilient(breaker = false, delay = "1ms", retries = 1, fallback = Ok(i64::MAX))]
    fn with_fallback(conn: &mut redis::Connection) -> RedisResult<i64> {
        conn.incr("n", 1)
    }
    let server = EmbeddedRedis::start()?;
    let mut conn = Client::open(server.url())?.get_connection()?;
    refuse_twice(&server);
    assert_eq!(incr(&mut conn, "n")?, 1);
    tried_three_times(&server);
    refuse_twice(&server);
    assert_eq!(consuming(&mut conn, "n".into())?, 2);
    refuse_twice(&server);
    assert_eq!(with_fallback(&mut conn)?, i64::MAX);
    Ok(())
}
