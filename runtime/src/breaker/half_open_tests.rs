//! What each setting of the half-open state promises, alone and beside the others.

use tokio::time::advance;

use super::*;

const SECOND: Duration = Duration::from_secs(1);

fn breaker() -> Breaker {
    Breaker::new("b")
        .burst_window(Duration::ZERO)
        .failure_threshold(1)
}

/// Opens it, and waits until a probe may go.
async fn due(breaker: &Breaker) {
    breaker.try_acquire().expect("closed").failure();
    advance(2 * SECOND).await;
}

/// All probes that are let through at once.
fn all(breaker: &Breaker) -> Vec<Permit<'_>> {
    let mut probes = Vec::new();
    while let Ok(permit) = breaker.try_acquire() {
        assert!(permit.is_probe());
        probes.push(permit);
    }
    probes
}

/// How many probes go at once, and the state after these outcomes of them, in turn: `.` a success, `x` a failure, ` ` neither.
async fn probed(breaker: Breaker, outcomes: &str) -> (usize, State) {
    due(&breaker).await;
    let probes = all(&breaker);
    let at_once = probes.len();
    assert!(at_once >= outcomes.len(), "{at_once} probes");
    for (probe, outcome) in probes.into_iter().zip(outcomes.chars()) {
        match outcome {
            '.' => probe.success(),
            'x' => probe.failure(),
            _ => probe.neutral(),
        }
    }
    (at_once, breaker.state())
}

#[tokio::test(start_paused = true)]
async fn so_many_permits_are_so_many_probes_at_once() {
    for permits in [1, 2, 5, 63] {
        let at_once = usize::try_from(permits).expect("it is small");
        let breaker = || breaker().half_open_permits(permits);
        assert_eq!(probed(breaker(), ".").await, (at_once, State::Closed));
        assert_eq!(probed(breaker(), "x").await, (at_once, State::Open));
        assert_eq!(probed(breaker(), " ").await, (at_once, State::HalfOpen));
    }
}

#[tokio::test(start_paused = true)]
async fn probes_that_end_after_the_first_change_nothing() {
    let breaker = breaker().half_open_permits(5);
    due(&breaker).await;
    let mut probes = all(&breaker);
    probes.pop().expect("five").success();
    assert_eq!(breaker.state(), State::Closed);
    for probe in probes {
        probe.failure();
    }
    assert_eq!(breaker.state(), State::Closed);
    assert_eq!(breaker.snapshot().failures, 0);
}

#[tokio::test(start_paused = true)]
async fn a_permit_that_goes_back_is_given_out_again() {
    let breaker = breaker().half_open_permits(5).success_threshold(63);
    due(&breaker).await;
    let mut probes = all(&breaker);
    assert_eq!(probes.len(), 5);
    probes.truncate(3);
    assert_eq!(all(&breaker).len(), 2);
    probes.pop().expect("three").success();
    assert_eq!(all(&breaker).len(), 3, "two were dropped, one succeeded");
}

#[tokio::test(start_paused = true)]
async fn so_many_successes_close_it_and_the_first_failure_opens_it() {
    let breaker = || breaker().success_threshold(3);
    for (outcomes, ends) in [
        ("...", State::Closed),
        ("..", State::HalfOpen),
        ("..x", State::Open),
        ("x", State::Open),
    ] {
        let one_by_one = breaker();
        due(&one_by_one).await;
        for outcome in outcomes.chars() {
            let probe = one_by_one.try_acquire().expect("one at a time");
            assert!(one_by_one.try_acquire().is_err());
            if outcome == '.' {
                probe.success();
            } else {
                probe.failure();
            }
        }
        assert_eq!(one_by_one.state(), ends, "{outcomes}");
        for permits in [3, 5] {
            let at_once = breaker().half_open_permits(permits);
            let seen = probed(at_once, outcomes).await;
            let permits = usize::try_from(permits).expect("it is small");
            assert_eq!(seen, (permits, ends), "{outcomes}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn where_the_number_of_probes_is_set_there_are_no_more() {
    for (outcomes, ends) in [
        ("..", State::Closed),
        (".x.", State::Closed),
        ("x..", State::Closed),
        ("xx", State::Open),
        (".xx", State::Open),
        (".x", State::HalfOpen),
    ] {
        let breaker = breaker().half_open_permits(5).success_threshold_of(2, 3);
        assert_eq!(probed(breaker, outcomes).await, (3, ends), "{outcomes}");
    }
    for (outcomes, ends) in [
        ("....", State::Closed),
        ("x...", State::Closed),
        ("...", State::HalfOpen),
        ("xx", State::Open),
        (".x.x", State::Open),
    ] {
        let breaker = breaker().half_open_permits(5).half_open_failure_rate(50, 4);
        assert_eq!(probed(breaker, outcomes).await, (4, ends), "{outcomes}");
    }
    let breaker = breaker().half_open_permits(2).success_threshold_of(2, 3);
    assert_eq!(probed(breaker, ".").await, (2, State::HalfOpen));
}

/// The last of the three that say what closes it is the one that counts.
#[tokio::test(start_paused = true)]
async fn what_closes_it_is_what_was_said_last() {
    let breaker = || breaker().half_open_permits(9);
    let last = breaker().success_threshold_of(2, 3).success_threshold(1);
    assert_eq!(probed(last, ".").await, (9, State::Closed));
    let last = breaker().success_threshold(1).half_open_failure_rate(50, 4);
    assert_eq!(probed(last, "...").await, (4, State::HalfOpen));
    let last = breaker()
        .half_open_failure_rate(50, 4)
        .success_threshold_of(2, 3);
    assert_eq!(probed(last, "..").await, (3, State::Closed));
}

/// Of several probes the newest is waited for; then all are replaced.
#[tokio::test(start_paused = true)]
async fn probes_at_once_are_lost_together() {
    let breaker = breaker().half_open_permits(3).probe_lease(4 * SECOND);
    due(&breaker).await;
    let first = breaker.try_acquire().expect("a probe");
    advance(3 * SECOND).await;
    let mut lost = all(&breaker);
    assert_eq!(lost.len(), 2);
    lost.push(first);
    advance(3 * SECOND).await;
    assert!(breaker.try_acquire().is_err(), "the newest is waited for");
    advance(SECOND).await;
    let probes = all(&breaker);
    assert_eq!(probes.len(), 3);
    for probe in lost {
        probe.failure();
    }
    assert_eq!(breaker.state(), State::HalfOpen, "lost ones count no more");
    assert_eq!(breaker.snapshot().probes, 3);
    drop(probes);
}

/// The lease is never shorter than what an attempt may take, and `half_open_timeout` is what it may take where its function sets no limit.
#[test]
fn a_lease_is_as_long_as_the_attempt_may_take() {
    let lease_ms = |breaker: &Breaker, attempt| breaker.lease_ms(attempt);
    let plain = breaker().probe_lease(5 * SECOND);
    assert_eq!(lease_ms(&plain, Duration::ZERO), 5_000);
    assert_eq!(lease_ms(&plain, SECOND), 5_000);
    assert_eq!(lease_ms(&plain, 9 * SECOND), 9_000);
    let limited = breaker()
        .probe_lease(5 * SECOND)
        .half_open_timeout(30 * SECOND);
    assert_eq!(lease_ms(&limited, Duration::ZERO), 30_000);
    assert_eq!(lease_ms(&limited, SECOND), 5_000);
    let hasty = breaker().probe_lease(5 * SECOND).half_open_timeout(SECOND);
    assert_eq!(lease_ms(&hasty, Duration::ZERO), 5_000);
}
