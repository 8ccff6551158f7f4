//! What the attribute adds to the function's documentation: what is known of it here, in words.

mod code;
mod pauses;
#[cfg(test)]
mod tests;
mod time;

use self::code::code;
use self::pauses::Pauses;
use super::limit;
use crate::args::{Amount, Args, FallbackOn, Form, Item, Limit, Switch, Written};
use crate::defaults;
use crate::item::Target;
use proc_macro2::TokenStream;
use std::time::Duration;
use syn::Meta;

/// `None` for a function without documentation of its own, lest the compiler take it for one that has some.
pub(super) fn plan(
    args: &Args,
    target: &Target,
    is_async: bool,
    commands: &[String],
    connectors: &[TokenStream],
) -> Option<String> {
    let documented = target.attributes.iter().any(|attribute| {
        matches!(&attribute.meta, Meta::NameValue(_)) && attribute.path().is_ident("doc")
    });
    documented.then(|| section(args, is_async, commands, connectors))
}

/// `commands` are those in the body that must not be repeated, `connectors` are where it may have a `Connector` from.
fn section(args: &Args, is_async: bool, commands: &[String], connectors: &[TokenStream]) -> String {
    let retries = known(args.retries.as_ref()).unwrap_or(Known::Value(defaults::RETRIES));
    let timeout = timeout(args, is_async);
    let deadline = known(args.deadline.as_ref());
    let pauses = Pauses::of(args);
    let items = [
        Some(attempts(&retries, timeout.as_ref(), args, commands)),
        args.hedge.as_ref().map(|hedge| {
            format!(
                "A second attempt starts beside one that has not answered within {}, for at most 5 % of them; the first good answer counts.",
                Known::of(&hedge.value).text(time::show)
            )
        }),
        (!matches!(retries, Known::Value(0))).then(|| pauses.text()),
        if is_async {
            total(&retries, timeout.as_ref(), deadline, &pauses, args)
        } else {
            deadline.map(|deadline| {
                format!(
                    "No retry begins later than {} after the call.",
                    deadline.text(time::show)
                )
            })
        },
        Some(breaker(args, connectors)),
        args.limit.as_ref().map(|limit| {
            format!(
                "As many attempts run at once as {} lets in; further ones fail immediately and are not retried.",
                code(&limit.value)
            )
        }),
        Some(fallback(args)),
        args.classify.as_ref().map(|classify| {
            format!(
                "What a failure means is decided by {}.",
                code(&classify.value)
            )
        }),
    ];
    // Each line begins as the text of a `///` does: the least indented line of all decides what is cut off.
    let mut text = "\n # Resilience\n".to_owned();
    for item in items.into_iter().flatten() {
        text.push_str("\n * ");
        text.push_str(&item);
    }
    text
}

/// A value, or the code that computes it.
enum Known<T> {
    Value(T),
    Code(String),
}

impl<T: Copy> Known<T> {
    fn of(amount: &Amount<T>) -> Self {
        match amount {
            Amount::Literal(value) => Known::Value(*value),
            Amount::Computed(expression) => Known::Code(code(expression)),
        }
    }

    fn value(&self) -> Option<T> {
        match self {
            Known::Value(value) => Some(*value),
            Known::Code(_) => None,
        }
    }

    fn text(&self, show: fn(T) -> String) -> String {
        match self {
            Known::Value(value) => show(*value),
            Known::Code(code) => code.clone(),
        }
    }
}

fn known<T: Copy>(setting: Option<&Written<Amount<T>>>) -> Option<Known<T>> {
    setting.map(|setting| Known::of(&setting.value))
}

fn timeout(args: &Args, is_async: bool) -> Option<Known<Duration>> {
    match args.timeout.as_ref().map(|timeout| &timeout.value) {
        None => is_async.then_some(Known::Value(defaults::TIMEOUT)),
        Some(Switch::Off) => None,
        Some(Switch::On(timeout)) => Some(Known::of(timeout)),
    }
}

fn attempts(
    retries: &Known<u32>,
    timeout: Option<&Known<Duration>>,
    args: &Args,
    commands: &[String],
) -> String {
    let mut text = match retries {
        Known::Value(0) => "One attempt".to_owned(),
        Known::Value(retries) => format!("Up to {} attempts", retries.saturating_add(1)),
        Known::Code(retries) => format!("One attempt and up to {retries} retries"),
    };
    if let Some(timeout) = timeout {
        let each = match retries {
            Known::Value(0) => ", cut off after ",
            _ => ", each cut off after ",
        };
        text += each;
        text += &timeout.text(time::show);
    }
    text.push('.');
    if !matches!(retries, Known::Value(0)) {
        text += &repeats(args, commands);
    }
    text
}

/// What may be executed twice, and what is not.
fn repeats(args: &Args, commands: &[String]) -> String {
    let names = names(commands);
    let many = commands.len() > 1;
    match args.idempotent.as_ref().map(|idempotent| idempotent.value) {
        Some(false) => " No attempt follows one whose command Redis may have executed.".to_owned(),
        _ if commands.is_empty() => String::new(),
        Some(true) => format!(" When a reply is lost, {names} may be executed twice."),
        None => {
            let are = if many { "are" } else { "is" };
            format!(
                " {names} {are} not repeated after a failure that may have executed {}.",
                if many { "them" } else { "it" }
            )
        }
    }
}

/// `` `INCR`, `SADD` and `DEL` ``
fn names(commands: &[String]) -> String {
    let names: Vec<_> = commands.iter().map(|name| format!("`{name}`")).collect();
    match names.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, others)) => format!("{} and {last}", others.join(", ")),
        None => String::new(),
    }
}

/// How long it may take, where something bounds it.
fn total(
    retries: &Known<u32>,
    timeout: Option<&Known<Duration>>,
    deadline: Option<Known<Duration>>,
    pauses: &Pauses,
    args: &Args,
) -> Option<String> {
    let longest = || {
        let retries = retries.value()?;
        let attempts = timeout?.value()?.checked_mul(retries.saturating_add(1))?;
        attempts.checked_add(pauses.longest(retries)?)
    };
    let total = match (deadline, longest()) {
        (Some(Known::Value(deadline)), Some(longest)) => Known::Value(deadline.min(longest)),
        (Some(deadline), _) => deadline,
        (None, longest) => Known::Value(longest?),
    };
    let mut text = format!(
        "Attempts and pauses take at most {} together.",
        total.text(time::show)
    );
    if args.fallback.is_some() {
        text += " The fallback comes on top of that.";
    }
    Some(text)
}

fn breaker(args: &Args, connectors: &[TokenStream]) -> String {
    let mut text = match args.breaker.as_ref().map(|breaker| &breaker.value) {
        None => match connectors {
            [] => "Circuit breaker: the default one, shared by all functions that name none."
                .to_owned(),
            [connector, ..] => format!(
                "Circuit breaker: the default one, which is that of its Redis where {} is a `Connector`.",
                code(connector)
            ),
        },
        Some(Switch::Off) => "No circuit breaker.".to_owned(),
        Some(Switch::On(breaker)) => {
            format!(
                "Circuit breaker: {}.",
                code(crate::args::referenced(breaker))
            )
        }
    };
    if args.budget.is_some() {
        text += " Retries do not draw on its budget.";
    }
    text
}

fn fallback(args: &Args) -> String {
    let Some(items) = args.fallback.as_ref().map(|fallback| &fallback.value) else {
        return match &args.stale {
            Some(_) => format!("No fallback.{}", stale(args)),
            None => "No fallback: after the last attempt its error is returned.".to_owned(),
        };
    };
    let names: Vec<String> = items
        .iter()
        .map(|item| match item.form {
            Form::Closure => "a closure".to_owned(),
            Form::Function | Form::Method | Form::Verdict | Form::Expression => {
                code(&item.expression)
            }
        })
        .collect();
    let mut text = format!("Fallback: {}.", names.join(", then "));
    text += &limit(args, items);
    if matches!(&args.fallback_on, Some(failures) if failures.value == FallbackOn::Outage) {
        text += " It answers for outages only, not for wrong credentials or settings.";
    }
    if let Some(key) = &args.key
        && matches!(&args.coalesce, Some(coalesce) if coalesce.value)
    {
        let key = key.value.value();
        text.extend([
            " Calls with the same key, `",
            key.as_str(),
            "`, run it once for all of them.",
        ]);
    }
    text += &stale(args);
    text
}

/// What comes before the error.
fn stale(args: &Args) -> String {
    let (Some(stale), Some(key)) = (&args.stale, &args.key) else {
        return String::new();
    };
    format!(
        " In place of an error, the last good value of the same key, `{}`, is returned, if it is not older than {}.",
        key.value.value(),
        Known::of(&stale.value).text(time::show)
    )
}

fn limit(args: &Args, items: &[Item]) -> String {
    if items.iter().all(limit::is_plain) {
        return String::new();
    }
    match args.fallback_limit.as_ref().map(|limit| &limit.value) {
        None => at_most(defaults::FALLBACK_LIMIT),
        Some(Switch::On(Limit::Calls(calls))) => at_most(*calls),
        Some(Switch::On(Limit::Bulkhead(bulkhead))) => {
            format!(" {} limits the calls in it.", code(bulkhead))
        }
        Some(Switch::Off) => String::new(),
    }
}

fn at_most(calls: u32) -> String {
    format!(" At most {calls} calls run it at once.")
}
