//! Values that are known already.

use std::fmt;
use std::time::Duration;

use super::{Cache, Invalidated};
use crate::codec::{Codec, NotEncoded};
use crate::entry::{self, Kind, Life, Token};
use crate::held::Held;
use crate::served::Served;
use crate::state::{Look, State};

impl<T, C, L> Cache<T, C, L>
where
    T: Send + 'static,
    C: Codec<T>,
{
    /// The value of that key, if this process or Redis has one that is fresh. Nothing is loaded, and a Redis that does not answer is a miss.
    ///
    /// # Panics
    /// Outside of a tokio runtime with its timer enabled.
    pub async fn get(&self, key: impl fmt::Display) -> Option<T> {
        let key = self.key(&key);
        match self.state.nearby(key.as_str()) {
            Some(value) => Some(value),
            None => self.state.fresh(self.state.look(key.as_str()).await),
        }
    }

    /// As [`get`](Self::get), by blocking the thread: not for async code.
    pub fn get_blocking(&self, key: impl fmt::Display) -> Option<T> {
        let key = self.key(&key);
        let near = self.state.nearby(key.as_str());
        near.or_else(|| self.state.fresh(self.state.look_blocking(key.as_str())))
    }

    /// Stores a value that was just written to the primary store. No load that began before is stored over it. It takes two commands, one after the
    /// other: the second does nothing if the key was invalidated in between, however late it arrives.
    ///
    /// Two processes that write the same key at the same time may store in another order than they wrote: [`invalidate`](Self::invalidate) is right
    /// whatever the order. Where Redis cannot be told, what it has is invalidated as soon as it can.
    ///
    /// # Errors
    /// If the value cannot be encoded: nothing is stored, and the old value is still there.
    ///
    /// # Panics
    /// Outside of a tokio runtime with its timer enabled.
    ///
    /// # Cancellation
    /// Safe: dropped while Redis is asked, it is an invalidation that is pending.
    pub async fn put(&self, key: impl fmt::Display, value: &T) -> Result<Invalidated, NotEncoded> {
        let key = self.key(&key);
        let (state, key) = (&self.state, key.as_str());
        let new = state.new_entry(value)?;
        let pending = state.begin(key);
        let lease = Held::take(&state.way, key, state.settings.lease, state.tombstone()).await;
        Ok(match lease {
            Ok(held) => {
                let entry = new.written(held.token());
                held.store_now(&entry, new.life).await;
                pending.end(&Ok(()))
            }
            Err(error) => pending.end(&Err(error)),
        })
    }

    /// As [`put`](Self::put), by blocking the thread: not for async code.
    ///
    /// # Errors
    /// As [`put`](Self::put).
    pub fn put_blocking(
        &self,
        key: impl fmt::Display,
        value: &T,
    ) -> Result<Invalidated, NotEncoded> {
        let key = self.key(&key);
        let (state, key) = (&self.state, key.as_str());
        let new = state.new_entry(value)?;
        let pending = state.begin(key);
        let lease = Held::take_blocking(&state.way, key, state.settings.lease, state.tombstone());
        Ok(match lease {
            Ok(held) => {
                let entry = new.written(held.token());
                held.store_now_blocking(&entry, new.life);
                pending.end(&Ok(()))
            }
            Err(error) => pending.end(&Err(error)),
        })
    }
}

/// A value to be stored.
pub(super) struct New {
    payload: Vec<u8>,
    kind: Kind,
    pub(super) life: Life,
}

impl New {
    pub(super) fn written(&self, token: Token) -> Vec<u8> {
        entry::write(token, self.kind, self.life, Duration::ZERO, &self.payload)
    }
}

impl<T, C: Codec<T>> State<T, C> {
    fn fresh(&self, look: Look<T>) -> Option<T> {
        match look {
            Look::Fresh(found) => {
                self.way.served(Served::Redis);
                Some(found.value)
            }
            Look::Miss { .. } => None,
        }
    }

    pub(super) fn new_entry(&self, value: &T) -> Result<New, NotEncoded> {
        let payload = C::encode(value).map_err(NotEncoded)?;
        let (kind, life) = (Kind::Value, self.living(self.ttl()));
        Ok(New {
            payload,
            kind,
            life,
        })
    }
}
