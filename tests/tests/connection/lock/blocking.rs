//! The same for synchronous code.

use std::thread;

use redis::Commands;
use redis_resilient::ManualClock;
use redis_resilient_testkit::{ReplyCut, WireFault};

use super::*;

fn value(redis: &Connector) -> RedisResult<Option<String>> {
    redis.get_blocking()?.get("lock")
}

#[test]
fn one_holds_it_until_it_is_released_or_dropped() -> TestResult {
    let (_server, redis) = alone()?;
    let mut guard = LONG.try_acquire_blocking(&redis)?.ok_or("it is free")?;
    assert!(guard.is_held());
    assert!(LONG.try_acquire_blocking(&redis)?.is_none());
    guard.extend()?;
    guard.release()?;
    assert_eq!(value(&redis)?, None);
    let guard = LONG.acquire_blocking(&redis, MS(0))?;
    assert!(is_held(LONG.acquire_blocking(&redis, MS(20))));
    drop(guard);
    assert_eq!(value(&redis)?, None);
    let redis = &redis;
    let panicked = thread::scope(|scope| {
        let worker = scope.spawn(move || {
            let _guard = LONG.acquire_blocking(redis, MS(0));
            panic!("on purpose");
        });
        worker.join().is_err()
    });
    assert!(panicked);
    assert_eq!(value(redis)?, None);
    Ok(())
}

#[test]
fn who_waits_gets_it() -> TestResult {
    let (_server, redis) = alone()?;
    let guard = LONG.acquire_blocking(&redis, MS(0))?;
    thread::scope(|scope| {
        let waiting = scope.spawn(|| LONG.acquire_blocking(&redis, PATIENCE));
        thread::sleep(MS(50));
        guard.release()?;
        assert!(waiting.join().map_err(|_| "it panicked")??.is_held());
        Ok(())
    })
}

#[test]
fn its_end_is_known_by_the_clock_alone() -> TestResult {
    let (server, redis) = alone()?;
    let clock = ManualClock::new();
    let _installed = clock.install();
    let mut guard = LOCK.acquire_blocking(&redis, MS(0))?;
    assert_eq!(guard.remaining(), MS(10_000 - 100 - 2));
    clock.advance(MS(9000));
    guard.extend()?;
    clock.advance(MS(9897));
    assert!(guard.is_held());
    server.freeze();
    clock.advance(MS(1));
    assert!(!guard.is_held());
    assert!(is_lost(guard.extend()), "without asking");
    server.thaw();
    guard.release()?;
    let _other = LOCK.acquire_blocking(&redis, MS(0))?;
    let before = clock.elapsed();
    assert!(is_held(LOCK.acquire_blocking(&redis, MS(5000))));
    assert_eq!(clock.elapsed(), before + MS(5000));
    Ok(())
}

#[test]
fn what_is_another_s_stays_so() -> TestResult {
    let (_server, redis) = alone()?;
    let mut first = SHORT.acquire_blocking(&redis, MS(0))?;
    let second = LONG.acquire_blocking(&redis, PATIENCE)?;
    assert!(!first.is_held());
    assert!(second.fencing() > first.fencing());
    assert!(is_lost(first.extend()));
    assert!(is_lost(first.release()));
    drop(SHORT.try_acquire_blocking(&redis)?);
    assert!(value(&redis)?.is_some());
    second.release()?;
    Ok(())
}

#[test]
fn lost_replies_are_asked_for_again() -> TestResult {
    let (_server, proxy) = proxied()?;
    let redis = patient(&proxy.url())?;
    drop(redis.get_blocking()?);
    proxy.next_reply(ReplyCut::CloseAfter(0));
    let mut guard = LONG.acquire_blocking(&redis, PATIENCE)?;
    let kept: u64 = redis.get_blocking()?.get("{lock}fence:lock")?;
    assert_eq!(guard.fencing(), kept);
    proxy.next_reply(ReplyCut::CloseAfter(0));
    guard.extend()?;
    proxy.next_reply(ReplyCut::CloseAfter(0));
    guard.release()?;
    assert_eq!(value(&redis)?, None);
    Ok(())
}

#[test]
fn a_drop_does_not_hang() -> TestResult {
    let (server, proxy) = proxied()?;
    let redis = builder(&proxy.url())?.health_check_after(MS(1)).build();
    let guard = LONG.acquire_blocking(&redis, PATIENCE)?;
    thread::sleep(MS(5));
    let connects = proxy.accepted();
    proxy.set(WireFault::BlackHole);
    let begun = Instant::now();
    drop(guard);
    let took = begun.elapsed();
    assert!(took >= RESPONSE && took < RESPONSE + SLACK, "{took:?}");
    assert_eq!(proxy.accepted(), connects, "it connects to nothing");
    proxy.pass();
    let redis = patient(&server.url())?;
    let guard = LONG.acquire_blocking(&redis, PATIENCE)?;
    server.kill();
    drop(guard);
    Ok(())
}
