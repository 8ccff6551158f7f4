//! What processes share over Redis: locks, and commands that are executed once. Users name it through the crate `redis-resilient`, in its module
//! `connection`.

mod lock;
mod once;
mod token;

pub use lock::{BlockingLockGuard, Lock, LockError, LockGuard};
pub use once::Once;
