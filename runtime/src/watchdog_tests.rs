use std::collections::HashMap;
use std::future::{Future, pending, poll_fn};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use tokio::runtime::{Builder, Handle, Runtime};
use tokio::time::{Instant, advance, sleep, sleep_until};

use super::keeper::Keeper;
use super::*;

const MS: fn(u64) -> Duration = Duration::from_millis;

/// Counts how often it is woken.
#[derive(Default)]
struct Count(AtomicUsize);

impl Count {
    fn woken(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }
}

impl Wake for Count {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

fn counted() -> (Arc<Count>, Waker) {
    let count = Arc::new(Count::default());
    (Arc::clone(&count), Waker::from(count))
}

fn current_thread(paused: bool) -> Runtime {
    let runtime = Builder::new_current_thread()
        .enable_time()
        .start_paused(paused)
        .build();
    runtime.unwrap_or_else(|error| unreachable!("{error}"))
}

fn polled<F: Future + Unpin>(future: &mut F, waker: &Waker) -> Poll<F::Output> {
    Pin::new(future).poll(&mut Context::from_waker(waker))
}

#[tokio::test(start_paused = true)]
async fn it_is_never_early_and_at_most_5_ms_late() {
    let begun = Instant::now();
    let mut tasks = Vec::new();
    for us in [
        1,
        999,
        1_000,
        1_001,
        4_999,
        123_456,
        7_654_321,
        3_600_000_007,
    ] {
        let limit = Duration::from_micros(us);
        tasks.push(tokio::spawn(async move {
            assert_eq!(watched(limit, pending::<()>()).await, None);
            (limit, begun.elapsed())
        }));
    }
    for task in tasks {
        let (limit, took) = task.await.unwrap_or_default();
        assert!(took >= limit && took <= limit + MS(5), "{limit:?} {took:?}");
    }
}

#[tokio::test]
async fn by_the_real_clock_it_is_never_early() {
    let begun = Instant::now();
    assert_eq!(watched(MS(20), pending::<()>()).await, None);
    assert!(begun.elapsed() >= MS(20));
}

#[tokio::test(start_paused = true)]
async fn what_comes_in_time_counts_and_at_once_touches_nothing() {
    assert_eq!(watched(MS(0), std::future::ready(7)).await, Some(7));
    assert_eq!(Keeper::length(&Handle::current()), None);
    let slow = pin!(async {
        sleep(MS(199)).await;
        7
    });
    assert_eq!(watched(MS(200), slow).await, Some(7));
    assert_eq!(watched(Duration::MAX, pin!(sleep(MS(1)))).await, Some(()));
}

/// An entry is left behind by a call that has ended; the next one has a shorter time, or a longer one.
#[tokio::test(start_paused = true)]
async fn one_call_after_the_other_uses_the_same_entry_and_keeps_its_own_time() {
    for ms in [500, 100, 1_000, 100, 3, 3, 700] {
        assert_eq!(watched(MS(ms), pin!(sleep(MS(1)))).await, Some(()));
        let begun = Instant::now();
        assert_eq!(watched(MS(ms), pending::<()>()).await, None);
        assert_eq!(begun.elapsed(), MS(ms));
    }
    sleep(MS(2_000)).await;
    assert_eq!(Keeper::length(&Handle::current()), Some(0));
}

/// What nobody waits for any more is taken out when its time has come, its waker with it.
#[tokio::test(start_paused = true)]
async fn it_forgets_those_who_have_gone() {
    let (count, waker) = counted();
    let mut gone = watched(MS(50), pending::<()>());
    assert_eq!(polled(&mut gone, &waker), Poll::Pending);
    drop((gone, waker));
    assert_eq!(Keeper::length(&Handle::current()), Some(1));
    sleep(MS(51)).await;
    assert_eq!(Keeper::length(&Handle::current()), Some(0));
    assert_eq!((count.woken(), Arc::strong_count(&count)), (0, 1));
}

#[tokio::test(start_paused = true)]
async fn the_waker_of_the_last_poll_is_woken() {
    let ((first, one), (second, other)) = (counted(), counted());
    let mut waits = watched(MS(50), pending::<()>());
    assert_eq!(polled(&mut waits, &one), Poll::Pending);
    assert_eq!(polled(&mut waits, &other), Poll::Pending);
    sleep(MS(51)).await;
    assert_eq!((first.woken(), second.woken()), (0, 1));
    assert_eq!(polled(&mut waits, &other), Poll::Ready(None));
}

/// The clock says so, whether or not the watchdog has had its turn.
#[tokio::test(start_paused = true)]
async fn who_is_polled_after_his_time_learns_so_at_once() {
    let (_, waker) = counted();
    let mut waits = watched(MS(50), pending::<()>());
    assert_eq!(polled(&mut waits, &waker), Poll::Pending);
    advance(MS(49)).await;
    assert_eq!(polled(&mut waits, &waker), Poll::Pending);
    advance(MS(1)).await;
    assert_eq!(polled(&mut waits, &waker), Poll::Ready(None));
}

#[test]
fn many_runtimes_one_after_the_other_and_in_each_other_s_place() {
    let living = current_thread(true);
    for _ in 0..20 {
        let runtime = current_thread(true);
        for runtime in [&runtime, &living] {
            runtime.block_on(async {
                let begun = Instant::now();
                assert_eq!(watched(MS(30), pending::<()>()).await, None);
                assert_eq!(begun.elapsed(), MS(30));
            });
        }
        let handle = runtime.handle().clone();
        assert_eq!(Keeper::length(&handle), Some(0));
        drop(runtime);
        assert_eq!(Keeper::length(&handle), None);
    }
}

/// The runtime in which a call first waited shuts down; the call is polled in another one from then on.
#[test]
fn a_runtime_that_shuts_down_wakes_those_who_wait_and_they_wait_elsewhere() {
    let (first, second) = (current_thread(true), current_thread(true));
    let (count, waker) = counted();
    let mut waits = watched(MS(50), pending::<()>());
    {
        let _inside = first.enter();
        assert_eq!(polled(&mut waits, &waker), Poll::Pending);
    }
    drop(first);
    assert_eq!(count.woken(), 1);
    second.block_on(async {
        assert_eq!(polled(&mut waits, &waker), Poll::Pending);
        assert_eq!(waits.await, None);
    });
}

/// Neither runs: the call goes from one to the other with its task.
#[test]
fn a_future_that_moves_to_another_runtime_is_watched_there() {
    let (first, second) = (current_thread(false), current_thread(false));
    let (_, waker) = counted();
    let mut waits = watched(MS(20), pending::<()>());
    {
        let _inside = first.enter();
        assert_eq!(polled(&mut waits, &waker), Poll::Pending);
    }
    // Nobody drives the first one.
    assert_eq!(second.block_on(waits), None);
}

#[test]
fn calls_that_wait_while_their_runtime_shuts_down_are_dropped_with_it() {
    for threads in [0, 2] {
        let runtime = match threads {
            0 => current_thread(false),
            threads => {
                let runtime = Builder::new_multi_thread()
                    .worker_threads(threads)
                    .enable_time()
                    .build();
                runtime.unwrap_or_else(|error| unreachable!("{error}"))
            }
        };
        let (told, mut tells) = tokio::sync::mpsc::unbounded_channel();
        for _ in 0..100 {
            let told = told.clone();
            runtime.spawn(async move {
                let waits = watched(Duration::from_secs(3_600), pending::<()>());
                let mut waits = pin!(waits);
                poll_fn(|cx| {
                    let polled = waits.as_mut().poll(cx);
                    let _ = told.send(());
                    polled
                })
                .await
            });
        }
        runtime.block_on(async {
            for _ in 0..100 {
                assert_eq!(tells.recv().await, Some(()));
            }
        });
        let handle = runtime.handle().clone();
        drop((runtime, told));
        assert_eq!(Keeper::length(&handle), None);
    }
}

#[tokio::test(start_paused = true)]
async fn it_serves_a_local_set() {
    let local = tokio::task::LocalSet::new();
    let waits = local.run_until(async {
        let waits = tokio::task::spawn_local(watched(MS(30), pending::<()>()));
        waits.await
    });
    assert!(waits.await.is_ok_and(|ended| ended.is_none()));
}

#[test]
#[should_panic(expected = "timers are disabled")]
fn without_timers_it_panics_as_a_timer_of_tokio_does() {
    let runtime = Builder::new_current_thread().build();
    let runtime = runtime.unwrap_or_else(|error| unreachable!("{error}"));
    runtime.block_on(watched(MS(1), pending::<()>()));
}

/// The model is a list: each call that still waits, with its end. At each step time goes on, calls begin, are polled by whomever, and are dropped.
#[tokio::test(start_paused = true)]
async fn ten_thousand_calls_end_as_in_a_list() {
    struct Call {
        waits: Watched<std::future::Pending<()>>,
        end: Instant,
        count: Arc<Count>,
        waker: Waker,
    }
    let mut random = fastrand::Rng::with_seed(7);
    let mut calls: HashMap<usize, Call> = HashMap::new();
    let mut begun = 0;
    while begun < 10_000 || !calls.is_empty() {
        for _ in 0..random.usize(..400).min(10_000 - begun) {
            let limit = Duration::from_micros(random.u64(..200_000));
            let (count, waker) = counted();
            let mut waits = watched(limit, pending());
            let end = Instant::now() + limit;
            if polled(&mut waits, &waker).is_pending() {
                calls.insert(
                    begun,
                    Call {
                        waits,
                        end,
                        count,
                        waker,
                    },
                );
            } else {
                assert!(limit.is_zero());
            }
            begun += 1;
        }
        // Half of those who go do so here, at any time; others change their task.
        calls.retain(|_, call| match random.u8(..20) {
            0 => false,
            1 | 2 => {
                (call.count, call.waker) = counted();
                let is_over = polled(&mut call.waits, &call.waker).is_ready();
                assert_eq!(is_over, call.end <= Instant::now());
                !is_over
            }
            _ => true,
        });
        sleep_until(Instant::now() + Duration::from_micros(random.u64(..20_000))).await;
        // The watchdog has its turn.
        sleep(MS(1)).await;
        let now = Instant::now();
        calls.retain(|_, call| {
            let is_over = call.end <= now;
            if call.end + MS(5) <= now {
                assert!(call.count.woken() > 0, "nobody has been told for 5 ms");
            }
            if is_over && call.count.woken() > 0 {
                assert_eq!(polled(&mut call.waits, &call.waker), Poll::Ready(None));
                return false;
            }
            if !is_over {
                assert_eq!(polled(&mut call.waits, &call.waker), Poll::Pending);
            }
            true
        });
    }
    sleep(MS(300)).await;
    assert_eq!(Keeper::length(&Handle::current()), Some(0));
}

/// The same on threads, by the real clock: each call ends, by its watchdog alone.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_several_threads_each_is_woken_in_the_end() {
    let mut tasks = Vec::new();
    for seed in 0..200 {
        tasks.push(tokio::spawn(async move {
            let mut random = fastrand::Rng::with_seed(seed);
            for _ in 0..20 {
                let limit = Duration::from_micros(random.u64(1..4_000));
                let begun = Instant::now();
                if random.bool() {
                    assert_eq!(watched(limit, pending::<()>()).await, None);
                    assert!(begun.elapsed() >= limit);
                } else {
                    // Dropped with the attempt under way.
                    let _ = watched(MS(random.u64(10..50)), pin!(tokio::task::yield_now())).await;
                }
            }
        }));
    }
    for task in tasks {
        assert!(task.await.is_ok());
    }
}
