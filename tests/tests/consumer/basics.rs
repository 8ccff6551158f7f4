//! What a consumer does while nothing fails but handlers.

use redis_resilient::streams::Failure;

use crate::support::*;

const DEAD: &str = "{orders}dead:billing";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn entries_are_handled_acknowledged_and_counted() -> Testing {
    entries_are_handled("").await?;
    entries_are_handled("?protocol=resp3").await
}

async fn entries_are_handled(protocol: &str) -> Testing {
    let server = redis_resilient_tests::server()?;
    let redis = connector(&format!("{}{protocol}", server.url()))?;
    add(&server.url(), 0..100)?;
    let seen = Seen::default();
    let noted = seen.clone();
    let running = Running::start(consumer(&redis).concurrency(8), move |entry, delivery| {
        noted.note(&entry, &delivery);
        async { Ok(()) }
    });
    seen.wait_for(100).await?;
    add(&server.url(), 100..110)?;
    seen.wait_for(110).await?;
    let monitor = running.monitor.clone();
    until("acknowledgements", async || {
        monitor.pending().await.ok() == Some(0)
    })
    .await?;
    assert!(seen.all().iter().all(|(_, attempt)| *attempt == 1));
    assert_eq!(seen.counts().len(), 110);
    assert_eq!(monitor.handled(), 110);
    assert_eq!(monitor.lag().await?, Some(0));
    assert!(monitor.is_reading());
    running.end().await?;
    assert!(!monitor.is_reading());
    assert_eq!((monitor.unacknowledged(), monitor.in_hand()), (0, 0));
    let consumers: Vec<redis::Value> = ask(&server.url(), &["XINFO", "CONSUMERS", STREAM, GROUP])?;
    assert!(consumers.is_empty(), "{consumers:?}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn failures_panics_and_what_cannot_be_read_end_as_dead_letters() -> Testing {
    let server = redis_resilient_tests::server()?;
    let redis = connector(&server.url())?;
    add(&server.url(), 0..6)?;
    let seen = Seen::default();
    let noted = seen.clone();
    let consumer = consumer(&redis).concurrency(4).max_deliveries(3);
    let running = Running::start(consumer, move |entry, delivery| {
        let name = noted.note(&entry, &delivery);
        async move {
            match (&name[..], delivery.attempt()) {
                ("1", _) => Err(Failure::from("never works")),
                ("2", 1 | 2) => panic!("twice"),
                ("3", _) => Err(Failure::dead_letter("no use")),
                _ => Ok(()),
            }
        }
    });
    seen.wait_for(10).await?;
    let monitor = running.monitor.clone();
    until("two dead letters", async || monitor.dead_letters() == 2).await?;
    until("nothing pending", async || {
        monitor.pending().await.ok() == Some(0)
    })
    .await?;
    running.end().await?;
    let counts = seen.counts();
    assert_eq!((counts["1"], counts["2"], counts["3"]), (3, 3, 1));
    assert_eq!((counts["0"], counts["4"], counts["5"]), (1, 1, 1));
    let letters: Vec<(String, Vec<(String, String)>)> =
        ask(&server.url(), &["XRANGE", DEAD, "-", "+"])?;
    let reasons: Vec<_> = letters
        .iter()
        .map(|(_, fields)| (&fields[4].1[..], &fields[3].1[..], &fields[5].1[..]))
        .collect();
    assert!(reasons.contains(&("never works", "3", "1")), "{letters:?}");
    assert!(reasons.contains(&("no use", "1", "3")), "{letters:?}");
    Ok(())
}
