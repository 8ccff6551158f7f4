//! Listeners that use the breaker that tells them something, and listeners that panic.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::AtomicUsize;
use std::sync::{Mutex, Weak};

use tokio::time::advance;

use super::*;

const SECOND: Duration = Duration::from_secs(1);

type Heard = Arc<Mutex<Vec<String>>>;
type Work = fn(&Breaker, &BreakerEvent);

/// A breaker that opens at the first failure, with these listeners: each writes down what it is told, and then does its work.
fn breaker<const N: usize>(listeners: [(&'static str, Work); N]) -> (Arc<Breaker>, Heard) {
    let breaker = Arc::new(
        Breaker::new("b")
            .burst_window(Duration::ZERO)
            .failure_threshold(1),
    );
    let heard = Heard::default();
    for (name, work) in listeners {
        let (used, heard) = (Arc::downgrade(&breaker), Arc::clone(&heard));
        breaker.on_event(move |event| {
            let what = match event {
                BreakerEvent::Transition(Transition { from, to, .. }) => format!("{from:?}-{to:?}"),
                BreakerEvent::Refused { .. } => "refused".to_owned(),
                BreakerEvent::Failure { .. } => "failure".to_owned(),
                other => format!("{other:?}"),
            };
            heard
                .lock()
                .expect("it is not held by a listener at work")
                .push(format!("{name} {what}"));
            if let Some(breaker) = Weak::upgrade(&used) {
                work(&breaker, event);
            }
        });
    }
    (breaker, heard)
}

fn take(heard: &Heard) -> Vec<String> {
    std::mem::take(&mut *heard.lock().expect("no listener is at work"))
}

fn looks(breaker: &Breaker, _: &BreakerEvent) {
    let _ = (breaker.state(), breaker.retry_after(), breaker.snapshot());
    let _ = (format!("{breaker:?}"), Breaker::all());
}

fn acquires(breaker: &Breaker, _: &BreakerEvent) {
    let _ = breaker.try_acquire();
}

fn fails(breaker: &Breaker, _: &BreakerEvent) {
    if let Ok(permit) = breaker.try_acquire() {
        permit.failure();
    }
}

fn resets(breaker: &Breaker, event: &BreakerEvent) {
    if let BreakerEvent::Transition(Transition { to, .. }) = event
        && *to != State::Closed
    {
        breaker.reset();
    }
}

fn orders(breaker: &Breaker, event: &BreakerEvent) {
    match event {
        BreakerEvent::Transition(Transition { to, .. }) if *to != State::ForcedOpen => {
            breaker.force_open(SECOND);
        }
        BreakerEvent::Transition(_) => breaker.force_closed(),
        _ => {}
    }
}

#[tokio::test(start_paused = true)]
async fn a_listener_may_do_with_its_breaker_what_anybody_may() {
    for work in [looks, acquires, fails, resets, orders] {
        let (breaker, heard) = breaker([("a", work), ("b", work), ("c", work)]);
        for _ in 0..3 {
            let _ = breaker.try_acquire().map(Permit::failure);
            let _ = breaker.try_acquire();
            advance(2 * SECOND).await;
            let _ = breaker.try_acquire().map(Permit::success);
            advance(20 * SECOND).await;
        }
        assert!(!take(&heard).is_empty());
    }
}

/// What a listener causes is told to the others, after what caused it, and not to itself.
#[test]
fn what_a_listener_causes_is_told_to_the_others_in_order() {
    let (breaker, heard) = breaker([("a", looks), ("b", resets), ("c", looks)]);
    breaker.try_acquire().expect("closed").failure();
    let expected = [
        "a failure",
        "b failure",
        "c failure",
        "a Closed-Open",
        "b Closed-Open",
        "c Closed-Open",
        "a Open-Closed",
        "c Open-Closed",
    ];
    assert_eq!(take(&heard), expected);
}

/// Each would make the other go on for ever.
#[test]
fn listeners_that_answer_each_other_come_to_an_end() {
    let (breaker, heard) = breaker([("a", acquires), ("b", acquires)]);
    breaker.force_open(None);
    take(&heard);
    assert!(breaker.try_acquire().is_err());
    let expected = [
        "a refused",
        "b refused",
        // Caused by a, and then by b when it was told that; then the other way round.
        "b refused",
        "a refused",
    ];
    assert_eq!(take(&heard), expected);
}

#[test]
fn listeners_of_two_breakers_that_use_each_other_come_to_an_end() {
    let calls = Arc::new(AtomicUsize::new(0));
    let [a, b] = ["a", "b"].map(|name| Arc::new(Breaker::new(name)));
    for (told, used) in [(&a, &b), (&b, &a)] {
        let (used, calls) = (Arc::downgrade(used), Arc::clone(&calls));
        told.on_event(move |_| {
            calls.fetch_add(1, Ordering::Relaxed);
            let _ = used
                .upgrade()
                .is_some_and(|used| used.try_acquire().is_ok());
        });
    }
    a.force_open(None);
    b.force_open(None);
    calls.store(0, Ordering::Relaxed);
    assert!(a.try_acquire().is_err());
    assert_eq!(calls.load(Ordering::Relaxed), 2, "a's and b's, once each");
}

#[test]
fn on_another_thread_it_is_told_what_it_causes() {
    let (told, other) = (Arc::new(AtomicUsize::new(0)), Arc::new(Breaker::new("b")));
    let (used, count) = (Arc::downgrade(&other), Arc::clone(&told));
    other.on_transition(move |_| {
        if count.fetch_add(1, Ordering::Relaxed) == 0
            && let Some(breaker) = used.upgrade()
        {
            let thread = std::thread::spawn(move || breaker.reset());
            thread.join().expect("no deadlock");
        }
    });
    other.force_open(None);
    assert_eq!(told.load(Ordering::Relaxed), 2);
}

/// Also one that is told while its thread unwinds already.
#[test]
fn a_listener_that_panics_poisons_nothing() {
    fn panics(breaker: &Breaker, _: &BreakerEvent) {
        let _ = (breaker.snapshot(), breaker.retry_after());
        resume_unwind(Box::new("a listener panics"));
    }
    let (breaker, heard) = breaker([("a", panics), ("b", looks), ("c", panics)]);
    let unwound = catch_unwind(AssertUnwindSafe(|| {
        let _permit = breaker.try_acquire().expect("closed");
        resume_unwind(Box::new("a body panics"));
    }));
    assert!(unwound.is_err());
    assert_eq!(breaker.state(), State::Open, "a panic is a failure");
    let told = take(&heard);
    for listener in ["a", "b", "c"] {
        let opened = format!("{listener} Closed-Open");
        assert_eq!(
            told.iter().filter(|one| **one == opened).count(),
            1,
            "{told:?}"
        );
    }
    breaker.reset();
    assert!(take(&heard).contains(&"b Open-Closed".to_owned()));
    breaker.try_acquire().expect("it works as before").success();
    assert_eq!(breaker.snapshot().state, State::Closed);
}

/// It may be told something by a thread that ends, when what is kept for the thread is gone.
#[test]
fn a_thread_that_ends_may_settle_a_permit() {
    struct Held(std::cell::RefCell<Option<Permit<'static>>>);
    thread_local!(static HELD: Held = const { Held(std::cell::RefCell::new(None)) });
    let breaker: &'static Breaker = Box::leak(Box::new(Breaker::new("b").failure_threshold(1)));
    breaker.on_event(|_| {});
    let thread = std::thread::spawn(move || {
        breaker.try_acquire().expect("closed").failure();
        breaker.reset();
        breaker.force_open(Duration::from_nanos(1));
        std::thread::sleep(Duration::from_millis(3));
        HELD.with(|held| *held.0.borrow_mut() = breaker.try_acquire().ok());
        assert_eq!(breaker.snapshot().probes, 1);
    });
    thread.join().expect("it ends well");
    assert_eq!(breaker.snapshot().probes, 0, "it is given back");
}
