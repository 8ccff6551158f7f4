//! Tokens that no other call has, in no other process.

use std::hash::{BuildHasher, RandomState};
use std::process;
use std::time::SystemTime;

/// Whatever the application does with the generator of its jitter: one that is seeded gives the same numbers in each of its processes. The
/// keys of the standard library's hashes come from the system; what is hashed sets apart processes that were forked or copied with them.
pub(super) fn fresh() -> u128 {
    let half = || u128::from(RandomState::new().hash_one((process::id(), SystemTime::now())));
    half() << 64 | half()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_of_the_application_s_does_not_repeat_them() {
        let seeded = || {
            crate::seed_randomness(7);
            fresh()
        };
        let (one, other) = (seeded(), seeded());
        assert_ne!(one, other);
        assert_ne!(one >> 64, other >> 64);
        assert_ne!(one << 64, other << 64);
    }
}
