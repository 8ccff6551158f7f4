use std::sync::{Arc, Mutex};

use tokio::time::advance;

use super::*;

const SECOND: Duration = Duration::from_secs(1);

/// A breaker that opens at the second failure, and what it tells, a word for each event.
fn heard() -> (Breaker, Arc<Mutex<Vec<String>>>) {
    let breaker = Breaker::new("b")
        .burst_window(Duration::ZERO)
        .failure_threshold(2);
    let heard = Arc::new(Mutex::new(Vec::new()));
    listen(&breaker, &heard);
    (breaker, heard)
}

fn listen(breaker: &Breaker, heard: &Arc<Mutex<Vec<String>>>) {
    let heard = heard.clone();
    breaker.on_event(move |event| {
        let word = match event {
            BreakerEvent::Transition(Transition { to, .. }) => format!("{to:?}"),
            BreakerEvent::Failure { slow: true, .. } => "slow".to_owned(),
            BreakerEvent::Failure { .. } => "failure".to_owned(),
            BreakerEvent::Refused { retry_after, .. } if retry_after.is_zero() => "wait".to_owned(),
            BreakerEvent::Refused { .. } => "refused".to_owned(),
            BreakerEvent::Stale { .. } => "stale".to_owned(),
            BreakerEvent::ProbeLost { .. } => "lost".to_owned(),
            BreakerEvent::RetryBudgetExhausted { .. } => "exhausted".to_owned(),
        };
        heard.lock().expect("no listener panics").push(word);
    });
}

fn take(heard: &Mutex<Vec<String>>) -> String {
    let mut heard = heard.lock().expect("no listener panics");
    heard.drain(..).collect::<Vec<_>>().join(" ")
}

#[tokio::test(start_paused = true)]
async fn a_circuit_s_life_is_told_from_failure_to_close() {
    let (breaker, heard) = heard();
    breaker.try_acquire().expect("closed").success();
    assert_eq!(take(&heard), "", "nothing is told of what goes well");
    let late = breaker.try_acquire().expect("closed");
    for _ in 0..2 {
        breaker.try_acquire().expect("closed").failure();
    }
    assert_eq!(take(&heard), "failure failure Open");
    assert!(breaker.try_acquire().is_err());
    late.success();
    assert_eq!(take(&heard), "refused stale");
    advance(2 * SECOND).await;
    let probe = breaker.try_acquire().expect("the probe");
    assert!(breaker.try_acquire().is_err());
    assert_eq!(take(&heard), "HalfOpen wait");
    probe.failure();
    assert_eq!(take(&heard), "failure Open");
    advance(3 * SECOND).await;
    breaker.try_acquire().expect("the probe").success();
    assert_eq!(take(&heard), "HalfOpen Closed");
}

#[tokio::test(start_paused = true)]
async fn a_probe_that_is_replaced_is_told() {
    let (breaker, heard) = heard();
    for _ in 0..2 {
        breaker.try_acquire().expect("closed").failure();
    }
    advance(2 * SECOND).await;
    let _hangs = breaker.try_acquire().expect("the probe");
    take(&heard);
    advance(10 * SECOND).await;
    drop(breaker.try_acquire().expect("the lease is over"));
    assert_eq!(take(&heard), "lost");
    drop(breaker.try_acquire().expect("the last one was given back"));
    assert_eq!(take(&heard), "", "what is given back is not lost");
}

#[tokio::test(start_paused = true)]
async fn slow_calls_open_the_circuit_and_are_told() {
    let breaker = Breaker::new("b")
        .failure_rate_of_calls(50, 10, 4)
        .slow_call_rate(75, SECOND)
        .success_threshold(2);
    let heard = Arc::new(Mutex::new(Vec::new()));
    listen(&breaker, &heard);
    let call = async |takes: Duration| {
        let permit = breaker.try_acquire().expect("closed");
        advance(takes).await;
        permit.success();
    };
    call(SECOND).await;
    call(Duration::from_millis(999)).await;
    call(SECOND).await;
    assert_eq!(breaker.state(), State::Closed);
    let snapshot = breaker.snapshot();
    assert_eq!(
        (snapshot.calls, snapshot.failures, snapshot.slow),
        (3, 0, 2)
    );
    assert_eq!(
        snapshot.slow_call_rate(),
        None,
        "three calls are not enough"
    );
    assert_eq!(take(&heard), "slow slow");
    call(3 * SECOND).await;
    assert_eq!(take(&heard), "slow Open", "three of four");
    assert_eq!(breaker.snapshot().slow_call_rate(), Some(75.0));
    assert_eq!(breaker.snapshot().failure_rate(), Some(0.0));
    advance(2 * SECOND).await;
    call(SECOND).await;
    assert_eq!(
        take(&heard),
        "HalfOpen slow Open",
        "a slow probe is a failed one"
    );
    advance(3 * SECOND).await;
    call(SECOND / 2).await;
    call(SECOND / 2).await;
    assert_eq!(take(&heard), "HalfOpen Closed");
    assert_eq!(breaker.snapshot().calls, 0, "it begins anew");
}

#[tokio::test(start_paused = true)]
async fn a_neutral_outcome_is_not_slow() {
    let breaker = Breaker::new("b")
        .failure_rate_of_calls(50, 10, 1)
        .slow_call_rate(1, SECOND);
    let permit = breaker.try_acquire().expect("closed");
    advance(5 * SECOND).await;
    permit.neutral();
    drop(breaker.try_acquire().expect("closed"));
    assert_eq!(breaker.snapshot().calls, 0);
    assert_eq!(breaker.state(), State::Closed);
}

#[test]
fn a_breaker_is_listed_from_the_first_thing_it_has_to_tell_until_it_is_dropped() {
    // Other tests list theirs at the same time.
    let names = || -> Vec<&str> {
        let all = Breaker::all();
        let mine = all.iter().map(|breaker| breaker.name);
        mine.filter(|name| name.starts_with("listed")).collect()
    };
    let (b, a, healthy) = (
        Breaker::new("listed b"),
        Breaker::new("listed a"),
        Breaker::new("listed c"),
    );
    let another_a = Breaker::new("listed a").failure_threshold(1);
    healthy.try_acquire().expect("closed").success();
    assert_eq!(names(), [""; 0]);
    b.try_acquire().expect("closed").failure();
    let _ = a.snapshot();
    another_a.try_acquire().expect("closed").failure();
    assert_eq!(names(), ["listed a", "listed a", "listed b"]);
    let states = || -> Vec<State> {
        let all = Breaker::all();
        let mine = all.iter().filter(|breaker| breaker.name == "listed a");
        mine.map(|breaker| breaker.state).collect()
    };
    assert_eq!(
        states(),
        [State::Closed, State::Open],
        "in the order of their firsts"
    );
    a.force_open(None);
    another_a.reset();
    assert_eq!(states(), [State::ForcedOpen, State::Closed]);
    drop(a);
    assert_eq!(names(), ["listed a", "listed b"]);
}

#[test]
fn the_list_follows_a_breaker_that_many_threads_change() {
    let breaker = Breaker::new("changed by threads")
        .burst_window(Duration::ZERO)
        .failure_threshold(1000);
    for round in 0..if cfg!(miri) { 2 } else { 200 } {
        std::thread::scope(|scope| {
            for thread in 0..2 {
                let breaker = &breaker;
                scope.spawn(move || {
                    for call in 0..5 {
                        let permit = breaker.try_acquire().expect("closed");
                        if (round + thread + call) % 3 == 0 {
                            permit.success();
                        } else {
                            permit.failure();
                        }
                    }
                });
            }
        });
        let all = Breaker::all();
        let listed = all.iter().find(|other| other.name == "changed by threads");
        let listed = listed.map(|listed| listed.failures);
        assert_eq!(listed, Some(breaker.snapshot().failures));
    }
}
