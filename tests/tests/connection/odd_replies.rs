//! Replies that are none, that are too many, or that never end: synchronous and asynchronous code alike.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::thread;
use std::time::Instant;

use redis::{AsyncCommands, Commands, RedisResult, pipe};
use redis_resilient::{Breaker, Class, State};
use redis_resilient_testkit::{ReplyCut, WireFault};

use super::*;

/// As many as a busy application has callers.
const CALLERS: i64 = 20;

/// What a server, or a proxy in front of it, might say in place of a reply.
const NO_REPLIES: [&[u8]; 6] = [
    b"hello\r\n",
    b":abc\r\n",
    b"$x\r\n",
    b"$3\r\nabcde\r\n",
    b"HTTP/1.1 503 Service Unavailable\r\n\r\n",
    b"\0\0\0\0",
];

/// What might come behind one.
const TOO_MANY: [&[u8]; 3] = [b"+OK\r\n", b"$5\r\nextra\r\n", b"+O"];

/// Each key has its own number.
fn fill(url: &str) -> TestResult {
    let mut direct = redis_resilient_tests::connect(url)?;
    for number in 0..CALLERS {
        direct.set::<_, _, ()>(number, number)?;
    }
    Ok(())
}

fn reads_its_own(redis: &Connector) -> TestResult {
    for number in 0..CALLERS {
        assert_eq!(redis.get_blocking()?.get::<_, i64>(number)?, number);
    }
    Ok(())
}

#[test]
fn after_what_is_no_reply_each_caller_has_its_own() -> TestResult {
    let (server, proxy) = proxied()?;
    fill(&server.url())?;
    for bytes in NO_REPLIES {
        let redis = connector(&proxy.url())?;
        let mut first = redis.get_blocking()?;
        assert_eq!(first.get::<_, i64>(0)?, 0);
        proxy.next_reply(ReplyCut::ReplaceBy(bytes));
        let begun = Instant::now();
        let spoilt = first.get::<_, i64>(1).expect_err("it is no reply");
        assert_eq!(Class::of(&spoilt), Class::Ambiguous, "{bytes:?}: {spoilt}");
        assert!(
            begun.elapsed() < RESPONSE + SLACK,
            "it is no matter of time"
        );
        assert_eq!(first.get::<_, i64>(2)?, 2, "the same holder goes on");
        drop(first);
        reads_its_own(&redis)?;
    }
    Ok(())
}

#[tokio::test]
async fn the_same_of_asynchronous_code() -> TestResult {
    let (server, proxy) = proxied()?;
    fill(&server.url())?;
    for bytes in NO_REPLIES {
        let redis = connector(&proxy.url())?;
        let mut first = redis.get().await?;
        assert_eq!(first.get::<_, i64>(0).await?, 0);
        proxy.next_reply(ReplyCut::ReplaceBy(bytes));
        let spoilt = first.get::<_, i64>(1).await.expect_err("it is no reply");
        assert_eq!(Class::of(&spoilt), Class::Ambiguous, "{bytes:?}: {spoilt}");
        for number in 0..CALLERS {
            assert_eq!(redis.get().await?.get::<_, i64>(number).await?, number);
        }
    }
    Ok(())
}

#[test]
fn a_reply_too_many_is_nobody_s() -> TestResult {
    let (server, proxy) = proxied()?;
    fill(&server.url())?;
    for bytes in TOO_MANY {
        let redis = connector(&proxy.url())?;
        let mut first = redis.get_blocking()?;
        proxy.next_reply(ReplyCut::FollowBy(bytes));
        assert_eq!(first.get::<_, i64>(0)?, 0, "this one is its own");
        for number in 1..CALLERS {
            assert_eq!(first.get::<_, i64>(number)?, number, "{bytes:?}");
        }
        drop(first);
        reads_its_own(&redis)?;
    }
    Ok(())
}

#[tokio::test]
async fn a_reply_too_many_is_nobody_s_in_asynchronous_code() -> TestResult {
    let (server, proxy) = proxied()?;
    fill(&server.url())?;
    for bytes in [TOO_MANY[0], TOO_MANY[1]] {
        let redis = connector(&proxy.url())?;
        let mut first = redis.get().await?;
        proxy.next_reply(ReplyCut::FollowBy(bytes));
        assert_eq!(first.get::<_, i64>(0).await?, 0);
        for number in 1..CALLERS {
            assert_eq!(first.get::<_, i64>(number).await?, number, "{bytes:?}");
        }
    }
    Ok(())
}

/// Replies that are under way belong to whom they reach; those who come after them have their own.
#[tokio::test]
async fn a_reply_too_many_among_others_is_over_with_them() -> TestResult {
    let (server, proxy) = proxied()?;
    fill(&server.url())?;
    let redis = connector(&proxy.url())?.get().await?;
    proxy.set(WireFault::Delay(MS(20)));
    proxy.next_reply(ReplyCut::FollowBy(TOO_MANY[1]));
    let mut callers = tokio::task::JoinSet::new();
    for number in 0..CALLERS {
        let mut redis = redis.clone();
        callers.spawn(async move { redis.get::<_, String>(number).await.map(drop) });
    }
    callers.join_all().await;
    proxy.pass();
    for number in 0..CALLERS {
        assert_eq!(redis.clone().get::<_, i64>(number).await?, number);
    }
    Ok(())
}

/// It has come late, as the last thing before somebody else takes the connection.
#[test]
fn a_reply_that_comes_while_nobody_asks_is_nobody_s() -> TestResult {
    let (server, proxy) = proxied()?;
    fill(&server.url())?;
    let redis = connector(&proxy.url())?;
    let mut first = redis.get_blocking()?;
    // What is behind the reply comes after it.
    proxy.set(WireFault::Trickle(MS(2)));
    proxy.next_reply(ReplyCut::FollowBy(b"$5\r\nextra\r\n"));
    assert_eq!(first.get::<_, i64>(0)?, 0);
    drop(first);
    thread::sleep(MS(100));
    proxy.pass();
    reads_its_own(&redis)
}

/// What `CLIENT TRACKING` would bring, to a connection on which nobody has asked for it.
#[test]
fn an_unexpected_push_ends_the_connection_and_is_no_reply() -> TestResult {
    let (server, proxy) = proxied()?;
    fill(&server.url())?;
    let redis = connector(&proxy.url())?;
    let mut first = redis.get_blocking()?;
    proxy.next_reply(ReplyCut::ReplaceBy(
        b">2\r\n$10\r\ninvalidate\r\n*1\r\n$1\r\n0\r\n$1\r\n0\r\n",
    ));
    assert_eq!(first.get::<_, i64>(0)?, 0, "the reply is behind it");
    let connected = proxy.accepted();
    assert_eq!(first.get::<_, i64>(1)?, 1);
    assert_eq!(proxy.accepted(), connected + 1, "over another connection");
    Ok(())
}

#[test]
fn whoever_has_asked_for_pushes_keeps_the_connection() -> TestResult {
    let (server, proxy) = proxied()?;
    fill(&server.url())?;
    let redis = connector(&format!("{}?protocol=resp3", proxy.url()))?;
    let mut tracking = redis.get_blocking()?;
    redis::cmd("CLIENT")
        .arg(&["TRACKING", "ON"])
        .exec(&mut tracking)?;
    let mut direct = redis_resilient_tests::connect(&server.url())?;
    let connected = proxy.accepted();
    // At once, and so late that the connection is looked at first: the push is there then.
    for (value, rest) in [(7, MS(0)), (8, MS(5)), (9, MS(50)), (10, MS(0))] {
        let _: i64 = tracking.get(1)?;
        direct.set::<_, _, ()>(1, value)?;
        thread::sleep(rest);
        assert_eq!(tracking.get::<_, i64>(1)?, value);
    }
    assert_eq!(proxy.accepted(), connected);
    Ok(())
}

/// As where the server sends both in one packet.
#[test]
fn a_push_may_come_right_behind_a_reply_for_whoever_has_asked_for_it() -> TestResult {
    let (server, proxy) = proxied()?;
    fill(&server.url())?;
    let redis = connector(&format!("{}?protocol=resp3", proxy.url()))?;
    let mut tracking = redis.get_blocking()?;
    redis::cmd("CLIENT")
        .arg(&["TRACKING", "ON"])
        .exec(&mut tracking)?;
    let connected = proxy.accepted();
    proxy.next_reply(ReplyCut::FollowBy(
        b">2\r\n$10\r\ninvalidate\r\n*1\r\n$1\r\n0\r\n",
    ));
    assert_eq!(tracking.get::<_, i64>(1)?, 1);
    assert_eq!(tracking.get::<_, i64>(2)?, 2);
    assert_eq!(proxy.accepted(), connected);
    Ok(())
}

#[test]
fn a_ping_is_answered_by_its_own_answer() -> TestResult {
    let (server, proxy) = proxied()?;
    fill(&server.url())?;
    let redis = builder(&proxy.url())?.health_check_after(MS(50)).build();
    drop(redis.get_blocking()?);
    let connected = proxy.accepted();
    thread::sleep(MS(100));
    // The next to be answered is the check's PING.
    proxy.set(WireFault::EachReply(ReplyCut::ReplaceBy(
        b"$5\r\nextra\r\n",
    )));
    assert!(redis.get_blocking().is_err(), "no connection gets a PONG");
    proxy.pass();
    thread::sleep(MS(300));
    reads_its_own(&redis)?;
    assert!(proxy.accepted() > connected);
    Ok(())
}

#[tokio::test]
async fn nor_is_it_by_another_s_in_asynchronous_code() -> TestResult {
    let (server, proxy) = proxied()?;
    fill(&server.url())?;
    let redis = builder(&proxy.url())?.health_check_after(MS(50)).build();
    let mut held = redis.get().await?;
    assert_eq!(held.get::<_, i64>(1).await?, 1);
    let connected = proxy.accepted();
    tokio::time::sleep(MS(100)).await;
    proxy.set(WireFault::EachReply(ReplyCut::ReplaceBy(
        b"$5\r\nextra\r\n",
    )));
    let lost = held.get::<_, i64>(2).await;
    assert!(lost.is_err(), "it has no connection that answers");
    proxy.pass();
    tokio::time::sleep(MS(300)).await;
    assert_eq!(held.get::<_, i64>(3).await?, 3);
    assert!(proxy.accepted() > connected);
    Ok(())
}

#[test]
fn a_reply_byte_by_byte_has_no_more_time_than_another() -> TestResult {
    let (server, proxy) = proxied()?;
    let redis = connector(&proxy.url())?;
    let mut held = redis.get_blocking()?;
    held.set::<_, _, ()>("k", "x".repeat(100))?;
    proxy.set(WireFault::Trickle(RESPONSE / 4));
    let begun = Instant::now();
    let error = held.get::<_, String>("k").expect_err("it takes 5 s");
    assert!(error.is_timeout(), "{error}");
    assert!(begun.elapsed() < RESPONSE + SLACK, "{:?}", begun.elapsed());
    proxy.pass();
    assert_eq!(held.get::<_, String>("k")?.len(), 100);
    drop(server);
    Ok(())
}

#[tokio::test]
async fn nor_in_asynchronous_code() -> TestResult {
    let (_server, proxy) = proxied()?;
    let redis = connector(&proxy.url())?;
    let mut held = redis.get().await?;
    held.set::<_, _, ()>("k", "x".repeat(100)).await?;
    proxy.set(WireFault::Trickle(RESPONSE / 4));
    let begun = Instant::now();
    let error = held.get::<_, String>("k").await.expect_err("it takes 5 s");
    assert!(error.is_timeout(), "{error}");
    assert!(begun.elapsed() < RESPONSE + SLACK);
    Ok(())
}

#[test]
fn a_handshake_byte_by_byte_has_no_more_time_than_a_connect() -> TestResult {
    let (_server, proxy) = proxied()?;
    let redis = connector(&format!("{}?protocol=resp3", proxy.url()))?;
    proxy.set(WireFault::Trickle(CONNECT / 4));
    let begun = Instant::now();
    let error = redis.get_blocking().err().ok_or("it takes half a minute")?;
    assert!(begun.elapsed() < CONNECT + SLACK, "{:?}", begun.elapsed());
    assert_eq!(Class::of(&error), Class::Unreachable);
    let text = format!("no connection within {CONNECT:?}");
    assert!(error.to_string().contains(&text), "{error}");
    Ok(())
}

#[tokio::test]
async fn nor_has_a_handshake_in_asynchronous_code() -> TestResult {
    let (_server, proxy) = proxied()?;
    let redis = connector(&format!("{}?protocol=resp3", proxy.url()))?;
    proxy.set(WireFault::Trickle(CONNECT / 4));
    let begun = Instant::now();
    let error = redis.get().await.err().ok_or("it takes half a minute")?;
    assert!(begun.elapsed() < CONNECT + SLACK);
    assert_eq!(Class::of(&error), Class::Unreachable);
    let text = format!("no connection within {CONNECT:?}");
    assert!(error.to_string().contains(&text), "{error}");
    Ok(())
}

/// Each reply of a pipeline comes in time, and all of them do not.
#[test]
fn a_pipeline_has_as_much_time_as_a_command() -> TestResult {
    let (_server, proxy) = proxied()?;
    let redis = connector(&proxy.url())?;
    let mut held = redis.get_blocking()?;
    held.set::<_, _, ()>("n", 1)?;
    proxy.set(WireFault::Trickle(RESPONSE / 10));
    let mut pipeline = pipe();
    (0..50).for_each(|_| {
        pipeline.get("n");
    });
    let begun = Instant::now();
    let error = pipeline.exec(&mut held).expect_err("350 bytes take 7 s");
    assert!(begun.elapsed() < RESPONSE + SLACK, "{:?}", begun.elapsed());
    assert!(error.is_timeout(), "{error}");
    Ok(())
}

#[test]
fn a_reply_that_is_longer_than_it_may_be_is_told_by_name() -> TestResult {
    let (server, proxy) = proxied()?;
    fill(&server.url())?;
    let redis = builder(&proxy.url())?.max_reply_bytes(1000).build();
    let mut held = redis.get_blocking()?;
    held.set::<_, _, ()>("short", "x".repeat(900))?;
    held.set::<_, _, ()>("long", "x".repeat(1000))?;
    held.rpush::<_, _, ()>("list", (0..500).collect::<Vec<_>>())?;
    assert_eq!(held.get::<_, String>("short")?.len(), 900);
    let error = held.get::<_, String>("long").expect_err("it is longer");
    assert!(error.to_string().contains("max_reply_bytes"), "{error}");
    assert!(error.to_string().contains("1000"), "{error}");
    assert_eq!(Class::of(&error), Class::Permanent);
    let error = held.lrange::<_, Vec<i64>>("list", 0, -1);
    assert!(error.is_err_and(|error| error.to_string().contains("max_reply_bytes")));
    assert_eq!(held.get::<_, String>("short")?.len(), 900);
    // Each of a pipeline's by itself.
    let mut pipeline = pipe();
    (0..10).for_each(|_| {
        pipeline.get("short");
    });
    assert_eq!(pipeline.query::<Vec<String>>(&mut held)?.len(), 10);
    // It says so before it has come.
    proxy.next_reply(ReplyCut::ReplaceBy(b"$1000000000\r\n"));
    let begun = Instant::now();
    let error = held.get::<_, String>("short").expect_err("it is longer");
    assert!(error.to_string().contains("max_reply_bytes"), "{error}");
    assert!(begun.elapsed() < SLACK);
    reads_its_own(&redis)
}

/// Answers everything with the same, as a load balancer does whose servers are gone.
fn no_redis(answer: &'static [u8]) -> std::io::Result<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            thread::spawn(move || {
                let mut asked = [0; 4096];
                while stream.read(&mut asked).is_ok_and(|length| length > 0) {
                    if stream.write_all(answer).is_err() {
                        return;
                    }
                }
            });
        }
    });
    Ok(address)
}

#[tokio::test]
async fn what_is_no_redis_counts_as_one_that_is_not_there() -> TestResult {
    const GONE: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n";
    let redis = connector(&format!("redis://{}/", no_redis(GONE)?))?;
    let error = redis.get().await.err().ok_or("it is no Redis")?;
    assert_eq!(Class::of(&error), Class::Unreachable, "{error}");
    assert!(error.to_string().contains("Redis protocol"), "{error}");
    let blocking = thread::spawn({
        let redis = redis.clone();
        move || redis.get_blocking().err()
    });
    let error = blocking.join().map_err(|_| "it panicked")?;
    let error = error.ok_or("it is no Redis")?;
    assert_eq!(Class::of(&error), Class::Unreachable, "{error}");
    assert!(error.to_string().contains("Redis protocol"), "{error}");
    Ok(())
}

static NO_REDIS: Breaker = Breaker::new("no redis").failure_threshold(3);

#[redis_resilient(breaker = NO_REDIS, retries = 0, fallback = Ok(-1))]
fn get(redis: &Connector) -> RedisResult<i64> {
    redis.get_blocking()?.get("k")
}

#[test]
fn its_breaker_opens_and_the_fallback_answers() -> TestResult {
    let redis = connector(&format!(
        "redis://{}/",
        no_redis(b"HTTP/1.0 502 Bad Gateway\r\n\r\n")?
    ))?;
    let end = Instant::now() + Duration::from_secs(20);
    while NO_REDIS.state() != State::Open {
        assert_eq!(get(&redis)?, -1);
        assert!(Instant::now() < end, "it never opens");
        // Failures of one moment count once.
        thread::sleep(MS(20));
    }
    Ok(())
}

/// What must not be executed twice is not repeated after a reply that says nothing.
#[tokio::test]
async fn a_spoilt_reply_to_what_changes_something_is_not_asked_for_again() -> TestResult {
    let (_server, proxy) = proxied()?;
    let redis = connector(&proxy.url())?;
    let mut first = redis.get().await?;
    proxy.next_reply(ReplyCut::ReplaceBy(b"hello\r\n"));
    let error = AsyncCommands::incr::<_, _, i64>(&mut first, "n", 1).await;
    let error = error.expect_err("it is no reply");
    assert_eq!(Class::of(&error), Class::NotIdempotent, "{error}");
    let blocking = tokio::task::spawn_blocking(move || {
        let mut first = redis.get_blocking()?;
        Commands::set::<_, _, ()>(&mut first, "k", 1)?;
        proxy.next_reply(ReplyCut::ReplaceBy(b"hello\r\n"));
        Ok::<_, redis::RedisError>(Commands::incr::<_, _, i64>(&mut first, "n", 1))
    });
    let error = blocking.await??.expect_err("it is no reply");
    assert_eq!(Class::of(&error), Class::NotIdempotent, "{error}");
    Ok(())
}
