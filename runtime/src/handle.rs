//! Whoever may give orders to a breaker that he does not own.

use std::fmt;
use std::ops::Deref;
use std::sync::{Arc, Weak};

/// A breaker or bulkhead that the [`Registry`](crate::Registry) lists, to be given orders. It derefs to it.
///
/// One that is shared by `Arc` lives as long as its handles do: do not keep them.
pub struct Handle<T: 'static>(Held<T>);

enum Held<T: 'static> {
    Static(&'static T),
    Shared(Arc<T>),
}

impl<T> Deref for Handle<T> {
    type Target = T;

    fn deref(&self) -> &T {
        match &self.0 {
            Held::Static(held) => held,
            Held::Shared(held) => held,
        }
    }
}

impl<T> Clone for Handle<T> {
    fn clone(&self) -> Self {
        Self(match &self.0 {
            Held::Static(held) => Held::Static(held),
            Held::Shared(held) => Held::Shared(Arc::clone(held)),
        })
    }
}

impl<T: fmt::Debug> fmt::Debug for Handle<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Handle").field(&**self).finish()
    }
}

/// The way to it, which keeps nothing alive.
pub(crate) enum Way<T: 'static> {
    Static(&'static T),
    Shared(Weak<T>),
}

impl<T> Way<T> {
    /// `None`: it has ended.
    pub(crate) fn handle(&self) -> Option<Handle<T>> {
        Some(Handle(match self {
            Self::Static(held) => Held::Static(held),
            Self::Shared(held) => Held::Shared(held.upgrade()?),
        }))
    }
}

impl<T> fmt::Debug for Way<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Way")
    }
}
