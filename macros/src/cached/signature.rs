//! Checks of the function itself.

use super::args::CachedArgs;
use crate::errors::Errors;
use crate::item::{Shape, Target};
use crate::plan::signature::names_private;
use crate::types;
use proc_macro2::Span;
use quote::ToTokens as _;
use syn::{ReturnType, Type};

const TWICE: &str = "`#[redis_cached]` is here twice: keep one of them";

/// The type that is returned, if there is one to work with.
pub(super) fn check(target: &Target, errors: &mut Errors) -> Option<Type> {
    if let Some(keyword) = &target.signature.constness {
        errors.at(
            keyword.span,
            "a `const fn` cannot be cached: it cannot ask Redis; remove the `const`",
        );
    }
    for attribute in &target.attributes {
        let last = attribute.path().segments.last();
        match last.map(|last| last.ident.to_string()).as_deref() {
            Some("redis_cached") => errors.over(attribute, TWICE),
            Some("redis_resilient") => errors.over(
                attribute,
                "put `#[redis_resilient]` above `#[redis_cached]`: attributes work from top to bottom, \
                 and below it would run the whole read again, not what loads",
            ),
            _ => {}
        }
    }
    let body = match &target.shape {
        Shape::Async(body) | Shape::Sync(body) => body,
        Shape::AsyncTrait(frame) => &frame.body,
    };
    if names_private(body.clone(), &["CachedFunction"], 4) {
        errors.at(Span::call_site(), TWICE);
        return None;
    }
    let output = output(target, errors)?;
    if let Some(hidden) = types::impl_trait(&output) {
        errors.over(
            hidden,
            "what is cached is decoded again, so its type needs a name: write it in the place of this `impl`",
        );
        return None;
    }
    check_borrows(&output, errors).then_some(output)
}

/// Says that nothing is borrowed.
fn check_borrows(output: &Type, errors: &mut Errors) -> bool {
    let value = types::value_type(output).filter(|value| types::borrows(value));
    let error = types::error_type(output).filter(|error| types::borrows(error));
    if let Some(value) = value {
        errors.over(
            value,
            "what is cached outlives the call, and cannot borrow from it: return an owned value, such as a `String`",
        );
    }
    if let Some(error) = error {
        errors.over(
            error,
            "an error is told to all who wait for the same load, and cannot borrow from one call: return an owned one",
        );
    }
    let is_found = value.is_some() || error.is_some();
    if !is_found && types::borrows(output) {
        errors.over(
            output,
            "what is cached outlives the call, and cannot borrow from it: return an owned value",
        );
        return false;
    }
    !is_found
}

fn output(target: &Target, errors: &mut Errors) -> Option<Type> {
    if let Shape::AsyncTrait(frame) = &target.shape {
        return Some(frame.output.clone());
    }
    let signature = &target.signature;
    let ReturnType::Type(_, output) = &signature.output else {
        errors.at(
            signature.ident.span(),
            format!(
                "`#[redis_cached]` needs a function that returns a `Result`, `{}` returns nothing that could be cached",
                signature.ident
            ),
        );
        return None;
    };
    if let Type::Never(never) = &**output {
        errors.over(
            never,
            "`#[redis_cached]` needs a function that returns a `Result`, this one never returns",
        );
        return None;
    }
    if matches!(target.shape, Shape::Sync(_)) && types::is_future(output) {
        errors.over(
            output,
            "`#[redis_cached]` cannot look into a returned future: write `async fn` and return the `Result`; \
             an attribute that makes such a future of an `async fn` goes below this one",
        );
        return None;
    }
    if let Some(hidden) = types::bare_impl_trait(output) {
        errors.over(
            hidden,
            "`#[redis_cached]` needs a function that returns a `Result` of a type that can be decoded again: write both in the place of this `impl`",
        );
        return None;
    }
    if types::is_option(output) {
        errors.over(
            output,
            format!(
                "`#[redis_cached]` needs a function that returns a `Result`, what loads may fail: write `Result<{}, …>`",
                output.to_token_stream().to_string().replace(' ', "")
            ),
        );
        return None;
    }
    Some((**output).clone())
}

/// `Ok(None)` can be told from other values: the return type shows it.
pub(super) fn check_negative(args: &CachedArgs, output: &Type, errors: &mut Errors) {
    let Some(negative) = &args.negative_ttl else {
        return;
    };
    let value = types::value_type(output);
    if args.negative_on.is_none()
        && !args.is_written("negative_on")
        && !value.is_some_and(types::is_option)
    {
        errors.at(
            negative.key,
            "`negative_ttl` is for `Ok(None)`, and the function does not visibly return an `Option`: write `Result<Option<…>, …>`, \
             or name the errors that are worth remembering, `negative_on = Error::is_not_found`",
        );
    }
}
