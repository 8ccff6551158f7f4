//! Credentials that differ each time they are asked for, as the clouds hand them out.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use redis_resilient::connection::Credentials;
use redis_resilient_tests::server_with;

use super::*;

/// How long they call.
const TIME: Duration = Duration::from_secs(2);
/// What a connector makes in this time by its pauses: 13, 25, 50, 100 and then 125 ms at least.
const MOST: u64 = 20;
const CALLERS: u64 = 20;

/// Credentials of which no two are the same, how often they were asked for, and a connector that has them.
fn rotating(proxy: &FaultProxy) -> RedisResult<(Connector, Arc<AtomicU64>)> {
    let asked = Arc::new(AtomicU64::new(0));
    let count = asked.clone();
    let token = move || {
        let token = count.fetch_add(1, Ordering::SeqCst);
        Credentials::user("default", format!("token {token}"))
    };
    let redis = builder(&proxy.url())?.credentials(token).build();
    Ok((redis, asked))
}

fn nobody() -> std::io::Result<FaultProxy> {
    FaultProxy::to(([127, 0, 0, 1], 1).into())
}

/// Many who call again and again.
async fn call<F>(each: impl Fn() -> F + Clone + Send + Sync + 'static) -> TestResult
where
    F: Future<Output = bool> + Send + 'static,
{
    let callers = (0..CALLERS).map(|_| {
        let each = each.clone();
        tokio::spawn(async move {
            let begun = Instant::now();
            while begun.elapsed() < TIME {
                assert!(!each().await, "nobody is there");
                tokio::time::sleep(MS(5)).await;
            }
        })
    });
    for caller in callers.collect::<Vec<_>>() {
        caller.await?;
    }
    Ok(())
}

fn call_blocking(each: impl Fn() -> bool + Sync) {
    std::thread::scope(|scope| {
        for _ in 0..CALLERS {
            scope.spawn(|| {
                let begun = Instant::now();
                while begun.elapsed() < TIME {
                    assert!(!each(), "nobody is there");
                    std::thread::sleep(MS(5));
                }
            });
        }
    });
}

#[tokio::test]
async fn a_server_that_is_not_there_gets_no_storm_of_tokens() -> TestResult {
    let proxy = nobody()?;
    let (redis, asked) = rotating(&proxy)?;
    call(move || {
        let redis = redis.clone();
        async move { redis.get().await.is_ok() }
    })
    .await?;
    assert!(proxy.accepted() <= MOST, "{}", proxy.accepted());
    assert_eq!(asked.load(Ordering::SeqCst), proxy.accepted());
    Ok(())
}

#[test]
fn synchronous_code_makes_none_either() -> TestResult {
    let proxy = nobody()?;
    let (redis, asked) = rotating(&proxy)?;
    call_blocking(|| redis.get_blocking().is_ok());
    assert!(proxy.accepted() <= MOST, "{}", proxy.accepted());
    assert_eq!(asked.load(Ordering::SeqCst), proxy.accepted());
    Ok(())
}

#[tokio::test]
async fn a_subscription_makes_none_either() -> TestResult {
    let proxy = nobody()?;
    let (redis, asked) = rotating(&proxy)?;
    let mut subscription = redis.subscribe("news");
    let next = subscription.next();
    tokio::time::timeout(TIME, next).await?;
    tokio::time::sleep(TIME).await;
    assert!(proxy.accepted() <= MOST * 2, "{}", proxy.accepted());
    assert!(asked.load(Ordering::SeqCst).abs_diff(proxy.accepted()) <= 1);
    Ok(())
}

/// The server is well, and takes none of them.
#[tokio::test]
async fn tokens_that_are_refused_make_no_storm() -> TestResult {
    let server = server_with(&["--requirepass", "another"])?;
    let proxy = FaultProxy::to(server.addr())?;
    let (redis, asked) = rotating(&proxy)?;
    let blocking = redis.clone();
    call(move || {
        let redis = redis.clone();
        async move { redis.get().await.is_ok() }
    })
    .await?;
    assert!(proxy.accepted() <= MOST, "{}", proxy.accepted());
    assert_eq!(asked.load(Ordering::SeqCst), proxy.accepted());
    let before = proxy.accepted();
    tokio::task::spawn_blocking(move || call_blocking(|| blocking.get_blocking().is_ok())).await?;
    let made = proxy.accepted() - before;
    assert!(made <= MOST, "{made}");
    assert_eq!(asked.load(Ordering::SeqCst), proxy.accepted());
    Ok(())
}

/// They need connections of their own.
#[tokio::test]
async fn nor_do_commands_that_wait() -> TestResult {
    let server = redis_resilient_tests::server()?;
    let proxy = FaultProxy::to(server.addr())?;
    let (redis, asked) = rotating(&proxy)?;
    let held = redis.get().await?;
    let mut operator = redis_resilient_tests::connect(&server.url())?;
    let mut set = redis::cmd("CONFIG");
    set.arg(&["SET", "requirepass", "another"]);
    set.exec(&mut operator)?;
    let before = proxy.accepted();
    call(move || {
        let mut held = held.clone();
        async move {
            held.blpop::<_, Option<(String, String)>>("list", 0.01)
                .await
                .is_ok()
        }
    })
    .await?;
    // All of them begin at once, and may; and what refuses them ends the connection that was there, which is made anew in its own time.
    let made = proxy.accepted() - before;
    assert!(made <= MOST * 2 + CALLERS, "{made}");
    assert_eq!(asked.load(Ordering::SeqCst), proxy.accepted());
    Ok(())
}

/// Each of its servers is tried by itself.
#[tokio::test]
async fn nor_does_a_cluster_that_is_not_there() -> TestResult {
    let proxies = [nobody()?, nobody()?];
    let asked = Arc::new(AtomicU64::new(0));
    let count = asked.clone();
    let redis = Connector::cluster(proxies.iter().map(FaultProxy::url))?
        .connect_timeout(CONNECT)
        .credentials(move || {
            let token = count.fetch_add(1, Ordering::SeqCst);
            Credentials::user("default", format!("token {token}"))
        })
        .build();
    let accepted = || proxies.iter().map(FaultProxy::accepted).sum::<u64>();
    let asynchronous = redis.clone();
    call(move || {
        let redis = asynchronous.clone();
        async move { redis.get().await.is_ok() }
    })
    .await?;
    assert!(accepted() <= MOST * 2, "{}", accepted());
    assert_eq!(asked.load(Ordering::SeqCst), accepted());
    let before = accepted();
    tokio::task::spawn_blocking(move || call_blocking(|| redis.get_blocking().is_ok())).await?;
    assert!(accepted() - before <= MOST * 2, "{}", accepted());
    assert_eq!(asked.load(Ordering::SeqCst), accepted());
    Ok(())
}
