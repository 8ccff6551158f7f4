//! Who answers in place of Redis.

/// Who answers in place of Redis, for [`FallbackUsed`](crate::event::FallbackUsed).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ServedBy {
    /// The function's fallback, or the policy's.
    #[default]
    Fallback,
    /// The primary store before which there is a cache; or a stale value, of which [`StaleServed`](crate::event::StaleServed) tells.
    PrimaryStore,
    /// The memory of a journal's connection that remembers what it has written.
    Memory,
}

impl ServedBy {
    /// As logs have it.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Fallback => "fallback",
            Self::PrimaryStore => "primary_store",
            Self::Memory => "memory",
        }
    }
}
