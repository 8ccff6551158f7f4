//! Sentinels that watch over a primary: failovers, returns, and what is left behind.

#[path = "support/traces.rs"]
mod traces;

use std::time::{Duration, Instant};

use redis::{
    Connection, RedisResult,
    sentinel::{SentinelClient, SentinelServerType},
};
use redis_resilient_testkit::{RealRedis, RealSentinel, servers};
use traces::Trace;

/// More than a failover ever takes, also on a busy machine.
const LONG: Duration = Duration::from_secs(30);

/// Connects to the primary as applications do, asking the sentinels anew.
fn connect(sentinel: &RealSentinel) -> RedisResult<Connection> {
    let urls = sentinel.sentinel_urls();
    let name = sentinel.primary_name().to_owned();
    let primary = SentinelServerType::Master;
    let mut client = SentinelClient::build(urls, name, None, primary)?;
    client.get_connection()
}

fn incr(sentinel: &RealSentinel) -> RedisResult<i64> {
    redis::cmd("INCR").arg("n").query(&mut connect(sentinel)?)
}

/// The role of a server; fails when the server takes on another, which closes all connections.
fn role(server: &RealRedis) -> RedisResult<String> {
    let mut connection = redis::Client::open(server.url())?.get_connection()?;
    let info: String = redis::cmd("INFO")
        .arg("replication")
        .query(&mut connection)?;
    let role = info.lines().find_map(|line| line.strip_prefix("role:"));
    Ok(role.unwrap().to_owned())
}

#[track_caller]
fn eventually(what: &str, mut condition: impl FnMut() -> bool) {
    let start = Instant::now();
    while !condition() {
        assert!(start.elapsed() < LONG, "not yet: {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn the_primary_it_names_takes_writes_and_the_others_follow_it() {
    let sentinel = RealSentinel::start().unwrap();
    assert_eq!(sentinel.primary_index(), 0);
    assert_eq!(sentinel.primary().addr(), sentinel.server(0).addr());
    assert_eq!(incr(&sentinel).unwrap(), 1);
    assert_eq!(role(sentinel.primary()).unwrap(), "master");
    for replica in &sentinel.servers()[1..] {
        assert_eq!(role(replica).unwrap(), "slave");
    }
}

#[test]
fn a_replica_takes_over_from_a_primary_that_is_killed() {
    for program in servers().unwrap() {
        let sentinel = RealSentinel::builder().program(&program).start().unwrap();
        incr(&sentinel).unwrap();
        let old = sentinel.kill_primary();
        assert_eq!(old, 0);
        incr(&sentinel).unwrap_err();
        let new = sentinel.wait_for_failover(old, LONG).unwrap();
        assert_ne!(new, old);
        assert_eq!(sentinel.primary_index(), new);
        incr(&sentinel).unwrap();

        sentinel.server(old).restart().unwrap();
        eventually("the old primary is a replica", || {
            role(sentinel.server(old)).is_ok_and(|role| role == "slave")
        });
        assert_eq!(sentinel.primary_index(), new);
    }
}

#[test]
fn a_frozen_primary_comes_back_as_a_replica() {
    for program in servers().unwrap() {
        let sentinel = RealSentinel::builder().program(&program).start().unwrap();
        let old = sentinel.freeze_primary();
        let new = sentinel.wait_for_failover(old, LONG).unwrap();
        incr(&sentinel).unwrap();
        sentinel.server(old).thaw();
        eventually("the old primary is a replica", || {
            role(sentinel.server(old)).is_ok_and(|role| role == "slave")
        });
        assert_eq!(sentinel.primary_index(), new);
    }
}

#[test]
fn failovers_are_made_to_order_and_lose_nothing() {
    for program in servers().unwrap() {
        let sentinel = RealSentinel::builder().program(&program).start().unwrap();
        for expected in 1..=2 {
            assert_eq!(incr(&sentinel).unwrap(), expected);
            let before = sentinel.primary_index();
            let after = sentinel.failover().unwrap();
            assert_ne!(after, before);
            assert_eq!(sentinel.primary_index(), after);
        }
    }
}

#[test]
fn two_sentinels_are_enough_for_a_failover() {
    let sentinel = RealSentinel::start().unwrap();
    sentinel.sentinels()[0].freeze();
    let old = sentinel.kill_primary();
    let new = sentinel.wait_for_failover(old, LONG).unwrap();
    // Not by way of the client, which would wait for the frozen sentinel for ever.
    assert_eq!(role(sentinel.server(new)).unwrap(), "master");
}

#[test]
fn waiting_for_a_failover_ends_when_none_comes() {
    let sentinel = RealSentinel::start().unwrap();
    let error = sentinel.wait_for_failover(0, Duration::ZERO).unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::TimedOut);
    assert!(error.to_string().contains("a new primary"), "{error}");
}

#[test]
fn two_do_not_disturb_each_other() {
    let (one, other) = (
        RealSentinel::start().unwrap(),
        RealSentinel::start().unwrap(),
    );
    incr(&one).unwrap();
    let old = one.kill_primary();
    one.wait_for_failover(old, LONG).unwrap();
    assert_eq!(other.primary_index(), 0);
    assert_eq!(incr(&other).unwrap(), 1);
    for sentinel in other.sentinels() {
        assert!(!sentinel.log().contains("+switch-master"));
    }
}

#[test]
fn nothing_is_left_after_a_drop() {
    let sentinel = RealSentinel::start().unwrap();
    sentinel.freeze_primary();
    let traces: Vec<_> = all(&sentinel).map(Trace::of).collect();
    assert_eq!(traces.len(), 6);
    drop(sentinel);
    assert!(traces.iter().all(Trace::is_gone), "{traces:?}");
}

#[test]
fn nothing_is_left_after_the_process_is_killed() {
    if traces::is_victim() {
        let sentinel = RealSentinel::start().unwrap();
        traces::tell(all(&sentinel));
        return;
    }
    let traces = traces::of_a_killed_process("nothing_is_left_after_the_process_is_killed");
    assert_eq!(traces.len(), 6);
    traces.iter().for_each(Trace::wait_until_gone);
}

fn all(sentinel: &RealSentinel) -> impl Iterator<Item = &RealRedis> {
    sentinel.servers().iter().chain(sentinel.sentinels())
}
