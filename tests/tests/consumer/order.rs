//! Entries of one key one after the other, in their order.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use redis_resilient::streams::Entry;

use crate::support::*;

const KEYS: u32 = 7;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn entries_of_a_key_are_handled_in_order_whatever_fails() -> Testing {
    let server = redis_resilient_tests::server()?;
    let url = server.url();
    add(&url, 0..300)?;
    let (done, running_at_once, most) = (
        Arc::new(Mutex::new(Vec::new())),
        Arc::new(AtomicUsize::new(0)),
        Arc::new(AtomicUsize::new(0)),
    );
    let busy: Arc<Mutex<HashMap<u32, u32>>> = Arc::default();
    let consumer = consumer(&connector(&url)?)
        .concurrency(8)
        .max_deliveries(3)
        .ordered_by(|entry: &Entry| entry.parse::<u32>("n").map(|n| n % KEYS).ok());
    let (log, at_once, peak) = (done.clone(), running_at_once.clone(), most.clone());
    let running = Running::start(consumer, move |entry, delivery| {
        let (log, at_once, peak, busy) = (log.clone(), at_once.clone(), peak.clone(), busy.clone());
        async move {
            let number: u32 = entry.parse("n")?;
            let key = number % KEYS;
            let beside = busy.lock().expect("no panic").insert(key, number);
            assert_eq!(beside, None, "two of one key at once");
            peak.fetch_max(at_once.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            tokio::time::sleep(MS(u64::from(fastrand::u8(..5)))).await;
            at_once.fetch_sub(1, Ordering::SeqCst);
            busy.lock().expect("no panic").remove(&key);
            if number % 10 == 3 && delivery.attempt() < 3 || number == 50 {
                return Err("later".into());
            }
            log.lock().expect("no panic").push(number);
            Ok(())
        }
    });
    let monitor = running.monitor.clone();
    until("all", async || {
        monitor.handled() + monitor.dead_letters() == 300
    })
    .await?;
    settled(&monitor).await?;
    running.end().await?;
    let done = done.lock().expect("no panic").clone();
    assert_eq!((done.len(), monitor.dead_letters()), (299, 1));
    for key in 0..KEYS {
        let of_key: Vec<_> = done
            .iter()
            .filter(|number| **number % KEYS == key)
            .collect();
        assert!(of_key.is_sorted(), "{of_key:?}");
    }
    assert!(most.load(Ordering::SeqCst) > 3, "keys go beside each other");
    Ok(())
}

/// Two processes are not at work beside each other; the next one begins with what the last has left.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_of_several_consumers_keeps_the_order_and_the_next_goes_on_with_it() -> Testing {
    let server = redis_resilient_tests::server()?;
    let url = server.url();
    add(&url, 0..60)?;
    let log: Arc<Mutex<Vec<u32>>> = Arc::default();
    let start = || -> redis::RedisResult<Running> {
        let log = log.clone();
        let consumer = consumer(&connector(&url)?)
            .concurrency(4)
            .ordered_by(|entry: &Entry| entry.parse::<u32>("n").map(|n| n % KEYS).ok());
        Ok(Running::start(consumer, move |entry, _| {
            let log = log.clone();
            async move {
                let number: u32 = entry.parse("n")?;
                tokio::time::sleep(MS(20)).await;
                log.lock().expect("no panic").push(number);
                Ok(())
            }
        }))
    };
    let count = || log.lock().expect("no panic").len();
    let mut running = vec![start()?, start()?, start()?];
    until("ten", async || count() >= 10).await?;
    let standing = |running: &[Running]| {
        let standing = running.iter().filter(|one| one.monitor.is_standing_by());
        standing.count()
    };
    until("two that stand by", async || standing(&running) == 2).await?;
    // One is killed, and then one ends as it should.
    let leads = running.iter().position(|one| !one.monitor.is_standing_by());
    running.remove(leads.ok_or("nobody leads")?).kill();
    until("all", async || count() >= 60).await?;
    until("one that stands by", async || standing(&running) == 1).await?;
    let leads = running.iter().position(|one| !one.monitor.is_standing_by());
    running.remove(leads.ok_or("nobody leads")?).end().await?;
    add(&url, 60..90)?;
    until("all", async || count() >= 90).await?;
    let last = running.remove(0);
    settled(&last.monitor).await?;
    last.end().await?;
    let log = log.lock().expect("no panic").clone();
    for key in 0..KEYS {
        let of_key = || log.iter().filter(|number| **number % KEYS == key);
        let once: std::collections::BTreeSet<_> = of_key().collect();
        assert!(of_key().is_sorted(), "{:?}", of_key().collect::<Vec<_>>());
        assert_eq!(
            once.len(),
            (0..90).filter(|number| number % KEYS == key).count()
        );
    }
    Ok(())
}
