//! What is answered to a failure. Pure.

use std::time::Duration;

/// The media type of the body.
pub(crate) const CONTENT_TYPE: &str = "application/problem+json";

/// One of the two answers there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// It may be well after this time.
    Unavailable { retry_after: Duration },
    /// Nobody knows whether it ever is.
    Failed,
}

impl Answer {
    /// To an error of which [`retry_after`](redis_resilient_runtime::retry_after) says this.
    pub(crate) fn of(retry_after: Option<Duration>) -> Self {
        retry_after.map_or(Self::Failed, |retry_after| Self::Unavailable {
            retry_after,
        })
    }

    pub(crate) const fn status(self) -> u16 {
        match self {
            Self::Unavailable { .. } => 503,
            Self::Failed => 500,
        }
    }

    /// In whole seconds, never sooner than it was said, and never at once.
    pub(crate) fn retry_after_seconds(self) -> Option<u64> {
        let Self::Unavailable { retry_after } = self else {
            return None;
        };
        let begun = u64::from(retry_after.subsec_nanos() > 0);
        Some(retry_after.as_secs().saturating_add(begun).max(1))
    }

    /// The same for all errors: nothing internal is in it.
    pub(crate) const fn body(self) -> &'static str {
        match self {
            Self::Unavailable { .. } => {
                r#"{"type":"about:blank","title":"Service Unavailable","status":503,"detail":"The service cannot answer for now. Try again after the time in Retry-After."}"#
            }
            Self::Failed => {
                r#"{"type":"about:blank","title":"Internal Server Error","status":500}"#
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_called_back_too_early() {
        for (millis, seconds) in [(0, 1), (1, 1), (1_000, 1), (1_001, 2), (29_999, 30)] {
            let answer = Answer::of(Some(Duration::from_millis(millis)));
            assert_eq!(answer.retry_after_seconds(), Some(seconds), "{millis} ms");
        }
        let never = Answer::of(Some(Duration::MAX));
        assert_eq!(never.retry_after_seconds(), Some(u64::MAX));
        assert_eq!(Answer::of(None).retry_after_seconds(), None);
    }

    #[test]
    fn the_body_says_the_status_it_comes_with() {
        for answer in [Answer::of(None), Answer::of(Some(Duration::ZERO))] {
            let status = format!("\"status\":{}", answer.status());
            assert!(answer.body().contains(&status), "{answer:?}");
        }
    }
}
