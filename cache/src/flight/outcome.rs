//! What a load has come to, as those are told who waited for it.

use std::any::Any;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use crate::served::Served;

/// What a load has come to.
pub(crate) enum Outcome {
    /// A value, which each decodes for itself.
    Value(Value),
    /// An error of which each gets one of its own: `Copies` of the function's error type.
    Failed(Box<dyn Any + Send + Sync>),
    /// One that cannot be shared: each has to load.
    EachItsOwn,
    /// A load of many keys that gave nothing for this one. Those who read it alone have to load.
    NotThere,
}

/// A value that was loaded, or found.
#[derive(Clone, Debug)]
pub(crate) struct Value {
    pub(crate) payload: Arc<[u8]>,
    pub(crate) served: Served,
}

/// Makes errors that say the same as the first.
pub struct Copies<E>(Box<dyn Fn() -> E + Send + Sync>);

impl<E> Copies<E> {
    pub(crate) fn of<S: Send + 'static>(
        source: S,
        copy: impl Fn(&S) -> E + Send + Sync + 'static,
    ) -> Self {
        // Errors need not be `Sync`.
        let source = Mutex::new(source);
        Self(Box::new(move || {
            copy(&source.lock().unwrap_or_else(PoisonError::into_inner))
        }))
    }

    pub(crate) fn make(&self) -> E {
        (self.0)()
    }
}

impl<E> fmt::Debug for Copies<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Copies")
    }
}
