//! Commands that arrive late: those of a caller who has given up, or has tried again on another connection.

use std::time::Duration;

use redis::{AsyncCommands, RedisResult, Value};
use redis_resilient::cache::{Cache, Invalidated};
use redis_resilient::connection::Connector;
use redis_resilient_testkit::{FaultProxy, RealRedis, ReplyCut, WireFault};

use crate::support::{Testing, connected, names, some, until};

#[tokio::test]
async fn a_put_that_arrives_after_an_invalidation_stores_nothing() -> Testing {
    for stale in [Duration::ZERO, Duration::from_secs(600)] {
        let server = RealRedis::start()?;
        let (proxy, beside) = (
            FaultProxy::to(server.addr())?,
            Connector::open(server.url())?,
        );
        let names: Cache<Option<String>> = names()
            .timeout(Duration::from_millis(200))
            .stale_if_error(stale)
            .build(&Connector::open(proxy.url())?);
        names.put(1, &some("so that there is a connection")).await?;
        proxy.set(WireFault::BlackHoleExisting);
        let _ = names.put(7, &some("old")).await?;
        until("it is told on another connection", async || {
            names.invalidate(7).await == Invalidated::Everywhere
        })
        .await;
        let mut watch = beside.get().await?;
        let before = commands(&mut watch).await?;
        proxy.pass();
        // What was held up gets there, which may be the same as what was told already.
        for _ in 0..40 {
            let entry: Option<Vec<u8>> = watch.get("names:7").await?;
            let is_old = entry.is_some_and(|entry| entry.ends_with(b"\"old\""));
            assert!(!is_old, "an older value is back");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        assert!(
            commands(&mut watch).await? > before + 40,
            "nothing was late"
        );
    }
    Ok(())
}

async fn commands(redis: &mut redis_resilient::connection::Connection) -> RedisResult<u64> {
    let info: redis::InfoDict = redis::cmd("INFO").arg("stats").query_async(redis).await?;
    Ok(info.get("total_commands_processed").unwrap_or(0))
}

/// The tokens with which the server was asked for a lease of that key, latest first.
async fn tokens(redis: &Connector, key: &str) -> RedisResult<Vec<String>> {
    let log: Vec<Vec<Value>> = redis::cmd("SLOWLOG")
        .arg("GET")
        .arg(-1)
        .query_async(&mut redis.get().await?)
        .await?;
    let mut tokens = Vec::new();
    for entry in log {
        let command: Vec<String> = redis::from_redis_value(entry[3].clone())?;
        // Script, one key, the key, token, lease, whether to refresh, and an entry that says nothing.
        if let [eval, _, _, of, token, _, _, _] = &command[..]
            && eval.eq_ignore_ascii_case("EVAL")
            && of == key
        {
            tokens.push(token.clone());
        }
    }
    Ok(tokens)
}

#[tokio::test]
async fn a_claim_that_arrives_after_an_invalidation_gives_no_leave_to_store() -> Testing {
    let server = RealRedis::builder()
        .args(["--slowlog-log-slower-than", "0"])
        .args(["--slowlog-max-len", "1000"])
        .start()?;
    let (proxy, beside) = (
        FaultProxy::to(server.addr())?,
        Connector::open(server.url())?,
    );
    let names = names().build(&Connector::open(proxy.url())?);
    names.put(1, &some("so that there is a connection")).await?;
    // The reply to the GET passes, that to the claim does not.
    proxy.next_reply(ReplyCut::FollowBy(b""));
    proxy.next_reply(ReplyCut::CloseAfter(0));
    let name = names
        .get_or_load(7, || async {
            let tokens = tokens(&beside, "names:7").await?;
            assert_eq!(tokens.len(), 2, "one, and another as its reply was lost");
            assert_ne!(tokens[0], tokens[1], "they have tokens of their own");
            let mut redis = beside.get().await?;
            // The primary store is changed after the load has read it.
            redis.del::<_, ()>("names:7").await?;
            // The first claim once more, as if it had been long under way.
            let late = format!(
                "RR1 {} 9999999999999 l {:011} {:011} {:09}\n",
                tokens[1], 0, 0, 0
            );
            redis.pset_ex::<_, _, ()>("names:7", late, 5_000).await?;
            RedisResult::Ok(some("old"))
        })
        .await?;
    assert_eq!(name, some("old"), "it was read before");
    until("it is over", async || names.loading() == 0).await;
    assert_eq!(names.get(7).await, None);
    Ok(())
}

#[tokio::test]
async fn a_lease_that_a_dropped_caller_has_asked_for_is_given_back() -> Testing {
    let (server, redis) = connected()?;
    let beside = Connector::open(server.url())?;
    let names = names().build(&redis);
    // So that it is dropped while it waits for the lease: until then it takes two commands.
    for patience in (0..60).map(|n| Duration::from_micros(n * 20)) {
        for key in 0..10 {
            let load = || std::future::pending::<RedisResult<_>>();
            let _ = tokio::time::timeout(patience, names.get_or_load(key, load)).await;
        }
    }
    let mut beside = beside.get().await?;
    // Sooner than the leases are over by themselves.
    for _ in 0..400 {
        let left: Vec<String> = beside.keys("*").await?;
        if left.is_empty() {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let left: Vec<String> = beside.keys("*").await?;
    panic!("{left:?} are still leased");
}
