//! A cluster: where keys live, failovers, returns, and what is left behind.

#[path = "support/traces.rs"]
mod traces;

use std::{io, thread, time::Duration};

use redis::{RedisResult, cluster::ClusterClient};
use redis_resilient_testkit::{RealCluster, RealRedis, ReplyCut, WireFault, servers};
use traces::Trace;

/// More than a failover ever takes, also on a busy machine.
const LONG: Duration = Duration::from_secs(30);

/// Counts as applications do, with a client that finds the owner itself.
fn incr(cluster: &RealCluster, key: &str) -> RedisResult<i64> {
    let client = ClusterClient::builder(cluster.urls()).retries(0).build()?;
    redis::cmd("INCR")
        .arg(key)
        .query(&mut client.get_connection()?)
}

/// Sends a command to a node of which it is not known that it is the right one.
fn on_node(node: &RealRedis, words: &[&str]) -> RedisResult<i64> {
    let client = redis::Client::open(node.url())?;
    redis::cmd(words[0])
        .arg(&words[1..])
        .query(&mut client.get_connection()?)
}

#[test]
fn each_primary_serves_the_keys_that_are_said_to_be_on_it() {
    for program in servers().unwrap() {
        let cluster = RealCluster::builder().program(&program).start().unwrap();
        for index in 0..3 {
            let key = cluster.key_on(index);
            assert_eq!(cluster.owner_of(&key), Some(index));
            assert_eq!(cluster.owner_of(format!("{{{key}}}more")), Some(index));
            assert_eq!(incr(&cluster, &key).unwrap(), 1);
            assert_eq!(on_node(cluster.node(index), &["INCR", &key]).unwrap(), 2);
            let elsewhere = on_node(cluster.node((index + 1) % 3), &["INCR", &key]).unwrap_err();
            assert_eq!(elsewhere.code(), Some("MOVED"));
        }
        // A replica is not missed.
        cluster.kill(3);
        cluster.wait_until_ok(LONG).unwrap();
        assert_eq!(incr(&cluster, &cluster.key_on(0)).unwrap(), 3);
    }
}

#[test]
fn a_replica_takes_the_slots_of_a_primary_that_is_killed() {
    for program in servers().unwrap() {
        let cluster = RealCluster::builder().program(&program).start().unwrap();
        let key = cluster.key_on(1);
        incr(&cluster, &key).unwrap();
        cluster.kill(1);
        incr(&cluster, &key).unwrap_err();
        cluster.wait_until_ok(LONG).unwrap();
        assert_eq!(cluster.owner_of(&key), Some(4));
        incr(&cluster, &key).unwrap();

        cluster.restart(1).unwrap();
        cluster.wait_until_ok(LONG).unwrap();
        assert_eq!(cluster.owner_of(&key), Some(4));
        incr(&cluster, &key).unwrap();
    }
}

#[test]
fn a_frozen_primary_comes_back_as_a_replica() {
    let cluster = RealCluster::start().unwrap();
    let key = cluster.key_on(2);
    cluster.freeze(2);
    cluster.wait_until_ok(LONG).unwrap();
    assert_eq!(cluster.owner_of(&key), Some(5));
    incr(&cluster, &key).unwrap();
    cluster.thaw(2);
    cluster.wait_until_ok(LONG).unwrap();
    assert_eq!(cluster.owner_of(&key), Some(5));
    let moved = on_node(cluster.node(2), &["INCR", &key]).unwrap_err();
    assert_eq!(moved.code(), Some("MOVED"));
}

#[test]
fn a_slot_without_any_node_is_waited_for_in_vain() {
    let cluster = RealCluster::start().unwrap();
    let key = cluster.key_on(0);
    cluster.kill(3);
    cluster.kill(0);
    let error = cluster.wait_until_ok(Duration::ZERO).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    assert_eq!(cluster.owner_of(&key), None);
}

#[test]
fn two_do_not_disturb_each_other() {
    let start = || thread::spawn(|| RealCluster::start().unwrap());
    let (one, other) = (start(), start());
    let (one, other) = (one.join().unwrap(), other.join().unwrap());
    let key = one.key_on(0);
    incr(&one, &key).unwrap();
    one.kill(0);
    one.wait_until_ok(LONG).unwrap();
    assert_eq!(other.owner_of(&key), Some(0));
    assert_eq!(incr(&other, &key).unwrap(), 1);
}

#[test]
fn nothing_is_left_after_a_drop() {
    let cluster = RealCluster::start().unwrap();
    cluster.freeze(0);
    let traces: Vec<_> = cluster.nodes().iter().map(Trace::of).collect();
    assert_eq!(traces.len(), 6);
    drop(cluster);
    assert!(traces.iter().all(Trace::is_gone), "{traces:?}");
}

#[test]
fn nothing_is_left_after_the_process_is_killed() {
    if traces::is_victim() {
        let cluster = RealCluster::start().unwrap();
        traces::tell(cluster.nodes());
        return;
    }
    let traces = traces::of_a_killed_process("nothing_is_left_after_the_process_is_killed");
    assert_eq!(traces.len(), 6);
    traces.iter().for_each(Trace::wait_until_gone);
}

#[test]
fn clients_go_through_the_proxies_wherever_they_are_sent() {
    for program in servers().unwrap() {
        let cluster = RealCluster::builder()
            .program(&program)
            .proxied()
            .start()
            .unwrap();
        for index in 0..3 {
            let key = cluster.key_on(index);
            // It knows one node, and learns of the others.
            let seed = cluster.urls().swap_remove((index + 1) % 3);
            let client = ClusterClient::builder([seed]).retries(0).build().unwrap();
            let mut connection = client.get_connection().unwrap();
            let mut incr = || redis::cmd("INCR").arg(&key).query::<i64>(&mut connection);
            assert_eq!(incr(), Ok(1));
            cluster.proxy(index).next_reply(ReplyCut::CloseAfter(0));
            assert!(incr().unwrap_err().is_connection_dropped());
            // Lost was the reply, not the command.
            assert_eq!(on_node(cluster.node(index), &["INCR", &key]).unwrap(), 3);
        }
    }
}

#[test]
fn a_node_stays_behind_its_proxy_over_a_restart() {
    let cluster = RealCluster::start_proxied().unwrap();
    cluster.restart(1).unwrap();
    let client = redis::Client::open(cluster.node(1).url()).unwrap();
    let mut connection = client.get_connection().unwrap();
    let mut nodes = redis::cmd("CLUSTER");
    let nodes: String = nodes.arg("NODES").query(&mut connection).unwrap();
    for index in 0..6 {
        let address = format!(" {}@", cluster.proxy(index).addr());
        assert!(nodes.contains(&address), "{address} not in {nodes}");
    }
}

#[test]
fn a_black_hole_is_no_failure_of_the_node() {
    let cluster = RealCluster::start_proxied().unwrap();
    let key = cluster.key_on(1);
    cluster.proxy(1).set(WireFault::BlackHole);
    // Longer than it takes to replace a node that has failed.
    thread::sleep(Duration::from_secs(4));
    assert_eq!(cluster.owner_of(&key), Some(1));
    cluster.wait_until_ok(LONG).unwrap();
    cluster.proxy(1).pass();
    assert_eq!(incr(&cluster, &key), Ok(1));
}
