//! Credentials that Redis refuses: a fallback that is there answers each read, and the breaker stays out of it.

use std::time::{Duration, Instant};

use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use redis::{AsyncCommands, Client, Commands, RedisResult};
use redis_resilient::connection::Connector;
use redis_resilient::{Breaker, Class, Rejection, State, redis_resilient};
use redis_resilient_testkit::RealRedis;
use redis_resilient_tests::server_with;

type TestResult = Result<(), Box<dyn std::error::Error>>;

/// A server that wants a password, and the URL with it.
fn guarded() -> Result<(RealRedis, String), Box<dyn std::error::Error>> {
    let server = server_with(&["--requirepass", "right"])?;
    let url = format!("redis://:right@{}/", server.addr());
    redis_resilient_tests::connect(&url)?.set::<_, _, ()>("k", "redis")?;
    Ok((server, url))
}

/// The password is another one from here on, and who is connected has to say it.
fn rotate(server: &RealRedis, from: &str, to: &str) -> RedisResult<()> {
    let url = format!("redis://:{from}@{}/", server.addr());
    let mut operator = redis_resilient_tests::connect(&url)?;
    redis::cmd("CONFIG")
        .arg(&["SET", "requirepass", to])
        .exec(&mut operator)?;
    redis::cmd("CLIENT")
        .arg(&["KILL", "TYPE", "normal", "SKIPME", "yes"])
        .exec(&mut operator)
}

fn is_from_database(answer: RedisResult<String>) -> bool {
    answer.is_ok_and(|value| value.is_empty())
}

fn is_from_redis(answer: RedisResult<String>) -> bool {
    answer.is_ok_and(|value| value == "redis")
}

static SHARED: Breaker = Breaker::new("shared").failure_threshold(3);

#[redis_resilient(breaker = SHARED, fallback = Ok(String::new()))]
async fn read(redis: &Connector) -> RedisResult<String> {
    redis.get().await?.get("k").await
}

#[redis_resilient(breaker = SHARED, fallback = Ok(String::new()))]
fn read_blocking(redis: &Connector) -> RedisResult<String> {
    redis.get_blocking()?.get("k")
}

#[tokio::test]
async fn reads_of_our_connection_are_answered_while_the_password_is_wrong() -> TestResult {
    let (server, url) = guarded()?;
    let redis = Connector::open(url)?;
    assert!(is_from_redis(read(&redis).await));
    assert!(is_from_redis(read_blocking(&redis)));
    rotate(&server, "right", "other")?;
    for _ in 0..50 {
        assert!(is_from_database(read(&redis).await));
        assert!(is_from_database(read_blocking(&redis)));
    }
    assert_eq!(SHARED.state(), State::Closed, "Redis is well");
    rotate(&server, "other", "right")?;
    // A connect that has just failed speaks for those that come right after it.
    let begun = Instant::now();
    while !(is_from_redis(read(&redis).await) && is_from_redis(read_blocking(&redis))) {
        assert!(begun.elapsed() < Duration::from_secs(5), "still refused");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    Ok(())
}

#[tokio::test]
async fn reads_of_a_connection_manager_are_answered_while_the_password_is_wrong() -> TestResult {
    static MANAGED: Breaker = Breaker::new("managed").failure_threshold(3);
    #[redis_resilient(breaker = MANAGED, fallback = Ok(String::new()))]
    async fn read(redis: &mut ConnectionManager) -> RedisResult<String> {
        redis.get("k").await
    }
    let (server, url) = guarded()?;
    let config = ConnectionManagerConfig::new()
        .set_number_of_retries(0)
        .set_connection_timeout(Some(Duration::from_millis(500)));
    let mut redis = ConnectionManager::new_with_config(Client::open(url)?, config).await?;
    assert!(is_from_redis(read(&mut redis).await));
    rotate(&server, "right", "other")?;
    for _ in 0..50 {
        assert!(is_from_database(read(&mut redis).await));
    }
    assert_eq!(MANAGED.state(), State::Closed);
    Ok(())
}

#[test]
fn reads_of_a_blocking_connection_are_answered_while_the_password_is_wrong() -> TestResult {
    #[redis_resilient(breaker = false, fallback = Ok(String::new()))]
    fn read(client: &Client) -> RedisResult<String> {
        client.get_connection()?.get("k")
    }
    let (server, url) = guarded()?;
    let client = Client::open(url)?;
    assert!(is_from_redis(read(&client)));
    rotate(&server, "right", "other")?;
    for _ in 0..50 {
        assert!(is_from_database(read(&client)));
    }
    Ok(())
}

/// What a server says to a connection that has no password, and to a user who may not.
#[test]
fn a_missing_password_and_a_missing_permission_have_the_fallback_answer_too() -> TestResult {
    #[redis_resilient(breaker = false, fallback = Ok(String::new()))]
    fn read(redis: &mut redis::Connection) -> RedisResult<String> {
        redis.get("k")
    }
    #[redis_resilient(breaker = false, fallback = Ok(String::new()))]
    fn read_in_transaction(redis: &mut redis::Connection) -> RedisResult<String> {
        let (value,) = redis::pipe().atomic().get("k").query(redis)?;
        Ok(value)
    }
    let (server, url) = guarded()?;
    let mut nobody = redis_resilient_tests::connect(&server.url())?;
    assert!(is_from_database(read(&mut nobody)), "NOAUTH");
    redis::cmd("ACL")
        .arg(&["SETUSER", "guest", "on", ">secret", "+@all", "-get", "~*"])
        .exec(&mut redis_resilient_tests::connect(&url)?)?;
    let url = format!("redis://guest:secret@{}/", server.addr());
    let mut guest = redis_resilient_tests::connect(&url)?;
    assert!(is_from_database(read(&mut guest)), "NOPERM");
    assert!(is_from_database(read_in_transaction(&mut guest)), "NOPERM");
    Ok(())
}

#[tokio::test]
async fn a_fallback_for_outages_leaves_wrong_credentials_to_the_caller() -> TestResult {
    #[redis_resilient(breaker = false, backoff = "none", fallback = Ok(String::new()), fallback_on = "outage")]
    async fn read(redis: &Connector) -> RedisResult<String> {
        redis.get().await?.get("k").await
    }
    #[redis_resilient(breaker = false, backoff = "none", fallback = Ok(String::new()), fallback_on = "outage")]
    fn read_blocking(redis: &Connector) -> RedisResult<String> {
        redis.get_blocking()?.get("k")
    }
    let (server, _) = guarded()?;
    let redis = Connector::open(format!("redis://:wrong@{}/", server.addr()))?;
    for answer in [read(&redis).await, read_blocking(&redis)] {
        let error = answer.expect_err("the password is wrong");
        assert_eq!(Class::of(&error), Class::Misconfigured);
    }
    server.kill();
    let redis = Connector::open(server.url())?;
    assert!(is_from_database(read(&redis).await), "an outage");
    assert!(is_from_database(read_blocking(&redis)), "an outage");
    Ok(())
}

/// A value of an option that makes no sense is a mistake of the program, which no fallback hides: neither its own nor that of a caller.
#[tokio::test]
async fn an_option_s_wrong_value_is_told_in_spite_of_a_fallback() {
    #[redis_resilient(breaker = false, retries = retries, fallback = Ok(String::new()))]
    async fn inner(retries: u32) -> RedisResult<String> {
        Ok("redis".to_owned())
    }
    #[redis_resilient(breaker = false, fallback = Ok(String::new()))]
    async fn outer() -> RedisResult<String> {
        inner(1000).await
    }
    for answer in [inner(1000).await, outer().await] {
        let error = answer.expect_err("that is too much");
        assert!(
            matches!(
                Rejection::find(&error),
                Some(Rejection::Misconfigured { .. })
            ),
            "{error}"
        );
    }
}

/// Whatever is wrong before anything can be sent counts as wrong settings.
#[test]
fn a_bad_address_has_the_fallback_answer() {
    #[redis_resilient(breaker = false, fallback = Ok(String::new()))]
    fn read(url: &str) -> RedisResult<String> {
        Client::open(url)?.get_connection()?.get("k")
    }
    assert!(is_from_database(read("http://example.invalid/")));
}
