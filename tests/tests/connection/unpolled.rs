//! A future that is left where it stands, as `select!`, `join!` and `buffer_unordered` may do, holds nobody up who shares anything with it.

mod behind;
mod together;

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::Poll;
use std::time::Instant;

use redis::{AsyncCommands, RedisResult};
use redis_resilient::connection::{Connector, Lock, Once};
use redis_resilient::{Bulkhead, redis_resilient};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use super::*;

/// So many others go on meanwhile.
const OTHERS: u32 = 100;
/// What one of them may take on a busy machine; it is printed what it took. Who waits for one that is left waits for ever, or for a timeout.
const LIMIT: Duration = Duration::from_secs(2);
/// Longer than a test waits for anything else, so that no timeout sets free what ought not to be held up.
const PATIENCE: Duration = Duration::from_secs(30);
/// After so long a connection is doubted. Not so short that it is while the others are under way.
const DOUBTED: Duration = Duration::from_millis(60);

type Task = Pin<Box<dyn Future<Output = ()> + Send>>;

/// A future to be left, made of a connector.
type Make = fn(Connector) -> Task;

/// Polls it so many times at most, as often as it wants to be. `true`: it is still under way.
async fn is_left(future: &mut Task, polls: u32) -> bool {
    let mut made = 0;
    let polled = poll_fn(|context| {
        made += 1;
        match future.as_mut().poll(context) {
            Poll::Ready(()) => Poll::Ready(false),
            Poll::Pending if made == polls => Poll::Ready(true),
            Poll::Pending => Poll::Pending,
        }
    });
    // One that waits for something else is left as well.
    timeout(MS(500), polled).await.unwrap_or(true)
}

/// The longest time that one of many others takes who use the same connector.
async fn others(redis: &Connector) -> Duration {
    let mut others = JoinSet::new();
    for number in 0..OTHERS {
        let redis = redis.clone();
        others.spawn(async move {
            let begun = Instant::now();
            let got = timeout(PATIENCE, async { redis.get().await?.get(number).await });
            let got: RedisResult<Option<String>> = got.await.expect("it is held up for ever");
            got.expect("the server is well");
            begun.elapsed()
        });
    }
    let mut longest = Duration::ZERO;
    while let Some(took) = others.join_next().await {
        longest = longest.max(took.expect("it does not panic"));
    }
    longest
}

/// Leaves a future after each number of polls, where nothing is connected yet and over a connection that is doubted, and has others use the same
/// connector meanwhile.
async fn at_each_await(
    name: &str,
    connector: impl Fn() -> RedisResult<Connector>,
    make: Make,
) -> TestResult {
    for (when, is_connected) in [("not connected", false), ("after a rest", true)] {
        let mut longest = Duration::ZERO;
        for polls in 1.. {
            let redis = connector()?;
            if is_connected {
                redis.get().await?.get::<_, Option<String>>("k").await?;
                sleep(DOUBTED + MS(10)).await;
            }
            let mut left = make(redis.clone());
            let is_left = is_left(&mut left, polls).await;
            longest = longest.max(others(&redis).await);
            if !is_left || polls == 20 {
                println!(
                    "{name}, {when}, left after 1 to {polls} polls: the others take {longest:?}"
                );
                break;
            }
            if !is_connected {
                // Once more, with a connection that is doubted by now.
                sleep(DOUBTED + MS(10)).await;
                longest = longest.max(others(&redis).await);
            }
        }
        assert!(longest < LIMIT, "{name}, {when}: {longest:?}");
    }
    Ok(())
}

/// What can be left, of one server.
const ALL: [(&str, Make); 15] = [
    ("Connector::get", |redis| {
        boxed(async move { redis.get().await.map(drop) })
    }),
    ("Connector::dedicated", |redis| {
        boxed(async move { redis.dedicated().await.map(drop) })
    }),
    ("Connector::pubsub", |redis| {
        boxed(async move { redis.pubsub().await.map(drop) })
    }),
    ("a command that may be repeated", |redis| {
        boxed(async move { redis.get().await?.get("k").await })
    }),
    ("a command that must not be repeated", |redis| {
        boxed(async move { redis.get().await?.incr("n", 1).await })
    }),
    ("a command that waits", |redis| {
        boxed(async move { redis.get().await?.blpop::<_, ()>("none", 0.05).await })
    }),
    ("WAIT", |redis| {
        boxed(async move {
            let mut redis = redis.get().await?;
            redis::cmd("WAIT")
                .arg(0)
                .arg(10)
                .exec_async(&mut redis)
                .await
        })
    }),
    ("a pipeline", |redis| {
        boxed(async move {
            let mut redis = redis.get().await?;
            redis::pipe()
                .incr("n", 1)
                .get("k")
                .exec_async(&mut redis)
                .await
        })
    }),
    ("a transaction", |redis| {
        boxed(async move {
            let mut redis = redis.get().await?;
            redis::pipe()
                .atomic()
                .incr("n", 1)
                .exec_async(&mut redis)
                .await
        })
    }),
    ("a dedicated connection", |redis| {
        boxed(async move {
            let mut own = redis.dedicated().await?;
            own.watch("w").await?;
            redis::pipe()
                .atomic()
                .incr("n", 1)
                .exec_async(&mut own)
                .await
        })
    }),
    ("Lock::acquire", |redis| {
        boxed(async move {
            let guard = Lock::new("lock").acquire(&redis, MS(100)).await?;
            guard.extend().await?;
            guard.release().await
        })
    }),
    ("Lock::acquire of one that is held", |redis| {
        boxed(async move {
            let lock = Lock::new("held");
            let guard = lock.acquire(&redis, MS(100)).await?;
            lock.acquire(&redis, MS(50)).await.expect_err("it is held");
            drop(guard);
            Ok(())
        })
    }),
    ("Lock::hold", |redis| {
        boxed(async move {
            let lock = Lock::new("hold").lease(MS(100));
            lock.hold(&redis, MS(100), async |_| {
                sleep(MS(60)).await;
                RedisResult::Ok(())
            })
            .await
        })
    }),
    ("Once::run", |redis| {
        boxed(async move {
            let mut redis = redis.get().await?;
            Once::new()
                .run(&mut redis, "n", redis::cmd("INCR").arg("n"))
                .await
        })
    }),
    ("an annotated function", |redis| {
        boxed(async move { count(&redis).await })
    }),
];

#[redis_resilient(retries = 3, breaker = false)]
async fn count(redis: &Connector) -> RedisResult<()> {
    redis.get().await?.incr("n", 1).await
}

/// Whatever comes of it: one that is resumed after it was left may find its lease over.
fn boxed(future: impl Future<Output = RedisResult<()>> + Send + 'static) -> Task {
    Box::pin(async move { drop(future.await) })
}

fn patient(url: &str) -> RedisResult<Connector> {
    Ok(Connector::builder(url)?
        .connect_timeout(PATIENCE)
        .response_timeout(PATIENCE)
        .health_check_after(DOUBTED)
        .build())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_that_is_left_holds_nobody_up() -> TestResult {
    let server = redis_resilient_tests::server()?;
    for (name, make) in ALL {
        at_each_await(name, || patient(&server.url()), make).await?;
    }
    Ok(())
}

#[tokio::test]
async fn a_subscription_that_is_left_holds_nobody_up() -> TestResult {
    let server = redis_resilient_tests::server()?;
    at_each_await(
        "Subscription::next",
        || patient(&server.url()),
        |redis| {
            boxed(async move {
                let mut subscription = redis.subscribe("news");
                subscription.next().await;
                subscription.next().await;
                Ok(())
            })
        },
    )
    .await
}

#[tokio::test]
async fn one_that_is_left_in_the_queue_of_a_bulkhead_holds_nobody_up() -> TestResult {
    static BULKHEAD: Bulkhead = Bulkhead::new("unpolled", 2);
    let permits = [BULKHEAD.try_acquire()?, BULKHEAD.try_acquire()?];
    let mut left: Vec<_> = (0..20)
        .map(|_| Box::pin(async { BULKHEAD.acquire_within(PATIENCE).await.map(drop) }))
        .collect();
    for waiter in &mut left {
        let polled = poll_fn(|context| Poll::Ready(waiter.as_mut().poll(context)));
        assert!(polled.await.is_pending());
    }
    let mut others = JoinSet::new();
    for _ in 0..OTHERS {
        others.spawn(async {
            let permit = BULKHEAD.acquire_within(PATIENCE).await;
            tokio::task::yield_now().await;
            drop(permit.expect("there is room sooner or later"));
        });
    }
    tokio::task::yield_now().await;
    // Both places are told of to those who are left.
    let begun = Instant::now();
    drop(permits);
    while let Some(other) = others.join_next().await {
        other?;
    }
    let took = begun.elapsed();
    println!("{OTHERS} others pass a bulkhead of 2 with 20 left in its queue within {took:?}");
    assert!(took < LIMIT, "{took:?}");
    Ok(())
}
