//! Tokens that no other call has, in no other process.

use redis::{ErrorKind, RedisError};

use redis_resilient_runtime::__seam::tagged;
use redis_resilient_runtime::Class;

/// From the system's random source: no seed of the application's, fork or copied machine repeats them.
pub(super) fn fresh() -> Result<u128, getrandom::Error> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes)?;
    Ok(u128::from_ne_bytes(bytes))
}

/// Nothing has been sent: without a token of its own, a call could be taken for another.
pub(super) fn missing(error: getrandom::Error) -> RedisError {
    let what = "no token could be made, because the system's random source has failed";
    let error = RedisError::from((ErrorKind::Client, what, error.to_string()));
    tagged(Class::Misconfigured, error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_of_the_application_s_does_not_repeat_them() {
        let seeded = || {
            redis_resilient_runtime::seed_randomness(7);
            fresh().expect("a system with a random source")
        };
        let (one, other) = (seeded(), seeded());
        assert_ne!(one, other);
        assert_ne!(one >> 64, other >> 64);
        assert_ne!(one << 64, other << 64);
    }

    #[test]
    fn a_source_that_fails_is_said_to() {
        let error = missing(getrandom::Error::UNSUPPORTED);
        assert_eq!(Class::of(&error), Class::Misconfigured);
        assert!(error.to_string().contains("random source"), "{error}");
    }
}
