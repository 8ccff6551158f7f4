use super::*;

const GOOD: Sample = Sample {
    failed: false,
    slow: false,
};
const BAD: Sample = Sample {
    failed: true,
    slow: false,
};
const SLOW: Sample = Sample {
    failed: false,
    slow: true,
};

// Counts a call, and gives what the window holds with it.
impl Window {
    fn record(&self, sample: Sample, now_ms: u64) -> Tally {
        let counted = self.count(sample, now_ms);
        counted.unwrap_or_else(|| self.tally(now_ms))
    }
}

impl Calls {
    fn record(&self, sample: Sample) -> Tally {
        self.count(sample).unwrap_or_else(|| self.tally())
    }
}

impl Time {
    fn record(&self, sample: Sample, now_ms: u64) -> Tally {
        let counted = self.count(sample, now_ms);
        counted.unwrap_or_else(|| self.tally(now_ms))
    }
}

fn tally(calls: u64, failures: u64) -> Tally {
    Tally {
        calls,
        failures,
        slow: 0,
    }
}

#[test]
fn a_window_of_calls_forgets_the_oldest() {
    let window = Calls::new(3);
    let seen: Vec<_> = "xx..x.x"
        .chars()
        .map(|outcome| window.record(if outcome == 'x' { BAD } else { GOOD }))
        .collect();
    let expected = [(1, 1), (2, 2), (3, 2), (3, 1), (3, 1), (3, 1), (3, 2)];
    assert_eq!(
        seen,
        expected.map(|(calls, failures)| tally(calls, failures))
    );
    window.clear();
    assert_eq!(window.record(GOOD), tally(1, 0));
}

#[cfg(not(miri))]
#[test]
fn a_window_of_calls_may_be_of_any_size() {
    for size in [1, 63, 64, 65, MAX_CALLS] {
        let window = Calls::new(size);
        for _ in 0..2 * size {
            window.record(BAD);
        }
        assert_eq!(window.record(GOOD), tally(size.into(), u64::from(size) - 1));
    }
}

#[test]
fn a_window_of_time_forgets_a_tenth_at_a_time() {
    let window = Time::new(1000);
    assert_eq!(window.record(BAD, 5000), tally(1, 1));
    assert_eq!(window.record(GOOD, 5099), tally(2, 1));
    assert_eq!(window.record(BAD, 5100), tally(3, 2));
    assert_eq!(window.record(GOOD, 5999), tally(4, 2));
    assert_eq!(
        window.record(GOOD, 6000),
        tally(3, 1),
        "the first bucket is gone"
    );
    assert_eq!(window.record(GOOD, 60_000), tally(1, 0));
    window.clear();
    assert_eq!(window.record(BAD, 60_000), tally(1, 1));
}

#[test]
fn a_clock_that_goes_back_does_no_harm() {
    let window = Time::new(1000);
    window.record(BAD, 5000);
    assert!(window.record(BAD, 0).calls >= 1);
    assert!(window.record(BAD, u64::MAX - 1).calls >= 1);
}

#[test]
fn threads_lose_no_call() {
    const CALLS: u64 = if cfg!(miri) { 10 } else { 100 };
    let windows = [
        Window::Time(Time::new(1000)),
        Window::Calls(Calls::new(MAX_CALLS)),
    ];
    for window in &windows {
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    for call in 0..CALLS {
                        window.record(if call % 2 == 0 { BAD } else { GOOD }, 5000);
                    }
                });
            }
        });
        assert_eq!(
            window.record(GOOD, 5000),
            tally(8 * CALLS + 1, 4 * CALLS),
            "{window:?}"
        );
    }
}

#[test]
fn slow_calls_are_counted_and_forgotten_as_failures_are() {
    let slow = |calls, slow| Tally {
        calls,
        failures: 0,
        slow,
    };
    let last = Calls::new(2);
    assert_eq!(last.record(SLOW), slow(1, 1));
    assert_eq!(last.record(SLOW), slow(2, 2));
    assert_eq!(last.record(GOOD), slow(2, 1));
    assert_eq!(last.record(GOOD), slow(2, 0));
    let time = Time::new(1000);
    assert_eq!(time.record(SLOW, 5000), slow(1, 1));
    assert_eq!(time.record(SLOW, 5500), slow(2, 2));
    assert_eq!(time.record(GOOD, 6000), slow(2, 1));
    time.clear();
    assert_eq!(time.record(GOOD, 6000), slow(1, 0));
}

#[test]
fn a_window_may_be_looked_at_without_counting() {
    for window in [Window::Time(Time::new(1000)), Window::Calls(Calls::new(9))] {
        assert_eq!(window.tally(5000), tally(0, 0), "{window:?}");
        window.record(BAD, 5000);
        for _ in 0..3 {
            assert_eq!(window.tally(5000), tally(1, 1), "{window:?}");
        }
    }
    let window = Window::Time(Time::new(1000));
    window.record(BAD, 5000);
    assert_eq!(window.tally(5999), tally(1, 1));
    assert_eq!(window.tally(6000), tally(0, 0), "at exactly its length");
}

#[test]
fn a_bucket_that_is_full_keeps_its_shares() {
    let bucket = Counts::default();
    let full = (1 << NUMBER_SHIFT) | (COUNT_MASK << COUNT_BITS) | (COUNT_MASK / 2);
    bucket.bits.store(full, ORDER);
    bucket.add(1, true, 1 << COUNT_BITS);
    let (calls, failures) = bucket.at(1);
    assert_eq!((calls, failures), (COUNT_MASK / 2 + 1, COUNT_MASK / 4 + 1));
    bucket.bits.store((1 << NUMBER_SHIFT) | COUNT_MASK, ORDER);
    bucket.add(1, true, 0);
    assert_eq!(bucket.at(1), (0, COUNT_MASK / 2 + 1));
}

/// What a thread writes while nothing fails is its own; what others write makes its calls dearer.
#[test]
fn a_success_writes_nothing_that_is_shared_while_nothing_fails() {
    let calls = Calls::new(3);
    for _ in 0..9 {
        assert_eq!(calls.count(GOOD), None);
    }
    assert_eq!((calls.placed.load(ORDER), calls.tally()), (0, tally(3, 0)));
    let mine: u64 = calls
        .unplaced
        .iter()
        .map(|Good(good)| good.load(ORDER))
        .sum();
    assert_eq!(mine, 3, "a full window is left alone");
    let time = Time::new(1000);
    assert_eq!(time.count(GOOD, 5000), None);
    assert_eq!(time.tally(5000), tally(1, 0));
}

/// A bad call makes the ring count, until it has been pushed out of it: by exactly so many as there is room for.
#[test]
fn after_the_last_bad_call_is_forgotten_it_is_as_before() {
    for bad in [BAD, SLOW] {
        let calls = Calls::new(70);
        for _ in 0..200 {
            calls.record(GOOD);
        }
        for _ in 0..3 {
            let placed = calls.placed.load(ORDER);
            assert_ne!(calls.count(bad), None);
            for good in 1..70 {
                let counted = calls.count(GOOD).map(|tally| tally.failures + tally.slow);
                assert_eq!(counted, Some(1), "{good}");
            }
            assert_eq!(calls.count(GOOD), Some(tally(70, 0)));
            assert_eq!(calls.count(GOOD), None);
            assert_eq!(calls.placed.load(ORDER) - placed, 71);
        }
    }
    let time = Time::new(1000);
    assert_eq!(time.count(BAD, 5000), Some(tally(1, 1)));
    assert_eq!(time.count(GOOD, 5999), Some(tally(2, 1)));
    assert_eq!(time.count(GOOD, 6000), None);
}

/// Good ones that came before a failure have their part in its share, whichever thread counted them.
#[test]
fn a_failure_is_a_share_of_what_was_good_before() {
    let calls = Calls::new(100);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| (0..10).for_each(|_| assert_eq!(calls.record(GOOD).failures, 0)));
        }
    });
    assert_eq!(calls.count(BAD), Some(tally(41, 1)));
}

/// The mark is never lost: in the end each failure has been pushed out, or is marked.
#[test]
fn no_failure_stays_behind_unmarked() {
    const ROUNDS: u32 = if cfg!(miri) { 20 } else { 2_000 };
    let calls = Calls::new(2);
    for _ in 0..ROUNDS {
        std::thread::scope(|scope| {
            for of in 0..2 {
                let calls = &calls;
                scope.spawn(move || {
                    for call in 0..6 {
                        calls.record(if call == of * 2 { BAD } else { GOOD });
                    }
                });
            }
        });
        assert!(calls.has_bad.load(ALL) || !calls.is_any_bad());
    }
}
