//! Which channels one subscription wants, and of which of them messages come.
//!
//! Pure.

use std::collections::HashMap;
use std::sync::Arc;

/// The name of a channel, or a pattern.
pub(crate) type Name = Arc<[u8]>;

#[derive(Debug, Default)]
pub(crate) struct Interest {
    names: HashMap<Name, Standing>,
    /// How many are not confirmed.
    waiting: usize,
    /// How often it has been told that all are confirmed.
    told: u64,
    /// Whether the failure that was told last passes by itself, if one was told since all were confirmed.
    failed: Option<bool>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Standing {
    Waiting,
    /// By the server, when so many times had been told. Messages count from the next time on.
    Confirmed(u64),
}

impl Interest {
    /// Wants one more. Whether it is new.
    pub(crate) fn want(&mut self, name: &Name) -> bool {
        let is_new = !self.names.contains_key(name);
        if is_new {
            self.names.insert(name.clone(), Standing::Waiting);
            self.waiting += 1;
        }
        is_new
    }

    /// Wants it no more. Whether all others are confirmed now, and were not before.
    pub(crate) fn unwant(&mut self, name: &[u8]) -> bool {
        match self.names.remove(name) {
            Some(Standing::Waiting) => {
                self.waiting -= 1;
                self.is_complete()
            }
            _ => false,
        }
    }

    #[cfg(any(test, feature = "cluster"))]
    pub(crate) fn wants(&self, name: &[u8]) -> bool {
        self.names.contains_key(name)
    }

    pub(crate) fn names(&self) -> Vec<Name> {
        self.names.keys().cloned().collect()
    }

    /// Begins anew.
    pub(crate) fn reset(&mut self) {
        for standing in self.names.values_mut() {
            *standing = Standing::Waiting;
        }
        self.waiting = self.names.len();
        self.failed = None;
    }

    /// The server has confirmed it. Whether that was the last.
    pub(crate) fn confirmed(&mut self, name: &[u8]) -> bool {
        let Some(standing @ Standing::Waiting) = self.names.get_mut(name) else {
            return false;
        };
        *standing = Standing::Confirmed(self.told);
        self.waiting -= 1;
        self.is_complete()
    }

    /// Whether it was confirmed before.
    pub(crate) fn lost(&mut self, name: &[u8]) -> bool {
        let Some(standing @ Standing::Confirmed(_)) = self.names.get_mut(name) else {
            return false;
        };
        *standing = Standing::Waiting;
        self.waiting += 1;
        true
    }

    /// Whether a failure is to be told.
    pub(crate) fn fails(&mut self, passes: bool) -> bool {
        self.failed.replace(passes) != Some(passes)
    }

    pub(crate) const fn is_complete(&self) -> bool {
        self.waiting == 0
    }

    /// It is told that all are confirmed.
    pub(crate) const fn tells(&mut self) {
        self.told += 1;
        self.failed = None;
    }

    /// Whether messages of it come.
    pub(crate) fn hears(&self, name: &[u8]) -> bool {
        let standing = self.names.get(name);
        matches!(standing, Some(Standing::Confirmed(told)) if *told < self.told)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn interest(names: &[&str]) -> Interest {
        let mut interest = Interest::default();
        for name in names {
            assert!(interest.want(&name.as_bytes().into()));
        }
        interest
    }

    #[test]
    fn nothing_is_heard_before_it_is_told_that_all_are_confirmed() {
        let mut interest = interest(&["a", "b"]);
        assert!(!interest.confirmed(b"a"));
        assert!(!interest.confirmed(b"a"), "twice");
        assert!(!interest.confirmed(b"c"), "it is not wanted");
        assert!(!interest.hears(b"a"));
        assert!(interest.confirmed(b"b"));
        interest.tells();
        assert!(interest.hears(b"a") && interest.hears(b"b"));
    }

    #[test]
    fn one_that_is_added_does_not_hold_up_the_others() {
        let mut interest = interest(&["a"]);
        assert!(interest.confirmed(b"a"));
        interest.tells();
        assert!(interest.want(&b"b"[..].into()));
        assert!(!interest.want(&b"a"[..].into()), "it is wanted already");
        assert!(interest.hears(b"a") && !interest.hears(b"b"));
        assert!(interest.confirmed(b"b"));
        assert!(!interest.hears(b"b"), "not told yet");
        interest.tells();
        assert!(interest.hears(b"b"));
    }

    #[test]
    fn one_that_is_lost_is_heard_when_it_is_back() {
        let mut interest = interest(&["a", "b"]);
        interest.confirmed(b"a");
        interest.confirmed(b"b");
        interest.tells();
        assert!(interest.lost(b"a"));
        assert!(!interest.lost(b"a"), "twice");
        assert!(!interest.hears(b"a") && interest.hears(b"b"));
        assert!(interest.unwant(b"a"), "the others are complete");
        assert!(!interest.wants(b"a"));
        interest.reset();
        assert!(!interest.hears(b"b") && !interest.is_complete());
    }

    #[test]
    fn a_failure_is_told_when_it_is_another_one() {
        let mut interest = interest(&["a"]);
        assert!(interest.fails(true) && !interest.fails(true));
        assert!(interest.fails(false) && !interest.fails(false));
        assert!(interest.fails(true));
        interest.tells();
        assert!(interest.fails(true));
    }
}
