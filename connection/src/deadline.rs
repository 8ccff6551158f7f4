//! How much time is left.

use std::io;
use std::time::{Duration, Instant};

/// So much later nobody minds.
const MOMENT: Duration = Duration::from_millis(1);

/// When something that has begun has to be over.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Deadline {
    begun: Instant,
    /// `None`: never.
    limit: Option<Duration>,
}

impl Deadline {
    pub(crate) fn after(limit: Option<Duration>) -> Self {
        Self {
            begun: Instant::now(),
            limit,
        }
    }

    /// What is left of it; `None`: as long as it likes.
    pub(crate) fn left(self) -> io::Result<Option<Duration>> {
        let Some(limit) = self.limit else {
            return Ok(None);
        };
        let elapsed = self.begun.elapsed();
        // Nothing has been waited for yet: the same as before, which the socket knows.
        if elapsed < MOMENT && !limit.is_zero() {
            return Ok(Some(limit));
        }
        match limit.checked_sub(elapsed) {
            // Zero is no limit to a socket.
            Some(left) if !left.is_zero() => Ok(Some(left)),
            _ => Err(io::ErrorKind::TimedOut.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_left_when_time_is_over() {
        let over = Deadline::after(Some(Duration::ZERO)).left();
        assert_eq!(
            over.map_err(|error| error.kind()),
            Err(io::ErrorKind::TimedOut)
        );
        let left = Deadline::after(Some(Duration::from_secs(60))).left();
        assert!(
            left.expect("it has begun")
                .is_some_and(|left| !left.is_zero())
        );
        assert!(
            Deadline::after(None)
                .left()
                .is_ok_and(|left| left.is_none())
        );
    }
}
