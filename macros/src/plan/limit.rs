//! How many attempts may run at once, and how many calls may be in the fallback.

use super::policy::number;
use super::{Fallback, UserCode};
use crate::args::{self, Args, Form, Item, Switch, Written, names_static};
use crate::defaults;
use crate::errors::Errors;
use proc_macro2::{Literal, Span, TokenStream, TokenTree};
use quote::ToTokens;
use syn::Expr;
use syn::spanned::Spanned as _;

pub(crate) enum Limit {
    /// So many of this function.
    Own(TokenStream),
    Shared(Shared),
}

/// What a `Bulkhead` says, which others may share.
pub(crate) struct Shared {
    /// Without a reference to it.
    pub(crate) expression: TokenStream,
    pub(crate) is_static: bool,
    pub(crate) span: Span,
}

/// A value that is there at once, whatever happens to it: no number of them does any harm.
pub(super) fn is_plain(item: &Item) -> bool {
    item.form == Form::Verdict && !waits_or_fails(item.expression.to_token_stream())
}

/// Is there work to be done for it, as far as that shows?
fn waits_or_fails(tokens: TokenStream) -> bool {
    tokens.into_iter().any(|token| match token {
        TokenTree::Ident(word) => word == "await",
        TokenTree::Punct(mark) => mark.as_char() == '?',
        TokenTree::Group(group) => waits_or_fails(group.stream()),
        TokenTree::Literal(_) => false,
    })
}

pub(super) fn check(args: &Args, errors: &mut Errors) {
    if let Some(failures) = &args.fallback_on
        && args.fallback.is_none()
        && !args.is_written("stale")
        && !args.fallback_is_wrong
    {
        errors.at(
            failures.key,
            "`fallback_on` has no effect without a `fallback`: write one, `fallback = fetch_db`, or remove it",
        );
    }
    let Some(limit) = &args.fallback_limit else {
        return;
    };
    match &args.fallback {
        None if args.fallback_is_wrong => {}
        None => errors.at(
            limit.key,
            "`fallback_limit` has no effect without a `fallback`: write one, `fallback = fetch_db`, or remove the limit",
        ),
        Some(fallback)
            if matches!(limit.value, Switch::On(_)) && fallback.value.iter().all(is_plain) =>
        {
            errors.at(
                limit.key,
                "`fallback_limit` has no effect here, because a plain value is not limited: remove it, \
                 or, if the value is costly, compute it in a function: `fallback = fetch_db`",
            );
        }
        Some(_) => {}
    }
}

pub(super) fn plan(
    setting: Option<Written<Switch<args::Limit>>>,
    fallback: &[Fallback],
    user: UserCode,
) -> Option<Limit> {
    if fallback.iter().all(|fallback| fallback.plain) {
        return None;
    }
    match setting.map(|setting| setting.value) {
        None => Some(own(defaults::FALLBACK_LIMIT)),
        Some(Switch::Off) => None,
        Some(Switch::On(args::Limit::Calls(calls))) => Some(own(calls)),
        Some(Switch::On(args::Limit::Bulkhead(expression))) => {
            Some(Limit::Shared(shared(&expression, user)))
        }
    }
}

/// The `Bulkhead` that an expression names.
pub(crate) fn shared(expression: &Expr, user: UserCode) -> Shared {
    Shared {
        span: telling_span(expression),
        is_static: names_static(expression),
        expression: user.tokens(expression),
    }
}

fn own(calls: u32) -> Limit {
    Limit::Own(number(Literal::u32_suffixed(calls)))
}

/// The end of a path says more than its start, and only one token can be pointed at.
fn telling_span(expression: &Expr) -> Span {
    let last = match expression {
        Expr::Path(path) => path.path.segments.last().map(|last| last.ident.span()),
        _ => None,
    };
    last.unwrap_or_else(|| expression.span())
}
