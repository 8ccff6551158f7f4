//! How the time to connect is divided among several servers that may be connected to. Pure.

use std::time::Duration;

/// How long the next of so many servers may take of what is left: one that stands still leaves the others theirs, and what one does not use, the
/// others have.
pub(crate) fn share(left: Duration, servers: usize) -> Duration {
    left / u32::try_from(servers).unwrap_or(u32::MAX).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: fn(u64) -> Duration = Duration::from_millis;

    #[test]
    fn each_has_its_share_and_the_last_what_is_left() {
        assert_eq!(share(MS(900), 3), MS(300));
        assert_eq!(share(MS(600), 2), MS(300));
        // The one before it was refused at once.
        assert_eq!(share(MS(600), 1), MS(600));
        assert_eq!(share(MS(600), 0), MS(600));
        assert_eq!(share(Duration::ZERO, 3), Duration::ZERO);
    }
}
