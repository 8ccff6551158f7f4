//! The end of a consumer: what is begun is finished, and the rest is handed back.

use std::time::Instant;

use crate::support::*;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_has_not_begun_is_handed_back_at_once() -> Testing {
    let server = redis_resilient_tests::server()?;
    let url = server.url();
    let redis = connector(&url)?;
    // Nothing is taken over before this.
    let patient = || consumer(&redis).claim_after(MS(60_000));
    let (first, gate) = (Seen::default(), Gate::closed());
    let ending = gated(patient().prefetch(50), &first, &gate);
    add(&url, 0..50)?;
    let monitor = ending.monitor.clone();
    until("50 in hand", async || monitor.in_hand() == 50).await?;
    let second = Seen::default();
    let other = noting(patient().concurrency(4), &second);
    // A consumer that has just begun takes nothing over for two seconds.
    tokio::time::sleep(MS(2500)).await;
    let begun = Instant::now();
    let end = tokio::spawn(async move { ending.end().await.map_err(|error| error.to_string()) });
    second.wait_for(49).await?;
    println!(
        "handed back and handled by another after {:?}",
        begun.elapsed()
    );
    assert!(begun.elapsed() < MS(15_000));
    gate.open();
    end.await??;
    settled(&other.monitor).await?;
    other.end().await?;
    assert_eq!(first.names(), ["0"]);
    assert_eq!(second.counts().len(), 49);
    assert!(
        second.all().iter().all(|(_, attempt)| *attempt == 1),
        "nothing was charged"
    );
    assert_eq!((monitor.handed_back(), monitor.handled()), (49, 1));
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_handler_that_does_not_end_is_cut_off_after_the_grace() -> Testing {
    let server = redis_resilient_tests::server()?;
    let url = server.url();
    let redis = connector(&url)?;
    let (first, gate) = (Seen::default(), Gate::closed());
    let ending = gated(
        consumer(&redis).claim_after(MS(60_000)).grace(MS(300)),
        &first,
        &gate,
    );
    add(&url, 0..1)?;
    first.wait_for(1).await?;
    ending.end().await?;
    let second = Seen::default();
    let other = noting(consumer(&redis).claim_after(MS(60_000)), &second);
    second.wait_for(1).await?;
    settled(&other.monitor).await?;
    assert_eq!(second.all(), [("0".to_owned(), 2)]);
    other.end().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_rests_before_its_next_attempt_is_handed_back_as_well() -> Testing {
    let server = redis_resilient_tests::server()?;
    let url = server.url();
    let redis = connector(&url)?;
    let patient = || consumer(&redis).claim_after(MS(60_000));
    let long = redis_resilient::Backoff::fixed(MS(60_000));
    let first = Seen::default();
    let noted = first.clone();
    let consumer = patient().backoff(long.jitter(redis_resilient::Jitter::None));
    let ending = Running::start(consumer, move |entry, delivery| {
        noted.note(&entry, &delivery);
        async { Err("not now".into()) }
    });
    add(&url, 0..1)?;
    first.wait_for(1).await?;
    let monitor = ending.monitor.clone();
    until("a failure", async || monitor.failed() == 1).await?;
    ending.end().await?;
    let second = Seen::default();
    let other = noting(patient(), &second);
    second.wait_for(1).await?;
    settled(&other.monitor).await?;
    assert_eq!(second.all(), [("0".to_owned(), 2)]);
    other.end().await
}

/// Its end is not held up by a Redis that is away.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_ends_while_redis_is_away() -> Testing {
    let server = redis_resilient_tests::server()?;
    let url = server.url();
    let (seen, gate) = (Seen::default(), Gate::closed());
    let ending = gated(
        consumer(&connector(&url)?).grace(MS(500)).prefetch(3),
        &seen,
        &gate,
    );
    add(&url, 0..4)?;
    seen.wait_for(1).await?;
    server.kill();
    gate.open();
    let begun = Instant::now();
    ending.end().await?;
    assert!(begun.elapsed() < MS(15_000), "{:?}", begun.elapsed());
    Ok(())
}
