//! Blocking connections that nobody holds, and whose server has gone.

use std::sync::Barrier;
use std::thread;
use std::time::Instant;

use redis::{Commands, RedisResult};
use redis_resilient::Class;
use redis_resilient_testkit::{RealSentinel, WireFault};

use super::*;

const IDLE: u32 = 32;

/// As many at once, which are idle then.
fn fill(redis: &Connector) {
    let all = Barrier::new(IDLE as usize);
    thread::scope(|scope| {
        for _ in 0..IDLE {
            scope.spawn(|| {
                // They are made one after the other, and each may wait for the others.
                let held = loop {
                    if let Ok(held) = redis.get_blocking() {
                        break held;
                    }
                };
                all.wait();
                drop(held);
            });
        }
    });
}

fn quick(url: &str) -> RedisResult<Connector> {
    Ok(builder(url)?.health_check_after(MS(50)).build())
}

fn call(redis: &Connector) -> (Duration, RedisResult<Option<i64>>) {
    let begun = Instant::now();
    let answer = redis.get_blocking().and_then(|mut held| held.get("k"));
    (begun.elapsed(), answer)
}

/// One by one they would take six seconds.
const ONE_BY_ONE: Duration = RESPONSE.saturating_mul(IDLE);

#[test]
fn the_first_that_is_dead_is_the_last_to_be_tried() -> TestResult {
    let server = redis_resilient_tests::server()?;
    let redis = quick(&server.url())?;
    fill(&redis);
    server.freeze();
    thread::sleep(MS(100));
    let (took, answer) = call(&redis);
    let error = answer.expect_err("it stands still");
    assert_eq!(Class::of(&error), Class::Unreachable, "{error}");
    assert!(took < RESPONSE + CONNECT + SLACK, "{took:?}");
    assert!(took < ONE_BY_ONE / 2, "{took:?}");
    server.thaw();
    Ok(())
}

#[test]
fn nor_are_those_that_a_firewall_has_forgotten() -> TestResult {
    let (_server, proxy) = proxied()?;
    let redis = quick(&proxy.url())?;
    fill(&redis);
    let connected = proxy.accepted();
    proxy.set(WireFault::BlackHoleExisting);
    thread::sleep(MS(100));
    let (took, answer) = call(&redis);
    assert_eq!(answer?, None);
    assert!(took < RESPONSE + CONNECT + SLACK, "{took:?}");
    assert_eq!(proxy.accepted(), connected + 1);
    Ok(())
}

/// What was in somebody's hands meanwhile is not given to the next.
#[test]
fn one_that_was_held_while_the_others_were_found_dead_is_dead_too() -> TestResult {
    let (_server, proxy) = proxied()?;
    let redis = quick(&proxy.url())?;
    let (held, other) = (redis.get_blocking()?, redis.get_blocking()?);
    drop(other);
    proxy.set(WireFault::BlackHoleExisting);
    thread::sleep(MS(100));
    assert_eq!(call(&redis).1?, None);
    drop(held);
    let connected = proxy.accepted();
    let (took, answer) = call(&redis);
    assert_eq!((answer?, proxy.accepted()), (None, connected));
    assert!(took < SLACK, "{took:?}");
    Ok(())
}

/// A server that has closed each of them says so, and nobody waits for it.
#[test]
fn those_that_are_closed_are_passed_over() -> TestResult {
    let (_server, proxy) = proxied()?;
    let redis = connector(&proxy.url())?;
    fill(&redis);
    proxy.reset_connections();
    let mut held = redis.get_blocking()?;
    // It is not lost on one of them, though it must not be sent twice.
    assert_eq!(held.incr::<_, _, i64>("n", 1)?, 1);
    Ok(())
}

/// Whether one of them asks or all do, the servers hear it.
#[test]
fn sentinels_are_asked_once_for_all() -> TestResult {
    let sentinels = RealSentinel::start()?;
    let urls = sentinels.sentinel_urls();
    let redis = Connector::sentinel(urls.clone(), sentinels.primary_name())?
        .connect_timeout(Duration::from_secs(2))
        .response_timeout(Duration::from_secs(1))
        .health_check_after(MS(500))
        .build();
    fill(&redis);
    let asked = || -> RedisResult<u64> {
        let mut sentinel = redis_resilient_tests::connect(&urls[0])?;
        let info: String = redis::cmd("INFO").arg("stats").query(&mut sentinel)?;
        let line = info
            .lines()
            .find_map(|line| line.strip_prefix("total_connections_received:"));
        Ok(line
            .and_then(|number| number.trim().parse().ok())
            .unwrap_or(0))
    };
    thread::sleep(MS(600));
    let before = asked()?;
    let all = Barrier::new(IDLE as usize);
    thread::scope(|scope| {
        for _ in 0..IDLE {
            scope.spawn(|| {
                all.wait();
                let _ = redis.get_blocking().map(|held| (all.wait(), held));
            });
        }
    });
    let connects = asked()? - before;
    // This connection, one for all, and a few where a busy machine has taken longer than half a second.
    assert!(connects < u64::from(IDLE) / 2, "{connects} connects");
    Ok(())
}
