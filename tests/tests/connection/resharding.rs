//! Slots of a cluster on their way to another server, on every server at hand.

use redis::{AsyncCommands, Commands, Pipeline, RedisResult, Value, cmd};
use redis_resilient::Class;
use redis_resilient::connection::{BlockingConnection, Connection, Connector, Lock, Once};
use redis_resilient_testkit::{RealCluster, SlotMove, servers};

use super::clusters::to_the;
use super::*;

/// A slot of which some keys have moved and one has not.
struct HalfWay<'a> {
    cluster: &'a RealCluster,
    moving: SlotMove<'a>,
    tag: String,
    gone: Vec<String>,
    here: String,
}

impl<'a> HalfWay<'a> {
    fn new(cluster: &'a RealCluster) -> Result<Self, Box<dyn std::error::Error>> {
        let tag = cluster.key_on(0);
        let mut old = redis_resilient_tests::connect(&cluster.node(0).url())?;
        let keys: Vec<_> = (0..4).map(|number| format!("{{{tag}}}{number}")).collect();
        for key in &keys {
            old.set::<_, _, ()>(key, 1)?;
        }
        let moving = cluster.begin_move(RealCluster::slot_of(&tag), 1)?;
        assert_eq!(moving.move_keys(3)?, 3);
        let (here, gone): (Vec<_>, Vec<_>) = keys
            .into_iter()
            .partition(|key| old.get::<_, i64>(key).is_ok());
        let [here] = <[String; 1]>::try_from(here).expect("one is left");
        Ok(Self {
            cluster,
            moving,
            tag,
            gone,
            here,
        })
    }

    /// One that nobody has.
    fn key(&self, name: &str) -> String {
        format!("{{{}}}{name}", self.tag)
    }

    /// What all servers together have of a counter, and how many of them have it.
    fn kept(&self, key: &str) -> RedisResult<(i64, usize)> {
        let (mut sum, mut places) = (0, 0);
        for index in [self.moving.from(), self.moving.to()] {
            let mut node = redis_resilient_tests::connect(&self.cluster.node(index).url())?;
            let mut pipe = redis::pipe();
            pipe.cmd("ASKING").ignore().get(key);
            // One that has handed the slot on answers ASK or MOVED for what it has not.
            if let Ok((Some(value),)) = pipe.query::<(Option<i64>,)>(&mut node) {
                sum += value;
                places += 1;
            }
        }
        Ok((sum, places))
    }
}

fn on_each_server(
    test: impl Fn(&RealCluster) -> TestResult + std::panic::RefUnwindSafe,
) -> TestResult {
    for program in servers()? {
        let cluster = RealCluster::builder().program(&program).start()?;
        test(&cluster)?;
    }
    Ok(())
}

fn wait_for<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime")
        .block_on(future)
}

fn both(cluster: &RealCluster) -> RedisResult<(Connection, BlockingConnection)> {
    let (one, two) = (to_the(cluster)?, to_the(cluster)?);
    // Used in the one runtime of its test.
    Ok((wait_for_connection(&one)?, two.get_blocking()?))
}

fn wait_for_connection(connector: &Connector) -> RedisResult<Connection> {
    wait_for(connector.get())
}

#[test]
fn a_key_that_has_moved_is_read_and_written_where_it_is() -> TestResult {
    on_each_server(|cluster| {
        let half = HalfWay::new(cluster)?;
        let (mut redis, mut blocking) = both(cluster)?;
        wait_for(async {
            assert_eq!(redis.get::<_, i64>(&half.gone[0]).await?, 1);
            assert_eq!(redis.incr::<_, _, i64>(&half.gone[0], 1).await?, 2);
            assert_eq!(redis.get::<_, i64>(&half.here).await?, 1);
            redis.set::<_, _, ()>(half.key("new"), 7).await?;
            RedisResult::Ok(())
        })?;
        assert_eq!(blocking.get::<_, i64>(&half.gone[0])?, 2);
        assert_eq!(blocking.incr::<_, _, i64>(&half.gone[1], 1)?, 2);
        assert_eq!(blocking.get::<_, i64>(half.key("new"))?, 7);
        assert_eq!(blocking.incr::<_, _, i64>(&half.here, 1)?, 2);
        let new = half.key("new");
        for (key, sum) in [
            (&half.gone[0], 2),
            (&half.gone[1], 2),
            (&new, 7),
            (&half.here, 2),
        ] {
            assert_eq!(half.kept(key)?, (sum, 1), "{key} is in one place");
        }
        Ok(())
    })
}

/// What was executed where it stood is not sent along with what has moved.
#[test]
fn of_a_pipeline_only_what_has_moved_is_sent_on() -> TestResult {
    on_each_server(|cluster| {
        let half = HalfWay::new(cluster)?;
        let (mut redis, mut blocking) = both(cluster)?;
        let mut pipe = redis::pipe();
        pipe.incr(&half.here, 1)
            .incr(&half.gone[0], 1)
            .incr(&half.here, 1)
            .incr(&half.gone[1], 1)
            .incr(half.key("new"), 1);
        let counted: Vec<i64> = wait_for(pipe.query_async(&mut redis))?;
        assert_eq!(counted, [2, 2, 3, 2, 1]);
        let counted: Vec<i64> = pipe.query(&mut blocking)?;
        assert_eq!(counted, [4, 3, 5, 3, 2]);
        let new = half.key("new");
        for (key, sum) in [
            (&half.here, 5),
            (&half.gone[0], 3),
            (&half.gone[1], 3),
            (&new, 2),
        ] {
            assert_eq!(half.kept(key)?, (sum, 1), "{key} is in one place");
        }
        Ok(())
    })
}

#[test]
fn a_pipeline_of_nothing_but_what_has_moved_is_sent_on_whole() -> TestResult {
    on_each_server(|cluster| {
        let half = HalfWay::new(cluster)?;
        let (mut redis, mut blocking) = both(cluster)?;
        let mut pipe = redis::pipe();
        for key in &half.gone {
            pipe.incr(key, 1);
        }
        let counted: Vec<i64> = wait_for(pipe.query_async(&mut redis))?;
        assert_eq!(counted, [2; 3]);
        let counted: Vec<i64> = pipe.query(&mut blocking)?;
        assert_eq!(counted, [3; 3]);
        Ok(())
    })
}

#[test]
fn a_transaction_on_what_has_moved_is_executed_there() -> TestResult {
    on_each_server(|cluster| {
        let half = HalfWay::new(cluster)?;
        let (mut redis, mut blocking) = both(cluster)?;
        let transaction = |keys: &[&String]| {
            let mut pipe = redis::pipe();
            pipe.atomic();
            for key in keys {
                pipe.incr(*key, 1);
            }
            pipe
        };
        let new = half.key("new");
        let moved = transaction(&[&half.gone[0], &half.gone[1]]);
        let counted: Vec<i64> = wait_for(moved.query_async(&mut redis))?;
        assert_eq!(counted, [2, 2]);
        let counted: Vec<i64> = moved.query(&mut blocking)?;
        assert_eq!(counted, [3, 3]);
        let counted: Vec<i64> = wait_for(transaction(&[&new]).query_async(&mut redis))?;
        assert_eq!(counted, [1]);
        // One that stays is executed here, and afterwards nothing is in two places.
        let counted: Vec<i64> = wait_for(transaction(&[&half.here]).query_async(&mut redis))?;
        assert_eq!(counted, [2]);
        for (key, sum) in [
            (&half.gone[0], 3),
            (&half.gone[1], 3),
            (&new, 1),
            (&half.here, 2),
        ] {
            assert_eq!(half.kept(key)?, (sum, 1), "{key} is in one place");
        }
        Ok(())
    })
}

/// Nothing of it is executed, in neither place, and it may be tried again.
#[test]
fn a_transaction_on_keys_in_two_places_is_refused_for_now() -> TestResult {
    on_each_server(|cluster| {
        let half = HalfWay::new(cluster)?;
        let (mut redis, mut blocking) = both(cluster)?;
        let mut pipe = redis::pipe();
        pipe.atomic()
            .cmd("MSET")
            .arg(&half.gone[0])
            .arg(9)
            .arg(&half.here)
            .arg(9);
        let error = wait_for(pipe.exec_async(&mut redis)).expect_err("two places");
        assert_eq!(Class::of(&error), Class::Unavailable, "{error}");
        let error = pipe.exec(&mut blocking).expect_err("two places");
        assert_eq!(Class::of(&error), Class::Unavailable, "{error}");
        assert_eq!(
            (half.kept(&half.gone[0])?, half.kept(&half.here)?),
            ((1, 1), (1, 1))
        );
        // Afterwards the connections are as they were.
        assert_eq!(wait_for(redis.get::<_, i64>(&half.here))?, 1);
        assert_eq!(blocking.get::<_, i64>(&half.gone[0])?, 1);
        Ok(())
    })
}

#[test]
fn keys_in_two_places_are_read_once_they_are_in_one() -> TestResult {
    on_each_server(|cluster| {
        let half = HalfWay::new(cluster)?;
        let (mut redis, _) = both(cluster)?;
        let keys = [half.gone[0].clone(), half.here.clone()];
        let error = wait_for(redis.mget::<_, Vec<i64>>(&keys)).expect_err("two places");
        assert_eq!(Class::of(&error), Class::Unavailable, "{error}");
        half.moving.finish()?;
        assert_eq!(wait_for(redis.mget::<_, Vec<i64>>(&keys))?, [1, 1]);
        Ok(())
    })
}

#[test]
fn scripts_and_once_and_locks_work_on_what_has_moved() -> TestResult {
    on_each_server(|cluster| {
        let half = HalfWay::new(cluster)?;
        let connector = to_the(cluster)?;
        let (mut redis, mut blocking) = both(cluster)?;
        let script = redis::Script::new("return redis.call('INCR', KEYS[1])");
        let once = Once::new();
        wait_for(async {
            let key = half.gone[0].clone();
            let counted: i64 = script.key(&key).invoke_async(&mut redis).await?;
            assert_eq!(counted, 2);
            for _ in 0..3 {
                let counted: i64 = once.run(&mut redis, &key, cmd("INCR").arg(&key)).await?;
                assert_eq!(counted, 3);
            }
            let lock = half.key("lock");
            let guard = Lock::new(&lock).try_acquire(&connector).await?;
            let guard = guard.expect("nobody has it");
            assert!(Lock::new(&lock).try_acquire(&connector).await?.is_none());
            guard.release().await
        })?;
        let key = half.gone[1].clone();
        assert_eq!(script.key(&key).invoke::<i64>(&mut blocking)?, 2);
        let counted: i64 = Once::new().run_blocking(&mut blocking, &key, cmd("INCR").arg(&key))?;
        assert_eq!(counted, 3);
        assert_eq!(
            (half.kept(&half.gone[0])?, half.kept(&half.gone[1])?),
            ((3, 1), (3, 1))
        );
        Ok(())
    })
}

#[test]
fn a_command_that_waits_goes_where_its_key_is() -> TestResult {
    on_each_server(|cluster| {
        let half = HalfWay::new(cluster)?;
        let (mut redis, mut blocking) = both(cluster)?;
        let list = half.key("list");
        wait_for(redis.rpush::<_, _, ()>(&list, &[1, 2]))?;
        let popped: (String, i64) = wait_for(redis.blpop(&list, 5.0))?;
        assert_eq!(popped, (list.clone(), 1));
        let popped: (String, i64) = blocking.blpop(&list, 5.0)?;
        assert_eq!(popped, (list, 2));
        Ok(())
    })
}

/// A slot that goes while a command waits for a key in it: the command ends with `MOVED`, was not executed, and waits on in the new place.
#[tokio::test(flavor = "multi_thread")]
async fn a_command_that_waits_while_its_slot_goes_waits_on() -> TestResult {
    for program in servers()? {
        let cluster = RealCluster::builder().program(&program).start()?;
        let list = cluster.key_on(0);
        let connector = to_the(&cluster)?;
        let (mut waits, mut pushes) = (connector.get().await?, connector.get().await?);
        pushes
            .set::<_, _, ()>(format!("{{{list}}}other"), 1)
            .await?;
        let key = list.clone();
        let popped = tokio::spawn(async move { waits.blpop::<_, (String, i64)>(&key, 20.0).await });
        wait_until_blocked(&cluster, 0);
        tokio::task::block_in_place(|| cluster.move_slot(RealCluster::slot_of(&list), 1))?;
        pushes.rpush::<_, _, ()>(&list, 7).await?;
        assert_eq!(popped.await??, (list, 7));
    }
    Ok(())
}

fn wait_until_blocked(cluster: &RealCluster, node: usize) {
    let mut node = redis_resilient_tests::connect(&cluster.node(node).url()).expect("connected");
    loop {
        let clients: String = cmd("INFO").arg("clients").query(&mut node).expect("INFO");
        if clients.contains("blocked_clients:1") {
            return;
        }
        std::thread::sleep(MS(10));
    }
}

/// Slots that go at once: nobody is told `ASK`, and what was queued is refused by `EXEC` itself.
#[tokio::test(flavor = "multi_thread")]
async fn counters_are_right_while_slots_go_to_and_fro_at_once() -> TestResult {
    for program in servers()? {
        let cluster = RealCluster::builder().program(&program).start()?;
        if !cluster.has_atomic_migration() {
            continue;
        }
        let key = cluster.key_on(0);
        let slot = RealCluster::slot_of(&key);
        let mut redis = to_the(&cluster)?.get().await?;
        let counting = {
            let key = key.clone();
            tokio::spawn(async move {
                let mut acknowledged = 0;
                while acknowledged < 2000 {
                    let mut pipe = Pipeline::new();
                    pipe.atomic().incr(&key, 1);
                    match pipe.query_async::<(i64,)>(&mut redis).await {
                        Ok((counted,)) => {
                            acknowledged += 1;
                            assert_eq!(counted, acknowledged, "once each");
                        }
                        // Nothing of it was executed: it may be tried again.
                        Err(error) => assert_eq!(Class::of(&error), Class::Unavailable, "{error}"),
                    }
                }
            })
        };
        tokio::task::block_in_place(|| {
            for to in [1, 0, 2, 0] {
                cluster.migrate_slots(slot, slot, to)?;
            }
            std::io::Result::Ok(())
        })?;
        counting.await?;
    }
    Ok(())
}

#[test]
fn transactions_find_the_new_owner_after_a_planned_failover() -> TestResult {
    on_each_server(|cluster| {
        let key = cluster.key_on(0);
        let (mut redis, mut blocking) = both(cluster)?;
        let mut pipe = redis::pipe();
        pipe.atomic().incr(&key, 1);
        let counted: (i64,) = wait_for(pipe.query_async(&mut redis))?;
        assert_eq!(counted, (1,));
        assert_eq!(pipe.query::<(i64,)>(&mut blocking)?, (2,));
        cluster.failover(cluster.replica_of(0).expect("a replica"))?;
        // Not one retry: the former owner says who has the slot.
        let counted: (i64,) = wait_for(pipe.query_async(&mut redis))?;
        assert_eq!(counted, (3,));
        assert_eq!(pipe.query::<(i64,)>(&mut blocking)?, (4,));
        Ok(())
    })
}

#[test]
fn pipelines_find_the_new_owner_of_a_slot_and_are_executed_once() -> TestResult {
    on_each_server(|cluster| {
        let key = cluster.key_on(0);
        let (mut redis, mut blocking) = both(cluster)?;
        let mut pipe = redis::pipe();
        pipe.incr(&key, 1).incr(&key, 1);
        let counted: Vec<i64> = wait_for(pipe.query_async(&mut redis))?;
        assert_eq!(counted, [1, 2]);
        assert_eq!(pipe.query::<Vec<i64>>(&mut blocking)?, [3, 4]);
        cluster.move_slot(RealCluster::slot_of(&key), 2)?;
        let counted: Vec<i64> = wait_for(pipe.query_async(&mut redis))?;
        assert_eq!(counted, [5, 6]);
        assert_eq!(pipe.query::<Vec<i64>>(&mut blocking)?, [7, 8]);
        Ok(())
    })
}

#[test]
fn commands_for_all_servers_still_get_one_reply() -> TestResult {
    on_each_server(|cluster| {
        let (mut redis, mut blocking) = both(cluster)?;
        let keys = [cluster.key_on(0), cluster.key_on(1), cluster.key_on(2)];
        let pairs: Vec<_> = keys.iter().map(|key| (key, 1)).collect();
        wait_for(redis.mset::<_, _, ()>(&pairs))?;
        assert_eq!(wait_for(redis.mget::<_, Vec<i64>>(&keys))?, [1, 1, 1]);
        assert_eq!(blocking.mget::<_, Vec<i64>>(&keys)?, [1, 1, 1]);
        assert_eq!(wait_for(cmd("DBSIZE").query_async::<i64>(&mut redis))?, 3);
        assert_eq!(cmd("DBSIZE").query::<i64>(&mut blocking)?, 3);
        assert_eq!(wait_for(redis.del::<_, i64>(&keys))?, 3);
        assert!(matches!(
            wait_for(cmd("PING").query_async(&mut redis))?,
            Value::SimpleString(_)
        ));
        let error = wait_for(async {
            let mut pipe = redis::pipe();
            pipe.get(&keys[0]).get(&keys[1]);
            pipe.exec_async(&mut redis).await
        })
        .expect_err("two slots");
        assert_eq!(error.code(), Some("CROSSSLOT"), "{error}");
        Ok(())
    })
}

#[tokio::test]
async fn servers_that_were_not_named_are_found_when_the_named_one_is_gone() -> TestResult {
    let cluster = RealCluster::start()?;
    let seed = cluster.urls().swap_remove(0);
    let connector = Connector::cluster([seed])?.build();
    let key = cluster.key_on(1);
    write(&mut connector.get().await?, &key, 1).await?;
    let lost = cluster.key_on(0);
    cluster.kill(0);
    cluster.wait_until_ok(Duration::from_secs(30))?;
    // Those that were open, and new ones.
    write(&mut connector.get().await?, &lost, 2).await?;
    let mut subscription = connector.subscribe("news");
    subscription.next().await;
    let blocking = tokio::task::spawn_blocking(move || {
        let mut redis = connector.get_blocking()?;
        write_blocking(&mut redis, &key, 3)?;
        Commands::get::<_, i64>(&mut redis, lost)
    });
    assert_eq!(blocking.await??, 2);
    Ok(())
}

/// Redis-rs's cluster connection passes over a server that it has no connection to: it would say `OK`, or count what is left.
#[test]
fn nothing_is_answered_for_all_servers_when_one_is_gone() -> TestResult {
    let cluster = RealCluster::start()?;
    let (mut redis, mut blocking) = both(&cluster)?;
    let keys = [cluster.key_on(0), cluster.key_on(1), cluster.key_on(2)];
    let pairs = |value: i64| keys.iter().map(|key| (key, value)).collect::<Vec<_>>();
    wait_for(redis.mset::<_, _, ()>(&pairs(1)))?;
    assert_eq!(wait_for(cmd("DBSIZE").query_async::<i64>(&mut redis))?, 3);
    assert_eq!(cmd("DBSIZE").query::<i64>(&mut blocking)?, 3);
    // Nobody takes over.
    cluster.kill(cluster.replica_of(1).expect("a replica"));
    cluster.kill(1);
    for _ in 0..2 {
        let failed = [
            wait_for(redis.mset::<_, _, Value>(&pairs(2))),
            wait_for(redis.exists::<_, Value>(&keys)),
            wait_for(redis.del::<_, Value>(&keys)),
            wait_for(redis.mget::<_, Value>(&keys)),
            wait_for(cmd("DBSIZE").query_async::<Value>(&mut redis)),
            blocking.mset::<_, _, Value>(&pairs(2)),
            blocking.exists::<_, Value>(&keys),
            cmd("DBSIZE").query::<Value>(&mut blocking),
        ];
        for answer in failed {
            assert!(answer.is_err(), "{answer:?}");
        }
    }
    Ok(())
}

/// A replica that takes over has the scripts that were loaded before it did.
#[test]
fn scripts_are_there_after_a_failover() -> TestResult {
    on_each_server(|cluster| {
        let key = cluster.key_on(0);
        let (mut redis, mut blocking) = both(cluster)?;
        let script = redis::Script::new("return redis.call('INCR', KEYS[1])");
        assert_eq!(
            wait_for(script.key(&key).invoke_async::<i64>(&mut redis))?,
            1
        );
        cluster.failover(cluster.replica_of(0).expect("a replica"))?;
        let loaded = cmd("EVALSHA")
            .arg(script.get_hash())
            .arg(1)
            .arg(&key)
            .clone();
        assert_eq!(wait_for(loaded.query_async::<i64>(&mut redis))?, 2);
        assert_eq!(loaded.query::<i64>(&mut blocking)?, 3);
        let other = redis::Script::new("return redis.call('DECR', KEYS[1])");
        assert_eq!(other.key(&key).invoke::<i64>(&mut blocking)?, 2);
        Ok(())
    })
}
