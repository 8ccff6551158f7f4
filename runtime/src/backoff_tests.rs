use super::*;

const MS: fn(u64) -> Duration = Duration::from_millis;
const HALF: u32 = u32::MAX / 2;

fn plain(backoff: Backoff) -> Vec<u128> {
    let backoff = backoff.jitter(Jitter::None);
    (1..=6)
        .map(|retry| backoff.delay(retry, MS(0), 0).as_millis())
        .collect()
}

#[test]
fn each_curve_grows_as_it_says_and_stops_at_the_cap() {
    assert_eq!(
        plain(Backoff::exponential(MS(100)).max_delay(MS(1000))),
        [100, 200, 400, 800, 1000, 1000]
    );
    assert_eq!(
        plain(Backoff::exponential(MS(100)).factor(1.5)),
        [100, 150, 225, 337, 506, 759]
    );
    assert_eq!(
        plain(Backoff::linear(MS(100)).max_delay(MS(450))),
        [100, 200, 300, 400, 450, 450]
    );
    assert_eq!(
        plain(Backoff::fixed(MS(100))),
        [100, 100, 100, 100, 100, 100]
    );
    assert_eq!(plain(Backoff::none()), [0, 0, 0, 0, 0, 0]);
}

#[test]
fn a_curve_of_one_s_own_is_capped_and_spread_as_others_are() {
    let squares = Backoff::custom(|retry| MS(u64::from(retry) * u64::from(retry)));
    assert_eq!(plain(squares), [1, 4, 9, 16, 25, 36]);
    assert_eq!(plain(squares.max_delay(MS(10))), [1, 4, 9, 10, 10, 10]);
    assert_eq!(
        squares.delay(10, MS(0), HALF).as_millis(),
        49,
        "full jitter"
    );
    assert_eq!(squares.problem(), None);
    let forever = Backoff::custom(|_| Duration::MAX);
    assert_eq!(
        forever.jitter(Jitter::None).delay(1, MS(0), 0),
        Duration::MAX
    );
    let problem = squares.jitter(Jitter::Decorrelated).problem();
    assert_eq!(problem.map(|problem| problem.option), Some("jitter"));
    assert_ne!(squares, forever);
}

#[test]
fn backoffs_are_equal_when_they_wait_equally_long() {
    let curves = [
        Backoff::exponential(MS(100)),
        Backoff::linear(MS(100)),
        Backoff::fixed(MS(100)),
        Backoff::custom(|_| MS(100)),
    ];
    for (index, curve) in curves.iter().enumerate() {
        assert_eq!(curve, curve);
        assert!(!curves[index + 1..].contains(curve), "{curve:?}");
    }
}

#[test]
fn proportional_jitter_goes_as_far_down_as_up_and_not_over_the_cap() {
    let quarter = Backoff::fixed(MS(1000))
        .max_delay(MS(5000))
        .jitter(Jitter::Proportional(25));
    let ends = |backoff: Backoff| [0, u32::MAX].map(|random| backoff.delay(1, MS(0), random));
    assert_eq!(ends(quarter), [MS(750), MS(1250)]);
    assert_eq!(ends(quarter.max_delay(MS(1100))), [MS(750), MS(1100)]);
    let all = quarter.jitter(Jitter::Proportional(100));
    assert_eq!(ends(all), [MS(0), MS(2000)]);
    assert_eq!(all.problem(), None);
    let too_far = quarter.jitter(Jitter::Proportional(101)).problem();
    assert_eq!(too_far.map(|problem| problem.option), Some("jitter"));
    let longest = Backoff::custom(|_| Duration::MAX).jitter(Jitter::Proportional(50));
    assert!(longest.delay(1, MS(0), u32::MAX) >= Duration::MAX / 2);
}

#[test]
fn a_first_delay_over_a_second_is_not_cut_by_the_default_cap() {
    assert_eq!(plain(Backoff::fixed(MS(3000)))[0], 3000);
}

#[test]
fn each_jitter_spans_what_it_says() {
    let at = |jitter, previous, random| {
        Backoff::fixed(MS(100))
            .jitter(jitter)
            .delay(1, MS(previous), random)
            .as_millis()
    };
    assert_eq!(
        [0, HALF, u32::MAX].map(|r| at(Jitter::Full, 0, r)),
        [0, 49, 100]
    );
    assert_eq!(
        [0, HALF, u32::MAX].map(|r| at(Jitter::Equal, 0, r)),
        [50, 74, 100]
    );
    assert_eq!(
        [0, HALF, u32::MAX].map(|r| at(Jitter::Decorrelated, 200, r)),
        [100, 349, 600]
    );
    assert_eq!(
        [0, u32::MAX].map(|r| at(Jitter::Decorrelated, 0, r)),
        [100, 300]
    );
    assert_eq!([0, u32::MAX].map(|r| at(Jitter::None, 0, r)), [100, 100]);
}

#[test]
fn full_jitter_still_spreads_when_the_curve_is_far_beyond_the_cap() {
    let late = Backoff::exponential(MS(50)).delay(60, MS(0), HALF);
    assert_eq!(late.as_millis(), 499);
}

/// The defects of tokio-retry#1, backrest#618 and onos-lib-go#127: a panic, a cap that is ignored, a wrap to zero.
// Miri makes powers a little wrong on purpose, as some machine may.
#[cfg(not(miri))]
#[test]
fn extreme_values_stay_between_zero_and_the_cap_and_never_wrap() {
    let durations = [MS(1), DELAY, Duration::from_secs(u64::MAX), Duration::MAX];
    let factors = [1.0, 2.0, f64::MAX, f64::INFINITY, f64::NAN, -1.0, 0.0];
    for delay in durations {
        for max in durations {
            for factor in factors {
                for retry in [0, 1, 2, 63, 64, 1024, u32::MAX] {
                    for (jitter, random) in [
                        (Jitter::None, 0),
                        (Jitter::Full, u32::MAX),
                        (Jitter::Equal, u32::MAX),
                        (Jitter::Decorrelated, u32::MAX),
                    ] {
                        for backoff in [
                            Backoff::exponential(delay),
                            Backoff::linear(delay),
                            Backoff::fixed(delay),
                        ] {
                            let backoff = backoff.factor(factor).max_delay(max).jitter(jitter);
                            let got = backoff.delay(retry, Duration::MAX, random);
                            assert!(got <= max, "{backoff:?} retry {retry}: {got:?}");
                            if factor >= 1.0 {
                                assert!(
                                    got >= delay.min(max),
                                    "{backoff:?} retry {retry}: {got:?}"
                                );
                            }
                        }
                    }
                }
            }
        }
    }
}

#[cfg(not(miri))]
#[test]
fn delays_without_jitter_never_shrink() {
    let backoff = Backoff::exponential(MS(200))
        .max_delay(Duration::from_secs(60))
        .jitter(Jitter::None);
    let delays: Vec<_> = (1..=2000)
        .map(|retry| backoff.delay(retry, MS(0), 0))
        .collect();
    assert!(delays.is_sorted());
    assert_eq!(delays.last(), Some(&Duration::from_secs(60)));
}

#[test]
fn values_that_make_no_sense_are_named() {
    let exp = Backoff::exponential(MS(100));
    assert_eq!(exp.problem(), None);
    assert_eq!(Backoff::none().problem(), None);
    assert_eq!(exp.factor(1.0).max_delay(MS(100)).problem(), None);
    for factor in [f64::NAN, f64::INFINITY, 0.5, -2.0] {
        assert_eq!(
            exp.factor(factor).problem().map(|p| p.option),
            Some("factor")
        );
    }
    assert_eq!(
        Backoff::fixed(MS(0)).problem().map(|p| p.option),
        Some("delay")
    );
    assert_eq!(
        exp.max_delay(MS(99)).problem().map(|p| p.option),
        Some("max_delay")
    );
}
