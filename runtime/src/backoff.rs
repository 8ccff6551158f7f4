//! How long to wait before the next attempt. Pure: the retry's number and the random number come in as arguments.

use std::time::Duration;

use crate::defaults::{DELAY, FACTOR, MAX_DELAY};

/// How long to wait before each retry.
///
/// Built by `const` functions, so a `static` or `const` can hold one and any number of functions can name it:
///
/// ```
/// use redis_resilient::{Backoff, Jitter, redis_resilient};
/// use std::time::Duration;
///
/// const GENTLE: Backoff = Backoff::exponential(Duration::from_millis(200))
///     .factor(1.5)
///     .max_delay(Duration::from_secs(5))
///     .jitter(Jitter::Equal);
///
/// #[redis_resilient(backoff = GENTLE, breaker = false, timeout = false)]
/// async fn ping(conn: &mut redis::aio::MultiplexedConnection) -> redis::RedisResult<()> {
///     redis::cmd("PING").query_async(conn).await
/// }
/// ```
///
/// Values that make no sense (a factor under 1 or not a number, a delay of zero, a `max_delay` under the delay) are reported
/// when a function that uses them is called, as [`Rejection::Misconfigured`](crate::Rejection::Misconfigured).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Backoff {
    curve: Curve,
    delay: Duration,
    max_delay: Duration,
    factor: f64,
    jitter: Jitter,
}

#[derive(Clone, Copy, Debug)]
enum Curve {
    Exponential,
    Linear,
    Fixed,
    Custom(fn(u32) -> Duration),
    None,
}

impl PartialEq for Curve {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Custom(one), Self::Custom(other)) => std::ptr::fn_addr_eq(*one, *other),
            _ => std::mem::discriminant(self) == std::mem::discriminant(other),
        }
    }
}

/// How a delay is spread, so that many clients do not come back in step.
///
/// Full, equal and decorrelated are those of Marc Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Jitter {
    /// Anywhere between zero and the delay.
    #[default]
    Full,
    /// Half of the delay, and anywhere between zero and the other half on top.
    Equal,
    /// Anywhere between the first delay and three times the previous one.
    Decorrelated,
    /// As much as this many per cent of the delay more or less; at most 100.
    Proportional(u32),
    /// The delay as it is.
    None,
}

/// An option that makes no sense, and what its value has to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Problem {
    pub(crate) option: &'static str,
    pub(crate) what: &'static str,
    /// The same for those who write it in a `static`.
    pub(crate) advice: &'static str,
}

impl Backoff {
    /// The default: exponential from 50 ms, factor 2, at most 1 s, full jitter.
    pub(crate) const DEFAULT: Self = Self::exponential(DELAY);

    /// `delay`, then each time [`factor`](Self::factor) times more.
    #[must_use]
    pub const fn exponential(delay: Duration) -> Self {
        Self::with(Curve::Exponential, delay)
    }

    /// `delay`, then twice, three times, four times as much.
    #[must_use]
    pub const fn linear(delay: Duration) -> Self {
        Self::with(Curve::Linear, delay)
    }

    /// `delay` each time.
    #[must_use]
    pub const fn fixed(delay: Duration) -> Self {
        Self::with(Curve::Fixed, delay)
    }

    /// What the function says: 1 is asked for the delay before the first retry, 2 for that before the second. It should be quick, and not
    /// panic.
    ///
    /// [`max_delay`](Self::max_delay) and [`jitter`](Self::jitter) apply to it; there is no longest delay unless told.
    ///
    /// ```
    /// use redis_resilient::Backoff;
    /// use std::time::Duration;
    ///
    /// const BY_TABLE: Backoff = Backoff::custom(|retry| match retry {
    ///     1 => Duration::from_millis(10),
    ///     2 => Duration::from_millis(200),
    ///     _ => Duration::from_secs(2),
    /// });
    /// ```
    #[must_use]
    pub const fn custom(delay: fn(u32) -> Duration) -> Self {
        Self {
            max_delay: Duration::MAX,
            ..Self::with(Curve::Custom(delay), Duration::ZERO)
        }
    }

    /// No waiting at all.
    #[must_use]
    pub const fn none() -> Self {
        Self::with(Curve::None, Duration::ZERO)
    }

    const fn with(curve: Curve, delay: Duration) -> Self {
        let max_delay = if delay.as_nanos() > MAX_DELAY.as_nanos() {
            delay
        } else {
            MAX_DELAY
        };
        Self {
            curve,
            delay,
            max_delay,
            factor: FACTOR,
            jitter: Jitter::Full,
        }
    }

    /// The same delays along another curve.
    #[cfg(feature = "overrides")]
    pub(crate) fn along(self, curve: fn(Duration) -> Self) -> Self {
        let delay = if self.delay.is_zero() {
            DELAY
        } else {
            self.delay
        };
        let other = curve(delay);
        Self {
            curve: other.curve,
            delay: other.delay,
            // A function that says the delays has no longest one.
            max_delay: if self.max_delay == Duration::MAX {
                other.max_delay
            } else {
                self.max_delay
            },
            ..self
        }
    }

    /// The same with another first delay, and no shorter longest one.
    #[cfg(feature = "overrides")]
    pub(crate) fn beginning_with(mut self, delay: Duration) -> Self {
        if matches!(self.curve, Curve::Custom(_) | Curve::None) {
            return self;
        }
        self.delay = delay;
        self.max_delay = self.max_delay.max(delay);
        self
    }

    /// What an exponential delay is multiplied by each time; 2 unless told.
    #[must_use]
    pub const fn factor(mut self, factor: f64) -> Self {
        self.factor = factor;
        self
    }

    /// No delay is longer than this; 1 s, or the first delay where that is longer, unless told.
    #[must_use]
    pub const fn max_delay(mut self, max_delay: Duration) -> Self {
        self.max_delay = max_delay;
        self
    }

    /// How delays are spread; [`Jitter::Full`] unless told.
    #[must_use]
    pub const fn jitter(mut self, jitter: Jitter) -> Self {
        self.jitter = jitter;
        self
    }

    /// The delay before retry number `retry` (1 is the first), after a delay of `previous`. Total: saturates, never panics.
    pub(crate) fn delay(&self, retry: u32, previous: Duration, random: u32) -> Duration {
        if matches!(self.curve, Curve::None) {
            return Duration::ZERO;
        }
        if self.jitter == Jitter::Decorrelated {
            let previous = previous.max(self.delay);
            let reach = previous.saturating_mul(3).saturating_sub(self.delay);
            return self
                .delay
                .saturating_add(fraction(reach, random))
                .min(self.max_delay);
        }
        // Capped before the jitter as well: of a delay far beyond the cap nearly every random part is beyond it too,
        // and all clients would wait exactly `max_delay`, in step.
        let base = self.curve_at(retry).min(self.max_delay);
        match self.jitter {
            Jitter::Full => fraction(base, random),
            Jitter::Equal => {
                (base / 2).saturating_add(fraction(base.saturating_sub(base / 2), random))
            }
            Jitter::Proportional(percent) => {
                let reach = base / 100 * percent.min(100);
                base.saturating_sub(reach)
                    .saturating_add(fraction(reach.saturating_mul(2), random))
                    .min(self.max_delay)
            }
            Jitter::Decorrelated | Jitter::None => base,
        }
    }

    /// All delays before so many retries at their longest, added up.
    pub(crate) fn longest(&self, retries: u32) -> Duration {
        // Of a random part this is the whole.
        const WHOLE: u32 = u32::MAX;
        let (mut sum, mut previous) = (Duration::ZERO, Duration::ZERO);
        for retry in 1..=retries {
            previous = self.delay(retry, previous, WHOLE);
            sum = sum.saturating_add(previous);
        }
        sum
    }

    fn curve_at(&self, retry: u32) -> Duration {
        let steps = retry.saturating_sub(1);
        match self.curve {
            Curve::Exponential => {
                let power = self.factor.powi(i32::try_from(steps).unwrap_or(i32::MAX));
                Duration::try_from_secs_f64(self.delay.as_secs_f64() * power)
                    .unwrap_or(Duration::MAX)
            }
            Curve::Linear => self.delay.saturating_mul(steps.saturating_add(1)),
            Curve::Fixed => self.delay,
            Curve::Custom(delay) => delay(retry),
            Curve::None => Duration::ZERO,
        }
    }

    /// The option that makes no sense, and what it should be.
    pub(crate) const fn problem(&self) -> Option<Problem> {
        let (option, what, advice) = match (self.curve, self.jitter) {
            (Curve::None, _) => return None,
            (_, Jitter::Proportional(101..)) => (
                "jitter",
                "it has to be at most 100 per cent",
                "`jitter` is at most 100 per cent: `Jitter::Proportional(100)` spreads a delay from zero to twice as much",
            ),
            (Curve::Custom(_), Jitter::Decorrelated) => (
                "jitter",
                "decorrelated jitter grows by itself: it has no use for delays of your own",
                "`Jitter::Decorrelated` grows by itself, and has no use for delays of your own: use `Jitter::Full` or `Jitter::Equal`",
            ),
            (Curve::Custom(_), _) => return None,
            _ if !self.factor.is_finite() || self.factor < 1.0 => (
                "factor",
                "it has to be a finite number of at least 1",
                "`factor` is a finite number of at least 1: below that the pauses would shrink; `Backoff::fixed` keeps them equal",
            ),
            _ if self.delay.is_zero() => (
                "delay",
                "it has to be longer than zero; for no delay use Backoff::none()",
                "`delay` cannot be zero: write `Backoff::none()` to retry without a pause",
            ),
            _ if self.max_delay.as_nanos() < self.delay.as_nanos() => (
                "max_delay",
                "it has to be at least as long as `delay`",
                "`max_delay` is shorter than `delay`, the first pause: raise `max_delay`, or lower `delay`",
            ),
            _ => return None,
        };
        Some(Problem {
            option,
            what,
            advice,
        })
    }
}

impl Default for Backoff {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// `random` of `u32::MAX` parts of `whole`.
fn fraction(whole: Duration, random: u32) -> Duration {
    // Below 2^94 times 2^32: fits.
    let nanos = whole.as_nanos() * u128::from(random) / u128::from(u32::MAX);
    let (secs, rest) = (nanos / 1_000_000_000, nanos % 1_000_000_000);
    Duration::new(
        u64::try_from(secs).unwrap_or(u64::MAX),
        u32::try_from(rest).unwrap_or(0),
    )
}

#[cfg(all(test, not(miri)))]
#[path = "backoff_properties.rs"]
mod properties;
#[cfg(test)]
#[path = "backoff_tests.rs"]
mod tests;
