//! Slots that move between the nodes of a cluster, and failovers to order.

use std::{io, time::Duration};

use redis::{Connection, RedisResult, cluster::ClusterClient};
use redis_resilient_testkit::{RealCluster, RealRedis, servers};

/// More than a change ever takes, also on a busy machine.
const LONG: Duration = Duration::from_secs(30);

fn connect(node: &RealRedis) -> Connection {
    let client = redis::Client::open(node.url()).unwrap();
    client.get_connection().unwrap()
}

fn query<T: redis::FromRedisValue>(connection: &mut Connection, words: &[&str]) -> RedisResult<T> {
    redis::cmd(words[0]).arg(&words[1..]).query(connection)
}

fn code(result: RedisResult<redis::Value>) -> String {
    result.unwrap_err().code().unwrap_or_default().to_owned()
}

#[test]
fn keys_of_a_slot_that_is_being_moved_are_asked_for_elsewhere() {
    for program in servers().unwrap() {
        let cluster = RealCluster::builder().program(&program).start().unwrap();
        let tag = cluster.key_on(0);
        let keys = ["a", "b", "c"].map(|name| format!("{{{tag}}} {name}"));
        let mut old = connect(cluster.node(0));
        let mut new = connect(cluster.node(1));
        for key in &keys {
            query::<()>(&mut old, &["SET", key, "v"]).unwrap();
        }
        let moving = cluster.begin_move(RealCluster::slot_of(&tag), 1).unwrap();
        assert_eq!((moving.from(), moving.to()), (0, 1));
        assert_eq!(moving.move_keys(2).unwrap(), 2);
        let (mut here, mut there) = (0, 0);
        for key in &keys {
            match query::<String>(&mut old, &["GET", key]) {
                Ok(_) => here += 1,
                Err(error) if error.code() == Some("ASK") => there += 1,
                Err(error) => panic!("{error}"),
            }
            assert_eq!(code(query(&mut new, &["GET", key])), "MOVED");
        }
        assert_eq!((here, there), (1, 2));
        let all = [&["MGET"][..], &keys.each_ref().map(String::as_str)].concat();
        assert_eq!(code(query(&mut old, &all)), "TRYAGAIN");

        moving.finish().unwrap();
        assert_eq!(cluster.owner_of(&tag), Some(1));
        assert_eq!(code(query(&mut old, &all)), "MOVED");
        let values: Vec<String> = query(&mut new, &all).unwrap();
        assert_eq!(values, ["v"; 3]);
    }
}

#[test]
fn a_slot_goes_there_and_back() {
    for program in servers().unwrap() {
        let cluster = RealCluster::builder().program(&program).start().unwrap();
        let key = cluster.key_on(2);
        let slot = RealCluster::slot_of(&key);
        let client = ClusterClient::new(cluster.urls()).unwrap();
        let mut connection = client.get_connection().unwrap();
        for (owner, expected) in [(0, 1), (1, 2), (2, 3)] {
            cluster.move_slot(slot, owner).unwrap();
            assert_eq!(cluster.owner_of(&key), Some(owner));
            let counted: i64 = redis::cmd("INCR").arg(&key).query(&mut connection).unwrap();
            assert_eq!(counted, expected);
        }
        cluster.wait_until_ok(LONG).unwrap();
    }
}

#[test]
fn slots_move_at_once_where_the_servers_can() {
    for program in servers().unwrap() {
        let cluster = RealCluster::builder().program(&program).start().unwrap();
        let key = cluster.key_on(0);
        let slot = RealCluster::slot_of(&key);
        if !cluster.has_atomic_migration() {
            let error = cluster.migrate_slots(slot, slot, 1).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::Unsupported);
            continue;
        }
        query::<()>(&mut connect(cluster.node(0)), &["SET", &key, "v"]).unwrap();
        cluster.migrate_slots(slot, slot, 1).unwrap();
        assert_eq!(cluster.owner_of(&key), Some(1));
        let value: String = query(&mut connect(cluster.node(1)), &["GET", &key]).unwrap();
        assert_eq!(value, "v");
        cluster.wait_until_ok(LONG).unwrap();
    }
}

#[test]
fn a_replica_takes_over_to_order_and_nothing_is_lost() {
    for program in servers().unwrap() {
        let cluster = RealCluster::builder().program(&program).start().unwrap();
        let key = cluster.key_on(1);
        assert_eq!(cluster.replica_of(1), Some(4));
        query::<()>(&mut connect(cluster.node(1)), &["SET", &key, "v"]).unwrap();
        cluster.failover(4).unwrap();
        assert_eq!(cluster.owner_of(&key), Some(4));
        let value: String = query(&mut connect(cluster.node(4)), &["GET", &key]).unwrap();
        assert_eq!(value, "v");
        cluster.wait_until_ok(LONG).unwrap();
        assert_eq!(cluster.replica_of(4), Some(1));
        assert!(cluster.failover(4).is_err());
    }
}
