//! What is known of one function whose calls have failed: sums, in a `static` beside the function.
//!
//! A function whose options are computed at run time has no such `static`: it is found by its name.

mod snapshot;

use std::collections::BTreeMap;
use std::ptr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError, RwLock};

pub use self::snapshot::{BulkheadLimit, FunctionPolicy, FunctionSnapshot, LastFailure};
use crate::Class;
use crate::clock::now_ms;
use crate::counts::Slot;

// Sums, and what is shown: nothing is published through them.
const ORDER: Ordering = Ordering::Relaxed;

/// The sums of one function.
///
/// All zeros before there is something to tell: so many bytes for each function are no part of the program's file, and take no memory.
#[derive(Debug)]
pub struct Function {
    /// Whether it is in the list.
    listed: AtomicBool,
    told: Mutex<Option<Box<Told>>>,
    fallback_limit: Mutex<Option<BulkheadLimit>>,
    /// Attempts that failed, by what [`Follows`].
    failed: [AtomicU64; 4],
    turned_away: AtomicU64,
    /// Hedges that were started, and those of them that were the first with an answer.
    hedges: AtomicU64,
    hedges_won: AtomicU64,
    /// The time in milliseconds, and the class in the lowest byte; 0 before there was one.
    last_failure: AtomicU64,
    /// Where its calls are counted.
    pub(crate) slot: Slot,
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
    /// The other one of two attempts goes on.
    Hedge,
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
            fallback_limit: Mutex::new(None),
            failed: [const { AtomicU64::new(0) }; 4],
            turned_away: AtomicU64::new(0),
            hedges: AtomicU64::new(0),
            hedges_won: AtomicU64::new(0),
            last_failure: AtomicU64::new(0),
            slot: Slot::new(),
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

    #[inline]
    pub(crate) fn is_listed(&self) -> bool {
        self.listed.load(ORDER)
    }

    /// Puts it into the list, unless it is there.
    #[cold]
    pub(crate) fn enter_list(&'static self, told: Told) {
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
        let mut there = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        match &mut *there {
            Some(there) => **there = told,
            None => *there = Some(Box::new(told)),
        }
    }

    /// An attempt failed.
    pub(crate) fn failed(&self, class: Class, follows: Follows) {
        self.last_failure
            .store(now_ms() << 8 | u64::from(class as u8), ORDER);
        self.failed[follows as usize].fetch_add(1, ORDER);
    }

    fn failed_before(&self, follows: Follows) -> u64 {
        self.failed[follows as usize].load(ORDER)
    }

    /// There was no room for an attempt, or in the fallback.
    pub(crate) fn turned_away(&self) {
        self.turned_away.fetch_add(1, ORDER);
    }

    /// A hedge was started.
    pub(crate) fn hedged(&self) {
        self.hedges.fetch_add(1, ORDER);
    }

    /// It was the first with an answer.
    pub(crate) fn hedge_won(&self) {
        self.hedges_won.fetch_add(1, ORDER);
    }

    /// What stands before its fallback.
    pub(crate) fn falls_back_within(&self, name: &'static str, limit: u32) {
        let mut known = self
            .fallback_limit
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        known.get_or_insert(BulkheadLimit { name, limit });
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
