//! Breakers on the clock that users have: the kernel's coarse one, on Linux in release builds without `test-util`.
//!
//! Nearly all other tests stand on tokio's clock, and so do these in a debug build or beside the testkit, which has `test-util` on.
//! `.ci/run` has them run once on the coarse one, and names it, so that it is seen when they do not:
//!
//! ```sh
//! RR_CLOCK=coarse cargo test --release -p redis-resilient --test clock
//! ```
//!
//! Time has to pass here. A busy machine may make everything late, the coarse clock too: that is allowed, too early is not.

use std::thread::sleep;
use std::time::{Duration, Instant};

use redis_resilient::{Breaker, Permit, Rejection, State};

const IS_COARSE: bool = cfg!(all(
    any(target_os = "linux", target_os = "android"),
    not(any(debug_assertions, feature = "test-util"))
));

/// A tick of the kernel at most.
const TICK: Duration = Duration::from_millis(10);
/// For what a busy machine may add.
const LATE: Duration = Duration::from_secs(2);

const fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

fn fail(breaker: &Breaker) {
    breaker.try_acquire().expect("closed").failure();
}

#[test]
fn the_clock_is_the_one_that_was_asked_for() {
    let asked = std::env::var("RR_CLOCK");
    assert!(
        asked.as_deref() != Ok("coarse") || IS_COARSE,
        "these tests are to run on the coarse clock, but this is a debug build or has `test-util` on"
    );
}

/// What an order has left of its time is what the clock shows, to the millisecond.
#[test]
fn it_goes_forward_as_fast_as_an_instant_and_stays_within_a_tick_of_it() {
    const SAMPLES: usize = 200;
    let hour = Duration::from_secs(3600);
    let micros = |time: Duration| i64::try_from(time.as_micros()).expect("an hour at most");
    let breaker = Breaker::new("ordered");
    breaker.force_open(hour);
    let start = Instant::now();
    let mut last = Duration::ZERO;
    // How far each reading was behind the time since the start, at least and at most.
    let mut behind = Vec::new();
    for _ in 0..SAMPLES {
        let before = start.elapsed();
        let reading = hour.saturating_sub(breaker.retry_after());
        let after = start.elapsed();
        assert!(reading >= last, "backwards: {reading:?} after {last:?}");
        last = reading;
        let reading = micros(reading);
        behind.push((micros(before) - reading, micros(after) - reading));
        sleep(ms(5));
    }
    let closest = behind.iter().map(|(_, most)| *most).min();
    let closest = closest.expect("there are samples");
    let apart = |limit: Duration| {
        let is_apart = |(at_least, _): &&(i64, i64)| at_least - closest > micros(limit);
        behind.iter().filter(is_apart).count()
    };
    // It is read at the beginning too, and both readings are of whole milliseconds.
    let ticks = 2 * (TICK + ms(1));
    assert!(apart(ticks) < SAMPLES / 4, "{behind:?}");
    assert_eq!(apart(LATE), 0, "{behind:?}");
    assert!(last > start.elapsed() / 2, "{last:?}");
}

#[test]
fn a_circuit_waits_its_period_and_half_opens() {
    let period = ms(60);
    for _ in 0..8 {
        let breaker = Breaker::new("sessions")
            .failure_threshold(1)
            .reset_timeout(period);
        let begins = Instant::now();
        fail(&breaker);
        let opened = Instant::now();
        let probe = loop {
            let asked = opened.elapsed();
            match breaker.try_acquire() {
                Ok(probe) => break probe,
                Err(Rejection::CircuitOpen { retry_after, .. }) => {
                    assert!(retry_after > Duration::ZERO && retry_after <= period * 11 / 10);
                    assert!(
                        asked < period * 11 / 10 + LATE,
                        "still open after {asked:?}"
                    );
                }
                Err(other) => panic!("{other}"),
            }
            assert_eq!(breaker.state(), State::Open);
            sleep(Duration::from_micros(300));
        };
        let waited = begins.elapsed();
        assert!(waited + TICK + ms(1) >= period * 9 / 10, "{waited:?}");
        assert!(probe.is_probe());
        assert_eq!(breaker.state(), State::HalfOpen);
        assert!(breaker.try_acquire().is_err(), "one at a time");
        probe.success();
        assert_eq!(breaker.state(), State::Closed);
        assert_eq!(breaker.retry_after(), Duration::ZERO);
    }
}

#[test]
fn the_period_doubles_each_time_a_probe_fails() {
    let breaker = Breaker::new("sessions")
        .failure_threshold(1)
        .reset_timeout(ms(20))
        .reset_timeout_max(ms(80));
    fail(&breaker);
    for most in [22, 44, 88, 88] {
        let left = breaker.retry_after();
        assert!(left <= ms(most), "{left:?} of {most} ms");
        sleep(ms(most) + 2 * TICK);
        breaker.try_acquire().expect("its period is over").failure();
    }
}

#[test]
fn a_lost_probe_is_replaced_after_its_lease() {
    let breaker = Breaker::new("sessions")
        .failure_threshold(1)
        .reset_timeout(ms(20))
        .probe_lease(ms(200));
    fail(&breaker);
    sleep(ms(22) + 2 * TICK);
    let begins = Instant::now();
    std::mem::forget(breaker.try_acquire().expect("its period is over"));
    loop {
        let asked = begins.elapsed();
        if breaker.try_acquire().is_ok() {
            break;
        }
        assert!(asked < ms(200) + LATE, "still waited for after {asked:?}");
        sleep(ms(1));
    }
    let waited = begins.elapsed();
    assert!(waited + TICK + ms(1) >= ms(200), "{waited:?}");
}

/// Each rule that looks at the time: one failure, a silence longer than its time, and then two more, of which the second opens it.
#[test]
fn windows_begin_slide_and_end() {
    let within = ms(400);
    let rules = [
        |breaker: Breaker, within| breaker.failure_rate(50, 2, within),
        |breaker: Breaker, within| breaker.failure_rate_of_time(50, within, 2),
    ];
    for rule in rules {
        let breaker = rule(Breaker::new("sessions"), within);
        fail(&breaker);
        assert_eq!(breaker.snapshot().failures, 1);
        sleep(within + 2 * TICK);
        assert_eq!(breaker.snapshot().failures, 0);
        fail(&breaker);
        assert_eq!(breaker.state(), State::Closed, "{breaker:?}");
        // A machine on which two failures are further apart is let try again.
        let opens = (0..20).any(|_| {
            let _ = breaker.try_acquire().map(Permit::failure);
            breaker.state() == State::Open
        });
        assert!(opens, "{breaker:?}");
    }
}

#[test]
fn failures_close_together_are_one() {
    let burst_window = ms(400);
    let breaker = Breaker::new("sessions")
        .failure_threshold(1000)
        .burst_window(burst_window);
    let begins = Instant::now();
    for _ in 0..100 {
        fail(&breaker);
    }
    let counted = Duration::from_millis(breaker.snapshot().failures.into());
    let lumps = begins.elapsed().as_millis() / burst_window.as_millis();
    assert!(counted.as_millis() <= lumps + 1, "{counted:?} of {lumps}");
    sleep(burst_window + 2 * TICK);
    fail(&breaker);
    assert!(breaker.snapshot().failures >= 2);
}

#[test]
fn calls_that_take_too_long_are_slow() {
    let breaker = Breaker::new("search")
        .failure_rate_of_calls(100, 10, 10)
        .slow_call_rate(100, ms(60));
    let slow = breaker.try_acquire().expect("closed");
    sleep(ms(60) + 2 * TICK);
    slow.success();
    assert_eq!(breaker.snapshot().slow, 1);
    let quick = (0..20).any(|_| {
        let before = breaker.snapshot().slow;
        breaker.try_acquire().expect("closed").success();
        breaker.snapshot().slow <= before
    });
    assert!(quick);
}

#[test]
fn a_state_is_as_old_as_it_is() {
    let breaker = Breaker::new("sessions").failure_threshold(1);
    let begins = Instant::now();
    fail(&breaker);
    let opened = Instant::now();
    sleep(ms(100));
    let least = opened.elapsed();
    let age = breaker.snapshot().in_state_for.expect("it has changed");
    assert!(age <= begins.elapsed() + TICK + ms(1), "{age:?}");
    assert!(age + LATE >= least, "{age:?} of {least:?}");
    assert!(age >= ms(50), "{age:?}");
}
