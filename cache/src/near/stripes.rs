//! How often keys were forgotten, so that what was read before that is not stored after it.
//!
//! Keys share the numbers: one that is forgotten refuses some reads of others that are under way, which is harmless.

use std::hash::{BuildHasher, RandomState};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// So few keys are read at the same time that they seldom share one.
const COUNT: usize = 1024;

pub(crate) struct Stripes {
    forgotten: Box<[Mutex<u64>]>,
    hasher: RandomState,
}

impl Stripes {
    pub(crate) fn new() -> Self {
        Self {
            forgotten: (0..COUNT).map(|_| Mutex::new(0)).collect(),
            hasher: RandomState::new(),
        }
    }

    /// How often this key was forgotten, or another that shares the number. Nobody stores or forgets it while this is held.
    pub(crate) fn of(&self, key: &str) -> MutexGuard<'_, u64> {
        #[expect(clippy::cast_possible_truncation, reason = "any part of it will do")]
        let at = self.hasher.hash_one(key) as usize % COUNT;
        self.forgotten[at]
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}
