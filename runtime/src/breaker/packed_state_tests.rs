use super::*;
use crate::breaker::settings::Verdict;
use crate::breaker::trip_rule::TripRule;

const MIDDLE: u32 = u32::MAX / 2 + 1;

fn settings() -> Settings {
    Settings {
        trip: TripRule::InARow { failures: 2 },
        burst_window_ms: 0,
        reset_timeout_ms: Some(1000),
        reset_timeout_max_ms: Some(4000),
        probe_lease_ms: 500,
        ..Settings::DEFAULT
    }
}

fn opened(settings: &Settings, now_ms: u64) -> PackedState {
    let mut word = PackedState::from_bits(0);
    for _ in 0..100 {
        word = after(word, word.generation(), Outcome::Failure, settings, now_ms);
    }
    assert!(matches!(word.phase(), Phase::Open { .. }));
    word
}

pub(super) fn after(
    word: PackedState,
    generation: u64,
    outcome: Outcome,
    settings: &Settings,
    now_ms: u64,
) -> PackedState {
    match word.settle(generation, outcome, settings, now_ms, MIDDLE) {
        Effect::To(next) => next,
        Effect::None | Effect::Stale => word,
    }
}

fn probe(word: PackedState, settings: &Settings, now_ms: u64) -> PackedState {
    match word.admit(settings, now_ms, settings.probe_lease_ms) {
        Answer::Probe(next) => next,
        other => panic!("not admitted as a probe at {now_ms}: {other:?}"),
    }
}

#[test]
fn failures_in_a_row_open_it_and_a_success_forgets_them() {
    let settings = settings();
    let once = after(PackedState::from_bits(0), 0, Outcome::Failure, &settings, 0);
    assert!(once.is_closed() && !once.is_quiet());
    let forgotten = after(once, 0, Outcome::Success, &settings, 0);
    assert!(forgotten.is_quiet());
    let neutral = once.settle(0, Outcome::Neutral, &settings, 0, MIDDLE);
    assert_eq!(neutral, Effect::None);
    let twice = after(once, 0, Outcome::Failure, &settings, 0);
    assert_eq!(
        twice.phase(),
        Phase::Open {
            streak: 0,
            deadline_ms: 1000
        }
    );
}

#[test]
fn a_reset_forgets_failures_and_calls_under_way() {
    let settings = settings();
    let open = opened(&settings, 0);
    let closed = open.reset(&settings);
    assert!(closed.is_quiet());
    assert_ne!(closed.generation(), open.generation());
}

#[test]
fn a_probe_goes_exactly_when_the_period_is_over() {
    let settings = settings();
    let open = opened(&settings, 100);
    assert_eq!(
        open.admit(&settings, 1099, 500),
        Answer::Reject { retry_after_ms: 1 }
    );
    assert!(probe(open, &settings, 1100).is_half_open());
}

#[test]
fn a_clock_that_goes_back_or_far_ahead_does_no_harm() {
    let settings = settings();
    let open = opened(&settings, 5000);
    assert_eq!(
        open.admit(&settings, 0, 500),
        Answer::Reject {
            retry_after_ms: 6000
        }
    );
    assert!(probe(open, &settings, u64::MAX).is_half_open());
    let _ = opened(&settings, u64::MAX);
}

#[test]
fn every_failed_probe_doubles_the_period_and_a_close_resets_it() {
    let settings = settings();
    let mut word = opened(&settings, 0);
    let mut now = 0;
    for period in [1000, 2000, 4000, 4000] {
        assert_eq!(
            word.admit(&settings, now, 500),
            Answer::Reject {
                retry_after_ms: period
            }
        );
        now += period;
        let half = probe(word, &settings, now);
        word = after(half, half.generation(), Outcome::Failure, &settings, now);
    }
    let half = probe(word, &settings, now + 4000);
    let closed = after(half, half.generation(), Outcome::Success, &settings, now);
    assert!(closed.is_quiet());
}

#[test]
fn a_lost_probe_is_replaced_and_can_do_nothing_any_more() {
    let settings = settings();
    let half = probe(opened(&settings, 0), &settings, 1000);
    assert_eq!(
        half.admit(&settings, 1499, 500),
        Answer::Reject { retry_after_ms: 0 }
    );
    let second = probe(half, &settings, 1500);
    for outcome in [Outcome::Success, Outcome::Failure, Outcome::Neutral] {
        assert_eq!(
            second.settle(half.generation(), outcome, &settings, 1500, MIDDLE),
            Effect::Stale
        );
    }
}

#[test]
fn the_newest_probe_is_the_one_that_is_waited_for() {
    let settings = Settings {
        half_open_permits: 2,
        verdict: Verdict::of(2, 2),
        ..settings()
    };
    let one = probe(opened(&settings, 0), &settings, 1000);
    let two = probe(one, &settings, 1400);
    let waits = Answer::Reject { retry_after_ms: 0 };
    assert_eq!(two.admit(&settings, 1899, 500), waits);
    assert_ne!(two.admit(&settings, 1900, 500), waits);
}

#[test]
fn the_longest_lease_is_waited_for_from_its_first_moment() {
    let settings = Settings {
        probe_lease_ms: MAX_LEASE_MS,
        ..settings()
    };
    let half = probe(opened(&settings, 0), &settings, 1000);
    let waits = Answer::Reject { retry_after_ms: 0 };
    for now_ms in [1000, 1001, 1000 + MAX_LEASE_MS - 1] {
        assert_eq!(half.admit(&settings, now_ms, 500), waits, "at {now_ms}");
    }
    assert_ne!(half.admit(&settings, 1000 + MAX_LEASE_MS, 500), waits);
}

#[test]
fn a_lost_probe_is_replaced_however_long_nobody_calls() {
    let settings = Settings {
        probe_lease_ms: MAX_LEASE_MS,
        ..settings()
    };
    let lost = probe(opened(&settings, 0), &settings, 1000);
    let minutes = |minutes: u64| 1000 + minutes * 60_000;
    for silence in [9, 20, 30, 45, 60, 90, 120, 200, 36 * 60, 38 * 60] {
        assert!(
            matches!(
                lost.admit(&settings, minutes(silence), 500),
                Answer::Probe(_)
            ),
            "after {silence} minutes"
        );
    }
}

#[test]
fn no_more_probes_than_successes_are_still_needed() {
    let settings = Settings {
        half_open_permits: 5,
        verdict: Verdict::of(2, 2),
        ..settings()
    };
    let one = probe(opened(&settings, 0), &settings, 1000);
    let two = probe(one, &settings, 1000);
    assert_eq!(
        two.admit(&settings, 1000, 500),
        Answer::Reject { retry_after_ms: 0 }
    );
    let half_way = after(two, two.generation(), Outcome::Success, &settings, 1000);
    assert!(half_way.is_half_open());
    assert_eq!(
        half_way.admit(&settings, 1000, 500),
        Answer::Reject { retry_after_ms: 0 }
    );
    let closed = after(
        half_way,
        half_way.generation(),
        Outcome::Success,
        &settings,
        1000,
    );
    assert!(closed.is_closed());
}

#[test]
fn so_many_successes_of_so_many_probes() {
    use Outcome::{Failure, Success};
    let settings = Settings {
        half_open_permits: 3,
        verdict: Verdict::of(2, 3),
        ..settings()
    };
    let all = |outcomes: [Outcome; 3]| {
        let mut word = opened(&settings, 0);
        for _ in 0..3 {
            word = probe(word, &settings, 1000);
        }
        assert_eq!(
            word.admit(&settings, 1000, 500),
            Answer::Reject { retry_after_ms: 0 }
        );
        let generation = word.generation();
        for outcome in outcomes {
            word = after(word, generation, outcome, &settings, 1000);
        }
        word
    };
    for outcomes in [
        [Success, Success, Failure],
        [Failure, Success, Success],
        [Success, Failure, Success],
    ] {
        assert!(all(outcomes).is_closed(), "{outcomes:?}");
    }
    for outcomes in [[Failure, Failure, Success], [Success, Failure, Failure]] {
        assert!(
            matches!(all(outcomes).phase(), Phase::Open { streak: 1, .. }),
            "{outcomes:?}"
        );
    }
}

#[test]
fn only_an_open_circuit_tells_when_it_lets_a_probe_through() {
    let settings = settings();
    let open = opened(&settings, 100);
    assert_eq!(open.opens_up_at(), Some(1100));
    let others = [
        PackedState::from_bits(0),
        probe(open, &settings, 1100),
        open.forced(Order::Open, Some(5000)),
        open.reset(&settings),
    ];
    for word in others {
        assert_eq!(word.opens_up_at(), None, "{word:?}");
    }
}

#[test]
fn an_order_whose_end_is_too_far_away_has_none() {
    let word = PackedState::from_bits(0);
    for until_ms in [DEADLINE_MASK, DEADLINE_MASK + 1, u64::MAX] {
        for order in [Order::Open, Order::Closed, Order::Disabled] {
            let forced = Phase::Forced {
                order,
                until_ms: None,
            };
            let ordered = word.forced(order, Some(until_ms));
            assert_eq!(ordered.phase(), forced);
            assert_ne!(ordered.generation(), word.generation());
        }
    }
}

#[test]
fn a_word_with_anything_on_record_is_not_quiet() {
    for generation in [0, 1, GENERATION_MASK] {
        assert!(PackedState::pack(generation, Phase::Closed(History::CLEAN)).is_quiet());
        for bit in 0..trip_rule::BITS {
            let history = History::from_bits(1 << bit);
            assert!(
                !PackedState::pack(generation, Phase::Closed(history)).is_quiet(),
                "bit {bit}"
            );
        }
    }
}

#[test]
fn the_longest_period_fits_in_the_word() {
    const YEAR_MS: u64 = 365 * 86_400_000;
    let longest = Settings {
        reset_timeout_ms: Some(MAX_OPEN_MS),
        reset_timeout_max_ms: Some(MAX_OPEN_MS),
        ..settings()
    };
    for now_ms in [0, YEAR_MS] {
        let open = opened(&longest, now_ms);
        let left_ms = open.refuses_for_ms(&longest, now_ms);
        let expected = MAX_OPEN_MS - MAX_OPEN_MS / 10..=MAX_OPEN_MS + MAX_OPEN_MS / 10;
        assert!(expected.contains(&left_ms), "{left_ms} at {now_ms}");
        assert!(left_ms > 5 * YEAR_MS, "{left_ms} at {now_ms}");
    }
}

#[test]
fn a_rate_waits_for_all_probes_to_close_and_for_no_more_failures_than_it_takes_to_open() {
    use Outcome::{Failure, Neutral, Success};
    let settings = Settings {
        verdict: Verdict::rate(50, 4),
        ..settings()
    };
    let ends = |outcomes: &[Outcome]| {
        let mut word = opened(&settings, 0);
        for (at, outcome) in outcomes.iter().enumerate() {
            word = probe(word, &settings, 1000);
            word = after(word, word.generation(), *outcome, &settings, 1000);
            if !word.is_half_open() {
                return Some((at, word.is_closed()));
            }
        }
        None
    };
    assert_eq!(ends(&[Success, Success, Success]), None);
    assert_eq!(ends(&[Success, Success, Success, Failure]), Some((3, true)));
    assert_eq!(ends(&[Failure, Success, Success, Success]), Some((3, true)));
    assert_eq!(ends(&[Failure, Success, Failure]), Some((2, false)));
    assert_eq!(
        ends(&[Failure, Neutral, Success, Failure]),
        Some((3, false))
    );
    assert_eq!(
        ends(&[Success, Neutral, Success, Success, Success]),
        Some((4, true))
    );
}

#[test]
fn every_field_survives_packing_at_its_edges() {
    for generation in [0, 1, GENERATION_MASK] {
        for phase in [
            Phase::Closed(History::CLEAN),
            Phase::Closed(History::from_bits(PAYLOAD_MASK)),
            Phase::Forced {
                order: Order::Open,
                until_ms: Some(0),
            },
            Phase::Forced {
                order: Order::Disabled,
                until_ms: None,
            },
            Phase::Open {
                streak: 0,
                deadline_ms: 0,
            },
            Phase::Open {
                streak: MAX_STREAK,
                deadline_ms: DEADLINE_MASK,
            },
            Phase::HalfOpen(HalfOpen {
                streak: 0,
                out: 0,
                successes: 0,
                failures: 0,
                lease_ms: 0,
            }),
            Phase::HalfOpen(HalfOpen {
                streak: MAX_STREAK,
                out: COUNT_MASK,
                successes: COUNT_MASK,
                failures: COUNT_MASK,
                lease_ms: LEASE_MASK,
            }),
        ] {
            let word = PackedState::pack(generation, phase);
            assert_eq!((word.generation(), word.phase()), (generation, phase));
        }
    }
}
