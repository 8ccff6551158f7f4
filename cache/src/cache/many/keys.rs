//! The keys of one call, and what is stored under them.

use std::collections::HashMap;
use std::fmt;

use redis::RedisResult;

use super::super::put::New;
use super::super::{Cache, Invalidated};
use crate::codec::{Codec, NotEncoded};
use crate::held::{Held, Store};
use crate::key::Key;
use crate::many::Loaded;

/// The keys of one call.
pub(super) struct Keys<K> {
    given: Vec<K>,
    /// Each once.
    pub(super) texts: Vec<Key>,
    /// Of each of those, where it is given first.
    firsts: Vec<usize>,
    /// Of each that is given, its place among those.
    places: Vec<usize>,
}

impl<K> Keys<K> {
    pub(super) fn at(&self, places: &[usize]) -> Vec<K>
    where
        K: Clone,
    {
        let at = |place: &usize| self.given[self.firsts[*place]].clone();
        places.iter().map(at).collect()
    }

    /// Of each that is given, its value.
    pub(super) fn spread<T: Clone>(&self, mut values: Vec<Option<T>>) -> Vec<Option<T>> {
        if self.texts.len() == self.given.len() {
            return values;
        }
        let mut left = vec![0_usize; values.len()];
        self.places.iter().for_each(|place| left[*place] += 1);
        let spread = |place: &usize| {
            left[*place] -= 1;
            match left[*place] {
                0 => values[*place].take(),
                _ => values[*place].clone(),
            }
        };
        self.places.iter().map(spread).collect()
    }
}

impl<T, C, L> Cache<T, C, L>
where
    T: Send + 'static,
    C: Codec<T>,
{
    pub(super) fn keys<K: fmt::Display>(&self, given: impl IntoIterator<Item = K>) -> Keys<K> {
        let mut known = HashMap::new();
        let mut keys = Keys {
            given: given.into_iter().collect(),
            texts: Vec::new(),
            firsts: Vec::new(),
            places: Vec::new(),
        };
        for (at, given) in keys.given.iter().enumerate() {
            let key = self.key(given);
            let place = *known.entry(key.0.clone()).or_insert(keys.texts.len());
            if place == keys.texts.len() {
                keys.texts.push(key);
                keys.firsts.push(at);
            }
            keys.places.push(place);
        }
        keys
    }

    /// What a load has given, by the texts of the keys.
    pub(super) fn loaded<Q: fmt::Display>(
        &self,
        given: impl IntoIterator<Item = (Q, T)>,
    ) -> Loaded<T> {
        let given = given.into_iter();
        given
            .map(|(key, value)| (self.key(&key).0, value))
            .collect()
    }

    /// The keys, each once, and what is to be stored.
    pub(super) fn new_entries<'a, K: fmt::Display>(
        &self,
        values: impl IntoIterator<Item = (K, &'a T)>,
    ) -> Result<(Vec<Key>, Vec<New>), NotEncoded> {
        let mut places = HashMap::new();
        let (mut keys, mut new) = (Vec::new(), Vec::new());
        for (key, value) in values {
            let (key, entry) = (self.key(&key), self.state.new_entry(value)?);
            let place = *places.entry(key.0.clone()).or_insert(keys.len());
            if place == keys.len() {
                keys.push(key);
                new.push(entry);
            } else {
                new[place] = entry;
            }
        }
        Ok((keys, new))
    }
}

/// What is to be stored under the leases that were given, and which were.
pub(super) fn stores(
    leases: Vec<RedisResult<Held>>,
    new: &[New],
) -> (Vec<Store>, Vec<RedisResult<()>>) {
    let mut stores = Vec::new();
    let mut taken = Vec::new();
    for (lease, new) in leases.into_iter().zip(new) {
        taken.push(lease.map(|held| {
            let entry = new.written(held.token());
            stores.push((held, entry, new.life));
        }));
    }
    (stores, taken)
}

/// How far the least of them has come; all are looked at.
pub(super) fn all(each: impl Iterator<Item = Invalidated>) -> Invalidated {
    each.fold(Invalidated::Everywhere, |all, one| match one {
        Invalidated::Everywhere => all,
        Invalidated::Pending => Invalidated::Pending,
    })
}
