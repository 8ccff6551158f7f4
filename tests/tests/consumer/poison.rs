//! An entry that kills every process that handles it.

use std::process::{Child, Command, Stdio};

use crate::support::*;

/// Where the server is, for those processes that the test starts.
const URL: &str = "RR_TESTS_CONSUMER_POISON";
const MOST: u32 = 4;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_is_set_aside_after_so_many_deaths_and_takes_no_other_with_it() -> Testing {
    let server = redis_resilient_tests::server()?;
    let url = server.url();
    add(&url, 0..30)?;
    let start = || {
        Command::new(std::env::current_exe()?)
            .args(["--exact", "poison::one_process", "--nocapture"])
            .env(URL, &url)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
    };
    let mut process: Child = start()?;
    let mut deaths = 0;
    let monitor = consumer(&connector(&url)?).monitor();
    until("30", async || {
        if matches!(process.try_wait(), Ok(Some(_))) {
            deaths += 1;
            process = start().expect("it was started before");
        }
        let letters: usize = ask(&url, &["XLEN", "{orders}dead:billing"]).unwrap_or(0);
        letters > 0
            && monitor.pending().await.ok() == Some(0)
            && monitor.lag().await.ok() == Some(Some(0))
    })
    .await?;
    process.kill()?;
    process.wait()?;
    assert_eq!(deaths, MOST);
    let letters: Vec<(String, Vec<(String, String)>)> =
        ask(&url, &["XRANGE", "{orders}dead:billing", "-", "+"])?;
    assert_eq!(letters.len(), 1, "{letters:?}");
    assert_eq!((&letters[0].1[5].1[..], &letters[0].1[3].1[..]), ("7", "4"));
    let handled: Vec<String> = ask(&url, &["LRANGE", "handled", "0", "-1"])?;
    let handled: std::collections::HashSet<_> = handled.into_iter().collect();
    assert_eq!(handled.len(), 29);
    // Those that were under way beside it when it killed for the first time and the second.
    let attempts: Vec<u32> = ask(&url, &["LRANGE", "attempts", "0", "-1"])?;
    assert!(attempts.iter().all(|attempt| *attempt <= 3), "{attempts:?}");
    Ok(())
}

/// Not a test by itself: it is what each process runs.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_process() -> Testing {
    let Ok(url) = std::env::var(URL) else {
        return Ok(());
    };
    let redis = connector(&url)?;
    let consumer = consumer(&redis)
        .concurrency(4)
        .prefetch(8)
        .max_deliveries(MOST)
        .claim_after(MS(300));
    let handler = move |entry: redis_resilient::streams::Entry,
                        delivery: redis_resilient::streams::Delivery| {
        let redis = redis.clone();
        async move {
            let name = entry.text("n")?.to_owned();
            if name == "7" {
                std::process::abort();
            }
            tokio::time::sleep(MS(20)).await;
            let mut pipeline = redis::pipe();
            pipeline
                .rpush("handled", name)
                .ignore()
                .rpush("attempts", delivery.attempt())
                .ignore();
            let mut redis = redis.get().await?;
            pipeline.query_async::<()>(&mut redis).await?;
            Ok::<(), redis_resilient::streams::Failure>(())
        }
    };
    Ok(consumer.run(std::future::pending(), handler).await?)
}
