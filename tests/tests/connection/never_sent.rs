//! What was never sent is known to be so: connections that were closed while nothing went over them.

use redis::{AsyncCommands, Commands, RedisResult, cmd};
use redis_resilient::connection::Connector;
use redis_resilient::{Class, redis_resilient};
use redis_resilient_testkit::{RealCluster, RealRedis, RealSentinel, ReplyCut, servers};

use super::*;

/// No breaker, and no failure but one of those that come before a command is sent.
#[redis_resilient(retries = 5, breaker = false)]
async fn count(redis: &Connector, key: &str) -> RedisResult<i64> {
    redis.get().await?.incr(key, 1).await
}

#[redis_resilient(retries = 5, breaker = false)]
fn count_blocking(redis: &Connector, key: &str) -> RedisResult<i64> {
    redis.get_blocking()?.incr(key, 1)
}

fn kill_all(server: &RealRedis) -> RedisResult<()> {
    let mut operator = redis_resilient_tests::connect(&server.url())?;
    cmd("CLIENT")
        .arg(&["KILL", "TYPE", "normal", "SKIPME", "yes"])
        .exec(&mut operator)
}

#[tokio::test]
async fn a_counter_goes_on_after_its_connection_was_closed() -> TestResult {
    for program in servers()? {
        let server = RealRedis::builder().program(&program).start()?;
        for protocol in ["", "?protocol=resp3"] {
            let redis = Connector::open(format!("{}{protocol}", server.url()))?;
            let key = format!("n{protocol}");
            for expected in 1..=10 {
                assert_eq!(count(&redis, &key).await?, expected);
                kill_all(&server)?;
                tokio::time::sleep(MS(30)).await;
            }
        }
    }
    Ok(())
}

#[test]
fn a_counter_of_synchronous_code_goes_on_after_its_connection_was_closed() -> TestResult {
    for program in servers()? {
        let server = RealRedis::builder().program(&program).start()?;
        let redis = Connector::open(server.url())?;
        let mut held = redis.get_blocking()?;
        for expected in (1..=10).map(|number| number * 2) {
            assert_eq!(count_blocking(&redis, "n")?, expected - 1);
            assert_eq!(held.incr::<_, _, i64>("n", 1)?, expected);
            kill_all(&server)?;
            std::thread::sleep(MS(30));
        }
    }
    Ok(())
}

/// Each of several connections is looked at by itself.
#[tokio::test]
async fn all_of_several_connections_are_looked_at() -> TestResult {
    let server = redis_resilient_tests::server()?;
    let redis = Connector::builder(server.url())?.connections(4).build();
    for expected in 1..=20 {
        assert_eq!(count(&redis, "n").await?, expected);
        if expected % 5 == 0 {
            kill_all(&server)?;
            tokio::time::sleep(MS(30)).await;
        }
    }
    Ok(())
}

#[redis_resilient(retries = 5, breaker = false, timeout = false)]
async fn pop(redis: &Connector) -> RedisResult<Option<(String, i64)>> {
    redis.get().await?.blpop("list", 5.0).await
}

#[tokio::test]
async fn connections_of_commands_that_wait_are_looked_at_before_they_are_used_again() -> TestResult
{
    let server = redis_resilient_tests::server()?;
    let redis = connector(&server.url())?;
    for number in 0..5 {
        count(&redis, "n").await?;
        redis_resilient_tests::connect(&server.url())?.rpush::<_, _, ()>("list", number)?;
        let popped = pop(&redis).await?;
        assert_eq!(popped, Some(("list".to_owned(), number)));
        kill_all(&server)?;
        tokio::time::sleep(MS(30)).await;
    }
    Ok(())
}

#[tokio::test]
async fn a_counter_behind_sentinels_goes_on() -> TestResult {
    let sentinels = RealSentinel::start()?;
    let redis = Connector::sentinel(sentinels.sentinel_urls(), sentinels.primary_name())?.build();
    for expected in 1..=5 {
        assert_eq!(count(&redis, "n").await?, expected);
        kill_all(sentinels.primary())?;
        tokio::time::sleep(MS(30)).await;
    }
    Ok(())
}

#[tokio::test]
async fn counters_in_a_cluster_go_on_on_every_server_of_it() -> TestResult {
    for program in servers()? {
        let cluster = RealCluster::builder().program(&program).start()?;
        for protocol in ["", "?protocol=resp3"] {
            let urls = cluster.urls().into_iter();
            let redis = Connector::cluster(urls.map(|url| format!("{url}{protocol}")))?.build();
            for expected in 1..=5 {
                for index in 0..3 {
                    let key = format!("{{{}}}{protocol}", cluster.key_on(index));
                    assert_eq!(count(&redis, &key).await?, expected, "{key}");
                }
                cluster.nodes().iter().try_for_each(kill_all)?;
                tokio::time::sleep(MS(30)).await;
            }
        }
    }
    Ok(())
}

#[test]
fn counters_of_synchronous_code_in_a_cluster_go_on() -> TestResult {
    let cluster = RealCluster::start()?;
    let redis = Connector::cluster(cluster.urls())?.build();
    for expected in 1..=5 {
        for index in 0..3 {
            assert_eq!(count_blocking(&redis, &cluster.key_on(index))?, expected);
        }
        cluster.nodes().iter().try_for_each(kill_all)?;
        std::thread::sleep(MS(30));
    }
    Ok(())
}

/// As with a `static` connector and one `#[tokio::test]` after the other.
#[test]
fn a_connector_outlives_the_runtimes_that_it_is_used_on() -> TestResult {
    let server = redis_resilient_tests::server()?;
    let cluster = RealCluster::start()?;
    let (redis, shards) = (
        Connector::open(server.url())?,
        Connector::cluster(cluster.urls())?.build(),
    );
    let key = cluster.key_on(1);
    for expected in 1..=5 {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()?;
        let ended = runtime.block_on(async {
            let size: i64 = cmd("DBSIZE").query_async(&mut shards.get().await?).await?;
            assert!(size < 10);
            RedisResult::Ok((count(&redis, "n").await?, count(&shards, &key).await?))
        })?;
        assert_eq!(ended, (expected, expected));
    }
    Ok(())
}

/// What cannot be known stays so: the reply to a command that was sent is lost.
#[tokio::test]
async fn a_command_that_was_sent_is_not_sent_again() -> TestResult {
    let (server, proxy) = proxied()?;
    let redis = connector(&proxy.url())?;
    for expected in 1..=5 {
        // Connected by then.
        count(&redis, "other").await?;
        tokio::time::sleep(MS(20)).await;
        proxy.next_reply(ReplyCut::CloseAfter(0));
        let error = count(&redis, "n").await.expect_err("lost");
        assert_eq!(Class::of(&error), Class::NotIdempotent, "{error}");
        let kept: i64 = redis_resilient_tests::connect(&server.url())?.get("n")?;
        assert_eq!(kept, expected);
    }
    Ok(())
}

/// What may be repeated goes out without a look.
#[tokio::test]
async fn only_what_must_not_be_repeated_is_looked_at() -> TestResult {
    let server = redis_resilient_tests::server()?;
    let mut redis = connector(&server.url())?.get().await?;
    let pings = || -> RedisResult<u64> {
        let mut operator = redis_resilient_tests::connect(&server.url())?;
        let stats: String = cmd("INFO").arg("commandstats").query(&mut operator)?;
        let ping = stats
            .lines()
            .find_map(|line| line.strip_prefix("cmdstat_ping:calls="));
        let calls = ping.and_then(|line| line.split(',').next()?.parse().ok());
        Ok(calls.unwrap_or(0))
    };
    let before = pings()?;
    for _ in 0..5 {
        tokio::time::sleep(MS(20)).await;
        redis.set::<_, _, ()>("k", 1).await?;
        let _: i64 = redis.get("k").await?;
    }
    assert_eq!(pings()?, before);
    tokio::time::sleep(MS(20)).await;
    redis.incr::<_, _, ()>("k", 1).await?;
    assert_eq!(pings()?, before + 1);
    Ok(())
}
