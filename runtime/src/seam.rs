//! What the other crates of this project need beside the public API. Not part of it: it changes with them.
#![allow(missing_docs)]

pub use crate::__private::backoff_delay;
pub use crate::breaker::{are_namesakes, number};
pub use crate::bulkhead::block_on;
pub use crate::class::redis::refusal;
pub use crate::class::sender::replied;
pub use crate::class::tagged::{ClassMark, address_in_chain, repeatable, tagged, tagged_at};
pub use crate::default_breaker::HoldsConnector;
pub use crate::error_text::error_text;
pub use crate::observer::{emit, wants};
pub use crate::queued::Queued;
pub use crate::rarely::{Counted, Rarely, SILENCE_MS};
pub use crate::watchdog::{Watched, watched};
use crate::{Class, Rejection};

/// Whether a failure of this class is tried again, by a function of which it is known so much.
#[must_use]
pub const fn is_retried(class: Class, idempotent: Option<bool>) -> bool {
    class.verdict(idempotent).retry
}

/// No room in what is not a [`Bulkhead`](crate::Bulkhead) but limits as one does.
#[must_use]
pub const fn saturated(bulkhead: &'static str, limit: u32) -> Rejection {
    Rejection::Saturated { bulkhead, limit }
}

/// With and without the feature.
pub mod request_budget {
    use std::time::Duration;

    use crate::Rejection;
    use crate::clock::now;
    use crate::event::{Event, RequestBudgetExhausted, Severity};
    use crate::observer::{emit, wants};
    use crate::request_budget::{self, RequestBudget};

    /// The time of the request that runs on this thread.
    #[derive(Clone, Copy, Debug)]
    pub struct TimeLeft(RequestBudget);

    impl TimeLeft {
        #[must_use]
        pub fn left(self) -> Duration {
            self.0.left_at(now())
        }
    }

    /// `None`: nobody has given it any.
    #[inline]
    #[must_use]
    pub fn current() -> Option<TimeLeft> {
        if !request_budget::is_in_use() {
            return None;
        }
        request_budget::current().map(TimeLeft)
    }

    /// Has observers told that a call of this function ends by it.
    pub fn tell_used_up(of: TimeLeft, function: &'static str, attempted: bool) {
        if wants(Severity::Warn) {
            emit(&Event::RequestBudgetExhausted(RequestBudgetExhausted {
                function,
                budget: of.0.total(),
                attempted,
                breaker: None,
            }));
        }
    }

    #[must_use]
    pub const fn used_up(of: TimeLeft, function: &'static str, attempted: bool) -> Rejection {
        Rejection::RequestBudgetExceeded {
            function,
            budget: of.0.total(),
            attempted,
        }
    }
}

#[cfg(feature = "overrides")]
pub mod overrides {
    pub use crate::breaker::tuned::taken_by;
    pub use crate::overrides::{
        BreakerOverride, BulkheadOverride, Curve, Override, Said, as_variable,
    };
    pub use crate::registry::tuning::{names_of_connector, replace};
}

#[cfg_attr(feature = "chaos", path = "seam/chaos.rs")]
#[cfg_attr(not(feature = "chaos"), path = "seam/no_chaos.rs")]
pub mod chaos;

pub mod cause {
    pub use crate::cause::Left;
}

pub mod chain {
    pub use crate::chain::find_map;
}

pub mod clock {
    pub use crate::clock::{Instant, now, now_ms, sleep, whole_millis};
}

/// Sums of what many threads do.
pub mod counts {
    pub use crate::counts::{STRIPES, Striped};
}

pub mod cut_off {
    pub use crate::cut_off::{note, note_address};
}

pub mod hedge {
    pub use crate::hedge::{avoided, is_hedge, may_send, uses};
}
