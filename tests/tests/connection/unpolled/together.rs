//! Many that were begun together, of which one is done and the rest wait until whoever has begun them has done something else: as with
//! `buffer_unordered`, and a command for each item.

use super::*;

/// Begins so many commands together, and waits for another command after each that is done. How many were done within the limit, and when.
async fn all(redis: &Connector, count: u32) -> (u32, Duration) {
    let mut begun: Vec<_> = (0..count)
        .map(|key| {
            let redis = redis.clone();
            Some(Box::pin(async move {
                redis.get().await?.get::<_, Option<u32>>(key).await
            }))
        })
        .collect();
    let (mut done, at) = (0, Instant::now());
    let all = async {
        while done < count {
            let first = poll_fn(|context| {
                for slot in &mut begun {
                    if let Some(command) = slot
                        && let Poll::Ready(value) = command.as_mut().poll(context)
                    {
                        *slot = None;
                        return Poll::Ready(value);
                    }
                }
                Poll::Pending
            });
            first.await.expect("the server is well");
            let other = redis.get().await.expect("the server is well");
            let other = { other }.get::<_, Option<u32>>("other").await;
            other.expect("the server is well");
            done += 1;
        }
    };
    let _ = timeout(PATIENCE / 2, all).await;
    (done, at.elapsed())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn those_that_are_left_for_another_do_not_hold_that_up() -> TestResult {
    let server = redis_resilient_tests::server()?;
    let redis = patient(&server.url())?;
    redis.get().await?.ping::<()>().await?;
    for (what, pause, count) in [
        ("just used", Duration::ZERO, 8),
        ("doubted", DOUBTED + MS(20), 8),
        ("just used", Duration::ZERO, 1000),
        ("doubted", DOUBTED + MS(20), 1000),
    ] {
        sleep(pause).await;
        let (done, took) = all(&redis, count).await;
        println!("{done} of {count} over a connection that is {what}: {took:?}");
        assert_eq!(done, count, "{what}: {took:?}");
    }
    Ok(())
}
