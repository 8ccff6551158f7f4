//! Do the options go together?

use super::args::{CachedArgs, Near, Ttl};
use crate::args::{Amount, Written};
use crate::errors::Errors;
use crate::key::coverage::Coverage;
use crate::plan::duration::show;
use crate::plan::policy::{self, literal};
use proc_macro2::Span;
use std::time::Duration;

/// What needs neither the function nor the key.
pub(super) fn check(args: &CachedArgs, errors: &mut Errors) {
    policy::check(&args.common, errors);
    check_stale(args, errors);
    check_near(args, errors);
    let is_alone = |option: &str, needed: &[&str]| {
        args.is_written(option) && !needed.iter().any(|needed| args.is_written(needed))
    };
    if let Some(soft) = &args.soft_timeout
        && is_alone(
            "soft_timeout",
            &["stale_if_error", "stale_while_revalidate"],
        )
    {
        errors.at(
            soft.key,
            "`soft_timeout` lets a caller go that can have a stale value, and none is kept here: write `stale_if_error = \"1h\"` too",
        );
    }
    if let Some(wait) = &args.limit_wait
        && is_alone("limit_wait", &["limit"])
    {
        errors.at(
            wait.key,
            "`limit_wait` says nothing without a `limit`: write one, `limit = PRIMARY`, or remove it",
        );
    }
    if let Some(negative) = &args.negative_on
        && is_alone("negative_on", &["negative_ttl"])
    {
        errors.at(
            negative.key,
            "say how long such an error is remembered: write `negative_ttl = \"30s\"` too",
        );
    }
    if let Some(key) = background_is_needed(args)
        && let Some(background) = &args.background
        && !background.value
    {
        errors.at(
            background.key,
            format!("with `{key}` a load goes on when nobody waits for it: remove `background = false`, or `{key}`"),
        );
    }
}

/// The option that has the body run in a task of its own.
pub(super) fn background_is_needed(args: &CachedArgs) -> Option<&'static str> {
    let refreshes = args.refresh_ahead.as_ref();
    if args.soft_timeout.is_some() {
        Some("soft_timeout")
    } else if args.stale_while_revalidate.is_some() {
        Some("stale_while_revalidate")
    } else if refreshes.is_some_and(|refreshes| refreshes.value.is_some()) {
        Some("refresh_ahead")
    } else {
        None
    }
}

/// What cannot be in a sync function.
pub(super) fn check_sync(args: &CachedArgs, errors: &mut Errors) {
    let background = args.background.as_ref();
    let places = [
        (key(args.soft_timeout.as_ref()), "soft_timeout"),
        (
            key(args.stale_while_revalidate.as_ref()),
            "stale_while_revalidate",
        ),
        (
            args.refresh_ahead
                .as_ref()
                .filter(|refreshes| refreshes.value.is_some())
                .map(|refreshes| refreshes.key),
            "refresh_ahead",
        ),
        (
            background
                .filter(|background| background.value)
                .map(|background| background.key),
            "background",
        ),
    ];
    for (key, name) in places {
        if let Some(key) = key {
            errors.at(
                key,
                format!(
                    "`{name}` has the load go on in the background, and a sync function has no runtime for that: remove it, or write an `async fn`"
                ),
            );
        }
    }
}

/// What has to be there.
pub(super) fn check_needed(args: &CachedArgs, coverage: &Coverage<'_>, errors: &mut Errors) {
    let missing: Vec<_> = [
        ("key", format!("key = \"{}\"", coverage.suggested())),
        ("ttl", "ttl = \"10m\"".to_owned()),
    ]
    .into_iter()
    .filter(|(option, _)| !args.is_written(option))
    .collect();
    if missing.is_empty() {
        return;
    }
    let options: Vec<_> = missing
        .iter()
        .map(|(option, _)| format!("`{option}`"))
        .collect();
    let examples: Vec<_> = missing
        .iter()
        .map(|(_, example)| example.as_str())
        .collect();
    errors.at(
        Span::call_site(),
        format!(
            "`#[redis_cached]` needs a {}: write `{}`",
            options.join(" and a "),
            examples.join(", ")
        ),
    );
}

fn check_stale(args: &CachedArgs, errors: &mut Errors) {
    let (Some((key, stale)), Some(ttl)) = (literal(args.stale_if_error.as_ref()), ttl(args)) else {
        return;
    };
    if stale < ttl {
        errors.at(
            key,
            format!(
                "`stale_if_error` ({}) is shorter than `ttl` ({}): it is counted from the end of the `ttl`, and says how long an outage is bridged; \
                 write `stale_if_error = \"{}\"` or longer",
                show(stale),
                show(ttl),
                show(ttl),
            ),
        );
    }
}

fn check_near(args: &CachedArgs, errors: &mut Errors) {
    let Some(Written {
        key,
        value: Near::For(Amount::Literal(near)),
    }) = &args.near
    else {
        return;
    };
    if let Some(ttl) = ttl(args)
        && *near > ttl
    {
        errors.at(
            *key,
            format!(
                "`near` ({}) is longer than `ttl` ({}): the process would keep a value that is good no longer; lower `near`, or raise `ttl`",
                show(*near),
                show(ttl),
            ),
        );
    }
}

fn ttl(args: &CachedArgs) -> Option<Duration> {
    match &args.ttl.as_ref()?.value {
        Ttl::Amount(ttl) => ttl.literal(),
        Ttl::Closure(_) => None,
    }
}

fn key<T>(setting: Option<&Written<T>>) -> Option<Span> {
    setting.map(|setting| setting.key)
}
