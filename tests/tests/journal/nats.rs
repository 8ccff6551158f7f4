//! A journal in NATS, which several processes have together, and which may be away itself.

use std::time::Duration;

use redis::AsyncCommands;
use redis_resilient::connection::Connector;
use redis_resilient::journal::{Journal, JournalError, Nats, Written};
use redis_resilient_testkit::{FaultProxy, RealNats, WireFault};

use crate::support::{
    Place, REMEMBER, TestResult, builder, connector, drained, kill, lasting, until,
};

/// One process of several: none of them waits long for NATS, or for another.
fn opened(
    name: &'static str,
    address: impl std::fmt::Display,
    redis: &Connector,
) -> Result<Journal, JournalError> {
    let nats = Nats::at(format!("nats://{address}"))
        .timeout(Duration::from_secs(1))
        .lease(Duration::from_secs(2));
    builder(name).nats(nats).open(redis)
}

/// What one process has put there, the other one knows of, and does not overtake.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn processes_queue_behind_each_other() -> TestResult {
    let server = lasting()?;
    let nats = RealNats::start()?;
    let redis = connector(&server.url())?;
    let journals = [
        opened("together", nats.addr(), &redis)?,
        opened("together", nats.addr(), &redis)?,
        opened("together", nats.addr(), &redis)?,
    ];
    kill(&server, &redis).await;
    for number in 0..300_u64 {
        let journal = &journals[usize::try_from(number % 3)?];
        // It is in turn with the others only if it knows of theirs.
        until(|| journal.progress().waiting == number).await;
        let mut orders = journal.over(&redis).exactly_once(REMEMBER);
        let written: Written<u64> = orders.rpush("list", number).await?;
        assert!(written.is_queued());
    }
    server.restart()?;
    for number in 300..600_u64 {
        let journal = &journals[usize::try_from(number % 3)?];
        let mut orders = journal.over(&redis).exactly_once(REMEMBER);
        let _: Written<u64> = orders.rpush("list", number).await?;
        // That the others know of this one takes a moment, which writers of one key have to take in any case.
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    for journal in &journals {
        drained(journal).await;
    }
    let list: Vec<u64> = redis.get().await?.lrange("list", 0, -1).await?;
    assert_eq!(list, (0..600).collect::<Vec<_>>());
    for journal in &journals {
        assert_eq!(journal.close(Duration::ZERO).await?, 0);
    }
    Ok(())
}

/// The process that executes is cut off from NATS. Another one goes on where it was.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_process_takes_over() -> TestResult {
    let server = lasting()?;
    let nats = RealNats::start()?;
    let proxy = FaultProxy::to(nats.addr())?;
    let redis = connector(&server.url())?;
    kill(&server, &redis).await;
    let slow = Nats::at(format!("nats://{}", proxy.addr())).lease(Duration::from_secs(2));
    let first = builder("taken over")
        .nats(slow)
        .rate(10)
        .concurrency(1)
        .open(&redis)?;
    let mut orders = first.over(&redis).exactly_once(REMEMBER);
    for number in 0..200_u64 {
        let written: Written<u64> = orders.rpush("list", number).await?;
        assert!(written.is_queued());
    }
    server.restart()?;
    until(|| first.progress().waiting < 200).await;
    let second = opened("taken over", nats.addr(), &redis)?;
    assert!(second.recovered().waiting > 0);
    proxy.set(WireFault::BlackHole);
    drained(&second).await;
    proxy.pass();
    // It learns what was done meanwhile.
    drained(&first).await;
    let list: Vec<u64> = redis.get().await?.lrange("list", 0, -1).await?;
    assert_eq!(list, (0..200).collect::<Vec<_>>());
    Ok(())
}

/// While NATS is away writes go to Redis as before. When both are, their callers are told, and nothing arrives later.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn both_are_away() -> TestResult {
    let server = lasting()?;
    let nats = RealNats::start()?;
    let redis = connector(&server.url())?;
    let journal = opened("both", nats.addr(), &redis)?;
    let mut orders = journal.over(&redis);
    nats.kill();
    assert_eq!(orders.rpush("list", 0).await, Ok(Written::Done(1_u64)));
    kill(&server, &redis).await;
    let error = orders
        .rpush::<_, _, Written<u64>>("list", 1)
        .await
        .expect_err("nobody has it");
    let text = error.to_string();
    assert!(
        text.contains("neither in Redis nor in the journal"),
        "{text}"
    );
    assert_eq!(journal.progress().waiting, 0);
    nats.restart()?;
    // It takes them again by itself.
    let written: Written<u64> = orders.rpush("list", 2).await?;
    assert!(written.is_queued());
    // And loses none with the next loss.
    nats.kill();
    nats.restart()?;
    server.restart()?;
    drained(&journal).await;
    let list: Vec<u64> = redis.get().await?.lrange("list", 0, -1).await?;
    assert_eq!(list, [0, 2]);
    Ok(())
}

/// The acknowledgement comes too late, and the write is sent again: it is one write (Q13, Q14).
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_sent_twice_is_one_write() -> TestResult {
    let server = lasting()?;
    let nats = RealNats::start()?;
    let proxy = FaultProxy::to(nats.addr())?;
    let redis = connector(&server.url())?;
    kill(&server, &redis).await;
    let address = format!("nats://{}", proxy.addr());
    let journal = builder("twice").nats(address.as_str()).open(&redis)?;
    proxy.set(WireFault::BlackHole);
    let journalled = {
        let journal = journal.clone();
        tokio::spawn(async move { journal.enqueue::<()>(redis::cmd("INCR").arg("n")).await })
    };
    // Longer than one answer is waited for, and shorter than the write is: all that was sent meanwhile gets there.
    tokio::time::sleep(Duration::from_millis(2_500)).await;
    proxy.pass();
    assert!(journalled.await??.is_queued());
    server.restart()?;
    drained(&journal).await;
    assert_eq!(redis.get().await?.get("n").await, Ok(1));
    Ok(())
}

/// Q19: what NATS will never take is refused at once, and holds up nobody.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_write_that_is_too_long_is_refused() -> TestResult {
    let server = lasting()?;
    let redis = connector(&server.url())?;
    let Place::Nats(url) = Place::nats() else {
        return Err("a place in NATS".into());
    };
    let journal = builder("too long").nats(url).open(&redis)?;
    kill(&server, &redis).await;
    let mut orders = journal.over(&redis);
    let error = orders
        .set::<_, _, Written<()>>("k", vec![b'x'; 1_100_000])
        .await
        .expect_err("it is too long");
    assert!(error.to_string().contains("`max_payload`"), "{error}");
    // As many as do not fit into one message are in several.
    let mut pipeline = redis::pipe();
    for _ in 0..1_200 {
        pipeline.append("k", vec![b'y'; 1_000]).ignore();
    }
    pipeline.exec_async(&mut orders).await?;
    assert_eq!(journal.progress().waiting, 1_200);
    server.restart()?;
    drained(&journal).await;
    assert_eq!(orders.strlen("k").await, Ok(1_200_000));
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_for_one_redis_does_not_go_to_another_from_nats() -> TestResult {
    let (server, other) = (lasting()?, lasting()?);
    let (redis, elsewhere) = (connector(&server.url())?, connector(&other.url())?);
    let place = Place::nats();
    kill(&server, &redis).await;
    let journal = place.builder("other redis").open(&redis)?;
    journal.enqueue::<()>(redis::cmd("INCR").arg("n")).await?;
    journal.close(Duration::ZERO).await?;
    let error = place
        .builder("other redis")
        .open(&elsewhere)
        .expect_err("it is for the first");
    assert!(
        matches!(error, JournalError::OtherRedis { entries: 1, .. }),
        "{error}"
    );
    let journal = place.builder("other redis").moved(true).open(&elsewhere)?;
    drained(&journal).await;
    assert_eq!(elsewhere.get().await?.get("n").await, Ok(1));
    Ok(())
}

/// Neither what cannot be read nor what is not there shows a password.
#[test]
fn addresses_are_not_shown() -> TestResult {
    let server = lasting()?;
    let redis = connector(&server.url())?;
    for address in [
        "nats://shop:secret@127.0.0.1:1",
        "nats://shop:secret@[",
        "secret://shop:secret@x",
    ] {
        let builder = builder("hidden").nats(Nats::at(address).credentials("secret"));
        let shown = format!("{builder:?}");
        let error = builder.open(&redis).expect_err("nobody is there");
        let error = format!("{error} {error:?}");
        assert!(
            !shown.contains("secret") && !error.contains("secret"),
            "{shown} {error}"
        );
    }
    Ok(())
}
