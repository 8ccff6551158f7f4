//! What can be said of a function, and what follows from it.

use std::time::Duration;

use super::overlay::Overlay;
use crate::settings::Settings;
use crate::{Backoff, Jitter};

/// What is said of one function. The rest stays as its attribute says it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[allow(missing_docs)]
pub struct Override {
    pub retries: Option<u32>,
    pub curve: Option<Curve>,
    pub delay: Option<Duration>,
    pub max_delay: Option<Duration>,
    pub factor: Option<f64>,
    pub jitter: Option<Jitter>,
    pub timeout: Option<Duration>,
    pub deadline: Option<Duration>,
}

/// How pauses grow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Curve {
    Exponential,
    Linear,
    Fixed,
    None,
}

impl Overlay for Override {
    fn overlay(&mut self, over: &Self) {
        self.retries = over.retries.or(self.retries);
        self.curve = over.curve.or(self.curve);
        self.delay = over.delay.or(self.delay);
        self.max_delay = over.max_delay.or(self.max_delay);
        self.factor = over.factor.or(self.factor);
        self.jitter = over.jitter.or(self.jitter);
        self.timeout = over.timeout.or(self.timeout);
        self.deadline = over.deadline.or(self.deadline);
    }
}

impl Override {
    pub(super) fn apply(&self, to: &mut Settings) {
        to.retries = self.retries.unwrap_or(to.retries);
        to.timeout = self.timeout.or(to.timeout);
        to.deadline = self.deadline.or(to.deadline);
        to.backoff = self.backoff(to.backoff);
    }

    pub(super) fn backoff(&self, own: Backoff) -> Backoff {
        let mut backoff = own;
        if let Some(curve) = self.curve {
            backoff = backoff.along(match curve {
                Curve::Exponential => Backoff::exponential,
                Curve::Linear => Backoff::linear,
                Curve::Fixed => Backoff::fixed,
                Curve::None => |_| Backoff::none(),
            });
        }
        if let Some(delay) = self.delay {
            backoff = backoff.beginning_with(delay);
        }
        if let Some(max_delay) = self.max_delay {
            backoff = backoff.max_delay(max_delay);
        }
        if let Some(factor) = self.factor {
            backoff = backoff.factor(factor);
        }
        if let Some(jitter) = self.jitter {
            backoff = backoff.jitter(jitter);
        }
        // Its parts make sense, and with those of the attribute they may not.
        if backoff.problem().is_none() {
            backoff
        } else {
            own
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: fn(u64) -> Duration = Duration::from_millis;

    #[test]
    fn what_is_not_said_stays() {
        let settings = Settings::new("app::load");
        let mut other = settings;
        Override::default().apply(&mut other);
        assert_eq!(other, settings);
        let said = Override {
            retries: Some(7),
            delay: Some(MS(2_000)),
            ..Override::default()
        };
        said.apply(&mut other);
        let backoff = Backoff::exponential(MS(2_000));
        assert_eq!(other, settings.retries(7).backoff(backoff));
    }

    #[test]
    fn a_curve_keeps_the_delays_there_are() {
        let mut settings = Settings::new("app::load").backoff(Backoff::none());
        let said = Override {
            curve: Some(Curve::Fixed),
            ..Override::default()
        };
        said.apply(&mut settings);
        // There were none.
        assert_eq!(settings.backoff, Backoff::fixed(MS(50)));
        let exponential = Backoff::exponential(MS(7))
            .max_delay(MS(9))
            .jitter(Jitter::None);
        let mut settings = settings.backoff(exponential);
        said.apply(&mut settings);
        let fixed = Backoff::fixed(MS(7)).max_delay(MS(9)).jitter(Jitter::None);
        assert_eq!(settings.backoff, fixed);
    }
}
