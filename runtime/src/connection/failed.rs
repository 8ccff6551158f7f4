//! A connect that failed, and when the next may be tried: none too soon. Pure: time and randomness come in as arguments.

use redis::{ErrorKind, RedisError};

use super::settings::Credentials;

/// After the first failure there is no connect for this long; after each further one for twice as long, up to the longest.
const FIRST_REST_MS: u64 = 25;
const LONGEST_REST_MS: u64 = 250;

/// The last attempt to connect, which failed.
#[derive(Clone, Debug)]
pub(super) struct Failed {
    error: RedisError,
    times: u32,
    until_ms: u64,
    /// Those that were used.
    credentials: Option<Credentials>,
    /// Whether others had been used before them. There are some that differ each time they are asked for: that says nothing then.
    had_changed: bool,
}

/// What is to be done about a connection that is wanted.
#[derive(Debug)]
pub(super) enum Next {
    /// Nothing yet: this failed a moment ago.
    Rest(RedisError),
    /// Connect.
    Try,
    /// Connect, with these.
    Corrected(Credentials),
}

impl Failed {
    /// After the one before, if that failed too.
    pub(super) fn after(
        before: Option<&Self>,
        error: RedisError,
        credentials: Option<Credentials>,
        now_ms: u64,
    ) -> Self {
        let times = before.map_or(0, |before| before.times);
        Self {
            error,
            times: times.saturating_add(1),
            until_ms: now_ms.saturating_add(rest_ms(times, fastrand::u32(..))),
            had_changed: before.is_some_and(|before| before.credentials != credentials),
            credentials,
        }
    }

    pub(super) const fn rests_until(&mut self, then_ms: u64) {
        self.until_ms = then_ms;
    }

    /// Whether it was the credentials that were refused. Others may be right, and make no difference to a server that is not there.
    pub(super) fn is_about_credentials(&self) -> bool {
        self.error.kind() == ErrorKind::AuthenticationFailed
            || matches!(self.error.code(), Some("WRONGPASS" | "NOAUTH"))
    }
}

impl Next {
    /// After this failure, if there was one. Credentials are asked for only where they decide.
    pub(super) fn after(
        failed: Option<&Failed>,
        now_ms: u64,
        ask: impl FnOnce() -> Option<Credentials>,
    ) -> Self {
        let Some(failed) = failed.filter(|failed| now_ms < failed.until_ms) else {
            return Self::Try;
        };
        if failed.is_about_credentials()
            && !failed.had_changed
            && let Some(credentials) = ask()
            && failed.credentials.as_ref() != Some(&credentials)
        {
            return Self::Corrected(credentials);
        }
        Self::Rest(failed.error.clone())
    }
}

/// How long to rest after the failure that follows on so many: spread over its upper half, so that processes do not march in step.
pub(super) fn rest_ms(times: u32, random: u32) -> u64 {
    let rest = FIRST_REST_MS
        .saturating_mul(1 << times.min(10))
        .min(LONGEST_REST_MS);
    let half = rest / 2;
    rest - half + half * u64::from(random) / u64::from(u32::MAX)
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[test]
    fn rests_double_up_to_the_longest_and_are_spread() {
        let rests = |random| {
            (0..6)
                .map(|times| rest_ms(times, random))
                .collect::<Vec<_>>()
        };
        assert_eq!(rests(u32::MAX), [25, 50, 100, 200, 250, 250]);
        assert_eq!(rests(0), [13, 25, 50, 100, 125, 125]);
        assert_eq!(rest_ms(u32::MAX, u32::MAX), 250);
    }

    fn unreachable() -> RedisError {
        std::io::Error::from(std::io::ErrorKind::ConnectionRefused).into()
    }

    fn refused() -> Vec<RedisError> {
        let code = |code: &str| redis::make_extension_error(code.to_owned(), None);
        let known = (ErrorKind::AuthenticationFailed, "no");
        vec![known.into(), code("WRONGPASS"), code("NOAUTH")]
    }

    fn password(password: &str) -> Credentials {
        Credentials::password(password)
    }

    #[test]
    fn corrected_credentials_are_tried_at_once() {
        for error in refused() {
            let first = Failed::after(None, error.clone(), Some(password("a")), 1000);
            let same = Failed::after(Some(&first), error, Some(password("a")), 2000);
            for (failed, now_ms) in [(&first, 1000), (&same, 2000)] {
                let next = |now| Next::after(Some(failed), now_ms, || Some(password(now)));
                assert!(matches!(next("a"), Next::Rest(_)));
                assert!(matches!(next("b"), Next::Corrected(new) if new == password("b")));
            }
        }
    }

    #[test]
    fn those_that_differ_each_time_are_no_correction() {
        let failed = refused().remove(0);
        let first = Failed::after(None, failed.clone(), Some(password("a")), 1000);
        let second = Failed::after(Some(&first), failed, Some(password("b")), 1000);
        let asked = || panic!("it makes no difference");
        assert!(matches!(
            Next::after(Some(&second), 1000, asked),
            Next::Rest(_)
        ));
    }

    #[test]
    fn none_are_asked_for_where_they_do_not_decide() {
        let asked = Cell::new(0);
        let ask = || {
            asked.set(asked.get() + 1);
            Some(password("b"))
        };
        let failed = Failed::after(None, unreachable(), Some(password("a")), 1000);
        assert!(matches!(
            Next::after(Some(&failed), 1012, ask),
            Next::Rest(_)
        ));
        assert!(matches!(Next::after(Some(&failed), 1025, ask), Next::Try));
        assert!(matches!(Next::after(None, 0, ask), Next::Try));
        assert_eq!(asked.get(), 0);
    }
}
