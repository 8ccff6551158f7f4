//! The numbers that a call goes by: those of an attribute, in a `static` beside its function, or of a [`Policy`](crate::Policy).

use std::time::Duration;

use crate::function::{Function, FunctionPolicy};
use crate::{Backoff, Class, Rejection, ServedBy, defaults};

/// What one function does when Redis fails. Nothing is checked where it is made.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Settings {
    pub(crate) name: &'static str,
    pub(crate) retries: u32,
    pub(crate) backoff: Backoff,
    pub(crate) timeout: Option<Duration>,
    pub(crate) deadline: Option<Duration>,
    /// After so long without an answer a second attempt starts.
    pub(crate) hedge: Option<Duration>,
    idempotent: Idempotent,
    pub(crate) budgeted: bool,
    /// `None`: there is no fallback.
    pub(crate) fallback: Option<FallbackOn>,
    pub(crate) served_by: ServedBy,
    /// Where its calls are counted that do not succeed at once; `None`: with those of its name.
    pub(crate) function: Option<&'static Function>,
}

/// Whether the function may run again although Redis may have executed its command already.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Idempotent {
    /// It does not say, and what it sends does not show: it may, unless the connection knows better.
    Unsaid,
    /// It does not say, and its body shows a command that must not be repeated: only where the connection knows that it was another one.
    ShownNot,
    Said(bool),
}

/// For which failures a fallback answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FallbackOn {
    /// Whenever Redis is of no use: an outage, or credentials and settings with which it refuses everything.
    Unusable,
    /// Only where Redis, or the way to it, has failed.
    Outage,
}

impl Settings {
    /// The defaults: 3 retries, exponential backoff from 50 ms to 1 s with full jitter, 1 s for an attempt, no deadline.
    #[must_use]
    pub const fn new(name: &'static str) -> Self {
        Self {
            name,
            retries: defaults::RETRIES,
            backoff: Backoff::DEFAULT,
            timeout: Some(defaults::TIMEOUT),
            deadline: None,
            hedge: None,
            idempotent: Idempotent::Unsaid,
            budgeted: true,
            fallback: None,
            served_by: ServedBy::Fallback,
            function: None,
        }
    }

    /// Attempts after the first, at most 100.
    #[must_use]
    pub const fn retries(mut self, retries: u32) -> Self {
        self.retries = retries;
        self
    }

    /// How long to wait between attempts.
    #[must_use]
    pub const fn backoff(mut self, backoff: Backoff) -> Self {
        self.backoff = backoff;
        self
    }

    /// How long one attempt may take.
    #[must_use]
    pub const fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// An attempt may take as long as it likes.
    #[must_use]
    pub const fn no_timeout(mut self) -> Self {
        self.timeout = None;
        self
    }

    /// How long all attempts and the waiting between them may take together.
    #[must_use]
    pub const fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = Some(deadline);
        self
    }

    /// After so long without an answer a second attempt starts beside the first.
    #[must_use]
    pub const fn hedge(mut self, after: Duration) -> Self {
        self.hedge = Some(after);
        self
    }

    /// Whether the function may run again although Redis may have executed its command already. Unset, it may, unless the
    /// connection knows that the command is not to be repeated.
    #[must_use]
    pub const fn idempotent(mut self, idempotent: bool) -> Self {
        self.idempotent = Idempotent::Said(idempotent);
        self
    }

    /// The body shows a command that must not be repeated, and nothing is said of it.
    #[must_use]
    pub const fn shows_non_idempotent(mut self) -> Self {
        self.idempotent = Idempotent::ShownNot;
        self
    }

    /// There is a fallback, which answers for these failures.
    #[must_use]
    pub const fn fallback_on(mut self, failures: FallbackOn) -> Self {
        self.fallback = Some(failures);
        self
    }

    /// Retries do not draw on the [retry budget](crate::Breaker::retry_budget) of the breaker.
    #[must_use]
    pub const fn no_budget(mut self) -> Self {
        self.budgeted = false;
        self
    }

    /// Its calls that do not succeed at once are counted there.
    #[must_use]
    pub const fn counted_in(mut self, function: &'static Function) -> Self {
        self.function = Some(function);
        self
    }

    /// What others are told of it.
    pub(crate) const fn numbers(&self) -> FunctionPolicy {
        FunctionPolicy {
            retries: self.retries,
            backoff: self.backoff,
            timeout: self.timeout,
            deadline: self.deadline,
            hedge: self.hedge,
            idempotent: self.says_idempotent(),
            retry_budget: self.budgeted,
            fallback: self.fallback.is_some(),
            computed: self.function.is_none(),
        }
    }

    /// What the function says of itself, if anything.
    pub(crate) const fn says_idempotent(&self) -> Option<bool> {
        match self.idempotent {
            Idempotent::Said(idempotent) => Some(idempotent),
            // What is not to be repeated has its class by then.
            Idempotent::Unsaid | Idempotent::ShownNot => None,
        }
    }

    /// The class of an attempt that was cut off, where no connection has said which command was under way.
    pub(crate) const fn cut_off(&self) -> Class {
        match self.idempotent {
            Idempotent::ShownNot => Class::NotIdempotent,
            Idempotent::Unsaid | Idempotent::Said(_) => Class::Ambiguous,
        }
    }

    /// Whether a failure of this class, which lets a fallback answer, does so here.
    pub(crate) const fn falls_back_on(&self, class: Class) -> bool {
        let only_outages = matches!(self.fallback, Some(FallbackOn::Outage));
        !(only_outages && matches!(class, Class::Misconfigured))
    }

    /// The first setting that makes no sense. Literals are checked by the attribute; this is for values known at run time.
    pub(crate) fn problem(&self) -> Option<Rejection> {
        let too_short = |time: Option<Duration>| time.is_some_and(|t| t.is_zero());
        let (option, problem) = if self.retries > defaults::MAX_RETRIES {
            ("retries", "it has to be a number from 0 to 100")
        } else if too_short(self.timeout) {
            ("timeout", "it has to be longer than zero")
        } else if too_short(self.deadline) {
            ("deadline", "it has to be longer than zero")
        } else if too_short(self.hedge) {
            ("hedge", "it has to be longer than zero")
        } else {
            let problem = self.backoff.problem()?;
            (problem.option, problem.what)
        };
        Some(Rejection::Misconfigured {
            function: self.name,
            option,
            problem,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_setting_that_makes_no_sense_is_named_with_its_function() {
        let named = |policy: Settings| policy.problem().map(|problem| problem.to_string());
        let policy = Settings::new("app::load");
        assert_eq!(named(policy), None);
        assert_eq!(named(policy.retries(100)), None);
        for (bad, option) in [
            (policy.retries(101), "retries"),
            (policy.timeout(Duration::ZERO), "timeout"),
            (policy.deadline(Duration::ZERO), "deadline"),
            (policy.hedge(Duration::ZERO), "hedge"),
            (policy.backoff(Backoff::DEFAULT.factor(f64::NAN)), "factor"),
        ] {
            let text = named(bad).unwrap_or_default();
            assert!(
                text.contains(&format!("`{option}`")) && text.contains("app::load"),
                "{text}"
            );
        }
    }
}
