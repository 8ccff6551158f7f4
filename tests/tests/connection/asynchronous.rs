//! What a connection lives through, and how soon it is back.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use redis::{AsyncCommands, RedisResult};
use redis_resilient::connection::{Connection, Connector, Credentials};
use redis_resilient::{Class, redis_resilient};
use redis_resilient_testkit::{ReplyCut, WireFault};
use redis_resilient_tests::server_with;
use tokio::time::sleep;

use super::*;

/// As an application does it: each attempt asks for a connection.
#[redis_resilient(retries = 10, backoff = "fixed", delay = "50ms", breaker = false)]
async fn ping(redis: &Connector) -> RedisResult<String> {
    redis::cmd("PING")
        .query_async(&mut redis.get().await?)
        .await
}

/// As an application may do as well: it holds on to a connection.
#[redis_resilient(retries = 10, backoff = "fixed", delay = "50ms", breaker = false)]
async fn ping_over(redis: &mut Connection) -> RedisResult<String> {
    redis::cmd("PING").query_async(redis).await
}

#[tokio::test]
async fn an_application_starts_with_redis_down() -> TestResult {
    let (server, proxy) = proxied()?;
    proxy.set(WireFault::Refuse);
    let redis = connector(&proxy.url())?;
    let begun = Instant::now();
    let error = redis.get().await.expect_err("nobody listens");
    assert_eq!(Class::of(&error), Class::Unreachable);
    assert!(begun.elapsed() < CONNECT + SLACK);
    proxy.pass();
    assert_eq!(ping(&redis).await?, "PONG");
    drop(server);
    Ok(())
}

#[tokio::test]
async fn a_killed_server_is_found_again() -> TestResult {
    let server = redis_resilient_tests::server()?;
    let redis = connector(&server.url())?;
    let mut held = redis.get().await?;
    assert_eq!(ping_over(&mut held).await?, "PONG");
    server.kill();
    assert!(ping(&redis).await.is_err());
    server.restart()?;
    assert_eq!(ping(&redis).await?, "PONG");
    assert_eq!(ping_over(&mut held).await?, "PONG");
    Ok(())
}

#[tokio::test]
async fn a_connection_that_leads_nowhere_is_given_up() -> TestResult {
    let (_server, proxy) = proxied()?;
    let redis = connector(&proxy.url())?;
    assert_eq!(ping(&redis).await?, "PONG");
    let before = proxy.accepted();
    proxy.set(WireFault::BlackHoleExisting);
    let begun = Instant::now();
    assert_eq!(ping(&redis).await?, "PONG");
    let took = begun.elapsed();
    assert_eq!(proxy.accepted(), before + 1);
    assert!(took >= 2 * RESPONSE, "{took:?}");
    assert!(took < 2 * RESPONSE + CONNECT + SLACK, "{took:?}");
    Ok(())
}

#[tokio::test]
async fn a_connection_that_has_been_idle_is_tried_before_a_command_is_lost_on_it() -> TestResult {
    let (server, proxy) = proxied()?;
    let redis = builder(&proxy.url())?.health_check_after(MS(100)).build();
    let mut held = redis.get().await?;
    let _: i64 = held.incr("n", 1).await?;
    sleep(MS(150)).await;
    proxy.set(WireFault::BlackHoleExisting);
    // Not one attempt more: what got no answer was a PING.
    let n: i64 = held.incr("n", 1).await?;
    assert_eq!(n, 2);
    drop(server);
    Ok(())
}

#[tokio::test]
async fn callers_that_do_not_wait_long_enough_give_it_up_too() -> TestResult {
    #[redis_resilient(retries = 20, backoff = "none", timeout = "60ms", breaker = false)]
    async fn hasty(redis: &Connector) -> RedisResult<String> {
        redis::cmd("PING")
            .query_async(&mut redis.get().await?)
            .await
    }
    let (_server, proxy) = proxied()?;
    let redis = connector(&proxy.url())?;
    assert_eq!(ping(&redis).await?, "PONG");
    proxy.set(WireFault::BlackHoleExisting);
    assert_eq!(hasty(&redis).await?, "PONG");
    Ok(())
}

#[tokio::test]
async fn a_frozen_server_costs_no_more_than_its_limits() -> TestResult {
    let server = redis_resilient_tests::server()?;
    let redis = connector(&server.url())?;
    assert_eq!(ping(&redis).await?, "PONG");
    server.freeze();
    for _ in 0..4 {
        let begun = Instant::now();
        let once = async {
            redis::cmd("PING")
                .query_async::<String>(&mut redis.get().await?)
                .await
        };
        assert!(once.await.is_err());
        assert!(begun.elapsed() < RESPONSE + CONNECT + SLACK);
    }
    server.thaw();
    assert_eq!(ping(&redis).await?, "PONG");
    Ok(())
}

#[tokio::test]
async fn a_changed_password_is_asked_for_anew() -> TestResult {
    let server = server_with(&["--requirepass", "first"])?;
    let proxy = FaultProxy::to(server.addr())?;
    let password = Arc::new(Mutex::new("first"));
    let asked = password.clone();
    let redis = builder(&proxy.url())?
        .credentials(move || {
            Credentials::password(*asked.lock().unwrap_or_else(PoisonError::into_inner))
        })
        .build();
    let mut held = redis.get().await?;
    redis::cmd("CONFIG")
        .arg(&["SET", "requirepass", "second"])
        .exec_async(&mut held)
        .await?;
    // The old one is refused as soon as the connection is lost, again and again.
    proxy.reset_connections();
    for _ in 0..5 {
        let error = loop {
            match redis::cmd("PING").exec_async(&mut held).await {
                Err(error) if error.is_io_error() => {}
                Err(error) => break error,
                Ok(()) => panic!("with the old password"),
            }
        };
        assert_eq!(Class::of(&error), Class::Misconfigured, "{error}");
        assert!(!format!("{error} {error:?} {redis:?}").contains("first"));
    }
    *password.lock().unwrap_or_else(PoisonError::into_inner) = "second";
    // It rests a moment after a connect that failed. The first call after that, without a retry.
    sleep(MS(300)).await;
    redis::cmd("PING").exec_async(&mut held).await?;
    Ok(())
}

#[tokio::test]
async fn a_replica_that_was_a_primary_is_left() -> TestResult {
    let server = redis_resilient_tests::server()?;
    let proxy = FaultProxy::to(server.addr())?;
    let redis = connector(&proxy.url())?;
    let mut held = redis.get().await?;
    let replicate = |of: [&'static str; 2]| {
        let mut command = redis::cmd("REPLICAOF");
        command.arg(&of);
        command
    };
    replicate(["127.0.0.1", "1"]).exec_async(&mut held).await?;
    let before = proxy.accepted();
    let error = held.set::<_, _, ()>("k", "v").await.expect_err("a replica");
    assert_eq!(Class::of(&error), Class::Unavailable);
    replicate(["NO", "ONE"]).exec_async(&mut held).await?;
    assert_eq!(proxy.accepted(), before + 1, "over a new connection");
    held.set::<_, _, ()>("k", "v").await?;
    Ok(())
}

#[tokio::test]
async fn an_outage_is_no_storm() -> TestResult {
    const CALLERS: usize = 200;
    let (server, proxy) = proxied()?;
    let redis = connector(&proxy.url())?;
    assert_eq!(ping(&redis).await?, "PONG");
    // Accepted and cut at once, so that connects are counted.
    server.kill();
    proxy.reset_connections();
    let before = proxy.accepted();
    let outage = MS(2000);
    let end = Instant::now() + outage;
    let callers = (0..CALLERS).map(|_| {
        let redis = redis.clone();
        tokio::spawn(async move {
            let mut longest = MS(0);
            while Instant::now() < end {
                let begun = Instant::now();
                let once = async { redis::cmd("PING").exec_async(&mut redis.get().await?).await };
                assert!(once.await.is_err());
                longest = longest.max(begun.elapsed());
                sleep(MS(5)).await;
            }
            longest
        })
    });
    let callers: Vec<_> = callers.collect();
    for caller in callers {
        assert!(caller.await? < CONNECT + SLACK);
    }
    let connects = proxy.accepted() - before;
    // At most one each 125 ms once it rests longest, and five before that.
    assert!(
        (5..=25).contains(&connects),
        "{connects} connects in {outage:?}"
    );
    server.restart()?;
    assert_eq!(ping(&redis).await?, "PONG");
    Ok(())
}

#[tokio::test]
async fn many_callers_share_one_connect() -> TestResult {
    let (_server, proxy) = proxied()?;
    let redis = connector(&proxy.url())?;
    let callers = (0..100).map(|_| {
        let redis = redis.clone();
        tokio::spawn(async move { ping(&redis).await })
    });
    let callers: Vec<_> = callers.collect();
    for caller in callers {
        assert_eq!(caller.await??, "PONG");
    }
    assert_eq!(proxy.accepted(), 1);
    Ok(())
}

#[tokio::test]
async fn a_caller_that_leaves_does_not_stop_the_connect() -> TestResult {
    let (_server, proxy) = proxied()?;
    let redis = connector(&proxy.url())?;
    proxy.set(WireFault::Delay(MS(100)));
    assert!(tokio::time::timeout(MS(20), redis.get()).await.is_err());
    sleep(CONNECT).await;
    assert_eq!(proxy.accepted(), 1);
    proxy.pass();
    redis.get().await?;
    assert_eq!(proxy.accepted(), 1, "it was there already");
    Ok(())
}

#[tokio::test]
async fn several_connections_share_the_load() -> TestResult {
    let (_server, proxy) = proxied()?;
    let redis = builder(&proxy.url())?.connections(3).build();
    let mut held = redis.get().await?;
    let mut ids = std::collections::HashSet::new();
    for _ in 0..9 {
        ids.insert(
            redis::cmd("CLIENT")
                .arg("ID")
                .query_async::<u64>(&mut held)
                .await?,
        );
    }
    assert_eq!((ids.len(), proxy.accepted()), (3, 3));
    Ok(())
}

#[test]
fn it_outlives_the_runtime_that_connected_it() -> TestResult {
    let server = redis_resilient_tests::server()?;
    let redis = connector(&server.url())?;
    for _ in 0..3 {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        assert_eq!(runtime.block_on(ping(&redis))?, "PONG");
    }
    Ok(())
}

#[tokio::test]
async fn a_reply_that_is_cut_off_ends_the_connection_and_not_the_function() -> TestResult {
    let (_server, proxy) = proxied()?;
    let redis = connector(&proxy.url())?;
    assert_eq!(ping(&redis).await?, "PONG");
    for cut in [
        ReplyCut::CloseAfter(0),
        ReplyCut::ResetAfter(0),
        ReplyCut::CloseAfter(3),
    ] {
        proxy.next_reply(cut);
        assert_eq!(ping(&redis).await?, "PONG", "{cut:?}");
    }
    Ok(())
}

#[tokio::test]
async fn whoever_is_on_call_finds_its_connections_by_name() -> TestResult {
    let server = redis_resilient_tests::server()?;
    let connector = builder(&server.url())?.client_name("orders").build();
    let mut redis = connector.get().await?;
    let name = redis::cmd("CLIENT").arg("GETNAME").to_owned();
    assert_eq!(name.query_async::<String>(&mut redis).await?, "orders");
    redis::cmd("CLIENT")
        .arg("KILL")
        .arg("TYPE")
        .arg("normal")
        .arg("SKIPME")
        .arg("no")
        .exec_async(&mut redis)
        .await?;
    ping_over(&mut redis).await?;
    assert_eq!(name.query_async::<String>(&mut redis).await?, "orders");
    Ok(())
}
