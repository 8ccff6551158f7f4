//! Writing without a load: invalidations, and values that are known already.

use std::fmt;
use std::time::Duration;

use redis::RedisResult;

use super::Cache;
use crate::codec::Codec;
use crate::state::State;

/// How far an invalidation has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Invalidated {
    /// No process is served the value any more, from Redis.
    Everywhere,
    /// This process is not served it any more. Redis could not be told; that is tried until it can, or the entry's life is over.
    Pending,
}

impl<T, C, L> Cache<T, C, L>
where
    T: Send + 'static,
    C: Codec<T>,
{
    /// Removes the value of that key, from Redis and from this process. Call it after the primary store was changed: no load that began before is
    /// stored after it.
    ///
    /// # Panics
    /// Outside of a tokio runtime with its timer enabled.
    ///
    /// # Cancellation
    /// Safe: dropped while Redis is asked, it is pending.
    pub async fn invalidate(&self, key: impl fmt::Display) -> Invalidated {
        let key = self.key(&key);
        self.state.invalidate(key.as_str()).await
    }

    /// As [`invalidate`](Self::invalidate), by blocking the thread: not for async code.
    pub fn invalidate_blocking(&self, key: impl fmt::Display) -> Invalidated {
        let key = self.key(&key);
        self.state.invalidate_blocking(key.as_str())
    }
}

impl<T, C: Codec<T>> State<T, C> {
    pub(crate) async fn invalidate(&self, key: &str) -> Invalidated {
        let pending = self.begin(key);
        let taken = self.way.invalidate(key, self.tombstone()).await;
        pending.end(&taken)
    }

    pub(crate) fn invalidate_blocking(&self, key: &str) -> Invalidated {
        let pending = self.begin(key);
        let taken = self.way.invalidate_blocking(key, self.tombstone());
        pending.end(&taken)
    }

    /// From here on nobody in this process is served what there was.
    pub(super) fn begin<'a>(&'a self, key: &'a str) -> Begun<'a, T, C> {
        let number = self.pending.add(key, self.longest_life());
        self.forget(key);
        Begun {
            state: self,
            key,
            number,
            is_taken: false,
        }
    }

    /// Drops what this process has of that key.
    fn forget(&self, key: &str) {
        self.flights.detach(key);
        if let Some(near) = &self.near {
            near.forget(key);
        }
        if let Some(copies) = &self.copies {
            copies.forget(key);
        }
    }

    /// For how long an invalidation has to be seen by those who keep copies; `None`: nobody does.
    pub(super) fn tombstone(&self) -> Option<Duration> {
        self.copies.as_ref().map(|_| self.longest_life())
    }
}

/// A write that Redis is being told of. Dropped before that is done, it is an invalidation that is pending.
pub(super) struct Begun<'a, T, C: Codec<T>> {
    state: &'a State<T, C>,
    key: &'a str,
    /// Of the pending invalidation.
    number: u64,
    is_taken: bool,
}

impl<T, C: Codec<T>> Begun<'_, T, C> {
    pub(super) fn end(mut self, taken: &RedisResult<()>) -> Invalidated {
        match taken {
            Ok(()) => {
                self.is_taken = true;
                Invalidated::Everywhere
            }
            Err(error) => {
                if !self.state.pending.is_tried() {
                    self.state.way.events.pending(error);
                }
                Invalidated::Pending
            }
        }
    }
}

impl<T, C: Codec<T>> Drop for Begun<'_, T, C> {
    fn drop(&mut self) {
        let state = self.state;
        // Once more: a read may have begun before and found the old value in the meantime.
        state.forget(self.key);
        if self.is_taken {
            state.pending.done(self.key, self.number);
        } else {
            state.pending.retry(&state.way, state.tombstone());
        }
    }
}
