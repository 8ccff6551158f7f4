//! Which server an attempt failed at, where that has replied with an error, or was waited for until the attempt was cut off.

use super::*;

#[redis_resilient(retries = 1, backoff = "none", breaker = false, name = "one command")]
async fn one(redis: &Connector) -> RedisResult<u64> {
    redis.get().await?.lpush("list", 1).await
}

#[redis_resilient(retries = 0, breaker = false, name = "a pipeline")]
async fn pipeline(redis: &Connector) -> RedisResult<(u64,)> {
    let mut redis = redis.get().await?;
    redis::pipe().lpush("list", 1).query_async(&mut redis).await
}

#[redis_resilient(retries = 0, breaker = false, name = "a transaction")]
async fn transaction(redis: &Connector) -> RedisResult<(u64,)> {
    let mut redis = redis.get().await?;
    let mut transaction = redis::pipe();
    transaction.atomic().lpush("list", 1);
    transaction.query_async(&mut redis).await
}

#[redis_resilient(retries = 0, breaker = false, name = "a dedicated connection")]
async fn dedicated(redis: &Connector) -> RedisResult<u64> {
    redis.dedicated().await?.lpush("list", 1).await
}

#[redis_resilient(retries = 0, breaker = false, name = "blocking code")]
fn blocking(redis: &Connector) -> RedisResult<u64> {
    Commands::lpush(&mut redis.get_blocking()?, "list", 1)
}

/// What all of them fail with, which every event tells with this address.
async fn all_fail(
    redis: &Connector,
    address: &str,
) -> Result<Vec<String>, Box<dyn std::error::Error>> {
    let before = all_told().len();
    let mut errors = vec![
        one(redis).await.err(),
        pipeline(redis).await.err(),
        transaction(redis).await.err(),
        dedicated(redis).await.err(),
    ];
    let redis = redis.clone();
    errors.push(tokio::task::spawn_blocking(move || blocking(&redis).err()).await?);
    for function in [
        "one command",
        "a pipeline",
        "a transaction",
        "a dedicated connection",
        "blocking code",
    ] {
        is_told(before, function, address);
    }
    let errors = errors.into_iter().map(|error| Some(error?.to_string()));
    Ok(errors.collect::<Option<Vec<_>>>().ok_or("all fail")?)
}

/// The events of this function since then name this server, and so does the log.
fn is_told(since: usize, function: &str, address: &str) {
    let told = all_told();
    let of = |told: &&Told| told.kind == "attempt" && told.all.contains(&format!("{function:?}"));
    let told: Vec<_> = told[since..].iter().filter(of).collect();
    assert!(!told.is_empty(), "{function}");
    for told in told {
        assert_eq!(told.address.as_deref(), Some(address), "{told:?}");
    }
    let log = printed_of(address);
    assert!(
        log.iter().any(|line| line.contains(function)),
        "{function}: {log:#?}"
    );
}

/// One test, for its functions are told from others by name.
#[tokio::test]
async fn a_reply_is_told_of_with_the_server_that_gave_it() -> TestResult {
    let server = guarded()?;
    let address = server.addr().to_string();
    let mut direct = connect(&url(&server, SECRET))?;
    let mut limited = redis::cmd("ACL");
    limited.arg("SETUSER").arg("limited").arg("on");
    limited.arg(format!(">{SECRET}")).arg("~*").arg("+@all");
    limited.arg("-lpush").exec(&mut direct)?;
    let limited = format!("redis://limited:{SECRET}@{address}");
    for error in all_fail(&connector(&limited)?, &address).await? {
        assert!(
            error.contains("permissions") || error.contains("EXECABORT"),
            "{error}"
        );
    }
    for error in all_fail(&connector(&url(&server, "wrong"))?, &address).await? {
        assert!(error.contains("authentication failed"), "{error}");
    }
    let server = RealRedis::builder().wait_loaded(false).start()?;
    let address = server.addr().to_string();
    let mut direct = connect(&server.url())?;
    let mut fill = redis::cmd("DEBUG");
    fill.arg("POPULATE").arg(20_000).arg("key").arg(10);
    fill.exec(&mut direct)?;
    redis::cmd("SAVE").exec(&mut direct)?;
    let interval = "--loading-process-events-interval-bytes";
    server.restart_with(["--key-load-delay", "200", interval, "1024"])?;
    for error in all_fail(&connector(&server.url())?, &address).await? {
        assert!(
            error.contains("loading") || error.contains("EXECABORT"),
            "{error}"
        );
    }
    Ok(())
}

#[redis_resilient(retries = 0, timeout = "100ms", breaker = false, name = "cut off")]
async fn cut_off(redis: &mut Connection) -> RedisResult<u64> {
    redis.get("n").await
}

#[redis_resilient(
    retries = 0,
    timeout = "100ms",
    breaker = false,
    name = "cut off while it blocks"
)]
async fn cut_off_while_it_blocks(redis: &mut Connection) -> RedisResult<Option<(String, u64)>> {
    redis.blpop("none", 0.0).await
}

#[redis_resilient(
    retries = 0,
    timeout = "100ms",
    breaker = false,
    name = "nothing was sent"
)]
async fn nothing_was_sent() -> RedisResult<u64> {
    std::future::pending().await
}

#[tokio::test]
async fn an_attempt_that_is_cut_off_is_told_of_with_the_server_that_it_waited_for() -> TestResult {
    let server = guarded()?;
    let address = server.addr().to_string();
    let mut redis = unlooked(&server)?.get().await?;
    write(&mut redis, "n", 1).await?;
    let before = all_told().len();
    assert!(cut_off_while_it_blocks(&mut redis).await.is_err());
    is_told(before, "cut off while it blocks", &address);
    server.freeze();
    assert!(cut_off(&mut redis).await.is_err());
    is_told(before, "cut off", &address);
    assert!(nothing_was_sent().await.is_err());
    let told = all_told();
    let nothing = told[before..]
        .iter()
        .find(|told| told.all.contains("nothing was sent"));
    assert_eq!(nothing.ok_or("it is told")?.address, None);
    Ok(())
}
