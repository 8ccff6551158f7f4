//! What a function has once for each type: a `static` in a generic function is there once for all of them.

use std::any::Any;
use std::sync::{OnceLock, PoisonError, RwLock};

type Made = &'static (dyn Any + Send + Sync);

/// One state for each type that was asked for. They stay: there are no more of them than types in the program.
pub(super) struct ByType {
    /// The one that was made first, which is the only one nearly always.
    first: OnceLock<Made>,
    others: RwLock<Vec<Made>>,
}

impl ByType {
    pub(super) const fn new() -> Self {
        Self {
            first: OnceLock::new(),
            others: RwLock::new(Vec::new()),
        }
    }

    pub(super) fn get<S: Send + Sync + 'static>(&self, make: impl Fn() -> S) -> &'static S {
        let leak = || -> Made { Box::leak(Box::new(make())) };
        if let Some(first) = self.first.get_or_init(leak).downcast_ref() {
            return first;
        }
        let found = |made: &[Made]| made.iter().find_map(|made| made.downcast_ref());
        if let Some(other) = found(&self.others.read().unwrap_or_else(PoisonError::into_inner)) {
            return other;
        }
        let mut others = self.others.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(other) = found(&others) {
            return other;
        }
        let other: &'static S = Box::leak(Box::new(make()));
        others.push(other);
        other
    }
}

#[cfg(test)]
mod tests {
    use std::ptr;

    use super::*;

    #[test]
    fn each_type_has_one_and_keeps_it() {
        let states = ByType::new();
        let first: &u8 = states.get(|| 1);
        let second: &u16 = states.get(|| 2);
        let third: &u32 = states.get(|| 3);
        assert_eq!((*first, *second, *third), (1, 2, 3));
        assert!(ptr::eq(first, states.get(|| 9)));
        assert!(ptr::eq(second, states.get(|| 9)));
        assert!(ptr::eq(third, states.get(|| 9)));
    }
}
