//! What is to be injected where, how often and how long. Pure.

use std::error::Error;
use std::fmt;
use std::time::Duration;

use super::Fault;

/// No plan lasts longer: what is forgotten ends by itself.
const LONGEST: Duration = Duration::from_secs(24 * 3600);

/// A fault, and where, how often and how long it is injected.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    fault: Fault,
    function: Option<Box<str>>,
    share: f64,
    lasts: Duration,
}

/// Why a plan makes no sense: what was wrong, and what to write instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlanError(String);

impl fmt::Display for PlanError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Error for PlanError {}

impl Plan {
    /// This fault in each attempt of all functions, for so long from the moment at which it is armed.
    ///
    /// # Errors
    /// If it would last no time, or longer than a day; or if it is a delay of no time, or of more than an hour.
    pub fn new(fault: Fault, lasts: Duration) -> Result<Self, PlanError> {
        if lasts.is_zero() || lasts > LONGEST {
            return Err(PlanError(format!(
                "a plan lasts {lasts:?}, and has to last more than no time and at most {} hours",
                LONGEST.as_secs() / 3600
            )));
        }
        if let Fault::Delay(delay) = fault
            && (delay.is_zero() || delay > Duration::from_secs(3600))
        {
            return Err(PlanError(format!(
                "a delay of {delay:?} is injected, and has to be more than no time and at most an hour"
            )));
        }
        Ok(Self {
            fault,
            function: None,
            share: 1.0,
            lasts,
        })
    }

    /// Only in this function, by its name in events: its module and name, or its option `name`.
    ///
    /// # Errors
    /// If the name is empty.
    pub fn function(mut self, name: &str) -> Result<Self, PlanError> {
        if name.trim().is_empty() {
            return Err(PlanError(
                "the function's name is empty: write it as events tell it, such as `users::load`, or leave it away for all functions".to_owned(),
            ));
        }
        self.function = Some(name.into());
        Ok(self)
    }

    /// Only in this share of the attempts: from 0 (none) to 1 (all).
    ///
    /// # Errors
    /// If it is not from 0 to 1.
    pub fn share(mut self, share: f64) -> Result<Self, PlanError> {
        if !(0.0..=1.0).contains(&share) {
            return Err(PlanError(format!(
                "a share of {share} of the attempts: write a number from 0 to 1, such as 0.05 for one of twenty"
            )));
        }
        self.share = share;
        Ok(self)
    }

    /// The same of words and numbers, as settings and consoles have them.
    ///
    /// `fault` is one of [`Fault::names`]; `delay_ms` counts for `delay` only; without a `function` it is all of them.
    ///
    /// ```
    /// # extern crate redis_resilient_runtime as redis_resilient;
    /// use redis_resilient::chaos::{Fault, Plan};
    ///
    /// let plan = Plan::parse("delay", Some(250), Some("users::load"), 0.1, 60.0)?;
    /// assert_eq!(plan.fault().name(), "delay");
    ///
    /// let error = Plan::parse("explosion", None, None, 1.0, 60.0).unwrap_err();
    /// assert!(error.to_string().contains("lost_reply"), "it says which there are: {error}");
    /// # Ok::<(), redis_resilient::chaos::PlanError>(())
    /// ```
    ///
    /// # Errors
    /// If there is no such fault, a `delay` has no `delay_ms`, or as [`new`](Self::new), [`function`](Self::function) and [`share`](Self::share) say.
    pub fn parse(
        fault: &str,
        delay_ms: Option<u64>,
        function: Option<&str>,
        share: f64,
        lasts_secs: f64,
    ) -> Result<Self, PlanError> {
        let delay = Duration::from_millis(delay_ms.unwrap_or_default());
        let Some(named) = Fault::named(fault, delay) else {
            let names: Vec<_> = Fault::names().collect();
            return Err(PlanError(format!(
                "there is no fault `{fault}`: write one of {}",
                names.join(", ")
            )));
        };
        let lasts = Duration::try_from_secs_f64(lasts_secs).map_err(|_| {
            PlanError(format!(
                "a plan lasts {lasts_secs} seconds: write a positive number of them"
            ))
        })?;
        let plan = Self::new(named, lasts)?.share(share)?;
        match function {
            Some(function) => plan.function(function),
            None => Ok(plan),
        }
    }

    /// What is injected.
    #[must_use]
    pub const fn fault(&self) -> Fault {
        self.fault
    }

    /// In which function; `None`: in all.
    #[must_use]
    pub fn of_function(&self) -> Option<&str> {
        self.function.as_deref()
    }

    /// In what share of the attempts.
    #[must_use]
    pub const fn share_of_attempts(&self) -> f64 {
        self.share
    }

    /// How long.
    #[must_use]
    pub const fn lasts(&self) -> Duration {
        self.lasts
    }

    /// Whether it strikes an attempt of this function, with this random number from 0 to below 1.
    pub(super) fn strikes(&self, function: &str, random: f64) -> bool {
        random < self.share
            && self
                .function
                .as_deref()
                .is_none_or(|wanted| wanted == function)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chaos::Failure;

    const FAULT: Fault = Fault::Failure(Failure::Loading);
    const MINUTE: Duration = Duration::from_secs(60);

    #[test]
    fn it_strikes_its_share_of_its_function() -> Result<(), PlanError> {
        let all = Plan::new(FAULT, MINUTE)?;
        assert!(all.strikes("any", 0.0) && all.strikes("other", 0.999));
        let some = all.clone().share(0.25)?.function("one")?;
        assert!(some.strikes("one", 0.0) && some.strikes("one", 0.249));
        assert!(!some.strikes("one", 0.25) && !some.strikes("two", 0.0));
        assert!(!all.share(0.0)?.strikes("any", 0.0), "none");
        Ok(())
    }

    #[test]
    fn what_makes_no_sense_is_said() {
        let second = Duration::from_secs(1);
        for (error, says) in [
            (Plan::new(FAULT, Duration::ZERO), "at most 24 hours"),
            (Plan::new(FAULT, Duration::MAX), "at most 24 hours"),
            (
                Plan::new(Fault::Delay(Duration::ZERO), second),
                "a delay of 0ns",
            ),
            (
                Plan::parse("boom", None, None, 1.0, 1.0),
                "`boom`: write one of unreachable, ",
            ),
            (Plan::parse("delay", None, None, 1.0, 1.0), "a delay of 0ns"),
            (Plan::parse("loading", None, None, 1.5, 1.0), "from 0 to 1"),
            (
                Plan::parse("loading", None, None, f64::NAN, 1.0),
                "from 0 to 1",
            ),
            (
                Plan::parse("loading", None, None, 1.0, -1.0),
                "positive number",
            ),
            (
                Plan::parse("loading", None, None, 1.0, f64::INFINITY),
                "positive number",
            ),
            (
                Plan::parse("loading", None, Some(" "), 1.0, 1.0),
                "name is empty",
            ),
        ] {
            let error = error.map_err(|error| error.to_string());
            assert!(
                error.as_ref().is_err_and(|error| error.contains(says)),
                "{says}: {error:?}"
            );
        }
    }
}
