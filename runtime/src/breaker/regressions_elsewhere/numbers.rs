//! Numbers at their limits: settings, times, delays.

use std::collections::HashSet;

use super::*;
use crate::breaker::packed_state::{Answer, Effect};
use crate::{Backoff, Jitter};

fn delays(backoff: Backoff, retries: impl Iterator<Item = u32>) -> Vec<Duration> {
    let backoff = backoff.jitter(Jitter::None);
    retries
        .map(|retry| backoff.delay(retry, Duration::ZERO, 0))
        .collect()
}

#[test]
fn tokio_retry_1_backoff_panics() {
    let late = [31, 32, 33, 63, 64, 65, 1023, 1024, u32::MAX - 1, u32::MAX];
    for delay in [Duration::from_nanos(1), SECOND, Duration::MAX] {
        for backoff in [Backoff::exponential(delay), Backoff::linear(delay)] {
            let got = delays(backoff.max_delay(Duration::MAX), late.into_iter());
            assert!(got.is_sorted(), "{backoff:?}: {got:?}");
        }
    }
}

#[test]
fn backrest_618_backoff_wraps() {
    let cap = 60 * SECOND;
    for backoff in [
        Backoff::exponential(Duration::from_millis(100)),
        Backoff::linear(Duration::from_millis(100)),
    ] {
        let got = delays(
            backoff.max_delay(cap),
            (0..64).map(|power| 1 << (power / 2)),
        );
        assert!(got.is_sorted(), "{got:?}");
        assert_eq!(got.first(), Some(&Duration::from_millis(100)));
        assert_eq!(got.last(), Some(&cap));
    }
}

/// Opens and recovers, however far its numbers go.
async fn works(breaker: &Breaker) {
    for _ in 0..70_000 {
        match breaker.try_acquire() {
            Ok(permit) => permit.failure(),
            Err(_) => break,
        }
    }
    assert_eq!(breaker.state(), State::Open, "{breaker:?}");
    assert!(!breaker.retry_after().is_zero());
    // Not `advance`: tokio's clock does not reach as far as the longest period.
    breaker.reset();
    assert!(breaker.try_acquire().is_ok());
    tokio::task::yield_now().await;
}

#[tokio::test(start_paused = true)]
async fn recloser_extreme_settings() {
    let tiny = Duration::from_nanos(1);
    for time in [tiny, Duration::MAX] {
        for rule in [
            |breaker: Breaker| breaker.failure_threshold(1),
            |breaker: Breaker| breaker.failure_threshold_of(24, 24),
            |breaker: Breaker| breaker.failure_rate(100, 1, 8 * SECOND),
            |breaker: Breaker| breaker.failure_rate_of_calls(100, 1, u32::MAX),
            |breaker: Breaker| breaker.failure_rate_of_time(1, 86_400 * SECOND, 1),
        ] {
            let breaker = rule(Breaker::new("not_redis"))
                .reset_timeout(time)
                .reset_timeout_max(Duration::MAX)
                .probe_lease(time)
                .burst_window(Duration::ZERO)
                .half_open_permits(63)
                .success_threshold(63);
            works(&breaker).await;
        }
    }
    if !cfg!(miri) {
        works(&fragile().failure_threshold(65_535)).await;
    }
    // What makes no sense is not taken for something else.
    for wrong in [
        (|| Breaker::new("not_redis").failure_threshold(0)) as fn() -> Breaker,
        || Breaker::new("not_redis").failure_rate(0, 1, SECOND),
        || Breaker::new("not_redis").failure_rate(101, 1, SECOND),
        || Breaker::new("not_redis").failure_rate_of_calls(50, 0, 1),
        || Breaker::new("not_redis").reset_timeout(Duration::ZERO),
        || Breaker::new("not_redis").half_open_permits(0),
        || Breaker::new("not_redis").half_open_permits(u32::MAX),
    ] {
        assert!(std::panic::catch_unwind(wrong).is_err());
    }
}

/// At each edge of the fields that hold times, forwards, backwards and far ahead.
#[test]
fn mio_httpc_9_clock_arithmetic() {
    const YEAR_MS: u64 = 365 * 86_400_000;
    let settings = Breaker::new("not_redis")
        .burst_window(Duration::from_millis(20))
        .failure_threshold(2)
        .settings;
    let open_ms = settings.open_ms(0, u32::MAX);
    let edges = [
        0,
        1,
        (1 << 20) - 1,
        1 << 20,
        1 << 22,
        (1 << 28) - 1,
        1 << 28,
    ];
    for start in edges.into_iter().chain([YEAR_MS, 20 * YEAR_MS]) {
        let mut word = PackedState::new(settings.trip);
        let fail = |word: PackedState, now_ms| match word.settle(
            word.generation(),
            Outcome::Failure,
            &settings,
            now_ms,
            u32::MAX,
        ) {
            Effect::To(next) => next,
            Effect::None | Effect::Stale => word,
        };
        word = fail(word, start);
        word = fail(word, start + 20);
        assert!(
            matches!(word.phase(), Phase::Open { .. }),
            "two failures, begun at {start}"
        );
        // A clock that went back: it stays open for what it was told, no longer.
        let Answer::Reject { retry_after_ms } = word.admit(&settings, 0, 500) else {
            panic!("it is open");
        };
        assert_eq!(retry_after_ms, start + 20 + open_ms);
        for later in [open_ms, YEAR_MS, u64::MAX - start - 20] {
            let admission = word.admit(&settings, start + 20 + later, 500);
            assert!(
                matches!(admission, Answer::Probe(_)),
                "begun at {start}, {later} later: {admission:?}"
            );
        }
    }
}

#[tokio::test(start_paused = true)]
async fn polly_245_clients_in_step() {
    const CLIENTS: usize = if cfg!(miri) { 100 } else { 1000 };
    // Open periods are spread by a tenth either way.
    let periods: HashSet<_> = (0..CLIENTS)
        .map(|_| {
            let breaker = fragile().reset_timeout(10 * SECOND);
            trip(&breaker);
            breaker.retry_after()
        })
        .collect();
    assert!(periods.len() > CLIENTS / 4, "{} periods", periods.len());
    assert!(
        periods
            .iter()
            .all(|period| *period >= 9 * SECOND && *period <= 11 * SECOND)
    );

    // Delays are spread over all of what they may be, unless told.
    let mut tenths = [0_usize; 10];
    for _ in 0..CLIENTS {
        let delay = Backoff::DEFAULT.delay(60, Duration::ZERO, fastrand::u32(..));
        let tenth = delay.as_millis() * 10 / 1001;
        tenths[usize::try_from(tenth).expect("it is a tenth")] += 1;
    }
    // A tenth is expected in each; less than 40 of 1000 would happen once in millions of years.
    let enough = |count: &usize| cfg!(miri) || *count > 40;
    assert!(tenths.iter().all(enough), "{tenths:?}");
}
