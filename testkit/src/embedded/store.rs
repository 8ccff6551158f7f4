//! The data of an embedded server.

use std::{
    collections::{HashMap, VecDeque},
    time::{SystemTime, UNIX_EPOCH},
};

/// The keys and their values, without those that have expired.
#[derive(Debug, Default)]
pub(super) struct Store {
    entries: HashMap<Vec<u8>, Entry>,
}

#[derive(Debug)]
struct Entry {
    value: Value,
    /// In milliseconds since 1970, as commands such as `PEXPIREAT` give it.
    expires: Option<i64>,
}

/// What a key holds.
#[derive(Debug)]
pub(super) enum Value {
    Text(Vec<u8>),
    /// In the order in which the fields were added, as Redis keeps a small hash.
    Hash(Vec<(Vec<u8>, Vec<u8>)>),
    List(VecDeque<Vec<u8>>),
}

impl Value {
    pub(super) fn type_name(&self) -> &'static str {
        match self {
            Self::Text(_) => "string",
            Self::Hash(_) => "hash",
            Self::List(_) => "list",
        }
    }

    /// Redis keeps no empty collections.
    fn is_void(&self) -> bool {
        match self {
            Self::Text(_) => false,
            Self::Hash(pairs) => pairs.is_empty(),
            Self::List(items) => items.is_empty(),
        }
    }
}

/// How long a key lives on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Lifetime {
    /// There is no such key.
    Over,
    Endless,
    /// Until so many milliseconds since 1970.
    Until(i64),
}

/// The milliseconds since 1970.
pub(super) fn now() -> i64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .ok()
        .and_then(|since| i64::try_from(since.as_millis()).ok())
        .unwrap_or(0)
}

impl Store {
    /// Forgets what has expired; to be called before each command.
    pub(super) fn expire(&mut self) {
        let now = now();
        self.entries
            .retain(|_, entry| entry.expires.is_none_or(|at| at > now));
    }

    pub(super) fn clear(&mut self) {
        self.entries.clear();
    }

    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(super) fn contains(&self, key: &[u8]) -> bool {
        self.entries.contains_key(key)
    }

    pub(super) fn get(&self, key: &[u8]) -> Option<&Value> {
        self.entries.get(key).map(|entry| &entry.value)
    }

    /// Sets a value that does not expire, in place of whatever there was.
    pub(super) fn set(&mut self, key: &[u8], value: Value) {
        let expires = None;
        self.entries.insert(key.to_vec(), Entry { value, expires });
    }

    pub(super) fn remove(&mut self, key: &[u8]) -> Option<Value> {
        self.entries.remove(key).map(|entry| entry.value)
    }

    /// Changes the value of `key`, which is `empty` where there is none yet.
    pub(super) fn update<T>(
        &mut self,
        key: &[u8],
        empty: Value,
        change: impl FnOnce(&mut Value) -> T,
    ) -> T {
        let entry = self.entries.entry(key.to_vec()).or_insert(Entry {
            value: empty,
            expires: None,
        });
        let result = change(&mut entry.value);
        if entry.value.is_void() {
            self.entries.remove(key);
        }
        result
    }

    pub(super) fn lifetime(&self, key: &[u8]) -> Lifetime {
        match self.entries.get(key) {
            None => Lifetime::Over,
            Some(Entry { expires: None, .. }) => Lifetime::Endless,
            Some(Entry {
                expires: Some(at), ..
            }) => Lifetime::Until(*at),
        }
    }

    /// Sets when `key` expires, at once if that time has passed; false without such a key.
    pub(super) fn set_expiry(&mut self, key: &[u8], expires: Option<i64>) -> bool {
        let Some(entry) = self.entries.get_mut(key) else {
            return false;
        };
        entry.expires = expires;
        if expires.is_some_and(|at| at <= now()) {
            self.entries.remove(key);
        }
        true
    }
}
