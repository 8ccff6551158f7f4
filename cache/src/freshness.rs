//! Whether a value is still good, and whether it is to be refreshed before it is not. Pure.

use std::time::Duration;

use crate::entry::Life;

/// How an entry stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Freshness {
    /// For so long; `None`: for ever, for somebody has taken its expiry away.
    Fresh(Option<Duration>),
    /// Its time has been over for so long.
    Stale(Duration),
}

/// Of an entry that Redis will keep for so long.
pub(crate) fn of(life: Life, left: Option<Duration>) -> Freshness {
    let stale = life.stale();
    match left {
        None => Freshness::Fresh(None),
        Some(left) => match left.checked_sub(stale) {
            Some(fresh) if !fresh.is_zero() => Freshness::Fresh(Some(fresh)),
            _ => Freshness::Stale(stale.saturating_sub(left)),
        },
    }
}

/// Whether this reader refreshes a value that is fresh for so long: `XFetch` (Vattani, Chierichetti, Lowenstein, *Optimal Probabilistic Cache Stampede
/// Prevention*, VLDB 2015). The nearer the end and the longer a load takes, the likelier; `beta` over 1 makes it earlier. `random` is from 0 up to 1.
pub(crate) fn refreshes_early(load: Duration, fresh: Duration, beta: f64, random: f64) -> bool {
    // The logarithm of zero is minus infinity: such a reader always refreshes.
    load.as_secs_f64() * beta * -random.ln() >= fresh.as_secs_f64()
}

/// `time`, longer or shorter by up to that part of it, so that what was stored together is not over together. `random` is from 0 up to 1.
pub(crate) fn jittered(time: Duration, jitter: f64, random: f64) -> Duration {
    let factor = 1.0 + jitter * (2.0 * random - 1.0);
    Duration::try_from_secs_f64(time.as_secs_f64() * factor).unwrap_or(time)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIFE: Life = Life {
        fresh_ms: 600,
        stale_ms: 1_000,
    };

    fn millis(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    #[test]
    fn is_fresh_until_only_the_stale_time_is_left() {
        assert_eq!(
            of(LIFE, Some(millis(1_600))),
            Freshness::Fresh(Some(millis(600)))
        );
        assert_eq!(
            of(LIFE, Some(millis(1_001))),
            Freshness::Fresh(Some(millis(1)))
        );
        assert_eq!(of(LIFE, Some(millis(1_000))), Freshness::Stale(millis(0)));
        assert_eq!(of(LIFE, Some(millis(0))), Freshness::Stale(millis(1_000)));
        assert_eq!(of(LIFE, None), Freshness::Fresh(None));
    }

    /// The share of readers that refresh is e^(-fresh / (load * beta)), for loads of milliseconds and of seconds alike.
    #[test]
    fn refreshes_early_as_often_as_the_formula_says() {
        let mut random = fastrand::Rng::with_seed(7);
        for load_ms in [5, 50, 900, 5_000] {
            for (fresh_in_loads, beta) in [(0.5, 1.0), (1.0, 1.0), (2.0, 1.0), (2.0, 2.0)] {
                let load = millis(load_ms);
                let fresh = load.mul_f64(fresh_in_loads);
                let draws = 100_000;
                let refreshes = (0..draws)
                    .filter(|_| refreshes_early(load, fresh, beta, random.f64()))
                    .count();
                #[allow(clippy::cast_precision_loss, reason = "they are few")]
                let share = refreshes as f64 / f64::from(draws);
                let expected = (-fresh_in_loads / beta).exp();
                assert!(
                    (share - expected).abs() < 0.01,
                    "{load_ms} ms: {share} instead of {expected}"
                );
            }
        }
    }

    #[test]
    fn refreshes_at_the_edges() {
        assert!(refreshes_early(millis(1), millis(u64::MAX / 2), 1.0, 0.0));
        // Nobody has measured the load.
        assert!(!refreshes_early(Duration::ZERO, millis(1), 1.0, 0.5));
        assert!(!refreshes_early(millis(1), millis(10_000), 1.0, 0.999));
    }

    #[test]
    fn jitter_stays_within_its_part() {
        assert_eq!(jittered(millis(1_000), 0.1, 0.0), millis(900));
        assert_eq!(jittered(millis(1_000), 0.1, 0.5), millis(1_000));
        assert!(jittered(millis(1_000), 0.1, 1.0 - f64::EPSILON) <= millis(1_100));
        assert_eq!(jittered(Duration::MAX, 0.1, 0.99), Duration::MAX);
        assert_eq!(jittered(millis(1_000), 0.0, 0.99), millis(1_000));
    }
}
