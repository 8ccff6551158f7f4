//! What is declared of the cache: the same for all calls.

use crate::args::{Amount, BackoffArg, Switch, Written};
use crate::cached::args::{CachedArgs, Near, Ttl};
use crate::plan::UserCode;
use crate::plan::policy::{number, time};
use crate::types;
use proc_macro2::{Literal, TokenStream};
use quote::ToTokens as _;
use std::time::Duration;
use syn::{Expr, Type};

/// One call on the builder: the option, and its arguments.
pub(crate) struct Setting {
    pub(crate) name: &'static str,
    pub(crate) value: TokenStream,
}

/// How long a value is good.
pub(crate) struct Life {
    /// `Ok(None)` has a time of its own.
    pub(crate) negative: bool,
    pub(crate) ttl: Time,
}

pub(crate) enum Time {
    /// As is declared of the cache.
    Declared,
    /// An expression that is evaluated when the function is called.
    Computed(TokenStream),
    /// A closure.
    OfValue(TokenStream),
}

pub(super) fn plan(args: &CachedArgs) -> Vec<Setting> {
    let mut settings = Vec::new();
    let mut add = |name, value: Option<TokenStream>| {
        settings.extend(value.map(|value| Setting { name, value }));
    };
    let time_of = |setting: &Option<Written<Amount<Duration>>>| {
        setting.as_ref().map(|setting| duration(&setting.value))
    };
    add(
        "version",
        args.version
            .as_ref()
            .map(|version| number(Literal::u32_suffixed(version.value))),
    );
    let ttl = args.ttl.as_ref().map(|ttl| &ttl.value);
    match ttl {
        Some(Ttl::Amount(Amount::Literal(ttl))) => add("ttl", Some(time(ttl))),
        Some(_) => add("ttl_of_each", Some(TokenStream::new())),
        None => {}
    }
    add("negative_ttl", time_of(&args.negative_ttl));
    add(
        "jitter",
        args.jitter.as_ref().map(|jitter| match &jitter.value {
            Amount::Literal(jitter) => number(Literal::f64_suffixed(*jitter)),
            Amount::Computed(expression) => expression.to_token_stream(),
        }),
    );
    add("stale_if_error", time_of(&args.stale_if_error));
    add(
        "stale_while_revalidate",
        time_of(&args.stale_while_revalidate),
    );
    add("soft_timeout", time_of(&args.soft_timeout));
    let beta = args.refresh_ahead.as_ref().and_then(|beta| beta.value);
    add(
        "refresh_ahead",
        beta.map(|beta| number(Literal::f64_suffixed(beta))),
    );
    add("lease", time_of(&args.lease));
    match args.near.as_ref().map(|near| &near.value) {
        Some(Near::For(near)) => add("near", Some(duration(near))),
        Some(Near::Tracking) => add("near_tracking", Some(TokenStream::new())),
        None => {}
    }
    if args
        .coalesce
        .as_ref()
        .is_some_and(|coalesce| !coalesce.value)
    {
        add("coalesce", Some(quote::quote!(false)));
    }
    settings
}

pub(super) fn duration(amount: &Amount<Duration>) -> TokenStream {
    match amount {
        Amount::Literal(literal) => time(literal),
        Amount::Computed(expression) => expression.to_token_stream(),
    }
}

pub(super) fn life(args: &CachedArgs, output: &Type, user: UserCode) -> Life {
    Life {
        negative: args.negative_ttl.is_some()
            && types::value_type(output).is_some_and(types::is_option),
        ttl: match args.ttl.as_ref().map(|ttl| &ttl.value) {
            Some(Ttl::Amount(Amount::Computed(expression))) => {
                Time::Computed(user.tokens(expression))
            }
            Some(Ttl::Closure(closure)) => Time::OfValue(user.tokens(closure)),
            Some(Ttl::Amount(Amount::Literal(_))) | None => Time::Declared,
        },
    }
}

/// The expressions that are evaluated once for all calls, with the names of their options.
pub(super) fn constants(args: &CachedArgs) -> Vec<(&'static str, Expr)> {
    fn computed<T>(amount: Option<&Amount<T>>) -> Option<Expr> {
        match amount? {
            Amount::Literal(_) => None,
            Amount::Computed(expression) => Some((**expression).clone()),
        }
    }
    fn of<T>(setting: Option<&Written<Amount<T>>>) -> Option<Expr> {
        computed(setting.map(|setting| &setting.value))
    }
    let common = &args.common;
    let on = |switch: &Switch<Amount<Duration>>| match switch {
        Switch::On(amount) => computed(Some(amount)),
        Switch::Off => None,
    };
    let options = [
        (
            "prefix",
            args.prefix.as_ref().map(|prefix| prefix.value.clone()),
        ),
        ("negative_ttl", of(args.negative_ttl.as_ref())),
        ("jitter", of(args.jitter.as_ref())),
        ("stale_if_error", of(args.stale_if_error.as_ref())),
        (
            "stale_while_revalidate",
            of(args.stale_while_revalidate.as_ref()),
        ),
        ("soft_timeout", of(args.soft_timeout.as_ref())),
        ("lease", of(args.lease.as_ref())),
        ("limit_wait", of(args.limit_wait.as_ref())),
        (
            "near",
            match args.near.as_ref().map(|near| &near.value) {
                Some(Near::For(amount)) => computed(Some(amount)),
                _ => None,
            },
        ),
        ("retries", of(common.retries.as_ref())),
        ("delay", of(common.delay.as_ref())),
        ("max_delay", of(common.max_delay.as_ref())),
        ("factor", of(common.factor.as_ref())),
        (
            "timeout",
            common
                .timeout
                .as_ref()
                .and_then(|timeout| on(&timeout.value)),
        ),
        (
            "backoff",
            match common.backoff.as_ref().map(|backoff| &backoff.value) {
                Some(BackoffArg::Custom(backoff)) => Some((**backoff).clone()),
                _ => None,
            },
        ),
        (
            "breaker",
            match common.breaker.as_ref().map(|breaker| &breaker.value) {
                Some(Switch::On(breaker)) => Some(breaker.clone()),
                _ => None,
            },
        ),
    ];
    options
        .into_iter()
        .filter_map(|(name, expression)| Some((name, expression?)))
        .collect()
}
