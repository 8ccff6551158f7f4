//! What the console and settings do with chaos. The same is there without the feature, so that they need none.

use std::time::Duration;

use crate::chaos::leave::Wanted;
pub use crate::chaos::leave::{Ends, is_allowed, stop, stop_all};
use crate::chaos::{self, Fault, leave};

/// Whether there is anything to be armed.
pub const COMPILED_IN: bool = true;

/// What is armed now.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    pub fault: &'static str,
    /// Of the fault `delay`.
    pub delay: Option<Duration>,
    /// `None`: in all functions.
    pub function: Option<String>,
    /// From 0 to 1.
    pub share: f64,
    pub left: Duration,
    /// In how many attempts.
    pub injected: u64,
    /// `code`, `settings` or `console`.
    pub by: &'static str,
}

/// What a file of settings says.
#[derive(Clone, Debug, PartialEq)]
pub struct OfSettings {
    pub fault: String,
    pub delay: Duration,
    /// `None`: in all functions.
    pub function: Option<String>,
    /// From 0 to 1.
    pub share: f64,
    pub ends: Ends,
}

/// The names of all faults.
#[must_use]
pub fn faults() -> Vec<&'static str> {
    Fault::names().collect()
}

/// What is armed now, whoever did it.
#[must_use]
pub fn plans() -> Vec<Plan> {
    let armed = chaos::plans().into_iter().map(|armed| Plan {
        fault: armed.plan.fault().name(),
        delay: match armed.plan.fault() {
            Fault::Delay(delay) => Some(delay),
            _ => None,
        },
        function: armed.plan.of_function().map(str::to_owned),
        share: armed.plan.share_of_attempts(),
        left: armed.left,
        injected: armed.injected,
        by: armed.by.name(),
    });
    armed.collect()
}

/// An operator arms this, in place of what he has armed in the same function.
///
/// # Errors
/// If the application does not let him, or it makes no sense: a text for him.
pub fn start(
    function: Option<&str>,
    fault: &str,
    delay_ms: Option<u64>,
    share: f64,
    lasts_secs: f64,
) -> Result<(), String> {
    let plan = chaos::Plan::parse(fault, delay_ms, function, share, lasts_secs);
    leave::start(plan.map_err(|error| error.to_string())?)
}

/// What settings say from now on, unless something was said in a later `turn`. A fault of which there is none is left out.
pub fn settings_want(turn: u64, all: impl IntoIterator<Item = OfSettings>) {
    let wanted = all.into_iter().filter_map(|one| {
        Some(Wanted {
            fault: Fault::named(&one.fault, one.delay)?,
            function: one.function,
            share: one.share,
            ends: one.ends,
        })
    });
    leave::settings_want(turn, wanted.collect());
}
