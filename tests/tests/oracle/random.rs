//! The engine's randomness, held still: an open period that is spread by ±10 % is then exactly as long as it was set.

use std::sync::OnceLock;
use std::time::Duration;

use redis_resilient::Breaker;

/// Makes the next random number of this thread one in the middle.
pub(crate) fn take_the_middle() {
    static SEED: OnceLock<u64> = OnceLock::new();
    const MIDDLE: u32 = 1 << 31;
    let seed = SEED.get_or_init(|| {
        let is_middle = |seed: &u64| {
            fastrand::seed(*seed);
            // So close that it moves no period under two hours by a millisecond.
            (MIDDLE..MIDDLE + 2_000).contains(&fastrand::u32(..))
        };
        (0..u64::MAX)
            .find(is_middle)
            .expect("one in two million is")
    });
    fastrand::seed(*seed);
}

/// Whether that is still where the engine has its randomness from.
pub(crate) fn is_held_still() -> bool {
    const PERIOD: Duration = Duration::from_secs(3600);
    let breaker = Breaker::new("still")
        .failure_threshold(1)
        .reset_timeout(PERIOD);
    take_the_middle();
    breaker.try_acquire().expect("it is new").failure();
    // Time passes until it is asked. Spread, it would be minutes away from that.
    PERIOD.abs_diff(breaker.retry_after()) < Duration::from_secs(1)
}
