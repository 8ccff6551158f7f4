//! What a fallback may be, when it answers, and what it gets.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use redis::aio::MultiplexedConnection;
use redis::{AsyncCommands, Client, RedisError, RedisResult};
use std::time::Duration;

use redis_resilient::{Breaker, Class, Rejection, redis_resilient};
use redis_resilient_testkit::{EmbeddedRedis, ReplyFault};

type TestResult = Result<(), Box<dyn std::error::Error>>;
type Conn = MultiplexedConnection;

/// A server that answers every command with this error, and a connection to it.
async fn answering(
    error: &'static str,
) -> Result<(EmbeddedRedis, Conn), Box<dyn std::error::Error>> {
    let server = EmbeddedRedis::start()?;
    let connection = Client::open(server.url())?
        .get_multiplexed_async_connection()
        .await?;
    server.always(Some(ReplyFault::Error(error)));
    Ok((server, connection))
}

const LOADING: &str = "LOADING Redis is loading the dataset in memory";

async fn database(_: &mut Conn, id: u64) -> RedisResult<String> {
    Ok(format!("row {id}"))
}

macro_rules! answers {
    ($name:ident, $expected:expr, { $fallback:expr }) => {
        #[tokio::test]
        async fn $name() -> TestResult {
            #[redis_resilient(breaker = false, retries = 1, delay = "1ms", fallback = $fallback)]
            async fn get(conn: &mut Conn, id: u64) -> RedisResult<String> {
                conn.get(id).await
            }
            let (server, mut conn) = answering(LOADING).await?;
            assert_eq!(get(&mut conn, 7).await?, $expected);
            assert_eq!(server.seen().len(), 2);
            Ok(())
        }
    };
}

#[tokio::test]
async fn an_async_function_by_its_path() -> TestResult {
    #[redis_resilient(breaker = false, retries = 1, delay = "1ms", fallback = database)]
    async fn get(conn: &mut Conn, id: u64) -> RedisResult<String> {
        conn.get(id).await
    }
    let (server, mut conn) = answering(LOADING).await?;
    assert_eq!(get(&mut conn, 7).await?, "row 7");
    assert_eq!(
        server.seen().len(),
        2,
        "the fallback comes after the attempts"
    );
    Ok(())
}

#[tokio::test]
async fn a_plain_function_by_its_path() -> TestResult {
    #[expect(
        clippy::unnecessary_wraps,
        reason = "a fallback returns what the function returns"
    )]
    fn constant(_: &mut Conn, id: u64) -> RedisResult<String> {
        Ok(format!("plain {id}"))
    }
    #[redis_resilient(breaker = false, retries = 0, fallback = constant)]
    async fn get(conn: &mut Conn, id: u64) -> RedisResult<String> {
        conn.get(id).await
    }
    let (_server, mut conn) = answering(LOADING).await?;
    assert_eq!(get(&mut conn, 7).await?, "plain 7");
    Ok(())
}

answers!(a_value, "none", { Ok("none".to_owned()) });
answers!(
    a_closure_that_gives_a_value,
    "An error was signalled by the server",
    { |error: RedisError| Ok(first_words(&error)) }
);
answers!(a_closure_that_gives_a_future, "async", {
    |_| async { Ok("async".to_owned()) }
});

fn first_words(_: &RedisError) -> String {
    "An error was signalled by the server".to_owned()
}

#[tokio::test]
async fn an_expression_over_the_arguments() -> TestResult {
    #[redis_resilient(breaker = false, retries = 0, fallback = database(conn, id + 1))]
    async fn get(conn: &mut Conn, id: u64) -> RedisResult<String> {
        conn.get(id).await
    }
    let (_server, mut conn) = answering(LOADING).await?;
    assert_eq!(get(&mut conn, 7).await?, "row 8");
    Ok(())
}

#[tokio::test]
async fn a_closure_gets_the_last_error() -> TestResult {
    #[redis_resilient(breaker = false, retries = 1, delay = "1ms", fallback = |error| Ok(format!("{id}: {:?}", error.code())))]
    async fn get(conn: &mut Conn, id: u64) -> RedisResult<String> {
        conn.get(id).await
    }
    let (server, mut conn) = answering(LOADING).await?;
    server.fault(ReplyFault::Error("BUSY Redis is busy running a script"));
    assert_eq!(get(&mut conn, 7).await?, "7: Some(\"LOADING\")");
    Ok(())
}

#[tokio::test]
async fn a_list_is_tried_in_turn() -> TestResult {
    static ASKED: AtomicUsize = AtomicUsize::new(0);
    async fn replica(_: &mut Conn, _: u64) -> RedisResult<String> {
        ASKED.fetch_add(1, Ordering::Relaxed);
        Err(RedisError::from((
            redis::ErrorKind::Client,
            "the replica is down too",
        )))
    }
    #[redis_resilient(breaker = false, retries = 0, fallback = [replica, database, Ok("never".to_owned())])]
    async fn get(conn: &mut Conn, id: u64) -> RedisResult<String> {
        conn.get(id).await
    }
    let (_server, mut conn) = answering(LOADING).await?;
    assert_eq!(get(&mut conn, 7).await?, "row 7");
    assert_eq!(ASKED.load(Ordering::Relaxed), 1);
    Ok(())
}

#[tokio::test]
async fn the_fallback_s_own_error_is_the_answer() -> TestResult {
    async fn broken(_: &mut Conn) -> RedisResult<String> {
        Err(RedisError::from((
            redis::ErrorKind::Client,
            "the database is down too",
        )))
    }
    #[redis_resilient(breaker = false, retries = 0, fallback = broken)]
    async fn get(conn: &mut Conn) -> RedisResult<String> {
        conn.get("k").await
    }
    let (_server, mut conn) = answering(LOADING).await?;
    let error = get(&mut conn).await.err().map(|error| error.to_string());
    assert_eq!(error.as_deref(), Some("the database is down too - Client"));
    Ok(())
}

struct Users {
    conn: Conn,
}

impl Users {
    #[redis_resilient(breaker = false, retries = 0, fallback = Self::database_row)]
    async fn get(&self, id: u64) -> RedisResult<String> {
        self.conn.clone().get(id).await
    }

    #[redis_resilient(breaker = false, retries = 0, fallback = self.database_row)]
    async fn get_too(&self, id: u64) -> RedisResult<String> {
        self.conn.clone().get(id).await
    }

    #[expect(clippy::unused_async, reason = "a fallback may be a future")]
    async fn database_row(&self, id: u64) -> RedisResult<String> {
        Ok(format!("method {id}"))
    }
}

#[tokio::test]
async fn a_method_with_its_receiver() -> TestResult {
    let (_server, conn) = answering(LOADING).await?;
    let users = Users { conn };
    assert_eq!(users.get(7).await?, "method 7");
    assert_eq!(users.get_too(8).await?, "method 8");
    Ok(())
}

#[tokio::test]
async fn a_permanent_error_is_not_hidden_by_the_fallback() -> TestResult {
    #[redis_resilient(breaker = false, delay = "1ms", fallback = database)]
    async fn get(conn: &mut Conn, id: u64) -> RedisResult<String> {
        conn.get(id).await
    }
    let (server, mut conn) =
        answering("WRONGTYPE Operation against a key holding the wrong kind of value").await?;
    let error = get(&mut conn, 7).await.err();
    assert_eq!(error.as_ref().and_then(RedisError::code), Some("WRONGTYPE"));
    assert_eq!(server.seen().len(), 1, "and it is not tried again");
    Ok(())
}

#[tokio::test]
async fn the_original_error_is_the_answer_without_a_fallback() -> TestResult {
    #[redis_resilient(breaker = false, retries = 2, delay = "1ms")]
    async fn get(conn: &mut Conn) -> RedisResult<String> {
        conn.get("k").await
    }
    let (server, mut conn) = answering(LOADING).await?;
    let error = get(&mut conn).await.err();
    assert_eq!(error.as_ref().and_then(RedisError::code), Some("LOADING"));
    assert!(
        error
            .as_ref()
            .is_some_and(|error| Rejection::find(error).is_none())
    );
    assert_eq!(server.seen().len(), 3);
    Ok(())
}

#[tokio::test]
async fn an_open_circuit_goes_straight_to_the_fallback() -> TestResult {
    static OPENS: Breaker = Breaker::new("opens")
        .failure_threshold(2)
        .burst_window(Duration::ZERO);
    #[redis_resilient(breaker = OPENS, retries = 5, delay = "1ms", fallback = database)]
    async fn get(conn: &mut Conn, id: u64) -> RedisResult<String> {
        conn.get(id).await
    }
    #[redis_resilient(breaker = OPENS)]
    async fn bare(conn: &mut Conn) -> RedisResult<String> {
        conn.get("k").await
    }
    #[redis_resilient(breaker = &OPENS, fallback = |error| Ok(format!("{:?}", Rejection::find(&error).is_some())))]
    async fn closure(conn: &mut Conn) -> RedisResult<String> {
        conn.get("k").await
    }
    let (server, mut conn) = answering(LOADING).await?;
    assert_eq!(get(&mut conn, 7).await?, "row 7");
    assert_eq!(
        server.seen().len(),
        2,
        "the attempt that opens the circuit is the last one"
    );
    assert_eq!(get(&mut conn, 8).await?, "row 8");
    let error = bare(&mut conn).await.err();
    assert!(
        matches!(
            error.as_ref().and_then(|error| Rejection::find(error)),
            Some(Rejection::CircuitOpen {
                breaker: "opens",
                ..
            })
        ),
        "{error:?}"
    );
    assert_eq!(closure(&mut conn).await?, "true");
    assert_eq!(server.seen().len(), 2, "an open circuit spares the server");
    Ok(())
}

#[tokio::test]
async fn classify_decides() -> TestResult {
    #[derive(Debug)]
    struct Odd;
    #[redis_resilient(breaker = false, timeout = false, retries = 2, delay = "1ms", classify = |_: &Odd| Class::Unavailable)]
    async fn odd(calls: &AtomicUsize) -> Result<(), Odd> {
        calls.fetch_add(1, Ordering::Relaxed);
        Err(Odd)
    }
    fn never(_: &RedisError) -> Class {
        Class::NotRedis
    }
    #[redis_resilient(breaker = false, classify = never)]
    async fn get(conn: &mut Conn) -> RedisResult<String> {
        conn.get("k").await
    }
    let calls = AtomicUsize::new(0);
    assert!(odd(&calls).await.is_err());
    assert_eq!(calls.into_inner(), 3);
    let (server, mut conn) = answering(LOADING).await?;
    assert!(get(&mut conn).await.is_err());
    assert_eq!(server.seen().len(), 1);
    Ok(())
}

#[tokio::test]
async fn breakers_may_be_fields_and_shared_pointers() -> TestResult {
    struct Cache {
        breaker: Breaker,
        shared: Arc<Breaker>,
    }
    impl Cache {
        #[redis_resilient(breaker = self.breaker, retries = 0)]
        async fn by_field(&self, conn: &mut Conn) -> RedisResult<String> {
            conn.get("k").await
        }
        #[redis_resilient(breaker = self.shared, retries = 0)]
        async fn by_arc(&self, conn: &mut Conn) -> RedisResult<String> {
            conn.get("k").await
        }
    }
    let (_server, mut conn) = answering(LOADING).await?;
    let cache = Cache {
        breaker: Breaker::new("field").failure_threshold(1),
        shared: Arc::new(Breaker::new("shared").failure_threshold(1)),
    };
    assert!(cache.by_field(&mut conn).await.is_err());
    assert_eq!(cache.breaker.state(), redis_resilient::State::Open);
    assert!(cache.by_arc(&mut conn).await.is_err());
    assert_eq!(cache.shared.state(), redis_resilient::State::Open);
    Ok(())
}
