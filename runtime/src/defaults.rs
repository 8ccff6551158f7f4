//! What holds where nothing is written, once for the attribute, its docs and what runs. `macros/src/defaults.rs` is a link to this file.

/// Attempts after the first.
pub(crate) const RETRIES: u32 = 3;
/// More of them are refused.
pub(crate) const MAX_RETRIES: u32 = 100;
/// For each attempt of an async function.
pub(crate) const TIMEOUT: ::core::time::Duration = ::core::time::Duration::from_secs(1);
/// The first pause.
pub(crate) const DELAY: ::core::time::Duration = ::core::time::Duration::from_millis(50);
/// The longest pause, where the first is not longer.
pub(crate) const MAX_DELAY: ::core::time::Duration = ::core::time::Duration::from_secs(1);
/// What an exponential pause is multiplied by each time.
pub(crate) const FACTOR: f64 = 2.0;
/// How many calls of one function may be in the fallback at once.
pub(crate) const FALLBACK_LIMIT: u32 = 64;

/// The words of the attribute, which each side has as a variant of its own.
#[cfg(test)]
pub(crate) const BACKOFF: &str = "exp";
#[cfg(test)]
pub(crate) const JITTER: &str = "full";
#[cfg(test)]
pub(crate) const FALLBACK_ON: &str = "unusable";
