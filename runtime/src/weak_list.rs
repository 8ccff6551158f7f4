//! A list of things that others own: what has ended drops out of it.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError, Weak};

/// In the order in which they came.
pub(crate) struct WeakList<T: ?Sized> {
    entries: Mutex<Entries<T>>,
}

struct Entries<T: ?Sized> {
    list: Vec<Weak<T>>,
    /// At this length those that have ended are looked for: not with each one that is added, which would take its time with thousands.
    prune_at: usize,
}

const PRUNE_FIRST_AT: usize = 32;

impl<T: ?Sized> WeakList<T> {
    pub(crate) const fn new() -> Self {
        Self {
            entries: Mutex::new(Entries {
                list: Vec::new(),
                prune_at: PRUNE_FIRST_AT,
            }),
        }
    }

    /// Adds it at the end, if it is not there.
    pub(crate) fn add(&self, entry: &Arc<T>) {
        self.with(|entries| {
            let is_it = |other: &Weak<T>| std::ptr::addr_eq(other.as_ptr(), Arc::as_ptr(entry));
            if !entries.list.iter().any(is_it) {
                entries.push(Arc::downgrade(entry));
            }
        });
    }

    /// Adds one that was made just now.
    pub(crate) fn add_new(&self, entry: &Arc<T>) {
        self.with(|entries| entries.push(Arc::downgrade(entry)));
    }

    /// Those that live.
    pub(crate) fn all(&self) -> Vec<Arc<T>> {
        // Nothing is dropped under the lock: what ends here would run its `drop`.
        self.with(|entries| entries.list.iter().filter_map(Weak::upgrade).collect())
    }

    fn with<R>(&self, run: impl FnOnce(&mut Entries<T>) -> R) -> R {
        run(&mut self.entries.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl<T: ?Sized> Entries<T> {
    fn push(&mut self, entry: Weak<T>) {
        if self.list.len() >= self.prune_at {
            self.list.retain(|entry| entry.strong_count() > 0);
            self.prune_at = PRUNE_FIRST_AT.max(self.list.len() * 2);
        }
        self.list.push(entry);
    }
}

impl<T: ?Sized> fmt::Debug for WeakList<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WeakList")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn those_that_have_ended_are_not_there_and_take_no_room() {
        let list = WeakList::new();
        let kept: Vec<_> = (0..3).map(Arc::new).collect();
        for entry in &kept {
            list.add_new(entry);
        }
        for number in 0..10_000 {
            list.add_new(&Arc::new(number));
        }
        let there: Vec<_> = list.all().iter().map(|entry| **entry).collect();
        assert_eq!(there, [0, 1, 2]);
        assert!(list.with(|entries| entries.list.len()) <= PRUNE_FIRST_AT);
    }

    #[test]
    fn what_is_there_already_is_not_added_again() {
        let list = WeakList::new();
        let (one, other) = (Arc::new(1), Arc::new(1));
        for entry in [&one, &other, &one] {
            list.add(entry);
        }
        assert_eq!(list.all().len(), 2);
    }

    #[test]
    fn a_panic_while_it_is_locked_leaves_it_usable() {
        let list = Arc::new(WeakList::new());
        let entry = Arc::new(1);
        list.add(&entry);
        let panics = Arc::clone(&list);
        let panicked = std::thread::spawn(move || panics.with(|_| panic!("in a test"))).join();
        assert!(panicked.is_err());
        assert_eq!(list.all().len(), 1);
    }
}
