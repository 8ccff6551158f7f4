//! The pauses between attempts, in words and added up.

use super::{Known, code, known, time};
use crate::args::{Args, BackoffArg, Curve, Jitter};
use crate::defaults;
use std::time::Duration;

pub(super) enum Pauses {
    /// A `Backoff` that is made elsewhere.
    Custom(String),
    Curve {
        curve: Curve,
        delay: Known<Duration>,
        max_delay: Known<Duration>,
        factor: Known<f64>,
        jitter: Jitter,
    },
}

impl Pauses {
    pub(super) fn of(args: &Args) -> Self {
        let curve = match args.backoff.as_ref().map(|backoff| &backoff.value) {
            Some(BackoffArg::Custom(backoff)) => return Pauses::Custom(code(backoff)),
            Some(BackoffArg::Curve(curve)) => *curve,
            None => Curve::default(),
        };
        let delay = known(args.delay.as_ref()).unwrap_or(Known::Value(defaults::DELAY));
        let max_delay = known(args.max_delay.as_ref()).unwrap_or_else(|| match &delay {
            Known::Value(delay) => Known::Value(defaults::MAX_DELAY.max(*delay)),
            Known::Code(_) => Known::Value(defaults::MAX_DELAY),
        });
        Pauses::Curve {
            curve,
            delay,
            max_delay,
            factor: known(args.factor.as_ref()).unwrap_or(Known::Value(defaults::FACTOR)),
            jitter: args
                .jitter
                .as_ref()
                .map(|jitter| jitter.value)
                .unwrap_or_default(),
        }
    }

    pub(super) fn text(&self) -> String {
        let (curve, delay, max_delay, factor, jitter) = match self {
            Pauses::Custom(backoff) => {
                return format!("Pauses between the attempts as {backoff} has them.");
            }
            Pauses::Curve {
                curve: Curve::None, ..
            } => return "No pauses between the attempts.".to_owned(),
            Pauses::Curve {
                curve,
                delay,
                max_delay,
                factor,
                jitter,
            } => (
                *curve,
                delay.text(time::show),
                max_delay.text(time::show),
                factor,
                *jitter,
            ),
        };
        let grow = match (curve, jitter, factor) {
            (Curve::Fixed | Curve::None, ..) => format!("of {delay}"),
            (Curve::Linear, ..) => {
                format!("that grow by {delay} each time, to at most {max_delay}")
            }
            (_, Jitter::Decorrelated, _) => {
                format!("of random length, from {delay} to at most {max_delay}")
            }
            (_, _, Known::Value(2.0)) => {
                format!("that double from {delay} to at most {max_delay}")
            }
            (_, _, factor) => format!(
                "that grow {}-fold from {delay} to at most {max_delay}",
                factor.text(|factor| factor.to_string())
            ),
        };
        let random = match jitter {
            Jitter::Full => ", shortened at random",
            Jitter::Equal => ", shortened at random by up to half",
            Jitter::Decorrelated | Jitter::None => "",
        };
        format!("Pauses between the attempts {grow}{random}.")
    }

    /// The sum of them when chance makes each as long as it can be.
    pub(super) fn longest(&self, retries: u32) -> Option<Duration> {
        let Pauses::Curve {
            curve,
            delay,
            max_delay,
            factor,
            jitter,
        } = self
        else {
            return None;
        };
        if *curve == Curve::None {
            return Some(Duration::ZERO);
        }
        let (delay, max_delay) = (delay.value()?, max_delay.value()?);
        let factor = factor.value()?;
        let mut previous = delay;
        (0..retries).try_fold(Duration::ZERO, |sum, retry| {
            let pause = match (curve, jitter) {
                (Curve::Exponential, Jitter::Decorrelated) => previous.saturating_mul(3),
                (Curve::Exponential, _) => {
                    let power = factor.powi(i32::try_from(retry).ok()?);
                    Duration::try_from_secs_f64(delay.as_secs_f64() * power)
                        .unwrap_or(Duration::MAX)
                }
                (Curve::Linear, _) => delay.saturating_mul(retry.saturating_add(1)),
                (Curve::Fixed | Curve::None, _) => delay,
            };
            previous = pause.min(max_delay);
            sum.checked_add(previous)
        })
    }
}
