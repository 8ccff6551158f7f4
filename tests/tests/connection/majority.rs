//! How many Sentinels have to say where the primary is.

use std::time::Instant;

use redis::{AsyncCommands, Commands, RedisError};
use redis_resilient::Class;
use redis_resilient::connection::Role;
use redis_resilient_testkit::RealSentinel;
use redis_resilient_tests::connect;

use super::*;

/// What a machine that is busy takes for a connect.
const PATIENT: Duration = Duration::from_secs(5);

fn of(sentinels: &RealSentinel) -> RedisResult<ConnectorBuilder> {
    named(sentinels.sentinel_urls(), sentinels)
}

fn named(urls: Vec<String>, sentinels: &RealSentinel) -> RedisResult<ConnectorBuilder> {
    Ok(Connector::sentinel(urls, sentinels.primary_name())?
        .connect_timeout(PATIENT)
        .response_timeout(PATIENT))
}

/// What asynchronous and synchronous callers get.
async fn both(connector: &Connector) -> Result<[RedisResult<()>; 2], Box<dyn std::error::Error>> {
    let asynchronous = connector.get().await.map(drop);
    let connector = connector.clone();
    let blocking = tokio::task::spawn_blocking(move || connector.get_blocking().map(drop)).await?;
    Ok([asynchronous, blocking])
}

async fn failures(connector: &Connector) -> Result<[RedisError; 2], Box<dyn std::error::Error>> {
    let [asynchronous, blocking] = both(connector).await?;
    Ok([asynchronous, blocking].map(|answer| answer.expect_err("nobody to be believed")))
}

fn says_how_many(error: &RedisError, said: usize) {
    let text = error.to_string();
    let counted = format!("{said} of 3 Sentinels");
    assert!(
        text.contains(&counted) && text.contains("2 have to"),
        "{text}"
    );
    assert_eq!(
        text.contains("sentinel_majority(false)"),
        said > 0,
        "{text}"
    );
}

#[tokio::test]
async fn a_lone_sentinel_is_not_believed_unless_that_is_asked_for() -> TestResult {
    let sentinels = RealSentinel::start()?;
    let in_use = of(&sentinels)?.health_check_after(MS(50)).build();
    let (mut asynchronous, mut blocking) = (in_use.get().await?, in_use.get_blocking()?);
    for sentinel in &sentinels.sentinels()[1..] {
        sentinel.kill();
    }
    for error in failures(&of(&sentinels)?.build()).await? {
        says_how_many(&error, 1);
        assert_eq!(Class::of(&error), Class::Unreachable, "{error}");
    }
    let lenient = of(&sentinels)?.sentinel_majority(false).build();
    for answer in both(&lenient).await? {
        answer?;
    }
    // What is connected goes on, each time after it has been looked up in vain.
    for value in 0..3 {
        tokio::time::sleep(MS(60)).await;
        asynchronous.set::<_, _, ()>("k", value).await?;
        Commands::set::<_, _, ()>(&mut blocking, "k", value)?;
    }
    Ok(())
}

#[tokio::test]
async fn two_of_three_are_a_majority() -> TestResult {
    let sentinels = RealSentinel::start()?;
    sentinels.sentinels()[0].kill();
    for answer in both(&of(&sentinels)?.build()).await? {
        answer?;
    }
    Ok(())
}

/// Nobody is refused, and nothing comes.
#[tokio::test]
async fn sentinels_that_stand_still_are_waited_for_and_do_not_count() -> TestResult {
    let sentinels = RealSentinel::start()?;
    for sentinel in &sentinels.sentinels()[1..] {
        sentinel.freeze();
    }
    let strict = of(&sentinels)?.connect_timeout(MS(1000)).build();
    let begun = Instant::now();
    for error in failures(&strict).await? {
        says_how_many(&error, 1);
        assert_eq!(Class::of(&error), Class::Unreachable, "{error}");
    }
    assert!(begun.elapsed() < MS(2000) + SLACK, "{:?}", begun.elapsed());
    let lenient = of(&sentinels)?.sentinel_majority(false).build();
    for answer in both(&lenient).await? {
        answer?;
    }
    Ok(())
}

/// The Sentinel that the client still sees names the old primary for as long as it has not heard of the new one.
#[tokio::test]
async fn who_is_cut_off_with_the_old_primary_does_not_write_to_it() -> TestResult {
    let sentinels = RealSentinel::start()?;
    let proxies = sentinels.sentinels().iter();
    let proxies = proxies.map(|sentinel| FaultProxy::to(sentinel.addr()));
    let proxies = proxies.collect::<std::io::Result<Vec<_>>>()?;
    let urls = proxies.iter().map(FaultProxy::url).collect();
    let connector = named(urls, &sentinels)?.connect_timeout(MS(1000)).build();
    write(&mut connector.get().await?, "k", 1).await?;
    for proxy in &proxies[1..] {
        proxy.set(redis_resilient_testkit::WireFault::BlackHole);
    }
    // Its connection is lost too, and made anew.
    let old = sentinels.primary();
    let mut operator = connect(&old.url())?;
    redis::cmd("CLIENT")
        .arg("KILL")
        .arg("TYPE")
        .arg("normal")
        .exec(&mut operator)?;
    for _ in 0..3 {
        let written = match connector.get().await {
            Ok(mut redis) => redis.set::<_, _, ()>("k", 2).await,
            Err(error) => Err(error),
        };
        assert!(written.is_err(), "one Sentinel of three was believed");
    }
    let kept: u64 = connect(&old.url())?.get("k")?;
    assert_eq!(kept, 1);
    // The partition is over.
    proxies.iter().for_each(FaultProxy::pass);
    let begun = Instant::now();
    let mut redis = loop {
        match connector.get().await {
            Ok(redis) => break redis,
            Err(error) if begun.elapsed() > MS(20_000) => return Err(error.into()),
            Err(_) => tokio::time::sleep(MS(50)).await,
        }
    };
    write(&mut redis, "k", 3).await?;
    Ok(())
}

#[tokio::test]
async fn those_that_do_not_know_the_name_are_no_voices_for_it() -> TestResult {
    let sentinels = RealSentinel::start()?;
    let forget = |index: usize| {
        let mut forget = redis::cmd("SENTINEL");
        forget.arg("REMOVE").arg(sentinels.primary_name());
        forget.exec(&mut connect(&sentinels.sentinel_urls()[index])?)
    };
    forget(2)?;
    for answer in both(&of(&sentinels)?.build()).await? {
        answer?;
    }
    forget(1)?;
    for error in failures(&of(&sentinels)?.build()).await? {
        says_how_many(&error, 1);
        // They will not know it later either.
        assert_eq!(Class::of(&error), Class::Misconfigured, "{error}");
        assert!(error.to_string().contains("No such master"), "{error}");
    }
    let lenient = of(&sentinels)?.sentinel_majority(false).build();
    for answer in both(&lenient).await? {
        answer?;
    }
    Ok(())
}

#[tokio::test]
async fn it_is_a_majority_of_those_that_are_named() -> TestResult {
    let sentinels = RealSentinel::start()?;
    let urls = sentinels.sentinel_urls();
    for sentinel in &sentinels.sentinels()[1..] {
        sentinel.kill();
    }
    for answer in both(&named(vec![urls[0].clone()], &sentinels)?.build()).await? {
        answer?;
    }
    let [one, other, _] = &urls[..] else {
        return Err("there are three".into());
    };
    // Twice the same is one.
    for answer in both(&named(vec![one.clone(), one.clone()], &sentinels)?.build()).await? {
        answer?;
    }
    let two = named(vec![one.clone(), other.clone()], &sentinels)?.build();
    for error in failures(&two).await? {
        assert!(error.to_string().contains("1 of 2 Sentinels"), "{error}");
    }
    Ok(())
}

/// For half a second its Sentinels see nothing wrong with it.
#[tokio::test]
async fn a_replica_that_stands_still_leaves_time_for_the_next() -> TestResult {
    let sentinels = RealSentinel::start()?;
    let to_a_replica = || {
        let builder = of(&sentinels)?.role(Role::Replica).build();
        RedisResult::Ok(builder)
    };
    let connectors = (0..24).map(|_| to_a_replica());
    let connectors = connectors.collect::<RedisResult<Vec<_>>>()?;
    let primary = sentinels.primary_index();
    let frozen = (0..3)
        .find(|index| *index != primary)
        .ok_or("there are three")?;
    sentinels.server(frozen).freeze();
    let mut asynchronous = tokio::task::JoinSet::new();
    let mut blocking = tokio::task::JoinSet::new();
    for connector in connectors {
        let too = connector.clone();
        asynchronous.spawn(async move { connector.get().await.map(drop) });
        blocking.spawn_blocking(move || too.get_blocking().map(drop));
    }
    for answers in [asynchronous.join_all().await, blocking.join_all().await] {
        let failed = answers.into_iter().filter_map(Result::err);
        let failed: Vec<_> = failed.map(|error| error.to_string()).collect();
        assert!(failed.is_empty(), "{failed:?}");
    }
    sentinels.server(frozen).thaw();
    Ok(())
}
