//! Waiting for a place, with every interleaving of the bulkhead's own steps; a place that is lost is a deadlock.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::AtomicU64 as Count;
use std::task::{Context, Wake, Waker};

use shuttle::future::block_on;
use shuttle::rand::{Rng, thread_rng};
use shuttle::thread;

use super::*;

fn empty(limit: u32) -> Arc<Bulkhead> {
    let bulkhead = Bulkhead::new("shuttle", limit);
    assert_eq!(bulkhead.inside(), 0);
    Arc::new(bulkhead)
}

/// Whether a waiter was told.
#[derive(Default)]
struct Told(Count);

impl Wake for Told {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

type Waiting = Pin<Box<dyn Future<Output = ()> + Send>>;

/// One poll of a wait for a place, which is given back at once.
fn poll(waiting: &mut Waiting, told: &Arc<Told>) -> bool {
    let waker = Waker::from(Arc::clone(told));
    let polled = waiting.as_mut().poll(&mut Context::from_waker(&waker));
    polled.is_ready()
}

fn waiting(bulkhead: &Arc<Bulkhead>) -> Waiting {
    let bulkhead = Arc::clone(bulkhead);
    Box::pin(async move { drop(bulkhead.wait().await) })
}

fn full() -> Arc<Bulkhead> {
    let bulkhead = empty(1);
    std::mem::forget(bulkhead.enter());
    bulkhead
}

#[test]
fn who_waits_finds_the_place_or_is_told_of_it() {
    let check = || {
        let bulkhead = full();
        let leaves = thread::spawn({
            let bulkhead = Arc::clone(&bulkhead);
            move || bulkhead.leave()
        });
        let (mut waiting, told) = (waiting(&bulkhead), Arc::new(Told::default()));
        let found = poll(&mut waiting, &told);
        leaves.join().expect("it does not panic");
        if !found {
            assert_eq!(told.0.load(Ordering::SeqCst), 1, "it waits for ever");
            assert!(poll(&mut waiting, &told));
        }
        drop(waiting);
        assert_eq!(bulkhead.occupancy(), Occupancy::EMPTY);
    };
    shuttle::check_dfs(check, None);
}

#[test]
fn two_who_wait_find_two_places_or_are_told_of_them() {
    let check = || {
        let bulkhead = empty(2);
        std::mem::forget((bulkhead.enter(), bulkhead.enter()));
        let waiters = [(); 2].map(|()| {
            let bulkhead = Arc::clone(&bulkhead);
            // It keeps its place: one that is given back is told of to the next.
            let mut waiting: Waiting =
                Box::pin(async move { std::mem::forget(bulkhead.wait().await) });
            thread::spawn(move || {
                let told = Arc::new(Told::default());
                let found = poll(&mut waiting, &told);
                (waiting, told, found)
            })
        });
        bulkhead.leave();
        bulkhead.leave();
        for waiter in waiters.map(|waiter| waiter.join().expect("it does not panic")) {
            let (_waiting, told, found) = waiter;
            assert!(found || told.0.load(Ordering::SeqCst) == 1, "it waits on");
        }
    };
    shuttle::check_dfs(check, None);
}

#[test]
fn a_place_that_one_was_told_of_who_has_gone_goes_to_the_next() {
    let check = || {
        let bulkhead = full();
        let (mut first, mut second) = (waiting(&bulkhead), waiting(&bulkhead));
        let (told_first, told_second) = (Arc::new(Told::default()), Arc::new(Told::default()));
        assert!(!poll(&mut first, &told_first));
        assert!(!poll(&mut second, &told_second));
        let leaves = thread::spawn({
            let bulkhead = Arc::clone(&bulkhead);
            move || bulkhead.leave()
        });
        drop(first);
        leaves.join().expect("it does not panic");
        assert_eq!(told_second.0.load(Ordering::SeqCst), 1, "it waits for ever");
        assert!(poll(&mut second, &told_second));
        drop(second);
        assert_eq!(bulkhead.occupancy(), Occupancy::EMPTY);
    };
    shuttle::check_dfs(check, None);
}

#[test]
fn a_place_that_one_was_told_of_who_does_not_come_is_found_by_another_who_looks() {
    let check = || {
        let bulkhead = full();
        let (mut first, mut second) = (waiting(&bulkhead), waiting(&bulkhead));
        let told = Arc::new(Told::default());
        assert!(!poll(&mut first, &told));
        assert!(!poll(&mut second, &told));
        let leaves = thread::spawn({
            let bulkhead = Arc::clone(&bulkhead);
            move || bulkhead.leave()
        });
        let found = poll(&mut second, &told);
        leaves.join().expect("it does not panic");
        assert!(found || poll(&mut second, &told));
        drop((first, second));
        assert_eq!(bulkhead.occupancy(), Occupancy::EMPTY);
    };
    shuttle::check_dfs(check, None);
}

#[test]
fn six_threads_that_wait_or_do_not_are_never_over_the_limit() {
    const LIMIT: u32 = 2;
    let check = || {
        let (bulkhead, inside) = (empty(LIMIT), Arc::new(Count::new(0)));
        let threads: Vec<_> = (0..6)
            .map(|_| {
                let (bulkhead, inside) = (Arc::clone(&bulkhead), Arc::clone(&inside));
                thread::spawn(move || {
                    for _ in 0..8 {
                        let permit = match thread_rng().gen_range(0..3) {
                            0 => bulkhead.enter(),
                            1 => {
                                // Gives up after one look.
                                let mut waiting = waiting(&bulkhead);
                                poll(&mut waiting, &Arc::new(Told::default()));
                                None
                            }
                            _ => Some(block_on(bulkhead.wait())),
                        };
                        let Some(_permit) = permit else { continue };
                        let others = inside.fetch_add(1, Ordering::SeqCst);
                        assert!(others < LIMIT.into(), "over its limit");
                        thread::yield_now();
                        inside.fetch_sub(1, Ordering::SeqCst);
                    }
                })
            })
            .collect();
        for thread in threads {
            thread.join().expect("it does not panic");
        }
        assert_eq!(bulkhead.occupancy(), Occupancy::EMPTY);
    };
    shuttle::check_random(check, 10_000);
    shuttle::check_pct(check, 10_000, 3);
}
