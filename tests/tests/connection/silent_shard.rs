//! One server of a cluster is silent: synchronous code goes on with the others.

use std::time::Instant;

use redis::{Commands, pipe};
use redis_resilient::Class;
use redis_resilient_testkit::{RealCluster, WireFault};

use super::clusters::{ANSWER, to_the};
use super::*;

/// For one that does not answer and is looked for in vain, and one that answers on a busy machine.
const LONGEST: Duration = ANSWER.saturating_mul(3);

/// A cluster whose first server is silent, to those who come now as to those who were there.
fn with_a_silent_shard() -> Result<(RealCluster, BlockingConnection), Box<dyn std::error::Error>> {
    let cluster = RealCluster::start_proxied()?;
    let mut held = to_the(&cluster)?.get_blocking()?;
    for shard in 0..3 {
        held.set::<_, _, ()>(cluster.key_on(shard), 1)?;
    }
    cluster.proxy(0).set(WireFault::BlackHole);
    Ok((cluster, held))
}

#[test]
fn the_keys_of_the_others_are_read_and_written() -> TestResult {
    let (cluster, mut held) = with_a_silent_shard()?;
    for mut redis in [to_the(&cluster)?.get_blocking()?, {
        assert!(held.get::<_, u64>(cluster.key_on(0)).is_err());
        held
    }] {
        for shard in [1, 2, 1, 2] {
            let begun = Instant::now();
            redis.incr::<_, _, ()>(cluster.key_on(shard), 1)?;
            assert!(begun.elapsed() < LONGEST, "{:?}", begun.elapsed());
        }
    }
    Ok(())
}

/// It goes to any of them.
#[test]
fn a_pipeline_without_keys_is_answered() -> TestResult {
    let (cluster, mut held) = with_a_silent_shard()?;
    let pings = || {
        let mut pings = pipe();
        pings.cmd("PING").cmd("PING");
        pings
    };
    let mut failures = 0;
    for _ in 0..4 {
        let begun = Instant::now();
        let answer: RedisResult<[String; 2]> = pings().query(&mut held);
        // One that was sent to the silent one, before anybody knew.
        failures += u32::from(answer.is_err());
        assert!(begun.elapsed() < LONGEST, "{:?}", begun.elapsed());
        let begun = Instant::now();
        let fresh = to_the(&cluster)?;
        let answers: [String; 2] = pings().query(&mut fresh.get_blocking()?)?;
        assert_eq!(answers, ["PONG", "PONG"]);
        assert!(begun.elapsed() < LONGEST, "{:?}", begun.elapsed());
    }
    assert!(failures <= 1, "{failures}");
    Ok(())
}

#[test]
fn what_is_for_all_says_who_is_missing_and_when_it_gives_up() -> TestResult {
    let (cluster, mut held) = with_a_silent_shard()?;
    for _ in 0..3 {
        let begun = Instant::now();
        let error = redis::cmd("DBSIZE").exec(&mut held).expect_err("of all");
        assert!(begun.elapsed() < LONGEST, "{:?}", begun.elapsed());
        assert_eq!(Class::of(&error), Class::Unreachable, "{error}");
    }
    let error = to_the(&cluster)?
        .get_blocking()?
        .get::<_, u64>(cluster.key_on(0))
        .expect_err("it is silent");
    let text = format!("no connection within {ANSWER:?}");
    assert!(error.to_string().contains(&text), "{error}");
    Ok(())
}
