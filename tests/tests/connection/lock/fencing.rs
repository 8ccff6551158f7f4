//! Numbers that are greater each time, and what they are for; also in a cluster.

use redis_resilient_testkit::RealCluster;

use super::*;

/// Acquires and releases it.
async fn number(redis: &Connector, lock: Lock<'_>) -> RedisResult<u64> {
    let guard = lock.acquire(redis, PATIENCE).await?;
    let number = guard.fencing();
    guard.release().await?;
    Ok(number)
}

#[tokio::test]
async fn each_is_greater_than_the_last_whatever_becomes_of_the_data() -> TestResult {
    let (server, redis) = alone()?;
    let mut last = 0;
    for round in 0..50 {
        match round {
            // Both are lost, then the counter alone; in the end the lock, while somebody has it.
            20 => server.restart()?,
            30 => redis.get().await?.del("{lock}fence:lock").await?,
            40 => {
                let guard = LONG.acquire(&redis, PATIENCE).await?;
                redis.get().await?.flushall::<()>().await?;
                assert!(guard.fencing() > last);
                last = guard.fencing();
            }
            _ => {}
        }
        let next = number(&redis, LONG).await?;
        assert!(next > last, "{next} after {last}");
        assert!(i64::try_from(next).is_ok());
        last = next;
    }
    let mut connection = redis.get().await?;
    let days = connection.pttl::<_, i64>("{lock}fence:lock").await? / 86_400_000;
    assert!((6..=7).contains(&days), "{days}");
    Ok(())
}

#[tokio::test]
async fn a_counter_ahead_of_the_clock_is_counted_on() -> TestResult {
    let (_server, redis) = alone()?;
    let mut connection = redis.get().await?;
    let ahead = 9_007_199_254_740_000_u64;
    connection
        .set::<_, _, ()>("{lock}fence:lock", ahead)
        .await?;
    for next in 1..=20 {
        assert_eq!(number(&redis, LONG).await?, ahead + next);
    }
    Ok(())
}

#[tokio::test]
async fn a_holder_that_does_not_know_is_kept_out_by_its_number() -> TestResult {
    // What is written to keeps the greatest number, and refuses smaller ones.
    const WRITE: &str = "\
local seen = tonumber(redis.call('HGET', KEYS[1], 'seen') or 0)
if tonumber(ARGV[1]) < seen then return 0 end
redis.call('HSET', KEYS[1], 'seen', ARGV[1], 'value', ARGV[2])
return 1";
    let (_server, redis) = alone()?;
    let write = async |number: u64, value: &str| -> RedisResult<bool> {
        let script = redis::Script::new(WRITE);
        let mut invocation = script.key("data");
        invocation.arg(number).arg(value);
        invocation.invoke_async(&mut redis.get().await?).await
    };
    let first = SHORT.acquire(&redis, MS(0)).await?;
    assert!(write(first.fencing(), "first").await?);
    let second = LONG.acquire(&redis, PATIENCE).await?;
    assert!(write(second.fencing(), "second").await?);
    assert!(!write(first.fencing(), "first again").await?);
    let value: String = redis.get().await?.hget("data", "value").await?;
    assert_eq!(value, "second");
    Ok(())
}

#[tokio::test]
async fn any_key_will_do_in_a_cluster_and_a_failover_does_not_set_numbers_back() -> TestResult {
    let cluster = RealCluster::start()?;
    let redis = Connector::cluster(cluster.urls())?
        .connect_timeout(PATIENCE)
        .response_timeout(PATIENCE)
        .build();
    for key in [
        "lock", "{a}lock", "a{b}c{d}", "a{}b", "a{b", "a}b", "}{", "{}", "{}{a}", "ключ", " ",
    ] {
        let lock = Lock::new(key).lease(Duration::from_secs(600));
        let guard = lock.acquire(&redis, PATIENCE).await?;
        assert!(lock.try_acquire(&redis).await?.is_none(), "{key}");
        guard.extend().await?;
        guard.release().await?;
        let mut guard = lock.acquire_blocking(&redis, PATIENCE)?;
        guard.extend()?;
        guard.release()?;
        assert!(number(&redis, lock).await? < number(&redis, lock).await?);
    }
    let key = cluster.key_on(0);
    let lock = Lock::new(&key);
    let before = number(&redis, lock).await?;
    cluster.kill(0);
    assert!(number(&redis, lock).await? > before);
    Ok(())
}
