//! Commands that belong to a connection, on every server at hand: watched keys, databases, `WAIT`.

use redis::{AsyncCommands, Cmd, Commands, RedisResult, cmd};
use redis_resilient::connection::{Connector, DedicatedConnection};
use redis_resilient::{Class, redis_resilient};
use redis_resilient_testkit::{RealCluster, RealRedis, RealSentinel, WireFault, servers};

use super::*;

fn words(line: &str) -> Cmd {
    let mut words = line.split(' ');
    let mut command = cmd(words.next().unwrap_or_default());
    command.arg(words.collect::<Vec<_>>());
    command
}

fn kill_all_but(server: &RealRedis) -> RedisResult<redis::Connection> {
    let mut operator = redis_resilient_tests::connect(&server.url())?;
    words("CLIENT KILL TYPE normal SKIPME yes").exec(&mut operator)?;
    Ok(operator)
}

#[tokio::test]
async fn on_a_shared_connection_each_of_them_is_refused_and_told_where_it_belongs() -> TestResult {
    for program in servers()? {
        let server = RealRedis::builder().program(&program).start()?;
        let mut redis = connector(&server.url())?.get().await?;
        for line in [
            "WATCH k",
            "UNWATCH",
            "MULTI",
            "EXEC",
            "DISCARD",
            "SELECT 1",
            "CLIENT TRACKING ON",
            "CLIENT NO-EVICT ON",
            "READONLY",
            "READWRITE",
            "ASKING",
            "RESET",
            "QUIT",
        ] {
            let error = words(line)
                .exec_async(&mut redis)
                .await
                .expect_err("shared");
            assert!(error.to_string().contains("dedicated"), "{line}: {error}");
            assert_eq!(Class::of(&error), Class::Misconfigured, "{line}");
            let mut pipe = redis::pipe();
            pipe.get("k").add_command(words(line));
            let error = pipe.exec_async(&mut redis).await.expect_err("shared");
            assert!(error.to_string().contains("dedicated"), "{line}: {error}");
        }
        for (line, instead) in [
            ("HELLO 3", "credentials"),
            ("AUTH secret", "credentials"),
            ("CLIENT SETNAME me", "client_name"),
            ("SUBSCRIBE c", "Connector::subscribe"),
            ("PSUBSCRIBE c*", "Connector::subscribe"),
            ("SSUBSCRIBE c", "Connector::subscribe"),
            ("MONITOR", "get_async_monitor"),
            ("CLIENT REPLY OFF", "pipeline"),
        ] {
            let error = words(line)
                .exec_async(&mut redis)
                .await
                .expect_err("shared");
            assert!(error.to_string().contains(instead), "{line}: {error}");
            assert!(!error.to_string().contains("secret"), "{error}");
        }
        // Nothing of it has reached the server, and all goes on.
        redis.set::<_, _, ()>("k", 1).await?;
        assert_eq!(redis.get::<_, i64>("k").await?, 1);
    }
    Ok(())
}

#[tokio::test]
async fn transactions_in_one_piece_go_over_a_shared_connection() -> TestResult {
    let server = redis_resilient_tests::server()?;
    let mut redis = connector(&server.url())?.get().await?;
    let mut pipe = redis::pipe();
    pipe.atomic().incr("n", 1).incr("n", 1);
    assert_eq!(pipe.query_async::<(i64, i64)>(&mut redis).await?, (1, 2));
    Ok(())
}

async fn add_one(redis: Connector, times: i64) -> RedisResult<()> {
    let mut own = redis.dedicated().await?;
    for _ in 0..times {
        loop {
            own.watch("n").await?;
            let value: Option<i64> = own.get("n").await?;
            let mut pipe = redis::pipe();
            pipe.atomic().set("n", value.unwrap_or(0) + 1);
            if pipe.query_async::<Option<()>>(&mut own).await?.is_some() {
                break;
            }
        }
    }
    Ok(())
}

#[tokio::test]
async fn optimistic_locking_over_dedicated_connections_loses_no_update() -> TestResult {
    for program in servers()? {
        let server = RealRedis::builder().program(&program).start()?;
        let redis = connector(&server.url())?;
        let tasks: Vec<_> = (0..8)
            .map(|_| tokio::spawn(add_one(redis.clone(), 25)))
            .collect();
        for task in tasks {
            task.await??;
        }
        assert_eq!(redis.get().await?.get::<_, i64>("n").await?, 200);
    }
    Ok(())
}

#[tokio::test]
async fn a_dedicated_connection_has_its_own_database_and_leaves_the_others_alone() -> TestResult {
    let server = redis_resilient_tests::server()?;
    let redis = connector(&server.url())?;
    let mut own = redis.dedicated().await?;
    words("SELECT 5").exec_async(&mut own).await?;
    own.set::<_, _, ()>("k", 5).await?;
    assert_eq!(redis::aio::ConnectionLike::get_db(&own), 5);
    let shared: Option<i64> = redis.get().await?.get("k").await?;
    assert_eq!(shared, None);
    assert_eq!(own.get::<_, i64>("k").await?, 5);
    Ok(())
}

/// Which the holder is told before the transaction, not after it.
#[tokio::test]
async fn a_dedicated_connection_that_is_lost_under_watched_keys_says_so_and_stays_lost()
-> TestResult {
    for program in servers()? {
        let server = RealRedis::builder().program(&program).start()?;
        let redis = connector(&server.url())?;
        let mut own = redis.dedicated().await?;
        own.watch("k").await?;
        kill_all_but(&server)?.set::<_, _, ()>("k", 100)?;
        // Time enough to be looked at before the next command.
        tokio::time::sleep(MS(50)).await;
        let mut pipe = redis::pipe();
        pipe.atomic().set("k", 1);
        for _ in 0..2 {
            let error = pipe.exec_async(&mut own).await.expect_err("lost");
            assert_eq!(Class::of(&error), Class::Unreachable, "{error}");
            assert!(error.to_string().contains("dedicated"), "{error}");
            assert!(own.is_over());
        }
        let mut fresh = redis.dedicated().await?;
        assert_eq!(fresh.get::<_, i64>("k").await?, 100, "nothing was executed");
    }
    Ok(())
}

#[redis_resilient(retries = 3, breaker = false)]
async fn set_if_unchanged(
    redis: &Connector,
    server: &RealRedis,
    fails: &std::cell::Cell<bool>,
) -> RedisResult<i64> {
    let mut own = redis.dedicated().await?;
    own.watch("k").await?;
    if fails.replace(false) {
        kill_all_but(server)?;
        tokio::time::sleep(MS(50)).await;
    }
    let value: i64 = own.get("k").await?;
    let mut pipe = redis::pipe();
    pipe.atomic().incr("k", value);
    let (done,): (i64,) = pipe.query_async(&mut own).await?;
    Ok(done)
}

#[tokio::test]
async fn an_annotated_function_begins_anew_with_another_one() -> TestResult {
    let server = redis_resilient_tests::server()?;
    let redis = connector(&server.url())?;
    redis.get().await?.set::<_, _, ()>("k", 7).await?;
    let done = set_if_unchanged(&redis, &server, &std::cell::Cell::new(true)).await?;
    assert_eq!(done, 14);
    Ok(())
}

#[tokio::test]
async fn a_dropped_command_ends_a_dedicated_connection() -> TestResult {
    let server = redis_resilient_tests::server()?;
    let mut own = connector(&server.url())?.dedicated().await?;
    let waits = own.blpop::<_, Option<(String, i64)>>("list", 0.0);
    assert!(tokio::time::timeout(MS(50), waits).await.is_err());
    assert!(own.is_over());
    let error = own.get::<_, Option<i64>>("k").await.expect_err("over");
    assert_eq!(Class::of(&error), Class::Unreachable, "{error}");
    Ok(())
}

#[tokio::test]
async fn a_dedicated_connection_without_an_answer_is_over() -> TestResult {
    let (_server, proxy) = proxied()?;
    let mut own = connector(&proxy.url())?.dedicated().await?;
    own.watch("k").await?;
    proxy.set(WireFault::BlackHole);
    let error = own.get::<_, Option<i64>>("k").await.expect_err("silence");
    assert!(error.is_timeout() || own.is_over(), "{error}");
    proxy.pass();
    assert!(own.get::<_, Option<i64>>("k").await.is_err());
    Ok(())
}

#[tokio::test]
async fn a_dedicated_connection_leads_to_the_primary_that_sentinels_name() -> TestResult {
    let sentinels = RealSentinel::start()?;
    let redis = Connector::sentinel(sentinels.sentinel_urls(), sentinels.primary_name())?.build();
    let mut own = redis.dedicated().await?;
    own.watch("k").await?;
    let mut pipe = redis::pipe();
    pipe.atomic().set("k", 1);
    pipe.exec_async(&mut own).await?;
    let acknowledged: i64 = words("WAIT 1 5000").query_async(&mut own).await?;
    assert!(acknowledged >= 1);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn in_a_cluster_a_dedicated_connection_is_for_a_key() -> TestResult {
    for program in servers()? {
        let cluster = RealCluster::builder().program(&program).start()?;
        let redis = clusters::to_the(&cluster)?;
        let error = redis.dedicated().await.expect_err("to which server?");
        assert!(error.to_string().contains("dedicated_to"), "{error}");
        let key = cluster.key_on(1);
        let watched = async |own: &mut DedicatedConnection| {
            own.watch(&key).await?;
            let mut pipe = redis::pipe();
            pipe.atomic().incr(&key, 1);
            pipe.query_async::<Option<(i64,)>>(own).await
        };
        let mut own = redis.dedicated_to(&key).await?;
        assert_eq!(watched(&mut own).await?, Some((1,)));
        own.watch(&key).await?;
        tokio::task::block_in_place(|| cluster.move_slot(RealCluster::slot_of(&key), 2))?;
        // What was watched there is nobody's any more.
        let mut pipe = redis::pipe();
        pipe.atomic().incr(&key, 1);
        let error = pipe.exec_async(&mut own).await.expect_err("it has moved");
        assert_eq!(Class::of(&error), Class::Unavailable, "{error}");
        assert!(own.is_over());
        // The connector learns of it beside.
        let mut redis_shared = redis.get().await?;
        assert_eq!(redis_shared.get::<_, i64>(&key).await?, 1);
        let mut own = redis.dedicated_to(&key).await?;
        assert_eq!(watched(&mut own).await?, Some((2,)));
    }
    Ok(())
}

#[tokio::test]
async fn wait_over_a_shared_connection_waits_for_what_was_written() -> TestResult {
    for program in servers()? {
        let servers = RealSentinel::builder().program(&program).start()?;
        let primary = servers.primary_index();
        let mut redis = connector(&servers.server(primary).url())?.get().await?;
        redis.set::<_, _, ()>("k", 1).await?;
        let acknowledged: i64 = words("WAIT 1 10000").query_async(&mut redis).await?;
        assert!(acknowledged >= 1, "{program}: the replicas are well");
        let replicas = (0..servers.servers().len()).filter(|index| *index != primary);
        replicas.for_each(|index| servers.server(index).freeze());
        redis.set::<_, _, ()>("k", 2).await?;
        let acknowledged: i64 = words("WAIT 1 200").query_async(&mut redis).await?;
        assert_eq!(acknowledged, 0, "{program}: they stand still");
        // In one pipeline with the write it needs no help.
        let mut pipe = redis::pipe();
        pipe.set("k", 3).ignore().add_command(words("WAIT 1 200"));
        let (acknowledged,): (i64,) = pipe.query_async(&mut redis).await?;
        assert_eq!(acknowledged, 0, "{program}");
    }
    Ok(())
}

/// Others who share the connection are not held up by it.
#[tokio::test]
async fn nobody_else_waits_for_a_wait() -> TestResult {
    let server = redis_resilient_tests::server()?;
    let redis = connector(&server.url())?;
    let (mut waits, mut reads) = (redis.get().await?, redis.get().await?);
    waits.set::<_, _, ()>("k", 1).await?;
    let waiting =
        tokio::spawn(async move { words("WAIT 1 3000").query_async::<i64>(&mut waits).await });
    let begun = std::time::Instant::now();
    while !waiting.is_finished() {
        // Each of these would fail after the response timeout.
        assert_eq!(reads.get::<_, i64>("k").await?, 1);
        tokio::time::sleep(MS(10)).await;
    }
    assert_eq!(waiting.await??, 0);
    assert!(begun.elapsed() >= MS(2500), "{:?}", begun.elapsed());
    Ok(())
}

#[test]
fn synchronous_code_waits_for_what_it_has_written_itself() -> TestResult {
    let servers = RealSentinel::start()?;
    let primary = servers.primary_index();
    let connector = connector(&servers.server(primary).url())?;
    let mut redis = connector.get_blocking()?;
    let error = words("WAIT 1 100")
        .exec(&mut redis)
        .expect_err("nothing was written");
    assert!(error.to_string().contains("BlockingConnection"), "{error}");
    redis.set::<_, _, ()>("k", 1)?;
    assert!(words("WAIT 1 10000").query::<i64>(&mut redis)? >= 1);
    // The connection with the writes is lost: no other knows of them.
    kill_all_but(servers.server(primary))?;
    while redis.get::<_, i64>("k").is_err() {}
    let error = words("WAIT 1 100")
        .exec(&mut redis)
        .expect_err("written elsewhere");
    assert!(error.to_string().contains("BlockingConnection"), "{error}");
    Ok(())
}

#[test]
fn watched_keys_outlive_a_rest_and_a_full_pool() -> TestResult {
    let server = redis_resilient_tests::server()?;
    let connector = builder(&server.url())?.health_check_after(MS(100)).build();
    let mut other = redis_resilient_tests::connect(&server.url())?;
    let mut held = (0..33)
        .map(|_| connector.get_blocking())
        .collect::<RedisResult<Vec<_>>>()?;
    held.iter_mut()
        .try_for_each(|redis| words("PING").exec(redis))?;
    let mut mine = held.pop().ok_or("none")?;
    words("WATCH k").exec(&mut mine)?;
    drop(held);
    other.set::<_, _, ()>("k", 100)?;
    std::thread::sleep(MS(200));
    let mut pipe = redis::pipe();
    pipe.atomic().set("k", 1);
    assert_eq!(pipe.query::<Option<()>>(&mut mine)?, None, "it has changed");
    // Unchanged since, it is executed.
    words("WATCH k").exec(&mut mine)?;
    std::thread::sleep(MS(200));
    assert_eq!(pipe.query::<Option<()>>(&mut mine)?, Some(()));
    Ok(())
}

#[test]
fn a_transaction_whose_connection_is_lost_begins_anew() -> TestResult {
    for program in servers()? {
        let server = RealRedis::builder().program(&program).start()?;
        let mut redis = connector(&server.url())?.get_blocking()?;
        redis.set::<_, _, ()>("k", 1)?;
        let mut runs = 0;
        let (stored,): (i64,) = redis::transaction(&mut redis, &["k"], |redis, pipe| {
            runs += 1;
            let value: i64 = redis.get("k")?;
            if runs == 1 {
                kill_all_but(&server)?.set::<_, _, ()>("k", 100)?;
                std::thread::sleep(MS(50));
            }
            pipe.set("k", value + 1).ignore().get("k").query(redis)
        })?;
        assert_eq!((stored, runs), (101, 2));
    }
    Ok(())
}

/// By hand, too.
#[test]
fn an_exec_without_the_connection_of_its_watch_executes_nothing() -> TestResult {
    let server = redis_resilient_tests::server()?;
    let mut redis = connector(&server.url())?.get_blocking()?;
    words("WATCH k").exec(&mut redis)?;
    words("MULTI").exec(&mut redis)?;
    words("SET k 1").exec(&mut redis)?;
    kill_all_but(&server)?;
    // In a transaction nothing can be looked at: the loss shows when EXEC is sent.
    let ended = words("EXEC").query::<Option<()>>(&mut redis);
    assert!(!matches!(ended, Ok(Some(()))), "{ended:?}");
    assert_eq!(
        redis_resilient_tests::connect(&server.url())?.get::<_, Option<i64>>("k")?,
        None
    );
    // And then it can be used again.
    words("DISCARD").exec(&mut redis).ok();
    words("WATCH k").exec(&mut redis)?;
    let mut pipe = redis::pipe();
    pipe.atomic().set("k", 2);
    assert_eq!(pipe.query::<Option<()>>(&mut redis)?, Some(()));
    Ok(())
}

/// A read in another database than the one that was selected would be a wrong answer.
#[test]
fn a_selected_database_is_not_exchanged_for_another_without_a_word() -> TestResult {
    let server = redis_resilient_tests::server()?;
    let connector = connector(&server.url())?;
    let mut redis = connector.get_blocking()?;
    words("SELECT 5").exec(&mut redis)?;
    redis.set::<_, _, ()>("k", 5)?;
    kill_all_but(&server)?;
    std::thread::sleep(MS(50));
    for _ in 0..2 {
        let error = redis.get::<_, Option<i64>>("k").expect_err("lost");
        assert_eq!(Class::of(&error), Class::Unreachable, "{error}");
    }
    let mut fresh = connector.get_blocking()?;
    assert_eq!(
        fresh.get::<_, Option<i64>>("k")?,
        None,
        "the connector's own"
    );
    Ok(())
}

#[test]
fn what_a_holder_leaves_behind_nobody_gets() -> TestResult {
    for program in servers()? {
        let server = RealRedis::builder().program(&program).start()?;
        for line in [
            "WATCH k",
            "SELECT 5",
            "MULTI",
            "CLIENT TRACKING ON",
            "CLIENT NO-EVICT ON",
            "RESET",
        ] {
            let connector = connector(&server.url())?;
            words(line).exec(&mut connector.get_blocking()?)?;
            redis_resilient_tests::connect(&server.url())?.set::<_, _, ()>("k", 8)?;
            let mut next = connector.get_blocking()?;
            assert_eq!(next.get::<_, Option<i64>>("k")?, Some(8), "{line}");
            let mut pipe = redis::pipe();
            pipe.atomic().set("z", 1);
            assert_eq!(pipe.query::<Option<()>>(&mut next)?, Some(()), "{line}");
        }
    }
    Ok(())
}

#[test]
fn a_clean_connection_is_kept_for_the_next() -> TestResult {
    let server = redis_resilient_tests::server()?;
    let connector = connector(&server.url())?;
    let id = |redis: &mut BlockingConnection| words("CLIENT ID").query::<i64>(redis);
    let mut first = connector.get_blocking()?;
    let number = id(&mut first)?;
    for line in ["WATCH k", "UNWATCH", "SELECT 3", "SELECT 0"] {
        words(line).exec(&mut first)?;
    }
    drop(first);
    assert_eq!(id(&mut connector.get_blocking()?)?, number);
    Ok(())
}

#[test]
fn in_a_cluster_watched_keys_and_their_transaction_are_on_one_connection() -> TestResult {
    for program in servers()? {
        let cluster = RealCluster::builder().program(&program).start()?;
        let mut redis = clusters::to_the(&cluster)?.get_blocking()?;
        let key = cluster.key_on(0);
        let mut other = redis_resilient_tests::connect(&cluster.node(0).url())?;
        let mut pipe = redis::pipe();
        pipe.atomic().incr(&key, 1);
        cmd("WATCH").arg(&key).exec(&mut redis)?;
        other.set::<_, _, ()>(&key, 10)?;
        assert_eq!(pipe.query::<Option<(i64,)>>(&mut redis)?, None, "changed");
        cmd("WATCH").arg(&key).exec(&mut redis)?;
        assert_eq!(pipe.query::<Option<(i64,)>>(&mut redis)?, Some((11,)));
        // The slot goes while the key is watched: the other server watches nothing.
        cmd("WATCH").arg(&key).exec(&mut redis)?;
        cluster.move_slot(RealCluster::slot_of(&key), 1)?;
        let ended = pipe.query::<Option<(i64,)>>(&mut redis);
        assert!(!matches!(ended, Ok(Some(_))), "{ended:?}");
        cmd("WATCH").arg(&key).exec(&mut redis)?;
        assert_eq!(pipe.query::<Option<(i64,)>>(&mut redis)?, Some((12,)));
        let error = words("MULTI")
            .exec(&mut redis)
            .expect_err("on which server?");
        assert!(error.to_string().contains("atomic"), "{error}");
    }
    Ok(())
}
