//! What a journal has found when it was opened.

/// What a journal has found when it was opened, and what it has lost: see [`Journal::recovered`](crate::Journal::recovered).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Recovered {
    /// How many writes wait.
    pub waiting: u64,
    /// How many dead letters there are.
    pub dead: u64,
    /// How many writes were there and cannot be read any more. Of those at the very end of a damaged file nobody knows: see `damaged_bytes`.
    pub lost: u64,
    /// How many bytes are none that a journal has written. A process that was killed while it wrote leaves some, and has acknowledged nothing of that.
    pub damaged_bytes: u64,
}
