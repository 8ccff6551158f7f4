//! A crate that hands the attribute on. Those who use it from here need no other dependency, but have to say where it is.

/// The whole of it, under another name.
pub mod resilience {
    pub use redis_resilient::*;
}
