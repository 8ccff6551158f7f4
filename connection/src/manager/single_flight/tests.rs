use std::future::{pending, ready};
use std::sync::atomic::{AtomicU32, Ordering};

use tokio::runtime::Runtime;
use tokio::time::sleep;

use super::*;

const LIMIT: Duration = Duration::from_secs(60);

fn never() {
    panic!("it has begun");
}

fn paused() -> Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .expect("a runtime")
}

#[test]
fn all_who_wait_get_what_one_task_has_done() {
    paused().block_on(async {
        let flight = Flight::new();
        assert!(flight.is_under_way(LIMIT));
        let work = || {
            flight.spawn(async {
                sleep(Duration::from_secs(1)).await;
                7
            });
        };
        assert_eq!(flight.outcome(LIMIT, work).await, Some(7));
        for _ in 0..2 {
            assert_eq!(flight.outcome(LIMIT, never).await, Some(7));
        }
        assert!(!flight.is_under_way(LIMIT));
    });
}

#[test]
fn a_task_that_does_not_begin_is_replaced_once_by_all_who_wait() {
    paused().block_on(async {
        let (flight, spawned) = (Flight::new(), Arc::new(AtomicU32::new(0)));
        let waiters = [(); 3].map(|()| {
            let (flight, spawned) = (flight.clone(), spawned.clone());
            tokio::spawn(async move {
                let spawn = || {
                    // The first does not begin.
                    if spawned.fetch_add(1, Ordering::Relaxed) == 1 {
                        flight.spawn(ready(7));
                    }
                };
                flight.outcome(LIMIT, spawn).await
            })
        });
        for waiter in waiters {
            assert_eq!(waiter.await.expect("it does not panic"), Some(7));
        }
        assert_eq!(spawned.load(Ordering::Relaxed), 2);
        flight.spawn(async { panic!("it is done") });
        tokio::task::yield_now().await;
    });
}

#[test]
fn nobody_waits_longer_than_he_may() {
    paused().block_on(async {
        let flight: Arc<Flight<u32>> = Flight::new();
        let (short, begun) = (Duration::from_secs(1), Instant::now());
        let work = || flight.spawn(pending());
        assert_eq!(flight.outcome(short, work).await, None);
        assert!(begun.elapsed() <= short + 2 * GRACE);
        assert!(!flight.is_under_way(short), "it stands still");
        assert!(flight.is_under_way(LIMIT));
    });
}

#[test]
fn one_that_nobody_needs_does_not_begin() {
    paused().block_on(async {
        let flight: Arc<Flight<u32>> = Flight::new();
        flight.spawn(async { panic!("nobody needs it") });
        flight.abandon();
        tokio::task::yield_now().await;
        assert!(!flight.is_under_way(LIMIT));
        assert_eq!(flight.outcome(LIMIT, never).await, None);
    });
}

#[test]
fn a_task_that_is_gone_is_not_waited_for() {
    let flight: Arc<Flight<u32>> = Flight::new();
    let runtime = paused();
    runtime.block_on(async {
        flight.spawn(pending());
        tokio::task::yield_now().await;
        assert!(flight.is_under_way(LIMIT));
    });
    drop(runtime);
    assert!(!flight.is_under_way(LIMIT));
    assert_eq!(paused().block_on(flight.outcome(LIMIT, never)), None);
    paused().block_on(async {
        let flight: Arc<Flight<u32>> = Flight::new();
        let work = || flight.spawn(async { panic!("as it happens") });
        assert_eq!(flight.outcome(LIMIT, work).await, None);
    });
}
