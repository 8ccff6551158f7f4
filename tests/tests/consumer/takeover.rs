//! Entries of consumers that are gone, and those of consumers that are not.

use std::sync::{Arc, Mutex};
use std::time::Instant;

use crate::support::*;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn entries_of_a_dead_consumer_are_taken_over_in_time() -> Testing {
    let server = redis_resilient_tests::server()?;
    let url = server.url();
    let redis = connector(&url)?;
    let (first, gate) = (Seen::default(), Gate::closed());
    // Both have the same label, as in a rolling deployment.
    let dying = gated(
        consumer(&redis).concurrency(60).prefetch(40).label("same"),
        &first,
        &gate,
    );
    add(&url, 0..100)?;
    first.wait_for(60).await?;
    let monitor = dying.monitor.clone();
    until("100 in hand", async || monitor.in_hand() == 100).await?;
    let taken = Arc::new(Mutex::new(Vec::new()));
    let (seen, times) = (Seen::default(), taken.clone());
    let noted = seen.clone();
    let running = Running::start(
        consumer(&redis).concurrency(100).label("same"),
        move |entry, delivery| {
            noted.note(&entry, &delivery);
            times.lock().expect("no panic").push(Instant::now());
            async { Ok(()) }
        },
    );
    // While both live, nothing is taken over.
    tokio::time::sleep(MS(2500)).await;
    assert_eq!(seen.all(), []);
    let died = Instant::now();
    dying.kill();
    seen.wait_for(100).await?;
    settled(&running.monitor).await?;
    let times: Vec<_> = taken
        .lock()
        .expect("no panic")
        .iter()
        .map(|at| at.duration_since(died))
        .collect();
    let (first, last) = (
        times.iter().min().expect("100"),
        times.iter().max().expect("100"),
    );
    println!("taken over {first:?} to {last:?} after the death, claim_after is 1 s");
    // The last sign of life was a fourth of that before, at most.
    assert!(*first >= MS(700), "{first:?}");
    assert!(*last <= MS(5000), "{last:?}");
    assert_eq!(running.monitor.taken_over(), 100);
    running.end().await?;
    let counts = seen.counts();
    assert!(counts.len() == 100 && counts.values().all(|count| *count == 1));
    // Those that had not begun were not charged.
    let second = seen
        .all()
        .iter()
        .filter(|(_, attempt)| *attempt == 2)
        .count();
    assert_eq!(second, 60);
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_handler_may_take_long_and_entries_may_rest_long() -> Testing {
    let server = redis_resilient_tests::server()?;
    let url = server.url();
    let redis = connector(&url)?;
    let seen = Seen::default();
    let noted = seen.clone();
    let slow = consumer(&redis)
        .concurrency(2)
        .backoff(redis_resilient::Backoff::fixed(MS(2500)).jitter(redis_resilient::Jitter::None));
    let slow = Running::start(slow, move |entry, delivery| {
        let name = noted.note(&entry, &delivery);
        async move {
            match (&name[..], delivery.attempt()) {
                ("0", _) => tokio::time::sleep(MS(3500)).await,
                (_, 1) => return Err("rest".into()),
                _ => {}
            }
            assert!(delivery.is_held());
            Ok(())
        }
    });
    add(&url, 0..2)?;
    seen.wait_for(2).await?;
    let others = Seen::default();
    let other = noting(consumer(&redis).concurrency(2), &others);
    seen.wait_for(3).await?;
    settled(&slow.monitor).await?;
    slow.end().await?;
    other.end().await?;
    assert_eq!(others.all(), []);
    assert_eq!(seen.counts()["0"], 1);
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn consumers_that_are_gone_are_forgotten_and_their_entries_are_not() -> Testing {
    let server = redis_resilient_tests::server()?;
    let url = server.url();
    let redis = connector(&url)?;
    let consumer = || consumer(&redis).claim_after(MS(200));
    let (first, gate) = (Seen::default(), Gate::closed());
    let dying = gated(consumer().concurrency(10), &first, &gate);
    add(&url, 0..10)?;
    first.wait_for(10).await?;
    dying.kill();
    // Many that end as they should.
    let seen = Seen::default();
    let others: Vec<_> = (0..40).map(|_| noting(consumer(), &seen)).collect();
    for other in others {
        other.end().await?;
    }
    let running = noting(consumer(), &seen);
    let names = async || -> redis::RedisResult<usize> {
        let consumers: Vec<redis::Value> = ask(&url, &["XINFO", "CONSUMERS", STREAM, GROUP])?;
        Ok(consumers.len())
    };
    seen.wait_for(10).await?;
    until("one consumer", async || {
        names().await.is_ok_and(|count| count <= 1)
    })
    .await?;
    settled(&running.monitor).await?;
    assert_eq!(seen.counts().len(), 10);
    // One that has nothing pending may be forgotten though it lives: older servers take it for dead while nothing comes.
    let all: Vec<Vec<redis::Value>> = ask(&url, &["XINFO", "CONSUMERS", STREAM, GROUP])?;
    if let Some(name) = all.first().and_then(|one| one.get(1)) {
        let name: String = redis::from_redis_value(name.clone())?;
        ask::<redis::Value>(&url, &["XGROUP", "DELCONSUMER", STREAM, GROUP, &name])?;
    }
    add(&url, 10..11)?;
    seen.wait_for(11).await?;
    settled(&running.monitor).await?;
    running.end().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn trimmed_entries_are_passed_and_counted() -> Testing {
    let server = redis_resilient_tests::server()?;
    let url = server.url();
    let redis = connector(&url)?;
    let (first, gate) = (Seen::default(), Gate::closed());
    let dying = gated(consumer(&redis).concurrency(5), &first, &gate);
    let (alive, lives) = (Seen::default(), Gate::closed());
    add(&url, 0..5)?;
    first.wait_for(5).await?;
    // What a living consumer has in hand is not lost when it is trimmed, with another one beside it.
    let living = gated(consumer(&redis).concurrency(1), &alive, &lives);
    add(&url, 5..6)?;
    alive.wait_for(1).await?;
    ask::<redis::Value>(&url, &["XTRIM", STREAM, "MAXLEN", "0"])?;
    dying.kill();
    let seen = Seen::default();
    let running = noting(consumer(&redis).concurrency(5), &seen);
    add(&url, 6..7)?;
    seen.wait_for(1).await?;
    let monitor = running.monitor.clone();
    until("five that are lost", async || {
        monitor.trimmed() + living.monitor.trimmed() == 5
    })
    .await?;
    lives.open();
    settled(&living.monitor).await?;
    assert_eq!(living.monitor.handled(), 1);
    living.end().await?;
    running.end().await?;
    assert_eq!(seen.names(), ["6"]);
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_trimmed_entry_whose_handler_fails_is_tried_again() -> Testing {
    let server = redis_resilient_tests::server()?;
    let url = server.url();
    let seen = Seen::default();
    let (noted, at) = (seen.clone(), url.clone());
    let consumer = consumer(&connector(&url)?).max_deliveries(3);
    let running = Running::start(consumer, move |entry, delivery| {
        let name = noted.note(&entry, &delivery);
        ask::<redis::Value>(&at, &["XTRIM", STREAM, "MAXLEN", "0"]).expect("a stream");
        async move {
            match (&name[..], delivery.attempt()) {
                ("0", 3) => Ok(()),
                _ => Err("not yet".into()),
            }
        }
    });
    add(&url, 0..1)?;
    seen.wait_for(3).await?;
    add(&url, 1..2)?;
    let monitor = running.monitor.clone();
    until("a dead letter", async || monitor.dead_letters() == 1).await?;
    settled(&monitor).await?;
    running.end().await?;
    assert_eq!(seen.names(), ["0", "0", "0", "1", "1", "1"]);
    let letters: usize = ask(&url, &["XLEN", "{orders}dead:billing"])?;
    assert_eq!((letters, monitor.handled(), monitor.trimmed()), (1, 1, 0));
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn readers_that_lose_a_race_go_on_waiting() -> Testing {
    let server = redis_resilient_tests::server()?;
    let url = server.url();
    let seen = Seen::default();
    let readers: Vec<_> = (0..4)
        .map(|_| Ok(noting(consumer(&connector(&url)?), &seen)))
        .collect::<redis::RedisResult<_>>()?;
    add(&url, 0..1)?;
    seen.wait_for(1).await?;
    let connected = || -> redis::RedisResult<String> {
        let info: String = ask(&url, &["INFO", "stats"])?;
        let line = info
            .lines()
            .find(|line| line.starts_with("total_connections_received"));
        Ok(line.unwrap_or_default().to_owned())
    };
    let number = |line: String| {
        line.rsplit(':')
            .next()
            .and_then(|text| text.parse::<u64>().ok())
    };
    tokio::time::sleep(MS(700)).await;
    let before = number(connected()?).ok_or("no number")?;
    // At half of the time that a read waits.
    for number in 1..13 {
        add(&url, number..number + 1)?;
        tokio::time::sleep(MS(250)).await;
        assert!(readers.iter().all(|reader| reader.monitor.is_reading()));
    }
    seen.wait_for(13).await?;
    let after = number(connected()?).ok_or("no number")?;
    // Those of this test: one for each entry, and one for the look itself.
    assert!(
        after - before <= 13 + 2,
        "{} new connections",
        after - before
    );
    for reader in readers {
        reader.end().await?;
    }
    Ok(())
}
