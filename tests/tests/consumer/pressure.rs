//! A server that has no room.

use crate::support::*;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_stored_among_the_dead_letters_is_not_acknowledged() -> Testing {
    let server = redis_resilient_tests::server()?;
    let url = server.url();
    let seen = Seen::default();
    let (noted, at) = (seen.clone(), url.clone());
    let consumer = consumer(&connector(&url)?).max_deliveries(2);
    let running = Running::start(consumer, move |entry, delivery| {
        noted.note(&entry, &delivery);
        ask::<redis::Value>(&at, &["CONFIG", "SET", "maxmemory", "1"]).expect("it is allowed");
        async { Err("no".into()) }
    });
    add(&url, 0..1)?;
    seen.wait_for(2).await?;
    tokio::time::sleep(MS(1500)).await;
    assert_eq!((pending(&url)?, running.monitor.dead_letters()), (1, 0));
    ask::<redis::Value>(&url, &["CONFIG", "SET", "maxmemory", "0"])?;
    settled(&running.monitor).await?;
    let letters: usize = ask(&url, &["XLEN", "{orders}dead:billing"])?;
    assert_eq!((letters, running.monitor.dead_letters()), (1, 1));
    running.end().await?;
    assert_eq!(seen.all().len(), 2);
    Ok(())
}
