//! Retries, pauses and limits: do they go together, and how is the `Policy` built from them?

use super::UserCode;
use super::duration;
use crate::args::{Amount, Args, BackoffArg, Curve, FallbackOn, Jitter, Switch, Written};
use crate::defaults;
use crate::errors::Errors;
use crate::item::Target;
use proc_macro2::{Literal, Span, TokenStream};
use quote::{ToTokens, quote_spanned};
use std::time::Duration;
use syn::ext::IdentExt as _;

pub(crate) struct Policy {
    pub(crate) name: Name,
    pub(crate) setters: Vec<Setter>,
    /// Known only at run time: not a `static`, and checked by each call.
    pub(crate) computed: bool,
    pub(crate) has_deadline: bool,
}

pub(crate) enum Name {
    /// Of the function, in its module.
    Function(String),
    Given(syn::LitStr),
}

/// One call on the builder.
pub(crate) enum Setter {
    Retries(TokenStream),
    Backoff(Backoff),
    Timeout(TokenStream),
    NoTimeout,
    Deadline(TokenStream),
    Hedge(TokenStream),
    Idempotent(bool),
    ShowsNonIdempotent,
    NoBudget,
    FallbackOn(FallbackOn),
}

pub(crate) enum Backoff {
    Custom(TokenStream),
    Curve {
        curve: Curve,
        delay: TokenStream,
        max_delay: Option<TokenStream>,
        factor: Option<TokenStream>,
        jitter: Option<Jitter>,
    },
}

pub(crate) fn plan(
    args: &Args,
    target: &Target,
    is_async: bool,
    shows_non_idempotent: bool,
    user: UserCode,
) -> Policy {
    let mut build = Build {
        user,
        computed: false,
        setters: Vec::new(),
    };
    if let Some(retries) = &args.retries {
        let count = build.amount(&retries.value, |count| {
            number(Literal::u32_suffixed(*count))
        });
        build.setters.push(Setter::Retries(count));
    }
    if let Some(backoff) = build.backoff(args) {
        build.setters.push(Setter::Backoff(backoff));
    }
    match &args.timeout {
        Some(Written {
            value: Switch::On(timeout),
            ..
        }) => {
            let timeout = build.amount(timeout, time);
            build.setters.push(Setter::Timeout(timeout));
        }
        Some(_) => build.setters.push(Setter::NoTimeout),
        None if !is_async => build.setters.push(Setter::NoTimeout),
        None => {}
    }
    if let Some(deadline) = &args.deadline {
        let deadline = build.amount(&deadline.value, time);
        build.setters.push(Setter::Deadline(deadline));
    }
    if let Some(hedge) = &args.hedge {
        let hedge = build.amount(&hedge.value, time);
        build.setters.push(Setter::Hedge(hedge));
    }
    if let Some(idempotent) = &args.idempotent {
        build.setters.push(Setter::Idempotent(idempotent.value));
    } else if shows_non_idempotent {
        build.setters.push(Setter::ShowsNonIdempotent);
    }
    if args.budget.is_some() {
        build.setters.push(Setter::NoBudget);
    }
    if args.fallback.is_some() || args.stale.is_some() {
        let failures = args.fallback_on.as_ref();
        let failures = failures.map(|failures| failures.value).unwrap_or_default();
        build.setters.push(Setter::FallbackOn(failures));
    }
    Policy {
        name: match &args.name {
            Some(name) => Name::Given(name.value.clone()),
            None => Name::Function(target.signature.ident.unraw().to_string()),
        },
        setters: build.setters,
        computed: build.computed,
        has_deadline: args.deadline.is_some(),
    }
}

/// Can there be an attempt after the first, as far as that is known?
pub(super) fn retries(args: &Args) -> bool {
    let retries = args.retries.as_ref();
    retries.is_none_or(|retries| retries.value.literal() != Some(0))
}

struct Build {
    user: UserCode,
    computed: bool,
    setters: Vec<Setter>,
}

impl Build {
    fn amount<T>(&mut self, amount: &Amount<T>, literal: fn(&T) -> TokenStream) -> TokenStream {
        match amount {
            Amount::Literal(value) => literal(value),
            Amount::Computed(expression) => {
                self.computed = true;
                self.user.tokens(expression)
            }
        }
    }

    fn backoff(&mut self, args: &Args) -> Option<Backoff> {
        let curve = match args.backoff.as_ref().map(|backoff| &backoff.value) {
            Some(BackoffArg::Custom(expression)) => {
                self.computed = true;
                return Some(Backoff::Custom(self.user.tokens(expression)));
            }
            Some(BackoffArg::Curve(curve)) => Some(*curve),
            None => None,
        };
        let silent = curve.is_none()
            && args.delay.is_none()
            && args.max_delay.is_none()
            && args.factor.is_none()
            && args.jitter.is_none();
        if silent {
            return None;
        }
        Some(Backoff::Curve {
            curve: curve.unwrap_or_default(),
            delay: match &args.delay {
                Some(delay) => self.amount(&delay.value, time),
                None => time(&defaults::DELAY),
            },
            max_delay: args
                .max_delay
                .as_ref()
                .map(|max| self.amount(&max.value, time)),
            factor: args.factor.as_ref().map(|factor| {
                self.amount(&factor.value, |factor| {
                    number(Literal::f64_suffixed(*factor))
                })
            }),
            jitter: args.jitter.as_ref().map(|jitter| jitter.value),
        })
    }
}

pub(crate) fn time(duration: &Duration) -> TokenStream {
    let seconds = number(Literal::u64_suffixed(duration.as_secs()));
    let nanoseconds = number(Literal::u32_suffixed(duration.subsec_nanos()));
    quote_spanned!(Span::mixed_site()=> ::core::time::Duration::new(#seconds, #nanoseconds))
}

/// Not a number of the user, whatever lints think of its digits.
pub(crate) fn number(mut literal: Literal) -> TokenStream {
    literal.set_span(Span::mixed_site());
    literal.into_token_stream()
}

/// Everything that is wrong with the options as a whole.
pub(crate) fn check(args: &Args, errors: &mut Errors) {
    match args.backoff.as_ref().map(|backoff| &backoff.value) {
        Some(BackoffArg::Custom(_)) => {
            for (key, name) in shaping(args) {
                errors.at(
                    key,
                    format!("`{name}` is part of the `Backoff` that `backoff` names: set it there"),
                );
            }
        }
        Some(BackoffArg::Curve(Curve::None)) => {
            for (key, name) in shaping(args) {
                errors.at(
                    key,
                    format!("`{name}` has no effect with `backoff = \"none\"`, which does not pause: remove one of the two"),
                );
            }
        }
        Some(BackoffArg::Curve(curve @ (Curve::Linear | Curve::Fixed))) => {
            check_even(*curve, args, errors);
        }
        Some(BackoffArg::Curve(Curve::Exponential)) | None => check_exponential(args, errors),
    }
    check_max_delay(args, errors);
    check_deadline(args, errors);
    check_budget(args, errors);
}

/// The options that shape the pauses, with their names.
fn shaping(args: &Args) -> impl Iterator<Item = (Span, &'static str)> {
    let key = |key: Option<Span>, name| key.map(|key| (key, name));
    [
        key(args.delay.as_ref().map(|option| option.key), "delay"),
        key(
            args.max_delay.as_ref().map(|option| option.key),
            "max_delay",
        ),
        key(args.factor.as_ref().map(|option| option.key), "factor"),
        key(args.jitter.as_ref().map(|option| option.key), "jitter"),
    ]
    .into_iter()
    .flatten()
}

fn check_even(curve: Curve, args: &Args, errors: &mut Errors) {
    let word = if curve == Curve::Linear {
        "linear"
    } else {
        "fixed"
    };
    if let Some(factor) = &args.factor {
        errors.at(
            factor.key,
            format!("`factor` belongs to `backoff = \"exp\"`, not to \"{word}\": remove it, or change `backoff`"),
        );
    }
    if let Some(jitter) = decorrelated(args) {
        errors.at(
            jitter,
            format!("`jitter = \"decorrelated\"` sets its own growth and needs `backoff = \"exp\"`: with \"{word}\" write \"full\" or \"equal\""),
        );
    }
}

fn check_exponential(args: &Args, errors: &mut Errors) {
    if let (Some(factor), Some(_)) = (&args.factor, decorrelated(args)) {
        errors.at(
            factor.key,
            "`factor` has no effect with `jitter = \"decorrelated\"`, which draws up to three times the last pause: remove one of the two",
        );
    }
}

fn decorrelated(args: &Args) -> Option<Span> {
    args.jitter
        .as_ref()
        .filter(|jitter| jitter.value == Jitter::Decorrelated)
        .map(|jitter| jitter.key)
}

fn check_max_delay(args: &Args, errors: &mut Errors) {
    let Some((key, max_delay)) = literal(args.max_delay.as_ref()) else {
        return;
    };
    let (delay, origin) = match &args.delay {
        None => (defaults::DELAY, ", the default"),
        Some(delay) => match delay.value.literal() {
            Some(delay) => (delay, ""),
            None => return,
        },
    };
    let pauses = !matches!(&args.backoff, Some(backoff)
        if matches!(backoff.value, BackoffArg::Custom(_) | BackoffArg::Curve(Curve::None)));
    if pauses && max_delay < delay {
        errors.at(
            key,
            format!(
                "`max_delay` ({}) is shorter than `delay` ({}{origin}), the first pause: raise `max_delay`, or lower `delay`",
                duration::show(max_delay),
                duration::show(delay),
            ),
        );
    }
}

fn check_deadline(args: &Args, errors: &mut Errors) {
    let Some((key, deadline)) = literal(args.deadline.as_ref()) else {
        return;
    };
    let Some(Written {
        value: Switch::On(Amount::Literal(timeout)),
        ..
    }) = &args.timeout
    else {
        return;
    };
    if deadline <= *timeout {
        errors.at(
            key,
            format!(
                "`deadline` ({}) is for all attempts together and has to be longer than `timeout` ({}), which is for each: \
                 no retry would fit; raise `deadline`, or lower `timeout`",
                duration::show(deadline),
                duration::show(*timeout),
            ),
        );
    }
}

fn check_budget(args: &Args, errors: &mut Errors) {
    let (Some(budget), Some(breaker)) = (&args.budget, &args.breaker) else {
        return;
    };
    if matches!(breaker.value, Switch::Off) {
        errors.at(
            budget.key,
            "`budget = false` has no effect with `breaker = false`, because the budget belongs to the breaker: remove it",
        );
    }
}

pub(crate) fn literal(written: Option<&Written<Amount<Duration>>>) -> Option<(Span, Duration)> {
    let Written { key, value } = written?;
    Some((*key, value.literal()?))
}
