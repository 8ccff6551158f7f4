use std::pin::pin;
use std::sync::atomic::AtomicU32;
use std::task::Poll;
use std::thread;

use tokio::time::{Instant, advance};

use super::*;

const MS: fn(u64) -> Duration = Duration::from_millis;

#[test]
fn a_full_one_refuses_until_somebody_leaves() {
    let bulkhead = Bulkhead::new("primary", 2);
    let first = bulkhead.try_acquire().expect("it is empty");
    let _second = bulkhead.try_acquire().expect("there is room");
    assert_eq!(bulkhead.inside(), 2);
    let refused = bulkhead.try_acquire().expect_err("it is full");
    assert_eq!(
        refused,
        Rejection::Saturated {
            bulkhead: "primary",
            limit: 2
        }
    );
    assert_eq!(bulkhead.inside(), 2, "who is refused is not counted");
    drop(first);
    assert_eq!(bulkhead.inside(), 1);
    assert!(bulkhead.try_acquire().is_ok());
}

#[test]
fn a_panic_inside_gives_the_place_back() {
    let bulkhead = Bulkhead::new("primary", 1);
    let panicked = thread::scope(|scope| {
        let inside = scope.spawn(|| {
            let _permit = bulkhead.try_acquire();
            panic!("meant to");
        });
        inside.join()
    });
    assert!(panicked.is_err());
    assert_eq!(bulkhead.inside(), 0);
}

#[test]
fn a_limit_of_zero_panics() {
    assert!(std::panic::catch_unwind(|| Bulkhead::new("b", 0)).is_err());
    assert_eq!(Bulkhead::new("b", u32::MAX).limit(), u32::MAX);
}

#[tokio::test(start_paused = true)]
async fn waiting_ends_with_the_time_given() {
    let bulkhead = Bulkhead::new("primary", 1);
    let _permit = bulkhead.try_acquire().expect("it is empty");
    let begun = Instant::now();
    for wait in [0, 70] {
        let refused = bulkhead.acquire_within(MS(wait)).await.expect_err("full");
        assert_eq!(refused, bulkhead.saturated());
    }
    assert_eq!(begun.elapsed().as_millis(), 70);
    assert_eq!(bulkhead.occupancy(), Occupancy::from_bits(1));
}

#[tokio::test(start_paused = true)]
async fn who_waits_is_let_in_in_turn() {
    // One who looks by himself in the very millisecond in which a place becomes free is faster than who is told of it: not with this seed.
    fastrand::seed(1);
    let bulkhead = Bulkhead::new("primary", 1);
    let order = std::sync::Mutex::new(Vec::new());
    let call = async |name: &'static str| {
        let _permit = bulkhead.acquire_within(MS(1000)).await.expect("in time");
        order.lock().expect("no panic").push(name);
        tokio::time::sleep(MS(100)).await;
    };
    let begun = Instant::now();
    tokio::join!(call("a"), call("b"), call("c"));
    assert_eq!(begun.elapsed().as_millis(), 300);
    assert_eq!(*order.lock().expect("no panic"), ["a", "b", "c"]);
    assert_eq!(bulkhead.occupancy(), Occupancy::EMPTY);
}

#[tokio::test(start_paused = true)]
async fn a_waiter_that_is_dropped_loses_nothing() {
    let bulkhead = Bulkhead::new("primary", 1);
    let permit = bulkhead.try_acquire().expect("it is empty");
    let mut second = pin!(bulkhead.acquire_within(MS(1000)));
    {
        let mut first = pin!(bulkhead.acquire_within(MS(1000)));
        assert!(futures_poll(first.as_mut()).await.is_pending());
        assert!(futures_poll(second.as_mut()).await.is_pending());
        // The first is told of the place, and dropped before it can take it.
        drop(permit);
    }
    advance(MS(1)).await;
    assert!(second.await.is_ok());
    assert_eq!(bulkhead.occupancy(), Occupancy::EMPTY);
}

/// One poll.
async fn futures_poll<F: Future>(mut future: std::pin::Pin<&mut F>) -> Poll<F::Output> {
    std::future::poll_fn(|context| Poll::Ready(future.as_mut().poll(context))).await
}

#[test]
fn a_thread_waits_as_well() {
    let bulkhead = Bulkhead::new("primary", 1);
    let permit = bulkhead.try_acquire().expect("it is empty");
    assert!(bulkhead.acquire_blocking_within(Duration::ZERO).is_err());
    assert!(bulkhead.acquire_blocking_within(MS(5)).is_err());
    thread::scope(|scope| {
        let waiter = scope.spawn(|| bulkhead.acquire_blocking_within(Duration::MAX).is_ok());
        while !bulkhead.occupancy().has_waiters() {
            thread::yield_now();
        }
        drop(permit);
        assert!(waiter.join().expect("it does not panic"));
    });
    assert_eq!(bulkhead.occupancy(), Occupancy::EMPTY);
}

#[tokio::test(start_paused = true)]
async fn one_who_is_told_of_a_place_and_does_not_come_holds_nobody_up() {
    let bulkhead = Bulkhead::new("primary", 1);
    let permit = bulkhead.try_acquire().expect("it is empty");
    let mut left_alone = [(); 3].map(|()| Box::pin(bulkhead.acquire_within(Duration::MAX)));
    for waiter in &mut left_alone {
        assert!(futures_poll(waiter.as_mut()).await.is_pending());
    }
    let begun = Instant::now();
    let (next, ()) = (bulkhead.acquire_within(MS(1000)), drop(permit));
    assert!(next.await.is_ok(), "there is room");
    let mut next = Box::pin(bulkhead.acquire_within(MS(1000)));
    let permit = bulkhead.try_acquire().expect("it is empty");
    assert!(futures_poll(next.as_mut()).await.is_pending());
    drop(permit);
    assert!(next.await.is_ok(), "there is room");
    assert!(begun.elapsed() <= MS(11), "{:?}", begun.elapsed());
    drop(left_alone);
    assert_eq!(bulkhead.occupancy(), Occupancy::EMPTY);
}

/// Calls that count how many of them are inside, and find never more than the limit.
struct Inside<'a>(&'a AtomicU32);

impl<'a> Inside<'a> {
    fn enter(count: &'a AtomicU32, limit: u32) -> Self {
        let others = count.fetch_add(1, Ordering::Relaxed);
        assert!(others < limit, "{} of {limit} are inside", others + 1);
        Self(count)
    }
}

impl Drop for Inside<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

const ROUNDS: u32 = if cfg!(miri) { 20 } else { 5_000 };

#[test]
fn threads_are_never_more_inside_than_the_limit() {
    const LIMIT: u32 = 3;
    let (bulkhead, count) = (Bulkhead::new("primary", LIMIT), AtomicU32::new(0));
    let (entered, refused) = (AtomicU32::new(0), AtomicU32::new(0));
    thread::scope(|scope| {
        for number in 0..8_u32 {
            let (bulkhead, count, entered, refused) = (&bulkhead, &count, &entered, &refused);
            scope.spawn(move || {
                for round in 0..ROUNDS {
                    // Some come at once or not at all, some wait for too short a time, some wait.
                    let permit = match (number + round) % 3 {
                        0 => bulkhead.try_acquire(),
                        1 => bulkhead.acquire_blocking_within(Duration::from_nanos(200)),
                        _ => bulkhead.acquire_blocking_within(Duration::from_secs(60)),
                    };
                    let Ok(_permit) = permit else {
                        refused.fetch_add(1, Ordering::Relaxed);
                        continue;
                    };
                    entered.fetch_add(1, Ordering::Relaxed);
                    let _inside = Inside::enter(count, LIMIT);
                    if round % 16 == 0 {
                        thread::yield_now();
                    }
                }
            });
        }
    });
    assert_eq!(bulkhead.occupancy(), Occupancy::EMPTY);
    let (entered, refused) = (entered.into_inner(), refused.into_inner());
    assert_eq!(entered + refused, 8 * ROUNDS);
    assert!(entered >= 8 * ROUNDS / 3, "those who wait all get in");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn tasks_that_wait_and_give_up_are_never_more_inside_than_the_limit() {
    const LIMIT: u32 = 3;
    static BULKHEAD: Bulkhead = Bulkhead::new("primary", LIMIT);
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let tasks: Vec<_> = (0..32_u32)
        .map(|number| {
            tokio::spawn(async move {
                for round in 0..ROUNDS / 32 {
                    let patience = match (number + round) % 3 {
                        0 => Duration::ZERO,
                        1 => Duration::from_micros(50),
                        _ => Duration::from_secs(60),
                    };
                    let permit = BULKHEAD.acquire_within(patience).await;
                    assert!(permit.is_ok() || patience < Duration::from_secs(60));
                    let Ok(_permit) = permit else { continue };
                    let _inside = Inside::enter(&COUNT, LIMIT);
                    tokio::task::yield_now().await;
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.expect("no task panics");
    }
    assert_eq!(BULKHEAD.occupancy(), Occupancy::EMPTY);
}
