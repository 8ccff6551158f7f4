//! The same for synchronous code.

use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Instant;

use redis::{Commands, RedisResult, pipe};
use redis_resilient::connection::{BlockingConnection, Connector, Credentials};
use redis_resilient::{Class, redis_resilient};
use redis_resilient_testkit::{ReplyCut, WireFault};
use redis_resilient_tests::server_with;

use super::*;

#[redis_resilient(retries = 10, backoff = "fixed", delay = "50ms", breaker = false)]
fn ping(redis: &Connector) -> RedisResult<String> {
    redis::cmd("PING").query(&mut redis.get_blocking()?)
}

#[redis_resilient(retries = 10, backoff = "fixed", delay = "50ms", breaker = false)]
fn ping_over(redis: &mut BlockingConnection) -> RedisResult<String> {
    redis::cmd("PING").query(redis)
}

#[redis_resilient(retries = 3, breaker = false)]
fn increment(redis: &mut BlockingConnection) -> RedisResult<i64> {
    redis.incr("n", 1)
}

#[test]
fn an_application_starts_with_redis_down() -> TestResult {
    let (_server, proxy) = proxied()?;
    proxy.set(WireFault::Refuse);
    let redis = connector(&proxy.url())?;
    let error = redis.get_blocking().err().ok_or("nobody listens")?;
    assert_eq!(Class::of(&error), Class::Unreachable);
    proxy.pass();
    assert_eq!(ping(&redis)?, "PONG");
    Ok(())
}

#[test]
fn a_killed_server_is_found_again() -> TestResult {
    let server = redis_resilient_tests::server()?;
    let redis = connector(&server.url())?;
    let mut held = redis.get_blocking()?;
    // As many as a busy application leaves behind.
    drop((0..10).map(|_| redis.get_blocking()).collect::<Vec<_>>());
    assert_eq!(ping_over(&mut held)?, "PONG");
    server.kill();
    assert!(ping(&redis).is_err());
    server.restart()?;
    assert_eq!(ping(&redis)?, "PONG");
    assert_eq!(ping_over(&mut held)?, "PONG");
    Ok(())
}

#[test]
fn a_connection_that_leads_nowhere_is_given_up() -> TestResult {
    let (_server, proxy) = proxied()?;
    let redis = connector(&proxy.url())?;
    let mut held = redis.get_blocking()?;
    assert_eq!(ping_over(&mut held)?, "PONG");
    proxy.set(WireFault::BlackHoleExisting);
    let begun = Instant::now();
    assert_eq!(ping_over(&mut held)?, "PONG");
    let took = begun.elapsed();
    assert!(took >= RESPONSE, "{took:?}");
    assert!(took < 2 * RESPONSE + CONNECT + SLACK, "{took:?}");
    Ok(())
}

#[test]
fn a_connection_that_has_been_idle_is_tried_before_a_command_is_lost_on_it() -> TestResult {
    let (_server, proxy) = proxied()?;
    let redis = builder(&proxy.url())?.health_check_after(MS(100)).build();
    let mut held = redis.get_blocking()?;
    let _: i64 = held.incr("n", 1)?;
    thread::sleep(MS(150));
    proxy.set(WireFault::BlackHoleExisting);
    let n: i64 = held.incr("n", 1)?;
    assert_eq!(n, 2);
    Ok(())
}

#[test]
fn a_late_reply_is_nobody_s() -> TestResult {
    let (server, proxy) = proxied()?;
    let redis = connector(&proxy.url())?;
    let mut held = redis.get_blocking()?;
    held.set::<_, _, ()>("a", 1)?;
    held.set::<_, _, ()>("b", 2)?;
    server.freeze();
    assert!(held.get::<_, i64>("a").is_err());
    server.thaw();
    for _ in 0..5 {
        assert_eq!(held.get::<_, i64>("b")?, 2);
    }
    Ok(())
}

#[test]
fn a_pipeline_waits_for_a_lost_server_as_long_as_a_command() -> TestResult {
    let (server, proxy) = proxied()?;
    let redis = connector(&proxy.url())?;
    let mut held = redis.get_blocking()?;
    let mut pipeline = pipe();
    for _ in 0..50 {
        pipeline.incr("n", 1);
    }
    let values: Vec<u64> = pipeline.query(&mut held)?;
    assert_eq!(values, (1..=50).collect::<Vec<_>>());
    server.freeze();
    let begun = Instant::now();
    let error = pipeline.exec(&mut held).expect_err("nobody answers");
    assert_eq!(Class::of(&error), Class::NotIdempotent);
    assert!(begun.elapsed() < RESPONSE + SLACK);
    server.thaw();
    Ok(())
}

/// Errors among the replies are the pipeline's, and leave nothing for the next command.
#[test]
fn a_pipeline_that_is_refused_in_part_is_read_to_its_end() -> TestResult {
    let server = redis_resilient_tests::server()?;
    let redis = connector(&server.url())?;
    let mut held = redis.get_blocking()?;
    held.set::<_, _, ()>("text", "no number")?;
    let mut pipeline = pipe();
    pipeline.incr("text", 1).set("n", 7).get("n");
    let error = pipeline
        .query::<(i64, (), i64)>(&mut held)
        .expect_err("text is no number");
    assert_eq!(Class::of(&error), Class::Permanent);
    assert_eq!(held.get::<_, i64>("n")?, 7);
    Ok(())
}

#[test]
fn a_changed_password_is_asked_for_anew() -> TestResult {
    let server = server_with(&["--requirepass", "first"])?;
    let proxy = FaultProxy::to(server.addr())?;
    let password = Arc::new(Mutex::new("first"));
    let asked = password.clone();
    let redis = builder(&proxy.url())?
        .credentials(move || {
            Credentials::password(*asked.lock().unwrap_or_else(PoisonError::into_inner))
        })
        .build();
    redis::cmd("CONFIG")
        .arg(&["SET", "requirepass", "second"])
        .exec(&mut redis.get_blocking()?)?;
    proxy.reset_connections();
    let ping = || redis::cmd("PING").exec(&mut redis.get_blocking()?);
    for _ in 0..5 {
        let error = loop {
            match ping() {
                // The idle connection, whose reset has not been seen when it was lent.
                Err(error) if error.is_io_error() => {}
                Err(error) => break error,
                Ok(()) => panic!("with the old password"),
            }
        };
        assert_eq!(Class::of(&error), Class::Misconfigured, "{error}");
    }
    *password.lock().unwrap_or_else(PoisonError::into_inner) = "second";
    // It rests a moment after a connect that failed.
    thread::sleep(MS(300));
    ping()?;
    Ok(())
}

#[test]
fn the_command_decides_whether_what_may_have_run_is_run_again() -> TestResult {
    let (_server, proxy) = proxied()?;
    let mut redis = connector(&proxy.url())?.get_blocking()?;
    proxy.next_reply(ReplyCut::CloseAfter(0));
    let error = increment(&mut redis).expect_err("its reply is lost");
    assert_eq!(Class::of(&error), Class::NotIdempotent);
    assert_eq!(redis.get::<_, i64>("n")?, 1);
    proxy.next_reply(ReplyCut::CloseAfter(0));
    let reads = pipe().get("n").get("n").exec(&mut redis).expect_err("lost");
    assert_eq!(Class::of(&reads), Class::Ambiguous);
    assert_eq!(ping_over(&mut redis)?, "PONG");
    proxy.next_reply(ReplyCut::CloseAfter(0));
    let writes = pipe()
        .atomic()
        .get("n")
        .incr("n", 1)
        .exec(&mut redis)
        .expect_err("lost");
    assert_eq!(Class::of(&writes), Class::NotIdempotent);
    Ok(())
}

#[test]
fn commands_that_wait_are_not_cut_off() -> TestResult {
    let server = redis_resilient_tests::server()?;
    let redis = connector(&server.url())?;
    let mut waiting = redis.get_blocking()?;
    let popped = thread::spawn(move || {
        let popped = waiting.blpop::<_, Option<(String, String)>>("list", 10.0);
        // The limit is back: the next command may not wait for ever.
        popped.map(|popped| (popped, waiting))
    });
    thread::sleep(3 * RESPONSE);
    redis.get_blocking()?.lpush::<_, _, ()>("list", "x")?;
    let (popped, mut waiting) = popped.join().map_err(|_| "it panicked")??;
    assert_eq!(popped, Some(("list".to_owned(), "x".to_owned())));
    server.freeze();
    let begun = Instant::now();
    assert!(redis::cmd("PING").exec(&mut waiting).is_err());
    assert!(begun.elapsed() < RESPONSE + SLACK);
    server.thaw();
    Ok(())
}

#[test]
fn an_outage_is_no_storm() -> TestResult {
    const CALLERS: usize = 100;
    let (server, proxy) = proxied()?;
    let redis = connector(&proxy.url())?;
    server.kill();
    let before = proxy.accepted();
    let end = Instant::now() + MS(2000);
    let longest = thread::scope(|scope| {
        let callers: Vec<_> = (0..CALLERS)
            .map(|_| {
                scope.spawn(|| {
                    let mut longest = MS(0);
                    while Instant::now() < end {
                        let begun = Instant::now();
                        assert!(redis.get_blocking().is_err());
                        longest = longest.max(begun.elapsed());
                        thread::sleep(MS(10));
                    }
                    longest
                })
            })
            .collect();
        callers
            .into_iter()
            .filter_map(|caller| caller.join().ok())
            .max()
    });
    assert!(
        longest.is_some_and(|longest| longest < CONNECT + SLACK),
        "{longest:?}"
    );
    let connects = proxy.accepted() - before;
    assert!((5..=25).contains(&connects), "{connects} connects");
    server.restart()?;
    assert_eq!(ping(&redis)?, "PONG");
    Ok(())
}

#[test]
fn what_is_given_back_is_used_again() -> TestResult {
    let (_server, proxy) = proxied()?;
    let redis = connector(&proxy.url())?;
    for _ in 0..10 {
        assert_eq!(ping(&redis)?, "PONG");
    }
    assert_eq!(proxy.accepted(), 1);
    let (one, other) = (redis.get_blocking()?, redis.get_blocking()?);
    assert_eq!(proxy.accepted(), 2, "for two at once");
    drop((one, other));
    Ok(())
}

#[test]
fn whoever_is_on_call_finds_its_connections_by_name() -> TestResult {
    let server = redis_resilient_tests::server()?;
    let connector = builder(&server.url())?.client_name("orders").build();
    let name: String = redis::cmd("CLIENT")
        .arg("GETNAME")
        .query(&mut connector.get_blocking()?)?;
    assert_eq!(name, "orders");
    Ok(())
}
