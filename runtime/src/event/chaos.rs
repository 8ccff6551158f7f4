//! Faults on purpose.

use std::time::Duration;

use super::declare::declare;

declare! {
    /// Faults are injected from now on, on purpose: the application, its settings or an operator has armed the feature `chaos`.
    ChaosArmed<'a> {
        values {
            /// In what share of the attempts, from 0 to 1.
            share: f64,
            /// How long.
            lasts: Duration,
        }
        texts {
            /// What is injected.
            fault: &'a str,
            /// Who has armed it: `code`, `settings` or `console`.
            by: &'a str,
        }
        maybe {
            /// In which function; `None`: in all.
            function: Option<&'a str>,
        }
    }

    /// No fault is injected any more. Where the time of all is over, that is told with the next attempt.
    ChaosEnded {
        values {
            /// In how many attempts one was injected.
            injected: u64,
        }
        texts {}
        maybe {}
    }
}
