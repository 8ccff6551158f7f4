//! Effects that happen once, however often an entry is delivered.

use redis::cmd;
use redis_resilient_testkit::{FaultProxy, ReplyCut};

use crate::support::*;

/// Replies are lost all the time, of reads, effects and acknowledgements.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn effects_happen_once_though_replies_are_lost() -> Testing {
    const COUNT: u32 = 120;
    let server = redis_resilient_tests::server()?;
    let proxy = FaultProxy::to(server.addr())?;
    let url = server.url();
    let seen = Seen::default();
    let noted = seen.clone();
    let consumer = consumer(&connector(&proxy.url())?)
        .concurrency(4)
        .max_deliveries(50);
    let running = Running::start(consumer, move |entry, delivery| {
        let name = noted.note(&entry, &delivery);
        async move {
            let key = format!("effects:{name}");
            if name.ends_with(['0', '2', '4', '6', '8']) {
                delivery.commit::<u64>(&key, cmd("INCR").arg(&key)).await?;
            } else {
                let count: u64 = delivery.run_once(&key, cmd("INCR").arg(&key)).await?;
                assert_eq!(count, 1);
                if delivery.attempt() == 1 {
                    return Err("after the effect".into());
                }
            }
            Ok(())
        }
    });
    let monitor = running.monitor.clone();
    for round in 0..COUNT / 6 {
        add(&url, 6 * round..6 * round + 6)?;
        proxy.next_reply(ReplyCut::CloseAfter(0));
        tokio::time::sleep(MS(150)).await;
    }
    until("all", async || monitor.handled() == u64::from(COUNT)).await?;
    settled(&monitor).await?;
    running.end().await?;
    for number in 0..COUNT {
        let count: u64 = ask(&url, &["GET", &format!("effects:{number}")])?;
        assert_eq!(count, 1, "the effect of {number}");
    }
    assert_eq!(monitor.dead_letters(), 0);
    Ok(())
}

/// Long before anybody would take them over; and they are not charged with an attempt.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn entries_whose_delivery_was_lost_are_found_at_once() -> Testing {
    let server = redis_resilient_tests::server()?;
    let proxy = FaultProxy::to(server.addr())?;
    let url = server.url();
    let seen = Seen::default();
    let consumer = consumer(&connector(&proxy.url())?).claim_after(MS(60_000));
    let running = noting(consumer.concurrency(10), &seen);
    add(&url, 0..1)?;
    seen.wait_for(1).await?;
    settled(&running.monitor).await?;
    proxy.next_reply(ReplyCut::CloseAfter(0));
    add(&url, 1..6)?;
    seen.wait_for(6).await?;
    settled(&running.monitor).await?;
    running.end().await?;
    assert!(seen.all().iter().all(|(_, attempt)| *attempt == 1));
    assert_eq!(seen.counts().len(), 6);
    Ok(())
}

/// What fails is not acknowledged, and what is committed is not handled again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_commit_is_both_or_neither() -> Testing {
    let server = redis_resilient_tests::server()?;
    let url = server.url();
    ask::<redis::Value>(&url, &["SET", "text", "no number"])?;
    let seen = Seen::default();
    let noted = seen.clone();
    let running = Running::start(
        consumer(&connector(&url)?).max_deliveries(2),
        move |entry, delivery| {
            let name = noted.note(&entry, &delivery);
            async move {
                let key = if name == "0" { "text" } else { "number" };
                let count: Option<u64> = delivery.commit(key, cmd("INCR").arg(key)).await?;
                assert_eq!(count, Some(1));
                let again: Option<u64> = delivery.commit(key, cmd("INCR").arg(key)).await?;
                assert_eq!(again, None);
                Err("after the commit".into())
            }
        },
    );
    add(&url, 0..2)?;
    settled_after(&running, &seen, 3).await?;
    let monitor = running.monitor.clone();
    running.end().await?;
    assert_eq!(seen.names(), ["0", "1", "0"]);
    assert_eq!((monitor.dead_letters(), monitor.failed()), (1, 3));
    Ok(())
}

async fn settled_after(running: &Running, seen: &Seen, count: usize) -> Testing {
    seen.wait_for(count).await?;
    settled(&running.monitor).await
}
