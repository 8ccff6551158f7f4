//! Delays for arbitrary numbers.

use proptest::num::f64::{ANY, POSITIVE};
use proptest::prelude::*;

use super::*;

fn durations() -> impl Strategy<Value = Duration> {
    prop_oneof![
        4 => (1_u64..100_000).prop_map(Duration::from_millis),
        1 => any::<u64>().prop_map(Duration::from_nanos),
        1 => (any::<u64>(), 0..1_000_000_000_u32).prop_map(|(secs, nanos)| Duration::new(secs, nanos)),
        1 => Just(Duration::ZERO),
        1 => Just(Duration::MAX),
    ]
}

fn retries() -> impl Strategy<Value = u32> {
    prop_oneof![0_u32..200, any::<u32>(), Just(u32::MAX)]
}

/// Not so near to 1 that the rounding of a power with a large exponent is more than a step.
fn growing_factors() -> impl Strategy<Value = f64> {
    prop_oneof![
        4 => 1.001_f64..10.0,
        1 => POSITIVE.prop_map(|factor| factor.max(1.001)),
        1 => Just(1.0),
        1 => Just(f64::MAX),
        1 => Just(f64::INFINITY),
    ]
}

fn jitters() -> impl Strategy<Value = Jitter> {
    prop_oneof![
        Just(Jitter::Full),
        Just(Jitter::Equal),
        Just(Jitter::Decorrelated),
        Just(Jitter::None)
    ]
}

fn backoffs(factors: impl Strategy<Value = f64>) -> impl Strategy<Value = Backoff> {
    let curve = prop_oneof![
        4 => Just(Backoff::exponential as fn(Duration) -> Backoff),
        1 => Just(Backoff::linear as fn(Duration) -> Backoff),
        1 => Just(Backoff::fixed as fn(Duration) -> Backoff),
    ];
    (curve, durations(), durations(), factors, jitters()).prop_map(
        |(curve, delay, max, factor, jitter)| {
            curve(delay).max_delay(max).factor(factor).jitter(jitter)
        },
    )
}

proptest! {
    #[test]
    fn a_delay_is_never_beyond_the_cap_whatever_the_numbers(
        backoff in backoffs(ANY),
        retry in retries(),
        previous in durations(),
        random in any::<u32>(),
    ) {
        prop_assert!(backoff.delay(retry, previous, random) <= backoff.max_delay);
    }

    #[test]
    fn without_jitter_delays_grow_from_the_first_one_and_never_shrink(
        backoff in backoffs(growing_factors()),
        one in retries(),
        other in retries(),
    ) {
        let backoff = backoff.jitter(Jitter::None);
        let [sooner, later] =
            [one.min(other), one.max(other)].map(|retry| backoff.delay(retry, Duration::ZERO, 0));
        // A delay of more than 100 days is not exact to the nanosecond.
        let rounding = sooner / 1_000_000_000;
        prop_assert!(sooner.saturating_add(rounding) >= backoff.delay.min(backoff.max_delay));
        prop_assert!(later >= sooner, "{later:?} after {sooner:?}");
    }

    #[test]
    fn jitter_stays_within_what_it_is_called(
        backoff in backoffs(growing_factors()),
        retry in retries(),
        previous in durations(),
        random in any::<u32>(),
    ) {
        let whole = backoff.jitter(Jitter::None).delay(retry, previous, 0);
        let delay = |jitter| backoff.jitter(jitter).delay(retry, previous, random);
        prop_assert!(delay(Jitter::Full) <= whole);
        prop_assert!(delay(Jitter::Equal) >= whole / 2 && delay(Jitter::Equal) <= whole);
        prop_assert!(delay(Jitter::Decorrelated) >= backoff.delay.min(backoff.max_delay));
    }

    #[test]
    fn what_the_attribute_takes_is_never_zero_by_overflow(
        backoff in backoffs(growing_factors()),
        retry in retries(),
        previous in durations(),
    ) {
        let longest = backoff.delay(retry, previous, u32::MAX);
        prop_assert!(
            backoff.problem().is_some() || !longest.is_zero(),
            "a loop without a pause"
        );
    }
}
