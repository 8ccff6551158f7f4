//! What holds for a function.

use super::table;
use crate::function::FunctionPolicy;
use crate::settings::Settings;

/// What holds for the function that goes by these; `None`: nothing else is said of it.
pub(crate) fn in_force(settings: &Settings) -> Option<Box<Settings>> {
    let said = table::said_of(settings.name, |said| &said.functions)?;
    let mut all = Box::new(*settings);
    said.apply(&mut all);
    Some(all)
}

/// What holds for the function of this name, whose attribute says this.
pub(crate) fn shown(name: &str, policy: &mut FunctionPolicy) {
    if let Some(said) = table::said_of(name, |said| &said.functions) {
        policy.retries = said.retries.unwrap_or(policy.retries);
        // A time that the function has not is of effect where an attempt can be cut off.
        policy.timeout = said.timeout.or(policy.timeout);
        policy.deadline = said.deadline.or(policy.deadline);
        policy.backoff = said.backoff(policy.backoff);
    }
}
