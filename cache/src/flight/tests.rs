use std::pin::pin;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::Poll;
use std::task::{Context, Wake};
use std::time::Duration;

use super::*;

#[derive(Default)]
struct Counter(AtomicU32);

impl Wake for Counter {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

fn value(payload: &[u8]) -> Outcome {
    Outcome::Value(Value {
        payload: payload.into(),
        served: crate::served::Served::Loaded,
    })
}

fn lead(flights: &Arc<Flights<Outcome>>, key: &str) -> Lead<Outcome> {
    match flights.enter(key) {
        Entered::Lead(lead) => lead,
        Entered::Join(_) => panic!("somebody leads"),
    }
}

fn join(flights: &Arc<Flights<Outcome>>, key: &str) -> Join<Outcome> {
    match flights.enter(key) {
        Entered::Lead(_) => panic!("nobody leads"),
        Entered::Join(join) => join,
    }
}

fn poll(join: &mut Join<Outcome>, waker: &Arc<Counter>) -> Poll<Joined<Outcome>> {
    let waker = waker.clone().into();
    pin!(join).poll(&mut Context::from_waker(&waker))
}

fn payload(polled: Poll<Joined<Outcome>>) -> Vec<u8> {
    match polled {
        Poll::Ready(Joined::Outcome(outcome)) => match &*outcome {
            Outcome::Value(value) => value.payload.to_vec(),
            _ => panic!("it is no value"),
        },
        Poll::Ready(Joined::Lead(_)) => panic!("it leads"),
        Poll::Pending => panic!("it waits"),
    }
}

#[test]
fn one_leads_and_all_others_are_told() {
    let flights = Arc::new(Flights::default());
    let waker = Arc::new(Counter::default());
    let lead = lead(&flights, "a");
    let mut joins: Vec<_> = (0..3).map(|_| join(&flights, "a")).collect();
    for join in &mut joins {
        assert!(poll(join, &waker).is_pending());
    }
    let settled = lead.settle(value(b"1"));
    assert_eq!(waker.0.load(Ordering::Relaxed), 3);
    for join in &mut joins {
        assert_eq!(payload(poll(join, &waker)), b"1");
    }
    // While the value is stored, who comes has it too.
    assert_eq!(payload(poll(&mut join(&flights, "a"), &waker)), b"1");
    assert_eq!(flights.len(), 1);
    drop(settled);
    assert_eq!(flights.len(), 0);
    self::lead(&flights, "a");
}

#[test]
fn keys_have_nothing_to_do_with_each_other() {
    let flights = Arc::new(Flights::default());
    let a = lead(&flights, "a");
    let b = lead(&flights, "b");
    drop(a);
    drop(b.settle(value(b"1")));
    assert_eq!(flights.len(), 0);
}

#[test]
fn a_leader_that_goes_passes_the_lead_on() {
    let flights = Arc::new(Flights::default());
    let waker = Arc::new(Counter::default());
    let lead = lead(&flights, "a");
    let (mut first, mut second) = (join(&flights, "a"), join(&flights, "a"));
    assert!(poll(&mut first, &waker).is_pending());
    assert!(poll(&mut second, &waker).is_pending());
    drop(lead);
    // Whoever looks first.
    let Poll::Ready(Joined::Lead(next)) = poll(&mut second, &waker) else {
        panic!("nobody leads");
    };
    assert!(poll(&mut first, &waker).is_pending());
    let settled = next.settle(value(b"2"));
    assert_eq!(payload(poll(&mut first, &waker)), b"2");
    drop((settled, first, second));
    assert_eq!(flights.len(), 0);
}

#[test]
fn nothing_is_left_of_those_who_go() {
    let flights = Arc::new(Flights::default());
    let waker = Arc::new(Counter::default());
    let lead = lead(&flights, "a");
    assert!(lead.is_alone());
    let mut waits = join(&flights, "a");
    assert!(poll(&mut waits, &waker).is_pending());
    assert!(!lead.is_alone());
    drop(waits);
    drop(lead);
    assert_eq!(flights.len(), 0);
    // The other way round: the last one was about to lead.
    let lead = self::lead(&flights, "a");
    let waits = join(&flights, "a");
    drop(lead);
    drop(waits);
    assert_eq!(flights.len(), 0);
    assert_eq!(waker.0.load(Ordering::Relaxed), 0);
}

#[test]
fn who_comes_after_an_invalidation_does_not_join_what_began_before() {
    let flights = Arc::new(Flights::default());
    let waker = Arc::new(Counter::default());
    let old = lead(&flights, "a");
    let mut joined = join(&flights, "a");
    flights.detach("a");
    let new = lead(&flights, "a");
    let mut joined_later = join(&flights, "a");
    drop(old.settle(value(b"old")));
    assert_eq!(payload(poll(&mut joined, &waker)), b"old");
    assert!(poll(&mut joined_later, &waker).is_pending());
    drop(new.settle(value(b"new")));
    assert_eq!(payload(poll(&mut joined_later, &waker)), b"new");
    drop((joined, joined_later));
    assert_eq!(flights.len(), 0);
}

#[test]
fn a_leader_that_takes_too_long_is_overtaken_by_one() {
    let flights = Arc::new(Flights::default());
    let waker = Arc::new(Counter::default());
    let stuck = lead(&flights, "a");
    let (first, mut second) = (join(&flights, "a"), join(&flights, "a"));
    assert!(poll(&mut second, &waker).is_pending());
    let Err(first) = first.overtake(Duration::from_secs(3_600)) else {
        panic!("it has time left");
    };
    assert_eq!(first.patience(Duration::ZERO), Duration::ZERO);
    let Ok(Joined::Lead(next)) = first.overtake(Duration::ZERO) else {
        panic!("nobody has overtaken");
    };
    // The new leader has all of its time.
    let Err(mut second) = second.overtake(Duration::from_secs(3_600)) else {
        panic!("it has time left");
    };
    // The old one is gone, which changes nothing; its outcome would have been as good.
    drop(stuck);
    assert!(poll(&mut second, &waker).is_pending());
    drop(next.settle(value(b"1")));
    assert_eq!(payload(poll(&mut second, &waker)), b"1");
}

#[test]
fn an_overtaken_leader_may_still_be_faster() {
    let flights = Arc::new(Flights::default());
    let waker = Arc::new(Counter::default());
    let slow = lead(&flights, "a");
    let (first, mut second) = (join(&flights, "a"), join(&flights, "a"));
    let Ok(Joined::Lead(next)) = first.overtake(Duration::ZERO) else {
        panic!("nobody has overtaken");
    };
    drop(slow.settle(value(b"slow")));
    drop(next.settle(value(b"next")));
    assert_eq!(payload(poll(&mut second, &waker)), b"slow");
}

/// No order of threads leaves anything behind, or somebody waiting for ever.
#[test]
fn many_threads_load_and_leave() {
    let flights = Arc::new(Flights::default());
    let loads = AtomicU32::new(0);
    std::thread::scope(|scope| {
        for thread in 0..4_u64 {
            let (flights, loads) = (&flights, &loads);
            scope.spawn(move || {
                let mut random = fastrand::Rng::with_seed(thread);
                for _ in 0..2_000 {
                    let key = ["a", "b"][random.usize(..2)];
                    let mut entered = flights.enter(key);
                    loop {
                        match entered {
                            Entered::Lead(lead) if random.u8(..4) == 0 => break drop(lead),
                            Entered::Lead(lead) => {
                                loads.fetch_add(1, Ordering::Relaxed);
                                break drop(lead.settle(value(b"1")));
                            }
                            Entered::Join(join) if random.u8(..4) == 0 => break drop(join),
                            Entered::Join(join) => {
                                match redis_resilient_runtime::__seam::block_on(
                                    join,
                                    Duration::from_secs(60),
                                ) {
                                    Some(Joined::Lead(lead)) => entered = Entered::Lead(lead),
                                    Some(Joined::Outcome(_)) => break,
                                    None => panic!("it was not woken"),
                                }
                            }
                        }
                    }
                }
            });
        }
    });
    assert!(loads.load(Ordering::Relaxed) > 0);
    assert_eq!(flights.len(), 0);
}
