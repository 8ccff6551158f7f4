//! Without the feature `chaos` there is nothing to be armed.

use std::time::Duration;

/// Whether there is anything to be armed.
pub const COMPILED_IN: bool = false;

/// What is armed now.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    pub fault: &'static str,
    pub delay: Option<Duration>,
    pub function: Option<String>,
    pub share: f64,
    pub left: Duration,
    pub injected: u64,
    pub by: &'static str,
}

/// What a file of settings says.
#[derive(Clone, Debug, PartialEq)]
pub struct OfSettings {
    pub fault: String,
    pub delay: Duration,
    pub function: Option<String>,
    pub share: f64,
    pub ends: Ends,
}

/// When a plan of settings ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ends {
    After(Duration),
    /// In milliseconds since 1970.
    At(u64),
}

#[must_use]
pub const fn is_allowed() -> bool {
    false
}

#[must_use]
pub const fn faults() -> Vec<&'static str> {
    Vec::new()
}

#[must_use]
pub const fn plans() -> Vec<Plan> {
    Vec::new()
}

/// # Errors
/// Always.
pub fn start(_: Option<&str>, _: &str, _: Option<u64>, _: f64, _: f64) -> Result<(), String> {
    Err("faults cannot be injected: the feature `chaos` is not compiled in".to_owned())
}

#[must_use]
pub const fn stop(_: Option<&str>) -> usize {
    0
}

#[must_use]
pub const fn stop_all() -> usize {
    0
}

pub fn settings_want(_: u64, _: impl IntoIterator<Item = OfSettings>) {}
