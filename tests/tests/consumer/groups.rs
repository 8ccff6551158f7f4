//! Groups that are lost while consumers are at work.

use std::sync::{Arc, Mutex};

use redis_resilient::streams::Failure;
use redis_resilient::{Event, observe};

use crate::support::*;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_that_is_deleted_gets_its_group_again() -> Testing {
    let server = redis_resilient_tests::server()?;
    let url = server.url();
    let (lost, address) = (
        Arc::<Mutex<Vec<String>>>::default(),
        server.addr().to_string(),
    );
    let told = lost.clone();
    observe(move |event: &Event<'_>| match event {
        Event::ConnectionLost(event) if event.address == address => {
            told.lock()
                .expect("nobody panics")
                .push(event.error.to_owned());
        }
        _ => {}
    });
    let seen = Seen::default();
    let running = noting(consumer(&connector(&url)?).concurrency(4), &seen);
    add(&url, 0..5)?;
    seen.wait_for(5).await?;
    settled(&running.monitor).await?;
    for (round, lost) in [
        &["DEL", STREAM][..],
        &["FLUSHALL"],
        &["XGROUP", "DESTROY", STREAM, GROUP],
    ]
    .into_iter()
    .enumerate()
    {
        let number = 5 + u32::try_from(round)?;
        ask::<redis::Value>(&url, lost)?;
        add(&url, number..number + 1)?;
        seen.wait_for(number as usize + 1).await?;
    }
    add(&url, 8..12)?;
    seen.wait_for(12).await?;
    // A stream that is gone under its reader is no lost connection.
    assert_eq!(*lost.lock().expect("nobody panics"), Vec::<String>::new());
    settled(&running.monitor).await?;
    // It has looked at the group by now.
    tokio::time::sleep(MS(1200)).await;
    // One whose IDs begin again, as those of producers that choose them, and which has come further than the last one.
    let mut anew = redis::pipe();
    anew.atomic().del(STREAM).ignore();
    anew.cmd("XADD").arg(STREAM).arg("1-1").arg("n").arg(12);
    anew.cmd("XADD").arg(STREAM).arg("*").arg("n").arg(13);
    anew.exec(&mut redis_resilient_tests::connect(&url)?)?;
    seen.wait_for(14).await?;
    settled(&running.monitor).await?;
    running.end().await?;
    let counts = seen.counts();
    assert!(
        counts.len() == 14 && counts.values().all(|count| *count == 1),
        "{counts:?}"
    );
    let (_, failed) = calls(&url, "xreadgroup")?;
    assert!(failed < 20, "{failed} reads were refused");
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_that_is_no_stream_is_asked_for_now_and_then() -> Testing {
    let server = redis_resilient_tests::server()?;
    let url = server.url();
    let seen = Seen::default();
    let running = noting(consumer(&connector(&url)?), &seen);
    add(&url, 0..1)?;
    seen.wait_for(1).await?;
    ask::<redis::Value>(&url, &["SET", STREAM, "text"])?;
    let monitor = running.monitor.clone();
    until("a failed read", async || !monitor.is_reading()).await?;
    let before = calls(&url, "eval")?.0 + calls(&url, "xreadgroup")?.0;
    tokio::time::sleep(MS(2000)).await;
    let asked = calls(&url, "eval")?.0 + calls(&url, "xreadgroup")?.0 - before;
    assert!(asked < 60, "asked {asked} times in 2 s");
    ask::<redis::Value>(&url, &["DEL", STREAM])?;
    add(&url, 1..2)?;
    seen.wait_for(2).await?;
    until("reading", async || monitor.is_reading()).await?;
    running.end().await?;
    // At the start it is said at once.
    ask::<redis::Value>(&url, &["SET", STREAM, "text"])?;
    let consumer = consumer(&connector(&url)?);
    let handler = async |_: redis_resilient::streams::Entry, _| Ok::<(), Failure>(());
    let error = consumer.run(std::future::pending(), handler).await;
    let error = error.expect_err("it is no stream");
    assert_eq!(error.code(), Some("WRONGTYPE"), "{error}");
    Ok(())
}

/// Neither is anything lost that was pending or not read yet, nor is anything handled twice that this consumer has handled.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_group_that_is_destroyed_goes_on_where_it_was() -> Testing {
    let server = redis_resilient_tests::server()?;
    let url = server.url();
    let redis = connector(&url)?;
    add(&url, 0..10)?;
    let (seen, gate) = (Seen::default(), Gate::closed());
    let first = noting(consumer(&redis).concurrency(3), &seen);
    seen.wait_for(10).await?;
    settled(&first.monitor).await?;
    // One that dies with what it has, of which nobody else knows.
    first.end().await?;
    add(&url, 10..12)?;
    let dead = Seen::default();
    let dying = gated(consumer(&redis).concurrency(2), &dead, &gate);
    dead.wait_for(2).await?;
    add(&url, 12..15)?;
    let running = gated(consumer(&redis).concurrency(3), &seen, &gate);
    seen.wait_for(13).await?;
    add(&url, 15..20)?;
    // It has looked at the group by now.
    tokio::time::sleep(MS(1200)).await;
    dying.kill();
    ask::<redis::Value>(&url, &["XGROUP", "DESTROY", STREAM, GROUP])?;
    add(&url, 20..22)?;
    until("the group", async || {
        ask::<Vec<redis::Value>>(&url, &["XINFO", "GROUPS", STREAM])
            .is_ok_and(|groups| !groups.is_empty())
    })
    .await?;
    gate.open();
    seen.wait_for(22).await?;
    settled(&running.monitor).await?;
    running.end().await?;
    let counts = seen.counts();
    assert_eq!(counts.len(), 22, "{counts:?}");
    assert!(counts.values().all(|count| *count == 1), "{counts:?}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_acknowledgement_that_nobody_knows_of_is_noticed() -> Testing {
    let server = redis_resilient_tests::server()?;
    let url = server.url();
    let seen = Seen::default();
    let (noted, at) = (seen.clone(), url.clone());
    let running = Running::start(consumer(&connector(&url)?), move |entry, delivery| {
        let name = noted.note(&entry, &delivery);
        if name == "1" {
            ask::<redis::Value>(&at, &["XGROUP", "DESTROY", STREAM, GROUP]).expect("it is there");
        }
        async { Ok(()) }
    });
    add(&url, 0..4)?;
    seen.wait_for(4).await?;
    settled(&running.monitor).await?;
    let monitor = running.monitor.clone();
    running.end().await?;
    assert_eq!(monitor.unacknowledged(), 1);
    assert_eq!(seen.names(), names(0..4));
    Ok(())
}

/// What only this process has is not lost with the stream: it is handled, or a dead letter.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_in_hand_outlives_its_stream() -> Testing {
    let server = redis_resilient_tests::server()?;
    let url = server.url();
    let (seen, gate) = (Seen::default(), Gate::closed());
    let (noted, waits) = (seen.clone(), gate.clone());
    let consumer = consumer(&connector(&url)?).concurrency(3).max_deliveries(2);
    let running = Running::start(consumer, move |entry, delivery| {
        let name = noted.note(&entry, &delivery);
        let gate = waits.clone();
        async move {
            gate.pass().await;
            match (&name[..], delivery.attempt()) {
                ("0", _) => Err(Failure::from("never")),
                ("1", 1) => Err(Failure::from("once")),
                ("2", _) => {
                    let mut count = redis::cmd("INCR");
                    delivery
                        .commit::<u64>("effects", count.arg("effects"))
                        .await?;
                    Ok(())
                }
                _ => Ok(()),
            }
        }
    });
    add(&url, 0..3)?;
    seen.wait_for(3).await?;
    ask::<redis::Value>(&url, &["FLUSHALL"])?;
    add(&url, 3..4)?;
    tokio::time::sleep(MS(1500)).await;
    gate.open();
    seen.wait_for(6).await?;
    let monitor = running.monitor.clone();
    until("all", async || monitor.in_hand() == 0).await?;
    running.end().await?;
    let counts = seen.counts();
    assert_eq!(
        (counts["0"], counts["1"], counts["2"], counts["3"]),
        (2, 2, 1, 1)
    );
    assert_eq!(monitor.dead_letters(), 1);
    let effects: u64 = ask(&url, &["GET", "effects"])?;
    assert_eq!(effects, 1);
    Ok(())
}
