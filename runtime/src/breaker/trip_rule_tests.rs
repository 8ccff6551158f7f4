use super::*;

/// Outcomes as a string, `x` for a failure and `.` for a success, each `step_ms` after the one before; where it opened, if it did.
fn opens_at(trip: TripRule, burst_window_ms: u64, step_ms: u64, outcomes: &str) -> Option<usize> {
    let mut history = History::CLEAN;
    for (index, outcome) in outcomes.chars().enumerate() {
        let now_ms = 1_000_000 + index as u64 * step_ms;
        match history.after(outcome == 'x', trip, burst_window_ms, now_ms) {
            Next::Open => return Some(index),
            Next::Remember(next) => {
                assert_ne!(next, history, "nothing is written that changes nothing");
                history = next;
            }
            Next::Same => {}
        }
        assert!(history.bits() < 1 << BITS);
    }
    None
}

const IN_A_ROW: TripRule = TripRule::InARow { failures: 3 };
const OF_LAST: TripRule = TripRule::OfLast {
    failures: 3,
    calls: 5,
};
const RATE: TripRule = TripRule::Rate {
    percent: 50,
    min_calls: 4,
    within_ms: 1000,
};

#[test]
fn in_a_row() {
    assert_eq!(opens_at(IN_A_ROW, 0, 1, "xx.xx.xxx"), Some(8));
    assert_eq!(opens_at(IN_A_ROW, 0, 1, "xx.xx.xx."), None);
    assert_eq!(
        opens_at(TripRule::InARow { failures: 1 }, 0, 1, "..x"),
        Some(2)
    );
}

#[test]
fn of_the_last_calls() {
    assert_eq!(opens_at(OF_LAST, 0, 1, "x.x.x"), Some(4));
    assert_eq!(
        opens_at(OF_LAST, 0, 1, "x..x..x..x..x"),
        None,
        "never three of five"
    );
    assert_eq!(
        opens_at(OF_LAST, 0, 1, "xx...xxx"),
        Some(7),
        "the first two are forgotten"
    );
    let widest = TripRule::OfLast {
        failures: 2,
        calls: MAX_CALLS,
    };
    let (near, far) = (".".repeat(22), ".".repeat(23));
    assert_eq!(opens_at(widest, 0, 1, &format!("x{near}x")), Some(23));
    assert_eq!(opens_at(widest, 0, 1, &format!("x{far}x")), None);
}

#[test]
fn a_share_of_enough_calls() {
    assert_eq!(
        opens_at(RATE, 0, 1, "xxx"),
        None,
        "three are not enough to tell"
    );
    assert_eq!(opens_at(RATE, 0, 1, "xxxx"), Some(3));
    assert_eq!(
        opens_at(RATE, 0, 1, "xx.."),
        Some(3),
        "the call that completes the number may be a success"
    );
    assert_eq!(opens_at(RATE, 0, 1, "x...x...x..."), None);
    assert_eq!(opens_at(RATE, 0, 1, "x...xxxxx"), Some(5), "three of six");
}

#[cfg(not(miri))]
#[test]
fn a_window_begins_with_a_failure_and_ends_after_its_time() {
    let good = ".".repeat(10_000);
    assert_eq!(
        opens_at(RATE, 0, 1, &format!("{good}xxxx")),
        Some(10_003),
        "old successes do not dilute it"
    );
    assert_eq!(opens_at(RATE, 0, 300, "xxx.x"), Some(3));
    assert_eq!(
        opens_at(RATE, 0, 400, "xxxxxxxxx"),
        None,
        "at most three fall into one window"
    );
}

#[cfg(not(miri))]
#[test]
fn counts_that_are_full_keep_the_share() {
    let trip = TripRule::Rate {
        percent: 50,
        min_calls: 2000,
        within_ms: MAX_WITHIN_MS,
    };
    let third = "x..".repeat(3000);
    assert_eq!(opens_at(trip, 0, 1, &third), None);
    let half = opens_at(trip, 0, 1, &format!("{third}{}", "x".repeat(3000)));
    assert!(
        half.is_some_and(|at| (9500..12_000).contains(&at)),
        "{half:?}"
    );
}

#[test]
fn failures_at_the_same_time_are_one_where_they_are_counted_one_by_one() {
    assert_eq!(opens_at(IN_A_ROW, 20, 1, &"x".repeat(41)), Some(40));
    assert_eq!(opens_at(OF_LAST, 20, 1, &"x".repeat(41)), Some(40));
    assert_eq!(opens_at(RATE, 20, 1, "xxxx"), Some(3));
}

#[test]
fn a_first_failure_counts_whenever_it_comes() {
    for trip in [IN_A_ROW, OF_LAST, RATE] {
        for now_ms in [0, 5, SHORT_RING + 6, LONG_RING + 6] {
            let next = History::CLEAN.after(true, trip, 20, now_ms);
            assert!(matches!(next, Next::Remember(_)), "{trip:?} at {now_ms}");
        }
    }
}

#[test]
fn a_clean_history_takes_no_success_down() {
    for trip in [IN_A_ROW, OF_LAST, RATE] {
        assert_eq!(
            History::CLEAN.after(false, trip, 20, 5),
            Next::Same,
            "{trip:?}"
        );
    }
}

/// Resilience4j's and tower-resilience's windows: after many successes as many failures were needed.
#[cfg(not(miri))]
#[test]
fn a_long_good_time_does_not_delay_any_rule() {
    let good = ".".repeat(10_000);
    for (trip, failures) in [(IN_A_ROW, 3), (OF_LAST, 3), (RATE, 4)] {
        let bad = "x".repeat(failures);
        let at = opens_at(trip, 0, 1, &format!("{good}{bad}"));
        assert_eq!(at, Some(10_000 + failures - 1), "{trip:?}");
    }
}

#[test]
fn times_at_the_edges_of_their_rings_do_no_harm() {
    for trip in [IN_A_ROW, OF_LAST, RATE] {
        for now_ms in [
            0,
            SHORT_RING,
            SHORT_RING + 1,
            LONG_RING,
            LONG_RING + 1,
            u64::MAX,
        ] {
            let mut history = History::CLEAN;
            let mut opened = false;
            for _ in 0..4 {
                match history.after(true, trip, 0, now_ms) {
                    Next::Remember(next) => history = next,
                    Next::Open => opened = true,
                    Next::Same => {}
                }
            }
            assert!(opened, "{trip:?} at {now_ms}");
        }
    }
}

#[test]
fn failures_that_count_are_told_for_every_rule() {
    let failures = |trip: TripRule, outcomes: &str| {
        let mut history = trip.start();
        for outcome in outcomes.chars() {
            if let Next::Remember(next) = history.after(outcome == 'x', trip, 0, 1_234_567) {
                history = next;
            }
        }
        history.tally(trip, 1_234_567).failures
    };
    assert_eq!(failures(IN_A_ROW, "xx"), 2);
    assert_eq!(failures(IN_A_ROW, "xx."), 0);
    assert_eq!(failures(OF_LAST, "x.x"), 2);
    assert_eq!(failures(OF_LAST, "x.....x"), 1);
    assert_eq!(failures(RATE, "x...x"), 2);
    let over = History::CLEAN.after(true, RATE, 0, 1000);
    assert!(
        matches!(over, Next::Remember(history)
            if history.tally(RATE, 1999).calls == 1 && history.tally(RATE, 2000).calls == 0),
        "a window that is over counts no more: {over:?}"
    );
    let elsewhere = TripRule::RateOfCalls {
        percent: 50,
        min_calls: 1,
        calls: 10,
    };
    assert_eq!(failures(elsewhere, "xxx"), 0);
}

#[test]
fn a_sliding_window_opens_at_its_share_of_enough_calls() {
    let slow = Slow {
        percent: 80,
        from_ms: 100,
    };
    let opens = |calls, failures, slow_calls, slow: Option<Slow>| {
        [
            TripRule::RateOfCalls {
                percent: 50,
                min_calls: 10,
                calls: 100,
            },
            TripRule::RateOfTime {
                percent: 50,
                min_calls: 10,
                within_ms: 1000,
            },
            IN_A_ROW,
        ]
        .map(|trip| {
            let tally = Tally {
                calls,
                failures,
                slow: slow_calls,
            };
            trip.opens_at(tally, slow)
        })
    };
    let (never, reached) = ([false; 3], [true, true, false]);
    assert_eq!(opens(9, 9, 0, None), never);
    assert_eq!(opens(10, 4, 0, None), never);
    assert_eq!(opens(10, 5, 0, None), reached);
    assert_eq!(opens(11, 5, 0, None), never);
    assert_eq!(opens(9, 0, 9, Some(slow)), never);
    assert_eq!(opens(10, 4, 7, Some(slow)), never);
    assert_eq!(opens(10, 0, 8, Some(slow)), reached);
    assert_eq!(opens(10, 5, 0, Some(slow)), reached);
    assert_eq!(opens(10, 0, 10, None), never);
}
