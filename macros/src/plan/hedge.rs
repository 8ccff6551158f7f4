//! May there be a second attempt beside the first?

use super::{duration, policy};
use crate::args::{Amount, Args, Switch};
use crate::defaults;
use crate::errors::Errors;
use proc_macro2::Span;
use std::time::Duration;

/// `commands` are those in the body that must not be repeated.
pub(super) fn check(args: &Args, is_async: bool, commands: &[String], errors: &mut Errors) {
    let Some(hedge) = &args.hedge else {
        return;
    };
    if !is_async {
        errors.at(
            hedge.key,
            "`hedge` needs an async function, for in a sync one no second attempt can run beside the first: \
             make it an `async fn`, or remove `hedge`",
        );
        return;
    }
    let idempotent = args.idempotent.as_ref();
    match (idempotent.map(|idempotent| idempotent.value), commands) {
        (Some(false), _) => errors.at(
            hedge.key,
            "`hedge` sends the command a second time, which `idempotent = false` rules out: remove one of the two",
        ),
        (None, [command, ..]) => errors.at(
            hedge.key,
            format!(
                "`hedge` sends the command a second time, and the body shows `{command}`, which must not be executed twice: \
                 remove `hedge`; or, if twice does no harm here, add `idempotent = true`"
            ),
        ),
        _ => {}
    }
    if let Some((key, after)) = policy::literal(Some(hedge)) {
        check_time(args, key, after, errors);
    }
}

/// The attempt has to be there still when the second one starts.
fn check_time(args: &Args, key: Span, after: Duration, errors: &mut Errors) {
    let timeout = match args.timeout.as_ref().map(|timeout| &timeout.value) {
        None => Some((defaults::TIMEOUT, ", the default")),
        Some(Switch::On(Amount::Literal(timeout))) => Some((*timeout, "")),
        Some(Switch::On(Amount::Computed(_)) | Switch::Off) => None,
    };
    let deadline = policy::literal(args.deadline.as_ref());
    let limits = [
        timeout.map(|(limit, origin)| ("timeout", limit, origin)),
        deadline.map(|(_, limit)| ("deadline", limit, "")),
    ];
    for (name, limit, origin) in limits.into_iter().flatten() {
        if after >= limit {
            errors.at(
                key,
                format!(
                    "`hedge` ({}) has to be shorter than `{name}` ({}{origin}): the attempt would be cut off before a second one starts; \
                     about as long as 95 % of the calls take is a good value",
                    duration::show(after),
                    duration::show(limit),
                ),
            );
            return;
        }
    }
}
