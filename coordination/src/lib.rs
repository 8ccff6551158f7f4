//! What processes share over Redis: locks, commands that are executed once, and streams. Users name it through the crate `redis-resilient`, in its modules
//! `connection` and `streams`.

#[cfg(feature = "streams")]
mod consumer;
mod lock;
mod once;
mod token;

#[cfg(feature = "streams")]
pub use consumer::{
    Consumer, Delivery, Entry, EntryId, Failure, FieldError, FromEntry, Monitor, NotAnId,
};
pub use lock::{BlockingLockGuard, Lock, LockError, LockGuard};
pub use once::Once;

/// What the other crates of this project need beside the public API. Not part of it: it changes with them.
#[doc(hidden)]
pub mod __seam {
    pub mod once {
        pub use crate::once::sent::{Sent, command_in, remembered_for, sent};
    }
}
