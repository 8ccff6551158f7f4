//! What may be registered.

use std::sync::Arc;

use crate::handle::Way;
use crate::{Breaker, Bulkhead};

/// What [`Registry::register`](super::Registry::register) takes: a [`Breaker`] or [`Bulkhead`] that is a `static`, or shared by `Arc`.
#[diagnostic::on_unimplemented(
    message = "the registry lists a `Breaker` or a `Bulkhead` that stays, not a `{Self}`",
    label = "not a `&'static Breaker`, `&Arc<Breaker>`, `&'static Bulkhead` or `&Arc<Bulkhead>`",
    note = "declare `static SESSIONS: Breaker = Breaker::new(\"sessions\");` and write `register(&SESSIONS)`"
)]
pub trait Register: sealed::Register {}

mod sealed {
    pub trait Register {
        /// Has it listed.
        fn register(self);
    }
}

pub(super) fn register(what: impl Register) {
    sealed::Register::register(what);
}

macro_rules! may_be_registered {
    ($($what:ty),*) => {$(
        impl Register for &'static $what {}

        impl sealed::Register for &'static $what {
            fn register(self) {
                self.lead(Way::Static(self));
            }
        }

        impl Register for &Arc<$what> {}

        impl sealed::Register for &Arc<$what> {
            fn register(self) {
                self.lead(Way::Shared(Arc::downgrade(self)));
            }
        }
    )*};
}

may_be_registered!(Breaker, Bulkhead);
