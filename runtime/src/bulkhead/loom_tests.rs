//! The bulkhead's own word in every interleaving of a few threads.
//!
//! Its queue is tokio's, whose atomics loom does not know to be an order of ours: waiting is `shuttle_tests`'.

use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::AtomicU64 as Count;

use loom::cell::UnsafeCell;
use loom::thread;

use super::*;
use crate::sync::explore;

fn empty(limit: u32) -> Arc<Bulkhead> {
    let bulkhead = Bulkhead::new("loom", limit);
    assert_eq!(bulkhead.inside(), 0);
    Arc::new(bulkhead)
}

#[test]
fn never_over_its_limit_and_no_place_is_lost() {
    for limit in [1, 2] {
        explore(move || {
            let (bulkhead, inside) = (empty(limit), Arc::new(Count::new(0)));
            let threads: Vec<_> = (0..3)
                .map(|_| {
                    let (bulkhead, inside) = (Arc::clone(&bulkhead), Arc::clone(&inside));
                    thread::spawn(move || {
                        let Some(_permit) = bulkhead.enter() else {
                            return false;
                        };
                        let others = inside.fetch_add(1, Ordering::SeqCst);
                        assert!(others < limit.into(), "over its limit");
                        thread::yield_now();
                        inside.fetch_sub(1, Ordering::SeqCst);
                        true
                    })
                })
                .collect();
            let entered = threads
                .into_iter()
                .map(|thread| thread.join().expect("it does not panic"))
                .filter(|entered| *entered)
                .count();
            assert!(entered >= 1, "nobody was let in though it was empty");
            assert_eq!(bulkhead.occupancy(), Occupancy::EMPTY);
        });
    }
}

#[test]
fn a_free_place_is_found() {
    explore(|| {
        let bulkhead = empty(2);
        let enter = |bulkhead: &Arc<Bulkhead>| {
            let bulkhead = Arc::clone(bulkhead);
            thread::spawn(move || bulkhead.enter().map(std::mem::forget).is_some())
        };
        let threads = [enter(&bulkhead), enter(&bulkhead), enter(&bulkhead)];
        let entered = threads.map(|thread| thread.join().expect("it does not panic"));
        assert_eq!(entered.into_iter().filter(|entered| *entered).count(), 2);
        assert_eq!(bulkhead.inside(), 2);
    });
}

/// What is behind a bulkhead of one needs no lock of its own: who enters has seen all that was done by who left.
#[test]
fn who_enters_sees_what_those_have_done_who_left() {
    explore(|| {
        let (bulkhead, data) = (empty(1), Rc::new(UnsafeCell::new(())));
        let threads: Vec<_> = (0..2)
            .map(|_| {
                let (bulkhead, data) = (Arc::clone(&bulkhead), Rc::clone(&data));
                thread::spawn(move || {
                    if let Some(_permit) = bulkhead.enter() {
                        // The model reports accesses that are not ordered.
                        data.with_mut(|_| ());
                    }
                })
            })
            .collect();
        for thread in threads {
            thread.join().expect("it does not panic");
        }
    });
}
