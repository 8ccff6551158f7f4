//! What others change is not served any more.

use redis_resilient_testkit::{RealRedis, servers};

use super::*;

const KEY: &str = "near:1";

#[tokio::test]
async fn a_change_by_another_client_is_seen() -> TestResult {
    for program in servers()? {
        let server = RealRedis::builder().program(&program).start()?;
        let mut other = other(&server.url())?;
        let process = Process::at(&server.url())?;
        for value in 1..50 {
            other.set::<_, _, ()>(KEY, value)?;
            process.forgets(KEY).await?;
            assert_eq!(process.read(KEY).await?, Read::Redis(Some(value)));
            process.keep(KEY).await?;
            assert_eq!(process.read(KEY).await?, Read::Near(value));
        }
        other.del::<_, ()>(KEY)?;
        process.forgets(KEY).await?;
        assert_eq!(process.read(KEY).await?, Read::Redis(None));
        assert_eq!(
            process.read(KEY).await?,
            Read::Redis(None),
            "absence is not kept"
        );
    }
    Ok(())
}

#[tokio::test]
async fn emptied_servers_leave_nothing() -> TestResult {
    for program in servers()? {
        let server = RealRedis::builder().program(&program).start()?;
        let mut other = other(&server.url())?;
        let process = Process::at(&server.url())?;
        for command in ["FLUSHALL", "FLUSHDB"] {
            other.set::<_, _, ()>(KEY, 1)?;
            process.keep(KEY).await?;
            redis::cmd(command).exec(&mut other)?;
            process.forgets(KEY).await?;
            assert_eq!(process.read(KEY).await?, Read::Redis(None));
        }
    }
    Ok(())
}

/// The server announces it minutes late, where there are many other keys with a deadline.
#[tokio::test]
async fn an_expired_key_is_not_served() -> TestResult {
    for program in servers()? {
        let server = RealRedis::builder().program(&program).start()?;
        let mut other = other(&server.url())?;
        let process = Process::at(&server.url())?;
        let mut many = redis::pipe();
        for number in 0..50_000 {
            many.cmd("SET")
                .arg(format!("other:{number}"))
                .arg(0)
                .arg("EX")
                .arg(3600)
                .ignore();
        }
        many.exec(&mut other)?;
        process.keep_after(&mut other, 0).await?;
        for value in 1..20 {
            let long = MS(300);
            let begun = Instant::now();
            other.pset_ex::<_, _, ()>(KEY, value, 300)?;
            process.keep(KEY).await?;
            while let Some(kept) = process.near.get(KEY) {
                // The kernel's coarse clock is read, which lags behind.
                assert!(
                    begun.elapsed() < long + MS(50) || *kept != value,
                    "it is over"
                );
                sleep(MS(5)).await;
            }
            assert!(matches!(process.read(KEY).await?, Read::Redis(_)));
        }
    }
    Ok(())
}

impl Process {
    async fn keep_after(&self, other: &mut redis::Connection, value: u64) -> TestResult {
        other.set::<_, _, ()>(KEY, value)?;
        self.keep(KEY).await
    }
}

/// C2: the reply is here, then comes the news that it is old, and then it would be stored.
#[tokio::test]
async fn a_value_that_was_read_before_a_change_is_not_stored_after_it() -> TestResult {
    let server = redis_resilient_tests::server()?;
    let mut other = other(&server.url())?;
    let process = Process::at(&server.url())?;
    process.keep_after(&mut other, 1).await?;
    process.near.forget(KEY);
    let ticket = process.near.ticket(KEY);
    let mut redis = process.connector.get().await?;
    let value: u64 = redis::AsyncCommands::get(&mut redis, KEY).await?;
    other.set::<_, _, ()>(KEY, 2)?;
    // It is refused as soon as the message is there. Another key's tells that it is.
    process.keep_beside(&mut other).await?;
    let is_stored = process
        .near
        .fill(&ticket, &redis, KEY, Arc::new(value), 8, None);
    assert!(!is_stored);
    assert_eq!(process.read(KEY).await?, Read::Redis(Some(2)));
    Ok(())
}

impl Process {
    /// Until a change of another key has been heard of.
    async fn keep_beside(&self, other: &mut redis::Connection) -> TestResult {
        const BESIDE: &str = "near:beside";
        other.set::<_, _, ()>(BESIDE, 1)?;
        self.keep(BESIDE).await?;
        other.set::<_, _, ()>(BESIDE, 2)?;
        self.forgets(BESIDE).await
    }
}

/// One that does not tell the writer's own connection would have to be read anew to be tracked: here it is as any other's.
#[tokio::test]
async fn the_process_s_own_writes_are_changes_too() -> TestResult {
    let server = redis_resilient_tests::server()?;
    let mut other = other(&server.url())?;
    let process = Process::at(&server.url())?;
    process.keep_after(&mut other, 0).await?;
    let mut own = process.connector.get().await?;
    for value in 1..500 {
        process.keep(KEY).await?;
        process.near.forget(KEY);
        redis::AsyncCommands::set::<_, _, ()>(&mut own, KEY, value).await?;
        process.near.forget(KEY);
        // Not even once the value from before.
        let (Read::Near(now) | Read::Redis(Some(now))) = process.read(KEY).await? else {
            return Err("it is gone".into());
        };
        assert_eq!(now, value);
    }
    process.keep(KEY).await?;
    other.set::<_, _, ()>(KEY, 1000)?;
    process.forgets(KEY).await?;
    assert_eq!(process.read(KEY).await?, Read::Redis(Some(1000)));
    Ok(())
}

/// It tells of nothing else, and of keys of its own in other databases, which is harmless.
#[tokio::test]
async fn a_change_in_another_database_drops_a_key_of_the_same_name_and_no_more() -> TestResult {
    let server = redis_resilient_tests::server()?;
    let mut other = other(&server.url())?;
    let process = Process::at(&server.url())?;
    process.keep_after(&mut other, 1).await?;
    redis::cmd("SELECT").arg(1).exec(&mut other)?;
    other.set::<_, _, ()>("elsewhere", 1)?;
    assert_eq!(process.read(KEY).await?, Read::Near(1));
    other.set::<_, _, ()>(KEY, 2)?;
    process.forgets(KEY).await?;
    assert_eq!(process.read(KEY).await?, Read::Redis(Some(1)));
    Ok(())
}
