//! What calls with the same key share: one run of the fallback, and the last good value.

use super::UserCode;
use super::policy::time;
use crate::args::{Amount, Args, Form, Item};
use crate::errors::Errors;
use crate::item::Target;
use crate::key::coverage::{Coverage, Words};
use crate::key::parts::{KeyPart, parts};
use crate::key::variables::{Passing, Role, Variables};
use crate::key::{self, Template};
use crate::plan::limit::is_plain;
use crate::types;
use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens as _, quote_spanned};
use syn::{Expr, Type};

pub(crate) struct Answers {
    pub(crate) key: Vec<KeyPart>,
    /// Types that tell calls apart whose arguments are the same.
    pub(crate) types: Vec<TokenStream>,
    /// Where a `Connector` may be, whose Redis does so. Without a reference to it.
    pub(crate) redis: Vec<TokenStream>,
    /// Whether the key is made before the first attempt: attempts may change what is in it, or a value is kept under it.
    pub(crate) key_comes_first: bool,
    pub(crate) coalesce: bool,
    /// How old a value may be that is served in place of an error.
    pub(crate) stale: Option<TokenStream>,
    /// Where it shows that the crate has been built without what this needs.
    pub(crate) option_span: Span,
    /// The type that is shared, or what comes nearest.
    pub(crate) value_span: Span,
}

const WORDS: Words = Words {
    decided: "the answer",
    two_values: "calls with two values of it would share an answer",
    two_types: "calls of two types would share an answer",
};

/// What needs no function.
pub(super) fn check(args: &Args, errors: &mut Errors) {
    let is_on = args.coalesce.as_ref().filter(|coalesce| coalesce.value);
    if let Some(coalesce) = is_on {
        match &args.fallback {
            None if args.fallback_is_wrong => {}
            None => errors.at(
                coalesce.key,
                "`coalesce` has no effect without a `fallback`, which calls with the same key are to run once: \
                 write one, `fallback = fetch_db`, or remove it",
            ),
            Some(fallback) if fallback.value.iter().all(is_plain) => errors.at(
                coalesce.key,
                "`coalesce` has no effect here, because a plain value is no work to be shared: remove it, \
                 or, if the value is costly, compute it in a function: `fallback = fetch_db`",
            ),
            Some(_) => {}
        }
    }
    let last = args.fallback.as_ref().and_then(|items| items.value.last());
    if let Some(stale) = &args.stale
        && last.is_some_and(always_answers)
    {
        errors.at(
            stale.key,
            "`stale` has no effect, because it comes after the fallback, and `Ok(…)` at the end of that always answers: remove one of the two",
        );
    }
    if let Some(key) = &args.key
        && is_on.is_none()
        && (args.coalesce.is_some() || !args.is_written("coalesce"))
        && !args.is_written("stale")
    {
        errors.at(
            key.key,
            "`key` has no effect alone: add `coalesce = true`, and calls with the same key run the fallback once for all of them, \
             or `stale = \"10m\"`, and their last good value is served in place of an error",
        );
    }
    if let Some(skip) = &args.skip
        && !args.is_written("key")
    {
        errors.at(
            skip.key,
            "`skip` has no effect without a `key`, which these parameters would not be in: write one, `key = \"user:{id}\"`, or remove it",
        );
    }
}

/// A value that is no error.
fn always_answers(item: &Item) -> bool {
    let is_ok = match &item.expression {
        Expr::Call(call) => matches!(
            &*call.func,
            Expr::Path(path) if path.path.segments.last().is_some_and(|last| last.ident == "Ok")
        ),
        _ => false,
    };
    item.form == Form::Verdict && is_ok && is_plain(item)
}

/// `None` if nothing is shared, or cannot be.
pub(super) fn plan(
    args: &Args,
    target: &Target,
    output: Option<&Type>,
    redis: impl FnOnce() -> Vec<TokenStream>,
    user: UserCode,
    errors: &mut Errors,
) -> Option<Answers> {
    let coalesce = args.coalesce.as_ref().filter(|coalesce| coalesce.value);
    let options = [
        coalesce.map(|coalesce| (coalesce.key, "coalesce")),
        args.stale.as_ref().map(|stale| (stale.key, "stale")),
    ];
    let template = args
        .key
        .as_ref()
        .and_then(|key| key::parse(&key.value, errors));
    if !args.is_written("key") && args.skip.is_none() && options.iter().all(Option::is_none) {
        return None;
    }
    let variables = Variables::of(target);
    let coverage = Coverage {
        key: args.key.as_ref().map(|key| &key.value),
        skip: args.skip.as_ref().map_or(&[], |skip| &skip.value),
        redis: None,
        words: &WORDS,
        target,
        variables: &variables,
        output,
    };
    coverage.check(template.as_ref(), errors);
    let (option_span, option) = options.into_iter().flatten().next()?;
    if !args.is_written("key") {
        errors.at(
            option_span,
            format!(
                "`{option}` needs a key, which says for which calls one answer is as good as another: write `key = \"{}\"` too",
                coverage.suggested()
            ),
        );
    }
    check_constant(args, &variables, errors);
    let output = output?;
    check_type(output, coalesce.is_some(), errors);
    let template = template?;
    Some(Answers {
        types: types_of(target, &variables),
        redis: redis(),
        key_comes_first: args.stale.is_some() || may_change(&template, &variables, args),
        coalesce: coalesce.is_some(),
        stale: args.stale.as_ref().map(|stale| match &stale.value {
            Amount::Literal(stale) => time(stale),
            Amount::Computed(stale) => user.tokens(stale),
        }),
        option_span,
        value_span: types::telling_span(types::value_type(output).unwrap_or(output)),
        key: parts(template, &variables),
    })
}

/// It is declared once for all calls.
fn check_constant(args: &Args, variables: &Variables, errors: &mut Errors) {
    if let Some(stale) = &args.stale
        && let Amount::Computed(expression) = &stale.value
        && let Some((name, span)) = variables.found_in(expression)
    {
        errors.at(
            span,
            format!("`stale` is the same for all calls, it cannot depend on `{name}`: write a literal, or name a constant"),
        );
    }
}

/// Can it be given to other calls, as far as that shows?
fn check_type(output: &Type, coalesce: bool, errors: &mut Errors) {
    if let Some(hidden) = types::impl_trait(output) {
        errors.over(
            hidden,
            "what calls with the same key share is of one type, which needs a name: write it in the place of this `impl`",
        );
    }
    if let Some(value) = types::value_type(output).filter(|value| types::borrows(value)) {
        errors.over(
            value,
            "what calls with the same key share outlives each of them, and cannot borrow from one: return an owned value, such as a `String`",
        );
    }
    if let Some(error) = types::error_type(output).filter(|error| coalesce && types::borrows(error))
    {
        errors.over(
            error,
            "an error is told to all calls that wait for the same fallback, and cannot borrow from one: return an owned one",
        );
    }
}

/// A type that is not in the key tells calls apart all the same: the fallback is not the same code.
fn types_of(target: &Target, variables: &Variables) -> Vec<TokenStream> {
    let mixed = Span::mixed_site();
    let receiver = target.signature.receiver();
    let own = receiver.map(|_| Ident::new("Self", Span::call_site()).into_token_stream());
    let generics = variables
        .all
        .iter()
        .filter(|variable| matches!(variable.role, Role::Type))
        .map(|variable| variable.name.to_token_stream());
    own.into_iter()
        .chain(generics)
        .map(|ty| quote_spanned!(mixed=> ::core::any::type_name::<#ty>()))
        .collect()
}

/// Does an attempt change what is in the key, as far as that can be ruled out?
fn may_change(template: &Template, variables: &Variables, args: &Args) -> bool {
    let clones = args.clone.as_ref().map_or(&[][..], |clone| &clone.value);
    template.placeholders().any(|placeholder| {
        if placeholder.root == "self" {
            return variables.receiver.as_ref().is_some_and(|receiver| {
                receiver.mutable || receiver.passing == Passing::MutableReference
            });
        }
        match variables.find(&placeholder.root) {
            Some(variable) => match &variable.role {
                Role::Parameter { ty, mutable } => {
                    let is_changed = *mutable && !clones.contains(&variable.name);
                    is_changed || Passing::of(ty) == Passing::MutableReference
                }
                Role::Binding { .. } => true,
                Role::Const | Role::Type => false,
            },
            None => false,
        }
    })
}
