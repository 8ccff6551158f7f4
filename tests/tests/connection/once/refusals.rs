//! A server that refuses has executed nothing.

use redis::ServerErrorKind;
use redis_resilient::connection::Lock;
use redis_resilient::{Breaker, Class, State};
use redis_resilient_tests::{connect, server_with};

use super::*;

static BREAKER: Breaker = Breaker::new("refused writes");

#[redis_resilient(retries = 2, delay = "1ms", breaker = BREAKER)]
async fn count_with_a_breaker(redis: &mut Connection, once: &Once) -> RedisResult<i64> {
    once.run(redis, "n", cmd("INCR").arg("n")).await
}

/// Has this refused, and nothing kept of it; then allowed.
async fn is_refused(server: &RealRedis, on: &[&str], off: &[&str], code: &str) -> TestResult {
    let mut operator = connect(&server.url())?;
    let redis = connector(&server.url())?;
    let mut connection = redis.get().await?;
    let mut blocking = redis.get_blocking()?;
    let once = Once::new();
    let wrong = Once::with_token(7);
    operator.set::<_, _, ()>("n", 0)?;
    operator.set::<_, _, ()>("string", "text")?;
    for line in on {
        typed(line).exec(&mut operator)?;
    }
    let alone = typed("INCR n");
    let alone = alone.query_async::<i64>(&mut connection).await;
    let alone = alone.expect_err("refused");
    let error = count(&mut connection, &once).await.expect_err("refused");
    assert_eq!(error.code(), Some(code), "{error}");
    assert_eq!(
        error.detail(),
        alone.detail(),
        "as the command alone has it"
    );
    assert_eq!(Class::of(&error), Class::of(&alone));
    let error = count_blocking(&mut blocking, &once).expect_err("refused");
    assert_eq!(Class::of(&error), Class::of(&alone));
    let locked = Lock::new("lock").try_acquire(&redis).await;
    let error = locked.expect_err("refused");
    assert_eq!(Class::of(&error), Class::of(&alone));
    // What is wrong by itself is not found before the token.
    let text = typed("INCR string");
    let error = wrong.run::<i64>(&mut connection, "string", &text).await;
    assert_eq!(error.expect_err("refused").code(), Some(code));
    for line in off {
        typed(line).exec(&mut operator)?;
    }
    let keys: Vec<String> = operator.keys("*")?;
    assert_eq!(keys.len(), 2, "neither token nor lock is left: {keys:?}");
    assert_eq!(count(&mut connection, &once).await?, 1);
    assert_eq!(count_blocking(&mut blocking, &once)?, 1);
    Ok(())
}

#[tokio::test]
async fn a_server_without_memory_refuses_before_anything_is_executed() -> TestResult {
    let server = redis_resilient_tests::server()?;
    let on = ["CONFIG SET maxmemory 1"];
    is_refused(&server, &on, &["CONFIG SET maxmemory 0"], "OOM").await?;
    let mut operator = connect(&server.url())?;
    let mut redis = connector(&server.url())?.get().await?;
    typed(on[0]).exec(&mut operator)?;
    for _ in 0..50 {
        let error = count_with_a_breaker(&mut redis, &Once::new()).await;
        assert_eq!(Class::of(&error.expect_err("full")), Class::WriteRefused);
    }
    assert_eq!(BREAKER.state(), State::Closed);
    Ok(())
}

#[tokio::test]
async fn a_server_without_its_replicas_refuses_before_anything_is_executed() -> TestResult {
    let server = redis_resilient_tests::server()?;
    let on = ["CONFIG SET min-replicas-to-write 1"];
    let off = ["CONFIG SET min-replicas-to-write 0"];
    is_refused(&server, &on, &off, "NOREPLICAS").await
}

#[tokio::test]
async fn a_server_that_cannot_save_refuses_before_anything_is_executed() -> TestResult {
    let server = server_with(&["--save", "3600 1", "--enable-debug-command", "yes"])?;
    let mut operator = connect(&server.url())?;
    // The snapshot cannot be put where a directory is.
    let dir: Vec<String> = typed("CONFIG GET dir").query(&mut operator)?;
    let name: Vec<String> = typed("CONFIG GET dbfilename").query(&mut operator)?;
    std::fs::create_dir(std::path::Path::new(&dir[1]).join(&name[1]))?;
    operator.set::<_, _, ()>("x", 1)?;
    operator.del::<_, ()>("x")?;
    typed("BGSAVE").exec(&mut operator)?;
    let begun = std::time::Instant::now();
    loop {
        let info: String = typed("INFO persistence").query(&mut operator)?;
        if info.contains("rdb_last_bgsave_status:err") {
            break;
        }
        assert!(begun.elapsed() < Duration::from_secs(20), "{info}");
        tokio::time::sleep(MS(10)).await;
    }
    let off = ["CONFIG SET stop-writes-on-bgsave-error no"];
    // It refuses from here on, so what comes before is let through.
    typed(off[0]).exec(&mut operator)?;
    let on = ["CONFIG SET stop-writes-on-bgsave-error yes"];
    is_refused(&server, &on, &off, "MISCONF").await
}

#[tokio::test]
async fn a_demoted_server_refuses_before_anything_is_executed() -> TestResult {
    let server = redis_resilient_tests::server()?;
    let on = ["REPLICAOF 127.0.0.1 1"];
    let mut operator = connect(&server.url())?;
    let mut redis = connector(&server.url())?.get().await?;
    typed(on[0]).exec(&mut operator)?;
    let counted = Once::new()
        .run::<i64>(&mut redis, "n", &typed("INCR n"))
        .await;
    let error = counted.expect_err("a replica");
    assert_eq!(error.kind(), ServerErrorKind::ReadOnly.into());
    assert_eq!(Class::of(&error), Class::Unavailable);
    Ok(())
}

#[tokio::test]
async fn a_failure_of_the_command_is_as_the_command_alone_has_it_and_leaves_no_token() -> TestResult
{
    for protocol in ["resp2", "resp3"] {
        let server = redis_resilient_tests::server()?;
        let url = format!("{}?protocol={protocol}", server.url());
        let mut redis = connector(&url)?.get().await?;
        redis.set::<_, _, ()>("string", "text").await?;
        for line in [
            "INCR string",
            "LPUSH string x",
            "ZADD string 1 m",
            "SPOP string",
            "HSET hash f",
            "NOSUCH x",
            "SUBSCRIBE x",
            "XREADGROUP GROUP g c STREAMS stream >",
        ] {
            let command = typed(line);
            let error = Once::new()
                .run::<Value>(&mut redis, "string", &command)
                .await
                .expect_err(line);
            assert_eq!(Class::of(&error), Class::Permanent, "{line}: {error}");
            // Of these Lua has words of its own.
            if ["HSET", "NOSUCH", "SUBSCRIBE"].contains(&line.split(' ').next().unwrap_or_default())
            {
                continue;
            }
            let alone = command.query_async::<Value>(&mut redis).await;
            let alone = alone.expect_err(line);
            assert_eq!(error.code(), alone.code(), "{line}");
            assert_eq!(error.detail(), alone.detail(), "{line}");
        }
        assert_eq!(typed("DBSIZE").query_async::<u64>(&mut redis).await?, 1);
    }
    Ok(())
}

/// Executed it would be, and a repeat would do it again.
#[tokio::test]
async fn who_may_not_set_a_token_executes_nothing() -> TestResult {
    let server = redis_resilient_tests::server()?;
    let mut operator = connect(&server.url())?;
    typed("ACL SETUSER app on nopass ~* +eval +get +incr").exec(&mut operator)?;
    let builder = builder(&server.url())?
        .credentials(|| redis_resilient::connection::Credentials::user("app", "x"));
    let mut redis = builder.build().get().await?;
    let error = count(&mut redis, &Once::new()).await.expect_err("NOPERM");
    assert_eq!(Class::of(&error), Class::Permanent, "{error}");
    assert_eq!(operator.exists::<_, u64>("n")?, 0);
    Ok(())
}
