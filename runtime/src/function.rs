//! What is known of one function whose calls have failed: sums, in a `static` beside the function.
//!
//! A function whose options are computed at run time has no such `static`: it is found by its name.

mod snapshot;

use std::collections::BTreeMap;
use std::ptr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError, RwLock};

pub use self::snapshot::{BulkheadLimit, FunctionPolicy, FunctionSnapshot, LastFailure};
use crate::Class;
use crate::clock::now_ms;

// Sums, and what is shown: nothing is published through them.
const ORDER: Ordering = Ordering::Relaxed;

/// The sums of one function.
#[derive(Debug)]
pub struct Function {
    /// Whether it is in the list.
    listed: AtomicBool,
    told: Mutex<Option<Told>>,
    fallback_limit: OnceLock<BulkheadLimit>,
    failed_attempts: AtomicU64,
    retries: AtomicU64,
    failed: AtomicU64,
    fallbacks: AtomicU64,
    turned_away: AtomicU64,
    /// The time in milliseconds, and the class in the lowest byte; 0 before there was one.
    last_failure: AtomicU64,
}

/// What it says of itself.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Told {
    pub(crate) name: &'static str,
    pub(crate) policy: FunctionPolicy,
    pub(crate) breaker: Option<&'static str>,
}

/// What comes of a failed attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Follows {
    Retry,
    Fallback,
    Error,
}

/// Functions are few, and never end.
static LIST: Mutex<Vec<&'static Function>> = Mutex::new(Vec::new());

/// Those that are found by name. There are no more of them than of names, which stay in memory too.
static BY_NAME: RwLock<BTreeMap<&'static str, &'static Function>> = RwLock::new(BTreeMap::new());

impl Function {
    /// One that has nothing to tell.
    #[must_use]
    #[expect(clippy::new_without_default, reason = "it is made in a `static`")]
    pub const fn new() -> Self {
        Self {
            listed: AtomicBool::new(false),
            told: Mutex::new(None),
            fallback_limit: OnceLock::new(),
            failed_attempts: AtomicU64::new(0),
            retries: AtomicU64::new(0),
            failed: AtomicU64::new(0),
            fallbacks: AtomicU64::new(0),
            turned_away: AtomicU64::new(0),
            last_failure: AtomicU64::new(0),
        }
    }

    /// The one that goes by this name, of those without a place of their own.
    #[cold]
    pub(crate) fn by_name(name: &'static str) -> &'static Self {
        let there = BY_NAME.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(function) = there.get(name) {
            return function;
        }
        drop(there);
        let mut there = BY_NAME.write().unwrap_or_else(PoisonError::into_inner);
        there
            .entry(name)
            .or_insert_with(|| Box::leak(Box::new(Self::new())))
    }

    /// Puts it into the list, unless it is there.
    #[inline]
    pub(crate) fn list(&'static self, told: impl FnOnce() -> Told) {
        if !self.listed.load(ORDER) {
            self.enter_list(told());
        }
    }

    #[cold]
    fn enter_list(&'static self, told: Told) {
        // Before it is in the list: whoever finds it there is told something.
        self.say(told);
        let mut list = LIST.lock().unwrap_or_else(PoisonError::into_inner);
        if !self.listed.swap(true, ORDER) {
            list.push(self);
        }
    }

    /// What it says of itself from now on.
    #[cold]
    pub(crate) fn say(&self, told: Told) {
        *self.told.lock().unwrap_or_else(PoisonError::into_inner) = Some(told);
    }

    /// An attempt failed.
    pub(crate) fn failed(&self, class: Class, follows: Follows) {
        self.last_failure
            .store(now_ms() << 8 | u64::from(class as u8), ORDER);
        self.failed_attempts.fetch_add(1, ORDER);
        match follows {
            Follows::Retry => self.retries.fetch_add(1, ORDER),
            Follows::Error => self.failed.fetch_add(1, ORDER),
            Follows::Fallback => self.fallbacks.fetch_add(1, ORDER),
        };
    }

    /// There was no room for an attempt, or in the fallback.
    pub(crate) fn turned_away(&self) {
        self.turned_away.fetch_add(1, ORDER);
    }

    /// What stands before its fallback.
    pub(crate) fn falls_back_within(&self, name: &'static str, limit: u32) {
        if self.fallback_limit.get().is_none() {
            let _ = self.fallback_limit.set(BulkheadLimit { name, limit });
        }
    }

    fn last_failure(&self) -> Option<(u64, Class)> {
        let packed = self.last_failure.load(ORDER);
        let class = class_of(packed.to_le_bytes()[0]);
        (packed != 0).then_some((packed >> 8, class))
    }
}

/// A place of its own for each: two with the same sums are two.
impl PartialEq for Function {
    fn eq(&self, other: &Self) -> bool {
        ptr::eq(self, other)
    }
}

const fn class_of(byte: u8) -> Class {
    const CLASSES: [Class; 8] = [
        Class::Unreachable,
        Class::Unavailable,
        Class::WriteRefused,
        Class::Ambiguous,
        Class::NotIdempotent,
        Class::Permanent,
        Class::Misconfigured,
        Class::Rejected,
    ];
    let mut at = 0;
    while at < CLASSES.len() {
        if CLASSES[at] as u8 == byte {
            return CLASSES[at];
        }
        at += 1;
    }
    Class::NotRedis
}

/// All that have something to tell, by name; of the same name, those that had it earlier first.
pub(crate) fn all() -> Vec<FunctionSnapshot> {
    let list = LIST.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let now_ms = now_ms();
    let snapshot = |function: &&'static Function| FunctionSnapshot::of(function, now_ms);
    let mut functions: Vec<_> = list.iter().filter_map(snapshot).collect();
    functions.sort_by_key(|function| function.name);
    functions
}

#[cfg(test)]
mod tests;
