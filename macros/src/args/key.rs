//! What tells one call from another, and what those that are the same share.

use super::value::{Kind, Value};
use syn::{LitStr, Result};

impl Value {
    pub(crate) fn key(&self) -> Result<LitStr> {
        match self.kind() {
            Kind::Text(text) => Ok(text.clone()),
            _ => Err(self.expected("a string literal, with the parameters in braces")),
        }
    }

    /// Of `#[redis_resilient]`, where others have the key itself in this place.
    pub(crate) fn coalesced(&self) -> Result<bool> {
        match self.kind() {
            Kind::Text(text) => Err(self.error(format!(
                "the key is an option of its own, which `stale` uses too: write `key = \"{}\", coalesce = true`",
                text.value()
            ))),
            _ => self.bool(),
        }
    }
}
